//! Lists, maps, bytes, GeoJSON and what else a function finds, as the reference and the recordings have them.

use super::{Module, run, text};
use aerospike_wire::Value;

fn list(items: Vec<Value>) -> Value {
    Value::List(items, Default::default())
}

fn ints(items: &[i64]) -> Value {
    list(items.iter().map(|item| Value::Int(*item)).collect())
}

fn map(entries: Vec<(Value, Value)>) -> Value {
    Value::Map(entries, Default::default())
}

fn blob(bytes: &[u8]) -> Value {
    Value::Blob(bytes.to_vec())
}

#[track_caller]
fn gives(body: &str, expected: Value) {
    assert_eq!(run(body), Ok(expected), "{body}");
}

#[track_caller]
fn fails(body: &str, expected: &str) {
    let error = run(body).unwrap_err();
    assert_eq!(error, format!("/opt/aerospike/usr/udf/lua/t.lua:2: {expected}"), "{body}");
}

/// lua §16, vectors 1 to 15.
#[test]
fn results() {
    gives("return 7", Value::Int(7));
    gives("return 2.0", Value::Float(2.0));
    gives("return true", Value::Bool(true));
    gives("return nil", Value::Nil);
    gives("", Value::Nil);
    gives("return {1, 2}", Value::Nil);
    gives("return print", Value::Nil);
    gives("return r", Value::Nil);
    gives("return 1, 2", Value::Int(1));
    gives("return 'h\\0i'", text("h"));
    gives("return list{'h\\0i'}", list(vec![text("h")]));
    gives("return list{1, nil, 3}", ints(&[1, 3]));
    gives("return list{ {1, 2}, 5 }", list(vec![Value::Nil, Value::Int(5)]));
    let json = r#"{"type":"Point","coordinates":[1,2]}"#;
    gives(&format!("return geojson('{json}')"), Value::GeoJson(json.into()));
    gives(&format!("return tostring(geojson('{json}'))"), text(&format!("\"{json}\"")));
    gives("return geojson()", Value::Nil);
    fails("error('msg')", "msg");
    assert_eq!(run("error('msg', 0)"), Err("msg".into()));
    for body in ["error({code = 1})", "error(42)", "error()", "error(list{1})"] {
        assert_eq!(run(body), Err("result value type unexpected".into()), "{body}");
    }
    assert_eq!(run("coroutine.yield(1)"), Err("attempt to yield from outside a coroutine".into()));
}

#[test]
fn arguments_come_back() {
    let module = Module::new(
        "function echo(r, ...) return list{...} end function count(r, ...) return select('#', ...) end",
    );
    let values = vec![
        list(vec![]),
        map(vec![]),
        Value::Bool(true),
        blob(&[1, 2]),
        Value::Int(i64::MIN),
        Value::Float(0.1),
        text("é"),
        list(vec![map(vec![(Value::Int(-5), list(vec![Value::Nil])), (text("k"), blob(&[0]))])]),
        Value::Raw(aerospike_wire::ParticleType(7), vec![1]),
    ];
    assert_eq!(module.call("echo", values.clone()), Ok(list(values)));
    assert_eq!(module.call("count", vec![Value::Nil; 30]), Ok(Value::Int(30)));
    assert_eq!(module.call("echo", vec![Value::Uint(u64::MAX)]), Ok(ints(&[-1])));
    assert_eq!(module.call("nothing", vec![]), Err("function not found".into()));
    assert_eq!(module.call("string.rep", vec![]), Err("function not found".into()));
}

/// lua §9.
#[test]
fn lists() {
    gives(
        "local l = list{1, 2, 3} l[5] = 9 return l",
        list(vec![Value::Int(1), Value::Int(2), Value::Int(3), Value::Nil, Value::Int(9)]),
    );
    gives(
        "local l = list{1, 2} list.insert(l, 5, 'x') return l",
        list(vec![Value::Int(1), Value::Int(2), Value::Nil, Value::Nil, text("x")]),
    );
    gives(
        "local l = list{1} list.append(l, {}) list.append(l) list.append(l, nil) list.prepend(l, 0) return l",
        list(vec![Value::Int(0), Value::Int(1), Value::Nil]),
    );
    gives(
        "local l = list{1, 2, 3} list.remove(l, 2) list.remove(l, 9) list.remove(l, -1) return l",
        ints(&[1, 3]),
    );
    gives("local l = list{1} list.concat(l, list{2, 3}) return l", ints(&[1, 2, 3]));
    gives("local l = list{1} list.concat(l, l) return l", ints(&[1, 1]));
    gives("local l = list{1, 2, 3} list.trim(l, 2) return l", ints(&[1]));
    gives("return list.take(list{1, 2, 3}, 2)", ints(&[1, 2]));
    gives("return list.take(list{1, 2, 3}, 9)", ints(&[1, 2, 3]));
    gives("return list.take(list{1}, 0)", Value::Nil);
    gives("return list.drop(list{1, 2, 3}, '2')", ints(&[3]));
    gives("return list.drop(list{1, 2, 3}, 3)", ints(&[]));
    gives("return list.merge(list{1}, list{2})", ints(&[1, 2]));
    gives("local l = list{1} l[3] = 3 return list{list.clone(l), #l}", list(vec![ints(&[1]), Value::Int(3)]));
    gives(
        "local l = list() for v in list.iterator(list{1, 2}) do list.prepend(l, v) end return l",
        ints(&[2, 1]),
    );
    gives("local n = 0 for i, v in ipairs(list{5, 6}) do n = n + i * v end return n", Value::Int(17));
    gives("return list.nbytes(list{1, 'a'})", Value::Int(5));
    gives("return list.new(5, 2)", ints(&[]));
    gives("return list.new(-1)", Value::Nil);
    gives("return list(5)", ints(&[]));
    gives(
        "local l = list{1} local m = list{l, l} list.append(l, 2) return m",
        list(vec![ints(&[1, 2]), ints(&[1, 2])]),
    );
    gives(
        "return getmetatable(list()) == List and getmetatable(map()) == Map and getmetatable(bytes()) == Bytes",
        Value::Bool(true),
    );
    gives("local l = list{1} return l == l and l ~= list{1} and type(l) == 'userdata'", Value::Bool(true));
    gives("return tostring(list{1, 'a', 2.5, true})", text(r#"[1, "a", 2.5, true]"#));
    gives("return list{1}[0]", Value::Nil);
    fails("return list{1}['x']", "bad argument #2 to 'index' (number expected, got string)");
    fails("list{1}[-1] = 1", "bad list position -1");
    fails("list{1}[1.5] = 1", "bad argument #2 to 'newindex' (number has no integer representation)");
    fails("list.append(5, 1)", "bad argument #1 to 'append' (userdata expected, got number)");
    fails("list.append(map(), 1)", "bad argument #1 to 'append' (List expected, got Map)");
    fails("for k in pairs(list{1}) do end", "bad argument #1 to 'for iterator' (table expected, got List)");
    fails("return 1 + list{1}", "attempt to perform arithmetic on a List value");
}

/// lua §10.
#[test]
fn maps() {
    let a = || text("a");
    gives("return map{a = 1, [2] = 'x'}", map(vec![(Value::Int(2), text("x")), (a(), Value::Int(1))]));
    gives("return map{1, 2}", map(vec![(Value::Int(1), Value::Int(1)), (Value::Int(2), Value::Int(2))]));
    gives("return map{[1.5] = 1, [true] = 2, a = {}}", map(vec![]));
    gives("return map(map{a = 1})", map(vec![]));
    gives("local m = map{a = 1} m.a = nil return m", map(vec![(a(), Value::Nil)]));
    gives("local m = map{a = 1} m.a = {} return m", map(vec![]));
    gives("local m = map() m[1.5] = 2 m[true] = 1 m[list()] = 1 return m", map(vec![]));
    gives(
        "local m = map{a = 1, b = 2} map.remove(m, 'b') map.remove(m, 'c') return list{#m, map.size(m), m.a}",
        ints(&[1, 1, 1]),
    );
    gives(
        "local s = '' for k, v in map.pairs(map{k10 = 1, k2 = 2, [3] = 3}) do s = s .. k .. v end return s",
        text("33k101k22"),
    );
    gives(
        "local s = '' for k in map.keys(map{a = 1, b = 2}) do s = s .. k end for v in map.values(map{a = 1, b = 2}) do s = s .. v end return s",
        text("ab12"),
    );
    gives(
        "local m = map{a = 1, b = 2} for k, v in map.pairs(m) do m[k] = v * 10 end return m.a + m.b",
        Value::Int(30),
    );
    gives(
        "return map.merge(map{a = 1}, map{a = 2, b = 3}, function(x, y) return x + y end)",
        map(vec![(a(), Value::Int(3)), (text("b"), Value::Int(3))]),
    );
    gives("return map.merge(map{a = 1}, map{a = 2})", map(vec![(a(), Value::Int(2))]));
    gives(
        "return map.diff(map{a = 1, b = 2}, map{b = 3, c = 4})",
        map(vec![(a(), Value::Int(1)), (text("c"), Value::Int(4))]),
    );
    gives("local m = map{a = 1} m.b = nil return map.clone(m)", map(vec![(a(), Value::Int(1))]));
    gives(
        "return list{map.nbytes(map{a = 1}), map.new(0) == nil, map.new(3)}",
        list(vec![Value::Int(5), Value::Bool(true), map(vec![])]),
    );
    gives("return tostring(map{a = 's', b = 2.5})", text(r#"{"a":"s", "b":2.5}"#));
    gives(
        "local k = bytes() bytes.append_byte(k, 7) local m = map() m[k] = 1 return list{m, m[k]}",
        list(vec![map(vec![(blob(&[7]), Value::Int(1))]), Value::Int(1)]),
    );
    fails("for k in pairs(map{a = 1}) do end", "bad argument #1 to 'for iterator' (table expected, got Map)");
}

/// lua §11 and §16, vectors 45 to 47.
#[test]
fn values_of_bytes() {
    gives("local b = bytes(4) return list{#b, bytes.size(b), bytes.get_type(b)}", ints(&[0, 0, 4]));
    gives("local b = bytes(2) b[1] = 66 return b", blob(b"B"));
    gives(
        "local b = bytes() bytes.append_int16(b, 1) bytes.append_int16_le(b, 1) bytes.append_int32(b, 1) bytes.append_int64_le(b, 1) return b",
        blob(&[0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0]),
    );
    gives(
        "local b = bytes(4) return list{bytes.set_int16(b, 1, 258), bytes.append_string(b, 'hi', 2), b}",
        list(vec![Value::Bool(true), Value::Bool(false), blob(&[1, 2])]),
    );
    gives(
        "local b = bytes() return list{bytes.append_byte(b, 256), bytes.append_byte(b, -1), bytes.append_int16(b, 32768), bytes.append_int32(b, -2147483649), bytes.append_string(b, ''), bytes.size(b)}",
        list(vec![
            Value::Bool(false),
            Value::Bool(false),
            Value::Bool(false),
            Value::Bool(false),
            Value::Bool(false),
            Value::Int(0),
        ]),
    );
    gives(
        "local b = bytes() bytes.append_string(b, 'abcd') return list{bytes.get_int16(b, 1), bytes.get_int16_le(b, 1), bytes.get_string(b, 2, 2), bytes.get_bytes(b, 3, 9), b[4], bytes.get_byte(b, 1)}",
        list(vec![
            Value::Int(0x6162),
            Value::Int(0x6261),
            text("bc"),
            blob(b"cd"),
            Value::Int(100),
            Value::Int(97),
        ]),
    );
    gives(
        "local l, b = list(), bytes() list.append(l, bytes.get_int16(b, 1)) list.append(l, b[1]) return l",
        list(vec![Value::Nil]),
    );
    gives(
        "local a, b = bytes(), bytes() bytes.append_string(a, 'xyz') bytes.append_bytes(b, a, 2) bytes.set_bytes(b, 4, a, 9) bytes.set_string(b, 1, 'Q') return b",
        blob(b"Qy\0xyz"),
    );
    gives(
        "local b = bytes(20) local n = bytes.set_var_int(b, 1, 300) local v, c = bytes.get_var_int(b, 1) return list{n, v, c}",
        ints(&[2, 300, 2]),
    );
    gives(
        "local b = bytes() local n = bytes.append_var_int(b, 300) local v, c = bytes.get_var_int(b, 1) return list{n, v, c, bytes.size(b)}",
        ints(&[2, 300, 2, 0]),
    );
    gives(
        "local b = bytes(40) return list{bytes.set_size(b, 10), bytes.set_size(b, 41), bytes.size(b)}",
        list(vec![Value::Bool(true), Value::Bool(false), Value::Int(0)]),
    );
    gives("local b = bytes() bytes.append_string(b, 'ab') return tostring(b)", text("61 62"));
    gives(
        "local b = bytes() bytes.append_string(b, 'ab') bytes.set_type(b, 7) return list{b}",
        list(vec![Value::Raw(aerospike_wire::ParticleType(7), b"ab".to_vec())]),
    );
    fails("return bytes('x')", "bad argument #1 to 'bytes' (number expected, got string)");
    fails(
        "bytes.append_int16(bytes(), 1.5)",
        "bad argument #2 to 'append_int16' (number has no integer representation)",
    );
}

/// lua §12, §13.
#[test]
fn iterators_and_globals() {
    gives(
        "local f, it = list.iterator(list{1}) return list{iterator.has_next(it), iterator.next(it), iterator.has_next(it), iterator.next(it) == nil}",
        list(vec![Value::Bool(true), Value::Int(1), Value::Bool(false), Value::Bool(true)]),
    );
    gives("return math.sum(2, 3) + math.product(2, 3)", Value::Int(11));
    gives(
        "info('%s %d', 'x', 1) warn('w') debug('d') trace('t') print('p', 1) aerospike:log(1, 'l') return 1",
        Value::Int(1),
    );
    gives("return list{aerospike:set_context(r, 1), aerospike:get_config(r, 'x')}", ints(&[2, 0]));
    gives("return aerospike:get_current_time() > 1500000000000", Value::Bool(true));
    gives(
        "local ok, e = pcall(list.append, 5) return list{ok, type(e), e}",
        list(vec![
            Value::Bool(false),
            text("string"),
            text("bad argument #1 to 'append' (userdata expected, got number)"),
        ]),
    );
    gives(
        "local ok, e = xpcall(function() local l = list() l.x = 1 end, function(e) return type(e) .. #e end) return ok",
        Value::Bool(false),
    );
    gives(
        "local co = coroutine.create(function(a) local b = coroutine.yield(a + 1) error('end ' .. b, 0) end) local _, x = coroutine.resume(co, 1) local ok, e = coroutine.resume(co, 'y') return list{x, ok, e}",
        list(vec![Value::Int(2), Value::Bool(false), text("end y")]),
    );
    gives(
        "local t = {3, 1, 2} table.sort(t) table.insert(t, 1, 0) table.insert(t, 9) table.remove(t) return table.concat(t, ',')",
        text("0,1,2,3"),
    );
    gives(
        "local t = {} for i = 1, 30000 do t[i] = (i * 7919) % 30011 end table.sort(t) for i = 2, #t do assert(t[i - 1] <= t[i]) end table.sort(t, function(a, b) return a > b end) for i = 2, #t do assert(t[i - 1] >= t[i]) end return #t",
        Value::Int(30000),
    );
    gives(
        "local t = {} for i = 1, 30000 do t[i] = i end table.move(t, 1, 30000, 2) assert(t[1] == 1 and t[2] == 1 and t[30001] == 30000) table.move(t, 2, 30001, 1) return t[30000]",
        Value::Int(30000),
    );
    fails("table.insert({}, 5, 1)", "bad argument #2 to 'insert' (position out of bounds)");
    fails("table.concat({{}})", "invalid value (table) at index 1 in table for 'concat'");
    fails("return ('x'):rep(-1):find('[')", "malformed pattern (missing ']')");
    fails("assert(false)", "assertion failed!");
    fails("aerospike.exists(r)", "bad argument #1 to 'exists' (Aerospike expected, got Record)");
    fails("record.gen(5)", "bad argument #1 to 'gen' (userdata expected, got number)");
    fails("return r:gen()", "attempt to call a nil value (method 'gen')");
    fails("return #r", "attempt to get length of a Record value (local 'r')");
}

/// A module sees others as they were when it was registered, until the cache is cleared (lua §13).
#[test]
fn modules_keep_what_they_have_required() {
    let module = Module::new("");
    module.put("lib.lua", "return {v = 1}");
    module.put(
        "t.lua",
        "local lib = require('lib') count = 0 function f(r) count = count + 1 return lib.v * 100 + count end",
    );
    // States are used in turn: globals are not shared.
    for _ in 0..10 {
        assert_eq!(module.call("f", vec![]), Ok(Value::Int(101)));
    }
    assert_eq!(module.call("f", vec![]), Ok(Value::Int(102)));
    module.put("lib.lua", "return {v = 2}");
    assert_eq!(module.call("f", vec![]), Ok(Value::Int(102)));
    module.udfs.clear_cache();
    assert_eq!(module.call("f", vec![]), Ok(Value::Int(201)));
    module.udfs.remove("lib.lua");
    assert_eq!(module.call("f", vec![]), Ok(Value::Int(201)));
    module.udfs.clear_cache();
    assert_eq!(module.call("f", vec![]), Err("UDF: Execution Error 1".into()));
    let files: Vec<_> = module.udfs.list().iter().map(|module| module.file().to_owned()).collect();
    assert_eq!(files, ["t.lua"]);
    module.put("lib.lua", "return {}");
    module.put("a.lua", "");
    let files: Vec<_> = module.udfs.list().iter().map(|module| module.file().to_owned()).collect();
    assert_eq!(files, ["t.lua", "lib.lua", "a.lua"]);
    module.udfs.remove("t.lua");
    assert_eq!(module.call("f", vec![]), Err("UDF: Execution Error 1".into()));
}

#[test]
fn modules_that_fail_to_load_are_refused() {
    let module = Module::new("");
    let refused = |source: &str| module.udfs.put("bad.lua", source.into(), "").unwrap_err();
    let error = refused("error('top')");
    assert_eq!((error.file.as_str(), error.line, error.message.as_str()), ("bad.lua", 1, "top"));
    let error = refused("x = 1\nlocal y = nil\ny.z = 5");
    assert_eq!((error.line, error.message.as_str()), (3, "attempt to index a nil value (local 'y')"));
    let error = refused("require('absent')");
    assert!(error.line == 1 && error.message.starts_with("module 'absent' not found:\n"), "{error:?}");
    assert!(module.udfs.get("bad.lua").is_none());
}
