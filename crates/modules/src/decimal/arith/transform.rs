//! Products of very long numbers: convolution by number-theoretic transforms.
//!
//! The limbs are convolved modulo three primes of 62 bits, whose product is greater than any sum of limb products;
//! the residues are put together again limb by limb. Transforms work in place: the forward one leaves its result in
//! bit-reversed order, which is where the inverse starts. Factors are in Montgomery form (`x * 2**64 mod p`), data are not.

use super::limbs::split;

/// A prime `p = odd * 2**twos + 1`, with a number that is no square modulo it.
struct Prime {
    p: u64,
    twos: u32,
    non_square: u64,
}

const PRIMES: [Prime; 3] = [
    Prime { p: 29 << 57 | 1, twos: 57, non_square: 3 },
    Prime { p: 69 << 55 | 1, twos: 55, non_square: 5 },
    Prime { p: 177 << 54 | 1, twos: 54, non_square: 7 },
];

/// Arithmetic modulo a prime.
#[derive(Clone, Copy)]
struct Field {
    p: u64,
    /// The inverse of `p` modulo `2**64`.
    inverse: u64,
    /// `2**128 mod p`.
    square: u64,
}

impl Field {
    fn new(p: u64) -> Field {
        // Newton's iteration: each step doubles the bits that are right.
        let inverse = (0..6).fold(p, |x, _| x.wrapping_mul(2u64.wrapping_sub(p.wrapping_mul(x))));
        let one = (u128::from(u64::MAX) + 1) % u128::from(p);
        Field { p, inverse, square: (one * one % u128::from(p)) as u64 }
    }

    /// `a * b / 2**64`, for a product below `p * 2**64`.
    #[inline(always)]
    fn mul(self, a: u64, b: u64) -> u64 {
        let product = u128::from(a) * u128::from(b);
        let factor = (product as u64).wrapping_mul(self.inverse);
        let high = ((u128::from(factor) * u128::from(self.p)) >> 64) as u64;
        let (result, below) = ((product >> 64) as u64).overflowing_sub(high);
        if below { result.wrapping_add(self.p) } else { result }
    }

    #[inline(always)]
    fn add(self, a: u64, b: u64) -> u64 {
        let sum = a + b;
        if sum >= self.p { sum - self.p } else { sum }
    }

    #[inline(always)]
    fn sub(self, a: u64, b: u64) -> u64 {
        if a >= b { a - b } else { a + self.p - b }
    }

    /// Montgomery form of a number below `2**64`.
    fn enter(self, a: u64) -> u64 {
        self.mul(a % self.p, self.square)
    }

    fn power(self, mut base: u64, mut exponent: u64) -> u64 {
        let mut result = self.enter(1);
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = self.mul(result, base);
            }
            base = self.mul(base, base);
            exponent >>= 1;
        }
        result
    }

    fn invert(self, a: u64) -> u64 {
        self.power(a, self.p - 2)
    }
}

/// What turns the root of one block into that of the next: the block's number decides which is taken.
struct Turns {
    forward: [u64; 64],
    backward: [u64; 64],
}

impl Turns {
    fn new(field: Field, prime: &Prime) -> Turns {
        let mut root = field.power(field.enter(prime.non_square), (prime.p - 1) >> prime.twos);
        let mut inverse = field.invert(root);
        let (mut roots, mut inverses) = ([0; 64], [0; 64]);
        for at in (0..prime.twos as usize - 1).rev() {
            (roots[at], inverses[at]) = (root, inverse);
            root = field.mul(root, root);
            inverse = field.mul(inverse, inverse);
        }
        let mut turns = Turns { forward: [0; 64], backward: [0; 64] };
        let (mut down, mut up) = (field.enter(1), field.enter(1));
        for at in 0..prime.twos as usize - 1 {
            turns.forward[at] = field.mul(roots[at], down);
            turns.backward[at] = field.mul(inverses[at], up);
            down = field.mul(down, inverses[at]);
            up = field.mul(up, roots[at]);
        }
        turns
    }
}

fn forward(field: Field, turns: &Turns, data: &mut [u64]) {
    let mut half = data.len() / 2;
    while half > 0 {
        let mut root = field.enter(1);
        for (number, block) in data.chunks_exact_mut(2 * half).enumerate() {
            let (low, high) = block.split_at_mut(half);
            for (a, b) in low.iter_mut().zip(high) {
                let turned = field.mul(*b, root);
                (*a, *b) = (field.add(*a, turned), field.sub(*a, turned));
            }
            root = field.mul(root, turns.forward[number.trailing_ones() as usize]);
        }
        half /= 2;
    }
}

fn backward(field: Field, turns: &Turns, data: &mut [u64]) {
    let mut half = 1;
    while half < data.len() {
        let mut root = field.enter(1);
        for (number, block) in data.chunks_exact_mut(2 * half).enumerate() {
            let (low, high) = block.split_at_mut(half);
            for (a, b) in low.iter_mut().zip(high) {
                let difference = field.sub(*a, *b);
                (*a, *b) = (field.add(*a, *b), field.mul(difference, root));
            }
            root = field.mul(root, turns.backward[number.trailing_ones() as usize]);
        }
        half *= 2;
    }
}

/// The convolution modulo a prime, of the length of a power of two.
fn convolve(prime: &Prime, a: &[u64], b: &[u64], size: usize) -> Vec<u64> {
    let field = Field::new(prime.p);
    let turns = Turns::new(field, prime);
    let spread = |limbs: &[u64]| {
        let mut data: Vec<u64> = Vec::with_capacity(size);
        data.extend(limbs.iter().map(|limb| limb % field.p));
        data.resize(size, 0);
        forward(field, &turns, &mut data);
        data
    };
    let mut left = spread(a);
    // Once for the product's own factor, once to get out of Montgomery form.
    let scale = field.mul(field.invert(field.enter(size as u64)), field.square);
    let scaled = |x, y| field.mul(field.mul(x, y), scale);
    if std::ptr::eq(a, b) {
        left.iter_mut().for_each(|x| *x = scaled(*x, *x));
    } else {
        let right = spread(b);
        left.iter_mut().zip(right).for_each(|(x, y)| *x = scaled(*x, y));
    }
    backward(field, &turns, &mut left);
    left
}

/// `a * b` into `out`, which is as long as both together.
pub fn multiply(a: &[u64], b: &[u64], out: &mut [u64]) {
    let size = (out.len() - 1).next_power_of_two();
    let residues = PRIMES.each_ref().map(|prime| convolve(prime, a, b, size));
    let [first, second, third] = PRIMES.each_ref().map(|prime| prime.p);
    let (modulo_second, modulo_third) = (Field::new(second), Field::new(third));
    let inverse = |field: Field, of: u64| field.invert(field.enter(of));
    let first_in_second = inverse(modulo_second, first);
    let first_in_third = inverse(modulo_third, first);
    let second_in_third = inverse(modulo_third, second);
    let first_two = u128::from(first) * u128::from(second);
    let (two_high, two_low) = ((first_two >> 64) as u64, first_two as u64);
    let mut carry = 0u128;
    for (at, limb) in out.iter_mut().enumerate() {
        let [x, y, z] = [0, 1, 2].map(|which: usize| residues[which].get(at).copied().unwrap_or(0));
        // value = x + first * u + first * second * v
        let u = modulo_second.mul(modulo_second.sub(y, x % second), first_in_second);
        let v = modulo_third.mul(modulo_third.sub(z, x % third), first_in_third);
        let v = modulo_third.mul(modulo_third.sub(v, u % third), second_in_third);
        let low = u128::from(first) * u128::from(u) + u128::from(x);
        let (low, over) = low.overflowing_add(carry);
        let bottom = u128::from(two_low) * u128::from(v);
        let top = u128::from(two_high) * u128::from(v) + (bottom >> 64) + (low >> 64);
        let (word, more) = (low as u64).overflowing_add(bottom as u64);
        let top = top + u128::from(more) + (u128::from(over) << 64);
        let (quotient_high, rest) = split((top >> 64) as u64, top as u64);
        let (quotient_low, rest) = split(rest, word);
        *limb = rest;
        carry = u128::from(quotient_high) << 64 | u128::from(quotient_low);
    }
}
