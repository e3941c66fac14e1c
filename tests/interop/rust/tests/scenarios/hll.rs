//! HyperLogLogs.

use crate::fixture::{Test, bins, int};
use crate::harness::Suite;
use aerospike::operations::hll::{self, HllPolicy, HllWriteFlags};
use aerospike::{Value, as_bin, as_list, as_val};

fn values(range: std::ops::Range<i32>) -> Vec<Value> {
    range.map(|number| format!("v{number}").into()).collect()
}

/// Puts `h` and `g` with 1,000 values each, of which they share 500; the second.
async fn put_halves(t: &Test) -> Value {
    let policy = HllPolicy::default();
    let add = |bin, range| hll::add_with_index_and_min_hash(&policy, bin, values(range), 12, 20);
    t.operate(&[add("h", 0..1000), add("g", 500..1500)]).await.expect("added");
    let other = t.bin("g").await;
    assert!(matches!(other, Value::Hll(_)), "{other:?}");
    other
}

fn within(value: &Value, least: i64, most: i64) {
    let Value::Int(number) = value else { panic!("no integer: {value:?}") };
    assert!((least..=most).contains(number), "{number}");
}

pub fn add(suite: &mut Suite) {
    suite.test("hll-01", |t| async move {
        let policy = HllPolicy::default();
        t.operate(&[hll::init(&policy, "h", 10)]).await.expect("made");
        let empty = t.results(&[hll::describe("h"), hll::get_count("h")]).await;
        assert_eq!(empty, [as_list!(10, 0), int(0)]);
        within(&t.result(hll::add(&policy, "h", values(0..100))).await, 90, 100);
        within(&t.result(hll::get_count("h")).await, 90, 110);
    });
    suite.test("hll-02", |t| async move {
        let policy = HllPolicy::default();
        t.operate(&[hll::add_with_index(&policy, "h", values(0..100), 10)]).await.expect("added");
        within(&t.result(hll::refresh_count("h")).await, 90, 110);
        t.operate(&[hll::fold("h", 8)]).await.expect("folded");
        assert_eq!(t.result(hll::describe("h")).await, as_list!(8, 0));
    });
    suite.test("hll-03", |t| async move {
        let other = vec![put_halves(&t).await];
        let operations = [
            hll::get_union("h", other.clone()),
            hll::get_union_count("h", other.clone()),
            hll::get_intersect_count("h", other.clone()),
            hll::get_similarity("h", other),
        ];
        let results = t.results(&operations).await;
        within(&results[1], 1125, 1875);
        within(&results[2], 375, 625);
        let Value::Float(alike) = &results[3] else { panic!("no float: {results:?}") };
        assert!((0.25..=0.417).contains(&f64::from(alike)), "{alike}");
        t.put(&t.k(), &[as_bin!("u", results[0].clone())]).await;
        assert_eq!(t.result(hll::get_count("u")).await, results[1]);
    });
    suite.test("hll-04", |t| async move {
        let other = vec![put_halves(&t).await];
        let policy = HllPolicy::default();
        let count = t.result(hll::get_union_count("h", other.clone())).await;
        t.operate(&[hll::set_union(&policy, "h", other.clone())]).await.expect("set");
        assert_eq!(t.result(hll::get_count("h")).await, count);
        t.operate(&[hll::set_union(&policy, "new", other.clone())]).await.expect("created");
        assert_eq!(t.bin("new").await, other[0]);
        let (create, update) = (HllWriteFlags::CREATE_ONLY, HllWriteFlags::UPDATE_ONLY);
        let init = |bin: &str, flags| hll::init(&HllPolicy::new(flags), bin, 8);
        t.refused(6, init("h", create)).await;
        t.refused(17, init("no", update)).await;
        t.refused(6, hll::set_union(&HllPolicy::new(create), "h", other.clone())).await;
        t.refused(17, hll::set_union(&HllPolicy::new(update), "no", other)).await;
    });
    suite.test("hll-05", |t| async move {
        let other = put_halves(&t).await;
        t.put(&t.key("copy"), &[as_bin!("g", other.clone()), as_bin!("i", 1)]).await;
        assert_eq!(t.get(&t.key("copy")).await, bins([("g", other.clone()), ("i", int(1))]));
        t.put(&t.k(), &[as_bin!("copy", other), as_bin!("i", 1)]).await;
        let counts = t.results(&[hll::get_count("g"), hll::get_count("copy")]).await;
        assert_eq!(counts[0], counts[1]);
        t.refused(12, hll::get_count("i")).await;
        t.refused(12, hll::add(&HllPolicy::default(), "i", values(0..3))).await;
    });
}
