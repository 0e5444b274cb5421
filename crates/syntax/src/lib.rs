//! Source text to tokens to AST, or a syntax error. Knows no objects.

#![forbid(unsafe_code)]

pub mod ast;
mod error;
mod options;

pub use error::{ErrorKind, SyntaxError, Warning, WarningKind};
pub use options::{DecodeError, Decoder, Mode, ParseOptions, Parsed};
