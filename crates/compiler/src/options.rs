//! What a caller says about a compilation, and what it gets.

use krait_syntax::{DEFAULT_STACK_BUDGET, Mode, Warning};

use crate::code::{Code, Text};

/// Flag bit: `await` is allowed at the top level of a module (`PyCF_ALLOW_TOP_LEVEL_AWAIT`).
pub const ALLOW_TOP_LEVEL_AWAIT: u32 = 0x2000;

/// Parameters of a compilation: those of the built-in `compile`.
#[derive(Clone, Debug)]
pub struct CompileOptions<'f> {
    pub filename: Text<'f>,
    /// How [`compile_source`](crate::compile_source) parses; a tree knows its own mode.
    pub mode: Mode,
    /// `future_flags` inherited from the caller, and `ALLOW_TOP_LEVEL_AWAIT`.
    pub flags: u32,
    /// 0, 1 (`-O`: no assertions) or 2 (`-OO`: no docstrings either).
    pub optimize: u8,
    /// How many bytes of native stack compilation may use. Trees that need more give
    /// `RecursionError`.
    pub stack_budget: usize,
}

impl Default for CompileOptions<'_> {
    fn default() -> Self {
        CompileOptions {
            filename: "<string>".into(),
            mode: Mode::Exec,
            flags: 0,
            optimize: 0,
            stack_budget: DEFAULT_STACK_BUDGET,
        }
    }
}

/// A successful compilation.
#[derive(Clone, Debug)]
pub struct Compiled<'a> {
    pub code: Code<'a>,
    /// In the order in which they were found; the parser's come first.
    pub warnings: Vec<Warning>,
}
