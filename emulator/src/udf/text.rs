//! Values as text: what `tostring` gives (lua §9 to §12).

use super::budget::Budget;
use super::codec::{Bounds, EncodeError};
use super::value::{Item, Key, MAX_DEPTH};
use std::io::Write;

/// What empty bytes look like in a list.
const EMPTY: &[u8] = b"<NULL>";

/// A value as text. Strings are quoted, but nothing in them is escaped.
///
/// # Errors
/// As [`EncodeError`] tells.
pub fn text(item: &Item, budget: &Budget) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::new();
    put(item, MAX_DEPTH, &mut Bounds::new(budget), &mut out)?;
    Ok(out)
}

fn put(item: &Item, depth: usize, bounds: &mut Bounds<'_>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    bounds.element(out.len())?;
    match item {
        Item::Nil => out.extend_from_slice(b"NIL"),
        Item::Bool(value) => put_display(value, out),
        Item::Int(value) => put_display(value, out),
        Item::Float(value) => out.extend_from_slice(general(*value, 16).as_bytes()),
        Item::Str(text) => put_quoted(text, out),
        Item::Geo(geo) => put_quoted(geo.text(), out),
        Item::Bytes(bytes) => put_hex(bytes.0.lock().as_slice(), out),
        Item::List(list) => {
            let depth = depth.checked_sub(1).ok_or(EncodeError::TooDeep)?;
            out.push(b'[');
            for (index, item) in list.0.lock().items().iter().enumerate() {
                put_comma(index, out);
                put(item, depth, bounds, out)?;
            }
            out.push(b']');
        }
        Item::Map(map) => {
            let depth = depth.checked_sub(1).ok_or(EncodeError::TooDeep)?;
            out.push(b'{');
            for (index, (key, value)) in map.0.lock().entries().enumerate() {
                // Empty bytes have no text; the server being emulated stops at them.
                if is_empty(value) || matches!(key, Key::Bytes(bytes, _) if bytes.is_empty()) {
                    break;
                }
                put_comma(index, out);
                match key {
                    Key::Int(value) => put_display(value, out),
                    Key::Str(text) => put_quoted(text, out),
                    Key::Bytes(bytes, _) => put_hex(bytes, out),
                }
                out.push(b':');
                put(value, depth, bounds, out)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

fn is_empty(item: &Item) -> bool {
    matches!(item, Item::Bytes(bytes) if bytes.0.lock().size() == 0)
}

fn put_display(value: impl std::fmt::Display, out: &mut Vec<u8>) {
    // Writing to a vector cannot fail.
    let _ = write!(out, "{value}");
}

fn put_comma(index: usize, out: &mut Vec<u8>) {
    if index > 0 {
        out.extend_from_slice(b", ");
    }
}

fn put_quoted(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(text);
    out.push(b'"');
}

fn put_hex(bytes: &[u8], out: &mut Vec<u8>) {
    if bytes.is_empty() {
        out.extend_from_slice(EMPTY);
    }
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        let _ = write!(out, "{byte:02X}");
    }
}

/// A number as C's `%.<precision>g` writes it.
fn general(value: f64, precision: usize) -> String {
    if value.is_nan() {
        return if value.is_sign_negative() { "-nan".into() } else { "nan".into() };
    }
    if value.is_infinite() {
        return if value < 0.0 { "-inf".into() } else { "inf".into() };
    }
    let scientific = format!("{value:.*e}", precision - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent < -4 || exponent >= precision as i32 {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", without_zeros(mantissa), exponent.abs())
    } else {
        let digits = (precision as i32 - 1 - exponent).max(0) as usize;
        without_zeros(&format!("{value:.digits$}")).to_owned()
    }
}

fn without_zeros(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

#[cfg(test)]
mod tests {
    use super::super::budget::Budget;
    use super::super::value::{Bytes, List, Map};
    use super::*;

    /// lua §9.
    #[test]
    fn floats_have_sixteen_digits() {
        for (value, expected) in [
            (1.0, "1"),
            (1.0 / 3.0, "0.3333333333333333"),
            (1e20, "1e+20"),
            (-0.0, "-0"),
            (123456789.125, "123456789.125"),
            (1e-320, "9.99988867182683e-321"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e15, "1000000000000000"),
            (1e16, "1e+16"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(general(value, 16), expected);
        }
    }

    /// lua §16, vector 49, and what the recordings show of empty bytes.
    #[test]
    fn containers() {
        let budget = Budget::new();
        let bytes = |data: &[u8]| Item::Bytes(Bytes::new(data, 4, budget.charge()));
        let list = |items| Item::List(List::new(items, budget.charge()));
        let map = |entries: Vec<(Key, Item)>| {
            let map = Map::new(budget.charge());
            entries.into_iter().for_each(|(key, value)| map.0.lock().set(key, value));
            Item::Map(map)
        };
        let a = Key::Str((*b"a").into());
        let value = list(vec![list(vec![Item::Int(1)]), map(vec![(a.clone(), Item::Int(1))])]);
        assert_eq!(text(&value, &budget).unwrap(), br#"[[1], {"a":1}]"#);
        let value = list(vec![bytes(&[1, 0xab]), bytes(&[]), Item::Nil, Item::string(b"x\0y")]);
        assert_eq!(text(&value, &budget).unwrap(), br#"[01 AB, <NULL>, NIL, "x"]"#);
        let value =
            map(vec![(Key::Int(1), Item::Nil), (a, bytes(&[])), (Key::Bytes([1].into(), 4), Item::Nil)]);
        assert_eq!(text(&value, &budget).unwrap(), b"{1:NIL}");
    }
}
