//! How deep a walk may go before the native stack would overflow.

/// Guards recursion by the stack it has used.
#[derive(Clone, Copy, Debug)]
pub struct StackGuard {
    /// An address near the top of the stack when the walk began.
    start: usize,
    /// Bytes that the walk may use.
    budget: usize,
}

impl StackGuard {
    /// For a walk that begins here.
    pub fn new(budget: usize) -> StackGuard {
        StackGuard { start: here(), budget }
    }

    /// Whether most of what the walk may use is unused.
    #[inline]
    pub fn has_plenty(&self) -> bool {
        here().abs_diff(self.start) <= self.budget / 2
    }

    /// Whether the walk may go deeper.
    #[inline]
    pub fn has_room(&self) -> bool {
        here().abs_diff(self.start) <= self.budget
    }
}

/// Roughly where the stack ends now.
#[inline]
fn here() -> usize {
    let marker = 0u8;
    std::ptr::from_ref(std::hint::black_box(&marker)).addr()
}
