//! An incremental XML 1.0 parser that tells what it meets as expat does.
//!
//! The same events in the same order and pieces, at the same positions, and the same errors: that is what programs that
//! use `pyexpat` see. It does what expat 2.9's `xmlparse.c`, `xmlrole.c` and `xmltok.c` do together, without recursion:
//! entities that are expanded wait on a stack of their own.
//!
//! ```text
//! bytes -> input (UTF-8) -> scan (tokens) -> parser::content -> Sink
//!                                         -> role -> parser::prolog -> dtd, Sink
//! ```
//!
//! It knows no Python. A handler is told of an event while the parser waits, and may ask it where it is.

#![forbid(unsafe_code)]

mod chars;
mod dtd;
mod error;
mod event;
mod input;
mod limits;
mod parser;
mod role;
mod scan;

pub use error::{Code, MESSAGES, message, message_for_c};
pub use event::{
    Attributes, EntityIds, Event, ExternalEntity, Kind, ModelKind, Part, Quantifier, Sink,
};
pub use limits::{Limit, Limits};
pub use parser::{ParamEntityParsing, Parser, Settings};
