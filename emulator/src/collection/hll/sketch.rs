//! The bytes of a sketch (hll §B4, §B5).

use aerospike_wire::hll_op::{
    HEADER_SIZE, MAX_INDEX_AND_MINHASH_BITS, MAX_INDEX_BITS, MAX_MINHASH_BITS, MIN_INDEX_BITS,
    MIN_MINHASH_BITS, RANK_BITS,
};
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::{ParticleType, ResultCode};

use super::element::Hash;
use super::estimate::estimate;
use crate::collection::bit_string::{load, mask, store};

/// How many registers a sketch has, and how wide they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    index_bits: u8,
    minhash_bits: u8,
}

impl Shape {
    /// A shape within the limits; `None` beyond them.
    pub fn new(index_bits: u8, minhash_bits: u8) -> Option<Shape> {
        let valid = (MIN_INDEX_BITS..=MAX_INDEX_BITS).contains(&index_bits)
            && (minhash_bits == 0 || (MIN_MINHASH_BITS..=MAX_MINHASH_BITS).contains(&minhash_bits))
            && index_bits + minhash_bits <= MAX_INDEX_AND_MINHASH_BITS;
        valid.then_some(Shape { index_bits, minhash_bits })
    }

    /// The base-2 logarithm of the number of registers.
    pub fn index_bits(self) -> u8 {
        self.index_bits
    }

    /// How many bits of an element's hash a register keeps beside the rank.
    pub fn minhash_bits(self) -> u8 {
        self.minhash_bits
    }

    /// The same number of registers without minhashes.
    pub fn without_minhash(self) -> Shape {
        Shape { minhash_bits: 0, ..self }
    }

    /// The shape with fewer registers, or the same number.
    pub fn folded(self, index_bits: u8) -> Shape {
        Shape { index_bits: self.index_bits.min(index_bits), ..self }
    }

    /// How many registers there are.
    pub fn registers(self) -> usize {
        1 << self.index_bits
    }

    fn width(self) -> usize {
        (RANK_BITS + self.minhash_bits) as usize
    }

    fn register_bytes(self) -> usize {
        (self.registers() * self.width()).div_ceil(8)
    }
}

/// A sketch, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Sketch<'a> {
    /// Its shape.
    pub shape: Shape,
    /// The cached estimate; 0 if there is none.
    cached: u64,
    /// The bytes of all registers.
    registers: &'a [u8],
}

impl<'a> Sketch<'a> {
    /// Checks header and size.
    ///
    /// # Errors
    /// [`ResultCode::PARAMETER`].
    pub fn parse(data: &'a [u8]) -> Result<Sketch<'a>, ResultCode> {
        let Some((&[0, index_bits, minhash_bits, ref cached @ ..], registers)) =
            data.split_first_chunk::<HEADER_SIZE>()
        else {
            return Err(ResultCode::PARAMETER);
        };
        let shape = Shape::new(index_bits, minhash_bits).ok_or(ResultCode::PARAMETER)?;
        if registers.len() != shape.register_bytes() {
            return Err(ResultCode::PARAMETER);
        }
        Ok(Sketch { shape, cached: u64::from_le_bytes(*cached), registers })
    }

    /// The value of a register: the rank in its upper bits, the minhash below.
    pub fn register(&self, index: usize) -> u64 {
        let width = self.shape.width();
        load(self.registers, index * width, width)
    }

    /// All values, in order.
    pub fn values(&self) -> impl Iterator<Item = u64> {
        (0..self.shape.registers()).map(|index| self.register(index))
    }

    /// The rank of a register.
    pub fn rank(&self, index: usize) -> u64 {
        load(self.registers, index * self.shape.width(), RANK_BITS as usize)
    }

    /// Whether the start of the registers holds anything: as many bytes as there are registers (hll §B10).
    /// With more than two minhash bits that leaves out registers at the end.
    pub fn has_data(&self) -> bool {
        self.registers.iter().take(self.shape.registers()).any(|byte| *byte != 0)
    }

    /// How many distinct elements were added: the cached estimate, whatever it says, else a new one.
    pub fn count(&self) -> u64 {
        if self.cached != 0 { self.cached } else { self.estimate() }
    }

    /// A new estimate of how many distinct elements were added.
    pub fn estimate(&self) -> u64 {
        estimate(self.shape.index_bits, (0..self.shape.registers()).map(|index| self.rank(index) as usize))
    }

    /// Whether an element may have been added.
    pub fn may_contain(&self, hash: Hash) -> bool {
        let (index, value) = place(self.shape, hash);
        value <= self.register(index)
    }
}

/// A sketch, owned: its bytes as they travel.
#[derive(Clone, Debug)]
pub struct SketchBuf {
    shape: Shape,
    data: Vec<u8>,
}

impl SketchBuf {
    /// A sketch without elements.
    pub fn empty(shape: Shape) -> SketchBuf {
        let mut data = vec![0; HEADER_SIZE + shape.register_bytes()];
        data[1] = shape.index_bits;
        data[2] = shape.minhash_bits;
        SketchBuf { shape, data }
    }

    /// The sketch, borrowed.
    pub fn as_sketch(&self) -> Sketch<'_> {
        let (header, registers) = self.data.split_at(HEADER_SIZE);
        let mut cached = [0; 8];
        cached.copy_from_slice(&header[3..]);
        Sketch { shape: self.shape, cached: u64::from_le_bytes(cached), registers }
    }

    /// Writes the cached estimate; 0 removes it.
    pub fn cache(&mut self, count: u64) {
        self.data[3..HEADER_SIZE].copy_from_slice(&count.to_le_bytes());
    }

    /// Overwrites a register.
    pub fn set(&mut self, index: usize, value: u64) {
        let width = self.shape.width();
        store(&mut self.data[HEADER_SIZE..], index * width, width, value);
    }

    /// Raises a register to a value, if that is greater; whether it was.
    pub fn raise(&mut self, index: usize, value: u64) -> bool {
        let greater = value > self.as_sketch().register(index);
        if greater {
            self.set(index, value);
        }
        greater
    }

    /// Adds an element; whether it raised a register. If so, the cached estimate is gone.
    pub fn add(&mut self, hash: Hash) -> bool {
        let (index, value) = place(self.shape, hash);
        let raised = self.raise(index, value);
        if raised {
            self.cache(0);
        }
        raised
    }

    /// Takes over all elements of another sketch that has at least as many registers. If this sketch keeps
    /// minhashes, so must the other one, as many bits of them.
    pub fn merge(&mut self, other: &Sketch<'_>) {
        let last = self.shape.registers() - 1;
        for index in 0..other.shape.registers() {
            let value = if self.shape.minhash_bits == 0 { other.rank(index) } else { other.register(index) };
            self.raise(index & last, value);
        }
    }

    /// The value of a bin.
    pub fn into_particle(self) -> ParticleBuf {
        ParticleBuf::new(ParticleType::HLL, self.data)
    }
}

impl From<Sketch<'_>> for SketchBuf {
    fn from(sketch: Sketch<'_>) -> SketchBuf {
        let mut owned = SketchBuf::empty(sketch.shape);
        owned.cache(sketch.cached);
        owned.data[HEADER_SIZE..].copy_from_slice(sketch.registers);
        owned
    }
}

/// The register an element belongs to, and the value it asks for there (hll §B7).
fn place(shape: Shape, hash: Hash) -> (usize, u64) {
    let index = hash.low & mask(shape.index_bits as usize);
    let minhash = hash.low >> shape.index_bits & mask(shape.minhash_bits as usize);
    // A rank above 63 does not fit; one element in 2⁶³ has it.
    let rank = (hash.high.trailing_zeros() as u64 + 1).min(mask(RANK_BITS as usize));
    (index as usize, rank << shape.minhash_bits | minhash)
}
