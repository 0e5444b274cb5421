//! AST to symbol table to instructions to assembled code. Knows no objects.

#![forbid(unsafe_code)]

pub mod assemble;
pub mod code;
pub mod instructions;
pub mod marshal;
