//! Documentation: from `///` lines to the C strings that `__doc__` and `__text_signature__` are read from.

use crate::attributes::ungroup;
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The text of the `///` lines, each without its first space; `None` if there are none.
pub fn text(attributes: &[Attribute]) -> Option<String> {
    let mut lines = Vec::new();
    for attribute in attributes {
        let Meta::NameValue(pair) = &attribute.meta else { continue };
        let Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) = ungroup(pair.value.clone()) else {
            continue;
        };
        if pair.path.is_ident("doc") {
            let line = line.value();
            lines.push(line.strip_prefix(' ').unwrap_or(&line).trim_end().to_string());
        }
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// What `ml_doc` and `tp_doc` hold: the text signature, if there is one, then the documentation.
pub fn with_signature(name: &str, signature: Option<&str>, doc: Option<&str>) -> Option<String> {
    match (signature, doc) {
        (None, doc) => doc.map(str::to_string),
        (Some(signature), doc) => {
            Some(format!("{name}{signature}\n--\n\n{}", doc.unwrap_or_default()))
        }
    }
}

/// A pointer to a static C string.
pub fn c_string(text: &str) -> TokenStream {
    match std::ffi::CString::new(text) {
        Ok(text) => {
            let literal = Literal::c_string(&text);
            quote!(#literal.as_ptr())
        }
        Err(_) => quote!(::core::compile_error!("a NUL character in a C string")),
    }
}

/// A pointer to a documentation, NULL for `None`.
///
/// It is a static of its own: the linker would mix C string literals with the names of methods and types, of which starts
/// read many, and spread those over five times the pages.
pub fn documentation(text: Option<&str>) -> TokenStream {
    let Some(text) = text else {
        return quote!(::core::ptr::null());
    };
    if text.contains('\0') {
        return quote!(::core::compile_error!("a NUL character in a C string"));
    }
    let bytes = [text.as_bytes(), b"\0"].concat();
    let (len, literal) = (bytes.len(), Literal::byte_string(&bytes));
    quote!({
        static DOC: [u8; #len] = *#literal;
        DOC.as_ptr().cast()
    })
}

/// Keeps the documentation visible to Rust's own tools.
pub fn attributes(attributes: &[Attribute]) -> TokenStream {
    let docs = attributes.iter().filter(|attribute| attribute.path().is_ident("doc"));
    docs.map(ToTokens::to_token_stream).collect()
}
