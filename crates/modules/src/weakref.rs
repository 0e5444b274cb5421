//! `_weakref`: weak references as `weakref` uses them.
//!
//! The same job as CPython's `Modules/_weakref.c`.

use krait_objects::prelude::*;
use krait_objects::weakref::{self, CallableProxy, Proxy, WeakRef};

/// The native side of the weakref module.
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

    /// How many weak references and proxies an object has.
    #[function(sig = "(object, /)")]
    fn getweakrefcount(object: Borrowed<'_>) -> usize {
        weakref::all(object).len()
    }

    /// The weak references and proxies of an object, as a list.
    #[function(sig = "(object, /)")]
    fn getweakrefs(th: &Thread, object: Borrowed<'_>) -> PyResult<Owned<List>> {
        List::from_vec(th, weakref::all(object))
    }

    /// Make an object that stands for another one without keeping it alive.
    ///
    /// When that one goes away, the callback is called with the proxy, unless it is None.
    #[function(sig = "(object, callback=None, /)")]
    fn proxy(th: &Thread, object: Borrowed<'_>, callback: Option<Borrowed<'_>>) -> PyResult {
        weakref::new_proxy(th, object, callback)
    }

    /// Take a key out of a dict if its value is a weak reference to an object that is gone.
    ///
    /// Nothing can change the dict in between.
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
