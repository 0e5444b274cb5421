//! The hash function in use (`cpython/pyhash.h`).

use crate::object::{Py_hash_t, Py_ssize_t};
use std::ffi::{c_char, c_int, c_ulong, c_void};

c_struct! {
    /// The function that hashes bytes and strings.
    pub struct PyHash_FuncDef[24] {
        0 => hash: Option<unsafe extern "C" fn(*const c_void, Py_ssize_t) -> Py_hash_t>,
        8 => name: *const c_char,
        16 => hash_bits: c_int,
        20 => seed_bits: c_int,
    }
}

// Constants of `cpython/pyhash.h`.
pub const PyHASH_BITS: c_int = 61;
pub const PyHASH_IMAG: c_ulong = 1000003;
pub const PyHASH_INF: c_int = 314159;
pub const PyHASH_MODULUS: c_ulong = 2305843009213693951;
pub const PyHASH_MULTIPLIER: c_ulong = 1000003;
pub const _PyHASH_BITS: c_int = 61;
pub const _PyHASH_IMAG: c_ulong = 1000003;
pub const _PyHASH_INF: c_int = 314159;
pub const _PyHASH_MODULUS: c_ulong = 2305843009213693951;
pub const _PyHASH_MULTIPLIER: c_ulong = 1000003;

// Constants of `pyhash.h`.
pub const Py_HASH_ALGORITHM: c_int = 3;
pub const Py_HASH_CUTOFF: c_int = 0;
pub const Py_HASH_EXTERNAL: c_int = 0;
pub const Py_HASH_FNV: c_int = 2;
pub const Py_HASH_SIPHASH13: c_int = 3;
pub const Py_HASH_SIPHASH24: c_int = 1;
