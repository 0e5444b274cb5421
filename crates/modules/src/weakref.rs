//! `_weakref`: weak references as `weakref` uses them.
//!
//! The same job as CPython's `Modules/_weakref.c`.

use krait_objects::prelude::*;
use krait_objects::weakref::{self, CallableProxy, Proxy, WeakRef};

/// Weak-reference support module.
#[pymodule(name = "_weakref")]
pub struct Weakref;

#[pyfunctions]
impl Weakref {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        for (name, ty) in [
            ("ref", WeakRef::type_object()),
            ("ReferenceType", WeakRef::type_object()),
            ("ProxyType", Proxy::type_object()),
            ("CallableProxyType", CallableProxy::type_object()),
        ] {
            let ty = Borrowed::from_ref(ty);
            ty.ready(th)?;
            module.add(th, name, ty.object())?;
        }
        Ok(())
    }

    /// Return the number of weak references to 'object'.
    #[function(sig = "(object, /)")]
    fn getweakrefcount(object: Borrowed<'_>) -> usize {
        weakref::all(object).len()
    }

    /// Return a list of all weak reference objects pointing to 'object'.
    #[function(sig = "(object, /)")]
    fn getweakrefs(th: &Thread, object: Borrowed<'_>) -> PyResult<Owned<List>> {
        List::from_vec(th, weakref::all(object))
    }

    /// Create a proxy object that weakly references 'object'.
    ///
    /// 'callback', if given, is called with a reference to the
    /// proxy when 'object' is about to be finalized.
    #[function(sig = "(object, callback=None, /)")]
    fn proxy(th: &Thread, object: Borrowed<'_>, callback: Option<Borrowed<'_>>) -> PyResult {
        weakref::new_proxy(th, object, callback)
    }

    /// Atomically remove key from dict if it points to a dead weakref.
    #[function(sig = "(dct, key, /)")]
    fn _remove_dead_weakref(
        th: &Thread,
        dct: Borrowed<'_, Dict>,
        key: Borrowed<'_>,
    ) -> PyResult<()> {
        let Some(value) = dct.get().get(th, key)? else {
            return Ok(());
        };
        if !weakref::is_reference(value.borrow()) {
            return Err(th.raise(exc::TYPE_ERROR, "not a weakref"));
        }
        if weakref::referent(value.borrow()).is_none() {
            dct.remove(th, key)?;
        }
        Ok(())
    }
}
