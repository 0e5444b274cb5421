//! `cpython/complexobject.h`: complex arithmetic without objects.
//!
//! Division by zero and overflow set `errno`, as C's own functions do.

use krait_abi::Py_complex;
use krait_macros::capi;
use krait_objects::complex::arithmetic;

fn pair(value: Py_complex) -> (f64, f64) {
    (value.real, value.imag)
}

fn complex((real, imag): (f64, f64)) -> Py_complex {
    Py_complex { real, imag }
}

fn set_errno(number: i32) {
    // SAFETY: this thread's own.
    unsafe { *libc::__errno_location() = number };
}

#[capi]
pub fn _Py_c_sum(a: Py_complex, b: Py_complex) -> Py_complex {
    complex((a.real + b.real, a.imag + b.imag))
}

#[capi]
pub fn _Py_c_diff(a: Py_complex, b: Py_complex) -> Py_complex {
    complex((a.real - b.real, a.imag - b.imag))
}

#[capi]
pub fn _Py_c_neg(a: Py_complex) -> Py_complex {
    complex((-a.real, -a.imag))
}

#[capi]
pub fn _Py_c_prod(a: Py_complex, b: Py_complex) -> Py_complex {
    complex(arithmetic::multiply(pair(a), pair(b)))
}

#[capi]
pub fn _Py_c_quot(a: Py_complex, b: Py_complex) -> Py_complex {
    match arithmetic::divide(pair(a), pair(b)) {
        Some(quotient) => complex(quotient),
        None => {
            set_errno(libc::EDOM);
            complex((0.0, 0.0))
        }
    }
}

#[capi]
pub fn _Py_c_abs(a: Py_complex) -> f64 {
    if !a.real.is_finite() || !a.imag.is_finite() {
        set_errno(0);
        return if a.real.is_infinite() || a.imag.is_infinite() { f64::INFINITY } else { f64::NAN };
    }
    let size = a.real.hypot(a.imag);
    set_errno(if size.is_finite() { 0 } else { libc::ERANGE });
    size
}

#[capi]
pub fn _Py_c_pow(a: Py_complex, b: Py_complex) -> Py_complex {
    match arithmetic::raw_power(pair(a), pair(b)) {
        Some(power) => {
            if power.0.is_infinite() || power.1.is_infinite() {
                set_errno(libc::ERANGE);
            }
            complex(power)
        }
        None => {
            set_errno(libc::EDOM);
            complex((0.0, 0.0))
        }
    }
}
