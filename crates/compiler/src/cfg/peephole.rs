//! Local improvements of a block: constant folding, jump threading, comparisons and truth tests,
//! swaps.
//!
//! CPython: `optimize_basic_block`.

use krait_bytecode::{COMPARE_TO_BOOL, Opcode};

use super::constants::{self, Consts};
use super::{BlockId, Graph, Instr};
use crate::assemble::AssembleError;

impl Graph {
    pub(super) fn optimize_block(
        &mut self,
        id: BlockId,
        consts: &mut Consts,
    ) -> Result<(), AssembleError> {
        let mut at = 0;
        while at < self[id].code.len() {
            if self[id].code[at].has_target() {
                if self.thread_jump(id, at) {
                    continue;
                }
            } else {
                optimize_instruction(&mut self[id].code, at, consts)?;
            }
            at += 1;
        }
        super::swaps::optimize_swaps(&mut self[id].code);
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

fn optimize_instruction(
    code: &mut [Instr],
    at: usize,
    consts: &mut Consts,
) -> Result<(), AssembleError> {
    let Instr { opcode, oparg, .. } = code[at];
    let next = code.get(at + 1).map_or(Opcode::CACHE, |next| next.opcode);
    match opcode {
        Opcode::BUILD_TUPLE => {
            if next == Opcode::UNPACK_SEQUENCE && code[at + 1].oparg == oparg {
                match oparg {
                    1 => {
                        code[at].make_nop();
                        code[at + 1].make_nop();
                        return Ok(());
                    }
                    2 | 3 => {
                        code[at].make_nop();
                        code[at + 1].opcode = Opcode::SWAP;
                        return Ok(());
                    }
                    _ => {}
                }
            }
            constants::fold_tuple(code, at, consts)
        }
        Opcode::BUILD_LIST | Opcode::BUILD_SET => constants::fold_list_or_set(code, at, consts),
        Opcode::LIST_APPEND | Opcode::SET_ADD => constants::fold_append(code, at, consts),
        Opcode::BINARY_OP => constants::fold_binary(code, at, consts),
        Opcode::CALL_INTRINSIC_1 => constants::fold_intrinsic(code, at, consts),
        Opcode::UNARY_INVERT | Opcode::UNARY_NEGATIVE => constants::fold_unary(code, at, consts),
        Opcode::UNARY_NOT => match next {
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
            optimize_pair(code, at, next);
            Ok(())
        }
    }
}

/// Two instructions that one can do, or a single one without effect.
fn optimize_pair(code: &mut [Instr], at: usize, next: Opcode) {
    let Instr { opcode, oparg, .. } = code[at];
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
