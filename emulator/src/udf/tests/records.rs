//! What functions do to the record that they are given (lua §5, §6).

use super::Module;
use crate::store::{Record, RecordHeader};
use crate::udf::Call;
use crate::udf::api::RecordState;
use aerospike_wire::message::op_header;
use aerospike_wire::{Digest, ResultCode, Value, op};

const DIGEST: Digest = Digest([7; 20]);

/// A record of generation 3 with the bins `a` = 1 and `l` = [1, 2].
fn stored() -> Record {
    let mut payload = Vec::new();
    let list = Value::List(vec![Value::Int(1), Value::Int(2)], Default::default());
    for (name, value) in [("a", Value::Int(1)), ("l", list)] {
        let particle = value.to_particle();
        payload.extend_from_slice(&op_header(op::READ, particle.kind, name.len(), particle.data.len()));
        payload.extend_from_slice(name.as_bytes());
        payload.extend_from_slice(&particle.data);
    }
    let header = RecordHeader {
        digest: DIGEST,
        generation: 3,
        set: 0,
        void_time: 0,
        n_bins: 2,
        key_size: 0,
        storage_size: 100,
        value_indexes: 0,
        last_update: 1000,
    };
    Record::new(header, &payload)
}

/// Runs a function's body on a record. Returns its value, and the record afterwards.
fn run_on(existing: Option<Record>, body: &str) -> (Result<Value, String>, RecordState) {
    let module = Module::new(&format!("function f(r)\n{body}\nend"));
    let call = Call { module: b"t", function: b"f", arguments: &[0x90], limit: module.limit };
    let mut state = Some(RecordState::new(module.namespace.clone(), DIGEST, existing, None));
    let result = module.udfs.apply(&call, &mut state);
    (result.map(|value| Value::from_particle(value.as_particle()).unwrap()), state.unwrap())
}

/// The bins that would be written, `None` if nothing would be.
fn written(state: &RecordState) -> Option<Vec<(String, Value)>> {
    state.written.then(|| {
        let bins = state.changed_bins();
        let named = bins.named().map(|(name, value)| {
            (String::from_utf8_lossy(name).into_owned(), Value::from_particle(value).unwrap())
        });
        named.collect()
    })
}

fn ints(values: &[i64]) -> Value {
    Value::List(values.iter().map(|value| Value::Int(*value)).collect(), Default::default())
}

/// lua §16, vectors 19 to 32.
#[test]
fn sets_are_kept_back_until_update() {
    let (value, state) = run_on(Some(stored()), "r.a = 99 return r.a");
    assert_eq!((value, written(&state)), (Ok(Value::Int(99)), None));
    let (value, state) = run_on(Some(stored()), "r.a = 5 r.b = 'x' return aerospike:update(r)");
    assert_eq!(value, Ok(Value::Int(0)));
    let expected = vec![
        ("a".to_owned(), Value::Int(5)),
        ("l".into(), ints(&[1, 2])),
        ("b".into(), Value::String("x".into())),
    ];
    assert_eq!(written(&state), Some(expected));
    let body = "r.a = 1 local x = aerospike:update(r) r.b = 2 local y = aerospike:update(r) return list{x, y, record.gen(r), record.numbins(r)}";
    assert_eq!(run_on(Some(stored()), body).0, Ok(ints(&[0, 0, 3, 3])));
    // A deleted bin leaves its place to the last one.
    let (_, state) = run_on(
        Some(stored()),
        "r.b = 1 aerospike:update(r) r.a = nil aerospike:update(r) r.a = 2 aerospike:update(r)",
    );
    let names: Vec<_> = written(&state).unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["b", "l", "a"]);
}

#[test]
fn a_list_that_was_read_is_stored_only_when_it_is_assigned_back() {
    let body = "local l = r.l list.append(l, 99) aerospike:update(r) return r.l";
    let (value, state) = run_on(Some(stored()), body);
    assert_eq!(value, Ok(ints(&[1, 2, 99])));
    assert_eq!(written(&state).unwrap()[1].1, ints(&[1, 2]));
    let body = "local l = r.l list.append(l, 99) r.l = l aerospike:update(r) list.append(l, 7)";
    assert_eq!(written(&run_on(Some(stored()), body).1).unwrap()[1].1, ints(&[1, 2, 99]));
}

#[test]
fn missing_records() {
    let body = "return list{record.gen(r), record.ttl(r), record.numbins(r), record.size(r), record.last_update_time(r), aerospike:update(r), aerospike:remove(r)}";
    let (value, state) = run_on(None, body);
    assert_eq!((value, written(&state)), (Ok(ints(&[0, 0, 0, 0, 0, -2, 1])), None));
    let (value, _) = run_on(
        None,
        "return list{record.setname(r) == nil, record.key(r) == nil, r.a == nil, aerospike:exists(r), bytes.size(record.digest(r))}",
    );
    let expected =
        vec![Value::Bool(true), Value::Bool(true), Value::Bool(true), Value::Bool(false), Value::Int(20)];
    assert_eq!(value, Ok(Value::List(expected, Default::default())));
    assert!(run_on(None, "return record.bin_names(r)").0.unwrap_err().ends_with("can't get bin names"));
    let (value, state) = run_on(None, "r.a = 1 return list{aerospike:create(r), aerospike:create(r)}");
    assert_eq!((value, written(&state)), (Ok(ints(&[0, 1])), Some(vec![("a".into(), Value::Int(1))])));
    let (_, state) = run_on(None, "aerospike:create(r) aerospike:remove(r)");
    assert_eq!(written(&state), Some(vec![]));
}

#[test]
fn removal() {
    let body = "local a = aerospike:remove(r) local b = aerospike:exists(r) r.n = 1 return list{a, b and 1 or 0, aerospike:create(r)}";
    let (value, state) = run_on(Some(stored()), body);
    assert_eq!((value, written(&state)), (Ok(ints(&[0, 1, 0])), Some(vec![("n".into(), Value::Int(1))])));
    // What was set before goes with the rest.
    let (_, state) = run_on(Some(stored()), "r.b = 1 aerospike:remove(r) aerospike:update(r)");
    assert_eq!(written(&state), Some(vec![]));
    let (value, _) = run_on(Some(stored()), "aerospike:remove(r) return r.a");
    assert_eq!(value, Ok(Value::Nil));
    assert_eq!(run_on(Some(stored()), "return aerospike:create(r)").0, Ok(Value::Int(1)));
}

#[test]
fn names_of_bins() {
    let (value, state) = run_on(
        Some(stored()),
        "r.sixteen_chars_xx = 1 r[nil] = 2 r[1] = 3 r[1.5] = 4 aerospike:update(r) return r.sixteen_chars_xx",
    );
    assert_eq!(value, Ok(Value::Nil));
    let names: Vec<_> = written(&state).unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "l", "1", "1.5"]);
    let error = run_on(Some(stored()), "return r[true]").0.unwrap_err();
    assert!(error.ends_with("bad argument #2 to 'index' (string expected, got boolean)"), "{error}");
    let error = run_on(Some(stored()), "r[list()] = 1").0.unwrap_err();
    assert!(error.ends_with("bad argument #2 to 'newindex' (string expected, got List)"), "{error}");
    let error = run_on(Some(stored()), "r.a = {1}").0.unwrap_err();
    assert!(error.ends_with("can't set bin a to unsupported type"), "{error}");
    let (value, _) = run_on(Some(stored()), "return table.concat(record.bin_names(r), ' ')");
    assert_eq!(value, Ok(Value::String("a l".into())));
}

#[test]
fn writes_that_must_fail() {
    let failure = |body: &str| run_on(Some(stored()), body).1.failure;
    assert_eq!(failure("r.a = r aerospike:update(r)"), Some(ResultCode::INCOMPATIBLE_TYPE));
    assert_eq!(failure("record.set_ttl(r, -3) aerospike:update(r)"), Some(ResultCode::PARAMETER));
    assert_eq!(failure("record.set_ttl(r, 315360001) aerospike:update(r)"), Some(ResultCode::PARAMETER));
    assert_eq!(failure("record.set_ttl(r, -2) aerospike:update(r)"), None);
    assert_eq!(failure("for i = 1, 510 do r['b' .. i] = i end aerospike:update(r)"), None);
    assert_eq!(
        failure("for i = 1, 511 do r['b' .. i] = i end aerospike:update(r)"),
        Some(ResultCode::BIN_NAME)
    );
    assert_eq!(failure("r.b = ('x'):rep(2000000) aerospike:update(r)"), Some(ResultCode::RECORD_TOO_BIG));
    assert_eq!(failure("r.b = ('x'):rep(1000000) aerospike:update(r)"), None);
    // Writing one bin again and again does not pile up.
    assert_eq!(
        failure(
            "for i = 1, 3000 do r.b = ('x'):rep(100000) .. i aerospike:update(r) r.b = nil aerospike:update(r) end"
        ),
        None
    );
}

#[test]
fn time_to_live_and_key() {
    let (_, state) =
        run_on(Some(stored()), "record.set_ttl(r, '50') record.drop_key(r) return aerospike:update(r)");
    assert_eq!((state.ttl, state.drops_key), (Some(50), true));
    let (_, state) = run_on(Some(stored()), "record.set_ttl(r, -1)");
    assert_eq!((state.ttl, state.written), (Some(u32::MAX), false));
    let error = run_on(Some(stored()), "record.set_ttl(r, 1.5)").0.unwrap_err();
    assert!(error.ends_with("(number has no integer representation)"), "{error}");
}

/// A record object that outlives its call has nothing behind it.
#[test]
fn a_kept_record_is_empty() {
    let module = Module::new(
        "function f(r) if kept then return kept.a end kept = coroutine.wrap(function() return r end)() return 1 end",
    );
    for _ in 0..10 {
        assert_eq!(module.call("f", vec![]), Ok(Value::Int(1)));
    }
    assert_eq!(module.call("f", vec![]), Ok(Value::Nil));
}

mod streams {
    use super::super::Module;
    use super::stored;
    use crate::udf::Call;
    use aerospike_wire::Value;

    fn stream(source: &str, count: usize) -> (Vec<Value>, Result<(), String>) {
        let module = Module::new(&format!("function f(s)\n{source}\nend"));
        let call = Call { module: b"t", function: b"f", arguments: &[0x90], limit: module.limit };
        let (values, result) = module.udfs.stream(&call, &module.namespace, vec![stored(); count]);
        (values.iter().map(|value| Value::from_particle(value.as_particle()).unwrap()).collect(), result)
    }

    #[track_caller]
    fn gives(source: &str, count: usize, expected: &[i64]) {
        let expected = expected.iter().map(|value| Value::Int(*value)).collect();
        assert_eq!(stream(source, count), (expected, Ok(())), "{source}");
    }

    /// lua §14 and §16, vector 51.
    #[test]
    fn operations() {
        let add = "function(a, b) return a + b end";
        let one = "function(r) return 1 end";
        gives(&format!("return s : map({one}) : reduce({add})"), 5, &[5]);
        gives(&format!("return s : map({one})"), 2, &[1, 1]);
        gives(
            &format!("return s : filter(function(r) return r.a > 1 end) : map({one}) : reduce({add})"),
            5,
            &[],
        );
        gives(&format!("return s : filter(function(r) return r.a > 1 end) : aggregate(0, {add})"), 5, &[0]);
        gives("return s : aggregate(990, function(n, r) return n + r.a end)", 20, &[1000, 1000, 990]);
        gives(
            "return s : aggregate({n = 0}, function(t, r) t.n = t.n + 1 return t end) : map(function(t) return t.n end)",
            3,
            &[3],
        );
        // Behind the first reduction everything is for the client.
        gives(
            &format!("return s : map({one}) : reduce({add}) : map(function(x) return x * 100 end)"),
            3,
            &[3],
        );
        gives("local n = 0 return s : map(function(r) n = n + 1 if n < 3 then return n end end)", 9, &[1, 2]);
        gives("return s : map(function(r) return {1} end)", 3, &[]);
        assert_eq!(stream("return s", 2).0, [Value::Nil, Value::Nil]);
        let groups =
            stream("return s : map(function(r) return 7 end) : groupby(function(v) return v % 2 end)", 3).0;
        assert_eq!(groups, [Value::Map(vec![(Value::Int(1), super::ints(&[7, 7, 7]))], Default::default())]);
    }

    #[test]
    fn records_cannot_be_changed() {
        let body = "return s : map(function(r) r.a = 9 return list{aerospike:update(r), aerospike:remove(r), aerospike:create(r), r.a, aerospike:get_current_time(), aerospike:exists(r) and 1 or 0} end)";
        assert_eq!(stream(body, 1).0, [super::ints(&[1, 1, 1, 1, 0, 1])]);
    }

    #[test]
    fn failures() {
        let nothing = "[string \"aerospike.lua\"]:33: attempt to index a nil value (global 'result')";
        assert_eq!(stream("", 1), (vec![], Err(nothing.into())));
        let number = "[string \"aerospike.lua\"]:33: attempt to index a number value (global 'result')";
        assert_eq!(stream("return 5", 1), (vec![], Err(number.into())));
        let (values, result) = stream(
            "local n = 0 return s : map(function(r) n = n + 1 if n == 2 then error('late', 0) end return n end)",
            3,
        );
        assert_eq!((values, result), (vec![Value::Int(1)], Err("late".into())));
    }
}
