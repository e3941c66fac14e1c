//! The bins of a record while a command changes them.
//!
//! Values borrow from the old record or from the request until an operation makes a new one; the finished bins
//! are encoded into the new record once.
//!
//! A map may keep an index of its values, which no client sees but which changes the order of some replies (cdt
//! §6.6). List and map operations know it by a bit of the map's marker. That bit does not rest in the bytes, which
//! must be able to travel as they are: which bins have it is kept beside them.

use aerospike_wire::cdt::{map_marker_position, order::PERSIST_INDEX};
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

    /// Takes off the bit of a map that keeps an index of its values; whether it was there.
    fn take_index_bit(&mut self) -> bool {
        let particle = self.as_particle();
        let Some(at) = map_marker_position(particle) else { return false };
        if particle.data[at] & PERSIST_INDEX == 0 {
            return false;
        }
        let mut owned = ParticleBuf::from(particle);
        owned.data[at] &= !PERSIST_INDEX;
        *self = BinValue::Owned(owned);
        true
    }
}

/// A value as list and map operations want it: with the bit of a map that keeps an index of its values.
pub fn with_index_bit(value: Particle<'_>, has_value_index: bool) -> BinValue<'_> {
    match map_marker_position(value) {
        Some(at) if has_value_index => {
            let mut owned = ParticleBuf::from(value);
            owned.data[at] |= PERSIST_INDEX;
            BinValue::Owned(owned)
        }
        _ => BinValue::Borrowed(value),
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
    /// Whether it is a map that keeps an index of its values.
    has_value_index: bool,
}

/// The bins of one record, in the order of their creation.
#[derive(Clone, Debug, Default)]
pub struct Bins<'a> {
    bins: SmallVec<[Bin<'a>; 8]>,
}

impl<'a> Bins<'a> {
    /// The bins of a stored record.
    pub fn of(stored: Ops<'a>, value_indexes: u32) -> Bins<'a> {
        let bins = stored.enumerate().map(|(i, bin)| Bin {
            name: bin.name,
            value: bin.particle().into(),
            has_value_index: has_bit(value_indexes, i),
        });
        Bins { bins: bins.collect() }
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
        let mut value = value.into();
        let has_value_index = value.take_index_bit();
        let bin = Bin { name, value, has_value_index };
        match self.bins.iter_mut().find(|bin| bin.name == name) {
            Some(old) => *old = bin,
            None => self.bins.push(bin),
        }
    }

    /// The value of a bin as list and map operations want it.
    pub fn collection(&self, name: &[u8]) -> Option<BinValue<'_>> {
        let bin = self.bins.iter().find(|bin| bin.name == name)?;
        Some(with_index_bit(bin.value.as_particle(), bin.has_value_index))
    }

    /// Which bins are maps that keep an index of their values: one bit for each of the first 32 bins.
    pub fn value_indexes(&self) -> u32 {
        let indexed = self.bins.iter().take(32).enumerate().filter(|(_, bin)| bin.has_value_index);
        indexed.fold(0, |bits, (i, _)| bits | 1 << i)
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

/// Whether a bin is among those that [`Bins::value_indexes`] tells.
pub fn has_bit(value_indexes: u32, bin: usize) -> bool {
    bin < 32 && value_indexes >> bin & 1 != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use aerospike_wire::ParticleType;

    #[test]
    fn the_index_bit_is_kept_beside_the_value() {
        let plain = [0x82, 0xc7, 0, 3, 0xc0, 1, 2];
        let indexed = [0x82, 0xc7, 0, 0x13, 0xc0, 1, 2];
        let mut bins = Bins::default();
        bins.set(b"a", Particle::new(ParticleType::MAP, &plain));
        bins.set(b"b", Particle::new(ParticleType::MAP, &indexed));
        assert_eq!(bins.get(b"b").unwrap().data, plain);
        assert_eq!(bins.collection(b"a").unwrap().as_particle().data, plain);
        assert_eq!(bins.collection(b"b").unwrap().as_particle().data, indexed);
        assert_eq!(bins.value_indexes(), 0b10);
        let mut stored = Vec::new();
        bins.encode(&mut stored);
        let again = Bins::of(Ops::new(&stored), bins.value_indexes());
        assert_eq!(again.collection(b"b").unwrap().as_particle().data, indexed);
        bins.set(b"b", Particle::new(ParticleType::MAP, &plain));
        assert_eq!(bins.value_indexes(), 0);
    }

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
