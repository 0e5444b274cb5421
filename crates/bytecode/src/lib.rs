//! The opcode table and everything that reads code units.

#![forbid(unsafe_code)]
