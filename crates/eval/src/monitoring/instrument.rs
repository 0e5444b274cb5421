//! The hooks of a code object: which instructions they replace, and who has switched which of them off.
//!
//! A hook takes the place of an instruction's opcode byte and leaves its argument and cache alone. Its number tells
//! how many units the instruction has, so that whoever goes on behind it need not ask.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use krait_bytecode::Opcode;
use krait_objects::prelude::*;

use super::{Monitors, TOOLS, event, monitors, plan};
use crate::code::{Code, CodeUnit, foreign, original_bytes};
use crate::interpreter::OP_HOOK;

/// What a code object remembers about its hooks.
pub struct CodeData {
    code: *const Code,
    /// The events each tool wants here, besides those it wants everywhere.
    pub local: [u32; TOOLS],
    /// By unit: the opcode that a hook replaces; 0 without one.
    original: Vec<u8>,
    /// By unit: its line, because the table of the code object is slow to search.
    lines: Vec<Option<i32>>,
    /// By unit: `plan::mark`s.
    marks: Vec<u8>,
    /// Place and event: the tools that want to hear no more of it.
    disabled: HashMap<(usize, u8), u8>,
}

/// The field of a code object; empty until a tool looks at it.
#[repr(transparent)]
pub struct Hooks(Cell<*mut RefCell<CodeData>>);

impl Hooks {
    pub fn get(&self) -> Option<&RefCell<CodeData>> {
        // SAFETY: null, or the box that this field owns until it is dropped.
        unsafe { self.0.get().as_ref() }
    }

    /// What there is, made if need be.
    pub fn make<'a>(&'a self, th: &Thread, code: &'a Code) -> &'a RefCell<CodeData> {
        if let Some(known) = self.get() {
            return known;
        }
        let lines = plan::lines(code);
        let data = Box::new(RefCell::new(CodeData {
            code,
            local: [0; TOOLS],
            original: vec![0; code.unit_count()],
            marks: plan::marks(code, &original_bytes(code), &lines),
            lines,
            disabled: HashMap::new(),
        }));
        monitors(th).codes.borrow_mut().push(code);
        self.0.set(Box::into_raw(data));
        // SAFETY: just set.
        unsafe { &*self.0.get() }
    }
}

impl Drop for Hooks {
    fn drop(&mut self) {
        let data = self.0.replace(std::ptr::null_mut());
        if data.is_null() {
            return;
        }
        // SAFETY: the field owned the box; objects are released by attached threads only.
        let (data, th) = unsafe { (Box::from_raw(data).into_inner(), Thread::current()) };
        monitors(th).codes.borrow_mut().retain(|&code| code != data.code);
    }
}

/// Whether the opcode is a hook's.
pub fn is_hook(opcode: u8) -> bool {
    (OP_HOOK..OP_HOOK + crate::interpreter::HOOKS).contains(&opcode)
}

/// The opcode to run at `unit`: what a hook replaces, or what stands there.
pub fn original_at(code: &Code, unit: usize) -> u8 {
    // SAFETY: callers pass a unit of the code.
    let mut opcode = unsafe { *code.units().add(unit) as u8 };
    if unit == 0 {
        opcode = foreign::deferred_opcode(code).unwrap_or(opcode);
    }
    if !is_hook(opcode) {
        return opcode;
    }
    code.hooks().get().map_or(opcode, |data| data.borrow().original[unit])
}

/// The line of a unit of code that has hooks.
pub fn line_at(code: &Code, unit: usize) -> Option<i32> {
    match code.hooks().get() {
        Some(data) => data.borrow().line(unit),
        None => code.line_of_unit(unit as isize),
    }
}

/// The opcode at `unit` as the compiler wrote it.
pub fn base_at(code: &Code, unit: usize) -> Option<Opcode> {
    Opcode::from_byte(original_at(code, unit)).map(Opcode::base)
}

impl CodeData {
    /// Whether a `RESUME` is still to run for the first time since some tool has heard of it.
    pub fn is_fresh_resume(&self, unit: usize) -> bool {
        self.original.get(unit) == Some(&(Opcode::RESUME.number() as u8))
    }

    /// A `RESUME` under a hook runs; those that tools hear of count as fresh again afterwards.
    pub fn resume(&mut self, unit: usize, heard: bool) {
        if let Some(original) = self.original.get_mut(unit).filter(|original| **original != 0) {
            let form = if heard { Opcode::RESUME } else { Opcode::RESUME_CHECK };
            *original = form.number() as u8;
        }
    }

    pub fn line(&self, unit: usize) -> Option<i32> {
        self.lines.get(unit).copied().flatten()
    }

    /// Whether the unit is what the mark says.
    pub fn is(&self, unit: usize, mark: u8) -> bool {
        self.marks.get(unit).is_some_and(|marks| marks & mark != 0)
    }

    /// The tools that want `event` at `unit`, a bit each.
    pub fn tools(&self, monitors: &Monitors, event: u8, unit: usize) -> u8 {
        let off = self.disabled.get(&(unit, event)).copied().unwrap_or(0);
        wanting(&self.events(monitors), event) & !off
    }

    fn events(&self, monitors: &Monitors) -> [u32; TOOLS] {
        let global = monitors.global.get();
        std::array::from_fn(|tool| global[tool] | self.local[tool])
    }

    pub fn disable(&mut self, tool: usize, event: u8, unit: usize) {
        *self.disabled.entry((unit, event)).or_default() |= 1 << tool;
    }

    pub fn forget_disabled(&mut self) {
        self.disabled.clear();
    }

    pub fn forget_tool(&mut self, tool: usize) {
        self.local[tool] = 0;
        for off in self.disabled.values_mut() {
            *off &= !(1 << tool);
        }
    }
}

/// The tools whose events include this one, a bit each.
pub fn wanting(events: &[u32; TOOLS], event: u8) -> u8 {
    (0..TOOLS).fold(0, |tools, tool| tools | (u8::from(super::has(events[tool], event)) << tool))
}

/// Brings the hooks of a code object up to date. Foreign code gets none before it is verified, which its `RESUME` comes after.
pub fn instrument(th: &Thread, code: Borrowed<'_, Code>) {
    let (monitors, code) = (monitors(th), code.get());
    if foreign::is_deferred(code) {
        return;
    }
    if code.instrumentation_version.replace(monitors.version.get()) == monitors.version.get() {
        return;
    }
    let everywhere = monitors.global.get().iter().fold(0, |all, events| all | events);
    let places = (1 << event::LOCAL) - 1;
    if everywhere & places != 0 || code.hooks().get().is_some() {
        renew(th, code);
    }
}

/// Writes and removes hooks so that they stand where someone listens.
pub fn renew(th: &Thread, code: &Code) {
    let monitors = monitors(th);
    let bytes = original_bytes(code);
    let mut data = code.hooks().make(th, code).borrow_mut();
    let all = data.events(monitors).iter().fold(0, |all, events| all | events);
    let wanted = plan::hooks(code, &bytes, all, &data, monitors);
    let mut before = 0;
    for unit in 0..code.unit_count() {
        let at = code.units().wrapping_add(unit).cast_mut();
        let known = data.original[unit];
        // SAFETY: a unit of the code, which only the attached thread rewrites.
        unsafe {
            if wanted[unit] && known == 0 {
                let Some(opcode) = Opcode::from_byte(bytes[2 * unit]) else { continue };
                // Whether a `RESUME` has run is remembered.
                let resume = opcode == Opcode::RESUME;
                data.original[unit] = if resume { *at as u8 } else { opcode.number() as u8 };
                write_opcode(at, OP_HOOK + opcode.cache_units() as u8);
                generalize(code.units().wrapping_add(before).cast_mut());
            } else if !wanted[unit] && known != 0 {
                data.original[unit] = 0;
                write_opcode(at, known);
            }
        }
        if data.is(unit, plan::mark::INSTRUCTION) {
            before = unit;
        }
    }
}

/// What stands before a hook must not be a form that does the work of the hook's instruction too.
unsafe fn generalize(at: *mut CodeUnit) {
    // SAFETY: the caller's: a unit of the code.
    unsafe {
        let form = Opcode::from_byte(*at as u8);
        if let Some(form @ (Opcode::CALL_LIST_APPEND | Opcode::BINARY_OP_INPLACE_ADD_UNICODE)) =
            form
        {
            write_opcode(at, form.base().number() as u8);
        }
    }
}

unsafe fn write_opcode(at: *mut CodeUnit, opcode: u8) {
    // SAFETY: the caller's.
    unsafe { *at = *at & 0xff00 | CodeUnit::from(opcode) }
}
