//! Tables of expressions §23 and §24, line by line.

use super::Expect::{E4, Nil, U};
use super::*;

#[test]
fn access_and_comparison() {
    let table = [
        ("935102a169", "bin i", int(5)),
        ("935103a169", "bin i as string", U),
        ("9252a27a7a", "bin type zz", int(0)),
        ("9252a174", "bin type t", int(17)),
        ("9301 935102a169 05", "i == 5", truth(true)),
        ("9301 935102a169 cb4014000000000000", "i == 5.0", E4),
        ("9301 935103a173 a60368656c6c6f", "s == hello", truth(true)),
        ("9301 935103a173 a568656c6c6f", "untyped constant", E4),
        ("9301 935104a16c 927e93010203", "l == [1,2,3]", truth(true)),
        ("9301 935105a16d 81a2036101", "m == {a:1}, both unordered", U),
        ("9301 82c70001c0a2036101 82c70001c0a2036101", "ordered map constants", truth(true)),
        ("9305 927e9101 927e91cb3ff0000000000000", "[1] < [1.0]", truth(true)),
        ("9309 05 927e920105", "5 in [1,5]", truth(true)),
        ("9301 927e91810102 927e9101", "[{1:2}] == [1]", U),
        ("9301 927e91810102 927e90", "[{1:2}] == []", truth(false)),
        ("9301 80 81c70001c0", "{} == {} with key-ordered marker", truth(true)),
        ("9301 81c70000c0 80", "{} with marker 0 == {}", U),
    ];
    check(&Row::reference(), &table);
}

#[test]
fn logic() {
    let table = [
        ("9310c3c2", "and(true, false)", truth(false)),
        ("9311c39100", "or(true, unknown)", truth(true)),
        ("92129100", "not(unknown)", U),
        ("9413c3c39100", "exclusive(T, T, U)", truth(false)),
        ("947bc30102", "cond(true, 1, 2)", int(1)),
        ("947bc2019100", "cond(false, 1, unknown)", U),
        ("947da17805 9314927ca17801", "let x = 5 in x + 1", int(6)),
        ("9210c3", "and with one argument", E4),
        ("9201 05", "eq with one argument", E4),
        ("92 01 02", "unquoted list [1,2]", E4),
        ("90", "empty array", E4),
        ("9164", "result remove", U),
        ("937a0201", "loop variable outside path", U),
    ];
    check(&Row::reference(), &table);
}

#[test]
fn numbers() {
    let nan = bytes(ParticleType::FLOAT, "fff8000000000000");
    let table = [
        ("9317f902", "-7 / 2", int(-3)),
        ("931af903", "-7 mod 3", int(-1)),
        ("93170500", "5 / 0", U),
        ("932401cc40", "1 << 64, long form", int(1)),
        ("93240140", "1 << 64", int(1)),
        ("9325ff3c", "-1 >> 60 logical", int(15)),
        ("932801c3", "left scan", int(63)),
        ("932908c3", "right scan", int(60)),
        ("921ecb7ff0000000000000", "to int(inf)", int(i64::MIN)),
        ("9317cb0000000000000000cb0000000000000000", "0.0 / 0.0", nan),
        (
            "9333cb8000000000000000cb0000000000000000",
            "max(-0.0, 0.0)",
            bytes(ParticleType::FLOAT, "8000000000000000"),
        ),
        ("922005", "int and(5)", int(5)),
        ("9240cf0000000100000000", "digest modulo 2^32", E4),
    ];
    check(&Row::reference(), &table);
}

#[test]
fn regex() {
    let table = [
        ("940702a548454c4c4f 935103a173", "ignore case HELLO on s", truth(true)),
        ("940704a25e62 a403610a62", "flag 4, ^b on a, newline, b", truth(true)),
        ("940708a25e62 a403610a62", "flag 8, same", truth(false)),
    ];
    check(&Row::reference(), &table);
}

#[test]
fn calls() {
    let hll = bytes(ParticleType::HLL, &format!("000400{}", "00".repeat(20)));
    let table = [
        ("957f02009110935104a16c", "list size l", int(3)),
        ("957f0200931307931400 01935104a16c", "get_by_index(0 + 1)", int(2)),
        ("957f0440920109935104a16c", "append 9", bytes(ParticleType::LIST, "9401020309")),
        ("957f0400920109935104a16c", "append without 0x40", U),
        ("957f020193330010935106a162", "bit count 0..16", int(2)),
        ("957f0641940004 0000935106a162", "bit resize 4", bytes(ParticleType::BLOB, "01020000")),
        ("957f0942920004c0", "hll init(4) on nil", hll),
        ("957f02039110935104a16c", "system 3", E4),
        ("926582a2036201a2036102", "keys of {b:1, a:2}", bytes(ParticleType::LIST, "92a20362a20361")),
    ];
    check(&Row::reference(), &table);
}

/// expressions §23 A to D.
#[test]
fn worked_examples() {
    let mut row = Row::reference();
    row.bins.insert("a", Value::Int(1).to_particle());
    row.bins.insert(
        "h",
        ParticleBuf::new(ParticleType::HLL, hex("00040400").into_iter().chain([0; 27]).collect()),
    );
    let table = [
        ("9310 9301935102a16101 9303935107a166cb3ff8000000000000", "a == 1 and f > 1.5", truth(false)),
        ("947da178 935102a161 9314927ca17801", "let x = a in x + 1", int(2)),
        ("9164", "remove", U),
        ("c0", "nil", Nil),
    ];
    check(&row, &table);
    let read = super::super::operation::ExpRead::decode(&hex("92 9314935102a16901 00")).unwrap();
    assert_eq!(read.run(&row), Ok(Some(ParticleBuf::integer(6))));
}
