//! Expressions, as filters and as values.

use crate::harness::{Suite, Test, fails, numbers};
use aerospike::expressions::{self as exp, ExpType, Expression, lists as list_exp, maps as map_exp};
use aerospike::operations::exp::{ExpReadFlags, ExpWriteFlags, read_exp, write_exp};
use aerospike::operations::{add as plus, get_bin};
use aerospike::{
    Bins, ListReturnType, MapReturnType, QueryPolicy, ReadPolicy, RegexFlags, Value, WritePolicy, as_bin,
    as_list, as_map, as_val,
};

fn i() -> Expression {
    exp::int_bin("i")
}

fn n(value: i64) -> Expression {
    exp::int_val(value)
}

fn is(value: i64) -> Expression {
    exp::eq(i(), n(value))
}

fn unknown() -> Expression {
    exp::eq(exp::int_bin("zz"), n(1))
}

fn read(filter: Expression) -> ReadPolicy {
    let mut policy = ReadPolicy::default();
    policy.base_policy.filter_expression = Some(filter);
    policy
}

fn write(filter: Expression) -> WritePolicy {
    let mut policy = WritePolicy::default();
    policy.base_policy.filter_expression = Some(filter);
    policy
}

/// The record E.
async fn put_e(t: &Test) {
    let mut policy = WritePolicy::default();
    policy.send_key = true;
    let bins = [
        as_bin!("i", 5),
        as_bin!("f", 1.5),
        as_bin!("s", "hello"),
        as_bin!("b", Value::Blob(vec![1, 2])),
        as_bin!("t", true),
        as_bin!("l", as_list!(1, 2, 3)),
        as_bin!("m", as_map!("a" => 1, "b" => 2)),
        as_bin!("z", -7),
    ];
    t.client.put(&policy, &t.k(), &bins).await.expect("put");
}

async fn value(t: &Test, expression: Expression) -> Value {
    t.result(read_exp("x", expression, ExpReadFlags::DEFAULT)).await
}

async fn values<const N: usize>(t: &Test, pairs: [(Expression, Value); N]) {
    put_e(t).await;
    for (at, (expression, expected)) in pairs.into_iter().enumerate() {
        assert_eq!(value(t, expression).await, expected, "expression {at}");
    }
}

async fn is_unknown(t: &Test, expression: Expression) {
    t.operation_fails(26, read_exp("x", expression, ExpReadFlags::DEFAULT)).await;
}

fn add_filters(suite: &mut Suite) {
    suite.test("filter-01 filter-02 filter-07 filter-08", |t| async move {
        put_e(&t).await;
        t.client.get(&read(is(5)), &t.k(), Bins::All).await.expect("it passes");
        for filter in [is(6), unknown(), exp::not(unknown())] {
            fails(27, t.client.get(&read(filter.clone()), &t.k(), Bins::All).await);
            fails(27, t.client.get(&read(filter.clone()), &t.k(), Bins::None).await);
        }
        fails(4, t.client.get(&read(i()), &t.k(), Bins::All).await);
        fails(4, t.client.get(&read(exp::eq(i(), exp::float_val(1.5))), &t.k(), Bins::All).await);
    });
    suite.test("filter-03 filter-04 filter-05 filter-06", |t| async move {
        put_e(&t).await;
        let one = [as_bin!("i", 9)];
        fails(27, t.client.put(&write(is(6)), &t.k(), &one).await);
        fails(27, t.client.touch(&write(is(6)), &t.k()).await);
        fails(27, t.client.add(&write(is(6)), &t.k(), &one).await);
        fails(27, t.client.operate(&write(is(6)), &t.k(), &[plus(&one[0]), get_bin("i")]).await);
        fails(27, t.client.delete(&write(is(6)), &t.k()).await);
        assert_eq!(t.bin("i").await, Value::Int(5));
        t.client.put(&write(is(5)), &t.k(), &one).await.expect("put");
        t.client.put(&write(is(5)), &t.key("new"), &one).await.expect("created");
        assert!(t.client.delete(&write(is(9)), &t.k()).await.expect("deleted"));
    });
    suite.test("filter-13", |t| async move {
        t.put_q().await;
        let mut policy = QueryPolicy::default();
        policy.base_policy.filter_expression = Some(exp::eq(exp::num_mod(exp::int_bin("n"), n(10)), n(3)));
        let found = t.query(&policy, t.statement()).await.expect("records");
        assert_eq!(numbers(&found), [3, 13, 23, 33, 43, 53]);
    });
}

fn add_values(suite: &mut Suite) {
    suite.test("expression-01 expression-02 expression-03", |t| async move {
        let (yes, no) = (|| exp::bool_val(true), || exp::bool_val(false));
        let text = || exp::string_bin("s");
        values(
            &t,
            [
                (exp::lt(i(), n(6)), Value::Bool(true)),
                (exp::ge(exp::float_bin("f"), exp::float_val(1.6)), Value::Bool(false)),
                (exp::ne(text(), exp::string_val("help")), Value::Bool(true)),
                (exp::lt(no(), yes()), Value::Bool(true)),
                (exp::and(vec![yes(), no()]), Value::Bool(false)),
                (exp::or(vec![yes(), unknown()]), Value::Bool(true)),
                (exp::exclusive(vec![yes(), no()]), Value::Bool(true)),
                (exp::regex_compare("^h.*o$", RegexFlags::NONE, text()), Value::Bool(true)),
                (exp::regex_compare("HELLO", RegexFlags::ICASE, text()), Value::Bool(true)),
                (exp::regex_compare("HELLO", RegexFlags::NONE, text()), Value::Bool(false)),
            ],
        )
        .await;
        is_unknown(&t, exp::and(vec![yes(), unknown()])).await;
    });
    suite.test("expression-05 expression-06 expression-07 expression-08", |t| async move {
        let z = || exp::int_bin("z");
        let f = || exp::float_bin("f");
        values(
            &t,
            [
                (exp::num_add(vec![i(), n(1)]), Value::Int(6)),
                (exp::num_sub(vec![i(), n(7)]), Value::Int(-2)),
                (exp::num_mul(vec![i(), z()]), Value::Int(-35)),
                (exp::num_div(vec![z(), n(2)]), Value::Int(-3)),
                (exp::num_mod(z(), n(3)), Value::Int(-1)),
                (exp::num_abs(z()), Value::Int(7)),
                (exp::min(vec![i(), z()]), Value::Int(-7)),
                (exp::max(vec![i(), z()]), Value::Int(5)),
                (exp::num_pow(exp::float_val(2.0), exp::float_val(10.0)), Value::from(1024.0)),
                (exp::num_floor(f()), Value::from(1.0)),
                (exp::num_ceil(f()), Value::from(2.0)),
                (exp::to_int(f()), Value::Int(1)),
                (exp::to_float(i()), Value::from(5.0)),
                (exp::int_and(vec![i(), n(6)]), Value::Int(4)),
                (exp::int_not(i()), Value::Int(-6)),
                (exp::int_lshift(n(1), n(62)), Value::Int(1 << 62)),
                (exp::int_rshift(n(-1), n(60)), Value::Int(15)),
                (exp::int_arshift(n(-8), n(1)), Value::Int(-4)),
                (exp::int_count(i()), Value::Int(2)),
            ],
        )
        .await;
        is_unknown(&t, exp::num_div(vec![i(), n(0)])).await;
    });
    suite.test("expression-09 expression-10 expression-11 expression-12 expression-13", |t| async move {
        let x = || exp::var("x");
        let set = t.set.clone();
        values(
            &t,
            [
                (
                    exp::cond(vec![exp::gt(i(), n(3)), exp::string_val("first"), exp::string_val("none")]),
                    "first".into(),
                ),
                (
                    exp::exp_let(vec![
                        exp::def("x", exp::num_add(vec![i(), n(1)])),
                        exp::num_mul(vec![x(), x()]),
                    ]),
                    Value::Int(36),
                ),
                (exp::set_name(), set.into()),
                (exp::key_exists(), Value::Bool(true)),
                (exp::key(ExpType::String), "k".into()),
                (exp::gt(exp::record_size(), n(0)), Value::Bool(true)),
                (exp::ge(exp::since_update(), n(0)), Value::Bool(true)),
                (exp::ttl(), Value::Int(-1)),
                (exp::void_time(), Value::Int(-1)),
                (exp::bin_exists("zz"), Value::Bool(false)),
                (exp::bin_type("t"), Value::Int(17)),
                (exp::bin_type("l"), Value::Int(20)),
                (exp::bin_type("zz"), Value::Int(0)),
            ],
        )
        .await;
    });
    suite.test("expression-14 expression-15 expression-19 expression-28", |t| async move {
        let (l, m) = (|| exp::list_bin("l"), || exp::map_bin("m"));
        let element = list_exp::get_by_index(ListReturnType::VALUES, ExpType::Int, n(1), l(), &[]);
        let by_key = |key: &str| {
            map_exp::get_by_key(MapReturnType::VALUE, ExpType::Int, exp::string_val(key), m(), &[])
        };
        values(
            &t,
            [
                (list_exp::size(l(), &[]), Value::Int(3)),
                (element, Value::Int(2)),
                (map_exp::size(m(), &[]), Value::Int(2)),
                (by_key("b"), Value::Int(2)),
                (
                    exp::eq(l(), exp::list_val(vec![Value::Int(1), Value::Int(2), Value::Int(3)])),
                    Value::Bool(true),
                ),
                (exp::in_list(i(), exp::list_val(vec![Value::Int(4), Value::Int(5)])), Value::Bool(true)),
                (exp::map_keys(m()), as_list!("a", "b")),
                (exp::map_values(m()), as_list!(1, 2)),
            ],
        )
        .await;
        is_unknown(&t, by_key("x")).await;
    });
    suite.test(
        "expression-20 expression-21 expression-22 expression-23 expression-24 expression-25",
        |t| async move {
            put_e(&t).await;
            let twice = || exp::num_mul(vec![i(), n(2)]);
            let read = read_exp("two", twice(), ExpReadFlags::DEFAULT);
            let record = t.operate(&[plus(&as_bin!("i", 1)), get_bin("s"), read]).await.expect("a record");
            assert_eq!((&record.bins["two"], &record.bins["s"]), (&Value::Int(12), &"hello".into()));
            t.operate(&[write_exp("w", twice(), ExpWriteFlags::DEFAULT)]).await.expect("written");
            assert_eq!(t.bin("w").await, Value::Int(12));
            t.operation_fails(6, write_exp("w", n(1), ExpWriteFlags::CREATE_ONLY)).await;
            t.operation_fails(17, write_exp("v", n(1), ExpWriteFlags::UPDATE_ONLY)).await;
            let lenient = ExpWriteFlags::CREATE_ONLY | ExpWriteFlags::POLICY_NO_FAIL;
            t.operate(&[write_exp("w", n(1), lenient)]).await.expect("nothing happens");
            t.operation_fails(26, write_exp("w", exp::nil(), ExpWriteFlags::DEFAULT)).await;
            t.operation_fails(26, write_exp("w", unknown(), ExpWriteFlags::DEFAULT)).await;
            t.operate(&[write_exp("w", unknown(), ExpWriteFlags::EVAL_NO_FAIL)])
                .await
                .expect("nothing happens");
            assert_eq!(t.bin("w").await, Value::Int(12));
            t.operate(&[write_exp("w", exp::nil(), ExpWriteFlags::ALLOW_DELETE)]).await.expect("deleted");
            assert_eq!(t.bin("w").await, Value::Nil);
        },
    );
}

pub fn add(suite: &mut Suite) {
    add_filters(suite);
    add_values(suite);
}
