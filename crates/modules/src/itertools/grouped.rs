//! `batched`, `pairwise`, `groupby`: an iterable in pieces.

use std::cell::Cell;

use krait_objects::iterators::enumerate::give_pair;
use krait_objects::prelude::*;

/// Gather items into tuples of n. If they do not come out even, the last tuple is shorter, or,
/// with strict, a ValueError is raised for it.
///
///     >>> list(batched('ABCDE', 2))
///     [('A', 'B'), ('C', 'D'), ('E',)]
#[pytype(
    name = "itertools.batched",
    new = "(iterable, n, *, strict=False)",
    flags(BASETYPE, HAVE_GC)
)]
#[repr(C)]
pub struct Batched {
    head: Head,
    /// Empty at the end.
    #[visit]
    iterator: Slot,
    size: Cell<isize>,
    strict: Cell<bool>,
}

#[pymethods]
impl Batched {
    #[new(sig = "(iterable, n, *, strict=False)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        iterable: Borrowed<'_>,
        n: isize,
        strict: bool,
    ) -> PyResult<Owned<Batched>> {
        if n < 1 {
            return Err(th.raise(exc::VALUE_ERROR, "n must be at least one"));
        }
        let iterator = iter::get_iter(th, iterable)?;
        let batched = cls.alloc::<Batched>(th, 0)?;
        batched.iterator.set(Some(iterator));
        batched.size.set(n);
        batched.strict.set(strict);
        Ok(batched)
    }

    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let Some(iterator) = self.iterator.get_owned() else {
            return Ok(None);
        };
        let size = self.size.get() as usize;
        let mut items = Vec::with_capacity(size.min(64));
        while items.len() < size {
            match iter::next(th, iterator.borrow())? {
                Some(item) => items.push(item),
                None => break,
            }
        }
        if items.len() < size {
            drop(self.iterator.take());
            if items.is_empty() {
                return Ok(None);
            }
            if self.strict.get() {
                return Err(th.raise(exc::VALUE_ERROR, "batched(): incomplete batch"));
            }
        }
        Tuple::from_vec(th, items).map(|tuple| Some(tuple.into_object()))
    }
}

/// Each item together with the one that follows it, as tuples.
///
/// pairwise('ABCD') --> AB BC CD
#[pytype(name = "itertools.pairwise", new = "(iterable, /)", flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct Pairwise {
    head: Head,
    /// Empty at the end.
    #[visit]
    iterator: Slot,
    #[visit]
    old: Slot,
    /// The pair given out last, used again if nobody kept it.
    #[visit]
    last: Slot<Tuple>,
}

#[pymethods]
impl Pairwise {
    #[new(sig = "(iterable, /)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        iterable: Borrowed<'_>,
    ) -> PyResult<Owned<Pairwise>> {
        let iterator = iter::get_iter(th, iterable)?;
        let pairwise = cls.alloc::<Pairwise>(th, 0)?;
        pairwise.iterator.set(Some(iterator));
        pairwise.last.set(Some(Tuple::from_slice(th, &[none(), none()])?));
        Ok(pairwise)
    }

    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let Some(iterator) = self.iterator.get_owned() else {
            return Ok(None);
        };
        let end = || {
            drop(self.iterator.take());
            drop(self.old.take());
        };
        let old = match self.old.get_owned() {
            Some(old) => old,
            None => match iter::next(th, iterator.borrow()) {
                Ok(Some(first)) => {
                    self.old.set(Some(first.clone()));
                    // Fetching the first may have ended the iteration from within.
                    if self.iterator.get().is_none() {
                        drop(self.old.take());
                        return Ok(None);
                    }
                    first
                }
                other => {
                    end();
                    return other;
                }
            },
        };
        match iter::next(th, iterator.borrow()) {
            Ok(Some(new)) => {
                self.old.set(Some(new.clone()));
                let pair = give_pair(th, &self.last, old, new)?;
                // Whatever it holds, as the reference.
                // SAFETY: a tuple.
                krait_objects::gc::track(th, unsafe { pair.borrow().cast::<Tuple>() });
                Ok(Some(pair))
            }
            other => {
                end();
                other
            }
        }
    }
}

/// Split an iterable wherever the key changes, into pairs of a key and an iterator over its items.
///
///   iterable
///     What to split. Equal keys must stand together to form one group, as they do after sorting.
///   key
///     Maps an item to its key. Without it, or with None, items are their own keys.
#[pytype(name = "itertools.groupby", new = "(iterable, key=None)", flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct GroupBy {
    head: Head,
    #[visit]
    iterator: Slot,
    #[visit]
    key: Slot,
    /// The key of the group given out last.
    #[visit]
    target: Slot,
    /// The item read last, and its key.
    #[visit]
    current_key: Slot,
    #[visit]
    current: Slot,
    /// The group that may still be read, by its address.
    group: Cell<usize>,
}

impl GroupBy {
    /// Reads an item; false at the end.
    fn step(&self, th: &Thread) -> PyResult<bool> {
        let Some(iterator) = self.iterator.get_owned() else {
            return Ok(false);
        };
        let Some(item) = iter::next(th, iterator.borrow())? else {
            return Ok(false);
        };
        let key = match self.key.get_owned() {
            Some(key) => call::call(th, key.borrow(), &[item.borrow()])?,
            None => item.clone(),
        };
        self.current.set(Some(item));
        self.current_key.set(Some(key));
        Ok(true)
    }
}

#[pymethods]
impl GroupBy {
    #[new(sig = "(iterable, key=None)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        iterable: Borrowed<'_>,
        key: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<GroupBy>> {
        let iterator = iter::get_iter(th, iterable)?;
        let groupby = cls.alloc::<GroupBy>(th, 0)?;
        groupby.iterator.set(Some(iterator));
        groupby.key.set(key.map(Borrowed::to_owned));
        Ok(groupby)
    }

    #[slot(tp_iternext)]
    fn next(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Option<Owned>> {
        this.group.set(0);
        // On to the first item of another group.
        let key = loop {
            if let Some(key) = this.current_key.get_owned() {
                let Some(target) = this.target.get_owned() else {
                    break key;
                };
                if !object::eq(th, target.borrow(), key.borrow())? {
                    break key;
                }
            }
            if !this.step(th)? {
                return Ok(None);
            }
        };
        this.target.set(Some(key.clone()));
        let group = Borrowed::from_ref(Grouper::type_object()).alloc::<Grouper>(th, 0)?;
        group.parent.set(Some(this.to_owned()));
        group.target.set(Some(key.clone()));
        this.group.set(group.as_ptr() as usize);
        Tuple::pack(th, [key, group.into_object()]).map(|pair| Some(pair.into_object()))
    }
}

/// The items of one group.
#[pytype(name = "itertools._grouper", flags(HAVE_GC))]
#[repr(C)]
pub struct Grouper {
    head: Head,
    #[visit]
    parent: Slot<GroupBy>,
    #[visit]
    target: Slot,
}

#[pymethods]
impl Grouper {
    #[new(sig = "(parent, tgtkey, /)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        parent: Borrowed<'_, GroupBy>,
        tgtkey: Borrowed<'_>,
    ) -> PyResult<Owned<Grouper>> {
        let group = cls.alloc::<Grouper>(th, 0)?;
        group.parent.set(Some(parent.to_owned()));
        group.target.set(Some(tgtkey.to_owned()));
        parent.group.set(group.as_ptr() as usize);
        Ok(group)
    }

    #[slot(tp_iternext)]
    fn next(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Option<Owned>> {
        let (Some(parent), Some(target)) = (this.parent.get_owned(), this.target.get_owned())
        else {
            return Ok(None);
        };
        if parent.group.get() != this.as_ptr() as usize {
            return Ok(None);
        }
        if parent.current.get().is_none() && !parent.step(th)? {
            return Ok(None);
        }
        let Some(key) = parent.current_key.get_owned() else {
            return Ok(None);
        };
        if !object::eq(th, target.borrow(), key.borrow())? {
            return Ok(None);
        }
        let item = parent.current.take();
        drop(parent.current_key.take());
        Ok(item)
    }
}
