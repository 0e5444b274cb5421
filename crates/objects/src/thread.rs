//! The state of an OS thread attached to an interpreter: `PyThreadState`, as debuggers read it.
//!
//! A `&Thread` proves that the calling thread is attached (holds the interpreter's GIL). The same job as
//! the thread half of CPython's `Python/pystate.c`.
//!
//! Invariants:
//! 1. The word in `current` is null or points to the `Thread` that this OS thread is attached with.
//! 2. A `Thread` is used by the OS thread that is attached with it, and by no other meanwhile.
//! 3. `OWN` is null or the state that this OS thread was attached with last, as long as it lives.
//! 4. `abi.interp` points to an `Interpreter` that outlives the thread state.

use std::any::Any;
use std::cell::{Cell, OnceCell, UnsafeCell};
use std::sync::Arc;

use krait_abi as abi;

use crate::asyncio;
use crate::current;
use crate::error::PyResult;
use crate::exceptions::{BaseException, exc};
use crate::handle::{Borrowed, Owned};
use crate::interp::Interpreter;

/// A thread state. Its address is the C API's `PyThreadState *`.
#[repr(C)]
pub struct Thread {
    abi: UnsafeCell<abi::PyThreadState>,
    /// Below this address of the native stack, C recursion raises RecursionError.
    stack_soft_limit: Cell<usize>,
    /// Below this address, deallocation looks whether there is something to be done first.
    dealloc_mark: Cell<usize>,
    /// The highest address of the native stack, for the message.
    stack_top: Cell<usize>,
    /// Below this address, deallocations are put off.
    stack_low_mark: Cell<usize>,
    /// How many deallocations are nested, so that long chains are freed without recursion.
    pub(crate) dealloc_depth: Cell<u32>,
    /// The copy of `errno` that foreign functions see, and programs ask for through `ctypes`.
    pub foreign_errno: Cell<i32>,
    /// What asyncio runs in this thread.
    pub asyncio: asyncio::State,
    /// The interpreter's lock, which is the layer above's: whoever has a state can wait for its interpreter.
    lock: OnceCell<Arc<dyn Any + Send + Sync>>,
}

thread_local! {
    static OWN: Cell<*const Thread> = const { Cell::new(std::ptr::null()) };
    /// The bounds of this OS thread's stack, once they are known.
    static STACK: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// Native stack kept free below the soft limit for code that cannot fail: this much, or an eighth of a small stack.
pub const STACK_RESERVE: usize = 128 << 10;

impl Thread {
    /// A new state for `interp`, not yet attached to an OS thread nor linked into the interpreter's list.
    pub fn new(interp: &Interpreter, id: u64) -> Box<Thread> {
        let mut state: abi::PyThreadState = abi::PyThreadState::EMPTY;
        state.interp = std::ptr::from_ref(interp).cast_mut().cast();
        state.id = id;
        // No tool is being called.
        state.what_event = -1;
        // `PyGILState_Release` never counts a state down to nothing that `PyGILState_Ensure` did not make.
        state.gilstate_counter = 1;
        state.py_recursion_limit = interp.recursion_limit.get();
        state.py_recursion_remaining = interp.recursion_limit.get();
        let thread = Box::new(Thread {
            abi: UnsafeCell::new(state),
            stack_soft_limit: Cell::new(0),
            dealloc_mark: Cell::new(0),
            stack_low_mark: Cell::new(0),
            stack_top: Cell::new(0),
            dealloc_depth: Cell::new(0),
            foreign_errno: Cell::new(0),
            asyncio: asyncio::State::new(),
            lock: OnceCell::new(),
        });
        thread.asyncio.tasks.begin();
        // The base of the stack of handled exceptions lies in the state itself.
        // SAFETY: the box's address is stable.
        unsafe { (*thread.raw()).exc_info = &raw mut (*thread.raw()).exc_state };
        thread
    }

    /// The thread this OS thread is attached with. Only the shims under C's entry points need it; a
    /// C function called without being attached gets the reference's fatal error.
    #[inline(always)]
    pub fn current<'a>() -> &'a Thread {
        let current = current::get();
        if current.is_null() {
            not_attached();
        }
        // SAFETY: (1).
        unsafe { &*current }
    }

    /// As `current`, where the caller has promised to be attached.
    ///
    /// # Safety
    /// This OS thread is attached.
    #[inline(always)]
    pub unsafe fn attached<'a>() -> &'a Thread {
        // SAFETY: (1), and the caller's promise.
        unsafe { &*current::get() }
    }

    /// As `current`, or `None` if this OS thread is not attached.
    #[inline(always)]
    pub fn current_or_none<'a>() -> Option<&'a Thread> {
        // SAFETY: (1).
        unsafe { current::get().as_ref() }
    }

    /// Attaches this OS thread with `thread`, or detaches it with null; the previous one comes back.
    ///
    /// # Safety
    /// The caller holds the GIL of the thread's interpreter (or gives it up, for null).
    pub unsafe fn swap_current(thread: *const Thread) -> *const Thread {
        // SAFETY: the caller's promise establishes (2).
        if let Some(thread) = unsafe { thread.as_ref() } {
            thread.find_stack();
            OWN.set(thread);
        }
        let before = current::get();
        current::set(thread);
        before
    }

    /// The state that this OS thread was attached with last, null if it is gone: what a thread that C calls from
    /// without the GIL is attached with again.
    pub fn own() -> *const Thread {
        OWN.get()
    }

    /// The interpreter's lock, which `make` finds on first use.
    pub fn lock(
        &self,
        make: impl FnOnce() -> Arc<dyn Any + Send + Sync>,
    ) -> &(dyn Any + Send + Sync) {
        &**self.lock.get_or_init(make)
    }

    /// The C struct, for the loop and for C.
    #[inline(always)]
    pub fn raw(&self) -> *mut abi::PyThreadState {
        self.abi.get()
    }

    #[inline(always)]
    pub fn interp(&self) -> &Interpreter {
        // SAFETY: (4).
        unsafe { &*(*self.raw()).interp.cast::<Interpreter>() }
    }

    pub fn current_exception(&self) -> Option<Borrowed<'_>> {
        // SAFETY: (2); the field owns its reference.
        unsafe { Borrowed::from_ptr_or_null((*self.raw()).current_exception) }
    }

    pub(crate) fn replace_current_exception(&self, exception: Option<Owned>) -> Option<Owned> {
        let new = exception.map_or(std::ptr::null_mut(), Owned::into_ptr);
        // SAFETY: (2); the reference moves in, the old one out.
        unsafe {
            let old = std::mem::replace(&mut (*self.raw()).current_exception, new);
            Owned::from_ptr_or_null(old)
        }
    }

    /// The innermost exception being handled (`sys.exception()`).
    pub fn handled_exception(&self) -> Option<Borrowed<'_, BaseException>> {
        // SAFETY: (2); the chain of `_PyErr_StackItem`s ends at `exc_state`, whose `previous_item` is null.
        unsafe {
            let mut item = (*self.raw()).exc_info;
            while let Some(level) = item.as_ref() {
                let value = level.exc_value;
                if !value.is_null() && !std::ptr::eq(value, crate::singletons::none().as_ptr()) {
                    return Some(Borrowed::from_ptr(value));
                }
                item = level.previous_item;
            }
            None
        }
    }

    /// How deep Python calls are nested.
    pub fn recursion_depth(&self) -> i32 {
        // SAFETY: (2).
        unsafe { (*self.raw()).py_recursion_limit - (*self.raw()).py_recursion_remaining }
    }

    /// Sets the greatest depth for the interpreter and this thread; the depth now must be less.
    pub fn set_recursion_limit(&self, limit: i32) {
        let depth = self.recursion_depth();
        self.interp().recursion_limit.set(limit);
        // SAFETY: (2).
        unsafe {
            (*self.raw()).py_recursion_limit = limit;
            (*self.raw()).py_recursion_remaining = limit - depth;
        }
    }

    /// Runs `body` one level deeper in the native stack; RecursionError if there is no room.
    #[inline]
    pub fn recurse<T>(&self, place: &str, body: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
        self.check_stack(place)?;
        body()
    }

    /// RecursionError if the native stack is nearly used up. `place` is the end of the message, such as
    /// " while calling a Python object".
    #[inline]
    pub fn check_stack(&self, place: &str) -> PyResult<()> {
        if self.has_room() {
            return Ok(());
        }
        Err(self.stack_overflow(place))
    }

    /// Whether there is native stack left for a call.
    #[inline(always)]
    pub fn has_room(&self) -> bool {
        stack_pointer() > self.stack_soft_limit.get()
    }

    /// The RecursionError of one who has used the native stack up.
    #[cold]
    pub fn stack_overflow(&self, place: &str) -> crate::error::Raised {
        let used = self.stack_top.get().saturating_sub(self.stack_soft_limit.get()) >> 10;
        self.raise_fmt(exc::RECURSION_ERROR, format_args!("Stack overflow (used {used} kB){place}"))
    }

    /// How many bytes of native stack are left.
    pub fn stack_left(&self) -> usize {
        stack_pointer().saturating_sub(self.stack_soft_limit.get())
    }

    /// Whether the stack is low, or somebody wants to be told of deallocations.
    #[inline(always)]
    pub(crate) fn dealloc_is_special(&self) -> bool {
        stack_pointer() < self.dealloc_mark.get()
    }

    /// Whether deallocation should stop recursing and put objects off.
    pub(crate) fn stack_is_low(&self) -> bool {
        stack_pointer() < self.stack_low_mark.get()
    }

    /// A state may be attached by one OS thread and then by another: the limits are those of the present one.
    pub fn find_stack(&self) {
        let (low, high) = match STACK.get() {
            (_, 0) => {
                let bounds = crate::platform::stack_bounds();
                STACK.set(bounds);
                bounds
            }
            known => known,
        };
        self.protect_stack(low, high - low);
    }

    /// The native stack lies in these bytes.
    pub fn protect_stack(&self, low: usize, size: usize) {
        let high = low + size;
        self.stack_top.set(high);
        let reserve = STACK_RESERVE.min((high - low) / 8);
        self.stack_soft_limit.set(low + 2 * reserve);
        let mark = low + 3 * reserve;
        self.stack_low_mark.set(mark);
        let told = self.interp().heap.ref_tracer().is_some();
        self.dealloc_mark.set(if told { usize::MAX } else { mark });
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        if std::ptr::eq(OWN.get(), self) {
            OWN.set(std::ptr::null());
        }
    }
}

#[cold]
#[inline(never)]
fn not_attached() -> ! {
    crate::fatal(
        "the function must be called with the GIL held, after Python initialization and before Python finalization, but the GIL is released (the current Python thread state is NULL)",
    );
}

/// An address in the current native frame.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn stack_pointer() -> usize {
    let address: usize;
    // SAFETY: reads a register.
    unsafe {
        std::arch::asm!("mov {}, rsp", out(reg) address, options(nomem, nostack, preserves_flags))
    };
    address
}

/// An address in the current native frame.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub fn stack_pointer() -> usize {
    let marker = 0u8;
    std::hint::black_box(&raw const marker) as usize
}
