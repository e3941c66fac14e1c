//! Rules of the reference beyond its vectors.

use super::Expect::{E4, Nil, U};
use super::*;
use crate::expression::{Type, operation::*};
use proptest::prelude::*;

/// One operand for each truth value.
fn operand(value: char) -> &'static str {
    match value {
        'T' => "c3",
        'F' => "c2",
        _ => "9100",
    }
}

/// expressions §6: operands, and, or, exclusive.
#[test]
fn truth_tables() {
    let rows = [
        ("TT", "TTF"),
        ("TF", "FTT"),
        ("FT", "FTT"),
        ("FF", "FFF"),
        ("TU", "UTU"),
        ("UT", "UTU"),
        ("FU", "FUU"),
        ("UF", "FUU"),
        ("UU", "UUU"),
        ("TTU", "UTF"),
        ("TUT", "UTU"),
    ];
    for (operands, results) in rows {
        let head = format!("9{}", operands.len() + 1);
        let operands: String = operands.chars().map(operand).collect();
        for (op, expected) in ["10", "11", "13"].iter().zip(results.chars()) {
            let expected = match expected {
                'T' => truth(true),
                'F' => truth(false),
                _ => U,
            };
            check(&Row::reference(), &[(&format!("{head}{op}{operands}"), "truth table", expected)]);
        }
    }
}

/// expressions §2: what a constant may be, and what becomes of it.
#[test]
fn constants() {
    use ParticleType as P;
    let table = [
        ("c0", "nil", Nil),
        ("cfffffffffffffffff", "unsigned 2^64 - 1", int(-1)),
        ("ca3fc00000", "float32", Expect::Is(Value::Float(1.5))),
        ("a20361", "string", Expect::Is(Value::String("a".into()))),
        ("c4020361", "string in a bin header", Expect::Is(Value::String("a".into()))),
        ("a20401", "blob", Expect::Is(Value::Blob(vec![1]))),
        ("a21201", "hll", Expect::Is(Value::Hll(vec![1]))),
        ("a161", "untyped string", E4),
        ("a0", "empty string", E4),
        ("d4ff00", "wildcard alone", E4),
        ("c70001", "extension alone", E4),
        ("927e01", "quoted integer", E4),
        ("927e80", "quoted map", E4),
        ("927e91cd0001", "quoted list, kept as it is", bytes(P::LIST, "91cd0001")),
        ("8101 02 03", "bytes behind a map", E4),
        ("82c70011c0a2036101", "persisted key-ordered map", bytes(P::MAP, "82c70001c0a2036101")),
        ("82c70010c0a2036101", "persisted map", bytes(P::MAP, "81a2036101")),
        ("927e92c7001001", "persisted list", bytes(P::LIST, "9101")),
        ("927e92c7000801", "another flag", bytes(P::LIST, "92c7000801")),
        ("927e91 92c7001001", "a nested marker", bytes(P::LIST, "9192c7001001")),
        ("8201020101", "duplicate keys", bytes(P::MAP, "8201020101")),
        ("0505", "trailing bytes", E4),
        ("", "nothing", E4),
        ("93", "truncated", E4),
        ("920a05", "op 10", E4),
        ("92cc8005", "op 128", E4),
        ("92ff05", "op -1", E4),
        ("92a20361 05", "an op that is no number", E4),
    ];
    check(&Row::reference(), &table);
}

/// expressions §5, fault by fault.
#[test]
fn build_rules() {
    let table = [
        ("92120512", "not of an integer", E4),
        ("91 14", "add of nothing", E4),
        ("93 14 05 cb0000000000000000", "integer plus float", E4),
        ("93 14 05 9100", "integer plus unknown", E4),
        ("93 14 c3 c3", "bool plus bool", E4),
        ("92 1c 05", "floor of an integer", E4),
        ("93 18 01 02", "power of integers", E4),
        ("92 1e 05", "to int of an integer", E4),
        ("92 1f cb0000000000000000", "to float of a float", E4),
        ("93 01 c0 05", "nil == 5", E4),
        ("93 01 935108a167 935108a167", "geo == geo", E4),
        ("93 01 935109a168 935109a168", "hll == hll", E4),
        ("94 07 02 a161 935102a169", "regex on an integer", E4),
        ("94 07 01 a128 935103a173", "regex that does not compile", E4),
        ("94 07 a20361 a161 935103a173", "regex flags that are no number", E4),
        ("93 08 935108a167 935103a173", "geo against string", E4),
        ("93 09 05 935102a169", "in an integer", E4),
        ("92 40 00", "digest modulo 0", E4),
        ("92 40 935102a169", "digest modulo of an expression", E4),
        ("92 50 04", "key of a type that no key has", E4),
        ("93 51 02 b0 61616161616161616161616161616161", "bin name of 16 bytes", E4),
        ("93 51 02 a0", "empty bin name", U),
        ("93 51 0a a161", "bin of the end marker", E4),
        ("93 7b c3 01", "cond with two arguments", E4),
        ("95 7b c3 01 c2 02", "cond without a default", E4),
        ("94 7b 01 01 02", "cond on an integer", E4),
        ("94 7b c3 01 c3", "cond with two types", E4),
        ("94 7b c3 c0 c0", "cond of nils", Nil),
        ("93 7d a178 05", "let without a body", E4),
        ("96 7d a178 05 a178 06 05", "let with a name twice", E4),
        ("94 7d a20378 05 05", "let with a typed name", E4),
        ("94 7d a131 05 05", "let with a name that starts with a digit", E4),
        ("94 7d a178 927ca178 05", "variable in its own definition", E4),
        ("92 7c a178", "unknown variable", E4),
        ("94 7d a178 05 94 7d a178 05 05", "let with a name of an outer one", E4),
        ("94 7d a178 94 7d a179 05 927ca179 927ca178", "let inside a definition", int(5)),
        ("96 7d a178 05 a179 9314927ca17801 927ca179", "a definition that uses an earlier one", int(6)),
        ("94 7d a178 9100 05", "an unknown definition that is not used", int(5)),
        ("93 7a 02 03", "loop variable 3", E4),
        ("93 7a 03 02", "index that is no integer", E4),
        ("95 7f 0a 00 9110 935104a16c", "call with the end marker", E4),
        ("95 7f 02 00 90 935104a16c", "call of nothing", E4),
        ("95 7f 02 00 9110 935102a169", "list call on an integer", E4),
        ("95 7f 02 09 9110 c0", "unknown system on nil", E4),
    ];
    check(&Row::reference(), &table);
    assert_eq!(Expression::decode_filter(&[5]).err(), Some(ResultCode::PARAMETER));
}

/// expressions §7 and §10: order of lists, wildcards, maps.
#[test]
fn order_in_collections() {
    let table = [
        ("93 03 927e9102 927e93010203", "[2] > [1,2,3]", truth(true)),
        ("93 01 927e93010203 927e9201d4ff00", "[1,2,3] == [1,*]", truth(true)),
        ("93 05 927e9105 927e91d4ff01", "[5] < [infinity]", truth(true)),
        ("93 01 927e92c7000101 927e9101", "an order marker is no element", truth(true)),
        ("93 05 927e91a20361 927e9190", "string < list", truth(true)),
        ("93 05 927e9190 927e9181c70001c0", "list < map", truth(true)),
        ("93 05 927e9181c70001c0 927e91a20401", "map < blob", truth(true)),
        ("93 05 927e91a20401 927e91cb0000000000000000", "blob < float", truth(true)),
        ("93 05 927e91cb0000000000000000 927e91a2177b", "float < geojson", truth(true)),
        ("93 01 927e9101 927e91 91810102", "[1] == [[{1:2}]]", truth(false)),
        ("93 01 927e92018101 02 927e92028101 02", "[1,{..}] == [2,{..}]", truth(false)),
        ("93 01 80 810102", "{} == {1:2}", U),
        ("93 09 82a2036201a2036102 927e91 82a2036102a2036201", "{b,a} in [{a,b}]", truth(false)),
        ("93 09 81a2036201 927e91 81a2036201", "{b} in [{b}]", truth(true)),
        ("93 09 01 927e91 cb3ff0000000000000", "1 in [1.0]", truth(false)),
        ("93 09 05 927e91 d4ff00", "5 in [*]", truth(true)),
        ("93 09 9100 927e91 05", "unknown in [5]", U),
        ("93 09 05 927e90", "5 in []", truth(false)),
    ];
    check(&Row::reference(), &table);
}

/// expressions §11 and §12.
#[test]
fn arithmetic() {
    use ParticleType as P;
    let float = |text| bytes(P::FLOAT, text);
    let table = [
        ("93 14 d37fffffffffffffff 01".replace("d3", "cf"), "addition wraps", int(i64::MIN)),
        ("92 15 05".into(), "sub x", int(-5)),
        ("92 15 cb0000000000000000".into(), "sub 0.0", float("0000000000000000")),
        ("92 17 01".into(), "div 1", int(1)),
        ("92 17 ff".into(), "div -1", int(-1)),
        ("92 17 02".into(), "div 2", int(0)),
        ("92 17 00".into(), "div 0", U),
        ("94 17 64 05 02".into(), "100 / (5 * 2)", int(10)),
        ("94 17 05 cf0000000100000000 cf0000000100000000".into(), "a product that wraps to 0", U),
        ("93 1a 07 fd".into(), "7 mod -3", int(1)),
        ("93 1a 07 00".into(), "7 mod 0", U),
        ("92 1b d38000000000000000".into(), "abs of the smallest", int(i64::MIN)),
        ("92 1b cbfff8000000000000".into(), "abs of NaN", float("7ff8000000000000")),
        ("93 18 cbc020000000000000 cb3fe0000000000000".into(), "-8 ^ 0.5", float("fff8000000000000")),
        ("93 19 cb4000000000000000 cb3ff0000000000000".into(), "log(2, 1)", float("7ff0000000000000")),
        ("93 19 cb3ff0000000000000 cb3ff0000000000000".into(), "log(1, 1)", float("fff8000000000000")),
        ("93 14 cb7ff8000000000001 cb0000000000000000".into(), "NaN passes", float("7ff8000000000001")),
        ("92 1e cb43e0000000000000".into(), "to int(2^63)", int(i64::MIN)),
        ("92 1e cbc01e000000000000".into(), "to int(-7.5)", int(-7)),
        ("92 1f cf0020000000000001".into(), "to float(2^53 + 1)", float("4340000000000000")),
        ("93 32 cb7ff8000000000000 cb0000000000000000".into(), "min(NaN, 0)", float("7ff8000000000000")),
        ("93 32 cb0000000000000000 cb7ff8000000000000".into(), "min(0, NaN)", float("0000000000000000")),
        ("93 24 01 ff".into(), "1 << -1", int(i64::MIN)),
        ("93 26 f8 01".into(), "-8 >> 1", int(-4)),
        ("92 27 ff".into(), "count of -1", int(64)),
        ("93 28 00 c2".into(), "left scan of 0 for 0", int(0)),
        ("93 28 00 c3".into(), "left scan of 0 for 1", int(-1)),
        ("93 29 01 c2".into(), "right scan of 1 for 0", int(62)),
    ];
    let table: Vec<_> =
        table.iter().map(|(text, meaning, e): &(String, _, _)| (&**text, *meaning, e.clone())).collect();
    check(&Row::reference(), &table);
}

/// expressions §13.
#[test]
fn metadata() {
    let mut row = Row::reference();
    row.set = "gold";
    row.void_time = (NOW / 1000) as u32 + 90;
    row.digest =
        Digest(std::array::from_fn(|at| if at < 16 { 0xbf } else { [0x70, 0x76, 0xa9, 0xd9][at - 16] }));
    row.key = Some(ParticleBuf::new(ParticleType::STRING, b"k1".to_vec()));
    let unix_ms = NOW as i64 + 1_262_304_000_000;
    let table = [
        ("92 40 03", "digest modulo 3", int(1)),
        ("92 40 fd", "digest modulo -3", int(1)),
        ("91 41", "device size", int(0)),
        ("91 42", "last update", int((unix_ms - 1500) * 1_000_000)),
        ("91 43", "since update", int(1500)),
        ("91 44", "void time", int((unix_ms / 1000 + 90) * 1_000_000_000)),
        ("91 45", "ttl", int(90)),
        ("91 46", "set name", Expect::Is(Value::String("gold".into()))),
        ("91 47", "key exists", truth(true)),
        ("91 48", "tombstone", truth(false)),
        ("91 49", "memory size", int(64)),
        ("91 4a", "record size", int(64)),
        ("92 50 03", "key", Expect::Is(Value::String("k1".into()))),
        ("92 50 02", "key of another type", U),
        ("92 47 05", "an argument too many", E4),
        ("91 4b", "op 75", E4),
    ];
    check(&row, &table);
    let row = Row::reference();
    check(&row, &[("9144", "never", int(-1)), ("9145", "never", int(-1)), ("9250 02", "no key", U)]);
}

/// expressions §6: what the metadata tell is the answer, and where they do not tell, nothing is said.
#[test]
fn metadata_come_first() {
    let verdict = |text| Expression::decode_filter(&hex(text)).unwrap().metadata_verdict(&Row::reference());
    assert_eq!(verdict("93 05 9145 00"), Some(true));
    assert_eq!(verdict("93 01 935102a16905"), None);
    assert_eq!(verdict("93 10 93010501 93 01 935102a16905"), Some(false));
    assert_eq!(verdict("93 01 9252a169 00"), None);
    assert_eq!(verdict("93 01 9250 02 05"), None);
}

/// expressions §9: symmetrical, true for a point in a region only.
#[test]
fn geography() {
    let geojson = |text: &str| {
        let mut bytes = Vec::new();
        aerospike_wire::msgpack::put_typed_raw(&mut bytes, ParticleType::GEOJSON.0, text.as_bytes());
        bytes
    };
    let point = geojson(r#"{"type":"Point","coordinates":[1,1]}"#);
    let other = geojson(r#"{"type":"Point","coordinates":[9,9]}"#);
    let region = geojson(r#"{"type":"AeroCircle","coordinates":[[1,1],1000]}"#);
    let broken = geojson(r#"{"type":"Point"}"#);
    let mut row = Row::reference();
    row.bins.insert("g", Value::GeoJson(r#"{"type":"Point","coordinates":[1,1]}"#.into()).to_particle());
    row.bins.insert("x", ParticleBuf::new(ParticleType::GEOJSON, b"\0\0\0{}".to_vec()));
    let (bin, bad) = (hex("935108a167"), hex("935108a178"));
    let rows = [
        (&point, &region, Ok(Some(true))),
        (&region, &point, Ok(Some(true))),
        (&bin, &region, Ok(Some(true))),
        (&region, &bin, Ok(Some(true))),
        (&other, &region, Ok(Some(false))),
        (&point, &point, Ok(Some(false))),
        (&region, &region, Ok(Some(false))),
        (&bad, &region, Ok(None)),
        (&broken, &region, Err(ResultCode::PARAMETER)),
    ];
    for (a, b, expected) in rows {
        let filter = Expression::decode_filter(&[&[0x93, 8], &a[..], &b[..]].concat());
        assert_eq!(filter.map(|filter| filter.test(&row)), expected);
    }
    let constant = Expression::decode(&point).unwrap().evaluate(&row);
    let Evaluation::Value(value) = constant else { panic!("no value") };
    assert_eq!(value.data[..3], [0, 0, 1]);
    assert_eq!(value.data[3..11], hex("1001441540804bd5"));
}

#[test]
fn what_is_used() {
    let uses = |text| Expression::decode(&hex(text)).unwrap().uses();
    let none = crate::expression::Uses::default();
    assert_eq!(uses("05"), none);
    assert!(uses("935102a169").bins && uses("9252a169").bins);
    assert!(uses("9250 02").key);
    assert!(uses("9145").metadata && !uses("9240 03").metadata && uses("924003").digest);
    assert_eq!(Expression::decode(&hex("9145")).unwrap().kind(), Type::Int);
}

/// expressions §20.
#[test]
fn expression_reads() {
    use ResultCode as R;
    let run = |text| ExpRead::decode(&hex(text)).and_then(|read| read.run(&Row::reference()));
    let six = Ok(Some(ParticleBuf::integer(6)));
    let rows = [
        ("91 06", six.clone()),
        ("92 06 00", six.clone()),
        ("92 06 10", six.clone()),
        ("92 06 a20361", six.clone()), // flags that are no number
        ("92 06", six.clone()),        // flags missing
        ("92 06 00 ff", six),          // bytes behind the flags
        ("92 c0 00", Ok(None)),
        ("92 9100 00", Err(R::OP_NOT_APPLICABLE)),
        ("92 9100 10", Ok(None)),
        ("92 9164 00", Err(R::OP_NOT_APPLICABLE)),
        ("92 06 08", Err(R::PARAMETER)),
        ("90", Err(R::PARAMETER)),
        ("93 06 00 00", Err(R::PARAMETER)),
        ("06", Err(R::PARAMETER)),
        ("", Err(R::PARAMETER)),
    ];
    for (text, expected) in rows {
        assert_eq!(run(text), expected, "{text}");
    }
}

/// expressions §21: an expression, flags, then the outcome with the bin and without it.
#[test]
fn expression_writes() {
    use ResultCode as R;
    let none = || Ok(BinChange::None);
    let set = || Ok(BinChange::Set(ParticleBuf::integer(6)));
    let rows = [
        ("06", 0, set(), set()),
        ("06", 1, Err(R::BIN_EXISTS), set()),
        ("06", 1 + 8, none(), set()),
        ("06", 2, set(), Err(R::BIN_NOT_FOUND)),
        ("06", 2 + 8, set(), none()),
        ("06", 1 + 2, Err(R::BIN_EXISTS), Err(R::BIN_NOT_FOUND)),
        ("c0", 0, Err(R::OP_NOT_APPLICABLE), none()),
        ("c0", 4, Ok(BinChange::Delete), none()),
        ("c0", 8, none(), none()),
        ("c0", 2, none(), Err(R::BIN_NOT_FOUND)),
        ("c0", 16, none(), none()),
        ("9100", 0, Err(R::OP_NOT_APPLICABLE), Err(R::OP_NOT_APPLICABLE)),
        ("9100", 4 + 8, Err(R::OP_NOT_APPLICABLE), Err(R::OP_NOT_APPLICABLE)),
        ("9100", 16, none(), none()),
        ("9164", 16, none(), none()),
        ("06", 32, Err(R::PARAMETER), Err(R::PARAMETER)),
        ("9101", 1, Err(R::PARAMETER), Err(R::PARAMETER)),
    ];
    for (text, flags, with, without) in rows {
        let run = |bin: &[u8]| {
            let value = [&[0x92][..], &hex(text), &[flags]].concat();
            ExpModify::decode(&value).and_then(|modify| modify.run(&Row::reference(), bin))
        };
        assert_eq!((run(b"i"), run(b"none")), (with, without), "{text} with flags {flags}");
    }
}

/// Trees that are often well typed.
fn trees() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte & 0x7f]),
        Just(hex("c3")),
        Just(hex("9100")),
        Just(hex("935102a169")),
        Just(hex("935104a16c")),
        Just(hex("935105a16d")),
        Just(hex("935106a162")),
        Just(hex("cb3ff8000000000000")),
        Just(hex("927e93010203")),
        Just(hex("a20361")),
        Just(hex("c0")),
        Just(hex("9164")),
        prop::collection::vec(any::<u8>(), 0..12),
    ];
    leaf.prop_recursive(5, 60, 5, |inner| {
        (prop_oneof![0u8..83, 100u8..128], prop::collection::vec(inner, 0..5)).prop_map(|(op, arguments)| {
            let mut bytes = vec![0x91 + arguments.len() as u8, op];
            arguments.iter().for_each(|argument| bytes.extend_from_slice(argument));
            bytes
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_panics(bytes in prop_oneof![trees(), prop::collection::vec(any::<u8>(), 0..60)]) {
        let row = Row::reference();
        if let Ok(expression) = Expression::decode(&bytes) {
            let full = expression.test(&row);
            // What metadata tell, the whole record does not change.
            if let Some(verdict) = expression.metadata_verdict(&row) {
                prop_assert_eq!(full, Some(verdict));
            }
            let _ = expression.evaluate(&row);
        }
    }

    #[test]
    fn comparisons_are_consistent(a in any::<i64>(), b in any::<i64>()) {
        let result = |op: u8| {
            let mut bytes = vec![0x93, op];
            aerospike_wire::msgpack::put_int(&mut bytes, a);
            aerospike_wire::msgpack::put_int(&mut bytes, b);
            Expression::decode_filter(&bytes).unwrap().test(&Row::reference())
        };
        let expected = [a == b, a != b, a > b, a >= b, a < b, a <= b];
        for (op, expected) in (1..).zip(expected) {
            prop_assert_eq!(result(op), Some(expected));
        }
    }
}
