//! Hash values of built-in types, without objects.
//!
//! Numbers that are equal have equal hashes, whatever their type: the value modulo 2**61 - 1.
//! No hash is -1, which the C API keeps for errors. The same job in CPython: `Python/pyhash.c`,
//! `tuple_hash`, `frozenset_hash_impl`, `complex_hash`.

pub mod siphash;

pub use siphash::HashSecret;

const MODULUS_BITS: u32 = 61;
const MODULUS: u64 = (1 << MODULUS_BITS) - 1;
/// The hash of a positive infinity.
pub const HASH_INFINITY: i64 = 314_159;

/// Never -1.
#[inline]
fn finished(hash: i64) -> i64 {
    if hash == -1 { -2 } else { hash }
}

/// The hash of an integer that fits a word.
pub fn hash_i64(value: i64) -> i64 {
    let residue = (value.unsigned_abs() % MODULUS) as i64;
    finished(if value < 0 { -residue } else { residue })
}

/// The hash of a double; `None` for NaN, which hashes by identity.
pub fn hash_double(value: f64) -> Option<i64> {
    if !value.is_finite() {
        return match value {
            f64::INFINITY => Some(HASH_INFINITY),
            f64::NEG_INFINITY => Some(-HASH_INFINITY),
            _ => None,
        };
    }
    let bits = value.to_bits();
    let biased = (bits >> 52 & 0x7ff) as i32;
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) =
        if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };
    // 2**61 is 1 modulo the modulus: a power of two is a rotation of 61 bits.
    let turn = exponent.rem_euclid(MODULUS_BITS as i32) as u32;
    let residue = ((mantissa << turn) & MODULUS) | (mantissa >> (MODULUS_BITS - turn));
    let hash = if residue == MODULUS { 0 } else { residue as i64 };
    Some(finished(if value < 0.0 { -hash } else { hash }))
}

/// The hash of a complex number, from those of its parts.
pub fn hash_complex(real: i64, imaginary: i64) -> i64 {
    finished(imaginary.wrapping_mul(1_000_003).wrapping_add(real))
}

/// The hash of an object by identity. The low bits of an address are always the same.
#[inline]
pub fn hash_pointer(address: usize) -> i64 {
    finished((address as u64).rotate_right(4) as i64)
}

/// Combines the hashes of a tuple's items, in order.
#[derive(Clone, Copy, Debug)]
pub struct TupleHasher {
    state: u64,
    len: u64,
}

const PRIME_1: u64 = 11_400_714_785_074_694_791;
const PRIME_2: u64 = 14_029_467_366_897_019_727;
const PRIME_5: u64 = 2_870_177_450_012_600_261;

impl TupleHasher {
    pub fn new() -> Self {
        TupleHasher { state: PRIME_5, len: 0 }
    }

    #[inline]
    pub fn add(&mut self, hash: i64) {
        let sum = self.state.wrapping_add((hash as u64).wrapping_mul(PRIME_2));
        self.state = sum.rotate_left(31).wrapping_mul(PRIME_1);
        self.len += 1;
    }

    /// As `slice` does it: the number of items is fixed, so it says nothing.
    pub fn finish_without_length(self) -> i64 {
        match self.state as i64 {
            -1 => 1_546_275_796,
            hash => hash,
        }
    }

    pub fn finish(self) -> i64 {
        // The constant keeps the hash of `()` as it used to be.
        match self.state.wrapping_add(self.len ^ PRIME_5 ^ 3_527_539) as i64 {
            -1 => 1_546_275_796,
            hash => hash,
        }
    }
}

impl Default for TupleHasher {
    fn default() -> Self {
        TupleHasher::new()
    }
}

/// Combines the hashes of a frozenset's elements, in any order.
#[derive(Clone, Copy, Debug, Default)]
pub struct SetHasher {
    state: u64,
    len: u64,
}

impl SetHasher {
    #[inline]
    pub fn add(&mut self, hash: i64) {
        let hash = hash as u64;
        // Spreads hashes that differ little, since they are only combined by xor.
        self.state ^= (hash ^ 89_869_747 ^ (hash << 16)).wrapping_mul(3_644_798_167);
        self.len += 1;
    }

    pub fn finish(self) -> i64 {
        let mut hash = self.state ^ (self.len + 1).wrapping_mul(1_927_868_237);
        hash ^= (hash >> 11) ^ (hash >> 25);
        match hash.wrapping_mul(69_069).wrapping_add(907_133_923) as i64 {
            -1 => 590_923_713,
            hash => hash,
        }
    }
}
