//! `complexobject.h`.

use krait_abi as abi;
use krait_macros::capi;
use krait_objects::complex::Complex;
use krait_objects::complex::construct::as_pair;
use krait_objects::prelude::*;

use crate::support::*;

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

#[capi]
pub fn PyComplex_FromCComplex(th: &Thread, value: abi::Py_complex) -> PyResult<Owned<Complex>> {
    Complex::new(th, value.real, value.imag)
}

#[capi(error = abi::Py_complex { real: -1.0, imag: 0.0 })]
pub fn PyComplex_AsCComplex(th: &Thread, ob: Borrowed<'_>) -> PyResult<abi::Py_complex> {
    let (real, imag) = as_pair(th, ob)?;
    Ok(abi::Py_complex { real, imag })
}
