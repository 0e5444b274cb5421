//! `dict_keys`, `dict_values` and `dict_items`: views of a dictionary. Their set operations are in `view_sets`.

use super::iterators::{self, Kind};
use super::{Dict, lookup, view_sets};
use crate::prelude::*;
use crate::repr_guard::{self, Pieces};

/// Laid out as `_PyDictViewObject`; the types of all kinds share it.
#[repr(C)]
pub struct View {
    head: Head,
    dict: Slot<Dict>,
}

impl crate::gc::Visit for View {
    fn visit(&self, visitor: &mut Visitor<'_>) -> std::ffi::c_int {
        visitor.visit(self.dict.get())
    }

    fn clear(&self) {
        drop(self.dict.take());
    }
}

impl View {
    /// The dictionary; `None` once the collector has cleared the view.
    pub(super) fn dict(&self) -> Option<Owned<Dict>> {
        self.dict.get_owned()
    }

    pub(super) fn set_dict(&self, dict: Borrowed<'_, Dict>) {
        self.dict.set(Some(dict.to_owned()));
    }

    pub(super) fn len(&self) -> usize {
        self.dict.get().map_or(0, |dict| dict.len())
    }

    fn iterate(&self, th: &Thread, kind: Kind, backwards: bool) -> PyResult {
        let Some(dict) = self.dict() else {
            return iter::get_iter(th, Tuple::empty().object());
        };
        if backwards {
            return iterators::new_reversed(th, dict.borrow(), kind);
        }
        iterators::new(th, dict.borrow(), kind)
    }

    /// The read-only mapping of the `mapping` attribute.
    fn mapping(&self, th: &Thread) -> PyResult {
        match self.dict() {
            Some(dict) => crate::descr::mapping_proxy(th, dict.object()),
            None => Ok(none().to_owned()),
        }
    }
}

/// `dict_keys([…])`.
fn repr(th: &Thread, view: Borrowed<'_>) -> PyResult<Owned<Str>> {
    let Some(_guard) = repr_guard::enter(th, view) else {
        return Str::new(th, "...");
    };
    let list = List::from_iterable(th, view)?;
    let mut pieces = Pieces::default();
    pieces.text(th, view.ty().name())?;
    pieces.text(th, "(")?;
    pieces.repr(th, list.object())?;
    pieces.text(th, ")")?;
    pieces.finish(th)
}

/// What all views have; `$parts` are further blocks.
macro_rules! view {
    ($ty:ident, $name:literal, $symbol:literal, $kind:ident, parts($($part:ident),*)) => {
        #[pytype(name = $name, symbol = $symbol, flags(HAVE_GC))]
        #[repr(C)]
        pub struct $ty {
            #[visit]
            pub(super) view: View,
        }
        assert_layout!($ty => krait_abi::_PyDictViewObject);

        impl $ty {
            pub fn new(th: &Thread, dict: Borrowed<'_, Dict>) -> PyResult {
                let view = Borrowed::from_ref(Self::type_object()).alloc::<Self>(th, 0)?;
                view.view.set_dict(dict);
                Ok(view.into_object())
            }
        }

        #[pymethods(parts($($part),*))]
        impl $ty {
            #[slot(sq_length)]
            fn length(&self) -> PyResult<usize> {
                Ok(self.view.len())
            }

            #[slot(tp_iter)]
            fn iter(&self, th: &Thread) -> PyResult {
                self.view.iterate(th, Kind::$kind, false)
            }

            #[slot(tp_repr)]
            fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
                repr(th, this.object())
            }

            /// Return a reverse iterator over the view.
            #[method(sig = "(self, /)")]
            fn __reversed__(&self, th: &Thread) -> PyResult {
                self.view.iterate(th, Kind::$kind, true)
            }

            /// The dictionary that this view refers to, read-only.
            #[getter]
            fn mapping(&self, th: &Thread) -> PyResult {
                self.view.mapping(th)
            }
        }
    };
}

view!(KeysView, "dict_keys", "PyDictKeys_Type", Keys, parts(set));
view!(ItemsView, "dict_items", "PyDictItems_Type", Items, parts(set));
view!(ValuesView, "dict_values", "PyDictValues_Type", Values, parts());

/// The set operations of a view; `$contains` says whether an object is in it.
macro_rules! set_like {
    ($ty:ident, $contains:path) => {
        #[pymethods(part = "set")]
        impl $ty {
            #[slot(sq_contains)]
            fn contains(&self, th: &Thread, ob: Borrowed<'_>) -> PyResult<bool> {
                $contains(&self.view, th, ob)
            }

            #[slot(nb_subtract)]
            fn subtract(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
                view_sets::subtract(th, left, right)
            }

            #[slot(nb_and)]
            fn and(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
                view_sets::and(th, left, right)
            }

            #[slot(nb_xor)]
            fn xor(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
                view_sets::xor(th, left, right)
            }

            #[slot(nb_or)]
            fn or(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
                view_sets::or(th, left, right)
            }

            #[slot(tp_richcompare)]
            fn compare(
                this: Borrowed<'_, Self>,
                th: &Thread,
                other: Borrowed<'_>,
                op: CompareOp,
            ) -> PyResult {
                view_sets::compare(th, this.object(), other, op)
            }

            /// Return True if the view and the given iterable have a null intersection.
            #[method(sig = "(self, object, /)", no_text)]
            fn isdisjoint(
                this: Borrowed<'_, Self>,
                th: &Thread,
                object: Borrowed<'_>,
            ) -> PyResult<bool> {
                view_sets::is_disjoint(th, this.object(), object)
            }
        }
    };
}

set_like!(KeysView, contains_key);
set_like!(ItemsView, contains_item);

fn contains_key(view: &View, th: &Thread, key: Borrowed<'_>) -> PyResult<bool> {
    match view.dict() {
        Some(dict) => dict.contains(th, key),
        None => Ok(false),
    }
}

fn contains_item(view: &View, th: &Thread, item: Borrowed<'_>) -> PyResult<bool> {
    let Some(dict) = view.dict() else {
        return Ok(false);
    };
    let Some(&[key, value]) = item.downcast::<Tuple>().map(|pair| pair.get().as_slice()) else {
        return Ok(false);
    };
    let hash = lookup::hash_of(th, key)?;
    match dict.get_hashed(th, key, hash)? {
        Some(found) => object::eq(th, found.borrow(), value),
        None => Ok(false),
    }
}
