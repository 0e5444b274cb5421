//! Contexts, and how a result is made to fit into one.

use super::limbs::{Coef, Rest};
use super::number::{Kind, Num};

pub const MAX_PREC: i64 = 999_999_999_999_999_999;
pub const MAX_EMAX: i64 = 999_999_999_999_999_999;
pub const MIN_EMIN: i64 = -MAX_EMAX;
pub const MIN_ETINY: i64 = MIN_EMIN - (MAX_PREC - 1);

/// The conditions, as bits.
pub mod signal {
    pub const CLAMPED: u32 = 1;
    pub const CONVERSION_SYNTAX: u32 = 2;
    pub const DIVISION_BY_ZERO: u32 = 4;
    pub const DIVISION_IMPOSSIBLE: u32 = 8;
    pub const DIVISION_UNDEFINED: u32 = 0x10;
    pub const INEXACT: u32 = 0x40;
    pub const INVALID_CONTEXT: u32 = 0x80;
    pub const INVALID_OPERATION: u32 = 0x100;
    /// There was no memory for the result.
    pub const NO_MEMORY: u32 = 0x200;
    pub const FLOAT_OPERATION: u32 = 0x400;
    pub const OVERFLOW: u32 = 0x800;
    pub const ROUNDED: u32 = 0x1000;
    pub const SUBNORMAL: u32 = 0x2000;
    pub const UNDERFLOW: u32 = 0x4000;
    /// All that make an operation an invalid one.
    pub const INVALID: u32 = CONVERSION_SYNTAX
        | DIVISION_IMPOSSIBLE
        | DIVISION_UNDEFINED
        | INVALID_CONTEXT
        | INVALID_OPERATION
        | NO_MEMORY
        | 0x20;
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rounding {
    Up,
    Down,
    Ceiling,
    Floor,
    HalfUp,
    HalfDown,
    HalfEven,
    ZeroFiveUp,
}

/// The limits of a computation, and the conditions it met.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    pub prec: i64,
    pub emax: i64,
    pub emin: i64,
    pub rounding: Rounding,
    pub clamp: bool,
    pub status: u32,
}

impl Context {
    /// The widest limits.
    pub const MAX: Context = Context {
        prec: MAX_PREC,
        emax: MAX_EMAX,
        emin: MIN_EMIN,
        rounding: Rounding::HalfEven,
        clamp: false,
        status: 0,
    };

    /// The widest exponents, for intermediate results.
    pub fn working(prec: i64) -> Context {
        Context { prec, ..Context::MAX }
    }

    /// The exponent of the least subnormal number.
    #[inline]
    pub fn etiny(&self) -> i64 {
        self.emin - (self.prec - 1)
    }

    /// The greatest exponent of a number with all digits.
    #[inline]
    pub fn etop(&self) -> i64 {
        self.emax - (self.prec - 1)
    }

    #[inline]
    pub fn note(&mut self, conditions: u32) {
        self.status |= conditions;
    }

    #[cold]
    pub fn fail(&mut self, condition: u32) -> Num {
        self.note(condition);
        Num::nan()
    }

    pub fn invalid(&mut self) -> Num {
        self.fail(signal::INVALID_OPERATION)
    }

    pub fn no_memory(&mut self) -> Num {
        self.fail(signal::NO_MEMORY)
    }

    /// Cuts the payload of a NaN to what the context has room for.
    pub fn fit_payload(&self, mut nan: Num) -> Num {
        let room = self.prec - i64::from(self.clamp);
        if nan.coef.digits() as i64 > room {
            nan.coef = nan.coef.low_digits(room as usize);
        }
        nan
    }

    /// The number as it fits into the context, with the conditions that this brings.
    #[inline]
    pub fn finish(&mut self, number: Num) -> Num {
        if number.kind == Kind::Finite && !number.coef.is_zero() && !self.clamp {
            let digits = number.coef.digits() as i64;
            let adjusted = number.exp + digits - 1;
            if digits <= self.prec && adjusted <= self.emax && adjusted >= self.emin {
                return number;
            }
        }
        self.fit(number)
    }

    #[inline(never)]
    fn fit(&mut self, number: Num) -> Num {
        match number.kind {
            Kind::Infinite => return number,
            Kind::Quiet | Kind::Signaling => return self.fit_payload(number),
            Kind::Finite => {}
        }
        let (etiny, etop) = (self.etiny(), self.etop());
        if number.coef.is_zero() {
            let top = if self.clamp { etop } else { self.emax };
            let exp = number.exp.clamp(etiny, top);
            if exp != number.exp {
                self.note(signal::CLAMPED);
            }
            return Num { exp, ..number };
        }
        let adjusted = number.adjusted();
        if adjusted > self.emax {
            return self.overflow(number.negative);
        }
        let subnormal = adjusted < self.emin;
        let least = if subnormal { etiny } else { adjusted - (self.prec - 1) };
        if number.exp < least {
            return self.cut(number, least, subnormal);
        }
        if subnormal {
            self.note(signal::SUBNORMAL);
        }
        if self.clamp && number.exp > etop {
            self.note(signal::CLAMPED);
            return match number.coef.shifted_left((number.exp - etop) as usize) {
                Some(coef) => Num::new(number.negative, coef, etop),
                None => self.no_memory(),
            };
        }
        number
    }

    /// Rounds to an exponent that is greater than the number's own.
    fn cut(&mut self, number: Num, exp: i64, subnormal: bool) -> Num {
        let (coef, rest) = number.coef.shifted_right((exp - number.exp) as usize);
        let mut result = Num::new(number.negative, coef, exp);
        self.note(signal::ROUNDED);
        if self.rounding.goes_up(&result.coef, rest, number.negative) {
            result.coef = result.coef.plus_one();
            if result.coef.digits() as i64 > self.prec {
                result.coef = result.coef.shifted_right(1).0;
                result.exp += 1;
            }
        }
        if rest != Rest::None {
            self.note(signal::INEXACT);
        }
        if subnormal {
            self.note(signal::SUBNORMAL);
            if rest != Rest::None {
                self.note(signal::UNDERFLOW);
            }
            if result.coef.is_zero() {
                self.note(signal::CLAMPED);
            }
        }
        if result.adjusted() > self.emax {
            return self.overflow(number.negative);
        }
        result
    }

    #[cold]
    pub fn overflow(&mut self, negative: bool) -> Num {
        self.note(signal::OVERFLOW | signal::INEXACT | signal::ROUNDED);
        let infinite = match self.rounding {
            Rounding::Down | Rounding::ZeroFiveUp => false,
            Rounding::Ceiling => !negative,
            Rounding::Floor => negative,
            _ => true,
        };
        if infinite { Num::infinity(negative) } else { self.greatest(negative) }
    }

    /// The greatest finite number.
    pub fn greatest(&mut self, negative: bool) -> Num {
        if self.prec > 1 << 40 {
            return self.no_memory();
        }
        Num::new(negative, Coef::nines(self.prec as usize), self.etop())
    }
}

impl Rounding {
    /// Whether a coefficient, of which something was cut off, is to be one greater.
    pub fn goes_up(self, coef: &Coef, rest: Rest, negative: bool) -> bool {
        if rest == Rest::None {
            return false;
        }
        match self {
            Rounding::Up => true,
            Rounding::Down => false,
            Rounding::Ceiling => !negative,
            Rounding::Floor => negative,
            Rounding::HalfUp => rest != Rest::Less,
            Rounding::HalfDown => rest == Rest::More,
            Rounding::HalfEven => rest == Rest::More || (rest == Rest::Half && coef.is_odd()),
            Rounding::ZeroFiveUp => coef.digit(0).is_multiple_of(5),
        }
    }
}

impl Num {
    /// The same value with another exponent, rounded if that is greater; whether anything was lost.
    pub fn rescaled(&self, exp: i64, rounding: Rounding) -> Option<(Num, bool)> {
        if self.exp >= exp {
            let coef = self.coef.shifted_left((self.exp - exp) as usize)?;
            return Some((Num::new(self.negative, coef, exp), false));
        }
        let (mut coef, rest) = self.coef.shifted_right((exp - self.exp) as usize);
        if rounding.goes_up(&coef, rest, self.negative) {
            coef = coef.plus_one();
        }
        Some((Num::new(self.negative, coef, exp), rest != Rest::None))
    }
}
