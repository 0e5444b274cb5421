//! Iterators over deques, in both directions.

use std::cell::Cell;

use super::blocks::Cursor;
use super::deque::Deque;
use krait_objects::prelude::*;

macro_rules! iterator {
    ($(#[$doc:meta])* $ty:ident, $name:literal, $reversed:literal) => {
        $(#[$doc])*
        #[pytype(name = $name, flags(HAVE_GC))]
        #[repr(C)]
        pub struct $ty {
            head: Head,
            #[visit]
            deque: Slot<Deque>,
            /// The deque's state at the start.
            state: Cell<usize>,
            left: Cell<usize>,
            /// The next item, while the state is the same and `left` is not zero.
            cursor: Cell<Cursor>,
        }

        impl $ty {
            pub fn over(th: &Thread, deque: Borrowed<'_, Deque>) -> PyResult<Owned<$ty>> {
                let iterator = Borrowed::from_ref(Self::type_object()).alloc::<$ty>(th, 0)?;
                iterator.state.set(deque.state.get());
                iterator.left.set(deque.get().len());
                let start = if $reversed { deque.items.last() } else { deque.items.first() };
                iterator.cursor.set(start);
                iterator.deque.set(Some(deque.to_owned()));
                Ok(iterator)
            }
        }

        #[pymethods]
        impl $ty {
            #[new(sig = "(deque, index=0, /)")]
            fn new(
                _cls: Borrowed<'_, Type>,
                th: &Thread,
                deque: Borrowed<'_>,
                #[default(0)] index: isize,
            ) -> PyResult<Owned<$ty>> {
                let Some(deque) = deque.downcast::<Deque>() else {
                    let name = deque.type_name();
                    return Err(raise!(th, TYPE_ERROR, "argument 1 must be collections.deque, not {name}"));
                };
                let iterator = $ty::over(th, deque)?;
                for _ in 0..index {
                    if iterator.next(th)?.is_none() {
                        break;
                    }
                }
                Ok(iterator)
            }

            #[slot(tp_iternext)]
            fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
                let Some(deque) = self.deque.get() else {
                    return Ok(None);
                };
                if deque.state.get() != self.state.get() {
                    self.left.set(0);
                    return Err(th.raise(exc::RUNTIME_ERROR, "deque mutated during iteration"));
                }
                let left = self.left.get();
                if left == 0 {
                    return Ok(None);
                }
                let mut cursor = self.cursor.get();
                // SAFETY: `left` items of the same state are still to come.
                let item = unsafe { cursor.item() }.to_owned();
                // SAFETY: as above.
                unsafe { if $reversed { cursor.back() } else { cursor.forward() } };
                self.cursor.set(cursor);
                self.left.set(left - 1);
                Ok(Some(item))
            }

            /// About how many items are still to come.
            #[method(sig = "(self, /)", no_text)]
            fn __length_hint__(&self) -> usize {
                self.left.get()
            }

            /// What pickle and copy need to make the object anew.
            #[method(sig = "(self, /)", no_text)]
            fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
                let ty = this.object().get().ty().object().to_owned();
                let deque = this.deque.get_owned().map_or_else(|| none().to_owned(), Owned::into_object);
                let len = deque.borrow().downcast::<Deque>().map_or(0, |deque| deque.get().len());
                let index = Int::from_usize(th, len - this.left.get().min(len))?.into_object();
                let arguments = Tuple::pack(th, [deque, index])?.into_object();
                Tuple::pack(th, [ty, arguments]).map(Owned::into_object)
            }
        }
    };
}

iterator!(DequeIterator, "collections._deque_iterator", false);
iterator!(DequeReverseIterator, "collections._deque_reverse_iterator", true);
