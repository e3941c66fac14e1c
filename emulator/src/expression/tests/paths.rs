//! Path operations with their expressions (expressions §18, §24; cdt §10).

use super::Expect::U;
use super::*;
use crate::collection;
use crate::expression::{ElementExpressions, MAX_DEPTH};

/// What an operation on a bin comes to: its result, or else the bin's new value.
fn run(bin: &Value, op: &str, modifies: bool) -> Result<Option<Value>, ResultCode> {
    let bin = bin.to_particle();
    let expressions = ElementExpressions::new();
    let value = if modifies {
        let outcome = collection::modify(Some(bin.as_particle()), &hex(op), &expressions)?;
        outcome.change.or(outcome.result)
    } else {
        collection::read(bin.as_particle(), &hex(op), &expressions)?
    };
    Ok(value.map(|value| Value::from_particle(value.as_particle()).expect("a value")))
}

fn text(text: &str) -> Value {
    Value::String(text.into())
}

fn items(items: Vec<Value>) -> Value {
    Value::List(items, Default::default())
}

fn map(entries: &[(&str, Value)]) -> Value {
    Value::Map(entries.iter().map(|(key, value)| (text(key), value.clone())).collect(), Default::default())
}

/// value > 3
const GT3: &str = "9303 937a0201 03";

/// The path vectors of expressions §24.
#[test]
fn vectors() {
    let l = list([1, 5, 9, 3]);
    let m = map(&[("a", Value::Int(1)), ("b", Value::Int(5)), ("c", Value::Int(9))]);
    let mixed = items(vec![Value::Int(1), text("a"), Value::Float(2.0), Value::Nil]);
    let keys = items(vec![text("b"), text("c")]);
    let pairs = items(vec![text("b"), Value::Int(5), text("c"), Value::Int(9)]);
    let plus_one = items(vec![Value::Int(2), text("a"), Value::Float(2.0), Value::Nil]);
    let gt3 = |mode: &str| format!("93ccfe 9204{GT3} {mode}");
    let rows = [
        (&l, gt3("01"), false, Ok(Some(list([5, 9])))),
        (&l, "93ccfe 9204 9305 937a0202 02 01".into(), false, Ok(Some(list([1, 5])))),
        (&l, format!("93ccfe 94 10 01 cd0204 {GT3} 01"), false, Ok(Some(list([5])))),
        (&m, gt3("00"), false, Ok(Some(map(&[("b", Value::Int(5)), ("c", Value::Int(9))])))),
        (&m, gt3("01"), false, Ok(Some(list([5, 9])))),
        (&m, gt3("02"), false, Ok(Some(keys))),
        (&m, gt3("03"), false, Ok(Some(pairs))),
        (&l, format!("94ccfe 9204{GT3} 04 9314 937a0201 64"), true, Ok(Some(list([1, 105, 109, 3])))),
        (
            &list([1, 105, 109, 3]),
            "94ccfe 9204 9303 937a0201 64 04 9164".into(),
            true,
            Ok(Some(list([1, 3]))),
        ),
        (&mixed, gt3("01"), false, Err(ResultCode::PARAMETER)),
        (&mixed, gt3("11"), false, Ok(Some(items(vec![])))),
        (&mixed, "94ccfe 9204c3 04 9314 937a0201 01".into(), true, Err(ResultCode::SERVER)),
        (&mixed, "94ccfe 9204c3 14 9314 937a0201 01".into(), true, Ok(Some(plus_one))),
    ];
    for (bin, op, modifies, expected) in rows {
        assert_eq!(run(bin, &op, modifies), expected, "{op} on {bin:?}");
    }
}

/// expressions §18: what stands in a condition or new value, and what comes of it.
#[test]
fn conditions_and_values() {
    use ResultCode as R;
    let l = list([1, 5]);
    let rows = [
        // Conditions: bins, metadata, a variable from nowhere, a result that is no bool, literals.
        ("93ccfe 9204 9301 935102a169 05 01", Err(R::PARAMETER)),
        ("93ccfe 9204 9301 935102a169 05 11", Ok(Some(list([])))),
        ("93ccfe 9204 9304 9145 00 01", Err(R::PARAMETER)),
        ("93ccfe 9204 927ca178 01", Err(R::PARAMETER)),
        ("93ccfe 9204 9314 937a0201 01 01", Ok(Some(list([])))),
        ("93ccfe 9204 c2 01", Err(R::PARAMETER)),
        ("93ccfe 9204 c3 01", Ok(Some(list([1, 5])))),
        // New values: literals, a quoted list, a wildcard, nil.
        ("94ccfe 9204c3 04 07", Ok(Some(list([7, 7])))),
        ("94ccfe 9204c3 04 927e9101", Ok(Some(items(vec![list([1]), list([1])])))),
        ("94ccfe 9204c3 04 927e91d4ff00", Err(R::INCOMPATIBLE_TYPE)),
        ("94ccfe 9204c3 04 c0", Ok(Some(items(vec![Value::Nil, Value::Nil])))),
        ("94ccfe 9204c3 04 947b 9303937a020103 05 05", Ok(Some(list([5, 5])))),
        ("94ccfe 9204c3 04 9164", Ok(Some(list([])))),
    ];
    for (op, expected) in rows {
        assert_eq!(run(&l, op, true), expected, "{op}");
    }
}

/// expressions §17, §18: in a call, every failure is unknown.
#[test]
fn calls() {
    let table = [
        (format!("957f0400 93ccfe 9204{GT3} 01 935104a16c"), "select", Expect::Is(list([]))),
        ("957f0440 94ccfe 9204 9303937a020101 04 9164 935104a16c".into(), "apply", Expect::Is(list([1]))),
        ("957f0400 94ccfe 9204c3 04 9164 935104a16c".into(), "apply without 0x40", U),
        ("957f0400 93ccfe 9204c2 01 935104a16c".into(), "false as a condition", U),
        (
            "947da17802 957f0400 93ccfe 9204 9303937a0201927ca178 01 935104a16c".into(),
            "a variable around it",
            U,
        ),
    ];
    for (bytes, meaning, expected) in table {
        check(&Row::reference(), &[(&bytes, meaning, expected)]);
    }
}

/// A small request must not make much of anything.
#[test]
fn nothing_grows_beyond_a_record() {
    // Each of 1,000 elements becomes a blob of 64 KiB.
    let thousand = Value::List(vec![Value::Nil; 1000], Default::default());
    let mut op = hex("94ccfe9204c304 db00010001 04");
    op.resize(op.len() + (1 << 16), 7);
    let bin = thousand.to_particle();
    let outcome = collection::modify(Some(bin.as_particle()), &op, &ElementExpressions::new());
    assert_eq!(outcome.err(), Some(ResultCode::RECORD_TOO_BIG));

    // let v01 = l ++ l in let v02 = v01 ++ v01 in …
    let name = |at: usize| format!("a3 76 {:02x} {:02x}", 48 + at / 10, 48 + at % 10);
    let mut body = format!("927c {}", name(40));
    for at in (1..=40).rev() {
        let before = if at == 1 { "935104a16c".to_owned() } else { format!("927c {}", name(at - 1)) };
        body = format!("947d {} 957f0440 9202 {before} {before} {body}", name(at));
    }
    let mut row = Row::reference();
    row.bins.insert("l", items(vec![Value::Blob(vec![7; 1 << 16])]).to_particle());
    check(&row, &[(&body, "doubling", U)]);
}

/// Expressions inside paths inside expressions count for the depth.
#[test]
fn depth_goes_through_paths() {
    let mut text = String::from("937a0401");
    for _ in 0..MAX_DEPTH {
        text = format!("957f0400 93ccfe 9204 9301 c3 9301 {text} 927e90 01 937a0401");
    }
    check(&Row::reference(), &[(&text, "paths in paths", U)]);
}
