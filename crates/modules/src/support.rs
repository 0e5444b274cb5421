//! What several modules need: exception classes of their own, arguments taken modulo a word, the order of items.

use krait_objects::prelude::*;

/// A new exception class `module.name`, as a `class` statement makes it.
pub fn new_exception(
    th: &Thread,
    module: &str,
    name: &str,
    bases: &[Borrowed<'_>],
    doc: Option<&str>,
) -> PyResult<Owned<Type>> {
    let namespace = Dict::new(th)?;
    namespace.set_str(th, id::__module__, Str::interned(th, module)?.object())?;
    if let Some(doc) = doc {
        namespace.set_str(th, id::__doc__, Str::new(th, doc)?.object())?;
    }
    let bases = Tuple::from_slice(th, bases)?;
    let metatype = Borrowed::from_ref(Type::type_object()).object();
    let name = Str::interned(th, name)?;
    let class = call::call(th, metatype, &[name.object(), bases.object(), namespace.object()])?;
    class.downcast::<Type>().map_err(|_| th.bad_internal_call())
}

/// A new exception class, put into its module.
pub fn add_exception(
    th: &Thread,
    module: Borrowed<'_, Module>,
    module_name: &str,
    name: &str,
    base: &'static Type,
) -> PyResult<Owned<Type>> {
    let class = new_exception(th, module_name, name, &[Borrowed::from_ref(base).object()], None)?;
    module.add(th, name, class.object())?;
    Ok(class)
}

/// `left < right`, in line for numbers, and without a result object for texts.
#[inline(always)]
pub fn less(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult<bool> {
    if let Some(left) = left.downcast_exact::<Str>()
        && let Some(right) = right.downcast_exact::<Str>()
    {
        return Ok(left.compare(&right).is_lt());
    }
    object::less(th, left, right)
}

/// An integer's low 32 bits, whatever its size.
pub fn low_bits(th: &Thread, value: Borrowed<'_>) -> PyResult<u32> {
    Ok(number::index(th, value)?.view().wrapping_u64() as u32)
}
