//! The abstract protocols: what can be done with any object, through its type's slots.

pub mod buffer;
pub mod call;
pub mod iter;
pub mod mapping;
pub mod number;
pub mod object;
pub mod sequence;
