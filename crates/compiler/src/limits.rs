//! How deep the walks over a tree may go before the native stack would overflow.

use crate::error::{CompileError, Result};

/// How many binary operators may follow each other. Nothing here needs the limit: it is where the reference, which
/// recurses, gives up on a native stack of 8 MiB, so that both accept the same programs.
pub(crate) const LONGEST_CHAIN: usize = 37_246;

/// Guards recursion by the stack it has used.
#[derive(Debug)]
pub(crate) struct StackGuard {
    /// An address near the top of the stack when the walk began.
    start: usize,
    /// Bytes that the walk may use.
    budget: usize,
}

impl StackGuard {
    pub(crate) fn new(budget: usize) -> StackGuard {
        StackGuard { start: here(), budget }
    }

    /// `RecursionError` if the walk has used up its stack.
    pub(crate) fn check(&self) -> Result {
        if here().abs_diff(self.start) > self.budget {
            return Err(CompileError::Recursion);
        }
        Ok(())
    }
}

/// Roughly where the stack ends now.
#[inline(never)]
fn here() -> usize {
    let marker = 0u8;
    std::ptr::from_ref(std::hint::black_box(&marker)).addr()
}
