//! The notation in which the reference writes values and operations (cdt "Contents", §16).
//!
//! `[..]` list, `o[..]` ordered list, `{..}` map, `k{..}` `kv{..}` `p{..}` maps with a mark, `'s'` string, `b's'` blob,
//! `g's'` GeoJSON, `nil`, `true`, `1.5`, `1.5f` float32, `INF`, `*`, `0x22`, `INV+7`, `<c1 00>` raw bytes.

use aerospike_wire::cdt::{CONTEXT, SELECT, list, map};
use aerospike_wire::msgpack::*;
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{ParticleType, ResultCode};

/// A value in msgpack.
pub fn value(text: &str) -> Vec<u8> {
    let mut parser = Parser { text: text.trim(), out: Vec::new() };
    parser.value();
    assert_eq!(parser.text, "", "left over in {text}");
    parser.out
}

/// A bin; `none` is a missing one.
pub fn bin(text: &str) -> Option<ParticleBuf> {
    (text != "none").then(|| super::super::element_to_particle(&value(text)))
}

/// The payload of an operation such as `L.APPEND(4, 1)`, `M.SIZE() ctx [0x22, 'l']` or `SELECT([4, true], 1)`.
pub fn operation(text: &str) -> Vec<u8> {
    let (call, context) = match text.split_once(" ctx ") {
        Some((call, context)) => (call, Some(context)),
        None => (text, None),
    };
    let (name, arguments) = call.trim().split_once('(').expect("an opening parenthesis");
    let arguments = arguments.strip_suffix(')').expect("a closing parenthesis");
    let mut parser = Parser { text: arguments, out: Vec::new() };
    let mut count = 0;
    while !parser.text.is_empty() {
        parser.value();
        parser.separator();
        count += 1;
    }
    let mut out = Vec::new();
    put_list_head(&mut out, count + 1);
    put_uint(&mut out, id(name));
    out.extend_from_slice(&parser.out);
    let Some(context) = context else { return out };
    let mut wrapped = vec![0x93];
    put_uint(&mut wrapped, CONTEXT);
    wrapped.extend_from_slice(&value(context));
    wrapped.extend_from_slice(&out);
    wrapped
}

/// What an operation is to come to.
#[derive(Debug, PartialEq)]
pub enum Reply {
    Nothing,
    Result(ParticleBuf),
    Error(ResultCode),
}

/// `no op`, `error 26`, `int 1`, `float 2.5`, `bool true`, or the value itself.
pub fn reply(text: &str) -> Reply {
    if text == "no op" {
        return Reply::Nothing;
    }
    if let Some(code) = text.strip_prefix("error ") {
        return Reply::Error(ResultCode(code.parse().expect("a code")));
    }
    let text = ["int ", "float ", "bool "].iter().find_map(|kind| text.strip_prefix(kind)).unwrap_or(text);
    Reply::Result(super::super::element_to_particle(&value(text)))
}

struct Parser<'t> {
    text: &'t str,
    out: Vec<u8>,
}

impl<'t> Parser<'t> {
    fn take(&mut self, token: &str) -> bool {
        match self.text.strip_prefix(token) {
            Some(rest) => {
                self.text = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn separator(&mut self) {
        let _ = self.take(",") || self.take(":");
    }

    fn quoted(&mut self, kind: ParticleType) {
        let (inside, rest) = self.text.split_once('\'').expect("a closing quote");
        self.text = rest.trim_start();
        put_typed_raw(&mut self.out, kind.0, inside.as_bytes());
    }

    /// Elements up to the closing bracket, behind a marker if there is one.
    fn container(&mut self, close: &str, flags: u8, map: bool) {
        let (outer, mut count) = (std::mem::take(&mut self.out), 0);
        while !self.take(close) {
            self.value();
            self.separator();
            count += 1;
        }
        let inside = std::mem::replace(&mut self.out, outer);
        if map {
            super::super::scan::put_map_head(&mut self.out, flags, count / 2);
        } else {
            super::super::scan::put_list_head(&mut self.out, flags, count);
        }
        self.out.extend_from_slice(&inside);
    }

    fn value(&mut self) {
        for (open, close, flags, map) in [
            ("o[", "]", 1, false),
            ("[", "]", 0, false),
            ("pk{", "}", 0x11, true),
            ("pkv{", "}", 0x13, true),
            ("kv{", "}", 3, true),
            ("k{", "}", 1, true),
            ("p{", "}", 8, true),
            ("{", "}", 0, true),
        ] {
            if self.take(open) {
                return self.container(close, flags, map);
            }
        }
        // Not trimmed: blanks in quotes count.
        for (open, kind) in
            [("b'", ParticleType::BLOB), ("g'", ParticleType::GEOJSON), ("'", ParticleType::STRING)]
        {
            if let Some(rest) = self.text.strip_prefix(open) {
                self.text = rest;
                return self.quoted(kind);
            }
        }
        if self.take("<") {
            let (digits, rest) = self.text.split_once('>').expect("a closing bracket");
            self.text = rest.trim_start();
            self.out.extend(digits.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()));
            return;
        }
        let end = self.text.find([',', ']', '}', ':']).unwrap_or(self.text.len());
        let (word, rest) = self.text.split_at(end);
        self.text = rest;
        self.word(word.trim());
    }

    fn word(&mut self, word: &str) {
        match word {
            "nil" => put_nil(&mut self.out),
            "true" => put_bool(&mut self.out, true),
            "false" => put_bool(&mut self.out, false),
            "*" => put_ext(&mut self.out, EXT_COMPARE, &[0]),
            "INF" => put_ext(&mut self.out, EXT_COMPARE, &[1]),
            // Expressions of the path vectors.
            "value>4" => self.out.extend_from_slice(&[0x93, 3, 0x93, 0x7a, 2, 1, 4]),
            "value+1" => self.out.extend_from_slice(&[0x93, 20, 0x93, 0x7a, 2, 1, 1]),
            "remove" => self.out.extend_from_slice(&[0x91, 100]),
            _ if word.starts_with("INV+") => {
                put_uint(&mut self.out, 0x10000 + word[4..].parse::<u64>().expect("a return type"));
            }
            _ if word.starts_with("0x") => {
                put_uint(&mut self.out, u64::from_str_radix(&word[2..], 16).expect("a number"));
            }
            _ if word.ends_with('f') => {
                put_float32(&mut self.out, word[..word.len() - 1].parse().expect("a number"));
            }
            _ if word.contains('.') => put_float64(&mut self.out, word.parse().expect("a number")),
            _ => put_int(&mut self.out, word.parse().unwrap_or_else(|_| panic!("no value: {word}"))),
        }
    }
}

fn id(name: &str) -> u64 {
    match name {
        "SELECT" => SELECT,
        "L.SET_TYPE" => list::SET_TYPE,
        "L.APPEND" => list::APPEND,
        "L.APPEND_ITEMS" => list::APPEND_ITEMS,
        "L.INSERT" => list::INSERT,
        "L.INSERT_ITEMS" => list::INSERT_ITEMS,
        "L.POP" => list::POP,
        "L.POP_RANGE" => list::POP_RANGE,
        "L.REMOVE" => list::REMOVE,
        "L.REMOVE_RANGE" => list::REMOVE_RANGE,
        "L.SET" => list::SET,
        "L.TRIM" => list::TRIM,
        "L.CLEAR" => list::CLEAR,
        "L.INCREMENT" => list::INCREMENT,
        "L.SORT" => list::SORT,
        "L.SIZE" => list::SIZE,
        "L.GET" => list::GET,
        "L.GET_RANGE" => list::GET_RANGE,
        "L.GET_BY_INDEX" => list::GET_BY_INDEX,
        "L.GET_BY_VALUE" => list::GET_BY_VALUE,
        "L.GET_BY_RANK" => list::GET_BY_RANK,
        "L.GET_ALL_BY_VALUE" => list::GET_ALL_BY_VALUE,
        "L.GET_BY_VALUE_LIST" => list::GET_BY_VALUE_LIST,
        "L.GET_BY_INDEX_RANGE" => list::GET_BY_INDEX_RANGE,
        "L.GET_BY_VALUE_INTERVAL" => list::GET_BY_VALUE_INTERVAL,
        "L.GET_BY_RANK_RANGE" => list::GET_BY_RANK_RANGE,
        "L.GET_BY_VALUE_REL_RANK" => list::GET_BY_VALUE_REL_RANK_RANGE,
        "L.REMOVE_BY_INDEX" => list::REMOVE_BY_INDEX,
        "L.REMOVE_BY_VALUE" => list::REMOVE_BY_VALUE,
        "L.REMOVE_BY_RANK" => list::REMOVE_BY_RANK,
        "L.REMOVE_ALL_BY_VALUE" => list::REMOVE_ALL_BY_VALUE,
        "L.REMOVE_BY_VALUE_LIST" => list::REMOVE_BY_VALUE_LIST,
        "L.REMOVE_BY_INDEX_RANGE" => list::REMOVE_BY_INDEX_RANGE,
        "L.REMOVE_BY_VALUE_INTERVAL" => list::REMOVE_BY_VALUE_INTERVAL,
        "L.REMOVE_BY_RANK_RANGE" => list::REMOVE_BY_RANK_RANGE,
        "L.REMOVE_BY_VALUE_REL_RANK" => list::REMOVE_BY_VALUE_REL_RANK_RANGE,
        "M.SET_TYPE" => map::SET_TYPE,
        "M.ADD" => map::ADD,
        "M.ADD_ITEMS" => map::ADD_ITEMS,
        "M.PUT" => map::PUT,
        "M.PUT_ITEMS" => map::PUT_ITEMS,
        "M.REPLACE" => map::REPLACE,
        "M.REPLACE_ITEMS" => map::REPLACE_ITEMS,
        "M.INCREMENT" => map::INCREMENT,
        "M.DECREMENT" => map::DECREMENT,
        "M.CLEAR" => map::CLEAR,
        "M.REMOVE_BY_KEY" => map::REMOVE_BY_KEY,
        "M.REMOVE_BY_INDEX" => map::REMOVE_BY_INDEX,
        "M.REMOVE_BY_VALUE" => map::REMOVE_BY_VALUE,
        "M.REMOVE_BY_RANK" => map::REMOVE_BY_RANK,
        "M.REMOVE_BY_KEY_LIST" => map::REMOVE_BY_KEY_LIST,
        "M.REMOVE_ALL_BY_VALUE" => map::REMOVE_ALL_BY_VALUE,
        "M.REMOVE_BY_VALUE_LIST" => map::REMOVE_BY_VALUE_LIST,
        "M.REMOVE_BY_KEY_INTERVAL" => map::REMOVE_BY_KEY_INTERVAL,
        "M.REMOVE_BY_INDEX_RANGE" => map::REMOVE_BY_INDEX_RANGE,
        "M.REMOVE_BY_VALUE_INTERVAL" => map::REMOVE_BY_VALUE_INTERVAL,
        "M.REMOVE_BY_RANK_RANGE" => map::REMOVE_BY_RANK_RANGE,
        "M.REMOVE_BY_KEY_REL_INDEX" => map::REMOVE_BY_KEY_REL_INDEX_RANGE,
        "M.REMOVE_BY_VALUE_REL_RANK" => map::REMOVE_BY_VALUE_REL_RANK_RANGE,
        "M.SIZE" => map::SIZE,
        "M.GET_BY_KEY" => map::GET_BY_KEY,
        "M.GET_BY_INDEX" => map::GET_BY_INDEX,
        "M.GET_BY_VALUE" => map::GET_BY_VALUE,
        "M.GET_BY_RANK" => map::GET_BY_RANK,
        "M.GET_ALL_BY_VALUE" => map::GET_ALL_BY_VALUE,
        "M.GET_BY_KEY_INTERVAL" => map::GET_BY_KEY_INTERVAL,
        "M.GET_BY_INDEX_RANGE" => map::GET_BY_INDEX_RANGE,
        "M.GET_BY_VALUE_INTERVAL" => map::GET_BY_VALUE_INTERVAL,
        "M.GET_BY_RANK_RANGE" => map::GET_BY_RANK_RANGE,
        "M.GET_BY_KEY_LIST" => map::GET_BY_KEY_LIST,
        "M.GET_BY_VALUE_LIST" => map::GET_BY_VALUE_LIST,
        "M.GET_BY_KEY_REL_INDEX" => map::GET_BY_KEY_REL_INDEX_RANGE,
        "M.GET_BY_VALUE_REL_RANK" => map::GET_BY_VALUE_REL_RANK_RANGE,
        _ => panic!("no operation: {name}"),
    }
}
