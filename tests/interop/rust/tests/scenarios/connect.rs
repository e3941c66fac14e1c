//! Connecting and tending.

use crate::fixture::{Test, bins, fails_here, int};
use crate::harness::Suite;
use crate::server::dead_port;
use aerospike::{Bins, Client, ClientPolicy, ReadPolicy, as_bin};
use std::time::{Duration, Instant};
use tokio::time::sleep;

pub fn add(suite: &mut Suite) {
    suite.test("connect-01", |t| async move {
        let client = t.server().connect().await;
        assert!(client.is_connected());
        let names = client.node_names();
        assert!(names.len() == 1 && names[0].chars().all(|c| c.is_ascii_hexdigit()), "{names:?}");
    });
    suite.test("connect-02", |_| async move {
        let policy = ClientPolicy { timeout: 1000, ..ClientPolicy::default() };
        let host = format!("127.0.0.1:{}", dead_port());
        let start = Instant::now();
        fails_here(Client::new(&policy, &host).await);
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    });
    suite.test("connect-03", |t| async move {
        let named = |name: &str| ClientPolicy { cluster_name: Some(name.into()), ..ClientPolicy::default() };
        let client = t.server().connect_with(named("docker")).await.expect("connected");
        assert_eq!(client.server_cluster_name(), Some("docker".into()));
        fails_here(t.server().connect_with(named("other")).await);
    });
    suite.test("connect-04", |t| async move {
        let client = t.server().connect().await;
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        client.get(&ReadPolicy::default(), &t.k(), Bins::All).await.expect("a record");
        client.close().await.expect("closed");
        assert!(!client.is_connected());
        fails_here(client.get(&ReadPolicy::default(), &t.k(), Bins::All).await);
    });
    suite.test("connect-05", |t| async move {
        let policy = ClientPolicy { tend_interval: 250, ..ClientPolicy::default() };
        let t = t.with(t.server().connect_with(policy).await.expect("connected"));
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        sleep(Duration::from_millis(1000)).await;
        assert!(t.client.is_connected());
        assert_eq!(t.get(&t.k()).await, bins([("a", int(1))]));
    });
    suite.test("connect-06", |t| async move {
        let tasks = (0..32).map(|task| tokio::spawn(keep(t.clone(), task)));
        for task in tasks.collect::<Vec<_>>() {
            task.await.expect("right");
        }
    });
    suite.test("connect-07", |t| async move {
        let hosts = format!("127.0.0.1:{},127.0.0.1:{}", dead_port(), t.server().port());
        let t = t.with(Client::new(&ClientPolicy::default(), &hosts).await.expect("connected"));
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        assert_eq!(t.get(&t.k()).await, bins([("a", int(1))]));
    });
}

/// Puts 20 records and gets them.
async fn keep(t: Test, task: i64) {
    for i in 0..20 {
        t.put(&t.key(task * 100 + i), &[as_bin!("v", task * 1000 + i)]).await;
    }
    for i in 0..20 {
        assert_eq!(t.get(&t.key(task * 100 + i)).await, bins([("v", int(task * 1000 + i))]));
    }
}
