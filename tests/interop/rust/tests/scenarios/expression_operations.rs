//! Expressions as operations.

use crate::batch::codes;
use crate::expressions::{i, n, put_e, unknown};
use crate::fixture::{Test, bins, fails, int};
use crate::harness::Suite;
use aerospike::expressions::{self as exp, Expression};
use aerospike::operations::exp::{ExpReadFlags, ExpWriteFlags, read_exp, write_exp};
use aerospike::operations::{add as plus, get_bin};
use aerospike::{BatchOperation, BatchPolicy, BatchWritePolicy, Value, as_bin};

fn read(name: &str, expression: Expression) -> aerospike::operations::Operation {
    read_exp(name, expression, ExpReadFlags::DEFAULT)
}

/// A write that does nothing: neither does it fail.
async fn nothing(t: &Test, name: &str, expression: Expression, flags: ExpWriteFlags) {
    let before = t.get(&t.k()).await;
    t.operate(&[write_exp(name, expression, flags)]).await.expect("nothing happens");
    assert_eq!(t.get(&t.k()).await, before);
}

pub fn add(suite: &mut Suite) {
    let twice = || exp::num_mul(vec![i(), n(2)]);
    let nil = || exp::nil();
    suite.test("expression-20", move |t| async move {
        put_e(&t).await;
        let before = t.record(&t.k()).await;
        let record = t.operate(&[read("twice", twice()), get_bin("s")]).await.expect("a record");
        assert_eq!(record.bins, bins([("twice", int(10)), ("s", "hello".into())]));
        assert_eq!(t.record(&t.k()).await, before);
    });
    suite.test("expression-21", |t| async move {
        put_e(&t).await;
        let results = t.results(&[read("now", i()), plus(&as_bin!("i", 10)), read("now", i())]).await;
        assert_eq!(results, [int(5), Value::Nil, int(15)]);
    });
    suite.test("expression-22", move |t| async move {
        put_e(&t).await;
        t.operate(&[write_exp("w", twice(), ExpWriteFlags::DEFAULT)]).await.expect("written");
        let record = t.record(&t.k()).await;
        assert_eq!((&record.bins["w"], record.generation), (&int(10), 2));
    });
    suite.test("expression-23", |t| async move {
        let (create, update) = (ExpWriteFlags::CREATE_ONLY, ExpWriteFlags::UPDATE_ONLY);
        put_e(&t).await;
        t.refused(6, write_exp("i", n(1), create)).await;
        t.refused(17, write_exp("w", n(1), update)).await;
        nothing(&t, "i", n(1), create | ExpWriteFlags::POLICY_NO_FAIL).await;
        nothing(&t, "w", n(1), update | ExpWriteFlags::POLICY_NO_FAIL).await;
        let both = [write_exp("w", n(1), create), write_exp("i", n(2), update)];
        t.operate(&both).await.expect("written");
        assert_eq!((t.bin("w").await, t.bin("i").await), (int(1), int(2)));
    });
    suite.test("expression-24", move |t| async move {
        put_e(&t).await;
        t.refused(26, write_exp("i", nil(), ExpWriteFlags::DEFAULT)).await;
        nothing(&t, "i", nil(), ExpWriteFlags::POLICY_NO_FAIL).await;
        t.operate(&[write_exp("i", nil(), ExpWriteFlags::ALLOW_DELETE)]).await.expect("deleted");
        let left = t.get(&t.k()).await;
        assert!(!left.contains_key("i") && left.len() == 7, "{left:?}");
    });
    suite.test("expression-25", |t| async move {
        put_e(&t).await;
        t.refused(26, write_exp("i", unknown(), ExpWriteFlags::DEFAULT)).await;
        t.refused(26, write_exp("w", exp::num_div(vec![i(), n(0)]), ExpWriteFlags::DEFAULT)).await;
        // The whole call is undone.
        let both = [plus(&as_bin!("i", 1)), write_exp("w", unknown(), ExpWriteFlags::DEFAULT)];
        fails(26, t.operate(&both).await);
        assert_eq!(t.bin("i").await, int(5));
        nothing(&t, "i", unknown(), ExpWriteFlags::EVAL_NO_FAIL).await;
    });
    suite.test("expression-26", |t| async move {
        for number in 0..4 {
            t.put(&t.key(number), &[as_bin!("i", number)]).await;
        }
        let operations = || {
            vec![
                write_exp("w", exp::num_div(vec![n(60), i()]), ExpWriteFlags::DEFAULT),
                read("r", exp::num_add(vec![exp::int_bin("w"), n(1)])),
            ]
        };
        let policy = BatchWritePolicy::default();
        let mut rows: Vec<_> =
            (0..4).map(|key| BatchOperation::write(&policy, t.key(key), operations())).collect();
        let _ = t.client.batch(&BatchPolicy::default(), &mut rows).await;
        assert_eq!(codes(&rows), [26, 0, 0, 0]);
        for (row, result) in rows[1..].iter().zip([61, 31, 21]) {
            assert_eq!(row.record().expect("a record").bins["r"], int(result));
        }
        assert_eq!(t.get(&t.key(0)).await, bins([("i", int(0))]));
        assert_eq!(t.get(&t.key(3)).await, bins([("i", int(3)), ("w", int(20))]));
    });
}
