//! `weakref.proxy`: an object that stands for another without keeping it alive.
//!
//! Every operation goes to the referent, if it is still there. There are two types, since only a callable referent may
//! make the proxy callable; apart from that they are one, declared by a macro.

// The proxies fill every slot of the number table, so the generated rest of it is empty.
#![allow(clippy::needless_update)]

use super::reference::{WeakRef, create};
use crate::prelude::*;
use crate::protocol::call;

/// What `ob` stands for, if it is a proxy, else `ob` itself; ReferenceError if that is gone.
fn unwrap(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    if !is_proxy(ob) {
        return Ok(ob.to_owned());
    }
    // SAFETY: proxies are laid out as references.
    match unsafe { ob.cast::<WeakRef>() }.target() {
        Some(target) => Ok(target),
        None => Err(th.raise(exc::REFERENCE_ERROR, "weakly-referenced object no longer exists")),
    }
}

/// Whether `class` is one of the two types.
pub fn is_proxy_type(class: &Type) -> bool {
    std::ptr::eq(class, Proxy::type_object()) || std::ptr::eq(class, CallableProxy::type_object())
}

pub fn is_proxy(ob: Borrowed<'_>) -> bool {
    is_proxy_type(ob.ty().get())
}

/// `weakref.proxy(ob, callback)`.
pub fn new_proxy(th: &Thread, ob: Borrowed<'_>, callback: Option<Borrowed<'_>>) -> PyResult {
    let class =
        if object::is_callable(ob) { CallableProxy::type_object() } else { Proxy::type_object() };
    create(th, Borrowed::from_ref(class), ob, callback)
}

/// A binary operator on what the operands stand for. The numbers are those of `NB_*`.
fn binary(th: &Thread, op: u32, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
    let (left, right) = (unwrap(th, left)?, unwrap(th, right)?);
    number::binary(th, op, left.borrow(), right.borrow())
}

macro_rules! proxies {
    ($($name:ident, $python:literal, $symbol:literal, $parts:ident;)*) => {$(
        #[pytype(name = $python, symbol = $symbol, flags(HAVE_GC))]
        #[repr(C)]
        pub struct $name {
            reference: WeakRef,
        }

        #[pymethods(parts(numbers, $parts))]
        impl $name {
            #[slot(tp_repr)]
            fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
                let address = Borrowed::from_ref(self).as_ptr();
                match self.reference.target() {
                    None => Str::from_fmt(th, format_args!("<weakproxy at {address:p}; dead>")),
                    Some(target) => Str::from_fmt(
                        th,
                        format_args!(
                            "<weakproxy at {address:p}; to '{}' at {:p}>",
                            *target.ty().full_name(th)?,
                            target.as_ptr()
                        ),
                    ),
                }
            }

            #[slot(tp_str)]
            fn str(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
                object::str(th, unwrap(th, this.object())?.borrow())
            }

            #[slot(tp_getattro)]
            fn getattro(
                this: Borrowed<'_, Self>,
                th: &Thread,
                name: Borrowed<'_, Str>,
            ) -> PyResult {
                object::get_attr(th, unwrap(th, this.object())?.borrow(), name)
            }

            #[slot(tp_setattro)]
            fn setattro(
                this: Borrowed<'_, Self>,
                th: &Thread,
                name: Borrowed<'_, Str>,
                value: Option<Borrowed<'_>>,
            ) -> PyResult<()> {
                let target = unwrap(th, this.object())?;
                match value {
                    Some(value) => object::set_attr(th, target.borrow(), name, value),
                    None => object::del_attr(th, target.borrow(), name),
                }
            }

            #[slot(tp_richcompare)]
            fn compare(
                this: Borrowed<'_, Self>,
                th: &Thread,
                other: Borrowed<'_>,
                op: CompareOp,
            ) -> PyResult {
                let (left, right) = (unwrap(th, this.object())?, unwrap(th, other)?);
                object::compare(th, left.borrow(), right.borrow(), op)
            }

            #[slot(tp_iter)]
            fn iter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
                iter::get_iter(th, unwrap(th, this.object())?.borrow())
            }

            #[slot(tp_iternext)]
            fn next(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Option<Owned>> {
                let target = unwrap(th, this.object())?;
                if !iter::is_iterator(target.borrow()) {
                    return Err(raise!(
                        th,
                        TYPE_ERROR,
                        "Weakref proxy referenced a non-iterator '{}' object",
                        target.type_name()
                    ));
                }
                iter::next(th, target.borrow())
            }

            #[slot(sq_length, mp_length)]
            fn len(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<usize> {
                object::len(th, unwrap(th, this.object())?.borrow())
            }

            #[slot(sq_contains)]
            fn contains(
                this: Borrowed<'_, Self>,
                th: &Thread,
                value: Borrowed<'_>,
            ) -> PyResult<bool> {
                sequence::contains(th, unwrap(th, this.object())?.borrow(), value)
            }

            #[slot(mp_subscript)]
            fn get_item(this: Borrowed<'_, Self>, th: &Thread, key: Borrowed<'_>) -> PyResult {
                let (target, key) = (unwrap(th, this.object())?, unwrap(th, key)?);
                object::get_item(th, target.borrow(), key.borrow())
            }

            #[slot(mp_ass_subscript)]
            fn set_item(
                this: Borrowed<'_, Self>,
                th: &Thread,
                key: Borrowed<'_>,
                value: Option<Borrowed<'_>>,
            ) -> PyResult<()> {
                let target = unwrap(th, this.object())?;
                match value {
                    Some(value) => object::set_item(th, target.borrow(), key, value),
                    None => object::del_item(th, target.borrow(), key),
                }
            }

            #[slot(tp_traverse)]
            fn traverse(&self, visit: &mut Visitor<'_>) -> std::ffi::c_int {
                self.reference.traverse(visit)
            }

            #[slot(tp_clear)]
            fn clear(&self) {
                self.reference.clear();
            }

            #[slot(tp_dealloc)]
            unsafe fn dealloc(this: *mut Self) {
                // SAFETY: laid out as a reference, whose last reference is gone.
                unsafe { WeakRef::dealloc(this.cast()) }
            }
        }

        #[pymethods(part = "numbers")]
        impl $name {
            #[slot(nb_add)]
            fn add(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
                binary(th, 0, left, right)
            }

            #[slot(nb_inplace_add)]
            fn inplace_add(
                this: Borrowed<'_, Self>,
                th: &Thread,
                other: Borrowed<'_>,
            ) -> PyResult {
                binary(th, 13, this.object(), other)
            }

            #[slot(nb_subtract)]
            fn subtract(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
                binary(th, 10, left, right)
            }

            #[slot(nb_inplace_subtract)]
            fn inplace_subtract(
                this: Borrowed<'_, Self>,
                th: &Thread,
                other: Borrowed<'_>,
            ) -> PyResult {
                binary(th, 23, this.object(), other)
            }

            #[slot(nb_multiply)]
            fn multiply(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
                binary(th, 5, left, right)
            }

            #[slot(nb_inplace_multiply)]
            fn inplace_multiply(
                this: Borrowed<'_, Self>,
                th: &Thread,
                other: Borrowed<'_>,
            ) -> PyResult {
                binary(th, 18, this.object(), other)
            }

            #[slot(nb_remainder)]
            fn remainder(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
                binary(th, 6, left, right)
            }

            #[slot(nb_inplace_remainder)]
            fn inplace_remainder(
                this: Borrowed<'_, Self>,
                th: &Thread,
                other: Borrowed<'_>,
            ) -> PyResult {
                binary(th, 19, this.object(), other)
            }

            #[slot(nb_lshift)]
            fn lshift(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
                binary(th, 3, left, right)
            }

            #[slot(nb_inplace_lshift)]
            fn inplace_lshift(
                this: Borrowed<'_, Self>,
                th: &Thread,
                other: Borrowed<'_>,
            ) -> PyResult {
                binary(th, 16, this.object(), other)
            }

            #[slot(nb_rshift)]
            fn rshift(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
                binary(th, 9, left, right)
            }

            #[slot(nb_inplace_rshift)]
            fn inplace_rshift(
                this: Borrowed<'_, Self>,
                th: &Thread,
                other: Borrowed<'_>,
            ) -> PyResult {
                binary(th, 22, this.object(), other)
            }

            #[slot(nb_and)]
            fn and(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
                binary(th, 1, left, right)
            }

            #[slot(nb_inplace_and)]
            fn inplace_and(
                this: Borrowed<'_, Self>,
                th: &Thread,
                other: Borrowed<'_>,
            ) -> PyResult {
                binary(th, 14, this.object(), other)
            }

            #[slot(nb_xor)]
            fn xor(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
                binary(th, 12, left, right)
            }

            #[slot(nb_inplace_xor)]
            fn inplace_xor(
                this: Borrowed<'_, Self>,
                th: &Thread,
                other: Borrowed<'_>,
            ) -> PyResult {
                binary(th, 25, this.object(), other)
            }

            #[slot(nb_or)]
            fn or(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
                binary(th, 7, left, right)
            }

            #[slot(nb_inplace_or)]
            fn inplace_or(
                this: Borrowed<'_, Self>,
                th: &Thread,
                other: Borrowed<'_>,
            ) -> PyResult {
                binary(th, 20, this.object(), other)
            }

            #[slot(nb_floor_divide)]
            fn floor_divide(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
                binary(th, 2, left, right)
            }

            #[slot(nb_inplace_floor_divide)]
            fn inplace_floor_divide(
                this: Borrowed<'_, Self>,
                th: &Thread,
                other: Borrowed<'_>,
            ) -> PyResult {
                binary(th, 15, this.object(), other)
            }

            #[slot(nb_true_divide)]
            fn true_divide(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
                binary(th, 11, left, right)
            }

            #[slot(nb_inplace_true_divide)]
            fn inplace_true_divide(
                this: Borrowed<'_, Self>,
                th: &Thread,
                other: Borrowed<'_>,
            ) -> PyResult {
                binary(th, 24, this.object(), other)
            }

            #[slot(nb_matrix_multiply)]
            fn matrix_multiply(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
                binary(th, 4, left, right)
            }

            #[slot(nb_inplace_matrix_multiply)]
            fn inplace_matrix_multiply(
                this: Borrowed<'_, Self>,
                th: &Thread,
                other: Borrowed<'_>,
            ) -> PyResult {
                binary(th, 17, this.object(), other)
            }

            #[slot(nb_divmod)]
            fn divmod(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
                let (left, right) = (unwrap(th, left)?, unwrap(th, right)?);
                number::divmod(th, left.borrow(), right.borrow())
            }

            #[slot(nb_power)]
            fn power(
                th: &Thread,
                base: Borrowed<'_>,
                exp: Borrowed<'_>,
                modulus: Option<Borrowed<'_>>,
            ) -> PyResult {
                let (base, exp) = (unwrap(th, base)?, unwrap(th, exp)?);
                let modulus = modulus.map(|modulus| unwrap(th, modulus)).transpose()?;
                let modulus = modulus.as_ref().map(Owned::borrow);
                number::power(th, base.borrow(), exp.borrow(), modulus)
            }

            #[slot(nb_inplace_power)]
            fn inplace_power(
                this: Borrowed<'_, Self>,
                th: &Thread,
                exp: Borrowed<'_>,
                _modulus: Option<Borrowed<'_>>,
            ) -> PyResult {
                binary(th, 21, this.object(), exp)
            }

            #[slot(nb_negative)]
            fn negative(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
                number::negative(th, unwrap(th, this.object())?.borrow())
            }

            #[slot(nb_positive)]
            fn positive(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
                number::positive(th, unwrap(th, this.object())?.borrow())
            }

            #[slot(nb_absolute)]
            fn absolute(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
                number::absolute(th, unwrap(th, this.object())?.borrow())
            }

            #[slot(nb_invert)]
            fn invert(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
                number::invert(th, unwrap(th, this.object())?.borrow())
            }

            #[slot(nb_bool)]
            fn is_true(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<bool> {
                object::is_true(th, unwrap(th, this.object())?.borrow())
            }

            #[slot(nb_int)]
            fn int(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
                Ok(number::long(th, unwrap(th, this.object())?.borrow())?.into_object())
            }

            #[slot(nb_float)]
            fn float(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
                number::float(th, unwrap(th, this.object())?.borrow())
            }

            #[slot(nb_index)]
            fn index(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
                Ok(number::index(th, unwrap(th, this.object())?.borrow())?.into_object())
            }
        }
    )*};
}

proxies! {
    Proxy, "weakref.ProxyType", "_PyWeakref_ProxyType", plain;
    CallableProxy, "weakref.CallableProxyType", "_PyWeakref_CallableProxyType", callable;
}

#[pymethods(part = "plain")]
impl Proxy {
    #[method(sig = "(self, /)", name = "__bytes__")]
    fn to_bytes(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let target = unwrap(th, this.object())?;
        call::call_method(th, target.borrow(), id::__bytes__, &[])
    }

    #[method(sig = "(self, /)", name = "__reversed__")]
    fn reversed(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let target = unwrap(th, this.object())?;
        call::call_method(th, target.borrow(), id::__reversed__, &[])
    }
}

#[pymethods(part = "callable")]
impl CallableProxy {
    #[slot(tp_call)]
    fn call(
        this: Borrowed<'_, Self>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let target = unwrap(th, this.object())?;
        call::call_tuple_dict(th, target.borrow(), args, kwargs)
    }
}
