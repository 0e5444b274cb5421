//! Kinds of instructions, so that a pass goes by the blocks that have nothing for it.
//!
//! Each block knows the kinds of what was ever put into it: more than it has at times, never less.

use std::ops::BitOrAssign;

use krait_bytecode::Opcode;

use super::Instr;

/// A set of kinds.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Kinds(u16);

impl Kinds {
    pub(super) const NONE: Kinds = Kinds(0);
    /// Names another block: jumps, and what opens a protected region.
    pub(super) const TARGET: Kinds = Kinds(1 << 0);
    /// Nothing stands behind it in its block.
    pub(super) const END: Kinds = Kinds(1 << 1);
    /// Pushes a constant.
    pub(super) const CONST: Kinds = Kinds(1 << 2);
    /// Its argument is a local.
    pub(super) const LOCAL: Kinds = Kinds(1 << 3);
    pub(super) const POP_TOP: Kinds = Kinds(1 << 4);
    /// May have something to gain from `peephole`.
    pub(super) const IMPROVABLE: Kinds = Kinds(1 << 5);
    /// A pseudo instruction, or one whose argument counts cells: rewritten in the end.
    pub(super) const ABSTRACT: Kinds = Kinds(1 << 6);
    /// Belongs to no line of its own.
    pub(super) const LINELESS: Kinds = Kinds(1 << 7);
    /// Opens or closes a protected region.
    pub(super) const REGION: Kinds = Kinds(1 << 8);
    /// Where annotations go.
    pub(super) const PLACEHOLDER: Kinds = Kinds(1 << 9);
    /// Jumps on a value that stays.
    pub(super) const PSEUDO_JUMP: Kinds = Kinds(1 << 10);
    /// May leave a local without value.
    pub(super) const UNBINDS: Kinds = Kinds(1 << 11);

    /// Of an instruction with this operation, `LINELESS` apart.
    pub(super) const fn of(opcode: Opcode) -> Kinds {
        TABLE[opcode as usize]
    }

    pub(super) fn of_instr(instr: &Instr) -> Kinds {
        let lineless = if instr.location.has_line() { Kinds::NONE } else { Kinds::LINELESS };
        Kinds::of(instr.opcode).with(lineless)
    }

    /// Whether one of `any` is there.
    pub(super) const fn has(self, any: Kinds) -> bool {
        self.0 & any.0 != 0
    }

    pub(super) const fn with(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    pub(super) const fn without(self, other: Kinds) -> Kinds {
        Kinds(self.0 & !other.0)
    }
}

impl BitOrAssign for Kinds {
    fn bitor_assign(&mut self, other: Kinds) {
        *self = self.with(other);
    }
}

const TABLE: [Kinds; Opcode::COUNT] = {
    let mut table = [Kinds::NONE; Opcode::COUNT];
    let mut at = 0;
    while at < Opcode::ALL.len() {
        let opcode = Opcode::ALL[at];
        table[opcode as usize] = classify(opcode);
        at += 1;
    }
    table
};

const fn classify(opcode: Opcode) -> Kinds {
    use Opcode::*;
    let mut kinds = match opcode {
        POP_TOP => Kinds::POP_TOP,
        STORE_FAST_MAYBE_NULL => Kinds::LOCAL.with(Kinds::UNBINDS).with(Kinds::ABSTRACT),
        DELETE_FAST | LOAD_FAST_AND_CLEAR => Kinds::UNBINDS,
        LOAD_SMALL_INT => Kinds::CONST,
        MAKE_CELL
        | LOAD_DEREF
        | STORE_DEREF
        | DELETE_DEREF
        | LOAD_FROM_DICT_OR_DEREF
        | LOAD_CLOSURE => Kinds::ABSTRACT,
        SETUP_FINALLY | SETUP_CLEANUP | SETUP_WITH => Kinds::ABSTRACT.with(Kinds::REGION),
        POP_BLOCK => Kinds::REGION,
        JUMP_IF_FALSE | JUMP_IF_TRUE => Kinds::PSEUDO_JUMP,
        ANNOTATIONS_PLACEHOLDER => Kinds::PLACEHOLDER,
        BUILD_TUPLE | BUILD_LIST | BUILD_SET | LIST_APPEND | SET_ADD | BINARY_OP
        | CALL_INTRINSIC_1 | UNARY_INVERT | UNARY_NEGATIVE | UNARY_NOT | COMPARE_OP
        | CONTAINS_OP | IS_OP | TO_BOOL | LOAD_GLOBAL | SWAP | STORE_FAST => Kinds::IMPROVABLE,
        _ => Kinds::NONE,
    };
    if opcode.has_jump() || opcode.is_block_push() {
        kinds = kinds.with(Kinds::TARGET);
    }
    if opcode.has_jump() || opcode.is_scope_exit() {
        kinds = kinds.with(Kinds::END);
    }
    if opcode.has_const() {
        kinds = kinds.with(Kinds::CONST);
    }
    if opcode.has_local() {
        kinds = kinds.with(Kinds::LOCAL);
    }
    kinds
}
