//! `unicodedata`: the Unicode character database, as it is now and as of version 3.2.0.
//!
//! The data and algorithms are `krait_unicode`'s. Everything exists twice, as a function of the
//! module and as a method of the object `ucd_3_2_0`. The same job as CPython's
//! `Modules/unicodedata.c`.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::io::Write;

use krait_objects::args::CodePoint;
use krait_objects::capsule::Capsule;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;
use krait_objects::with_units;
use krait_unicode::database::{self, Version};
use krait_unicode::names;
use krait_unicode::normalization::{self, Answer, Form};

/// The database of one version, asked by methods.
#[pytype(name = "unicodedata.UCD", doc = "", flags(DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct Ucd {
    head: Head,
}

#[pymethods(parts(database))]
impl Ucd {
    #[getter]
    fn unidata_version(&self) -> &'static str {
        "3.2.0"
    }
}

/// This module provides access to the Unicode Character Database which
/// defines character properties for all Unicode characters. The data in
/// this database is of version 16.0.0 of the standard.
///
/// The module uses the same names and symbols as the standard's own files.
#[pymodule(name = "unicodedata")]
pub struct UnicodeData;

#[pyfunctions(parts(database))]
impl UnicodeData {
    #[constant(name = "unidata_version")]
    const VERSION: &'static str = krait_unicode::UNICODE_VERSION;

    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        let ty = Borrowed::from_ref(Ucd::type_object());
        module.add_type(th, Ucd::type_object())?;
        module.add(th, "ucd_3_2_0", ty.alloc::<Ucd>(th, 0)?.object())?;
        let interface = (&raw const NAMES).cast_mut().cast::<c_void>();
        let capsule = Capsule::new(th, interface, CAPSULE.as_ptr(), None)?;
        module.add(th, "_ucnhash_CAPI", capsule.object())
    }
}

/// Declares each function for the module and for the older database.
macro_rules! database {
    ($($(#[$($doc:tt)*])* $name:ident $signature:tt
        ($version:ident, $th:ident $(, $arg:ident: $ty:ty)*) -> $result:ty $work:block)*) => {
        #[pymethods(part = "database")]
        impl Ucd {
            $($(#[$($doc)*])*
            #[method(sig = $signature)]
            fn $name(&self, $th: &Thread, $($arg: $ty),*) -> PyResult<$result> {
                let $version = Version::Old;
                $work
            })*
        }

        #[pyfunctions(part = "database")]
        impl UnicodeData {
            $($(#[$($doc)*])*
            #[function(sig = $signature)]
            fn $name($th: &Thread, $($arg: $ty),*) -> PyResult<$result> {
                let $version = Version::Current;
                $work
            })*
        }
    };
}

database! {
    /// Return the decimal value of a character as an integer.
    ///
    /// Without such a value, return the default, or raise ValueError if none is given.
    decimal "($self, chr, default=<unrepresentable>, /)"
    (version, th, chr: CodePoint, default: Option<Borrowed<'_>>) -> Owned {
        let value = database::decimal(version, chr.0).map(i64::from);
        value_or(th, value, default, "not a decimal", Int::from_i64)
    }

    /// Return the value of a digit as an integer.
    ///
    /// Without such a value, return the default, or raise ValueError if none is given.
    digit "($self, chr, default=<unrepresentable>, /)"
    (_version, th, chr: CodePoint, default: Option<Borrowed<'_>>) -> Owned {
        let value = krait_unicode::to_digit(chr.0).map(i64::from);
        value_or(th, value, default, "not a digit", Int::from_i64)
    }

    /// Return the numeric value of a character as a float.
    ///
    /// Without such a value, return the default, or raise ValueError if none is given.
    numeric "($self, chr, default=<unrepresentable>, /)"
    (version, th, chr: CodePoint, default: Option<Borrowed<'_>>) -> Owned {
        let value = database::numeric(version, chr.0);
        value_or(th, value, default, "not a numeric character", Float::new)
    }

    /// Return the general category of a character as a string.
    category "($self, chr, /)" (version, _th, chr: CodePoint) -> &'static str {
        Ok(database::category(version, chr.0))
    }

    /// Return the bidirectional class of a character as a string.
    ///
    /// The string is empty if there is none.
    bidirectional "($self, chr, /)" (version, _th, chr: CodePoint) -> &'static str {
        Ok(database::bidirectional(version, chr.0))
    }

    /// Return the canonical combining class of a character as an integer.
    ///
    /// It is 0 if none is defined.
    combining "($self, chr, /)" (version, _th, chr: CodePoint) -> i32 {
        Ok(database::combining(version, chr.0).into())
    }

    /// Return 1 if a character is mirrored in bidirectional text, else 0.
    mirrored "($self, chr, /)" (version, _th, chr: CodePoint) -> i32 {
        Ok(database::mirrored(version, chr.0).into())
    }

    /// Return the East Asian width of a character as a string.
    east_asian_width "($self, chr, /)" (version, _th, chr: CodePoint) -> &'static str {
        Ok(database::east_asian_width(version, chr.0))
    }

    /// Return the decomposition mapping of a character as a string.
    ///
    /// The string is empty if there is none.
    decomposition "($self, chr, /)" (version, _th, chr: CodePoint) -> String {
        Ok(database::decomposition(version, chr.0))
    }

    /// Return whether the string unistr is in the normal form 'form'.
    ///
    /// Forms are 'NFC', 'NFKC', 'NFD', and 'NFKD'.
    is_normalized "($self, form, unistr, /)"
    (version, th, form: Borrowed<'_, Str>, unistr: Borrowed<'_, Str>) -> bool {
        is_normalized(version, th, form, unistr)
    }

    /// Return the normal form 'form' of the string unistr.
    ///
    /// Forms are 'NFC', 'NFKC', 'NFD', and 'NFKD'.
    normalize "($self, form, unistr, /)"
    (version, th, form: Borrowed<'_, Str>, unistr: Borrowed<'_, Str>) -> Owned<Str> {
        normalize(version, th, form, unistr)
    }

    /// Return the name of a character as a string.
    ///
    /// Without a name, return the default, or raise ValueError if none is given.
    name "($self, chr, default=<unrepresentable>, /)"
    (version, th, chr: CodePoint, default: Option<Borrowed<'_>>) -> Owned {
        let name = names::name(chr.0).filter(|_| database::is_assigned(version, chr.0));
        value_or(th, name, default, "no such name", |th, name| {
            Str::from_fmt(th, format_args!("{name}"))
        })
    }

    /// Return the character with a name, or the sequence of characters with it.
    ///
    /// Raise KeyError if there is none.
    lookup "($self, name, /)" (version, th, name: Borrowed<'_>) -> Owned<Str> {
        lookup(version, th, name)
    }
}

/// What `value` becomes; the default or ValueError if there is none.
fn value_or<V, T: Instance>(
    th: &Thread,
    value: Option<V>,
    default: Option<Borrowed<'_>>,
    message: &str,
    make: impl FnOnce(&Thread, V) -> PyResult<Owned<T>>,
) -> PyResult {
    match (value, default) {
        (Some(value), _) => make(th, value).map(Owned::into_object),
        (None, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(th.raise(exc::VALUE_ERROR, message)),
    }
}

fn form_named(th: &Thread, form: &Str) -> PyResult<Form> {
    form.as_ascii()
        .and_then(Form::named)
        .ok_or_else(|| th.raise(exc::VALUE_ERROR, "invalid normalization form"))
}

fn is_normalized(
    version: Version,
    th: &Thread,
    form: Borrowed<'_, Str>,
    text: Borrowed<'_, Str>,
) -> PyResult<bool> {
    if text.is_empty() {
        return Ok(true);
    }
    let form = form_named(th, &form)?;
    if text.is_ascii() {
        return Ok(true);
    }
    Ok(with_units!(text.chars(), units => {
        normalization::is_normalized(version, form, units.iter().map(|&unit| u32::from(unit)))
    }))
}

fn normalize(
    version: Version,
    th: &Thread,
    form: Borrowed<'_, Str>,
    text: Borrowed<'_, Str>,
) -> PyResult<Owned<Str>> {
    if !text.is_empty() {
        let form = form_named(th, &form)?;
        let changed = with_units!(text.chars(), units => {
            let points = units.iter().map(|&unit| u32::from(unit));
            let is_in_form = text.is_ascii()
                || version == Version::Current
                    && normalization::quick_check(form, points.clone()) == Answer::Yes;
            (!is_in_form).then(|| normalization::normalize(version, form, points))
        });
        if let Some(points) = changed {
            return Str::from_code_points(th, &points);
        }
    }
    match text.object().downcast_exact::<Str>() {
        Some(text) => Ok(text.to_owned()),
        None => Str::from_chars(th, text.chars()),
    }
}

fn lookup(version: Version, th: &Thread, name: Borrowed<'_>) -> PyResult<Owned<Str>> {
    let buffer;
    let bytes = match name.downcast::<Str>() {
        Some(text) => text.get().as_utf8(th)?.as_bytes(),
        None => {
            buffer = Buffer::simple(th, name)?;
            buffer.as_bytes()
        }
    };
    if bytes.len() > names::MAX_LEN {
        return Err(th.raise(exc::KEY_ERROR, "name too long"));
    }
    if let Ok(name) = std::str::from_utf8(bytes) {
        // The older version had neither aliases nor sequences.
        let found = match version {
            Version::Current => names::lookup(name),
            Version::Old => names::official(name),
        };
        if let Some(found) = found {
            return Str::from_char(th, found.into());
        }
        // No character has the name of a sequence.
        if version == Version::Current
            && let Some(sequence) = names::named_sequence(name)
        {
            return Str::from_code_points(th, sequence);
        }
    }
    let shown = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    let shown = String::from_utf8_lossy(shown);
    Err(raise!(th, KEY_ERROR, "undefined character name '{shown}'"))
}

/// The name of the capsule that gives C code the names.
const CAPSULE: &CStr = c"unicodedata._ucnhash_CAPI";

/// What the capsule points to: the same job as CPython's `_PyUnicode_Name_CAPI`.
#[repr(C)]
struct NameInterface {
    get_name: unsafe extern "C" fn(u32, *mut c_char, c_int, c_int) -> c_int,
    get_code: unsafe extern "C" fn(*const c_char, c_int, *mut u32, c_int) -> c_int,
}

static NAMES: NameInterface = NameInterface { get_name, get_code };

/// Writes a character's name with a terminating NUL: 1, or 0 if there is none or no room for it.
/// Aliases and sequences have no numbers of their own here, so the last argument says nothing.
///
/// # Safety
/// `buffer` has room for `len` bytes.
unsafe extern "C" fn get_name(code: u32, buffer: *mut c_char, len: c_int, _: c_int) -> c_int {
    let (Some(name), Ok(len)) = (names::name(code), usize::try_from(len)) else {
        return 0;
    };
    // SAFETY: the caller's promise; bytes may be written where nothing was.
    let mut room = unsafe {
        buffer.cast::<u8>().write_bytes(0, len);
        std::slice::from_raw_parts_mut(buffer.cast::<u8>(), len)
    };
    write!(room, "{name}\0").is_ok().into()
}

/// The character with a name or alias: 1, or 0 if there is none.
///
/// # Safety
/// `name` points to `len` bytes, and `code` to where the answer goes.
unsafe extern "C" fn get_code(name: *const c_char, len: c_int, code: *mut u32, _: c_int) -> c_int {
    let Ok(len) = usize::try_from(len) else { return 0 };
    // SAFETY: the caller's promise.
    let bytes = unsafe { std::slice::from_raw_parts(name.cast::<u8>(), len) };
    let Some(found) = std::str::from_utf8(bytes).ok().and_then(names::lookup) else { return 0 };
    // SAFETY: the caller's promise.
    unsafe { code.write(found.into()) };
    1
}
