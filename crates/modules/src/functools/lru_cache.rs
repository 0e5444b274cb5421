//! `_lru_cache_wrapper`: what `functools.lru_cache` puts around a function.
//!
//! The cache is a dictionary in the order of use: a hit moves its entry to the end, the first entry goes when there are
//! too many.

use std::cell::Cell;

use krait_abi as abi;
use krait_objects::method::Method;
use krait_objects::object::instance_dict;
use krait_objects::prelude::*;

/// A callable that remembers the results of a function by its arguments.
///
/// user_function is what is called for arguments that are new. maxsize says how many results are kept, of
/// those that were used last: None for all, 0 for none. With typed, equal arguments of different types, such
/// as 3 and 3.0, are told apart. cache_info_type is called with hits, misses, maxsize and the current size to
/// make the result of cache_info().
#[pytype(
    name = "functools._lru_cache_wrapper", flags(HAVE_GC, METHOD_DESCRIPTOR),
    dict = dict, weaklist = weakrefs,
)]
#[repr(C)]
pub struct LruCacheWrapper {
    head: Head,
    #[visit]
    function: Slot,
    #[visit]
    cache: Slot<Dict>,
    #[visit]
    info_type: Slot,
    /// Stands between positional and keyword arguments in a key.
    #[visit]
    mark: Slot,
    #[visit]
    dict: Slot<Dict>,
    weakrefs: Cell<*mut abi::PyObject>,
    /// -1 for no bound.
    max: Cell<isize>,
    typed: Cell<bool>,
    hits: Cell<usize>,
    misses: Cell<usize>,
    /// Where the first entry of the cache is at the earliest, in this table.
    oldest: Cell<(usize, usize)>,
}

impl LruCacheWrapper {
    fn key(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let kwargs = kwargs.filter(|kwargs| !kwargs.is_empty());
        let positional = args.get().as_slice();
        let typed = self.typed.get();
        if kwargs.is_none() && !typed {
            if let [only] = positional {
                // As they are: nothing else is equal to them but what should be.
                if only.is_exact::<Str>() || only.is_exact::<Int>() {
                    return Ok((*only).to_owned());
                }
            }
            return Ok(args.object().to_owned());
        }
        let mut parts: Vec<Owned> = positional.iter().map(|&arg| arg.to_owned()).collect();
        let mut values = Vec::new();
        if let Some(kwargs) = kwargs {
            parts.extend(self.mark.get_owned());
            let mut position = 0;
            while let Some((name, value)) = kwargs.get().next(&mut position) {
                parts.push(name);
                parts.push(value.clone());
                values.push(value);
            }
        }
        if typed {
            let ty = |ob: Borrowed<'_>| ob.get().ty().object().to_owned();
            parts.extend(positional.iter().map(|&arg| ty(arg)));
            parts.extend(values.iter().map(|value| ty(value.borrow())));
        }
        Tuple::from_vec(th, parts).map(Owned::into_object)
    }

    fn invoke(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        match self.function.get_owned() {
            Some(function) => call::call_tuple_dict(th, function.borrow(), args, kwargs),
            None => Err(th.bad_internal_call()),
        }
    }

    /// Removes the entry that was not used for longest.
    fn forget_oldest(&self, th: &Thread, cache: &Dict) -> PyResult<()> {
        let table = cache.keys_table();
        let (known, from) = self.oldest.get();
        let mut position = if known == table { from } else { 0 };
        let mut found = cache.next(&mut position);
        if found.is_none() {
            position = 0;
            found = cache.next(&mut position);
        }
        let Some((key, _)) = found else {
            return Ok(());
        };
        self.oldest.set((table, position));
        let hash = object::hash(th, key.borrow())?;
        drop(cache.pop_hashed(th, key.borrow(), hash)?);
        Ok(())
    }
}

#[pymethods(parts(methods))]
impl LruCacheWrapper {
    #[new(sig = "(user_function, maxsize, typed, cache_info_type)", called = "lru_cache")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        user_function: Borrowed<'_>,
        maxsize: Borrowed<'_>,
        typed: bool,
        cache_info_type: Borrowed<'_>,
    ) -> PyResult<Owned<LruCacheWrapper>> {
        if !object::is_callable(user_function) {
            return Err(th.raise(exc::TYPE_ERROR, "the first argument must be callable"));
        }
        let max = if maxsize.is_none() {
            -1
        } else if krait_objects::slice::is_index(maxsize) {
            number::as_isize(th, maxsize, Some(exc::OVERFLOW_ERROR))?.max(0)
        } else {
            return Err(th.raise(exc::TYPE_ERROR, "maxsize should be integer or None"));
        };
        let cache = Dict::new(th)?;
        let mark = call::call(th, Borrowed::from_ref(Object::type_object()).object(), &[])?;
        let wrapper = cls.alloc::<LruCacheWrapper>(th, 0)?;
        wrapper.function.set(Some(user_function.to_owned()));
        wrapper.cache.set(Some(cache));
        wrapper.info_type.set(Some(cache_info_type.to_owned()));
        wrapper.mark.set(Some(mark));
        wrapper.max.set(max);
        wrapper.typed.set(typed);
        Ok(wrapper)
    }

    #[slot(tp_call)]
    fn call(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let max = self.max.get();
        let Some(cache) = self.cache.get_owned().filter(|_| max != 0) else {
            self.misses.set(self.misses.get() + 1);
            return self.invoke(th, args, kwargs);
        };
        let key = self.key(th, args, kwargs)?;
        let hash = object::hash(th, key.borrow())?;
        if let Some(result) = cache.get_hashed(th, key.borrow(), hash)? {
            self.hits.set(self.hits.get() + 1);
            if max > 0 {
                // Now the entry used last.
                if let Some(result) = cache.pop_hashed(th, key.borrow(), hash)? {
                    cache.set_hashed(th, key.borrow(), result.borrow(), hash)?;
                }
            }
            return Ok(result);
        }
        self.misses.set(self.misses.get() + 1);
        let result = self.invoke(th, args, kwargs)?;
        // The call may have cached the same one.
        if cache.contains_hashed(th, key.borrow(), hash)? {
            return Ok(result);
        }
        if max > 0 && cache.len() >= max as usize {
            self.forget_oldest(th, &cache)?;
        }
        cache.set_hashed(th, key.borrow(), result.borrow(), hash)?;
        Ok(result)
    }

    #[slot(tp_descr_get)]
    fn bind(
        this: Borrowed<'_, Self>,
        th: &Thread,
        ob: Option<Borrowed<'_>>,
        _ty: Option<Borrowed<'_>>,
    ) -> PyResult {
        match ob.filter(|ob| !ob.is_none()) {
            None => Ok(this.object().to_owned()),
            Some(ob) => Method::new(th, this.object(), ob).map(Owned::into_object),
        }
    }
}

#[pymethods(part = "methods")]
impl LruCacheWrapper {
    #[getter]
    fn __dict__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Dict>> {
        instance_dict::dict_of(th, this.object())
    }

    #[setter(name = "__dict__")]
    fn set_dict(
        this: Borrowed<'_, Self>,
        th: &Thread,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        instance_dict::set_generic(th, this.object(), value)
    }

    /// How the cache has served so far: hits, misses, and its greatest and current size.
    #[method(sig = "(self, /)")]
    fn cache_info(&self, th: &Thread) -> PyResult {
        let Some(info_type) = self.info_type.get_owned() else {
            return Err(th.bad_internal_call());
        };
        let hits = Int::from_usize(th, self.hits.get())?;
        let misses = Int::from_usize(th, self.misses.get())?;
        let max = match self.max.get() {
            -1 => none().to_owned(),
            max => Int::from_isize(th, max)?.into_object(),
        };
        let len = Int::from_usize(th, self.cache.get().map_or(0, |cache| cache.len()))?;
        let fields = [hits.object(), misses.object(), max.borrow(), len.object()];
        call::call(th, info_type.borrow(), &fields)
    }

    /// Forget all results, and count hits and misses from zero again.
    #[method(sig = "(self, /)")]
    fn cache_clear(&self) {
        self.hits.set(0);
        self.misses.set(0);
        if let Some(cache) = self.cache.get_owned() {
            cache.clear();
        }
    }

    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        object::get_attr(th, this.object(), id::__qualname__)
    }

    #[method(sig = "(self, /, *args)", no_text)]
    fn __copy__<'a>(this: Borrowed<'a, Self>, _args: &[Borrowed<'_>]) -> Borrowed<'a, Self> {
        this
    }

    #[method(sig = "(self, /, *args)", no_text)]
    fn __deepcopy__<'a>(this: Borrowed<'a, Self>, _args: &[Borrowed<'_>]) -> Borrowed<'a, Self> {
        this
    }
}
