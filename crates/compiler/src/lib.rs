//! AST to symbol table to instructions to assembled code. Knows no objects.

#![forbid(unsafe_code)]

pub mod assemble;
mod cfg;
pub mod code;
mod fold;
pub mod instructions;
pub mod marshal;
