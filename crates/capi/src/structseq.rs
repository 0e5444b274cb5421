//! `structseq.h`: struct sequences that C describes.

use std::ffi::{CStr, c_char};

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

/// The fields of a description, and how many are items of the sequence.
///
/// # Safety
/// A description whose fields end with an empty one.
unsafe fn fields(description: &abi::PyStructSequence_Desc) -> (Vec<Field>, usize) {
    let mut fields = Vec::new();
    let mut at = description.fields;
    // SAFETY: the caller's promise.
    unsafe {
        while let Some(field) = at.as_ref().filter(|field| !field.name.is_null()) {
            let named = !std::ptr::eq(field.name, PyStructSequence_UnnamedField.0);
            let name = if named { text(field.name) } else { "" };
            fields.push(Field { name, doc: text(field.doc) });
            at = at.add(1);
        }
    }
    let visible = usize::try_from(description.n_in_sequence).unwrap_or(0).min(fields.len());
    (fields, visible)
}

#[capi]
pub fn PyStructSequence_NewType(th: &Thread, description: Description) -> PyResult<Owned<Type>> {
    // SAFETY: C passes a description.
    let (description, (fields, visible)) = unsafe { (&*description, fields(&*description)) };
    // SAFETY: C's texts are there for as long as the type.
    let text = |text: *const c_char| (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) });
    let name = text(description.name).unwrap_or_default();
    StructSequence::own_type(th, name, text(description.doc), fields, visible)
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

/// A type in C's own memory, which is to be all zeros.
#[capi]
pub fn PyStructSequence_InitType2(
    th: &Thread,
    ty: TypePtr,
    description: Description,
) -> PyResult<()> {
    // SAFETY: C passes a static type, and a description with texts that stay.
    unsafe {
        if (*ty).tp_flags & abi::Py_TPFLAGS_READY != 0 {
            return Err(th.bad_internal_call());
        }
        let (fields, visible) = fields(&*description);
        let constant =
            |text: *const c_char| if text.is_null() { c"" } else { CStr::from_ptr(text) };
        let texts = (constant((*description).name), constant((*description).doc));
        StructSequence::init_static(th, ty, texts, fields, visible)
    }
}

/// As the other one; an exception is left set.
#[capi]
pub fn PyStructSequence_InitType(ty: TypePtr, description: Description) {
    // SAFETY: as above.
    unsafe { PyStructSequence_InitType2(ty, description) };
}
