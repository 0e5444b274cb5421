//! The old spellings of the types and flags of members (`structmember.h`).

use std::ffi::c_int;

// Constants of `structmember.h`.
pub const PY_AUDIT_READ: c_int = 2;
pub const PY_WRITE_RESTRICTED: c_int = 4;
pub const READONLY: c_int = 1;
pub const READ_RESTRICTED: c_int = 2;
pub const RESTRICTED: c_int = 6;
pub const T_BOOL: c_int = 14;
pub const T_BYTE: c_int = 8;
pub const T_CHAR: c_int = 7;
pub const T_DOUBLE: c_int = 4;
pub const T_FLOAT: c_int = 3;
pub const T_INT: c_int = 1;
pub const T_LONG: c_int = 2;
pub const T_LONGLONG: c_int = 17;
pub const T_NONE: c_int = 20;
pub const T_OBJECT: c_int = 6;
pub const T_OBJECT_EX: c_int = 16;
pub const T_PYSSIZET: c_int = 19;
pub const T_SHORT: c_int = 0;
pub const T_STRING: c_int = 5;
pub const T_STRING_INPLACE: c_int = 13;
pub const T_UBYTE: c_int = 9;
pub const T_UINT: c_int = 11;
pub const T_ULONG: c_int = 12;
pub const T_ULONGLONG: c_int = 18;
pub const T_USHORT: c_int = 10;
