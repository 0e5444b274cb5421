//! The state of one interpreter: everything mutable that is not an object or a thread.
//!
//! Hot state is a field; the rest lives in `state::<T>()`, one value per type, so that a module keeps
//! what it needs without an entry here. The same job as CPython's `PyInterpreterState`, whose first 8000 bytes
//! it shares: profilers of another process know them by heart (`docs/internals/debuggers.md`).

use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, Ordering};
use std::sync::{Arc, Mutex};

use krait_abi as abi;

use crate::asyncio::TaskList;
use crate::dict::Dict;
use crate::dict::state::DictState;
use crate::error::PyResult;
use crate::exceptions::BaseException;
use crate::freelist::FreeLists;
use crate::gc::Collector;
use crate::handle::{Borrowed, Owned, Slot};
use crate::memory::{Heap, RefTracer};
use crate::str::Str;
use crate::str::interned::Interned;
use crate::thread::Thread;
use crate::tuple::Tuple;
use crate::typeobj::foreign::ForeignTypes;
use crate::typeobj::forward::Forward;
use crate::typeobj::state::TypeStates;
use crate::watchers::Watching;

/// What `objects` needs of higher layers, filled in by `eval` when it creates an interpreter.
#[derive(Clone, Copy)]
pub struct Services {
    /// `import name` as the `import` statement does it: `(th, name, fromlist, level)`.
    pub import: fn(&Thread, Borrowed<'_, Str>, Option<Borrowed<'_, Tuple>>, i32) -> PyResult,
    /// Issues a warning: `(th, category, message, stack_level)`; an error if a filter makes it one.
    pub warn: fn(&Thread, Borrowed<'_>, Borrowed<'_, Str>, isize) -> PyResult<()>,
    /// `sys.unraisablehook` for the current exception, with what was going on.
    pub unraisable: fn(&Thread, Option<Borrowed<'_>>, &str),
    /// The globals and builtins of the running Python frame.
    pub globals: for<'a> fn(&'a Thread) -> Option<Owned<Dict>>,
    /// The builtins of the running Python frame, else the interpreter's: any mapping.
    pub builtins: fn(&Thread) -> Option<Owned>,
    /// Adds a traceback entry or anything else that needs the running frame's code: name of the module.
    pub current_module: fn(&Thread) -> Option<Owned>,
    /// Has a module of Python code define the classes that were declared in its name.
    pub define_module: fn(&Thread, &'static str) -> PyResult<()>,
    /// The core module of importlib.
    pub importlib: fn(&Thread) -> PyResult,
    /// The arguments of a zero-argument `super()`: class and first argument of the running frame.
    pub super_arguments: fn(&Thread) -> PyResult<(Owned, Owned)>,
    /// File name and line of each running frame, innermost first. Allocates nothing.
    pub stack: for<'a> fn(&'a Thread, &mut dyn FnMut(Borrowed<'_, Str>, u32)),
    /// Calls the audit hooks with an event and its arguments.
    pub audit: fn(&Thread, &str, Borrowed<'_, Tuple>) -> PyResult<()>,
    /// Ends the process with a message, and what its threads are at.
    pub fatal: fn(&Thread, &str) -> !,
}

/// The hash of what is one already: the number of a type.
#[derive(Default)]
struct Ready(u64);

impl Hasher for Ready {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// One isolated interpreter. The padding stands for what of `PyInterpreterState` nobody reads from outside.
#[repr(C)]
pub struct Interpreter {
    _evaluation: [u64; 2],
    /// Where `gil` lies.
    gil_address: AtomicPtr<Holder>,
    _pending: [u64; 906],
    /// The one that is older.
    pub next: AtomicPtr<Interpreter>,
    pub id: i64,
    _life: [u64; 6],
    pub threads: Threads,
    _collector: [u64; 36],
    /// `sys.__dict__`, `builtins.__dict__`, `sys.modules` once they exist.
    pub sys_dict: Slot<Dict>,
    pub builtins: Slot<Dict>,
    pub modules: Slot<Dict>,
    _imports: [u64; 11],
    pub gil: Holder,
    /// Whether another process may ask threads to run a script: `PyConfig.remote_debug`.
    pub remote_debug: Cell<i32>,
    /// How many code objects have gone: what a debugger has kept of code is stale when it changes.
    pub code_generation: Cell<u64>,
    pub gc: Collector,
    pub types: TypeStates,
    pub forward: Forward,
    pub free_lists: FreeLists,
    pub foreign_types: ForeignTypes,
    pub dicts: DictState,
    pub watchers: Watching,
    pub interned: Interned,
    pub recursion_limit: Cell<i32>,
    /// Whether there are audit hooks: any thread may add one for all interpreters.
    pub audited: AtomicBool,
    /// `-X importtime`: whether imports tell how long they take (1), also those of what is there (2).
    pub import_time: Cell<u8>,
    /// Set once finalisation has begun.
    pub finalizing: Cell<bool>,
    /// What the program has put in front of `sys.path` when it began to run; "" stands for the current folder.
    pub script_folder: RefCell<Option<Vec<u8>>>,
    pub int_max_str_digits: Cell<i32>,
    /// Memory for the next text that is put together, without contents.
    pub spare_text: Cell<Vec<u8>>,
    /// Code objects know columns, not only lines.
    pub code_debug_ranges: Cell<bool>,
    /// In development mode, names of encodings and error handlers are checked even if not needed.
    pub checks_codecs: Cell<bool>,
    /// The code between a call of a class and its `__init__`, once the loop has made it.
    pub init_cleanup: Slot,
    /// A MemoryError for when all in reserve are in use; it stays until nothing can run any more.
    pub last_memory_error: Slot<BaseException>,
    /// A bit for each native module that has been collected while its static types may still be in use.
    pub collected_modules: Cell<u32>,
    /// Adds to `sys` what is made only when somebody looks for what is not there; once.
    pub rest_of_sys: Cell<Option<fn(&Thread, &Dict) -> PyResult<()>>>,
    /// Adds the standard streams to `sys` when somebody looks for them; false while the thread is at it already.
    pub standard_streams: Cell<Option<fn(&Thread, &Dict) -> PyResult<bool>>>,
    /// Built-in callables that the loop knows by their address.
    pub known: KnownCallables,
    pub services: Cell<Services>,
    /// Buffers that other interpreters have views of.
    pub lent: Arc<Lent>,
    /// Tasks of asyncio that belonged to threads which have ended. Dropped before the heap, which has the tasks.
    pub tasks: TaskList,
    others: RefCell<HashMap<TypeId, Box<dyn Any>, BuildHasherDefault<Ready>>>,
    /// Whether the heap is one with those of other interpreters under the same lock.
    pub shares_heap: Cell<bool>,
    /// Last, so that it outlives what the fields above hold.
    pub heap: Heap,
}

const _: () = {
    use std::mem::offset_of;
    assert!(offset_of!(Interpreter, gil_address) == 16);
    assert!(offset_of!(Interpreter, next) == 7272);
    assert!(offset_of!(Interpreter, id) == 7280);
    assert!(offset_of!(Interpreter, threads.head) == 7344);
    assert!(offset_of!(Interpreter, threads.main) == 7360);
    assert!(offset_of!(Interpreter, sys_dict) == 7672);
    assert!(offset_of!(Interpreter, modules) == 7688);
    assert!(offset_of!(Interpreter, gil) == 7784);
};

/// The thread states of an interpreter, linked to each other: `pythreads`.
#[repr(C)]
pub struct Threads {
    _next_id: u64,
    /// The newest.
    pub head: AtomicPtr<abi::PyThreadState>,
    _reserve: usize,
    /// The one that the interpreter was started with.
    pub main: AtomicPtr<abi::PyThreadState>,
    _more: [u64; 2],
}

/// Which of an interpreter's threads has the GIL, as `_gil_runtime_state` tells it. For others to look at: the lock
/// itself is elsewhere.
#[repr(C)]
pub struct Holder {
    _interval: u64,
    pub last: AtomicPtr<Thread>,
    pub locked: AtomicI32,
}

impl Holder {
    /// `thread` has the GIL now.
    #[inline(always)]
    pub fn take(&self, thread: *const Thread) {
        self.last.store(thread.cast_mut(), Ordering::Relaxed);
        self.locked.store(1, Ordering::Relaxed);
    }

    /// No thread of the interpreter has it.
    #[inline(always)]
    pub fn release(&self) {
        self.locked.store(0, Ordering::Relaxed);
    }
}

/// How many buffers of an interpreter others have views of, or whether extension modules count on it. Its memory stays until
/// they are gone.
#[derive(Default)]
pub struct Lent(Mutex<(usize, Option<Ended>)>);

struct Ended(#[allow(dead_code, reason = "kept for its memory")] Box<Interpreter>);

// SAFETY: nothing of an ended interpreter is used any more but its memory.
unsafe impl Send for Ended {}

impl Lent {
    fn state(&self) -> std::sync::MutexGuard<'_, (usize, Option<Ended>)> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub fn add(&self) {
        self.state().0 += 1;
    }

    /// A view is gone, and with the last one the interpreter's memory, if that has ended.
    pub fn remove(&self) {
        let mut state = self.state();
        state.0 = state.0.saturating_sub(1);
        let gone = if state.0 == 0 { state.1.take() } else { None };
        drop(state);
        drop(gone);
    }

    /// Whether the interpreter has ended, and its memory is still there.
    pub fn is_left(&self) -> bool {
        self.state().1.is_some()
    }

    /// The interpreter has ended: its memory goes now, or with the last view.
    pub fn end(&self, interp: Box<Interpreter>) {
        let mut state = self.state();
        let gone = if state.0 == 0 { Some(Ended(interp)) } else { state.1.replace(Ended(interp)) };
        drop(state);
        drop(gone);
    }
}

/// Calls of these have instructions of their own.
pub struct KnownCallables {
    pub len: Slot,
    pub isinstance: Slot,
    pub list_append: Slot,
}

impl Interpreter {
    /// Traces what is allocated from here on (`tracemalloc`), with so many frames of each traceback.
    pub fn start_tracing(&self, frames: usize) {
        self.heap.start_tracing(frames);
        self.free_lists.set_closed(&self.heap, true);
    }

    /// Ends tracing and forgets all traces.
    pub fn stop_tracing(&self) {
        if let Some(tracer) = self.heap.stop_tracing() {
            self.free_lists.set_closed(&self.heap, self.heap.is_watched());
            drop(tracer);
        }
    }

    /// Calls `tracer` for every object that comes or goes from here on; `None` ends that.
    pub fn set_ref_tracer(&self, th: &Thread, tracer: Option<RefTracer>) {
        self.heap.set_ref_tracer(tracer);
        self.free_lists.set_closed(&self.heap, self.heap.is_watched());
        // The other threads notice when they are attached.
        th.find_stack();
    }

    /// An interpreter without modules; `eval::lifecycle` brings it to life.
    pub fn new(id: i64, services: Services) -> Box<Interpreter> {
        let interp = Box::new(Interpreter {
            _evaluation: [0; 2],
            gil_address: AtomicPtr::new(null_mut()),
            _pending: [0; 906],
            next: AtomicPtr::new(null_mut()),
            id,
            _life: [0; 6],
            threads: Threads {
                _next_id: 0,
                head: AtomicPtr::new(null_mut()),
                _reserve: 0,
                main: AtomicPtr::new(null_mut()),
                _more: [0; 2],
            },
            _collector: [0; 36],
            _imports: [0; 11],
            gil: Holder {
                _interval: 0,
                last: AtomicPtr::new(null_mut()),
                locked: AtomicI32::new(0),
            },
            remote_debug: Cell::new(0),
            code_generation: Cell::new(1),
            heap: Heap::default(),
            gc: Collector::default(),
            types: TypeStates::default(),
            forward: Forward::default(),
            free_lists: FreeLists::default(),
            foreign_types: ForeignTypes::default(),
            dicts: DictState::default(),
            watchers: Watching::default(),
            interned: Interned::default(),
            recursion_limit: Cell::new(1000),
            audited: AtomicBool::new(false),
            import_time: Cell::new(0),
            finalizing: Cell::new(false),
            modules: Slot::EMPTY,
            sys_dict: Slot::EMPTY,
            builtins: Slot::EMPTY,
            script_folder: RefCell::default(),
            int_max_str_digits: Cell::new(4300),
            spare_text: Cell::default(),
            code_debug_ranges: Cell::new(true),
            checks_codecs: Cell::new(false),
            init_cleanup: Slot::EMPTY,
            last_memory_error: Slot::EMPTY,
            collected_modules: Cell::new(0),
            rest_of_sys: Cell::new(None),
            standard_streams: Cell::new(None),
            known: KnownCallables {
                len: Slot::EMPTY,
                isinstance: Slot::EMPTY,
                list_append: Slot::EMPTY,
            },
            services: Cell::new(services),
            lent: Arc::default(),
            tasks: TaskList::new(),
            others: RefCell::default(),
            shares_heap: Cell::new(false),
        });
        interp.tasks.begin();
        interp.gil_address.store((&raw const interp.gil).cast_mut(), Ordering::Relaxed);
        interp
    }

    /// Where debuggers find what: `_Py_DebugOffsets.interpreter_state`.
    pub const OFFSETS: abi::debug_offsets::_interpreter_state = {
        use std::mem::offset_of;
        abi::debug_offsets::_interpreter_state {
            size: size_of::<Interpreter>() as u64,
            id: offset_of!(Interpreter, id) as u64,
            next: offset_of!(Interpreter, next) as u64,
            threads_head: offset_of!(Interpreter, threads.head) as u64,
            threads_main: offset_of!(Interpreter, threads.main) as u64,
            gc: offset_of!(Interpreter, gc) as u64,
            imports_modules: offset_of!(Interpreter, modules) as u64,
            sysdict: offset_of!(Interpreter, sys_dict) as u64,
            builtins: offset_of!(Interpreter, builtins) as u64,
            ceval_gil: offset_of!(Interpreter, gil_address) as u64,
            gil_runtime_state: offset_of!(Interpreter, gil) as u64,
            gil_runtime_state_enabled: 0,
            gil_runtime_state_locked: offset_of!(Interpreter, gil.locked) as u64,
            gil_runtime_state_holder: offset_of!(Interpreter, gil.last) as u64,
            code_object_generation: offset_of!(Interpreter, code_generation) as u64,
            tlbc_generation: 0,
        }
    };

    /// Whether the heap is the main interpreter's.
    pub fn is_guest(&self) -> bool {
        self.shares_heap.get() && self.id != 0
    }

    /// Moves the heap from one interpreter to another that shares it, and with it what its objects rely on: which
    /// strings are interned, versions that nobody else may have. The other one has an empty heap then.
    ///
    /// # Safety
    /// Both are live, and nothing runs in either.
    pub unsafe fn exchange_heap(&self, other: &Interpreter) {
        fn swap<T>(one: &T, other: &T) {
            // SAFETY: what is exchanged consists of cells, to whose content nobody has references now.
            unsafe { std::ptr::swap((&raw const *one).cast_mut(), (&raw const *other).cast_mut()) }
        }
        swap(&self.heap, &other.heap);
        swap(&self.free_lists, &other.free_lists);
        swap(&self.foreign_types, &other.foreign_types);
        swap(&self.interned, &other.interned);
        self.dicts.exchange_versions(&other.dicts);
        self.types.exchange_versions(&other.types);
    }

    /// This interpreter's value of type `T`, made on first use.
    pub fn state<T: Default + 'static>(&self) -> &T {
        if let Some(known) = self.known_state() {
            return known;
        }
        // SAFETY: a box never moves its value, and entries are removed only with the interpreter.
        unsafe { &*self.new_state() }
    }

    /// As `state`, if it was used before.
    pub fn known_state<T: 'static>(&self) -> Option<&T> {
        let others = self.others.borrow();
        let value: *const dyn Any = &**others.get(&TypeId::of::<T>())?;
        // The map is keyed by the value's type.
        // SAFETY: as in `state`.
        Some(unsafe { &*value.cast::<T>() })
    }

    #[cold]
    #[inline(never)]
    fn new_state<T: Default + 'static>(&self) -> *const T {
        self.keep(TypeId::of::<T>(), Box::<T>::default()).cast()
    }

    /// Keeps a state, of a type that has none yet, and tells where it is. Not generic, as each type has a copy of what calls it.
    fn keep(&self, of: TypeId, state: Box<dyn Any>) -> *const dyn Any {
        let place: *const dyn Any = &*state;
        self.others.borrow_mut().insert(of, state);
        place
    }

    /// Adds to `sys` what was put off and may have that name, or all of it; whether that added anything.
    pub fn complete_sys(&self, th: &Thread, name: Option<Borrowed<'_, Str>>) -> PyResult<bool> {
        let made = match name {
            Some(name) if is_stream_name(name) => return self.complete_streams(th),
            Some(_) => false,
            None => self.complete_streams(th)?,
        };
        let (Some(rest), Some(dict)) = (self.rest_of_sys.take(), self.sys_dict.get_owned()) else {
            return Ok(made);
        };
        rest(th, &dict).inspect_err(|_| self.rest_of_sys.set(Some(rest)))?;
        Ok(true)
    }

    /// Makes the standard streams, if that was put off; whether it did so.
    pub fn complete_streams(&self, th: &Thread) -> PyResult<bool> {
        match (self.standard_streams.get(), self.sys_dict.get_owned()) {
            (Some(make), Some(dict)) => make(th, &dict),
            _ => Ok(false),
        }
    }

    /// Releases the objects that the interpreter itself holds: the last step before its memory goes.
    pub fn clear_objects(&self) {
        self.builtins.set(None);
        self.sys_dict.set(None);
        self.modules.set(None);
        self.gc.clear();
        self.last_memory_error.set(None);
        self.types.clear();
    }

    /// Drops every `state` value; called at finalisation, while objects can still be released.
    pub fn clear_states(&self) {
        drop(self.init_cleanup.take());
        self.known.len.set(None);
        self.known.isinstance.set(None);
        self.known.list_append.set(None);
        // Finalisers that run meanwhile may ask for a value again.
        while !self.others.borrow().is_empty() {
            let others = std::mem::take(&mut *self.others.borrow_mut());
            drop(others);
        }
    }
}

fn is_stream_name(name: Borrowed<'_, Str>) -> bool {
    ["stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__"]
        .iter()
        .any(|known| name.get().eq_str(known))
}
