//! A server that goes away.

use crate::fixture::{Test, bins, fails_here, int};
use crate::harness::Suite;
use crate::server::{Server, dead_port};
use aerospike::{BasePolicy, Bins, ClientPolicy, ErrorKind, ReadPolicy, as_bin};
use std::time::{Duration, Instant};
use tokio::time::sleep;

fn read(retries: usize) -> ReadPolicy {
    let base_policy = BasePolicy {
        total_timeout: 1000,
        socket_timeout: 300,
        max_retries: retries,
        sleep_between_retries: 50,
        ..BasePolicy::default()
    };
    ReadPolicy { base_policy }
}

/// A server of the test's own, its port, and a client that tends often.
async fn serve(t: &Test) -> (Server, u16, Test) {
    let port = dead_port();
    let server = Server::start_at("server.conf", port);
    let policy = ClientPolicy { tend_interval: 250, ..ClientPolicy::default() };
    let client = server.connect_with(policy).await.expect("connected");
    (server, port, t.with(client))
}

/// Writes and reads until that works again.
async fn again(t: &Test, value: i64) {
    let end = Instant::now() + Duration::from_secs(15);
    let policy = Default::default();
    while let Err(error) = t.client.put(&policy, &t.k(), &[as_bin!("a", value)]).await {
        assert!(Instant::now() < end, "not connected again: {error}");
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(t.get(&t.k()).await, bins([("a", int(value))]));
}

pub fn add(suite: &mut Suite) {
    suite.test("loss-01", |t| async move {
        let (mut server, _, t) = serve(&t).await;
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        server.stop();
        for retries in [0, 2] {
            let start = Instant::now();
            fails_here(t.client.get(&read(retries), &t.k(), Bins::All).await);
            // The policy's second, and what a busy machine adds.
            assert!(start.elapsed() < Duration::from_millis(2500), "{:?}", start.elapsed());
        }
    });
    suite.test("loss-02", |t| async move {
        let (mut server, port, t) = serve(&t).await;
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        server.stop();
        fails_here(t.client.get(&read(0), &t.k(), Bins::All).await);
        let _server = Server::start_at("server.conf", port);
        again(&t, 2).await;
    });
    suite.test("loss-03", |t| async move {
        let (mut server, port, t) = serve(&t).await;
        for key in 0..10 {
            t.put(&t.key(key), &[as_bin!("a", key)]).await;
        }
        server.stop();
        let server = Server::start_at("server.conf", port);
        let other = t.with(server.connect().await);
        for key in 0..10 {
            other.put(&t.key(key), &[as_bin!("a", 100 + key)]).await;
        }
        for key in 0..10 {
            match t.client.get(&read(4), &t.key(key), Bins::All).await {
                Ok(record) => assert_eq!(record.bins, bins([("a", int(100 + key))])),
                Err(error) => assert!(!matches!(error.kind(), ErrorKind::BadResponse), "{error}"),
            }
        }
        again(&t, 2).await;
        for key in 0..10 {
            assert_eq!(t.get(&t.key(key)).await, bins([("a", int(100 + key))]));
        }
    });
}
