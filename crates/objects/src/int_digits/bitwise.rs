//! And, or, xor and not, as on an endless two's complement.
//! The same job in CPython: `long_bitwise` in `Objects/longobject.c`.

use super::{Digit, IntBuf, IntRef, MASK, Placed, SHIFT, add, sub, trimmed};

/// A bitwise operator of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BitOp {
    And,
    Or,
    Xor,
}

/// How many digits the output of [`bitwise_into`] needs.
pub fn bitwise_size(a: IntRef, b: IntRef) -> usize {
    a.digits.len().max(b.digits.len()) + 1
}

/// `a op b`.
pub fn bitwise_into(op: BitOp, a: IntRef, b: IntRef, out: &mut [Digit]) -> Placed {
    match op {
        BitOp::And => apply(a, b, out, |x, y| x & y),
        BitOp::Or => apply(a, b, out, |x, y| x | y),
        BitOp::Xor => apply(a, b, out, |x, y| x ^ y),
    }
}

/// `a op b`.
pub fn bitwise(op: BitOp, a: IntRef, b: IntRef) -> IntBuf {
    IntBuf::place(bitwise_size(a, b), |out| bitwise_into(op, a, b, out))
}

/// `~a`, that is `-(a + 1)`.
pub fn invert(a: IntRef) -> IntBuf {
    let one = IntRef { negative: true, digits: &[1] };
    sub(one, add(a, IntRef::ZERO).view())
}

/// Negates digit by digit: feeds magnitudes to two's complement and back.
struct Complement {
    flip: u32,
    carry: u32,
}

impl Complement {
    fn new(negative: bool) -> Self {
        if negative {
            Complement { flip: MASK, carry: 1 }
        } else {
            Complement { flip: 0, carry: 0 }
        }
    }

    fn next(&mut self, digit: Digit) -> Digit {
        let sum = (digit ^ self.flip) + self.carry;
        self.carry = sum >> SHIFT;
        sum & MASK
    }
}

#[inline(always)]
fn apply(a: IntRef, b: IntRef, out: &mut [Digit], op: impl Fn(u32, u32) -> u32) -> Placed {
    let size = bitwise_size(a, b);
    let out = &mut out[..size];
    let negative = op(u32::from(a.negative), u32::from(b.negative)) & 1 == 1;
    let mut left = Complement::new(a.negative);
    let mut right = Complement::new(b.negative);
    let mut result = Complement::new(negative);
    for (i, o) in out.iter_mut().enumerate() {
        let x = left.next(a.digits.get(i).copied().unwrap_or(0));
        let y = right.next(b.digits.get(i).copied().unwrap_or(0));
        *o = result.next(op(x, y) & MASK);
    }
    Placed::new(negative, trimmed(out))
}
