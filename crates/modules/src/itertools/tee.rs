//! `tee`: several iterators over one, which remember what some have read and others have not.
//!
//! ```text
//! tee -> data (57 items, full) -> data (some items) <- tee
//! ```

use std::cell::{Cell, RefCell};

use krait_abi as abi;
use krait_objects::gc::Visit;
use krait_objects::prelude::*;

/// How many items a link of the chain holds.
const LINK: usize = 57;

/// Items that were read. Memory that starts as zeros holds none.
#[allow(clippy::box_collection)] // zeroed memory is a valid `None` only of a box
struct Items(RefCell<Option<Box<Vec<Owned>>>>);

impl Visit for Items {
    fn visit(&self, visitor: &mut Visitor<'_>) -> std::ffi::c_int {
        let Ok(items) = self.0.try_borrow() else {
            return 0;
        };
        for item in items.iter().flat_map(|items| items.iter()) {
            let stop = visitor.visit(Some(item.borrow()));
            if stop != 0 {
                return stop;
            }
        }
        0
    }

    fn clear(&self) {
        let items = self.0.borrow_mut().take();
        drop(items);
    }
}

/// teedataobject(iterable, values, next, /)
/// --
///
/// A stretch of items that have been read already, for those iterators of tee() that are behind.
#[pytype(name = "itertools._tee_dataobject", flags(HAVE_GC))]
#[repr(C)]
pub struct TeeData {
    head: Head,
    #[visit]
    iterator: Slot,
    #[visit]
    items: Items,
    #[visit]
    next: Slot<TeeData>,
    running: Cell<bool>,
}

impl TeeData {
    fn over(th: &Thread, iterator: Owned) -> PyResult<Owned<TeeData>> {
        let data = Borrowed::from_ref(TeeData::type_object()).alloc::<TeeData>(th, 0)?;
        data.iterator.set(Some(iterator));
        Ok(data)
    }

    fn count(&self) -> usize {
        self.items.0.borrow().as_ref().map_or(0, |items| items.len())
    }

    /// The item at `index`, read now if nobody has read it before.
    fn item(&self, th: &Thread, index: usize) -> PyResult<Option<Owned>> {
        if let Some(items) = self.items.0.borrow().as_ref() {
            if let Some(item) = items.get(index) {
                return Ok(Some(item.clone()));
            }
        }
        if self.running.get() {
            return Err(th.raise(exc::RUNTIME_ERROR, "cannot re-enter the tee iterator"));
        }
        let Some(iterator) = self.iterator.get_owned() else {
            return Ok(None);
        };
        self.running.set(true);
        let item = iter::next(th, iterator.borrow());
        self.running.set(false);
        let Some(item) = item? else {
            return Ok(None);
        };
        let mut items = self.items.0.borrow_mut();
        items.get_or_insert_with(|| Box::new(Vec::with_capacity(LINK))).push(item.clone());
        Ok(Some(item))
    }

    /// The link behind this full one.
    fn following(&self, th: &Thread) -> PyResult<Owned<TeeData>> {
        if let Some(next) = self.next.get_owned() {
            return Ok(next);
        }
        let iterator = self.iterator.get_owned().unwrap_or_else(|| none().to_owned());
        let next = TeeData::over(th, iterator)?;
        self.next.set(Some(next.clone()));
        Ok(next)
    }
}

#[pymethods]
impl TeeData {
    #[new(sig = "(iterable, values, next, /)")]
    fn new(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        iterable: Borrowed<'_>,
        values: Borrowed<'_, List>,
        next: Borrowed<'_>,
    ) -> PyResult<Owned<TeeData>> {
        let data = TeeData::over(th, iterable.to_owned())?;
        let items = values.to_vec();
        let wrong = || th.raise(exc::VALUE_ERROR, "Invalid arguments");
        if items.len() > LINK || (items.len() < LINK && !next.is_none()) {
            return Err(wrong());
        }
        if !next.is_none() {
            let next = next.downcast_exact::<TeeData>().ok_or_else(wrong)?;
            data.next.set(Some(next.to_owned()));
        }
        *data.items.0.borrow_mut() = Some(Box::new(items));
        Ok(data)
    }
}

/// One of the iterators that tee() makes; copies of it go on from the same place on their own.
#[pytype(name = "itertools._tee", new = "(iterable, /)", flags(HAVE_GC), weaklist = weakrefs)]
#[repr(C)]
pub struct Tee {
    head: Head,
    #[visit]
    data: Slot<TeeData>,
    index: Cell<usize>,
    weakrefs: Cell<*mut abi::PyObject>,
}

impl Tee {
    fn at(th: &Thread, data: Owned<TeeData>, index: usize) -> PyResult<Owned<Tee>> {
        let tee = Borrowed::from_ref(Tee::type_object()).alloc::<Tee>(th, 0)?;
        tee.data.set(Some(data));
        tee.index.set(index);
        Ok(tee)
    }

    /// An independent iterator over an iterable; a copy, if that is one already.
    fn over(th: &Thread, iterable: Borrowed<'_>) -> PyResult<Owned<Tee>> {
        let iterator = iter::get_iter(th, iterable)?;
        if let Some(tee) = iterator.borrow().downcast_exact::<Tee>() {
            return tee.copied(th);
        }
        let data = TeeData::over(th, iterator)?;
        Tee::at(th, data, 0)
    }

    fn copied(&self, th: &Thread) -> PyResult<Owned<Tee>> {
        match self.data.get_owned() {
            Some(data) => Tee::at(th, data, self.index.get()),
            None => Err(th.bad_internal_call()),
        }
    }
}

#[pymethods]
impl Tee {
    #[new(sig = "(iterable, /)")]
    fn new(_cls: Borrowed<'_, Type>, th: &Thread, iterable: Borrowed<'_>) -> PyResult<Owned<Tee>> {
        Tee::over(th, iterable)
    }

    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let Some(mut data) = self.data.get_owned() else {
            return Ok(None);
        };
        if self.index.get() >= LINK && data.count() >= LINK {
            data = data.following(th)?;
            self.data.set(Some(data.clone()));
            self.index.set(0);
        }
        let item = data.item(th, self.index.get())?;
        if item.is_some() {
            self.index.set(self.index.get() + 1);
        }
        Ok(item)
    }

    /// Another iterator at the same place, which moves on its own.
    #[method(sig = "(self, /)")]
    fn __copy__(&self, th: &Thread) -> PyResult<Owned<Tee>> {
        self.copied(th)
    }
}

pub fn tee(th: &Thread, iterable: Borrowed<'_>, n: isize) -> PyResult<Owned<Tuple>> {
    let Ok(n) = usize::try_from(n) else {
        return Err(th.raise(exc::VALUE_ERROR, "n must be >= 0"));
    };
    if n == 0 {
        return Ok(Tuple::empty().to_owned());
    }
    let first = Tee::over(th, iterable)?;
    let mut all = Vec::new();
    all.try_reserve_exact(n).map_err(|_| th.no_memory())?;
    for _ in 1..n {
        all.push(first.copied(th)?.into_object());
    }
    all.insert(0, first.into_object());
    Tuple::from_vec(th, all)
}
