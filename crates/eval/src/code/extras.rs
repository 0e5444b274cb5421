//! What tools keep with code objects, until these are gone: `PyUnstable_Code_SetExtra` and its like.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::c_void;

use krait_abi as abi;
use krait_objects::prelude::*;

use super::Code;

#[derive(Default)]
pub struct Extras {
    /// For each slot: what frees that which is kept there.
    free: RefCell<Vec<abi::freefunc>>,
    /// By the code object's address: what is kept, by slot.
    kept: RefCell<HashMap<usize, Vec<*mut c_void>>>,
}

impl Extras {
    pub fn of(th: &Thread) -> &Extras {
        th.interp().state()
    }

    /// A new slot.
    pub fn request_slot(&self, free: abi::freefunc) -> isize {
        let mut slots = self.free.borrow_mut();
        slots.push(free);
        slots.len() as isize - 1
    }

    /// What is kept in a slot; null if nothing is.
    pub fn get(&self, code: Borrowed<'_, Code>, slot: isize) -> *mut c_void {
        let kept = self.kept.borrow();
        let slot = usize::try_from(slot).ok();
        let found = kept.get(&code.as_ptr().addr()).zip(slot).and_then(|(row, slot)| row.get(slot));
        found.copied().unwrap_or(std::ptr::null_mut())
    }

    /// Puts something into a slot and frees what was there; false if there is no such slot.
    pub fn set(&self, code: Borrowed<'_, Code>, slot: isize, value: *mut c_void) -> bool {
        let slot = usize::try_from(slot).ok().filter(|slot| *slot < self.free.borrow().len());
        let Some(slot) = slot else { return false };
        let mut kept = self.kept.borrow_mut();
        let row = kept.entry(code.as_ptr().addr()).or_default();
        if row.len() <= slot {
            row.resize(slot + 1, std::ptr::null_mut());
        }
        let old = std::mem::replace(&mut row[slot], value);
        drop(kept);
        self.release(slot, old);
        true
    }

    /// Frees all that is kept with a code object that goes away.
    pub fn forget(th: &Thread, code: *const Code) {
        // Most programs keep nothing, and need no table for it.
        let Some(extras) = th.interp().known_state::<Extras>() else {
            return;
        };
        let row = extras.kept.borrow_mut().remove(&code.addr());
        for (slot, old) in row.into_iter().flatten().enumerate() {
            extras.release(slot, old);
        }
    }

    fn release(&self, slot: usize, old: *mut c_void) {
        let free = self.free.borrow().get(slot).copied().flatten();
        if let Some(free) = free.filter(|_| !old.is_null()) {
            // SAFETY: the slot's own function frees what was put there.
            unsafe { free(old) };
        }
    }
}
