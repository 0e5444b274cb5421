//! Constants in the graph: folding operations on them, and the table of those in use.
//!
//! Folded operands become NOPs without location. CPython: the `fold_*` functions,
//! `optimize_lists_and_sets`, `optimize_load_const` and `remove_unused_consts`.

use std::ops::Range;

use crate::tables::IndexSet;
use bumpalo::Bump;
use krait_bytecode::{BinaryOp, Opcode, intrinsic_1};

use super::kinds::Kinds;
use super::{Graph, Instr};
use crate::assemble::AssembleError;
use crate::code::Constant;
use crate::fold;
use crate::instructions::Location;

/// The constants of a unit, and where new ones live.
pub(super) struct Consts<'t, 'a> {
    pub(super) table: &'t mut IndexSet<Constant<'a>>,
    pub(super) arena: &'a Bump,
}

impl<'a> Consts<'_, 'a> {
    /// The index of a constant, adding it if it is new.
    fn add(&mut self, constant: Constant<'a>) -> u32 {
        self.table.insert_full(constant).0 as u32
    }

    fn get(&self, index: u32) -> Result<Constant<'a>, AssembleError> {
        self.table.get_index(index as usize).copied().ok_or(BAD_CONST)
    }

    /// The value that an instruction for which `loads_const` holds pushes.
    fn value(&self, opcode: Opcode, oparg: u32) -> Result<Constant<'a>, AssembleError> {
        match opcode {
            Opcode::LOAD_SMALL_INT => Ok(Constant::Int(i64::from(oparg))),
            _ => self.get(oparg),
        }
    }

    /// The values of the instructions at these places.
    fn values(&self, code: &[Instr], places: &[usize]) -> Result<Vec<Constant<'a>>, AssembleError> {
        places.iter().map(|&at| self.value(code[at].opcode, code[at].oparg)).collect()
    }
}

/// Longer displays are built piece by piece, so that the stack stays shallow.
const MAX_DISPLAY: u32 = 30;

/// Shorter lists and sets of constants are built item by item.
const MIN_CONST_SEQUENCE: u32 = 3;

const BAD_CONST: AssembleError = AssembleError::Invalid("constant index out of range");

pub(super) fn loads_const(opcode: Opcode) -> bool {
    opcode.has_const() || opcode == Opcode::LOAD_SMALL_INT
}

/// Makes `instr` push `constant`.
fn make_load<'a>(instr: &mut Instr, constant: Constant<'a>, consts: &mut Consts<'_, 'a>) {
    match constant {
        Constant::Int(small @ 0..=255) => instr.set(Opcode::LOAD_SMALL_INT, small as u32),
        constant => instr.set(Opcode::LOAD_CONST, consts.add(constant)),
    }
}

fn nop_out(code: &mut [Instr], places: &[usize]) {
    for &place in places {
        code[place].make_nop();
        code[place].location = Location::NONE;
    }
}

/// The place of the load of a constant right before `end`, but for NOPs between them. `None` if there is anything else.
fn const_load_before(code: &[Instr], end: usize) -> Option<usize> {
    let place = code[..end].iter().rposition(|instr| !instr.is_nop())?;
    loads_const(code[place].opcode).then_some(place)
}

/// The places of the `count` loads of constants right before `end`, in order.
fn const_loads_before(code: &[Instr], mut end: usize, count: usize) -> Option<Vec<usize>> {
    let mut places = Vec::new();
    while places.len() < count {
        end = const_load_before(code, end)?;
        places.push(end);
    }
    places.reverse();
    Some(places)
}

/// `BUILD_TUPLE` of constants.
pub(super) fn fold_tuple(
    code: &mut [Instr],
    at: usize,
    consts: &mut Consts<'_, '_>,
) -> Result<(), AssembleError> {
    let size = code[at].oparg;
    if size > MAX_DISPLAY {
        return Ok(());
    }
    if let Some(places) = const_loads_before(code, at, size as usize) {
        let tuple = Constant::tuple(&consts.values(code, &places)?, consts.arena);
        nop_out(code, &places);
        make_load(&mut code[at], tuple, consts);
    }
    Ok(())
}

/// `BUILD_LIST` or `BUILD_SET`: a constant tuple or frozenset where it is only iterated or
/// searched, else an empty one that is extended by a constant.
pub(super) fn fold_list_or_set(
    code: &mut [Instr],
    at: usize,
    consts: &mut Consts<'_, '_>,
) -> Result<(), AssembleError> {
    let Instr { opcode, oparg: size, location, .. } = code[at];
    let read_only = is_read_only(code, at);
    if size > MAX_DISPLAY || size < MIN_CONST_SEQUENCE && !read_only {
        return Ok(());
    }
    let Some(places) = const_loads_before(code, at, size as usize) else {
        if read_only && opcode == Opcode::BUILD_LIST {
            code[at].opcode = Opcode::BUILD_TUPLE;
        }
        return Ok(());
    };
    let items = consts.values(code, &places)?;
    let constant = match opcode {
        Opcode::BUILD_SET => fold::frozenset(&items, consts.arena),
        _ => Constant::tuple(&items, consts.arena),
    };
    let index = consts.add(constant);
    nop_out(code, &places);
    if read_only {
        code[at].set(Opcode::LOAD_CONST, index);
    } else {
        let extend = match opcode {
            Opcode::BUILD_LIST => Opcode::LIST_EXTEND,
            _ => Opcode::SET_UPDATE,
        };
        // At least three operands became NOPs, so both places exist.
        code[at - 2].location = location;
        code[at - 2].set(opcode, 0);
        code[at - 1].set(Opcode::LOAD_CONST, index);
        code[at].set(extend, 1);
    }
    Ok(())
}

pub(super) fn fold_unary(
    code: &mut [Instr],
    at: usize,
    consts: &mut Consts<'_, '_>,
) -> Result<(), AssembleError> {
    let Some(place) = const_load_before(code, at) else { return Ok(()) };
    let operand = &code[place];
    let operand = consts.value(operand.opcode, operand.oparg)?;
    let result = match code[at].opcode {
        Opcode::UNARY_NEGATIVE => fold::negative(&operand, consts.arena),
        Opcode::UNARY_INVERT => fold::invert(&operand, consts.arena),
        Opcode::UNARY_NOT => Some(Constant::Bool(!operand.truth())),
        _ => fold::positive(&operand, consts.arena),
    };
    if let Some(result) = result {
        nop_out(code, &[place]);
        make_load(&mut code[at], result, consts);
    }
    Ok(())
}

pub(super) fn fold_binary(
    code: &mut [Instr],
    at: usize,
    consts: &mut Consts<'_, '_>,
) -> Result<(), AssembleError> {
    let Some(right) = const_load_before(code, at) else { return Ok(()) };
    let Some(left) = const_load_before(code, right) else { return Ok(()) };
    let places = [left, right];
    let operands = consts.values(code, &places)?;
    let result = BinaryOp::from_oparg(code[at].oparg)
        .and_then(|op| fold::binary(&operands[0], op, &operands[1], consts.arena));
    if let Some(result) = result {
        nop_out(code, &places);
        make_load(&mut code[at], result, consts);
    }
    Ok(())
}

/// A display too long for the stack, right before `end`: `build 0`, then constants with
/// `append 1` each. Returns where it starts, and where the constants are loaded.
fn appended_constants(
    code: &[Instr],
    end: usize,
    build: Opcode,
    append: Opcode,
) -> Option<(usize, Vec<usize>)> {
    let mut loads = Vec::new();
    let mut expect_append = true;
    for place in (0..end).rev() {
        let Instr { opcode, oparg, .. } = code[place];
        if opcode == Opcode::NOP {
            continue;
        }
        if opcode == build && oparg == 0 {
            loads.reverse();
            return expect_append.then_some((place, loads));
        }
        if expect_append {
            if opcode != append || oparg != 1 {
                return None;
            }
        } else if loads_const(opcode) {
            loads.push(place);
        } else {
            return None;
        }
        expect_append = !expect_append;
    }
    None
}

fn nop_out_range(code: &mut [Instr], range: Range<usize>) {
    for place in range {
        if !code[place].is_nop() {
            nop_out(code, &[place]);
        }
    }
}

/// A long tuple display: a list, then its conversion.
fn fold_list_to_tuple(
    code: &mut [Instr],
    at: usize,
    consts: &mut Consts<'_, '_>,
) -> Result<(), AssembleError> {
    let display = appended_constants(code, at, Opcode::BUILD_LIST, Opcode::LIST_APPEND);
    if let Some((start, loads)) = display {
        let tuple = Constant::tuple(&consts.values(code, &loads)?, consts.arena);
        nop_out_range(code, start..at);
        make_load(&mut code[at], tuple, consts);
    }
    Ok(())
}

/// The last append to a long list or set display that is only iterated or searched.
pub(super) fn fold_append(
    code: &mut [Instr],
    at: usize,
    consts: &mut Consts<'_, '_>,
) -> Result<(), AssembleError> {
    if !is_read_only(code, at) {
        return Ok(());
    }
    let append = code[at].opcode;
    let build = match append {
        Opcode::LIST_APPEND => Opcode::BUILD_LIST,
        _ => Opcode::BUILD_SET,
    };
    if let Some((start, loads)) = appended_constants(code, at + 1, build, append) {
        let items = consts.values(code, &loads)?;
        let constant = match append {
            Opcode::LIST_APPEND => Constant::tuple(&items, consts.arena),
            _ => fold::frozenset(&items, consts.arena),
        };
        nop_out_range(code, start..at + 1);
        code[at].set(Opcode::LOAD_CONST, consts.add(constant));
    }
    Ok(())
}

/// What is built at `at` is only iterated or searched.
fn is_read_only(code: &[Instr], at: usize) -> bool {
    code.get(at + 1)
        .is_some_and(|next| matches!(next.opcode, Opcode::GET_ITER | Opcode::CONTAINS_OP))
}

/// Unary plus and the conversion of a list to a tuple are intrinsics.
pub(super) fn fold_intrinsic(
    code: &mut [Instr],
    at: usize,
    consts: &mut Consts<'_, '_>,
) -> Result<(), AssembleError> {
    match code[at].oparg {
        intrinsic_1::LIST_TO_TUPLE => {
            fold_list_to_tuple(code, at, consts)?;
            let iterated = code.get(at + 1).is_some_and(|next| next.opcode == Opcode::GET_ITER);
            if iterated && code[at].opcode == Opcode::CALL_INTRINSIC_1 {
                // Whoever iterates does not mind a list.
                code[at].make_nop();
            }
            Ok(())
        }
        intrinsic_1::UNARY_POSITIVE => fold_unary(code, at, consts),
        _ => Ok(()),
    }
}

impl Graph {
    /// Decides conditional jumps and truth tests on constants, and `is None` tests.
    pub(super) fn optimize_constant_loads(
        &mut self,
        consts: &mut Consts<'_, '_>,
    ) -> Result<(), AssembleError> {
        let mut result = Ok(());
        self.each_block(|graph, id| {
            if result.is_ok() && graph[id].kinds.has(Kinds::CONST) {
                result = optimize_loads_in(&mut graph[id].code, consts);
            }
        });
        result
    }

    /// Drops unused constants, except for the first, which may be the docstring, and renumbers.
    pub(super) fn remove_unused_consts<'a>(
        &mut self,
        consts: &mut Consts<'_, 'a>,
    ) -> &'a [Constant<'a>] {
        let mut used = std::mem::take(&mut self.used_consts);
        used.clear();
        used.resize(consts.table.len(), false);
        if let Some(first) = used.first_mut() {
            *first = true;
        }
        for block in self.blocks[..self.used].iter().filter(|b| b.kinds.has(Kinds::CONST)) {
            for instr in block.code.iter().filter(|i| i.opcode.has_const()) {
                used[instr.oparg as usize] = true;
            }
        }
        let left = self.renumber_consts(consts, &used);
        self.used_consts = used;
        left
    }

    fn renumber_consts<'a>(
        &mut self,
        consts: &mut Consts<'_, 'a>,
        used: &[bool],
    ) -> &'a [Constant<'a>] {
        let Consts { table, arena } = consts;
        if used.iter().all(|used| *used) {
            return arena.alloc_slice_fill_iter(table.drain(..));
        }
        let mut renumbered = Vec::with_capacity(used.len());
        let mut count = 0;
        for &used in used {
            renumbered.push(count);
            count += u32::from(used);
        }
        self.each_block(|graph, id| {
            for instr in graph[id].code.iter_mut().filter(|i| i.opcode.has_const()) {
                instr.oparg = renumbered[instr.oparg as usize];
            }
        });
        let mut left = bumpalo::collections::Vec::with_capacity_in(count as usize, arena);
        left.extend(table.drain(..).zip(used).filter_map(|(c, &used)| used.then_some(c)));
        left.into_bump_slice()
    }
}

fn optimize_loads_in(code: &mut [Instr], consts: &mut Consts<'_, '_>) -> Result<(), AssembleError> {
    // The load of a constant before `at`, perhaps with copies of it in between.
    let mut load = None;
    for at in 0..code.len() {
        let Instr { mut opcode, mut oparg, .. } = code[at];
        match (opcode, load) {
            (Opcode::LOAD_CONST, _) => {
                if let Constant::Int(small @ 0..=255) = consts.get(oparg)? {
                    (opcode, oparg) = (Opcode::LOAD_SMALL_INT, small as u32);
                    code[at].set(opcode, oparg);
                }
            }
            (Opcode::LOAD_SMALL_INT, _) => {}
            (Opcode::COPY, Some((Opcode::LOAD_CONST, copied))) if oparg == 1 => {
                (opcode, oparg) = (Opcode::LOAD_CONST, copied);
            }
            _ => {
                load = None;
                continue;
            }
        }
        load = Some((opcode, oparg));
        let Some(next) = code.get(at + 1) else { break };
        match next.opcode {
            Opcode::POP_JUMP_IF_FALSE
            | Opcode::POP_JUMP_IF_TRUE
            | Opcode::JUMP_IF_FALSE
            | Opcode::JUMP_IF_TRUE => {
                let truth = consts.value(opcode, oparg)?.truth();
                decide_jump(code, at, truth);
            }
            Opcode::IS_OP if matches!(consts.value(opcode, oparg)?, Constant::None) => {
                fold_is_none_jump(code, at);
            }
            Opcode::TO_BOOL => {
                let truth = consts.value(opcode, oparg)?.truth();
                let index = consts.add(Constant::Bool(truth));
                code[at].make_nop();
                code[at + 1].set(Opcode::LOAD_CONST, index);
            }
            _ => {}
        }
    }
    Ok(())
}

/// A conditional jump on the constant at `at`.
fn decide_jump(code: &mut [Instr], at: usize, truth: bool) {
    let jump = code[at + 1].opcode;
    if matches!(jump, Opcode::POP_JUMP_IF_FALSE | Opcode::POP_JUMP_IF_TRUE) {
        code[at].make_nop();
    }
    let jumps_if = matches!(jump, Opcode::POP_JUMP_IF_TRUE | Opcode::JUMP_IF_TRUE);
    if truth == jumps_if {
        code[at + 1].opcode = Opcode::JUMP;
    } else {
        code[at + 1].make_nop();
    }
}

/// `None` at `at`, then `IS_OP`, perhaps `TO_BOOL`, then a conditional jump.
fn fold_is_none_jump(code: &mut [Instr], at: usize) {
    let mut jump = at + 2;
    if code.get(jump).is_some_and(|i| i.opcode == Opcode::TO_BOOL) {
        code[jump].make_nop();
        jump += 1;
    }
    let inverted = code[at + 1].oparg != 0;
    let if_none = match code.get(jump).map(|i| i.opcode) {
        Some(Opcode::POP_JUMP_IF_TRUE) => !inverted,
        Some(Opcode::POP_JUMP_IF_FALSE) => inverted,
        _ => return,
    };
    code[at].make_nop();
    code[at + 1].make_nop();
    code[jump].opcode =
        if if_none { Opcode::POP_JUMP_IF_NONE } else { Opcode::POP_JUMP_IF_NOT_NONE };
}
