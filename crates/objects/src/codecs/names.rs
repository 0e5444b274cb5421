//! Escapes of characters for error handlers, and the names of characters, which `unicodedata` knows.

use std::fmt::Write;

use crate::prelude::*;

/// Appends `\xhh`, `\uhhhh` or `\Uhhhhhhhh`.
pub fn push_backslash(out: &mut String, point: u32) {
    // Writing to a String does not fail.
    let _ = match point {
        0..0x100 => write!(out, "\\x{point:02x}"),
        0x100..0x1_0000 => write!(out, "\\u{point:04x}"),
        _ => write!(out, "\\U{point:08x}"),
    };
}

fn unicodedata(th: &Thread) -> PyResult {
    let name = Str::interned(th, "unicodedata")?;
    (th.interp().services.get().import)(th, name.borrow(), None, 0)
}

/// The character's name, if it has one.
pub fn name_of(th: &Thread, point: u32) -> PyResult<Option<Owned<Str>>> {
    let module = unicodedata(th)?;
    let function = Str::interned(th, "name")?;
    let character = Str::from_char(th, point)?;
    let name =
        call::call_method(th, module.borrow(), function.borrow(), &[character.object(), none()])?;
    Ok(name.downcast::<Str>().ok())
}

/// The character of that name, if there is one.
pub fn character_of(th: &Thread, name: &[u8]) -> PyResult<Option<u32>> {
    let Ok(module) = unicodedata(th) else {
        drop(th.take_exception());
        return Err(th.raise(
            exc::UNICODE_ERROR,
            "\\N escapes not supported (can't load unicodedata module)",
        ));
    };
    let function = Str::interned(th, "lookup")?;
    let name = Str::from_wtf8(th, name)?;
    match call::call_method(th, module.borrow(), function.borrow(), &[name.object()]) {
        Ok(found) => {
            let found = found.downcast::<Str>().ok();
            Ok(found.filter(|text| text.len() == 1).map(|text| text.char_at(0)))
        }
        Err(raised) => {
            drop(th.take_if(raised, exc::KEY_ERROR)?);
            Ok(None)
        }
    }
}
