//! What an interpreter keeps of dictionaries: versions of key tables, watchers.

use std::cell::Cell;
use std::ffi::c_int;

use krait_abi as abi;

use super::Dict;
use super::keys::{self, Keys};
use crate::prelude::*;

/// How many watchers there can be; the first bits of a dictionary's tag say who watches it.
pub const MAX_WATCHERS: usize = 8;

/// What happened to a dictionary: `PyDict_WatchEvent`.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Event {
    Added = abi::PyDict_EVENT_ADDED,
    Modified = abi::PyDict_EVENT_MODIFIED,
    Deleted = abi::PyDict_EVENT_DELETED,
    Cloned = abi::PyDict_EVENT_CLONED,
    Cleared = abi::PyDict_EVENT_CLEARED,
    Deallocated = abi::PyDict_EVENT_DEALLOCATED,
}

impl Event {
    fn name(self) -> &'static str {
        match self {
            Event::Added => "PyDict_EVENT_ADDED",
            Event::Modified => "PyDict_EVENT_MODIFIED",
            Event::Deleted => "PyDict_EVENT_DELETED",
            Event::Cloned => "PyDict_EVENT_CLONED",
            Event::Cleared => "PyDict_EVENT_CLEARED",
            Event::Deallocated => "PyDict_EVENT_DEALLOCATED",
        }
    }
}

/// Per-interpreter state.
pub struct DictState {
    next_keys_version: Cell<u32>,
    watchers: [Cell<abi::PyDict_WatchCallback>; MAX_WATCHERS],
}

impl Default for DictState {
    fn default() -> Self {
        // Version 1 is that of the empty table.
        let state = DictState { next_keys_version: Cell::new(2), watchers: Default::default() };
        // The reference watches the built-in names with the first one, which C may name, too.
        state.watchers[0].set(Some(unconcerned));
        state
    }
}

/// A watcher that does nothing.
unsafe extern "C" fn unconcerned(
    _event: abi::PyDict_WatchEvent,
    _dict: *mut abi::PyObject,
    _key: *mut abi::PyObject,
    _value: *mut abi::PyObject,
) -> c_int {
    0
}

impl DictState {
    /// The version of a table's keys, given out now if it has none; 0 if there are no more. It changes with every
    /// key that comes or goes, so that who has seen a version knows at which index a key is, or that it is not there.
    ///
    /// # Safety
    /// `keys` is a live table.
    pub unsafe fn keys_version(&self, keys: Keys) -> u32 {
        // SAFETY: the caller's promise.
        unsafe {
            if (*keys).dk_version != 0 {
                return (*keys).dk_version;
            }
            let version = self.next_keys_version.get();
            if version != 0 {
                self.next_keys_version.set(version.wrapping_add(1));
                (*keys).dk_version = version;
            }
            version
        }
    }

    /// The version that the next table is given.
    pub fn next_keys_version(&self) -> u32 {
        self.next_keys_version.get()
    }

    /// Both go on counting where the other was.
    pub(crate) fn exchange_versions(&self, other: &DictState) {
        self.next_keys_version.swap(&other.next_keys_version);
    }

    /// `PyDict_AddWatcher`: the id of a new watcher, `None` if there are too many.
    pub fn add_watcher(&self, callback: abi::PyDict_WatchCallback) -> Option<usize> {
        // The first two are for the interpreter itself.
        let id = (2..MAX_WATCHERS).find(|&id| self.watchers[id].get().is_none())?;
        self.watchers[id].set(callback);
        Some(id)
    }

    /// The watcher's function, or `None`.
    pub fn watcher(&self, id: usize) -> abi::PyDict_WatchCallback {
        self.watchers.get(id).and_then(Cell::get)
    }

    /// `PyDict_ClearWatcher`; also installs the interpreter's own two.
    pub fn set_watcher(&self, id: usize, callback: abi::PyDict_WatchCallback) {
        if let Some(watcher) = self.watchers.get(id) {
            watcher.set(callback);
        }
    }
}

impl Dict {
    /// The version of the dictionary's keys for inline caches; 0 if there is none to be had.
    pub fn keys_version(&self, th: &Thread) -> u32 {
        let table = self.keys.get();
        // SAFETY: a dictionary's table is live.
        unsafe {
            if !keys::is_unicode(table) {
                return 0;
            }
            th.interp().dicts.keys_version(table)
        }
    }

    /// Makes watcher `id` see what happens to the dictionary, or no more.
    pub fn watch(&self, id: usize, on: bool) {
        let bit = 1 << id;
        let tag = self.watcher_tag.get();
        self.watcher_tag.set(if on { tag | bit } else { tag & !bit });
    }

    #[inline(always)]
    pub(super) fn is_watched(&self) -> bool {
        self.watcher_tag.get() & abi::DICT_WATCHER_MASK as u64 != 0
    }

    /// Tells the watchers before the change is made.
    #[inline(always)]
    pub(super) fn notify(
        &self,
        event: Event,
        key: Option<Borrowed<'_>>,
        value: Option<Borrowed<'_>>,
    ) {
        if self.watcher_tag.get() & abi::DICT_WATCHER_MASK as u64 != 0 {
            self.call_watchers(event, key, value);
        }
    }

    #[cold]
    #[inline(never)]
    fn call_watchers(&self, event: Event, key: Option<Borrowed<'_>>, value: Option<Borrowed<'_>>) {
        let th = Thread::current();
        let this = Borrowed::from_ref(self);
        let mut bits = self.watcher_tag.get() & abi::DICT_WATCHER_MASK as u64;
        while bits != 0 {
            let id = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            let Some(callback) = th.interp().dicts.watcher(id) else { continue };
            let pointer =
                |ob: Option<Borrowed<'_>>| ob.map_or(std::ptr::null_mut(), Borrowed::as_ptr);
            // SAFETY: the callback gets live objects or NULL.
            let failed = unsafe {
                callback(event as c_int, this.as_ptr(), pointer(key), pointer(value)) < 0
            };
            if failed {
                let (name, at) = (event.name(), this.as_ptr());
                let text =
                    format!("Exception ignored in {name} watcher callback for <dict at {at:p}>");
                (th.interp().services.get().unraisable)(th, None, &text);
            }
        }
    }
}
