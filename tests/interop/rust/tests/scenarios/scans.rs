//! Scans.

use crate::expressions::n;
use crate::filters::query;
use crate::fixture::{bins, fails, numbers, range};
use crate::harness::Suite;
use crate::server::Server;
use aerospike::expressions as exp;
use aerospike::operations::put;
use aerospike::query::PartitionFilter;
use aerospike::{
    BatchOperation, BatchPolicy, BatchWritePolicy, Bins, Expiration, Key, QueryPolicy, Statement, Value,
    WritePolicy, as_bin,
};
use futures::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::time::sleep;

fn add_sets(suite: &mut Suite) {
    suite.test("scan-01", |t| async move {
        t.put_q().await;
        assert_eq!(t.scan().await, range(0..60, &[]));
    });
    suite.test("scan-02", |t| async move {
        // The namespace has to be this test's alone.
        let server = Server::start("server.conf");
        let t = t.with(server.connect().await);
        t.put_q().await;
        let of = |set: &str| Key::new("test", set, "x".into()).expect("a key");
        t.put(&of("other"), &[as_bin!("n", 1000)]).await;
        t.put(&of(""), &[as_bin!("n", 2000)]).await;
        let all = Statement::new("test", "", Bins::All);
        let found = t.query(&QueryPolicy::default(), all).await.expect("records");
        assert_eq!(numbers(&found), range(0..60, &[1000, 2000]));
    });
    suite.test("scan-03", |t| async move {
        t.put_q().await;
        let policy = QueryPolicy::default();
        let some = Statement::new("test", &*t.set, Bins::from(["n", "s"]));
        let mut found = t.query(&policy, some).await.expect("records");
        assert_eq!(numbers(&found), range(0..60, &[]));
        for record in found.drain(..) {
            let Value::Int(number) = record.bins["n"] else { panic!("{record}") };
            let text = format!("s{}", number % 5);
            assert_eq!(record.bins, bins([("n", number.into()), ("s", text.into())]));
        }
        let none = Statement::new("test", &*t.set, Bins::None);
        let bare = QueryPolicy { include_bin_data: false, ..QueryPolicy::default() };
        for (policy, statement) in [(&policy, none), (&bare, t.statement())] {
            let found = t.query(policy, statement).await.expect("records");
            assert_eq!(found.len(), 60);
            assert!(found.iter().all(|record| record.bins.is_empty() && record.generation == 1));
        }
    });
    suite.test("scan-04", |t| async move {
        let policy = QueryPolicy::default();
        let unknown = Statement::new("test", "unknown", Bins::All);
        assert_eq!(t.query(&policy, unknown).await.expect("nothing"), []);
        fails(20, t.query(&policy, Statement::new("nowhere", "", Bins::All)).await);
    });
    suite.test("scan-05", |t| async move {
        t.put_q().await;
        let above = query(exp::ge(exp::int_bin("n"), n(50)));
        let found = t.query(&above, t.statement()).await.expect("records");
        assert_eq!(numbers(&found), range(50..60, &[]));
        let text = query(exp::eq(exp::string_bin("s"), exp::string_val("s2")));
        let found = t.query(&text, t.statement()).await.expect("records");
        assert_eq!(numbers(&found), [2, 7, 12, 17, 22, 27, 32, 37, 42, 47, 52, 57]);
        let none = query(exp::eq(exp::int_bin("zz"), n(1)));
        assert_eq!(t.query(&none, t.statement()).await.expect("nothing"), []);
    });
    suite.test("scan-06", |t| async move {
        t.put_q().await;
        let policy = QueryPolicy { max_records: 10, ..QueryPolicy::default() };
        assert_eq!(t.query(&policy, t.statement()).await.expect("records").len(), 10);
    });
    suite.test("scan-07", |t| async move {
        t.put_q().await;
        let policy = QueryPolicy::default();
        let part = |partitions| t.query_part(&policy, t.statement(), partitions);
        let mut both = part(PartitionFilter::by_range(0, 2048)).await.expect("records");
        assert!(!both.is_empty() && both.len() < 60);
        both.extend(part(PartitionFilter::by_range(2048, 2048)).await.expect("records"));
        assert_eq!(numbers(&both), range(0..60, &[]));
        let partition = t.key(7).partition_id();
        let here = (0..60).filter(|number| t.key(*number).partition_id() == partition).collect::<Vec<_>>();
        let one = part(PartitionFilter::by_id(partition)).await.expect("records");
        assert_eq!(numbers(&one), here);
    });
    suite.test("scan-11", |t| async move {
        t.put_q().await;
        let policy = WritePolicy { expiration: Expiration::Seconds(1000), ..WritePolicy::default() };
        t.client.touch(&policy, &t.key(7)).await.expect("touched");
        for record in t.query(&QueryPolicy::default(), t.statement()).await.expect("records") {
            let left = record.time_to_live().map(|left| left.as_secs());
            if record.bins["n"] == Value::Int(7) {
                assert_eq!(record.generation, 2);
                assert!(left.is_some_and(|left| (990..=1000).contains(&left)), "{left:?}");
            } else {
                assert_eq!((record.generation, left), (1, None));
            }
        }
    });
}

fn add_streams(suite: &mut Suite) {
    suite.test("scan-08", |t| async move {
        t.put_q().await;
        let policy = QueryPolicy::default();
        let records = t.client.query(&policy, PartitionFilter::all(), t.statement()).await.expect("records");
        let mut stream = records.clone().into_stream();
        for _ in 0..5 {
            stream.next().await.expect("a record").expect("a record");
        }
        records.close();
        drop((stream, records));
        // The same by a callback.
        let seen = Arc::new(AtomicUsize::new(0));
        let counter = seen.clone();
        let take = move |_| {
            let number = counter.fetch_add(1, Ordering::Relaxed);
            async move { number < 4 }
        };
        let handle = t.client.query_foreach(&policy, PartitionFilter::all(), t.statement(), take).await;
        handle.expect("a scan").wait().await.expect("stopped");
        assert_eq!(seen.load(Ordering::Relaxed), 5);
        assert_eq!(t.scan().await, range(0..60, &[]));
        assert_eq!(t.get(&t.key(1)).await["n"], Value::Int(1));
    });
    suite.test("scan-09", |t| async move {
        t.put_q().await;
        let policy = QueryPolicy { records_per_second: 100, ..QueryPolicy::default() };
        let start = Instant::now();
        let found = t.query(&policy, t.statement()).await.expect("records");
        assert!(start.elapsed() > Duration::from_millis(300), "{:?}", start.elapsed());
        assert_eq!(numbers(&found), range(0..60, &[]));
    });
    suite.test("scan-10", |t| async move {
        let fill = "x".repeat(2000);
        for start in (0..5000).step_by(500) {
            let row = |key: i64| {
                let bins = vec![put(&as_bin!("n", key)), put(&as_bin!("fill", fill.as_str()))];
                BatchOperation::write(&BatchWritePolicy::default(), t.key(key), bins)
            };
            let mut rows: Vec<_> = (start..start + 500).map(row).collect();
            t.client.batch(&BatchPolicy::default(), &mut rows).await.expect("written");
        }
        let policy = QueryPolicy { record_queue_size: 100, ..QueryPolicy::default() };
        let records = t.client.query(&policy, PartitionFilter::all(), t.statement()).await.expect("records");
        let (mut stream, mut found) = (records.into_stream(), Vec::new());
        while let Some(record) = stream.next().await {
            if found.len() % 500 == 0 {
                sleep(Duration::from_millis(50)).await;
            }
            let record = record.expect("a record");
            assert_eq!(record.bins["fill"], fill.as_str().into());
            found.push(record);
        }
        assert_eq!(numbers(&found), range(0..5000, &[]));
    });
}

pub fn add(suite: &mut Suite) {
    add_sets(suite);
    add_streams(suite);
}
