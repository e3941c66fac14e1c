//! What the sections of the reference say beside its vectors.

use super::{Row, check, notation, run};
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{Particle, ResultCode};

/// cdt §1.1, §1.4: any width of the head and of integers, bytes behind the array, the old form.
#[test]
fn forms_of_an_operation() {
    let bin = notation::bin("[7, 8]").unwrap();
    let seven = notation::reply("int 7");
    for op in [
        &[0x92, 0x11, 0][..],
        &[0x92, 0xd0, 0x11, 0],
        &[0x92, 0xcd, 0, 0x11, 0],
        &[0xdc, 0, 2, 0x11, 0],
        &[0x92, 0x11, 0, 0xff, 0xff],
        &[0, 0x11, 0x91, 0],
    ] {
        assert_eq!(run(Some(&bin), op, true).0, seven, "{op:x?}");
    }
    assert_eq!(run(Some(&bin), &[0, 0x10], true).0, notation::reply("int 2"));
}

/// cdt §1.5, §11.
#[test]
fn order_of_checks() {
    let parameter = ResultCode::PARAMETER;
    let incompatible = ResultCode::INCOMPATIBLE_TYPE;
    let list = notation::bin("[1]").unwrap();
    let number = notation::bin("5").unwrap();
    let rows: &[(&ParticleBuf, &[u8], bool, ResultCode)] = &[
        (&list, &[], true, parameter),
        (&list, &[0x90], true, parameter),
        (&list, &[0x10], true, parameter),
        (&list, &[0x91, 0xa2, 3, 0x61], true, parameter),
        // Unknown ids; ids from 64 on count as map operations.
        (&list, &[0x91, 14], true, parameter),
        (&list, &[0x91, 63], true, parameter),
        (&list, &[0x91, 0x7f], true, incompatible),
        (&number, &[0x91, 14], true, incompatible),
        (&number, &[0x92, 0x11, 0xa5], true, incompatible),
        // Reads as modifications and the reverse.
        (&list, &[0x92, 1, 4], true, parameter),
        (&list, &[0x91, 16], false, parameter),
        // Too few and too many arguments; truncated ones; no integer.
        (&list, &[0x91, 0x11], true, parameter),
        (&list, &[0x93, 0x11, 0, 0], true, parameter),
        (&list, &[0x92, 0x11], true, parameter),
        (&list, &[0x92, 0x11, 0xcb, 0, 0, 0, 0, 0, 0, 0, 0], true, parameter),
        // A context at something without an inside.
        (&number, &[0x93, 0xcc, 0xff, 0x92, 0x10, 0, 0x91, 16], true, parameter),
    ];
    for (bin, op, reads, code) in rows {
        assert_eq!(run(Some(bin), op, *reads).0, notation::Reply::Error(*code), "{op:x?}");
    }
    check(&[
        // Operations without arguments ignore any.
        ("[1]", "L.SIZE(9)", "int 1", "-"),
        ("[1]", "L.CLEAR(9)", "no op", "[]"),
        ("[1]", "L.APPEND(*)", "error 4", "unchanged"),
        ("[1]", "L.APPEND([INF])", "error 4", "unchanged"),
        ("[1]", "L.APPEND({<c0>: 1})", "error 4", "unchanged"),
        ("[1]", "L.APPEND_ITEMS(5)", "error 4", "unchanged"),
        ("[1]", "L.APPEND_ITEMS(<93 c7 00 01 02 01>)", "error 4", "unchanged"),
        ("{}", "M.PUT_ITEMS(<82 01 01 01 02>)", "error 4", "unchanged"),
        ("{}", "M.PUT_ITEMS([])", "error 4", "unchanged"),
        ("[1]", "L.GET_BY_VALUE_LIST(7, 5)", "error 4", "-"),
    ]);
}

/// cdt §1.5, §11: what operations make of a bin that is not there.
#[test]
fn a_missing_bin() {
    let alone = ResultCode::NOT_FOUND;
    let rows: &[(&[u8], ResultCode)] = &[
        (&[], ResultCode::PARAMETER),
        (&[0x90], ResultCode::PARAMETER),
        // Removing operations look at no argument.
        (&[0x91, 5], alone),
        (&[0x95, 40, 1], alone),
        (&[0x91, 75], alone),
        (&[0x91, 89], alone),
        (&[0x91, 13], ResultCode::INCOMPATIBLE_TYPE),
        (&[0x91, 0xcc, 254], ResultCode::INCOMPATIBLE_TYPE),
        (&[0x91, 70], ResultCode::ELEMENT_NOT_FOUND),
        (&[0x91, 69], ResultCode::PARAMETER),
        (&[0x93, 69, 1, 1], ResultCode::ELEMENT_NOT_FOUND),
        (&[0x91, 1], ResultCode::PARAMETER),
        (&[0x91, 16], ResultCode::PARAMETER),
        (&[0x91, 71], ResultCode::PARAMETER),
        (&[0x93, 0xcc, 0xff, 0x90, 0x91, 5], ResultCode::PARAMETER),
        (&[0x93, 0xcc, 0xff, 0x92, 0x10, 0, 0x91, 5], ResultCode::OP_NOT_APPLICABLE),
    ];
    for (op, code) in rows {
        assert_eq!(run(None, op, false).0, notation::Reply::Error(*code), "{op:x?}");
    }
    check(&[
        ("none", "L.SIZE()", "no op", "-"),
        ("none", "L.INSERT(2, 9, 6)", "int 0", "[]"),
        ("none", "L.INSERT(-1, 9)", "error 26", "unchanged"),
        ("none", "L.SET(1, 9)", "no op", "[nil, 9]"),
        ("none", "L.SET_TYPE(0)", "no op", "[]"),
        ("none", "L.INCREMENT(0, 1.5)", "float 1.5", "[1.5]"),
        ("none", "M.SET_TYPE(3)", "no op", "kv{}"),
        ("none", "M.PUT_ITEMS({}, 1)", "int 0", "k{}"),
        ("none", "M.PUT('a', 1, 0, 6)", "int 0", "{}"),
        ("none", "M.PUT('a', 1, 0, 2)", "error 23", "unchanged"),
        ("none", "M.DECREMENT('a', 2)", "int -2", "{'a':-2}"),
        ("none", "M.ADD_ITEMS({'a':1}, 3)", "int 1", "kv{'a':1}"),
    ]);
}

/// cdt §3.3.
#[test]
fn order_flags() {
    check(&[
        ("[3, 1]", "L.SET_TYPE(0x101)", "no op", "o[1, 3]"),
        ("[3, 1]", "L.SET_TYPE(2)", "error 26", "unchanged"),
        ("o[1, 3]", "L.SET_TYPE(0)", "no op", "[1, 3]"),
        ("[3, 1]", "L.SET_TYPE(0x11)", "no op", "o[1, 3]"),
        ("{'a':1}", "M.SET_TYPE(2)", "no op", "<82 c7 00 02 c0 a2 03 61 01>"),
        ("{'a':1}", "M.SET_TYPE(0x13)", "no op", "pkv{'a':1}"),
        ("{'a':1}", "M.SET_TYPE(4)", "error 26", "unchanged"),
        ("kv{'a':1}", "M.SET_TYPE(0)", "no op", "{'a':1}"),
        ("{'l':[3, 1]}", "L.SET_TYPE(0x11) ctx [0x22, 'l']", "no op", "{'l':o[1, 3]}"),
        ("k{'a':1}", "M.CLEAR()", "no op", "k{}"),
        ("kv{'a':1}", "M.REMOVE_BY_KEY(0, 'a')", "no op", "kv{}"),
        // The one place where the bit for an index shows.
        ("none", "L.APPEND(4, 0x11) ctx [0x62, 1]", "int 1", "<81 01 92 c7 00 11 04>"),
        ("{}", "L.APPEND(4, 0x11) ctx [0x62, 1]", "int 1", "{1:o[4]}"),
    ]);
}

/// cdt §4.3.
#[test]
fn wildcards_and_infinity() {
    let any_lists: &str = "[[1], [1, 2], [1, 5, 9], [2, 3], [], 7]";
    check(&[
        (any_lists, "L.GET_ALL_BY_VALUE(7, [1, *])", "[[1, 2], [1, 5, 9]]", "-"),
        (any_lists, "L.GET_ALL_BY_VALUE(7, [1, *, 3])", "[[1, 2], [1, 5, 9]]", "-"),
        (any_lists, "L.GET_ALL_BY_VALUE(7, [*, 'b'])", "[[1], [1, 2], [1, 5, 9], [2, 3]]", "-"),
        (any_lists, "L.GET_ALL_BY_VALUE(5, *)", "int 6", "-"),
        (any_lists, "L.GET_BY_VALUE_INTERVAL(7, [1], [1, INF])", "[[1], [1, 2], [1, 5, 9]]", "-"),
        (any_lists, "L.GET_BY_VALUE_INTERVAL(7, [1, nil], [1, INF])", "[[1, 2], [1, 5, 9]]", "-"),
        (any_lists, "L.GET_ALL_BY_VALUE(5, INF)", "int 0", "-"),
        ("{'x':{'a':1}, 'y':{'a':1, 'b':2}}", "M.GET_ALL_BY_VALUE(6, {'a':*})", "['x']", "-"),
        ("[{'a':1, 'b':2}]", "L.GET_ALL_BY_VALUE(5, {'b':2, 'a':1})", "int 0", "-"),
        ("{1:1, 2:1}", "M.GET_BY_KEY_LIST(6, [*])", "[1, 2]", "-"),
    ]);
}

/// cdt §5.
#[test]
fn relative_ranks() {
    const START: &str = "[0, 4, 5, 9, 11, 15]";
    let rows: &[(&'static str, &'static str)] = &[
        ("5, 0", "[5, 9, 11, 15]"),
        ("5, 1", "[9, 11, 15]"),
        ("5, -1", "[4, 5, 9, 11, 15]"),
        ("5, -1, 1", "[4]"),
        ("3, 0", "[4, 5, 9, 11, 15]"),
        ("3, 0, 1", "[4]"),
        ("3, 3, 7", "[11, 15]"),
        ("3, -3", "[0, 4, 5, 9, 11, 15]"),
        ("3, -3, 2", "[]"),
        ("20, 0", "[]"),
        ("20, -2, 1", "[11]"),
    ];
    for (arguments, result) in rows {
        let call: &'static str = format!("L.GET_BY_VALUE_REL_RANK(7, {arguments})").leak();
        // In an ordered list the values come in order, so that the rows can be told apart by content alone.
        check(&[("o[0, 4, 5, 9, 11, 15]", call, result, "-")]);
        let (notation::Reply::Result(got), _) =
            run(notation::bin(START).as_ref(), &notation::operation(call), true)
        else {
            panic!("{call}")
        };
        let mut sorted = super::list_elements(&got);
        sorted.sort();
        assert_eq!(sorted, super::list_elements(&notation::bin(result).unwrap()), "{call}");
    }
    const MAP: &str = "{0:17, 4:2, 5:15, 9:10}";
    check(&[
        (MAP, "M.GET_BY_KEY_REL_INDEX(6, 5, 0)", "[5, 9]", "-"),
        (MAP, "M.GET_BY_KEY_REL_INDEX(6, 5, -1, 1)", "[4]", "-"),
        (MAP, "M.GET_BY_KEY_REL_INDEX(6, 3, 2)", "[9]", "-"),
        (MAP, "M.GET_BY_KEY_REL_INDEX(6, 3, -2)", "[0, 4, 5, 9]", "-"),
        (MAP, "M.GET_BY_KEY_REL_INDEX(6, 10, -1)", "[9]", "-"),
    ]);
}

/// cdt §6.2, §6.3, §6.7.
#[test]
fn return_types() {
    check(&[
        ("[5, 6]", "L.GET_BY_INDEX(0, 0)", "no op", "-"),
        ("[5, 6]", "L.GET_BY_INDEX(2, 0)", "int 1", "-"),
        ("[5, 6]", "L.GET_BY_INDEX(6, 0)", "error 26", "-"),
        ("[5, 6]", "L.GET_BY_INDEX(14, 0)", "error 26", "-"),
        ("[5, 6]", "L.GET_BY_INDEX(-1, 0)", "error 26", "-"),
        ("[5, 6]", "L.GET_BY_INDEX(0x20007, 0)", "int 5", "-"),
        ("[5, 6]", "L.GET_BY_INDEX(9, -1)", "[1, 1]", "-"),
        ("[5, 6]", "L.GET_BY_INDEX(11, -1)", "error 26", "-"),
        ("[5, 6]", "L.GET_BY_INDEX_RANGE(10, 0, 1)", "[1, 1]", "-"),
        ("o[5, 6]", "L.GET_BY_INDEX_RANGE(11, 0, 1)", "[0, 1]", "-"),
        ("[5, 6]", "L.GET_BY_VALUE(11, 7)", "[2, 0]", "-"),
        ("[5, 6]", "L.GET_ALL_BY_VALUE(13, 7)", "bool false", "-"),
        ("k{'a':1}", "M.GET_BY_KEY(8, 'b')", "p{}", "-"),
        ("k{'a':1}", "M.GET_BY_KEY(16, 'b')", "{}", "-"),
        ("k{'a':1}", "M.GET_BY_KEY(17, 'b')", "k{}", "-"),
        ("k{'a':1}", "M.GET_BY_KEY(9, 'b')", "[-1, 0]", "-"),
        ("k{'a':1}", "M.GET_BY_KEY(INV+1, 'b')", "int -1", "-"),
        ("{'a':1}", "M.GET_BY_KEY(INV+1, 'b')", "error 26", "-"),
        ("k{'a':1}", "M.GET_BY_KEY(INV+1, 'a')", "error 26", "-"),
        ("{'a':1}", "M.GET_BY_INDEX(16, 0)", "{'a':1}", "-"),
        ("{'a':1}", "M.GET_BY_RANK(6, 0)", "'a'", "-"),
        ("[nil]", "L.GET(0)", "no op", "-"),
        ("['x', b'x', g'{}', 1.5f]", "L.GET(3)", "float 1.5", "-"),
        ("['x', b'x', g'{}', 1.5f]", "L.GET(2)", "g'{}'", "-"),
    ]);
}

/// cdt §6.4, §6.4.1.
#[test]
fn order_of_numbers() {
    const FIVE: &str = "[10, 20, 30, 40, 50]";
    const TIES: &str = "[5, 1, 3, 1, 5, 2]";
    const ORDERED: &str = "o[1, 1, 2, 3, 5, 5]";
    const MAP: &str = "{1:2, 2:1, 3:2, 4:9}";
    const KEYS: &str = "k{1:2, 2:1, 3:2, 4:9}";
    const INDEXED: &str = "pkv{1:2, 2:1, 3:2, 4:9}";
    check(&[
        (FIVE, "L.GET_BY_INDEX_RANGE(2, 1, 2)", "[2, 3]", "-"),
        (FIVE, "L.GET_BY_VALUE_LIST(2, [20, 40])", "[3, 1]", "-"),
        (FIVE, "L.GET_BY_INDEX_RANGE(INV+1, 1, 2)", "[0, 3, 4]", "-"),
        (FIVE, "L.GET_BY_INDEX_RANGE(INV+2, 1, 2)", "[4, 0, 1]", "-"),
        ("[1, 1, 1, 2]", "L.GET_BY_INDEX_RANGE(3, 0, 3)", "[0, 0, 0]", "-"),
        ("[1, 1, 1, 2]", "L.GET_BY_INDEX_RANGE(4, 0, 3)", "[3, 3, 3]", "-"),
        ("[3, 1, 2]", "L.GET_BY_INDEX_RANGE(3, 0)", "[0, 1, 2]", "-"),
        (TIES, "L.GET_BY_VALUE_LIST(3, [5, 1, 5])", "[0, 1, 4, 5]", "-"),
        (TIES, "L.GET_BY_VALUE_LIST(4, [5, 1, 5])", "[5, 4, 1, 0]", "-"),
        (TIES, "L.GET_BY_VALUE_LIST(3, [5, 1])", "[4, 5, 0, 1]", "-"),
        (TIES, "L.GET_BY_VALUE_LIST(4, [5, 1])", "[1, 0, 5, 4]", "-"),
        (ORDERED, "L.GET_BY_VALUE_LIST(4, [1, 5])", "[4, 5, 0, 1]", "-"),
        (TIES, "L.GET_BY_VALUE_LIST(INV+3, [5, 2])", "[0, 1, 3]", "-"),
        (MAP, "M.GET_BY_KEY_INTERVAL(3, 0)", "[1, 0, 2, 3]", "-"),
        (MAP, "M.GET_BY_KEY_INTERVAL(4, 0)", "[2, 3, 1, 0]", "-"),
        (KEYS, "M.GET_BY_KEY_INTERVAL(3, 0)", "[0, 1, 2, 3]", "-"),
        (KEYS, "M.GET_BY_KEY_INTERVAL(4, 0)", "[0, 1, 2, 3]", "-"),
        (MAP, "M.GET_BY_RANK_RANGE(6, 0, 3)", "[2, 1, 3]", "-"),
        (MAP, "M.GET_BY_RANK_RANGE(17, 0, 2)", "k{1:2, 2:1}", "-"),
        (MAP, "M.GET_BY_RANK_RANGE(INV+6, 0, 1)", "[1, 3, 4]", "-"),
        (MAP, "M.GET_BY_RANK_RANGE(INV+6, 1, 1)", "[2, 3, 4]", "-"),
        ("{1:5}", "M.GET_BY_VALUE_LIST(3, [5, 5])", "[0, 0]", "-"),
        // A map that keeps an index of its values (cdt §6.6).
        (INDEXED, "M.GET_BY_VALUE_INTERVAL(6, 0)", "[2, 1, 3, 4]", "-"),
        (INDEXED, "M.GET_BY_VALUE_LIST(INV+3, [7])", "[1, 0, 2, 3]", "-"),
        (INDEXED, "M.GET_BY_VALUE_LIST(INV+4, [7])", "[2, 3, 1, 0]", "-"),
        (INDEXED, "M.GET_ALL_BY_VALUE(INV+2, 7)", "[3, 2, 1, 0]", "-"),
        (MAP, "M.GET_ALL_BY_VALUE(INV+2, 7)", "[0, 1, 2, 3]", "-"),
    ]);
}

/// cdt §6.5.
#[test]
fn a_partial_sort_decides_order_and_ties() {
    const START: &str = "[3, 1, 5, 2, 4]";
    check(&[
        (START, "L.GET_BY_RANK_RANGE(7, 0, 2)", "[2, 1]", "-"),
        (START, "L.GET_BY_RANK_RANGE(7, 1, 3)", "[4, 3, 2]", "-"),
        (START, "L.GET_BY_RANK_RANGE(7, 1, 4)", "[2, 3, 4, 5]", "-"),
        (START, "L.GET_BY_RANK_RANGE(7, 2, 3)", "[3, 4, 5]", "-"),
        (START, "L.GET_BY_RANK_RANGE(7, 0, 5)", "[5, 4, 3, 2, 1]", "-"),
        ("[1, 1, 1]", "L.GET_BY_RANK(1, 0)", "int 0", "-"),
        ("[1, 1, 1]", "L.GET_BY_RANK(1, 1)", "int 2", "-"),
        ("[1, 1, 1]", "L.GET_BY_RANK(1, 2)", "int 0", "-"),
    ]);
}

/// cdt §6.6.
#[test]
fn exists_of_everything_else() {
    check(&[
        ("[1, 2, 3]", "L.GET_BY_RANK_RANGE(INV+13, 0, 1)", "bool false", "-"),
        ("[1, 2, 3]", "L.GET_BY_INDEX_RANGE(INV+13, 0, 1)", "bool true", "-"),
        ("[1, 2, 3]", "L.GET_BY_VALUE_LIST(INV+13, [1])", "bool true", "-"),
        ("{1:1, 2:2, 3:3}", "M.GET_BY_INDEX_RANGE(INV+13, 1, 1)", "bool false", "-"),
        ("k{1:1, 2:2, 3:3}", "M.GET_BY_INDEX_RANGE(INV+13, 1, 1)", "bool true", "-"),
        ("{1:1, 2:2, 3:3}", "M.GET_BY_RANK_RANGE(INV+13, 0, 1)", "bool true", "-"),
        ("{1:1, 2:2, 3:3}", "M.GET_BY_RANK_RANGE(INV+13, 1, 1)", "bool false", "-"),
        ("[]", "L.GET_ALL_BY_VALUE(INV+13, 1)", "bool true", "-"),
        ("[]", "L.GET_BY_RANK_RANGE(INV+13, 0)", "bool false", "-"),
        ("o[]", "L.GET_ALL_BY_VALUE(INV+13, 1)", "bool false", "-"),
        ("{}", "M.GET_BY_KEY_INTERVAL(INV+13, 1)", "bool true", "-"),
        ("k{}", "M.GET_BY_KEY_INTERVAL(INV+13, 1)", "bool false", "-"),
        ("{}", "M.GET_ALL_BY_VALUE(INV+13, 1)", "bool false", "-"),
    ]);
}

/// cdt §7.
#[test]
fn list_modifications() {
    const PAIR: &str = "[1, 5]";
    check(&[
        (PAIR, "L.APPEND_ITEMS([9, 3, 1], 0, 1)", "error 24", "unchanged"),
        (PAIR, "L.APPEND_ITEMS([9, 3, 1], 0, 5)", "int 2", "unchanged"),
        (PAIR, "L.APPEND_ITEMS([9, 3, 1], 0, 9)", "error 24", "unchanged"),
        (PAIR, "L.APPEND_ITEMS([9, 3, 3], 0, 13)", "int 4", "[1, 5, 9, 3]"),
        (PAIR, "L.APPEND_ITEMS([9, 3, 3], 0, 9)", "error 26", "unchanged"),
        (PAIR, "L.APPEND_ITEMS([1, 5], 0, 13)", "int 2", "unchanged"),
        ("[2]", "L.APPEND_ITEMS([2, 0, 0], 0, 1)", "error 24", "unchanged"),
        ("[2]", "L.APPEND_ITEMS([0, 0, 2], 0, 1)", "error 26", "unchanged"),
        ("o[2]", "L.APPEND_ITEMS([2, 2], 0, 1)", "error 26", "unchanged"),
        ("o[1]", "L.INSERT_ITEMS(0, [])", "error 26", "unchanged"),
        ("[1]", "L.INSERT_ITEMS(-9, [])", "int 1", "unchanged"),
        ("[1]", "L.INSERT_ITEMS(9, [1], 13)", "int 1", "unchanged"),
        ("[1, 2]", "L.INSERT(2, 9, 2)", "int 3", "[1, 2, 9]"),
        ("[1, 2]", "L.INSERT(-3, 9, 4)", "error 26", "unchanged"),
        ("[1]", "L.INSERT(2147483647, 9)", "error 4", "unchanged"),
        ("[1]", "L.INSERT(2147483648, 9)", "error 26", "unchanged"),
        ("[1]", "L.SET(9000000, 9)", "error 13", "unchanged"),
        ("[1, 2]", "L.SET(0, 1, 1)", "no op", "[1, 2]"),
        ("[1, 2]", "L.SET(0, 2, 5)", "no op", "unchanged"),
        ("[1, 2]", "L.SET(3, 9, 2)", "error 26", "unchanged"),
        ("[1, 2]", "L.SET(2, 9, 2)", "no op", "[1, 2, 9]"),
        ("[1, 2]", "L.INCREMENT(0, nil)", "int 2", "[2, 2]"),
        ("o[1, 5]", "L.INCREMENT(2, 3)", "int 3", "o[1, 3, 5]"),
        ("o[1, 5]", "L.INCREMENT(3, 3)", "error 26", "unchanged"),
        ("[1]", "L.INCREMENT(-2, 'x')", "error 26", "unchanged"),
        ("[1]", "L.INCREMENT(0, 'x')", "error 4", "unchanged"),
        ("[1, 2]", "L.INCREMENT(0, 1, 0, 1)", "error 24", "unchanged"),
        ("[2, 1, 2]", "L.SORT(1)", "no op", "[2, 2, 1]"),
        ("[2, 1, 2]", "L.SORT(2)", "no op", "[1, 2]"),
        ("o[1, 1, 2]", "L.SORT(3)", "no op", "o[1, 2]"),
        ("o[1, 1, 2]", "L.SORT(1)", "no op", "unchanged"),
        ("[1]", "L.SORT(3)", "no op", "unchanged"),
        ("[1, 2, 3]", "L.REMOVE_RANGE(1)", "int 2", "[1]"),
        ("[1, 2, 3]", "L.REMOVE(-1)", "int 1", "[1, 2]"),
        ("[1, 2, 3, 2]", "L.REMOVE_BY_VALUE(7, 2)", "int 2", "[1, 3, 2]"),
        ("[1, 2, 3, 2]", "L.REMOVE_BY_VALUE_LIST(5, [2, 2, 9])", "int 2", "[1, 3]"),
    ]);
}

/// cdt §8.
#[test]
fn map_modifications() {
    const ONE: &str = "{'a':1}";
    check(&[
        (ONE, "M.PUT_ITEMS({'a':2, 'b':3}, 0, 1)", "error 24", "unchanged"),
        (ONE, "M.PUT_ITEMS({'a':2, 'b':3}, 0, 5)", "int 1", "unchanged"),
        (ONE, "M.PUT_ITEMS({'a':2, 'b':3}, 0, 2)", "error 23", "unchanged"),
        (ONE, "M.PUT_ITEMS({'a':2, 'b':3}, 0, 6)", "int 1", "unchanged"),
        (ONE, "M.PUT_ITEMS({'b':3, 'a':2, 0:1})", "int 3", "{0:1, 'a':2, 'b':3}"),
        (ONE, "M.PUT('a', 2, 0, 3)", "error 24", "unchanged"),
        (ONE, "M.PUT('b', 2, 0, 3)", "error 23", "unchanged"),
        (ONE, "M.ADD('a', 2)", "error 24", "unchanged"),
        (ONE, "M.ADD_ITEMS({'b':2})", "int 2", "{'a':1, 'b':2}"),
        (ONE, "M.REPLACE('a', 2)", "int 1", "{'a':2}"),
        (ONE, "M.REPLACE('b', 2)", "error 23", "unchanged"),
        (ONE, "M.REPLACE_ITEMS({'b':2})", "error 23", "unchanged"),
        (ONE, "M.REPLACE('a', 2, 0)", "error 4", "unchanged"),
        (ONE, "M.INCREMENT('a')", "int 2", "{'a':2}"),
        (ONE, "M.DECREMENT('a', 2.9)", "int -1", "{'a':-1}"),
        (ONE, "M.INCREMENT(nil)", "error 4", "unchanged"),
        ("{'a':'x'}", "M.INCREMENT('a')", "error 4", "unchanged"),
        ("{1:1, 2:2, 3:3}", "M.REMOVE_BY_KEY_LIST(5, [3, 1, 9])", "int 2", "{2:2}"),
        ("{1:1, 2:2, 3:3}", "M.REMOVE_BY_RANK_RANGE(INV+7, 1, 1)", "[1, 3]", "{2:2}"),
        ("k{1:1, 2:2, 3:3}", "M.REMOVE_BY_VALUE_INTERVAL(6, 2)", "[2, 3]", "k{1:1}"),
    ]);
}

/// cdt §9.
#[test]
fn contexts() {
    const ROWS: &[Row] = &[
        ("none", "L.APPEND(4) ctx [0x62, 'l']", "int 1", "{'l':[4]}"),
        ("none", "L.APPEND(4) ctx [0xa2, 'l']", "int 1", "k{'l':[4]}"),
        ("none", "L.APPEND(4) ctx [0xe2, 'l']", "int 1", "kv{'l':[4]}"),
        ("none", "L.APPEND(4) ctx [0x50, 0]", "int 1", "[[4]]"),
        ("none", "L.APPEND(4) ctx [0xd0, 2]", "int 1", "o[[4]]"),
        ("none", "L.APPEND(4) ctx [0x150, 3]", "int 1", "[[4]]"),
        ("none", "L.APPEND(4) ctx [0x190, 2]", "int 1", "[nil, nil, [4]]"),
        ("none", "M.PUT('x', 1) ctx [0xa2, 'l', 0x22, 'k']", "int 1", "k{'l':{'k':{'x':1}}}"),
        ("none", "M.PUT('x', 1) ctx [0x62, 'l', 0x162, 'k']", "error 26", "unchanged"),
        ("{}", "M.PUT('x', 1) ctx [0xa2, 'l']", "int 1", "{'l':{'x':1}}"),
        ("{}", "M.PUT('x', 1, 1) ctx [0x62, 'l']", "int 1", "{'l':k{'x':1}}"),
        ("[]", "L.APPEND(1) ctx [0x50, -1]", "int 1", "[[1]]"),
        ("[1]", "L.APPEND(1) ctx [0x50, 1]", "int 1", "[1, [1]]"),
        ("[1]", "L.APPEND(1) ctx [0xd0, 1]", "int 1", "[1, [1]]"),
        ("[1]", "L.APPEND(1) ctx [0x50, 2]", "error 26", "unchanged"),
        ("[1]", "L.APPEND(1) ctx [0xd0, 2]", "error 26", "unchanged"),
        ("[1]", "L.APPEND(1) ctx [0x50, -2]", "error 26", "unchanged"),
        ("o[1]", "L.APPEND(1) ctx [0x50, 5]", "int 1", "o[1, [1]]"),
        ("o[1]", "L.APPEND(1) ctx [0x51, 5]", "int 1", "o[1, [1]]"),
        ("[]", "L.APPEND(1) ctx [0x51, 0]", "error 26", "unchanged"),
        ("[]", "L.APPEND(1) ctx [0x50, 1]", "error 26", "unchanged"),
        ("[]", "L.APPEND(1) ctx [0x90, 2]", "int 1", "[nil, nil, [1]]"),
        ("o[[5]]", "L.APPEND(1) ctx [0xd0, 3]", "int 1", "o[[1], [5]]"),
        ("[1]", "L.APPEND(1) ctx [0x50, 0]", "error 12", "unchanged"),
        ("{}", "L.APPEND(1) ctx [0x42, 'a']", "error 26", "unchanged"),
        // Nothing comes of it: nothing is created.
        ("{}", "L.POP(0) ctx [0x62, 'l']", "no op", "unchanged"),
        ("{}", "L.SORT() ctx [0x62, 'l']", "no op", "unchanged"),
        ("none", "L.SORT() ctx [0x62, 'l']", "error 12", "unchanged"),
        ("{}", "M.PUT('a', 1, 0, 6) ctx [0x62, 'l']", "int 0", "unchanged"),
        ("{}", "L.INSERT(1, 1, 6) ctx [0x62, 'l']", "int 0", "unchanged"),
        ("{}", "L.APPEND_ITEMS([]) ctx [0x62, 'l']", "int 0", "{'l':[]}"),
        ("{}", "L.SET_TYPE(1) ctx [0x62, 'l']", "no op", "{'l':o[]}"),
        ("{}", "M.PUT_ITEMS({'a':1}, 0, 14) ctx [0x62, 'l']", "int 1", "{'l':{'a':1}}"),
        ("[]", "M.REPLACE_ITEMS({}) ctx [0x50, 3]", "error 26", "unchanged"),
        ("{}", "L.SIZE() ctx [0x62, 'l']", "error 26", "-"),
        // Keys that could not be put are created all the same.
        ("{}", "L.APPEND(1) ctx [0x62, nil]", "int 1", "<81 c0 91 01>"),
        ("{}", "L.APPEND(1) ctx [0x62, *]", "error 26", "unchanged"),
        // Finding.
        ("{'a':[1, 2]}", "L.SIZE() ctx [0x20, 0]", "int 2", "-"),
        ("{'a':[1], 'b':[0, 0]}", "L.SIZE() ctx [0x21, 0]", "int 2", "-"),
        ("{'a':[1], 'b':[0, 0]}", "L.SIZE() ctx [0x23, [0, *]]", "int 2", "-"),
        ("[[1], [0, 0]]", "L.SIZE() ctx [0x11, 0]", "int 2", "-"),
        ("[[1], [0, 0]]", "L.SIZE() ctx [0x13, [0, *]]", "int 2", "-"),
        ("[[1], [0, 0]]", "L.SIZE() ctx [0, 1]", "int 2", "-"),
        ("[[1], [0, 0]]", "L.SIZE() ctx [2, 1]", "error 26", "-"),
        ("[[1], [0, 0]]", "L.SIZE() ctx [7, 1]", "error 26", "-"),
        ("[[1], [0, 0]]", "L.SIZE() ctx [4, true]", "error 26", "-"),
        ("[[1], [0, 0]]", "L.SIZE() ctx [0x10, 'a']", "error 26", "-"),
        ("[[1], [0, 0]]", "L.SIZE() ctx [0x10]", "error 4", "-"),
        ("[[1], [0, 0]]", "L.SIZE() ctx []", "error 4", "-"),
        ("[[1], [0, 0]]", "L.SIZE() ctx ['a', 1]", "error 4", "-"),
        ("[[1], 5]", "L.SIZE() ctx [0x10, 1]", "error 12", "-"),
        ("[[1], 5]", "L.SIZE() ctx [0x10, 1, 0x10, 0]", "error 26", "-"),
        ("[[1]]", "L.POP(0) ctx [0x13, [1, *]]", "error 26", "unchanged"),
        ("[[1, 2]]", "L.POP(0) ctx [0x13, [1, *]]", "int 1", "[[2]]"),
        ("[[1, 2]]", "L.APPEND(3) ctx [0x13, [1, *]]", "error 4", "unchanged"),
        // An ordered list two levels up is put in order again.
        ("o[[[5], 1], [[6], 1]]", "L.SET(0, 9) ctx [0x10, 0, 0x10, 0]", "no op", "o[[[6], 1], [[9], 1]]"),
    ];
    check(ROWS);
}

/// cdt §10, beside its vectors.
#[test]
fn paths() {
    const BOOKS: &str = "{'book':[{'p':10, 't':'A'}, {'p':20, 't':'B'}], 'e':[], 'n':5}";
    check(&[
        (BOOKS, "SELECT([0x22, 'book', 4, true, 0x22, 'p'], 2)", "['p', 'p']", "-"),
        (BOOKS, "SELECT([0x22, 'book', 4, true, 0x22, 'p'], 3)", "['p', 10, 'p', 20]", "-"),
        (BOOKS, "SELECT([4, true], 2)", "['book', 'e', 'n']", "-"),
        (BOOKS, "SELECT([0x22, 'zz', 4, true], 0)", "{}", "-"),
        (BOOKS, "SELECT([0x22, 'zz', 4, true], 1)", "[]", "-"),
        (BOOKS, "SELECT([0x22, 'n', 4, true], 0)", "{'n':5}", "-"),
        (BOOKS, "SELECT([0x22, 'n', 4, true], 1)", "[]", "-"),
        (BOOKS, "SELECT([0x22, 'book', 0x10, 9], 1)", "[]", "-"),
        (BOOKS, "SELECT([0x2a, ['n', 'book', 'q']], 2)", "['book', 'n']", "-"),
        ("k{'a':1, 'b':2}", "SELECT([0x22, 'a'], 0)", "{'a':1}", "-"),
        ("{'a':o[]}", "SELECT([4, true, 4, true], 0)", "{'a':o[]}", "-"),
        ("[1]", "SELECT([0x22, 'c'], 2)", "error 12", "-"),
        ("[1]", "SELECT([0x22, 'c'], 0x12)", "[]", "-"),
        ("[1]", "SELECT([0x22, 'c'], 0x11)", "error 4", "-"),
        ("[]", "SELECT([0x22, 'c'], 1)", "[]", "-"),
        ("[1]", "SELECT([2, 'c'], 1)", "error 4", "-"),
        ("[1]", "SELECT([2, 'c'], 0x11)", "[]", "-"),
        ("{'a':1}", "SELECT([0x62, 'a'], 1)", "error 4", "-"),
        ("[1]", "SELECT([0x50, 0], 1)", "[1]", "-"),
        ("[1]", "SELECT([4, false], 1)", "error 4", "-"),
        ("[1]", "SELECT([4, 1], 1)", "error 4", "-"),
        ("[1]", "SELECT([0x204, true], 1)", "error 4", "-"),
        ("[1]", "SELECT([4, true, 0x204, true], 1)", "error 4", "-"),
        ("[9]", "SELECT([0x10, 0, 0x204, value>4], 1)", "[9]", "-"),
        ("['a']", "SELECT([0x10, 0, 0x204, value>4], 1)", "[]", "-"),
        ("[1]", "SELECT([], 1)", "error 4", "-"),
        ("[1]", "SELECT([4, true], 5)", "error 4", "-"),
        ("[1]", "SELECT([4, true], 4)", "error 4", "-"),
        ("[1]", "SELECT([4, true], 4, value+1)", "error 4", "-"),
        ("[1]", "SELECT([4, true], 1)", "[1]", "unchanged"),
        ("5", "SELECT([], 9)", "error 12", "-"),
        ("none", "SELECT([4, true], 4, remove)", "error 12", "unchanged"),
        ("[[1, 2], [3]]", "SELECT([4, true, 0x10, 0], 4, remove)", "no op", "[[2], []]"),
        ("{'a':1, 'b':2}", "SELECT([0x22, 'a'], 4, remove)", "no op", "{'b':2}"),
        ("o[1, 5, 9]", "SELECT([0x10, 0], 4, 'z')", "no op", "o[5, 9, 'z']"),
        ("[1, 'x']", "SELECT([4, true], 4, value+1)", "error 1", "unchanged"),
        ("[1, 'x']", "SELECT([4, true], 0x14, value+1)", "no op", "[2, 'x']"),
        ("[1]", "SELECT([0x10, 5], 4, remove)", "no op", "unchanged"),
    ]);
}

/// query §2, §3.
#[test]
fn contexts_of_indexes() {
    use crate::collection::context::{InvalidContext, check_index_context, describe, resolve};
    let bin = notation::bin("{'a':[1, 2], 'n':5}").unwrap();
    let at = |context: &str| resolve(bin.as_particle(), &notation::value(context));
    assert_eq!(at("[0x22, 'a']"), Ok(notation::bin("[1, 2]")));
    assert_eq!(at("[0x22, 'a', 0x10, -1]"), Ok(Some(ParticleBuf::integer(2))));
    assert_eq!(at("[0x22, 'zz']"), Ok(None));
    assert_eq!(at("[0x22]"), Err(ResultCode::PARAMETER));
    assert_eq!(resolve(Particle::NULL, &notation::value("[0x10, 0]")), Ok(None));

    assert_eq!(check_index_context(&[0x92, 0x10, 0]), Ok(()));
    assert_eq!(check_index_context(&[0x92, 0x10, 0xa2, 3, 0x78]), Ok(()));
    assert_eq!(check_index_context(&[0x92, 0x10, 0xcd, 0, 0]), Err(InvalidContext::NotNormalized));
    for malformed in ["[]", "[0x10]", "[0x50, 0]", "[0x62, 'a']", "[4, true]", "[7, 1]"] {
        let context = notation::value(malformed);
        assert_eq!(check_index_context(&context), Err(InvalidContext::Malformed), "{malformed}");
    }
    let text = |context: &str| describe(&notation::value(context));
    assert_eq!(
        text("[0x22, 'a', 0x22, 'b']").as_deref(),
        Some("[[map_key(<string#1>), map_key(<string#1>)]")
    );
    assert_eq!(text("[0x10, -1, 3, 1.5]").as_deref(), Some("[[list_index(-1), value(1.500000)]"));
    assert_eq!(text("[0x50, 0]"), None);
}
