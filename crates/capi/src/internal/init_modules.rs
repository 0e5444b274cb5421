//! `PyInit_…`: the entries of built-in modules, for hosts that name them in a table of their own.
//!
//! They give the modules' definitions, as multi-phase initialisation asks.

use krait_macros::capi;
use krait_modules::NATIVE_MODULES;
use krait_objects::prelude::*;

use crate::support::*;

fn definition(name: &str) -> Ptr {
    if let Ok(at) = NATIVE_MODULES.binary_search_by(|module| module.name.cmp(name)) {
        let definition = (NATIVE_MODULES[at].definition)();
        // SAFETY: a static definition.
        return unsafe { crate::module::PyModuleDef_Init(definition.as_ptr()) };
    }
    if let Some(th) = Thread::current_or_none() {
        let _raised = raise!(th, IMPORT_ERROR, "no built-in module named '{name}'");
    }
    std::ptr::null_mut()
}

macro_rules! modules {
    ($($function:ident $name:literal;)*) => {$(
        #[capi]
        pub fn $function() -> Ptr {
            definition($name)
        }
    )*};
}

modules! {
    PyInit__abc "_abc";
    PyInit__ast "_ast";
    PyInit__bisect "_bisect";
    PyInit__blake2 "_blake2";
    PyInit__codecs "_codecs";
    PyInit__collections "_collections";
    PyInit__contextvars "_contextvars";
    PyInit__csv "_csv";
    PyInit__datetime "_datetime";
    PyInit__elementtree "_elementtree";
    PyInit__functools "_functools";
    PyInit__heapq "_heapq";
    PyInit__io "_io";
    PyInit__json "_json";
    PyInit__locale "_locale";
    PyInit__md5 "_md5";
    PyInit__opcode "_opcode";
    PyInit__operator "_operator";
    PyInit__pickle "_pickle";
    PyInit__posixsubprocess "_posixsubprocess";
    PyInit__random "_random";
    PyInit__sha1 "_sha1";
    PyInit__sha2 "_sha2";
    PyInit__sha3 "_sha3";
    PyInit__signal "_signal";
    PyInit__socket "_socket";
    PyInit__sre "_sre";
    PyInit__stat "_stat";
    PyInit__statistics "_statistics";
    PyInit__string "_string";
    PyInit__struct "_struct";
    PyInit__suggestions "_suggestions";
    PyInit__symtable "_symtable";
    PyInit__sysconfig "_sysconfig";
    PyInit__thread "_thread";
    PyInit__tokenize "_tokenize";
    PyInit__tracemalloc "_tracemalloc";
    PyInit__types "_types";
    PyInit__typing "_typing";
    PyInit__weakref "_weakref";
    PyInit_array "array";
    PyInit_atexit "atexit";
    PyInit_binascii "binascii";
    PyInit_cmath "cmath";
    PyInit_errno "errno";
    PyInit_faulthandler "faulthandler";
    PyInit_fcntl "fcntl";
    PyInit_gc "gc";
    PyInit_grp "grp";
    PyInit_itertools "itertools";
    PyInit_math "math";
    PyInit_posix "posix";
    PyInit_pwd "pwd";
    PyInit_pyexpat "pyexpat";
    PyInit_select "select";
    PyInit_syslog "syslog";
    PyInit_time "time";
    PyInit_unicodedata "unicodedata";
    PyInit_zlib "zlib";
}

/// It belongs to the import system, which makes it.
#[capi]
pub fn PyInit__imp(th: &Thread) -> PyResult {
    krait_eval::import::import(th, "_imp")
}
