//! Name mangling: `__spam` in class `Ham` is `_Ham__spam`. Does the job of `_Py_Mangle`.

use bumpalo::Bump;

/// `name` as written inside of class `private`.
pub fn mangle<'a>(private: Option<&str>, name: &'a str, arena: &'a Bump) -> &'a str {
    let Some(private) = private else { return name };
    // Special names, and dotted names of imports, stay as they are.
    if !name.starts_with("__") || name.ends_with("__") || name.contains('.') {
        return name;
    }
    let class = private.trim_start_matches('_');
    if class.is_empty() {
        return name;
    }
    arena.alloc_str(&format!("_{class}{name}"))
}
