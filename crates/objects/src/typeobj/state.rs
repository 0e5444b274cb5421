//! What an interpreter keeps of types: state of static types, the method cache, versions.

/// Per-interpreter state of types.
#[derive(Default)]
pub struct TypeStates {}
