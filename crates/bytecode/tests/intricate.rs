//! Code that is made to keep the verifier busy.

use krait_bytecode::{Opcode, Verifiable, local_kind, verify};

fn verdict(code: &[u8], locals: usize) -> Option<&'static str> {
    let subject = Verifiable {
        code,
        const_count: 1,
        names_in_const: &|_| None,
        name_count: 0,
        local_kinds: &vec![local_kind::LOCAL; locals],
        arg_count: 0,
        stack_size: 1 << 24,
        flags: 3,
        exception_table: &[],
    };
    verify(&subject).err().map(|fault| fault.what)
}

fn push(code: &mut Vec<u8>, opcode: Opcode, oparg: u32) {
    let bytes = oparg.to_be_bytes();
    let skip = bytes[..3].iter().take_while(|&&byte| byte == 0).count();
    for &byte in &bytes[skip..3] {
        code.extend([Opcode::EXTENDED_ARG as u8, byte]);
    }
    code.extend([opcode as u8, bytes[3]]);
    code.extend(vec![0; 2 * opcode.cache_units()]);
}

/// A deep stack, and thousands of jumps to one place.
#[test]
fn deep_stacks_that_meet_again_and_again() {
    let mut code = Vec::new();
    push(&mut code, Opcode::RESUME, 0);
    push(&mut code, Opcode::LOAD_CONST, 0);
    push(&mut code, Opcode::UNPACK_SEQUENCE, 1 << 19);
    let jumps = 5_000;
    for left in (1..=jumps).rev() {
        push(&mut code, Opcode::COPY, 1);
        // Five units with the copy, whatever the distance is.
        let distance = (left - 1) * 5;
        code.extend([Opcode::EXTENDED_ARG as u8, (distance >> 16) as u8]);
        code.extend([Opcode::EXTENDED_ARG as u8, (distance >> 8) as u8]);
        code.extend([Opcode::POP_JUMP_IF_NONE as u8, distance as u8, 0, 0]);
    }
    push(&mut code, Opcode::RETURN_VALUE, 0);
    assert_eq!(verdict(&code, 0), Some("too intricate"));
}

/// Many locals, and a state of them at each of many places.
#[test]
fn many_states_of_many_locals() {
    let mut code = Vec::new();
    push(&mut code, Opcode::RESUME, 0);
    for _ in 0..4_000 {
        push(&mut code, Opcode::LOAD_CONST, 0);
        push(&mut code, Opcode::POP_JUMP_IF_NONE, 0);
    }
    push(&mut code, Opcode::LOAD_CONST, 0);
    push(&mut code, Opcode::RETURN_VALUE, 0);
    assert_eq!(verdict(&code, 1_000), None);
    assert_eq!(verdict(&code, 200_000), Some("too intricate"));
}
