//! Index queries.

use crate::filters::query;
use crate::fixture::{bins, fails, int, numbers, range};
use crate::harness::Suite;
use crate::indexes::{index_ranks, index_sums};
use aerospike::expressions as exp;
use aerospike::operations::get_bin;
use aerospike::query::{Filter, PartitionFilter};
use aerospike::{Bins, CollectionIndexType, IndexType, QueryDuration, QueryPolicy, WritePolicy, as_bin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use CollectionIndexType::{Default as Plain, List, MapKeys, MapValues};

fn every(step: usize, first: i64) -> Vec<i64> {
    (first..60).step_by(step).collect()
}

fn add_predicates(suite: &mut Suite) {
    suite.test("query-01", |t| async move {
        t.put_q().await;
        t.index_n().await;
        assert_eq!(t.find(Filter::equal("n", 33)).await, [33]);
        assert_eq!(t.find(Filter::equal("n", -5)).await, []);
    });
    suite.test("query-02", |t| async move {
        t.put_q().await;
        t.index_n().await;
        assert_eq!(t.find(Filter::range("n", 55, 1000)).await, range(55..60, &[]));
        assert_eq!(t.find(Filter::range("n", i64::MIN, i64::MAX)).await, range(0..60, &[]));
    });
    suite.test("query-03", |t| async move {
        t.put_q().await;
        t.index("s", IndexType::String, Plain).await;
        assert_eq!(t.find(Filter::equal("s", "s3")).await, every(5, 3));
        assert_eq!(t.find(Filter::equal("s", "s")).await, []);
    });
    suite.test("query-04", |t| async move {
        t.put_q().await;
        t.index("b", IndexType::Blob, Plain).await;
        assert_eq!(t.find(Filter::equal("b", vec![2_u8])).await, every(3, 2));
    });
    suite.test("query-05", |t| async move {
        t.put_q().await;
        t.index("l", IndexType::Numeric, List).await;
        t.index("l", IndexType::String, List).await;
        assert_eq!(t.find(Filter::contains("l", 10, List)).await, [9, 10]);
        assert_eq!(t.find(Filter::contains("l", "e44", List)).await, [44]);
        assert_eq!(t.find(Filter::contains_range("l", 3, 6, List)).await, range(2..7, &[]));
    });
    suite.test("query-06", |t| async move {
        t.put_q().await;
        t.index("m", IndexType::String, MapKeys).await;
        t.index("m", IndexType::Numeric, MapValues).await;
        assert_eq!(t.find(Filter::contains("m", "k6", MapKeys)).await, every(7, 6));
        assert_eq!(t.find(Filter::contains_range("m", 57, 70, MapValues)).await, [57, 58, 59]);
    });
    suite.test("query-07", |t| async move {
        t.put_q().await;
        let context = index_ranks(&t).await;
        let filter = Filter::contains_range("d", 100, 103, List).context(context.clone());
        assert_eq!(t.find(filter).await, [0, 1, 2, 3]);
        assert_eq!(t.find(Filter::contains("d", 3, List).context(context)).await, every(4, 3));
    });
    suite.test("query-08", |t| async move {
        t.put_q().await;
        let sum = index_sums(&t).await;
        assert_eq!(t.find(Filter::range("", 1010, 1012).expression(sum)).await, [10, 11, 12]);
    });
    suite.test("query-09", |t| async move {
        t.put_q().await;
        let name = t.index_n().await;
        assert_eq!(t.find(Filter::range_by_index(&*name, 7, 8)).await, [7, 8]);
        assert_eq!(t.find(Filter::equal_by_index(&*name, 33)).await, [33]);
    });
    suite.test("query-14", |t| async move {
        t.put_q().await;
        let policy = QueryPolicy::default();
        fails(201, t.query(&policy, t.matching(Filter::equal("n", 33))).await);
        t.index_n().await;
        fails(201, t.query(&policy, t.matching(Filter::equal("n", "text"))).await);
        fails(4, t.query(&policy, t.matching(Filter::range("n", 5, 1))).await);
    });
}

fn add_variants(suite: &mut Suite) {
    suite.test("query-10", |t| async move {
        t.put_q().await;
        t.index_n().await;
        let even = exp::eq(exp::num_mod(exp::int_bin("n"), exp::int_val(2)), exp::int_val(0));
        let found = t.query(&query(even), t.matching(Filter::range("n", 10, 20))).await.expect("records");
        assert_eq!(numbers(&found), [10, 12, 14, 16, 18, 20]);
    });
    suite.test("query-11", |t| async move {
        t.put_q().await;
        t.index_n().await;
        let policy = QueryPolicy::default();
        let mut statement = t.matching(Filter::equal("n", 9));
        statement.bins = Bins::from(["s"]);
        let found = t.query(&policy, statement.clone()).await.expect("records");
        assert_eq!(
            found.into_iter().map(|record| record.bins).collect::<Vec<_>>(),
            [bins([("s", "s4".into())])]
        );
        statement.bins = Bins::None;
        let found = t.query(&policy, statement).await.expect("records");
        assert_eq!(found.iter().map(|record| record.bins.len()).collect::<Vec<_>>(), [0]);
        let mut statement = t.matching(Filter::range("n", 9, 10));
        statement.set_operations(vec![get_bin("n"), get_bin("s")]);
        let mut found: Vec<_> = t
            .query(&policy, statement)
            .await
            .expect("records")
            .into_iter()
            .map(|record| record.bins)
            .collect();
        found.sort_by_key(|bins| bins["n"].as_string());
        let expected =
            [bins([("n", int(10)), ("s", "s0".into())]), bins([("n", int(9)), ("s", "s4".into())])];
        assert_eq!(found, expected);
    });
    suite.test("query-12", |t| async move {
        t.put_q().await;
        t.index_n().await;
        let (policy, all) = (QueryPolicy::default(), || t.matching(Filter::range("n", 0, 99)));
        let part = |begin| t.query_part(&policy, all(), PartitionFilter::by_range(begin, 2048));
        let mut found = part(0).await.expect("records");
        assert!(!found.is_empty() && found.len() < 60);
        found.extend(part(2048).await.expect("records"));
        assert_eq!(numbers(&found), range(0..60, &[]));
    });
    suite.test("query-13", |t| async move {
        t.put_q().await;
        t.index_n().await;
        for expected_duration in [QueryDuration::Long, QueryDuration::Short, QueryDuration::LongRelaxAp] {
            let policy = QueryPolicy { expected_duration, ..QueryPolicy::default() };
            let found = t.query(&policy, t.matching(Filter::range("n", 3, 5))).await.expect("records");
            assert_eq!(numbers(&found), [3, 4, 5]);
        }
    });
    suite.test("query-15", |t| async move {
        t.put_q().await;
        t.index_n().await;
        let policy = QueryPolicy { max_records: 5, ..QueryPolicy::default() };
        let found = t.query(&policy, t.matching(Filter::range("n", 10, 49))).await.expect("records");
        assert_eq!(found.len(), 5);
        assert!(numbers(&found).iter().all(|number| (10..50).contains(number)));
    });
    suite.test("query-16", |t| async move {
        t.put_q().await;
        t.index_n().await;
        let stop = Arc::new(AtomicBool::new(false));
        let (writer, stopped) = (t.clone(), stop.clone());
        let writing = tokio::spawn(async move {
            let mut turn = 0;
            while !stopped.load(Ordering::Relaxed) {
                turn += 1;
                writer.put(&writer.key(turn % 10), &[as_bin!("n", turn % 10 + 1000 * (turn % 2))]).await;
                writer.put(&writer.key(10_000 + turn % 50), &[as_bin!("n", 500 + turn)]).await;
                let policy = WritePolicy::default();
                writer.client.touch(&policy, &writer.key(10 + turn % 50)).await.expect("touched");
            }
            turn
        });
        for _ in 0..20 {
            assert_eq!(t.find(Filter::range("n", 10, 59)).await, range(10..60, &[]));
        }
        stop.store(true, Ordering::Relaxed);
        assert!(writing.await.expect("written") > 0);
    });
}

pub fn add(suite: &mut Suite) {
    add_predicates(suite);
    add_variants(suite);
}
