//! Lists, maps, bits, HyperLogLog.

use crate::harness::{Suite, Test};
use aerospike::operations::cdt_context::{ctx_list_index, ctx_list_rank, ctx_map_key, ctx_map_key_create};
use aerospike::operations::{MapOrder, Operation, bitwise, hll, lists, maps};
use aerospike::{
    ListOrderType, ListPolicy, ListReturnType as L, ListSortFlags, ListWriteFlags, MapPolicy,
    MapReturnType as M, MapWriteFlags, Value, as_bin, as_list, as_map, as_val, as_values,
};

/// Runs an operation on the bin `v`; asserts its result and what is left.
async fn check(t: &Test, before: &Value, operation: Operation, result: Value, after: Value) {
    t.put(&t.k(), &[as_bin!("v", before.clone())]).await;
    assert_eq!(t.result(operation).await, result);
    assert_eq!(t.bin("v").await, after);
}

fn int(value: i64) -> Value {
    Value::Int(value)
}

fn add_lists(suite: &mut Suite) {
    suite.test("lists-01 lists-02 lists-05", |t| async move {
        let policy = ListPolicy::default();
        assert_eq!(t.result(lists::append(&policy, "v", int(1))).await, int(1));
        assert_eq!(t.result(lists::append_items(&policy, "v", as_values!(2, 3))).await, int(3));
        assert_eq!(t.result(lists::insert(&policy, "v", 0, int(0))).await, int(4));
        assert_eq!(t.result(lists::insert_items(&policy, "v", 1, as_values!("x", "y"))).await, int(6));
        assert_eq!(t.bin("v").await, as_list!(0, "x", "y", 1, 2, 3));
        assert_eq!(t.result(lists::size("v")).await, int(6));
        assert_eq!(t.result(lists::get("v", 1)).await, "x".into());
        assert_eq!(t.result(lists::get_range("v", 1, 2)).await, as_list!("x", "y"));
        assert_eq!(t.result(lists::get_by_index("v", -1, L::VALUES)).await, int(3));
        assert_eq!(t.result(lists::get_by_index_range("v", 4, L::VALUES)).await, as_list!(2, 3));
        assert_eq!(t.result(lists::increment(&policy, "v", 3, 5)).await, int(6));
        assert_eq!(t.result(lists::increment(&policy, "v", -1, 1)).await, int(4));
    });
    suite.test("lists-03 lists-04 lists-06", |t| async move {
        let five = as_list!(1, 2, 3, 4, 5);
        check(&t, &five, lists::set("v", 1, "x".into()), Value::Nil, as_list!(1, "x", 3, 4, 5)).await;
        check(&t, &five, lists::trim("v", 1, 2), int(3), as_list!(2, 3)).await;
        check(&t, &five, lists::clear("v"), Value::Nil, Value::List(vec![])).await;
        check(&t, &five, lists::pop("v", 0), int(1), as_list!(2, 3, 4, 5)).await;
        check(&t, &five, lists::remove_range("v", 0, 4), int(4), as_list!(5)).await;
        check(&t, &five, lists::remove_by_index("v", 2, L::VALUES), int(3), as_list!(1, 2, 4, 5)).await;
        check(&t, &five, lists::remove_by_value("v", int(4), L::INDEX), as_list!(3), as_list!(1, 2, 3, 5))
            .await;
        let two = lists::remove_by_value_list("v", as_values!(1, 5, 9), L::COUNT);
        check(&t, &five, two, int(2), as_list!(2, 3, 4)).await;
        check(&t, &five, lists::remove_by_rank("v", -1, L::RANK), int(4), as_list!(1, 2, 3, 4)).await;
        let mixed = as_list!(3, 1, 2, 1);
        check(&t, &mixed, lists::sort("v", ListSortFlags::DEFAULT), Value::Nil, as_list!(1, 1, 2, 3)).await;
        check(&t, &mixed, lists::sort("v", ListSortFlags::DROP_DUPLICATES), Value::Nil, as_list!(1, 2, 3))
            .await;
        check(&t, &mixed, lists::set_order("v", ListOrderType::Ordered), Value::Nil, as_list!(1, 1, 2, 3))
            .await;
    });
    suite.test("lists-07 lists-08 lists-13", |t| async move {
        t.put(&t.k(), &[as_bin!("v", as_list!(1, 3, 5, 7, 9))]).await;
        let range = |kind| lists::get_by_value_range("v", int(3), int(7), kind);
        assert_eq!(t.result(range(L::VALUES)).await, as_list!(3, 5));
        assert_eq!(t.result(lists::get_by_rank("v", -1, L::VALUES)).await, int(9));
        assert_eq!(t.result(lists::get_by_rank_range_count("v", -2, 2, L::COUNT)).await, int(2));
        let relative = lists::get_by_value_relative_rank_range_count("v", int(3), 1, 1, L::VALUES);
        assert_eq!(t.result(relative).await, as_list!(5));
        assert_eq!(t.result(lists::get_by_value("v", int(9), L::EXISTS)).await, Value::Bool(true));
        assert_eq!(t.result(lists::get_by_value("v", int(9), L::REVERSE_INDEX)).await, as_list!(0));
        assert_eq!(t.result(lists::get_by_value("v", int(1), L::REVERSE_RANK)).await, as_list!(4));
        assert_eq!(t.result(lists::remove_by_value("v", int(9), L::NONE)).await, Value::Nil);
    });
    suite.test("lists-09 lists-10 lists-11", |t| async move {
        let policy = |flags| ListPolicy::new(ListOrderType::Unordered, flags);
        t.put(&t.k(), &[as_bin!("v", as_list!(1, 2)), as_bin!("i", 1)]).await;
        t.operation_fails(24, lists::append(&policy(ListWriteFlags::ADD_UNIQUE), "v", int(1))).await;
        let lenient = ListWriteFlags::ADD_UNIQUE | ListWriteFlags::NO_FAIL | ListWriteFlags::PARTIAL;
        assert_eq!(
            t.result(lists::append_items(&policy(lenient), "v", as_values!(2, 3, 1, 4))).await,
            int(4)
        );
        t.operation_fails(26, lists::insert(&policy(ListWriteFlags::INSERT_BOUNDED), "v", 9, int(4))).await;
        let lenient = ListWriteFlags::INSERT_BOUNDED | ListWriteFlags::NO_FAIL;
        t.operate(&[lists::insert(&policy(lenient), "v", 9, int(4))]).await.expect("nothing happens");
        assert_eq!(t.bin("v").await, as_list!(1, 2, 3, 4));
        t.operation_fails(26, lists::get("v", 4)).await;
        t.operation_fails(12, lists::append(&ListPolicy::default(), "i", int(1))).await;
    });
    suite.test("lists-12", |t| async move {
        let policy = ListPolicy::default();
        t.put(&t.k(), &[as_bin!("v", as_list!(as_list!(1), as_list!(2)))]).await;
        t.operate(&[lists::append(&policy, "v", int(9)).context(vec![ctx_list_index(1)])])
            .await
            .expect("appended");
        assert_eq!(t.bin("v").await, as_list!(as_list!(1), as_list!(2, 9)));
        t.put(&t.k(), &[as_bin!("m", as_map!("a" => as_list!(as_list!(7), as_list!(1))))]).await;
        let context = vec![ctx_map_key("a".into()), ctx_list_rank(-1)];
        t.operate(&[lists::append(&policy, "m", int(8)).context(context)]).await.expect("appended");
        assert_eq!(t.bin("m").await, as_map!("a" => as_list!(as_list!(7, 8), as_list!(1))));
    });
}

fn add_maps(suite: &mut Suite) {
    suite.test("maps-01 maps-02 maps-03 maps-05 maps-06", |t| async move {
        let policy = MapPolicy::new(MapOrder::KeyOrdered, MapWriteFlags::DEFAULT);
        for (i, key) in ["d", "c", "b", "a"].into_iter().enumerate() {
            let size = i as i64 + 1;
            assert_eq!(t.result(maps::put(&policy, "v", key.into(), int(size))).await, int(size));
        }
        assert_eq!(t.result(maps::get_by_key("v", "b".into(), M::VALUE)).await, int(3));
        assert_eq!(t.result(maps::get_by_key("v", "b".into(), M::INDEX)).await, int(1));
        assert_eq!(t.result(maps::get_by_key("v", "b".into(), M::RANK)).await, int(2));
        let range = maps::get_by_key_range("v", "b".into(), "d".into(), M::VALUE);
        assert_eq!(t.result(range).await, as_list!(3, 2));
        assert_eq!(t.result(maps::get_by_key_list("v", as_values!("a", "x"), M::COUNT)).await, int(1));
        assert_eq!(t.result(maps::get_by_value("v", int(3), M::KEY)).await, as_list!("b"));
        assert_eq!(t.result(maps::get_by_rank("v", -1, M::KEY)).await, "a".into());
        assert_eq!(t.result(maps::get_by_index("v", 0, M::VALUE)).await, int(4));
        assert_eq!(t.result(maps::get_by_index_range("v", 1, 2, M::KEY)).await, as_list!("b", "c"));
        assert_eq!(t.result(maps::increment_value(&policy, "v", "a".into(), int(10))).await, int(14));
        assert_eq!(t.result(maps::decrement_value(&policy, "v", "a".into(), int(2))).await, int(12));
        assert_eq!(t.result(maps::increment_value(&policy, "v", "new".into(), int(5))).await, int(5));
    });
    suite.test("maps-04 maps-11", |t| async move {
        let policy = MapPolicy::default();
        let items = [("a", 1), ("b", 2), ("c", 3)];
        for (key, value) in items {
            t.operate(&[maps::put(&policy, "v", key.into(), int(value))]).await.expect("put");
        }
        assert_eq!(t.result(maps::remove_by_key("v", "b".into(), M::VALUE)).await, int(2));
        assert_eq!(t.result(maps::remove_by_rank("v", -1, M::KEY)).await, "c".into());
        assert_eq!(t.result(maps::size("v")).await, int(1));
        t.operate(&[maps::clear("v")]).await.expect("cleared");
        assert_eq!(t.result(maps::size("v")).await, int(0));
        t.put(&t.k(), &[as_bin!("s", "text")]).await;
        t.operation_fails(12, maps::size("s")).await;
    });
    suite.test("maps-07 maps-10", |t| async move {
        let policy = |flags| MapPolicy::new(MapOrder::KeyOrdered, flags);
        let put = |flags, key: &str| maps::put(&policy(flags), "v", key.into(), int(9));
        t.operate(&[put(MapWriteFlags::DEFAULT, "a")]).await.expect("put");
        t.operation_fails(24, put(MapWriteFlags::CREATE_ONLY, "a")).await;
        t.operation_fails(23, put(MapWriteFlags::UPDATE_ONLY, "x")).await;
        t.operate(&[put(MapWriteFlags::CREATE_ONLY | MapWriteFlags::NO_FAIL, "a")])
            .await
            .expect("nothing happens");
        let inner = vec![ctx_map_key_create("in".into(), MapOrder::KeyOrdered)];
        t.operate(&[put(MapWriteFlags::DEFAULT, "k").context(inner)]).await.expect("created");
        let found = maps::get_by_key("v", "k".into(), M::VALUE).context(vec![ctx_map_key("in".into())]);
        assert_eq!(t.result(found).await, int(9));
    });
}

pub fn add(suite: &mut Suite) {
    add_lists(suite);
    add_maps(suite);
    suite.test("bits-01 bits-02 bits-03 bits-04 bits-06", |t| async move {
        let policy = bitwise::BitPolicy::default();
        let blob = |bytes: &[u8]| Value::Blob(bytes.to_vec());
        t.operate(&[bitwise::insert("b", 0, blob(&[1, 2, 3]), &policy)]).await.expect("inserted");
        t.operate(&[bitwise::or("b", 8, 8, blob(&[0xf0]), &policy)]).await.expect("changed");
        assert_eq!(t.bin("b").await, blob(&[1, 0xf2, 3]));
        t.operate(&[bitwise::not("b", 0, 8, &policy), bitwise::lshift("b", 16, 8, 1, &policy)])
            .await
            .expect("changed");
        assert_eq!(t.bin("b").await, blob(&[0xfe, 0xf2, 6]));
        t.operate(&[bitwise::remove("b", 1, 1, &policy)]).await.expect("changed");
        assert_eq!(t.result(bitwise::count("b", 0, 16)).await, int(9));
        assert_eq!(t.result(bitwise::lscan("b", 0, 16, false)).await, int(7));
        assert_eq!(t.result(bitwise::rscan("b", 0, 16, true)).await, int(14));
        assert_eq!(t.result(bitwise::get_int("b", 0, 8, true)).await, int(-2));
        t.operation_fails(26, bitwise::get("b", 16, 8)).await;
        t.put(&t.k(), &[as_bin!("s", "text")]).await;
        t.operation_fails(12, bitwise::get("s", 0, 8)).await;
    });
    suite.test("hll-01 hll-02", |t| async move {
        let policy = hll::HllPolicy::default();
        t.operate(&[hll::init(&policy, "h", 10)]).await.expect("made");
        assert_eq!(t.result(hll::describe("h")).await, as_list!(10, 0));
        let values: Vec<_> = (0..100).map(|i| Value::from(format!("value {i}"))).collect();
        t.operate(&[hll::add(&policy, "h", values)]).await.expect("added");
        for operation in [hll::get_count("h"), hll::refresh_count("h")] {
            let Value::Int(count) = t.result(operation).await else { panic!("no integer") };
            assert!((90..=110).contains(&count), "{count}");
        }
        t.operate(&[hll::fold("h", 8)]).await.expect("folded");
        assert_eq!(t.result(hll::describe("h")).await, as_list!(8, 0));
    });
}
