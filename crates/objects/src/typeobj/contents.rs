//! What a type's C declaration puts into its dictionary: wrappers of slots, methods, members, properties.
//!
//! The same job as `type_add_operators`, `type_add_methods` … in CPython's `Objects/typeobject.c`.
//!
//! SAFETY, throughout: the tables of a type end with an entry whose name is NULL, and live as long as it.

use std::ffi::CStr;

use krait_abi as abi;

use crate::descr::{self, WrapperDescriptor};
use crate::dict::Dict;
use crate::error::PyResult;
use crate::handle::{Borrowed, Instance, Object, Owned};
use crate::ids::id;
use crate::singletons::none;
use crate::str::Str;
use crate::thread::Thread;
use crate::typeobj::Type;
use crate::typeobj::ready::OwnSlots;
use crate::typeobj::slots::{SLOTS, wrappers};

/// Fills the dictionary of `ty`, which filled the slots in `own` itself.
pub fn fill(th: &Thread, ty: Borrowed<'_, Type>, own: OwnSlots) -> PyResult<()> {
    let dict = ty.dict(th);
    add_new(th, ty, &dict, own)?;
    add_slots(th, ty, &dict, own)?;
    // SAFETY: see the top of the file.
    unsafe {
        add_methods(th, ty, &dict)?;
        add_members(th, ty, &dict)?;
        add_getsets(th, ty, &dict)?;
    }
    add_doc(th, ty, &dict)
}

fn add_slots(th: &Thread, ty: Borrowed<'_, Type>, dict: &Dict, own: OwnSlots) -> PyResult<()> {
    for (line, def) in SLOTS.iter().enumerate() {
        let wrapped = std::ptr::fn_addr_eq(def.wrapper, wrappers::absent as wrappers::Wrapper);
        if own >> line & 1 == 0 || wrapped || dict.contains(th, def.name.object())? {
            continue;
        }
        // SAFETY: a live type.
        let function = unsafe { def.place().read(ty.as_type_ptr()) };
        if function == crate::object::hash_not_implemented as *const _ {
            // A type whose slot says "not hashable" says so in Python with None.
            dict.set_str(th, def.name, none())?;
            continue;
        }
        let wrapper = WrapperDescriptor::new(th, ty, def, function)?;
        dict.set_str(th, def.name, wrapper.object())?;
    }
    Ok(())
}

/// `__new__` as a static method, where the type has a constructor of its own: a static type if its declaration
/// names one, be it the base's.
fn add_new(th: &Thread, ty: Borrowed<'_, Type>, dict: &Dict, own: OwnSlots) -> PyResult<()> {
    let named = || {
        SLOTS.iter().zip(0..).any(|(def, line)| def.name.is(id::__new__) && own >> line & 1 != 0)
    };
    // `object`'s constructor is nobody's own but `object`'s.
    let object = Object::type_object();
    let new = |ty: &Type| ty.raw().tp_new.map(|new| new as usize);
    if new(&ty) == new(object) && !std::ptr::eq(ty.get(), object) {
        return Ok(());
    }
    let own_new = ty.raw().tp_new.is_some()
        && !ty.has_flag(abi::Py_TPFLAGS_DISALLOW_INSTANTIATION)
        && (!ty.get().new_is_inherited() || !ty.is_heap_type() && named());
    if own_new && !dict.contains(th, id::__new__.object())? {
        let new = crate::object::new_wrapper(th, ty)?;
        dict.set_str(th, id::__new__, new.object())?;
    }
    Ok(())
}

/// The entries of a NULL-terminated table.
pub(super) unsafe fn entries<'a, T: 'a>(
    table: *mut T,
    is_end: impl Fn(&T) -> bool + 'a,
) -> impl Iterator<Item = *mut T> + 'a {
    let mut at = table;
    std::iter::from_fn(move || {
        // SAFETY: see the top of the file.
        unsafe {
            if at.is_null() || is_end(&*at) {
                return None;
            }
            let entry = at;
            at = at.add(1);
            Some(entry)
        }
    })
}

unsafe fn name_of(th: &Thread, name: *const std::ffi::c_char) -> PyResult<Owned<Str>> {
    // SAFETY: see the top of the file.
    let name = unsafe { CStr::from_ptr(name) };
    match name.to_str() {
        Ok(name) => Str::interned(th, name),
        Err(_) => Str::interned(th, &name.to_string_lossy()),
    }
}

/// Enters `value` under `name` unless something is there.
fn add(th: &Thread, dict: &Dict, name: Owned<Str>, value: Owned) -> PyResult<()> {
    dict.set_default(th, name.object(), value.object()).map(drop)
}

unsafe fn add_methods(th: &Thread, ty: Borrowed<'_, Type>, dict: &Dict) -> PyResult<()> {
    // SAFETY: see the top of the file.
    unsafe {
        for def in entries(ty.raw().tp_methods, |def: &abi::PyMethodDef| def.ml_name.is_null()) {
            let name = name_of(th, (*def).ml_name)?;
            let method = descr::method_from_def(th, ty, def)?;
            if (*def).ml_flags & abi::METH_COEXIST as i32 != 0 {
                dict.set_str(th, name.borrow(), method.object())?;
            } else {
                add(th, dict, name, method)?;
            }
        }
    }
    Ok(())
}

unsafe fn add_members(th: &Thread, ty: Borrowed<'_, Type>, dict: &Dict) -> PyResult<()> {
    // SAFETY: see the top of the file.
    unsafe {
        for def in entries(ty.raw().tp_members, |def: &abi::PyMemberDef| def.name.is_null()) {
            // These tell where things are in an instance, and are no attributes.
            if [c"__dictoffset__", c"__weaklistoffset__"].contains(&CStr::from_ptr((*def).name)) {
                continue;
            }
            let member = descr::member_from_def(th, ty, def)?;
            add(th, dict, name_of(th, (*def).name)?, member)?;
        }
    }
    Ok(())
}

unsafe fn add_getsets(th: &Thread, ty: Borrowed<'_, Type>, dict: &Dict) -> PyResult<()> {
    // SAFETY: see the top of the file.
    unsafe {
        for def in entries(ty.raw().tp_getset, |def: &abi::PyGetSetDef| def.name.is_null()) {
            let getset = descr::getset_from_def(th, ty, def)?;
            add(th, dict, name_of(th, (*def).name)?, getset)?;
        }
    }
    Ok(())
}

fn add_doc(th: &Thread, ty: Borrowed<'_, Type>, dict: &Dict) -> PyResult<()> {
    if dict.contains(th, id::__doc__.object())? {
        return Ok(());
    }
    let doc = ty.raw().tp_doc;
    if doc.is_null() {
        return dict.set_str(th, id::__doc__, none());
    }
    // SAFETY: `tp_doc` is a NUL-terminated string that lives as long as the type.
    let doc = unsafe { CStr::from_ptr(doc) }.to_string_lossy();
    let text = Str::new(th, descr::doc_without_signature(ty.name(), &doc))?;
    dict.set_str(th, id::__doc__, text.object())
}
