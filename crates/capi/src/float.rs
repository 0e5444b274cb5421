//! `floatobject.h`, `complexobject.h`.

use krait_macros::capi;
use krait_objects::complex::Complex;
use krait_objects::complex::construct::as_pair;
use krait_objects::prelude::*;

use crate::support::*;

#[capi]
pub fn PyFloat_FromDouble(th: &Thread, value: f64) -> PyResult<Owned<Float>> {
    Float::new(th, value)
}

#[inline(always)]
unsafe fn value_at_once(ob: Ptr) -> Option<f64> {
    // SAFETY: C passes a live object or NULL.
    unsafe { exactly::<Float>(ob).map(Float::value) }
}

#[capi(fast = value_at_once)]
pub fn PyFloat_AsDouble(th: &Thread, ob: Option<Borrowed<'_>>) -> PyResult<f64> {
    match ob {
        Some(ob) => number::as_f64(th, ob),
        None => Err(th.bad_argument()),
    }
}

#[capi]
pub fn PyFloat_FromString(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    krait_objects::float::from_text_object(th, ob)
}

#[capi]
pub fn PyFloat_GetMax() -> f64 {
    f64::MAX
}

#[capi]
pub fn PyFloat_GetMin() -> f64 {
    f64::MIN_POSITIVE
}

#[capi]
pub fn PyComplex_FromDoubles(th: &Thread, real: f64, imag: f64) -> PyResult<Owned<Complex>> {
    Complex::new(th, real, imag)
}

#[inline(always)]
unsafe fn real_at_once(ob: Ptr) -> Option<f64> {
    // SAFETY: C passes a live object or NULL.
    unsafe { exactly::<Complex>(ob).map(Complex::real) }
}

#[inline(always)]
unsafe fn imag_at_once(ob: Ptr) -> Option<f64> {
    // SAFETY: C passes a live object or NULL.
    unsafe { exactly::<Complex>(ob).map(Complex::imag) }
}

#[capi(fast = real_at_once)]
pub fn PyComplex_RealAsDouble(th: &Thread, ob: Borrowed<'_>) -> PyResult<f64> {
    as_pair(th, ob).map(|(real, _)| real)
}

#[capi(fast = imag_at_once)]
pub fn PyComplex_ImagAsDouble(th: &Thread, ob: Borrowed<'_>) -> PyResult<f64> {
    as_pair(th, ob).map(|(_, imag)| imag)
}
