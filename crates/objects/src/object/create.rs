//! `object()`, and `__new__` of types made in C.
//!
//! SAFETY, throughout: C calls constructors with a live type or object, a tuple, and a dictionary or NULL.

use std::ffi::c_int;

use krait_abi as abi;

use crate::cfunction::CFunction;
use crate::prelude::*;
use crate::protocol::call::returned;
use crate::typeobj::StaticCell;
use crate::typeobj::slots::dispatch;

type Ptr = *mut abi::PyObject;

fn address<F: Copy>(slot: Option<F>) -> usize {
    // SAFETY: a function pointer is one word.
    slot.map_or(0, |function| unsafe { std::mem::transmute_copy::<F, usize>(&function) })
}

/// Whether a call has any arguments.
unsafe fn has_arguments(args: Ptr, kwargs: Ptr) -> bool {
    // SAFETY: see the top of the file.
    unsafe {
        !Borrowed::<Tuple>::from_ptr(args).is_empty()
            || Borrowed::<Dict>::from_ptr_or_null(kwargs).is_some_and(|kwargs| !kwargs.is_empty())
    }
}

/// `tp_new` of `object`. Arguments are for an overridden `__init__` alone.
pub(super) unsafe extern "C" fn object_new(
    ty: *mut abi::PyTypeObject,
    args: Ptr,
    kwargs: Ptr,
) -> Ptr {
    crate::args::shim::object(|th| {
        // SAFETY: see the top of the file.
        let (ty, excess): (Borrowed<'_, Type>, bool) =
            unsafe { (Borrowed::from_ptr(ty.cast()), has_arguments(args, kwargs)) };
        let base = Object::type_object().raw();
        if excess {
            if address(ty.raw().tp_new) != address(base.tp_new) {
                return Err(th.raise(
                    exc::TYPE_ERROR,
                    "object.__new__() takes exactly one argument (the type to instantiate)",
                ));
            }
            if address(ty.raw().tp_init) == address(base.tp_init) {
                return Err(raise!(th, TYPE_ERROR, "{}() takes no arguments", ty.tp_name()));
            }
        }
        if ty.has_flag(abi::Py_TPFLAGS_IS_ABSTRACT) {
            return Err(abstract_class(th, ty));
        }
        ty.alloc::<Object>(th, 0)
    })
}

/// An instance made by a call without arguments, of a class that leaves `__new__` and `__init__` to `object`; `None` for
/// any other callable.
#[inline]
pub fn plain_instance(th: &Thread, callable: Borrowed<'_>) -> Option<PyResult> {
    let class = callable.downcast_exact::<Type>()?;
    let (raw, base) = (class.raw(), Object::type_object().raw());
    let plain = address(raw.tp_new) == address(base.tp_new)
        && address(raw.tp_init) == address(base.tp_init)
        && raw.tp_vectorcall.is_none()
        && !class.has_flag(abi::Py_TPFLAGS_IS_ABSTRACT);
    plain.then(|| class.alloc::<Object>(th, 0).map(Owned::into_object))
}

#[cold]
fn abstract_class(th: &Thread, ty: Borrowed<'_, Type>) -> Raised {
    let names = || -> PyResult<Vec<String>> {
        let methods = object::get_attr(th, ty.object(), id::__abstractmethods__)?;
        let sorted = List::from_iterable(th, methods.object())?;
        sorted.sort(th)?;
        let mut names = Vec::with_capacity(sorted.len());
        for name in sorted.to_vec() {
            match name.downcast::<Str>() {
                Ok(name) => names.push(format!("'{}'", *name)),
                Err(other) => {
                    return Err(raise!(
                        th,
                        TYPE_ERROR,
                        "sequence item 0: expected str instance, {} found",
                        other.type_name()
                    ));
                }
            }
        }
        Ok(names)
    };
    match names() {
        Err(raised) => raised,
        Ok(names) => {
            let plural = if names.len() == 1 { "" } else { "s" };
            let (ty, names) = (ty.tp_name(), names.join(", "));
            raise!(
                th,
                TYPE_ERROR,
                "Can't instantiate abstract class {ty} without an implementation for abstract method{plural} {names}"
            )
        }
    }
}

/// `tp_init` of `object`. Arguments are for an overridden `__new__` alone.
pub(super) unsafe extern "C" fn object_init(this: Ptr, args: Ptr, kwargs: Ptr) -> c_int {
    crate::args::shim::status(|th| {
        // SAFETY: see the top of the file.
        let (this, excess): (Borrowed<'_>, bool) =
            unsafe { (Borrowed::from_ptr(this), has_arguments(args, kwargs)) };
        if !excess {
            return Ok(());
        }
        let (ty, base) = (this.get().ty(), Object::type_object().raw());
        if address(ty.raw().tp_init) != address(base.tp_init) {
            return Err(th.raise(
                exc::TYPE_ERROR,
                "object.__init__() takes exactly one argument (the instance to initialize)",
            ));
        }
        if address(ty.raw().tp_new) == address(base.tp_new) {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "{}.__init__() takes exactly one argument (the instance to initialize)",
                ty.tp_name()
            ));
        }
        Ok(())
    })
}

/// `__new__` of every type that has a C constructor: `METH_VARARGS | METH_KEYWORDS` with the type as receiver.
static NEW: StaticCell<abi::PyMethodDef> = StaticCell::new(abi::PyMethodDef {
    ml_name: c"__new__".as_ptr(),
    // SAFETY: function pointers of one size; the flags tell callers its true type.
    ml_meth: Some(unsafe {
        std::mem::transmute::<
            unsafe extern "C" fn(Ptr, Ptr, Ptr) -> Ptr,
            unsafe extern "C" fn(Ptr, Ptr) -> Ptr,
        >(call_new)
    }),
    ml_flags: abi::METH_VARARGS | abi::METH_KEYWORDS,
    ml_doc: c"__new__($type, *args, **kwargs)\n--\n\nMake an object of the type; help(type) tells which arguments it takes."
        .as_ptr(),
});

/// The built-in function `__new__` of a C type.
pub fn new_wrapper(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult {
    CFunction::new(th, NEW.as_ptr(), Some(ty.object()), None, None).map(Owned::into_object)
}

/// Whether `method` is a `new_wrapper`.
pub fn is_new_wrapper(method: Borrowed<'_>) -> bool {
    method
        .downcast_exact::<CFunction>()
        .is_some_and(|function| std::ptr::eq(function.def_ptr(), NEW.as_ptr()))
}

unsafe extern "C" fn call_new(receiver: Ptr, args: Ptr, kwargs: Ptr) -> Ptr {
    crate::args::shim::object(|th| {
        // SAFETY: see the top of the file.
        let (receiver, args): (Option<Borrowed<'_>>, Borrowed<'_, Tuple>) =
            unsafe { (Borrowed::from_ptr_or_null(receiver), Borrowed::from_ptr(args)) };
        let Some(ty) = receiver.and_then(|receiver| receiver.downcast::<Type>()) else {
            return Err(th.raise(exc::SYSTEM_ERROR, "__new__() called with non-type 'self'"));
        };
        let [class, rest @ ..] = args.get().as_slice() else {
            return Err(raise!(th, TYPE_ERROR, "{}.__new__(): not enough arguments", ty.tp_name()));
        };
        let class = check_class(th, ty, *class)?;
        let rest = Tuple::from_slice(th, rest)?;
        let Some(new) = ty.raw().tp_new else {
            return Err(th.bad_internal_call());
        };
        // SAFETY: `tp_new` takes a type, a tuple and a dictionary or NULL.
        returned(th, unsafe { new(class.as_type_ptr(), rest.as_ptr(), kwargs) })
    })
}

/// The class to make an instance of: a subtype of `ty` whose C struct `ty`'s constructor can fill.
fn check_class<'a>(
    th: &Thread,
    ty: Borrowed<'_, Type>,
    class: Borrowed<'a>,
) -> PyResult<Borrowed<'a, Type>> {
    let Some(class) = class.downcast::<Type>() else {
        let name = ty.tp_name();
        return Err(raise!(
            th,
            TYPE_ERROR,
            "{name}.__new__(X): X is not a type object ({})",
            class.type_name()
        ));
    };
    if !class.is_subtype(ty.get()) {
        let (name, class) = (ty.tp_name(), class.tp_name());
        return Err(raise!(
            th,
            TYPE_ERROR,
            "{name}.__new__({class}): {class} is not a subtype of {name}"
        ));
    }
    if class.raw().tp_new.is_none() {
        return Err(raise!(th, TYPE_ERROR, "cannot create '{}' instances", class.tp_name()));
    }
    let mut c_base = Some(class);
    while let Some(base) = c_base
        && address(base.raw().tp_new) == dispatch::tp_new as *const () as usize
    {
        c_base = base.get().base();
    }
    if let Some(base) = c_base
        && address(base.raw().tp_new) != address(ty.raw().tp_new)
    {
        if base.raw().tp_new.is_none() {
            let class = class.tp_name();
            return Err(raise!(th, TYPE_ERROR, "cannot create '{class}' instances"));
        }
        return Err(raise!(
            th,
            TYPE_ERROR,
            "{}.__new__({}) is not safe, use {}.__new__()",
            ty.tp_name(),
            class.tp_name(),
            base.tp_name()
        ));
    }
    Ok(class)
}
