use aerospike_wire::bit_op::{
    ADD, AND, COUNT, GET, GET_INT, INSERT, LSCAN, LSHIFT, NOT, OR, REMOVE, RESIZE, RSCAN, RSHIFT, SET,
    SET_INT, XOR, flags, integer_flags, resize_flags,
};
use aerospike_wire::msgpack::{put_bool, put_float64, put_int, put_list_head, put_typed_raw, put_uint};
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{Particle, ParticleType, ResultCode};
use proptest::prelude::*;

use super::{modify, read};
use crate::collection::Outcome;

#[derive(Clone, Debug)]
enum Arg {
    Int(i64),
    Uint(u64),
    Bytes(Vec<u8>),
    Bool(bool),
    Float(f64),
    List(Vec<Arg>),
}

impl From<i64> for Arg {
    fn from(value: i64) -> Arg {
        Arg::Int(value)
    }
}

impl From<&[u8]> for Arg {
    fn from(bytes: &[u8]) -> Arg {
        Arg::Bytes(bytes.to_vec())
    }
}

impl From<bool> for Arg {
    fn from(value: bool) -> Arg {
        Arg::Bool(value)
    }
}

fn put(out: &mut Vec<u8>, arg: &Arg) {
    match arg {
        Arg::Int(value) => put_int(out, *value),
        Arg::Uint(value) => put_uint(out, *value),
        Arg::Bytes(bytes) => put_typed_raw(out, ParticleType::BLOB.0, bytes),
        Arg::Bool(value) => put_bool(out, *value),
        Arg::Float(value) => put_float64(out, *value),
        Arg::List(args) => out.extend(op(args)),
    }
}

fn op(args: &[Arg]) -> Vec<u8> {
    let mut out = Vec::new();
    put_list_head(&mut out, args.len() as u32);
    args.iter().for_each(|arg| put(&mut out, arg));
    out
}

macro_rules! op {
    ($($arg:expr),*) => { op(&[$(Arg::from($arg)),*]) };
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

fn blob(data: &[u8]) -> Particle<'_> {
    Particle::new(ParticleType::BLOB, data)
}

fn changed(data: &[u8]) -> Result<Outcome, ResultCode> {
    Ok(Outcome::changed(ParticleBuf::new(ParticleType::BLOB, data.to_vec())))
}

#[test]
fn modify_vectors() {
    let x = |text| Arg::Bytes(hex(text));
    let i = Arg::Int;
    type Row = (u32, Vec<Arg>, &'static str, Result<&'static str, u8>);
    let rows: Vec<Row> = vec![
        (1, vec![i(0), i(4), i(0), i(0)], "0102", Ok("01020000")),
        (2, vec![i(0), i(4), i(0), i(1)], "0102", Ok("00000102")),
        (3, vec![i(0), i(1), i(0), i(1)], "010203", Ok("03")),
        (4, vec![i(0), i(1), i(0), i(2)], "0102", Err(4)),
        (6, vec![i(1), i(1), x("ffee"), i(0)], "0102", Ok("01ffee02")),
        (7, vec![i(1), i(4), x("ff"), i(0)], "0102", Ok("01020000ff")),
        (8, vec![i(1), i(-1), x("ff"), i(0)], "0102", Ok("01ff02")),
        (10, vec![i(1), i(-3), x("ff"), i(4)], "0102", Err(4)),
        (11, vec![i(2), i(1), i(5), i(8)], "010203", Ok("01")),
        (12, vec![i(2), i(1), i(5), i(0)], "010203", Err(4)),
        (13, vec![i(3), i(4), i(8), x("ff"), i(0)], "0000", Ok("0ff0")),
        (14, vec![i(3), i(1), i(3), x("a0"), i(0)], "0000", Ok("5000")),
        (15, vec![i(3), i(0), i(4), x("ffff"), i(0)], "0000", Ok("f000")),
        (16, vec![i(3), i(12), i(8), x("ff"), i(8)], "0000", Ok("000f")),
        (17, vec![i(3), i(12), i(8), x("ff"), i(0)], "0000", Err(26)),
        (18, vec![i(3), i(-4), i(4), x("ff"), i(0)], "0000", Ok("000f")),
        (19, vec![i(4), i(4), i(8), x("aa"), i(0)], "0f00", Ok("0fa0")),
        (20, vec![i(5), i(4), i(8), x("aa"), i(0)], "ffff", Ok("f55f")),
        (21, vec![i(6), i(4), i(8), x("aa"), i(0)], "ffff", Ok("faaf")),
        (22, vec![i(6), i(4), i(24), x("aaaaaa"), i(8)], "ffffff", Ok("faaaaa")),
        (23, vec![i(7), i(2), i(9), i(0)], "0f0f", Ok("30ef")),
        (24, vec![i(8), i(0), i(16), i(4), i(0)], "ff01", Ok("f010")),
        (25, vec![i(8), i(4), i(8), i(3), i(0)], "ffff", Ok("ff8f")),
        (26, vec![i(9), i(4), i(8), i(3), i(0)], "ffff", Ok("f1ff")),
        (27, vec![i(9), i(4), i(8), i(100), i(0)], "ffff", Ok("f00f")),
        (28, vec![i(8), i(12), i(8), i(2), i(8)], "ffff", Ok("fffc")),
        (29, vec![i(9), i(12), i(8), i(2), i(8)], "ffff", Ok("fff3")),
        (30, vec![i(10), i(0), i(16), i(1), i(0), i(0)], "00ff", Ok("0100")),
        (31, vec![i(10), i(0), i(8), i(1), i(0), i(0)], "ff", Err(26)),
        (32, vec![i(10), i(0), i(8), i(1), i(0), i(4)], "ff", Ok("00")),
        (33, vec![i(10), i(0), i(8), i(2), i(0), i(2)], "ff", Ok("ff")),
        (34, vec![i(10), i(0), i(8), i(1), i(0), i(3)], "7f", Ok("7f")),
        (35, vec![i(10), i(0), i(8), i(-1), i(0), i(1)], "05", Ok("04")),
        (36, vec![i(10), i(0), i(8), i(-1), i(0), i(0)], "05", Err(26)),
        (
            37,
            vec![i(10), i(3), i(64), Arg::Uint(u64::MAX), i(0), i(0)],
            "000000000000000000",
            Ok("1fffffffffffffffe0"),
        ),
        (38, vec![i(11), i(0), i(16), i(1), i(0), i(0)], "0100", Ok("00ff")),
        (39, vec![i(11), i(0), i(8), i(1), i(0), i(2)], "00", Ok("00")),
        (40, vec![i(11), i(0), i(8), i(1), i(0), i(3)], "80", Ok("80")),
        (41, vec![i(12), i(4), i(8), i(171), i(0)], "0000", Ok("0ab0")),
        (42, vec![i(12), i(0), i(16), i(-2), i(0)], "0000", Ok("fffe")),
    ];
    for (row, args, before, after) in rows {
        let after = after.map(hex).map_err(ResultCode);
        let got = modify(Some(blob(&hex(before))), &op(&args));
        assert_eq!(got.map(|outcome| outcome.change.unwrap().data), after, "vector {row}");
    }
    assert_eq!(modify(None, &op![RESIZE, 3, 0, 0]), changed(&[0, 0, 0]), "vector 5");
    assert_eq!(modify(None, &op![INSERT, 2, &[0xff][..], 0]), changed(&[0, 0, 0xff]), "vector 9");
}

#[test]
fn read_vectors() {
    let int = |value| Ok(Some(ParticleBuf::integer(value)));
    let bytes = |text| Ok(Some(ParticleBuf::new(ParticleType::BLOB, hex(text))));
    let rows = [
        (43, op![GET, 4, 8], "abcd", bytes("bc")),
        (44, op![GET, 3, 5], "abcd", bytes("58")),
        (45, op![GET, -4, 4], "abcd", bytes("d0")),
        (46, op![COUNT, 2, 12], "ff0f", int(8)),
        (47, op![LSCAN, 0, 16, true], "0010", int(11)),
        (48, op![LSCAN, 0, 16, false], "ff7f", int(8)),
        (49, op![RSCAN, 0, 16, true], "0110", int(11)),
        (50, op![RSCAN, 4, 8, true], "8000", int(-4)),
        (51, op![GET_INT, 0, 8, 1], "ff00", int(-1)),
        (52, op![GET_INT, 4, 8], "abcd", int(188)),
        // The scan to the left of the region, within its first byte only.
        (0, op![RSCAN, 4, 4, true], "20", int(-2)),
        (0, op![RSCAN, 12, 4, true], "ff00", int(-1)),
        (0, op![LSCAN, 4, 8, true], "8000", int(-1)),
        (0, op![GET_INT, 0, 64], "ffffffffffffffff", int(-1)),
        (0, op![GET, 0, 8], "", Err(ResultCode::OP_NOT_APPLICABLE)),
        (0, op![GET, 9, 8], "abcd", Err(ResultCode::OP_NOT_APPLICABLE)),
        (0, op![GET, -17, 8], "abcd", Err(ResultCode::PARAMETER)),
        (0, op![GET_INT, 0, 65], "00112233445566778899", Err(ResultCode::PARAMETER)),
        (0, op![GET, 0, 0], "abcd", Err(ResultCode::PARAMETER)),
        (0, op![LSCAN, 0, 8, 1], "abcd", Err(ResultCode::PARAMETER)),
        (0, op![GET_INT, 0, 8, 2], "abcd", Err(ResultCode::PARAMETER)),
        (0, op![SET_INT, 0, 8, 2], "abcd", Err(ResultCode::PARAMETER)),
        (0, op![GET, 0, 8, 0], "abcd", Err(ResultCode::PARAMETER)),
        (0, op![55, 0, 8], "abcd", Err(ResultCode::PARAMETER)),
    ];
    for (row, op, data, result) in rows {
        assert_eq!(read(blob(&hex(data)), &op), result, "vector {row}: {op:02x?}");
    }
    let integer = ParticleBuf::integer(1);
    assert_eq!(read(integer.as_particle(), &op![GET, 0, 8]), Err(ResultCode::INCOMPATIBLE_TYPE));
}

#[test]
fn a_shift_of_a_cut_region_shifts_everything_out() {
    let ones = [0xff; 8];
    for (by, last) in [(1, 0x7f), (7, 0x01), (8, 0), (9, 0), (1 << 30, 0)] {
        let mut after = ones;
        after[7] = last;
        assert_eq!(modify(Some(blob(&ones)), &op![RSHIFT, 56, 32, by, 8]), changed(&after), "by {by}");
    }
}

#[test]
fn no_fail_forgives_what_it_may() {
    let data = [1, 2];
    let bin = Some(blob(&data));
    let integer = ParticleBuf::integer(1);
    let no_fail = flags::NO_FAIL as i64;
    let nothing = Ok(Outcome::nothing());
    for (bin, op, strict, forgiven) in [
        (None, op![SET_INT, 0, 8, 1], ResultCode::BIN_NOT_FOUND, nothing.clone()),
        (bin, op![SET_INT, 16, 8, 1], ResultCode::OP_NOT_APPLICABLE, nothing.clone()),
        (bin, op![SET_INT, 9, 8, 1], ResultCode::OP_NOT_APPLICABLE, nothing.clone()),
        (bin, op![SET_INT, -17, 8, 1], ResultCode::PARAMETER, Err(ResultCode::PARAMETER)),
        (bin, op![REMOVE, 2, 1], ResultCode::PARAMETER, nothing.clone()),
        (bin, op![REMOVE, 1, 2], ResultCode::PARAMETER, nothing.clone()),
        (bin, op![REMOVE, -3, 1], ResultCode::PARAMETER, Err(ResultCode::PARAMETER)),
        (bin, op![NOT, 0, 0], ResultCode::PARAMETER, Err(ResultCode::PARAMETER)),
        (None, op![INSERT, -1, &[1][..]], ResultCode::PARAMETER, Err(ResultCode::PARAMETER)),
        (
            Some(integer.as_particle()),
            op![NOT, 0, 8],
            ResultCode::INCOMPATIBLE_TYPE,
            Err(ResultCode::INCOMPATIBLE_TYPE),
        ),
    ] {
        assert_eq!(modify(bin, &op), Err(strict), "{op:02x?}");
        let mut lenient = op.clone();
        lenient[0] += 1;
        lenient.push(no_fail as u8);
        assert_eq!(modify(bin, &lenient), forgiven, "{op:02x?}");
    }
    let create = flags::CREATE_ONLY as i64;
    assert_eq!(modify(bin, &op![RESIZE, 1, create]), Err(ResultCode::BIN_EXISTS));
    assert_eq!(modify(bin, &op![RESIZE, 1, create | no_fail]), nothing);
    let update = flags::UPDATE_ONLY as i64;
    assert_eq!(modify(None, &op![RESIZE, 1, update]), Err(ResultCode::BIN_NOT_FOUND));
    assert_eq!(modify(None, &op![RESIZE, 1, update | no_fail]), nothing);
    assert_eq!(modify(None, &op![RESIZE, 1, update | create]), Err(ResultCode::PARAMETER));
    let grow = resize_flags::GROW_ONLY as i64;
    assert_eq!(modify(bin, &op![RESIZE, 1, no_fail, grow]), nothing);
    assert_eq!(modify(bin, &op![RESIZE, 2, no_fail, grow]), nothing);
    assert_eq!(
        modify(bin, &op![RESIZE, 1, 0, grow | resize_flags::SHRINK_ONLY as i64]),
        Err(ResultCode::PARAMETER)
    );
    assert_eq!(modify(bin, &op![ADD, 0, 8, 255, no_fail, integer_flags::SIGNED as i64]), changed(&[0, 2]));
    assert_eq!(modify(bin, &op![ADD, 0, 8, 255, no_fail, 0]), nothing);
    assert_eq!(modify(bin, &op![ADD, 0, 8, 255, 0, 6]), Err(ResultCode::PARAMETER));
    assert_eq!(modify(bin, &op![ADD, 0, 8, 255, flags::PARTIAL as i64, 0]), Err(ResultCode::PARAMETER));
    assert_eq!(modify(None, &op![RESIZE, 0]), nothing);
    assert_eq!(modify(bin, &op![RESIZE, 0]), changed(&[]));
    assert_eq!(modify(bin, &op![REMOVE, 0, 2]), changed(&[]));
}

#[test]
fn odd_overflows() {
    let signed = integer_flags::SIGNED;
    let add = |a: u8, b: i64, subtract, flags| super::region::add(a as u64, b as u64, 8, subtract, flags);
    assert_eq!(add(0x80, -128, false, signed), Some(0));
    assert_eq!(add(0x80, -127, false, signed), None);
    assert_eq!(add(0xff, -128, true, signed), None);
    assert_eq!(add(0xff, -128, true, signed | integer_flags::SATURATE), Some(0x80));
    assert_eq!(add(0, -128, true, signed), Some(0x80));
    assert_eq!(add(1, -128, true, signed), Some(0x81));
    assert_eq!(super::region::add(1, 1, 1, false, signed), Some(0));
}

#[test]
fn a_short_request_cannot_claim_much_memory() {
    for op in [op![RESIZE, 8 << 20 | 1], op![RESIZE, (128 << 20) - 1], op![INSERT, 100 << 20, &[1][..]]] {
        assert_eq!(modify(None, &op), Err(ResultCode::RECORD_TOO_BIG));
    }
    for op in [op![RESIZE, 128 << 20], op![RESIZE, 128 << 20 | 1], op![INSERT, 128 << 20, &[1][..]]] {
        assert_eq!(modify(None, &op), Err(ResultCode::PARAMETER));
    }
}

#[test]
fn bad_arguments() {
    let data = [0; 4];
    for op in [
        op![],
        op![RESIZE],
        op![RESIZE, -1],
        op![RESIZE, 1, 8],
        op![RESIZE, 1, 0, 0, 0],
        op![INSERT, 0, 1],
        op![INSERT, 0, &[][..]],
        op![REMOVE, 0, 0],
        op![SET, 0, 9, &[1][..]],
        op![SET, 0, 8, &[1][..], 1],
        op![OR, 0, 8, 255],
        op![NOT, 0, (1 << 30) + 1],
        op![NOT, (1 << 30) + 1, 1],
        op![LSHIFT, 0, 8, -1],
        op![SET_INT, 0, 65, 1],
        op![SET_INT, 0, 8, true],
        op![GET, 0, 8],
        op![13, 0, 8],
        op(&[Arg::Int(NOT), Arg::Uint(u64::MAX), Arg::Int(1)]),
        op(&[Arg::Int(NOT), Arg::Float(0.0), Arg::Int(1)]),
        op(&[Arg::Int(NOT), Arg::List(vec![]), Arg::Int(1)]),
        [&op![NOT, 0, 1][..], &[0]].concat(),
        op![NOT, 0, 1][..3].to_vec(),
        vec![0x80],
        vec![],
    ] {
        assert_eq!(modify(Some(blob(&data)), &op), Err(ResultCode::PARAMETER), "{op:02x?}");
    }
}

fn bits(data: &[u8]) -> Vec<bool> {
    data.iter().flat_map(|byte| (0..8).map(move |bit| byte >> (7 - bit) & 1 == 1)).collect()
}

fn bytes(bits: &[bool]) -> Vec<u8> {
    bits.chunks(8)
        .map(|chunk| (0..8).fold(0, |b, i| b << 1 | chunk.get(i).copied().unwrap_or(false) as u8))
        .collect()
}

/// A plain model: what an operation with valid arguments inside the blob does to a vector of bits.
fn model(id: i64, bits: &mut [bool], value: &[bool], by: usize) {
    let old = bits.to_vec();
    let size = bits.len();
    for i in 0..size {
        bits[i] = match id {
            SET => value[i],
            OR => old[i] | value[i],
            XOR => old[i] ^ value[i],
            AND => old[i] & value[i],
            NOT => !old[i],
            LSHIFT => i + by < size && old[i + by],
            RSHIFT => i >= by && old[i - by],
            _ => unreachable!("only operations on regions"),
        }
    }
}

prop_compose! {
    fn blob_and_region()(data in prop::collection::vec(any::<u8>(), 1..90))
        (start in 0..data.len() * 8, size in 1usize..720, data in Just(data)) -> (Vec<u8>, usize, usize) {
        let size = size.min(data.len() * 8 - start);
        (data, start, size)
    }
}

proptest! {
    #[test]
    fn regions_change_as_a_vector_of_bits_does(
        (data, start, size) in blob_and_region(),
        id in prop::sample::select(vec![SET, OR, XOR, AND, NOT, LSHIFT, RSHIFT]),
        value in prop::collection::vec(any::<u8>(), 90),
        by in 0usize..800,
        from_end: bool,
        overhang in 0i64..100,
    ) {
        let mut expected = bits(&data);
        model(id, &mut expected[start..start + size], &bits(&value), by);
        let offset = if from_end { start as i64 - data.len() as i64 * 8 } else { start as i64 };
        // A region that reaches the end may also be asked for beyond it, with the partial flag.
        let reaches_end = start + size == data.len() * 8;
        let size = size as i64 + if reaches_end { overhang } else { 0 };
        let mut args = vec![Arg::Int(id), Arg::Int(offset), Arg::Int(size)];
        let value = [&value[..], &[0; 20]].concat();
        match id {
            NOT => {}
            LSHIFT | RSHIFT => args.push(Arg::Int(by as i64)),
            _ => args.push(Arg::Bytes(value)),
        }
        args.push(Arg::Int(flags::PARTIAL as i64));
        prop_assert_eq!(modify(Some(blob(&data)), &op(&args)), changed(&bytes(&expected)));
    }

    #[test]
    fn regions_read_as_a_vector_of_bits_does((data, start, size) in blob_and_region(), wanted: bool, signed: bool) {
        let all = bits(&data);
        let region = &all[start..start + size];
        let (offset, count) = (start as i64, size as i64);
        let int = |op: Vec<u8>| read(blob(&data), &op).unwrap().unwrap().as_particle().as_integer().unwrap();
        let got = read(blob(&data), &op![GET, offset, count]).unwrap().unwrap();
        prop_assert_eq!(got.data, bytes(region));
        prop_assert_eq!(int(op![COUNT, offset, count]), region.iter().filter(|bit| **bit).count() as i64);
        let first = region.iter().position(|bit| *bit == wanted).map_or(-1, |at| at as i64);
        prop_assert_eq!(int(op![LSCAN, offset, count, wanted]), first);
        let lead = start % 8;
        let last = all[start - lead..start + size].iter().rposition(|bit| *bit == wanted);
        prop_assert_eq!(int(op![RSCAN, offset, count, wanted]), last.map_or(-1, |at| at as i64 - lead as i64));
        if size <= 64 {
            let mut value = region.iter().fold(0i128, |sum, bit| sum << 1 | *bit as i128);
            if signed && region[0] {
                value -= 1 << size;
            }
            prop_assert_eq!(int(op![GET_INT, offset, count, signed as i64]), value as i64);
        }
    }

    #[test]
    fn integers_add_as_the_table_says(
        size in 1usize..=64, a: u64, b: u64, narrow in 0u32..60, subtract: bool, signed: bool, mode in prop::sample::select(vec![0u64, 2, 4]),
    ) {
        let modulus = 1i128 << size;
        let (value, operand) = ((a >> narrow) as i128 % modulus, (b >> narrow) as i128 % modulus);
        let s = |x: i128| if x >= modulus / 2 { x - modulus } else { x };
        let term = if subtract { (modulus - operand) % modulus } else { operand };
        let sum = (value + term) % modulus;
        let bound = if signed {
            match [value, term, sum].map(|x| s(x).signum()) {
                [1, 1, -1] => Some(modulus / 2 - 1),
                [-1, -1, 1] => Some(modulus / 2),
                _ => None,
            }
        } else if subtract {
            (sum > value).then_some(0)
        } else {
            (sum < value).then_some(modulus - 1)
        };
        let expected = match (bound, mode) {
            (None, _) | (Some(_), integer_flags::WRAP) => Some(sum as u64),
            (Some(bound), integer_flags::SATURATE) => Some(bound as u64),
            _ => None,
        };
        let got = super::region::add(value as u64, operand as u64, size, subtract, mode | signed as u64);
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn bytes_come_and_go(
        data in prop::collection::vec(any::<u8>(), 1..40), at in 0usize..60, new in prop::collection::vec(any::<u8>(), 1..20),
        cut in 1usize..50, size in 0usize..60, front: bool,
    ) {
        let mut inserted = data.clone();
        inserted.resize(data.len().max(at), 0);
        inserted.splice(at..at, new.iter().copied());
        prop_assert_eq!(modify(Some(blob(&data)), &op![INSERT, at as i64, &new[..]]), changed(&inserted));

        let at = at % data.len();
        let mut removed = data.clone();
        removed.drain(at..data.len().min(at + cut));
        let partial = flags::PARTIAL as i64;
        prop_assert_eq!(modify(Some(blob(&data)), &op![REMOVE, at as i64, cut as i64, partial]), changed(&removed));

        let mut resized = data.clone();
        if front {
            resized.reverse();
        }
        resized.resize(size, 0);
        if front {
            resized.reverse();
        }
        let got = modify(Some(blob(&data)), &op![RESIZE, size as i64, 0, front as i64]).unwrap();
        prop_assert_eq!(got.change.map_or(data.clone(), |change| change.data), resized);
    }

    #[test]
    fn anything_at_all_is_answered(
        id in 0i64..60,
        args in prop::collection::vec(prop_oneof![
            (-70i64..70).prop_map(Arg::Int),
            any::<i64>().prop_map(Arg::Int),
            any::<u64>().prop_map(Arg::Uint),
            prop::collection::vec(any::<u8>(), 0..12).prop_map(Arg::Bytes),
            any::<bool>().prop_map(Arg::Bool),
        ], 0..6),
        data in prop::option::of(prop::collection::vec(any::<u8>(), 0..12)),
        cut in 0usize..4,
    ) {
        let args: Vec<Arg> = std::iter::once(Arg::Int(id)).chain(args).collect();
        let mut op = op(&args);
        op.truncate(op.len() - cut.min(op.len()));
        if let Some(data) = &data {
            let _ = read(blob(data), &op);
        }
        let _ = modify(data.as_deref().map(blob), &op);
    }
}
