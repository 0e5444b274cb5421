//! The `__dict__` and `__weakref__` properties that a Python class gets when it adds such a place to its instances.
//!
//! The same job as `subtype_getsets_full` and its functions in CPython's `Objects/typeobject.c`.

use std::ffi::{c_int, c_void};

use krait_abi as abi;

use crate::object::instance_dict::{assign, dict_of, expect_dict};
use crate::prelude::*;
use crate::typeobj::StaticCell;

type Ptr = *mut abi::PyObject;

/// The `__dict__` and `__weakref__` properties of a Python class that adds them; null for neither.
pub fn class_getsets(dict: bool, weakref: bool) -> *mut abi::PyGetSetDef {
    const DICT: abi::PyGetSetDef = abi::PyGetSetDef {
        name: c"__dict__".as_ptr(),
        get: Some(get_dict_property),
        set: Some(set_dict_property),
        doc: c"dictionary for instance variables".as_ptr(),
        closure: std::ptr::null_mut(),
    };
    const WEAKREF: abi::PyGetSetDef = abi::PyGetSetDef {
        name: c"__weakref__".as_ptr(),
        get: Some(get_weakref_property),
        set: None,
        doc: c"list of weak references to the object".as_ptr(),
        closure: std::ptr::null_mut(),
    };
    const END: abi::PyGetSetDef = abi::PyGetSetDef::END;
    static BOTH: StaticCell<[abi::PyGetSetDef; 3]> = StaticCell::new([DICT, WEAKREF, END]);
    static ONLY_DICT: StaticCell<[abi::PyGetSetDef; 2]> = StaticCell::new([DICT, END]);
    static ONLY_WEAKREF: StaticCell<[abi::PyGetSetDef; 2]> = StaticCell::new([WEAKREF, END]);
    match (dict, weakref) {
        (true, true) => BOTH.as_ptr().cast(),
        (true, false) => ONLY_DICT.as_ptr().cast(),
        (false, true) => ONLY_WEAKREF.as_ptr().cast(),
        (false, false) => std::ptr::null_mut(),
    }
}

/// A base that is no Python class and has a `__dict__` of its own knows how to show it.
fn property_of_base(th: &Thread, ob: Borrowed<'_>) -> Option<Owned> {
    let mut ty = Some(ob.get().ty());
    while let Some(current) = ty {
        if current.raw().tp_dictoffset != 0 && !current.is_heap_type() {
            let found = current.lookup(th, id::__dict__)?;
            return found.ty().raw().tp_descr_set.is_some().then_some(found);
        }
        ty = current.get().base();
    }
    None
}

unsafe extern "C" fn get_dict_property(ob: Ptr, _: *mut c_void) -> Ptr {
    crate::args::shim::object(|th| {
        // SAFETY: C calls a property with a live object.
        let ob: Borrowed<'_> = unsafe { Borrowed::from_ptr(ob) };
        match property_of_base(th, ob) {
            Some(property) => {
                crate::descr::bind(th, property.object(), Some(ob), ob.get().ty().object())
            }
            None => dict_of(th, ob).map(Owned::into_object),
        }
    })
}

unsafe extern "C" fn set_dict_property(ob: Ptr, value: Ptr, _: *mut c_void) -> c_int {
    crate::args::shim::status(|th| {
        // SAFETY: C calls a property with a live object, and a value or NULL.
        let (ob, value): (Borrowed<'_>, Option<Borrowed<'_>>) =
            unsafe { (Borrowed::from_ptr(ob), Borrowed::from_ptr_or_null(value)) };
        if let Some(property) = property_of_base(th, ob) {
            let set = property.ty().raw().tp_descr_set;
            let value = value.map_or(std::ptr::null_mut(), Borrowed::as_ptr);
            let Some(set) = set else {
                return Err(th.bad_internal_call());
            };
            // SAFETY: the slot of a live descriptor.
            let status = unsafe { set(property.as_ptr(), ob.as_ptr(), value) };
            return crate::protocol::call::succeeded(th, status);
        }
        let dict = value.map(|value| expect_dict(th, value)).transpose()?;
        assign(th, ob, dict)
    })
}

unsafe extern "C" fn get_weakref_property(ob: Ptr, _: *mut c_void) -> Ptr {
    crate::args::shim::object(|th| {
        // SAFETY: C calls a property with a live object; its list head is a weak reference or NULL.
        unsafe {
            let Some(list) = crate::weakref::list_pointer(ob) else {
                return Err(th.raise(exc::ATTRIBUTE_ERROR, "This object has no __weakref__"));
            };
            let first = Borrowed::<'_>::from_ptr_or_null(*list);
            Ok(first.unwrap_or(none()).to_owned())
        }
    })
}
