//! `chain`, `starmap`, `zip_longest`: several iterables as one.

use std::cell::Cell;

use krait_objects::iterators::enumerate::give_pair;
use krait_objects::prelude::*;
use krait_objects::protocol::sequence;

/// Go through several iterables one after the other, as if they were one.
#[pytype(name = "itertools.chain", new = "(*iterables)", flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct Chain {
    head: Head,
    /// Over the iterables; empty at the end.
    #[visit]
    source: Slot,
    /// Over the current one.
    #[visit]
    active: Slot,
}

impl Chain {
    fn over(
        th: &Thread,
        cls: Borrowed<'_, Type>,
        iterables: Borrowed<'_>,
    ) -> PyResult<Owned<Chain>> {
        let source = iter::get_iter(th, iterables)?;
        let chain = cls.alloc::<Chain>(th, 0)?;
        chain.source.set(Some(source));
        Ok(chain)
    }

    /// The first item of the iterables that come after the current one, which has ended.
    #[inline(never)]
    fn next_of_others(&self, th: &Thread) -> PyResult<Option<Owned>> {
        loop {
            drop(self.active.take());
            let Some(source) = self.source.get_owned() else {
                return Ok(None);
            };
            // An error in finding the next iterable ends the chain.
            let iterator = iter::next(th, source.borrow()).and_then(|iterable| {
                iterable.map(|iterable| iter::get_iter(th, iterable.borrow())).transpose()
            });
            let Ok(Some(iterator)) = iterator else {
                drop(self.source.take());
                return iterator;
            };
            self.active.set(Some(iterator.clone()));
            if let Some(item) = iter::next(th, iterator.borrow())? {
                return Ok(Some(item));
            }
        }
    }
}

#[pymethods]
impl Chain {
    #[new(sig = "(*iterables)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        iterables: &[Borrowed<'_>],
    ) -> PyResult<Owned<Chain>> {
        let iterables = Tuple::from_slice(th, iterables)?;
        Chain::over(th, cls, iterables.object())
    }

    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        // Mostly there is a current one, which has something to give.
        if let Some(active) = self.active.get_owned()
            && let Some(item) = iter::next(th, active.borrow())?
        {
            return Ok(Some(item));
        }
        self.next_of_others(th)
    }

    /// The same as chain(*iterable), except that the iterables are fetched only when their turn comes.
    #[classmethod(sig = "(type, iterable, /)")]
    fn from_iterable(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        iterable: Borrowed<'_>,
    ) -> PyResult<Owned<Chain>> {
        Chain::over(th, cls, iterable)
    }

    /// A generic alias of the class, for annotations.
    #[classmethod(sig = "(type, object, /)")]
    fn __class_getitem__(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        krait_objects::generic_alias::new(th, cls.object(), object)
    }
}

/// Call a function with the items of each tuple as its arguments, and give the results: function(*item).
#[pytype(name = "itertools.starmap", new = "(function, iterable, /)", flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct StarMap {
    head: Head,
    #[visit]
    function: Slot,
    #[visit]
    iterator: Slot,
}

#[pymethods]
impl StarMap {
    #[new(sig = "(function, iterable, /)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        function: Borrowed<'_>,
        iterable: Borrowed<'_>,
    ) -> PyResult<Owned<StarMap>> {
        let iterator = iter::get_iter(th, iterable)?;
        let starmap = cls.alloc::<StarMap>(th, 0)?;
        starmap.function.set(Some(function.to_owned()));
        starmap.iterator.set(Some(iterator));
        Ok(starmap)
    }

    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let (Some(function), Some(iterator)) = (self.function.get(), self.iterator.get()) else {
            return Ok(None);
        };
        let Some(arguments) = iter::next(th, iterator)? else {
            return Ok(None);
        };
        if let Some(arguments) = arguments.borrow().downcast_exact::<Tuple>() {
            return call::call(th, function, arguments.get().as_slice()).map(Some);
        }
        let arguments = sequence::tuple(th, arguments.borrow())?;
        call::call(th, function, arguments.as_slice()).map(Some)
    }
}

/// Like zip(), but going on until the longest iterable ends.
///
/// The place of an item of those that ended before is taken by fillvalue, which is None by default.
#[pytype(
    name = "itertools.zip_longest",
    new = "(*iterables, fillvalue=None)",
    flags(BASETYPE, HAVE_GC)
)]
#[repr(C)]
pub struct ZipLongest {
    head: Head,
    /// A list of the iterators: `None` for those that have ended.
    #[visit]
    iterators: Slot<List>,
    #[visit]
    fill: Slot,
    /// How many have not ended.
    active: Cell<usize>,
    /// The pair given out last, used again if nobody kept it.
    #[visit]
    last: Slot<Tuple>,
}

#[pymethods]
impl ZipLongest {
    #[new(sig = "(*iterables, **kwargs)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        iterables: &[Borrowed<'_>],
        kwargs: Kwargs<'_>,
    ) -> PyResult<Owned<ZipLongest>> {
        let fill = kwargs.get("fillvalue");
        if kwargs.len() > usize::from(fill.is_some()) {
            return Err(
                th.raise(exc::TYPE_ERROR, "zip_longest() got an unexpected keyword argument")
            );
        }
        let iterators = List::with_capacity(th, iterables.len())?;
        for &iterable in iterables {
            iterators.push(th, iter::get_iter(th, iterable)?)?;
        }
        let zip = cls.alloc::<ZipLongest>(th, 0)?;
        zip.iterators.set(Some(iterators));
        zip.fill.set(Some(fill.unwrap_or_else(|| none().to_owned())));
        zip.active.set(iterables.len());
        if iterables.len() == 2 {
            zip.last.set(Some(Tuple::from_slice(th, &[none(), none()])?));
        }
        Ok(zip)
    }

    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        // Both stay as they are while somebody asks for items.
        let (Some(iterators), Some(fill)) = (self.iterators.get(), self.fill.get()) else {
            return Ok(None);
        };
        if self.active.get() == 0 {
            return Ok(None);
        }
        let iterators = iterators.get();
        if iterators.len() == 2 {
            let Some(left) = self.item(th, iterators, 0, fill)? else {
                return Ok(None);
            };
            let Some(right) = self.item(th, iterators, 1, fill)? else {
                return Ok(None);
            };
            return give_pair(th, &self.last, left, right).map(Some);
        }
        self.many(th, iterators, fill)
    }
}

impl ZipLongest {
    /// The next tuple of any number of items but two.
    #[inline(never)]
    fn many(&self, th: &Thread, iterators: &List, fill: Borrowed<'_>) -> PyResult<Option<Owned>> {
        let mut items = Vec::with_capacity(iterators.len());
        for at in 0..iterators.len() {
            match self.item(th, iterators, at, fill)? {
                Some(item) => items.push(item),
                None => return Ok(None),
            }
        }
        Tuple::from_vec(th, items).map(|tuple| Some(tuple.into_object()))
    }

    /// What the iterator `at` has to give, or what stands for it; `None` once all have ended.
    #[inline(always)]
    fn item(
        &self,
        th: &Thread,
        iterators: &List,
        at: usize,
        fill: Borrowed<'_>,
    ) -> PyResult<Option<Owned>> {
        // Held, as whatever it runs may end this object's iteration and so let go of it.
        let Some(iterator) = iterators.get(at).filter(|iterator| !iterator.is_none()) else {
            return Ok(Some(fill.to_owned()));
        };
        match iter::next(th, iterator.borrow()) {
            Ok(Some(item)) => Ok(Some(item)),
            ended => self.ended(iterators, at, fill, ended),
        }
    }

    /// The iterator `at` has given nothing: what stands for its item, if another one goes on.
    #[inline(never)]
    fn ended(
        &self,
        iterators: &List,
        at: usize,
        fill: Borrowed<'_>,
        ended: PyResult<Option<Owned>>,
    ) -> PyResult<Option<Owned>> {
        if let Err(raised) = ended {
            self.active.set(0);
            return Err(raised);
        }
        self.active.set(self.active.get().saturating_sub(1));
        if self.active.get() == 0 {
            return Ok(None);
        }
        drop(iterators.replace(at, none().to_owned()));
        Ok(Some(fill.to_owned()))
    }
}
