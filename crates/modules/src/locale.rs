//! `_locale`: the C library's locale.
//!
//! The same job as CPython's `Modules/_localemodule.c`.

use std::ffi::{CStr, CString};

use krait_objects::prelude::*;

use crate::posix::path::{NO_NAMES, c_bytes, errno, failed, fs_bytes};
use crate::support::new_exception;

/// What the locale module gets from the C library.
#[pymodule(name = "_locale")]
pub struct Locale;

const CONSTANTS: [(&str, i64); 64] = [
    ("ABDAY_1", 131072),
    ("ABDAY_2", 131073),
    ("ABDAY_3", 131074),
    ("ABDAY_4", 131075),
    ("ABDAY_5", 131076),
    ("ABDAY_6", 131077),
    ("ABDAY_7", 131078),
    ("ABMON_1", 131086),
    ("ABMON_10", 131095),
    ("ABMON_11", 131096),
    ("ABMON_12", 131097),
    ("ABMON_2", 131087),
    ("ABMON_3", 131088),
    ("ABMON_4", 131089),
    ("ABMON_5", 131090),
    ("ABMON_6", 131091),
    ("ABMON_7", 131092),
    ("ABMON_8", 131093),
    ("ABMON_9", 131094),
    ("ALT_DIGITS", 131119),
    ("AM_STR", 131110),
    ("CHAR_MAX", 127),
    ("CODESET", 14),
    ("CRNCYSTR", 262159),
    ("DAY_1", 131079),
    ("DAY_2", 131080),
    ("DAY_3", 131081),
    ("DAY_4", 131082),
    ("DAY_5", 131083),
    ("DAY_6", 131084),
    ("DAY_7", 131085),
    ("D_FMT", 131113),
    ("D_T_FMT", 131112),
    ("ERA", 131116),
    ("ERA_D_FMT", 131118),
    ("ERA_D_T_FMT", 131120),
    ("ERA_T_FMT", 131121),
    ("LC_ALL", 6),
    ("LC_COLLATE", 3),
    ("LC_CTYPE", 0),
    ("LC_MESSAGES", 5),
    ("LC_MONETARY", 4),
    ("LC_NUMERIC", 1),
    ("LC_TIME", 2),
    ("MON_1", 131098),
    ("MON_10", 131107),
    ("MON_11", 131108),
    ("MON_12", 131109),
    ("MON_2", 131099),
    ("MON_3", 131100),
    ("MON_4", 131101),
    ("MON_5", 131102),
    ("MON_6", 131103),
    ("MON_7", 131104),
    ("MON_8", 131105),
    ("MON_9", 131106),
    ("NOEXPR", 327681),
    ("PM_STR", 131111),
    ("RADIXCHAR", 65536),
    ("THOUSEP", 65537),
    ("T_FMT", 131114),
    ("T_FMT_AMPM", 131115),
    ("YESEXPR", 327680),
    ("_DATE_FMT", 131180),
];

/// What `nl_langinfo` may be asked: the constants that are not categories.
fn is_item(name: &str) -> bool {
    !name.starts_with("LC_") && name != "CHAR_MAX"
}

unsafe extern "C" {
    fn gettext(text: *const libc::c_char) -> *mut libc::c_char;
    fn dgettext(domain: *const libc::c_char, text: *const libc::c_char) -> *mut libc::c_char;
    fn dcgettext(
        domain: *const libc::c_char,
        text: *const libc::c_char,
        category: libc::c_int,
    ) -> *mut libc::c_char;
    fn textdomain(domain: *const libc::c_char) -> *mut libc::c_char;
    fn bindtextdomain(
        domain: *const libc::c_char,
        folder: *const libc::c_char,
    ) -> *mut libc::c_char;
    fn bind_textdomain_codeset(
        domain: *const libc::c_char,
        codeset: *const libc::c_char,
    ) -> *mut libc::c_char;
    fn wcsxfrm(
        to: *mut libc::wchar_t,
        from: *const libc::wchar_t,
        room: libc::size_t,
    ) -> libc::size_t;
    fn wcscoll(a: *const libc::wchar_t, b: *const libc::wchar_t) -> libc::c_int;
    fn mbstowcs(
        to: *mut libc::wchar_t,
        from: *const libc::c_char,
        room: libc::size_t,
    ) -> libc::size_t;
}

/// `locale.Error`, one per interpreter.
struct ErrorClass(Slot<Type>);

impl Default for ErrorClass {
    fn default() -> ErrorClass {
        ErrorClass(Slot::EMPTY)
    }
}

fn error_class(th: &Thread) -> PyResult<Owned<Type>> {
    let place = &th.interp().state::<ErrorClass>().0;
    if let Some(class) = place.get_owned() {
        return Ok(class);
    }
    let base = Borrowed::from_ref(exc::EXCEPTION).object();
    let class = new_exception(th, "locale", "Error", &[base], None)?;
    place.set(Some(class.clone()));
    Ok(class)
}

fn locale_error(th: &Thread, message: &str) -> Raised {
    let make = || -> PyResult<Raised> {
        let class = error_class(th)?;
        Ok(th.raise_in(class.borrow(), Some(Str::new(th, message)?.object())))
    };
    match make() {
        Ok(raised) | Err(raised) => raised,
    }
}

/// A string of the C library, decoded with the encoding of the locale.
///
/// # Safety
/// `text` is null or terminated.
unsafe fn decode(th: &Thread, text: *const libc::c_char) -> PyResult<Owned<Str>> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { c_bytes(text) };
    if std::str::from_utf8(bytes).is_ok() {
        return Str::from_fs_bytes(th, bytes);
    }
    let mut wide = vec![0 as libc::wchar_t; bytes.len() + 1];
    // SAFETY: room for a character per byte; the text is terminated, since it is not empty.
    let count = unsafe { mbstowcs(wide.as_mut_ptr(), text, wide.len()) };
    if count > bytes.len() {
        return Str::from_fs_bytes(th, bytes);
    }
    let points: Vec<u32> = wide[..count].iter().map(|&point| point as u32).collect();
    Str::from_code_points(th, &points)
}

/// A string or None as C's string or null.
struct Name(Option<CString>);

impl Name {
    fn of(th: &Thread, text: Option<Borrowed<'_, Str>>) -> PyResult<Name> {
        let Some(text) = text else {
            return Ok(Name(None));
        };
        let text = CString::new(text.get().as_utf8(th)?)
            .map_err(|_| th.raise(exc::VALUE_ERROR, "embedded null character"))?;
        Ok(Name(Some(text)))
    }

    fn ptr(&self) -> *const libc::c_char {
        self.0.as_ref().map_or(std::ptr::null(), |text| text.as_ptr())
    }
}

/// Wide characters that end with NUL, without one before.
fn wide(th: &Thread, text: Borrowed<'_, Str>) -> PyResult<Vec<libc::wchar_t>> {
    let mut wide: Vec<libc::wchar_t> =
        text.chars().iter().map(|point| point as libc::wchar_t).collect();
    if wide.contains(&0) {
        return Err(th.raise(exc::VALUE_ERROR, "embedded null character"));
    }
    wide.push(0);
    Ok(wide)
}

/// Sizes of groups of digits: a list that ends with 0 (repeat the last) or CHAR_MAX (no more).
fn grouping(th: &Thread, text: *const libc::c_char) -> PyResult {
    // SAFETY: a string that ends with NUL.
    let bytes = unsafe { c_bytes(text) };
    let mut groups = Vec::new();
    for &byte in bytes {
        groups.push(Int::from_i64(th, byte.into())?.into_object());
        if byte == libc::c_char::MAX as u8 {
            break;
        }
    }
    if bytes.iter().all(|&byte| byte != libc::c_char::MAX as u8) && !bytes.is_empty() {
        groups.push(Int::from_i64(th, 0)?.into_object());
    }
    List::from_vec(th, groups).map(Owned::into_object)
}

/// The text of a message, or the message itself if there is no other.
fn answer(th: &Thread, found: *mut libc::c_char) -> PyResult<Owned<Str>> {
    // SAFETY: the C library answers with a terminated string.
    unsafe { decode(th, found) }
}

#[pyfunctions]
impl Locale {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        for (name, value) in CONSTANTS {
            module.add(th, name, Int::from_i64(th, value)?.object())?;
        }
        module.add(th, "Error", error_class(th)?.object())
    }

    /// Switch a category to the named locale, or only ask for its setting if locale is None.
    ///
    /// The result is the setting that now holds; Error says that the C library refused.
    #[function(sig = "(category, locale=None, /)")]
    fn setlocale(
        th: &Thread,
        category: i32,
        locale: Option<Borrowed<'_, Str>>,
    ) -> PyResult<Owned<Str>> {
        let name = Name::of(th, locale)?;
        // SAFETY: a terminated string or null; the GIL keeps the interpreter's other users of the locale away.
        let now = unsafe { libc::setlocale(category, name.ptr()) };
        if now.is_null() {
            let what = match locale {
                Some(_) => "unsupported locale setting",
                None => "locale query failed",
            };
            return Err(locale_error(th, what));
        }
        // SAFETY: a string that ends with NUL.
        unsafe { decode(th, now) }
    }

    /// A new dictionary that says how the locale writes numbers and amounts of money.
    #[function(sig = "()")]
    fn localeconv(th: &Thread) -> PyResult<Owned<Dict>> {
        // SAFETY: the C library's own struct, read at once under the GIL.
        let now = unsafe { &*libc::localeconv() };
        let result = Dict::new(th)?;
        let put = |name: &str, value: Owned| -> PyResult<()> {
            result.set_str(th, Str::interned(th, name)?.borrow(), value.object())
        };
        for (name, text) in [
            ("decimal_point", now.decimal_point),
            ("thousands_sep", now.thousands_sep),
            ("int_curr_symbol", now.int_curr_symbol),
            ("currency_symbol", now.currency_symbol),
            ("mon_decimal_point", now.mon_decimal_point),
            ("mon_thousands_sep", now.mon_thousands_sep),
            ("positive_sign", now.positive_sign),
            ("negative_sign", now.negative_sign),
        ] {
            // SAFETY: a string that ends with NUL.
            put(name, unsafe { decode(th, text)? }.into_object())?;
        }
        put("grouping", grouping(th, now.grouping)?)?;
        put("mon_grouping", grouping(th, now.mon_grouping)?)?;
        for (name, value) in [
            ("int_frac_digits", now.int_frac_digits),
            ("frac_digits", now.frac_digits),
            ("p_cs_precedes", now.p_cs_precedes),
            ("p_sep_by_space", now.p_sep_by_space),
            ("n_cs_precedes", now.n_cs_precedes),
            ("n_sep_by_space", now.n_sep_by_space),
            ("p_sign_posn", now.p_sign_posn),
            ("n_sign_posn", now.n_sign_posn),
        ] {
            put(name, Int::from_i64(th, value.into())?.into_object())?;
        }
        Ok(result)
    }

    /// Order of two strings in the locale: a negative number, 0 or a positive number.
    #[function(sig = "(os1, os2, /)")]
    fn strcoll(th: &Thread, os1: Borrowed<'_, Str>, os2: Borrowed<'_, Str>) -> PyResult<i32> {
        let (a, b) = (wide(th, os1)?, wide(th, os2)?);
        // SAFETY: a string that ends with NUL.
        Ok(unsafe { wcscoll(a.as_ptr(), b.as_ptr()) })
    }

    /// Transform a string so that plain comparison of the results follows the order of the locale.
    #[function(sig = "(string, /)")]
    fn strxfrm(th: &Thread, string: Borrowed<'_, Str>) -> PyResult<Owned<Str>> {
        let from = wide(th, string)?;
        let mut room = from.len() + 1;
        loop {
            let mut key = vec![0 as libc::wchar_t; room];
            // SAFETY: terminated; as much room as said.
            let (count, error) = unsafe {
                *libc::__errno_location() = 0;
                (wcsxfrm(key.as_mut_ptr(), from.as_ptr(), room), errno())
            };
            if error != 0 && error != libc::ERANGE {
                return Err(failed(th, error, NO_NAMES));
            }
            if count < room {
                let points: Vec<u32> = key[..count].iter().map(|&unit| unit as u32).collect();
                // Keys may have values that no character has.
                let most = 0x10_ffff;
                let points: Vec<u32> = points.into_iter().map(|unit| unit.min(most)).collect();
                return Str::from_code_points(th, &points);
            }
            room = count + 1;
        }
    }

    /// Look up one item of the locale, such as a day's name; key is a constant of this module.
    #[function(sig = "(key, /)")]
    fn nl_langinfo(th: &Thread, key: i32) -> PyResult<Owned<Str>> {
        let known = |&(name, value): &(&str, i64)| is_item(name) && value == i64::from(key);
        if !CONSTANTS.iter().any(known) {
            return Err(th.raise(exc::VALUE_ERROR, "unsupported langinfo constant"));
        }
        // SAFETY: the C library answers with a terminated string, read at once under the GIL.
        unsafe {
            let text = libc::nl_langinfo(key);
            if key == libc::ALT_DIGITS {
                return alternative_digits(th, text);
            }
            decode(th, text)
        }
    }

    /// Look msg up in the current domain; msg itself if nothing is found.
    #[function(sig = "(msg, /)")]
    fn gettext(th: &Thread, msg: &str) -> PyResult<Owned<Str>> {
        let msg = CString::new(msg).unwrap_or_default();
        // SAFETY: terminated; the answer is the C library's or the message.
        answer(th, unsafe { gettext(msg.as_ptr()) })
    }

    /// Look msg up in the given domain; None stands for the current one.
    #[function(sig = "(domain, msg, /)")]
    fn dgettext(th: &Thread, domain: Borrowed<'_>, msg: &str) -> PyResult<Owned<Str>> {
        let domain = domain_name(th, domain, "dgettext")?;
        let msg = CString::new(msg).unwrap_or_default();
        // SAFETY: terminated, or null for the current domain.
        answer(th, unsafe { dgettext(domain.ptr(), msg.as_ptr()) })
    }

    /// Look msg up in the catalog that domain and category select; None stands for the current domain.
    #[function(sig = "(domain, msg, category, /)")]
    fn dcgettext(
        th: &Thread,
        domain: Borrowed<'_>,
        msg: &str,
        category: i32,
    ) -> PyResult<Owned<Str>> {
        let domain = domain_name(th, domain, "dcgettext")?;
        let msg = CString::new(msg).unwrap_or_default();
        // SAFETY: terminated, or null for the current domain.
        answer(th, unsafe { dcgettext(domain.ptr(), msg.as_ptr(), category) })
    }

    /// Choose the domain that gettext() uses, unless domain is None. The result is the name now in use.
    #[function(sig = "(domain, /)")]
    fn textdomain(th: &Thread, domain: Borrowed<'_>) -> PyResult<Owned<Str>> {
        let domain = match domain.is_none() {
            true => Name(None),
            false => domain_name(th, domain, "textdomain")?,
        };
        // SAFETY: terminated, or null for a question.
        let now = unsafe { textdomain(domain.ptr()) };
        if now.is_null() {
            return Err(failed(th, errno(), NO_NAMES));
        }
        answer(th, now)
    }

    /// Say in which directory the catalogs of a domain are; None only asks. The result is that directory.
    #[function(sig = "(domain, dir, /)")]
    fn bindtextdomain(th: &Thread, domain: &str, dir: Borrowed<'_>) -> PyResult<Owned<Str>> {
        if domain.is_empty() {
            return Err(locale_error(th, "domain must be a non-empty string"));
        }
        let domain = CString::new(domain).unwrap_or_default();
        let folder = Name(if dir.is_none() { None } else { Some(fs_bytes(th, dir)?) });
        // SAFETY: terminated, or null for a question.
        let now = unsafe { bindtextdomain(domain.as_ptr(), folder.ptr()) };
        if now.is_null() {
            return Err(failed(th, errno(), NO_NAMES));
        }
        answer(th, now)
    }

    /// Say how translations of a domain are to be encoded; None only asks. The result is the codeset.
    #[function(sig = "(domain, codeset, /)")]
    fn bind_textdomain_codeset(
        th: &Thread,
        domain: &str,
        codeset: Borrowed<'_>,
    ) -> PyResult<Option<Owned<Str>>> {
        let domain = CString::new(domain).unwrap_or_default();
        let codeset = match codeset.is_none() {
            true => Name(None),
            false => domain_name(th, codeset, "bind_textdomain_codeset")?,
        };
        // SAFETY: terminated, or null for a question.
        let now = unsafe { bind_textdomain_codeset(domain.as_ptr(), codeset.ptr()) };
        if now.is_null() { Ok(None) } else { answer(th, now).map(Some) }
    }

    /// Name of the character encoding that the locale uses.
    #[function(sig = "()")]
    fn getencoding(th: &Thread) -> PyResult<Owned<Str>> {
        // SAFETY: the C library's own string, read at once under the GIL.
        let text = unsafe { c_bytes(libc::nl_langinfo(libc::CODESET)) };
        if text.is_empty() {
            return Str::new(th, "UTF-8");
        }
        Str::from_fs_bytes(th, text)
    }
}

/// A domain's name: a `str`, or None for the current one.
fn domain_name(th: &Thread, domain: Borrowed<'_>, function: &str) -> PyResult<Name> {
    if domain.is_none() {
        return Ok(Name(None));
    }
    match domain.downcast::<Str>() {
        Some(domain) => Name::of(th, Some(domain)),
        None => {
            let found = domain.type_name();
            let at = if function == "bind_textdomain_codeset" { 2 } else { 1 };
            Err(raise!(
                th,
                TYPE_ERROR,
                "{function}() argument {at} must be str or None, not {found}"
            ))
        }
    }
}

/// Up to a hundred strings one after another, as one string with semicolons between them.
///
/// # Safety
/// The C library's answer for `ALT_DIGITS`.
unsafe fn alternative_digits(th: &Thread, text: *const libc::c_char) -> PyResult<Owned<Str>> {
    let mut digits: Vec<Vec<u8>> = Vec::new();
    let mut next = text;
    // SAFETY: the strings lie one behind the other.
    unsafe {
        while digits.len() < 100 && !next.is_null() && *next != 0 {
            let one = CStr::from_ptr(next).to_bytes();
            digits.push(one.to_vec());
            next = next.add(one.len() + 1);
        }
        let joined = CString::new(digits.join(&b';')).unwrap_or_default();
        decode(th, joined.as_ptr())
    }
}
