//! Functions of C that want to be told of types, functions, code and contexts: `PyType_AddWatcher` and its like.
//!
//! An interpreter has eight places for each of them; where nobody watches, looking at one byte is all it costs. Watchers of
//! dictionaries are in `dict/state.rs`. The same job as the watcher arrays in CPython's `PyInterpreterState`.

use std::cell::Cell;
use std::ffi::c_int;

use krait_abi as abi;

use crate::prelude::*;

/// How many there can be of each kind.
pub const MOST: usize = 8;

pub type TypeWatcher = unsafe extern "C" fn(*mut abi::PyTypeObject) -> c_int;
pub type FunctionWatcher =
    unsafe extern "C" fn(c_int, *mut abi::PyFunctionObject, *mut abi::PyObject) -> c_int;
pub type CodeWatcher = unsafe extern "C" fn(c_int, *mut abi::PyCodeObject) -> c_int;
pub type ContextWatcher = unsafe extern "C" fn(c_int, *mut abi::PyObject) -> c_int;

/// The watchers of one kind, by their ids.
pub struct Watchers<F> {
    /// A bit for each that is there.
    set: Cell<u8>,
    functions: [Cell<Option<F>>; MOST],
}

impl<F> Default for Watchers<F> {
    fn default() -> Self {
        Watchers { set: Cell::new(0), functions: [const { Cell::new(None) }; MOST] }
    }
}

impl<F: Copy> Watchers<F> {
    #[inline(always)]
    pub fn is_any(&self) -> bool {
        self.set.get() != 0
    }

    pub fn get(&self, id: usize) -> Option<F> {
        self.functions.get(id).and_then(Cell::get)
    }

    /// The id of a new watcher, the first free one from `first` on.
    pub fn add(&self, first: usize, function: F) -> Option<usize> {
        let id = (first..MOST).find(|&id| self.get(id).is_none())?;
        self.functions[id].set(Some(function));
        self.set.set(self.set.get() | 1 << id);
        Some(id)
    }

    pub fn remove(&self, id: usize) {
        if let Some(place) = self.functions.get(id) {
            place.set(None);
            self.set.set(self.set.get() & !(1 << id));
        }
    }

    /// Tells those whose bits are in `which`; what they raise is reported with the text that `describe` makes of the id.
    #[cold]
    #[inline(never)]
    pub fn tell(
        &self,
        th: &Thread,
        which: u8,
        call: impl Fn(F) -> c_int,
        describe: impl Fn(usize) -> String,
    ) {
        let mut left = self.set.get() & which;
        while left != 0 {
            let id = left.trailing_zeros() as usize;
            left &= left - 1;
            if self.get(id).is_some_and(|function| call(function) < 0) {
                let exception = th.take_exception();
                let text = describe(id);
                if let Some(exception) = exception {
                    let _raised = th.set_exception(exception.into_object());
                }
                (th.interp().services.get().unraisable)(th, None, &text);
            }
        }
    }
}

/// All of an interpreter.
#[derive(Default)]
pub struct Watching {
    pub types: Watchers<TypeWatcher>,
    pub functions: Watchers<FunctionWatcher>,
    pub code: Watchers<CodeWatcher>,
    pub contexts: Watchers<ContextWatcher>,
}

/// The `repr` of what was watched, for reports; an error of it does not count.
pub fn shown(th: &Thread, ob: Borrowed<'_>) -> String {
    match object::repr(th, ob) {
        Ok(text) => text.to_string_lossy(),
        Err(raised) => {
            drop(th.take_raised(raised));
            "<NULL>".into()
        }
    }
}

/// Runs `body` while the object, which nobody holds any more, is alive once more; whether somebody has taken hold of it.
///
/// # Safety
/// `ob` is about to be freed, and whole.
pub unsafe fn revive_while(ob: *mut abi::PyObject, body: impl FnOnce()) -> bool {
    // SAFETY: the caller's promise: the count is nobody else's.
    unsafe {
        ob.cast::<u32>().write(1);
        body();
        let left = *ob.cast::<u32>() - 1;
        ob.cast::<u32>().write(left);
        left > 0
    }
}

/// A type has changed: those that watch it are told.
#[inline(always)]
pub(crate) fn type_modified(th: &Thread, ty: &Type) {
    if ty.raw().tp_watched != 0 {
        tell_of_type(th, ty);
    }
}

#[cold]
#[inline(never)]
fn tell_of_type(th: &Thread, ty: &Type) {
    let ob = Borrowed::from_ref(ty).object();
    let call = |function: TypeWatcher| {
        // SAFETY: a live type.
        unsafe { function(ty.as_type_ptr()) }
    };
    let describe =
        |id| format!("Exception ignored in type watcher callback #{id} for {}", shown(th, ob));
    th.interp().watchers.types.tell(th, ty.raw().tp_watched, call, describe);
}
