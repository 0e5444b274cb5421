//! What Python sees of `dict`: slots and methods.

use std::ffi::{c_int, c_void};

use krait_abi as abi;

use super::iterators::{self, Kind};
use super::keys::{self, Ptr};
use super::views::{ItemsView, KeysView, ValuesView};
use super::{Dict, hash_key, key_error, lookup, split};
use crate::gc;
use crate::prelude::*;
use crate::repr_guard::{self, Pieces};
use crate::set::{any_set, is_exact_any};

impl Dict {
    /// `update(*args, **kwargs)`, and what the constructor does.
    fn update_from(
        &self,
        th: &Thread,
        name: &str,
        args: &[Borrowed<'_>],
        kwargs: Kwargs<'_>,
    ) -> PyResult<()> {
        match args {
            [] => {}
            [other] => self.update_from_one(th, *other)?,
            _ => {
                let given = args.len();
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "{name} expected at most 1 argument, got {given}"
                ));
            }
        }
        for (key, value) in kwargs.pairs() {
            self.set_owned(th, key.into_object(), value)?;
        }
        Ok(())
    }

    fn update_from_one(&self, th: &Thread, other: Borrowed<'_>) -> PyResult<()> {
        if other.is_exact::<Dict>() || object::get_attr_opt(th, other, id::keys)?.is_some() {
            return self.merge(th, other, true);
        }
        self.merge_pairs(th, other, true)
    }

    /// `this[key]`, where finding the key may run code.
    #[inline(never)]
    fn subscript_other(this: Borrowed<'_, Self>, th: &Thread, key: Borrowed<'_>) -> PyResult {
        let hash = hash_key(th, key)?;
        match this.get_hashed(th, key, hash)? {
            Some(value) => Ok(value),
            None => Dict::missing(this, th, key),
        }
    }

    /// What a subclass with `__missing__` answers for a key that is not there.
    fn missing(this: Borrowed<'_, Self>, th: &Thread, key: Borrowed<'_>) -> PyResult {
        if !this.object().is_exact::<Dict>()
            && let Some(method) = object::lookup_special(th, this.object(), id::__missing__)?
        {
            return call::call(th, method.borrow(), &[key]);
        }
        Err(key_error(th, key))
    }

    /// Whether both have equal values for the same keys. Any comparison may change either.
    pub(super) fn equals(&self, th: &Thread, other: &Dict) -> PyResult<bool> {
        if self.len() != other.len() {
            return Ok(false);
        }
        let mut position = 0;
        while let Some((key, value)) = self.next(&mut position) {
            let hash = lookup::hash_of(th, key.borrow())?;
            let index = lookup::lookup(other, th, key.borrow(), hash)?;
            if index == keys::EMPTY {
                return Ok(false);
            }
            // SAFETY: the entry was just found; its value is held before it is compared.
            let found = unsafe { other.value_at(index) };
            if found == value.as_ptr() {
                continue;
            }
            // SAFETY: as above.
            match unsafe { Borrowed::<Object>::from_ptr_or_null(found) }.map(Borrowed::to_owned) {
                Some(found) if object::eq(th, value.borrow(), found.borrow())? => {}
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    fn fill_from_keys(
        dict: &Dict,
        th: &Thread,
        iterable: Borrowed<'_>,
        value: Borrowed<'_>,
    ) -> PyResult<bool> {
        if !dict.is_empty() {
            return Ok(false);
        }
        if let Some(source) = iterable.downcast_exact::<Dict>() {
            // SAFETY: the new table has room.
            unsafe {
                let log2_size = keys::log2_size_for_entries(source.len()).max(keys::LOG_MIN_SIZE);
                dict.resize(th, log2_size, keys::is_unicode(source.keys.get()))?;
            }
            let mut position = 0;
            while let Some((key, hash)) = source.next_key(th, &mut position)? {
                dict.set_hashed(th, key.borrow(), value, hash)?;
            }
            return Ok(true);
        }
        if let Some(source) = any_set(iterable).filter(|_| is_exact_any(iterable)) {
            // SAFETY: as above.
            unsafe {
                let log2_size = keys::log2_size_for_entries(source.len()).max(keys::LOG_MIN_SIZE);
                dict.resize(th, log2_size, false)?;
            }
            let mut position = 0;
            while let Some((key, hash)) = source.next_hashed(&mut position) {
                dict.set_hashed(th, key.borrow(), value, hash)?;
            }
            return Ok(true);
        }
        Ok(false)
    }
}

/// Visits what is not null.
unsafe fn visit_all(visitor: &mut Visitor<'_>, obs: impl Iterator<Item = Ptr>) -> c_int {
    for ob in obs {
        // SAFETY: the dictionary's references.
        let ob: Option<Borrowed<'_>> = unsafe { Borrowed::from_ptr_or_null(ob) };
        let stop = visitor.visit(ob);
        if stop != 0 {
            return stop;
        }
    }
    0
}

#[pymethods(parts(more))]
impl Dict {
    #[slot(tp_new)]
    fn new_empty(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        if cls.is(Borrowed::from_ref(Dict::type_object())) {
            return Dict::new(th).map(Owned::into_object);
        }
        let dict = cls.alloc::<Dict>(th, 0)?;
        dict.keys.set(keys::empty_keys());
        Ok(dict.into_object())
    }

    #[slot(tp_alloc)]
    unsafe extern "C" fn alloc(ty: *mut abi::PyTypeObject, items: isize) -> Ptr {
        // SAFETY: C's promise: a type laid out as a dictionary at the start.
        unsafe {
            let ob = crate::typeobj::alloc::generic_alloc(ty, items);
            if !ob.is_null() {
                (*ob.cast::<Dict>()).keys.set(keys::empty_keys());
            }
            ob
        }
    }

    #[init(sig = "(*args, **kwargs)")]
    fn init(&self, th: &Thread, args: &[Borrowed<'_>], kwargs: Kwargs<'_>) -> PyResult<()> {
        self.update_from(th, "dict", args, kwargs)
    }

    #[slot(tp_vectorcall)]
    fn construct(this: Borrowed<'_>, th: &Thread, args: Args<'_>) -> PyResult {
        // SAFETY: the callable of a type's vectorcall is the type.
        let cls = unsafe { this.cast::<Type>() };
        let dict = if cls.is(Borrowed::from_ref(Dict::type_object())) {
            Dict::new(th)?
        } else {
            cls.alloc::<Dict>(th, 0)?
        };
        dict.update_from(th, "dict", args.positionals(), args.keywords())?;
        Ok(dict.into_object())
    }

    #[slot(mp_length)]
    fn length(&self) -> PyResult<usize> {
        Ok(self.len())
    }

    #[slot(mp_subscript)]
    fn subscript(this: Borrowed<'_, Self>, th: &Thread, key: Borrowed<'_>) -> PyResult {
        match this.peek(key) {
            Some(Some(value)) => Ok(value.to_owned()),
            Some(None) => Dict::missing(this, th, key),
            None => Dict::subscript_other(this, th, key),
        }
    }

    #[slot(mp_ass_subscript)]
    fn set_subscript(
        &self,
        th: &Thread,
        key: Borrowed<'_>,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        match value {
            Some(value) => self.set(th, key, value),
            None => {
                let hash = hash_key(th, key)?;
                match self.pop_hashed(th, key, hash)? {
                    Some(value) => drop(value),
                    None => return Err(key_error(th, key)),
                }
                Ok(())
            }
        }
    }

    #[slot(sq_contains)]
    fn has(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<bool> {
        self.contains(th, key)
    }

    #[slot(nb_or)]
    fn or(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        let (Some(left), Some(_)) = (left.downcast::<Dict>(), right.downcast::<Dict>()) else {
            return Ok(not_implemented().to_owned());
        };
        let merged = left.copy(th)?;
        merged.update_from_one(th, right)?;
        Ok(merged.into_object())
    }

    #[slot(nb_inplace_or)]
    fn or_in_place(this: Borrowed<'_, Self>, th: &Thread, other: Borrowed<'_>) -> PyResult {
        this.update_from_one(th, other)?;
        Ok(this.object().to_owned())
    }

    #[slot(tp_richcompare)]
    fn compare(&self, th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let (Some(other), CompareOp::Eq | CompareOp::Ne) = (other.downcast::<Dict>(), op) else {
            return Ok(not_implemented().to_owned());
        };
        let equal = self.equals(th, &other)?;
        Ok(bool_object(equal == (op == CompareOp::Eq)).object().to_owned())
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let Some(_guard) = repr_guard::enter(th, this.object()) else {
            return Str::new(th, "{...}");
        };
        if this.is_empty() {
            return Str::new(th, "{}");
        }
        let mut pieces = Pieces::default();
        pieces.text(th, "{")?;
        let mut position = 0;
        let mut first = true;
        while let Some((key, value)) = this.next(&mut position) {
            if !first {
                pieces.text(th, ", ")?;
            }
            first = false;
            pieces.repr(th, key.borrow())?;
            pieces.text(th, ": ")?;
            pieces.repr(th, value.borrow())?;
        }
        pieces.text(th, "}")?;
        pieces.finish(th)
    }

    #[slot(tp_iter)]
    fn iter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        iterators::new(th, this, Kind::Keys)
    }

    #[slot(tp_traverse)]
    fn traverse(&self, visitor: &mut Visitor<'_>) -> c_int {
        // SAFETY: a traversal changes nothing; null places are skipped.
        unsafe {
            let (table, values) = (self.keys.get(), self.values.get());
            if table.is_null() {
                return 0;
            }
            if !values.is_null() {
                // Shared keys are strings. An instance leaves the values inside it to its dictionary.
                let count = (*values).capacity as isize;
                return visit_all(visitor, (0..count).map(|at| self.value_at(at)));
            }
            let count = (*table).dk_nentries;
            let stop = visit_all(visitor, (0..count).map(|at| self.value_at(at)));
            if stop != 0 || keys::is_unicode(table) {
                return stop;
            }
            visit_all(
                visitor,
                (0..count).map(|at| (*keys::general_entries(table).offset(at)).me_key),
            )
        }
    }

    #[slot(tp_clear)]
    fn clear_for_gc(&self) {
        self.clear();
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone: the table and the values are nobody else's, unless they are shared.
        unsafe {
            let ob: Ptr = this.cast();
            if (*this).watcher_tag.get() & abi::DICT_WATCHER_MASK as u64 != 0 {
                // A watcher may bring the dictionary back to life.
                let tell = || (*this).notify(super::state::Event::Deallocated, None, None);
                if crate::watchers::revive_while(ob, tell) {
                    return;
                }
            }
            gc::untrack_raw(ob);
            let (table, values) = ((*this).keys.get(), (*this).values.get());
            if !values.is_null() && (*values).embedded == 0 {
                split::clear_values(values);
                Thread::attached().interp().heap.free(values.cast());
            }
            if !table.is_null() {
                keys::decref_keys(table);
            }
            let ty = (*ob).ob_type;
            if std::ptr::eq(ty, Dict::type_object().as_type_ptr())
                && Thread::attached().interp().free_lists.dicts.push(ob)
            {
                return;
            }
            match (*ty).tp_free {
                Some(free) => free(ob.cast::<c_void>()),
                None => gc::gc_del(ob.cast::<c_void>()),
            }
        }
    }
}

#[pymethods(part = "more")]
impl Dict {
    /// Whether the dictionary has the key.
    #[method(name = "__contains__", sig = "(self, key, /)", coexist)]
    fn contains_method(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<bool> {
        self.contains(th, key)
    }

    /// Return self[key].
    #[method(name = "__getitem__", sig = "(self, key, /)", coexist)]
    fn getitem(this: Borrowed<'_, Self>, th: &Thread, key: Borrowed<'_>) -> PyResult {
        Dict::subscript(this, th, key)
    }

    /// How many bytes the dictionary takes.
    #[method(sig = "(self, /)")]
    fn __sizeof__(&self) -> usize {
        self.byte_size()
    }

    /// Return an iterator over the keys, from the last to the first.
    #[method(sig = "(self, /)")]
    fn __reversed__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        iterators::new_reversed(th, this, Kind::Keys)
    }

    /// Leave the dictionary empty.
    #[method(name = "clear", sig = "(self, /)")]
    fn clear_all(&self) {
        self.clear();
    }

    /// Return another dictionary with the same keys and values.
    #[method(name = "copy", sig = "(self, /)")]
    fn copy_method(&self, th: &Thread) -> PyResult<Owned<Dict>> {
        self.copy(th)
    }

    /// Make a dictionary of the class that has the keys of an iterable, all with the same value.
    #[classmethod(sig = "(type, iterable, value=None, /)")]
    fn fromkeys(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        iterable: Borrowed<'_>,
        value: Option<Borrowed<'_>>,
    ) -> PyResult {
        let value = value.unwrap_or(none());
        let made = call::call(th, cls.object(), &[])?;
        if let Some(dict) = made.borrow().downcast_exact::<Dict>() {
            if Dict::fill_from_keys(&dict, th, iterable, value)? {
                return Ok(made);
            }
            iter::for_each(th, iterable, &mut |key| dict.set(th, key.borrow(), value))?;
        } else {
            iter::for_each(th, iterable, &mut |key| {
                object::set_item(th, made.borrow(), key.borrow(), value)
            })?;
        }
        Ok(made)
    }

    /// The value of key, or default if there is no such key.
    #[method(name = "get", sig = "(self, key, default=None, /)")]
    fn get_method(
        &self,
        th: &Thread,
        key: Borrowed<'_>,
        default: Option<Borrowed<'_>>,
    ) -> PyResult {
        match self.get(th, key)? {
            Some(value) => Ok(value),
            None => Ok(default.unwrap_or(none()).to_owned()),
        }
    }

    /// Return a view of the (key, value) pairs: it works like a set and follows all changes.
    #[method(name = "items", sig = "(self, /)")]
    fn items_view(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        ItemsView::new(th, this)
    }

    /// Return a view of the keys: it works like a set and follows all changes.
    #[method(name = "keys", sig = "(self, /)")]
    fn keys_view(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        KeysView::new(th, this)
    }

    /// Take a key out and return its value.
    ///
    /// If there is no such key, return the default; without one, raise KeyError.
    #[method(name = "pop", sig = "(self, key, default=<unrepresentable>, /)")]
    fn pop_method(
        &self,
        th: &Thread,
        key: Borrowed<'_>,
        #[default(None)] default: Option<Borrowed<'_>>,
    ) -> PyResult {
        match (self.pop(th, key)?, default) {
            (Some(value), _) => Ok(value),
            (None, Some(default)) => Ok(default.to_owned()),
            (None, None) => Err(key_error(th, key)),
        }
    }

    /// Take out the entry that was inserted last, and return it as a tuple (key, value).
    ///
    /// KeyError if the dictionary is empty.
    #[method(sig = "(self, /)")]
    fn popitem(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        match self.pop_last(th)? {
            Some((key, value)) => Tuple::pack(th, [key, value]),
            None => Err(th.raise(exc::KEY_ERROR, "popitem(): dictionary is empty")),
        }
    }

    /// Return the value of key; a missing key is added first, with default as its value.
    #[method(sig = "(self, key, default=None, /)")]
    fn setdefault(
        &self,
        th: &Thread,
        key: Borrowed<'_>,
        default: Option<Borrowed<'_>>,
    ) -> PyResult {
        self.set_default(th, key, default.unwrap_or(none()))
    }

    /// Take over the entries of a mapping or of an iterable of pairs, and those given as keywords.
    ///
    /// An argument with a keys() method is taken as a mapping.
    #[method(sig = "(self, /, *args, **kwargs)", no_text)]
    fn update(&self, th: &Thread, args: &[Borrowed<'_>], kwargs: Kwargs<'_>) -> PyResult<()> {
        self.update_from(th, "update", args, kwargs)
    }

    /// Return a view of the values, which follows all changes.
    #[method(name = "values", sig = "(self, /)")]
    fn values_view(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        ValuesView::new(th, this)
    }

    /// Return a generic alias, for annotations.
    #[classmethod(sig = "(type, object, /)")]
    fn __class_getitem__(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        crate::generic_alias::new(th, cls.object(), object)
    }
}
