//! The string functions beside Lua's own: on small inputs they must not be told apart.

use super::super::api::{self, World};
use super::super::budget::Budget;
use mlua::{Lua, LuaString};
use proptest::prelude::*;
use std::sync::Arc;

/// Calls a string function, and describes what came of it.
const DESCRIBE: &str = r##"
local function shown(...)
  local out = {}
  for i = 1, select("#", ...) do
    local v = select(i, ...)
    out[i] = math.type(v) or type(v)
    out[i] = out[i] .. ":" .. tostring(v)
  end
  return table.concat(out, "|")
end
local function outcome(ok, ...)
  if ok then return shown(...) end
  -- Positions differ: the functions are called from other places.
  return "error " .. (tostring((...)):gsub("^.-:%d+: ", ""))
end
local function each(...)
  local out = {}
  for a, b, c in string.gmatch(...) do
    out[#out + 1] = shown(a, b, c)
    if #out > 50 then break end
  end
  return table.concat(out, ";")
end
local count = 0
local function replaced(a, b)
  count = count + 1
  if count % 3 == 0 then return nil end
  return shown(a, b)
end
return function(name, subject, pattern, extra, init)
  count = 0
  if name == "find" then return outcome(pcall(string.find, subject, pattern, init)) end
  if name == "plain" then return outcome(pcall(string.find, subject, pattern, init, true)) end
  if name == "match" then return outcome(pcall(string.match, subject, pattern, init)) end
  if name == "gmatch" then return outcome(pcall(each, subject, pattern, init)) end
  if name == "gsub" then return outcome(pcall(string.gsub, subject, pattern, extra)) end
  if name == "gsubn" then return outcome(pcall(string.gsub, subject, pattern, extra, init)) end
  if name == "gsubf" then return outcome(pcall(string.gsub, subject, pattern, replaced)) end
  if name == "gsubt" then return outcome(pcall(string.gsub, subject, pattern, {a = "1", b = false, ab = 7, [1] = "p"})) end
  return outcome(pcall(string.rep, subject, init, extra))
end
"##;

const FUNCTIONS: [&str; 9] = ["find", "plain", "match", "gmatch", "gsub", "gsubn", "gsubf", "gsubt", "rep"];

struct Pair {
    own: mlua::Function,
    stock: mlua::Function,
    /// The states must outlive their functions.
    _states: (Lua, Lua),
}

impl Pair {
    fn new() -> Pair {
        let (own, stock) = (Lua::new(), Lua::new());
        let world = World {
            budget: Budget::new(),
            module: "t".into(),
            clock: Arc::new(crate::control::Clock::new()),
        };
        api::install(&own, &world).unwrap();
        let native = own.create_table().unwrap();
        let nothing = own.create_function(|_, ()| Ok(())).unwrap();
        let same = own.create_function(|lua, value: mlua::Value| match value {
            mlua::Value::Error(error) => Ok(mlua::Value::String(lua.create_string(api::error_text(&error))?)),
            other => Ok(other),
        });
        let same = same.unwrap();
        for (name, function) in
            [("check", &nothing), ("exhausted", &nothing), ("seen", &same), ("text", &same)]
        {
            native.raw_set(name, function).unwrap();
        }
        own.load(include_str!("../../../../lua/guard.lua")).call::<()>(native).unwrap();
        Pair {
            own: own.load(DESCRIBE).eval().unwrap(),
            stock: stock.load(DESCRIBE).eval().unwrap(),
            _states: (own, stock),
        }
    }

    fn check(&self, function: &str, subject: &[u8], pattern: &[u8], extra: &[u8], init: i64) {
        let run = |lua: &Lua, describe: &mlua::Function| {
            let given = |bytes: &[u8]| lua.create_string(bytes).unwrap();
            let arguments = (function, given(subject), given(pattern), given(extra), init);
            describe.call::<LuaString>(arguments).unwrap().as_bytes().to_vec()
        };
        let own = run(&self._states.0, &self.own);
        let stock = run(&self._states.1, &self.stock);
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(
            shown(&own),
            shown(&stock),
            "{function}({:?}, {:?}, {:?}, {init})",
            shown(subject),
            shown(pattern),
            shown(extra)
        );
    }
}

/// Pieces that patterns are made of; not all of what they make is a pattern.
fn patterns() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "a", "b", "ab", ".", "%a", "%d", "%s", "%w", "%p", "%x", "%u", "%c", "%g", "%l", "%A", "%%", "%.",
        "*", "+", "-", "?", "(", ")", "()", "[ab]", "[^a]", "[%a_]", "[a-", "[]]", "[^]]", "[a-b]", "[%d-b]",
        "]", "%b()", "%bab", "%b", "%f[%w]", "%f", "%f[^a]", "%1", "%2", "%0", "%9", "^", "$", "%", "\0",
        "1", " ", "(a*)", "(.-)", "(%w+)", "é", "%z", "%Z", "%é",
    ]);
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat().into_bytes())
}

fn subjects() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "a", "b", "ab", "1", " ", "(", ")", "[", "]", "_", ".", "%", "é", "\0", "A",
    ]);
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat().into_bytes())
}

fn extras() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec!["x", "%0", "%1", "%2", "%%", "%", "", "%a", "-"]);
    prop::collection::vec(piece, 0..3).prop_map(|pieces| pieces.concat().into_bytes())
}

#[test]
fn string_functions_behave_like_luas_own() {
    let pair = Pair::new();
    let cases = ProptestConfig::with_cases(4000);
    proptest!(cases, |(
        function in prop::sample::select(FUNCTIONS.to_vec()),
        subject in subjects(),
        pattern in patterns(),
        extra in extras(),
        init in -10i64..12,
    )| pair.check(function, &subject, &pattern, &extra, init));
}

#[test]
fn corners_of_patterns() {
    let pair = Pair::new();
    for (subject, pattern) in [
        ("abc", "("),
        ("abc", "()"),
        ("abc", "(a"),
        ("abc", "a)"),
        ("abc", "%"),
        ("abc", "["),
        ("abc", "[a"),
        ("abc", "[^"),
        ("abc", "%f"),
        ("abc", "%b"),
        ("abc", "%bx"),
        ("THE (quick) fox", "%((%a+)%)"),
        ("hello world", "%f[%w]%w+"),
        ("key = value", "^(%w+)%s*=%s*(%w+)$"),
        ("", ""),
        ("", "^$"),
        ("abab", "(ab)%1"),
        ("aaa", "^a-$"),
        ("a\0b", "%z"),
        ("x^y", "x^y"),
        ("^x", "^^x"),
    ] {
        for function in FUNCTIONS {
            pair.check(function, subject.as_bytes(), pattern.as_bytes(), b"<%0>", 1);
        }
    }
    let many = "(.)".repeat(33);
    pair.check("find", b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", many.as_bytes(), b"", 1);
    let deep = "a?".repeat(250);
    pair.check("find", b"aaaa", deep.as_bytes(), b"", 1);
    pair.check("find", &b"a".repeat(300), deep.as_bytes(), b"", 1);
}
