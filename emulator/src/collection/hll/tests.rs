use aerospike_wire::hll_op::{
    ADD, DESCRIBE, FOLD, GET_COUNT, GET_INTERSECT_COUNT, GET_SIMILARITY, GET_UNION, GET_UNION_COUNT, INIT,
    MAY_CONTAIN, REFRESH_COUNT, SET_UNION, flags,
};
use aerospike_wire::msgpack::{put_bool, put_float64, put_int, put_list_head, put_nil, put_typed_raw};
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{Particle, ParticleType, ResultCode};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::{modify, read, validate};
use crate::collection::Outcome;

#[derive(Clone, Debug)]
enum Arg {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Blob(Vec<u8>),
    List(Vec<Arg>),
}

fn put(out: &mut Vec<u8>, arg: &Arg) {
    match arg {
        Arg::Nil => put_nil(out),
        Arg::Bool(value) => put_bool(out, *value),
        Arg::Int(value) => put_int(out, *value),
        Arg::Float(value) => put_float64(out, *value),
        Arg::Text(text) => put_typed_raw(out, ParticleType::STRING.0, text.as_bytes()),
        Arg::Blob(bytes) => put_typed_raw(out, ParticleType::BLOB.0, bytes),
        Arg::List(args) => {
            put_list_head(out, args.len() as u32);
            args.iter().for_each(|arg| put(out, arg));
        }
    }
}

impl From<i64> for Arg {
    fn from(value: i64) -> Arg {
        Arg::Int(value)
    }
}

impl From<i32> for Arg {
    fn from(value: i32) -> Arg {
        Arg::Int(value.into())
    }
}

impl From<u64> for Arg {
    fn from(value: u64) -> Arg {
        Arg::Int(value as i64)
    }
}

impl From<Vec<Arg>> for Arg {
    fn from(list: Vec<Arg>) -> Arg {
        Arg::List(list)
    }
}

impl From<&str> for Arg {
    fn from(text: &str) -> Arg {
        Arg::Text(text.to_owned())
    }
}

macro_rules! op {
    ($($arg:expr),*) => {{
        let mut out = Vec::new();
        put(&mut out, &Arg::List(vec![$(Arg::from($arg)),*]));
        out
    }};
}

fn ints(range: std::ops::Range<i64>) -> Vec<Arg> {
    range.map(Arg::Int).collect()
}

fn hll(data: &[u8]) -> Particle<'_> {
    Particle::new(ParticleType::HLL, data)
}

fn integer(value: i64) -> Option<ParticleBuf> {
    Some(ParticleBuf::integer(value))
}

/// A sketch with elements, and how many of them raised a register.
fn sketch(index_bits: i64, minhash_bits: i64, elements: Vec<Arg>) -> (Vec<u8>, i64) {
    let outcome = modify(None, &op![ADD, elements, index_bits, minhash_bits, 0]).unwrap();
    let added = outcome.result.unwrap().as_particle().as_integer().unwrap();
    (outcome.change.unwrap().data, added)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn digest(sketch: &[u8]) -> String {
    hex(&Sha256::digest(&sketch[11..]))
}

fn int_result(result: Result<Option<ParticleBuf>, ResultCode>) -> i64 {
    result.unwrap().unwrap().as_particle().as_integer().unwrap()
}

#[test]
fn added_elements() {
    let text = |prefix: &'static str| (0..1000).map(move |i| Arg::Text(format!("{prefix}{i}")));
    let blobs = (0..1000).map(|i| Arg::Blob(format!("key{i}").into_bytes()));
    let x = |count: usize| Arg::Text("x".repeat(count));
    let sizes = vec![x(0), x(30), x(31), x(254), x(255), Arg::Blob(vec![]), Arg::Blob(vec![b'z'; 300])];
    let edges = [
        127,
        128,
        255,
        256,
        65535,
        65536,
        (1 << 32) - 1,
        1 << 32,
        i64::MAX,
        -1,
        -32,
        -33,
        -128,
        -129,
        -32768,
        -32769,
        -(1 << 31),
        -(1 << 31) - 1,
        i64::MIN,
    ];
    type Row = (i64, i64, Vec<Arg>, i64, i64, &'static str);
    let rows: Vec<Row> = vec![
        (4, 0, ints(1..2), 1, 1, "d9771509c4b1ba490d81133101a3bf046b2def5dd695d49f8ddda4512ace1098"),
        (4, 0, ints(0..10), 9, 11, "60b9704c7431560305495df7ec5c0fb2f1de9869d691ea36cd4ac28523b054ea"),
        (4, 4, ints(1..2), 1, 1, "ad866886a106ca1c4ffba63d56f87ae37f10bac164ef3de9040e4d9926f7412c"),
        (4, 51, ints(1..2), 1, 1, "c17a7a59e668dea39001b3c5bcfde151e6247a7be1cb7c432a01efa982033011"),
        (
            5,
            0,
            vec!["a".into(), "b".into(), "c".into()],
            3,
            3,
            "c905be1add6bc5acaa77025aea74c633daa9cc1c9529848885c549900b1f2cf1",
        ),
        (6, 0, ints(0..100), 63, 88, "027e928195c299aa00a92a6c6317bec3a3f1766eef4e2f73ec9e1a83755277d0"),
        (7, 9, ints(0..100), 84, 93, "a0b6037833bac5f2ba5fec0edcd0f328560b4ed4130aaae0fdc281ddd1630ccf"),
        (8, 0, ints(0..1000), 426, 1037, "ad6e0142b9171a404af1beda47cb814504d41fdf2d3c7dbf58f56ff0b14b3f92"),
        (8, 0, ints(-500..0), 287, 467, "379b0c30e96d57bec024da91ddd96a91f2fbe1d325a252b81d1271d59524448e"),
        (8, 51, ints(0..1000), 498, 1037, "a91716f502fc296c5eec2e01e4ce873ca43cce55159b9e756777bf7d07ebdb8c"),
        (
            10,
            0,
            text("key").collect(),
            757,
            976,
            "f5490efd899b72801c22b61b0ff84b66ad81aa705b7ff4ca91a91c7855b0cb0b",
        ),
        (
            10,
            0,
            blobs.collect(),
            749,
            986,
            "e1226f04ab062b4711780bf91b7d047af4ac404c905264040a69468b4ef5f27a",
        ),
        (
            12,
            0,
            (0..500).map(|i| Arg::Float(i as f64 / 2.0)).collect(),
            486,
            508,
            "06a880a2160f84abfa6ce2c06a4c3631425d7c03d082e1cd3d2c891e3d0d58cf",
        ),
        (12, 4, ints(0..1000), 939, 992, "0b48999b57335ddbeed5821d54e56961d358761c3ecc912d4637e356a1a6d822"),
        (14, 0, ints(0..1000), 980, 998, "c79f2061a8a6cbe08fe9e423596a8296bff0599add767d71b991a0334ca7375f"),
        (
            14,
            16,
            text("u").collect(),
            974,
            992,
            "e8263bbbd273b4cff8b19733856f21331e29561873bf0f53ade652ffb584be58",
        ),
        (16, 0, ints(0..1000), 997, 1002, "4f45104a70b1797f1c9fd2c06927a29a52a58265993b10efbb43c1a04f70dcb2"),
        (
            16,
            48,
            ints(0..1000),
            998,
            1002,
            "ba43e7f044a0d8f2119d8a3125ccbd185a1dbd08601c97dbc82688af4c64cb68",
        ),
        (
            4,
            0,
            vec![Arg::Bool(true), Arg::Bool(false), Arg::Nil],
            3,
            3,
            "fec82222398c18e14a390811217fb87c782bf96a2749389aaf035fe31f32d7b3",
        ),
        (8, 0, sizes, 7, 7, "7dc0e2c071e05031cf1e3bc836f45d22b10b0f43a9803c99568d8613c9097d30"),
        (
            9,
            0,
            edges.map(Arg::Int).to_vec(),
            19,
            19,
            "1dbb4bb291b55bb765010c519e27e976940065e28d4735e9a1c07a0d1fb027f1",
        ),
    ];
    for (row, (index_bits, minhash_bits, elements, added, count, registers)) in rows.into_iter().enumerate() {
        let (data, got) = sketch(index_bits, minhash_bits, elements.clone());
        assert_eq!(got, added, "vector {}", row + 1);
        assert_eq!(digest(&data), registers, "vector {}", row + 1);
        assert_eq!(data[..11], [0, index_bits as u8, minhash_bits as u8, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(read(hll(&data), &op![GET_COUNT]), Ok(integer(count)), "vector {}", row + 1);
        assert_eq!(read(hll(&data), &op![MAY_CONTAIN, elements.clone()]), Ok(integer(1)));
        // Once more raises nothing and changes nothing.
        let again = modify(Some(hll(&data)), &op![ADD, elements, -1, -1, 0]);
        assert_eq!(again, Ok(Outcome { result: integer(0), change: None }));
    }
}

#[test]
fn whole_sketches() {
    let bool_and_nil = vec![Arg::Bool(true), Arg::Bool(false), Arg::Nil];
    assert_eq!(hex(&sketch(4, 0, ints(1..2)).0), "0004000000000000000000000000000040000000000000");
    assert_eq!(hex(&sketch(4, 0, ints(0..10)).0), "00040000000000000000000000410010410c3000001040");
    assert_eq!(hex(&sketch(4, 0, bool_and_nil).0), "0004000000000000000000006000000002040000000000");
}

#[test]
fn several_sketches() {
    type Range = (i64, i64, i64, i64);
    type Row = (Range, &'static [Range], i64, i64, u64, (u8, u8), &'static str);
    #[rustfmt::skip]
    let rows: [Row; 10] = [
        ((10, 0, 0, 300), &[(10, 0, 150, 500)], 484, 145, 0x3fd32c6e043b3d5b, (10, 0), "7c4f664f2226a0cb"),
        ((12, 0, 0, 300), &[(8, 0, 150, 500)], 500, 148, 0x3fd2f1a9fbe76c8b, (8, 0), "c211597a5425527c"),
        ((10, 20, 0, 300), &[(10, 20, 150, 500)], 484, 144, 0x3fd3113e1db20239, (10, 20), "1120871f272d0976"),
        ((12, 8, 0, 300), &[(8, 8, 150, 500)], 500, 0, 0, (8, 8), "61c257c4b5c736f0"),
        ((8, 8, 0, 300), &[(12, 8, 150, 500)], 500, 0, 0, (8, 8), "5d9d2a8d0118e29a"),
        ((10, 0, 0, 300), &[(10, 0, 150, 500), (10, 0, 100, 250)], 484, 92, 0x3fc854a0cb1b810f, (10, 0), "7c4f664f2226a0cb"),
        ((10, 20, 0, 300), &[(10, 20, 150, 500), (10, 20, 100, 250)], 484, 94, 0x3fc8ded6e17e02a7, (10, 20), "1120871f272d0976"),
        (
            (10, 20, 0, 300), &[(10, 20, 150, 500), (10, 20, 100, 250), (10, 20, 0, 200)],
            484, 50, 0x3fba874b9b3113e5, (10, 20), "1120871f272d0976",
        ),
        ((10, 20, 0, 300), &[(10, 0, 150, 500), (10, 20, 100, 250)], 484, 94, 0x3fc8dc08767ab5f3, (10, 0), "7c4f664f2226a0cb"),
        ((10, 4, 0, 300), &[(10, 4, 1000, 1300)], 591, 0, 0, (10, 4), "3947eebd7d9db468"),
    ];
    let make = |(n, m, from, to): Range| sketch(n, m, ints(from..to)).0;
    for (row, (bin, given, all, common, similarity, (n, m), registers)) in rows.into_iter().enumerate() {
        let bin = make(bin);
        let given: Vec<Arg> = given.iter().map(|range| Arg::Blob(make(*range))).collect();
        let get = |id| read(hll(&bin), &op![id, given.clone()]).unwrap().unwrap();
        assert_eq!(get(GET_UNION_COUNT), ParticleBuf::integer(all), "row {row}");
        assert_eq!(get(GET_INTERSECT_COUNT), ParticleBuf::integer(common), "row {row}");
        let got = get(GET_SIMILARITY).as_particle().as_float().unwrap();
        assert_eq!(got.to_bits(), similarity, "row {row}: {got}");
        let union = get(GET_UNION);
        assert_eq!(union.kind, ParticleType::HLL);
        assert_eq!(union.data[..11], [0, n, m, 0, 0, 0, 0, 0, 0, 0, 0], "row {row}");
        assert_eq!(digest(&union.data)[..16], *registers, "row {row}");
        if let [one] = &given[..] {
            assert_eq!(read(hll(&bin), &op![GET_UNION, one.clone()]), Ok(Some(union.clone())), "row {row}");
        }
        let set = modify(Some(hll(&bin)), &op![SET_UNION, given, flags::ALLOW_FOLD]);
        assert_eq!(set, Ok(Outcome::changed(union)), "row {row}");
    }
}

#[test]
fn sketches_without_data() {
    let empty = |n, m| modify(None, &op![INIT, n, m]).unwrap().change.unwrap().data;
    let bits = |bin: &[u8], given: &[u8]| {
        let op = op![GET_SIMILARITY, vec![Arg::Blob(given.to_vec())]];
        read(hll(bin), &op).unwrap().unwrap().as_particle().as_float().unwrap().to_bits()
    };
    assert_eq!(bits(&empty(8, 0), &empty(8, 0)), 0xfff8000000000000);
    assert_eq!(bits(&empty(8, 4), &empty(8, 4)), 0x7ff8000000000000);
    let filled = sketch(8, 4, ints(0..100)).0;
    assert_eq!(bits(&filled, &empty(8, 4)), 0);
    assert_eq!(bits(&empty(8, 4), &filled), 0);
    // Only the first 16 bytes count: the one register of this sketch lies behind them.
    let far = sketch(4, 51, ints(1..2)).0;
    assert_eq!(bits(&far, &far), 0x7ff8000000000000);
    let given = vec![Arg::Blob(far.clone())];
    assert_eq!(int_result(read(hll(&far), &op![GET_INTERSECT_COUNT, given.clone()])), 0);
    assert_eq!(int_result(read(hll(&far), &op![GET_UNION_COUNT, given])), 1);
}

#[test]
fn the_cached_count_is_believed() {
    let (mut data, _) = sketch(8, 0, ints(0..100));
    let fresh = int_result(read(hll(&data), &op![GET_COUNT]));
    let refreshed = modify(Some(hll(&data)), &op![REFRESH_COUNT]).unwrap();
    data[3] = fresh as u8;
    assert_eq!(refreshed.result, integer(fresh));
    assert_eq!(refreshed.change.unwrap().data, data);

    data[3..11].copy_from_slice(&7777u64.to_le_bytes());
    let itself = vec![Arg::Blob(data.clone())];
    assert_eq!(int_result(read(hll(&data), &op![GET_COUNT])), 7777);
    assert_eq!(modify(Some(hll(&data)), &op![REFRESH_COUNT]).unwrap().result, integer(7777));
    assert_eq!(int_result(read(hll(&data), &op![GET_UNION_COUNT, itself.clone()])), fresh);
    assert_eq!(int_result(read(hll(&data), &op![GET_INTERSECT_COUNT, itself.clone()])), 2 * 7777 - fresh);

    // A union clears it, a fold to the same size and an element that raises nothing do not.
    let united = modify(Some(hll(&data)), &op![SET_UNION, itself]).unwrap().change.unwrap().data;
    assert_eq!((&united[3..11], &united[11..]), (&[0; 8][..], &data[11..]));
    assert_eq!(modify(Some(hll(&data)), &op![FOLD, 8]), Ok(Outcome::nothing()));
    let folded = modify(Some(hll(&data)), &op![FOLD, 4]).unwrap().change.unwrap().data;
    assert_eq!(folded[..11], [0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let added = modify(Some(hll(&data)), &op![ADD, ints(100..200)]).unwrap().change.unwrap().data;
    assert_eq!(added[3..11], [0; 8]);
}

#[test]
fn init_keeps_what_is_left_open() {
    let shape = |bin: Option<&[u8]>, op: Vec<u8>| {
        modify(bin.map(hll), &op).map(|outcome| outcome.change.map(|sketch| (sketch.data[1], sketch.data[2])))
    };
    let (data, _) = sketch(14, 40, ints(0..100));
    let bin = Some(&data[..]);
    assert_eq!(shape(bin, op![INIT]), Ok(Some((14, 40))));
    assert_eq!(shape(bin, op![INIT, 16]), Ok(Some((16, 40))));
    assert_eq!(shape(bin, op![INIT, -1, 0]), Ok(Some((14, 0))));
    assert_eq!(shape(bin, op![INIT, -1, 51]), Err(ResultCode::OP_NOT_APPLICABLE));
    assert_eq!(shape(bin, op![INIT, 14, 51]), Err(ResultCode::PARAMETER));
    assert_eq!(shape(None, op![INIT, 14, 50]), Ok(Some((14, 50))));
    assert_eq!(shape(None, op![INIT, 4]), Ok(Some((4, 0))));
    assert_eq!(shape(None, op![INIT]), Err(ResultCode::OP_NOT_APPLICABLE));
    assert_eq!(shape(None, op![INIT, -1, 8, flags::UPDATE_ONLY]), Err(ResultCode::BIN_NOT_FOUND));
    assert_eq!(shape(None, op![INIT, -1, 8, flags::UPDATE_ONLY | flags::NO_FAIL]), Ok(None));
    assert_eq!(shape(bin, op![INIT, -1, 8, flags::CREATE_ONLY]), Err(ResultCode::BIN_EXISTS));
    assert_eq!(shape(bin, op![INIT, -1, 8, flags::CREATE_ONLY | flags::NO_FAIL]), Ok(None));
}

#[test]
fn errors() {
    let (plain, _) = sketch(8, 0, ints(0..10));
    let (minhash, _) = sketch(8, 8, ints(0..10));
    let text = ParticleBuf::new(ParticleType::STRING, b"text".to_vec());
    let corrupt = ParticleBuf::new(ParticleType::HLL, b"corrupt".to_vec());
    let bin = Some(hll(&plain));
    let given =
        |sketches: &[&Vec<u8>]| sketches.iter().map(|data| Arg::Blob((*data).clone())).collect::<Vec<_>>();
    let no_fail = flags::NO_FAIL;
    let (bad, gone, exists, kind, unfit) = (
        ResultCode::PARAMETER,
        ResultCode::BIN_NOT_FOUND,
        ResultCode::BIN_EXISTS,
        ResultCode::INCOMPATIBLE_TYPE,
        ResultCode::OP_NOT_APPLICABLE,
    );
    for (bin, op, code) in [
        (bin, op![INIT, 3], bad),
        (bin, op![INIT, 17], bad),
        (bin, op![INIT, 4, 3], bad),
        (bin, op![INIT, 4, 52], bad),
        (bin, op![INIT, 4, 0, 8], bad),
        (bin, op![INIT, 4, 0, 3], bad),
        (bin, op![INIT, 4, 0, 0, 0], bad),
        (bin, op![ADD], bad),
        (bin, op![ADD, 1], bad),
        (bin, op![ADD, vec![]], bad),
        (bin, op![ADD, vec![Arg::List(vec![])]], bad),
        (bin, op![ADD, ints(0..1), 4, 0, flags::UPDATE_ONLY], bad),
        (bin, op![ADD, ints(0..1), 14, 51], bad),
        (bin, op![ADD, ints(0..1), -1, -1, flags::CREATE_ONLY], exists),
        (None, op![ADD, ints(0..1)], unfit),
        (None, op![ADD, ints(0..1), -1, -1, no_fail], unfit),
        (bin, op![SET_UNION, vec![]], bad),
        (bin, op![SET_UNION, 1], bad),
        (bin, op![SET_UNION, given(&[&plain[..22].to_vec()])], bad),
        (bin, op![SET_UNION, given(&[&sketch(4, 0, ints(0..1)).0])], unfit),
        (bin, op![SET_UNION, given(&[&sketch(4, 0, ints(0..1)).0]), no_fail], unfit),
        (Some(hll(&minhash)), op![SET_UNION, given(&[&plain])], unfit),
        (None, op![SET_UNION, given(&[&plain]), flags::UPDATE_ONLY], gone),
        (None, op![REFRESH_COUNT], gone),
        (None, op![FOLD, 4], gone),
        (bin, op![REFRESH_COUNT, 1], bad),
        (bin, op![FOLD], bad),
        (bin, op![FOLD, 3], bad),
        (bin, op![FOLD, 9], unfit),
        (bin, op![FOLD, -1], unfit),
        (Some(hll(&minhash)), op![FOLD, 8], unfit),
        (bin, op![5], bad),
        (bin, op![GET_COUNT], bad),
        (Some(text.as_particle()), op![ADD], kind),
        (Some(text.as_particle()), op![5], bad),
        (Some(corrupt.as_particle()), op![ADD, ints(0..1)], ResultCode::SERVER),
    ] {
        assert_eq!(modify(bin, &op), Err(code), "{op:02x?}");
    }
    let three = given(&[&plain, &plain, &plain]);
    let three_minhash = given(&[&minhash, &minhash, &minhash]);
    for (bin, op, code) in [
        (hll(&plain), op![ADD], bad),
        (hll(&plain), op![57], bad),
        (hll(&plain), op![GET_COUNT, 1], bad),
        (hll(&plain), op![GET_UNION], bad),
        (hll(&plain), op![GET_UNION, vec![]], bad),
        (hll(&plain), op![MAY_CONTAIN, vec![]], bad),
        (hll(&plain), op![GET_SIMILARITY, three.clone()], bad),
        (hll(&plain), op![GET_INTERSECT_COUNT, three], bad),
        (hll(&plain), op![GET_SIMILARITY, three_minhash], unfit),
        (text.as_particle(), op![GET_COUNT, 1], kind),
        (text.as_particle(), op![49], bad),
        (corrupt.as_particle(), op![GET_COUNT], ResultCode::SERVER),
    ] {
        assert_eq!(read(bin, &op), Err(code), "{op:02x?}");
    }
    let nothing = Ok(Outcome::nothing());
    assert_eq!(modify(bin, &op![ADD, ints(0..1), -1, -1, flags::CREATE_ONLY | no_fail]), nothing);
    assert_eq!(modify(None, &op![SET_UNION, given(&[&plain]), flags::UPDATE_ONLY | no_fail]), nothing);
    let described = ParticleBuf::new(ParticleType::LIST, vec![0x92, 8, 8]);
    assert_eq!(read(hll(&minhash), &op![DESCRIBE]), Ok(Some(described)));
}

#[test]
fn whole_values() {
    let (data, _) = sketch(4, 0, ints(0..10));
    assert_eq!(validate(&data), Ok(()));
    for (at, byte) in [(0, 1), (1, 3), (1, 17), (1, 5), (2, 3), (2, 4), (2, 52)] {
        let mut data = data.clone();
        data[at] = byte;
        assert_eq!(validate(&data), Err(ResultCode::PARAMETER), "{byte} at {at}");
    }
    assert_eq!(validate(&data[..22]), Err(ResultCode::PARAMETER));
    assert_eq!(validate(&[]), Err(ResultCode::PARAMETER));
    // 16 + 49 bits exceed one half of the hash.
    let mut data = vec![0; 11 + (1 << 16) * 55 / 8];
    data[1..3].copy_from_slice(&[16, 49]);
    assert_eq!(validate(&data), Err(ResultCode::PARAMETER));
}

/// A plain model: registers in a vector, elements hashed one by one.
fn model(index_bits: u32, minhash_bits: u32, elements: &[i64]) -> Vec<u64> {
    let mut registers = vec![0; 1 << index_bits];
    for element in elements {
        let mut bytes = Vec::new();
        put_int(&mut bytes, *element);
        let (low, high) = mur3::murmurhash3_x64_128(&bytes, 0);
        let index = (low % (1 << index_bits)) as usize;
        let minhash = (low >> index_bits) % (1 << minhash_bits);
        let value = (high.trailing_zeros() as u64 + 1) * (1 << minhash_bits) + minhash;
        registers[index] = registers[index].max(value);
    }
    registers
}

fn registers(data: &[u8]) -> Vec<u64> {
    let width = 6 + data[2] as usize;
    let bits: Vec<u64> =
        data[11..].iter().flat_map(|byte| (0..8).map(move |bit| (byte >> (7 - bit) & 1) as u64)).collect();
    bits.chunks(width).map(|bits| bits.iter().fold(0, |sum, bit| sum << 1 | bit)).collect()
}

fn shapes() -> impl Strategy<Value = (i64, i64)> {
    (4i64..=8, prop_oneof![Just(0i64), 4i64..=51])
}

proptest! {
    #[test]
    fn registers_are_those_of_the_model((n, m) in shapes(), elements: Vec<i64>, more: Vec<i64>) {
        let all = [&elements[..], &[1], &more].concat();
        let (first, _) = sketch(n, m, elements.iter().chain([&1]).copied().map(Arg::Int).collect());
        prop_assert_eq!(validate(&first), Ok(()));
        prop_assert_eq!(registers(&first), model(n as u32, m as u32, &[&elements[..], &[1]].concat()));
        let list: Vec<Arg> = all.iter().copied().map(Arg::Int).collect();
        let second = modify(Some(hll(&first)), &op![ADD, list]).unwrap().change.map_or(first.clone(), |new| new.data);
        prop_assert_eq!(registers(&second), model(n as u32, m as u32, &all));
    }

    #[test]
    fn a_union_is_the_sketch_of_all_elements((n, m) in shapes(), fold in 0i64..3, a: Vec<i64>, b: Vec<i64>) {
        // Without minhashes a union with fewer registers is that of a smaller sketch.
        let n2 = if m == 0 { (n - fold).max(4) } else { n };
        let list = |elements: &[i64]| elements.iter().chain([&7]).copied().map(Arg::Int).collect::<Vec<_>>();
        let (left, _) = sketch(n, m, list(&a));
        let (right, _) = sketch(n2, m, list(&b));
        let (both, _) = sketch(n2, m, [list(&a), list(&b)].concat());
        let union = read(hll(&left), &op![GET_UNION, vec![Arg::Blob(right.clone())]]).unwrap().unwrap();
        prop_assert_eq!(&union.data, &both);
        let counted = read(hll(&left), &op![GET_UNION_COUNT, vec![Arg::Blob(right)]]);
        prop_assert_eq!(counted, read(hll(&both), &op![GET_COUNT]));
        if m == 0 {
            let folded = modify(Some(hll(&left)), &op![FOLD, n2]).unwrap().change.map_or(left.clone(), |new| new.data);
            prop_assert_eq!(folded, sketch(n2, 0, list(&a)).0);
        }
    }

    #[test]
    fn anything_at_all_is_answered(
        id in prop_oneof![0i64..6, 49i64..58],
        args in prop::collection::vec(arguments(), 0..4),
        bin in prop::option::of(prop_oneof![prop::collection::vec(any::<u8>(), 0..40), some_sketch()]),
        cut in 0usize..4,
    ) {
        let mut op = Vec::new();
        put(&mut op, &Arg::List(std::iter::once(Arg::Int(id)).chain(args).collect()));
        op.truncate(op.len() - cut.min(op.len()));
        if let Some(bin) = &bin {
            let _ = read(hll(bin), &op);
        }
        if let Ok(Outcome { change: Some(new), .. }) = modify(bin.as_deref().map(hll), &op) {
            prop_assert_eq!(validate(&new.data), Ok(()));
        }
    }
}

/// A sketch with arbitrary registers and an arbitrary cached count.
fn some_sketch() -> impl Strategy<Value = Vec<u8>> {
    let body = prop::collection::vec(any::<u8>(), 12 + 40);
    (prop_oneof![Just((4u8, 0u8)), Just((5, 0)), Just((4, 4)), Just((5, 6))], body).prop_map(
        |((n, m), body)| {
            let size = 8 + (1 << n) * (6 + m as usize) / 8;
            let cached = if body[0] & 1 == 0 { [0; 8] } else { [body[1]; 8] };
            [&[0, n, m][..], &cached, &body.iter().cycle().take(size - 8).copied().collect::<Vec<_>>()]
                .concat()
        },
    )
}

fn arguments() -> impl Strategy<Value = Arg> {
    let leaf = prop_oneof![
        (-2i64..60).prop_map(Arg::Int),
        any::<i64>().prop_map(Arg::Int),
        some_sketch().prop_map(Arg::Blob),
        prop::collection::vec(any::<u8>(), 0..30).prop_map(Arg::Blob),
        any::<bool>().prop_map(Arg::Bool),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| prop::collection::vec(inner, 0..5).prop_map(Arg::List))
}
