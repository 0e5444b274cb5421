//! Protection against small documents that grow large: how much text entities may become, how much memory is taken.

use std::cell::Cell;

/// What a tree of parsers has taken in, and may.
pub struct Limits {
    /// Bytes of the document itself, and of what entities expand to.
    direct: Cell<u64>,
    indirect: Cell<u64>,
    /// Bytes of memory for buffers and declarations.
    memory: Cell<u64>,
    pub expansion: Limit,
    pub allocation: Limit,
}

/// From how many bytes on a limit counts, and how many times the document's size it is.
pub struct Limit {
    pub threshold: Cell<u64>,
    pub factor: Cell<f32>,
}

impl Limit {
    fn allows(&self, total: u64, amplification: f32) -> bool {
        total < self.threshold.get() || amplification <= self.factor.get()
    }
}

/// Where text that is counted comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Account {
    Direct,
    Expansion,
    /// It was counted as part of something larger.
    None,
}

/// `<!ENTITY a SYSTEM 'b'>`: what at least leads to indirect bytes.
const SHORTEST_INCLUDE: u64 = 22;

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}

impl Limits {
    pub fn new() -> Limits {
        Limits {
            direct: Cell::new(0),
            indirect: Cell::new(0),
            memory: Cell::new(0),
            expansion: Limit { threshold: Cell::new(8 << 20), factor: Cell::new(100.0) },
            allocation: Limit { threshold: Cell::new(64 << 20), factor: Cell::new(100.0) },
        }
    }

    /// Counts text; `false` if there is too much.
    pub fn count(&self, len: usize, direct: bool) -> bool {
        let counter = if direct { &self.direct } else { &self.indirect };
        let Some(sum) = counter.get().checked_add(len as u64) else { return false };
        counter.set(sum);
        let (direct, indirect) = (self.direct.get(), self.indirect.get());
        let total = direct.saturating_add(indirect);
        let amplification = match direct {
            0 => (SHORTEST_INCLUDE + indirect) as f32 / SHORTEST_INCLUDE as f32,
            _ => total as f32 / direct as f32,
        };
        self.expansion.allows(total, amplification)
    }

    /// Counts memory; `false` if there is too much.
    pub fn allocate(&self, len: usize) -> bool {
        let total = self.memory.get().saturating_add(len as u64);
        self.memory.set(total);
        let direct = self.direct.get();
        self.allocation.allows(total, if direct == 0 { 1.0 } else { total as f32 / direct as f32 })
    }

    pub fn release(&self, len: usize) {
        self.memory.set(self.memory.get().saturating_sub(len as u64));
    }
}
