//! `_queue`: a queue without bounds, for several threads.
//!
//! The same job as CPython's `Modules/_queuemodule.c`.
//!
//! Invariants: 1. the semaphore counts the items that nobody has been promised yet: whoever takes it has an item;
//! 2. `items` is not borrowed while anything else runs.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::ffi::c_int;
use std::sync::Arc;
use std::time::Duration;

use krait_abi as abi;
use krait_objects::gc::Visit;
use krait_objects::prelude::*;

use crate::support::new_exception;
use crate::thread::semaphore::Semaphore;
use crate::thread::timeout;

/// The items. Memory that starts as zeros holds none.
#[allow(clippy::box_collection)] // zeroed memory is a valid `None` only of a box
struct Items(RefCell<Option<Box<VecDeque<Owned>>>>);

impl Items {
    /// Does something to the items that runs no code.
    fn with<R>(&self, action: impl FnOnce(&mut VecDeque<Owned>) -> R) -> R {
        action(self.0.borrow_mut().get_or_insert_default())
    }
}

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

/// Simple, unbounded, reentrant FIFO queue.
#[pytype(
    name = "_queue.SimpleQueue", new = "()", flags(BASETYPE, HAVE_GC), weaklist = weakrefs,
    doc = "Simple, unbounded, reentrant FIFO queue.",
)]
#[repr(C)]
pub struct SimpleQueue {
    head: Head,
    #[visit]
    items: Items,
    waiting: OnceCell<Arc<Semaphore>>,
    weakrefs: Cell<*mut abi::PyObject>,
}

/// What an interpreter keeps: the class `Empty`.
#[derive(Default)]
struct State {
    empty: RefCell<Option<Owned<Type>>>,
}

impl SimpleQueue {
    fn semaphore(&self) -> &Arc<Semaphore> {
        self.waiting.get_or_init(|| {
            // A new semaphore is free; a new queue has nothing to give.
            let semaphore = Semaphore::new();
            semaphore.try_acquire();
            semaphore
        })
    }

    /// The first item, once there is one; `_queue.Empty` after the time given.
    fn take(&self, th: &Thread, wait: bool, time: Option<Duration>) -> PyResult {
        // The queue may go meanwhile, but not what is waited on.
        let there =
            self.semaphore().try_acquire() || wait && self.semaphore().clone().acquire(th, time)?;
        let item = if there { self.items.with(VecDeque::pop_front) } else { None };
        item.ok_or_else(|| {
            let class = th.interp().state::<State>().empty.borrow().clone();
            match class {
                Some(class) => match call::call(th, class.object(), &[]) {
                    Ok(exception) => th.set_exception(exception),
                    Err(raised) => raised,
                },
                None => th.bad_internal_call(),
            }
        })
    }
}

#[pymethods]
impl SimpleQueue {
    #[new(sig = "()")]
    fn new(cls: Borrowed<'_, Type>, th: &Thread) -> PyResult<Owned<SimpleQueue>> {
        cls.alloc::<SimpleQueue>(th, 0)
    }

    /// Put the item on the queue.
    ///
    /// The optional arguments are ignored: this never blocks. They are there for the sake of Queue's interface.
    #[method(sig = "(self, /, item, block=True, timeout=None)")]
    fn put(&self, item: Owned, #[default(true)] _block: bool, _timeout: Option<Borrowed<'_>>) {
        self.put_nowait(item);
    }

    /// Put an item into the queue without blocking.
    ///
    /// This is the same as put(item), and is there for the sake of Queue's interface.
    #[method(sig = "(self, /, item)")]
    fn put_nowait(&self, item: Owned) {
        self.items.with(|items| items.push_back(item));
        self.semaphore().release();
    }

    /// Remove and return an item from the queue.
    ///
    /// If 'block' is true and 'timeout' is None, wait until an item is there. If 'timeout' is a number that is not
    /// negative, wait at most so many seconds, and raise Empty if no item came. If 'block' is false, return an item if
    /// one is there at once, else raise Empty.
    #[method(sig = "(self, /, block=True, timeout=None)")]
    fn get(&self, th: &Thread, block: bool, timeout: Option<Borrowed<'_>>) -> PyResult {
        let time = match timeout {
            Some(timeout) if block => {
                let nanoseconds = timeout::nanoseconds(th, timeout, 1_000_000_000)?;
                let nanoseconds = u64::try_from(nanoseconds).map_err(|_| {
                    th.raise(exc::VALUE_ERROR, "'timeout' must be a non-negative number")
                })?;
                Some(Duration::from_nanos(nanoseconds))
            }
            _ => None,
        };
        self.take(th, block, time)
    }

    /// Remove and return an item from the queue without blocking.
    ///
    /// Raise Empty if no item is there at once.
    #[method(sig = "(self, /)")]
    fn get_nowait(&self, th: &Thread) -> PyResult {
        self.take(th, false, None)
    }

    /// Return True if the queue is empty, False otherwise (not reliable!).
    #[method(sig = "(self, /)")]
    fn empty(&self) -> bool {
        self.qsize() == 0
    }

    /// Return the approximate size of the queue (not reliable!).
    #[method(sig = "(self, /)")]
    fn qsize(&self) -> usize {
        self.items.with(|items| items.len())
    }

    /// See PEP 585
    #[classmethod(sig = "(type, object, /)")]
    fn __class_getitem__(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        krait_objects::generic_alias::new(th, cls.object(), object)
    }
}

/// C implementation of the Python queue module.
/// This module is an implementation detail, please do not use it directly.
#[pymodule(name = "_queue")]
pub struct QueueModule;

#[pyfunctions]
impl QueueModule {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        module.add_type(th, SimpleQueue::type_object())?;
        let known = th.interp().state::<State>().empty.borrow().clone();
        let class = match known {
            Some(class) => class,
            None => make_empty(th)?,
        };
        module.add(th, "Empty", class.object())
    }
}

/// The class `Empty`, made once for an interpreter.
fn make_empty(th: &Thread) -> PyResult<Owned<Type>> {
    let doc = "Exception raised by Queue.get(block=0)/get_nowait().";
    let base = Borrowed::from_ref(exc::EXCEPTION).object();
    let class = new_exception(th, "_queue", "Empty", &[base], Some(doc))?;
    *th.interp().state::<State>().empty.borrow_mut() = Some(class.clone());
    Ok(class)
}
