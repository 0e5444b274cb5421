//! `deque`: the object and its storage. Its methods are in `deque_methods`, its iterators in `deque_iterators`.
//!
//! Invariants: 1. `items` is not borrowed while anything else runs: references leave it before they are released;
//! 2. every change of the number of items, or of their order, counts in `state`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ffi::c_int;

use krait_abi as abi;
use krait_objects::gc::Visit;
use krait_objects::prelude::*;

/// The items. Memory that starts as zeros holds none.
#[allow(clippy::box_collection)] // zeroed memory is a valid `None` only of a box
pub struct Items(RefCell<Option<Box<VecDeque<Owned>>>>);

impl Visit for Items {
    fn visit(&self, visitor: &mut Visitor<'_>) -> c_int {
        let Ok(items) = self.0.try_borrow() else {
            return 0;
        };
        for item in items.iter().flat_map(|items| items.iter()) {
            let stop = visitor.visit(Some(item.borrow()));
            if stop != 0 {
                return stop;
            }
        }
        0
    }

    fn clear(&self) {
        let items = self.0.borrow_mut().take();
        drop(items);
    }
}

/// A list-like sequence optimized for data accesses near its endpoints.
#[pytype(
    name = "collections.deque", doc = "A list-like sequence optimized for data accesses near its endpoints.",
    flags(BASETYPE, HAVE_GC, SEQUENCE), weaklist = weakrefs,
)]
#[repr(C)]
pub struct Deque {
    head: Head,
    #[visit]
    items: Items,
    pub(super) state: Cell<usize>,
    /// -1 for none.
    max: Cell<isize>,
    weakrefs: Cell<*mut abi::PyObject>,
}

impl Deque {
    /// An empty one of a class.
    pub(super) fn make(th: &Thread, cls: Borrowed<'_, Type>) -> PyResult<Owned<Deque>> {
        let deque = cls.alloc::<Deque>(th, 0)?;
        deque.max.set(-1);
        Ok(deque)
    }

    /// Does something to the items that runs no code.
    pub(super) fn with<R>(&self, action: impl FnOnce(&mut VecDeque<Owned>) -> R) -> R {
        action(self.items.0.borrow_mut().get_or_insert_default())
    }

    /// As `with`, and counts as a change.
    pub(super) fn change<R>(&self, action: impl FnOnce(&mut VecDeque<Owned>) -> R) -> R {
        self.state.set(self.state.get().wrapping_add(1));
        self.with(action)
    }

    pub(super) fn len(&self) -> usize {
        self.with(|items| items.len())
    }

    pub(super) fn get(&self, index: usize) -> Option<Owned> {
        self.with(|items| items.get(index).cloned())
    }

    pub(super) fn max(&self) -> Option<usize> {
        usize::try_from(self.max.get()).ok()
    }

    pub(super) fn set_max(&self, max: Option<usize>) {
        self.max.set(max.map_or(-1, |max| max as isize));
    }

    /// At the right end; one falls off the left if there are too many.
    pub(super) fn push_back(&self, item: Owned) {
        let max = self.max();
        let fallen = self.change(|items| {
            items.push_back(item);
            max.filter(|&max| items.len() > max).and_then(|_| items.pop_front())
        });
        drop(fallen);
    }

    /// At the left end; one falls off the right if there are too many.
    pub(super) fn push_front(&self, item: Owned) {
        let max = self.max();
        let fallen = self.change(|items| {
            items.push_front(item);
            max.filter(|&max| items.len() > max).and_then(|_| items.pop_back())
        });
        drop(fallen);
    }

    pub(super) fn extend(
        this: Borrowed<'_, Deque>,
        th: &Thread,
        iterable: Borrowed<'_>,
    ) -> PyResult<()> {
        if iterable.is(this) {
            let copy = List::from_iterable(th, iterable)?;
            return Deque::extend(this, th, copy.object());
        }
        let iterator = iter::get_iter(th, iterable)?;
        while let Some(item) = iter::next(th, iterator.borrow())? {
            this.push_back(item);
        }
        Ok(())
    }

    pub(super) fn extend_left(
        this: Borrowed<'_, Deque>,
        th: &Thread,
        iterable: Borrowed<'_>,
    ) -> PyResult<()> {
        if iterable.is(this) {
            let copy = List::from_iterable(th, iterable)?;
            return Deque::extend_left(this, th, copy.object());
        }
        let iterator = iter::get_iter(th, iterable)?;
        while let Some(item) = iter::next(th, iterator.borrow())? {
            this.push_front(item);
        }
        Ok(())
    }

    pub(super) fn clear_items(&self) {
        let items = self.change(std::mem::take);
        drop(items);
    }

    pub(super) fn rotate_by(&self, n: isize) {
        self.change(|items| {
            let len = items.len();
            if len > 1 {
                items.rotate_right(n.rem_euclid(len as isize) as usize);
            }
        });
    }

    /// Takes the item at `index` out, which exists.
    pub(super) fn remove_at(&self, index: usize) -> Option<Owned> {
        self.change(|items| items.remove(index))
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
        let total = len.checked_mul(count).filter(|&total| total < isize::MAX as usize / 8);
        let total = total.ok_or_else(|| th.no_memory())?;
        let items: Vec<Owned> = self.with(|items| items.iter().cloned().collect());
        let room = self.with(|own| own.try_reserve(total - len));
        if room.is_err() {
            return Err(th.no_memory());
        }
        for _ in 1..count {
            for item in &items {
                self.push_back(item.clone());
            }
        }
        Ok(())
    }
}
