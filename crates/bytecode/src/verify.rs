//! Refuses code that could leave its stack, its code units or its tables, or take one kind of value for another.
//!
//! Code that the compiler made needs no check; what comes from `marshal`, `code.replace()` or
//! `types.CodeType()` does, because the interpreter trusts every number in it. What is proved, and what the
//! interpreter checks by itself, is told in `docs/internals/back-end.md`. First each instruction is looked at
//! alone (this file), then all ways through the code are followed (`flow`) with what stack and locals may hold
//! (`state`, `effects`). CPython has no counterpart.

mod effects;
mod flow;
mod shape;
mod state;

use std::fmt;

use crate::{
    BinaryOp, CompareOp, Decoded, ExceptionEntry, Opcode, code_flags, exceptions, intrinsic_1,
    intrinsic_2, local_kind,
};
use shape::fetch;

/// The parts of a code object that instructions refer to.
#[derive(Clone, Copy)]
pub struct Verifiable<'a> {
    pub code: &'a [u8],
    pub const_count: usize,
    /// The length of a constant that is a tuple of strings; `None` for other constants.
    pub names_in_const: &'a dyn Fn(usize) -> Option<usize>,
    pub name_count: usize,
    /// `co_localspluskinds`, one byte for each fast local, cell and free variable.
    pub local_kinds: &'a [u8],
    /// The locals that a call fills: parameters, and those that collect the other arguments.
    pub arg_count: usize,
    pub stack_size: u32,
    pub flags: u32,
    pub exception_table: &'a [u8],
}

/// What is wrong with the code, and where, in code units.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodeFault {
    pub offset: u32,
    pub what: &'static str,
}

impl fmt::Display for CodeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid bytecode at offset {}: {}", u64::from(self.offset) * 2, self.what)
    }
}

impl std::error::Error for CodeFault {}

/// Checks the code.
pub fn verify(subject: &Verifiable<'_>) -> Result<(), CodeFault> {
    check(subject, None)
}

/// What a slot of a frame holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Held {
    Object,
    Cell,
    Null,
    /// The place of a raise.
    Place,
}

/// A frame as it is. What lies on its stack is borrowed from no local.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    pub unit: u32,
    pub stack: &'a [Held],
    /// One for each of `local_kinds`.
    pub locals: &'a [Held],
    pub in_generator: bool,
}

/// Whether a frame may go on like this, where no way through the code leads by itself.
pub fn verify_from(subject: &Verifiable<'_>, moment: &Moment<'_>) -> Result<(), CodeFault> {
    check(subject, Some(moment))
}

fn check(subject: &Verifiable<'_>, moment: Option<&Moment<'_>>) -> Result<(), CodeFault> {
    check_locals(subject).map_err(|what| CodeFault { offset: 0, what })?;
    let mut layout = Layout::of(subject)?;
    let handlers = layout.handlers(subject)?;
    if let Some(&Moment { unit, stack, locals, .. }) = moment {
        if !layout.is(unit, unit::START)
            || stack.len() > subject.stack_size as usize
            || locals.len() != subject.local_kinds.len()
        {
            return Err(CodeFault { offset: unit, what: "no place to go on" });
        }
        layout.mark(unit, unit::LEADER);
    }
    flow::follow(subject, layout, &handlers, moment)
}

/// Whether these are kinds that indices can be worked out from by counting: locals come first, then cells that are no
/// locals, then free variables.
pub fn are_in_order(local_kinds: &[u8]) -> bool {
    let rank = |kind: u8| match kind & (local_kind::LOCAL | local_kind::CELL | local_kind::FREE) {
        kind if kind & local_kind::LOCAL != 0 && kind & local_kind::FREE == 0 => 0,
        local_kind::CELL => 1,
        local_kind::FREE => 2,
        _ => u8::MAX,
    };
    local_kinds.is_sorted_by_key(|&kind| rank(kind))
        && local_kinds.last().is_none_or(|&kind| rank(kind) != u8::MAX)
}

fn check_locals(subject: &Verifiable<'_>) -> Result<(), &'static str> {
    if !are_in_order(subject.local_kinds) {
        return Err("bad kinds of locals");
    }
    let is_local = |kind: &u8| kind & local_kind::LOCAL != 0;
    let locals = subject.local_kinds.iter().take_while(|kind| is_local(kind)).count();
    if subject.arg_count > locals { Err("more arguments than locals") } else { Ok(()) }
}

/// What is known of a code unit.
mod unit {
    /// An instruction starts here, with its `EXTENDED_ARG`s.
    pub const START: u32 = 1;
    /// Control comes here from elsewhere than the instruction before.
    pub const LEADER: u32 = 2;
    /// Above this many bits lies what the walk keeps for leaders.
    pub const BITS: u32 = 2;
}

/// A longer code is no compiler's.
const MOST_UNITS: usize = 1 << 27;

/// The code's units.
struct Layout {
    /// By unit: its marks.
    units: Vec<u32>,
    instruction_count: usize,
}

impl Layout {
    /// Looks at each instruction alone: only what may stand in a file, arguments in range, jumps within the code.
    fn of(subject: &Verifiable<'_>) -> Result<Layout, CodeFault> {
        let code = subject.code;
        let fault = |offset, what| CodeFault { offset, what };
        let units = code.len() / 2;
        if code.is_empty() || !code.len().is_multiple_of(2) || units > MOST_UNITS {
            return Err(fault(0, "bad length"));
        }
        let mut layout = Layout { units: vec![0; units], instruction_count: 0 };
        let mut at = 0;
        while (at as usize) < units {
            let instr = fetch(code, at).ok_or(fault(at, "EXTENDED_ARG at the end"))?;
            let (shape, end) = (instr.shape(), instr.end());
            let wrong = |what| fault(instr.offset, what);
            if !shape.in_files() {
                return Err(wrong("opcode that only the interpreter writes"));
            }
            if end as usize > units {
                return Err(wrong("inline cache cut off"));
            }
            if instr.offset - at > 3 || instr.oparg > i32::MAX as u32 {
                return Err(wrong("argument too large"));
            }
            layout.units[at as usize] |= unit::START;
            layout.instruction_count += 1;
            if shape.jumps() {
                layout.lead_to(&instr.decoded()).ok_or(wrong("jump out of the code"))?;
            } else if !shape.is_unchecked() {
                check_operand(subject, &instr.decoded()).map_err(wrong)?;
            }
            at = end;
        }
        let astray = |marks: &u32| marks & (unit::START | unit::LEADER) == unit::LEADER;
        match layout.units.iter().position(astray) {
            Some(at) => Err(fault(at as u32, "jump into an instruction")),
            None => Ok(layout),
        }
    }

    fn is(&self, unit: u32, mark: u32) -> bool {
        self.units.get(unit as usize).is_some_and(|marks| marks & mark != 0)
    }

    fn mark(&mut self, unit: u32, mark: u32) -> Option<()> {
        *self.units.get_mut(unit as usize)? |= mark;
        Some(())
    }

    /// The instruction jumps to where it says; `None` if that is not in the code.
    fn lead_to(&mut self, instr: &Decoded) -> Option<()> {
        self.mark(instr.jump_target()?, unit::LEADER)
    }

    /// The exception table: in the one form that a search and a walk read alike, on instruction boundaries.
    fn handlers(&mut self, subject: &Verifiable<'_>) -> Result<Vec<ExceptionEntry>, CodeFault> {
        let mut entries: Vec<ExceptionEntry> = Vec::new();
        let mut rest = subject.exception_table;
        while !rest.is_empty() {
            let before = entries.last().map_or(0, |last| last.end);
            let entry = exceptions::strict_entry(&mut rest).filter(|entry| {
                let end = entry.end as usize == self.units.len() || self.is(entry.end, unit::START);
                entry.start >= before && end && self.is(entry.start, unit::START)
            });
            let fault = CodeFault { offset: before, what: "bad exception table" };
            let entry = entry.ok_or(fault)?;
            if !self.is(entry.target, unit::START) {
                return Err(CodeFault { offset: entry.start, what: "handler out of the code" });
            }
            self.mark(entry.target, unit::LEADER);
            entries.push(entry);
        }
        Ok(entries)
    }
}

fn check_operand(subject: &Verifiable<'_>, instr: &Decoded) -> Result<(), &'static str> {
    use Opcode::*;
    let oparg = instr.oparg;
    let locals = subject.local_kinds;
    let within = |index: u32, count: usize, what| {
        if (index as usize) < count { Ok(()) } else { Err(what) }
    };
    let valid = |condition: bool| if condition { Ok(()) } else { Err("argument out of range") };
    let local = |index| within(index, locals.len(), "local out of range");
    match instr.opcode {
        LOAD_CONST => within(oparg, subject.const_count, "constant out of range"),
        LOAD_GLOBAL | LOAD_ATTR => within(oparg >> 1, subject.name_count, "name out of range"),
        LOAD_SUPER_ATTR => within(oparg >> 2, subject.name_count, "name out of range"),
        LOAD_FAST_LOAD_FAST
        | LOAD_FAST_BORROW_LOAD_FAST_BORROW
        | STORE_FAST_LOAD_FAST
        | STORE_FAST_STORE_FAST => {
            valid(oparg <= 255)?;
            local(oparg >> 4)?;
            local(oparg & 15)
        }
        LOAD_DEREF | STORE_DEREF | DELETE_DEREF | LOAD_FROM_DICT_OR_DEREF | MAKE_CELL => {
            local(oparg)?;
            valid(locals[oparg as usize] & (local_kind::CELL | local_kind::FREE) != 0)
        }
        COPY_FREE_VARS => valid(oparg as usize == free_count(locals)),
        BINARY_OP => valid(BinaryOp::from_oparg(oparg).is_some()),
        COMPARE_OP => valid(CompareOp::from_oparg(oparg).is_some()),
        CONTAINS_OP | IS_OP | YIELD_VALUE if oparg > 1 => valid(false),
        CALL_INTRINSIC_1 => valid((1..=intrinsic_1::TYPEALIAS).contains(&oparg)),
        CALL_INTRINSIC_2 => valid((1..=intrinsic_2::SET_TYPEPARAM_DEFAULT).contains(&oparg)),
        LOAD_COMMON_CONSTANT => valid(oparg <= crate::common_constant::BUILTIN_ANY),
        LOAD_SPECIAL => valid(oparg <= crate::special_method::AEXIT),
        SET_FUNCTION_ATTRIBUTE => valid(oparg.is_power_of_two() && oparg <= 16),
        CONVERT_VALUE => valid((1..=3).contains(&oparg)),
        LOAD_SMALL_INT => valid(oparg <= 255),
        RAISE_VARARGS => valid(oparg <= 2),
        BUILD_SLICE => valid(oparg == 2 || oparg == 3),
        BUILD_INTERPOLATION => valid(oparg >> 2 <= 3),
        SWAP => valid(oparg >= 2),
        COPY | LIST_APPEND | LIST_EXTEND | SET_ADD | SET_UPDATE | MAP_ADD | DICT_UPDATE
        | DICT_MERGE => valid(oparg >= 1),
        YIELD_VALUE | RETURN_GENERATOR => {
            let suspends =
                code_flags::GENERATOR | code_flags::COROUTINE | code_flags::ASYNC_GENERATOR;
            if subject.flags & suspends != 0 { Ok(()) } else { Err("yields outside a generator") }
        }
        opcode if opcode.has_name() => within(oparg, subject.name_count, "name out of range"),
        opcode if opcode.has_local() || opcode.has_free() => local(oparg),
        _ => Ok(()),
    }
}

/// The number of free variables, which are the last locals.
fn free_count(local_kinds: &[u8]) -> usize {
    local_kinds.iter().rev().take_while(|&&kind| kind & local_kind::FREE != 0).count()
}
