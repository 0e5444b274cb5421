//! Functions of CPython's own machinery that mean nothing here: its compiler's stages, its tiers of execution, references on
//! its stack, its frames before they are objects.
//!
//! They exist, so that what names them links, and raise SystemError with their names; those that have no way to report an
//! error end the process with it. The list, with reasons, is `docs/internals/absent.md`, which a test compares with this file.

use std::ffi::{CStr, c_int, c_void};

use krait_abi as abi;
use krait_macros::capi;
use krait_objects::prelude::*;

/// Raises for a function of that name; without a thread's state, ends the process.
#[cold]
pub fn raise(name: &CStr) {
    let name = name.to_string_lossy();
    let Some(th) = Thread::current_or_none() else {
        crate::lifecycle::fatal_error(&name, "not in this Python");
    };
    let _raised = raise!(th, SYSTEM_ERROR, "{name}() is not in this Python");
}

#[cold]
extern "C" fn null(name: *const u8) -> *mut c_void {
    // SAFETY: a constant of the table below.
    raise(unsafe { CStr::from_ptr(name.cast()) });
    std::ptr::null_mut()
}

#[cold]
extern "C" fn minus_one(name: *const u8) -> c_int {
    null(name);
    -1
}

#[cold]
extern "C" fn zero(name: *const u8) -> c_int {
    null(name);
    0
}

#[cold]
extern "C" fn fatal(name: *const u8) {
    // SAFETY: a constant of the table below.
    let name = unsafe { CStr::from_ptr(name.cast()) }.to_string_lossy();
    crate::lifecycle::fatal_error(&name, "not in this Python");
}

/// `HOW: NAMES;`, by what tells C of an error.
macro_rules! absent {
    ($($how:ident -> $result:ty: $($name:ident)*;)*) => {$($(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name() -> $result {
            $how(concat!(stringify!($name), "\0").as_ptr())
        }
    )*)*};
}

absent! {
    null -> *mut c_void:
        PyAsyncGen_New PyCoro_New PyGen_New PyGen_NewWithQualName
        _PyAST_Compile _PyCompile_Assemble _PyCompile_CodeGen _PyCompile_OptimizeCfg _PyInstructionSequence_New
        _Py_Get_Getpath_CodeObject
        _PyContext_NewHamtForTests
        _PyEvalFramePushAndInit _PyEval_ImportFrom _PyEval_ImportName _PyEval_LoadName
        _PyEval_MatchClass _PyEval_MatchKeys
        _PyList_FromStackRefStealOnSuccess _PyTuple_FromStackRefStealOnSuccess _PyObjectArray_FromStackRefArray
        _Py_GetExecutor _Py_LoadAttr_StackRefSteal _Py_MakeCoro _Py_uop_symbols_test
        _PyXI_GetMainNamespace _PyXI_GetPreserved _PyXI_NewFailure _PyXI_NewInterpreter _PyXI_NewSession;
    minus_one -> c_int:
        _PyCode_CheckLineNumber _PyCode_CheckNoExternalState _PyCode_CheckNoInternalState _PyCode_CheckPureFunction
        _PyCode_SetUnboundVarCounts _PyCode_VerifyStateless
        _PyDumpExecutors _PyEval_ExceptionGroupMatch _PyEval_SpecialMethodCanSuggest
        _PyObject_LookupSpecialMethod _PyOptimizer_Optimize
        _PyXI_Enter _PyXI_Exit _PyXI_InitFailure _PyXI_Preserve _PyXI_UnwrapNotShareableError;
    zero -> c_int:
        _PyEval_UnpackIterableStackRef;
    fatal -> ():
        _PyCode_GetVarCounts _PyDict_LoadGlobalStackRef _PyEval_FrameClearAndPop _PyEval_LoadGlobalStackRef
        _PyEval_MonitorRaise _PyEval_NoToolsForUnwind _PyObjectArray_Free _PyThreadState_PopFrame
        _PyXI_ClearResult _PyXI_EndInterpreter _PyXI_FreeFailure _PyXI_FreeSession _PyXI_GetFailureCode
        _PyXI_InitFailureUTF8 _Py_Executor_DependsOn _Py_trampoline_func_start _Py_trampoline_func_end;
}

#[capi]
pub fn _PyInterpreterState_New(
    _state: *mut abi::PyThreadState,
    place: *mut *mut abi::PyInterpreterState,
) -> abi::PyStatus {
    // SAFETY: C passes a writable place.
    unsafe { *place = std::ptr::null_mut() };
    abi::PyStatus {
        _type: 1,
        func: c"_PyInterpreterState_New".as_ptr(),
        err_msg: c"not in this Python".as_ptr(),
        ..abi::PyStatus::EMPTY
    }
}

/// There are no executors: nothing is left to be invalid.
#[capi]
pub fn _Py_Executors_InvalidateAll(_interp: *mut abi::PyInterpreterState, _deletion: c_int) {}

#[capi]
pub fn _Py_Executors_InvalidateCold(_interp: *mut abi::PyInterpreterState) {}

#[capi]
pub fn _Py_Executors_InvalidateDependency(
    _interp: *mut abi::PyInterpreterState,
    _ob: *mut c_void,
    _deletion: c_int,
) {
}
