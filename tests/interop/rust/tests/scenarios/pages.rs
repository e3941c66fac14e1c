//! Pagination and resume.

use crate::fixture::{Test, numbers, range};
use crate::harness::Suite;
use aerospike::query::{Filter, PartitionFilter};
use aerospike::{QueryPolicy, Record, Statement, as_bin};
use futures::StreamExt;

/// One page, of so many records at most, and where to go on.
async fn page(
    t: &Test,
    size: u64,
    statement: Statement,
    cursor: PartitionFilter,
) -> (Vec<Record>, PartitionFilter) {
    let policy = QueryPolicy { max_records: size, ..QueryPolicy::default() };
    let records = t.client.query(&policy, cursor, statement).await.expect("a page");
    let (mut stream, mut found) = (records.into_stream(), Vec::new());
    while let Some(record) = stream.next().await {
        found.push(record.expect("a record"));
    }
    assert!(found.len() as u64 <= size, "{}", found.len());
    (found, stream.partition_filter().expect("a cursor"))
}

/// All pages; the numbers in their records.
async fn pages(t: &Test, size: u64, statement: Statement) -> Vec<i64> {
    let (mut cursor, mut found) = (PartitionFilter::all(), Vec::new());
    for _ in 0..100 {
        if cursor.done() {
            return numbers(&found);
        }
        let records;
        (records, cursor) = page(t, size, statement.clone(), cursor).await;
        found.extend(records);
    }
    panic!("not done after a hundred pages");
}

pub fn add(suite: &mut Suite) {
    suite.test("page-01", |t| async move {
        t.put_q().await;
        assert_eq!(pages(&t, 7, t.statement()).await, range(0..60, &[]));
    });
    suite.test("page-02", |t| async move {
        t.put_q().await;
        t.index_n().await;
        let statement = t.matching(Filter::range("n", 10, 49));
        assert_eq!(pages(&t, 7, statement).await, range(10..50, &[]));
    });
    suite.test("page-03", |t| async move {
        t.put_q().await;
        t.index_n().await;
        for size in [1, 1000] {
            assert_eq!(pages(&t, size, t.statement()).await, range(0..60, &[]));
            let statement = t.matching(Filter::range("n", 10, 49));
            assert_eq!(pages(&t, size, statement).await, range(10..50, &[]));
        }
    });
    suite.test("page-04", |t| async move {
        t.put_q().await;
        let (mut cursor, mut found, mut turn) = (PartitionFilter::all(), Vec::new(), 0);
        while !cursor.done() {
            let records;
            (records, cursor) = page(&t, 7, t.statement(), cursor).await;
            found.extend(records);
            // New ones, others once more, and three are deleted.
            t.put(&t.key(1000 + turn), &[as_bin!("n", 1000 + turn)]).await;
            t.put(&t.key(20 + turn), &[as_bin!("more", turn)]).await;
            if turn < 3 {
                t.client.delete(&Default::default(), &t.key(turn)).await.expect("deleted");
            }
            turn += 1;
        }
        assert!((9..=12).contains(&turn), "{turn} pages");
        let found = numbers(&found);
        let throughout: Vec<_> = found.iter().copied().filter(|number| (3..60).contains(number)).collect();
        assert_eq!(throughout, range(3..60, &[]));
        let mut once = found.clone();
        once.dedup();
        assert_eq!(once, found);
    });
    suite.test("page-05", |t| async move {
        t.put_q().await;
        let (mut found, cursor) = page(&t, 25, t.statement(), PartitionFilter::all()).await;
        assert_eq!((found.len(), cursor.done()), (25, false));
        // Another scan of another client.
        let other = t.with(t.server().connect().await);
        let (rest, cursor) = page(&other, 1000, other.statement(), cursor.clone()).await;
        assert_eq!((rest.len(), cursor.done()), (35, true));
        found.extend(rest);
        assert_eq!(numbers(&found), range(0..60, &[]));
    });
}
