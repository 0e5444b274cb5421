//! Tables of the interpreter that the reference exports: operators, tokens, special methods.
//!
//! What they point to is the public function that does the same. The loop here has no use for them.

use std::cell::UnsafeCell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::offset_of;
use std::ptr::{null, null_mut};

use krait_abi as abi;
use krait_macros::capi;
use krait_objects::prelude::*;

use crate::number::*;
use crate::object::{PyObject_ASCII, PyObject_GetItem, PyObject_Repr, PyObject_Str};
use crate::support::*;

/// A table of constants, some of them pointers.
#[repr(transparent)]
pub struct Table<T>(#[allow(dead_code, reason = "for C")] T);

// SAFETY: never written.
unsafe impl<T> Sync for Table<T> {}

type Unary = unsafe extern "C" fn(Ptr) -> Ptr;
type Binary = unsafe extern "C" fn(Ptr, Ptr) -> Ptr;

unsafe extern "C" fn power(base: Ptr, exponent: Ptr) -> Ptr {
    // SAFETY: C passes live objects.
    unsafe { PyNumber_Power(base, exponent, none().as_ptr()) }
}

unsafe extern "C" fn power_in_place(base: Ptr, exponent: Ptr) -> Ptr {
    // SAFETY: C passes live objects.
    unsafe { PyNumber_InPlacePower(base, exponent, none().as_ptr()) }
}

/// By the argument of `BINARY_OP`.
#[unsafe(no_mangle)]
pub static _PyEval_BinaryOps: Table<[Binary; 27]> = Table([
    PyNumber_Add,
    PyNumber_And,
    PyNumber_FloorDivide,
    PyNumber_Lshift,
    PyNumber_MatrixMultiply,
    PyNumber_Multiply,
    PyNumber_Remainder,
    PyNumber_Or,
    power,
    PyNumber_Rshift,
    PyNumber_Subtract,
    PyNumber_TrueDivide,
    PyNumber_Xor,
    PyNumber_InPlaceAdd,
    PyNumber_InPlaceAnd,
    PyNumber_InPlaceFloorDivide,
    PyNumber_InPlaceLshift,
    PyNumber_InPlaceMatrixMultiply,
    PyNumber_InPlaceMultiply,
    PyNumber_InPlaceRemainder,
    PyNumber_InPlaceOr,
    power_in_place,
    PyNumber_InPlaceRshift,
    PyNumber_InPlaceSubtract,
    PyNumber_InPlaceTrueDivide,
    PyNumber_InPlaceXor,
    PyObject_GetItem,
]);

/// By the argument of `CONVERT_VALUE`.
#[unsafe(no_mangle)]
pub static _PyEval_ConversionFuncs: Table<[Option<Unary>; 4]> =
    Table([None, Some(PyObject_Str), Some(PyObject_Repr), Some(PyObject_ASCII)]);

/// The names of the intrinsics with one operand.
pub const UNARY_INTRINSICS: [&CStr; 12] = [
    c"INTRINSIC_1_INVALID",
    c"INTRINSIC_PRINT",
    c"INTRINSIC_IMPORT_STAR",
    c"INTRINSIC_STOPITERATION_ERROR",
    c"INTRINSIC_ASYNC_GEN_WRAP",
    c"INTRINSIC_UNARY_POSITIVE",
    c"INTRINSIC_LIST_TO_TUPLE",
    c"INTRINSIC_TYPEVAR",
    c"INTRINSIC_PARAMSPEC",
    c"INTRINSIC_TYPEVARTUPLE",
    c"INTRINSIC_SUBSCRIPT_GENERIC",
    c"INTRINSIC_TYPEALIAS",
];

/// Those with two.
pub const BINARY_INTRINSICS: [&CStr; 6] = [
    c"INTRINSIC_2_INVALID",
    c"INTRINSIC_PREP_RERAISE_STAR",
    c"INTRINSIC_TYPEVAR_WITH_BOUND",
    c"INTRINSIC_TYPEVAR_WITH_CONSTRAINTS",
    c"INTRINSIC_SET_FUNCTION_TYPE_PARAMS",
    c"INTRINSIC_SET_TYPEPARAM_DEFAULT",
];

/// An intrinsic: a function that takes the thread's state first, and its name.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Intrinsic {
    function: *const c_void,
    name: *const c_char,
}

const fn intrinsics<const N: usize>(names: [&CStr; N]) -> Table<[Intrinsic; N]> {
    let mut table = [Intrinsic { function: null(), name: null() }; N];
    let mut at = 0;
    while at < N {
        let function = intrinsic as unsafe extern "C" fn(*mut c_void, Ptr, Ptr) -> Ptr;
        table[at] = Intrinsic { function: function as *const c_void, name: names[at].as_ptr() };
        at += 1;
    }
    Table(table)
}

/// The loop carries them out itself.
unsafe extern "C" fn intrinsic(_state: *mut c_void, _left: Ptr, _right: Ptr) -> Ptr {
    super::absent::raise(c"an intrinsic function");
    null_mut()
}

#[unsafe(no_mangle)]
pub static _PyIntrinsics_UnaryFunctions: Table<[Intrinsic; 12]> = intrinsics(UNARY_INTRINSICS);
#[unsafe(no_mangle)]
pub static _PyIntrinsics_BinaryFunctions: Table<[Intrinsic; 6]> = intrinsics(BINARY_INTRINSICS);

/// By the numbers of `token`.
#[unsafe(no_mangle)]
pub static _PyParser_TokenNames: Table<[*const c_char; 70]> = Table([
    c"ENDMARKER".as_ptr(),
    c"NAME".as_ptr(),
    c"NUMBER".as_ptr(),
    c"STRING".as_ptr(),
    c"NEWLINE".as_ptr(),
    c"INDENT".as_ptr(),
    c"DEDENT".as_ptr(),
    c"LPAR".as_ptr(),
    c"RPAR".as_ptr(),
    c"LSQB".as_ptr(),
    c"RSQB".as_ptr(),
    c"COLON".as_ptr(),
    c"COMMA".as_ptr(),
    c"SEMI".as_ptr(),
    c"PLUS".as_ptr(),
    c"MINUS".as_ptr(),
    c"STAR".as_ptr(),
    c"SLASH".as_ptr(),
    c"VBAR".as_ptr(),
    c"AMPER".as_ptr(),
    c"LESS".as_ptr(),
    c"GREATER".as_ptr(),
    c"EQUAL".as_ptr(),
    c"DOT".as_ptr(),
    c"PERCENT".as_ptr(),
    c"LBRACE".as_ptr(),
    c"RBRACE".as_ptr(),
    c"EQEQUAL".as_ptr(),
    c"NOTEQUAL".as_ptr(),
    c"LESSEQUAL".as_ptr(),
    c"GREATEREQUAL".as_ptr(),
    c"TILDE".as_ptr(),
    c"CIRCUMFLEX".as_ptr(),
    c"LEFTSHIFT".as_ptr(),
    c"RIGHTSHIFT".as_ptr(),
    c"DOUBLESTAR".as_ptr(),
    c"PLUSEQUAL".as_ptr(),
    c"MINEQUAL".as_ptr(),
    c"STAREQUAL".as_ptr(),
    c"SLASHEQUAL".as_ptr(),
    c"PERCENTEQUAL".as_ptr(),
    c"AMPEREQUAL".as_ptr(),
    c"VBAREQUAL".as_ptr(),
    c"CIRCUMFLEXEQUAL".as_ptr(),
    c"LEFTSHIFTEQUAL".as_ptr(),
    c"RIGHTSHIFTEQUAL".as_ptr(),
    c"DOUBLESTAREQUAL".as_ptr(),
    c"DOUBLESLASH".as_ptr(),
    c"DOUBLESLASHEQUAL".as_ptr(),
    c"AT".as_ptr(),
    c"ATEQUAL".as_ptr(),
    c"RARROW".as_ptr(),
    c"ELLIPSIS".as_ptr(),
    c"COLONEQUAL".as_ptr(),
    c"EXCLAMATION".as_ptr(),
    c"OP".as_ptr(),
    c"TYPE_IGNORE".as_ptr(),
    c"TYPE_COMMENT".as_ptr(),
    c"SOFT_KEYWORD".as_ptr(),
    c"FSTRING_START".as_ptr(),
    c"FSTRING_MIDDLE".as_ptr(),
    c"FSTRING_END".as_ptr(),
    c"TSTRING_START".as_ptr(),
    c"TSTRING_MIDDLE".as_ptr(),
    c"TSTRING_END".as_ptr(),
    c"COMMENT".as_ptr(),
    c"NL".as_ptr(),
    c"<ERRORTOKEN>".as_ptr(),
    c"<ENCODING>".as_ptr(),
    c"<N_TOKENS>".as_ptr(),
]);

const OPERATORS: &[(&[u8], c_int)] = &[
    (b"!", 54),
    (b"!=", 28),
    (b"%", 24),
    (b"%=", 40),
    (b"&", 19),
    (b"&=", 41),
    (b"(", 7),
    (b")", 8),
    (b"*", 16),
    (b"**", 35),
    (b"**=", 46),
    (b"*=", 38),
    (b"+", 14),
    (b"+=", 36),
    (b",", 12),
    (b"-", 15),
    (b"-=", 37),
    (b"->", 51),
    (b".", 23),
    (b"...", 52),
    (b"/", 17),
    (b"//", 47),
    (b"//=", 48),
    (b"/=", 39),
    (b":", 11),
    (b":=", 53),
    (b";", 13),
    (b"<", 20),
    (b"<<", 33),
    (b"<<=", 44),
    (b"<=", 29),
    (b"<>", 28),
    (b"=", 22),
    (b"==", 27),
    (b">", 21),
    (b">=", 30),
    (b">>", 34),
    (b">>=", 45),
    (b"@", 49),
    (b"@=", 50),
    (b"[", 9),
    (b"]", 10),
    (b"^", 32),
    (b"^=", 43),
    (b"{", 25),
    (b"|", 18),
    (b"|=", 42),
    (b"}", 26),
    (b"~", 31),
];

fn operator(characters: &[c_int]) -> c_int {
    const OP: c_int = 55;
    let same = |text: &[u8]| {
        text.len() == characters.len()
            && text.iter().zip(characters).all(|(a, b)| c_int::from(*a) == *b)
    };
    OPERATORS.iter().find(|(text, _)| same(text)).map_or(OP, |&(_, number)| number)
}

#[capi]
pub fn _PyToken_OneChar(first: c_int) -> c_int {
    operator(&[first])
}

#[capi]
pub fn _PyToken_TwoChars(first: c_int, second: c_int) -> c_int {
    operator(&[first, second])
}

#[capi]
pub fn _PyToken_ThreeChars(first: c_int, second: c_int, third: c_int) -> c_int {
    operator(&[first, second, third])
}

/// A special method, and what is said of an object without it.
#[repr(C)]
pub struct SpecialMethod {
    name: Ptr,
    error: *const c_char,
    suggestion: *const c_char,
}

macro_rules! special {
    ($name:ident $this:literal $other:literal $with:literal) => {
        SpecialMethod {
            name: id::$name.as_ptr(),
            error: concat!(
                "'%T' object does not support the ",
                $this,
                " protocol (missed ",
                stringify!($name),
                " method)\0"
            )
            .as_ptr()
            .cast(),
            suggestion: concat!(
                "'%T' object does not support the ",
                $this,
                " protocol (missed ",
                stringify!($name),
                " method) but it supports the ",
                $other,
                " protocol. Did you mean to use '",
                $with,
                "'?\0"
            )
            .as_ptr()
            .cast(),
        }
    };
}

/// By the argument of `LOAD_SPECIAL`.
#[unsafe(no_mangle)]
pub static _Py_SpecialMethods: Table<[SpecialMethod; 4]> = Table([
    special!(__enter__ "context manager" "asynchronous context manager" "async with"),
    special!(__exit__ "context manager" "asynchronous context manager" "async with"),
    special!(__aenter__ "asynchronous context manager" "context manager" "with"),
    special!(__aexit__ "asynchronous context manager" "context manager" "with"),
]);

const FLAGS: usize = 17;

/// By the argument of `SET_FUNCTION_ATTRIBUTE`, a flag: where the attribute lies.
#[unsafe(no_mangle)]
pub static _Py_FunctionAttributeOffsets: [usize; FLAGS] = {
    let mut table = [0; FLAGS];
    table[1] = offset_of!(abi::PyFunctionObject, func_defaults);
    table[2] = offset_of!(abi::PyFunctionObject, func_kwdefaults);
    table[4] = offset_of!(abi::PyFunctionObject, func_annotations);
    table[8] = offset_of!(abi::PyFunctionObject, func_closure);
    table[16] = offset_of!(abi::PyFunctionObject, func_annotate);
    table
};

unsafe extern "C" {
    static _PyNone_Type: c_char;
    static PyCode_Type: c_char;
    static PyMethod_Type: c_char;
    static PyMethodDescr_Type: c_char;
}

/// Which types a frame's executable may have, by its kind.
#[unsafe(no_mangle)]
pub static PyUnstable_ExecutableKinds: Table<[*const c_char; 6]> = Table([
    &raw const _PyNone_Type,
    &raw const PyCode_Type,
    null(),
    &raw const PyMethod_Type,
    &raw const PyMethodDescr_Type,
    null(),
]);

/// Memory for C to look at, which is written when an interpreter starts, or never.
#[repr(C, align(8))]
pub struct Words<const N: usize>(UnsafeCell<[u64; N]>);

// SAFETY: written before there is a second thread.
unsafe impl<const N: usize> Sync for Words<N> {}

/// The key of hashes.
#[unsafe(no_mangle)]
pub static _Py_HashSecret: Words<3> = Words(UnsafeCell::new([0; 3]));

/// The code between a call of a class and its `__init__`: here each interpreter makes its own.
#[unsafe(no_mangle)]
pub static _Py_InitCleanup: Words<27> = Words(UnsafeCell::new([0; 27]));

/// Shows C what hashes are made with.
pub fn fill_hash_secret() {
    // SAFETY: see `Words`.
    unsafe { *_Py_HashSecret.0.get() = krait_objects::str::hash_secret().words() };
}
