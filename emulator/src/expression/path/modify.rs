//! Changing what a path selects.

use super::super::value::Value;
use super::container::{Container, Kind, order};
use super::{Inner, MAX_OUTPUT, PathOperation};
use aerospike_wire::ResultCode;
use aerospike_wire::msgpack::{self, EXT_COMPARE, Reader, Token};
use std::borrow::Cow;

/// The msgpack of the changed container; `None` if nothing was changed.
pub(super) fn modify(path: &PathOperation, value: &Inner, bin: &[u8]) -> Result<Option<Vec<u8>>, ResultCode> {
    let root = Container::parse(bin)?.ok_or(ResultCode::INCOMPATIBLE_TYPE)?;
    let mut made = 0;
    Modify { path, value, made: &mut made }.container(&root, 0)
}

struct Modify<'a> {
    path: &'a PathOperation,
    value: &'a Inner,
    /// How many bytes new values and rebuilt containers take.
    made: &'a mut usize,
}

/// A child after the change; `None` in its place if it is removed.
type Changed<'a> = (Option<&'a [u8]>, Cow<'a, [u8]>);

impl Modify<'_> {
    fn container(&mut self, container: &Container<'_>, depth: usize) -> Result<Option<Vec<u8>>, ResultCode> {
        let is_last = depth + 1 == self.path.levels.len();
        let mut children: Vec<Option<Changed<'_>>> =
            container.children.iter().map(|child| Some((child.key, Cow::Borrowed(child.value)))).collect();
        let mut changed = false;
        for position in self.path.chosen(container, depth)? {
            let child = container.children[position];
            if is_last {
                match self.leaf(container, position)? {
                    Leaf::Keep => continue,
                    Leaf::Remove => children[position] = None,
                    Leaf::Replace(value) => children[position] = Some((child.key, Cow::Owned(value))),
                }
            } else {
                let Some(inner) = Container::parse(child.value)? else { continue };
                let Some(value) = self.container(&inner, depth + 1)? else { continue };
                children[position] = Some((child.key, Cow::Owned(value)));
            }
            changed = true;
        }
        if !changed {
            return Ok(None);
        }
        let children = children.into_iter().flatten().collect();
        self.rebuild(container, children).map(Some)
    }

    fn leaf(&mut self, container: &Container<'_>, position: usize) -> Result<Leaf, ResultCode> {
        let mut out = Vec::new();
        match self.value.value(container.element(position)) {
            Some(Value::Remove) => return Ok(Leaf::Remove),
            Some(value) if value.put_element(&mut out) => {}
            _ if self.path.no_fail => return Ok(Leaf::Keep),
            _ => return Err(ResultCode::SERVER),
        }
        if !is_storable(&out) {
            return Err(ResultCode::INCOMPATIBLE_TYPE);
        }
        self.spend(out.len())?;
        Ok(Leaf::Replace(out))
    }

    fn rebuild(
        &mut self,
        container: &Container<'_>,
        mut children: Vec<Changed<'_>>,
    ) -> Result<Vec<u8>, ResultCode> {
        let count = children.len() as u32 + container.marker.is_some() as u32;
        let mut out = Vec::new();
        match container.kind {
            Kind::List => msgpack::put_list_head(&mut out, count),
            Kind::Map => msgpack::put_map_head(&mut out, count),
        }
        if let Some(flags) = container.marker {
            msgpack::put_ext(&mut out, flags, &[]);
            if container.kind == Kind::Map {
                msgpack::put_nil(&mut out);
            }
        }
        if container.kind == Kind::List && container.is_ordered() {
            children.sort_by(|(_, a), (_, b)| order(a, b));
        }
        for (key, value) in children {
            out.extend_from_slice(key.unwrap_or_default());
            out.extend_from_slice(&value);
        }
        Ok(out)
    }

    fn spend(&mut self, bytes: usize) -> Result<(), ResultCode> {
        *self.made += bytes;
        if *self.made > MAX_OUTPUT { Err(ResultCode::RECORD_TOO_BIG) } else { Ok(()) }
    }
}

enum Leaf {
    Keep,
    Remove,
    Replace(Vec<u8>),
}

/// Whether an element may be stored: wildcards and infinities are for comparisons only.
fn is_storable(element: &[u8]) -> bool {
    let mut reader = Reader::new(element);
    while !reader.is_empty() {
        match reader.token() {
            Ok(Token::Ext(EXT_COMPARE, _)) | Err(_) => return false,
            Ok(_) => {}
        }
    }
    true
}
