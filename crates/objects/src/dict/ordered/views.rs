//! `odict_keys`, `odict_values` and `odict_items`: the views of dictionaries, iterating in the order of an `OrderedDict`.

use super::OrderedDict;
use super::iterator::{self, OrderedIterator};
use crate::dict::views::{ItemsView, KeysView, ValuesView};
use crate::prelude::*;

macro_rules! view {
    ($ty:ident, $name:literal, $symbol:literal, $base:ident, $kind:ident) => {
        #[pytype(name = $name, symbol = $symbol, base = $base, flags(HAVE_GC))]
        #[repr(C)]
        pub struct $ty {
            #[visit]
            base: $base,
        }

        impl $ty {
            pub(super) fn new(th: &Thread, dict: Borrowed<'_, OrderedDict>) -> PyResult {
                let view = Borrowed::from_ref(Self::type_object()).alloc::<Self>(th, 0)?;
                // SAFETY: an ordered dictionary begins with a dictionary.
                view.base.view.set_dict(unsafe { dict.object().cast::<Dict>() });
                Ok(view.into_object())
            }

            fn iterate(&self, th: &Thread, backwards: bool) -> PyResult {
                let dict = self.base.view.dict();
                match dict.as_ref().and_then(|dict| dict.object().downcast::<OrderedDict>()) {
                    Some(dict) => OrderedIterator::new(th, dict, iterator::$kind, backwards),
                    None => iter::get_iter(th, Tuple::empty().object()),
                }
            }
        }

        #[pymethods]
        impl $ty {
            #[slot(tp_iter)]
            fn iter(&self, th: &Thread) -> PyResult {
                self.iterate(th, false)
            }

            /// Return an iterator from the last to the first.
            #[method(sig = "(self, /)")]
            fn __reversed__(&self, th: &Thread) -> PyResult {
                self.iterate(th, true)
            }
        }
    };
}

view!(OrderedKeys, "odict_keys", "PyODictKeys_Type", KeysView, KEYS);
view!(OrderedItems, "odict_items", "PyODictItems_Type", ItemsView, ITEMS);
view!(OrderedValues, "odict_values", "PyODictValues_Type", ValuesView, VALUES);
