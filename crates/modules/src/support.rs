//! What several modules need: exception classes of their own, arguments taken modulo a word.

use krait_objects::prelude::*;

/// A new exception class, put into its module.
pub fn add_exception(
    th: &Thread,
    module: Borrowed<'_, Module>,
    module_name: &str,
    name: &str,
    base: &'static Type,
) -> PyResult<Option<Owned<Type>>> {
    let namespace = Dict::new(th)?;
    let module_name = Str::interned(th, module_name)?;
    namespace.set_str(th, id::__module__, module_name.object())?;
    let bases = Tuple::from_slice(th, &[Borrowed::from_ref(base).object()])?;
    let metatype = Borrowed::from_ref(Type::type_object()).object();
    let text = Str::interned(th, name)?;
    let class = call::call(th, metatype, &[text.object(), bases.object(), namespace.object()])?;
    module.add(th, name, class.borrow())?;
    Ok(class.downcast::<Type>().ok())
}

/// An integer's low 32 bits, whatever its size.
pub fn low_bits(th: &Thread, value: Borrowed<'_>) -> PyResult<u32> {
    Ok(number::index(th, value)?.view().wrapping_u64() as u32)
}
