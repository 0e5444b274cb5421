//! Making code objects from their parts, which are the compiler's, from `.pyc` data, or Python's arguments.

use std::borrow::Cow;
use std::cell::Cell;

use krait_bytecode::{Opcode, code_flags, local_kind};
use krait_objects::prelude::*;

use super::{Code, CodeUnit, Event};
use super::{foreign, intern, quicken};
use crate::frame::FRAME_WORDS;

/// Everything a code object is made from.
pub struct Parts<'c> {
    pub argcount: i32,
    pub posonlyargcount: i32,
    pub kwonlyargcount: i32,
    pub stacksize: i32,
    pub flags: i32,
    pub firstlineno: i32,
    /// Original code units, as bytes.
    pub code: Cow<'c, [u8]>,
    pub consts: Owned<Tuple>,
    pub names: Owned<Tuple>,
    pub localsplusnames: Owned<Tuple>,
    pub localspluskinds: Owned<Bytes>,
    pub filename: Owned<Str>,
    pub name: Owned<Str>,
    pub qualname: Owned<Str>,
    pub linetable: Owned<Bytes>,
    pub exceptiontable: Owned<Bytes>,
}

/// The number of locals with any of `kinds`.
fn count(parts: &Parts<'_>, kinds: u8) -> i32 {
    parts.localspluskinds.as_bytes().iter().filter(|kind| **kind & kinds != 0).count() as i32
}

/// A code object from its parts. ValueError and SystemError for parts that do not fit together.
pub fn new(th: &Thread, mut parts: Parts<'_>) -> PyResult<Owned<Code>> {
    check(th, &parts)?;
    parts.stacksize = parts.stacksize.max(1);
    intern::intern(th, &mut parts)?;
    new_interned(th, parts)
}

/// As `new`, for parts that fit together, with their strings interned.
pub(super) fn new_interned(th: &Thread, mut parts: Parts<'_>) -> PyResult<Owned<Code>> {
    if !th.interp().code_debug_ranges.get() {
        let lines = krait_bytecode::without_columns(parts.linetable.as_bytes());
        parts.linetable = Bytes::new(th, &lines)?;
    }
    let nlocalsplus = parts.localsplusnames.len() as i32;
    let framesize = (nlocalsplus as usize)
        .checked_add(parts.stacksize as usize)
        .and_then(|words| words.checked_add(FRAME_WORDS))
        .and_then(|words| i32::try_from(words).ok());
    let Some(framesize) = framesize else {
        return Err(th.raise(exc::OVERFLOW_ERROR, "code: co_stacksize is too large"));
    };
    let version = crate::function::next_version(th);
    let (nlocals, ncells, nfree) = (
        count(&parts, local_kind::LOCAL),
        count(&parts, local_kind::CELL),
        count(&parts, local_kind::FREE),
    );
    let unit_count = parts.code.len() / size_of::<CodeUnit>();
    let code = Code::type_object().alloc::<Code>(th, unit_count as isize)?;
    let this: *mut Code = code.as_ptr().cast();
    // SAFETY: fresh memory, zero behind the head, with room for the units: each field is written once.
    unsafe {
        let first: *mut CodeUnit = (&raw mut (*this).code_units).cast();
        std::ptr::copy_nonoverlapping(parts.code.as_ptr(), first.cast::<u8>(), 2 * unit_count);
        let units = std::slice::from_raw_parts_mut(first, unit_count);
        quicken::quicken(units);
        (*this).first_traceable = first_traceable(units);
        (&raw mut (*this).consts).write(parts.consts);
        (&raw mut (*this).names).write(parts.names);
        (&raw mut (*this).exceptiontable).write(parts.exceptiontable);
        (*this).flags = parts.flags;
        (*this).argcount = parts.argcount;
        (*this).posonlyargcount = parts.posonlyargcount;
        (*this).kwonlyargcount = parts.kwonlyargcount;
        (*this).stacksize = parts.stacksize;
        (*this).firstlineno = parts.firstlineno;
        (*this).nlocalsplus = nlocalsplus;
        (*this).framesize = framesize;
        (*this).nlocals = nlocals;
        (*this).ncellvars = ncells;
        (*this).nfreevars = nfree;
        (*this).version = version;
        (&raw mut (*this).localsplusnames).write(parts.localsplusnames);
        (&raw mut (*this).localspluskinds).write(parts.localspluskinds);
        (&raw mut (*this).filename).write(Slot::new(Some(parts.filename)));
        (&raw mut (*this).name).write(parts.name);
        (&raw mut (*this).qualname).write(parts.qualname);
        (&raw mut (*this).linetable).write(parts.linetable);
        (&raw mut (*this).deferred).write(Cell::new(foreign::OWN));
    }
    code.tell(th, Event::Create);
    Ok(code)
}

/// Code that does nothing but fail if it is run, all of it at one line: for `PyCode_NewEmpty`.
pub fn empty(
    th: &Thread,
    filename: Owned<Str>,
    name: Owned<Str>,
    first_line: i32,
) -> PyResult<Owned<Code>> {
    const FAIL: [Opcode; 3] = [Opcode::RESUME, Opcode::LOAD_COMMON_CONSTANT, Opcode::RAISE_VARARGS];
    let [resume, load, raise] = FAIL.map(|opcode| opcode as u8);
    // An entry without columns, for three units, no lines further.
    let line_table = [1 << 7 | 13 << 3 | 2, 0];
    let nothing = || Tuple::empty().to_owned();
    let parts = Parts {
        argcount: 0,
        posonlyargcount: 0,
        kwonlyargcount: 0,
        stacksize: 1,
        flags: krait_bytecode::code_flags::OPTIMIZED as i32,
        firstlineno: first_line,
        code: vec![resume, 0, load, 0, raise, 1].into(),
        consts: nothing(),
        names: nothing(),
        localsplusnames: nothing(),
        localspluskinds: Bytes::new(th, &[])?,
        filename,
        name: name.clone(),
        qualname: name,
        linetable: Bytes::new(th, &line_table)?,
        exceptiontable: Bytes::new(th, &[])?,
    };
    new(th, parts)
}

/// The index of the first `RESUME`; what stands before sets the frame up.
fn first_traceable(units: &[CodeUnit]) -> i32 {
    let mut at = 0;
    while at < units.len() {
        let Some(opcode) = Opcode::from_byte(units[at] as u8) else { break };
        if opcode.base() == Opcode::RESUME {
            return at as i32;
        }
        at += 1 + opcode.cache_units();
    }
    0
}

/// No compiler's code needs more: a generator's memory is cleared when it is made.
const LARGEST_FOREIGN_STACK: i32 = 1 << 24;

/// As `new`, for parts that may hold anything. What binds arguments and makes frames is checked here; the code units
/// and what they refer to when they are to run for the first time (`foreign`).
pub fn new_foreign(th: &Thread, parts: Parts<'_>) -> PyResult<Owned<Code>> {
    check(th, &parts)?;
    if parts.stacksize > LARGEST_FOREIGN_STACK {
        return Err(th.raise(exc::OVERFLOW_ERROR, "code: co_stacksize is too large"));
    }
    if !krait_bytecode::are_in_order(parts.localspluskinds.as_bytes()) {
        return Err(th.raise(exc::VALUE_ERROR, "code: bad kinds of locals"));
    }
    let code = new(th, parts)?;
    foreign::defer(&code);
    Ok(code)
}

/// The locals that a call fills; `None` for more than an `int` counts.
pub(super) fn argument_count(argcount: i32, kwonlyargcount: i32, flags: u32) -> Option<i32> {
    let collectors = i32::from(flags & code_flags::VARARGS != 0)
        + i32::from(flags & code_flags::VARKEYWORDS != 0);
    argcount.checked_add(kwonlyargcount)?.checked_add(collectors)
}

/// The consistency of the parts, as far as the reference checks it.
pub(super) fn check(th: &Thread, parts: &Parts<'_>) -> PyResult<()> {
    if parts.argcount < parts.posonlyargcount
        || parts.posonlyargcount < 0
        || parts.kwonlyargcount < 0
        || parts.stacksize < 0
        || parts.flags < 0
        || parts.localsplusnames.len() != parts.localspluskinds.as_bytes().len()
    {
        return Err(th.bad_internal_call());
    }
    if !parts.code.len().is_multiple_of(size_of::<CodeUnit>()) {
        return Err(th.raise(exc::VALUE_ERROR, "code: co_code is malformed"));
    }
    let total = argument_count(parts.argcount, parts.kwonlyargcount, parts.flags as u32);
    if total.is_none_or(|total| total > count(parts, local_kind::LOCAL)) {
        return Err(th.raise(exc::VALUE_ERROR, "code: co_varnames is too small"));
    }
    Ok(())
}
