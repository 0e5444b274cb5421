//! `PyArg_Parse…`: takes a call's arguments apart as a format says. `tests/capi` of the repository compares each
//! format unit and message with the reference.
//!
//! `unit` and `text` convert one argument each, `keywords` drives them for calls with keywords, `parser` for
//! formats that are prepared once, `checks` has the helpers without formats. The same job as CPython's
//! `Python/getargs.c`.
//!
//! What a conversion acquired (memory, buffers, what a converter made) is given back if a later one fails.

mod checks;
mod keywords;
mod parser;
mod text;
mod unit;

use std::ffi::{c_char, c_int, c_void};

use krait_abi as abi;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer;

use super::{Format, VaList};
use crate::support::*;

/// Tuples in a format nest no deeper.
const MAX_NESTING: usize = 30;

/// Why an argument did not fit. Boxed, so that an argument that does says so in a word.
struct Fault(Box<Reason>);

enum Reason {
    /// An exception says so.
    Raised(Raised),
    /// What the argument must be; and where in nested tuples it is, the outermost position first.
    Expected(String, Vec<usize>),
}

impl From<Raised> for Fault {
    #[cold]
    #[inline(never)]
    fn from(raised: Raised) -> Fault {
        Fault(Box::new(Reason::Raised(raised)))
    }
}

impl Fault {
    #[cold]
    #[inline(never)]
    fn expected(text: String, levels: Vec<usize>) -> Fault {
        Fault(Box::new(Reason::Expected(text, levels)))
    }

    /// The same of an item of a tuple.
    #[cold]
    fn inside(mut self, index: usize) -> Fault {
        if let Reason::Expected(_, levels) = &mut *self.0 {
            levels.insert(0, index);
        }
        self
    }
}

type Fit = Result<(), Fault>;

/// "must be X, not Y"; what begins with a parenthesis is the caller's mistake and goes as it is.
#[cold]
#[inline(never)]
fn unexpected(expected: &str, arg: Borrowed<'_>) -> Fault {
    let message = if expected.starts_with('(') {
        expected.to_owned()
    } else {
        format!("must be {}, not {}", cut(expected, 50), cut(shown_type(arg), 50))
    };
    Fault::expected(message, Vec::new())
}

fn shown_type<'a>(arg: Borrowed<'a>) -> &'a str {
    if arg.is_none() { "None" } else { arg.get().type_name() }
}

/// As `%.*s`: no more than so many bytes.
fn cut(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

/// What to undo if parsing fails.
enum Acquired {
    Memory(*mut *mut c_char),
    Buffer(*mut abi::Py_buffer),
    Converted(Converter, *mut c_void),
}

type Converter = unsafe extern "C" fn(Ptr, *mut c_void) -> c_int;

/// A parse under way: where the results go, and what to undo.
struct Parse<'t> {
    th: &'t Thread,
    places: VaList,
    /// The first of what to undo, which is most often the last, too.
    first: Option<Acquired>,
    acquired: Vec<Acquired>,
}

impl<'t> Parse<'t> {
    fn new(th: &'t Thread, places: VaList) -> Parse<'t> {
        Parse { th, places, first: None, acquired: Vec::new() }
    }

    fn acquire(&mut self, acquired: Acquired) {
        match &self.first {
            None => self.first = Some(acquired),
            Some(_) => self.acquired.push(acquired),
        }
    }

    /// What is raised for a positional argument.
    #[cold]
    #[inline(never)]
    fn failed_at(&mut self, index: usize, fault: Fault, format: Format) -> Raised {
        let raised = Naming::of_positional(format).raise(self.th, index + 1, fault);
        self.undo();
        raised
    }

    /// What is raised where a format goes on with what is no unit.
    #[cold]
    #[inline(never)]
    fn ended_badly(&mut self, format: Format) -> Raised {
        let shown = format.rest();
        let raised = raise!(self.th, SYSTEM_ERROR, "bad format string: {}", cut(&shown, 200));
        self.undo();
        raised
    }

    /// Undoes everything, oldest first.
    #[cold]
    fn undo(&mut self) {
        for acquired in self.first.take().into_iter().chain(self.acquired.drain(..)) {
            // SAFETY: places that this parse filled in.
            unsafe {
                match acquired {
                    Acquired::Memory(place) => {
                        crate::memory::PyMem_Free((*place).cast());
                        *place = std::ptr::null_mut();
                    }
                    Acquired::Buffer(view) => buffer::release(view),
                    Acquired::Converted(convert, place) => {
                        convert(std::ptr::null_mut(), place);
                    }
                }
            }
        }
    }
}

/// The name and the message that a format gives for errors: after `:` or after `;`.
struct Naming<'a> {
    name: Option<std::borrow::Cow<'a, str>>,
    message: Option<std::borrow::Cow<'a, str>>,
}

impl Naming<'_> {
    /// From the first `:` of a format, or else its first `;`.
    fn of(format: Format) -> Self {
        let find = |mark| {
            let mut at = format;
            while at.peek() != 0 {
                if at.next() == mark {
                    return Some(at.rest());
                }
            }
            None
        };
        let name = find(b':');
        let message = if name.is_some() { None } else { find(b';') };
        Naming { name, message }
    }

    /// "name()", or "function".
    fn function(&self, limit: usize) -> String {
        match &self.name {
            Some(name) => format!("{}()", cut(name, limit)),
            None => "function".into(),
        }
    }

    /// Raises what is wrong with argument `position` (from 1; 0 says just "argument").
    #[cold]
    fn raise(&self, th: &Thread, position: usize, fault: Fault) -> Raised {
        let (expected, levels) = match *fault.0 {
            Reason::Raised(raised) => return raised,
            Reason::Expected(expected, levels) => (expected, levels),
        };
        if th.is_raised() {
            return th.raised_by_c();
        }
        let class = if expected.starts_with('(') { exc::SYSTEM_ERROR } else { exc::TYPE_ERROR };
        if let Some(message) = &self.message {
            return th.raise(class, message);
        }
        let mut text = match &self.name {
            Some(name) => format!("{}() ", cut(name, 200)),
            None => String::new(),
        };
        text.push_str("argument");
        if position != 0 {
            text.push_str(&format!(" {position}"));
            for level in levels {
                if text.len() >= 220 {
                    break;
                }
                text.push_str(&format!(", item {level}"));
            }
        }
        text.push(' ');
        text.push_str(cut(&expected, 256));
        th.raise(class, &text)
    }
}

fn plural<T: PartialEq + From<u8>>(count: T) -> &'static str {
    if count == T::from(1) { "" } else { "s" }
}

fn is_end(byte: u8) -> bool {
    matches!(byte, 0 | b':' | b';')
}

/// What a character of a format means for the count of arguments.
mod counts {
    pub const NOTHING: u8 = 0;
    /// Added up: one argument more.
    pub const UNIT: u8 = 1;
    pub const BAR: u8 = 2;
    pub const END: u8 = 3;
    /// Parentheses, and `e`, which is one unit with the letter after it.
    pub const SPECIAL: u8 = 4;
}

static COUNTS: [u8; 256] = {
    let mut table = [counts::NOTHING; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            0 | b':' | b';' => counts::END,
            b'(' | b')' | b'e' => counts::SPECIAL,
            b'|' => counts::BAR,
            letter if letter.is_ascii_alphabetic() => counts::UNIT,
            _ => counts::NOTHING,
        };
        byte += 1;
    }
    table
};

/// How many arguments a format takes, at least and at most.
#[inline(always)]
fn count(format: Format) -> (usize, usize) {
    let (mut min, mut max) = (usize::MAX, 0);
    let mut at = format;
    loop {
        // Comparisons: a jump through a table for each character would take longer.
        let what = COUNTS[usize::from(at.step())];
        if what <= counts::UNIT {
            max += usize::from(what);
            continue;
        }
        match what {
            counts::BAR => min = max,
            counts::END => return (min.min(max), max),
            _ => return count_nested(format),
        }
    }
}

/// As `count`, for any format.
fn count_nested(format: Format) -> (usize, usize) {
    let (mut min, mut max, mut level) = (None, 0, 0usize);
    let mut at = format;
    loop {
        match at.next() {
            b'(' => {
                max += usize::from(level == 0);
                level += 1;
                if level >= MAX_NESTING {
                    fatal("too many tuple nesting levels in argument format string");
                }
            }
            b')' if level == 0 => fatal("excess ')' in getargs format"),
            b')' => level -= 1,
            byte if is_end(byte) => break,
            b'|' if level == 0 => min = Some(max),
            // An `e` and the letter after it are one unit.
            b'e' => {}
            byte if level == 0 && byte.is_ascii_alphabetic() => max += 1,
            _ => {}
        }
    }
    if level != 0 {
        fatal("missing ')' in getargs format");
    }
    (min.unwrap_or(max), max)
}

#[cold]
fn fatal(message: &str) -> ! {
    crate::lifecycle::fatal_error("vgetargs1_impl", message)
}

/// Positional arguments only.
#[inline(always)]
fn parse_positional(
    th: &Thread,
    args: &[Borrowed<'_>],
    format: Format,
    places: VaList,
) -> PyResult<()> {
    let (min, max) = count(format);
    if args.len() < min || max < args.len() {
        return Err(wrong_count(th, args.len(), min, max, format));
    }
    if args.is_empty() && is_end(format.peek()) {
        return Ok(());
    }
    let mut parse = Parse::new(th, places);
    let mut at = format;
    for (index, &arg) in args.iter().enumerate() {
        if at.peek() == b'|' {
            at.skip();
        }
        if let Err(fault) = parse.item(arg, &mut at) {
            return Err(parse.failed_at(index, fault, format));
        }
    }
    let next = at.peek();
    if !is_end(next) && !next.is_ascii_alphabetic() && next != b'(' && next != b'|' {
        return Err(parse.ended_badly(format));
    }
    Ok(())
}

impl Naming<'_> {
    /// From whichever of `:` and `;` comes first.
    fn of_positional(format: Format) -> Self {
        let mut at = format;
        while !is_end(at.peek()) {
            at.skip();
        }
        match at.next() {
            b':' => Naming { name: Some(at.rest()), message: None },
            b';' => Naming { name: None, message: Some(at.rest()) },
            _ => Naming { name: None, message: None },
        }
    }
}

#[cold]
fn wrong_count(th: &Thread, given: usize, min: usize, max: usize, format: Format) -> Raised {
    let naming = Naming::of_positional(format);
    if let Some(message) = &naming.message {
        return th.raise(exc::TYPE_ERROR, message);
    }
    let bound = if given < min { min } else { max };
    let how = match () {
        () if min == max => "exactly",
        () if given < min => "at least",
        () => "at most",
    };
    raise!(
        th,
        TYPE_ERROR,
        "{} takes {how} {bound} argument{} ({given} given)",
        naming.function(150),
        plural(bound)
    )
}

/// `PyArg_Parse`: one value for one format unit.
fn parse_value(
    th: &Thread,
    value: Option<Borrowed<'_>>,
    format: Format,
    places: VaList,
) -> PyResult<()> {
    let (min, max) = count(format);
    let function = || Naming::of_positional(format).function(200);
    match (min, max, value) {
        (_, 0, None) => Ok(()),
        (_, 0, Some(_)) => Err(raise!(th, TYPE_ERROR, "{} takes no arguments", function())),
        (1, 1, None) => Err(raise!(th, TYPE_ERROR, "{} takes at least one argument", function())),
        (1, 1, Some(value)) => {
            let mut parse = Parse::new(th, places);
            let mut at = format;
            at.eat(b'|');
            parse.item(value, &mut at).map_err(|fault| {
                let mut fault = fault;
                let position = match &mut *fault.0 {
                    Reason::Expected(_, levels) if !levels.is_empty() => levels.remove(0) + 1,
                    _ => 0,
                };
                let raised = Naming::of_positional(format).raise(th, position, fault);
                parse.undo();
                raised
            })
        }
        _ => Err(th.raise(exc::SYSTEM_ERROR, "old style getargs format uses new features")),
    }
}

/// The arguments that C passes as an array.
///
/// # Safety
/// `values` holds `count` live objects.
unsafe fn array<'a>(values: *const Ptr, count: isize) -> &'a [Borrowed<'a>] {
    if values.is_null() || count <= 0 {
        return &[];
    }
    // SAFETY: the caller's promise; a `Borrowed` is the pointer.
    unsafe { std::slice::from_raw_parts(values.cast(), count as usize) }
}

/// 1, or 0 with the exception set.
fn outcome(result: PyResult<()>) -> c_int {
    result.is_ok().into()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_parse(value: Ptr, format: *const c_char, places: VaList) -> c_int {
    // SAFETY: C passes a live object or NULL.
    let value = unsafe { Borrowed::from_ptr_or_null(value) };
    outcome(parse_value(Thread::current(), value, Format::new(format), places))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_parse_tuple(
    args: Ptr,
    format: *const c_char,
    places: VaList,
) -> c_int {
    let th = Thread::current();
    // SAFETY: C passes a live object or NULL.
    let args: Option<Borrowed<'_>> = unsafe { Borrowed::from_ptr_or_null(args) };
    let Some(args) = args.and_then(|args| args.downcast::<Tuple>()) else {
        let message = "new style getargs format but argument is not a tuple";
        return outcome(Err(th.raise(exc::SYSTEM_ERROR, message)));
    };
    outcome(parse_positional(th, args.get().as_slice(), Format::new(format), places))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn krait_va_parse_stack(
    values: *const Ptr,
    count: isize,
    format: *const c_char,
    places: VaList,
) -> c_int {
    // SAFETY: the arguments of a call.
    let args = unsafe { array(values, count) };
    outcome(parse_positional(Thread::current(), args, Format::new(format), places))
}
