//! How deep the walks over a tree may go before the native stack would overflow.

use crate::error::{CompileError, Result};

/// Levels of nested nodes that a walk accepts. Unoptimised builds use several times the stack.
const MAX_DEPTH: u32 = if cfg!(debug_assertions) { 800 } else { 3_000 };

/// How deep a walk is.
#[derive(Debug, Default)]
pub(crate) struct Depth(u32);

impl Depth {
    /// One level deeper; `RecursionError` if that is too deep. Each success is paired with a `leave`.
    pub(crate) fn enter(&mut self) -> Result {
        if self.0 >= MAX_DEPTH {
            return Err(CompileError::recursion());
        }
        self.0 += 1;
        Ok(())
    }

    pub(crate) fn leave(&mut self) {
        self.0 = self.0.saturating_sub(1);
    }
}
