//! How deep the walks over a tree may go before the native stack would overflow.

use crate::error::{CompileError, Result};

/// How many operators, attributes, calls or subscripts may follow each other. Nothing here needs the limit: it is where
/// the reference, which recurses, gives up on a native stack of 8 MiB, so that both accept the same programs.
pub(crate) const LONGEST_CHAIN: usize = 37_246;

/// Guards recursion by the stack it has used.
#[derive(Debug)]
pub(crate) struct StackGuard(krait_syntax::StackGuard);

impl StackGuard {
    pub(crate) fn new(budget: usize) -> StackGuard {
        StackGuard(krait_syntax::StackGuard::new(budget))
    }

    /// Whether there is no need to save stack yet.
    #[inline]
    pub(crate) fn has_plenty(&self) -> bool {
        self.0.has_plenty()
    }

    /// `RecursionError` if the walk has used up its stack.
    pub(crate) fn check(&self) -> Result {
        if self.0.has_room() { Ok(()) } else { Err(CompileError::Recursion) }
    }
}
