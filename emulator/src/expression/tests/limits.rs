//! Inputs that end the reference server (expressions §26), and inputs that are too large or too deep.

use super::Expect::{E4, U};
use super::*;
use crate::expression::{MAX_DEPTH, MAX_NODES, Uses};

#[test]
fn inputs_that_end_the_reference_server() {
    let smallest = "d38000000000000000";
    let table = [
        (format!("93 17 {smallest} ff"), "smallest integer / -1", U),
        (format!("93 1a {smallest} ff"), "smallest integer mod -1", int(0)),
        (format!("94 17 {smallest} 01 ff"), "a product of -1", U),
        ("95 7f 02 09 9110 c0".into(), "unknown system on nil", E4),
        ("93 01 9164 9164".into(), "remove == remove", U),
        ("93 09 9164 927e9105".into(), "remove in [5]", U),
        ("94 7b c3 9164 9164".into(), "cond of removes", U),
    ];
    for (text, meaning, expected) in table {
        check(&Row::reference(), &[(&text, meaning, expected)]);
    }
}

/// `depth` times not, around true.
fn nested_not(depth: usize) -> Vec<u8> {
    let mut bytes = [0x92, 0x12].repeat(depth);
    bytes.push(0xc3);
    bytes
}

/// The reference accepts 200 levels; the deepest that is accepted here must not need much stack.
#[test]
fn depth_is_bounded() {
    let deep = |depth| Expression::decode(&nested_not(depth));
    assert_eq!(deep(200).unwrap().test(&Row::reference()), Some(true));
    assert!(deep(MAX_DEPTH).is_ok());
    assert_eq!(deep(MAX_DEPTH + 1).err(), Some(ResultCode::PARAMETER));
    assert_eq!(deep(1_000_000).err(), Some(ResultCode::PARAMETER));
}

/// Decodes, evaluates and drops the deepest trees of every shape that recurses, on a thread with half of the usual
/// stack.
#[test]
fn the_deepest_trees_fit_a_small_stack() {
    // What opens a level, what stands in the middle, what closes a level.
    let shapes = [
        ("92 12", "c3", ""),                       // not
        ("93 10 c3", "c3", ""),                    // and
        ("93 14 01", "01", ""),                    // add
        ("92 15", "cb0000000000000000", ""),       // sub, float
        ("92 1b", "01", ""),                       // abs
        ("92 20", "01", ""),                       // int and
        ("93 01 c3", "c3", ""),                    // eq
        ("94 7b c2 01", "01", ""),                 // cond, default
        ("94 7b", "c3", "c3 c3"),                  // cond, condition
        ("95 7f 04 40 92 01 09", "927e90", ""),    // call, target
        ("95 7f 04 40 92 01", "927e90", "927e90"), // call, argument
        ("95 7f 04 00 94 ccfe 92 04", "9100", "01 04 927e90"),
    ];
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(move || {
        for (open, middle, close) in shapes {
            let text = |depth| open.repeat(depth) + middle + &close.repeat(depth);
            // How deep the middle stands below one level: more than one where a path lies between.
            let deepest = (1..=MAX_DEPTH).rev().find_map(|depth| Expression::decode(&hex(&text(depth))).ok());
            let _ = deepest.expect(open).evaluate(&Row::reference());
        }
    });
    thread.unwrap().join().unwrap();
}

#[test]
fn the_number_of_nodes_is_bounded() {
    let and = |count: usize| {
        let mut bytes = vec![0xdd];
        bytes.extend_from_slice(&(count as u32 + 1).to_be_bytes());
        bytes.push(0x10);
        bytes.resize(bytes.len() + count, 0xc3);
        Expression::decode(&bytes).map(|expression| expression.test(&Row::reference()))
    };
    assert_eq!(and(300), Ok(Some(true)));
    assert_eq!(and(MAX_NODES - 1), Ok(Some(true)));
    assert_eq!(and(MAX_NODES), Err(ResultCode::PARAMETER));
    assert_eq!(and(65_000), Err(ResultCode::PARAMETER));
}

/// The payload's length is not limited: one constant may have a mebibyte.
#[test]
fn a_large_constant_builds() {
    let mut bytes = vec![0xdb];
    bytes.extend_from_slice(&(1u32 << 20).to_be_bytes());
    bytes.push(ParticleType::BLOB.0);
    bytes.resize(5 + (1 << 20), 7);
    let expression = Expression::decode(&bytes).unwrap();
    assert_eq!(expression.uses(), Uses::default());
    assert!(
        matches!(expression.evaluate(&Row::reference()), Evaluation::Value(value) if value.data.len() == (1 << 20) - 1)
    );
}

/// A count beyond the bytes that are there reserves nothing.
#[test]
fn false_counts_are_refused() {
    for text in
        ["dd ffffffff 10 c3", "dd ffffffff 7d", "dd ffffffff 7b", "dd ffffffff 14 05", "92 7e dd ffffffff"]
    {
        assert_eq!(Expression::decode(&hex(text)).err(), Some(ResultCode::PARAMETER), "{text}");
    }
}
