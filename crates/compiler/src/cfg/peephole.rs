//! Local improvements of a block: constant folding, jump threading, comparisons and truth tests,
//! swaps.
//!
//! CPython: `optimize_basic_block`.

use krait_bytecode::{COMPARE_TO_BOOL, Opcode};

use super::constants::{self, Consts};
use super::kinds::Kinds;
use super::{Block, BlockId, Graph, Instr};
use crate::assemble::AssembleError;

impl Graph {
    pub(super) fn optimize_blocks(
        &mut self,
        consts: &mut Consts<'_, '_>,
    ) -> Result<(), AssembleError> {
        let mut cursor = Some(BlockId::ENTRY);
        while let Some(id) = cursor {
            self.optimize_block(id, consts)?;
            cursor = self[id].next;
        }
        Ok(())
    }

    fn optimize_block(
        &mut self,
        id: BlockId,
        consts: &mut Consts<'_, '_>,
    ) -> Result<(), AssembleError> {
        const LOOKED_FOR: Kinds = Kinds::TARGET.with(Kinds::IMPROVABLE);
        if !self[id].kinds.has(LOOKED_FOR) {
            return Ok(());
        }
        let mut at = 0;
        let mut swaps = false;
        loop {
            let Block { code, kinds, .. } = &mut self[id];
            while at < code.len() && !code[at].has_target() {
                if Kinds::of(code[at].opcode).has(Kinds::IMPROVABLE) {
                    swaps |= code[at].opcode == Opcode::SWAP;
                    optimize_instruction(code, at, consts)?;
                    // The display of a list may end in a load without line, right before. What else
                    // changes becomes a NOP, or stays of its kind.
                    *kinds |= Kinds::of_instr(&code[at]);
                    *kinds |= Kinds::of_instr(&code[at.saturating_sub(1)]);
                }
                at += 1;
            }
            if at == code.len() {
                break;
            }
            if !self.thread_jump(id, at) {
                at += 1;
            }
        }
        if swaps {
            super::swaps::optimize_swaps(&mut self[id].code);
        }
        Ok(())
    }

    /// Lets a jump to a jump go where that one goes. Whether there is something to look at again.
    fn thread_jump(&mut self, id: BlockId, at: usize) -> bool {
        use Opcode::*;
        let Instr { opcode, target: Some(target), .. } = self[id].code[at] else { return false };
        let Some(&first) = self[target].code.first() else { return false };
        let threaded = match (opcode, first.opcode) {
            (
                POP_JUMP_IF_FALSE | POP_JUMP_IF_TRUE | POP_JUMP_IF_NONE | POP_JUMP_IF_NOT_NONE,
                JUMP,
            ) => opcode,
            (JUMP_IF_FALSE, JUMP | JUMP_IF_FALSE) | (JUMP_IF_TRUE, JUMP | JUMP_IF_TRUE) => opcode,
            (JUMP_IF_FALSE, JUMP_IF_TRUE) | (JUMP_IF_TRUE, JUMP_IF_FALSE) => {
                // The second jump is not taken.
                let Some(next) = self[target].next else { return false };
                self[id].code[at].target = Some(next);
                return true;
            }
            (JUMP | JUMP_NO_INTERRUPT, JUMP) => JUMP,
            (JUMP | JUMP_NO_INTERRUPT, JUMP_NO_INTERRUPT) => opcode,
            _ => return false,
        };
        let Some(destination) = first.target.filter(|&destination| destination != target) else {
            return false;
        };
        // The NOP keeps the line of the jump, if no other instruction does.
        self[id].code[at].make_nop();
        self.add_jump(id, threaded, destination, &first);
        true
    }
}

/// Looks at an instruction that is `Kinds::IMPROVABLE`.
fn optimize_instruction(
    code: &mut [Instr],
    at: usize,
    consts: &mut Consts<'_, '_>,
) -> Result<(), AssembleError> {
    match code[at].opcode {
        Opcode::BUILD_TUPLE => {
            if unpack_at_once(code, at) {
                return Ok(());
            }
            constants::fold_tuple(code, at, consts)
        }
        Opcode::BUILD_LIST | Opcode::BUILD_SET => constants::fold_list_or_set(code, at, consts),
        Opcode::LIST_APPEND | Opcode::SET_ADD => constants::fold_append(code, at, consts),
        Opcode::BINARY_OP => constants::fold_binary(code, at, consts),
        Opcode::CALL_INTRINSIC_1 => constants::fold_intrinsic(code, at, consts),
        Opcode::UNARY_INVERT | Opcode::UNARY_NEGATIVE => constants::fold_unary(code, at, consts),
        Opcode::UNARY_NOT => match next_opcode(code, at) {
            Opcode::TO_BOOL => {
                code[at].make_nop();
                code[at + 1].set(Opcode::UNARY_NOT, 0);
                Ok(())
            }
            Opcode::UNARY_NOT => {
                code[at].make_nop();
                code[at + 1].make_nop();
                Ok(())
            }
            _ => constants::fold_unary(code, at, consts),
        },
        _ => {
            optimize_pair(code, at);
            Ok(())
        }
    }
}

/// The opcode behind `at`; `CACHE`, which is never emitted, at the end.
fn next_opcode(code: &[Instr], at: usize) -> Opcode {
    code.get(at + 1).map_or(Opcode::CACHE, |next| next.opcode)
}

/// A tuple that is unpacked at once is not made, if it is small. Whether that was so.
fn unpack_at_once(code: &mut [Instr], at: usize) -> bool {
    let size = code[at].oparg;
    if next_opcode(code, at) != Opcode::UNPACK_SEQUENCE || code[at + 1].oparg != size {
        return false;
    }
    match size {
        1 => code[at + 1].make_nop(),
        2 | 3 => code[at + 1].opcode = Opcode::SWAP,
        _ => return false,
    }
    code[at].make_nop();
    true
}

/// Two instructions that one can do, or a single one without effect.
fn optimize_pair(code: &mut [Instr], at: usize) {
    let Instr { opcode, oparg, .. } = code[at];
    let next = next_opcode(code, at);
    match opcode {
        Opcode::COMPARE_OP if next == Opcode::TO_BOOL => {
            code[at].make_nop();
            code[at + 1].set(Opcode::COMPARE_OP, oparg | COMPARE_TO_BOOL);
        }
        Opcode::CONTAINS_OP | Opcode::IS_OP if next == Opcode::TO_BOOL => {
            code[at].make_nop();
            code[at + 1].set(opcode, oparg);
        }
        Opcode::CONTAINS_OP | Opcode::IS_OP if next == Opcode::UNARY_NOT => {
            code[at].make_nop();
            code[at + 1].set(opcode, oparg ^ 1);
        }
        Opcode::TO_BOOL if next == Opcode::TO_BOOL => code[at].make_nop(),
        Opcode::LOAD_GLOBAL if next == Opcode::PUSH_NULL && oparg & 1 == 0 => {
            code[at].oparg |= 1;
            code[at + 1].make_nop();
        }
        Opcode::SWAP if oparg == 1 => code[at].make_nop(),
        // Of two stores to the same local in the same line, the first is never seen.
        Opcode::STORE_FAST
            if next == Opcode::STORE_FAST
                && code[at + 1].oparg == oparg
                && code[at + 1].line() == code[at].line() =>
        {
            code[at].set(Opcode::POP_TOP, 0);
        }
        _ => {}
    }
}
