//! Code units as instructions: arguments with their `EXTENDED_ARG`s, caches skipped, jump targets.
//!
//! Offsets are in code units. Specialised and instrumented forms are decoded as they stand; their
//! caches are those of their base. CPython: `_unpack_opargs` in `dis`.

use crate::{CODE_UNIT_SIZE, Opcode};

/// An instruction with its whole argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decoded {
    /// Where it starts, its `EXTENDED_ARG`s included.
    pub start: u32,
    /// Where its own code unit is.
    pub offset: u32,
    pub opcode: Opcode,
    pub oparg: u32,
}

impl Decoded {
    /// The offset behind its caches.
    pub fn end(&self) -> u32 {
        self.offset + 1 + self.opcode.cache_units() as u32
    }

    /// Where it may jump to; `None` if it does not jump, or before the start. The argument of
    /// `END_ASYNC_FOR` refers to a place but is no jump.
    pub fn jump_target(&self) -> Option<u32> {
        use Opcode::*;
        let opcode = self.opcode.base();
        match opcode {
            JUMP_BACKWARD | JUMP_BACKWARD_NO_INTERRUPT => self.end().checked_sub(self.oparg),
            END_ASYNC_FOR => None,
            _ if opcode.has_jump() => self.end().checked_add(self.oparg),
            _ => None,
        }
    }

    /// Control may reach the instruction behind.
    pub fn falls_through(&self) -> bool {
        let opcode = self.opcode.base();
        !opcode.is_scope_exit()
            && !opcode.is_unconditional_jump()
            && opcode != Opcode::INTERPRETER_EXIT
    }
}

/// Iterator over the instructions of code units. Ends early at a byte that is no opcode.
#[derive(Clone, Debug)]
pub struct Instructions<'a> {
    code: &'a [u8],
    next: u32,
}

/// The instructions in `co_code`.
pub fn instructions(code: &[u8]) -> Instructions<'_> {
    Instructions { code, next: 0 }
}

impl<'a> Instructions<'a> {
    /// The offset at which the next instruction starts.
    pub fn offset(&self) -> u32 {
        self.next
    }

    fn unit(&self, offset: u32) -> Option<(Opcode, u8)> {
        let at = offset as usize * CODE_UNIT_SIZE;
        let unit = self.code.get(at..at + CODE_UNIT_SIZE)?;
        Some((Opcode::from_byte(unit[0])?, unit[1]))
    }
}

impl Iterator for Instructions<'_> {
    type Item = Decoded;

    fn next(&mut self) -> Option<Decoded> {
        let start = self.next;
        let mut offset = start;
        let mut oparg = 0u32;
        loop {
            let (opcode, byte) = self.unit(offset)?;
            oparg = oparg << 8 | u32::from(byte);
            if opcode != Opcode::EXTENDED_ARG {
                let decoded = Decoded { start, offset, opcode, oparg };
                self.next = decoded.end();
                return Some(decoded);
            }
            offset += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_arguments_and_caches_belong_to_their_instruction() {
        let code = [
            Opcode::RESUME as u8,
            0,
            Opcode::EXTENDED_ARG as u8,
            1,
            Opcode::FOR_ITER as u8,
            2,
            0,
            0,
            Opcode::JUMP_BACKWARD as u8,
            3,
            0,
            0,
            Opcode::RETURN_VALUE as u8,
            0,
        ];
        let decoded: Vec<_> =
            instructions(&code).map(|i| (i.start, i.opcode, i.oparg, i.jump_target())).collect();
        assert_eq!(
            decoded,
            [
                (0, Opcode::RESUME, 0, None),
                (1, Opcode::FOR_ITER, 258, Some(262)),
                (4, Opcode::JUMP_BACKWARD, 3, Some(3)),
                (6, Opcode::RETURN_VALUE, 0, None),
            ]
        );
    }
}
