//! The bins of a record while a command changes them.
//!
//! Values borrow from the old record or from the request until an operation makes a new one; the finished bins
//! are encoded into the new record once.

use aerospike_wire::message::{OP_HEADER_SIZE, Ops, op_header};
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{Particle, op};
use smallvec::SmallVec;

/// A bin's value: borrowed as long as nothing changes it.
#[derive(Clone, Debug)]
pub enum BinValue<'a> {
    /// Lies in the old record or in the request.
    Borrowed(Particle<'a>),
    /// Made by an operation.
    Owned(ParticleBuf),
}

impl BinValue<'_> {
    /// The value.
    pub fn as_particle(&self) -> Particle<'_> {
        match self {
            BinValue::Borrowed(particle) => *particle,
            BinValue::Owned(particle) => particle.as_particle(),
        }
    }
}

impl<'a> From<Particle<'a>> for BinValue<'a> {
    fn from(particle: Particle<'a>) -> Self {
        BinValue::Borrowed(particle)
    }
}

impl From<ParticleBuf> for BinValue<'_> {
    fn from(particle: ParticleBuf) -> Self {
        BinValue::Owned(particle)
    }
}

/// A name and a value.
#[derive(Clone, Debug)]
pub struct Bin<'a> {
    /// 0 to 15 bytes.
    pub name: &'a [u8],
    /// The value.
    pub value: BinValue<'a>,
}

/// The bins of one record, in the order of their creation.
#[derive(Clone, Debug, Default)]
pub struct Bins<'a> {
    bins: SmallVec<[Bin<'a>; 8]>,
}

impl<'a> Bins<'a> {
    /// The bins of a stored record.
    pub fn of(stored: Ops<'a>) -> Bins<'a> {
        Bins { bins: stored.map(|bin| Bin { name: bin.name, value: bin.particle().into() }).collect() }
    }

    /// How many bins there are.
    pub fn len(&self) -> usize {
        self.bins.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.bins.is_empty()
    }

    /// All bins in order.
    pub fn iter(&self) -> impl Iterator<Item = &Bin<'a>> {
        self.bins.iter()
    }

    /// The value of a bin.
    pub fn get(&self, name: &[u8]) -> Option<Particle<'_>> {
        self.bins.iter().find(|bin| bin.name == name).map(|bin| bin.value.as_particle())
    }

    /// Sets a bin: in its place if it exists, behind the others if it is new.
    pub fn set(&mut self, name: &'a [u8], value: impl Into<BinValue<'a>>) {
        match self.bins.iter_mut().find(|bin| bin.name == name) {
            Some(bin) => bin.value = value.into(),
            None => self.bins.push(Bin { name, value: value.into() }),
        }
    }

    /// Removes a bin; the last one moves into its place (wire §13).
    pub fn remove(&mut self, name: &[u8]) {
        if let Some(at) = self.bins.iter().position(|bin| bin.name == name) {
            self.bins.swap_remove(at);
        }
    }

    /// Removes all bins.
    pub fn clear(&mut self) {
        self.bins.clear();
    }

    /// Names and values.
    pub fn named(&self) -> impl Iterator<Item = (&[u8], Particle<'_>)> {
        self.bins.iter().map(|bin| (bin.name, bin.value.as_particle()))
    }

    /// Appends the bins as read ops, the form in which records keep them.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for (name, value) in self.named() {
            out.reserve(OP_HEADER_SIZE + name.len() + value.data.len());
            out.extend_from_slice(&op_header(op::READ, value.kind, name.len(), value.data.len()));
            out.extend_from_slice(name);
            out.extend_from_slice(value.data);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(bins: &Bins<'_>) -> String {
        bins.iter().map(|bin| bin.name[0] as char).collect()
    }

    /// wire §13: the last bin moves into the place of a deleted one.
    #[test]
    fn order_of_bins_after_deletes() {
        let mut bins = Bins::default();
        for name in [b"a", b"b", b"c", b"d"] {
            bins.set(name, Particle::NULL);
        }
        bins.remove(b"b");
        assert_eq!(names(&bins), "adc");
        bins.set(b"b", Particle::NULL);
        bins.set(b"e", Particle::NULL);
        assert_eq!(names(&bins), "adcbe");
        bins.remove(b"a");
        bins.remove(b"e");
        assert_eq!(names(&bins), "bdc");
    }
}
