//! `pythread.h`: OS threads, their locks and storage, without the interpreter.
//!
//! A lock is a flag with a condition behind it: any thread may release it. The same job as CPython's
//! `Python/thread_pthread.h`.
//!
//! SAFETY, throughout: C passes locks and keys that these functions gave out and that were not freed.

use std::ffi::{c_int, c_longlong, c_ulong, c_void};
use std::ptr::null_mut;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use krait_abi as abi;
use krait_macros::capi;

use crate::runtime;

/// What a `PyThread_type_lock` points to.
#[derive(Default)]
struct Lock {
    held: Mutex<bool>,
    freed: Condvar,
}

type LockPtr = *mut c_void;

const FAILURE: c_int = 0;
const ACQUIRED: c_int = 1;

/// The longest time-out, in microseconds.
#[unsafe(no_mangle)]
pub static PY_TIMEOUT_MAX: c_longlong = i64::MAX / 1000;

unsafe fn lock_of<'a>(lock: LockPtr) -> &'a Lock {
    // SAFETY: see the top of the file.
    unsafe { &*lock.cast::<Lock>() }
}

fn guard(lock: &Lock) -> MutexGuard<'_, bool> {
    lock.held.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[capi]
pub fn PyThread_init_thread() {}

#[capi]
pub fn PyThread_allocate_lock() -> LockPtr {
    Box::into_raw(Box::<Lock>::default()).cast()
}

#[capi]
pub fn PyThread_free_lock(lock: LockPtr) {
    if !lock.is_null() {
        // SAFETY: see the top of the file.
        drop(unsafe { Box::from_raw(lock.cast::<Lock>()) });
    }
}

/// Waits for `micros` microseconds; for ever if negative.
pub fn acquire(lock: LockPtr, micros: c_longlong) -> c_int {
    // SAFETY: see the top of the file.
    let lock = unsafe { lock_of(lock) };
    let mut held = guard(lock);
    let end = u64::try_from(micros)
        .ok()
        .and_then(|micros| Instant::now().checked_add(Duration::from_micros(micros)));
    while *held {
        held = match end {
            None => lock.freed.wait(held).unwrap_or_else(|poisoned| poisoned.into_inner()),
            Some(end) => {
                let left = end.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return FAILURE;
                }
                let waited = lock.freed.wait_timeout(held, left);
                waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0
            }
        };
    }
    *held = true;
    ACQUIRED
}

#[capi]
pub fn PyThread_acquire_lock(lock: LockPtr, wait: c_int) -> c_int {
    acquire(lock, if wait != 0 { -1 } else { 0 })
}

#[capi]
pub fn PyThread_acquire_lock_timed(lock: LockPtr, micros: c_longlong, _intr: c_int) -> c_int {
    acquire(lock, micros)
}

#[capi]
pub fn PyThread_release_lock(lock: LockPtr) {
    // SAFETY: see the top of the file.
    let lock = unsafe { lock_of(lock) };
    *guard(lock) = false;
    lock.freed.notify_one();
}

const INVALID_THREAD: c_ulong = c_ulong::MAX;

/// A thread's work, on its way there.
struct Work {
    function: unsafe extern "C" fn(*mut c_void),
    argument: *mut c_void,
}

extern "C" fn run(work: *mut c_void) -> *mut c_void {
    // SAFETY: `start` gave the box away to this thread.
    unsafe {
        let work = Box::from_raw(work.cast::<Work>());
        (work.function)(work.argument);
    }
    null_mut()
}

/// Starts a thread; its handle.
fn start(
    function: Option<unsafe extern "C" fn(*mut c_void)>,
    argument: *mut c_void,
    joinable: bool,
) -> Option<libc::pthread_t> {
    let work = Box::into_raw(Box::new(Work { function: function?, argument }));
    // SAFETY: the new thread takes the box; if there is none, it is taken back.
    unsafe {
        let mut thread: libc::pthread_t = 0;
        if libc::pthread_create(&mut thread, std::ptr::null(), run, work.cast()) != 0 {
            drop(Box::from_raw(work));
            return None;
        }
        if !joinable {
            libc::pthread_detach(thread);
        }
        Some(thread)
    }
}

#[capi]
pub fn PyThread_start_new_thread(
    function: Option<unsafe extern "C" fn(*mut c_void)>,
    argument: *mut c_void,
) -> c_ulong {
    start(function, argument, false).map_or(INVALID_THREAD, |thread| thread as c_ulong)
}

#[capi]
pub fn PyThread_start_joinable_thread(
    function: Option<unsafe extern "C" fn(*mut c_void)>,
    argument: *mut c_void,
    ident: *mut u64,
    handle: *mut u64,
) -> c_int {
    match start(function, argument, true) {
        // SAFETY: C passes writable places.
        Some(thread) => unsafe {
            *ident = thread as u64;
            *handle = thread as u64;
            0
        },
        None => -1,
    }
}

#[capi]
pub fn PyThread_join_thread(handle: u64) -> c_int {
    // SAFETY: C passes a joinable thread.
    unsafe { libc::pthread_join(handle as libc::pthread_t, null_mut()) }
}

#[capi]
pub fn PyThread_detach_thread(handle: u64) -> c_int {
    // SAFETY: C passes a joinable thread.
    unsafe { libc::pthread_detach(handle as libc::pthread_t) }
}

#[capi]
pub fn PyThread_exit_thread() {
    // SAFETY: C asks for it; nothing of Rust is on the stack but this call.
    unsafe { libc::pthread_exit(null_mut()) }
}

#[capi]
pub fn PyThread_get_thread_ident() -> c_ulong {
    // SAFETY: it takes nothing, and answers this thread's own number.
    unsafe { libc::pthread_self() as c_ulong }
}

#[capi]
pub fn PyThread_get_thread_ident_ex() -> u64 {
    // SAFETY: it takes nothing, and answers this thread's own number.
    unsafe { libc::pthread_self() as u64 }
}

#[capi]
pub fn PyThread_get_thread_native_id() -> c_ulong {
    // SAFETY: it takes nothing, and answers this thread's own number.
    unsafe { libc::syscall(libc::SYS_gettid) as c_ulong }
}

/// 0: the system's default.
#[capi]
pub fn PyThread_get_stacksize() -> usize {
    0
}

/// -2: sizes cannot be chosen here.
#[capi]
pub fn PyThread_set_stacksize(size: usize) -> c_int {
    if size == 0 { 0 } else { -2 }
}

#[capi]
pub fn PyThread_ReInitTLS() {}

#[capi]
pub fn PyThread_create_key() -> c_int {
    let mut key = 0;
    // SAFETY: a writable place.
    if unsafe { libc::pthread_key_create(&mut key, None) } != 0 { -1 } else { key as c_int }
}

#[capi]
pub fn PyThread_delete_key(key: c_int) {
    // SAFETY: see the top of the file.
    unsafe { libc::pthread_key_delete(key as libc::pthread_key_t) };
}

#[capi]
pub fn PyThread_delete_key_value(key: c_int) {
    // SAFETY: see the top of the file.
    unsafe { libc::pthread_setspecific(key as libc::pthread_key_t, null_mut()) };
}

#[capi]
pub fn PyThread_set_key_value(key: c_int, value: *mut c_void) -> c_int {
    // SAFETY: see the top of the file.
    if unsafe { libc::pthread_setspecific(key as libc::pthread_key_t, value) } != 0 {
        -1
    } else {
        0
    }
}

#[capi]
pub fn PyThread_get_key_value(key: c_int) -> *mut c_void {
    // SAFETY: see the top of the file.
    unsafe { libc::pthread_getspecific(key as libc::pthread_key_t) }
}

type Tss = *mut abi::Py_tss_t;

#[capi]
pub fn PyThread_tss_alloc() -> Tss {
    let block: Tss = krait_objects::memory::entry::raw_calloc(1, size_of::<abi::Py_tss_t>()).cast();
    block
}

#[capi]
pub fn PyThread_tss_free(key: Tss) {
    if !key.is_null() {
        // SAFETY: see the top of the file.
        unsafe {
            delete(key);
            krait_objects::memory::entry::raw_free(key.cast());
        }
    }
}

#[capi]
pub fn PyThread_tss_is_created(key: Tss) -> c_int {
    // SAFETY: see the top of the file.
    unsafe { ((*key)._is_initialized != 0).into() }
}

#[capi]
pub fn PyThread_tss_create(key: Tss) -> c_int {
    // SAFETY: see the top of the file.
    unsafe {
        if (*key)._is_initialized != 0 {
            return 0;
        }
        let mut made = 0;
        if libc::pthread_key_create(&mut made, None) != 0 {
            return -1;
        }
        (*key)._key = made as _;
        (*key)._is_initialized = 1;
    }
    0
}

unsafe fn delete(key: Tss) {
    // SAFETY: see the top of the file.
    unsafe {
        if (*key)._is_initialized != 0 {
            libc::pthread_key_delete((*key)._key as libc::pthread_key_t);
            (*key)._is_initialized = 0;
        }
    }
}

#[capi]
pub fn PyThread_tss_delete(key: Tss) {
    // SAFETY: see the top of the file.
    unsafe { delete(key) }
}

#[capi]
pub fn PyThread_tss_set(key: Tss, value: *mut c_void) -> c_int {
    // SAFETY: see the top of the file.
    let set = unsafe { libc::pthread_setspecific((*key)._key as libc::pthread_key_t, value) };
    if set != 0 { -1 } else { 0 }
}

#[capi]
pub fn PyThread_tss_get(key: Tss) -> *mut c_void {
    // SAFETY: see the top of the file.
    unsafe { libc::pthread_getspecific((*key)._key as libc::pthread_key_t) }
}

/// Where threads wait for a `PyMutex`, which has no room for a queue: woken threads look at theirs again.
static PARKED: Mutex<()> = Mutex::new(());
static UNPARKED: Condvar = Condvar::new();

const LOCKED: u8 = 1;
const HAS_PARKED: u8 = 2;

unsafe fn bits<'a>(mutex: *mut abi::PyMutex) -> &'a std::sync::atomic::AtomicU8 {
    // SAFETY: C passes a live mutex, which is one byte.
    unsafe { std::sync::atomic::AtomicU8::from_ptr(mutex.cast()) }
}

fn try_lock(bits: &std::sync::atomic::AtomicU8) -> bool {
    use std::sync::atomic::Ordering::{Acquire, Relaxed};
    let take = |now: u8| (now & LOCKED == 0).then_some(now | LOCKED);
    bits.fetch_update(Acquire, Relaxed, take).is_ok()
}

/// Whether the lock was taken before the end.
fn lock_slowly(bits: &std::sync::atomic::AtomicU8, end: Option<Instant>) -> bool {
    use std::sync::atomic::Ordering::{Acquire, Relaxed};
    let mut parked = PARKED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    loop {
        let before = bits.fetch_update(Acquire, Relaxed, |now| {
            Some(if now & LOCKED == 0 { now | LOCKED } else { now | HAS_PARKED })
        });
        if before.is_ok_and(|before| before & LOCKED == 0) {
            return true;
        }
        parked = match end {
            None => UNPARKED.wait(parked).unwrap_or_else(|poisoned| poisoned.into_inner()),
            Some(end) => {
                let left = end.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return false;
                }
                let waited = UNPARKED.wait_timeout(parked, left);
                waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0
            }
        };
    }
}

/// Takes the lock, waiting for so many nanoseconds; for ever if negative.
///
/// # Safety
/// A live mutex.
pub unsafe fn lock_timed(mutex: *mut abi::PyMutex, timeout: i64) -> bool {
    // SAFETY: the caller's promise.
    let bits = unsafe { bits(mutex) };
    let end = u64::try_from(timeout)
        .ok()
        .and_then(|timeout| Instant::now().checked_add(Duration::from_nanos(timeout)));
    try_lock(bits) || timeout != 0 && lock_slowly(bits, end)
}

#[capi]
pub fn PyMutex_Lock(mutex: *mut abi::PyMutex) {
    // SAFETY: see `bits`.
    let bits = unsafe { bits(mutex) };
    if !try_lock(bits) {
        // Whoever holds it may need the GIL to let go.
        runtime::detached(|| lock_slowly(bits, None));
    }
}

#[capi]
pub fn PyMutex_Unlock(mutex: *mut abi::PyMutex) {
    use std::sync::atomic::Ordering::Release;
    // SAFETY: see `bits`.
    let before = unsafe { bits(mutex) }.swap(0, Release);
    if before & LOCKED == 0 {
        krait_objects::fatal("PyMutex_Unlock: unlocking mutex that is not locked");
    }
    if before & HAS_PARKED != 0 {
        drop(PARKED.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
        UNPARKED.notify_all();
    }
}

#[capi]
pub fn PyMutex_IsLocked(mutex: *mut abi::PyMutex) -> c_int {
    use std::sync::atomic::Ordering::Relaxed;
    // SAFETY: see `bits`.
    unsafe { bits(mutex).load(Relaxed) & LOCKED != 0 }.into()
}

/// The GIL protects what critical sections would.
#[capi]
pub fn PyCriticalSection_Begin(_section: *mut c_void, _ob: *mut abi::PyObject) {}

#[capi]
pub fn PyCriticalSection_BeginMutex(_section: *mut c_void, _mutex: *mut abi::PyMutex) {}

#[capi]
pub fn PyCriticalSection_End(_section: *mut c_void) {}

#[capi]
pub fn PyCriticalSection2_Begin(
    _section: *mut c_void,
    _a: *mut abi::PyObject,
    _b: *mut abi::PyObject,
) {
}

#[capi]
pub fn PyCriticalSection2_BeginMutex(
    _section: *mut c_void,
    _a: *mut abi::PyMutex,
    _b: *mut abi::PyMutex,
) {
}

#[capi]
pub fn PyCriticalSection2_End(_section: *mut c_void) {}
