//! The numbers that travel in opargs, code flags and the tables of a code object.
//!
//! Names are CPython's (`opcode_utils.h`, `pycore_intrinsics.h`, `abstract.h`, `code.h`).

/// Oparg of `BINARY_OP`.
#[allow(non_camel_case_types)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum BinaryOp {
    NB_ADD = 0,
    NB_AND = 1,
    NB_FLOOR_DIVIDE = 2,
    NB_LSHIFT = 3,
    NB_MATRIX_MULTIPLY = 4,
    NB_MULTIPLY = 5,
    NB_REMAINDER = 6,
    NB_OR = 7,
    NB_POWER = 8,
    NB_RSHIFT = 9,
    NB_SUBTRACT = 10,
    NB_TRUE_DIVIDE = 11,
    NB_XOR = 12,
    NB_INPLACE_ADD = 13,
    NB_INPLACE_AND = 14,
    NB_INPLACE_FLOOR_DIVIDE = 15,
    NB_INPLACE_LSHIFT = 16,
    NB_INPLACE_MATRIX_MULTIPLY = 17,
    NB_INPLACE_MULTIPLY = 18,
    NB_INPLACE_REMAINDER = 19,
    NB_INPLACE_OR = 20,
    NB_INPLACE_POWER = 21,
    NB_INPLACE_RSHIFT = 22,
    NB_INPLACE_SUBTRACT = 23,
    NB_INPLACE_TRUE_DIVIDE = 24,
    NB_INPLACE_XOR = 25,
    NB_SUBSCR = 26,
}

impl BinaryOp {
    pub const ALL: [BinaryOp; 27] = [
        BinaryOp::NB_ADD,
        BinaryOp::NB_AND,
        BinaryOp::NB_FLOOR_DIVIDE,
        BinaryOp::NB_LSHIFT,
        BinaryOp::NB_MATRIX_MULTIPLY,
        BinaryOp::NB_MULTIPLY,
        BinaryOp::NB_REMAINDER,
        BinaryOp::NB_OR,
        BinaryOp::NB_POWER,
        BinaryOp::NB_RSHIFT,
        BinaryOp::NB_SUBTRACT,
        BinaryOp::NB_TRUE_DIVIDE,
        BinaryOp::NB_XOR,
        BinaryOp::NB_INPLACE_ADD,
        BinaryOp::NB_INPLACE_AND,
        BinaryOp::NB_INPLACE_FLOOR_DIVIDE,
        BinaryOp::NB_INPLACE_LSHIFT,
        BinaryOp::NB_INPLACE_MATRIX_MULTIPLY,
        BinaryOp::NB_INPLACE_MULTIPLY,
        BinaryOp::NB_INPLACE_REMAINDER,
        BinaryOp::NB_INPLACE_OR,
        BinaryOp::NB_INPLACE_POWER,
        BinaryOp::NB_INPLACE_RSHIFT,
        BinaryOp::NB_INPLACE_SUBTRACT,
        BinaryOp::NB_INPLACE_TRUE_DIVIDE,
        BinaryOp::NB_INPLACE_XOR,
        BinaryOp::NB_SUBSCR,
    ];

    pub fn from_oparg(oparg: u32) -> Option<BinaryOp> {
        Self::ALL.get(usize::try_from(oparg).ok()?).copied()
    }

    /// How the operator is written.
    pub const fn symbol(self) -> &'static str {
        match self {
            BinaryOp::NB_ADD => "+",
            BinaryOp::NB_AND => "&",
            BinaryOp::NB_FLOOR_DIVIDE => "//",
            BinaryOp::NB_LSHIFT => "<<",
            BinaryOp::NB_MATRIX_MULTIPLY => "@",
            BinaryOp::NB_MULTIPLY => "*",
            BinaryOp::NB_REMAINDER => "%",
            BinaryOp::NB_OR => "|",
            BinaryOp::NB_POWER => "**",
            BinaryOp::NB_RSHIFT => ">>",
            BinaryOp::NB_SUBTRACT => "-",
            BinaryOp::NB_TRUE_DIVIDE => "/",
            BinaryOp::NB_XOR => "^",
            BinaryOp::NB_INPLACE_ADD => "+=",
            BinaryOp::NB_INPLACE_AND => "&=",
            BinaryOp::NB_INPLACE_FLOOR_DIVIDE => "//=",
            BinaryOp::NB_INPLACE_LSHIFT => "<<=",
            BinaryOp::NB_INPLACE_MATRIX_MULTIPLY => "@=",
            BinaryOp::NB_INPLACE_MULTIPLY => "*=",
            BinaryOp::NB_INPLACE_REMAINDER => "%=",
            BinaryOp::NB_INPLACE_OR => "|=",
            BinaryOp::NB_INPLACE_POWER => "**=",
            BinaryOp::NB_INPLACE_RSHIFT => ">>=",
            BinaryOp::NB_INPLACE_SUBTRACT => "-=",
            BinaryOp::NB_INPLACE_TRUE_DIVIDE => "/=",
            BinaryOp::NB_INPLACE_XOR => "^=",
            BinaryOp::NB_SUBSCR => "[]",
        }
    }
}

/// A rich comparison; its number is the upper part of `COMPARE_OP`'s oparg.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum CompareOp {
    Lt,
    Le,
    Eq,
    Ne,
    Gt,
    Ge,
}

/// Set in `COMPARE_OP`'s oparg when the result has to be a `bool`.
pub const COMPARE_TO_BOOL: u32 = 16;

impl CompareOp {
    pub const ALL: [CompareOp; 6] =
        [CompareOp::Lt, CompareOp::Le, CompareOp::Eq, CompareOp::Ne, CompareOp::Gt, CompareOp::Ge];

    pub const fn symbol(self) -> &'static str {
        match self {
            CompareOp::Lt => "<",
            CompareOp::Le => "<=",
            CompareOp::Eq => "==",
            CompareOp::Ne => "!=",
            CompareOp::Gt => ">",
            CompareOp::Ge => ">=",
        }
    }

    /// Which outcomes make the comparison true: 1 unordered, 2 less, 4 greater, 8 equal.
    pub const fn mask(self) -> u32 {
        match self {
            CompareOp::Lt => 2,
            CompareOp::Le => 2 | 8,
            CompareOp::Eq => 8,
            CompareOp::Ne => 1 | 2 | 4,
            CompareOp::Gt => 4,
            CompareOp::Ge => 4 | 8,
        }
    }

    /// The oparg of `COMPARE_OP`, without `COMPARE_TO_BOOL`.
    pub const fn oparg(self) -> u32 {
        (self as u32) << 5 | self.mask()
    }

    pub fn from_oparg(oparg: u32) -> Option<CompareOp> {
        Self::ALL.get(usize::try_from(oparg >> 5).ok()?).copied()
    }
}

/// Opargs of `CALL_INTRINSIC_1`.
pub mod intrinsic_1 {
    pub const INVALID: u32 = 0;
    pub const PRINT: u32 = 1;
    pub const IMPORT_STAR: u32 = 2;
    pub const STOPITERATION_ERROR: u32 = 3;
    pub const ASYNC_GEN_WRAP: u32 = 4;
    pub const UNARY_POSITIVE: u32 = 5;
    pub const LIST_TO_TUPLE: u32 = 6;
    pub const TYPEVAR: u32 = 7;
    pub const PARAMSPEC: u32 = 8;
    pub const TYPEVARTUPLE: u32 = 9;
    pub const SUBSCRIPT_GENERIC: u32 = 10;
    pub const TYPEALIAS: u32 = 11;
}

/// Opargs of `CALL_INTRINSIC_2`.
pub mod intrinsic_2 {
    pub const INVALID: u32 = 0;
    pub const PREP_RERAISE_STAR: u32 = 1;
    pub const TYPEVAR_WITH_BOUND: u32 = 2;
    pub const TYPEVAR_WITH_CONSTRAINTS: u32 = 3;
    pub const SET_FUNCTION_TYPE_PARAMS: u32 = 4;
    pub const SET_TYPEPARAM_DEFAULT: u32 = 5;
}

/// Opargs of `LOAD_COMMON_CONSTANT`.
pub mod common_constant {
    pub const ASSERTIONERROR: u32 = 0;
    pub const NOTIMPLEMENTEDERROR: u32 = 1;
    pub const BUILTIN_TUPLE: u32 = 2;
    pub const BUILTIN_ALL: u32 = 3;
    pub const BUILTIN_ANY: u32 = 4;
}

/// Opargs of `LOAD_SPECIAL`.
pub mod special_method {
    pub const ENTER: u32 = 0;
    pub const EXIT: u32 = 1;
    pub const AENTER: u32 = 2;
    pub const AEXIT: u32 = 3;
}

/// Opargs of `SET_FUNCTION_ATTRIBUTE`.
pub mod function_attribute {
    pub const DEFAULTS: u32 = 1;
    pub const KWDEFAULTS: u32 = 2;
    pub const ANNOTATIONS: u32 = 4;
    pub const CLOSURE: u32 = 8;
    pub const ANNOTATE: u32 = 16;
}

/// Opargs of `RESUME`: why the frame is entered, and whether inside one `try` only.
pub mod resume {
    pub const AT_FUNC_START: u32 = 0;
    pub const AFTER_YIELD: u32 = 1;
    pub const AFTER_YIELD_FROM: u32 = 2;
    pub const AFTER_AWAIT: u32 = 3;
    pub const OPARG_LOCATION_MASK: u32 = 3;
    pub const OPARG_DEPTH1_MASK: u32 = 4;
}

/// Opargs of `CONVERT_VALUE` and the flags of a format specification.
pub mod convert {
    pub const FVC_MASK: u32 = 3;
    pub const FVC_NONE: u32 = 0;
    pub const FVC_STR: u32 = 1;
    pub const FVC_REPR: u32 = 2;
    pub const FVC_ASCII: u32 = 3;
    pub const FVS_MASK: u32 = 4;
    pub const FVS_HAVE_SPEC: u32 = 4;
}

/// `co_flags`. The `FUTURE_*` features are in `future_flags`.
pub mod code_flags {
    pub const OPTIMIZED: u32 = 0x1;
    pub const NEWLOCALS: u32 = 0x2;
    pub const VARARGS: u32 = 0x4;
    pub const VARKEYWORDS: u32 = 0x8;
    pub const NESTED: u32 = 0x10;
    pub const GENERATOR: u32 = 0x20;
    pub const NOFREE: u32 = 0x40;
    pub const COROUTINE: u32 = 0x80;
    pub const ITERABLE_COROUTINE: u32 = 0x100;
    pub const ASYNC_GENERATOR: u32 = 0x200;
    pub const HAS_DOCSTRING: u32 = 0x4000000;
    pub const METHOD: u32 = 0x8000000;
}

/// Bits of `co_flags` that record `from __future__ import …`.
pub mod future_flags {
    pub const DIVISION: u32 = 0x2_0000;
    pub const ABSOLUTE_IMPORT: u32 = 0x4_0000;
    pub const WITH_STATEMENT: u32 = 0x8_0000;
    pub const PRINT_FUNCTION: u32 = 0x10_0000;
    pub const UNICODE_LITERALS: u32 = 0x20_0000;
    pub const BARRY_AS_BDFL: u32 = 0x40_0000;
    pub const GENERATOR_STOP: u32 = 0x80_0000;
    pub const ANNOTATIONS: u32 = 0x100_0000;
}

/// Bits of `co_localspluskinds`.
pub mod local_kind {
    pub const ARG_POS: u8 = 0x2;
    pub const ARG_KW: u8 = 0x4;
    pub const ARG_VAR: u8 = 0x8;
    pub const ARG: u8 = 0xe;
    pub const HIDDEN: u8 = 0x10;
    pub const LOCAL: u8 = 0x20;
    pub const CELL: u8 = 0x40;
    pub const FREE: u8 = 0x80;
}

/// Entry kinds of the location table.
pub mod location_kind {
    pub const SHORT0: u8 = 0;
    pub const ONE_LINE0: u8 = 10;
    pub const ONE_LINE1: u8 = 11;
    pub const ONE_LINE2: u8 = 12;
    pub const NO_COLUMNS: u8 = 13;
    pub const LONG: u8 = 14;
    pub const NONE: u8 = 15;
}
