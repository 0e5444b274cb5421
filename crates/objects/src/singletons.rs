//! `None`, `True`, `False`, `...` and `NotImplemented`: immortal statics under CPython's names.

use krait_abi as abi;

use crate::handle::{Borrowed, Head, Object};
use crate::int::{Bool, Int};

macro_rules! singleton {
    ($(#[$doc:meta])* $function:ident, $symbol:ident, $ty:path) => {
        #[unsafe(no_mangle)]
        #[allow(non_upper_case_globals)]
        pub static $symbol: Head = Head::immortal((&raw const $ty).cast());

        $(#[$doc])*
        #[inline(always)]
        pub const fn $function() -> Borrowed<'static, Object> {
            // SAFETY: a static, immortal object.
            unsafe { Borrowed::from_ptr((&raw const $symbol).cast_mut().cast::<abi::PyObject>()) }
        }
    };
}

singleton!(/// `None`.
    none, _Py_NoneStruct, crate::object::singletons::_PyNone_Type);
singleton!(/// `NotImplemented`.
    not_implemented, _Py_NotImplementedStruct, crate::object::singletons::_PyNotImplemented_Type);
singleton!(/// `...`.
    ellipsis, _Py_EllipsisObject, crate::object::singletons::PyEllipsis_Type);

/// `True` or `False`.
#[inline(always)]
pub fn bool_object(value: bool) -> Borrowed<'static, Int> {
    // SAFETY: static, immortal objects laid out as `int`.
    unsafe { Borrowed::from_ptr(Bool::singleton(value).cast_mut().cast()) }
}
