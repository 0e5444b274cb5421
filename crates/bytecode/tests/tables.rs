//! Code objects of the reference, read and verified here. Recorded by `data/record.py`.

use krait_bytecode::*;
use serde_json::Value;

fn samples() -> Vec<Value> {
    serde_json::from_str(include_str!("../data/code.json")).unwrap()
}

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn number(value: &Value) -> u32 {
    value.as_u64().unwrap() as u32
}

#[test]
fn positions_and_lines_agree() {
    for sample in samples() {
        let table = bytes(&sample["line_table"]);
        let first_line = number(&sample["first_line"]) as i32;
        let ours: Vec<_> = positions(&table, first_line)
            .map(|p| [p.line, p.end_line, p.column, p.end_column])
            .collect();
        assert_eq!(serde_json::json!(ours), sample["positions"], "{}", sample["name"]);
        let ours: Vec<_> = lines(&table, first_line).map(|l| (l.start, l.end, l.line)).collect();
        assert_eq!(serde_json::json!(ours), sample["lines"], "{}", sample["name"]);
    }
}

/// Finding one place passes over the entries before it, and gives what going through all of them gives.
#[test]
fn a_single_position_is_that_of_all() {
    for sample in samples() {
        let table = bytes(&sample["line_table"]);
        let first_line = number(&sample["first_line"]) as i32;
        let mut units = 0;
        for (unit, position) in positions(&table, first_line).enumerate() {
            assert_eq!(position_at(&table, first_line, unit as u32), Some(position));
            units += 1;
        }
        assert_eq!(position_at(&table, first_line, units), None);
    }
}

#[test]
fn instructions_and_handlers_agree() {
    for sample in samples() {
        let ours: Vec<_> = instructions(&bytes(&sample["code"]))
            .filter(|i| i.opcode != Opcode::END_ASYNC_FOR)
            .map(|i| (i.start * 2, i.opcode, i.oparg, i.jump_target().unwrap_or(0) * 2))
            .map(|(start, opcode, oparg, target)| (start, opcode.number(), oparg, target))
            .collect();
        assert_eq!(serde_json::json!(ours), sample["instructions"], "{}", sample["name"]);
        let ours: Vec<_> = exception_entries(&bytes(&sample["exception_table"]))
            .map(|e| (e.start * 2, e.end * 2, e.target * 2, e.depth, e.lasti))
            .collect();
        assert_eq!(serde_json::json!(ours), sample["handlers"], "{}", sample["name"]);
    }
}

/// The parts of a sample, to be damaged.
struct Parts {
    code: Vec<u8>,
    kinds: Vec<u8>,
    table: Vec<u8>,
    consts: usize,
    names: usize,
    args: usize,
    stack_size: u32,
    flags: u32,
}

impl Parts {
    fn of(sample: &Value) -> Parts {
        Parts {
            code: bytes(&sample["code"]),
            kinds: sample["kinds"].as_array().unwrap().iter().map(|k| number(k) as u8).collect(),
            table: bytes(&sample["exception_table"]),
            consts: number(&sample["consts"]) as usize,
            names: number(&sample["names"]) as usize,
            args: number(&sample["args"]) as usize,
            stack_size: number(&sample["stack_size"]),
            flags: number(&sample["flags"]),
        }
    }

    fn verify(&self) -> Result<(), &'static str> {
        verify(&Verifiable {
            code: &self.code,
            const_count: self.consts,
            // Enough for what the samples do with constants.
            names_in_const: &|_| Some(1),
            arg_count: self.args,
            name_count: self.names,
            local_kinds: &self.kinds,
            stack_size: self.stack_size,
            flags: self.flags,
            exception_table: &self.table,
        })
        .map_err(|fault| fault.what)
    }
}

#[test]
fn what_the_reference_compiles_is_valid() {
    for sample in samples() {
        assert_eq!(Parts::of(&sample).verify(), Ok(()), "{}", sample["name"]);
    }
}

#[test]
fn damage_is_found() {
    let samples = samples();
    let sample = samples.iter().find(|s| s["name"] == "loops").unwrap();
    let parts = || Parts::of(sample);
    let damaged = |damage: &dyn Fn(&mut Parts)| {
        let mut parts = parts();
        damage(&mut parts);
        parts.verify()
    };
    assert_eq!(damaged(&|p| p.stack_size -= 1), Err("stack overflow"));
    assert_eq!(damaged(&|p| p.consts -= 1), Err("constant out of range"));
    assert_eq!(damaged(&|p| p.names -= 1), Err("name out of range"));
    assert_eq!(damaged(&|p| p.kinds.clear()), Err("more arguments than locals"));
    assert_eq!(damaged(&|p| p.code.truncate(p.code.len() - 2)), Err("leaves the code"));
    assert_eq!(damaged(&|p| p.code[1] = 0), Ok(()));
    assert_eq!(damaged(&|p| p.code[0] = Opcode::POP_TOP as u8), Err("stack underflow"));
    assert_eq!(damaged(&|p| p.code[0] = 200), Err("opcode that only the interpreter writes"));
    let code = parts().code;
    let jump = instructions(&code).find(|i| i.opcode == Opcode::POP_JUMP_IF_NOT_NONE).unwrap();
    let place = jump.offset as usize * 2 + 1;
    assert_eq!(damaged(&|p| p.code[place] = 255), Err("jump out of the code"));
    // Whatever a byte is replaced by, the answer is a verdict and no panic.
    for at in 0..code.len() {
        for byte in [0, 1, 44, 68, 70, 75, 82, 106, 118, 255] {
            let mut parts = parts();
            parts.code[at] = byte;
            let _ = parts.verify();
        }
    }
}
