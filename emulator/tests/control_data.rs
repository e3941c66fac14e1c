//! Data without a client: direct access, files.

mod support;

use aerospike_emulator::Emulator;
use aerospike_emulator::control::access::Key;
use aerospike_wire::value::{ListOrder, MapOrder};
use aerospike_wire::{ParticleType, ResultCode, Value};
use std::path::PathBuf;
use std::time::Duration;
use support::{Client, get, put, start};

/// A path of this test alone.
fn path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("aerospike-emulator-{}-{name}", std::process::id()))
}

fn text(text: &str) -> Value {
    Value::String(text.into())
}

/// A record with a bin of each type that a client can write.
fn fill(emulator: &Emulator) {
    let list = Value::List(vec![Value::Nil, Value::Int(1), text("a")], ListOrder::Ordered);
    let map =
        Value::Map(vec![(Value::Int(1), text("x")), (text("k"), Value::Bool(true))], MapOrder::KeyOrdered);
    let bins = [
        ("int", Value::Int(-7)),
        ("double", Value::Float(0.1)),
        ("inf", Value::Float(f64::INFINITY)),
        ("text", text("two\nlines \\ and a space")),
        ("blob", Value::Blob(vec![0, 10, 255])),
        ("python", Value::Raw(ParticleType::PYTHON_BLOB, vec![1, 2])),
        ("bool", Value::Bool(true)),
        ("list", list),
        ("map", map),
        ("geo", Value::GeoJson(r#"{"type": "Point", "coordinates": [1.5, 2.0]}"#.into())),
    ];
    let data = emulator.data();
    data.put("test", "set", &"k".into(), &bins, 0).unwrap();
    data.put("test", "a set", &Key::Int(5), &[("n", Value::Int(1))], 1000).unwrap();
    data.put("bar", "", &Key::Blob(vec![1, 10]), &[("n", Value::Int(2))], 0).unwrap();
    let mut client = Client::connect(emulator);
    client.info("sindex-create:namespace=test;set=set;indexname=an index;bin=int;type=numeric\n");
    client.info("sindex-create:namespace=test;indexname=all;bin=list;type=string;indextype=list\n");
}

#[test]
fn records_are_read_and_written_directly() {
    let emulator = start(|_| {});
    fill(&emulator);
    let mut client = Client::connect(&emulator);
    let data = emulator.data();
    assert_eq!(client.call(&get("k")).bin("int"), Some(&Value::Int(-7)));
    assert!(client.info("namespace/test\n").contains("client_write_success=0;"), "nobody has asked");
    client.call(&put("k", "int", Value::Int(8)));
    let record = data.get("test", "set", &"k".into()).unwrap().unwrap();
    assert_eq!((record.bins.len(), record.generation, record.ttl), (10, 2, None));
    assert_eq!(record.bins[0], ("int".to_owned(), Value::Int(8)));
    assert_eq!(data.get("test", "a set", &Key::Int(5)).unwrap().unwrap().ttl, Some(1000));
    assert_eq!(data.get("test", "set", &"missing".into()), Ok(None));
    assert_eq!((data.count("test", None), data.count("test", Some("set"))), (Ok(2), Ok(1)));
    assert_eq!((data.count("bar", Some("")), data.count("test", Some("no"))), (Ok(1), Ok(0)));
    assert_eq!(data.sets("test").unwrap(), [("a set".to_owned(), 1), ("set".to_owned(), 1)]);
    assert!(data.count("nowhere", None).is_err() && data.get("nowhere", "", &"k".into()).is_err());
    emulator.clock().freeze();
    emulator.clock().advance(Duration::from_secs(1001)).unwrap();
    assert_eq!(data.get("test", "a set", &Key::Int(5)), Ok(None));
    assert_eq!(data.remove("test", "set", &"k".into()), Ok(true));
    assert_eq!(data.remove("test", "set", &"k".into()), Ok(false));
    assert_eq!(data.count("test", None), Ok(0));
    let refused = data.put("test", "set", &"k".into(), &[("a name that is too long", Value::Int(1))], 0);
    assert!(refused.unwrap_err().to_string().contains("BIN_NAME"));
    let bad = Value::GeoJson("{}".into());
    assert!(data.put("test", "set", &"k".into(), &[("g", bad)], 0).is_err());
}

#[test]
fn a_dump_is_readable() {
    let emulator = start(|_| {});
    let data = emulator.data();
    data.put("test", "users", &"ben".into(), &[("n", Value::Int(2))], 0).unwrap();
    data.put("test", "users", &"ada".into(), &[("n", Value::Int(1)), ("t", text("x"))], 0).unwrap();
    let dump = data.dump("test").unwrap();
    assert_eq!(
        dump,
        "users \"ada\" {\"n\":1,\"t\":\"x\"} generation=1 ttl=never\n\
         users \"ben\" {\"n\":2} generation=1 ttl=never\n"
    );
}

#[test]
fn files_of_both_formats_come_back() {
    let emulator = start(|_| {});
    fill(&emulator);
    emulator.clock().freeze();
    for name in ["data.json", "data.asb"] {
        let file = path(name);
        emulator.save(&file, None).unwrap();
        let other = start(|_| {});
        let loaded = other.load(&file).unwrap();
        assert_eq!((loaded.records, loaded.indexes, loaded.expired), (3, 2, 0), "{name}");
        for namespace in ["test", "bar"] {
            let strip = |emulator: &Emulator| {
                let dump = emulator.data().dump(namespace).unwrap();
                let lines = dump.lines().map(|line| line.rsplit_once(" ttl=").unwrap().0.to_owned());
                lines.collect::<Vec<_>>()
            };
            assert_eq!(strip(&other), strip(&emulator), "{name}");
        }
        let ttl = other.data().get("test", "a set", &Key::Int(5)).unwrap().unwrap().ttl.unwrap();
        assert!((990..=1000).contains(&ttl), "{ttl}");
        let list = Client::connect(&other).info("sindex-list:namespace=test;b64=true\n");
        let told = Client::connect(&emulator).info("sindex-list:namespace=test;b64=true\n");
        assert_eq!(list, told);
        std::fs::remove_file(&file).unwrap();
    }
}

#[test]
fn what_has_expired_is_left_out() {
    let emulator = start(|_| {});
    let file = path("expired.json");
    let record = |key: &str, rest: &str| {
        format!(r#"{{"namespace": "test", "key": "{key}", "bins": {{"n": 1}}{rest}}}"#)
    };
    let records = [
        record("old", r#", "void_time": 1000"#),
        record("young", r#", "ttl": 50, "generation": 7"#),
        record("for ever", r#", "ttl": null"#),
        r#"{"namespace": "test", "key": "empty", "bins": {}}"#.to_owned(),
    ];
    std::fs::write(&file, format!("[{}]", records.join(","))).unwrap();
    let loaded = emulator.load(&file).unwrap();
    assert_eq!((loaded.records, loaded.expired, loaded.empty), (2, 1, 1));
    let young = emulator.data().get("test", "", &"young".into()).unwrap().unwrap();
    assert_eq!((young.generation, young.ttl), (7, Some(50)));
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn nothing_is_half_loaded() {
    let emulator = start(|_| {});
    fill(&emulator);
    let before = emulator.snapshot();
    let mut client = Client::connect(&emulator);
    let good = r#"{"namespace": "test", "set": "set", "key": "k", "bins": {"n": 1}}"#;
    for (bad, problem) in [
        (
            r#"{"namespace": "nowhere", "key": "x", "bins": {"n": 1}}"#,
            "record 2: there is no namespace 'nowhere'",
        ),
        (r#"{"namespace": "test", "key": "x", "bins": {"n": null}}"#, "record 2: bin 'n'"),
        (r#"{"namespace": "test", "key": "x", "bins": {"a name too long for it": 1}}"#, "longer than 15"),
        (r#"{"namespace": "test", "bins": {"n": 1}}"#, "record 2: neither 'key' nor 'digest'"),
        (r#"{"namespace": "test", "key": "x", "bins": {"n": 1}, "tll": 5}"#, "record 2: 'tll' is not known"),
        (
            r#"{"namespace": "test", "key": "x", "bins": {"g": {"$geojson": "{}"}}}"#,
            "record 2: the record is refused: 160 (GEO_INVALID_GEOJSON)",
        ),
        ("[", "JSON: "),
        ("7", "record 2 is no object"),
    ] {
        let file = path("bad.json");
        std::fs::write(&file, format!("[{good},\n{bad}]")).unwrap();
        let error = emulator.load(&file).unwrap_err().to_string();
        assert!(error.contains(problem) && error.contains("bad.json: "), "{error}");
        assert!(before.differences(&emulator.snapshot(), emulator.server()).unwrap().is_empty(), "{bad}");
        std::fs::remove_file(&file).unwrap();
    }
    let taken = r#"{"namespace": "test", "name": "all", "bin": "other", "type": "string"}"#;
    let module = r#"{"name": "m.lua", "content": "function f() end"}"#;
    let file = path("taken.json");
    std::fs::write(&file, format!(r#"{{"records": [{good}], "indexes": [{taken}], "modules": [{module}]}}"#))
        .unwrap();
    let error = emulator.load(&file).unwrap_err().to_string();
    assert!(error.contains("index 1: 'indexname' already exists"), "{error}");
    assert!(before.differences(&emulator.snapshot(), emulator.server()).unwrap().is_empty());
    assert!(client.info("udf-list\n").ends_with("\t\n"));
    std::fs::remove_file(&file).unwrap();
    assert!(emulator.load(&path("is not there")).is_err());
    let backup = path("bad.asb");
    std::fs::write(&backup, "Version 3.1\n+ n test\n+ g x\n").unwrap();
    let error = emulator.load(&backup).unwrap_err().to_string();
    assert!(error.contains("line 3: '+ d ' was expected"), "{error}");
    std::fs::remove_file(&backup).unwrap();
}

#[test]
fn through_info_commands() {
    let emulator = start(|_| {});
    let mut client = Client::connect(&emulator);
    let record = "namespace=test;set=set;key=k";
    let put = client.info(&format!("emulator-data:put;{record};bins={{\"n\": [1, \"x\"]}};ttl=100\n"));
    assert!(put.ends_with("\tok\n"), "{put}");
    let told = client.info(&format!("emulator-data:get;{record}\n"));
    assert!(told.ends_with("\t{\"bins\":{\"n\":[1,\"x\"]},\"generation\":1,\"ttl\":100}\n"), "{told}");
    assert_eq!(client.call(&get("k")).code(), ResultCode::OK);
    assert!(client.info("emulator-data:count;namespace=test\n").ends_with("\t1\n"));
    assert!(client.info("emulator-data:sets;namespace=test\n").ends_with("\t{\"set\":1}\n"));
    assert!(client.info("emulator-data:dump;namespace=test\n").contains("\"key\":\"k\""));
    let exported = client.info("emulator-data:export;format=asb\n");
    let encoded = exported.split('\t').nth(1).unwrap().trim();
    assert!(client.info("emulator-data:truncate\n").ends_with("\t1\n"));
    let loaded = client.info(&format!("emulator-data:load={encoded}\n"));
    assert!(loaded.contains("\"records\":1"), "{loaded}");
    assert!(client.info(&format!("emulator-data:remove;{record}\n")).ends_with("\ttrue\n"));
    assert!(client.info(&format!("emulator-data:get;{record}\n")).ends_with("\tnull\n"));
    for bad in
        ["", "fly", "get", "get;namespace=x;key=k", "load=!", "export;format=xml", "put;namespace=test;key=k"]
    {
        let answer = client.info(&format!("emulator-data:{bad}\n"));
        assert!(answer.contains("\tERROR:4:"), "{bad}: {answer}");
    }
}
