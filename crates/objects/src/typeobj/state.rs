//! What an interpreter keeps of types: state of static types, the method cache, versions.
//!
//! A static type is one struct for the whole process, so what can change of it lives here, one entry per
//! type and interpreter, found by the index that `tp_subclasses` of a static type holds (plus one, so that
//! zero means none), as in the reference.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU32, Ordering};

use krait_abi as abi;

use crate::dict::Dict;
use crate::handle::{Borrowed, Owned, Slot};
use crate::str::Str;
use crate::typeobj::Type;

/// The changing part of one static type in one interpreter.
#[derive(Default)]
pub struct StaticState {
    /// The type, once it is in use here.
    ty: Cell<Option<&'static Type>>,
    /// What the type defines, filled on first use.
    pub dict: Slot<Dict>,
    /// Address of a subclass to a weak reference to it.
    pub subclasses: Slot<Dict>,
    /// The head of the list of weak references to the type.
    pub weaklist: Cell<*mut abi::PyObject>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Slot::EMPTY
    }
}

/// Versions below this belong to built-in static types and are the same in every interpreter.
pub const FIRST_FOREIGN_VERSION: u32 = 1 << 16;

/// From here on an interpreter gives out versions to its own types. Those between belong to static types of extension
/// modules, which several interpreters may have.
pub const FIRST_HEAP_VERSION: u32 = 1 << 20;

static NEXT_FOREIGN: AtomicU32 = AtomicU32::new(FIRST_FOREIGN_VERSION);

/// A version for an extension module's static type that no other type of the process has, or 0 if they are used up.
pub fn next_foreign_version() -> u32 {
    let next = |version: u32| (version < FIRST_HEAP_VERSION).then(|| version + 1);
    NEXT_FOREIGN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).unwrap_or(0)
}

const CACHE_BITS: u32 = 12;

/// One remembered look-up: what `name` is on the type with `version`.
struct CacheEntry {
    version: u32,
    name: Option<Owned<Str>>,
    /// Borrowed from the dictionary it was found in: a change there changes the version.
    value: *mut abi::PyObject,
}

/// The entries of the method cache, in pages that cost nothing until they are touched.
struct Cache {
    entries: *mut CacheEntry,
    /// A bit for each 64th of the entries: whether one of them remembers something.
    noted: Cell<u64>,
}

impl Cache {
    const SIZE: usize = size_of::<CacheEntry>() << CACHE_BITS;
    /// Entries that share a bit.
    const SHARE: usize = (1 << CACHE_BITS) / 64;

    fn new() -> Cache {
        // SAFETY: new memory, all zeros: entries that remember nothing.
        let block = unsafe {
            let access = libc::PROT_READ | libc::PROT_WRITE;
            let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            libc::mmap(std::ptr::null_mut(), Self::SIZE, access, kind, -1, 0)
        };
        if block == libc::MAP_FAILED {
            crate::fatal("no memory for the cache of methods");
        }
        Cache { entries: block.cast(), noted: Cell::new(0) }
    }

    #[inline(always)]
    fn entry(&self, at: usize) -> *mut CacheEntry {
        debug_assert!(at < 1 << CACHE_BITS);
        self.entries.wrapping_add(at)
    }

    fn note(&self, at: usize) {
        self.noted.set(self.noted.get() | 1 << (at / Self::SHARE));
    }

    /// The entries that may remember something, which their bits forget.
    fn take_noted(&self) -> impl Iterator<Item = usize> + use<> {
        let noted = self.noted.take();
        (0..64).filter(move |share| noted >> share & 1 != 0).flat_map(|share| {
            let first = share * Self::SHARE;
            first..first + Self::SHARE
        })
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        // SAFETY: the block of `new`; what was remembered is released before (`clear_cache`).
        unsafe { libc::munmap(self.entries.cast(), Self::SIZE) };
    }
}

/// So many static types share a block of `TypeStates`.
const BLOCK: usize = 32;

/// Per-interpreter state of types.
pub struct TypeStates {
    /// In blocks, each made when the first of its entries is asked for.
    statics: RefCell<Vec<Option<Box<[StaticState; BLOCK]>>>>,
    next_version: Cell<u32>,
    cache: Cache,
}

impl Default for TypeStates {
    fn default() -> TypeStates {
        TypeStates {
            statics: RefCell::default(),
            next_version: Cell::new(FIRST_HEAP_VERSION),
            cache: Cache::new(),
        }
    }
}

impl TypeStates {
    /// The state of the static type with `index`, made on first use.
    pub fn of_static(&self, index: usize) -> &StaticState {
        let mut statics = self.statics.borrow_mut();
        let (block, index) = (index / BLOCK, index % BLOCK);
        if statics.len() <= block {
            statics.resize_with(block + 1, || None);
        }
        let state: *const StaticState = &statics[block].get_or_insert_default()[index];
        // SAFETY: a box does not move, and entries live as long as the interpreter.
        unsafe { &*state }
    }

    /// A static type is in use in this interpreter.
    pub fn enter_static(&self, ty: Borrowed<'_, Type>) {
        let index = ty.raw().tp_subclasses as usize - 1;
        // SAFETY: a static type.
        self.of_static(index).ty.set(Some(unsafe { &*std::ptr::from_ref(ty.get()) }));
    }

    /// The static types in use in this interpreter, in the order in which they became ready.
    pub fn statics(&self) -> Vec<&'static Type> {
        self.each_static(|state| state.ty.get())
    }

    /// A version that no other heap type has, or 0 if they are used up.
    pub fn next_version(&self) -> u32 {
        let version = self.next_version.get();
        if version != 0 {
            self.next_version.set(version.wrapping_add(1));
        }
        version
    }

    /// Both go on counting where the other was.
    pub(crate) fn exchange_versions(&self, other: &TypeStates) {
        self.next_version.swap(&other.next_version);
    }

    fn slot(version: u32, name: Borrowed<'_, Str>) -> usize {
        let mixed = version ^ (name.as_ptr() as usize >> 4) as u32;
        (mixed & ((1 << CACHE_BITS) - 1)) as usize
    }

    /// `Some(answer)` if the cache knows it.
    #[inline]
    pub fn cached(&self, version: u32, name: Borrowed<'_, Str>) -> Option<Option<Owned>> {
        // SAFETY: the attached thread reads; nothing runs meanwhile.
        let entry = unsafe { &*self.cache.entry(Self::slot(version, name)) };
        let known =
            entry.version == version && entry.name.as_ref().is_some_and(|known| known.is(name));
        // SAFETY: the version still holds, so the value is still in its dictionary.
        known.then(|| unsafe {
            Borrowed::<'_>::from_ptr_or_null(entry.value).map(Borrowed::to_owned)
        })
    }

    /// Remembers an answer for an interned name.
    pub fn remember(&self, version: u32, name: Borrowed<'_, Str>, value: Option<Borrowed<'_>>) {
        let entry = CacheEntry {
            version,
            name: Some(name.to_owned()),
            value: value.map_or(std::ptr::null_mut(), Borrowed::as_ptr),
        };
        // SAFETY: the attached thread writes; the old name is released after the entry is whole.
        let old = unsafe {
            let slot = Self::slot(version, name);
            self.cache.note(slot);
            std::mem::replace(&mut *self.cache.entry(slot), entry)
        };
        drop(old);
    }

    /// Empties the cache (`sys._clear_type_cache`, finalisation).
    pub fn clear_cache(&self) {
        for at in self.cache.take_noted() {
            let empty = CacheEntry { version: 0, name: None, value: std::ptr::null_mut() };
            // SAFETY: as in `remember`.
            let old = unsafe { std::mem::replace(&mut *self.cache.entry(at), empty) };
            drop(old);
        }
    }

    /// Releases what is kept of static types; at finalisation only.
    pub fn clear(&self) {
        self.clear_cache();
        // Released once nothing is borrowed: a dying weak reference looks its type's state up.
        drop(self.each_static(|state| state.subclasses.take()));
        drop(self.each_static(|state| state.dict.take()));
    }

    /// The weak references to static types forget them, as their lists go with the interpreter.
    pub fn forget_references(&self) {
        for ty in self.statics() {
            // SAFETY: a static type is never destroyed, but is not to be reached through what outlives the interpreter.
            unsafe { crate::weakref::forget_references(Borrowed::from_ref(ty).as_ptr()) };
        }
    }

    fn each_static<T>(&self, part: impl Fn(&StaticState) -> Option<T>) -> Vec<T> {
        let statics = self.statics.borrow();
        statics.iter().flatten().flat_map(|block| block.iter()).filter_map(part).collect()
    }
}

/// The state of `ty` in the current interpreter, if it is a static built-in type that is ready.
pub fn static_state<'a>(th: &'a crate::thread::Thread, ty: &Type) -> Option<&'a StaticState> {
    if !ty.has_flag(abi::_Py_TPFLAGS_STATIC_BUILTIN) {
        return None;
    }
    let index = ty.raw().tp_subclasses as usize;
    Some(th.interp().types.of_static(index.checked_sub(1)?))
}
