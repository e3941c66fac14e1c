//! Operations of any bytes, and operations that are nearly right: always an answer, never a panic, and what rests
//! afterwards can be worked on.

use super::notation::{self, Reply};
use super::run;
use crate::collection::scan::is_element;
use aerospike_wire::ParticleType;
use proptest::prelude::*;

const BINS: &[&str] = &[
    "none",
    "5",
    "[]",
    "[1, 5, 3, 1, 'a', [2, 3], {'a':1}, nil, 1.5]",
    "o[1, 1, 3, 5, [2]]",
    "{}",
    "{'a':1, 'b':[1, 2], 3:{'x':1}, 4:nil}",
    "k{1:5, 2:5, 3:1}",
    "pkv{1:5, 2:5, 3:[1]}",
    "o[[1], [1, 5], [3]]",
];

/// Operations of all kinds, to be spoiled.
const OPERATIONS: &[&str] = &[
    "L.SET_TYPE(1)",
    "L.APPEND([1, {'b':1, 'a':2}], 1, 15)",
    "L.APPEND_ITEMS([1, 2, 2, 'x'], 1, 13)",
    "L.INSERT(3, 'x', 6)",
    "L.INSERT_ITEMS(-1, [7, 8], 13)",
    "L.SET(2, 9, 1)",
    "L.INCREMENT(0, 1.5, 0, 7)",
    "L.SORT(2)",
    "L.TRIM(1, 2)",
    "L.GET_BY_RANK_RANGE(INV+7, -2, 3)",
    "L.REMOVE_BY_VALUE_LIST(4, [1, *, 'a'])",
    "L.GET_BY_VALUE_REL_RANK(3, [1, INF], -2, 2)",
    "L.APPEND(9) ctx [0x62, 'b', 0x90, 2]",
    "L.APPEND(9) ctx [0xd0, 1, 0x22, nil]",
    "L.POP(0) ctx [0x11, -1, 0x13, [1, *]]",
    "M.SET_TYPE(0x13)",
    "M.PUT('a', [1], 3, 7)",
    "M.PUT_ITEMS({'c':1, 'a':2}, 1, 14)",
    "M.INCREMENT(1, 2, 1)",
    "M.REMOVE_BY_KEY_INTERVAL(8, 'a', INF)",
    "M.GET_BY_VALUE_LIST(INV+3, [1, 1, 5])",
    "M.GET_BY_KEY_LIST(1, ['b', 'a', *])",
    "M.REMOVE_BY_RANK_RANGE(17, 0, 2) ctx [0x20, 1]",
    "SELECT([4, value>4, 0x2a, [1, 2]], 0x10)",
    "SELECT([0x10, 0, 0x204, value>4], 0x14, value+1)",
];

/// Runs an operation both ways on a bin; what it leaves must be one element that other operations can work on.
fn survive(bin: &str, op: &[u8]) {
    let bin = notation::bin(bin);
    run(bin.as_ref(), op, true);
    let (_, now) = run(bin.as_ref(), op, false);
    let Some(now) = now else { return };
    if matches!(now.kind, ParticleType::LIST | ParticleType::MAP) {
        assert!(is_element(&now.data), "{op:x?} left {now:x?}");
        let size = notation::operation(if now.kind == ParticleType::LIST { "L.SIZE()" } else { "M.SIZE()" });
        assert!(matches!(run(Some(&now), &size, true).0, Reply::Result(_)));
        let ranks = match now.kind {
            ParticleType::LIST => notation::operation("L.GET_BY_RANK_RANGE(1, 0)"),
            _ => notation::operation("M.GET_BY_RANK_RANGE(1, 0)"),
        };
        assert!(matches!(run(Some(&now), &ranks, true).0, Reply::Result(_)));
    }
}

#[test]
fn every_operation_on_every_bin() {
    for bin in BINS {
        for operation in OPERATIONS {
            let op = notation::operation(operation);
            survive(bin, &op);
            for end in 0..op.len() {
                survive(bin, &op[..end]);
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes(bin in prop::sample::select(BINS), op in prop::collection::vec(any::<u8>(), 0..40)) {
        survive(bin, &op);
    }

    #[test]
    fn spoiled_operations(
        bin in prop::sample::select(BINS),
        operation in prop::sample::select(OPERATIONS),
        spoils in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        rest in prop::collection::vec(any::<u8>(), 0..6),
    ) {
        let mut op = notation::operation(operation);
        for (at, byte) in spoils {
            let at = at.index(op.len());
            op[at] = byte;
        }
        op.extend(rest);
        survive(bin, &op);
    }

    /// Ids and small arguments of the right types: deeper than random bytes get.
    #[test]
    fn any_id(
        bin in prop::sample::select(BINS),
        id in 0u8..128,
        arguments in prop::collection::vec(prop::sample::select(vec![
            &[0u8][..], &[1], &[7], &[0xff], &[0xfe], &[0x90], &[0x92, 1, 5], &[0x80], &[0x81, 1, 2], &[0xc0],
            &[0xd4, 0xff, 0], &[0xd4, 0xff, 1], &[0xa2, 3, 0x61], &[0xce, 0, 1, 0, 7], &[0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0],
            &[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], &[0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ]), 0..5),
    ) {
        let mut op = vec![0x91 + arguments.len() as u8, id];
        arguments.iter().for_each(|argument| op.extend_from_slice(argument));
        survive(bin, &op);
    }
}
