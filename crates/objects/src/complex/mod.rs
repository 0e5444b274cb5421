//! `complex`: the object and its slots.
//!
//! `arithmetic` computes, `construct` makes complex numbers of text and other numbers. The same job as CPython's
//! `Objects/complexobject.c`.

pub mod arithmetic;
pub mod construct;

use crate::float::arithmetic::{check_divisor, value_of};
use crate::float_text::{self, Style};
use crate::hash::{hash_complex, hash_double, hash_pointer};
use crate::int::format;
use crate::prelude::*;
use crate::typeobj::alloc::init_static_head;
use crate::{float, format_spec};

/// Create a complex number from a string or numbers.
///
/// A string is parsed as a complex number. Numbers are the real and the imaginary part.
#[pytype(name = "complex", symbol = "PyComplex_Type", new = "(real=0, imag=0)", flags(BASETYPE))]
#[repr(C)]
pub struct Complex {
    head: Head,
    #[member(readonly, doc = "the real part of a complex number")]
    real: f64,
    #[member(readonly, doc = "the float by which 1j is multiplied")]
    imag: f64,
}

/// An operand: rules differ for real ones, which have no imaginary part at all.
enum Operand {
    Real(f64),
    Complex((f64, f64)),
}
use Operand::{Complex as C, Real as R};

impl Complex {
    pub fn new(th: &Thread, real: f64, imag: f64) -> PyResult<Owned<Complex>> {
        let ty = Complex::type_object();
        let block = th.interp().heap.alloc_object(size_of::<Complex>(), 0, ty.as_type_ptr());
        if block.is_null() {
            return Err(th.no_memory());
        }
        // SAFETY: the block has room for the object, which nobody knows yet.
        unsafe {
            init_static_head(block.cast(), ty);
            let fields = block.cast::<Complex>();
            (&raw mut (*fields).real).write(real);
            (&raw mut (*fields).imag).write(imag);
            Ok(Owned::from_ptr(block.cast()))
        }
    }

    /// An instance of `cls`, `complex` or a subclass.
    pub fn new_of(
        th: &Thread,
        cls: Borrowed<'_, Type>,
        real: f64,
        imag: f64,
    ) -> PyResult<Owned<Complex>> {
        let complex = cls.alloc::<Complex>(th, 0)?;
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

    pub fn pair(&self) -> (f64, f64) {
        (self.real, self.imag)
    }
}

#[inline(always)]
fn operand(th: &Thread, ob: Borrowed<'_>) -> PyResult<Option<Operand>> {
    if let Some(complex) = ob.downcast_exact::<Complex>() {
        return Ok(Some(C(complex.pair())));
    }
    other_operand(th, ob)
}

#[inline(never)]
fn other_operand(th: &Thread, ob: Borrowed<'_>) -> PyResult<Option<Operand>> {
    if let Some(complex) = ob.downcast::<Complex>() {
        return Ok(Some(C(complex.pair())));
    }
    Ok(value_of(th, ob)?.map(R))
}

/// Applies `compute` to the operands; `NotImplemented` if one is no number.
fn binary(
    th: &Thread,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
    compute: impl FnOnce(Operand, Operand) -> PyResult<(f64, f64)>,
) -> PyResult {
    let Some(a) = operand(th, left)? else {
        return Ok(not_implemented().to_owned());
    };
    let Some(b) = operand(th, right)? else {
        return Ok(not_implemented().to_owned());
    };
    let (real, imag) = compute(a, b)?;
    Complex::new(th, real, imag).map(Owned::into_object)
}

impl Operand {
    fn pair(self) -> (f64, f64) {
        match self {
            R(real) => (real, 0.0),
            C(pair) => pair,
        }
    }
}

#[pymethods(parts(construct))]
impl Complex {
    #[slot(nb_add)]
    fn add(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary(th, left, right, |a, b| {
            Ok(match (a, b) {
                (R(a), C(b)) => (a + b.0, b.1),
                (C(a), R(b)) => (a.0 + b, a.1),
                (a, b) => {
                    let (a, b) = (a.pair(), b.pair());
                    (a.0 + b.0, a.1 + b.1)
                }
            })
        })
    }

    #[slot(nb_subtract)]
    fn subtract(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary(th, left, right, |a, b| {
            Ok(match (a, b) {
                (R(a), C(b)) => (a - b.0, -b.1),
                (C(a), R(b)) => (a.0 - b, a.1),
                (a, b) => {
                    let (a, b) = (a.pair(), b.pair());
                    (a.0 - b.0, a.1 - b.1)
                }
            })
        })
    }

    #[slot(nb_multiply)]
    fn multiply(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary(th, left, right, |a, b| {
            Ok(match (a, b) {
                (R(a), C(b)) => (a * b.0, a * b.1),
                (C(a), R(b)) => (a.0 * b, a.1 * b),
                (a, b) => arithmetic::multiply(a.pair(), b.pair()),
            })
        })
    }

    #[slot(nb_true_divide)]
    fn true_divide(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary(th, left, right, |a, b| {
            let quotient = match (a, b) {
                (R(a), C(b)) => arithmetic::divide_real(a, b),
                (C(a), R(b)) => {
                    check_divisor(th, b)?;
                    Some((a.0 / b, a.1 / b))
                }
                (a, b) => arithmetic::divide(a.pair(), b.pair()),
            };
            quotient.ok_or_else(|| th.raise(exc::ZERO_DIVISION_ERROR, "division by zero"))
        })
    }

    #[slot(nb_power)]
    fn power(
        th: &Thread,
        base: Borrowed<'_>,
        exp: Borrowed<'_>,
        modulus: Option<Borrowed<'_>>,
    ) -> PyResult {
        let modulo = modulus.is_some_and(|modulus| !modulus.is_none());
        binary(th, base, exp, |a, b| {
            if modulo {
                return Err(th.raise(exc::VALUE_ERROR, "complex modulo"));
            }
            arithmetic::power(th, a.pair(), b.pair())
        })
    }

    #[slot(nb_negative)]
    fn negative(&self, th: &Thread) -> PyResult<Owned<Complex>> {
        Complex::new(th, -self.real, -self.imag)
    }

    #[slot(nb_positive)]
    fn positive(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Complex>> {
        exact(this, th)
    }

    #[slot(nb_absolute)]
    fn absolute(&self, th: &Thread) -> PyResult<Owned<Float>> {
        let result = self.real.hypot(self.imag);
        if result.is_infinite() && self.real.is_finite() && self.imag.is_finite() {
            return Err(th.raise(exc::OVERFLOW_ERROR, "absolute value too large"));
        }
        Float::new(th, result)
    }

    #[slot(nb_bool)]
    fn bool(&self, _th: &Thread) -> PyResult<bool> {
        Ok(self.real != 0.0 || self.imag != 0.0)
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone; there is nothing but memory to give back.
        unsafe {
            let ob: *mut krait_abi::PyObject = this.cast();
            let ty = (*ob).ob_type;
            if ty == PyComplex_Type.as_ptr() {
                return Thread::attached().interp().heap.free(ob.cast());
            }
            match (*ty).tp_free {
                Some(free) => free(ob.cast()),
                None => crate::fatal("complex has no tp_free"),
            }
        }
    }

    #[slot(tp_hash)]
    fn hash(&self, _th: &Thread) -> PyResult<isize> {
        let by_identity = || hash_pointer(std::ptr::from_ref(self).addr());
        let part = |value| hash_double(value).unwrap_or_else(by_identity);
        Ok(hash_complex(part(self.real), part(self.imag)) as isize)
    }

    #[slot(tp_richcompare)]
    fn richcompare(&self, _th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        if !matches!(op, CompareOp::Eq | CompareOp::Ne) {
            return Ok(not_implemented().to_owned());
        }
        let equal = if let Some(other) = other.downcast::<Int>() {
            self.imag == 0.0
                && float::compare::with_int(self.real, &other).is_some_and(|order| order.is_eq())
        } else if let Some(other) = other.downcast::<Float>() {
            self.real == other.value() && self.imag == 0.0
        } else if let Some(other) = other.downcast::<Complex>() {
            self.pair() == other.pair()
        } else {
            return Ok(not_implemented().to_owned());
        };
        Ok(bool_object(equal == (op == CompareOp::Eq)).object().to_owned())
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let part =
            |value, sign| float_text::format(value, b'r', 0, Style { sign, ..Style::default() });
        if self.real == 0.0 && self.real.is_sign_positive() {
            return Str::from_fmt(th, format_args!("{}j", part(self.imag, false)));
        }
        let (real, imag) = (part(self.real, false), part(self.imag, true));
        Str::from_fmt(th, format_args!("({real}{imag}j)"))
    }

    /// Return the complex conjugate: the imaginary part negated.
    #[method(sig = "(self, /)")]
    fn conjugate(&self, th: &Thread) -> PyResult<Owned<Complex>> {
        Complex::new(th, self.real, -self.imag)
    }

    /// Return the number as an exact complex.
    #[method(sig = "(self, /)")]
    fn __complex__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Complex>> {
        exact(this, th)
    }

    #[method(sig = "(self, /)")]
    fn __getnewargs__(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        let parts = [Float::new(th, self.real)?, Float::new(th, self.imag)?];
        Tuple::pack(th, parts.map(Owned::into_object))
    }

    /// Return the number laid out by the format specification.
    #[method(sig = "(self, format_spec, /)")]
    fn __format__(
        this: Borrowed<'_, Self>,
        th: &Thread,
        format_spec: Borrowed<'_, Str>,
    ) -> PyResult<Owned<Str>> {
        let mut spec = format_spec::Spec::default();
        if !format::parse_spec(th, this.object(), &format_spec, None, &mut spec)? {
            return object::str(th, this.object());
        }
        let laid = format::with_locale(&spec, |locale| {
            format_spec::format_complex(this.real, this.imag, &spec, locale)
        });
        let laid = laid.map_err(|error| format::refuse(th, this.object(), &format_spec, error))?;
        format::finish(th, &laid)
    }
}

/// The number itself, or a copy of an instance of a subclass.
fn exact(this: Borrowed<'_, Complex>, th: &Thread) -> PyResult<Owned<Complex>> {
    if this.object().is_exact::<Complex>() {
        return Ok(this.to_owned());
    }
    Complex::new(th, this.real, this.imag)
}
