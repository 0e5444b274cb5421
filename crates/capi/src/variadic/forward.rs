//! Exports the variadic functions: each name is a jump to the function in `c/variadic.c` that does the work.
//!
//! Why a jump: cargo decides what a shared library exports, and counts only what Rust defines. A naked function
//! leaves registers and stack as the caller set them up, so the C function finds its `...` untouched.

use std::arch::naked_asm;

macro_rules! forward {
    ($($name:ident => $target:ident $(, also $old:ident)?;)*) => {
        unsafe extern "C" { $(fn $target();)* }
        $(
            jump!($name => $target);
            $(jump!($old => $target);)?
        )*
    };
}

macro_rules! jump {
    ($name:ident => $target:ident) => {
            #[unsafe(no_mangle)]
            #[unsafe(naked)]
            pub unsafe extern "C" fn $name() {
                #[cfg(target_arch = "x86_64")]
                naked_asm!("jmp {target}", target = sym $target);
                #[cfg(any(target_arch = "aarch64", target_arch = "arm"))]
                naked_asm!("b {target}", target = sym $target);
                #[cfg(any(target_arch = "riscv64", target_arch = "riscv32"))]
                naked_asm!("tail {target}", target = sym $target);
            }
    };
}

// The names with `SizeT` are from a time when sizes could also be `int`.
forward! {
    PyArg_Parse => krait_c_PyArg_Parse, also _PyArg_Parse_SizeT;
    PyArg_ParseTuple => krait_c_PyArg_ParseTuple, also _PyArg_ParseTuple_SizeT;
    PyArg_ParseTupleAndKeywords => krait_c_PyArg_ParseTupleAndKeywords, also _PyArg_ParseTupleAndKeywords_SizeT;
    PyArg_VaParse => krait_c_PyArg_VaParse, also _PyArg_VaParse_SizeT;
    PyArg_VaParseTupleAndKeywords => krait_c_PyArg_VaParseTupleAndKeywords, also _PyArg_VaParseTupleAndKeywords_SizeT;
    PyArg_UnpackTuple => krait_c_PyArg_UnpackTuple;
    _PyArg_ParseStack => krait_c__PyArg_ParseStack;
    _PyArg_ParseStackAndKeywords => krait_c__PyArg_ParseStackAndKeywords;
    _PyArg_ParseTupleAndKeywordsFast => krait_c__PyArg_ParseTupleAndKeywordsFast;
    Py_BuildValue => krait_c_Py_BuildValue, also _Py_BuildValue_SizeT;
    Py_VaBuildValue => krait_c_Py_VaBuildValue, also _Py_VaBuildValue_SizeT;
    PyTuple_Pack => krait_c_PyTuple_Pack;
    PyObject_CallFunction => krait_c_PyObject_CallFunction, also _PyObject_CallFunction_SizeT;
    PyObject_CallMethod => krait_c_PyObject_CallMethod, also _PyObject_CallMethod_SizeT;
    _PyObject_CallMethod => krait_c__PyObject_CallMethod;
    _PyObject_CallMethodId => krait_c__PyObject_CallMethodId;
    PyObject_CallFunctionObjArgs => krait_c_PyObject_CallFunctionObjArgs;
    PyObject_CallMethodObjArgs => krait_c_PyObject_CallMethodObjArgs;
    PyEval_CallFunction => krait_c_PyEval_CallFunction;
    PyEval_CallMethod => krait_c_PyEval_CallMethod;
    PyErr_Format => krait_c_PyErr_Format;
    PyErr_FormatV => krait_c_PyErr_FormatV;
    _PyErr_Format => krait_c__PyErr_Format;
    _PyErr_FormatV => krait_c__PyErr_FormatV;
    _PyErr_FormatFromCause => krait_c__PyErr_FormatFromCause;
    _PyErr_FormatNote => krait_c__PyErr_FormatNote;
    PyErr_FormatUnraisable => krait_c_PyErr_FormatUnraisable;
    PyErr_WarnFormat => krait_c_PyErr_WarnFormat;
    PyErr_ResourceWarning => krait_c_PyErr_ResourceWarning;
    PyErr_WarnExplicitFormat => krait_c_PyErr_WarnExplicitFormat;
    PySys_Audit => krait_c_PySys_Audit;
    _PyXIData_FormatNotShareableError => krait_c__PyXIData_FormatNotShareableError;
    PyUnicode_FromFormat => krait_c_PyUnicode_FromFormat;
    PyUnicode_FromFormatV => krait_c_PyUnicode_FromFormatV;
    PyBytes_FromFormat => krait_c_PyBytes_FromFormat;
    PyBytes_FromFormatV => krait_c_PyBytes_FromFormatV;
    PyUnicodeWriter_Format => krait_c_PyUnicodeWriter_Format;
    PySys_FormatStdout => krait_c_PySys_FormatStdout;
    PySys_FormatStderr => krait_c_PySys_FormatStderr;
    PySys_WriteStdout => krait_c_PySys_WriteStdout;
    PySys_WriteStderr => krait_c_PySys_WriteStderr;
    PyOS_snprintf => krait_c_PyOS_snprintf;
    PyOS_vsnprintf => krait_c_PyOS_vsnprintf;
}
