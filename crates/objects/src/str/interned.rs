//! The table of interned strings, one per interpreter.

#[derive(Default)]
pub struct Interned {}
