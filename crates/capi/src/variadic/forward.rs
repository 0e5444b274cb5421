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

/// As `forward`, for functions that draw nothing but words from `...`. Where it is known how a `va_list` lies (`Saved`), they
/// need no C: each keeps the registers that may hold some of the words on its stack, and calls the Rust half at once.
macro_rules! forward_words {
    ($($name:ident $fixed:tt => $target:ident, $rust:ident $(, also $old:ident)?;)*) => {
        #[cfg(not(all(target_arch = "x86_64", target_family = "unix")))]
        forward! { $($name => $target $(, also $old)?;)* }
        #[cfg(all(target_arch = "x86_64", target_family = "unix"))]
        const _: () = {
            unsafe extern "C" { $(fn $rust();)* }
            $(
                words!($name $fixed => $rust);
                $(words!($old $fixed => $rust);)?
            )*
        };
    };
}

/// The saved registers lie at 24, behind the list, and the arguments on the stack at 80, behind the return address.
#[cfg(all(target_arch = "x86_64", target_family = "unix"))]
macro_rules! words {
    ($name:ident (a) => $rust:ident) => {
        words!($name $rust, "rsi", "8", "mov [rsp + 32], rsi", "mov [rsp + 40], rdx", "mov [rsp + 48], rcx");
    };
    ($name:ident (a b) => $rust:ident) => {
        words!($name $rust, "rdx", "16", "mov [rsp + 40], rdx", "mov [rsp + 48], rcx");
    };
    ($name:ident (a b c) => $rust:ident) => {
        words!($name $rust, "rcx", "24", "mov [rsp + 48], rcx");
    };
    ($name:ident (a b c d) => $rust:ident) => {
        words!($name $rust, "r8", "32",);
    };
    ($name:ident $rust:ident, $list:literal, $drawn:literal, $($keep:literal),*) => {
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        pub unsafe extern "C" fn $name() {
            naked_asm!(
                ".cfi_startproc",
                "sub rsp, 72",
                ".cfi_adjust_cfa_offset 72",
                $($keep,)*
                "mov [rsp + 56], r8",
                "mov [rsp + 64], r9",
                concat!("mov dword ptr [rsp], ", $drawn),
                "lea rax, [rsp + 80]",
                "mov [rsp + 8], rax",
                "lea rax, [rsp + 24]",
                "mov [rsp + 16], rax",
                concat!("mov ", $list, ", rsp"),
                "call {rust}",
                "add rsp, 72",
                ".cfi_adjust_cfa_offset -72",
                "ret",
                ".cfi_endproc",
                rust = sym $rust,
            );
        }
    };
}

forward_words! {
    PyArg_Parse (a b) => krait_c_PyArg_Parse, krait_va_parse, also _PyArg_Parse_SizeT;
    PyArg_ParseTuple (a b) => krait_c_PyArg_ParseTuple, krait_va_parse_tuple, also _PyArg_ParseTuple_SizeT;
    PyArg_ParseTupleAndKeywords (a b c d) => krait_c_PyArg_ParseTupleAndKeywords, krait_va_parse_keywords,
        also _PyArg_ParseTupleAndKeywords_SizeT;
    PyArg_UnpackTuple (a b c d) => krait_c_PyArg_UnpackTuple, krait_va_unpack_tuple;
    _PyArg_ParseStack (a b c) => krait_c__PyArg_ParseStack, krait_va_parse_stack;
    _PyArg_ParseStackAndKeywords (a b c d) => krait_c__PyArg_ParseStackAndKeywords, krait_va_parse_stack_keywords;
    _PyArg_ParseTupleAndKeywordsFast (a b c) => krait_c__PyArg_ParseTupleAndKeywordsFast, krait_va_parse_fast;
    PyTuple_Pack (a) => krait_c_PyTuple_Pack, krait_va_pack;
    PyObject_CallFunctionObjArgs (a) => krait_c_PyObject_CallFunctionObjArgs, krait_va_call_function_objects;
    PyObject_CallMethodObjArgs (a b) => krait_c_PyObject_CallMethodObjArgs, krait_va_call_method_objects;
}

// The names with `SizeT` are from a time when sizes could also be `int`.
forward! {
    PyArg_VaParse => krait_c_PyArg_VaParse, also _PyArg_VaParse_SizeT;
    PyArg_VaParseTupleAndKeywords => krait_c_PyArg_VaParseTupleAndKeywords, also _PyArg_VaParseTupleAndKeywords_SizeT;
    Py_BuildValue => krait_c_Py_BuildValue, also _Py_BuildValue_SizeT;
    Py_VaBuildValue => krait_c_Py_VaBuildValue, also _Py_VaBuildValue_SizeT;
    PyObject_CallFunction => krait_c_PyObject_CallFunction, also _PyObject_CallFunction_SizeT;
    PyObject_CallMethod => krait_c_PyObject_CallMethod, also _PyObject_CallMethod_SizeT;
    _PyObject_CallMethod => krait_c__PyObject_CallMethod;
    _PyObject_CallMethodId => krait_c__PyObject_CallMethodId;
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
