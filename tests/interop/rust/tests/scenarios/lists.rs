//! Operations on lists.

use crate::fixture::{Test, int, sorted};
use crate::harness::Suite;
use aerospike::operations::cdt_context::{ctx_list_index, ctx_list_rank, ctx_map_key, ctx_map_key_create};
use aerospike::operations::{MapOrder, Operation, lists};
use aerospike::{
    ListOrderType, ListPolicy, ListReturnType as L, ListSortFlags, ListWriteFlags, Value, as_bin, as_list,
    as_map, as_val, as_values,
};

/// Operations on the bin `v`, each on this value anew: its result, and what is left.
async fn changes<const N: usize>(t: &Test, before: Value, cases: [(Operation, Value, Value); N]) {
    for (at, (operation, result, after)) in cases.into_iter().enumerate() {
        t.put(&t.k(), &[as_bin!("v", before.clone())]).await;
        assert_eq!(sorted(t.result(operation).await), result, "case {at}");
        assert_eq!(t.bin("v").await, after, "case {at}");
    }
}

/// Operations that read the bin `v`, and leave it alone.
async fn reads<const N: usize>(t: &Test, value: Value, cases: [(Operation, Value); N]) {
    changes(t, value.clone(), cases.map(|(operation, result)| (operation, result, value.clone()))).await;
}

fn unordered(flags: ListWriteFlags) -> ListPolicy {
    ListPolicy::new(ListOrderType::Unordered, flags)
}

fn add_changes(suite: &mut Suite) {
    let five = || as_list!(1, 2, 3, 4, 5);
    let nothing = || Value::List(vec![]);
    suite.test("lists-01", |t| async move {
        let policy = ListPolicy::default();
        let operations = [
            lists::append(&policy, "v", int(1)),
            lists::append_items(&policy, "v", as_values!(2, 3)),
            lists::insert(&policy, "v", 0, int(0)),
            lists::insert_items(&policy, "v", 1, as_values!("x", "y")),
            lists::size("v"),
        ];
        assert_eq!(t.results(&operations).await, [1, 3, 4, 6, 6].map(int));
        assert_eq!(t.bin("v").await, as_list!(0, "x", "y", 1, 2, 3));
    });
    suite.test("lists-03", move |t| async move {
        let cases = [
            (lists::set("v", 1, "x".into()), Value::Nil, as_list!(1, "x", 3, 4, 5)),
            (lists::trim("v", 1, 2), int(3), as_list!(2, 3)),
            (lists::clear("v"), Value::Nil, nothing()),
            (lists::pop("v", 0), int(1), as_list!(2, 3, 4, 5)),
            (lists::pop_range("v", 1, 2), as_list!(2, 3), as_list!(1, 4, 5)),
            (lists::remove("v", -1), int(1), as_list!(1, 2, 3, 4)),
            (lists::remove_range("v", 0, 4), int(4), as_list!(5)),
        ];
        changes(&t, five(), cases).await;
    });
    suite.test("lists-04", move |t| async move {
        let cases = [
            (lists::remove_by_index("v", 2, L::VALUES), int(3), as_list!(1, 2, 4, 5)),
            (lists::remove_by_index_range_count("v", 1, 2, L::COUNT), int(2), as_list!(1, 4, 5)),
            (lists::remove_by_value("v", int(4), L::INDEX), as_list!(3), as_list!(1, 2, 3, 5)),
            (lists::remove_by_value("v", int(4), L::RANK), as_list!(3), as_list!(1, 2, 3, 5)),
            (lists::remove_by_value_list("v", as_values!(1, 5, 9), L::COUNT), int(2), as_list!(2, 3, 4)),
            (lists::remove_by_value_range("v", L::VALUES, int(2), int(4)), as_list!(2, 3), as_list!(1, 4, 5)),
            (lists::remove_by_rank("v", -1, L::RANK), int(4), as_list!(1, 2, 3, 4)),
            (lists::remove_by_rank_range_count("v", 0, 2, L::VALUES), as_list!(1, 2), as_list!(3, 4, 5)),
            (
                lists::remove_by_value_list("v", as_values!(1, 2), L::NONE.inverted()),
                Value::Nil,
                as_list!(1, 2),
            ),
            (
                lists::remove_by_value_relative_rank_range_count("v", L::VALUES, int(3), 0, 2),
                as_list!(3, 4),
                as_list!(1, 2, 5),
            ),
        ];
        changes(&t, five(), cases).await;
    });
    suite.test("lists-05", |t| async move {
        let policy = ListPolicy::default();
        t.put(&t.k(), &[as_bin!("v", as_list!(10, 20))]).await;
        assert_eq!(t.result(lists::increment(&policy, "v", 1, 5)).await, int(25));
        assert_eq!(t.bin("v").await, as_list!(10, 25));
        assert_eq!(t.result(lists::increment(&policy, "new", 0, 5)).await, int(5));
        assert_eq!(t.bin("new").await, as_list!(5));
    });
    suite.test("lists-06", |t| async move {
        let cases = [
            (lists::sort("v", ListSortFlags::DEFAULT), Value::Nil, as_list!(1, 1, 2, 3)),
            (lists::sort("v", ListSortFlags::DROP_DUPLICATES), Value::Nil, as_list!(1, 2, 3)),
            (lists::sort("v", ListSortFlags::DESCENDING), Value::Nil, as_list!(3, 2, 1, 1)),
            (lists::set_order("v", ListOrderType::Ordered), Value::Nil, as_list!(1, 1, 2, 3)),
        ];
        changes(&t, as_list!(3, 1, 2, 1), cases).await;
        let append = lists::append(&ListPolicy::default(), "v", int(2));
        assert_eq!(t.result(append).await, int(5));
        assert_eq!(t.bin("v").await, as_list!(1, 1, 2, 2, 3));
        let ordered = ListPolicy::new(ListOrderType::Ordered, ListWriteFlags::DEFAULT);
        t.operate(&[lists::append_items(&ordered, "new", as_values!(3, 1, 2))]).await.expect("created");
        assert_eq!(t.bin("new").await, as_list!(1, 2, 3));
    });
    suite.test("lists-09", |t| async move {
        let unique = unordered(ListWriteFlags::ADD_UNIQUE);
        t.put(&t.k(), &[as_bin!("v", as_list!(1, 2))]).await;
        t.refused(24, lists::append(&unique, "v", int(1))).await;
        t.refused(24, lists::append_items(&unique, "v", as_values!(3, 1))).await;
        let lenient =
            unordered(ListWriteFlags::ADD_UNIQUE | ListWriteFlags::NO_FAIL | ListWriteFlags::PARTIAL);
        assert_eq!(t.result(lists::append_items(&lenient, "v", as_values!(2, 3, 1, 4))).await, int(4));
        assert_eq!(t.bin("v").await, as_list!(1, 2, 3, 4));
    });
    suite.test("lists-10", |t| async move {
        t.put(&t.k(), &[as_bin!("v", as_list!(1, 2, 3))]).await;
        t.refused(26, lists::insert(&unordered(ListWriteFlags::INSERT_BOUNDED), "v", 9, int(4))).await;
        let lenient = unordered(ListWriteFlags::INSERT_BOUNDED | ListWriteFlags::NO_FAIL);
        assert_eq!(t.result(lists::insert(&lenient, "v", 9, int(4))).await, int(3));
        assert_eq!(t.bin("v").await, as_list!(1, 2, 3));
        assert_eq!(t.result(lists::insert(&ListPolicy::default(), "v", 4, int(4))).await, int(5));
        assert_eq!(t.bin("v").await, as_list!(1, 2, 3, Value::Nil, 4));
    });
}

fn add_reads(suite: &mut Suite) {
    suite.test("lists-02", |t| async move {
        let cases = [
            (lists::get("v", 1), int(6)),
            (lists::get("v", -1), int(7)),
            (lists::get_range("v", 1, 9), as_list!(6, 7)),
            (lists::get_range_from("v", 1), as_list!(6, 7)),
            (lists::get_by_index("v", -1, L::VALUES), int(7)),
            (lists::get_by_index_range("v", 1, L::VALUES), as_list!(6, 7)),
            (lists::get_by_index_range_count("v", 0, 2, L::VALUES), as_list!(5, 6)),
            (lists::get_by_index_range_count("v", 0, 2, L::VALUES.inverted()), as_list!(7)),
        ];
        reads(&t, as_list!(5, 6, 7), cases).await;
    });
    suite.test("lists-07", |t| async move {
        let range = |kind| lists::get_by_value_range("v", int(3), int(7), kind);
        let cases = [
            (range(L::VALUES), as_list!(3, 5)),
            (range(L::VALUES.inverted()), as_list!(1, 7, 9)),
            (range(L::COUNT), int(2)),
            (range(L::INDEX), as_list!(1, 2)),
            (lists::get_by_value_list("v", as_values!(3, 8, 9), L::VALUES), as_list!(3, 9)),
        ];
        reads(&t, as_list!(1, 3, 5, 7, 9), cases).await;
    });
    suite.test("lists-08", |t| async move {
        let relative = |rank, kind| lists::get_by_value_relative_rank_range("v", int(5), rank, kind);
        let cases = [
            (lists::get_by_rank_range("v", -2, L::VALUES), as_list!(7, 9)),
            (lists::get_by_rank_range_count("v", -2, 2, L::VALUES), as_list!(7, 9)),
            (lists::get_by_rank("v", 0, L::VALUES), int(1)),
            (lists::get_by_rank("v", -1, L::INDEX), int(1)),
            (relative(0, L::VALUES), as_list!(7, 9)),
            (relative(-1, L::VALUES), as_list!(4, 7, 9)),
            (lists::get_by_value_relative_rank_range_count("v", int(5), -1, 2, L::VALUES), as_list!(4, 7)),
        ];
        reads(&t, as_list!(4, 9, 1, 7), cases).await;
    });
    suite.test("lists-11", |t| async move {
        t.put(&t.k(), &[as_bin!("v", as_list!(1)), as_bin!("i", 1)]).await;
        t.refused(26, lists::get("v", 5)).await;
        t.refused(26, lists::get_by_index("v", 5, L::VALUES)).await;
        assert_eq!(t.result(lists::get_range("v", 5, 2)).await, Value::List(vec![]));
        let range = lists::get_by_index_range_count("v", 5, 2, L::VALUES);
        assert_eq!(t.result(range).await, Value::List(vec![]));
        t.refused(12, lists::append(&ListPolicy::default(), "i", int(1))).await;
        t.refused(12, lists::size("i")).await;
    });
    suite.test("lists-13", |t| async move {
        let nine = |kind| lists::get_by_value("v", int(9), kind);
        let cases = [
            (nine(L::EXISTS), Value::Bool(true)),
            (lists::get_by_value("v", int(8), L::EXISTS), Value::Bool(false)),
            (nine(L::NONE), Value::Nil),
            (nine(L::REVERSE_INDEX), as_list!(1)),
            (nine(L::REVERSE_RANK), as_list!(0)),
            (lists::get_by_value("v", int(1), L::REVERSE_RANK), as_list!(2)),
        ];
        reads(&t, as_list!(4, 9, 1), cases).await;
    });
}

pub fn add(suite: &mut Suite) {
    add_changes(suite);
    add_reads(suite);
    suite.test("lists-12", |t| async move {
        let policy = ListPolicy::default();
        t.put(&t.k(), &[as_bin!("v", as_list!(as_list!(1), as_list!(2)))]).await;
        let at = || vec![ctx_list_index(1)];
        let operations = [lists::append(&policy, "v", int(3)).context(at()), lists::size("v").context(at())];
        assert_eq!(t.results(&operations).await, [int(2), int(2)]);
        assert_eq!(t.bin("v").await, as_list!(as_list!(1), as_list!(2, 3)));
        // The greatest of the lists under "a".
        t.put(&t.k(), &[as_bin!("v", as_map!("a" => as_list!(as_list!(7), as_list!(1))))]).await;
        let deep = vec![ctx_map_key("a".into()), ctx_list_rank(-1)];
        assert_eq!(t.result(lists::append(&policy, "v", int(8)).context(deep)).await, int(2));
        let new = vec![ctx_map_key_create("new".into(), MapOrder::Unordered)];
        assert_eq!(t.result(lists::append(&policy, "v", int(9)).context(new)).await, int(1));
        let expected = as_map!("a" => as_list!(as_list!(7, 8), as_list!(1)), "new" => as_list!(9));
        assert_eq!(t.bin("v").await, expected);
    });
}
