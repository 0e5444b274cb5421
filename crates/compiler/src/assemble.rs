//! From a code unit to a code object: flow graph, optimisation, assembly.

use std::fmt;

use crate::code::Code;
use crate::instructions::CodeUnit;

/// Why a unit cannot become a code object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AssembleError {
    /// The instructions contradict themselves: a fault in the compiler, or in a caller that made
    /// them by hand. CPython raises `SystemError` or `ValueError`.
    Invalid(&'static str),
    /// Too many instructions, constants or lines for the format. CPython raises `OverflowError`.
    TooLarge,
}

impl fmt::Display for AssembleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AssembleError::Invalid(what) => f.write_str(what),
            AssembleError::TooLarge => f.write_str("code is too large"),
        }
    }
}

impl std::error::Error for AssembleError {}

/// Optimises and assembles a unit.
pub fn assemble(unit: CodeUnit) -> Result<Code, AssembleError> {
    let _ = unit;
    Err(AssembleError::Invalid("the back end is not there yet"))
}
