//! Secondary indexes.

use crate::fixture::{Test, fails, range};
use crate::harness::Suite;
use aerospike::expressions as exp;
use aerospike::operations::cdt_context::ctx_map_key;
use aerospike::query::Filter;
use aerospike::{
    AdminPolicy, CollectionIndexType, Expiration, IndexType, QueryPolicy, Task, Value, WritePolicy, as_bin,
};
use std::time::Duration;
use tokio::time::sleep;

use CollectionIndexType::{Default as Plain, List, MapKeys, MapValues};

/// How many entries an index has.
async fn entries(t: &Test, name: &str) -> u64 {
    let statistics = t.info(&format!("sindex-stat:namespace=test;indexname={name}")).await;
    let entries = statistics.split(';').find_map(|pair| pair.strip_prefix("entries="));
    entries.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{statistics}"))
}

/// The index on what is in `d`, under "inner" and "rank".
pub async fn index_ranks(t: &Test) -> Vec<aerospike::operations::CdtContext> {
    let context = vec![ctx_map_key("inner".into()), ctx_map_key("rank".into())];
    let name = format!("{}-ranks", t.set);
    let (policy, kind) = (AdminPolicy::default(), IndexType::Numeric);
    let create =
        t.client.create_index_on_bin(&policy, "test", &t.set, "d", &name, kind, List, Some(&context));
    create.await.expect("an index").wait_till_complete(None).await.expect("built");
    context
}

/// The index on n + 1000.
pub async fn index_sums(t: &Test) -> exp::Expression {
    let sum = exp::num_add(vec![exp::int_bin("n"), exp::int_val(1000)]);
    let name = format!("{}-sums", t.set);
    let (policy, kind) = (AdminPolicy::default(), IndexType::Numeric);
    let create = t.client.create_index_using_expression(&policy, "test", &t.set, &name, kind, Plain, &sum);
    create.await.expect("an index").wait_till_complete(None).await.expect("built");
    sum
}

fn add_kinds(suite: &mut Suite) {
    suite.test("index-01", |t| async move {
        t.put_q().await;
        let name = t.index_n().await;
        assert_eq!(entries(&t, &name).await, 60);
        // The same again.
        t.named_index(&name, "n", IndexType::Numeric, Plain).await.expect("it is there");
        assert_eq!(t.find(Filter::equal("n", 33)).await, [33]);
    });
    suite.test("index-02", |t| async move {
        t.put_q().await;
        for (bin, kind) in [("s", IndexType::String), ("b", IndexType::Blob), ("g", IndexType::Geo2DSphere)] {
            let name = t.index(bin, kind, Plain).await;
            assert_eq!(entries(&t, &name).await, 60, "{bin}");
        }
        assert_eq!(t.find(Filter::equal("s", "s3")).await.len(), 12);
        assert_eq!(t.find(Filter::equal("b", vec![2_u8])).await.len(), 20);
        assert_eq!(t.find(Filter::geo_within_radius("g", 0.0, 0.0, 12_000.0)).await, [0, 1]);
    });
    suite.test("index-03", |t| async move {
        t.put_q().await;
        let list = t.index("l", IndexType::Numeric, List).await;
        let keys = t.index("m", IndexType::String, MapKeys).await;
        let values = t.index("m", IndexType::Numeric, MapValues).await;
        // The values of 1 → {"k1": 1, "all": 1} are one entry.
        for (name, count) in [(list, 120), (keys, 120), (values, 119)] {
            assert_eq!(entries(&t, &name).await, count, "{name}");
        }
        assert_eq!(t.find(Filter::contains("l", 10, List)).await, [9, 10]);
        assert_eq!(t.find(Filter::contains("m", "k6", MapKeys)).await, [6, 13, 20, 27, 34, 41, 48, 55]);
        assert_eq!(t.find(Filter::contains_range("m", 57, 70, MapValues)).await, [57, 58, 59]);
    });
    suite.test("index-04", |t| async move {
        t.put_q().await;
        let context = index_ranks(&t).await;
        // i % 4 and 100 + i.
        assert_eq!(entries(&t, &format!("{}-ranks", t.set)).await, 120);
        let filter = Filter::contains("d", 107, List).context(context);
        assert_eq!(t.find(filter).await, [7]);
    });
    suite.test("index-05", |t| async move {
        t.put_q().await;
        let sum = index_sums(&t).await;
        assert_eq!(entries(&t, &format!("{}-sums", t.set)).await, 60);
        assert_eq!(t.find(Filter::equal("", 1059).expression(sum)).await, [59]);
    });
}

fn add_changes(suite: &mut Suite) {
    suite.test("index-06", |t| async move {
        t.put_q().await;
        let name = t.index_n().await;
        fails(200, t.named_index(&name, "s", IndexType::String, Plain).await);
        assert_eq!(t.find(Filter::equal("n", 33)).await, [33]);
    });
    suite.test("index-07", |t| async move {
        t.put_q().await;
        let name = t.index_n().await;
        assert_eq!(t.find(Filter::equal("n", 33)).await, [33]);
        t.drop_index(&name).await.expect("dropped");
        fails(201, t.query(&QueryPolicy::default(), t.matching(Filter::equal("n", 33))).await);
        t.drop_index(&name).await.expect("it is gone already");
    });
    suite.test("index-08", |t| async move {
        let checks = async |made: &str| {
            assert_eq!(t.find(Filter::equal("n", 33)).await, [33], "{made}");
            assert_eq!(t.find(Filter::range("n", 55, 1000)).await, range(55..60, &[]), "{made}");
            assert_eq!(t.find(Filter::contains("l", 10, List)).await, [9, 10], "{made}");
        };
        t.put_q().await;
        let names = [t.index_n().await, t.index("l", IndexType::Numeric, List).await];
        checks("after").await;
        for name in names {
            t.drop_index(&name).await.expect("dropped");
        }
        t.client.truncate(&AdminPolicy::default(), "test", &t.set, 0).await.expect("truncated");
        t.index_n().await;
        t.index("l", IndexType::Numeric, List).await;
        assert_eq!(t.find(Filter::range("n", 0, 1000)).await, []);
        t.put_q().await;
        checks("before").await;
    });
    suite.test("index-09", |t| async move {
        t.put_q().await;
        let name = t.index_n().await;
        t.put(&t.key(1), &[as_bin!("n", 1000)]).await;
        t.put(&t.key(2), &[as_bin!("n", "no number")]).await;
        t.put(&t.key(3), &[as_bin!("n", Value::Nil)]).await;
        t.client.delete(&WritePolicy::default(), &t.key(4)).await.expect("deleted");
        t.client.add(&WritePolicy::default(), &t.key(5), &[as_bin!("n", 500)]).await.expect("added");
        assert_eq!(t.find(Filter::range("n", 0, 9)).await, [0, 6, 7, 8, 9]);
        assert_eq!(t.find(Filter::range("n", 500, 2000)).await, [505, 1000]);
        t.put(&t.key(2), &[as_bin!("n", 2)]).await;
        let policy = WritePolicy { expiration: Expiration::Seconds(1), ..WritePolicy::default() };
        t.client.touch(&policy, &t.key(6)).await.expect("touched");
        sleep(Duration::from_millis(2200)).await;
        assert_eq!(t.find(Filter::range("n", 0, 9)).await, [0, 2, 7, 8, 9]);
        t.client.truncate(&AdminPolicy::default(), "test", &t.set, 0).await.expect("truncated");
        assert_eq!(t.find(Filter::range("n", 0, 2000)).await, []);
        assert_eq!(entries(&t, &name).await, 0);
    });
}

pub fn add(suite: &mut Suite) {
    add_kinds(suite);
    add_changes(suite);
}
