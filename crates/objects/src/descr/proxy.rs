//! `mappingproxy`: a read-only view of a mapping.

use std::ffi::c_int;

use super::allocate;
use crate::gc;
use crate::prelude::*;

/// A view of a mapping that cannot be written through.
#[pytype(
    name = "mappingproxy",
    symbol = "PyDictProxy_Type",
    new = "(mapping)",
    flags(HAVE_GC, MAPPING)
)]
#[repr(C)]
pub struct MappingProxy {
    head: Head,
    mapping: Slot,
}

impl MappingProxy {
    pub fn new(th: &Thread, mapping: Borrowed<'_>) -> PyResult<Owned<MappingProxy>> {
        let is_sequence = List::check(&mapping) || Tuple::check(&mapping);
        if is_sequence || !crate::protocol::mapping::check(mapping) {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "mappingproxy() argument must be a mapping, not {}",
                mapping.type_name()
            ));
        }
        let proxy: Owned<MappingProxy> = allocate(th)?;
        proxy.mapping.set(Some(mapping.to_owned()));
        gc::track(th, proxy.borrow());
        Ok(proxy)
    }

    /// The mapping behind it.
    pub fn mapping(&self) -> Owned {
        match self.mapping.get_owned() {
            Some(mapping) => mapping,
            None => none().to_owned(),
        }
    }
}

/// What stands behind a proxy; anything else is itself.
fn unwrap(ob: Borrowed<'_>) -> Owned {
    ob.downcast::<MappingProxy>().map_or_else(|| ob.to_owned(), |proxy| proxy.mapping())
}

#[pymethods]
impl MappingProxy {
    #[new(sig = "(mapping)")]
    fn construct(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        mapping: Borrowed<'_>,
    ) -> PyResult<Owned<MappingProxy>> {
        MappingProxy::new(th, mapping)
    }

    #[slot(mp_length)]
    fn len(&self, th: &Thread) -> PyResult<usize> {
        object::len(th, self.mapping().object())
    }

    #[slot(mp_subscript)]
    fn get_item(&self, th: &Thread, key: Borrowed<'_>) -> PyResult {
        object::get_item(th, self.mapping().object(), key)
    }

    #[slot(sq_contains)]
    fn contains(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<bool> {
        let mapping = self.mapping();
        match mapping.object().downcast_exact::<Dict>() {
            Some(dict) => dict.contains(th, key),
            None => sequence::contains(th, mapping.object(), key),
        }
    }

    #[slot(tp_iter)]
    fn iter(&self, th: &Thread) -> PyResult {
        iter::get_iter(th, self.mapping().object())
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let shown = object::repr(th, self.mapping().object())?;
        Str::from_fmt(th, format_args!("mappingproxy({})", *shown))
    }

    #[slot(tp_str)]
    fn str(&self, th: &Thread) -> PyResult<Owned<Str>> {
        object::str(th, self.mapping().object())
    }

    #[slot(tp_hash)]
    fn hash(&self, th: &Thread) -> PyResult<isize> {
        object::hash(th, self.mapping().object())
    }

    #[slot(tp_richcompare)]
    fn compare(&self, th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        object::compare(th, self.mapping().object(), other, op)
    }

    #[slot(nb_or)]
    fn or(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        let (left, right) = (unwrap(left), unwrap(right));
        number::binary(th, krait_bytecode::BinaryOp::NB_OR as u32, left.object(), right.object())
    }

    #[slot(nb_inplace_or)]
    fn inplace_or(this: Borrowed<'_, Self>, th: &Thread, _other: Borrowed<'_>) -> PyResult {
        Err(raise!(
            th,
            TYPE_ERROR,
            "'|=' is not supported by {}; use '|' instead",
            this.object().type_name()
        ))
    }

    #[slot(tp_traverse)]
    fn traverse(&self, visitor: &mut Visitor<'_>) -> c_int {
        visitor.visit(self.mapping.get())
    }

    /// The value of a key, or default if the mapping lacks it.
    #[method(sig = "(self, key, default=None, /)")]
    fn get(&self, th: &Thread, key: Borrowed<'_>, default: Option<Borrowed<'_>>) -> PyResult {
        let default = default.unwrap_or(none());
        call::call_method(th, self.mapping().object(), id::get, &[key, default])
    }

    /// The keys, as the mapping gives them.
    #[method(sig = "(self, /)")]
    fn keys(&self, th: &Thread) -> PyResult {
        call::call_method(th, self.mapping().object(), id::keys, &[])
    }

    /// The values, as the mapping gives them.
    #[method(sig = "(self, /)")]
    fn values(&self, th: &Thread) -> PyResult {
        call::call_method(th, self.mapping().object(), id::values, &[])
    }

    /// Pairs of keys and values, as the mapping gives them.
    #[method(sig = "(self, /)")]
    fn items(&self, th: &Thread) -> PyResult {
        call::call_method(th, self.mapping().object(), id::items, &[])
    }

    /// A copy of the mapping, not of what it holds.
    #[method(sig = "(self, /)")]
    fn copy(&self, th: &Thread) -> PyResult {
        call::call_method(th, self.mapping().object(), id::copy, &[])
    }

    /// An alias of the class with type arguments.
    #[classmethod(sig = "(type, object, /)")]
    fn __class_getitem__(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        crate::generic_alias::new(th, cls.object(), object)
    }

    /// An iterator over the keys, last one first.
    #[method(sig = "(self, /)")]
    fn __reversed__(&self, th: &Thread) -> PyResult {
        call::call_method(th, self.mapping().object(), id::__reversed__, &[])
    }
}
