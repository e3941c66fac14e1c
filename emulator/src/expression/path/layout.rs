//! From msgpack to a path operation (cdt §10.1).

use super::super::decode::{self, Budget};
use super::container::Kind;
use super::{Condition, Inner, Leaves, Level, MAX_LEVELS, Mode, PathOperation, Selector};
use aerospike_wire::ResultCode;
use aerospike_wire::msgpack::{Malformed, Reader, Token};

/// The bits that tell what a selector looks at.
const SELECTOR: i64 = 0x0f;
/// Selectors for lists only, maps only.
const LIST: i64 = 0x10;
const MAP: i64 = 0x20;
/// What selects, below the kind bits (cdt §9.1, §10.1).
const INDEX: i64 = 0x00;
const RANK: i64 = 0x01;
const KEY: i64 = 0x02;
const VALUE: i64 = 0x03;
const EXPRESSION: i64 = 0x04;
const KEYS: i64 = 0x0a;
/// Bits that elsewhere ask for containers to be created (cdt §9.3).
const CREATE_BITS: i64 = 0x1c0;
/// An additional condition on the pair before.
const AND: i64 = 0x204;

/// Modes, in the low bits of the flags.
const MODE: u64 = 0x0f;
const MODE_TREE: u64 = 0;
const MODE_VALUES: u64 = 1;
const MODE_KEYS: u64 = 2;
const MODE_KEYS_AND_VALUES: u64 = 3;
const MODE_MODIFY: u64 = 4;
const NO_FAIL: u64 = 0x10;

struct Bad;

impl From<Malformed> for Bad {
    fn from(_: Malformed) -> Bad {
        Bad
    }
}

impl From<decode::Bad> for Bad {
    fn from(_: decode::Bad) -> Bad {
        Bad
    }
}

pub(super) fn decode(op: &[u8], depth: usize, budget: &mut Budget) -> Result<PathOperation, ResultCode> {
    operation(op, depth, budget).map_err(|Bad| ResultCode::PARAMETER)
}

fn operation(op: &[u8], depth: usize, budget: &mut Budget) -> Result<PathOperation, Bad> {
    let mut reader = Reader::new(op);
    let count = reader.list()?;
    reader.skip(1)?;
    if !(3..=4).contains(&count) {
        return Err(Bad);
    }
    let path = reader.element()?;
    let flags = reader.int()?;
    let no_fail = flags as u64 & NO_FAIL != 0;
    let pairs = Reader::new(path).list()?;
    // Every level above takes stack when an expression further in is evaluated.
    let depth = depth + pairs as usize / 2 + 1;
    let mode = match (flags as u64 & MODE, count) {
        (MODE_TREE, 3) => Mode::Tree,
        (MODE_VALUES, 3) => Mode::Leaves(Leaves::Values),
        (MODE_KEYS, 3) => Mode::Leaves(Leaves::Keys),
        (MODE_KEYS_AND_VALUES, 3) => Mode::Leaves(Leaves::KeysAndValues),
        (MODE_MODIFY, 4) => Mode::Modify(Box::new(inner(reader.element()?, depth, budget)?)),
        _ => return Err(Bad),
    };
    Ok(PathOperation { levels: levels(path, depth, budget)?, mode, no_fail })
}

fn inner(bytes: &[u8], depth: usize, budget: &mut Budget) -> Result<Inner, Bad> {
    Ok(Inner(decode::decode(bytes, depth, budget)?))
}

fn levels(path: &[u8], depth: usize, budget: &mut Budget) -> Result<Box<[Level]>, Bad> {
    let mut reader = Reader::new(path);
    let count = reader.list()? as usize;
    if count == 0 || count % 2 != 0 || count / 2 > MAX_LEVELS {
        return Err(Bad);
    }
    let mut levels: Vec<Level> = Vec::new();
    for _ in 0..count / 2 {
        let kind = reader.int()?;
        let value = reader.element()?;
        if kind == AND {
            let before = levels.last_mut().ok_or(Bad)?;
            if before.and.is_some() || matches!(before.selector, Selector::Where(_)) {
                return Err(Bad);
            }
            before.and = Some(condition(value, depth, budget)?);
        } else {
            levels.push(level(kind, value, depth, budget)?);
        }
    }
    Ok(levels.into())
}

fn level(kind: i64, value: &[u8], depth: usize, budget: &mut Budget) -> Result<Level, Bad> {
    let create_bits = kind & CREATE_BITS != 0;
    let wants = match kind & !CREATE_BITS & !SELECTOR {
        0 => None,
        LIST => Some(Kind::List),
        MAP => Some(Kind::Map),
        _ => return Err(Bad),
    };
    let selector = match (kind & SELECTOR, wants) {
        (INDEX, _) => Selector::Index(Reader::new(value).int()?),
        (RANK, _) => Selector::Rank(Reader::new(value).int()?),
        (KEY, None | Some(Kind::Map)) => Selector::Key(value.into()),
        (VALUE, _) => Selector::Value(value.into()),
        (EXPRESSION, _) => Selector::Where(condition(value, depth, budget)?),
        (KEYS, None | Some(Kind::Map)) => {
            let mut reader = Reader::new(value);
            let count = reader.list()?;
            Selector::Keys((0..count).map(|_| reader.element().map(Into::into)).collect::<Result<_, _>>()?)
        }
        _ => return Err(Bad),
    };
    // A list of keys is for maps, however it is written.
    let wants = if matches!(selector, Selector::Keys(_)) { Some(Kind::Map) } else { wants };
    Ok(Level { selector, wants, create_bits, and: None })
}

/// `true`, or an expression that is not just a constant.
fn condition(value: &[u8], depth: usize, budget: &mut Budget) -> Result<Condition, Bad> {
    match Reader::new(value).token()? {
        Token::Bool(true) => Ok(Condition::True),
        Token::List(_) => Ok(Condition::Expression(inner(value, depth, budget)?)),
        _ => Err(Bad),
    }
}
