//! What C sees: `repr(C)` structs, flags, slot numbers and constants of CPython 3.14.
//!
//! An extension compiled against CPython's headers reads and writes these structs directly,
//! so every size and offset is checked at compile time against numbers measured from the
//! reference (`layout.rs`). Names are CPython's own. Nothing here has behaviour: besides
//! the declarations there are only values for static initialisers (`EMPTY`,
//! [`PyObject_HEAD_INIT`], [`Static`]).
//!
//! One file per group of C headers. Everything is re-exported at the root, except names that
//! are too short to be global: the old spellings of member types ([`structmember`]) and the
//! tables of [`debug_offsets`].

#![allow(non_camel_case_types, non_snake_case, non_upper_case_globals)]

#[macro_use]
mod layout;

mod buffer;
mod bytes;
mod caches;
mod code;
mod compile;
mod config;
mod containers;
mod context;
mod crossinterp;
mod datetime;
pub mod debug_offsets;
mod descr;
mod dict;
mod frame;
mod function;
mod hashtable;
mod lock;
mod method;
mod misc;
mod modsupport;
mod module;
mod monitoring;
mod number;
mod object;
mod pyerrors;
mod pyexpat;
mod pyhash;
mod pymem;
mod pystate;
mod statics;
pub mod structmember;
mod typeobj;
mod typeslots;
mod unicode;

pub use buffer::*;
pub use bytes::*;
pub use caches::*;
pub use code::*;
pub use compile::*;
pub use config::*;
pub use containers::*;
pub use context::*;
pub use crossinterp::*;
pub use datetime::*;
pub use debug_offsets::_Py_DebugOffsets;
pub use descr::*;
pub use dict::*;
pub use frame::*;
pub use function::*;
pub use hashtable::*;
pub use lock::*;
pub use method::*;
pub use misc::*;
pub use modsupport::*;
pub use module::*;
pub use monitoring::*;
pub use number::*;
pub use object::*;
pub use pyerrors::*;
pub use pyexpat::*;
pub use pyhash::*;
pub use pymem::*;
pub use pystate::*;
pub use statics::*;
pub use typeobj::*;
pub use typeslots::*;
pub use unicode::*;
