//! `OrderedDict`: a dictionary with an order of its own, in which keys can be moved.
//!
//! This file is the object; `nodes` is the order, `update` what takes over other mappings, `views` and `iterator` what
//! `keys()` and its like give. The same job as CPython's `Objects/odictobject.c`.
//!
//! The entries are those of the base; its methods, called on purpose on an ordered one, change them without the order.
//! Then the two may disagree about keys, which is an error in Python, not here.

mod iterator;
mod nodes;
mod update;
mod views;

use std::cell::Cell;
use std::ffi::c_int;

use krait_abi as abi;

use super::keys::Ptr;
use super::{Dict, hash_key, key_error};
use crate::gc;
use crate::object::instance_dict;
use crate::prelude::*;
use crate::repr_guard;
use nodes::{End, Nodes};

pub use iterator::OrderedIterator;
pub use views::{OrderedItems, OrderedKeys, OrderedValues};

const MUTATED: &str = "OrderedDict mutated during iteration";

/// A dictionary that remembers the order of its keys, and can change it.
#[pytype(
    name = "collections.OrderedDict",
    symbol = "PyODict_Type",
    base = Dict,
    flags(BASETYPE, HAVE_GC),
    dict = attributes,
    weaklist = weakrefs,
)]
#[repr(C)]
pub struct OrderedDict {
    dict: Dict,
    nodes: Nodes,
    attributes: Slot<Dict>,
    weakrefs: Cell<Ptr>,
}

impl OrderedDict {
    /// An empty one.
    pub fn new(th: &Thread) -> PyResult<Owned<OrderedDict>> {
        let made = call::call(th, Borrowed::from_ref(OrderedDict::type_object()).object(), &[])?;
        // SAFETY: the type makes such objects.
        Ok(unsafe { made.cast() })
    }

    /// `PyODict_SetItem`.
    pub fn set(&self, th: &Thread, key: Borrowed<'_>, value: Borrowed<'_>) -> PyResult<()> {
        let hash = hash_key(th, key)?;
        self.set_hashed(th, key, value, hash)
    }

    fn set_hashed(
        &self,
        th: &Thread,
        key: Borrowed<'_>,
        value: Borrowed<'_>,
        hash: isize,
    ) -> PyResult<()> {
        self.dict.set_hashed(th, key, value, hash)?;
        let Err(raised) = self.nodes.add(th, &self.dict, key, hash) else {
            return Ok(());
        };
        // Without a place in the order it may not stay.
        let exception = th.take_raised(raised);
        if self.dict.pop_hashed(th, key, hash).is_err() {
            drop(th.take_exception());
        }
        Err(th.set_exception(exception.into_object()))
    }

    /// `PyODict_DelItem`.
    pub fn delete(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<()> {
        let hash = hash_key(th, key)?;
        let own_key = self.nodes.remove(th, &self.dict, key, hash)?;
        let value = self.dict.pop_hashed(th, key, hash)?;
        drop(own_key);
        match value {
            Some(_) => Ok(()),
            None => Err(key_error(th, key)),
        }
    }

    fn pop_hashed(
        &self,
        th: &Thread,
        key: Borrowed<'_>,
        hash: isize,
        default: Option<Borrowed<'_>>,
    ) -> PyResult {
        let own_key = self.nodes.remove(th, &self.dict, key, hash)?;
        let value = self.dict.pop_hashed(th, key, hash)?;
        drop(own_key);
        match (value, default) {
            (Some(value), _) => Ok(value),
            (None, Some(default)) => Ok(default.to_owned()),
            (None, None) => Err(key_error(th, key)),
        }
    }

    /// Whether both have the same keys in the same order.
    fn same_order(&self, th: &Thread, other: &OrderedDict) -> PyResult<bool> {
        let states = (self.nodes.state(), other.nodes.state());
        let mut compared = None;
        loop {
            // SAFETY: the lists are as they were when the nodes were found.
            let apart = unsafe { self.nodes.first_apart(&other.nodes, compared) };
            let [(left_key, left), (right_key, right)] = match apart {
                Ok(apart) => apart,
                Err(same_length) => return Ok(same_length),
            };
            let equal = object::eq(th, left_key.borrow(), right_key.borrow())?;
            drop((left_key, right_key));
            if (self.nodes.state(), other.nodes.state()) != states {
                return Err(th.raise(exc::RUNTIME_ERROR, MUTATED));
            }
            if !equal {
                return Ok(false);
            }
            compared = Some((left, right));
        }
    }

    fn is_exact(this: Borrowed<'_, Self>) -> bool {
        this.object().is_exact::<OrderedDict>()
    }
}

#[pymethods(parts(methods))]
impl OrderedDict {
    #[init(sig = "(*args, **kwargs)")]
    fn init(
        this: Borrowed<'_, Self>,
        th: &Thread,
        args: &[Borrowed<'_>],
        kwargs: Kwargs<'_>,
    ) -> PyResult<()> {
        if args.len() > 1 {
            let given = args.len();
            return Err(raise!(th, TYPE_ERROR, "expected at most 1 arguments, got {given}"));
        }
        update::update(th, this, args.first().copied(), kwargs)
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
            None => self.delete(th, key),
        }
    }

    #[slot(nb_or)]
    fn or(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        let (this, other) =
            if left.downcast::<OrderedDict>().is_some() { (left, right) } else { (right, left) };
        if other.downcast::<Dict>().is_none() {
            return Ok(not_implemented().to_owned());
        }
        let made = call::call(th, this.get().ty().object(), &[left])?;
        update::update_from(th, made.borrow(), right)?;
        Ok(made)
    }

    #[slot(nb_inplace_or)]
    fn or_in_place(this: Borrowed<'_, Self>, th: &Thread, other: Borrowed<'_>) -> PyResult {
        update::update_from(th, this.object(), other)?;
        Ok(this.object().to_owned())
    }

    #[slot(tp_iter)]
    fn iter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        OrderedIterator::new(th, this, iterator::KEYS, false)
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let class = this.object().get().ty().to_owned();
        if this.dict.is_empty() {
            return Str::from_fmt(th, format_args!("{}()", class.name()));
        }
        let Some(_guard) = repr_guard::enter(th, this.object()) else {
            return Str::new(th, "...");
        };
        let copy = if OrderedDict::is_exact(this) {
            let copy = Dict::new(th)?;
            copy.merge(th, this.object(), true)?;
            copy.into_object()
        } else {
            let dict = Borrowed::from_ref(Dict::type_object());
            call::call(th, dict.object(), &[this.object()])?
        };
        let content = object::repr(th, copy.borrow())?;
        Str::from_fmt(th, format_args!("{}({})", class.name(), &*content))
    }

    #[slot(tp_richcompare)]
    fn compare(
        this: Borrowed<'_, Self>,
        th: &Thread,
        other: Borrowed<'_>,
        op: CompareOp,
    ) -> PyResult {
        let (Some(dict), CompareOp::Eq | CompareOp::Ne) = (other.downcast::<Dict>(), op) else {
            return Ok(not_implemented().to_owned());
        };
        let mut equal = this.dict.equals(th, &dict)?;
        if let (true, Some(other)) = (equal, other.downcast::<OrderedDict>()) {
            equal = this.same_order(th, &other)?;
        }
        Ok(bool_object(equal == (op == CompareOp::Eq)).object().to_owned())
    }

    #[slot(tp_traverse)]
    unsafe extern "C" fn traverse(
        ob: Ptr,
        visit: abi::visitproc,
        arg: *mut std::ffi::c_void,
    ) -> c_int {
        // SAFETY: the collector's call, passed on to the base.
        unsafe {
            let mut visitor = Visitor::new(visit, arg);
            let this: Borrowed<'_, OrderedDict> = Borrowed::from_ptr(ob);
            let mut stop = visitor.visit(this.attributes.get());
            if stop == 0 {
                stop = this.nodes.visit(&mut visitor);
            }
            match Dict::type_object().raw().tp_traverse {
                Some(traverse) if stop == 0 => traverse(ob, visit, arg),
                _ => stop,
            }
        }
    }

    #[slot(tp_clear)]
    fn clear_for_gc(&self) {
        drop(self.attributes.take());
        self.dict.clear();
        self.nodes.clear(Thread::current());
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone; the base frees the rest.
        unsafe {
            gc::untrack_raw(this.cast());
            if !(*this).weakrefs.get().is_null() {
                crate::weakref::clear_references(this.cast());
            }
            drop((*this).attributes.take());
            (*this).nodes.clear(Thread::current());
            if let Some(dealloc) = Dict::type_object().raw().tp_dealloc {
                dealloc(this.cast());
            }
        }
    }
}

#[pymethods(part = "methods")]
impl OrderedDict {
    /// Make a dictionary of the class that has the keys of an iterable, all with the same value.
    #[classmethod(sig = "(type, /, iterable, value=None)")]
    fn fromkeys(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        iterable: Borrowed<'_>,
        value: Option<Borrowed<'_>>,
    ) -> PyResult {
        let value = value.unwrap_or(none());
        let made = call::call(th, cls.object(), &[])?;
        iter::for_each(th, iterable, &mut |key| {
            object::set_item(th, made.borrow(), key.borrow(), value)
        })?;
        Ok(made)
    }

    /// Return how many bytes it takes in memory.
    #[method(sig = "(self, /)")]
    fn __sizeof__(&self) -> usize {
        let nodes = if self.nodes.is_empty() { 0 } else { self.dict.len() * nodes::NODE_SIZE };
        self.dict.byte_size() + self.nodes.places_size() + nodes
    }

    /// What pickle and copy need to make the object anew.
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Tuple>> {
        let state = call::call_method(th, this.object(), id::__getstate__, &[])?;
        let items = call::call_method(th, this.object(), id::items, &[])?;
        let items = iter::get_iter(th, items.borrow())?;
        let class = this.object().get().ty().object().to_owned();
        let arguments = Tuple::empty().object().to_owned();
        Tuple::pack(th, [class, arguments, state, none().to_owned(), items])
    }

    /// Return the value of key; a missing key is added first, with default as its value.
    #[method(sig = "(self, /, key, default=None)")]
    fn setdefault(
        this: Borrowed<'_, Self>,
        th: &Thread,
        key: Borrowed<'_>,
        default: Option<Borrowed<'_>>,
    ) -> PyResult {
        let default = default.unwrap_or(none());
        if OrderedDict::is_exact(this) {
            let hash = hash_key(th, key)?;
            if let Some(found) = this.dict.get_hashed(th, key, hash)? {
                return Ok(found);
            }
            this.set_hashed(th, key, default, hash)?;
            return Ok(default.to_owned());
        }
        if sequence::contains(th, this.object(), key)? {
            return object::get_item(th, this.object(), key);
        }
        object::set_item(th, this.object(), key, default)?;
        Ok(default.to_owned())
    }

    /// Take a key out and return its value.
    ///
    /// If there is no such key, return the default; without one, raise KeyError.
    #[method(sig = "(self, /, key, default=<unrepresentable>)")]
    fn pop(
        &self,
        th: &Thread,
        key: Borrowed<'_>,
        #[default(None)] default: Option<Borrowed<'_>>,
    ) -> PyResult {
        let hash = hash_key(th, key)?;
        self.pop_hashed(th, key, hash, default)
    }

    /// Remove and return a pair of key and value: the last one, or the first one if last is false.
    #[method(sig = "(self, /, last=True)")]
    fn popitem(&self, th: &Thread, last: bool) -> PyResult<Owned<Tuple>> {
        let Some((key, hash)) = self.nodes.end(if last { End::Last } else { End::First }) else {
            return Err(th.raise(exc::KEY_ERROR, "dictionary is empty"));
        };
        let value = self.pop_hashed(th, key.borrow(), hash, None)?;
        Tuple::pack(th, [key, value])
    }

    /// Return an object that shows the keys, as a set.
    #[method(sig = "(self, /)")]
    fn keys(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        OrderedKeys::new(th, this)
    }

    /// Return an object that shows the values.
    #[method(sig = "(self, /)")]
    fn values(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        OrderedValues::new(th, this)
    }

    /// Return an object that shows the pairs of key and value, as a set.
    #[method(sig = "(self, /)")]
    fn items(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        OrderedItems::new(th, this)
    }

    /// Take over the entries of a mapping or of an iterable of pairs, and those given as keywords.
    #[method(sig = "(self, /, *args, **kwargs)", no_text)]
    fn update(
        this: Borrowed<'_, Self>,
        th: &Thread,
        args: &[Borrowed<'_>],
        kwargs: Kwargs<'_>,
    ) -> PyResult<()> {
        if args.len() > 1 {
            let given = args.len();
            return Err(raise!(
                th,
                TYPE_ERROR,
                "update() takes at most 1 positional argument ({given} given)"
            ));
        }
        update::update(th, this, args.first().copied(), kwargs)
    }

    /// Remove all entries.
    #[method(sig = "(self, /)")]
    fn clear(&self, th: &Thread) {
        self.dict.clear();
        self.nodes.clear(th);
    }

    /// Return a copy with the same keys and values.
    #[method(sig = "(self, /)")]
    fn copy(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        if OrderedDict::is_exact(this) {
            let copy = OrderedDict::new(th)?;
            this.nodes.for_each(th, |key, hash| match this.dict.get(th, key.borrow())? {
                Some(value) => copy.set_hashed(th, key.borrow(), value.borrow(), hash),
                None => Err(key_error(th, key.borrow())),
            })?;
            return Ok(copy.into_object());
        }
        let copy = call::call(th, this.object().get().ty().object(), &[])?;
        this.nodes.for_each(th, |key, _| {
            let value = object::get_item(th, this.object(), key.borrow())?;
            object::set_item(th, copy.borrow(), key.borrow(), value.borrow())
        })?;
        Ok(copy)
    }

    /// Return an iterator over the keys from the last to the first.
    #[method(sig = "(self, /)")]
    fn __reversed__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        OrderedIterator::new(th, this, iterator::KEYS, true)
    }

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

    /// Make a key the last one, or the first one if last is false.
    ///
    /// Raise KeyError if it is not there.
    #[method(sig = "(self, /, key, last=True)")]
    fn move_to_end(&self, th: &Thread, key: Borrowed<'_>, last: bool) -> PyResult<()> {
        let found = match self.nodes.is_empty() {
            true => None,
            false => {
                let hash = hash_key(th, key)?;
                self.nodes.find(th, &self.dict, key, hash)?
            }
        };
        let Some(node) = found else {
            return Err(key_error(th, key));
        };
        // SAFETY: the node was found just now.
        unsafe { self.nodes.move_to(node, if last { End::Last } else { End::First }) };
        Ok(())
    }
}
