//! C slots of binary operators that call the special methods of Python classes, either operand's.
//!
//! The rule of who is asked first is the data model's: a subclass that overrides the reflected method
//! goes before the left operand. The same job as `SLOT1BINFULL` in CPython's `Objects/typeobject.c`.

use std::ffi::c_void;
use std::mem::offset_of;

use krait_abi as abi;

use super::dispatch::enter;
use super::special::special;
use crate::error::PyResult;
use crate::handle::{Borrowed, Object, Owned};
use crate::ids::id;
use crate::protocol::object;
use crate::singletons::not_implemented;
use crate::str::Str;
use crate::thread::Thread;

/// A binary operator: its slot, the dispatcher that fills it, and its two special methods.
struct Operator {
    /// Of the slot among those for numbers.
    offset: usize,
    function: *const c_void,
    name: Borrowed<'static, Str>,
    reflected: Borrowed<'static, Str>,
}

impl Operator {
    fn dispatches(&self, operand: Borrowed<'_>) -> bool {
        // SAFETY: a live object's type is live; the table is null or has the slot.
        unsafe {
            let table = (*operand.ty().as_type_ptr()).tp_as_number;
            !table.is_null()
                && *table.byte_add(self.offset).cast::<*const c_void>() == self.function
        }
    }

    fn apply(&self, th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        let same_type = left.ty().is(right.ty());
        let mut ask_right = !same_type && self.dispatches(right);
        if self.dispatches(left) {
            if ask_right
                && right.ty().is_subtype(&left.ty())
                && is_overridden(th, left, right, self.reflected)?
            {
                let result = ask(th, right, self.reflected, &[left])?;
                if !result.is(not_implemented()) {
                    return Ok(result);
                }
                ask_right = false;
            }
            let result = ask(th, left, self.name, &[right])?;
            if !result.is(not_implemented()) || same_type {
                return Ok(result);
            }
        }
        if ask_right {
            return ask(th, right, self.reflected, &[left]);
        }
        Ok(not_implemented().to_owned())
    }
}

/// The special method's answer, `NotImplemented` if there is no such method.
fn ask(
    th: &Thread,
    this: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    args: &[Borrowed<'_>],
) -> PyResult {
    Ok(special(th, this, name, args)?.unwrap_or_else(|| not_implemented().to_owned()))
}

/// Whether `right`'s type has its own version of `left`'s method.
fn is_overridden(
    th: &Thread,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
    name: Borrowed<'_, Str>,
) -> PyResult<bool> {
    let right_type: Borrowed<'_, Object> = right.get().ty().object();
    let Some(theirs) = object::get_attr_opt(th, right_type, name)? else {
        return Ok(false);
    };
    let Some(ours) = object::get_attr_opt(th, left.get().ty().object(), name)? else {
        return Ok(true);
    };
    object::compare_bool(th, ours.object(), theirs.object(), crate::args::CompareOp::Ne)
}

macro_rules! binary {
    ($($slot:ident: $name:ident, $reflected:ident;)*) => {$(
        pub unsafe extern "C" fn $slot(left: *mut abi::PyObject, right: *mut abi::PyObject) -> *mut abi::PyObject {
            const OPERATOR: &Operator = &Operator {
                offset: offset_of!(abi::PyNumberMethods, $slot),
                function: $slot as *const c_void,
                name: id::$name,
                reflected: id::$reflected,
            };
            // SAFETY: C passes live operands.
            unsafe { enter(|th| OPERATOR.apply(th, Borrowed::from_ptr(left), Borrowed::from_ptr(right))) }
        }
    )*};
}

binary! {
    nb_add: __add__, __radd__;
    nb_subtract: __sub__, __rsub__;
    nb_multiply: __mul__, __rmul__;
    nb_matrix_multiply: __matmul__, __rmatmul__;
    nb_remainder: __mod__, __rmod__;
    nb_divmod: __divmod__, __rdivmod__;
    nb_lshift: __lshift__, __rlshift__;
    nb_rshift: __rshift__, __rrshift__;
    nb_and: __and__, __rand__;
    nb_xor: __xor__, __rxor__;
    nb_or: __or__, __ror__;
    nb_floor_divide: __floordiv__, __rfloordiv__;
    nb_true_divide: __truediv__, __rtruediv__;
}

/// `pow(base, exp)` is a binary operator; with a modulus, each operand in turn may take it.
pub unsafe extern "C" fn nb_power(
    base: *mut abi::PyObject,
    exp: *mut abi::PyObject,
    modulus: *mut abi::PyObject,
) -> *mut abi::PyObject {
    let operator = Operator {
        offset: offset_of!(abi::PyNumberMethods, nb_power),
        function: nb_power as *const c_void,
        name: id::__pow__,
        reflected: id::__rpow__,
    };
    // SAFETY: C passes live operands.
    unsafe {
        let (base, exp): (Borrowed<'_>, Borrowed<'_>) =
            (Borrowed::from_ptr(base), Borrowed::from_ptr(exp));
        let modulus: Borrowed<'_> = Borrowed::from_ptr(modulus);
        enter(|th| {
            if modulus.is_none() {
                return operator.apply(th, base, exp);
            }
            power_with_modulus(th, &operator, base, exp, modulus)
        })
    }
}

fn power_with_modulus(
    th: &Thread,
    operator: &Operator,
    base: Borrowed<'_>,
    exp: Borrowed<'_>,
    modulus: Borrowed<'_>,
) -> PyResult<Owned> {
    let mut result = not_implemented().to_owned();
    if operator.dispatches(base) {
        result = ask(th, base, operator.name, &[exp, modulus])?;
    }
    if result.is(not_implemented()) && !base.ty().is(exp.ty()) && operator.dispatches(exp) {
        result = ask(th, exp, operator.reflected, &[base, modulus])?;
    }
    Ok(result)
}
