//! Thread states (`cpython/pystate.h`, `internal/pycore_tstate.h`) and hooks into evaluation.

use crate::frame::{_PyInterpreterFrame, PyFrameObject};
use crate::lock::PyThread_type_lock;
use crate::object::{Py_ssize_t, PyInterpreterState, PyObject};
use libc::FILE;
use std::ffi::{c_char, c_int, c_uint, c_ulong, c_void};

/// Per-thread state of the memory reclamation of free-threaded builds; always NULL here.
#[repr(C)]
#[derive(Debug)]
pub struct _qsbr_thread_state {
    _opaque: [u8; 0],
}

pub type PyGILState_STATE = c_int;
pub type Py_AuditHookFunction =
    Option<unsafe extern "C" fn(*const c_char, *mut PyObject, *mut c_void) -> c_int>;
pub type Py_tracefunc =
    Option<unsafe extern "C" fn(*mut PyObject, *mut PyFrameObject, c_int, *mut PyObject) -> c_int>;
pub type _PyFrameEvalFunction = Option<
    unsafe extern "C" fn(*mut PyThreadState, *mut _PyInterpreterFrame, c_int) -> *mut PyObject,
>;

c_struct! {
    /// Where another process asks this thread to run a script.
    pub struct _PyRemoteDebuggerSupport[516] {
        0 => debugger_pending_call: i32,
        4 => debugger_script_path: [c_char; 512],
    }

    /// An exception being handled, and the one that was before it.
    pub struct _PyErr_StackItem[16] {
        0 => exc_value: *mut PyObject,
        8 => previous_item: *mut _PyErr_StackItem,
    }

    /// A piece of the data stack on which frames lie.
    pub struct _PyStackChunk[32] {
        0 => previous: *mut _PyStackChunk,
        8 => size: usize,
        16 => top: usize,
        24 => data: [*mut PyObject; 1],
    }

    /// One thread's state in one interpreter. `_status` holds the bits `initialized`, `bound`,
    /// `unbound`, `bound_gilstate`, `active`, `finalizing`, `cleared`, `finalized`, lowest first.
    pub struct PyThreadState[832] {
        0 => prev: *mut PyThreadState,
        8 => next: *mut PyThreadState,
        16 => interp: *mut PyInterpreterState,
        24 => eval_breaker: usize,
        32 => _status: u32,
        36 => holds_gil: c_int,
        40 => _whence: c_int,
        44 => state: c_int,
        48 => py_recursion_remaining: c_int,
        52 => py_recursion_limit: c_int,
        56 => recursion_headroom: c_int,
        60 => tracing: c_int,
        64 => what_event: c_int,
        72 => current_frame: *mut _PyInterpreterFrame,
        80 => c_profilefunc: Py_tracefunc,
        88 => c_tracefunc: Py_tracefunc,
        96 => c_profileobj: *mut PyObject,
        104 => c_traceobj: *mut PyObject,
        112 => current_exception: *mut PyObject,
        120 => exc_info: *mut _PyErr_StackItem,
        128 => dict: *mut PyObject,
        136 => gilstate_counter: c_int,
        144 => async_exc: *mut PyObject,
        152 => thread_id: c_ulong,
        160 => native_thread_id: c_ulong,
        168 => delete_later: *mut PyObject,
        176 => critical_section: usize,
        184 => coroutine_origin_tracking_depth: c_int,
        192 => async_gen_firstiter: *mut PyObject,
        200 => async_gen_finalizer: *mut PyObject,
        208 => context: *mut PyObject,
        216 => context_ver: u64,
        224 => id: u64,
        232 => datastack_chunk: *mut _PyStackChunk,
        240 => datastack_top: *mut *mut PyObject,
        248 => datastack_limit: *mut *mut PyObject,
        256 => exc_state: _PyErr_StackItem,
        272 => current_executor: *mut PyObject,
        280 => dict_global_version: u64,
        288 => threading_local_key: *mut PyObject,
        296 => threading_local_sentinel: *mut PyObject,
        304 => remote_debugger_support: _PyRemoteDebuggerSupport,
        824 => datastack_cached_chunk: *mut _PyStackChunk,
    }

    /// The file that tells `perf` which address belongs to which function.
    pub struct PerfMapState[16] {
        0 => perf_map: *mut FILE,
        8 => map_lock: PyThread_type_lock,
    }

    /// A thread state and its private part.
    pub struct _PyThreadStateImpl[936] {
        0 => base: PyThreadState,
        832 => refcount: Py_ssize_t,
        840 => c_stack_top: usize,
        848 => c_stack_soft_limit: usize,
        856 => c_stack_hard_limit: usize,
        864 => asyncio_running_loop: *mut PyObject,
        872 => asyncio_running_task: *mut PyObject,
        880 => asyncio_tasks_head: llist_node,
        896 => qsbr: *mut _qsbr_thread_state,
        904 => mem_free_queue: llist_node,
        920 => c_stack_init_base: usize,
        928 => c_stack_init_top: usize,
    }

    /// A link of a circular, intrusive list.
    pub struct llist_node[16] {
        0 => next: *mut llist_node,
        8 => prev: *mut llist_node,
    }
}

// Constants of `ceval.h`.
pub const FVC_ASCII: c_int = 3;
pub const FVC_MASK: c_int = 0x3;
pub const FVC_NONE: c_int = 0;
pub const FVC_REPR: c_int = 2;
pub const FVC_STR: c_int = 1;
pub const FVS_HAVE_SPEC: c_int = 4;
pub const FVS_MASK: c_int = 0x4;

// Constants of `cpython/pystate.h`.
pub const PyTrace_CALL: c_int = 0;
pub const PyTrace_C_CALL: c_int = 4;
pub const PyTrace_C_EXCEPTION: c_int = 5;
pub const PyTrace_C_RETURN: c_int = 6;
pub const PyTrace_EXCEPTION: c_int = 1;
pub const PyTrace_LINE: c_int = 2;
pub const PyTrace_OPCODE: c_int = 7;
pub const PyTrace_RETURN: c_int = 3;
pub const _PY_DATA_STACK_CHUNK_SIZE: c_int = 16384;
pub const _Py_MAX_SCRIPT_PATH_SIZE: c_int = 512;

// Constants of `pystate.h`.
pub const MAX_CO_EXTRA_USERS: c_int = 0xff;
pub const PyGILState_LOCKED: c_int = 0;
pub const PyGILState_UNLOCKED: c_int = 1;

// Constants of `internal/pycore_ceval.h`.
pub const Py_DEFAULT_RECURSION_LIMIT: c_int = 1000;
pub const Py_SUPPORTS_REMOTE_DEBUG: c_int = 1;
pub const SPECIAL_MAX: c_int = 3;
pub const SPECIAL___AENTER__: c_int = 2;
pub const SPECIAL___AEXIT__: c_int = 3;
pub const SPECIAL___ENTER__: c_int = 0;
pub const SPECIAL___EXIT__: c_int = 1;
pub const _PY_ASYNC_EXCEPTION_BIT: c_uint = 8;
pub const _PY_CALLS_TO_DO_BIT: c_uint = 4;
pub const _PY_EVAL_EVENTS_BITS: c_int = 8;
pub const _PY_EVAL_EVENTS_MASK: c_int = 0xff;
pub const _PY_EVAL_EXPLICIT_MERGE_BIT: c_uint = 64;
pub const _PY_EVAL_JIT_INVALIDATE_COLD_BIT: c_uint = 128;
pub const _PY_EVAL_PLEASE_STOP_BIT: c_uint = 32;
pub const _PY_GC_SCHEDULED_BIT: c_uint = 16;
pub const _PY_GIL_DROP_REQUEST_BIT: c_uint = 1;
pub const _PY_SIGNALS_PENDING_BIT: c_uint = 2;
pub const _Py_ADD_PENDING_FULL: c_int = -1;
pub const _Py_ADD_PENDING_SUCCESS: c_int = 0;
pub const _Py_PENDING_MAINTHREADONLY: c_int = 1;
pub const _Py_PENDING_RAWFREE: c_int = 2;

// Constants of `internal/pycore_ceval_state.h`.
pub const MAXPENDINGCALLS: c_int = 300;
pub const MAXPENDINGCALLSLOOP: c_int = 100;
pub const MAXPENDINGCALLSLOOP_MAIN: c_int = 0;
pub const MAXPENDINGCALLS_MAIN: c_int = 32;
