//! Native standard-library modules, a folder or file each.
//!
//! To add one: its file, and a line in `NATIVE_MODULES`.

extern crate self as krait_modules;

mod abc;
mod accounts;
mod array;
mod ast;
mod asyncio;
pub mod atexit;
mod binascii;
mod bisect;
mod bits;
mod cmath;
mod codecs;
mod collections;
mod compression;
pub mod contextvars;
mod csv;
mod ctypes;
mod datetime;
mod decimal;
mod elementtree;
mod errno;
mod expat;
mod faulthandler;
mod fcntl;
mod functools;
mod gc;
mod getargs;
mod grp;
mod guarded;
mod hashes;
mod heapq;
mod internals;
pub mod interpreters;
mod io;
mod itertools;
mod json;
mod late;
mod locale;
mod lsprof;
mod math;
mod mmap;
mod multibyte;
mod notes;
mod opcode;
mod operator;
mod pickle;
pub mod posix;
mod pwd;
mod queue;
mod random;
mod remote_debugging;
mod resource;
mod select;
pub mod signal;
mod socket;
mod sre;
mod stat;
mod statistics;
mod string;
mod structs;
mod subprocess;
mod suggestions;
mod support;
mod symtable;
mod sysconfig;
mod syslog;
mod termios;
mod thread;
mod time;
mod tokenize;
pub mod tracemalloc;
mod types;
mod typing;
mod unicodedata;
mod uuid;
mod weakref;
mod zoneinfo;

use krait_eval::config::NativeModule;

pub use posix::process::{after_fork, before_fork};

/// A line of the table.
macro_rules! native {
    ($name:literal, $module:path) => {
        NativeModule::new($name, || <$module>::module_def())
    };
    ($name:literal, $module:path, $start:path) => {
        NativeModule { start: Some($start), ..native!($name, $module) }
    };
}

/// Every native module of this crate, sorted by name.
pub static NATIVE_MODULES: &[NativeModule] = &[
    native!("_abc", abc::Abc),
    native!("_ast", ast::AstModule, ast::start),
    native!("_asyncio", asyncio::Asyncio),
    native!("_bisect", bisect::Bisect),
    native!("_blake2", hashes::Blake2Module),
    native!("_bz2", compression::bz2::Bz2),
    native!("_codecs", codecs::Codecs),
    native!("_codecs_cn", multibyte::CodecsCn),
    native!("_codecs_hk", multibyte::CodecsHk),
    native!("_codecs_iso2022", multibyte::CodecsIso2022),
    native!("_codecs_jp", multibyte::CodecsJp),
    native!("_codecs_kr", multibyte::CodecsKr),
    native!("_codecs_tw", multibyte::CodecsTw),
    native!("_collections", collections::Collections),
    native!("_contextvars", contextvars::ContextVars),
    native!("_csv", csv::Csv),
    native!("_ctypes", ctypes::Ctypes),
    native!("_datetime", datetime::DateTimeModule),
    native!("_decimal", decimal::DecimalModule),
    native!("_elementtree", elementtree::ElementTree),
    native!("_functools", functools::Functools),
    native!("_heapq", heapq::Heapq),
    native!("_interpchannels", interpreters::channels::InterpreterChannels),
    native!("_interpqueues", interpreters::queues::InterpreterQueues),
    native!("_interpreters", interpreters::Interpreters),
    native!("_io", io::Io),
    native!("_json", json::Json),
    native!("_locale", locale::Locale),
    native!("_lsprof", lsprof::Lsprof),
    native!("_md5", hashes::Md5Module),
    native!("_multibytecodec", multibyte::MultibyteModule),
    native!("_opcode", opcode::OpcodeModule),
    native!("_operator", operator::Operator),
    native!("_pickle", pickle::PickleModule),
    native!("_posixsubprocess", subprocess::PosixSubprocess),
    native!("_queue", queue::QueueModule),
    native!("_random", random::RandomModule),
    native!("_remote_debugging", remote_debugging::RemoteDebugging),
    native!("_sha1", hashes::Sha1Module),
    native!("_sha2", hashes::Sha2Module),
    native!("_sha3", hashes::Sha3Module),
    native!("_signal", signal::Signal, signal::start),
    native!("_socket", socket::SocketModule),
    native!("_sre", sre::Sre),
    native!("_stat", stat::Stat),
    native!("_statistics", statistics::Statistics),
    native!("_string", string::String),
    native!("_struct", structs::StructModule),
    native!("_suggestions", suggestions::Suggestions),
    native!("_symtable", symtable::SymtableModule),
    native!("_sysconfig", sysconfig::Sysconfig),
    native!("_testinternalcapi", internals::Internals),
    native!("_thread", thread::ThreadModule),
    native!("_tokenize", tokenize::Tokenize),
    native!("_tracemalloc", tracemalloc::Tracemalloc),
    native!("_types", types::Types),
    native!("_typing", typing::Typing),
    native!("_uuid", uuid::Uuid),
    native!("_weakref", weakref::Weakref),
    native!("_zoneinfo", zoneinfo::ZoneInfoModule),
    native!("array", array::ArrayModule),
    native!("atexit", atexit::Atexit),
    native!("binascii", binascii::Binascii),
    native!("cmath", cmath::Cmath),
    native!("errno", errno::Errno),
    native!("faulthandler", faulthandler::Faulthandler),
    native!("fcntl", fcntl::Fcntl),
    native!("gc", gc::Gc),
    native!("grp", grp::Grp),
    native!("itertools", itertools::Itertools),
    native!("math", math::Math),
    native!("mmap", mmap::MmapModule),
    native!("posix", posix::Posix),
    native!("pwd", pwd::Pwd),
    native!("pyexpat", expat::Expat),
    native!("resource", resource::Resource),
    native!("select", select::Select),
    native!("syslog", syslog::Syslog),
    native!("termios", termios::Termios),
    native!("time", time::Time),
    native!("unicodedata", unicodedata::UnicodeData),
    native!("zlib", compression::zlib::Zlib),
];
