//! `_tuplegetter`: the attribute of a named tuple that gives the item at an index.

use std::cell::Cell;

use krait_objects::prelude::*;

#[pytype(name = "collections._tuplegetter", flags(HAVE_GC))]
#[repr(C)]
pub struct TupleGetter {
    head: Head,
    index: Cell<isize>,
    #[visit]
    #[member(name = "__doc__")]
    doc: Slot,
}

#[pymethods]
impl TupleGetter {
    #[new(sig = "(index, doc, /)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        index: isize,
        doc: Borrowed<'_>,
    ) -> PyResult<Owned<TupleGetter>> {
        let getter = cls.alloc::<TupleGetter>(th, 0)?;
        getter.index.set(index);
        getter.doc.set(Some(doc.to_owned()));
        Ok(getter)
    }

    #[slot(tp_descr_get)]
    fn get(
        this: Borrowed<'_, Self>,
        th: &Thread,
        ob: Option<Borrowed<'_>>,
        ty: Option<Borrowed<'_>>,
    ) -> PyResult {
        let Some(ob) = ob else {
            return Ok(this.object().to_owned());
        };
        let index = this.index.get();
        let Some(tuple) = ob.downcast::<Tuple>() else {
            if ob.is_none() && ty.is_some() {
                return Ok(this.object().to_owned());
            }
            return Err(raise!(
                th,
                TYPE_ERROR,
                "descriptor for index '{index}' for tuple subclasses doesn't apply to '{}' object",
                ob.type_name()
            ));
        };
        match usize::try_from(index).ok().and_then(|index| tuple.get().get(index)) {
            Some(item) => Ok(item.to_owned()),
            None => Err(th.raise(exc::INDEX_ERROR, "tuple index out of range")),
        }
    }

    #[slot(tp_descr_set)]
    fn set(&self, th: &Thread, _ob: Borrowed<'_>, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let message =
            if value.is_some() { "can't set attribute" } else { "can't delete attribute" };
        Err(th.raise(exc::ATTRIBUTE_ERROR, message))
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let doc = object::repr(th, this.doc.get().unwrap_or(none()))?;
        let name = this.object().get().ty().name().to_string();
        Str::from_fmt(th, format_args!("{name}({}, {})", this.index.get(), &*doc))
    }

    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let ty = this.object().get().ty().object().to_owned();
        let index = Int::from_isize(th, this.index.get())?.into_object();
        let doc = this.doc.get_owned().unwrap_or_else(|| none().to_owned());
        let arguments = Tuple::pack(th, [index, doc])?.into_object();
        Tuple::pack(th, [ty, arguments]).map(Owned::into_object)
    }
}
