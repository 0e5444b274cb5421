//! The exported C functions: each a thin entry into `objects` or `eval`.
//!
//! A file per header topic. `support` has the conversions they share, `runtime` the process's interpreter.

mod buffer;
mod bytes;
mod call;
mod capsule;
mod code;
mod config;
mod dict;
mod errors;
mod float;
mod frame;
mod gc;
mod import;
mod import_code;
mod int;
mod int_bytes;
mod iter;
mod lifecycle;
mod list;
mod mapping;
mod memory;
mod module;
mod module_state;
mod number;
mod object;
mod odict;
mod run;
mod runtime;
mod sequence;
mod set;
mod slice;
mod str;
mod str_build;
mod str_codecs;
mod str_search;
mod str_types;
mod str_wide;
mod support;
mod sys;
mod threads;
mod tuple;
mod type_specs;
mod typeobj;
mod unicode_writer;
mod variadic;
