//! The way from a bin into the list or map that an index is on (query §2, §3).

use crate::collection::context as collection;
use aerospike_wire::Particle;
use aerospike_wire::particle::ParticleBuf;

pub use collection::InvalidContext;

/// A context that was checked: a packed list of kinds and arguments in turn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Context {
    packed: Box<[u8]>,
}

impl Context {
    /// Checks a packed context.
    ///
    /// # Errors
    /// As [`InvalidContext`] tells.
    pub fn parse(packed: &[u8]) -> Result<Context, InvalidContext> {
        collection::check_index_context(packed)?;
        Ok(Context { packed: packed.into() })
    }

    /// The packed form.
    pub fn as_bytes(&self) -> &[u8] {
        &self.packed
    }

    /// The form in which `sindex-list` shows it.
    pub fn text(&self) -> String {
        collection::describe(&self.packed).unwrap_or_default()
    }

    /// The value that the context leads to, if the bin has it.
    pub fn resolve(&self, bin: Particle<'_>) -> Option<ParticleBuf> {
        collection::resolve(bin, &self.packed).ok().flatten()
    }
}
