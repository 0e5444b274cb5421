//! Decimal arithmetic as the General Decimal Arithmetic specification says, without objects.
//!
//! `limbs`, `multiply`, `transform` and `divide` are about natural numbers; `number` has the decimal number, `round` fits one
//! into a context; every operation takes a [`Context`], in which it notes the conditions it met. The same job as
//! libmpdec in CPython's `Modules/_decimal`.

pub mod basic;
pub mod compare;
pub mod divide;
pub mod elementary;
pub mod integral;
pub mod limbs;
pub mod logical;
pub mod multiply;
pub mod number;
pub mod power;
pub mod quotient;
pub mod round;
pub mod series;
pub mod text;
mod transform;

pub use limbs::Coef;
pub use number::{Kind, Num};
pub use round::{Context, MAX_EMAX, MAX_PREC, MIN_EMIN, MIN_ETINY, Rounding, signal};
