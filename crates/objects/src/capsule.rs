//! `PyCapsule`: a C pointer as an object, by which extension modules hand each other what is not Python.
//!
//! The same job as CPython's `Objects/capsule.c`.

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};

use krait_abi as abi;

use crate::prelude::*;
use crate::text::c_strings;

type Destructor = Option<unsafe extern "C" fn(*mut abi::PyObject)>;

/// A C pointer in an object, with a name that says what it points to.
///
/// Extension modules offer their C interfaces to each other through capsules.
#[pytype(name = "PyCapsule", symbol = "PyCapsule_Type", flags(HAVE_GC, DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct Capsule {
    head: Head,
    pub pointer: Cell<*mut c_void>,
    pub name: Cell<*const c_char>,
    pub context: Cell<*mut c_void>,
    pub destructor: Cell<Destructor>,
    /// For a pointer that holds references.
    pub traverse: Cell<abi::traverseproc>,
    pub clear: Cell<abi::inquiry>,
}

const _: () = assert!(size_of::<Capsule>() == 64);

impl Capsule {
    /// A capsule around `pointer`, which is not null.
    pub fn new(
        th: &Thread,
        pointer: *mut c_void,
        name: *const c_char,
        destructor: Destructor,
    ) -> PyResult<Owned<Capsule>> {
        if pointer.is_null() {
            return Err(th.raise(exc::VALUE_ERROR, "PyCapsule_New called with null pointer"));
        }
        let ty = Borrowed::from_ref(Capsule::type_object());
        // SAFETY: a fresh instance. It is tracked only once C says how to traverse it.
        let capsule: Owned<Capsule> =
            unsafe { crate::typeobj::alloc::alloc_untracked(th, ty, 0)?.cast() };
        capsule.pointer.set(pointer);
        capsule.name.set(name);
        capsule.destructor.set(destructor);
        Ok(capsule)
    }

    /// Shows the collector the references that the pointer's target holds.
    pub fn track(
        &self,
        th: &Thread,
        traverse: unsafe extern "C" fn(*mut abi::PyObject, abi::visitproc, *mut c_void) -> c_int,
        clear: unsafe extern "C" fn(*mut abi::PyObject) -> c_int,
    ) {
        self.traverse.set(Some(traverse));
        self.clear.set(Some(clear));
        crate::gc::track(th, Borrowed::from_ref(self).object());
    }

    /// `has_name`, for most names: false may also mean that it takes more to know.
    ///
    /// # Safety
    /// As for `has_name`.
    #[inline(always)]
    pub unsafe fn has_plainly(&self, name: *const c_char) -> bool {
        let own = self.name.get();
        // SAFETY: the caller's promise; a capsule's name outlives it.
        own == name
            || !own.is_null() && !name.is_null() && unsafe { c_strings::plainly_same(own, name) }
    }

    /// Whether `name` is the capsule's: both null, or the same text.
    ///
    /// # Safety
    /// `name` is null or a NUL-terminated string.
    #[inline(always)]
    pub unsafe fn has_name(&self, name: *const c_char) -> bool {
        let own = self.name.get();
        if own == name {
            return true;
        }
        // SAFETY: the caller's promise; a capsule's name outlives it.
        !own.is_null() && !name.is_null() && unsafe { libc::strcmp(own, name) == 0 }
    }
}

#[pymethods]
impl Capsule {
    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let name = this.get().name.get();
        if name.is_null() {
            return Str::from_fmt(th, format_args!("<capsule object NULL at {:p}>", this.as_ptr()));
        }
        // SAFETY: a capsule's name outlives it.
        let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
        Str::from_fmt(th, format_args!("<capsule object \"{name}\" at {:p}>", this.as_ptr()))
    }

    #[slot(tp_traverse)]
    fn traverse(this: Borrowed<'_, Self>, visitor: &mut Visitor<'_>) -> c_int {
        match this.get().traverse.get() {
            // SAFETY: C gave the function for its own pointer.
            Some(traverse) => unsafe { traverse(this.as_ptr(), visitor.visit, visitor.arg) },
            None => 0,
        }
    }

    #[slot(tp_clear)]
    fn clear_references(this: Borrowed<'_, Self>) {
        if let Some(clear) = this.get().clear.get() {
            // SAFETY: as in `traverse`.
            unsafe { clear(this.as_ptr()) };
        }
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone; the destructor sees the capsule whole.
        unsafe {
            let ob: *mut abi::PyObject = this.cast();
            crate::gc::untrack_raw(ob);
            if let Some(destructor) = (*this).destructor.get() {
                destructor(ob);
            }
            if let Some(free) = (*(*ob).ob_type).tp_free {
                free(ob.cast());
            }
        }
    }
}
