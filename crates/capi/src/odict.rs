//! `cpython/odictobject.h`.

use krait_macros::capi;
use krait_objects::dict::ordered::OrderedDict;
use krait_objects::prelude::*;

#[capi]
pub fn PyODict_New(th: &Thread) -> PyResult<Owned<OrderedDict>> {
    OrderedDict::new(th)
}

#[capi]
pub fn PyODict_SetItem(
    th: &Thread,
    dict: Borrowed<'_, OrderedDict>,
    key: Borrowed<'_>,
    value: Borrowed<'_>,
) -> PyResult<()> {
    dict.set(th, key, value)
}

#[capi]
pub fn PyODict_DelItem(
    th: &Thread,
    dict: Borrowed<'_, OrderedDict>,
    key: Borrowed<'_>,
) -> PyResult<()> {
    dict.delete(th, key)
}
