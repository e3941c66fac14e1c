//! Random sequences of operations, held against a plain model: vectors of values, sorted where the rules say so.
//!
//! Every operation also runs on the same container inside another one, and must come to the same.

use std::collections::BTreeMap;

use super::notation::Reply;
use super::run;
use aerospike_wire::cdt::{list, list_write, map, map_write, return_type as rt, sort};
use aerospike_wire::msgpack::*;
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{ParticleType, ResultCode};
use proptest::prelude::*;

/// A value; the order of the variants is the order of the types.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    Nil,
    Int(i64),
    Text(String),
    List(Vec<Item>),
}

use Item::Int;

impl Item {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Item::Nil => put_nil(out),
            Int(value) => put_int(out, *value),
            Item::Text(text) => put_typed_raw(out, ParticleType::STRING.0, text.as_bytes()),
            Item::List(items) => put_items(out, items),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.put(&mut out);
        out
    }

    /// As the single result of an operation.
    fn result(&self) -> Reply {
        match super::super::element_to_particle(&self.bytes()) {
            particle if particle.kind == ParticleType::NULL => Reply::Nothing,
            particle => Reply::Result(particle),
        }
    }
}

fn put_items(out: &mut Vec<u8>, items: &[Item]) {
    put_list_head(out, items.len() as u32);
    items.iter().for_each(|item| item.put(out));
}

fn read_item(reader: &mut Reader<'_>) -> Item {
    match reader.token().expect("an element") {
        Token::Nil => Item::Nil,
        Token::Int(value) => Int(value),
        Token::Raw(payload) => Item::Text(String::from_utf8(payload[1..].to_vec()).expect("text")),
        Token::List(count) => Item::List((0..count).map(|_| read_item(reader)).collect()),
        other => panic!("not in the model: {other:?}"),
    }
}

/// The items of a list, an order mark left out.
fn items_of(bytes: &[u8]) -> Vec<Item> {
    let mut reader = Reader::new(bytes);
    let mut count = reader.list().expect("a list");
    if count > 0 && super::super::scan::marker(reader).is_some() {
        reader.token().expect("a marker");
        count -= 1;
    }
    (0..count).map(|_| read_item(&mut reader)).collect()
}

fn item() -> impl Strategy<Value = Item> {
    let scalar = prop_oneof![
        6 => (-3i64..6).prop_map(Int),
        1 => Just(Item::Nil),
        1 => (120i64..140).prop_map(Int),
        3 => "[a-c]{0,2}".prop_map(Item::Text),
    ];
    prop_oneof![8 => scalar.clone(), 1 => prop::collection::vec(scalar, 0..3).prop_map(Item::List)]
}

fn key() -> impl Strategy<Value = Item> {
    prop_oneof![(-3i64..8).prop_map(Int), "[a-d]{1,2}".prop_map(Item::Text)]
}

/// What a selecting operation looks for. A list has no keys, so its positions are never by key.
#[derive(Clone, Debug)]
enum Query {
    Positions(i64, Option<u64>),
    Ranks(i64, Option<u64>),
    Value(Item),
    Values(Vec<Item>),
    Interval(Item, Option<Item>),
    NearValue(Item, i64, Option<u64>),
    Keys(Vec<Item>),
    KeyInterval(Item, Option<Item>),
    NearKey(Item, i64, Option<u64>),
}

fn query(with_keys: bool) -> impl Strategy<Value = Query> {
    let count = || prop::option::of(0u64..6);
    let by_value = prop_oneof![
        (-8i64..8, count()).prop_map(|(start, count)| Query::Positions(start, count)),
        (-8i64..8, count()).prop_map(|(start, count)| Query::Ranks(start, count)),
        item().prop_map(Query::Value),
        prop::collection::btree_set(item(), 0..4)
            .prop_map(|items| Query::Values(items.into_iter().collect())),
        (item(), prop::option::of(item())).prop_map(|(begin, end)| Query::Interval(begin, end)),
        (item(), -4i64..4, count()).prop_map(|(value, rank, count)| Query::NearValue(value, rank, count)),
    ];
    let by_key = prop_oneof![
        prop::collection::btree_set(key(), 0..4).prop_map(|keys| Query::Keys(keys.into_iter().collect())),
        (key(), prop::option::of(key())).prop_map(|(begin, end)| Query::KeyInterval(begin, end)),
        (key(), -4i64..4, count()).prop_map(|(key, index, count)| Query::NearKey(key, index, count)),
    ];
    prop_oneof![6 => by_value, (if with_keys { 3 } else { 0 }) => by_key]
}

/// A container of the model: its values in their sequence, and the keys if it is a map.
struct Rows<'m> {
    keys: Vec<&'m Item>,
    values: Vec<&'m Item>,
}

impl Rows<'_> {
    /// Positions by value; equal values by position.
    fn by_rank(&self) -> Vec<usize> {
        let mut positions: Vec<usize> = (0..self.values.len()).collect();
        positions.sort_by_key(|position| self.values[*position]);
        positions
    }

    /// What of 0..n a range means whose start counts from the front.
    fn range(&self, start: i64, count: Option<u64>) -> std::ops::Range<usize> {
        let size = self.values.len() as i64;
        let end = count.map_or(size, |count| start + count as i64).clamp(0, size);
        let start = start.clamp(0, size);
        start as usize..end.max(start) as usize
    }

    fn counted_from_end(&self, start: i64) -> i64 {
        if start < 0 { start + self.values.len() as i64 } else { start }
    }

    /// The selected positions, ascending.
    fn select(&self, query: &Query, inverted: bool) -> Vec<usize> {
        let size = self.values.len();
        let those = |fits: &dyn Fn(usize) -> bool| (0..size).filter(|at| fits(*at)).collect::<Vec<_>>();
        let ranks = |range: std::ops::Range<usize>| self.by_rank()[range].to_vec();
        let below = |all: &[&Item], bound: &Item| all.iter().filter(|item| **item < bound).count() as i64;
        let selected = match query {
            Query::Positions(start, count) => self.range(self.counted_from_end(*start), *count).collect(),
            Query::Ranks(start, count) => ranks(self.range(self.counted_from_end(*start), *count)),
            Query::Value(value) => those(&|at| self.values[at] == value),
            Query::Values(values) => those(&|at| values.contains(self.values[at])),
            Query::Interval(begin, end) => {
                those(&|at| self.values[at] >= begin && end.as_ref().is_none_or(|end| self.values[at] < end))
            }
            Query::NearValue(value, rank, count) => {
                ranks(self.range(below(&self.values, value) + rank, *count))
            }
            Query::Keys(keys) => those(&|at| keys.contains(self.keys[at])),
            Query::KeyInterval(begin, end) => {
                those(&|at| self.keys[at] >= begin && end.as_ref().is_none_or(|end| self.keys[at] < end))
            }
            Query::NearKey(key, index, count) => self.range(below(&self.keys, key) + index, *count).collect(),
        };
        those(&|at| selected.contains(&at) != inverted)
    }
}

/// The operation of a query: reading and removing, of lists and of maps.
fn ids(query: &Query) -> [[u64; 2]; 2] {
    use list as l;
    use map as m;
    let [of_list, of_map] = match query {
        Query::Positions(..) => [
            [l::GET_BY_INDEX_RANGE, l::REMOVE_BY_INDEX_RANGE],
            [m::GET_BY_INDEX_RANGE, m::REMOVE_BY_INDEX_RANGE],
        ],
        Query::Ranks(..) => {
            [[l::GET_BY_RANK_RANGE, l::REMOVE_BY_RANK_RANGE], [m::GET_BY_RANK_RANGE, m::REMOVE_BY_RANK_RANGE]]
        }
        Query::Value(_) => {
            [[l::GET_ALL_BY_VALUE, l::REMOVE_ALL_BY_VALUE], [m::GET_ALL_BY_VALUE, m::REMOVE_ALL_BY_VALUE]]
        }
        Query::Values(_) => {
            [[l::GET_BY_VALUE_LIST, l::REMOVE_BY_VALUE_LIST], [m::GET_BY_VALUE_LIST, m::REMOVE_BY_VALUE_LIST]]
        }
        Query::Interval(..) => [
            [l::GET_BY_VALUE_INTERVAL, l::REMOVE_BY_VALUE_INTERVAL],
            [m::GET_BY_VALUE_INTERVAL, m::REMOVE_BY_VALUE_INTERVAL],
        ],
        Query::NearValue(..) => [
            [l::GET_BY_VALUE_REL_RANK_RANGE, l::REMOVE_BY_VALUE_REL_RANK_RANGE],
            [m::GET_BY_VALUE_REL_RANK_RANGE, m::REMOVE_BY_VALUE_REL_RANK_RANGE],
        ],
        Query::Keys(_) => [[0; 2], [m::GET_BY_KEY_LIST, m::REMOVE_BY_KEY_LIST]],
        Query::KeyInterval(..) => [[0; 2], [m::GET_BY_KEY_INTERVAL, m::REMOVE_BY_KEY_INTERVAL]],
        Query::NearKey(..) => [[0; 2], [m::GET_BY_KEY_REL_INDEX_RANGE, m::REMOVE_BY_KEY_REL_INDEX_RANGE]],
    };
    [of_list, of_map]
}

/// A selecting operation.
fn encode_query(query: &Query, kind: u64, remove: bool, for_map: bool) -> Vec<u8> {
    let int = |value: i64| Some(Int(value).bytes());
    let number = |count: &Option<u64>| count.and_then(|count| int(count as i64));
    let items = |items: &[Item]| Some(Item::List(items.to_vec()).bytes());
    let arguments = match query {
        Query::Positions(start, count) | Query::Ranks(start, count) => vec![int(*start), number(count)],
        Query::Value(value) => vec![Some(value.bytes())],
        Query::Values(list) | Query::Keys(list) => vec![items(list)],
        Query::Interval(begin, end) | Query::KeyInterval(begin, end) => {
            vec![Some(begin.bytes()), end.as_ref().map(Item::bytes)]
        }
        Query::NearValue(value, start, count) | Query::NearKey(value, start, count) => {
            vec![Some(value.bytes()), int(*start), number(count)]
        }
    };
    let all: Vec<Vec<u8>> = std::iter::once(int(kind as i64)).chain(arguments).flatten().collect();
    encode(ids(query)[for_map as usize][remove as usize], &all)
}

fn encode(id: u64, arguments: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    put_list_head(&mut out, arguments.len() as u32 + 1);
    put_uint(&mut out, id);
    arguments.iter().for_each(|argument| out.extend_from_slice(argument));
    out
}

/// A bin under test.
struct Subject {
    bin: ParticleBuf,
}

impl Subject {
    fn apply(&mut self, op: &[u8], reads: bool) -> Reply {
        let (reply, now) = run(Some(&self.bin), op, reads);
        let now = now.expect("the bin stays");
        // The same two levels further in: [7, {1: container}].
        let around = |container: &[u8]| [&[0x92, 7, 0x81, 1], container].concat();
        let outer = ParticleBuf::new(ParticleType::LIST, around(&self.bin.data));
        let nested_op = [&[0x93, 0xcc, 0xff, 0x94, 0x10, 1, 0x22, 1], op].concat();
        let (nested_reply, nested_now) = run(Some(&outer), &nested_op, reads);
        assert_eq!(nested_reply, reply, "the same reply inside another container");
        assert_eq!(
            nested_now.expect("the bin stays").data,
            around(&now.data),
            "the same container inside another"
        );
        // What rests is in the one form that may rest.
        let canonical = super::stored(now.clone());
        assert_eq!(now, canonical);
        self.bin = now;
        reply
    }

    fn check(&mut self, op: &[u8], reads: bool, expected: Reply) {
        let got = self.apply(op, reads);
        assert_eq!(got, expected, "{op:x?}");
    }
}

/// Runs a selecting operation on the subject and holds its reply against the selected positions.
///
/// Replies are compared by content, not by order; the rules for the latter have tests of their own.
fn check_query(
    subject: &mut Subject,
    rows: &Rows<'_>,
    query: &Query,
    kind: u16,
    inverted: bool,
    remove: bool,
) {
    let for_map = subject.bin.kind == ParticleType::MAP;
    let word = kind as u64 + if inverted { rt::INVERTED } else { 0 };
    let op = encode_query(query, word, remove, for_map);
    let selected = rows.select(query, inverted);
    let reply = subject.apply(&op, !remove);
    let sorted = |mut items: Vec<Item>| {
        items.sort();
        items
    };
    let expected = match kind {
        rt::COUNT => return assert_eq!(reply, Int(selected.len() as i64).result()),
        rt::EXISTS => {
            return assert_eq!(reply, Reply::Result(ParticleBuf::bool(!selected.is_empty())));
        }
        rt::VALUE => selected.iter().map(|at| rows.values[*at].clone()).collect(),
        rt::KEY => selected.iter().map(|at| rows.keys[*at].clone()).collect(),
        rt::INDEX => selected.iter().map(|at| Int(*at as i64)).collect(),
        _ => selected.iter().map(|at| Int((rows.values.len() - 1 - at) as i64)).collect(),
    };
    let Reply::Result(list) = reply else { panic!("{query:?} replied {reply:?}") };
    let got = items_of(&list.data);
    let in_order = matches!(query, Query::Positions(..)) && matches!(kind, rt::VALUE | rt::KEY | rt::INDEX);
    if in_order {
        assert_eq!(got, expected, "{query:?}");
    }
    // Which of equal elements a rank means is for the rules to say: only the values are sure.
    if !(matches!(query, Query::Ranks(..) | Query::NearValue(..))
        && matches!(kind, rt::INDEX | rt::REVERSE_INDEX))
    {
        assert_eq!(sorted(got), sorted(expected), "{query:?}");
    }
}

#[derive(Clone, Debug)]
enum ListStep {
    Append(Vec<Item>, u64),
    AppendOne(Item),
    Insert(i64, Vec<Item>, u64),
    Set(i64, Item),
    Pop(i64),
    Trim(i64, u64),
    Clear,
    Increment(i64, i64),
    Sort(u64),
    SetOrdered(bool),
    Select { query: Query, kind: u16, inverted: bool, remove: bool },
}

fn list_step() -> impl Strategy<Value = ListStep> {
    let flags = prop::sample::select(vec![0, 1, 2, 3, 5, 6, 7, 13, 15]);
    let items = || prop::collection::vec(item(), 0..4);
    prop_oneof![
        3 => (items(), flags.clone()).prop_map(|(items, flags)| ListStep::Append(items, flags)),
        4 => item().prop_map(ListStep::AppendOne),
        3 => (-6i64..9, items(), flags).prop_map(|(at, items, flags)| ListStep::Insert(at, items, flags)),
        2 => (-6i64..9, item()).prop_map(|(at, item)| ListStep::Set(at, item)),
        1 => (-6i64..6).prop_map(ListStep::Pop),
        1 => (-6i64..6, 0u64..6).prop_map(|(at, count)| ListStep::Trim(at, count)),
        1 => Just(ListStep::Clear),
        2 => (-6i64..9, -3i64..3).prop_map(|(at, delta)| ListStep::Increment(at, delta)),
        1 => (0u64..3).prop_map(ListStep::Sort),
        1 => any::<bool>().prop_map(ListStep::SetOrdered),
        9 => (query(false), prop::sample::select(vec![rt::COUNT, rt::VALUE, rt::INDEX, rt::REVERSE_INDEX, rt::EXISTS]),
              any::<bool>(), any::<bool>())
            .prop_map(|(query, kind, inverted, remove)| {
                // What EXISTS makes of everything else is a rule of its own.
                let inverted = inverted && kind != rt::EXISTS;
                ListStep::Select { query, kind, inverted, remove }
            }),
    ]
}

struct ModelList {
    ordered: bool,
    items: Vec<Item>,
}

impl ModelList {
    fn bin(&self) -> ParticleBuf {
        let mut data = Vec::new();
        super::super::scan::put_list_head(&mut data, self.ordered as u8, self.items.len() as u32);
        self.items.iter().for_each(|item| item.put(&mut data));
        ParticleBuf::new(ParticleType::LIST, data)
    }

    fn size(&self) -> Reply {
        Int(self.items.len() as i64).result()
    }

    /// Where a negative index leads; `None` before the first item.
    fn at(&self, index: i64) -> Option<usize> {
        let index = if index < 0 { index + self.items.len() as i64 } else { index };
        usize::try_from(index).ok()
    }

    fn pad(&mut self, to: usize) {
        while self.items.len() < to {
            self.items.push(Item::Nil);
        }
    }

    /// The items that ADD_UNIQUE lets in.
    fn admit(&self, items: &[Item], flags: u64) -> Result<Vec<Item>, ResultCode> {
        if flags & list_write::ADD_UNIQUE == 0 {
            return Ok(items.to_vec());
        }
        let mut admitted: Vec<Item> = Vec::new();
        let mut conflict = None;
        let repeated = (1..items.len()).any(|i| items[..i].contains(&items[i]));
        if self.ordered && repeated {
            conflict = Some(ResultCode::OP_NOT_APPLICABLE);
        }
        for item in items {
            if self.items.contains(item) {
                conflict = conflict.or(Some(ResultCode::ELEMENT_EXISTS));
            } else if admitted.contains(item) {
                conflict = conflict.or(Some(ResultCode::OP_NOT_APPLICABLE));
            } else {
                admitted.push(item.clone());
            }
        }
        match conflict {
            None => Ok(admitted),
            Some(code) if flags & list_write::NO_FAIL == 0 => Err(code),
            Some(_) if flags & list_write::DO_PARTIAL == 0 => Ok(Vec::new()),
            Some(_) => Ok(admitted),
        }
    }

    fn append(&mut self, items: &[Item], flags: u64) -> Reply {
        match self.admit(items, flags) {
            Err(code) => return Reply::Error(code),
            Ok(admitted) => self.items.extend(admitted),
        }
        if self.ordered {
            self.items.sort();
        }
        self.size()
    }

    fn insert(&mut self, index: i64, items: &[Item], flags: u64) -> Reply {
        let not_applicable = Reply::Error(ResultCode::OP_NOT_APPLICABLE);
        if self.ordered {
            return not_applicable;
        }
        if items.is_empty() {
            return self.size();
        }
        let Some(at) = self.at(index) else { return not_applicable };
        if at > self.items.len() && flags & list_write::INSERT_BOUNDED != 0 {
            return if flags & list_write::NO_FAIL == 0 { not_applicable } else { self.size() };
        }
        match self.admit(items, flags) {
            Err(code) => return Reply::Error(code),
            Ok(admitted) if admitted.is_empty() => {}
            Ok(admitted) => {
                self.pad(at);
                self.items.splice(at..at, admitted);
            }
        }
        self.size()
    }

    fn increment(&mut self, index: i64, delta: i64) -> Reply {
        let not_applicable = Reply::Error(ResultCode::OP_NOT_APPLICABLE);
        let Some(at) = self.at(index) else { return not_applicable };
        let sum = match self.items.get(at) {
            None if self.ordered && at > self.items.len() => return not_applicable,
            None => delta,
            Some(Int(value)) => value + delta,
            Some(_) => return Reply::Error(ResultCode::PARAMETER),
        };
        self.pad(at);
        if at == self.items.len() {
            self.items.push(Int(sum));
        } else {
            self.items[at] = Int(sum);
        }
        if self.ordered {
            self.items.sort();
        }
        Int(sum).result()
    }

    fn set(&mut self, index: i64, item: &Item) -> Reply {
        match self.at(index) {
            Some(at) if !self.ordered => {
                self.pad(at + 1);
                self.items[at] = item.clone();
                Reply::Nothing
            }
            _ => Reply::Error(ResultCode::OP_NOT_APPLICABLE),
        }
    }

    fn sort(&mut self, flags: u64) -> Reply {
        self.items.sort();
        if flags & sort::DROP_DUPLICATES != 0 {
            self.items.dedup();
        }
        if flags & sort::DESCENDING != 0 && !self.ordered {
            self.items.reverse();
        }
        Reply::Nothing
    }

    fn step(&mut self, subject: &mut Subject, step: &ListStep) {
        let list_of = |items: &[Item]| Item::List(items.to_vec()).bytes();
        let int = |value: i64| Int(value).bytes();
        match step {
            ListStep::Append(items, flags) => {
                let op = encode(list::APPEND_ITEMS, &[list_of(items), int(0), int(*flags as i64)]);
                subject.check(&op, false, self.append(items, *flags));
            }
            ListStep::AppendOne(item) => {
                let op = encode(list::APPEND, &[item.bytes()]);
                subject.check(&op, false, self.append(std::slice::from_ref(item), 0));
            }
            ListStep::Insert(index, items, flags) => {
                let op = encode(list::INSERT_ITEMS, &[int(*index), list_of(items), int(*flags as i64)]);
                subject.check(&op, false, self.insert(*index, items, *flags));
            }
            ListStep::Set(index, item) => {
                let op = encode(list::SET, &[int(*index), item.bytes()]);
                subject.check(&op, false, self.set(*index, item));
            }
            ListStep::Pop(index) => {
                let expected = match self.at(*index).filter(|at| *at < self.items.len()) {
                    Some(at) => self.items.remove(at).result(),
                    None => Reply::Error(ResultCode::OP_NOT_APPLICABLE),
                };
                subject.check(&encode(list::POP, &[int(*index)]), false, expected);
            }
            ListStep::Trim(index, count) => {
                let rows = Rows { keys: Vec::new(), values: self.items.iter().collect() };
                let kept = rows.range(rows.counted_from_end(*index), Some(*count));
                let removed = self.items.len() - kept.len();
                self.items = self.items[kept].to_vec();
                let op = encode(list::TRIM, &[int(*index), int(*count as i64)]);
                subject.check(&op, false, Int(removed as i64).result());
            }
            ListStep::Clear => {
                self.items.clear();
                subject.check(&encode(list::CLEAR, &[]), false, Reply::Nothing);
            }
            ListStep::Increment(index, delta) => {
                let op = encode(list::INCREMENT, &[int(*index), int(*delta)]);
                subject.check(&op, false, self.increment(*index, *delta));
            }
            ListStep::Sort(flags) => {
                let op = encode(list::SORT, &[int(*flags as i64)]);
                subject.check(&op, false, self.sort(*flags));
            }
            ListStep::SetOrdered(ordered) => {
                self.ordered = *ordered;
                if *ordered {
                    self.items.sort();
                }
                subject.check(&encode(list::SET_TYPE, &[int(*ordered as i64)]), false, Reply::Nothing);
            }
            ListStep::Select { query, kind, inverted, remove } => {
                let rows = Rows { keys: Vec::new(), values: self.items.iter().collect() };
                check_query(subject, &rows, query, *kind, *inverted, *remove);
                if *remove {
                    let selected = rows.select(query, *inverted);
                    let left: Vec<usize> =
                        (0..self.items.len()).filter(|at| !selected.contains(at)).collect();
                    self.items = left.into_iter().map(|at| self.items[at].clone()).collect();
                    self.follow_ties(subject, query);
                }
            }
        }
    }

    /// After a removal by rank the same values are left, but which of equal ones went is not for the model to say.
    fn follow_ties(&mut self, subject: &Subject, query: &Query) {
        if matches!(query, Query::Ranks(..) | Query::NearValue(..)) {
            let actual = items_of(&subject.bin.data);
            let (mut ours, mut theirs) = (self.items.clone(), actual.clone());
            ours.sort();
            theirs.sort();
            assert_eq!(theirs, ours);
            self.items = actual;
        }
    }
}

#[derive(Clone, Debug)]
enum MapStep {
    Put(Item, Item, u64),
    PutItems(BTreeMap<Item, Item>, u64),
    Increment(Item, i64, bool),
    Clear,
    SetOrder(u8),
    ByKey { key: Item, remove: bool },
    Select { query: Query, kind: u16, inverted: bool, remove: bool },
}

fn map_step() -> impl Strategy<Value = MapStep> {
    let flags = prop::sample::select(vec![0, 1, 2, 5, 6, 13, 14]);
    let entries = prop::collection::btree_map(key(), item(), 0..4);
    let kinds = vec![rt::COUNT, rt::VALUE, rt::KEY, rt::INDEX, rt::REVERSE_INDEX, rt::EXISTS];
    prop_oneof![
        6 => (key(), item(), flags.clone()).prop_map(|(key, value, flags)| MapStep::Put(key, value, flags)),
        3 => (entries, flags).prop_map(|(entries, flags)| MapStep::PutItems(entries, flags)),
        2 => (key(), -3i64..3, any::<bool>()).prop_map(|(key, delta, up)| MapStep::Increment(key, delta, up)),
        1 => Just(MapStep::Clear),
        1 => prop::sample::select(vec![0u8, 1, 3]).prop_map(MapStep::SetOrder),
        2 => (key(), any::<bool>()).prop_map(|(key, remove)| MapStep::ByKey { key, remove }),
        9 => (query(true), prop::sample::select(kinds), any::<bool>(), any::<bool>())
            .prop_map(|(query, kind, inverted, remove)| {
                let inverted = inverted && kind != rt::EXISTS;
                MapStep::Select { query, kind, inverted, remove }
            }),
    ]
}

struct ModelMap {
    flags: u8,
    entries: BTreeMap<Item, Item>,
}

impl ModelMap {
    fn bin(&self) -> ParticleBuf {
        let mut data = Vec::new();
        super::super::scan::put_map_head(&mut data, self.flags, self.entries.len() as u32);
        for (key, value) in &self.entries {
            key.put(&mut data);
            value.put(&mut data);
        }
        ParticleBuf::new(ParticleType::MAP, data)
    }

    fn put_items(&mut self, entries: &BTreeMap<Item, Item>, flags: u64) -> Reply {
        let mut flags = flags;
        let partial = flags & map_write::DO_PARTIAL != 0;
        if partial && self.entries.is_empty() {
            flags &= !map_write::UPDATE_ONLY;
        }
        let conflict = |key: &Item| match self.entries.contains_key(key) {
            true if flags & map_write::CREATE_ONLY != 0 => Some(ResultCode::ELEMENT_EXISTS),
            false if flags & map_write::UPDATE_ONLY != 0 => Some(ResultCode::ELEMENT_NOT_FOUND),
            _ => None,
        };
        let conflicts: Vec<ResultCode> = entries.keys().filter_map(conflict).collect();
        match conflicts.first() {
            Some(code) if flags & map_write::NO_FAIL == 0 => return Reply::Error(*code),
            Some(_) if !partial => {}
            _ => {
                let fine: Vec<_> = entries.iter().filter(|(key, _)| conflict(key).is_none()).collect();
                let fine: Vec<_> =
                    fine.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect();
                self.entries.extend(fine);
            }
        }
        Int(self.entries.len() as i64).result()
    }

    fn increment(&mut self, key: &Item, delta: i64) -> Reply {
        let sum = match self.entries.get(key) {
            None => delta,
            Some(Int(value)) => value + delta,
            Some(_) => return Reply::Error(ResultCode::PARAMETER),
        };
        self.entries.insert(key.clone(), Int(sum));
        Int(sum).result()
    }

    fn step(&mut self, subject: &mut Subject, step: &MapStep) {
        let int = |value: i64| Int(value).bytes();
        match step {
            MapStep::Put(key, value, flags) => {
                let arguments = [key.bytes(), value.bytes(), int(0), int(*flags as i64)];
                // A single entry is never stored in part.
                let flags = flags & !map_write::DO_PARTIAL;
                let one = BTreeMap::from([(key.clone(), value.clone())]);
                subject.check(&encode(map::PUT, &arguments), false, self.put_items(&one, flags));
            }
            MapStep::PutItems(entries, flags) => {
                let items = ModelMap { flags: 0, entries: entries.clone() }.bin().data;
                let op = encode(map::PUT_ITEMS, &[items, int(0), int(*flags as i64)]);
                subject.check(&op, false, self.put_items(entries, *flags));
            }
            MapStep::Increment(key, delta, up) => {
                let id = if *up { map::INCREMENT } else { map::DECREMENT };
                let op = encode(id, &[key.bytes(), int(*delta)]);
                subject.check(&op, false, self.increment(key, if *up { *delta } else { -delta }));
            }
            MapStep::Clear => {
                self.entries.clear();
                subject.check(&encode(map::CLEAR, &[]), false, Reply::Nothing);
            }
            MapStep::SetOrder(flags) => {
                self.flags = *flags;
                subject.check(&encode(map::SET_TYPE, &[int(*flags as i64)]), false, Reply::Nothing);
            }
            MapStep::ByKey { key, remove } => {
                let expected = self.entries.get(key).map_or(Reply::Nothing, Item::result);
                let id = if *remove { map::REMOVE_BY_KEY } else { map::GET_BY_KEY };
                if *remove {
                    self.entries.remove(key);
                }
                subject.check(&encode(id, &[int(rt::VALUE as i64), key.bytes()]), !remove, expected);
            }
            MapStep::Select { query, kind, inverted, remove } => {
                let rows =
                    Rows { keys: self.entries.keys().collect(), values: self.entries.values().collect() };
                check_query(subject, &rows, query, *kind, *inverted, *remove);
                if *remove {
                    let selected = rows.select(query, *inverted);
                    let gone: Vec<Item> = selected.iter().map(|at| rows.keys[*at].clone()).collect();
                    self.entries.retain(|key, _| !gone.contains(key));
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn lists(steps in prop::collection::vec(list_step(), 1..25), ordered in any::<bool>()) {
        let mut model = ModelList { ordered, items: Vec::new() };
        let mut subject = Subject { bin: model.bin() };
        for step in &steps {
            model.step(&mut subject, step);
            prop_assert_eq!(&subject.bin, &model.bin(), "{:?}", step);
        }
    }

    #[test]
    fn maps(steps in prop::collection::vec(map_step(), 1..25), flags in prop::sample::select(vec![0u8, 1, 3])) {
        let mut model = ModelMap { flags, entries: BTreeMap::new() };
        let mut subject = Subject { bin: model.bin() };
        for step in &steps {
            model.step(&mut subject, step);
            prop_assert_eq!(&subject.bin, &model.bin(), "{:?}", step);
        }
    }
}
