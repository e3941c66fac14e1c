//! Queries of sets and of indexes, pages, background jobs, functions, truncation, info.

use crate::harness::{Suite, Test, fails, numbers, point};
use aerospike::operations::{add as plus, get_bin};
use aerospike::query::{Filter, PartitionFilter};
use aerospike::{
    AdminPolicy, Bins, CollectionIndexType, IndexType, Key, QueryPolicy, Statement, Task, UdfLang, Value,
    WritePolicy, as_bin,
};
use futures::StreamExt;

async fn find(t: &Test, filter: Filter) -> Vec<i64> {
    let mut statement = t.statement();
    statement.set_filter(filter);
    numbers(&t.query(&QueryPolicy::default(), statement).await.expect("records"))
}

fn add_scans(suite: &mut Suite) {
    let all: Vec<i64> = (0..60).collect();
    suite.test("scan-01 scan-03 scan-07 scan-11 async-03", move |t| async move {
        t.put_q().await;
        let policy = QueryPolicy::default();
        let found = t.query(&policy, t.statement()).await.expect("records");
        assert_eq!(numbers(&found), all);
        assert!(found.iter().all(|record| record.generation == 1 && record.time_to_live().is_none()));
        let some = Statement::new("test", &*t.set, Bins::from(["n", "s"]));
        assert!(t.query(&policy, some).await.expect("records").iter().all(|record| record.bins.len() == 2));
        let part = |begin| t.query_part(&policy, t.statement(), PartitionFilter::by_range(begin, 2048));
        let mut both = part(0).await.expect("records");
        assert!(both.len() < 60);
        both.extend(part(2048).await.expect("records"));
        assert_eq!(numbers(&both), all);
    });
    suite.test("scan-04 scan-06", |t| async move {
        t.put_q().await;
        let mut policy = QueryPolicy::default();
        let unknown = Statement::new("test", "unknown", Bins::All);
        assert!(t.query(&policy, unknown).await.expect("nothing").is_empty());
        assert!(t.query(&policy, Statement::new("nowhere", "", Bins::All)).await.is_err());
        policy.max_records = 10;
        assert_eq!(t.query(&policy, t.statement()).await.expect("records").len(), 10);
    });
    suite.test("page-01 page-03", |t| async move {
        t.put_q().await;
        let mut policy = QueryPolicy::default();
        policy.max_records = 7;
        let (mut cursor, mut found) = (PartitionFilter::all(), Vec::new());
        while !cursor.done() {
            let page = t.client.query(&policy, cursor, t.statement()).await.expect("a page");
            let mut stream = page.clone().into_stream();
            let before = found.len();
            while let Some(record) = stream.next().await {
                found.push(record.expect("a record"));
            }
            assert!(found.len() - before <= 7);
            cursor = page.partition_filter().expect("a cursor");
        }
        assert_eq!(numbers(&found), (0..60).collect::<Vec<_>>());
    });
}

fn add_queries(suite: &mut Suite) {
    use CollectionIndexType::{Default, List, MapKeys, MapValues};
    suite.test("index-01 index-07 query-01 query-02 query-14 query-15", |t| async move {
        t.put_q().await;
        let statement = || {
            let mut statement = t.statement();
            statement.set_filter(Filter::equal("n", 33));
            statement
        };
        fails(201, t.query(&QueryPolicy::default(), statement()).await);
        t.index("n", IndexType::Numeric, Default).await;
        assert_eq!(find(&t, Filter::equal("n", 33)).await, [33]);
        assert_eq!(find(&t, Filter::range("n", 55, 1000)).await, [55, 56, 57, 58, 59]);
        let mut policy = QueryPolicy::default();
        policy.max_records = 5;
        let mut wide = t.statement();
        wide.set_filter(Filter::range("n", 10, 49));
        assert_eq!(t.query(&policy, wide).await.expect("records").len(), 5);
        let name = format!("{}-n", t.set);
        let task =
            t.client.drop_index(&AdminPolicy::default(), "test", &t.set, &name).await.expect("dropped");
        task.wait_till_complete(None).await.expect("gone");
        fails(201, t.query(&QueryPolicy::default(), statement()).await);
    });
    suite.test("index-02 query-03 query-04 geo-01", |t| async move {
        t.put_q().await;
        t.index("s", IndexType::String, Default).await;
        t.index("b", IndexType::Blob, Default).await;
        t.index("g", IndexType::Geo2DSphere, Default).await;
        assert_eq!(find(&t, Filter::equal("s", "s3")).await.len(), 12);
        assert_eq!(find(&t, Filter::equal("b", vec![2_u8])).await.len(), 20);
        let ring = "[[-0.05, -1], [1.05, -1], [1.05, 1], [-0.05, 1], [-0.05, -1]]";
        let region = format!(r#"{{"type": "Polygon", "coordinates": [{ring}]}}"#);
        assert_eq!(find(&t, Filter::geo_within_region("g", &region)).await, (0..=10).collect::<Vec<_>>());
        let near = find(&t, Filter::geo_within_radius("g", 0.0, 0.0, 12_000.0)).await;
        assert_eq!(near, [0, 1], "{}", point(0.1, 0.0));
    });
    suite.test("index-03 query-05 query-06", |t| async move {
        t.put_q().await;
        t.index("l", IndexType::Numeric, List).await;
        assert_eq!(find(&t, Filter::contains("l", 10, List)).await, [9, 10]);
        t.index("m", IndexType::String, MapKeys).await;
        assert_eq!(find(&t, Filter::contains("m", "k6", MapKeys)).await.len(), 8);
        let policy = AdminPolicy::default();
        let task = t.client.create_index_on_bin(
            &policy,
            "test",
            &t.set,
            "m",
            "index-03-values",
            IndexType::Numeric,
            MapValues,
            None,
        );
        task.await.expect("an index").wait_till_complete(None).await.expect("built");
        assert_eq!(find(&t, Filter::contains_range("m", 57, 70, MapValues)).await, [57, 58, 59]);
    });
    suite.test("background-01 background-05 background-07 async-06", |t| async move {
        t.put_q().await;
        t.register("counter.lua").await;
        let policy = WritePolicy::default();
        let mut statement = t.statement();
        statement.set_operations(vec![plus(&as_bin!("n", 100))]);
        let task = t.client.query_operate(&policy, statement).await.expect("a job");
        task.wait_till_complete(None).await.expect("done");
        let arguments = [Value::from("n"), Value::Int(100)];
        let task = t.client.query_execute_udf(&policy, t.statement(), "counter", "add", &arguments).await;
        task.expect("a job").wait_till_complete(None).await.expect("done");
        let found = t.query(&QueryPolicy::default(), t.statement()).await.expect("records");
        assert_eq!(numbers(&found), (200..260).collect::<Vec<_>>());
        let mut reads = t.statement();
        reads.set_operations(vec![get_bin("n")]);
        assert!(t.client.query_operate(&policy, reads).await.is_err());
    });
}

pub fn add(suite: &mut Suite) {
    add_scans(suite);
    add_queries(suite);
    suite.test("udf-01 udf-02 udf-03 udf-04 udf-05 udf-06", |t| async move {
        t.register("counter.lua").await;
        t.register("document.lua").await;
        let policy = WritePolicy::default();
        let call = async |module: &str, function: &str, arguments: &[Value]| {
            t.client.execute_udf(&policy, &t.k(), module, function, arguments).await
        };
        let visits = [Value::from("visits"), Value::Int(1)];
        assert_eq!(call("counter", "add", &visits).await.expect("a result"), Some(Value::Int(1)));
        assert_eq!(call("counter", "add", &visits).await.expect("a result"), Some(Value::Int(2)));
        let path = Value::List(vec!["a".into(), "b".into()]);
        for value in [
            Value::Int(7),
            Value::from(2.5),
            "text".into(),
            Value::Bool(true),
            Value::List(vec![path.clone()]),
        ] {
            call("document", "set", &["d".into(), path.clone(), value.clone()]).await.expect("set");
            assert_eq!(
                call("document", "get", &["d".into(), path.clone()]).await.expect("a result"),
                Some(value)
            );
        }
        let error = call("counter", "take", &["visits".into(), Value::Int(9)]).await.expect_err("too much");
        assert!(error.to_string().contains("only 2 left"), "{error}");
        assert!(call("counter", "unknown", &[]).await.is_err());
        let broken = b"function f()\n  return +\nend";
        let admin = AdminPolicy::default();
        assert!(t.client.register_udf(&admin, broken, "broken.lua", UdfLang::Lua).await.is_err());
    });
    suite.test("truncate-01 truncate-04", |t| async move {
        let other = Key::new("test", "truncate-other", Value::Int(1)).expect("a key");
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        t.put(&other, &[as_bin!("a", 1)]).await;
        t.client.truncate(&AdminPolicy::default(), "test", &t.set, 0).await.expect("truncated");
        assert!(!t.exists(&t.k()).await && t.exists(&other).await);
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        assert_eq!(t.record(&t.k()).await.generation, 1);
    });
    suite.test("info-01 info-02 info-04 info-05", |t| async move {
        let answers =
            t.client.info(&AdminPolicy::default(), &["build", "edition", "node", "namespaces"]).await;
        let answers = answers.expect("answers");
        assert!(answers["build"].starts_with("8.1."), "{answers:?}");
        assert_eq!(answers["namespaces"], "test;aging");
        assert_eq!(answers["node"], t.client.node_names()[0]);
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        assert!(t.info(&format!("sets/test/{}", t.set)).await.contains("objects=1:"));
        assert!(t.info("unknown-command").await.starts_with("ERROR"));
    });
}
