//! The opcode table and everything that reads code units.
//!
//! `table` declares each opcode once; `opcode` turns the table into an enum and its metadata;
//! `constants` holds the numbers that travel in opargs, code flags and tables. `decode`,
//! `locations` and `exceptions` read a code object's bytes and tables; `verify` checks them.

#![forbid(unsafe_code)]

#[macro_use]
mod table;

mod constants;
mod decode;
mod exceptions;
mod locations;
mod opcode;
mod verify;

pub use constants::*;
pub use decode::{Decoded, Instructions, instructions};
pub use exceptions::{ExceptionEntry, exception_entries, find_handler};
pub use locations::{
    LineRange, LocationEntries, LocationEntry, LocationPlace, Position, line_at, lines,
    location_entries, location_entries_from, position_at, positions, without_columns,
};
pub use opcode::{OpFlags, Opcode};
pub use verify::{CodeFault, Held, Moment, Verifiable, are_in_order, verify, verify_from};

/// The number in the first two bytes of a `.pyc` file.
pub const MAGIC_NUMBER: u16 = 3627;

/// The first four bytes of a `.pyc` file: the magic number, then `\r\n`.
pub const MAGIC: [u8; 4] = [0x2b, 0x0e, 0x0d, 0x0a];

/// A code unit is an opcode byte and an argument byte.
pub const CODE_UNIT_SIZE: usize = 2;

/// Opcodes from this number on have an argument (pseudo instructions aside).
pub const HAVE_ARGUMENT: u8 = 43;

/// The first specialised opcode that is not among the generic ones.
pub const MIN_SPECIALIZED_OPCODE: u8 = 129;

/// The first instrumented opcode.
pub const MIN_INSTRUMENTED_OPCODE: u8 = 234;

/// How deeply loops, `try` and `with` may be nested in one function.
pub const MAX_BLOCKS: usize = 21;
