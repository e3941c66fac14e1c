//! Inputs at which the real server aborts or corrupts what it holds (cdt §15). Here they get a sensible answer.

use super::{check, notation, stored};
use crate::collection::{canonical_list, visible};

#[test]
fn an_empty_list_of_keys_or_values_inverted() {
    const MAP: &str = "{'a':1, 'b':2}";
    check(&[
        (MAP, "M.GET_BY_KEY_LIST(INV+6, [])", "['a', 'b']", "-"),
        (MAP, "M.GET_BY_KEY_LIST(INV+7, [])", "[1, 2]", "-"),
        (MAP, "M.GET_BY_VALUE_LIST(INV+8, [])", "p{'a':1, 'b':2}", "-"),
        (MAP, "M.REMOVE_BY_KEY_LIST(INV+17, [])", "k{'a':1, 'b':2}", "{}"),
        (MAP, "M.REMOVE_BY_VALUE_LIST(INV+6, [])", "['a', 'b']", "{}"),
    ]);
}

#[test]
fn a_list_with_an_index_and_no_order() {
    assert_eq!(canonical_list(&[0x92, 0xc7, 0, 0x10, 5]).as_deref(), Ok(&[0x91, 5][..]));
}

#[test]
fn an_empty_raw_value() {
    check(&[("[<a0>]", "L.GET(0)", "b''", "-"), ("{1:<a0>}", "M.REMOVE_BY_KEY(7, 1)", "b''", "{}")]);
}

#[test]
fn an_ordered_list_out_of_order_as_an_element() {
    check(&[
        ("[1]", "L.APPEND(<93 c7 00 01 02 01>)", "error 4", "unchanged"),
        ("{}", "M.PUT(1, <91 93 c7 00 01 02 01>)", "error 4", "unchanged"),
    ]);
}

#[test]
fn a_path_by_rank_or_index_in_the_middle() {
    check(&[
        ("{'a':[3, 1], 'b':2}", "SELECT([0x22, 'a', 0x11, 0], 1)", "[1]", "-"),
        ("[{'a':3, 'b':1}, 2]", "SELECT([0x10, 0, 0x20, 0], 1)", "[3]", "-"),
        ("[{'a':3, 'b':1}, 2]", "SELECT([0x10, 0, 0x21, 0], 4, remove)", "no op", "[{'a':3}, 2]"),
    ]);
}

#[test]
fn a_path_that_changes_a_nested_ordered_list() {
    check(&[("[o[1, 2, 3], 4]", "SELECT([0x10, 0, 0x10, 0], 4, 9)", "no op", "[o[2, 3, 9], 4]")]);
}

#[test]
fn a_filter_behind_a_map_index_or_rank() {
    check(&[
        ("{'a':5, 'b':1}", "SELECT([0x20, 0, 0x204, value>4], 4, value+1)", "no op", "{'a':6, 'b':1}"),
        ("{'a':5, 'b':9}", "SELECT([0x21, -1, 0x204, value>4], 4, remove)", "no op", "{'a':5}"),
    ]);
}

#[test]
fn a_value_that_an_indexed_map_does_not_have() {
    const MAP: &str = "pkv{'a':1, 'b':[2]}";
    check(&[
        (MAP, "M.GET_BY_VALUE(17, 7)", "k{}", "-"),
        (MAP, "M.REMOVE_BY_VALUE(17, 7)", "k{}", "unchanged"),
        (MAP, "L.SIZE() ctx [0x23, [7]]", "error 26", "-"),
        (MAP, "L.SIZE() ctx [3, [7]]", "error 26", "-"),
    ]);
    let bin = stored(notation::bin(MAP).unwrap());
    assert_ne!(visible(bin.clone()), bin, "the map keeps an index");
}

#[test]
fn a_context_before_the_first_element() {
    check(&[
        ("[1]", "L.APPEND(1) ctx [0x90, -2]", "error 26", "unchanged"),
        ("o[[1]]", "L.APPEND(1) ctx [0xd0, -2]", "error 26", "unchanged"),
        ("none", "L.APPEND(1) ctx [0x90, -1]", "int 1", "[[1]]"),
        ("none", "L.APPEND(1) ctx [0x90, -2]", "error 26", "unchanged"),
        ("o[1]", "L.APPEND(1) ctx [0x51, 7, 0x50, 0, 0x62, 'a']", "int 1", "o[1, [{'a':[1]}]]"),
    ]);
}

#[test]
fn incrementing_far_out_of_range() {
    check(&[
        ("[1]", "L.INCREMENT(4611686018427387904, 1)", "error 26", "unchanged"),
        ("[1]", "L.INCREMENT(-4611686018427387904, 1)", "error 26", "unchanged"),
        ("[1]", "L.INCREMENT(2000000000, 1)", "error 13", "unchanged"),
    ]);
}

#[test]
fn what_clients_see_stays() {
    check(&[
        ("[2, 1]", "L.SORT(3)", "error 4", "unchanged"),
        ("[[1, 2]]", "L.INSERT(0, 3) ctx [0x13, [1, *]]", "error 4", "unchanged"),
        ("[[1, 2]]", "L.INCREMENT(0, 3) ctx [0x13, [1, *]]", "int 4", "[[4, 2]]"),
        ("{'a':{'b':1}}", "M.PUT('c', 1) ctx [0x23, {'b':*}]", "error 4", "unchanged"),
    ]);
}
