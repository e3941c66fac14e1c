//! What the client's futures do at once, in one task.

use crate::batch::codes;
use crate::fixture::{Test, bins, fails, int, numbers, range};
use crate::harness::Suite;
use aerospike::operations::{add as plus, get_bin, put};
use aerospike::query::{Filter, PartitionFilter};
use aerospike::{
    BasePolicy, BatchOperation, BatchPolicy, BatchReadPolicy, BatchWritePolicy, Bins, ClientPolicy,
    QueryPolicy, ReadPolicy, RecordExistsAction, Task, Value, WritePolicy, as_bin,
};
use futures::future::{join_all, try_join_all};
use futures::{StreamExt, TryStreamExt, join};

pub fn add(suite: &mut Suite) {
    suite.test("async-01", |t| async move {
        let (write, read) = (WritePolicy::default(), ReadPolicy::default());
        let keys: Vec<_> = (0..50).map(|key| t.key(key)).collect();
        let ten = [as_bin!("v", 10)];
        try_join_all(keys.iter().map(|key| t.client.put(&write, key, &ten))).await.expect("put");
        let got = try_join_all(keys.iter().map(|key| t.client.get(&read, key, Bins::All))).await;
        assert!(got.expect("records").iter().all(|record| record.bins == bins([("v", int(10))])));
        let deleted = try_join_all(keys.iter().map(|key| t.client.delete(&write, key))).await;
        assert_eq!(deleted.expect("deleted"), [true; 50]);
        let there = try_join_all(keys.iter().map(|key| t.client.exists(&read, key))).await;
        assert_eq!(there.expect("asked"), [false; 50]);
    });
    suite.test("async-02", |t| async move {
        t.put_q().await;
        let policy = BatchPolicy::default();
        let mut reads: Vec<_> = (0..60)
            .map(|key| BatchOperation::read(&BatchReadPolicy::default(), t.key(key), Bins::from(["n"])))
            .collect();
        let mut writes: Vec<_> = (100..150)
            .map(|key| {
                let operations = vec![put(&as_bin!("v", key))];
                BatchOperation::write(&BatchWritePolicy::default(), t.key(key), operations)
            })
            .collect();
        let operations = [plus(&as_bin!("n", 1)), get_bin("n")];
        let (record, read, written) = join!(
            t.operate(&operations),
            t.client.batch(&policy, &mut reads),
            t.client.batch(&policy, &mut writes)
        );
        assert_eq!(record.expect("a record").results, Some(vec![Value::Nil, int(1)]));
        read.expect("read");
        written.expect("written");
        for (key, row) in reads.iter().enumerate() {
            assert_eq!(row.record().expect("a record").bins, bins([("n", int(key as i64))]));
        }
        assert_eq!(codes(&writes), [0; 50]);
        assert_eq!(t.get(&t.key(149)).await, bins([("v", int(149))]));
    });
    suite.test("async-03", |t| async move {
        t.put_q().await;
        t.index_n().await;
        let policy = QueryPolicy::default();
        let streamed = async |statement| {
            let records = t.client.query(&policy, PartitionFilter::all(), statement).await.expect("records");
            records.into_stream().try_collect::<Vec<_>>().await.expect("records")
        };
        let (scanned, queried) =
            join!(streamed(t.statement()), streamed(t.matching(Filter::range("n", 10, 20))));
        assert_eq!(numbers(&scanned), range(0..60, &[]));
        assert_eq!(numbers(&queried), range(10..21, &[]));
    });
    suite.test("async-04", |t| async move {
        // Each command in flight has a connection of its own.
        let policy = ClientPolicy { max_conns_per_node: 1000, ..ClientPolicy::default() };
        let t = t.with(t.server().connect_with(policy).await.expect("connected"));
        let keys: Vec<_> = (0..1000).map(|key| t.key(key)).collect();
        // A busy machine takes its time.
        let base_policy = BasePolicy { total_timeout: 20_000, ..BasePolicy::default() };
        let write = WritePolicy { base_policy: base_policy.clone(), ..WritePolicy::default() };
        let read = ReadPolicy { base_policy };
        let puts = (0..).zip(&keys).map(|(number, key)| {
            let (t, write) = (&t, &write);
            async move { t.client.put(write, key, &[as_bin!("v", number)]).await }
        });
        try_join_all(puts.take(1000)).await.expect("put");
        let gets = keys.iter().map(|key| t.client.get(&read, key, Bins::All));
        for (number, record) in (0..).zip(try_join_all(gets).await.expect("records")) {
            assert_eq!(record.bins, bins([("v", int(number))]));
        }
    });
    suite.test("async-05", |t| async move {
        let create =
            WritePolicy { record_exists_action: RecordExistsAction::CreateOnly, ..WritePolicy::default() };
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        let (read, two) = (ReadPolicy::default(), [as_bin!("a", 2)]);
        let (key, missing) = (t.k(), t.key("missing"));
        let (got, created) =
            join!(t.client.get(&read, &missing, Bins::All), t.client.put(&create, &key, &two));
        fails(2, got);
        fails(5, created);
        assert_eq!(t.bin("a").await, int(1));
    });
    suite.test("async-06", |t| async move {
        t.put_q().await;
        join!(t.index_n(), t.register("counter.lua"));
        assert_eq!(t.call("counter", "add", &["v".into(), int(3)]).await.expect("a result"), int(3));
        t.client.delete(&WritePolicy::default(), &t.k()).await.expect("deleted");
        let job = async |least: i64| {
            let mut statement = t.matching(Filter::range("n", least, least + 9));
            statement.set_operations(vec![plus(&as_bin!("n", 100))]);
            let task = t.client.query_operate(&WritePolicy::default(), statement).await.expect("a job");
            task.wait_till_complete(None).await.expect("done");
        };
        join_all([job(0), job(50)]).await;
        let changed: Vec<_> = (100..110).chain(150..160).collect();
        assert_eq!(t.scan().await, range(10..50, &changed));
        let found = futures::stream::iter([105, 155]).then(|n| {
            let t: &Test = &t;
            async move { t.find(Filter::equal("n", n)).await }
        });
        assert_eq!(found.concat().await, [105, 155]);
    });
}
