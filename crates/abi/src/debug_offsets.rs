//! `_Py_DebugOffsets`: the table at the start of `_PyRuntime` from which debuggers and
//! profilers of another process learn where to look (`internal/pycore_debug_offsets.h`). Each inner struct
//! describes one struct of the interpreter: its size, and the offsets of the fields of the same names.

use std::ffi::{CStr, c_char, c_int};

c_struct! {
    /// The whole table; `cookie` is `xdebugpy`.
    pub struct _Py_DebugOffsets[760] {
        0 => cookie: [c_char; 8],
        8 => version: u64,
        16 => free_threaded: u64,
        24 => runtime_state: _runtime_state,
        48 => interpreter_state: _interpreter_state,
        176 => thread_state: _thread_state,
        248 => interpreter_frame: _interpreter_frame,
        312 => code_object: _code_object,
        400 => pyobject: _pyobject,
        416 => type_object: _type_object,
        448 => tuple_object: _tuple_object,
        472 => list_object: _list_object,
        496 => set_object: _set_object,
        528 => dict_object: _dict_object,
        552 => float_object: _float_object,
        568 => long_object: _long_object,
        592 => bytes_object: _bytes_object,
        616 => unicode_object: _unicode_object,
        648 => gc: _gc,
        664 => gen_object: _gen_object,
        696 => llist_node: _llist_node,
        712 => debugger_support: _debugger_support,
    }

    /// Of `_PyRuntime`.
    pub struct _runtime_state[24] {
        0 => size: u64,
        8 => finalizing: u64,
        16 => interpreters_head: u64,
    }

    /// Of `PyInterpreterState`.
    pub struct _interpreter_state[128] {
        0 => size: u64,
        8 => id: u64,
        16 => next: u64,
        24 => threads_head: u64,
        32 => threads_main: u64,
        40 => gc: u64,
        48 => imports_modules: u64,
        56 => sysdict: u64,
        64 => builtins: u64,
        72 => ceval_gil: u64,
        80 => gil_runtime_state: u64,
        88 => gil_runtime_state_enabled: u64,
        96 => gil_runtime_state_locked: u64,
        104 => gil_runtime_state_holder: u64,
        112 => code_object_generation: u64,
        120 => tlbc_generation: u64,
    }

    /// Of `PyThreadState`.
    pub struct _thread_state[72] {
        0 => size: u64,
        8 => prev: u64,
        16 => next: u64,
        24 => interp: u64,
        32 => current_frame: u64,
        40 => thread_id: u64,
        48 => native_thread_id: u64,
        56 => datastack_chunk: u64,
        64 => status: u64,
    }

    /// Of `_PyInterpreterFrame`.
    pub struct _interpreter_frame[64] {
        0 => size: u64,
        8 => previous: u64,
        16 => executable: u64,
        24 => instr_ptr: u64,
        32 => localsplus: u64,
        40 => owner: u64,
        48 => stackpointer: u64,
        56 => tlbc_index: u64,
    }

    /// Of `PyCodeObject`.
    pub struct _code_object[88] {
        0 => size: u64,
        8 => filename: u64,
        16 => name: u64,
        24 => qualname: u64,
        32 => linetable: u64,
        40 => firstlineno: u64,
        48 => argcount: u64,
        56 => localsplusnames: u64,
        64 => localspluskinds: u64,
        72 => co_code_adaptive: u64,
        80 => co_tlbc: u64,
    }

    /// Of `PyObject`.
    pub struct _pyobject[16] {
        0 => size: u64,
        8 => ob_type: u64,
    }

    /// Of `PyTypeObject`.
    pub struct _type_object[32] {
        0 => size: u64,
        8 => tp_name: u64,
        16 => tp_repr: u64,
        24 => tp_flags: u64,
    }

    /// Of `PyTupleObject`.
    pub struct _tuple_object[24] {
        0 => size: u64,
        8 => ob_item: u64,
        16 => ob_size: u64,
    }

    /// Of `PyListObject`.
    pub struct _list_object[24] {
        0 => size: u64,
        8 => ob_item: u64,
        16 => ob_size: u64,
    }

    /// Of `PySetObject`.
    pub struct _set_object[32] {
        0 => size: u64,
        8 => used: u64,
        16 => table: u64,
        24 => mask: u64,
    }

    /// Of `PyDictObject`.
    pub struct _dict_object[24] {
        0 => size: u64,
        8 => ma_keys: u64,
        16 => ma_values: u64,
    }

    /// Of `PyFloatObject`.
    pub struct _float_object[16] {
        0 => size: u64,
        8 => ob_fval: u64,
    }

    /// Of `PyLongObject`.
    pub struct _long_object[24] {
        0 => size: u64,
        8 => lv_tag: u64,
        16 => ob_digit: u64,
    }

    /// Of `PyBytesObject`.
    pub struct _bytes_object[24] {
        0 => size: u64,
        8 => ob_size: u64,
        16 => ob_sval: u64,
    }

    /// Of `PyUnicodeObject`.
    pub struct _unicode_object[32] {
        0 => size: u64,
        8 => state: u64,
        16 => length: u64,
        24 => asciiobject_size: u64,
    }

    /// Of the collector's state.
    pub struct _gc[16] {
        0 => size: u64,
        8 => collecting: u64,
    }

    /// Of `PyGenObject`.
    pub struct _gen_object[32] {
        0 => size: u64,
        8 => gi_name: u64,
        16 => gi_iframe: u64,
        24 => gi_frame_state: u64,
    }

    /// Of `llist_node`.
    pub struct _llist_node[16] {
        0 => next: u64,
        8 => prev: u64,
    }

    /// Of `_PyRemoteDebuggerSupport`.
    pub struct _debugger_support[48] {
        0 => eval_breaker: u64,
        8 => remote_debugger_support: u64,
        16 => remote_debugging_enabled: u64,
        24 => debugger_pending_call: u64,
        32 => debugger_script_path: u64,
        40 => debugger_script_path_size: u64,
    }
}

// Constants of `internal/pycore_debug_offsets.h`.
pub const _Py_Debug_Cookie: &CStr = c"xdebugpy";
pub const _Py_Debug_Free_Threaded: c_int = 0;
pub const _Py_Debug_code_object_co_tlbc: c_int = 0;
pub const _Py_Debug_gilruntimestate_enabled: c_int = 0;
pub const _Py_Debug_interpreter_frame_tlbc_index: c_int = 0;
pub const _Py_Debug_interpreter_state_tlbc_generation: c_int = 0;
