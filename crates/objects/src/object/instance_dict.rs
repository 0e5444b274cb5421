//! Where an instance keeps its attributes: inline values, a managed dictionary, or one at `tp_dictoffset`.

use std::ffi::{c_int, c_void};

use krait_abi as abi;

use crate::prelude::*;

type Ptr = *mut abi::PyObject;
type Visit = unsafe extern "C" fn(Ptr, *mut c_void) -> c_int;

/// The instance's dictionary if it has one already.
pub fn get(_th: &Thread, _ob: Borrowed<'_>) -> Option<Owned<Dict>> {
    todo!()
}
/// The instance's dictionary, made (from inline values) if need be; `None` if the type has none.
pub fn get_or_create(_th: &Thread, _ob: Borrowed<'_>) -> PyResult<Option<Owned<Dict>>> {
    todo!()
}
/// Bytes of inline values behind an instance of `ty` (0 without `INLINE_VALUES`).
pub fn inline_values_size(_ty: &Type) -> usize {
    todo!()
}
/// # Safety
/// `ob` is fresh, with `inline_values_size` bytes behind it.
pub unsafe fn init_inline_values(_ob: Ptr, _ty: &Type) {
    todo!()
}
/// `ht_cached_keys` of a new class whose instances share keys.
pub fn init_shared_keys(_th: &Thread, _ty: Borrowed<'_, Type>) -> PyResult<()> {
    todo!()
}
/// # Safety
/// `keys` is the `ht_cached_keys` of a dying class, or null.
pub unsafe fn drop_shared_keys(_keys: *mut abi::PyDictKeysObject) {
    todo!()
}
/// Releases all attributes, at deallocation.
///
/// # Safety
/// `ob` is dying.
pub unsafe fn clear(_ob: Ptr) {
    todo!()
}
/// `tp_traverse` of what the class `ob` is an instance of keeps beyond its base `base`.
///
/// # Safety
/// `ob` is live; `base` is the nearest base that is not a Python class.
pub unsafe fn traverse(
    _ob: Ptr,
    _base: *mut abi::PyTypeObject,
    _visit: Visit,
    _arg: *mut c_void,
) -> c_int {
    todo!()
}
/// `tp_clear` of the same.
///
/// # Safety
/// As for `traverse`.
pub unsafe fn clear_for_gc(_ob: Ptr, _base: *mut abi::PyTypeObject) {
    todo!()
}
/// The `__dict__` and `__weakref__` properties of a Python class that adds them; null for neither.
pub fn class_getsets(_dict: bool, _weakref: bool) -> *mut abi::PyGetSetDef {
    todo!()
}
