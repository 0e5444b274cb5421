//! Name mangling: `__spam` in class `Ham` is `_Ham__spam`. Does the job of `_Py_Mangle`.

use bumpalo::Bump;

/// `name` as written inside of class `private`.
#[inline]
pub fn mangle<'a>(private: Option<&str>, name: &'a str, arena: &'a Bump) -> &'a str {
    match private {
        Some(private) if name.starts_with("__") => mangle_private(private, name, arena),
        _ => name,
    }
}

/// The same for a name that begins as private names do.
fn mangle_private<'a>(private: &str, name: &'a str, arena: &'a Bump) -> &'a str {
    // Special names, and dotted names of imports, stay as they are.
    if name.ends_with("__") || name.contains('.') {
        return name;
    }
    let class = private.trim_start_matches('_');
    if class.is_empty() {
        return name;
    }
    arena.alloc_str(&format!("_{class}{name}"))
}
