//! The types that evaluation owns, made ready with the interpreter.

use krait_objects::prelude::*;

use crate::code;
use crate::frame::{FrameObject, locals::LocalsProxy};
use crate::function::Function;
use crate::generator;
use crate::traceback::Traceback;

/// Completes every type of this crate; the object layer's must be ready.
pub fn ready_all(th: &Thread) -> PyResult<()> {
    let own = [
        code::Code::type_object(),
        Function::type_object(),
        FrameObject::type_object(),
        LocalsProxy::type_object(),
        Traceback::type_object(),
    ];
    let helpers = code::helper_types().into_iter().chain(generator::types());
    for ty in own.into_iter().chain(helpers) {
        Borrowed::from_ref(ty).ready(th)?;
    }
    Ok(())
}
