//! Batches.

use crate::harness::{Suite, Test};
use aerospike::operations::{add as plus, put as set};
use aerospike::{
    BatchDeletePolicy, BatchOperation, BatchPolicy, BatchReadPolicy, BatchUdfPolicy, BatchWritePolicy, Bins,
    RecordExistsAction, Value, as_bin,
};

async fn run(t: &Test, mut rows: Vec<BatchOperation>) -> Vec<BatchOperation> {
    // Some versions of the client report a failed row for the whole as well: the rows tell all.
    let _ = t.client.batch(&BatchPolicy::default(), &mut rows).await;
    rows
}

fn codes(rows: &[BatchOperation]) -> Vec<i32> {
    rows.iter().map(|row| row.error().map_or(0, |error| error.result_code())).collect()
}

fn read(t: &Test, key: i64) -> BatchOperation {
    BatchOperation::read(&BatchReadPolicy::default(), t.key(key), Bins::All)
}

fn write(t: &Test, key: i64, value: i64) -> BatchOperation {
    BatchOperation::write(&BatchWritePolicy::default(), t.key(key), vec![set(&as_bin!("v", value))])
}

pub fn add(suite: &mut Suite) {
    suite.test("batch-01 batch-05 batch-11", |t| async move {
        let rows = run(&t, (0..1500).map(|key| write(&t, key, key)).collect()).await;
        assert!(codes(&rows).iter().all(|code| *code == 0));
        for (key, row) in run(&t, (0..1500).map(|key| read(&t, key)).collect()).await.iter().enumerate() {
            assert_eq!(row.record().expect("a record").bins["v"], Value::Int(key as i64));
        }
        assert!(run(&t, vec![read(&t, 9999)]).await[0].record().is_none());
    });
    suite.test("batch-02", |t| async move {
        t.put(&t.key(0), &[as_bin!("a", 1), as_bin!("b", 2)]).await;
        let policy = BatchReadPolicy::default();
        let some = BatchOperation::read(&policy, t.key(0), Bins::from(["a"]));
        let none = BatchOperation::read(&policy, t.key(0), Bins::None);
        let rows = run(&t, vec![some, none]).await;
        assert_eq!(rows[0].record().expect("a record").bins.len(), 1);
        let header = rows[1].record().expect("a record");
        assert!(header.bins.is_empty() && header.generation == 1);
    });
    suite.test("batch-06 batch-10", |t| async move {
        t.register("counter.lua").await;
        for key in 0..3 {
            t.put(&t.key(key), &[as_bin!("v", key)]).await;
        }
        let call = |key: i64, function: &str, amount: i64| {
            let arguments = vec![Value::from("n"), Value::Int(amount)];
            BatchOperation::udf(&BatchUdfPolicy::default(), t.key(key), "counter", function, arguments)
        };
        let delete = BatchOperation::delete(&BatchDeletePolicy::default(), t.key(2));
        let rows =
            run(&t, vec![read(&t, 0), write(&t, 1, 9), delete, call(3, "add", 3), call(0, "take", 5)]).await;
        assert_eq!(codes(&rows)[..4], [0, 0, 0, 0]);
        assert_eq!(codes(&rows)[4], 100);
        assert!(!t.exists(&t.key(2)).await);
        assert_eq!(t.get(&t.key(3)).await["n"], Value::Int(3));
    });
    suite.test("batch-07", |t| async move {
        run(&t, (0..50).map(|key| write(&t, key, key)).collect()).await;
        let policy = BatchDeletePolicy::default();
        let rows = run(&t, (0..51).map(|key| BatchOperation::delete(&policy, t.key(key))).collect()).await;
        assert_eq!(codes(&rows)[..50], [0; 50]);
        assert_eq!(codes(&rows)[50], 2);
        assert!(!t.exists(&t.key(0)).await);
    });
    suite.test("batch-08 batch-09", |t| async move {
        t.put(&t.key(1), &[as_bin!("v", "text")]).await;
        let mut create = BatchWritePolicy::default();
        create.record_exists_action = RecordExistsAction::CreateOnly;
        let operations = || vec![plus(&as_bin!("v", 1))];
        let adds = |key: i64| BatchOperation::write(&BatchWritePolicy::default(), t.key(key), operations());
        let creates = |key: i64| BatchOperation::write(&create, t.key(key), operations());
        let rows = run(&t, vec![adds(0), adds(1), creates(1), creates(2)]).await;
        assert_eq!(codes(&rows), [0, 12, 5, 0]);
    });
}
