//! The type `object`: what every object can do.

use std::ffi::c_void;

use krait_abi as abi;

use super::{class, create, reduce};
use crate::prelude::*;

#[pymethods]
impl Object {
    #[slot(tp_alloc)]
    unsafe extern "C" fn alloc(ty: *mut abi::PyTypeObject, items: isize) -> *mut abi::PyObject {
        // SAFETY: the slot's contract.
        unsafe { crate::typeobj::alloc::generic_alloc(ty, items) }
    }

    #[slot(tp_free)]
    unsafe extern "C" fn free(block: *mut c_void) {
        // SAFETY: the slot's contract.
        unsafe { crate::typeobj::alloc::object_free(block) }
    }

    #[slot(tp_new)]
    unsafe extern "C" fn new(
        ty: *mut abi::PyTypeObject,
        args: *mut abi::PyObject,
        kwargs: *mut abi::PyObject,
    ) -> *mut abi::PyObject {
        // SAFETY: the slot's contract.
        unsafe { create::object_new(ty, args, kwargs) }
    }

    #[slot(tp_init)]
    unsafe extern "C" fn init(
        this: *mut abi::PyObject,
        args: *mut abi::PyObject,
        kwargs: *mut abi::PyObject,
    ) -> std::ffi::c_int {
        // SAFETY: the slot's contract.
        unsafe { create::object_init(this, args, kwargs) }
    }

    /// The exported function is the slot itself: types of extension modules name it in theirs, and look-ups compare
    /// addresses.
    #[slot(tp_getattro)]
    #[unsafe(export_name = "PyObject_GenericGetAttr")]
    pub unsafe extern "C" fn getattribute(
        this: *mut abi::PyObject,
        name: *mut abi::PyObject,
    ) -> *mut abi::PyObject {
        crate::args::shim::object(|th| {
            // SAFETY: the slot's contract.
            unsafe {
                let name = crate::args::shim::attribute_name(th, name)?;
                object::generic_get_attr(th, Borrowed::from_ptr(this), name)
            }
        })
    }

    /// As for `getattribute`.
    #[slot(tp_setattro)]
    #[unsafe(export_name = "PyObject_GenericSetAttr")]
    pub unsafe extern "C" fn setattribute(
        this: *mut abi::PyObject,
        name: *mut abi::PyObject,
        value: *mut abi::PyObject,
    ) -> std::ffi::c_int {
        crate::args::shim::status(|th| {
            // SAFETY: the slot's contract.
            unsafe {
                let name = crate::args::shim::attribute_name(th, name)?;
                let value = Borrowed::from_ptr_or_null(value);
                object::generic_set_attr(th, Borrowed::from_ptr(this), name, value)
            }
        })
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_>, th: &Thread) -> PyResult<Owned<Str>> {
        super::default_repr(th, this)
    }

    /// `str` of an object is its `repr`, unless its class says otherwise.
    #[slot(tp_str)]
    fn str(this: Borrowed<'_>, th: &Thread) -> PyResult {
        match this.get().ty().get().raw().tp_repr {
            // SAFETY: the slot's contract.
            Some(repr) => call::returned(th, unsafe { repr(this.as_ptr()) }),
            None => super::default_repr(th, this).map(Owned::into_object),
        }
    }

    #[slot(tp_hash)]
    fn hash(this: Borrowed<'_>) -> PyResult<isize> {
        Ok(crate::hash::hash_pointer(this.as_ptr() as usize) as isize)
    }

    /// Identity; `!=` is the opposite of the class's own `==`.
    #[slot(tp_richcompare)]
    fn compare(this: Borrowed<'_>, th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let answer = match op {
            CompareOp::Eq if this.is(other) => bool_object(true).object(),
            CompareOp::Ne => {
                let Some(slot) = this.get().ty().get().raw().tp_richcompare else {
                    return Ok(not_implemented().to_owned());
                };
                let eq = CompareOp::Eq as std::ffi::c_int;
                // SAFETY: the slot's contract.
                let equal = call::returned(th, unsafe { slot(this.as_ptr(), other.as_ptr(), eq) })?;
                if equal.is(not_implemented()) {
                    return Ok(equal);
                }
                bool_object(!object::is_true(th, equal.object())?).object()
            }
            _ => not_implemented(),
        };
        Ok(answer.to_owned())
    }

    /// The object's class.
    #[getter]
    fn __class__(this: Borrowed<'_>) -> Owned<Type> {
        object::type_of(this)
    }

    #[setter]
    fn set___class__(this: Borrowed<'_>, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        class::set(th, this, value)
    }

    /// What pickle stores of the object.
    #[method(sig = "(self, protocol, /)")]
    fn __reduce_ex__(this: Borrowed<'_>, th: &Thread, protocol: i32) -> PyResult {
        reduce::reduce_ex(th, this, protocol)
    }

    /// What pickle stores of the object.
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_>, th: &Thread) -> PyResult {
        reduce::reduce(th, this, 0)
    }

    /// What pickle stores of the object.
    #[method(sig = "(self, /)")]
    fn __getstate__(this: Borrowed<'_>, th: &Thread) -> PyResult {
        reduce::default_state(th, this, false)
    }

    /// The object as text; TypeError if there is a format specification.
    #[method(sig = "(self, format_spec, /)")]
    fn __format__(
        this: Borrowed<'_>,
        th: &Thread,
        format_spec: Borrowed<'_, Str>,
    ) -> PyResult<Owned<Str>> {
        if !format_spec.is_empty() {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "unsupported format string passed to {}.__format__",
                this.type_name()
            ));
        }
        object::str(th, this)
    }

    /// The bytes the object takes, without what it refers to.
    #[method(sig = "(self, /)")]
    fn __sizeof__(this: Borrowed<'_>, th: &Thread) -> PyResult<isize> {
        let ty = this.get().ty();
        let raw = ty.get().raw();
        let items = if raw.tp_itemsize > 0 {
            // SAFETY: an object of a type with items is laid out as `PyVarObject`.
            unsafe { (*this.as_ptr().cast::<abi::PyVarObject>()).ob_size }.unsigned_abs() as isize
        } else {
            0
        };
        let _ = th;
        Ok(raw.tp_basicsize + items * raw.tp_itemsize)
    }

    /// The names of the attributes, unsorted.
    #[method(sig = "(self, /)")]
    fn __dir__(this: Borrowed<'_>, th: &Thread) -> PyResult {
        let names = match object::get_attr_opt(th, this, id::__dict__)? {
            Some(dict) => match dict.object().downcast::<Dict>() {
                Some(dict) => dict.copy(th)?,
                None => Dict::new(th)?,
            },
            None => {
                th.still_raised()?;
                Dict::new(th)?
            }
        };
        if let Some(class) = object::get_attr_opt(th, this, id::__class__)? {
            super::merge_class_dict(th, &names, class.object())?;
        }
        names.keys(th).map(Owned::into_object)
    }

    /// Where an abstract class says whether another class counts as its subclass.
    ///
    /// abc.ABCMeta.__subclasscheck__() asks it first. The answer is True, False, or NotImplemented for the usual rule.
    #[classmethod(sig = "(type, object, /)")]
    fn __subclasshook__(_cls: Borrowed<'_, Type>, _object: Borrowed<'_>) -> Borrowed<'static> {
        not_implemented()
    }

    /// Called for each new subclass, with the keyword arguments of its class statement; does nothing by itself.
    #[classmethod(sig = "(type, /)")]
    fn __init_subclass__(_cls: Borrowed<'_, Type>) {}
}
