//! `_lru_cache_wrapper`: what `functools.lru_cache` puts around a function.
//!
//! A dictionary has the results by key; with a bound, they are in links in the order of use, of which the first goes when
//! there are too many.

use std::cell::Cell;

use krait_abi as abi;
use krait_objects::method::Method;
use krait_objects::object::instance_dict;
use krait_objects::prelude::*;
use krait_objects::row::in_row;

use super::links::{Link, Links};

/// A callable that remembers the results of a function by its arguments.
///
/// user_function is what is called for arguments that are new. maxsize says how many results are kept, of
/// those that were used last: None for all, 0 for none. With typed, equal arguments of different types, such
/// as 3 and 3.0, are told apart. cache_info_type is called with hits, misses, maxsize and the current size to
/// make the result of cache_info().
#[pytype(
    name = "functools._lru_cache_wrapper", flags(HAVE_GC, METHOD_DESCRIPTOR),
    dict = dict, weaklist = weakrefs, vectorcall = vectorcall,
)]
#[repr(C)]
pub struct LruCacheWrapper {
    head: Head,
    #[visit]
    function: Slot,
    #[visit]
    cache: Slot<Dict>,
    /// What is in the dictionary, if there is a bound.
    #[visit]
    links: Links,
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
    vectorcall: Cell<abi::vectorcallfunc>,
}

impl LruCacheWrapper {
    #[inline]
    fn key(&self, th: &Thread, args: Args<'_>) -> PyResult {
        let typed = self.typed.get();
        if args.has_keywords() || typed {
            return self.long_key(th, args, typed);
        }
        if let [only] = *args.values {
            // As they are: nothing else is equal to them but what should be.
            if only.is_exact::<Str>() || only.is_exact::<Int>() {
                return Ok(only.to_owned());
            }
        }
        Tuple::from_slice(th, args.values).map(Owned::into_object)
    }

    /// The positional arguments, the mark, names and values of the others; then the types of all, if they matter.
    fn long_key(&self, th: &Thread, args: Args<'_>, typed: bool) -> PyResult {
        let (given, all) = (args.positional, args.values.len());
        let names = args.kwnames.map_or(&[][..], |names| names.get().as_slice());
        let named = if names.is_empty() { 0 } else { 1 + 2 * names.len() };
        let mark = self.mark.get().unwrap_or(none());
        let part = |at: usize| {
            if at < given {
                return args.values[at];
            }
            match at - given {
                at if at >= named => args.values[at - named].get().ty().object(),
                0 => mark,
                at if at % 2 == 1 => names[at / 2],
                at => args.values[given + at / 2 - 1],
            }
        };
        in_row(given + named + if typed { all } else { 0 }, part, |parts| {
            Tuple::from_slice(th, parts).map(Owned::into_object)
        })
    }

    fn invoke(&self, th: &Thread, args: Args<'_>) -> PyResult {
        match self.function.get_owned() {
            Some(function) => call::vectorcall(th, function.borrow(), args),
            None => Err(th.bad_internal_call()),
        }
    }

    /// Removes the entry that was not used for longest; false if it was not there any more.
    fn forget_oldest(&self, th: &Thread, cache: &Dict) -> PyResult<bool> {
        let Some(oldest) = self.links.first() else {
            return Ok(true);
        };
        let key = oldest.key.get().unwrap_or(none());
        let popped = cache.pop_hashed(th, key, oldest.hash.get())?;
        let found = popped.is_some();
        match popped.map(Owned::downcast::<Link>) {
            Some(Ok(link)) => self.links.remove(&link),
            _ => self.links.remove(&oldest),
        }
        Ok(found)
    }

    /// Stores the result of a call.
    fn remember(
        &self,
        th: &Thread,
        cache: &Dict,
        (key, hash): (Owned, isize),
        result: &Owned,
    ) -> PyResult<()> {
        // The call may have cached the same one.
        if cache.contains_hashed(th, key.borrow(), hash)? {
            return Ok(());
        }
        let max = self.max.get();
        if max < 0 {
            return cache.set_hashed(th, key.borrow(), result.borrow(), hash);
        }
        if cache.len() >= max as usize && !self.forget_oldest(th, cache)? {
            return Ok(());
        }
        let link = Link::make(th, key.clone(), hash, result.clone())?;
        cache.set_hashed(th, key.borrow(), link.object(), hash)?;
        self.links.append(&link);
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
        wrapper.vectorcall.set(LruCacheWrapper::VECTORCALL);
        Ok(wrapper)
    }

    #[vectorcall]
    fn call(&self, th: &Thread, args: Args<'_>) -> PyResult {
        let max = self.max.get();
        let Some(cache) = self.cache.get_owned().filter(|_| max != 0) else {
            self.misses.set(self.misses.get() + 1);
            return self.invoke(th, args);
        };
        let key = self.key(th, args)?;
        let hash = object::hash(th, key.borrow())?;
        if let Some(found) = cache.get_hashed(th, key.borrow(), hash)? {
            self.hits.set(self.hits.get() + 1);
            if max < 0 {
                return Ok(found);
            }
            if let Some(link) = found.borrow().downcast_exact::<Link>() {
                self.links.touch(link.get());
                return link.result.get_owned().ok_or_else(|| th.bad_internal_call());
            }
        }
        self.misses.set(self.misses.get() + 1);
        let result = self.invoke(th, args)?;
        self.remember(th, &cache, (key, hash), &result)?;
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
        self.links.empty();
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
