//! Flags of the compiler (`compile.h`, `cpython/compile.h`).

use std::ffi::{CStr, c_int, c_uint};

c_struct! {
    /// How to compile: `PyCF_*` and `CO_FUTURE_*`.
    pub struct PyCompilerFlags[8] {
        0 => cf_flags: c_int,
        4 => cf_feature_version: c_int,
    }

    /// A stretch of source text.
    pub struct _Py_SourceLocation[16] {
        0 => lineno: c_int,
        4 => end_lineno: c_int,
        8 => col_offset: c_int,
        12 => end_col_offset: c_int,
    }
}

// Constants of `compile.h`.
pub const Py_eval_input: c_int = 258;
pub const Py_file_input: c_int = 257;
pub const Py_func_type_input: c_int = 345;
pub const Py_single_input: c_int = 256;

// Constants of `cpython/compile.h`.
pub const FUTURE_ABSOLUTE_IMPORT: &CStr = c"absolute_import";
pub const FUTURE_ANNOTATIONS: &CStr = c"annotations";
pub const FUTURE_BARRY_AS_BDFL: &CStr = c"barry_as_FLUFL";
pub const FUTURE_DIVISION: &CStr = c"division";
pub const FUTURE_GENERATORS: &CStr = c"generators";
pub const FUTURE_GENERATOR_STOP: &CStr = c"generator_stop";
pub const FUTURE_NESTED_SCOPES: &CStr = c"nested_scopes";
pub const FUTURE_PRINT_FUNCTION: &CStr = c"print_function";
pub const FUTURE_UNICODE_LITERALS: &CStr = c"unicode_literals";
pub const FUTURE_WITH_STATEMENT: &CStr = c"with_statement";
pub const PY_INVALID_STACK_EFFECT: c_int = 2147483647;
pub const PyCF_ALLOW_INCOMPLETE_INPUT: c_int = 0x4000;
pub const PyCF_ALLOW_TOP_LEVEL_AWAIT: c_int = 0x2000;
pub const PyCF_COMPILE_MASK: c_int = 0xf600;
pub const PyCF_DONT_IMPLY_DEDENT: c_int = 0x200;
pub const PyCF_IGNORE_COOKIE: c_int = 0x800;
pub const PyCF_MASK: c_int = 0x1fe0000;
pub const PyCF_MASK_OBSOLETE: c_int = 0x10;
pub const PyCF_ONLY_AST: c_int = 0x400;
pub const PyCF_OPTIMIZED_AST: c_int = 0x8400;
pub const PyCF_SOURCE_IS_UTF8: c_int = 0x100;
pub const PyCF_TYPE_COMMENTS: c_int = 0x1000;

// Constants of `internal/pycore_magic_number.h`.
pub const PYC_MAGIC_NUMBER: c_int = 3627;
pub const PYC_MAGIC_NUMBER_TOKEN: c_uint = 168627755;
