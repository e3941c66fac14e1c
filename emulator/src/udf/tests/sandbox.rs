//! Every door that the sandbox closes, and everything that a call could use without end.

use super::{Module, run, text};
use crate::udf::Udfs;
use aerospike_wire::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};

const TIMEOUT: &str = "UDF Execution Timeout";

#[test]
fn libraries_that_reach_outside_are_not_there() {
    for name in ["io", "dofile", "loadfile", "package.loadlib", "package.searchers", "package.searchpath"] {
        assert_eq!(run(&format!("return {name} == nil")), Ok(Value::Bool(true)), "{name}");
    }
    let names =
        "local t = {} for k in pairs(os) do t[#t + 1] = k end table.sort(t) return table.concat(t, ' ')";
    assert_eq!(run(names), Ok(text("clock date difftime time")));
    // The name is that of a log function, as in the server being emulated.
    assert_eq!(run("return type(debug)"), Ok(text("function")));
    assert_eq!(run("return _VERSION"), Ok(text("Lua 5.4")));
}

#[test]
fn require_finds_registered_modules_and_no_files() {
    let file = std::env::temp_dir().join(format!("aerospike_emulator_{}.lua", std::process::id()));
    std::fs::write(&file, "return 1").unwrap();
    let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
    let directory = file.parent().unwrap().to_string_lossy().into_owned();
    for attempt in [
        format!("package.path = '{directory}/?.lua' return require('{stem}')"),
        format!("package.cpath = '{directory}/?.so' return require('{stem}')"),
        format!("return require('{}')", file.with_extension("").display()),
        "return require('io')".into(),
        "return require('debug')".into(),
        "return require('ffi')".into(),
    ] {
        let error = run(&attempt).unwrap_err();
        assert!(error.contains("not found"), "{attempt}: {error}");
    }
    std::fs::remove_file(&file).unwrap();
    let module = Module::new("function f(r) return require('lib').answer end");
    module.put("lib.lua", "return {answer = 42}");
    module.put("t.lua", "function f(r) return require('lib').answer end");
    assert_eq!(module.call("f", Vec::new()), Ok(Value::Int(42)));
    // The libraries that are there can be required, as usual.
    assert_eq!(run("return require('string') == string"), Ok(Value::Bool(true)));
}

#[test]
fn bytecode_is_not_loaded() {
    for attempt in [
        "return load(string.dump(function() return 1 end))",
        "return load(string.dump(function() return 1 end), 'x', 'b')",
        "return load(string.dump(function() return 1 end), 'x', 'bt')",
        "local piece = string.dump(function() return 1 end) return load(function() local p = piece piece = nil return p end)",
    ] {
        assert_eq!(run(attempt), Ok(Value::Nil), "{attempt}");
    }
    assert_eq!(run("return load('return 1 + 1')()"), Ok(Value::Int(2)));
    let refused = Module::new("").udfs.put("b.lua", b"\x1bLua".to_vec(), "").unwrap_err();
    assert_eq!(refused.message, "b.lua: bad binary format (truncated chunk)");
}

#[test]
fn unsafe_servers_have_all_libraries() {
    let clock = Arc::new(crate::control::Clock::new());
    let limit = Duration::from_millis(200);
    let module = Module { udfs: Udfs::new(true, None, clock), limit, ..Module::new("") };
    module
        .put("t.lua", "function f(r) return type(io.open) .. type(os.getenv) .. type(package.searchers) end");
    assert_eq!(module.call("f", Vec::new()), Ok(text("functionfunctiontable")));
    module.put("t.lua", "function f(r) while true do pcall(os.time) end end");
    assert_eq!(module.call("f", Vec::new()), Err(TIMEOUT.into()));
}

/// Runs something that would never end; it has to end in time, and the next call has to work.
fn ends_in_time(body: &str) {
    let mut module = Module::new(&format!("function f(r)\n{body}\nend function g(r) return 1 end"));
    module.limit = Duration::from_millis(200);
    let started = Instant::now();
    let result = module.call("f", Vec::new());
    let took = started.elapsed();
    // What collects as it goes may meet the end of its memory first, on a fast machine.
    let ends = [TIMEOUT, "not enough memory"];
    assert!(result.as_ref().is_err_and(|error| ends.contains(&error.as_str())), "{body}: {result:?}");
    // Tests share the machine with other tests, and run without optimization.
    assert!(took < Duration::from_secs(5), "{body}: {took:?}");
    assert_eq!(module.call("g", Vec::new()), Ok(Value::Int(1)));
}

#[test]
fn endless_loops_end() {
    ends_in_time("while true do end");
    ends_in_time("local i = 0 repeat i = i + 1 until false");
    ends_in_time("for i = 1, math.huge do end");
    ends_in_time("::a:: goto a");
    ends_in_time("return (function(...) while true do end end)()");
}

#[test]
fn the_end_cannot_be_caught() {
    ends_in_time("while true do pcall(function() while true do end end) end");
    ends_in_time(
        "while true do xpcall(function() while true do end end, function() while true do end end) end",
    );
    ends_in_time("local function f() while true do pcall(f) end end f()");
    ends_in_time("local function f() xpcall(f, f) f() end while true do pcall(f) end");
    ends_in_time(
        "while true do pcall(error, setmetatable({}, {__tostring = function() while true do end end})) end",
    );
    ends_in_time(
        "while true do local ok, t = pcall(setmetatable, {}, {__close = function() while true do end end}) local x <close> = t end",
    );
    ends_in_time("while true do pcall(string.rep) end");
}

#[test]
fn coroutines_are_watched() {
    ends_in_time("coroutine.wrap(function() while true do end end)()");
    ends_in_time("while true do coroutine.resume(coroutine.create(function() while true do end end)) end");
    ends_in_time(
        "local co = coroutine.create(function() while true do coroutine.yield() end end) while true do coroutine.resume(co) end",
    );
    // Each coroutine ends before the clock is looked at for the first time.
    ends_in_time(
        "local function nest() for i = 1, 50 do coroutine.wrap(nest)() end end while true do pcall(nest) end",
    );
    ends_in_time("while true do coroutine.close(coroutine.create(function() end)) end");
}

#[test]
fn metamethods_are_watched() {
    ends_in_time("local t = setmetatable({}, {__index = function() while true do end end}) return t.x");
    ends_in_time("local t = setmetatable({}, {__lt = function() while true do end end}) return t < t");
    // A finalizer would run where nothing can stop it.
    assert_eq!(
        run(
            "for i = 1, 1000 do setmetatable({}, {__gc = function() while true do end end}) end collectgarbage() return 1"
        ),
        Ok(Value::Int(1))
    );
    assert_eq!(run("local m = {__gc = 5} setmetatable({}, m) return m.__gc"), Ok(Value::Int(5)));
}

#[test]
fn library_functions_that_loop_are_watched() {
    let liar = "setmetatable({}, {__len = function() return math.maxinteger - 1 end})";
    for body in [
        &*format!("table.insert({liar}, 1, 'x')"),
        &*format!("table.remove({liar}, 1)"),
        &*format!("table.sort({liar}, rawequal)"),
        &*format!("table.sort({liar})"),
        &*format!("table.concat({liar})"),
    ] {
        let error = run(body).unwrap_err();
        assert!(error.ends_with("array too big"), "{body}: {error}");
    }
    ends_in_time("table.move({}, 1, math.maxinteger - 1, 2)");
    ends_in_time("table.move({}, 1, math.maxinteger // 2, math.maxinteger // 2)");
    ends_in_time(
        "table.concat(setmetatable({}, {__index = function() return '' end}), '', 1, 1e15 // 1 | 0)",
    );
    ends_in_time("while true do table.unpack({}, 1, 200000) end");
    ends_in_time(
        "local t = {} for i = 1, 200000 do t[i] = i % 1000 end while true do table.sort(t) table.remove(t, 1) table.insert(t, 1, 5) end",
    );
    ends_in_time("while true do collectgarbage() end");
    ends_in_time("local s = ('x'):rep(1000000) while true do s:find('y', 1, true) end");
    ends_in_time(
        "local l = list() for i = 1, 20 do l = list{l, l} end while true do pcall(list.nbytes, l) tostring(l) end",
    );
    ends_in_time(
        "local l = list() l[200000] = 1 while true do list.prepend(l, 1) list.remove(l, 1) list.clone(l) end",
    );
    ends_in_time("while true do load('local x = 1') end");
}

#[test]
fn string_patterns_that_explode_end() {
    ends_in_time("return (('a'):rep(40)):find(('a*'):rep(40) .. 'b')");
    ends_in_time("return (('a'):rep(100)):match(('a?'):rep(100) .. ('a'):rep(100) .. 'b')");
    ends_in_time("for x in (('a'):rep(40)):gmatch(('.-'):rep(40) .. 'b') do end");
    ends_in_time("return (('a'):rep(40)):gsub(('a-'):rep(40) .. 'b', 'x')");
    ends_in_time("return (('('):rep(100000)):find('%b()%b()b')");
    ends_in_time("return string.gsub(('x'):rep(1000), '', function() while true do end end)");
}

#[test]
fn memory_ends() {
    for body in [
        "local t = {} for i = 1, 1e9 do t[i] = {} end",
        "local s = 'x' while true do s = s .. s end",
        "local t = {} while true do t[#t + 1] = ('x'):rep(1000000) .. #t end",
        "local l = list() while true do list.append(l, 1) end",
        "local m, i = map(), 0 while true do i = i + 1 m[i] = 1 end",
        "local b = bytes(10) while bytes.append_string(b, ('x'):rep(100000)) do end local l = list() while true do list.append(l, bytes.get_bytes(b, 1, 10000000)) end",
        "local t = {} while true do t[#t + 1] = geojson(('x'):rep(1000000)) end",
        "local l = list() while true do l = list{l, l} t = list.nbytes(l) end",
        "local l = list() l[16000000] = 1 local m = list() m[16000000] = 1",
        "for i = 1, 1000 do r['b' .. i] = ('x'):rep(1000000) end",
        "local t = {} while true do t[#t + 1] = coroutine.create(function() end) end",
        "return string.rep('x', 1 << 40)",
        "return ('x'):rep(1000000):gsub('', ('y'):rep(1000))",
    ] {
        let module = Module::new(&format!("function f(r)\n{body}\nend function g(r) return 1 end"));
        let error = module.call("f", Vec::new()).unwrap_err();
        let known = ["not enough memory", "too large", "bad list position"];
        assert!(known.iter().any(|text| error.contains(text)), "{body}: {error}");
        assert_eq!(module.call("g", Vec::new()), Ok(Value::Int(1)));
    }
    // What is garbage does not count.
    assert_eq!(run("for i = 1, 300 do local l = list() l[20000] = 1 end return 1"), Ok(Value::Int(1)));
}

#[test]
fn string_repetition_of_nothing_ends() {
    assert_eq!(run("return string.rep('', 1 << 62)"), Ok(text("")));
    assert_eq!(run("return #string.rep('ab', 3, '-')"), Ok(Value::Int(8)));
}

#[test]
fn recursion_ends() {
    // Whichever ends first, the stack or the memory for it.
    let error = run("local function g() return 1 + g() end return g()").unwrap_err();
    assert!(error.contains("stack overflow") || error.contains("not enough memory"), "{error}");
    let error = run("local function g() return pcall(g) end local ok, e = g() error('done')").unwrap_err();
    assert!(error.ends_with("done"), "{error}");
    assert!(run("local t = {} for i = 1, 300 do t = setmetatable({}, {__index = t}) end return t.x").is_ok());
    let error = run("return tostring(setmetatable({}, {__tostring = function(t) return tostring(t) end}))");
    assert!(error.unwrap_err().contains("stack overflow"));
    let error = run("local l = list() for i = 1, 100000 do l = list{l} end return l").unwrap_err();
    assert!(error.contains("nested too deeply"), "{error}");
}

#[test]
fn containers_cannot_contain_themselves() {
    for body in [
        "local l = list() list.append(l, l)",
        "local l = list{1} l[1] = l",
        "local l = list{list()} list.append(l[1], l)",
        "local m = map() m.a = m",
        "local m, l = map(), list() m.a = l list.insert(l, 1, m)",
        "local l = list() local m = list{l} list.concat(l, m)",
    ] {
        let error = run(body).unwrap_err();
        assert!(error.ends_with("cannot contain itself"), "{body}: {error}");
    }
}

#[test]
fn a_call_cannot_stop_the_collector() {
    let body = "collectgarbage('stop') collectgarbage('generational') return collectgarbage('isrunning')";
    assert_eq!(run(body), Ok(Value::Bool(true)));
    let body = "collectgarbage('stop') for i = 1, 2000000 do local t = {} end return collectgarbage('count') < 20000";
    assert_eq!(run(body), Ok(Value::Bool(true)));
}

#[test]
fn a_module_that_never_ends_to_load_is_refused() {
    let module = Module::new("");
    let started = Instant::now();
    let refused = module.udfs.put("x.lua", b"while true do end".to_vec(), "").unwrap_err();
    assert_eq!(refused.message, TIMEOUT);
    assert!(started.elapsed() < Duration::from_secs(5));
}
