//! Truncation, and info commands.

use crate::fixture::{Test, bins, fails, int};
use crate::harness::Suite;
use crate::server::Server;
use aerospike::{AdminPolicy, Key, as_bin};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::sleep;

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("now").as_nanos() as i64
}

/// Truncates the test's set.
async fn truncate(t: &Test, before: i64) {
    t.client.truncate(&AdminPolicy::default(), "test", &t.set, before).await.expect("truncated");
}

fn add_truncation(suite: &mut Suite) {
    suite.test("truncate-01", |t| async move {
        let other = Key::new("test", format!("{}-other", t.set), int(1)).expect("a key");
        t.put_q().await;
        t.put(&other, &[as_bin!("a", 1)]).await;
        truncate(&t, 0).await;
        assert_eq!(t.scan().await, []);
        assert!(!t.exists(&t.key(1)).await);
        assert_eq!(t.get(&other).await, bins([("a", int(1))]));
    });
    suite.test("truncate-02", |t| async move {
        let server = Server::start("server.conf");
        let t = t.with(server.connect().await);
        let keys = [("test", "a"), ("test", "b"), ("test", ""), ("aging", "a")]
            .map(|(namespace, set)| Key::new(namespace, set, int(1)).expect("a key"));
        for key in &keys {
            t.put(key, &[as_bin!("a", 1)]).await;
        }
        t.client.truncate(&AdminPolicy::default(), "test", "", 0).await.expect("truncated");
        for (key, left) in keys.iter().zip([false, false, false, true]) {
            assert_eq!(t.exists(key).await, left, "{key}");
        }
    });
    suite.test("truncate-03", |t| async move {
        t.put(&t.key("before"), &[as_bin!("a", 1)]).await;
        t.put(&t.key("again"), &[as_bin!("a", 1)]).await;
        sleep(Duration::from_millis(30)).await;
        let time = now();
        sleep(Duration::from_millis(30)).await;
        t.put(&t.key("again"), &[as_bin!("a", 2)]).await;
        t.put(&t.key("after"), &[as_bin!("a", 3)]).await;
        truncate(&t, time).await;
        assert!(!t.exists(&t.key("before")).await);
        assert_eq!(t.get(&t.key("again")).await, bins([("a", int(2))]));
        assert_eq!(t.get(&t.key("after")).await, bins([("a", int(3))]));
    });
    suite.test("truncate-04", |t| async move {
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        t.put(&t.k(), &[as_bin!("a", 2)]).await;
        truncate(&t, 0).await;
        t.put(&t.k(), &[as_bin!("b", 1)]).await;
        let record = t.record(&t.k()).await;
        assert_eq!((record.bins, record.generation), (bins([("b", int(1))]), 1));
    });
    suite.test("truncate-05", |t| async move {
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        let future = now() + 3_600_000_000_000;
        fails(4, t.client.truncate(&AdminPolicy::default(), "test", &t.set, future).await);
        assert_eq!(t.get(&t.k()).await, bins([("a", int(1))]));
    });
}

/// A number in an answer of pairs.
fn number(answer: &str, separator: char, name: &str) -> i64 {
    let value = answer.split(separator).find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name}: {answer}"))
}

fn add_info(suite: &mut Suite) {
    suite.test("info-01", |t| async move {
        let build = t.info("build").await;
        let parts: Vec<u32> = build.split('.').map(|part| part.parse().expect("a number")).collect();
        assert!(parts.len() == 4 && parts.starts_with(&[8, 1]), "{build}");
        assert_eq!(t.info("edition").await, "Aerospike Enterprise Edition");
        assert_eq!(t.info("node").await, t.client.node_names()[0]);
        assert_eq!(t.info("namespaces").await, "test;aging");
    });
    suite.test("info-02", |t| async move {
        let commands = ["build", "node", "namespaces"];
        let answers = t.client.info(&AdminPolicy::default(), &commands).await.expect("answers");
        assert_eq!(answers.len(), 3);
        for command in commands {
            assert_eq!(answers[command], t.info(command).await);
        }
    });
    suite.test("info-03", |t| async move {
        let server = Server::start("server.conf");
        let t = t.with(server.connect().await);
        t.put_q().await;
        t.put(&Key::new("aging", "x", int(1)).expect("a key"), &[as_bin!("a", 1)]).await;
        assert_eq!(number(&t.info("namespace/test").await, ';', "objects"), 60);
        assert_eq!(number(&t.info("namespace/aging").await, ';', "objects"), 1);
        assert_eq!(number(&t.info("statistics").await, ';', "objects"), 61);
    });
    suite.test("info-04", |t| async move {
        t.put_q().await;
        assert_eq!(number(&t.info(&format!("sets/test/{}", t.set)).await, ':', "objects"), 60);
        truncate(&t, 0).await;
        assert_eq!(number(&t.info(&format!("sets/test/{}", t.set)).await, ':', "objects"), 0);
    });
    suite.test("info-05", |t| async move {
        let answers = t.client.info(&AdminPolicy::default(), &["no-such-command", "node"]).await;
        let answers = answers.expect("answers");
        assert!(answers["no-such-command"].starts_with("ERROR"), "{answers:?}");
        assert_eq!(answers["node"], t.client.node_names()[0]);
    });
    suite.test("info-06", |t| async move {
        t.put_q().await;
        let name = t.index_n().await;
        let listed = t.info("sindex-list:ns=test").await;
        let own = format!("indexname={name}:");
        let line = listed.split(';').find(|line| line.contains(&own)).expect("it is listed");
        for part in [&*format!("set={}", t.set), "bin=n", "type=numeric", "indextype=default", "state=RW"] {
            assert!(line.split(':').any(|pair| pair == part), "{part}: {line}");
        }
    });
}

pub fn add(suite: &mut Suite) {
    add_truncation(suite);
    add_info(suite);
}
