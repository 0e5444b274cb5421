//! `object`, and the types of the singletons.

pub mod singletons;

/// `PyBaseObject_Type`.
pub fn base_object_type() -> &'static crate::typeobj::Type {
    todo!()
}
