//! Background jobs.

use crate::expressions::n;
use crate::filters::write;
use crate::fixture::{Test, fails, range};
use crate::harness::Suite;
use aerospike::expressions as exp;
use aerospike::operations::{Operation, add as plus, delete, get_bin, put, touch};
use aerospike::query::Filter;
use aerospike::{Error, Expiration, QueryPolicy, Statement, Task, Value, WritePolicy, as_bin};
use std::time::Duration;

/// Runs operations on records, and waits for the end.
async fn operate(
    t: &Test,
    policy: &WritePolicy,
    mut statement: Statement,
    operations: Vec<Operation>,
) -> Result<u64, Error> {
    statement.set_operations(operations);
    let task = t.client.query_operate(policy, statement).await?;
    task.wait_till_complete(None).await?;
    Ok(task.task_id())
}

/// Calls `counter.add("n", 100)` on records, and waits for the end.
async fn count(t: &Test, policy: &WritePolicy, statement: Statement) {
    let arguments = ["n".into(), Value::Int(100)];
    let task = t.client.query_execute_udf(policy, statement, "counter", "add", &arguments).await;
    task.expect("a job").wait_till_complete(None).await.expect("done");
}

pub fn add(suite: &mut Suite) {
    let add_100 = || vec![plus(&as_bin!("n", 100))];
    suite.test("background-01", move |t| async move {
        t.put_q().await;
        operate(&t, &WritePolicy::default(), t.statement(), add_100()).await.expect("done");
        assert_eq!(t.scan().await, range(100..160, &[]));
        let found = t.query(&QueryPolicy::default(), t.statement()).await.expect("records");
        assert!(found.iter().all(|record| record.generation == 2));
    });
    suite.test("background-02", move |t| async move {
        t.put_q().await;
        t.index_n().await;
        let first = t.matching(Filter::range("n", 0, 9));
        operate(&t, &WritePolicy::default(), first, add_100()).await.expect("done");
        assert_eq!(t.scan().await, range(10..60, &(100..110).collect::<Vec<_>>()));
        assert_eq!(t.find(Filter::range("n", 60, 1000)).await, range(100..110, &[]));
    });
    suite.test("background-03", |t| async move {
        t.put_q().await;
        let policy = write(exp::lt(exp::int_bin("n"), n(3)));
        operate(&t, &policy, t.statement(), vec![put(&as_bin!("marked", 1))]).await.expect("done");
        for record in t.query(&QueryPolicy::default(), t.statement()).await.expect("records") {
            let few = record.bins["n"] < Value::Int(3);
            let marked = record.bins.get("marked") == Some(&Value::Int(1));
            assert_eq!((marked, record.generation), (few, 1 + u32::from(few)), "{record}");
        }
    });
    suite.test("background-04", |t| async move {
        t.put_q().await;
        let policy = write(exp::ge(exp::int_bin("n"), n(10)));
        operate(&t, &policy, t.statement(), vec![delete()]).await.expect("done");
        assert_eq!(t.scan().await, range(0..10, &[]));
    });
    suite.test("background-05", |t| async move {
        t.put_q().await;
        t.register("counter.lua").await;
        count(&t, &WritePolicy::default(), t.statement()).await;
        assert_eq!(t.scan().await, range(100..160, &[]));
    });
    suite.test("background-06", |t| async move {
        t.put_q().await;
        t.register("counter.lua").await;
        t.index_n().await;
        let policy = write(exp::lt(exp::int_bin("n"), n(5)));
        count(&t, &policy, t.matching(Filter::range("n", 3, 10))).await;
        assert_eq!(t.scan().await, range(5..60, &[0, 1, 2, 103, 104]));
    });
    suite.test("background-07", |t| async move {
        t.put_q().await;
        fails(4, operate(&t, &WritePolicy::default(), t.statement(), vec![get_bin("n")]).await);
        let both = vec![plus(&as_bin!("n", 1)), get_bin("n")];
        fails(4, operate(&t, &WritePolicy::default(), t.statement(), both).await);
        assert_eq!(t.scan().await, range(0..60, &[]));
    });
    suite.test("background-08", move |t| async move {
        t.put_q().await;
        let mut statement = t.statement();
        statement.set_operations(add_100());
        let task = t.client.query_operate(&WritePolicy::default(), statement).await.expect("a job");
        let end = Some(Duration::from_secs(30));
        let progress = task.wait_for_progress(end, Duration::from_millis(20)).await.expect("done");
        assert_eq!((progress.complete, progress.succeeded, progress.failed), (true, 60, 0));
        let id = task.task_id();
        let listed = t.info("query-show").await;
        let line =
            listed.split(';').find(|line| line.contains(&format!("trid={id}:"))).expect("it is listed");
        for part in ["status=done(ok)", "recs-succeeded=60", &format!("set={}", t.set)] {
            assert!(line.split(':').any(|pair| pair == part), "{part}: {line}");
        }
        let shown = t.info(&format!("query-show:id={id}")).await;
        assert!(shown.contains("status=done(ok)") && shown.contains("recs-succeeded=60"), "{shown}");
    });
    suite.test("background-09", |t| async move {
        t.put_q().await;
        let policy = WritePolicy { expiration: Expiration::Seconds(500), ..WritePolicy::default() };
        operate(&t, &policy, t.statement(), vec![touch()]).await.expect("done");
        let found = t.query(&QueryPolicy::default(), t.statement()).await.expect("records");
        assert_eq!(found.len(), 60);
        for record in found {
            let left = record.time_to_live().expect("it expires").as_secs();
            assert!((480..=500).contains(&left), "{left}");
        }
    });
}
