//! The machine code of an interpreter, as far as counting needs it: where each instruction may go on, and where the handlers begin.
//!
//! Relies on `objdump` and `nm`, and on a binary that is linked at a fixed address.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use super::Error;

/// The handlers of our evaluation loop, by opcode.
const TABLE: &str = "krait_eval::interpreter::table::tail::HANDLERS";

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Goes on with the next one.
    On,
    Call,
    Branch(u64),
    Jump(u64),
    /// A jump to the address that is in a word.
    Through(u64),
    /// A computed jump or a return.
    End,
}

pub struct Machine {
    /// In the order of their addresses.
    pub code: Vec<(u64, Flow)>,
    /// The first address of each opcode's handler.
    pub handlers: Vec<u64>,
}

impl Machine {
    pub fn read(binary: &Path) -> Result<Machine, Error> {
        let mut child = Command::new("objdump")
            .args(["-d", "--no-show-raw-insn"])
            .arg(binary)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut code = Vec::new();
        let mut tables: HashMap<u64, usize> = HashMap::new();
        for line in BufReader::new(child.stdout.take().ok_or("no output")?).lines() {
            let line = line?;
            let Some((address, text)) = line.split_once(":\t") else { continue };
            let Ok(address) = u64::from_str_radix(address.trim(), 16) else { continue };
            if let Some(table) = table(text) {
                *tables.entry(table).or_default() += 1;
            }
            code.push((address, flow(text)));
        }
        if !child.wait()?.success() || code.is_empty() {
            return Err(format!("objdump does not read {}", binary.display()).into());
        }
        let file = fs::read(binary)?;
        for (_, flow) in &mut code {
            if let Flow::Through(word) = *flow {
                *flow = words(&file, word, 1).map_or(Flow::End, |words| Flow::Jump(words[0]));
            }
        }
        code.sort_by_key(|&(address, _)| address);
        let most = tables.into_iter().max_by_key(|&(_, jumps)| jumps).map(|(table, _)| table);
        let table = symbol(binary)?.or(most).ok_or("no table of handlers")?;
        let handlers = words(&file, table, 256).ok_or("no segment holds the table of handlers")?;
        let machine = Machine { code, handlers };
        if machine.handlers.iter().any(|&start| machine.at(start).is_none()) {
            return Err(format!("{}: no addresses of code at {table:#x}", binary.display()).into());
        }
        Ok(machine)
    }

    /// The place in `code` of the instruction at an address.
    pub fn at(&self, address: u64) -> Option<usize> {
        self.code.binary_search_by_key(&address, |&(address, _)| address).ok()
    }
}

fn flow(text: &str) -> Flow {
    let mut words = text.split_whitespace().skip_while(|word| matches!(*word, "bnd" | "notrack"));
    let name = words.next().unwrap_or_default();
    let target = words.next().and_then(|word| u64::from_str_radix(word, 16).ok());
    // `jmp *0x6a4e9d(%rip)        # 11989d8 <_DYNAMIC+0x28d8>`: another function, by the global offset table.
    let word = text.split_once("(%rip) ").and_then(|(_, note)| note.split_once("# "));
    let word = word.and_then(|(_, note)| u64::from_str_radix(note.split(' ').next()?, 16).ok());
    match (name, target) {
        ("jmp", None) if word.is_some() => Flow::Through(word.unwrap_or_default()),
        ("call", _) => Flow::Call,
        ("jmp", Some(target)) => Flow::Jump(target),
        ("jmp" | "ret" | "ud2" | "int3" | "hlt", _) => Flow::End,
        (name, Some(target)) if name.starts_with('j') => Flow::Branch(target),
        _ => Flow::On,
    }
}

/// The table through which an instruction jumps: `jmp *0x978fa0(,%rax,8)`.
fn table(text: &str) -> Option<u64> {
    let operand = text.split_once("jmp")?.1.trim().strip_prefix("*0x")?;
    let (table, index) = operand.split_once("(,")?;
    index.ends_with(",8)").then(|| u64::from_str_radix(table, 16).ok())?
}

/// The address of our table, in a binary with symbols.
fn symbol(binary: &Path) -> Result<Option<u64>, Error> {
    let output = Command::new("nm").arg("-C").arg(binary).stderr(Stdio::null()).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find(|line| line.ends_with(TABLE));
    let address = line.and_then(|line| line.split(' ').next());
    Ok(address.and_then(|word| u64::from_str_radix(word, 16).ok()))
}

/// Words at an address, by the program headers of an ELF file.
fn words(file: &[u8], address: u64, count: usize) -> Option<Vec<u64>> {
    let number = |at: usize, size: usize| -> Option<u64> {
        let bytes = file.get(at..at + size)?;
        Some(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    };
    let (first, size, headers) = (number(0x20, 8)?, number(0x36, 2)?, number(0x38, 2)?);
    let start = (0..headers).find_map(|index| {
        let header = (first + index * size) as usize;
        let [offset, start, length] = [8, 16, 32].map(|field| number(header + field, 8));
        let distance = address.checked_sub(start?)?;
        (number(header, 4)? == 1 && distance < length?).then(|| offset.map(|at| at + distance))?
    })?;
    (0..count).map(|index| number(start as usize + 8 * index, 8)).collect()
}
