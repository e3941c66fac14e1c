//! Selecting by path.

use super::container::{Container, Kind};
use super::{Leaves, Mode, PathOperation};
use aerospike_wire::ResultCode;
use aerospike_wire::msgpack;

/// The msgpack of what an operation selects.
pub(super) fn select(path: &PathOperation, bin: &[u8]) -> Result<Vec<u8>, ResultCode> {
    let root = Container::parse(bin)?.ok_or(ResultCode::INCOMPATIBLE_TYPE)?;
    let Mode::Leaves(leaves) = path.mode else {
        let mut out = Vec::new();
        tree(path, bin, &root, 0, &mut out)?;
        return Ok(out);
    };
    let mut found = Found { leaves, count: 0, bytes: Vec::new() };
    list(path, &root, 0, &mut found)?;
    let mut out = Vec::with_capacity(found.bytes.len() + 5);
    msgpack::put_list_head(&mut out, found.count);
    out.extend_from_slice(&found.bytes);
    Ok(out)
}

/// Appends the container with only its selected branches. Order marks go, except that of an empty container.
fn tree(
    path: &PathOperation,
    bytes: &[u8],
    container: &Container<'_>,
    depth: usize,
    out: &mut Vec<u8>,
) -> Result<(), ResultCode> {
    let chosen = path.chosen(container, depth)?;
    if container.children.is_empty() {
        out.extend_from_slice(bytes);
        return Ok(());
    }
    match container.kind {
        Kind::List => msgpack::put_list_head(out, chosen.len() as u32),
        Kind::Map => msgpack::put_map_head(out, chosen.len() as u32),
    }
    let is_last = depth + 1 == path.levels.len();
    for position in chosen {
        let child = container.children[position];
        out.extend_from_slice(child.key.unwrap_or_default());
        match if is_last { None } else { Container::parse(child.value)? } {
            Some(inner) => tree(path, child.value, &inner, depth + 1, out)?,
            None => out.extend_from_slice(child.value),
        }
    }
    Ok(())
}

/// The elements of a list of leaves.
struct Found {
    leaves: Leaves,
    count: u32,
    bytes: Vec<u8>,
}

impl Found {
    fn push(&mut self, element: &[u8]) {
        self.count += 1;
        self.bytes.extend_from_slice(element);
    }
}

/// Collects the leaves; scalars above the last level are passed over.
fn list(
    path: &PathOperation,
    container: &Container<'_>,
    depth: usize,
    found: &mut Found,
) -> Result<(), ResultCode> {
    let is_last = depth + 1 == path.levels.len();
    for position in path.chosen(container, depth)? {
        let child = container.children[position];
        if !is_last {
            if let Some(inner) = Container::parse(child.value)? {
                list(path, &inner, depth + 1, found)?;
            }
            continue;
        }
        if found.leaves != Leaves::Values {
            // Lists have been refused: there is a key.
            found.push(child.key.unwrap_or_default());
        }
        if found.leaves != Leaves::Keys {
            found.push(child.value);
        }
    }
    Ok(())
}
