//! Refuses code that could leave its stack, its code units or its tables.
//!
//! Code that the compiler made needs no check; what comes from `marshal`, `code.replace()` or
//! `types.CodeType()` does, because the interpreter trusts every number in it. Checked: instruction
//! boundaries, jump targets, indices, and the stack's depth on every way through the code. Not
//! checked: the types of the values on the stack, and whether locals are bound. CPython has no
//! counterpart.

use std::fmt;

use crate::{
    BinaryOp, CompareOp, Decoded, ExceptionEntry, Opcode, code_flags, exception_entries,
    instructions, intrinsic_1, intrinsic_2, local_kind,
};

/// The parts of a code object that instructions refer to.
#[derive(Clone, Copy, Debug)]
pub struct Verifiable<'a> {
    pub code: &'a [u8],
    pub const_count: usize,
    pub name_count: usize,
    /// `co_localspluskinds`, one byte for each fast local, cell and free variable.
    pub local_kinds: &'a [u8],
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
        write!(f, "invalid bytecode at offset {}: {}", self.offset * 2, self.what)
    }
}

impl std::error::Error for CodeFault {}

/// Checks the code.
pub fn verify(subject: &Verifiable<'_>) -> Result<(), CodeFault> {
    let decoded = decode(subject.code)?;
    for instr in &decoded {
        check_operand(subject, instr).map_err(|what| CodeFault { offset: instr.offset, what })?;
    }
    Flow::new(subject, &decoded)?.run()
}

/// All instructions; only what may stand in a file.
fn decode(code: &[u8]) -> Result<Vec<Decoded>, CodeFault> {
    let fault = |offset, what| Err(CodeFault { offset, what });
    if code.is_empty() || !code.len().is_multiple_of(2) || code.len() / 2 > i32::MAX as usize / 2 {
        return fault(0, "bad length");
    }
    let units = (code.len() / 2) as u32;
    let mut decoded = Vec::new();
    let mut iter = instructions(code);
    while iter.offset() < units {
        let offset = iter.offset();
        let Some(instr) = iter.next() else { return fault(offset, "unknown opcode") };
        let opcode = instr.opcode;
        let internal = matches!(
            opcode,
            Opcode::CACHE | Opcode::RESERVED | Opcode::INTERPRETER_EXIT | Opcode::ENTER_EXECUTOR
        );
        if internal || opcode.base() != opcode || opcode.is_instrumented() {
            return fault(offset, "opcode that only the interpreter writes");
        }
        if instr.offset - instr.start > 3 {
            return fault(offset, "argument too large");
        }
        if instr.end() > units {
            return fault(offset, "inline cache cut off");
        }
        decoded.push(instr);
    }
    Ok(decoded)
}

fn check_operand(subject: &Verifiable<'_>, instr: &Decoded) -> Result<(), &'static str> {
    use Opcode::*;
    let oparg = instr.oparg;
    if oparg > i32::MAX as u32 {
        return Err("argument too large");
    }
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
        LOAD_DEREF | STORE_DEREF | DELETE_DEREF | LOAD_FROM_DICT_OR_DEREF => {
            local(oparg)?;
            let kind = locals[oparg as usize];
            valid(kind & (local_kind::CELL | local_kind::FREE) != 0)
        }
        COPY_FREE_VARS => {
            let free = locals.iter().filter(|&&kind| kind & local_kind::FREE != 0).count();
            valid(oparg as usize == free)
        }
        BINARY_OP => valid(BinaryOp::from_oparg(oparg).is_some()),
        COMPARE_OP => valid(CompareOp::from_oparg(oparg).is_some()),
        CONTAINS_OP | IS_OP => valid(oparg <= 1),
        CALL_INTRINSIC_1 => valid((1..=intrinsic_1::TYPEALIAS).contains(&oparg)),
        CALL_INTRINSIC_2 => valid((1..=intrinsic_2::SET_TYPEPARAM_DEFAULT).contains(&oparg)),
        LOAD_COMMON_CONSTANT => valid(oparg <= crate::common_constant::BUILTIN_ANY),
        LOAD_SPECIAL => valid(oparg <= crate::special_method::AEXIT),
        SET_FUNCTION_ATTRIBUTE => valid(oparg.is_power_of_two() && oparg <= 16),
        CONVERT_VALUE => valid((1..=3).contains(&oparg)),
        LOAD_SMALL_INT => valid(oparg <= 255),
        RAISE_VARARGS => valid(oparg <= 2),
        BUILD_SLICE => valid(oparg == 2 || oparg == 3),
        COPY | SWAP | LIST_APPEND | LIST_EXTEND | SET_ADD | SET_UPDATE | MAP_ADD | DICT_UPDATE
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

/// The walk over all ways through the code.
struct Flow<'a> {
    decoded: &'a [Decoded],
    /// The instruction that starts at each code unit.
    at_unit: Vec<Option<u32>>,
    /// The stack's depth before each instruction, once known.
    depths: Vec<Option<u32>>,
    /// The exception entry of each instruction.
    handlers: Vec<Option<ExceptionEntry>>,
    stack_size: u32,
    todo: Vec<u32>,
}

impl<'a> Flow<'a> {
    fn new(subject: &Verifiable<'_>, decoded: &'a [Decoded]) -> Result<Flow<'a>, CodeFault> {
        let units = subject.code.len() / 2;
        let mut at_unit = vec![None; units];
        for (index, instr) in decoded.iter().enumerate() {
            at_unit[instr.start as usize] = Some(index as u32);
        }
        let mut handlers = vec![None; decoded.len()];
        let mut next = 0;
        for entry in exception_entries(subject.exception_table) {
            let fault = CodeFault { offset: entry.start, what: "bad exception table" };
            if entry.end as usize > units
                || decoded.get(next).is_some_and(|i| i.start > entry.start)
            {
                return Err(fault);
            }
            while decoded.get(next).is_some_and(|i| i.start < entry.start) {
                next += 1;
            }
            while decoded.get(next).is_some_and(|i| i.start < entry.end) {
                handlers[next] = Some(entry);
                next += 1;
            }
        }
        Ok(Flow {
            decoded,
            at_unit,
            depths: vec![None; decoded.len()],
            handlers,
            stack_size: subject.stack_size,
            todo: Vec::new(),
        })
    }

    fn run(&mut self) -> Result<(), CodeFault> {
        self.reach(0, 0, 0)?;
        while let Some(index) = self.todo.pop() {
            let instr = self.decoded[index as usize];
            let depth = self.depths[index as usize].unwrap_or(0);
            self.step(index, &instr, depth)?;
        }
        Ok(())
    }

    fn step(&mut self, index: u32, instr: &Decoded, depth: u32) -> Result<(), CodeFault> {
        let Decoded { offset, opcode, oparg, .. } = *instr;
        let fault = |what| CodeFault { offset, what };
        if let Some(entry) = self.handlers[index as usize] {
            if entry.depth > depth {
                return Err(fault("handler deeper than the stack"));
            }
            self.reach(offset, entry.target, entry.depth + u32::from(entry.lasti) + 1)?;
        }
        if opcode.popped(oparg) > i64::from(depth) {
            return Err(fault("stack underflow"));
        }
        let after = u32::try_from(i64::from(depth) - opcode.popped(oparg) + opcode.pushed(oparg))
            .map_err(|_| fault("stack overflow"))?;
        if after > self.stack_size {
            return Err(fault("stack overflow"));
        }
        if opcode.has_jump() && opcode != Opcode::END_ASYNC_FOR {
            let target = instr.jump_target().ok_or(fault("jump out of the code"))?;
            self.reach(offset, target, after)?;
            if opcode == Opcode::FOR_ITER && self.opcode_at(target) != Some(Opcode::END_FOR) {
                return Err(fault("FOR_ITER without END_FOR"));
            }
            if opcode == Opcode::SEND && self.opcode_at(target) != Some(Opcode::END_SEND) {
                return Err(fault("SEND without END_SEND"));
            }
        }
        if instr.falls_through() {
            self.reach(offset, instr.end(), after)?;
        }
        Ok(())
    }

    fn opcode_at(&self, unit: u32) -> Option<Opcode> {
        let index = self.at_unit.get(unit as usize).copied().flatten()?;
        Some(self.decoded[index as usize].opcode)
    }

    /// Control goes from `offset` to `target` with a stack of `depth`.
    fn reach(&mut self, offset: u32, target: u32, depth: u32) -> Result<(), CodeFault> {
        let fault = |what| Err(CodeFault { offset, what });
        let Some(&index) = self.at_unit.get(target as usize) else {
            return fault("leaves the code");
        };
        let Some(index) = index else { return fault("jump into an instruction") };
        if depth > self.stack_size {
            return fault("stack overflow");
        }
        match &mut self.depths[index as usize] {
            Some(known) if *known != depth => fault("stack depth differs between ways"),
            Some(_) => Ok(()),
            unknown => {
                *unknown = Some(depth);
                self.todo.push(index);
                Ok(())
            }
        }
    }
}
