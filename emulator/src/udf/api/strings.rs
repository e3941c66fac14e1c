//! The functions of `string` that Lua's own library could be kept busy with: patterns and repetition.

use super::{Arguments, World, function, raise};
use crate::udf::budget::{LUA_MEMORY, NO_MEMORY};
use crate::udf::pattern::{Capture, ESCAPE, Matcher, PatternError, is_plain};
use memchr::memmem;
use mlua::{Function, Lua, MultiValue, Table, Value};

/// Replaces functions of the global table `string`; `gsub` is finished in Lua.
pub fn install(lua: &Lua, world: &World) -> mlua::Result<()> {
    let string: Table = lua.globals().raw_get("string")?;
    function(lua, world, &string, "find", |call| find(call, Wanted::Place))?;
    function(lua, world, &string, "match", |call| find(call, Wanted::Captures))?;
    function(lua, world, &string, "gmatch", gmatch)?;
    function(lua, world, &string, "gsub", gsub_text)?;
    function(lua, world, &string, "gsub_next", gsub_next)?;
    function(lua, world, &string, "rep", rep)
}

/// Raises what is wrong with a pattern.
fn failed(lua: &Lua, error: PatternError) -> mlua::Error {
    match error {
        PatternError::Malformed(text) => raise(lua, text),
        PatternError::TimeUp(error) => error.into(),
    }
}

fn pushed(lua: &Lua, captures: &[Capture<'_>], values: &mut MultiValue) -> mlua::Result<()> {
    for capture in captures {
        values.push_back(match capture {
            Capture::Position(position) => Value::Integer(*position as i64),
            Capture::Text(text) => Value::String(lua.create_string(text)?),
        });
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Place,
    Captures,
}

/// The 0-based start that an optional 1-based position means; `None` behind the end.
fn start_of(position: Option<i64>, length: usize) -> Option<usize> {
    let start = match position {
        None | Some(0) => 0,
        Some(position @ 1..) => position as u64 as usize - 1,
        Some(position) => length.saturating_sub(position.unsigned_abs() as usize),
    };
    (start <= length).then_some(start)
}

/// Splits the anchor off a pattern.
fn anchored(pattern: &[u8]) -> (bool, &[u8]) {
    match pattern {
        [b'^', rest @ ..] => (true, rest),
        _ => (false, pattern),
    }
}

/// `string.find` and `string.match`.
fn find(call: &Arguments<'_>, wanted: Wanted) -> mlua::Result<MultiValue> {
    let (subject, pattern) = (call.string(1)?, call.string(2)?);
    let (subject, pattern) = (subject.as_bytes(), pattern.as_bytes());
    let nothing = || MultiValue::from_iter([Value::Nil]);
    let Some(start) = start_of(call.integer(3)?, subject.len()) else { return Ok(nothing()) };
    let truthy = |value: &Value| !matches!(value, Value::Nil | Value::Boolean(false));
    if wanted == Wanted::Place && (truthy(call.value(4)) || is_plain(&pattern)) {
        call.world.budget.check()?;
        return Ok(match memmem::find(&subject[start..], &pattern) {
            None => nothing(),
            Some(at) => {
                let first = (start + at + 1) as i64;
                let last = (start + at + pattern.len()) as i64;
                MultiValue::from_iter([Value::Integer(first), Value::Integer(last)])
            }
        });
    }
    let (anchor, pattern) = anchored(&pattern);
    let mut matcher = Matcher::new(&subject, pattern, &call.world.budget);
    let fail = |error| failed(call.lua, error);
    for at in start..=subject.len() {
        let Some(end) = matcher.match_at(at).map_err(fail)? else {
            if anchor {
                break;
            }
            continue;
        };
        let mut values = MultiValue::new();
        let captures = match wanted {
            Wanted::Place => {
                values.push_back(Value::Integer(at as i64 + 1));
                values.push_back(Value::Integer(end as i64));
                matcher.own_captures()
            }
            Wanted::Captures => matcher.captures(at, end),
        };
        pushed(call.lua, &captures.map_err(fail)?, &mut values)?;
        return Ok(values);
    }
    Ok(nothing())
}

/// The next match from a position on that does not end where the last one did.
fn next_match(
    matcher: &mut Matcher<'_>,
    length: usize,
    from: usize,
    last_end: Option<usize>,
    anchor: bool,
) -> Result<Option<(usize, usize)>, PatternError> {
    for at in from..=length {
        match matcher.match_at(at)? {
            Some(end) if Some(end) != last_end => return Ok(Some((at, end))),
            _ if anchor => break,
            _ => {}
        }
    }
    Ok(None)
}

/// `string.gmatch`: an iterator; it has no anchor, `^` is a character like others.
fn gmatch(call: &Arguments<'_>) -> mlua::Result<Function> {
    let (subject, pattern) = (call.string(1)?, call.string(2)?);
    let length = subject.as_bytes().len();
    let start = start_of(call.integer(3)?, length).unwrap_or(length + 1);
    let state = parking_lot::Mutex::new((start, None));
    let world = call.world.clone();
    call.lua.create_function(move |lua, ()| {
        let (subject, pattern) = (subject.as_bytes(), pattern.as_bytes());
        let mut matcher = Matcher::new(&subject, &pattern, &world.budget);
        let (from, last_end) = *state.lock();
        let found = next_match(&mut matcher, subject.len(), from, last_end, false);
        let mut values = MultiValue::new();
        match found.map_err(|error| failed(lua, error))? {
            None => *state.lock() = (subject.len() + 1, last_end),
            Some((at, end)) => {
                *state.lock() = (end, Some(end));
                let captures = matcher.captures(at, end).map_err(|error| failed(lua, error))?;
                pushed(lua, &captures, &mut values)?;
            }
        }
        Ok(values)
    })
}

/// `string.gsub` with a text as replacement.
fn gsub_text(call: &Arguments<'_>) -> mlua::Result<(Value, i64)> {
    let (original, pattern, replacement) = (call.string(1)?, call.string(2)?, call.string(3)?);
    let (subject, pattern, replacement) = (original.as_bytes(), pattern.as_bytes(), replacement.as_bytes());
    let most = call.integer(4)?.unwrap_or(subject.len() as i64 + 1);
    let (anchor, pattern) = anchored(&pattern);
    let mut matcher = Matcher::new(&subject, pattern, &call.world.budget);
    let fail = |error| failed(call.lua, error);
    let (mut out, mut count, mut from, mut last_end) = (Vec::new(), 0, 0, None);
    while count < most {
        let found = next_match(&mut matcher, subject.len(), from, last_end, anchor).map_err(fail)?;
        let Some((at, end)) = found else { break };
        count += 1;
        out.extend_from_slice(&subject[from..at]);
        substitute(&matcher, &replacement, (at, end), &mut out).map_err(fail)?;
        if out.len() > LUA_MEMORY {
            return Err(mlua::Error::runtime(NO_MEMORY));
        }
        (from, last_end) = (end, Some(end));
        if anchor {
            break;
        }
    }
    if count == 0 {
        return Ok((Value::String(original.clone()), 0));
    }
    out.extend_from_slice(&subject[from..]);
    Ok((Value::String(call.lua.create_string(out)?), count))
}

/// Appends a replacement in which `%0` to `%9` stand for captures.
fn substitute(
    matcher: &Matcher<'_>,
    replacement: &[u8],
    (start, end): (usize, usize),
    out: &mut Vec<u8>,
) -> Result<(), PatternError> {
    let mut bytes = replacement.iter();
    while let Some(byte) = bytes.next() {
        if *byte != ESCAPE {
            out.push(*byte);
            continue;
        }
        let capture = match bytes.next() {
            Some(&ESCAPE) => Capture::Text(&[ESCAPE]),
            Some(b'0') => matcher.whole(start, end),
            Some(digit @ b'1'..=b'9') => matcher.capture((digit - b'1') as usize, start, end)?,
            _ => {
                let text = "invalid use of '%' in replacement string";
                return Err(PatternError::Malformed(text.into()));
            }
        };
        match capture {
            Capture::Position(position) => out.extend_from_slice(position.to_string().as_bytes()),
            Capture::Text(text) => out.extend_from_slice(text),
        }
    }
    Ok(())
}

/// One step of `string.gsub` with a function or table as replacement. Takes subject, pattern, the position to go on
/// from and the end of the last match, both 0-based, and anything fifth to get the first capture alone. Returns start
/// and end of the next match, 0-based, and its captures; nothing if there is none.
fn gsub_next(call: &Arguments<'_>) -> mlua::Result<MultiValue> {
    let (subject, pattern) = (call.string(1)?, call.string(2)?);
    let (subject, pattern) = (subject.as_bytes(), pattern.as_bytes());
    let place =
        |index: usize| Ok::<_, mlua::Error>(call.integer(index)?.and_then(|at| usize::try_from(at).ok()));
    let (from, last_end) = (place(3)?.unwrap_or(0), place(4)?);
    let (anchor, pattern) = anchored(&pattern);
    let mut matcher = Matcher::new(&subject, pattern, &call.world.budget);
    let fail = |error| failed(call.lua, error);
    let mut values = MultiValue::new();
    if let Some((at, end)) = next_match(&mut matcher, subject.len(), from, last_end, anchor).map_err(fail)? {
        values.push_back(Value::Integer(at as i64));
        values.push_back(Value::Integer(end as i64));
        let captures = match call.integer(5)? {
            None => matcher.captures(at, end),
            Some(_) => matcher.capture(0, at, end).map(|first| vec![first]),
        };
        pushed(call.lua, &captures.map_err(fail)?, &mut values)?;
    }
    Ok(values)
}

/// `string.rep`.
fn rep(call: &Arguments<'_>) -> mlua::Result<Value> {
    let text = call.string(1)?;
    let text = text.as_bytes();
    let Some(count) = call.integer(2)? else {
        return Err(super::wrong_type(call.lua, 2, call.function, "number", call.value(2)));
    };
    let separator = match call.value(3) {
        Value::Nil => Vec::new(),
        _ => call.string(3)?.as_bytes().to_vec(),
    };
    let count = usize::try_from(count).unwrap_or(0);
    let unit = text.len() + separator.len();
    if count == 0 || unit == 0 {
        return Ok(Value::String(call.lua.create_string("")?));
    }
    if count.saturating_mul(unit) > LUA_MEMORY {
        return Err(raise(call.lua, "resulting string too large"));
    }
    call.world.budget.check()?;
    let mut out = Vec::with_capacity(count * unit);
    for _ in 1..count {
        out.extend_from_slice(&text);
        out.extend_from_slice(&separator);
    }
    out.extend_from_slice(&text);
    Ok(Value::String(call.lua.create_string(out)?))
}
