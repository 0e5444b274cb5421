//! `_string`: the grammar of format strings, for the module `string`.
//!
//! The same job as the module at the end of CPython's `Objects/unicodeobject.c`.

use krait_objects::prelude::*;
use krait_objects::str::format::parser;

/// What string.Formatter needs of str.format.
#[pymodule(name = "_string")]
pub struct String;

#[pyfunctions]
impl String {
    /// formatter_field_name_split($self, object, /)
    /// --
    ///
    /// Split a field name into its first part and an iterator over the others.
    #[function(sig = "(object, /)", no_text)]
    fn formatter_field_name_split(th: &Thread, object: Borrowed<'_>) -> PyResult {
        parser::field_name_split(th, object)
    }

    /// formatter_parser($self, object, /)
    /// --
    ///
    /// Return an iterator over the literal texts and replacement fields of a format string.
    #[function(sig = "(object, /)", no_text)]
    fn formatter_parser(th: &Thread, object: Borrowed<'_>) -> PyResult {
        parser::formatter_parser(th, object)
    }
}
