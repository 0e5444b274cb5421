//! C slots that call the special methods of Python classes.
//!
//! A class that defines `__len__` gets `length` in its slot, and so on. The same job as the `slot_`
//! functions of CPython's `Objects/typeobject.c`.
//!
//! SAFETY, throughout: C calls a slot with live objects, a live first argument of the type that holds the
//! slot, and NULL only where the slot's contract says so; the calling thread is attached.

use std::ffi::c_int;

use krait_abi as abi;

use crate::args::CompareOp;
use crate::dict::Dict;
use crate::error::PyResult;
use crate::exceptions::exc;
use crate::handle::{Borrowed, Object, Owned};
use crate::ids::id;
use crate::int::Int;
use crate::protocol::object::Attribute;
use crate::protocol::{call, number, object};
use crate::raise;
use crate::singletons::{bool_object, none, not_implemented};
use crate::str::Str;
use crate::thread::Thread;
use crate::tuple::Tuple;
use crate::typeobj::Type;
use crate::typeobj::slots::special::{Method, method_of, required, special};

type Ptr = *mut abi::PyObject;

/// Runs `body` on the current thread; NULL stands for an error.
pub(super) fn enter(body: impl FnOnce(&Thread) -> PyResult) -> Ptr {
    // SAFETY: C calls a slot on an attached thread.
    body(unsafe { Thread::attached() }).map_or(std::ptr::null_mut(), Owned::into_ptr)
}

/// As `enter` for slots that answer with a number: -1 stands for an error.
fn enter_int<T: From<i8>>(body: impl FnOnce(&Thread) -> PyResult<T>) -> T {
    // SAFETY: C calls a slot on an attached thread.
    body(unsafe { Thread::attached() }).unwrap_or_else(|_| T::from(-1))
}

macro_rules! unary {
    ($($slot:ident: $name:ident;)*) => {$(
        pub unsafe extern "C" fn $slot(this: Ptr) -> Ptr {
            // SAFETY: see the top of the file.
            enter(|th| required(th, unsafe { Borrowed::from_ptr(this) }, id::$name, &[]))
        }
    )*};
}

unary! {
    nb_negative: __neg__;
    nb_positive: __pos__;
    nb_absolute: __abs__;
    nb_invert: __invert__;
    nb_int: __int__;
    nb_float: __float__;
    nb_index: __index__;
}

macro_rules! inplace {
    ($($slot:ident: $name:ident;)*) => {$(
        pub unsafe extern "C" fn $slot(this: Ptr, other: Ptr) -> Ptr {
            // SAFETY: see the top of the file.
            enter(|th| unsafe { required(th, Borrowed::from_ptr(this), id::$name, &[Borrowed::from_ptr(other)]) })
        }
    )*};
}

inplace! {
    nb_inplace_add: __iadd__;
    nb_inplace_subtract: __isub__;
    nb_inplace_multiply: __imul__;
    nb_inplace_matrix_multiply: __imatmul__;
    nb_inplace_remainder: __imod__;
    nb_inplace_lshift: __ilshift__;
    nb_inplace_rshift: __irshift__;
    nb_inplace_and: __iand__;
    nb_inplace_xor: __ixor__;
    nb_inplace_or: __ior__;
    nb_inplace_floor_divide: __ifloordiv__;
    nb_inplace_true_divide: __itruediv__;
    mp_subscript: __getitem__;
}

/// The modulus is NULL or None: `**=` has no third operand.
pub unsafe extern "C" fn nb_inplace_power(this: Ptr, other: Ptr, _modulus: Ptr) -> Ptr {
    // SAFETY: see the top of the file.
    enter(|th| unsafe {
        required(th, Borrowed::from_ptr(this), id::__ipow__, &[Borrowed::from_ptr(other)])
    })
}

pub unsafe extern "C" fn tp_repr(this: Ptr) -> Ptr {
    enter(|th| {
        // SAFETY: see the top of the file.
        let this: Borrowed<'_> = unsafe { Borrowed::from_ptr(this) };
        match special(th, this, id::__repr__, &[])? {
            Some(text) => Ok(text),
            None => Ok(crate::object::default_repr(th, this)?.into_object()),
        }
    })
}

pub unsafe extern "C" fn tp_str(this: Ptr) -> Ptr {
    // SAFETY: see the top of the file.
    enter(|th| required(th, unsafe { Borrowed::from_ptr(this) }, id::__str__, &[]))
}

pub unsafe extern "C" fn tp_hash(this: Ptr) -> isize {
    let hash = |th: &Thread| {
        // SAFETY: see the top of the file.
        let this: Borrowed<'_> = unsafe { Borrowed::from_ptr(this) };
        let method = this.ty().lookup(th, id::__hash__).filter(|method| !method.is_none());
        let Some(result) =
            method.map(|_| special(th, this, id::__hash__, &[])).transpose()?.flatten()
        else {
            return Err(raise!(th, TYPE_ERROR, "unhashable type: '{}'", this.type_name()));
        };
        let Some(value) = result.object().downcast::<Int>() else {
            return Err(th.raise(exc::TYPE_ERROR, "__hash__ method should return an integer"));
        };
        // A value that does not fit is reduced as an int's own hash; -1 is reserved for errors.
        let hash = match value.to_i64() {
            Some(hash) => hash as isize,
            None => object::hash(th, value.object())?,
        };
        Ok(if hash == -1 { -2 } else { hash })
    };
    hash(Thread::current()).unwrap_or(-1)
}

type Given<'a, T> = (Borrowed<'a, T>, Borrowed<'a, Tuple>, Option<Borrowed<'a, Dict>>);

/// What the slots of calling and of making instances get.
///
/// # Safety
/// See the top of the file; `args` is a tuple, `kwargs` a dict or NULL.
unsafe fn given<'a, T>(this: Ptr, args: Ptr, kwargs: Ptr) -> Given<'a, T> {
    // SAFETY: the caller's promise.
    unsafe {
        (Borrowed::from_ptr(this), Borrowed::from_ptr(args), Borrowed::from_ptr_or_null(kwargs))
    }
}

pub unsafe extern "C" fn tp_call(this: Ptr, args: Ptr, kwargs: Ptr) -> Ptr {
    enter(|th| {
        // SAFETY: see the top of the file.
        let (this, args, kwargs) = unsafe { given::<Object>(this, args, kwargs) };
        match object::lookup_special_method(th, this, id::__call__)? {
            Some(Attribute::Bound(method)) => {
                th.check_stack(" while calling a Python object")?;
                call::call_tuple_dict(th, method.object(), args, kwargs)
            }
            Some(Attribute::Unbound(function)) => {
                th.check_stack(" while calling a Python object")?;
                call::with_first(this, args.get().as_slice(), |all| {
                    call::call_with_dict(th, function.object(), all, kwargs)
                })
            }
            None => Err(th.raise_value(exc::ATTRIBUTE_ERROR, id::__call__.object())),
        }
    })
}

/// `__getattribute__`, then `__getattr__` if that raised AttributeError.
pub unsafe extern "C" fn tp_getattro(this: Ptr, name: Ptr) -> Ptr {
    enter(|th| {
        // SAFETY: see the top of the file; attribute names are strings.
        let (this, name): (Borrowed<'_>, Borrowed<'_, Str>) =
            unsafe { (Borrowed::from_ptr(this), Borrowed::from_ptr(name)) };
        let getattribute = this.ty().lookup(th, id::__getattribute__);
        let generic = match &getattribute {
            Some(method) => crate::descr::wraps_generic_getattr(method.object()),
            None => true,
        };
        // The generic look-up says that there is nothing without making an exception first.
        let result = if generic {
            object::find_generic(th, this, name)
        } else {
            required(th, this, id::__getattribute__, &[name.object()]).map(Some)
        };
        let raised = match result {
            Ok(Some(value)) => return Ok(value),
            Ok(None) => None,
            Err(raised) => Some(raised),
        };
        if this.ty().lookup(th, id::__getattr__).is_none() {
            return Err(raised.unwrap_or_else(|| object::no_attribute(th, this, name)));
        }
        let exception = match raised {
            Some(raised) => Some(th.take_if(raised, exc::ATTRIBUTE_ERROR)?),
            None => None,
        };
        let result = required(th, this, id::__getattr__, &[name.object()]);
        drop(exception);
        result
    })
}

pub unsafe extern "C" fn tp_setattro(this: Ptr, name: Ptr, value: Ptr) -> c_int {
    // SAFETY: see the top of the file.
    unsafe { set_or_delete(this, name, value, id::__setattr__, id::__delattr__) }
}

pub unsafe extern "C" fn mp_ass_subscript(this: Ptr, key: Ptr, value: Ptr) -> c_int {
    // SAFETY: see the top of the file.
    unsafe { set_or_delete(this, key, value, id::__setitem__, id::__delitem__) }
}

pub unsafe extern "C" fn tp_descr_set(this: Ptr, instance: Ptr, value: Ptr) -> c_int {
    // SAFETY: see the top of the file.
    unsafe { set_or_delete(this, instance, value, id::__set__, id::__delete__) }
}

/// A slot that sets, or deletes where the value is NULL.
unsafe fn set_or_delete(
    this: Ptr,
    key: Ptr,
    value: Ptr,
    set: Borrowed<'static, Str>,
    delete: Borrowed<'static, Str>,
) -> c_int {
    enter_int(|th| {
        // SAFETY: see the top of the file.
        let (this, key, value): (Borrowed<'_>, Borrowed<'_>, Option<Borrowed<'_>>) = unsafe {
            (Borrowed::from_ptr(this), Borrowed::from_ptr(key), Borrowed::from_ptr_or_null(value))
        };
        match value {
            Some(value) => required(th, this, set, &[key, value]),
            None => required(th, this, delete, &[key]),
        }
        .map(|_| 0)
    })
}

pub unsafe extern "C" fn sq_ass_item(this: Ptr, index: isize, value: Ptr) -> c_int {
    enter_int(|th| {
        let index = Int::from_isize(th, index)?;
        // SAFETY: see the top of the file.
        Ok(unsafe { mp_ass_subscript(this, index.as_ptr(), value) })
    })
}

pub unsafe extern "C" fn sq_item(this: Ptr, index: isize) -> Ptr {
    enter(|th| {
        let index = Int::from_isize(th, index)?;
        // SAFETY: see the top of the file.
        required(th, unsafe { Borrowed::from_ptr(this) }, id::__getitem__, &[index.object()])
    })
}

pub unsafe extern "C" fn tp_richcompare(this: Ptr, other: Ptr, op: c_int) -> Ptr {
    enter(|th| {
        let names = [id::__lt__, id::__le__, id::__eq__, id::__ne__, id::__gt__, id::__ge__];
        let Some(op) = CompareOp::from_c(op) else {
            return Err(th.bad_internal_call());
        };
        // SAFETY: see the top of the file.
        let (this, other): (Borrowed<'_>, Borrowed<'_>) =
            unsafe { (Borrowed::from_ptr(this), Borrowed::from_ptr(other)) };
        match method_of(th, this, names[op as usize]) {
            Ok(Some(Method::Plain(method))) => call::call(th, method.object(), &[this, other]),
            Ok(Some(Method::Bound(method))) => call::call(th, method.object(), &[other]),
            Ok(None) => Ok(not_implemented().to_owned()),
            // A method that cannot be had is like none.
            Err(raised) => {
                drop(th.take_raised(raised));
                Ok(not_implemented().to_owned())
            }
        }
    })
}

pub unsafe extern "C" fn tp_iter(this: Ptr) -> Ptr {
    enter(|th| {
        // SAFETY: see the top of the file.
        let this: Borrowed<'_> = unsafe { Borrowed::from_ptr(this) };
        match this.ty().lookup(th, id::__iter__) {
            Some(method) if method.is_none() => {
                Err(raise!(th, TYPE_ERROR, "'{}' object is not iterable", this.type_name()))
            }
            Some(_) => required(th, this, id::__iter__, &[]),
            None if this.ty().lookup(th, id::__getitem__).is_some() => {
                crate::iterators::sequence_iterator(th, this)
            }
            None => Err(raise!(th, TYPE_ERROR, "'{}' object is not iterable", this.type_name())),
        }
    })
}

pub unsafe extern "C" fn tp_iternext(this: Ptr) -> Ptr {
    // SAFETY: see the top of the file.
    enter(|th| required(th, unsafe { Borrowed::from_ptr(this) }, id::__next__, &[]))
}

pub unsafe extern "C" fn tp_descr_get(this: Ptr, instance: Ptr, owner: Ptr) -> Ptr {
    enter(|th| {
        // SAFETY: see the top of the file; both arguments may be NULL.
        let (this, instance, owner): (Borrowed<'_>, Borrowed<'_>, Borrowed<'_>) = unsafe {
            let instance = Borrowed::from_ptr_or_null(instance);
            let owner = Borrowed::from_ptr_or_null(owner);
            (Borrowed::from_ptr(this), instance.unwrap_or(none()), owner.unwrap_or(none()))
        };
        // The function is called as it is, not bound first.
        match this.ty().lookup(th, id::__get__) {
            Some(get) => call::call(th, get.borrow(), &[this, instance, owner]),
            None => Ok(this.to_owned()),
        }
    })
}

pub unsafe extern "C" fn tp_init(this: Ptr, args: Ptr, kwargs: Ptr) -> c_int {
    enter_int(|th| {
        // SAFETY: see the top of the file.
        let (this, args, kwargs) = unsafe { given::<Object>(this, args, kwargs) };
        let Some(method) = object::lookup_special(th, this, id::__init__)? else {
            return Err(th.raise_value(exc::ATTRIBUTE_ERROR, id::__init__.object()));
        };
        let result = call::call_tuple_dict(th, method.object(), args, kwargs)?;
        if !result.is_none() {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "__init__() should return None, not '{}'",
                result.type_name()
            ));
        }
        Ok(0)
    })
}

pub unsafe extern "C" fn tp_new(class: *mut abi::PyTypeObject, args: Ptr, kwargs: Ptr) -> Ptr {
    enter(|th| {
        // SAFETY: see the top of the file.
        let (class, args, kwargs) = unsafe { given::<Type>(class.cast(), args, kwargs) };
        let new = object::get_attr(th, class.object(), id::__new__)?;
        call::with_first(class.object(), args.get().as_slice(), |all| {
            call::call_with_dict(th, new.object(), all, kwargs)
        })
    })
}

/// `__del__`: an exception in it is reported, not raised; the current one is kept.
pub unsafe extern "C" fn tp_finalize(this: Ptr) {
    let th = Thread::current();
    let pending = th.take_exception();
    // SAFETY: see the top of the file.
    let this: Borrowed<'_> = unsafe { Borrowed::from_ptr(this) };
    if special(th, this, id::__del__, &[]).is_err() {
        let method = this.ty().lookup(th, id::__del__);
        (th.interp().services.get().unraisable)(
            th,
            method.as_ref().map(Owned::object),
            "Exception ignored while calling deallocator",
        );
    }
    if let Some(pending) = pending {
        let _raised = th.set_exception(pending.into_object());
    }
}

macro_rules! awaiting {
    ($($slot:ident: $name:ident;)*) => {$(
        pub unsafe extern "C" fn $slot(this: Ptr) -> Ptr {
            enter(|th| {
                // SAFETY: see the top of the file.
                let this: Borrowed<'_> = unsafe { Borrowed::from_ptr(this) };
                match special(th, this, id::$name, &[])? {
                    Some(result) => Ok(result),
                    None => Err(raise!(th, ATTRIBUTE_ERROR, "object {} does not have {} method", this.type_name(), stringify!($name))),
                }
            })
        }
    )*};
}

awaiting! {
    am_await: __await__;
    am_aiter: __aiter__;
    am_anext: __anext__;
}

pub unsafe extern "C" fn nb_bool(this: Ptr) -> c_int {
    enter_int(|th| {
        // SAFETY: see the top of the file.
        let this: Borrowed<'_> = unsafe { Borrowed::from_ptr(this) };
        if let Some(answer) = special(th, this, id::__bool__, &[])? {
            if !answer.is(bool_object(true)) && !answer.is(bool_object(false)) {
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "__bool__ should return bool, returned {}",
                    answer.type_name()
                ));
            }
            return Ok(answer.is(bool_object(true)).into());
        }
        match special(th, this, id::__len__, &[])? {
            Some(length) => Ok((length_of(th, length)? != 0).into()),
            None => Ok(1),
        }
    })
}

pub unsafe extern "C" fn length(this: Ptr) -> isize {
    let length = |th: &Thread| {
        // SAFETY: see the top of the file.
        let length = required(th, unsafe { Borrowed::from_ptr(this) }, id::__len__, &[])?;
        length_of(th, length)
    };
    length(Thread::current()).unwrap_or(-1)
}

/// What `__len__` answered, as a length.
fn length_of(th: &Thread, answer: Owned) -> PyResult<isize> {
    let length = number::index(th, answer.object())?;
    if length.is_negative() {
        return Err(th.raise(exc::VALUE_ERROR, "__len__() should return >= 0"));
    }
    number::as_isize(th, length.object(), Some(exc::OVERFLOW_ERROR))
}

pub unsafe extern "C" fn sq_contains(this: Ptr, item: Ptr) -> c_int {
    enter_int(|th| {
        // SAFETY: see the top of the file.
        let (this, item): (Borrowed<'_>, Borrowed<'_>) =
            unsafe { (Borrowed::from_ptr(this), Borrowed::from_ptr(item)) };
        let method = this.ty().lookup(th, id::__contains__);
        if method.as_ref().is_some_and(|method| method.is_none()) {
            return Err(raise!(th, TYPE_ERROR, "'{}' object is not a container", this.type_name()));
        }
        let found = match special(th, this, id::__contains__, &[item])? {
            Some(answer) => object::is_true(th, answer.object())?,
            None => crate::protocol::sequence::contains_by_iteration(th, this, item)?,
        };
        Ok(found.into())
    })
}

pub unsafe extern "C" fn bf_getbuffer(this: Ptr, view: *mut abi::Py_buffer, flags: c_int) -> c_int {
    // SAFETY: see the top of the file.
    enter_int(|th| {
        // SAFETY: see the top of the file.
        unsafe { crate::memoryview::python_getbuffer(th, Borrowed::from_ptr(this), view, flags) }
            .map(|()| 0)
    })
}

pub unsafe extern "C" fn bf_releasebuffer(this: Ptr, view: *mut abi::Py_buffer) {
    // SAFETY: see the top of the file.
    unsafe {
        crate::memoryview::python_releasebuffer(Thread::current(), Borrowed::from_ptr(this), view)
    }
}
