//! `complex`.

use crate::prelude::*;

/// Create a complex number from a string or numbers.
#[pytype(name = "complex", symbol = "PyComplex_Type", new = "(real=0, imag=0)", flags(BASETYPE))]
#[repr(C)]
pub struct Complex {
    head: Head,
    real: f64,
    imag: f64,
}

impl Complex {
    pub fn new(th: &Thread, real: f64, imag: f64) -> PyResult<Owned<Complex>> {
        let complex = Borrowed::from_ref(Complex::type_object()).alloc::<Complex>(th, 0)?;
        // SAFETY: nobody else knows the new object.
        unsafe {
            let fields = complex.as_ptr().cast::<Complex>();
            (&raw mut (*fields).real).write(real);
            (&raw mut (*fields).imag).write(imag);
        }
        Ok(complex)
    }

    #[inline(always)]
    pub fn real(&self) -> f64 {
        self.real
    }

    #[inline(always)]
    pub fn imag(&self) -> f64 {
        self.imag
    }
}

#[pymethods]
impl Complex {}
