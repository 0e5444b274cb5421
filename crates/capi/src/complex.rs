//! `complexobject.h`.

use krait_abi as abi;
use krait_macros::capi;
use krait_objects::complex::Complex;
use krait_objects::complex::construct::as_pair;
use krait_objects::prelude::*;

#[capi]
pub fn PyComplex_FromCComplex(th: &Thread, value: abi::Py_complex) -> PyResult<Owned<Complex>> {
    Complex::new(th, value.real, value.imag)
}

#[capi(error = abi::Py_complex { real: -1.0, imag: 0.0 })]
pub fn PyComplex_AsCComplex(th: &Thread, ob: Borrowed<'_>) -> PyResult<abi::Py_complex> {
    let (real, imag) = as_pair(th, ob)?;
    Ok(abi::Py_complex { real, imag })
}
