//! Docstrings of C declarations: a signature line `name(…)`, `--`, an empty line, then the text.

use std::ffi::{CStr, c_int};

use krait_abi as abi;

use crate::cfunction;
use crate::prelude::*;

const END: &str = ")\n--\n\n";

/// The parameters with their parentheses, and what follows; `None` if the docstring begins otherwise.
fn split<'a>(name: &str, doc: &'a str) -> Option<(&'a str, &'a str)> {
    let name = name.rsplit('.').next().unwrap_or(name);
    let rest = doc.strip_prefix(name)?;
    if !rest.starts_with('(') {
        return None;
    }
    let end = rest.find(END)?;
    // An empty line before the end says that this is prose.
    if rest[..end].contains("\n\n") {
        return None;
    }
    Some((&rest[..=end], &rest[end + END.len()..]))
}

/// The docstring behind the signature line `name(...)\n--\n\n`, if there is one.
pub fn doc_without_signature<'a>(name: &str, doc: &'a str) -> &'a str {
    split(name, doc).map_or(doc, |(_, text)| text)
}

/// `__doc__` of a C declaration: None if it has none.
pub fn internal_doc(th: &Thread, name: &str, doc: Option<&str>) -> PyResult {
    match doc.map(|doc| doc_without_signature(name, doc)) {
        None | Some("") => Ok(none().to_owned()),
        Some(text) => Str::new(th, text).map(Owned::into_object),
    }
}

/// `__text_signature__` of a C declaration: None if its docstring has none.
pub fn internal_signature(th: &Thread, name: &str, doc: Option<&str>) -> PyResult {
    match doc.and_then(|doc| split(name, doc)) {
        None => Ok(none().to_owned()),
        Some((signature, _)) => Str::new(th, signature).map(Owned::into_object),
    }
}

/// `__text_signature__` of a method: if its docstring has none, what its calling convention says; else None.
pub fn method_signature(th: &Thread, def: &abi::PyMethodDef) -> PyResult {
    let (name, doc) = (cfunction::name_of(def), cfunction::doc_of(def));
    if let Some((signature, _)) = doc.and_then(|doc| split(name, doc)) {
        return Str::new(th, signature).map(Owned::into_object);
    }
    const CLASS: c_int = abi::METH_CLASS as c_int;
    const STATIC: c_int = abi::METH_STATIC as c_int;
    const NOARGS: c_int = abi::METH_NOARGS as c_int;
    const O: c_int = abi::METH_O as c_int;
    let convention = def.ml_flags & !(abi::METH_COEXIST as c_int);
    let signature = match convention & !(CLASS | STATIC) {
        NOARGS => match convention & (CLASS | STATIC) {
            CLASS => "($type, /)",
            STATIC => "()",
            _ => "($self, /)",
        },
        O => match convention & (CLASS | STATIC) {
            CLASS => "($type, object, /)",
            STATIC => "(object, /)",
            _ => "($self, object, /)",
        },
        _ => return Ok(none().to_owned()),
    };
    Str::interned(th, signature).map(Owned::into_object)
}

fn tp_doc(ty: &Type) -> Option<&str> {
    let doc = ty.raw().tp_doc;
    // SAFETY: `tp_doc` is NULL or a NUL-terminated string that lives as long as the type.
    (!doc.is_null()).then(|| unsafe { CStr::from_ptr(doc) }.to_str().unwrap_or(""))
}

/// `__doc__` of a static type: `tp_doc` without its signature.
pub fn type_doc(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult {
    internal_doc(th, ty.tp_name(), tp_doc(&ty))
}

/// `__text_signature__` of a type, or None.
pub fn type_text_signature(th: &Thread, ty: &Type) -> PyResult {
    internal_signature(th, ty.tp_name(), tp_doc(ty))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_signature_ends_with_its_marker() {
        let doc = "index($self, value, /)\n--\n\nReturn first index.";
        assert_eq!(split("list.index", doc), Some(("($self, value, /)", "Return first index.")));
        assert_eq!(split("index", "index(x) -> int\n\nProse.\n)\n--\n\n"), None);
        assert_eq!(split("index", "indexes(x)\n--\n\n"), None);
    }
}
