//! `float`: the object, its slots, and conversion from text.
//!
//! `arithmetic` computes, `compare` orders floats and ints of any size, `attributes` has the methods. The same
//! job as CPython's `Objects/floatobject.c`.

pub mod arithmetic;
mod attributes;
pub mod compare;

use crate::bytes::Bytes;
use crate::float_text;
use crate::hash::{hash_double, hash_pointer};
use crate::prelude::*;
use crate::protocol::buffer::{self, Buffer};
use crate::typeobj::alloc::init_static_head;

pub use attributes::format_float;

/// A floating-point number, made of another number or of text that writes one; 0.0 by default.
#[pytype(name = "float", symbol = "PyFloat_Type", new = "(x=0, /)", flags(BASETYPE, MATCH_SELF))]
#[repr(C)]
pub struct Float {
    head: Head,
    value: f64,
}

impl Float {
    #[inline]
    pub fn new(th: &Thread, value: f64) -> PyResult<Owned<Float>> {
        let mut block = th.interp().free_lists.floats.pop().cast::<u8>();
        if block.is_null() {
            let ty = Float::type_object().as_type_ptr();
            block = th.interp().heap.alloc_object(size_of::<Float>(), 0, ty);
            if block.is_null() {
                return Err(th.no_memory());
            }
        }
        // SAFETY: the block has room for the object, which nobody knows yet.
        unsafe {
            init_static_head(block.cast(), Float::type_object());
            (&raw mut (*block.cast::<Float>()).value).write(value);
            Ok(Owned::from_ptr(block.cast()))
        }
    }

    #[inline(always)]
    pub fn value(&self) -> f64 {
        self.value
    }
}

/// Applies `$operation` to the values of both operands; `NotImplemented` if one is neither float nor int.
macro_rules! binary {
    ($th:ident, $left:ident, $right:ident, |$a:ident, $b:ident| $operation:expr) => {
        match arithmetic::operands($th, $left, $right)? {
            Some(($a, $b)) => $operation,
            None => Ok(not_implemented().to_owned()),
        }
    };
}

fn new_object(th: &Thread, value: f64) -> PyResult {
    Float::new(th, value).map(Owned::into_object)
}

#[pymethods(parts(attributes))]
impl Float {
    #[new(sig = "(x=0, /)")]
    fn new_instance(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        #[default(None)] x: Option<Borrowed<'_>>,
    ) -> PyResult {
        let made = match x {
            Some(x) => number::float(th, x)?,
            None => new_object(th, 0.0)?,
        };
        if cls.is(Borrowed::from_ref(Float::type_object())) {
            return Ok(made);
        }
        let value = number::as_f64(th, made.object())?;
        let own = cls.alloc::<Float>(th, 0)?;
        // SAFETY: nobody else knows the new object.
        unsafe { (&raw mut (*own.as_ptr().cast::<Float>()).value).write(value) };
        Ok(own.into_object())
    }

    #[slot(nb_add)]
    fn add(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary!(th, left, right, |a, b| new_object(th, a + b))
    }

    #[slot(nb_subtract)]
    fn subtract(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary!(th, left, right, |a, b| new_object(th, a - b))
    }

    #[slot(nb_multiply)]
    fn multiply(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary!(th, left, right, |a, b| new_object(th, a * b))
    }

    #[slot(nb_true_divide)]
    fn true_divide(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary!(th, left, right, |a, b| {
            arithmetic::check_divisor(th, b)?;
            new_object(th, a / b)
        })
    }

    #[slot(nb_floor_divide)]
    fn floor_divide(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary!(th, left, right, |a, b| {
            arithmetic::check_divisor(th, b)?;
            new_object(th, arithmetic::divmod(a, b).0)
        })
    }

    #[slot(nb_remainder)]
    fn remainder(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary!(th, left, right, |a, b| {
            arithmetic::check_divisor(th, b)?;
            new_object(th, arithmetic::modulo(a, b))
        })
    }

    #[slot(nb_divmod)]
    fn divmod(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        binary!(th, left, right, |a, b| {
            arithmetic::check_divisor(th, b)?;
            let (quotient, remainder) = arithmetic::divmod(a, b);
            let items = [new_object(th, quotient)?, new_object(th, remainder)?];
            Tuple::pack(th, items).map(Owned::into_object)
        })
    }

    #[slot(nb_power)]
    fn power(
        th: &Thread,
        base: Borrowed<'_>,
        exp: Borrowed<'_>,
        modulus: Option<Borrowed<'_>>,
    ) -> PyResult {
        if modulus.is_some_and(|modulus| !modulus.is_none()) {
            return Err(th.raise(
                exc::TYPE_ERROR,
                "pow() 3rd argument not allowed unless all arguments are integers",
            ));
        }
        binary!(th, base, exp, |a, b| arithmetic::power(th, a, b))
    }

    #[slot(nb_negative)]
    fn negative(&self, th: &Thread) -> PyResult<Owned<Float>> {
        Float::new(th, -self.value)
    }

    #[slot(nb_positive, nb_float)]
    fn positive(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Float>> {
        if this.object().is_exact::<Float>() {
            return Ok(this.to_owned());
        }
        Float::new(th, this.value)
    }

    #[slot(nb_absolute)]
    fn absolute(&self, th: &Thread) -> PyResult<Owned<Float>> {
        Float::new(th, self.value.abs())
    }

    #[slot(nb_int)]
    fn int(&self, th: &Thread) -> PyResult<Owned<Int>> {
        Int::from_f64(th, self.value)
    }

    #[slot(nb_bool)]
    fn bool(&self, _th: &Thread) -> PyResult<bool> {
        Ok(self.value != 0.0)
    }

    #[slot(tp_hash)]
    fn hash(&self, _th: &Thread) -> PyResult<isize> {
        let by_identity = || hash_pointer(std::ptr::from_ref(self).addr());
        Ok(hash_double(self.value).unwrap_or_else(by_identity) as isize)
    }

    #[slot(tp_richcompare)]
    fn richcompare(&self, _th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let holds = if let Some(other) = other.downcast::<Float>() {
            op.holds_of_floats(self.value, other.value)
        } else if let Some(other) = other.downcast::<Int>() {
            // Nothing holds of NaN but that it is unequal.
            let ordering = compare::with_int(self.value, &other);
            ordering.map_or(op == CompareOp::Ne, |ordering| op.holds(ordering))
        } else {
            return Ok(not_implemented().to_owned());
        };
        Ok(bool_object(holds).object().to_owned())
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        match float_text::repr_in(&mut float_text::ReprBuffer::new(), self.value) {
            Some(text) => Str::from_ascii(th, text.as_bytes()),
            None => Str::new(th, &float_text::repr_short(self.value)),
        }
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone; an exact float has the list's size.
        unsafe {
            let ob: *mut krait_abi::PyObject = this.cast();
            let ty = (*ob).ob_type;
            let exact = ty == PyFloat_Type.as_ptr();
            if exact && Thread::attached().interp().free_lists.floats.push(ob) {
                return;
            }
            match (*ty).tp_free {
                Some(free) => free(ob.cast()),
                None => crate::fatal("float has no tp_free"),
            }
        }
    }
}

/// Parses text that was stripped; `shown` is what the message of a failure quotes.
fn parse(th: &Thread, text: &[u8], shown: Borrowed<'_>) -> PyResult {
    match float_text::parse(text) {
        Some(value) => new_object(th, value),
        None => {
            let quoted = object::repr(th, shown)?;
            Err(raise!(th, VALUE_ERROR, "could not convert string to float: {}", *quoted))
        }
    }
}

/// `float(text)` for str, bytes and buffers; TypeError for anything else.
pub fn from_text_object(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    if let Some(text) = ob.downcast::<Str>() {
        return parse(th, &crate::int::ascii_number(&text), ob);
    }
    if let Some(bytes) = ob.downcast::<Bytes>() {
        return parse(th, crate::int::trim(bytes.as_bytes()), ob);
    }
    if buffer::check(ob) {
        match Buffer::simple(th, ob) {
            Ok(buffer) => return parse(th, crate::int::trim(buffer.as_bytes()), ob),
            // It is no string then.
            Err(raised) => drop(th.take_raised(raised)),
        }
    }
    Err(raise!(
        th,
        TYPE_ERROR,
        "float() argument must be a string or a real number, not '{}'",
        ob.type_name()
    ))
}
