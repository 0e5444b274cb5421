//! `structseq.h`: struct sequences that C describes.

use std::ffi::{CStr, c_char, c_int};

use krait_abi as abi;
use krait_macros::capi;
use krait_objects::prelude::*;
use krait_objects::structseq::{Field, StructSequence};

use crate::support::*;

/// The name of a field without one: its address is what counts.
#[repr(transparent)]
pub struct Unnamed(*const c_char);

// SAFETY: a constant string.
unsafe impl Sync for Unnamed {}

#[unsafe(no_mangle)]
pub static PyStructSequence_UnnamedField: Unnamed = Unnamed(c"unnamed field".as_ptr());

type Description = *mut abi::PyStructSequence_Desc;

fn text(pointer: *const c_char) -> &'static str {
    if pointer.is_null() {
        return "";
    }
    // SAFETY: C's descriptions are static, as their types live as long as the interpreter.
    unsafe { CStr::from_ptr(pointer) }.to_str().unwrap_or("?")
}

#[capi]
pub fn PyStructSequence_NewType(th: &Thread, description: Description) -> PyResult<Owned<Type>> {
    // SAFETY: C passes a description whose fields end with an empty one.
    let (description, fields) = unsafe {
        let description = &*description;
        let mut fields = Vec::new();
        let mut at = description.fields;
        while let Some(field) = at.as_ref().filter(|field| !field.name.is_null()) {
            let named = !std::ptr::eq(field.name, PyStructSequence_UnnamedField.0);
            let name = if named { text(field.name) } else { "" };
            fields.push(Field { name, doc: text(field.doc) });
            at = at.add(1);
        }
        (description, fields)
    };
    let visible = usize::try_from(description.n_in_sequence).unwrap_or(0).min(fields.len());
    StructSequence::own_type(th, text(description.name), text(description.doc), fields, visible)
}

#[capi]
pub fn PyStructSequence_New(th: &Thread, ty: TypePtr) -> PyResult<Owned<Tuple>> {
    // SAFETY: C passes a struct sequence type.
    StructSequence::blank(th, unsafe { type_of(ty) })
}

/// Takes the reference.
#[capi]
pub fn PyStructSequence_SetItem(ob: Ptr, index: isize, value: Ptr) {
    // SAFETY: C fills in what `PyStructSequence_New` gave.
    unsafe { *krait_objects::structseq::item(ob, index) = value };
}

/// Borrowed.
#[capi]
pub fn PyStructSequence_GetItem(ob: Ptr, index: isize) -> Ptr {
    // SAFETY: C passes a struct sequence and an index in it.
    unsafe { *krait_objects::structseq::item(ob, index) }
}

/// Types that C holds the memory of cannot be made: they would have to be static.
#[capi]
pub fn PyStructSequence_InitType2(
    th: &Thread,
    _ty: TypePtr,
    _description: Description,
) -> PyResult<c_int> {
    Err(th.raise(
        exc::NOT_IMPLEMENTED_ERROR,
        "PyStructSequence_InitType2() is not there yet: use PyStructSequence_NewType()",
    ))
}
