//! Types: `type`, and what every type object shares.
//!
//! The same job as CPython's `Objects/typeobject.c`, by topic: this file is the object and its accessors;
//! `ready` completes a type, `inherit` and `contents` are its parts; `mro` orders bases; `layout` compares structs; `slots`
//! ties special methods to C slots; `build` is the `class` statement, `bases` the change of a class's bases and `end` its
//! end; `metaclass` is what a type does as an object, `attributes` what Python reads of one.

pub mod alloc;
mod annotations;
mod attributes;
mod bases;
pub mod build;
mod class_slots;
mod contents;
pub mod end;
pub mod foreign;
pub mod forward;
mod inherit;
pub mod layout;
mod metaclass;
pub mod mro;
mod ready;
pub mod slot_numbers;
pub mod slots;
pub mod spec;
pub mod state;
pub mod subclasses;
pub mod unfilled;

use std::cell::UnsafeCell;
use std::ffi::CStr;

use krait_abi as abi;

use crate::dict::Dict;
use crate::error::PyResult;
use crate::handle::{Borrowed, Instance, Object, Owned};
use crate::str::Str;
use crate::thread::Thread;
use crate::tuple::Tuple;

pub use metaclass::{PyType_Type, Type, find_attribute};
pub use ready::core as core_types;

/// A static type object, constant-initialised by `#[pytype]`.
#[repr(transparent)]
pub struct StaticType(UnsafeCell<abi::PyTypeObject>);

/// A static table of C structs that `ready` may fill in (inherited slots) and C may read.
#[repr(transparent)]
pub struct StaticCell<T>(UnsafeCell<T>);

// SAFETY: static types are written only while the runtime readies them, once, under its lock.
unsafe impl Sync for StaticType {}
// SAFETY: as for `StaticType`.
unsafe impl<T> Sync for StaticCell<T> {}

impl<T> StaticCell<T> {
    pub const fn new(value: T) -> StaticCell<T> {
        StaticCell(UnsafeCell::new(value))
    }

    pub const fn as_ptr(&self) -> *mut T {
        self.0.get()
    }
}

impl StaticType {
    pub const fn new(value: abi::PyTypeObject) -> StaticType {
        StaticType(UnsafeCell::new(value))
    }

    pub const fn as_ptr(&self) -> *mut abi::PyTypeObject {
        self.0.get()
    }

    #[inline(always)]
    pub const fn as_type(&'static self) -> &'static Type {
        // SAFETY: `Type` is laid out as the same cell.
        unsafe { &*std::ptr::from_ref(self).cast::<Type>() }
    }
}

/// `tp_versions_used` of a type that gets no version: CPython's `_Py_ATTR_CACHE_UNUSED`.
const NO_VERSIONS: u16 = 30_000;

/// After so many changes nothing is remembered about a type any more, as in CPython: what is remembered of it never lasts.
const MOST_VERSIONS: u16 = 1000;

impl Type {
    /// The C struct, read-only: slots, flags, sizes.
    #[inline(always)]
    pub fn raw(&self) -> &abi::PyTypeObject {
        // SAFETY: fields are written by the attached thread only, between reads.
        unsafe { &*self.as_type_ptr() }
    }

    #[inline(always)]
    pub fn flags(&self) -> u64 {
        self.raw().tp_flags
    }

    #[inline(always)]
    pub fn has_flag(&self, flag: u64) -> bool {
        self.raw().tp_flags & flag != 0
    }

    #[inline(always)]
    pub fn is_gc(&self) -> bool {
        self.has_flag(abi::Py_TPFLAGS_HAVE_GC)
    }

    pub fn is_heap_type(&self) -> bool {
        self.has_flag(abi::Py_TPFLAGS_HEAPTYPE)
    }

    /// `tp_name`, as error messages show it.
    pub fn tp_name(&self) -> &str {
        // SAFETY: `tp_name` is a NUL-terminated string that lives as long as the type.
        unsafe { CStr::from_ptr(self.raw().tp_name) }.to_str().unwrap_or("?")
    }

    /// `__name__`: `tp_name` after its last dot, or the whole of it for a class whose name has a dot in it.
    pub fn name(&self) -> &str {
        let name = self.tp_name();
        if !name.contains('.') || self.has_plain_name(name) {
            return name;
        }
        name.rsplit('.').next().unwrap_or(name)
    }

    /// Whether a heap type's `tp_name` is its `__name__`: in types that C specifies, the module's name precedes it.
    /// Cython passes its static types off as heap types while it readies them, so one that is not ready is not asked.
    #[cold]
    fn has_plain_name(&self, name: &str) -> bool {
        // SAFETY: a heap type is laid out as `PyHeapTypeObject`, whose name is a string once it has one.
        let own = (self.is_heap_type() && self.has_flag(abi::Py_TPFLAGS_READY))
            .then(|| unsafe { Borrowed::<Str>::from_ptr_or_null((*self.as_heap_ptr()).ht_name) });
        own.flatten().is_some_and(|own| own.eq_str(name))
    }

    pub fn base(&self) -> Option<Borrowed<'_, Type>> {
        // SAFETY: a type keeps its base alive.
        unsafe { Borrowed::from_ptr_or_null(self.raw().tp_base.cast()) }
    }

    /// `__bases__`.
    pub fn bases(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        // SAFETY: the field holds a tuple or, before `ready`, NULL.
        match unsafe { Borrowed::<Tuple>::from_ptr_or_null(self.raw().tp_bases) } {
            Some(bases) => Ok(bases.to_owned()),
            None => match self.base() {
                Some(base) => Tuple::from_slice(th, &[base.object()]),
                None => Ok(Tuple::empty().to_owned()),
            },
        }
    }

    /// `__mro__`; `None` before the type is ready.
    pub fn mro(&self) -> Option<Borrowed<'_, Tuple>> {
        // SAFETY: the field holds a tuple or NULL.
        unsafe { Borrowed::from_ptr_or_null(self.raw().tp_mro) }
    }

    pub(crate) fn set_mro(&self, mro: Owned<Tuple>) {
        // SAFETY: the new tuple is in place before the old one is released.
        unsafe {
            let old = std::mem::replace(&mut (*self.as_type_ptr()).tp_mro, mro.into_ptr());
            drop(Owned::<Tuple>::from_ptr_or_null(old));
        }
    }

    /// The `__slots__` a Python class was made with, sorted and mangled.
    pub fn heap_slots(&self) -> Option<Borrowed<'_, Tuple>> {
        if !self.is_heap_type() {
            return None;
        }
        // SAFETY: a heap type is laid out as `PyHeapTypeObject`.
        unsafe { Borrowed::from_ptr_or_null((*self.as_heap_ptr()).ht_slots) }
    }

    /// The struct of a heap type.
    pub fn as_heap_ptr(&self) -> *mut abi::PyHeapTypeObject {
        self.as_type_ptr().cast()
    }

    /// Whether this is `other` or derives from it.
    #[inline]
    pub fn is_subtype(&self, other: &Type) -> bool {
        std::ptr::eq(self, other) || self.mro_contains(other)
    }

    /// As `is_subtype`, in line.
    #[inline(always)]
    pub fn derives_from(&self, other: &Type) -> bool {
        let other = other.as_type_ptr();
        match self.mro() {
            Some(mro) => {
                mro.get().as_slice().iter().any(|class| class.as_ptr() == other.cast())
                    || std::ptr::eq(self.as_type_ptr(), other)
            }
            None => self.is_subtype_slowly(other),
        }
    }

    #[cold]
    #[inline(never)]
    fn is_subtype_slowly(&self, other: *mut abi::PyTypeObject) -> bool {
        // SAFETY: a live type.
        self.is_subtype(unsafe { &*other.cast::<Type>() })
    }

    /// Whether `other` is in the order of resolution; a metaclass may leave out even the class itself.
    pub(crate) fn mro_contains(&self, other: &Type) -> bool {
        if let Some(mro) = self.mro() {
            return mro
                .as_slice()
                .iter()
                .any(|entry| std::ptr::eq(entry.as_ptr(), other.as_type_ptr().cast()));
        }
        let mut base = Some(Borrowed::from_ref(self));
        while let Some(current) = base {
            if std::ptr::eq(current.get(), other) {
                return true;
            }
            base = current.get().base();
        }
        false
    }

    /// Whether `tp_new` is the base's.
    pub fn new_is_inherited(&self) -> bool {
        let address = |ty: &Type| ty.raw().tp_new.map(|new| new as usize);
        self.base().is_some_and(|base| address(&base) == address(self))
    }

    /// The type's own dictionary: per interpreter, also for static types.
    pub fn dict(&self, th: &Thread) -> Owned<Dict> {
        match self.filled_dict(th) {
            Ok(dict) => dict,
            Err(_) => crate::fatal("MemoryError: a type cannot be made ready"),
        }
    }

    fn known_dict(&self, th: &Thread) -> Option<Owned<Dict>> {
        match state::static_state(th, self) {
            Some(state) => state.dict.get_owned(),
            // SAFETY: the field of a type that is ready holds a dictionary.
            None => unsafe { Borrowed::<Dict>::from_ptr_or_null(self.raw().tp_dict) }
                .map(Borrowed::to_owned),
        }
    }

    /// The dictionary of a static type is filled for each interpreter when that first asks for it.
    #[cold]
    fn first_dict(&self, th: &Thread) -> PyResult<Owned<Dict>> {
        if forward::is_pending(self) {
            return Ok(self.forward_dict(th));
        }
        let this = Borrowed::from_ref(self);
        match self.has_flag(abi::_Py_TPFLAGS_STATIC_BUILTIN) {
            true => ready::fill_static(th, this)?,
            false => this.ready(th)?,
        }
        self.known_dict(th).ok_or_else(|| th.bad_internal_call())
    }

    /// As `dict`, for who can do without it.
    fn filled_dict(&self, th: &Thread) -> PyResult<Owned<Dict>> {
        match self.known_dict(th) {
            Some(dict) => Ok(dict),
            None => self.first_dict(th),
        }
    }

    /// The dictionary of a declared class, whose module is set up for it. An empty one if that fails.
    #[cold]
    fn forward_dict(&self, th: &Thread) -> Owned<Dict> {
        if forward::ensure(th, Borrowed::from_ref(self)).is_err() {
            drop(th.take_exception());
        }
        // SAFETY: a dictionary or NULL.
        let dict = unsafe { Borrowed::<Dict>::from_ptr_or_null(self.raw().tp_dict) };
        match dict.map(Borrowed::to_owned).map_or_else(|| Dict::new(th), Ok) {
            Ok(dict) => dict,
            Err(_) => crate::fatal("no memory for the dictionary of a class"),
        }
    }

    /// `_PyType_Lookup`: `name` in the dictionaries of the MRO, through the method cache. Never raises.
    pub fn lookup(&self, th: &Thread, name: Borrowed<'_, Str>) -> Option<Owned> {
        let version = self.raw().tp_version_tag;
        if version != 0 {
            if let Some(answer) = th.interp().types.cached(version, name) {
                return answer;
            }
        }
        self.lookup_uncached(th, name)
    }

    #[cold]
    #[inline(never)]
    fn lookup_uncached(&self, th: &Thread, name: Borrowed<'_, Str>) -> Option<Owned> {
        let (found, complete) = self.find_in_mro(th, name);
        if complete && name.is_interned() && !forward::is_pending(self) {
            let version = self.assign_version(th);
            if version != 0 {
                th.interp().types.remember(version, name, found.as_ref().map(Owned::object));
            }
        }
        found
    }

    /// `name` in the dictionaries of the MRO, in order; and whether all could be asked, for which there may be no
    /// memory.
    fn find_in_mro(&self, th: &Thread, name: Borrowed<'_, Str>) -> (Option<Owned>, bool) {
        let mut complete = true;
        // Comparing keys that are not strings may run Python code, which may change the MRO.
        let Some(mro) = self.mro().map(Borrowed::to_owned) else { return (None, true) };
        for entry in mro.as_slice() {
            let Some(base) = entry.downcast::<Type>() else {
                continue;
            };
            let Ok(dict) = base.ready(th).and_then(|()| base.filled_dict(th)) else {
                complete = false;
                drop(th.take_exception());
                continue;
            };
            match dict.get_str(th, name) {
                Ok(Some(found)) => return (Some(found), complete),
                Ok(None) => {}
                Err(_) => drop(th.take_exception()),
            }
        }
        (None, complete)
    }

    /// The type's version, given out now if it has none; 0 if there are no more. Bases get theirs first, so
    /// that a change of a base reaches the types that rely on it.
    pub fn assign_version(&self, th: &Thread) -> u32 {
        if self.raw().tp_version_tag != 0 {
            return self.raw().tp_version_tag;
        }
        if !self.has_flag(abi::Py_TPFLAGS_READY) || self.raw().tp_versions_used >= MOST_VERSIONS {
            return 0;
        }
        if let Ok(bases) = self.bases(th) {
            for base in bases.as_slice().iter().filter_map(|base| base.downcast::<Type>()) {
                if base.assign_version(th) == 0 {
                    return 0;
                }
            }
        }
        let version = match self.is_heap_type() {
            true => th.interp().types.next_version(),
            false => state::next_foreign_version(),
        };
        // SAFETY: only the attached thread writes a heap type.
        unsafe { self.set_version(version) };
        version
    }

    /// Gives the type a version.
    ///
    /// # Safety
    /// The calling thread is attached; nothing is remembered under the version, or it is right for the type too.
    pub unsafe fn set_version(&self, version: u32) {
        // SAFETY: the caller's promise.
        unsafe {
            let raw = self.as_type_ptr();
            (*raw).tp_version_tag = version;
            if version != 0 {
                (*raw).tp_versions_used = (*raw).tp_versions_used.saturating_add(1);
            }
        }
    }

    /// Nothing may be remembered about the type any more: its MRO is its own idea, so that changes of the classes
    /// in it do not reach it through its bases.
    pub(crate) fn refuse_versions(&self, th: &Thread) {
        self.modified(th);
        // SAFETY: only the attached thread writes a heap type; only those have a metaclass that is not `type`.
        unsafe { (*self.as_type_ptr()).tp_versions_used = NO_VERSIONS };
    }

    /// `PyType_Modified`: forgets the version that caches rely on, here and in all subclasses.
    pub fn modified(&self, th: &Thread) {
        // A type without a version has no subclass with one.
        if self.raw().tp_version_tag == 0 || self.has_flag(abi::_Py_TPFLAGS_STATIC_BUILTIN) {
            return;
        }
        for subclass in subclasses::of(th, self) {
            subclass.modified(th);
        }
        crate::watchers::type_modified(th, self);
        // SAFETY: only the attached thread writes a heap type.
        unsafe {
            let raw = self.as_type_ptr();
            (*raw).tp_version_tag = 0;
            if self.is_heap_type() {
                // What the specialiser remembers of `__getitem__` and `__init__` is borrowed.
                (*self.as_heap_ptr())._spec_cache.getitem = std::ptr::null_mut();
                (*self.as_heap_ptr())._spec_cache.init = std::ptr::null_mut();
            }
        }
    }

    /// A new instance through `tp_alloc`: zeroed after the head, tracked if the type is collected.
    #[inline(always)]
    pub fn alloc<T>(&self, th: &Thread, items: isize) -> PyResult<Owned<T>> {
        // SAFETY: the type lays out its instances as `T`.
        Ok(unsafe { self.alloc_object(th, items)?.cast() })
    }

    /// `alloc` for all types: one copy of it.
    fn alloc_object(&self, th: &Thread, items: isize) -> PyResult {
        let ty = Borrowed::from_ref(self);
        // Static types inherit that of `object`, which does the same.
        let slot = self.raw().tp_alloc.map_or(0, |slot| slot as usize);
        let of_object = Object::type_object().raw().tp_alloc.map_or(0, |slot| slot as usize);
        if slot == of_object || slot == alloc::generic_alloc as *const () as usize {
            return alloc::alloc(th, ty, items);
        }
        self.alloc_otherwise(th, items)
    }

    /// `alloc_object` of a type that makes its instances itself, or is not ready.
    #[inline(never)]
    fn alloc_otherwise(&self, th: &Thread, items: isize) -> PyResult {
        let ty = Borrowed::from_ref(self);
        // A static type may be used before anyone has asked for it by name.
        if !self.has_flag(abi::Py_TPFLAGS_READY) {
            ty.ready(th)?;
        }
        let Some(slot) = self.raw().tp_alloc else {
            // Descriptors are made while the types they belong to, and their own, are being readied.
            return alloc::alloc(th, ty, items);
        };
        // SAFETY: a type's `tp_alloc` makes instances of it.
        let ob = unsafe { Owned::from_ptr_or_null(slot(self.as_type_ptr(), items)) };
        ob.ok_or_else(|| th.raised_by_c())
    }
}

impl<'a> Borrowed<'a, Type> {
    /// `PyType_Ready`.
    #[inline]
    pub fn ready(self, th: &Thread) -> PyResult<()> {
        ready::ready(th, self)
    }
}
