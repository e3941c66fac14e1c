//! Expressions as filters.

use crate::expressions::{i, n, put_e, unknown};
use crate::fixture::{Test, bins, fails, int};
use crate::harness::Suite;
use aerospike::expressions::{self as exp, Expression};
use aerospike::operations::{add as plus, get_bin, put};
use aerospike::{
    BasePolicy, BatchDeletePolicy, BatchOperation, BatchPolicy, BatchReadPolicy, BatchUdfPolicy,
    BatchWritePolicy, Bins, Error, QueryPolicy, ReadPolicy, Task, Value, WritePolicy, as_bin,
};

fn is(value: i64) -> Expression {
    exp::eq(i(), n(value))
}

pub fn base(filter: Expression) -> BasePolicy {
    BasePolicy { filter_expression: Some(filter), ..BasePolicy::default() }
}

fn read(filter: Expression) -> ReadPolicy {
    ReadPolicy { base_policy: base(filter) }
}

pub fn write(filter: Expression) -> WritePolicy {
    WritePolicy { base_policy: base(filter), ..WritePolicy::default() }
}

pub fn query(filter: Expression) -> QueryPolicy {
    let mut policy = QueryPolicy::default();
    policy.base_policy.filter_expression = Some(filter);
    policy
}

/// A command on E is filtered by what is false, and by what is unknown, and changes nothing; what is true lets it pass.
async fn through(t: &Test, command: impl AsyncFn(Expression) -> Result<(), Error>) {
    put_e(t).await;
    let before = t.record(&t.k()).await;
    for filter in [is(6), unknown(), exp::not(unknown())] {
        fails(27, command(filter).await);
        assert_eq!(t.record(&t.k()).await, before);
    }
    command(is(5)).await.expect("it passes");
}

fn add_single(suite: &mut Suite) {
    suite.test("filter-01", |t| async move {
        through(&t, async |filter| {
            let record = t.client.get(&read(filter), &t.k(), Bins::from(["i"])).await?;
            assert_eq!(record.bins, bins([("i", int(5))]));
            Ok(())
        })
        .await;
        through(&t, async |filter| t.client.get(&read(filter), &t.k(), Bins::All).await.map(drop)).await;
    });
    suite.test("filter-02", |t| async move {
        through(&t, async |filter| t.client.exists(&read(filter), &t.k()).await.map(|there| assert!(there)))
            .await;
        through(&t, async |filter| t.client.get(&read(filter), &t.k(), Bins::None).await.map(drop)).await;
    });
    suite.test("filter-03", |t| async move {
        through(&t, async |filter| t.client.put(&write(filter), &t.k(), &[as_bin!("i", 7)]).await).await;
        assert_eq!(t.bin("i").await, int(7));
        t.client.put(&write(is(6)), &t.key("new"), &[as_bin!("a", 1)]).await.expect("created");
        assert_eq!(t.get(&t.key("new")).await, bins([("a", int(1))]));
    });
    suite.test("filter-04", |t| async move {
        through(&t, async |filter| t.client.delete(&write(filter), &t.k()).await.map(|there| assert!(there)))
            .await;
        assert!(!t.exists(&t.k()).await);
        assert!(!t.client.delete(&write(is(6)), &t.k()).await.expect("nothing is there"));
    });
    suite.test("filter-05", |t| async move {
        through(&t, async |filter| t.client.touch(&write(filter), &t.k()).await).await;
        assert_eq!(t.record(&t.k()).await.generation, 2);
        through(&t, async |filter| t.client.append(&write(filter), &t.k(), &[as_bin!("s", "!")]).await).await;
        assert_eq!(t.bin("s").await, "hello!".into());
        through(&t, async |filter| t.client.prepend(&write(filter), &t.k(), &[as_bin!("s", "!")]).await)
            .await;
        assert_eq!(t.bin("s").await, "!hello".into());
        through(&t, async |filter| t.client.add(&write(filter), &t.k(), &[as_bin!("i", 1)]).await).await;
        assert_eq!(t.bin("i").await, int(6));
    });
    suite.test("filter-06", |t| async move {
        through(&t, async |filter| {
            let operations = [plus(&as_bin!("i", 1)), get_bin("i")];
            let record = t.client.operate(&write(filter), &t.k(), &operations).await?;
            assert_eq!(record.results, Some(vec![Value::Nil, int(6)]));
            Ok(())
        })
        .await;
    });
    suite.test("filter-07", |t| async move {
        put_e(&t).await;
        for filter in [unknown(), exp::not(unknown())] {
            fails(27, t.client.get(&read(filter.clone()), &t.k(), Bins::All).await);
            fails(27, t.client.put(&write(filter), &t.k(), &[as_bin!("i", 7)]).await);
        }
        let or = exp::or(vec![unknown(), is(5)]);
        assert_eq!(t.client.get(&read(or), &t.k(), Bins::All).await.expect("it passes").bins["i"], int(5));
    });
    suite.test("filter-08", |t| async move {
        put_e(&t).await;
        for filter in [i(), exp::num_add(vec![i(), n(1)]), exp::eq(i(), exp::float_val(5.0))] {
            fails(4, t.client.get(&read(filter.clone()), &t.k(), Bins::All).await);
            fails(4, t.client.put(&write(filter), &t.k(), &[as_bin!("i", 7)]).await);
        }
    });
    suite.test("filter-12", |t| async move {
        t.register("counter.lua").await;
        let arguments = ["i".into(), int(1)];
        through(&t, async |filter| {
            let policy = write(filter);
            let result = t.client.execute_udf(&policy, &t.k(), "counter", "add", &arguments).await?;
            assert_eq!(result, Some(int(6)));
            Ok(())
        })
        .await;
        assert_eq!(t.bin("i").await, int(6));
    });
}

/// Runs a batch through a filter; the result codes of its rows.
async fn batch(t: &Test, filter: Expression, rows: &mut [BatchOperation]) -> Vec<i32> {
    let policy = BatchPolicy { base_policy: base(filter), ..BatchPolicy::default() };
    // Rows that failed are told for the whole as well.
    let _ = t.client.batch(&policy, rows).await;
    crate::batch::codes(rows)
}

fn add_batches(suite: &mut Suite) {
    suite.test("filter-09", |t| async move {
        put_e(&t).await;
        t.put(&t.key(2), &[as_bin!("i", 6)]).await;
        let keys = [t.k(), t.key(2), t.key(3)];
        let policy = BatchReadPolicy::default();
        let mut rows = keys.map(|key| BatchOperation::read(&policy, key, Bins::from(["i"])));
        assert_eq!(batch(&t, is(5), &mut rows).await, [0, 27, 2]);
        assert_eq!(rows[0].record().expect("a record").bins, bins([("i", int(5))]));
        assert!(rows[1].record().is_none() && rows[2].record().is_none());
    });
    suite.test("filter-10", |t| async move {
        put_e(&t).await;
        t.put(&t.key(2), &[as_bin!("i", 6)]).await;
        let plain = BatchReadPolicy::default();
        let own = BatchReadPolicy { filter_expression: Some(is(6)), ..plain.clone() };
        let mut rows = [
            BatchOperation::read(&plain, t.k(), Bins::All),
            BatchOperation::read(&own, t.k(), Bins::All),
            BatchOperation::read(&plain, t.key(2), Bins::All),
            BatchOperation::read(&own, t.key(2), Bins::All),
        ];
        assert_eq!(batch(&t, is(5), &mut rows).await, [0, 27, 27, 0]);
        assert_eq!(rows[3].record().expect("a record").bins, bins([("i", int(6))]));
    });
    suite.test("filter-11", |t| async move {
        t.register("counter.lua").await;
        put_e(&t).await;
        for key in 2..=4 {
            t.put(&t.key(key), &[as_bin!("i", 6)]).await;
        }
        let write = BatchWritePolicy::default();
        let set = || vec![put(&as_bin!("w", 1))];
        let count = |key| {
            let policy = BatchUdfPolicy::default();
            BatchOperation::udf(&policy, key, "counter", "add", vec!["u".into(), int(1)])
        };
        let mut rows = [
            BatchOperation::write(&write, t.k(), set()),
            BatchOperation::write(&write, t.key(2), set()),
            BatchOperation::write(&write, t.key(2), vec![plus(&as_bin!("i", 1)), get_bin("i")]),
            BatchOperation::delete(&BatchDeletePolicy::default(), t.key(3)),
            count(t.key(4)),
            // There is nothing to filter: it is created.
            BatchOperation::write(&write, t.key(5), set()),
        ];
        assert_eq!(batch(&t, is(5), &mut rows).await, [0, 27, 27, 27, 27, 0]);
        assert_eq!(t.bin("w").await, int(1));
        for key in 2..=4 {
            let record = t.record(&t.key(key)).await;
            assert_eq!((record.bins, record.generation), (bins([("i", int(6))]), 1));
        }
        assert_eq!(t.get(&t.key(5)).await, bins([("w", int(1))]));
        let mut rows = [BatchOperation::delete(&BatchDeletePolicy::default(), t.key(3)), count(t.key(4))];
        assert_eq!(batch(&t, is(6), &mut rows).await, [0, 0]);
        assert!(!t.exists(&t.key(3)).await);
        assert_eq!(t.get(&t.key(4)).await, bins([("i", int(6)), ("u", int(1))]));
    });
}

fn add_many(suite: &mut Suite) {
    let number = || exp::int_bin("n");
    suite.test("filter-13", move |t| async move {
        t.put_q().await;
        let policy = query(exp::eq(exp::num_mod(number(), n(10)), n(3)));
        let found = t.query(&policy, t.statement()).await.expect("records");
        assert_eq!(crate::fixture::numbers(&found), [3, 13, 23, 33, 43, 53]);
        t.index_n().await;
        let all = t.matching(aerospike::query::Filter::range("n", 0, 40));
        let found = t.query(&policy, all).await.expect("records");
        assert_eq!(crate::fixture::numbers(&found), [3, 13, 23, 33]);
    });
    suite.test("filter-14", move |t| async move {
        t.put_q().await;
        t.register("counter.lua").await;
        let mut statement = t.statement();
        statement.set_operations(vec![plus(&as_bin!("n", 100))]);
        let task = t.client.query_operate(&write(exp::lt(number(), n(3))), statement).await.expect("a job");
        task.wait_till_complete(None).await.expect("done");
        assert_eq!(t.scan().await, crate::fixture::range(3..60, &[100, 101, 102]));
        let arguments = ["n".into(), int(1000)];
        let policy = write(exp::ge(number(), n(100)));
        let task = t.client.query_execute_udf(&policy, t.statement(), "counter", "add", &arguments).await;
        task.expect("a job").wait_till_complete(None).await.expect("done");
        assert_eq!(t.scan().await, crate::fixture::range(3..60, &[1100, 1101, 1102]));
    });
}

pub fn add(suite: &mut Suite) {
    add_single(suite);
    add_batches(suite);
    add_many(suite);
}
