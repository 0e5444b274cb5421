//! `pyexpat.expat_CAPI`: the parser for extension modules, as `pyexpat.h` lays its functions out.
//!
//! SAFETY, throughout: C passes parsers that `create` made and `free` has not freed, texts that end with NUL, and handlers
//! that fit; a parser is used by one thread at a time.
//!
//! Invariant: `running` is null, or points to the parser that waits for a handler, for as long as that is.

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, CString, c_char, c_int, c_uchar, c_ulong, c_ulonglong, c_void};
use std::ptr::{null, null_mut};

use krait_objects::capsule::Capsule;
use krait_objects::prelude::*;
use krait_xml::{Event, ExternalEntity, Kind, Limit, Limits, Parser, Settings, Sink};

use super::{VERSION, encoding_table};

type Text = *const c_char;
type OnText = Option<unsafe extern "C" fn(*mut c_void, Text, c_int)>;
type OnName = Option<unsafe extern "C" fn(*mut c_void, Text)>;
type OnPair = Option<unsafe extern "C" fn(*mut c_void, Text, Text)>;
type OnStart = Option<unsafe extern "C" fn(*mut c_void, Text, *const Text)>;
type OnDoctype = Option<unsafe extern "C" fn(*mut c_void, Text, Text, Text, c_int)>;
type OnEncoding = Option<unsafe extern "C" fn(*mut c_void, Text, *mut Encoding) -> c_int>;

/// `XML_Encoding`
#[repr(C)]
pub struct Encoding {
    map: [c_int; 256],
    data: *mut c_void,
    convert: Option<unsafe extern "C" fn(*mut c_void, Text) -> c_int>,
    release: Option<unsafe extern "C" fn(*mut c_void)>,
}

/// What C calls `XML_Parser`. It begins with what handlers are given: a macro of expat's reads it there.
#[repr(C)]
pub struct Foreign {
    user: Cell<*mut c_void>,
    core: RefCell<Parser>,
    running: Cell<*const Parser>,
    error: Cell<c_int>,
    start: Cell<OnStart>,
    end: Cell<OnName>,
    data: Cell<OnText>,
    other: Cell<OnText>,
    comment: Cell<OnName>,
    instruction: Cell<OnPair>,
    start_namespace: Cell<OnPair>,
    end_namespace: Cell<OnName>,
    doctype: Cell<OnDoctype>,
    encoding: Cell<(OnEncoding, *mut c_void)>,
}

fn c_text(text: &str) -> CString {
    CString::new(text).unwrap_or_default()
}

/// A text that may be missing, kept in `place` as long as C reads it.
fn c_optional(text: Option<&str>, place: &mut CString) -> Text {
    let Some(text) = text else { return null() };
    *place = c_text(text);
    place.as_ptr()
}

unsafe fn text<'a>(text: Text) -> Option<&'a str> {
    // SAFETY: see the top of the file.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_str().unwrap_or(""))
}

struct Teller<'a>(&'a Foreign);

impl Teller<'_> {
    fn tell(&self, event: Event<'_>) {
        let (to, user) = (self.0, self.0.user.get());
        let (mut first, mut second, mut third) = Default::default();
        // SAFETY: see the top of the file.
        unsafe {
            match event {
                Event::StartElement { name, attributes } => {
                    let pairs: Vec<_> = attributes
                        .iter()
                        .flat_map(|(name, value)| [c_text(name), c_text(value)])
                        .collect();
                    let mut texts: Vec<_> = pairs.iter().map(|text| text.as_ptr()).collect();
                    texts.push(null());
                    to.start
                        .get()
                        .inspect(|tell| tell(user, c_text(name).as_ptr(), texts.as_ptr()));
                }
                Event::EndElement { name } => {
                    to.end.get().inspect(|tell| tell(user, c_text(name).as_ptr()));
                }
                Event::CharacterData(text) => {
                    to.data
                        .get()
                        .inspect(|tell| tell(user, text.as_ptr().cast(), text.len() as c_int));
                }
                Event::Default(text) => {
                    to.other
                        .get()
                        .inspect(|tell| tell(user, text.as_ptr().cast(), text.len() as c_int));
                }
                Event::Comment(text) => {
                    to.comment.get().inspect(|tell| tell(user, c_text(text).as_ptr()));
                }
                Event::ProcessingInstruction { target, data } => {
                    let (target, data) = (c_text(target), c_text(data));
                    to.instruction.get().inspect(|tell| tell(user, target.as_ptr(), data.as_ptr()));
                }
                Event::StartNamespaceDecl { prefix, uri } => {
                    let (prefix, uri) =
                        (c_optional(prefix, &mut first), c_optional(uri, &mut second));
                    to.start_namespace.get().inspect(|tell| tell(user, prefix, uri));
                }
                Event::EndNamespaceDecl { prefix } => {
                    let prefix = c_optional(prefix, &mut first);
                    to.end_namespace.get().inspect(|tell| tell(user, prefix));
                }
                Event::StartDoctypeDecl { name, system_id, public_id, internal_subset } => {
                    let system = c_optional(system_id, &mut first);
                    let public = c_optional(public_id, &mut second);
                    let name = c_optional(Some(name), &mut third);
                    let inside = internal_subset.into();
                    to.doctype.get().inspect(|tell| tell(user, name, system, public, inside));
                }
                _ => {}
            }
        }
    }
}

impl Sink for Teller<'_> {
    fn wants(&self, kind: Kind) -> bool {
        let to = self.0;
        match kind {
            Kind::StartElement => to.start.get().is_some(),
            Kind::EndElement => to.end.get().is_some(),
            Kind::CharacterData => to.data.get().is_some(),
            Kind::DefaultExpand => to.other.get().is_some(),
            Kind::Comment => to.comment.get().is_some(),
            Kind::ProcessingInstruction => to.instruction.get().is_some(),
            Kind::StartNamespaceDecl => to.start_namespace.get().is_some(),
            Kind::EndNamespaceDecl => to.end_namespace.get().is_some(),
            Kind::StartDoctypeDecl => to.doctype.get().is_some(),
            _ => false,
        }
    }

    fn wants_default(&self) -> bool {
        self.wants(Kind::DefaultExpand)
    }

    fn expands_entities(&self) -> bool {
        true
    }

    fn is_stopped(&self) -> bool {
        false
    }

    fn event(&mut self, core: &Parser, event: Event<'_>) {
        let outer = self.0.running.replace(core);
        self.tell(event);
        self.0.running.set(outer);
    }

    fn external_entity(&mut self, _core: &Parser, _entity: ExternalEntity<'_>) -> bool {
        true
    }

    fn not_standalone(&mut self, _core: &Parser) -> bool {
        true
    }

    fn unknown_encoding(&mut self, _core: &Parser, name: &str) -> Option<Box<[u16; 256]>> {
        let (ask, data) = self.0.encoding.get();
        let mut found = Encoding { map: [-1; 256], data: null_mut(), convert: None, release: None };
        // SAFETY: see the top of the file.
        let is_known = unsafe { ask?(data, c_text(name).as_ptr(), &mut found) } != 0;
        let table = found.map.map(|point| u16::try_from(point).unwrap_or(0xffff));
        if let Some(release) = found.release {
            // SAFETY: as above.
            unsafe { release(found.data) };
        }
        // Characters of several bytes are not known here.
        (is_known && found.map.iter().all(|&point| point >= -1)).then(|| Box::new(table))
    }
}

impl Foreign {
    fn ask<T>(&self, question: impl FnOnce(&Parser) -> T) -> T {
        // SAFETY: the invariant.
        match unsafe { self.running.get().as_ref() } {
            Some(running) => question(running),
            None => question(&self.core.borrow()),
        }
    }
}

unsafe extern "C" fn error_string(code: c_int) -> Text {
    krait_xml::message_for_c(code.into()).map_or(null(), CStr::as_ptr)
}

unsafe extern "C" fn error_code(parser: &Foreign) -> c_int {
    parser.error.get()
}

unsafe extern "C" fn error_column(parser: &Foreign) -> c_ulong {
    parser.ask(|core| core.position().1) as c_ulong
}

unsafe extern "C" fn error_line(parser: &Foreign) -> c_ulong {
    parser.ask(|core| core.position().0) as c_ulong
}

unsafe extern "C" fn parse(parser: &Foreign, data: Text, len: c_int, is_final: c_int) -> c_int {
    let len = usize::try_from(len).unwrap_or(0);
    let data = match len {
        0 => &[][..],
        // SAFETY: see the top of the file.
        _ => unsafe { std::slice::from_raw_parts(data.cast(), len) },
    };
    let Ok(mut core) = parser.core.try_borrow_mut() else { return 0 };
    match core.parse(&mut Teller(parser), data, len, is_final != 0) {
        Ok(()) => 1,
        Err(code) => {
            parser.error.set(code as c_int);
            0
        }
    }
}

unsafe extern "C" fn create(
    encoding: Text,
    _memory: *const c_void,
    separator: Text,
) -> *mut Foreign {
    // SAFETY: see the top of the file.
    let (encoding, separator) = unsafe { (text(encoding), text(separator)) };
    let separator = separator.map(|text| text.bytes().next().unwrap_or(0));
    Box::into_raw(Box::new(Foreign {
        user: Cell::new(null_mut()),
        core: RefCell::new(Parser::new(Settings { encoding, separator })),
        running: Cell::new(null()),
        error: Cell::new(0),
        start: Cell::new(None),
        end: Cell::new(None),
        data: Cell::new(None),
        other: Cell::new(None),
        comment: Cell::new(None),
        instruction: Cell::new(None),
        start_namespace: Cell::new(None),
        end_namespace: Cell::new(None),
        doctype: Cell::new(None),
        encoding: Cell::new((None, null_mut())),
    }))
}

unsafe extern "C" fn free(parser: *mut Foreign) {
    if !parser.is_null() {
        // SAFETY: see the top of the file.
        drop(unsafe { Box::from_raw(parser) });
    }
}

macro_rules! setters {
    ($($name:ident($($field:ident: $ty:ty),*);)*) => {$(
        unsafe extern "C" fn $name(parser: &Foreign, $($field: $ty),*) {
            $(parser.$field.set($field);)*
        }
    )*};
}

setters! {
    set_data(data: OnText);
    set_comment(comment: OnName);
    set_other(other: OnText);
    set_element(start: OnStart, end: OnName);
    set_namespace(start_namespace: OnPair, end_namespace: OnName);
    set_instruction(instruction: OnPair);
    set_user(user: *mut c_void);
    set_doctype(doctype: OnDoctype);
}

unsafe extern "C" fn set_unknown_encoding(parser: &Foreign, ask: OnEncoding, data: *mut c_void) {
    parser.encoding.set((ask, data));
}

unsafe extern "C" fn set_encoding(parser: &Foreign, name: Text) -> c_int {
    let Ok(mut core) = parser.core.try_borrow_mut() else { return 0 };
    if !core.is_new() {
        return 0;
    }
    // SAFETY: see the top of the file.
    if let Some(name) = unsafe { text(name) } {
        core.set_encoding(name);
    }
    1
}

/// An encoding of Python's that has a character for each byte.
unsafe extern "C" fn python_encoding(
    _data: *mut c_void,
    name: Text,
    found: &mut Encoding,
) -> c_int {
    let Some(th) = Thread::current_or_none() else { return 0 };
    // SAFETY: see the top of the file.
    let name = unsafe { text(name) }.unwrap_or("");
    let Ok(table) = encoding_table(th, name) else { return 0 };
    found.map = table.map(|point| if point == 0xffff { -1 } else { point.into() });
    (found.data, found.convert, found.release) = (null_mut(), None, None);
    1
}

/// Hashes are seeded already.
unsafe extern "C" fn set_salt(_parser: &Foreign, _salt: c_ulong) -> c_int {
    1
}

unsafe extern "C" fn set_salt_bytes(_parser: &Foreign, _salt: *const u8) -> c_uchar {
    1
}

unsafe extern "C" fn set_deferral(parser: &Foreign, enabled: c_uchar) -> c_uchar {
    parser.ask(|core| core.set_reparse_deferral(enabled != 0));
    1
}

fn limit(parser: &Foreign, which: fn(&Limits) -> &Limit, set: impl FnOnce(&Limit)) -> c_uchar {
    parser.ask(|core| core.limits().map(|limits| set(which(limits))).is_some()).into()
}

macro_rules! limits {
    ($($threshold:ident $factor:ident $limit:ident;)*) => {$(
        unsafe extern "C" fn $threshold(parser: &Foreign, threshold: c_ulonglong) -> c_uchar {
            limit(parser, |limits| &limits.$limit, |limit| limit.threshold.set(threshold))
        }

        unsafe extern "C" fn $factor(parser: &Foreign, factor: f32) -> c_uchar {
            if factor.is_nan() || factor < 1.0 {
                return 0;
            }
            limit(parser, |limits| &limits.$limit, |limit| limit.factor.set(factor))
        }
    )*};
}

limits! {
    set_memory_threshold set_memory_factor allocation;
    set_expansion_threshold set_expansion_factor expansion;
}

/// `struct PyExpat_CAPI`: the functions are in its order, and each has the type that the header says.
#[repr(C)]
pub struct Table {
    magic: Text,
    size: c_int,
    version: [c_int; 3],
    functions: [*const c_void; 25],
}

// SAFETY: the table is constant.
unsafe impl Sync for Table {}

macro_rules! functions {
    ($($name:ident)*) => { [$($name as *const () as *const c_void),*] };
}

static TABLE: Table = Table {
    magic: c"pyexpat.expat_CAPI 1.1".as_ptr(),
    size: size_of::<Table>() as c_int,
    version: [VERSION.0 as c_int, VERSION.1 as c_int, VERSION.2 as c_int],
    functions: functions! {
        error_string error_code error_column error_line parse create free
        set_data set_comment set_other set_element set_namespace set_instruction
        set_unknown_encoding set_user set_doctype set_encoding python_encoding
        set_salt set_deferral
        set_memory_threshold set_memory_factor set_expansion_threshold set_expansion_factor
        set_salt_bytes
    },
};

pub fn make(th: &Thread) -> PyResult<Owned<Capsule>> {
    let table: *const Table = &TABLE;
    Capsule::new(th, table.cast_mut().cast(), c"pyexpat.expat_CAPI".as_ptr(), None)
}
