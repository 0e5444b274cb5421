//! Natural numbers in limbs of nineteen decimal digits, least significant first.
//!
//! [`Coef`] is a coefficient: up to 38 digits lie in place, more in a vector. The functions on slices are what the
//! larger operations consist of. Nothing here knows signs or exponents.

use std::cmp::Ordering;

/// One more than the greatest limb.
pub const RADIX: u64 = 10_000_000_000_000_000_000;
/// Decimal digits of a limb.
pub const WIDTH: usize = 19;

/// The powers of ten that fit into a word.
pub static POW10: [u64; WIDTH + 1] = {
    let mut table = [1; WIDTH + 1];
    let mut at = 1;
    while at <= WIDTH {
        table[at] = table[at - 1] * 10;
        at += 1;
    }
    table
};

/// `10**n` for `n` up to 38.
#[inline]
pub fn pow10(n: usize) -> u128 {
    if n <= WIDTH { u128::from(POW10[n]) } else { u128::from(RADIX) * u128::from(POW10[n - WIDTH]) }
}

/// The radix has its top bit set, so this is all that division by multiplication needs.
const RECIPROCAL: u64 = (u128::MAX / RADIX as u128 - (1 << 64)) as u64;

/// `hi * 2**64 + lo` divided by the radix; `hi` is less than the radix.
#[inline]
pub fn split(hi: u64, lo: u64) -> (u64, u64) {
    let estimate =
        u128::from(RECIPROCAL) * u128::from(hi) + (u128::from(hi) << 64 | u128::from(lo));
    let (mut quotient, fraction) = ((estimate >> 64) as u64, estimate as u64);
    quotient = quotient.wrapping_add(1);
    let mut rest = lo.wrapping_sub(quotient.wrapping_mul(RADIX));
    if rest > fraction {
        quotient = quotient.wrapping_sub(1);
        rest = rest.wrapping_add(RADIX);
    }
    if rest >= RADIX {
        quotient = quotient.wrapping_add(1);
        rest -= RADIX;
    }
    (quotient, rest)
}

/// A product of two limbs, with what two more add: quotient and remainder by the radix.
#[inline]
pub fn split_wide(value: u128) -> (u64, u64) {
    split((value >> 64) as u64, value as u64)
}

/// How many decimal digits a word has; 1 for zero.
#[inline]
pub fn word_digits(value: u64) -> usize {
    value.checked_ilog10().unwrap_or(0) as usize + 1
}

/// A coefficient. More than two limbs lie in a vector, whose last is not zero.
#[derive(Clone, Debug)]
pub enum Coef {
    Small([u64; 2]),
    Big(Vec<u64>),
}

impl Coef {
    pub const ZERO: Coef = Coef::Small([0, 0]);
    pub const ONE: Coef = Coef::Small([1, 0]);

    #[inline]
    pub fn from_u64(value: u64) -> Coef {
        if value < RADIX { Coef::Small([value, 0]) } else { Coef::Small([value - RADIX, 1]) }
    }

    /// `value` is less than `10**38`.
    #[inline]
    pub fn from_small(value: u128) -> Coef {
        let (high, low) = split_wide(value);
        Coef::Small([low, high])
    }

    pub fn from_u128(value: u128) -> Coef {
        if value < pow10(38) {
            return Coef::from_small(value);
        }
        let (rest, top) = (value % pow10(38), (value / pow10(38)) as u64);
        let (high, low) = split_wide(rest);
        Coef::Big(vec![low, high, top])
    }

    pub fn from_vec(mut limbs: Vec<u64>) -> Coef {
        limbs.truncate(trimmed(&limbs));
        match *limbs {
            [] => Coef::ZERO,
            [low] => Coef::Small([low, 0]),
            [low, high] => Coef::Small([low, high]),
            _ => Coef::Big(limbs),
        }
    }

    pub fn from_limbs(limbs: &[u64]) -> Coef {
        match limbs[..trimmed(limbs)] {
            [] => Coef::ZERO,
            [low] => Coef::Small([low, 0]),
            [low, high] => Coef::Small([low, high]),
            ref more => Coef::Big(more.to_vec()),
        }
    }

    /// As many nines as asked for.
    pub fn nines(count: usize) -> Coef {
        if count <= 38 {
            return Coef::from_small(pow10(count) - 1);
        }
        let mut limbs = vec![RADIX - 1; count / WIDTH];
        limbs.push(POW10[count % WIDTH] - 1);
        Coef::from_vec(limbs)
    }

    /// The limbs without leading zeros: none for zero.
    #[inline]
    pub fn limbs(&self) -> &[u64] {
        match self {
            Coef::Small(pair) => {
                let len = if pair[1] != 0 { 2 } else { usize::from(pair[0] != 0) };
                &pair[..len]
            }
            Coef::Big(limbs) => limbs,
        }
    }

    #[inline]
    pub fn small(&self) -> Option<u128> {
        match *self {
            Coef::Small([low, high]) => {
                Some(u128::from(high) * u128::from(RADIX) + u128::from(low))
            }
            Coef::Big(_) => None,
        }
    }

    /// The value, if it is one limb.
    #[inline]
    pub fn single(&self) -> Option<u64> {
        match *self {
            Coef::Small([low, 0]) => Some(low),
            _ => None,
        }
    }

    #[inline]
    pub fn is_zero(&self) -> bool {
        matches!(self, Coef::Small([0, 0]))
    }

    pub fn is_odd(&self) -> bool {
        self.limbs().first().is_some_and(|low| low & 1 == 1)
    }

    /// The number of decimal digits; zero has one.
    #[inline]
    pub fn digits(&self) -> usize {
        match self {
            Coef::Small([low, 0]) => word_digits(*low),
            Coef::Small([_, high]) => WIDTH + word_digits(*high),
            Coef::Big(limbs) => digits_of(limbs),
        }
    }

    /// The digit of weight `10**at`.
    pub fn digit(&self, at: usize) -> u8 {
        let limb = self.limbs().get(at / WIDTH).copied().unwrap_or(0);
        (limb / POW10[at % WIDTH] % 10) as u8
    }

    /// `self * 10**by`, or nothing if there is no memory for it.
    pub fn shifted_left(&self, by: usize) -> Option<Coef> {
        if by == 0 || self.is_zero() {
            return Some(self.clone());
        }
        if let Some(value) = self.small() {
            if self.digits() + by <= 38 {
                return Some(Coef::from_small(value * pow10(by)));
            }
        }
        let limbs = self.limbs();
        let mut out = zeros(limbs.len() + by / WIDTH + 1)?;
        shift_left_into(limbs, by, &mut out);
        Some(Coef::from_vec(out))
    }

    /// `self / 10**by`, and what was cut off.
    pub fn shifted_right(&self, by: usize) -> (Coef, Rest) {
        if by == 0 {
            return (self.clone(), Rest::None);
        }
        if let Some(value) = self.small() {
            if by > 38 {
                return (Coef::ZERO, if value == 0 { Rest::None } else { Rest::Less });
            }
            let unit = pow10(by);
            let (quotient, rest) = divide_words(value, unit);
            return (Coef::from_small(quotient), Rest::of(rest.cmp(&(unit / 2)), rest == 0));
        }
        let limbs = self.limbs();
        let (whole, part) = (by / WIDTH, by % WIDTH);
        if whole > limbs.len() {
            return (Coef::ZERO, Rest::Less);
        }
        let rest = cut_off(limbs, by);
        let kept = &limbs[whole.min(limbs.len())..];
        if part == 0 {
            return (Coef::from_limbs(kept), rest);
        }
        let (low_unit, high_unit) = (POW10[part], POW10[WIDTH - part]);
        let above = kept.iter().skip(1).chain(std::iter::once(&0));
        let moved = kept
            .iter()
            .zip(above)
            .map(|(&limb, &next)| limb / low_unit + next % low_unit * high_unit);
        (Coef::from_vec(moved.collect()), rest)
    }

    /// The `count` lowest digits.
    pub fn low_digits(&self, count: usize) -> Coef {
        let mut limbs = self.limbs().to_vec();
        if count / WIDTH < limbs.len() {
            limbs.truncate(count / WIDTH + 1);
            if let Some(top) = limbs.last_mut() {
                *top %= POW10[count % WIDTH];
            }
        }
        Coef::from_vec(limbs)
    }

    pub fn plus_one(self) -> Coef {
        if let Coef::Small([low, high]) = self {
            if low < RADIX - 1 {
                return Coef::Small([low + 1, high]);
            }
        }
        let mut limbs = self.limbs().to_vec();
        limbs.push(0);
        add_assign(&mut limbs, &[1]);
        Coef::from_vec(limbs)
    }

    /// One less; not of zero.
    pub fn minus_one(&self) -> Coef {
        let mut limbs = self.limbs().to_vec();
        sub_assign(&mut limbs, &[1]);
        Coef::from_vec(limbs)
    }

    #[inline]
    pub fn compare(&self, other: &Coef) -> Ordering {
        if let (Coef::Small([low, high]), Coef::Small([other_low, other_high])) = (self, other) {
            return (high, low).cmp(&(other_high, other_low));
        }
        compare(self.limbs(), other.limbs())
    }

    pub fn add(&self, other: &Coef) -> Coef {
        if let (Some(a), Some(b)) = (self.small(), other.small()) {
            // Two numbers of 38 digits stay below 2**128.
            return Coef::from_u128(a + b);
        }
        let (long, short) = (self.limbs(), other.limbs());
        let (long, short) = if long.len() >= short.len() { (long, short) } else { (short, long) };
        let mut out = Vec::with_capacity(long.len() + 1);
        out.extend_from_slice(long);
        out.push(0);
        add_assign(&mut out, short);
        Coef::from_vec(out)
    }

    /// The difference to a number that is not greater.
    pub fn sub(&self, other: &Coef) -> Coef {
        if let (Some(a), Some(b)) = (self.small(), other.small()) {
            return Coef::from_small(a - b);
        }
        let mut out = self.limbs().to_vec();
        sub_assign(&mut out, other.limbs());
        Coef::from_vec(out)
    }

    /// Without trailing zeros, of which at most `most` are taken away, and their number.
    pub fn stripped(self, most: usize) -> (Coef, usize) {
        if self.is_zero() || !self.limbs()[0].is_multiple_of(10) {
            return (self, 0);
        }
        let whole = self.limbs().iter().take_while(|&&limb| limb == 0).count();
        let mut next = self.limbs()[whole];
        let mut zeros = whole * WIDTH;
        while next.is_multiple_of(10) {
            next /= 10;
            zeros += 1;
        }
        let zeros = zeros.min(most);
        (self.shifted_right(zeros).0, zeros)
    }
}

/// What a division by a power of ten cut off, measured by the half of a unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rest {
    None,
    Less,
    Half,
    More,
}

impl Rest {
    fn of(to_half: Ordering, zero: bool) -> Rest {
        match to_half {
            _ if zero => Rest::None,
            Ordering::Less => Rest::Less,
            Ordering::Equal => Rest::Half,
            Ordering::Greater => Rest::More,
        }
    }
}

/// How the lowest `by` digits compare to half of `10**by`.
fn cut_off(limbs: &[u64], by: usize) -> Rest {
    let at = (by - 1) / WIDTH;
    let Some(&limb) = limbs.get(at) else {
        return Rest::Less;
    };
    let unit = POW10[(by - 1) % WIDTH];
    let first = limb / unit % 10;
    let below = limb % unit != 0 || limbs[..at].iter().any(|&limb| limb != 0);
    Rest::of((first, below).cmp(&(5, false)), first == 0 && !below)
}

/// Quotient and remainder, by the cheapest instruction that can.
#[inline]
pub fn divide_words(a: u128, b: u128) -> (u128, u128) {
    if let (Ok(a), Ok(b)) = (u64::try_from(a), u64::try_from(b)) {
        return (u128::from(a / b), u128::from(a % b));
    }
    (a / b, a % b)
}

/// A vector of zeros, or nothing if there is no memory for it.
pub fn zeros(len: usize) -> Option<Vec<u64>> {
    let mut out = Vec::new();
    out.try_reserve_exact(len).ok()?;
    out.resize(len, 0);
    Some(out)
}

/// How many limbs are left without leading zeros.
#[inline]
pub fn trimmed(limbs: &[u64]) -> usize {
    limbs.iter().rposition(|&limb| limb != 0).map_or(0, |top| top + 1)
}

fn digits_of(limbs: &[u64]) -> usize {
    match limbs.split_last() {
        Some((&top, rest)) => rest.len() * WIDTH + word_digits(top),
        None => 1,
    }
}

/// Numbers without leading zero limbs.
pub fn compare(a: &[u64], b: &[u64]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.iter().rev().cmp(b.iter().rev()))
}

/// `a += b`; what does not fit is returned. `b` is not longer.
pub fn add_assign(a: &mut [u64], b: &[u64]) -> bool {
    let mut carry = 0;
    let (low, high) = a.split_at_mut(b.len());
    for (x, &y) in low.iter_mut().zip(b) {
        // Below `2**65`: compared before it can wrap.
        let room = RADIX - y - carry;
        let full = *x >= room;
        *x = if full { *x - room } else { *x + y + carry };
        carry = u64::from(full);
    }
    for x in high {
        if carry == 0 {
            return false;
        }
        let full = *x == RADIX - 1;
        *x = if full { 0 } else { *x + 1 };
        carry = u64::from(full);
    }
    carry != 0
}

/// `a -= b`; whether something had to be borrowed beyond the top. `b` is not longer.
pub fn sub_assign(a: &mut [u64], b: &[u64]) -> bool {
    let mut borrow = 0;
    let (low, high) = a.split_at_mut(b.len());
    for (x, &y) in low.iter_mut().zip(b) {
        let take = y + borrow;
        let below = *x < take;
        *x = if below { *x + (RADIX - take) } else { *x - take };
        borrow = u64::from(below);
    }
    for x in high {
        if borrow == 0 {
            return false;
        }
        let below = *x == 0;
        *x = if below { RADIX - 1 } else { *x - 1 };
        borrow = u64::from(below);
    }
    borrow != 0
}

/// `a = a * factor + carry`; returns what goes beyond.
pub fn mul_small(a: &mut [u64], factor: u64, mut carry: u64) -> u64 {
    for x in a {
        (carry, *x) = split_wide(u128::from(*x) * u128::from(factor) + u128::from(carry));
    }
    carry
}

/// `a /= divisor`; returns the remainder.
pub fn div_small(a: &mut [u64], divisor: u64) -> u64 {
    let mut rest = 0;
    for x in a.iter_mut().rev() {
        if rest == 0 {
            (*x, rest) = (*x / divisor, *x % divisor);
            continue;
        }
        let value = u128::from(rest) * u128::from(RADIX) + u128::from(*x);
        *x = (value / u128::from(divisor)) as u64;
        rest = (value - u128::from(*x) * u128::from(divisor)) as u64;
    }
    rest
}

/// `out = limbs * 10**by`; `out` is zero before and large enough.
pub fn shift_left_into(limbs: &[u64], by: usize, out: &mut [u64]) {
    let (whole, part) = (by / WIDTH, by % WIDTH);
    out[whole..whole + limbs.len()].copy_from_slice(limbs);
    if part > 0 {
        let carry = mul_small(&mut out[whole..whole + limbs.len()], POW10[part], 0);
        if carry > 0 {
            out[whole + limbs.len()] = carry;
        }
    }
}
