//! Attribute macros that declare types, methods, modules and C API functions.
//!
//! A file per attribute; each turns a Rust item into that item plus constant tables and small C functions
//! (shims). The tables' shapes and everything a shim does at run time are in `krait_objects::args`, so that
//! what is generated stays short. `docs/internals/core.md` is the user's view of all of it. The same job is
//! done by Argument Clinic and by hand-written tables in CPython.

mod attributes;
mod binding;
mod capi;
mod definition;
mod docs;
mod function;
mod members;
mod methods;
mod module;
mod pytype;
mod signature;
mod slots;

use proc_macro::TokenStream;

/// Declares a built-in type beside its struct: the static type object, and what the struct's fields imply.
#[proc_macro_attribute]
pub fn pytype(attribute: TokenStream, item: TokenStream) -> TokenStream {
    finish(pytype::expand(attribute.into(), item.into()))
}

/// Turns the methods of an `impl` block into the type's slots, method table and attribute table.
#[proc_macro_attribute]
pub fn pymethods(attribute: TokenStream, item: TokenStream) -> TokenStream {
    finish(methods::expand(attribute.into(), item.into()))
}

/// Declares a module: its static definition.
#[proc_macro_attribute]
pub fn pymodule(attribute: TokenStream, item: TokenStream) -> TokenStream {
    finish(module::expand_definition(attribute.into(), item.into()))
}

/// Turns the functions of an `impl` block into the module's method table, constants and initialisation.
#[proc_macro_attribute]
pub fn pyfunctions(attribute: TokenStream, item: TokenStream) -> TokenStream {
    finish(module::expand_functions(attribute.into(), item.into()))
}

/// Exports a function under its own name, with C's types.
#[proc_macro_attribute]
pub fn capi(attribute: TokenStream, item: TokenStream) -> TokenStream {
    finish(capi::expand(attribute.into(), item.into()))
}

fn finish(result: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    result.unwrap_or_else(|error| error.into_compile_error()).into()
}
