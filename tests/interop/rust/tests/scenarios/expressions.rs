//! Expressions as values.

use crate::fixture::{Test, blob, int, point};
use crate::harness::Suite;
use aerospike::expressions::{
    self as exp, ExpType, Expression, bitwise as bit_exp, hll as hll_exp, lists as list_exp, maps as map_exp,
};
use aerospike::operations::bitwise::{BitPolicy, BitwiseResizeFlags};
use aerospike::operations::cdt_context::{ctx_list_index, ctx_map_key};
use aerospike::operations::exp::{ExpReadFlags, read_exp};
use aerospike::operations::{hll, lists, maps};
use aerospike::{
    Bins, Expiration, Key, ListPolicy, ListReturnType as L, MapPolicy, MapReturnType as M, ReadPolicy,
    RegexFlags, Value, WritePolicy, as_bin, as_list, as_map, as_sorted_map, as_val,
};
use std::time::{SystemTime, UNIX_EPOCH};

pub fn i() -> Expression {
    exp::int_bin("i")
}

pub fn z() -> Expression {
    exp::int_bin("z")
}

fn f() -> Expression {
    exp::float_bin("f")
}

pub fn n(value: i64) -> Expression {
    exp::int_val(value)
}

fn float(value: f64) -> Expression {
    exp::float_val(value)
}

fn text(value: &str) -> Expression {
    exp::string_val(value)
}

pub fn yes() -> Expression {
    exp::bool_val(true)
}

fn no() -> Expression {
    exp::bool_val(false)
}

/// Neither true nor false: there is no such bin.
pub fn unknown() -> Expression {
    exp::eq(exp::int_bin("zz"), n(1))
}

/// The record E.
pub async fn put_e(t: &Test) {
    put_e_as(t, &t.k()).await;
}

async fn put_e_as(t: &Test, key: &Key) {
    t.client.delete(&WritePolicy::default(), key).await.expect("deleted");
    let policy = WritePolicy { send_key: true, ..WritePolicy::default() };
    let bins = [
        as_bin!("i", 5),
        as_bin!("f", 1.5),
        as_bin!("s", "hello"),
        as_bin!("b", blob(&[1, 2])),
        as_bin!("t", true),
        as_bin!("l", as_list!(1, 2, 3)),
        as_bin!("m", as_sorted_map!("a" => 1, "b" => 2)),
        as_bin!("z", -7),
    ];
    t.client.put(&policy, key, &bins).await.expect("put");
}

pub async fn value(t: &Test, expression: Expression) -> Value {
    t.result(read_exp("x", expression, ExpReadFlags::DEFAULT)).await
}

/// What expressions give on the record E.
async fn values<const N: usize>(t: &Test, pairs: [(Expression, Value); N]) {
    put_e(t).await;
    for (at, (expression, expected)) in pairs.into_iter().enumerate() {
        assert_eq!(value(t, expression).await, expected, "expression {at}");
    }
    assert_eq!(t.record(&t.k()).await.generation, 1);
}

/// Which of these conditions hold on the record E.
async fn conditions<const N: usize>(t: &Test, pairs: [(Expression, bool); N]) {
    values(t, pairs.map(|(expression, holds)| (expression, Value::Bool(holds)))).await;
}

async fn is_unknown(t: &Test, expression: Expression) {
    t.refused(26, read_exp("x", expression.clone(), ExpReadFlags::DEFAULT)).await;
    assert_eq!(t.result(read_exp("x", expression, ExpReadFlags::EVAL_NO_FAIL)).await, Value::Nil);
}

fn add_logic(suite: &mut Suite) {
    suite.test("expression-01", |t| async move {
        type Compare = fn(Expression, Expression) -> Expression;
        // Whether they hold for what is less, equal, greater.
        let comparisons: [(Compare, [bool; 3]); 6] = [
            (exp::eq, [false, true, false]),
            (exp::ne, [true, false, true]),
            (exp::lt, [true, false, false]),
            (exp::le, [true, true, false]),
            (exp::gt, [false, false, true]),
            (exp::ge, [false, true, true]),
        ];
        put_e(&t).await;
        for (compare, holds) in comparisons {
            let operands = [
                (n(4), n(5), n(6), i()),
                (float(1.0), float(1.5), float(1.6), f()),
                (text("hallo"), text("hello"), text("hellos"), exp::string_bin("s")),
                (
                    exp::blob_val(vec![1]),
                    exp::blob_val(vec![1, 2]),
                    exp::blob_val(vec![1, 2, 0]),
                    exp::blob_bin("b"),
                ),
            ];
            for (less, equal, greater, bin) in operands {
                for (left, holds) in [less, equal, greater].into_iter().zip(holds) {
                    let shown = format!("{left:?} {holds}");
                    assert_eq!(value(&t, compare(left, bin.clone())).await, Value::Bool(holds), "{shown}");
                }
            }
        }
        let t_bin = || exp::bool_bin("t");
        let pairs = [
            (exp::eq(t_bin(), yes()), true),
            (exp::lt(no(), t_bin()), true),
            (exp::gt(no(), t_bin()), false),
            (exp::ge(t_bin(), yes()), true),
        ];
        conditions(&t, pairs).await;
    });
    suite.test("expression-02", |t| async move {
        let pairs = [
            (exp::and(vec![yes(), yes()]), true),
            (exp::and(vec![yes(), no()]), false),
            (exp::and(vec![unknown(), no()]), false),
            (exp::or(vec![no(), yes()]), true),
            (exp::or(vec![no(), no()]), false),
            (exp::or(vec![yes(), unknown()]), true),
            (exp::or(vec![unknown(), yes()]), true),
            (exp::not(no()), true),
            (exp::not(yes()), false),
            (exp::exclusive(vec![yes(), no()]), true),
            (exp::exclusive(vec![yes(), yes()]), false),
        ];
        conditions(&t, pairs).await;
        is_unknown(&t, exp::and(vec![yes(), unknown()])).await;
        is_unknown(&t, exp::or(vec![no(), unknown()])).await;
        is_unknown(&t, exp::not(unknown())).await;
        is_unknown(&t, exp::exclusive(vec![yes(), unknown()])).await;
    });
    suite.test("expression-03", |t| async move {
        let compare = |pattern: &str, flags| exp::regex_compare(pattern, flags, exp::string_bin("s"));
        let pairs = [
            (compare("^h.*o$", RegexFlags::NONE), true),
            (compare("HELLO", RegexFlags::ICASE), true),
            (compare("HELLO", RegexFlags::NONE), false),
        ];
        conditions(&t, pairs).await;
    });
    suite.test("expression-04", |t| async move {
        let square = r#"{"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,2],[0,0]]]}"#;
        let circle = r#"{"type":"AeroCircle","coordinates":[[1.0,1.0],50000.0]}"#;
        let bin = || exp::geo_bin("g");
        for (longitude, within) in [(1.2, [true, true]), (1.9, [true, false]), (9.0, [false, false])] {
            t.put(&t.k(), &[as_bin!("g", Value::GeoJson(point(longitude, 1.0)))]).await;
            for (region, within) in [square, circle].into_iter().zip(within) {
                let compare = exp::geo_compare(bin(), exp::geo_val(region));
                assert_eq!(value(&t, compare).await, Value::Bool(within), "{longitude} {region}");
                let compare = exp::geo_compare(exp::geo_val(region), bin());
                assert_eq!(value(&t, compare).await, Value::Bool(within), "{longitude} {region}");
            }
        }
    });
}

fn add_numbers(suite: &mut Suite) {
    suite.test("expression-05", |t| async move {
        let pairs = [
            (exp::num_add(vec![i(), n(1)]), int(6)),
            (exp::num_sub(vec![i(), n(7)]), int(-2)),
            (exp::num_mul(vec![i(), z()]), int(-35)),
            (exp::num_div(vec![z(), n(2)]), int(-3)),
            (exp::num_mod(z(), n(3)), int(-1)),
            (exp::num_abs(z()), int(7)),
            (exp::min(vec![i(), z(), n(3)]), int(-7)),
            (exp::max(vec![i(), z(), n(3)]), int(5)),
        ];
        values(&t, pairs).await;
    });
    suite.test("expression-06", |t| async move {
        let pairs = [
            (exp::num_add(vec![f(), float(1.0)]), Value::from(2.5)),
            (exp::num_pow(float(2.0), float(10.0)), Value::from(1024.0)),
            (exp::num_log(float(8.0), float(2.0)), Value::from(3.0)),
            (exp::num_floor(f()), Value::from(1.0)),
            (exp::num_ceil(f()), Value::from(2.0)),
            (exp::to_int(f()), int(1)),
            (exp::to_float(i()), Value::from(5.0)),
        ];
        values(&t, pairs).await;
    });
    suite.test("expression-07", |t| async move {
        put_e(&t).await;
        is_unknown(&t, exp::num_div(vec![i(), n(0)])).await;
        is_unknown(&t, exp::num_mod(i(), n(0))).await;
    });
    suite.test("expression-08", |t| async move {
        let pairs = [
            (exp::int_and(vec![i(), n(6)]), int(4)),
            (exp::int_or(vec![i(), n(2)]), int(7)),
            (exp::int_xor(vec![i(), n(1)]), int(4)),
            (exp::int_not(i()), int(-6)),
            (exp::int_lshift(n(1), n(62)), int(1 << 62)),
            (exp::int_rshift(n(-1), n(60)), int(15)),
            (exp::int_arshift(n(-8), n(1)), int(-4)),
            (exp::int_count(i()), int(2)),
            (exp::int_lscan(i(), yes()), int(61)),
            (exp::int_rscan(i(), no()), int(62)),
        ];
        values(&t, pairs).await;
    });
    suite.test("expression-09", |t| async move {
        let (below, five) = (|| exp::lt(i(), n(0)), || exp::eq(i(), n(5)));
        let pairs = [
            (exp::cond(vec![below(), text("below"), five(), text("five"), text("other")]), "five".into()),
            (exp::cond(vec![five(), text("first"), five(), text("second"), text("other")]), "first".into()),
            (exp::cond(vec![below(), text("below"), text("other")]), "other".into()),
            (exp::cond(vec![five(), n(1), exp::unknown()]), int(1)),
        ];
        values(&t, pairs).await;
        is_unknown(&t, exp::cond(vec![below(), n(1), exp::unknown()])).await;
    });
    suite.test("expression-10", |t| async move {
        let (x, y) = (|| exp::var("x"), || exp::var("y"));
        let earlier = || exp::def("x", exp::num_add(vec![i(), n(1)]));
        let pairs = [
            (exp::exp_let(vec![earlier(), exp::num_mul(vec![x(), x()])]), int(36)),
            (
                exp::exp_let(vec![
                    earlier(),
                    exp::def("y", exp::num_mul(vec![x(), n(10)])),
                    exp::num_sub(vec![y(), x()]),
                ]),
                int(54),
            ),
        ];
        values(&t, pairs).await;
    });
}

fn add_metadata(suite: &mut Suite) {
    suite.test("expression-11", |mut t| async move {
        // As the scenario has it: the key ("test", "demo", "k").
        t.set = "demo".into();
        put_e(&t).await;
        assert_eq!(value(&t, exp::set_name()).await, "demo".into());
        assert_eq!(value(&t, exp::key_exists()).await, Value::Bool(true));
        assert_eq!(value(&t, exp::key(ExpType::String)).await, "k".into());
        let Value::Int(modulo) = value(&t, exp::digest_modulo(3)).await else { panic!("no integer") };
        let last = u32::from_le_bytes(t.k().digest()[16..].try_into().expect("four bytes"));
        assert_eq!(modulo, i64::from(last % 3), "{:?}", t.k().digest());
        let pairs = [
            (exp::gt(exp::record_size(), n(0)), true),
            (exp::ge(exp::since_update(), n(0)), true),
            (exp::gt(exp::last_update(), n(0)), true),
            (exp::is_tombstone(), false),
        ];
        conditions(&t, pairs).await;
        t.client.delete(&WritePolicy::default(), &t.k()).await.expect("deleted");
        t.put(&t.k(), &[as_bin!("i", 5)]).await;
        assert_eq!(value(&t, exp::key_exists()).await, Value::Bool(false));
    });
    suite.test("expression-12", |t| async move {
        values(&t, [(exp::ttl(), int(-1)), (exp::void_time(), int(-1))]).await;
        let policy = WritePolicy { expiration: Expiration::Seconds(1000), ..WritePolicy::default() };
        t.client.touch(&policy, &t.k()).await.expect("touched");
        let (ttl, void_time) = (value(&t, exp::ttl()).await, value(&t, exp::void_time()).await);
        let (Value::Int(ttl), Value::Int(void_time)) = (ttl, void_time) else { panic!("no integers") };
        assert!((990..=1000).contains(&ttl), "{ttl}");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("now").as_nanos() as i64;
        let left = (void_time - now) / 1_000_000_000;
        assert!((985..=1001).contains(&left), "{left}");
    });
    suite.test("expression-13", |t| async move {
        let pairs = [
            (exp::bin_exists("i"), Value::Bool(true)),
            (exp::bin_exists("zz"), Value::Bool(false)),
            (exp::bin_type("i"), int(1)),
            (exp::bin_type("f"), int(2)),
            (exp::bin_type("s"), int(3)),
            (exp::bin_type("b"), int(4)),
            (exp::bin_type("t"), int(17)),
            (exp::bin_type("m"), int(19)),
            (exp::bin_type("l"), int(20)),
            (exp::bin_type("zz"), int(0)),
        ];
        values(&t, pairs).await;
        is_unknown(&t, exp::string_bin("i")).await;
    });
}

fn add_collections(suite: &mut Suite) {
    let (l, m) = (|| exp::list_bin("l"), || exp::map_bin("m"));
    suite.test("expression-14", move |t| async move {
        let pairs = [
            (list_exp::size(l(), &[]), int(3)),
            (list_exp::get_by_index(L::VALUES, ExpType::Int, n(-1), l(), &[]), int(3)),
            (list_exp::get_by_value_range(L::COUNT, Some(n(2)), Some(n(9)), l(), &[]), int(2)),
            (list_exp::get_by_rank(L::VALUES, ExpType::Int, n(-1), l(), &[]), int(3)),
            (list_exp::size(list_exp::append(ListPolicy::default(), n(4), l(), &[]), &[]), int(4)),
            (list_exp::append(ListPolicy::default(), n(4), l(), &[]), as_list!(1, 2, 3, 4)),
            (list_exp::remove_by_value(L::NONE, n(2), l(), &[]), as_list!(1, 3)),
        ];
        values(&t, pairs).await;
        assert_eq!(t.bin("l").await, as_list!(1, 2, 3));
        is_unknown(&t, list_exp::get_by_index(L::VALUES, ExpType::Int, n(9), l(), &[])).await;
    });
    suite.test("expression-15", move |t| async move {
        let by_key = |key: &str| map_exp::get_by_key(M::VALUE, ExpType::Int, text(key), m(), &[]);
        let more = || map_exp::put(&MapPolicy::default(), text("c"), n(3), m(), &[]);
        let pairs = [
            (map_exp::size(m(), &[]), int(2)),
            (by_key("b"), int(2)),
            (map_exp::get_by_value(M::COUNT, n(1), m(), &[]), int(1)),
            (map_exp::get_by_index_range_count(M::KEY, n(0), n(2), m(), &[]), as_list!("a", "b")),
            (map_exp::size(more(), &[]), int(3)),
            (more(), as_map!("a" => 1, "b" => 2, "c" => 3)),
        ];
        values(&t, pairs).await;
        assert_eq!(t.bin("m").await, as_map!("a" => 1, "b" => 2));
        is_unknown(&t, by_key("no")).await;
    });
    suite.test("expression-16", |t| async move {
        let lists = as_list!(as_list!(1, 2), as_list!(30, 40));
        t.put(&t.k(), &[as_bin!("n", lists), as_bin!("d", as_map!("in" => as_list!(7, 8, 9)))]).await;
        let (one, inner) = ([ctx_list_index(1)], [ctx_map_key("in".into())]);
        let rank = list_exp::get_by_rank(L::VALUES, ExpType::Int, n(0), exp::list_bin("n"), &one);
        assert_eq!(value(&t, rank).await, int(30));
        assert_eq!(value(&t, list_exp::size(exp::list_bin("n"), &one)).await, int(2));
        assert_eq!(value(&t, list_exp::size(exp::map_bin("d"), &inner)).await, int(3));
    });
    suite.test("expression-17", |t| async move {
        let (b, policy) = (|| exp::blob_bin("b"), BitPolicy::default());
        let pairs = [
            (bit_exp::count(n(0), n(16), b()), int(2)),
            (bit_exp::get(n(8), n(8), b()), blob(&[2])),
            (bit_exp::get_int(n(0), n(16), false, b()), int(0x0102)),
            (bit_exp::resize(&policy, n(4), BitwiseResizeFlags::DEFAULT, b()), blob(&[1, 2, 0, 0])),
            (bit_exp::not(&policy, n(0), n(8), b()), blob(&[0xfe, 2])),
        ];
        values(&t, pairs).await;
        assert_eq!(t.bin("b").await, blob(&[1, 2]));
    });
    suite.test("expression-18", |t| async move {
        let added = (0..50).map(|number| format!("v{number}").into()).collect();
        t.operate(&[hll::add_with_index(&Default::default(), "h", added, 12)]).await.expect("added");
        let h = || exp::hll_bin("h");
        let Value::Int(count) = value(&t, hll_exp::get_count(h())).await else { panic!("no integer") };
        assert!((45..=55).contains(&count), "{count}");
        assert_eq!(t.result(hll::get_count("h")).await, int(count));
        let contains = |text: &str| hll_exp::may_contain(exp::list_val(vec![text.into()]), h());
        assert_eq!(value(&t, contains("v1")).await, int(1));
        assert_eq!(value(&t, contains("w1")).await, int(0));
    });
    suite.test("expression-19", move |t| async move {
        let list = |values: &[i64]| exp::list_val(values.iter().copied().map(Value::Int).collect());
        let map = |pairs: &[(&str, i64)]| {
            let pairs = pairs.iter().map(|(key, value)| ((*key).into(), int(*value)));
            exp::map_val(pairs.collect::<std::collections::BTreeMap<Value, Value>>())
        };
        let pairs = [
            (exp::eq(l(), list(&[1, 2, 3])), true),
            (exp::eq(l(), list(&[1, 2])), false),
            (exp::lt(l(), list(&[2])), true),
            (exp::eq(m(), map(&[("a", 1), ("b", 2)])), true),
            (exp::eq(m(), map(&[("a", 1), ("b", 3)])), false),
            (exp::ne(m(), map(&[("a", 1)])), true),
        ];
        conditions(&t, pairs).await;
    });
    suite.test("expression-28", move |t| async move {
        let pairs = [
            (exp::map_keys(m()), as_list!("a", "b")),
            (exp::map_values(m()), as_list!(1, 2)),
            (exp::in_list(n(2), l()), Value::Bool(true)),
            (exp::in_list(i(), l()), Value::Bool(false)),
            (exp::in_list(i(), exp::list_val(vec![int(4), int(5)])), Value::Bool(true)),
        ];
        values(&t, pairs).await;
    });
}

/// Expressions that the client gives as text, and paths.
fn add_forms(suite: &mut Suite) {
    use aerospike::expressions::{LoopVarPart, exp_int_loop_var, exp_select_values};
    use aerospike::operations::cdt_context::ctx_all_children_with_filter;
    use aerospike::operations::path;
    suite.test("expression-27", |t| async move {
        put_e(&t).await;
        for (number, code) in [(5, 0), (6, 27)] {
            let filter = exp::and(vec![exp::eq(i(), n(number)), exp::lt(f(), float(2.0))]);
            let again = exp::from_base64(&filter.base64().expect("text")).expect("an expression");
            let mut policy = ReadPolicy::default();
            policy.base_policy.filter_expression = Some(again);
            let got = t.client.get(&policy, &t.k(), Bins::All).await;
            assert_eq!(got.err().map_or(0, |error| error.result_code()), code);
        }
    });
    suite.test("expression-29", |t| async move {
        put_e(&t).await;
        let number = || exp_int_loop_var(LoopVarPart::VALUE);
        let above = || [ctx_all_children_with_filter(exp::gt(number(), n(1)))];
        assert_eq!(t.result(path::select_values("m", &above())).await, as_list!(2));
        assert_eq!(t.result(path::select_map_keys("m", &above())).await, as_list!("b"));
        assert_eq!(t.result(path::select_matching_tree("m", &above())).await, as_map!("b" => 2));
        let named = exp::eq(exp::exp_string_loop_var(LoopVarPart::MAP_KEY), text("a"));
        let named = [ctx_all_children_with_filter(named)];
        assert_eq!(t.result(path::select_values("m", &named)).await, as_list!(1));
        let double = exp::num_mul(vec![number(), n(2)]);
        t.operate(&[path::modify("l", double, &above())]).await.expect("changed");
        assert_eq!(t.bin("l").await, as_list!(1, 4, 6));
        let kept = exp_select_values(ExpType::List, exp::list_bin("l"), &above());
        assert_eq!(value(&t, kept).await, as_list!(4, 6));
        t.operate(&[path::remove("m", &above())]).await.expect("removed");
        assert_eq!(t.bin("m").await, as_map!("a" => 1));
        assert_eq!(t.results(&[lists::size("l"), maps::size("m")]).await, [int(3), int(1)]);
    });
}

pub fn add(suite: &mut Suite) {
    add_logic(suite);
    add_numbers(suite);
    add_metadata(suite);
    add_collections(suite);
    add_forms(suite);
}
