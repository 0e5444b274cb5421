//! What must hold for any input, as functions of bytes: for the fuzz targets here, and for the test that drives the
//! same functions with a seeded mutator (`crates/compiler/tests/hostile.rs`).

use krait_bytecode::{Decoded, Opcode, Verifiable, code_flags, find_handler, instructions, verify};
use krait_compiler::code::{Code, Constant};
use krait_compiler::{Bump, CompileOptions, compile_source};
use krait_syntax::{Tokenizer, TokenizerSource};

/// Tokens, until the end or the first error.
pub fn tokens(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(source) = TokenizerSource::new(text) else { return };
    for extra in [false, true] {
        let mut tokens = Tokenizer::new(&source, extra);
        while let Ok(Some(_)) = tokens.next_token() {}
    }
}

/// Compiles the text. Our own code is valid.
pub fn compiled(data: &[u8]) {
    for optimize in [0, 2] {
        let options = CompileOptions { optimize, ..CompileOptions::default() };
        let arena = Bump::new();
        if let Ok(compiled) = compile_source(&arena, data, &options) {
            each_code(&compiled.code, &mut |code| {
                let verdict = Parts::of(code).verify();
                assert!(verdict.is_ok(), "{}: {verdict:?}", code.qualname);
            });
        }
    }
}

/// Verifies code made of the bytes, and walks through what is found valid.
pub fn verified(data: &[u8]) {
    let Some(parts) = Parts::read(data) else { return };
    if parts.verify().is_ok() {
        parts.walk(
            data.iter()
                .fold(1, |seed, &byte| (seed ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)),
        );
    }
}

/// Calls `visit` for the code and those in its constants.
pub fn each_code(code: &Code<'_>, visit: &mut dyn FnMut(&Code<'_>)) {
    visit(code);
    for constant in code.consts {
        if let Constant::Code(inner) = constant {
            each_code(inner, visit);
        }
    }
}

/// The parts of a code object that are verified.
#[derive(Clone)]
pub struct Parts {
    pub code: Vec<u8>,
    pub table: Vec<u8>,
    pub kinds: Vec<u8>,
    /// By constant: its length, if it is a tuple of strings.
    pub consts: Vec<Option<usize>>,
    pub names: usize,
    pub args: usize,
    pub stack_size: u32,
    pub flags: u32,
}

impl Parts {
    pub fn of(code: &Code) -> Parts {
        let names_in = |constant: &Constant| match constant {
            Constant::Tuple(items) => {
                items.iter().all(|item| matches!(item, Constant::Str(_))).then_some(items.len())
            }
            _ => None,
        };
        let collects = [code_flags::VARARGS, code_flags::VARKEYWORDS];
        let collectors = collects.iter().filter(|&flag| code.flags & flag != 0).count();
        Parts {
            code: code.code.to_vec(),
            table: code.exceptiontable.to_vec(),
            kinds: code.localspluskinds.to_vec(),
            consts: code.consts.iter().map(names_in).collect(),
            names: code.names.len(),
            args: (code.argcount + code.kwonlyargcount) as usize + collectors,
            stack_size: code.stacksize,
            flags: code.flags,
        }
    }

    /// Numbers, a byte each, then what they count: kinds of locals, lengths of constants, the table, the code.
    pub fn read(data: &[u8]) -> Option<Parts> {
        let (&[flags, stack_size, args, names, kinds, consts, table], rest) =
            data.split_first_chunk()?;
        let (kinds, rest) = rest.split_at_checked(kinds.into())?;
        let (consts, rest) = rest.split_at_checked(consts.into())?;
        let (table, code) = rest.split_at_checked(table.into())?;
        Some(Parts {
            code: code.to_vec(),
            table: table.to_vec(),
            kinds: kinds.to_vec(),
            consts: consts.iter().map(|&len| usize::from(len).checked_sub(1)).collect(),
            names: names.into(),
            args: args.into(),
            stack_size: stack_size.into(),
            flags: u32::from(flags) << 2,
        })
    }

    /// What `read` reads; `None` if a part is too long.
    pub fn written(&self) -> Option<Vec<u8>> {
        let lens = [self.args, self.names, self.kinds.len(), self.consts.len(), self.table.len()];
        let mut data = vec![(self.flags >> 2) as u8, u8::try_from(self.stack_size).ok()?];
        for len in lens {
            data.push(u8::try_from(len).ok()?);
        }
        data.extend_from_slice(&self.kinds);
        for names in &self.consts {
            data.push(names.map_or(0, |len| len.min(254) as u8 + 1));
        }
        data.extend_from_slice(&self.table);
        data.extend_from_slice(&self.code);
        Some(data)
    }

    pub fn verify(&self) -> Result<(), krait_bytecode::CodeFault> {
        verify(&Verifiable {
            code: &self.code,
            const_count: self.consts.len(),
            names_in_const: &|index| self.consts[index],
            name_count: self.names,
            local_kinds: &self.kinds,
            arg_count: self.args,
            stack_size: self.stack_size,
            flags: self.flags,
            exception_table: &self.table,
        })
    }

    /// All instructions, and where those are that are none: they raise when they are met.
    fn decoded(&self) -> (Vec<Decoded>, Vec<u32>) {
        let (mut code, mut unknown) = (self.code.clone(), Vec::new());
        loop {
            let all: Vec<Decoded> = instructions(&code).collect();
            let mut at = all.last().map_or(0, Decoded::end) as usize;
            while code.get(2 * at) == Some(&(Opcode::EXTENDED_ARG as u8)) {
                at += 1;
            }
            match code.get_mut(2 * at) {
                Some(opcode) => *opcode = Opcode::NOP as u8,
                None => return (all, unknown),
            }
            unknown.push(at as u32);
        }
    }

    /// Runs valid code as far as its depths go, with branches and exceptions by lot: it may never leave its stack
    /// or its units. Handlers are found as the interpreter finds them.
    pub fn walk(&self, mut seed: u64) {
        let (all, unknown) = self.decoded();
        let mut lot = |of: u64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed % of
        };
        let (mut unit, mut depth) = (0, 0i64);
        for _ in 0..400 {
            let at =
                all.binary_search_by_key(&unit, |at| at.start).expect("an instruction starts here");
            let Decoded { offset, opcode, oparg, .. } = all[at];
            if unknown.contains(&offset) {
                return;
            }
            let before = depth;
            depth -= opcode.popped(oparg);
            assert!(depth >= 0, "{opcode} at {unit}: the stack is empty");
            if lot(4) == 0
                && let Some(handler) = find_handler(&self.table, offset)
            {
                // In front of the instruction, or when it has taken its operands.
                let left = if lot(2) == 0 { before } else { depth };
                if left < handler.depth.into() {
                    return;
                }
                depth = i64::from(handler.depth) + i64::from(handler.lasti) + 1;
                unit = handler.target;
                assert!(depth <= self.stack_size.into(), "{opcode} at {unit}: the stack is full");
                continue;
            }
            depth += opcode.pushed(oparg);
            assert!(depth <= self.stack_size.into(), "{opcode} at {unit}: the stack is full");
            let target = all[at].jump_target().filter(|_| !all[at].falls_through() || lot(2) == 0);
            match target {
                Some(target) if opcode == Opcode::FOR_ITER && lot(2) == 0 => {
                    // The end of an iterator that is no generator.
                    (unit, depth) = (target + 1, depth - 1);
                }
                Some(target) => unit = target,
                None if all[at].falls_through() => unit = all[at].end(),
                None => return,
            }
        }
    }
}
