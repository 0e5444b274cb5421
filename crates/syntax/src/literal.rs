//! The values of literals: numbers, and strings with their escapes.

mod escape;
mod number;

pub(crate) use escape::{InvalidEscape, StringError, decode_bytes, decode_text};
pub(crate) use number::{NumberError, number};
