//! Fewer `SWAP`s: shortest equivalents of runs of them, and reordering stores instead.
//!
//! CPython: `swaptimize` and `apply_static_swaps`.

use krait_bytecode::Opcode;

use super::Instr;

/// Improves every run of swaps in a block.
pub(super) fn optimize_swaps(code: &mut [Instr]) {
    let mut at = 0;
    while at < code.len() {
        if code[at].opcode == Opcode::SWAP {
            at = shorten_run(code, at);
            apply_statically(code, at);
        }
        at += 1;
    }
}

/// Replaces the run of swaps and NOPs that starts at `start` by the shortest equivalent. Returns
/// the last place of the run.
fn shorten_run(code: &mut [Instr], start: usize) -> usize {
    let run =
        code[start..].iter().take_while(|i| matches!(i.opcode, Opcode::SWAP | Opcode::NOP)).count();
    let run = &mut code[start..start + run];
    let swaps = run.iter().filter(|i| i.opcode == Opcode::SWAP);
    let depth = swaps.clone().map(|i| i.oparg as usize).max().unwrap_or(0);
    if swaps.count() < 2 || run.iter().any(|i| i.opcode == Opcode::SWAP && i.oparg == 0) {
        return start;
    }
    // What the run does to the stack, top first.
    let mut stack: Vec<usize> = (0..depth).collect();
    for swap in run.iter().filter(|i| i.opcode == Opcode::SWAP) {
        stack.swap(0, swap.oparg as usize - 1);
    }
    // A swap always involves the top. So each cycle of the permutation is done by bringing its
    // items to the top in turn; written from the last place of the run backwards.
    const DONE: usize = usize::MAX;
    let mut place = run.len();
    for first in 0..depth {
        if stack[first] == DONE || stack[first] == first {
            continue;
        }
        let mut item = first;
        loop {
            if item != 0 {
                place -= 1;
                run[place].set(Opcode::SWAP, item as u32 + 1);
            }
            if stack[item] == DONE {
                break;
            }
            item = std::mem::replace(&mut stack[item], DONE);
        }
    }
    for unused in &mut run[..place] {
        unused.make_nop();
    }
    start + run.len() - 1
}

/// Only touches the top of the stack, pops it, and cannot run code that looks at the stack.
fn is_movable(opcode: Opcode) -> bool {
    matches!(opcode, Opcode::STORE_FAST | Opcode::STORE_FAST_MAYBE_NULL | Opcode::POP_TOP)
}

/// The local that an instruction stores to.
fn stored_local(instr: &Instr) -> Option<u32> {
    matches!(instr.opcode, Opcode::STORE_FAST | Opcode::STORE_FAST_MAYBE_NULL)
        .then_some(instr.oparg)
}

/// The next movable instruction behind `at`, on the same line if one is given, if nothing but
/// NOPs is in between.
fn next_movable(code: &[Instr], at: usize, line: Option<i32>) -> Option<usize> {
    for (place, instr) in code.iter().enumerate().skip(at + 1) {
        if line.is_some_and(|line| line >= 0 && instr.line() != line) {
            return None;
        }
        if instr.is_nop() {
            continue;
        }
        return is_movable(instr.opcode).then_some(place);
    }
    None
}

/// Swaps instructions instead of values: `SWAP 2; POP_TOP; STORE_FAST x` does what
/// `STORE_FAST x; POP_TOP` does. Works from `last` to the left.
fn apply_statically(code: &mut [Instr], last: usize) {
    for at in (0..=last).rev() {
        let swap = code[at];
        if swap.opcode != Opcode::SWAP {
            if swap.is_nop() || is_movable(swap.opcode) {
                continue;
            }
            return;
        }
        let Some(first) = next_movable(code, at, None) else { return };
        let line = code[first].line();
        let mut second = first;
        for _ in 1..swap.oparg {
            match next_movable(code, second, Some(line)) {
                Some(next) => second = next,
                None => return,
            }
        }
        // Two stores to the same local must stay in order.
        let stores = (stored_local(&code[first]), stored_local(&code[second]));
        if stores.0.is_some() || stores.1.is_some() {
            let conflicts = |instr: &Instr| {
                let local = stored_local(instr);
                local.is_some() && (local == stores.0 || local == stores.1)
            };
            if stores.0 == stores.1
                || second > first && code[first + 1..second].iter().any(conflicts)
            {
                return;
            }
        }
        code[at].make_nop();
        code.swap(first, second);
    }
}
