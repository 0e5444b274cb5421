//! `deque`: the object. Its storage is in `blocks`, its methods in `deque_methods`, its iterators in `deque_iterators`.
//!
//! Invariants: 1. references leave the storage before they are released;
//! 2. every change of the number of items, or of their order, counts in `state`.

use std::cell::Cell;
use std::ffi::c_int;

use super::blocks::Blocks;
use krait_abi as abi;
use krait_objects::gc::Visit;
use krait_objects::prelude::*;

impl Visit for Blocks {
    fn visit(&self, visitor: &mut Visitor<'_>) -> c_int {
        let mut cursor = self.first();
        for _ in 0..self.len() {
            // SAFETY: the cursor is on an item; visiting changes no deque.
            let item = unsafe { cursor.item() };
            let stop = visitor.visit(Some(item));
            if stop != 0 {
                return stop;
            }
            // SAFETY: as above.
            unsafe { cursor.forward() };
        }
        0
    }

    fn clear(&self) {
        drop(self.take());
    }
}

/// A sequence to which items can be added, and from which they can be taken, quickly at both ends.
#[pytype(
    name = "collections.deque", new = "([iterable[, maxlen]])",
    doc = "A sequence to which items can be added, and from which they can be taken, quickly at both ends.",
    flags(BASETYPE, HAVE_GC, SEQUENCE), weaklist = weakrefs,
)]
#[repr(C)]
pub struct Deque {
    head: Head,
    #[visit]
    pub(super) items: Blocks,
    pub(super) state: Cell<usize>,
    /// -1 for none.
    max: Cell<isize>,
    weakrefs: Cell<*mut abi::PyObject>,
}

// `sys.getsizeof` of the reference's.
const _: () = assert!(size_of::<Deque>() == 216);

impl Deque {
    /// An empty one of a class.
    pub(super) fn make(th: &Thread, cls: Borrowed<'_, Type>) -> PyResult<Owned<Deque>> {
        let deque = cls.alloc::<Deque>(th, 0)?;
        deque.items.prepare(th)?;
        deque.max.set(-1);
        Ok(deque)
    }

    /// Counts a change.
    fn changes(&self) {
        self.state.set(self.state.get().wrapping_add(1));
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<Owned> {
        self.items.get(index).map(Borrowed::to_owned)
    }

    pub(super) fn max(&self) -> Option<usize> {
        usize::try_from(self.max.get()).ok()
    }

    pub(super) fn set_max(&self, max: Option<usize>) {
        self.max.set(max.map_or(-1, |max| max as isize));
    }

    /// At the right end; one falls off the left if there are too many.
    #[inline]
    pub(super) fn push_back(&self, th: &Thread, item: Owned) -> PyResult<()> {
        self.items.push_back(th, item)?;
        self.changes();
        if self.len() > self.max.get() as usize {
            drop(self.items.pop_front());
        }
        Ok(())
    }

    /// At the left end; one falls off the right if there are too many.
    #[inline]
    pub(super) fn push_front(&self, th: &Thread, item: Owned) -> PyResult<()> {
        self.items.push_front(th, item)?;
        self.changes();
        if self.len() > self.max.get() as usize {
            drop(self.items.pop_back());
        }
        Ok(())
    }

    pub(super) fn pop_back(&self) -> Option<Owned> {
        self.changes();
        self.items.pop_back()
    }

    pub(super) fn pop_front(&self) -> Option<Owned> {
        self.changes();
        self.items.pop_front()
    }

    pub(super) fn extend(
        this: Borrowed<'_, Deque>,
        th: &Thread,
        iterable: Borrowed<'_>,
    ) -> PyResult<()> {
        if this.max.get() < 0 && !iterable.is(this) && Deque::extend_at_once(&this, th, iterable)? {
            return Ok(());
        }
        Deque::extend_by(this, th, iterable, Blocks::start_left, Deque::push_back)
    }

    /// Takes the items of a list, a tuple or another deque in, while no Python code runs; false for anything else.
    fn extend_at_once(&self, th: &Thread, iterable: Borrowed<'_>) -> PyResult<bool> {
        let (list, tuple) = (iterable.downcast_exact::<List>(), iterable.downcast_exact::<Tuple>());
        let deque = iterable.downcast_exact::<Deque>();
        if list.is_none() && tuple.is_none() && deque.is_none() {
            return Ok(false);
        }
        if self.len() == 0 {
            self.items.start_left(th)?;
        }
        self.changes();
        if let Some(deque) = deque {
            self.items.extend_from(th, &deque.items)?;
        } else if let Some(tuple) = tuple {
            self.items.extend_back(th, tuple.as_slice())?;
        } else if let Some(list) = list {
            // SAFETY: nobody changes the list meanwhile: counting items and making blocks runs no Python code.
            self.items.extend_back(th, unsafe { list.as_slice() })?;
        }
        Ok(true)
    }

    pub(super) fn extend_left(
        this: Borrowed<'_, Deque>,
        th: &Thread,
        iterable: Borrowed<'_>,
    ) -> PyResult<()> {
        Deque::extend_by(this, th, iterable, Blocks::start_right, Deque::push_front)
    }

    /// Takes items in at one end: `start` prepares an empty chain, `push` takes one.
    #[inline(always)]
    fn extend_by(
        this: Borrowed<'_, Deque>,
        th: &Thread,
        iterable: Borrowed<'_>,
        start: impl Fn(&Blocks, &Thread) -> PyResult<()>,
        push: impl Fn(&Deque, &Thread, Owned) -> PyResult<()>,
    ) -> PyResult<()> {
        let copy;
        let iterable = match iterable.is(this) {
            true => {
                copy = List::from_iterable(th, iterable)?;
                copy.object()
            }
            false => iterable,
        };
        let iterator = iter::get_iter(th, iterable)?;
        if this.get().len() == 0 {
            start(&this.items, th)?;
        }
        while let Some(item) = iter::next(th, iterator.borrow())? {
            push(&this, th, item)?;
        }
        Ok(())
    }

    pub(super) fn clear_items(&self) {
        let items = self.items.take();
        self.changes();
        drop(items);
    }

    pub(super) fn rotate_by(&self, th: &Thread, n: isize) -> PyResult<()> {
        let len = self.len();
        if len <= 1 {
            return Ok(());
        }
        self.changes();
        let right = n.rem_euclid(len as isize) as usize;
        if right <= len / 2 {
            self.items.rotate_right(th, right)
        } else {
            self.items.rotate_left(th, len - right)
        }
    }

    /// Puts an item before the one at `index`, or at the end.
    pub(super) fn insert_at(&self, th: &Thread, index: usize, item: Owned) -> PyResult<()> {
        let behind = self.len() - index;
        if behind < index {
            self.rotate_by(th, behind as isize)?;
            self.push_back(th, item)?;
            return self.rotate_by(th, -(behind as isize));
        }
        self.rotate_by(th, -(index as isize))?;
        self.push_front(th, item)?;
        self.rotate_by(th, index as isize)
    }

    /// Takes the item at `index` out, which exists.
    pub(super) fn remove_at(&self, th: &Thread, index: usize) -> PyResult<Option<Owned>> {
        self.rotate_by(th, -(index as isize))?;
        let item = self.pop_front();
        self.rotate_by(th, index as isize)?;
        Ok(item)
    }

    /// A copy of the same class, as its constructor makes it, with the same bound.
    pub(super) fn copied(this: Borrowed<'_, Deque>, th: &Thread) -> PyResult {
        let class = this.object().get().ty();
        let deque = Borrowed::from_ref(Deque::type_object());
        if class.is(deque) {
            let copy = Deque::make(th, deque)?;
            copy.set_max(this.max());
            Deque::extend(copy.borrow(), th, this.object())?;
            return Ok(copy.into_object());
        }
        let made = match this.max() {
            None => call::call(th, class.object(), &[this.object()])?,
            Some(max) => {
                let max = Int::from_usize(th, max)?;
                call::call(th, class.object(), &[this.object(), max.object()])?
            }
        };
        if made.borrow().downcast::<Deque>().is_none() {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "{}() must return a deque, not {}",
                class.tp_name(),
                made.type_name()
            ));
        }
        Ok(made)
    }

    /// Repeats the items in place, no more than the bound keeps.
    pub(super) fn repeat_items(&self, th: &Thread, count: isize) -> PyResult<()> {
        let (len, max) = (self.len(), self.max());
        if len == 0 || count == 1 {
            return Ok(());
        }
        if count <= 0 {
            self.clear_items();
            return Ok(());
        }
        let mut count = count as usize;
        if let Some(max) = max {
            // What would only fall off again is not made.
            count = count.min(max / len + 2);
        }
        let total = len.checked_mul(count).filter(|&total| th.interp().heap.allows(total * 8));
        total.ok_or_else(|| th.no_memory())?;
        let items: Vec<Owned> = (0..len).filter_map(|at| self.get(at)).collect();
        for _ in 1..count {
            for item in &items {
                self.push_back(th, item.clone())?;
            }
        }
        Ok(())
    }
}
