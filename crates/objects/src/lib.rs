//! Memory, reference counts, the cyclic collector, errors and every built-in type.
//!
//! `docs/internals/core.md` is the contract of the files at the bottom of this crate: `handle`, `thread`,
//! `interp`, `error`, `memory`, `args`.

// The attribute macros name this crate by its full path.
extern crate self as krait_objects;

pub mod args;
pub mod asyncio;
pub mod audit;
pub mod builtin_types;
#[macro_use]
pub mod bytelike;
pub mod bytearray;
pub mod bytes;
pub mod capsule;
pub mod cell;
pub mod cfunction;
pub mod codecs;
pub mod codegen;
pub mod complex;
mod current;
pub mod descr;
pub mod dict;
pub mod error;
pub mod exceptions;
pub mod float;
pub mod float_text;
pub mod format_spec;
pub mod freelist;
pub mod gc;
pub mod generic_alias;
pub mod handle;
pub mod hash;
pub mod ids;
pub mod int;
pub mod int_digits;
pub mod interp;
pub mod iterators;
pub mod list;
pub mod memory;
pub mod memoryview;
pub mod method;
pub mod module;
pub mod namespace;
pub mod object;
pub mod percent;
pub mod pickle_buffer;
pub mod platform;
pub mod protocol;
pub mod range;
pub mod repr_guard;
pub mod row;
pub mod set;
pub mod singletons;
pub mod slice;
pub mod str;
pub mod structseq;
pub mod template;
pub mod text;
pub mod thread;
pub mod tuple;
pub mod typeobj;
pub use krait_unicode as unicode;
pub mod union;
pub mod watchers;
pub mod weakref;

/// What almost every file of `objects`, `eval`, `modules` and `capi` uses.
pub mod prelude {
    pub use crate::args::{Args, CompareOp, Index, Kwargs};
    pub use crate::bytes::Bytes;
    pub use crate::dict::Dict;
    pub use crate::error::{PyResult, Raised};
    pub use crate::exceptions::{BaseException, exc};
    pub use crate::float::Float;
    pub use crate::gc::Visitor;
    pub use crate::handle::{Borrowed, Head, Instance, Object, Owned, Slot, VarHead};
    pub use crate::ids::id;
    pub use crate::int::Int;
    pub use crate::list::List;
    pub use crate::module::Module;
    pub use crate::protocol::{call, iter, mapping, number, object, sequence};
    pub use crate::singletons::{bool_object, ellipsis, none, not_implemented};
    pub use crate::str::Str;
    pub use crate::thread::Thread;
    pub use crate::tuple::Tuple;
    pub use crate::typeobj::Type;
    pub use crate::{assert_layout, audit, raise};
    pub use krait_macros::{pyfunctions, pymethods, pymodule, pytype};
}

/// Ends the process as `Py_FatalError` does: only for broken invariants and misuse that the reference
/// answers in the same way.
#[cold]
#[inline(never)]
pub fn fatal(message: &str) -> ! {
    if let Some(th) = thread::Thread::current_or_none() {
        (th.interp().services.get().fatal)(th, message)
    }
    eprintln!("Fatal Python error: {message}");
    std::process::abort();
}
