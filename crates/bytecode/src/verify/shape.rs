//! What the verifier needs to know of an opcode before anything else, as a table: most instructions ask for no more.

use crate::{MIN_SPECIALIZED_OPCODE, Opcode};

/// What an instruction looks like.
#[derive(Clone, Copy)]
pub struct Shape {
    flags: u8,
    pub caches: u8,
    /// Objects taken and objects left, of plain instructions.
    pub popped: u8,
    pub pushed: u8,
}

/// May stand in a file.
const IN_FILES: u8 = 1;
/// Any argument is right.
const UNCHECKED: u8 = 2;
/// Takes objects and leaves objects, whatever its argument.
const PLAIN: u8 = 4;
/// Control may go where the argument says.
const JUMPS: u8 = 8;
/// Control does not come to the instruction behind.
const ENDS: u8 = 16;

impl Shape {
    pub const fn in_files(self) -> bool {
        self.flags & IN_FILES != 0
    }

    pub const fn is_unchecked(self) -> bool {
        self.flags & UNCHECKED != 0
    }

    pub const fn is_plain(self) -> bool {
        self.flags & PLAIN != 0
    }

    pub const fn jumps(self) -> bool {
        self.flags & JUMPS != 0
    }

    pub const fn ends(self) -> bool {
        self.flags & ENDS != 0
    }
}

/// By the first byte of a unit.
pub static SHAPES: [Shape; 256] = {
    let mut table = [Shape { flags: 0, caches: 0, popped: 0, pushed: 0 }; 256];
    let mut at = 0;
    while at < 256 {
        match Opcode::from_byte(at as u8) {
            Some(opcode) => table[at] = shape(opcode),
            // No instruction, but one that may be met all the same: it raises SystemError.
            None if at < MIN_SPECIALIZED_OPCODE as usize => {
                table[at].flags = IN_FILES | UNCHECKED | PLAIN | ENDS;
            }
            None => {}
        }
        at += 1;
    }
    table
};

const fn shape(opcode: Opcode) -> Shape {
    use Opcode::*;
    let internal = matches!(opcode, CACHE | RESERVED | INTERPRETER_EXIT | ENTER_EXECUTOR);
    let generic = opcode.base() as u16 == opcode as u16 && !opcode.is_instrumented();
    let mut flags = if generic && !internal { IN_FILES } else { 0 };
    if is_unchecked(opcode) {
        flags |= UNCHECKED;
    }
    // The argument of `END_ASYNC_FOR` only names a place.
    if opcode.has_jump() && !matches!(opcode, END_ASYNC_FOR) {
        flags |= JUMPS;
    }
    if opcode.is_scope_exit() || opcode.is_unconditional_jump() {
        flags |= ENDS;
    }
    let (mut popped, mut pushed) = (0, 0);
    if is_plain(opcode) {
        flags |= PLAIN;
        (popped, pushed) = (opcode.popped(0) as u8, opcode.pushed(0) as u8);
    }
    Shape { flags, caches: opcode.cache_units() as u8, popped, pushed }
}

/// The frequent ones of those that `check_operand` lets pass with any argument that is not too large.
const fn is_unchecked(opcode: Opcode) -> bool {
    use Opcode::*;
    matches!(
        opcode,
        BUILD_LIST
            | BUILD_MAP
            | BUILD_SET
            | BUILD_STRING
            | BUILD_TUPLE
            | CALL
            | CALL_KW
            | CALL_FUNCTION_EX
            | CHECK_EXC_MATCH
            | END_FOR
            | END_SEND
            | FORMAT_SIMPLE
            | GET_ITER
            | MAKE_FUNCTION
            | NOP
            | NOT_TAKEN
            | POP_EXCEPT
            | POP_ITER
            | POP_TOP
            | PUSH_EXC_INFO
            | PUSH_NULL
            | RERAISE
            | RETURN_VALUE
            | STORE_SUBSCR
            | TO_BOOL
            | UNARY_NOT
            | UNPACK_SEQUENCE
    )
}

/// The frequent ones of those that `effects` does not name, if their argument does not count values.
const fn is_plain(opcode: Opcode) -> bool {
    use Opcode::*;
    matches!(
        opcode,
        BINARY_OP
            | BINARY_SLICE
            | COMPARE_OP
            | CONTAINS_OP
            | CONVERT_VALUE
            | GET_ITER
            | IMPORT_NAME
            | IS_OP
            | JUMP_BACKWARD
            | JUMP_BACKWARD_NO_INTERRUPT
            | JUMP_FORWARD
            | LOAD_BUILD_CLASS
            | LOAD_COMMON_CONSTANT
            | LOAD_NAME
            | LOAD_SMALL_INT
            | MAKE_FUNCTION
            | NOP
            | NOT_TAKEN
            | POP_JUMP_IF_FALSE
            | POP_JUMP_IF_NONE
            | POP_JUMP_IF_NOT_NONE
            | POP_JUMP_IF_TRUE
            | RESUME
            | RETURN_VALUE
            | STORE_ATTR
            | STORE_GLOBAL
            | STORE_NAME
            | STORE_SLICE
            | STORE_SUBSCR
            | TO_BOOL
            | UNARY_INVERT
            | UNARY_NEGATIVE
            | UNARY_NOT
    )
}

/// An instruction as the verifier reads it.
#[derive(Clone, Copy)]
pub struct Fetched {
    pub start: u32,
    pub offset: u32,
    pub opcode: u8,
    pub oparg: u32,
}

/// The instruction that starts at `start`; `None` if the code ends within it.
#[inline(always)]
pub fn fetch(code: &[u8], start: u32) -> Option<Fetched> {
    let (mut offset, mut oparg) = (start, 0);
    loop {
        let at = offset as usize * 2;
        let &[opcode, byte] = code.get(at..at + 2)? else { return None };
        oparg = oparg << 8 | u32::from(byte);
        if opcode != Opcode::EXTENDED_ARG as u8 {
            return Some(Fetched { start, offset, opcode, oparg });
        }
        offset += 1;
    }
}

impl Fetched {
    #[inline(always)]
    pub fn shape(&self) -> Shape {
        SHAPES[self.opcode as usize]
    }

    /// The offset behind its caches.
    #[inline(always)]
    pub fn end(&self) -> u32 {
        self.offset + 1 + u32::from(self.shape().caches)
    }

    /// Of an opcode that is known to be one.
    #[inline(always)]
    pub fn decoded(&self) -> crate::Decoded {
        let opcode = Opcode::from_byte(self.opcode).unwrap_or(Opcode::NOP);
        crate::Decoded { start: self.start, offset: self.offset, opcode, oparg: self.oparg }
    }
}
