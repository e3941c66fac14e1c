//! Operations on maps.

use crate::fixture::{Test, blob, int, sorted};
use crate::harness::Suite;
use aerospike::operations::cdt_context::{ctx_map_index, ctx_map_key, ctx_map_key_create, ctx_map_rank};
use aerospike::operations::{MapOrder, Operation, maps};
use aerospike::{
    MapPolicy, MapReturnType as M, MapWriteFlags, Value, as_bin, as_list, as_map, as_sorted_map, as_val,
    as_values,
};
use std::collections::HashMap;

fn ordered(flags: MapWriteFlags) -> MapPolicy {
    MapPolicy::new(MapOrder::KeyOrdered, flags)
}

fn letters() -> Value {
    as_map!("a" => 10, "b" => 40, "c" => 20, "d" => 30)
}

/// Puts the letters as a key-ordered map into the bin `v`.
async fn put_letters(t: &Test) {
    let letters = as_sorted_map!("a" => 10, "b" => 40, "c" => 20, "d" => 30);
    t.put(&t.k(), &[as_bin!("v", letters)]).await;
}

/// Operations that read the letters, and leave them alone.
async fn reads<const N: usize>(t: &Test, cases: [(Operation, Value); N]) {
    put_letters(t).await;
    for (at, (operation, result)) in cases.into_iter().enumerate() {
        assert_eq!(t.result(operation).await, result, "case {at}");
    }
    let record = t.record(&t.k()).await;
    assert_eq!((&record.bins["v"], record.generation), (&letters(), 1));
}

/// Operations on the letters, each on all of them anew: its result, and the keys that are left.
async fn changes<const N: usize>(t: &Test, cases: [(Operation, Value, &str); N]) {
    for (at, (operation, result, left)) in cases.into_iter().enumerate() {
        put_letters(t).await;
        assert_eq!(sorted(t.result(operation).await), result, "case {at}");
        assert_eq!(keys(&t.bin("v").await), left, "case {at}");
    }
}

/// The keys of a map, one letter each, in order.
fn keys(map: &Value) -> String {
    let mut keys: Vec<_> = match map {
        Value::HashMap(map) => map.keys().map(Value::as_string).collect(),
        Value::OrderedMap(map) => map.keys().map(Value::as_string).collect(),
        Value::SortedMap(map) => map.keys().map(Value::as_string).collect(),
        other => panic!("no map: {other:?}"),
    };
    keys.sort();
    keys.concat()
}

fn add_reads(suite: &mut Suite) {
    suite.test("maps-02", |t| async move {
        let b = |kind| maps::get_by_key("v", "b".into(), kind);
        let range = |kind| maps::get_by_key_range("v", "b".into(), "d".into(), kind);
        let cases = [
            (b(M::VALUE), int(40)),
            (b(M::KEY), "b".into()),
            (b(M::INDEX), int(1)),
            (b(M::REVERSE_INDEX), int(2)),
            (b(M::RANK), int(3)),
            (b(M::COUNT), int(1)),
            (b(M::EXISTS), Value::Bool(true)),
            (maps::get_by_key("v", "z".into(), M::VALUE), Value::Nil),
            (maps::get_by_key("v", "z".into(), M::EXISTS), Value::Bool(false)),
            (range(M::KEY), as_list!("b", "c")),
            (range(M::VALUE), as_list!(40, 20)),
            (range(M::KEY_VALUE), Value::KeyValueList(vec![("b".into(), int(40)), ("c".into(), int(20))])),
            (range(M::ORDERED_MAP), as_map!("b" => 40, "c" => 20)),
            (range(M::COUNT), int(2)),
            (range(M::INDEX), as_list!(1, 2)),
            (maps::get_by_key_list("v", as_values!("a", "d", "z"), M::VALUE), as_list!(10, 30)),
            (maps::get_by_key_list("v", as_values!("a", "d"), M::KEY.inverted()), as_list!("b", "c")),
        ];
        reads(&t, cases).await;
    });
    suite.test("maps-03", |t| async move {
        let cases = [
            (maps::get_by_value("v", int(30), M::KEY), as_list!("d")),
            (maps::get_by_value_range("v", int(15), int(35), M::COUNT), int(2)),
            (maps::get_by_value_list("v", as_values!(10, 20, 99), M::COUNT), int(2)),
            (maps::get_by_rank("v", -1, M::KEY), "b".into()),
            (maps::get_by_rank("v", 0, M::VALUE), int(10)),
            (maps::get_by_rank_range("v", 0, 2, M::VALUE), as_list!(10, 20)),
            (maps::get_by_index("v", -1, M::KEY), "d".into()),
            (maps::get_by_index("v", 0, M::VALUE), int(10)),
            (maps::get_by_index_range("v", 1, 2, M::KEY), as_list!("b", "c")),
            (maps::get_by_index_range_from("v", 2, M::KEY), as_list!("c", "d")),
        ];
        reads(&t, cases).await;
        let range = maps::get_by_value_range("v", int(15), int(35), M::KEY);
        assert_eq!(sorted(t.result(range).await), as_list!("c", "d"));
    });
    suite.test("maps-08", |t| async move {
        let by_key = |key: &str, index| maps::get_by_key_relative_index_range("v", key.into(), index, M::KEY);
        let cases = [
            (by_key("b", 1), as_list!("c", "d")),
            (
                maps::get_by_key_relative_index_range_count("v", "bb".into(), -1, 2, M::KEY),
                as_list!("b", "c"),
            ),
            (maps::get_by_value_relative_rank_range("v", int(20), 1, M::VALUE), as_list!(30, 40)),
            (maps::get_by_value_relative_rank_range_count("v", int(25), -1, 1, M::KEY), as_list!("c")),
        ];
        reads(&t, cases).await;
    });
}

fn add_changes(suite: &mut Suite) {
    suite.test("maps-01", |t| async move {
        let (policy, put) = (MapPolicy::default(), |key: &str, value| {
            maps::put(&MapPolicy::default(), "v", key.into(), int(value))
        });
        let items = HashMap::from([("d".into(), int(4)), ("e".into(), int(5))]);
        let operations = [
            put("a", 1),
            put("b", 2),
            put("c", 3),
            put("a", 9),
            maps::put_items(&policy, "v", items),
            maps::size("v"),
        ];
        assert_eq!(t.results(&operations).await, [1, 2, 3, 3, 5, 5].map(int));
        assert_eq!(t.bin("v").await, as_map!("a" => 9, "b" => 2, "c" => 3, "d" => 4, "e" => 5));
    });
    suite.test("maps-04", |t| async move {
        let cases = [
            (maps::remove_by_key("v", "a".into(), M::VALUE), int(10), "bcd"),
            (maps::remove_by_key("v", "z".into(), M::COUNT), int(0), "abcd"),
            (maps::remove_by_key_list("v", as_values!("a", "z"), M::COUNT), int(1), "bcd"),
            (maps::remove_by_key_range("v", "b".into(), "d".into(), M::KEY), as_list!("b", "c"), "ad"),
            (maps::remove_by_value("v", int(20), M::KEY), as_list!("c"), "abd"),
            (maps::remove_by_value_list("v", as_values!(10, 20), M::KEY), as_list!("a", "c"), "bd"),
            (maps::remove_by_value_range("v", int(0), int(25), M::COUNT), int(2), "bd"),
            (maps::remove_by_rank("v", -1, M::VALUE), int(40), "acd"),
            (maps::remove_by_rank_range("v", 0, 2, M::KEY), as_list!("a", "c"), "bd"),
            (maps::remove_by_index("v", 0, M::KEY), "a".into(), "bcd"),
            (maps::remove_by_index_range("v", 1, 2, M::COUNT), int(2), "ad"),
            (
                maps::remove_by_key_relative_index_range_count("v", "b".into(), 0, 1, M::KEY),
                as_list!("b"),
                "acd",
            ),
            (
                maps::remove_by_value_relative_rank_range_count("v", int(20), 0, 1, M::KEY),
                as_list!("c"),
                "abd",
            ),
        ];
        changes(&t, cases).await;
    });
    suite.test("maps-05", |t| async move {
        let policy = ordered(MapWriteFlags::DEFAULT);
        put_letters(&t).await;
        assert_eq!(t.result(maps::increment_value(&policy, "v", "a".into(), int(5))).await, int(15));
        assert_eq!(t.result(maps::decrement_value(&policy, "v", "b".into(), int(1))).await, int(39));
        assert_eq!(t.result(maps::increment_value(&policy, "v", "new".into(), int(3))).await, int(3));
        let expected = as_map!("a" => 15, "b" => 39, "c" => 20, "d" => 30, "new" => 3);
        assert_eq!(t.bin("v").await, expected);
    });
    suite.test("maps-06", |t| async move {
        for order in [MapOrder::KeyOrdered, MapOrder::KeyValueOrdered] {
            t.client.delete(&Default::default(), &t.k()).await.expect("deleted");
            let policy = MapPolicy::new(order, MapWriteFlags::DEFAULT);
            for (value, key) in ["d", "c", "b", "a"].into_iter().enumerate() {
                let put = maps::put(&policy, "v", key.into(), int(value as i64));
                assert_eq!(t.result(put).await, int(value as i64 + 1));
            }
            for (index, key) in ["a", "b", "c", "d"].into_iter().enumerate() {
                assert_eq!(t.result(maps::get_by_index("v", index as i64, M::KEY)).await, key.into());
            }
            assert_eq!(t.result(maps::get_by_rank("v", 0, M::KEY)).await, "d".into());
            t.put(&t.k(), &[as_bin!("u", as_map!("k" => 1, "j" => 2))]).await;
            t.operate(&[maps::set_order("u", order)]).await.expect("ordered");
            assert_eq!(t.result(maps::get_by_index("u", 0, M::KEY)).await, "j".into());
        }
    });
    suite.test("maps-07", |t| async move {
        let lenient = |flag| ordered(flag | MapWriteFlags::NO_FAIL | MapWriteFlags::PARTIAL);
        let (create, update) = (MapWriteFlags::CREATE_ONLY, MapWriteFlags::UPDATE_ONLY);
        let put = |flags, key: &str| maps::put(&ordered(flags), "v", key.into(), int(1));
        let two = |other: &str| HashMap::from([("a".into(), int(1)), (other.into(), int(5))]);
        put_letters(&t).await;
        t.refused(24, put(create, "a")).await;
        t.refused(23, put(update, "z")).await;
        t.refused(24, maps::put_items(&ordered(create), "v", two("e"))).await;
        assert_eq!(t.result(put(create | MapWriteFlags::NO_FAIL, "a")).await, int(4));
        assert_eq!(t.bin("v").await, letters());
        assert_eq!(t.result(maps::put_items(&lenient(create), "v", two("e"))).await, int(5));
        let expected = as_map!("a" => 10, "b" => 40, "c" => 20, "d" => 30, "e" => 5);
        assert_eq!(t.bin("v").await, expected);
        assert_eq!(t.result(maps::put_items(&lenient(update), "v", two("f"))).await, int(5));
        let expected = as_map!("a" => 1, "b" => 40, "c" => 20, "d" => 30, "e" => 5);
        assert_eq!(t.bin("v").await, expected);
    });
    suite.test("maps-09", |t| async move {
        let ab = || as_values!("a", "b");
        let cases = [
            (maps::remove_by_key_list("v", ab(), M::COUNT.inverted()), int(2), "ab"),
            (maps::remove_by_key_list("v", ab(), M::KEY.inverted()), as_list!("c", "d"), "ab"),
        ];
        changes(&t, cases).await;
    });
}

pub fn add(suite: &mut Suite) {
    add_reads(suite);
    add_changes(suite);
    suite.test("maps-10", |t| async move {
        let put = |key: &str, context| {
            maps::put(&MapPolicy::default(), "v", key.into(), int(9)).context(vec![context])
        };
        t.put(&t.k(), &[as_bin!("v", as_map!("x" => as_map!("n" => 1), "y" => as_map!("n" => 2)))]).await;
        assert_eq!(t.result(put("k", ctx_map_key("x".into()))).await, int(2));
        // Fewer entries: the least.
        assert_eq!(t.result(put("r", ctx_map_rank(0))).await, int(2));
        assert_eq!(t.result(put("i", ctx_map_index(0))).await, int(3));
        let create = ctx_map_key_create("z".into(), MapOrder::KeyOrdered);
        assert_eq!(t.result(put("c", create)).await, int(1));
        let expected = as_map!(
            "x" => as_map!("n" => 1, "k" => 9, "i" => 9),
            "y" => as_map!("n" => 2, "r" => 9),
            "z" => as_map!("c" => 9)
        );
        assert_eq!(t.bin("v").await, expected);
        let inner = maps::get_by_key("v", "c".into(), M::VALUE).context(vec![ctx_map_key("z".into())]);
        assert_eq!(t.result(inner).await, int(9));
    });
    suite.test("maps-11", |t| async move {
        put_letters(&t).await;
        assert_eq!(t.result(maps::size("v")).await, int(4));
        assert_eq!(t.result(maps::clear("v")).await, Value::Nil);
        assert_eq!(t.result(maps::size("v")).await, int(0));
        assert_eq!(t.bin("v").await, as_map!());
        t.put(&t.k(), &[as_bin!("s", "text")]).await;
        t.refused(12, maps::size("s")).await;
        t.refused(12, maps::put(&MapPolicy::default(), "s", "a".into(), int(1))).await;
    });
    suite.test("maps-12", |t| async move {
        let keys = as_values!(blob(b"blob"), "text", 7, -7);
        for key in keys {
            let put = maps::put(&ordered(MapWriteFlags::DEFAULT), "v", key, int(1));
            t.operate(&[put]).await.expect("put");
        }
        let all = maps::get_by_index_range("v", 0, 4, M::KEY);
        assert_eq!(t.result(all).await, as_list!(-7, 7, "text", blob(b"blob")));
    });
}
