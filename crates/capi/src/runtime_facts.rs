//! What C asks the runtime for: paths, constants, hashes, tables of characters; and what it leaves to be called later.

use std::cell::RefCell;
use std::ffi::{c_char, c_int, c_uint, c_void};
use std::sync::atomic::AtomicPtr;
use std::sync::{Mutex, PoisonError};

use krait_eval::{pending, pending_calls, sys};
use krait_macros::capi;
use krait_objects::hash;
use krait_objects::prelude::*;
use krait_objects::repr_guard;
use libc::wchar_t;

use crate::support::*;

/// Attributes of `sys` as wide strings, kept for the process since C never frees them.
static WIDE: Mutex<Vec<(&'static str, Box<[wchar_t]>)>> = Mutex::new(Vec::new());

fn wide_attribute(name: &'static str) -> *const wchar_t {
    let Some(th) = Thread::current_or_none() else { return std::ptr::null() };
    let found = Str::interned(th, name).and_then(|name| sys::get(th, name.borrow()));
    let text = match found.ok().flatten() {
        Some(value) => {
            match (value.object().downcast::<Str>(), value.object().downcast::<List>()) {
                (Some(text), _) => text.to_string_lossy(),
                (_, Some(list)) => {
                    let entries: Vec<String> = list
                        .to_vec()
                        .iter()
                        .filter_map(|item| {
                            item.object().downcast::<Str>().map(|text| text.to_string_lossy())
                        })
                        .collect();
                    entries.join(":")
                }
                _ => return std::ptr::null(),
            }
        }
        None => return std::ptr::null(),
    };
    keep(name, text.chars().map(|c| c as wchar_t).chain([0]).collect())
}

/// A text that ends with zero, where it stays.
fn keep(name: &'static str, wide: Box<[wchar_t]>) -> *const wchar_t {
    let mut kept = WIDE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, known)) = kept.iter().find(|(known, text)| *known == name && **text == *wide) {
        return known.as_ptr();
    }
    kept.push((name, wide));
    kept.last().map_or(std::ptr::null(), |(_, wide)| wide.as_ptr())
}

#[capi]
pub fn Py_GetPath() -> *const wchar_t {
    let Some(th) = Thread::current_or_none() else { return std::ptr::null() };
    match crate::config::search_path(th) {
        Ok(path) => keep("path", path.into()),
        Err(raised) => {
            drop(th.take_raised(raised));
            std::ptr::null()
        }
    }
}

#[capi]
pub fn Py_GetPrefix() -> *const wchar_t {
    wide_attribute("prefix")
}

#[capi]
pub fn Py_GetExecPrefix() -> *const wchar_t {
    wide_attribute("exec_prefix")
}

#[capi]
pub fn Py_GetProgramFullPath() -> *const wchar_t {
    wide_attribute("executable")
}

#[capi]
pub fn Py_GetProgramName() -> *const wchar_t {
    crate::config::program_name()
}

#[capi]
pub fn Py_GetPythonHome() -> *const wchar_t {
    crate::config::home()
}

/// The constants are immortal: there is nothing to count.
#[capi(fast = crate::object::constant)]
pub fn Py_GetConstant(th: &Thread, which: c_uint) -> PyResult {
    let _ = which;
    Err(th.bad_internal_call())
}

#[capi]
pub fn Py_HashBuffer(bytes: *const c_void, length: isize) -> isize {
    if length <= 0 || bytes.is_null() {
        return 0;
    }
    // SAFETY: C passes so many bytes.
    let bytes = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), length as usize) };
    krait_objects::str::hash_secret().hash(bytes) as isize
}

#[capi]
pub fn Py_HashPointer(pointer: *const c_void) -> isize {
    hash::hash_pointer(pointer as usize) as isize
}

#[capi]
pub fn _Py_HashPointer(pointer: *const c_void) -> isize {
    hash::hash_pointer(pointer as usize) as isize
}

/// A number that is not one hashes as the object that holds it.
#[capi]
pub fn _Py_HashDouble(ob: Ptr, value: f64) -> isize {
    match hash::hash_double(value) {
        Some(hash) => hash as isize,
        None => hash::hash_pointer(ob as usize) as isize,
    }
}

#[capi]
pub fn Py_ReprEnter(th: &Thread, ob: Option<Borrowed<'_>>) -> PyResult<c_int> {
    let ob = given(th, ob)?;
    // As in the reference, which makes its list of running calls here, unless an exception is set.
    if repr_guard::is_unused(th) {
        th.still_raised()?;
    }
    match repr_guard::enter(th, ob) {
        Some(guard) => {
            // `Py_ReprLeave` ends what begins here.
            std::mem::forget(guard);
            Ok(0)
        }
        None => Ok(1),
    }
}

#[capi]
pub fn Py_ReprLeave(th: &Thread, ob: Ptr) {
    repr_guard::leave(th, ob);
}

/// Functions that C wants to be called when Python has ended: no more than there is room for.
static AT_EXIT: Mutex<Vec<unsafe extern "C" fn()>> = Mutex::new(Vec::new());
const MAX_AT_EXIT: usize = 32;

#[capi]
pub fn Py_AtExit(function: Option<unsafe extern "C" fn()>) -> c_int {
    let mut functions = AT_EXIT.lock().unwrap_or_else(PoisonError::into_inner);
    match function.filter(|_| functions.len() < MAX_AT_EXIT) {
        Some(function) => {
            functions.push(function);
            0
        }
        None => -1,
    }
}

/// The last one first; each may register others.
pub fn run_at_exit() {
    loop {
        let function = AT_EXIT.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match function {
            // SAFETY: C promised a function without arguments.
            Some(function) => unsafe { function() },
            None => return,
        }
    }
}

/// What to call when an interpreter has ended.
#[derive(Default)]
struct AtExit(RefCell<Vec<(unsafe extern "C" fn(*mut c_void), usize)>>);

impl Drop for AtExit {
    fn drop(&mut self) {
        for (function, data) in self.0.take().into_iter().rev() {
            // SAFETY: C asked for it.
            unsafe { function(data as *mut c_void) };
        }
    }
}

#[capi]
pub fn PyUnstable_AtExit(
    th: &Thread,
    _interp: *mut c_void,
    function: Option<unsafe extern "C" fn(*mut c_void)>,
    data: *mut c_void,
) -> c_int {
    if let Some(function) = function {
        th.interp().state::<AtExit>().0.borrow_mut().push((function, data.addr()));
    }
    0
}

#[capi]
pub fn Py_AddPendingCall(
    function: Option<pending_calls::Function>,
    argument: *mut c_void,
) -> c_int {
    match function {
        Some(function) if pending_calls::add(None, function, argument) => 0,
        _ => -1,
    }
}

#[capi]
pub fn Py_MakePendingCalls(th: &Thread) -> PyResult<()> {
    pending::handle(th)?;
    pending_calls::run(th)
}

#[capi]
pub fn _Py_IsValidFD(descriptor: c_int) -> c_int {
    // SAFETY: any number may be asked about.
    (unsafe { libc::fcntl(descriptor, libc::F_GETFD) } >= 0).into()
}

#[capi]
pub fn Py_FdIsInteractive(file: *mut libc::FILE, name: *const c_char) -> c_int {
    // SAFETY: C passes an open file.
    if unsafe { libc::isatty(libc::fileno(file)) } == 1 {
        return 1;
    }
    let interactive = crate::config::is_interactive();
    (interactive && (name.is_null() || matches!(bytes_of(name), b"<stdin>" | b"???"))).into()
}

#[capi]
pub fn Py_GETENV(name: *const c_char) -> *mut c_char {
    if crate::config::ignores_environment() {
        return std::ptr::null_mut();
    }
    // SAFETY: C passes a string.
    unsafe { libc::getenv(name) }
}

#[capi]
pub fn Py_PACK_FULL_VERSION(
    major: c_int,
    minor: c_int,
    micro: c_int,
    level: c_int,
    serial: c_int,
) -> u32 {
    let byte = |value: c_int, at: u32| (value as u32 & 0xff) << at;
    byte(major, 24)
        | byte(minor, 16)
        | byte(micro, 8)
        | (level as u32 & 0xf) << 4
        | serial as u32 & 0xf
}

#[capi]
pub fn Py_PACK_VERSION(major: c_int, minor: c_int) -> u32 {
    (major as u32 & 0xff) << 24 | (minor as u32 & 0xff) << 16
}

/// C strings that are variables.
#[repr(transparent)]
pub struct Text(AtomicPtr<c_char>);

impl Text {
    const fn new(text: &'static std::ffi::CStr) -> Text {
        Text(AtomicPtr::new(text.as_ptr().cast_mut()))
    }
}

#[unsafe(no_mangle)]
pub static Py_FileSystemDefaultEncoding: Text = Text::new(c"utf-8");

#[unsafe(no_mangle)]
pub static Py_FileSystemDefaultEncodeErrors: Text = Text::new(c"surrogateescape");

#[unsafe(no_mangle)]
pub static Py_HasFileSystemDefaultEncoding: std::sync::atomic::AtomicI32 =
    std::sync::atomic::AtomicI32::new(0);

#[unsafe(no_mangle)]
pub static Py_hexdigits: Text = Text::new(c"0123456789abcdef");

const fn map(upper: bool) -> [u8; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        table[at] = if upper { byte.to_ascii_uppercase() } else { byte.to_ascii_lowercase() };
        at += 1;
    }
    table
}

const LOWER: c_uint = 1;
const UPPER: c_uint = 2;
const DIGIT: c_uint = 4;
const SPACE: c_uint = 8;
const HEX_DIGIT: c_uint = 16;

const fn classes() -> [c_uint; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 128 {
        let byte = at as u8;
        table[at] = if byte.is_ascii_lowercase() { LOWER } else { 0 }
            | if byte.is_ascii_uppercase() { UPPER } else { 0 }
            | if byte.is_ascii_digit() { DIGIT } else { 0 }
            | if byte.is_ascii_hexdigit() { HEX_DIGIT } else { 0 }
            | if byte == b' ' || (byte >= 9 && byte <= 13) { SPACE } else { 0 };
        at += 1;
    }
    table
}

const fn whitespace() -> [u8; 128] {
    let mut table = [0; 128];
    let mut at = 0;
    while at < 128 {
        // As `str.isspace` has it: the separators 28 to 31 too.
        table[at] = (at == 32 || (at >= 9 && at <= 13) || (at >= 28 && at <= 31)) as u8;
        at += 1;
    }
    table
}

#[unsafe(no_mangle)]
pub static _Py_ctype_tolower: [u8; 256] = map(false);

#[unsafe(no_mangle)]
pub static _Py_ctype_toupper: [u8; 256] = map(true);

#[unsafe(no_mangle)]
pub static _Py_ctype_table: [c_uint; 256] = classes();

#[unsafe(no_mangle)]
pub static _Py_ascii_whitespace: [u8; 128] = whitespace();

/// How strings are hashed.
#[repr(C)]
pub struct HashFunction {
    hash: unsafe extern "C" fn(*const c_void, isize) -> isize,
    name: *const c_char,
    hash_bits: c_int,
    seed_bits: c_int,
}

// SAFETY: nobody writes it.
unsafe impl Sync for HashFunction {}

static HASH_FUNCTION: HashFunction = HashFunction {
    hash: Py_HashBuffer,
    name: c"siphash13".as_ptr(),
    hash_bits: 64,
    seed_bits: 128,
};

#[capi]
pub fn PyHash_GetFuncDef() -> *mut HashFunction {
    (&raw const HASH_FUNCTION).cast_mut()
}
