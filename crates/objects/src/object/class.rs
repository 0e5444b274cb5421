//! Assignment to `__class__`.

use krait_abi as abi;

use crate::prelude::*;
use crate::typeobj::layout;

/// The `__class__` setter: only between classes that lay out their instances alike.
pub fn set(th: &Thread, ob: Borrowed<'_>, value: Option<Borrowed<'_>>) -> PyResult<()> {
    let Some(value) = value else {
        return Err(th.raise(exc::TYPE_ERROR, "can't delete __class__ attribute"));
    };
    let Some(new) = value.downcast::<Type>() else {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "__class__ must be set to a class, not '{}' object",
            value.type_name()
        ));
    };
    audit!(th, "object.__setattr__", ob, "__class__", value)?;
    let old = object::type_of(ob);
    let module = Module::type_object();
    let both_modules = new.is_subtype(module) && old.is_subtype(module);
    let immutable = abi::Py_TPFLAGS_IMMUTABLETYPE;
    if !both_modules && (new.has_flag(immutable) || old.has_flag(immutable)) {
        return Err(th.raise(
            exc::TYPE_ERROR,
            "__class__ assignment only supported for mutable types or ModuleType subclasses",
        ));
    }
    layout::check_compatible(th, old.borrow(), new, "__class__")?;
    super::inline_values::leave_inline_values(th, ob)?;
    // SAFETY: both types lay out an instance alike; the object takes over a count of the new one and gives up
    // that of the old one, which `old` keeps alive until the end.
    unsafe {
        if new.is_heap_type() {
            crate::handle::incref(new.as_ptr());
        }
        (*ob.as_ptr()).ob_type = new.as_type_ptr();
        if old.is_heap_type() {
            crate::handle::decref(old.as_ptr());
        }
    }
    Ok(())
}
