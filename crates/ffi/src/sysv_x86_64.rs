//! The System V convention of x86-64: where arguments and results are, calls, and what closures begin with.
//!
//! Invariants, for the SAFETY comments:
//! 1. `Registers` is laid out as the assembly code reads it: integers at 0, `count` at 48, `extended` at 56, vectors at 64.
//! 2. Values are read and written in their own size, at the addresses that the caller answers for.
//! 3. The stack is aligned to 16 bytes at a call, so an even number of words is pushed.

use std::arch::{asm, naked_asm};
use std::ffi::c_void;

use crate::closure::Closure;
use crate::types::{Class, Kind, Type};

const INTEGERS: usize = 6;
const VECTORS: usize = 8;

/// The registers that arguments and results are in.
#[repr(C)]
struct Registers {
    integers: [u64; INTEGERS],
    /// Of a call, how many vector registers are used, as functions with `...` want to know; in a closure, the address of the
    /// arguments that are on the stack.
    count: u64,
    /// How many results are on the stack of the x87 unit; they are where the first vectors are not.
    extended: u64,
    vectors: [[u64; 2]; VECTORS],
}

const _: () = {
    use std::mem::offset_of;
    assert!(offset_of!(Registers, count) == 48 && offset_of!(Registers, extended) == 56);
    assert!(offset_of!(Registers, vectors) == 64 && size_of::<Registers>() == 192);
};

/// The vector from which on results of the x87 unit are kept.
const EXTENDED: usize = 2;

impl Registers {
    fn new() -> Registers {
        Registers { integers: [0; 6], count: 0, extended: 0, vectors: [[0; 2]; VECTORS] }
    }
}

/// How many registers of each kind are used.
#[derive(Default)]
struct Used {
    integers: usize,
    vectors: usize,
}

/// Where an argument is.
enum Place {
    /// In registers: for each eightbyte the number of an integer register, or of a vector register.
    Registers([Option<Register>; 2]),
    Stack,
}

#[derive(Clone, Copy)]
enum Register {
    Integer(usize),
    Vector(usize),
}

impl Used {
    /// Where the next argument goes. It is in registers as a whole or not at all.
    fn place(&mut self, ty: &Type) -> Place {
        let Some(classes) = ty.classes() else { return Place::Stack };
        let count = |class| classes.iter().filter(|&&known| known == class).count();
        let (integers, vectors) = (count(Class::Integer), count(Class::Float));
        if count(Class::Extended) > 0
            || self.integers + integers > INTEGERS
            || self.vectors + vectors > VECTORS
        {
            return Place::Stack;
        }
        Place::Registers(classes.map(|class| match class {
            Class::Integer => {
                self.integers += 1;
                Some(Register::Integer(self.integers - 1))
            }
            Class::Float => {
                self.vectors += 1;
                Some(Register::Vector(self.vectors - 1))
            }
            _ => None,
        }))
    }
}

/// Where a result is.
enum Return {
    Nothing,
    /// As the registers of an argument.
    Registers([Option<Register>; 2]),
    /// So many on the stack of the x87 unit.
    Extended(usize),
    /// Where the caller said, in a first argument that it does not write.
    Memory,
}

impl Return {
    fn of(ty: &Type) -> Return {
        if ty.size == 0 {
            return Return::Nothing;
        }
        if ty.kind == Kind::Complex && ty.size == 32 {
            return Return::Extended(2);
        }
        match ty.classes() {
            None => Return::Memory,
            Some([Class::Extended, _]) => Return::Extended(1),
            Some(_) => match Used::default().place(ty) {
                Place::Registers(registers) => Return::Registers(registers),
                Place::Stack => Return::Memory,
            },
        }
    }
}

/// The bytes at `from`, at most eight, as a word; integers are extended as their sign says.
unsafe fn load(ty: &Type, from: *const u8, at: usize) -> u64 {
    let size = (ty.size - at).min(8);
    let mut word = 0u64;
    // SAFETY: (2).
    unsafe { (&raw mut word).cast::<u8>().copy_from_nonoverlapping(from.add(at), size) };
    match ty.kind {
        Kind::Signed => {
            let unused = 64 - 8 * size as u32;
            ((word << unused) as i64 >> unused) as u64
        }
        _ => word,
    }
}

/// Writes what `load` reads.
unsafe fn store(ty: &Type, to: *mut u8, at: usize, word: u64) {
    let size = ty.size.saturating_sub(at).min(8);
    // SAFETY: (2).
    unsafe { to.add(at).copy_from_nonoverlapping((&raw const word).cast::<u8>(), size) };
}

/// Puts a value on the stack, aligned as its type wants it.
unsafe fn push(stack: &mut Vec<u64>, ty: &Type, from: *const u8) {
    if ty.align > 8 && !stack.len().is_multiple_of(2) {
        stack.push(0);
    }
    for at in (0..ty.size).step_by(8) {
        // SAFETY: (2).
        stack.push(unsafe { load(ty, from, at) });
    }
}

/// Calls `function` with the values that `arguments` point to; the result is written to `result`.
///
/// # Safety
/// The function takes arguments of these types and returns such a result; the pointers are those of values of their types, and
/// of room for one of the result's.
pub unsafe fn call(
    function: *const c_void,
    result_type: &Type,
    result: *mut u8,
    arguments: &[(Type, *const u8)],
) {
    let mut registers = Registers::new();
    let mut used = Used::default();
    let mut stack: Vec<u64> = Vec::new();
    let returned = Return::of(result_type);
    match returned {
        Return::Memory => {
            registers.integers[0] = result.addr() as u64;
            used.integers = 1;
        }
        Return::Extended(count) => registers.extended = count as u64,
        _ => {}
    }
    for (ty, from) in arguments {
        match used.place(ty) {
            Place::Registers(places) => {
                for (at, place) in places.into_iter().enumerate() {
                    let Some(place) = place else { continue };
                    // SAFETY: (2).
                    let word = unsafe { load(ty, *from, 8 * at) };
                    match place {
                        Register::Integer(number) => registers.integers[number] = word,
                        Register::Vector(number) => registers.vectors[number][0] = word,
                    }
                }
            }
            // SAFETY: (2).
            Place::Stack => unsafe { push(&mut stack, ty, *from) },
        }
    }
    registers.count = used.vectors as u64;
    if !stack.len().is_multiple_of(2) {
        stack.push(0);
    }
    // SAFETY: (1), (3); the caller answers for the function.
    unsafe {
        enter(function, &raw mut registers, stack.as_ptr(), stack.len());
        take(&returned, result_type, &registers, result);
    }
}

/// Copies a result out of the registers.
unsafe fn take(returned: &Return, ty: &Type, registers: &Registers, result: *mut u8) {
    // SAFETY: (2).
    unsafe {
        match returned {
            Return::Nothing | Return::Memory => {}
            Return::Registers(places) => {
                for (at, place) in places.iter().enumerate() {
                    match *place {
                        Some(Register::Integer(number)) => {
                            store(ty, result, 8 * at, registers.integers[number]);
                        }
                        Some(Register::Vector(number)) => {
                            store(ty, result, 8 * at, registers.vectors[number][0]);
                        }
                        None => {}
                    }
                }
            }
            Return::Extended(count) => {
                let from = registers.vectors[EXTENDED..].as_ptr().cast::<u8>();
                result.copy_from_nonoverlapping(from, 16 * count);
            }
        }
    }
}

/// Sets the registers and the stack, calls, and notes the registers.
#[unsafe(naked)]
unsafe extern "C" fn enter(
    function: *const c_void,
    registers: *mut Registers,
    stack: *const u64,
    words: usize,
) {
    naked_asm!(
        ".cfi_startproc",
        "push rbp",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset rbp, -16",
        "mov rbp, rsp",
        ".cfi_def_cfa_register rbp",
        "push rbx",
        ".cfi_offset rbx, -24",
        "sub rsp, 8",
        "mov rbx, rsi",
        "mov r11, rdi",
        "lea rax, [rcx * 8]",
        "sub rsp, rax",
        "mov rsi, rdx",
        "mov rdi, rsp",
        "rep movsq",
        "movups xmm0, [rbx + 64]",
        "movups xmm1, [rbx + 80]",
        "movups xmm2, [rbx + 96]",
        "movups xmm3, [rbx + 112]",
        "movups xmm4, [rbx + 128]",
        "movups xmm5, [rbx + 144]",
        "movups xmm6, [rbx + 160]",
        "movups xmm7, [rbx + 176]",
        "mov rdi, [rbx]",
        "mov rsi, [rbx + 8]",
        "mov rdx, [rbx + 16]",
        "mov rcx, [rbx + 24]",
        "mov r8, [rbx + 32]",
        "mov r9, [rbx + 40]",
        "mov eax, [rbx + 48]",
        "call r11",
        "mov [rbx], rax",
        "mov [rbx + 8], rdx",
        "movups [rbx + 64], xmm0",
        "movups [rbx + 80], xmm1",
        "mov eax, [rbx + 56]",
        "test eax, eax",
        "jz 2f",
        "fstp tbyte ptr [rbx + 96]",
        "dec eax",
        "jz 2f",
        "fstp tbyte ptr [rbx + 112]",
        "2:",
        "mov rbx, [rbp - 8]",
        "leave",
        ".cfi_def_cfa rsp, 8",
        "ret",
        ".cfi_endproc",
    )
}

/// What the machine code of a closure does: the address of its slot into r10, then on to what the slot begins with. The slot lies
/// a page behind the code, so this is the same for all.
pub const TRAMPOLINE: [u8; 16] = {
    let slot = (PAGE as u32 - 7).to_le_bytes();
    let entry = (PAGE as u32 - 13).to_le_bytes();
    [
        0x4c, 0x8d, 0x15, slot[0], slot[1], slot[2], slot[3], // lea r10, [rip + slot]
        0xff, 0x25, entry[0], entry[1], entry[2], entry[3], // jmp [rip + slot]
        0xcc, 0xcc, 0xcc,
    ]
};

pub const PAGE: usize = 4096;

/// What a slot begins with: notes the registers, has `dispatch` run the closure, and puts the result where it belongs.
#[unsafe(naked)]
pub unsafe extern "C" fn closure_entry() {
    naked_asm!(
        ".cfi_startproc",
        "push rbp",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset rbp, -16",
        "mov rbp, rsp",
        ".cfi_def_cfa_register rbp",
        "sub rsp, 192",
        "mov [rsp], rdi",
        "mov [rsp + 8], rsi",
        "mov [rsp + 16], rdx",
        "mov [rsp + 24], rcx",
        "mov [rsp + 32], r8",
        "mov [rsp + 40], r9",
        "lea rax, [rbp + 16]",
        "mov [rsp + 48], rax",
        "movups [rsp + 64], xmm0",
        "movups [rsp + 80], xmm1",
        "movups [rsp + 96], xmm2",
        "movups [rsp + 112], xmm3",
        "movups [rsp + 128], xmm4",
        "movups [rsp + 144], xmm5",
        "movups [rsp + 160], xmm6",
        "movups [rsp + 176], xmm7",
        "mov rdi, [r10 + 8]",
        "mov rsi, rsp",
        "call {dispatch}",
        "mov rax, [rsp]",
        "mov rdx, [rsp + 8]",
        "movups xmm0, [rsp + 64]",
        "movups xmm1, [rsp + 80]",
        "mov ecx, [rsp + 56]",
        "test ecx, ecx",
        "jz 3f",
        "dec ecx",
        "jz 2f",
        "fld tbyte ptr [rsp + 112]",
        "2:",
        "fld tbyte ptr [rsp + 96]",
        "3:",
        "leave",
        ".cfi_def_cfa rsp, 8",
        "ret",
        ".cfi_endproc",
        dispatch = sym dispatch,
    )
}

/// Finds the arguments of a closure's call and runs its handler.
unsafe extern "C" fn dispatch(closure: *const Closure, registers: *mut Registers) {
    // SAFETY: the slot's closure lives as long as C may call it; the registers are in the frame of `closure_entry`.
    let (closure, registers) = unsafe { (&*closure, &mut *registers) };
    let ty = &closure.signature.result;
    let returned = Return::of(ty);
    let mut used = Used::default();
    let mut stack = registers.count as *mut u8;
    // Values that are in two registers, put together. Its items stay where they are while pointers to them are in use.
    let mut joined: Vec<[u64; 2]> = Vec::with_capacity(closure.signature.arguments.len());
    let mut small = [[0u64; 2]; 2];
    let mut memory: *mut u8 = small.as_mut_ptr().cast();
    if matches!(returned, Return::Memory) {
        memory = registers.integers[0] as *mut u8;
        used.integers = 1;
    }
    let mut arguments: Vec<*mut u8> = Vec::with_capacity(closure.signature.arguments.len());
    for ty in &closure.signature.arguments {
        let places = match used.place(ty) {
            Place::Stack => {
                if ty.align > 8 {
                    stack = stack.map_addr(|address| address.next_multiple_of(16));
                }
                arguments.push(stack);
                stack = stack.wrapping_add(ty.size.next_multiple_of(8));
                continue;
            }
            Place::Registers(places) => places,
        };
        let word = |place: Option<Register>| match place {
            Some(Register::Integer(number)) => registers.integers[number],
            Some(Register::Vector(number)) => registers.vectors[number][0],
            None => 0,
        };
        joined.push(places.map(word));
        arguments
            .push(joined.last_mut().map_or(std::ptr::null_mut(), |both| both.as_mut_ptr().cast()));
    }
    // SAFETY: the handler was given with the signature; there is room for the result.
    unsafe {
        (closure.handler)(closure.data, &arguments, memory);
        give(&returned, ty, registers, memory);
    }
}

/// Puts a closure's result where its caller looks for it.
unsafe fn give(returned: &Return, ty: &Type, registers: &mut Registers, memory: *mut u8) {
    registers.extended = 0;
    match returned {
        Return::Nothing => {}
        Return::Memory => registers.integers[0] = memory.addr() as u64,
        Return::Registers(places) => {
            for (at, place) in places.iter().enumerate() {
                // SAFETY: (2).
                let word = if 8 * at < ty.size { unsafe { load(ty, memory, 8 * at) } } else { 0 };
                match *place {
                    Some(Register::Integer(number)) => registers.integers[number] = word,
                    Some(Register::Vector(number)) => registers.vectors[number][0] = word,
                    None => {}
                }
            }
        }
        Return::Extended(count) => {
            registers.extended = *count as u64;
            let to = registers.vectors[EXTENDED..].as_mut_ptr().cast::<u8>();
            // SAFETY: (2).
            unsafe { to.copy_from_nonoverlapping(memory, 16 * count) };
        }
    }
}

/// Reads a `long double`, rounded to a `double`.
///
/// # Safety
/// `from` points to one.
pub unsafe fn read_long_double(from: *const u8) -> f64 {
    let mut value = 0f64;
    // SAFETY: the caller's promise; the stack of the x87 unit is left as it was.
    unsafe {
        asm!(
            "fld tbyte ptr [{from}]",
            "fstp qword ptr [{to}]",
            from = in(reg) from,
            to = in(reg) &raw mut value,
            out("st(0)") _,
            options(nostack),
        );
    }
    value
}

/// Writes a `long double`, its padding too.
///
/// # Safety
/// There is room for one at `to`.
pub unsafe fn write_long_double(to: *mut u8, value: f64) {
    // SAFETY: as above.
    unsafe {
        to.write_bytes(0, 16);
        asm!(
            "fld qword ptr [{from}]",
            "fstp tbyte ptr [{to}]",
            from = in(reg) &raw const value,
            to = in(reg) to,
            out("st(0)") _,
            options(nostack),
        );
    }
}
