//! Emitting instructions: thin, short-named wrappers, so that the rest reads like a listing.

use krait_bytecode::{CompareOp, Opcode, common_constant, resume};
use krait_syntax::ast::{CmpOperator, ExprContext, Operator};

use super::Generator;
use crate::code::Constant;
use crate::error::Result;
use crate::instructions::{Label, Location};

impl<'a> Generator<'a> {
    /// Without argument.
    pub(super) fn op(&mut self, loc: Location, opcode: Opcode) {
        self.unit_mut().seq.emit(opcode, 0, loc);
    }

    /// With an argument.
    pub(super) fn op_i(&mut self, loc: Location, opcode: Opcode, oparg: u32) {
        self.unit_mut().seq.emit(opcode, oparg, loc);
    }

    /// With a count as argument.
    pub(super) fn op_n(&mut self, loc: Location, opcode: Opcode, count: usize) {
        self.op_i(loc, opcode, u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// A jump, or the start of a protected region.
    pub(super) fn op_j(&mut self, loc: Location, opcode: Opcode, target: Label) {
        self.unit_mut().seq.emit_jump(opcode, target, loc);
    }

    pub(super) fn new_label(&mut self) -> Label {
        self.unit_mut().seq.new_label()
    }

    pub(super) fn use_label(&mut self, label: Label) {
        self.unit_mut().seq.use_label(label);
    }

    pub(super) fn load_const(&mut self, loc: Location, constant: Constant<'a>) {
        let index = self.unit_mut().meta.add_const(constant);
        self.op_i(loc, Opcode::LOAD_CONST, index);
    }

    pub(super) fn load_none(&mut self, loc: Location) {
        self.load_const(loc, Constant::None);
    }

    pub(super) fn load_str(&mut self, loc: Location, text: &'a str) {
        self.load_const(loc, Constant::name(text));
    }

    pub(super) fn load_int(&mut self, loc: Location, value: usize) {
        self.load_const(loc, Constant::Int(i64::try_from(value).unwrap_or(i64::MAX)));
    }

    pub(super) fn load_common(&mut self, loc: Location, index: u32) {
        debug_assert!(index <= common_constant::BUILTIN_ANY);
        self.op_i(loc, Opcode::LOAD_COMMON_CONSTANT, index);
    }

    /// With a name of `co_names` as argument, as it is.
    pub(super) fn op_name(&mut self, loc: Location, opcode: Opcode, name: &'a str) {
        self.op_name_shifted(loc, opcode, name, 0, 0);
    }

    /// With a name of `co_names` in the upper bits of the argument.
    pub(super) fn op_name_shifted(
        &mut self,
        loc: Location,
        opcode: Opcode,
        name: &'a str,
        shift: u32,
        low: u32,
    ) {
        let index = self.unit_mut().meta.add_name(name);
        self.op_i(loc, opcode, index << shift | low);
    }

    /// With a name of `co_names`, mangled, as argument.
    pub(super) fn op_mangled(&mut self, loc: Location, opcode: Opcode, name: &'a str) {
        let name = self.mangled(name);
        self.op_name(loc, opcode, name);
    }

    pub(super) fn load_attr(&mut self, loc: Location, name: &'a str) {
        let name = self.mangled(name);
        self.op_name_shifted(loc, Opcode::LOAD_ATTR, name, 1, 0);
    }

    pub(super) fn load_method(&mut self, loc: Location, name: &'a str) {
        let name = self.mangled(name);
        self.op_name_shifted(loc, Opcode::LOAD_ATTR, name, 1, 1);
    }

    pub(super) fn load_name(&mut self, loc: Location, name: &'a str) -> Result {
        self.name_op(loc, name, ExprContext::Load)
    }

    pub(super) fn store_name(&mut self, loc: Location, name: &'a str) -> Result {
        self.name_op(loc, name, ExprContext::Store)
    }

    /// `name = None; del name`, at the end of an `except … as name`.
    pub(super) fn forget_name(&mut self, loc: Location, name: &'a str) -> Result {
        self.load_none(loc);
        self.store_name(loc, name)?;
        self.name_op(loc, name, ExprContext::Del)
    }

    pub(super) fn compare(&mut self, loc: Location, op: CmpOperator) {
        let (opcode, oparg) = match op {
            CmpOperator::Eq => (Opcode::COMPARE_OP, CompareOp::Eq.oparg()),
            CmpOperator::NotEq => (Opcode::COMPARE_OP, CompareOp::Ne.oparg()),
            CmpOperator::Lt => (Opcode::COMPARE_OP, CompareOp::Lt.oparg()),
            CmpOperator::LtE => (Opcode::COMPARE_OP, CompareOp::Le.oparg()),
            CmpOperator::Gt => (Opcode::COMPARE_OP, CompareOp::Gt.oparg()),
            CmpOperator::GtE => (Opcode::COMPARE_OP, CompareOp::Ge.oparg()),
            CmpOperator::Is => (Opcode::IS_OP, 0),
            CmpOperator::IsNot => (Opcode::IS_OP, 1),
            CmpOperator::In => (Opcode::CONTAINS_OP, 0),
            CmpOperator::NotIn => (Opcode::CONTAINS_OP, 1),
        };
        self.op_i(loc, opcode, oparg);
    }

    pub(super) fn binary(&mut self, loc: Location, op: Operator) {
        self.op_i(loc, Opcode::BINARY_OP, binary_oparg(op));
    }

    pub(super) fn inplace(&mut self, loc: Location, op: Operator) {
        self.op_i(loc, Opcode::BINARY_OP, binary_oparg(op) + FIRST_INPLACE);
    }

    /// Drives the iterator on top of the stack to its end, passing values through.
    pub(super) fn yield_from(&mut self, loc: Location, is_await: bool) {
        let [send, fail, exit] = [self.new_label(), self.new_label(), self.new_label()];
        self.use_label(send);
        self.op_j(loc, Opcode::SEND, exit);
        // What close() or throw() raise in there may be the end of the iterator.
        self.op_j(loc, Opcode::SETUP_FINALLY, fail);
        self.op_i(loc, Opcode::YIELD_VALUE, 1);
        self.op(Location::NONE, Opcode::POP_BLOCK);
        let resumed = if is_await { resume::AFTER_AWAIT } else { resume::AFTER_YIELD_FROM };
        self.op_i(loc, Opcode::RESUME, resumed);
        self.op_j(loc, Opcode::JUMP_NO_INTERRUPT, send);
        self.use_label(fail);
        self.op(loc, Opcode::CLEANUP_THROW);
        self.use_label(exit);
        self.op(loc, Opcode::END_SEND);
    }

    /// Awaits the value on top of the stack.
    pub(super) fn await_top(&mut self, loc: Location, source: u32) {
        self.op_i(loc, Opcode::GET_AWAITABLE, source);
        self.load_none(loc);
        self.yield_from(loc, true);
    }

    /// The end of an exception handler that failed itself.
    pub(super) fn pop_except_and_reraise(&mut self, loc: Location) {
        self.op_i(loc, Opcode::COPY, 3);
        self.op(loc, Opcode::POP_EXCEPT);
        self.op_i(loc, Opcode::RERAISE, 1);
    }
}

/// Distance from an operator's oparg to that of its in-place form.
const FIRST_INPLACE: u32 = krait_bytecode::BinaryOp::NB_INPLACE_ADD as u32;

fn binary_oparg(op: Operator) -> u32 {
    use krait_bytecode::BinaryOp;
    let op = match op {
        Operator::Add => BinaryOp::NB_ADD,
        Operator::Sub => BinaryOp::NB_SUBTRACT,
        Operator::Mult => BinaryOp::NB_MULTIPLY,
        Operator::MatMult => BinaryOp::NB_MATRIX_MULTIPLY,
        Operator::Div => BinaryOp::NB_TRUE_DIVIDE,
        Operator::Mod => BinaryOp::NB_REMAINDER,
        Operator::Pow => BinaryOp::NB_POWER,
        Operator::LShift => BinaryOp::NB_LSHIFT,
        Operator::RShift => BinaryOp::NB_RSHIFT,
        Operator::BitOr => BinaryOp::NB_OR,
        Operator::BitXor => BinaryOp::NB_XOR,
        Operator::BitAnd => BinaryOp::NB_AND,
        Operator::FloorDiv => BinaryOp::NB_FLOOR_DIVIDE,
    };
    op as u32
}
