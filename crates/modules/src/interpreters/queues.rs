//! `_interpqueues`: queues that all interpreters of the process see.
//!
//! The same job as CPython's `Modules/_interpqueuesmodule.c`.

use std::cell::OnceCell;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use krait_eval::lifecycle::EndHooks;
use krait_eval::{import, registry};
use krait_objects::prelude::*;

use super::arguments::{form, int, number_of, parse, present};
use super::data::{self, Carried, Fallback, Parcel};
use super::errors;
use crate::support::new_exception;

/// What becomes of an item whose interpreter ends before it is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Unbound {
    Remove = 1,
    Error,
    Replace,
}

/// What an item may be sent as.
pub fn fallback_of(th: &Thread, value: i32) -> PyResult<Fallback> {
    match value {
        0 => Ok(Fallback::None),
        1 => Ok(Fallback::Full),
        _ => Err(raise!(th, VALUE_ERROR, "unsupported fallback {value}")),
    }
}

impl Unbound {
    pub fn of(th: &Thread, value: i32) -> PyResult<Unbound> {
        match value {
            1 => Ok(Unbound::Remove),
            2 => Ok(Unbound::Error),
            3 => Ok(Unbound::Replace),
            _ => Err(raise!(th, VALUE_ERROR, "unsupported unboundop {value}")),
        }
    }
}

/// How items are sent unless `put` says otherwise.
#[derive(Clone, Copy)]
pub struct Defaults {
    pub unbound: Unbound,
    pub fallback: Fallback,
}

impl Defaults {
    /// Arguments of a function, where anything negative stands for what `self` says.
    pub fn or(self, th: &Thread, unbound: i32, fallback: i32) -> PyResult<Defaults> {
        Ok(Defaults {
            unbound: if unbound < 0 { self.unbound } else { Unbound::of(th, unbound)? },
            fallback: if fallback < 0 { self.fallback } else { fallback_of(th, fallback)? },
        })
    }

    pub const USUAL: Defaults = Defaults { unbound: Unbound::Replace, fallback: Fallback::Full };

    pub fn numbers(self) -> (i64, i64) {
        (self.unbound as i64, i64::from(self.fallback == Fallback::Full))
    }
}

struct Item {
    /// The sender; its data goes when it ends.
    interp: i64,
    data: Option<Carried>,
    unbound: Unbound,
}

struct Queue {
    id: i64,
    items: VecDeque<Item>,
    max: isize,
    defaults: Defaults,
    handles: usize,
}

impl Queue {
    fn is_full(&self) -> bool {
        usize::try_from(self.max).is_ok_and(|max| max > 0 && self.items.len() >= max)
    }
}

/// The queues of the process: they belong to no interpreter.
struct Queues {
    all: Vec<Queue>,
    last: i64,
}

static QUEUES: Mutex<Queues> = Mutex::new(Queues { all: Vec::new(), last: 0 });

fn queues() -> MutexGuard<'static, Queues> {
    QUEUES.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

enum Trouble {
    NotFound,
    Full,
    Empty,
    NeverBound,
}

/// Looks at a queue. Data that it gives up is not to be dropped inside.
fn with<T>(id: i64, look: impl FnOnce(&mut Queue) -> Result<T, Trouble>) -> Result<T, Trouble> {
    let mut queues = queues();
    let found = queues.all.iter_mut().find(|queue| queue.id == id);
    look(found.ok_or(Trouble::NotFound)?)
}

/// The interpreter's classes: its own, and those that `concurrent.interpreters` registers.
#[derive(Default)]
struct Classes {
    error: OnceCell<Owned<Type>>,
    not_found: OnceCell<Owned<Type>>,
    queue: Slot<Type>,
    empty: Slot<Type>,
    full: Slot<Type>,
}

fn classes(th: &Thread) -> &Classes {
    th.interp().state::<Classes>()
}

impl Classes {
    fn error(&self, th: &Thread) -> PyResult<Owned<Type>> {
        if let Some(class) = self.error.get() {
            return Ok(class.clone());
        }
        let doc = "Indicates that a queue-related error happened.";
        let base = Borrowed::from_ref(exc::RUNTIME_ERROR).object();
        let class = new_exception(th, errors::MODULE, "QueueError", &[base], Some(doc))?;
        Ok(self.error.get_or_init(|| class).clone())
    }

    fn not_found(&self, th: &Thread) -> PyResult<Owned<Type>> {
        if let Some(class) = self.not_found.get() {
            return Ok(class.clone());
        }
        let base = self.error(th)?;
        let bases = [base.object()];
        let class = new_exception(th, errors::MODULE, "QueueNotFoundError", &bases, None)?;
        Ok(self.not_found.get_or_init(|| class).clone())
    }

    /// A class that `concurrent.interpreters` registers when it is imported.
    fn registered(&self, th: &Thread, which: fn(&Classes) -> &Slot<Type>) -> PyResult<Owned<Type>> {
        if which(self).get().is_none() {
            import::import(th, "concurrent.interpreters._queues")?;
        }
        match which(self).get_owned() {
            Some(class) => Ok(class),
            None => Err(th.raise(exc::RUNTIME_ERROR, "queue types are not registered")),
        }
    }
}

fn raise_trouble(th: &Thread, id: i64, trouble: Trouble) -> Raised {
    let known = classes(th);
    let (class, what) = match trouble {
        Trouble::NotFound => (known.not_found(th), "not found"),
        Trouble::Full => (known.registered(th, |known| &known.full), "is full"),
        Trouble::Empty => (known.registered(th, |known| &known.empty), "is empty"),
        Trouble::NeverBound => (known.error(th), "never bound"),
    };
    let raise = |class: Owned<Type>| -> PyResult<Raised> {
        let message = Str::from_fmt(th, format_args!("queue {id} {what}"))?;
        Ok(th.raise_in(class.borrow(), Some(message.object())))
    };
    match class.and_then(raise) {
        Ok(raised) | Err(raised) => raised,
    }
}

fn id_of(th: &Thread, argument: Option<Borrowed<'_>>) -> PyResult<i64> {
    let ob = present(th, argument)?;
    let Some(value) = ob.downcast::<Int>() else {
        let found = ob.type_name();
        return Err(raise!(th, TYPE_ERROR, "queue ID must be an int, got {found}"));
    };
    if value.to_i64().is_none() && !value.is_negative() {
        let shown = object::repr(th, ob)?;
        let max = i64::MAX;
        return Err(raise!(th, OVERFLOW_ERROR, "max queue ID is {max}, got {}", &*shown));
    }
    number_of(th, ob, "queue")
}

/// The only argument of most functions.
fn only_id(
    th: &Thread,
    args: Args<'_>,
    signature: &krait_objects::args::bind::Signature,
) -> PyResult<i64> {
    let [id] = parse(th, args, signature)?;
    id_of(th, id)
}

/// An interpreter ends: what it has put and nobody has taken.
fn forget(th: &Thread) {
    let interp = th.interp().id;
    let last = registry::all().len() <= 1;
    let mut dropped = Vec::new();
    let mut all = queues();
    for queue in &mut all.all {
        let mut kept = VecDeque::new();
        for mut item in queue.items.drain(..) {
            if item.interp == interp {
                dropped.extend(item.data.take());
                if item.unbound == Unbound::Remove {
                    continue;
                }
            }
            kept.push_back(item);
        }
        queue.items = kept;
    }
    if last {
        all.all.clear();
        all.last = 0;
    }
    drop(all);
    drop(dropped);
}

/// A queue on its way, which has a handle of it.
struct QueueParcel(i64);

impl Drop for QueueParcel {
    fn drop(&mut self) {
        drop(release(self.0));
    }
}

impl Parcel for QueueParcel {
    fn open(&self, th: &Thread) -> PyResult {
        let class = classes(th).registered(th, |known| &known.queue)?;
        let id = Int::from_i64(th, self.0)?;
        call::call(th, class.object(), &[id.object()])
    }
}

fn take_queue(th: &Thread, ob: Borrowed<'_>) -> PyResult<Box<dyn Parcel>> {
    let id = object::get_attr(th, ob, Str::interned(th, "_id")?.borrow())?;
    let id = number_of(th, id.borrow(), "queue")?;
    bind(id).map_err(|trouble| raise_trouble(th, id, trouble))?;
    Ok(Box::new(QueueParcel(id)))
}

/// This module provides primitive operations to manage Python interpreters.
/// The 'interpreters' module provides a more convenient interface.
#[pymodule(name = "_interpqueues")]
pub struct InterpreterQueues;

#[pyfunctions]
impl InterpreterQueues {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        module.add(th, "QueueError", classes(th).error(th)?.object())?;
        module.add(th, "QueueNotFoundError", classes(th).not_found(th)?.object())?;
        EndHooks::add(th, forget);
        Ok(())
    }

    /// create(maxsize, unboundop, fallback) -> qid
    ///
    /// Make a new queue and return its number.
    ///
    /// Whoever makes it has to call destroy() or to bind() and release() it.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn create(th: &Thread, args: Args<'_>) -> PyResult<i64> {
        let signature = form!("create", ["maxsize"], ["unboundop", "fallback"], 3);
        let [max, unbound, fallback] = parse(th, args, signature)?;
        let max = number::index(th, present(th, max)?)?;
        let max = max.to_i64().ok_or_else(|| {
            th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C ssize_t")
        })? as isize;
        let (unbound, fallback) = (int(th, unbound, -1)?, int(th, fallback, -1)?);
        let defaults = Defaults::USUAL.or(th, unbound, fallback)?;
        let mut queues = queues();
        queues.last += 1;
        let id = queues.last;
        queues.all.push(Queue { id, items: VecDeque::new(), max, defaults, handles: 0 });
        Ok(id)
    }

    /// destroy(qid)
    ///
    /// End a queue, with all that is in it.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn destroy(th: &Thread, args: Args<'_>) -> PyResult<()> {
        let id = only_id(th, args, form!("destroy", ["qid"], [], 1))?;
        remove(id).map(drop).map_err(|trouble| raise_trouble(th, id, trouble))
    }

    /// list_all() -> [(qid, unboundop, fallback)]
    ///
    /// Return the numbers of all queues, with what becomes of their items.
    #[function(sig = "()", no_text)]
    fn list_all(th: &Thread) -> PyResult {
        let all: Vec<(i64, (i64, i64))> =
            queues().all.iter().rev().map(|queue| (queue.id, queue.defaults.numbers())).collect();
        let entry = |(id, (unbound, fallback))| {
            let numbers = [id, unbound, fallback].map(|number| Int::from_i64(th, number));
            let numbers: PyResult<Vec<Owned>> =
                numbers.into_iter().map(|number| number.map(Owned::into_object)).collect();
            Ok(Tuple::from_vec(th, numbers?)?.into_object())
        };
        let entries: PyResult<Vec<Owned>> = all.into_iter().map(entry).collect();
        Ok(List::from_vec(th, entries?)?.into_object())
    }

    /// put(qid, obj)
    ///
    /// Put the object's data into a queue.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn put(th: &Thread, args: Args<'_>) -> PyResult<()> {
        let signature = form!("put", ["qid", "obj"], ["unboundop", "fallback"], 4);
        let [id, ob, unbound, fallback] = parse(th, args, signature)?;
        let id = id_of(th, id)?;
        let (unbound, fallback) = (int(th, unbound, -1)?, int(th, fallback, -1)?);
        Defaults::USUAL.or(th, unbound, fallback)?;
        let trouble = |trouble| raise_trouble(th, id, trouble);
        let defaults = with(id, |queue| Ok(queue.defaults)).map_err(trouble)?;
        let defaults = defaults.or(th, unbound, fallback)?;
        let data = Carried::take(th, present(th, ob)?, defaults.fallback)?;
        let item = Item { interp: th.interp().id, data: Some(data), unbound: defaults.unbound };
        let mut item = Some(item);
        let added = with(id, |queue| match queue.is_full() {
            true => Err(Trouble::Full),
            false => {
                queue.items.extend(item.take());
                Ok(())
            }
        });
        added.map_err(trouble)
    }

    /// get(qid) -> (obj, unboundop)
    ///
    /// Take the next item out of a queue. If its interpreter has ended, there
    /// is no object but the number that tells what stands for it.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn get(th: &Thread, args: Args<'_>) -> PyResult<Owned<Tuple>> {
        let id = only_id(th, args, form!("get", ["qid"], [], 1))?;
        let item = with(id, |queue| queue.items.pop_front().ok_or(Trouble::Empty));
        let item = item.map_err(|trouble| raise_trouble(th, id, trouble))?;
        opened(th, item.data.as_ref(), item.unbound)
    }

    /// bind(qid)
    ///
    /// Have the queue live until release() has been called as often as this.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn bind(th: &Thread, args: Args<'_>) -> PyResult<()> {
        let id = only_id(th, args, form!("bind", ["qid"], [], 1))?;
        bind(id).map_err(|trouble| raise_trouble(th, id, trouble))
    }

    /// release(qid)
    ///
    /// Undo a bind(). The queue ends with the last one.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn release(th: &Thread, args: Args<'_>) -> PyResult<()> {
        let id = only_id(th, args, form!("release", ["qid"], [], 1))?;
        release(id).map(drop).map_err(|trouble| raise_trouble(th, id, trouble))
    }

    /// get_maxsize(qid)
    ///
    /// Return how many items the queue may have.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn get_maxsize(th: &Thread, args: Args<'_>) -> PyResult<isize> {
        let id = only_id(th, args, form!("get_maxsize", ["qid"], [], 1))?;
        with(id, |queue| Ok(queue.max)).map_err(|trouble| raise_trouble(th, id, trouble))
    }

    /// get_queue_defaults(qid)
    ///
    /// Return what the queue was made with.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn get_queue_defaults(th: &Thread, args: Args<'_>) -> PyResult<(i64, i64)> {
        let id = only_id(th, args, form!("get_queue_defaults", ["qid"], [], 1))?;
        let defaults = with(id, |queue| Ok(queue.defaults.numbers()));
        defaults.map_err(|trouble| raise_trouble(th, id, trouble))
    }

    /// is_full(qid)
    ///
    /// Return whether the queue has as many items as it may have.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn is_full(th: &Thread, args: Args<'_>) -> PyResult<bool> {
        let id = only_id(th, args, form!("is_full", ["qid"], [], 1))?;
        with(id, |queue| Ok(queue.is_full())).map_err(|trouble| raise_trouble(th, id, trouble))
    }

    /// get_count(qid)
    ///
    /// Return how many items the queue has.
    #[function(sig = "(*args, **kwargs)", no_text)]
    fn get_count(th: &Thread, args: Args<'_>) -> PyResult<usize> {
        let id = only_id(th, args, form!("get_count", ["qid"], [], 1))?;
        with(id, |queue| Ok(queue.items.len())).map_err(|trouble| raise_trouble(th, id, trouble))
    }

    #[function(sig = "(*args, **kwargs)", no_text)]
    fn _register_heap_types(th: &Thread, args: Args<'_>) -> PyResult<()> {
        let signature =
            form!("_register_heap_types", ["queuetype", "emptyerror", "fullerror"], [], 3);
        let [queue, empty, full] = parse(th, args, signature)?;
        let class_of = |argument, message: &str| {
            let class = present(th, argument)?.downcast::<Type>();
            class.ok_or_else(|| th.raise(exc::TYPE_ERROR, message))
        };
        let exception = |argument, name: &str| {
            let message = format!("expected an exception type for '{name}'");
            let class = class_of(argument, &message)?;
            match class.is_subtype(exc::BASE_EXCEPTION) {
                true => Ok(class),
                false => Err(th.raise(exc::TYPE_ERROR, &message)),
            }
        };
        let queue = class_of(queue, "expected a type for 'queuetype'")?;
        let (empty, full) = (exception(empty, "emptyerror")?, exception(full, "fullerror")?);
        let known = classes(th);
        if let Some(old) = known.queue.get_owned() {
            data::unregister(th, old.borrow());
        }
        data::register(th, queue, take_queue);
        known.queue.set(Some(queue.to_owned()));
        known.empty.set(Some(empty.to_owned()));
        known.full.set(Some(full.to_owned()));
        Ok(())
    }
}

fn bind(id: i64) -> Result<(), Trouble> {
    with(id, |queue| {
        queue.handles += 1;
        Ok(())
    })
}

/// Gives a handle back; the queue if it was the last.
fn release(id: i64) -> Result<Option<Queue>, Trouble> {
    let left = with(id, |queue| {
        queue.handles = queue.handles.checked_sub(1).ok_or(Trouble::NeverBound)?;
        Ok(queue.handles)
    })?;
    Ok(if left == 0 { remove(id).ok() } else { None })
}

/// Takes a queue out; its items go when nothing is locked any more.
fn remove(id: i64) -> Result<Queue, Trouble> {
    let mut queues = queues();
    let at = queues.all.iter().position(|queue| queue.id == id).ok_or(Trouble::NotFound)?;
    Ok(queues.all.remove(at))
}

/// An item as it is given out: the object and None, or None and what stands for it.
pub fn opened(th: &Thread, data: Option<&Carried>, unbound: Unbound) -> PyResult<Owned<Tuple>> {
    let parts = match data {
        Some(data) => [data.open(th)?, none().to_owned()],
        None => [none().to_owned(), Int::from_i64(th, unbound as i64)?.into_object()],
    };
    Tuple::pack(th, parts)
}
