//! The object protocol: attributes, comparison, `repr`, `str`, `hash`, truth, `isinstance`, `dir`, `len`, subscription.
//!
//! The same job as CPython's `Objects/object.c` and the object part of `Objects/abstract.c`, by topic.

mod attributes;
mod classes;
mod compare;
mod items;
mod text;

pub use attributes::*;
pub use classes::*;
pub use compare::*;
pub use items::*;
pub use text::*;
