//! Batches.

use crate::fixture::{Test, bins, int};
use crate::harness::Suite;
use aerospike::expressions as exp;
use aerospike::operations::exp::{ExpReadFlags, read_exp};
use aerospike::operations::{add as plus, get_bin, lists, put as set};
use aerospike::{
    BatchDeletePolicy, BatchOperation, BatchPolicy, BatchReadPolicy, BatchUdfPolicy, BatchWritePolicy, Bins,
    Concurrency, Expiration, GenerationPolicy, IndexMap, Key, QueryPolicy, RecordExistsAction, Value,
    WritePolicy, as_bin, as_list, as_val,
};

async fn run(t: &Test, mut rows: Vec<BatchOperation>) -> Vec<BatchOperation> {
    t.client.batch(&BatchPolicy::default(), &mut rows).await.expect("rows tell what failed");
    rows
}

/// The result codes of rows.
pub fn codes(rows: &[BatchOperation]) -> Vec<i32> {
    let code = |row: &BatchOperation| row.result_code().map_or(-1, |code| i32::from(u8::from(code)));
    rows.iter().map(code).collect()
}

/// The bins that a row came back with.
fn found(row: &BatchOperation) -> IndexMap<String, Value> {
    row.record().map(|record| record.bins.clone()).unwrap_or_default()
}

fn read(key: Key) -> BatchOperation {
    BatchOperation::read(&BatchReadPolicy::default(), key, Bins::All)
}

fn write(key: Key, value: i64) -> BatchOperation {
    BatchOperation::write(&BatchWritePolicy::default(), key, vec![set(&as_bin!("v", value))])
}

fn delete(key: Key) -> BatchOperation {
    BatchOperation::delete(&BatchDeletePolicy::default(), key)
}

fn count(key: Key, function: &str, amount: i64) -> BatchOperation {
    let policy = BatchUdfPolicy::default();
    BatchOperation::udf(&policy, key, "counter", function, vec!["v".into(), int(amount)])
}

/// Puts every second of 100 records.
async fn put_half(t: &Test) {
    let policy = WritePolicy::default();
    for key in (0..100).step_by(2) {
        t.client.put(&policy, &t.key(key), &[as_bin!("v", key), as_bin!("s", "x")]).await.expect("put");
    }
}

fn add_reads(suite: &mut Suite) {
    suite.test("batch-01", |t| async move {
        put_half(&t).await;
        let rows = run(&t, (0..100).map(|key| read(t.key(key))).collect()).await;
        assert_eq!(codes(&rows), [0, 2].repeat(50));
        for (number, row) in rows.iter().enumerate() {
            assert_eq!(row.batch_record().key, t.key(number as i64));
            match number % 2 {
                0 => assert_eq!(found(row), bins([("v", int(number as i64)), ("s", "x".into())])),
                _ => assert!(row.record().is_none()),
            }
        }
    });
    suite.test("batch-02", |t| async move {
        put_half(&t).await;
        let rows = |bins: Bins| {
            let row = move |key| BatchOperation::read(&BatchReadPolicy::default(), key, bins.clone());
            (0..3).map(|key| row(t.key(key))).collect::<Vec<_>>()
        };
        let selected = run(&t, rows(Bins::from(["v", "none"]))).await;
        assert_eq!(codes(&selected), [0, 2, 0]);
        assert_eq!(
            (found(&selected[0]), found(&selected[2])),
            (bins([("v", int(0))]), bins([("v", int(2))]))
        );
        // Without bins: whether it exists, and its metadata.
        let headers = run(&t, rows(Bins::None)).await;
        assert_eq!(codes(&headers), [0, 2, 0]);
        for row in [&headers[0], &headers[2]] {
            let record = row.record().expect("a record");
            assert_eq!((&record.bins, record.generation), (&bins([]), 1));
        }
    });
    suite.test("batch-03", |t| async move {
        let other = Key::new("aging", format!("{}-other", t.set), "x".into()).expect("a key");
        t.put(&t.key(0), &[as_bin!("a", 1), as_bin!("b", 2)]).await;
        t.put(&other, &[as_bin!("o", 3), as_bin!("p", 4)]).await;
        let of = |key, bins| BatchOperation::read(&BatchReadPolicy::default(), key, bins);
        let rows = vec![
            of(t.key(0), Bins::from(["a"])),
            of(t.key(0), Bins::from(["b"])),
            of(other.clone(), Bins::from(["p"])),
            of(other, Bins::All),
            of(t.key(0), Bins::None),
        ];
        let rows = run(&t, rows).await;
        assert_eq!(codes(&rows), [0; 5]);
        let expected = [
            bins([("a", int(1))]),
            bins([("b", int(2))]),
            bins([("p", int(4))]),
            bins([("o", int(3)), ("p", int(4))]),
            bins([]),
        ];
        assert_eq!(rows.iter().map(found).collect::<Vec<_>>(), expected);
    });
    suite.test("batch-04", |t| async move {
        for key in 0..3 {
            t.put(&t.key(key), &[as_bin!("n", key), as_bin!("l", as_list!(1, 2, 3))]).await;
        }
        let twice = exp::num_mul(vec![exp::int_bin("n"), exp::int_val(2)]);
        let operations = [lists::size("l"), read_exp("twice", twice, ExpReadFlags::DEFAULT), get_bin("n")];
        let row = |key| BatchOperation::read_ops(&BatchReadPolicy::default(), key, operations.to_vec());
        let rows = run(&t, (0..4).map(|key| row(t.key(key))).collect()).await;
        assert_eq!(codes(&rows), [0, 0, 0, 2]);
        for (number, row) in rows[..3].iter().enumerate() {
            let number = number as i64;
            let expected = bins([("l", int(3)), ("twice", int(2 * number)), ("n", int(number))]);
            assert_eq!(found(row), expected);
        }
    });
    suite.test("batch-11", |t| async move {
        let rows = run(&t, (0..1500).map(|key| write(t.key(key), key)).collect()).await;
        assert_eq!(codes(&rows), [0; 1500]);
        let rows = run(&t, (0..1500).map(|key| read(t.key(key))).collect()).await;
        assert_eq!(codes(&rows), [0; 1500]);
        for (key, row) in rows.iter().enumerate() {
            assert_eq!(found(row), bins([("v", int(key as i64))]));
        }
    });
}

fn add_writes(suite: &mut Suite) {
    suite.test("batch-05", |t| async move {
        let rows = run(&t, (0..50).map(|key| write(t.key(key), key)).collect()).await;
        assert_eq!(codes(&rows), [0; 50]);
        for key in 0..50 {
            assert_eq!(t.get(&t.key(key)).await, bins([("v", int(key))]));
        }
    });
    suite.test("batch-06", |t| async move {
        t.register("counter.lua").await;
        for key in 0..3 {
            t.put(&t.key(key), &[as_bin!("v", key)]).await;
        }
        let rows = vec![
            read(t.key(0)),
            write(t.key(1), 9),
            delete(t.key(2)),
            count(t.key(3), "add", 3),
            delete(t.key(4)),
        ];
        let rows = run(&t, rows).await;
        assert_eq!(codes(&rows), [0, 0, 0, 0, 2]);
        assert_eq!(found(&rows[0]), bins([("v", int(0))]));
        assert_eq!(found(&rows[3]), bins([("SUCCESS", int(3))]));
        assert_eq!(t.get(&t.key(1)).await, bins([("v", int(9))]));
        assert!(!t.exists(&t.key(2)).await);
        assert_eq!(t.get(&t.key(3)).await, bins([("v", int(3))]));
    });
    suite.test("batch-07", |t| async move {
        run(&t, (0..50).map(|key| write(t.key(key), key)).collect()).await;
        let rows = run(&t, (0..51).map(|key| delete(t.key(key))).collect()).await;
        assert_eq!(codes(&rows), [&[0; 50][..], &[2]].concat());
        let rows = run(&t, (0..50).map(|key| read(t.key(key))).collect()).await;
        assert_eq!(codes(&rows), [2; 50]);
    });
    suite.test("batch-08", |t| async move {
        for key in 0..3 {
            t.put(&t.key(key), &[as_bin!("v", key)]).await;
        }
        let with = |key: i64, policy: &BatchWritePolicy| {
            BatchOperation::write(policy, t.key(key), vec![set(&as_bin!("v", 9))])
        };
        let plain = BatchWritePolicy::default();
        let create =
            BatchWritePolicy { record_exists_action: RecordExistsAction::CreateOnly, ..plain.clone() };
        let equal = |generation| BatchWritePolicy {
            generation_policy: GenerationPolicy::ExpectGenEqual,
            generation,
            ..plain.clone()
        };
        let expiring = BatchWritePolicy { expiration: Expiration::Seconds(500), ..plain.clone() };
        let old = BatchDeletePolicy {
            generation_policy: GenerationPolicy::ExpectGenEqual,
            generation: 7,
            ..Default::default()
        };
        let rows = vec![
            with(0, &create),
            with(5, &create),
            with(1, &equal(7)),
            with(2, &equal(1)),
            with(6, &expiring),
            BatchOperation::delete(&old, t.key(1)),
        ];
        assert_eq!(codes(&run(&t, rows).await), [5, 0, 3, 0, 0, 3]);
        for (key, value) in [(0, 0), (5, 9), (1, 1), (2, 9), (6, 9)] {
            assert_eq!(t.get(&t.key(key)).await, bins([("v", int(value))]));
        }
        let left = t.record(&t.key(6)).await.time_to_live().expect("it expires").as_secs();
        assert!((490..=500).contains(&left), "{left}");
    });
    suite.test("batch-09", |t| async move {
        t.put(&t.key(1), &[as_bin!("v", "text")]).await;
        let adds = |key: i64| {
            BatchOperation::write(&BatchWritePolicy::default(), t.key(key), vec![plus(&as_bin!("v", 1))])
        };
        assert_eq!(codes(&run(&t, vec![adds(0), adds(1), adds(2)]).await), [0, 12, 0]);
        for (key, value) in [(0, int(1)), (1, "text".into()), (2, int(1))] {
            assert_eq!(t.get(&t.key(key)).await, bins([("v", value)]));
        }
    });
    suite.test("batch-10", |t| async move {
        t.register("counter.lua").await;
        for key in 0..20 {
            t.put(&t.key(key), &[as_bin!("v", key)]).await;
        }
        let rows = run(&t, (0..20).map(|key| count(t.key(key), "take", 10)).collect()).await;
        assert_eq!(codes(&rows), [[100; 10], [0; 10]].concat());
        for (key, row) in rows.iter().enumerate().skip(10) {
            assert_eq!(found(row), bins([("SUCCESS", int(key as i64 - 10))]));
        }
        assert_eq!(t.get(&t.key(3)).await, bins([("v", int(3))]));
    });
    suite.test("batch-14", |t| async move {
        let policy = BatchWritePolicy { send_key: true, ..Default::default() };
        let row = |key: Key| BatchOperation::write(&policy, key, vec![set(&as_bin!("v", 1))]);
        run(&t, vec![row(t.key("one")), row(t.key(2)), write(t.key("bare"), 2)]).await;
        let records = t.query(&QueryPolicy::default(), t.statement()).await.expect("records");
        let mut keys: Vec<_> = records
            .iter()
            .map(|record| record.key.as_ref().and_then(|key| key.user_key().cloned()))
            .collect();
        keys.sort();
        assert_eq!(keys, [None, Some(int(2)), Some("one".into())]);
    });
}

fn add_variants(suite: &mut Suite) {
    suite.test("batch-12", |t| async move {
        t.put(&t.k(), &[as_bin!("v", 1)]).await;
        let nowhere = Key::new("nowhere", "demo", int(1)).expect("a key");
        // The call succeeds: rows tell what failed.
        let rows = vec![read(t.k()), read(nowhere.clone()), write(nowhere.clone(), 1), delete(nowhere)];
        let rows = run(&t, rows).await;
        assert_eq!(codes(&rows), [0, 20, 20, 20]);
        assert_eq!(found(&rows[0]), bins([("v", int(1))]));
    });
    suite.test("batch-13", |t| async move {
        assert!(run(&t, vec![]).await.is_empty());
        t.put(&t.k(), &[as_bin!("v", 1)]).await;
        let rows = run(&t, vec![read(t.k()), read(t.k()), read(t.k())]).await;
        assert_eq!(codes(&rows), [0; 3]);
        assert!(rows.iter().all(|row| found(row) == bins([("v", int(1))])));
    });
    suite.test("batch-15", |t| async move {
        put_half(&t).await;
        let plain = BatchPolicy::default;
        let policies = [
            BatchPolicy { allow_inline: false, ..plain() },
            BatchPolicy { allow_inline_ssd: true, ..plain() },
            BatchPolicy { concurrency: Concurrency::Sequential, ..plain() },
            BatchPolicy { concurrency: Concurrency::Parallel, ..plain() },
            BatchPolicy { respond_all_keys: true, ..plain() },
        ];
        for policy in policies {
            let mut rows: Vec<_> = (0..100).map(|key| read(t.key(key))).collect();
            t.client.batch(&policy, &mut rows).await.expect("rows");
            assert_eq!(codes(&rows), [0, 2].repeat(50), "{policy:?}");
        }
        // The first failure is the last row to come.
        let policy = BatchPolicy { respond_all_keys: false, ..plain() };
        let mut rows: Vec<_> = (0..100).step_by(2).map(|key| read(t.key(key))).collect();
        t.client.batch(&policy, &mut rows).await.expect("rows");
        assert_eq!(codes(&rows), [0; 50]);
        for (number, row) in rows.iter().enumerate() {
            assert_eq!(found(row)["v"], int(2 * number as i64));
        }
    });
}

pub fn add(suite: &mut Suite) {
    add_reads(suite);
    add_writes(suite);
    add_variants(suite);
}
