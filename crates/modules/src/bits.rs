//! Arguments that are sets of bits: integers of any size and sign, of which C takes the low bits.

use krait_objects::args::{FromArg, Site};
use krait_objects::prelude::*;

/// The low 32 bits of an `int`.
#[derive(Clone, Copy)]
pub struct Bits32(pub u32);

/// The low 64 bits of an `int`.
#[derive(Clone, Copy)]
pub struct Bits64(pub u64);

fn low_bits(th: &Thread, arg: Borrowed<'_>, site: &'static Site) -> PyResult<u64> {
    if !number::is_index(arg) {
        return Err(site.wrong_type(th, "int", arg));
    }
    Ok(number::index(th, arg)?.view().wrapping_u64())
}

impl<'a> FromArg<'a> for Bits32 {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, site: &'static Site) -> PyResult<Self> {
        low_bits(th, arg, site).map(|bits| Bits32(bits as u32))
    }
}

impl<'a> FromArg<'a> for Bits64 {
    fn from_arg(th: &Thread, arg: Borrowed<'a>, site: &'static Site) -> PyResult<Self> {
        low_bits(th, arg, site).map(Bits64)
    }
}
