//! `count`, `cycle`, `repeat`, `accumulate`.

use std::cell::Cell;

use krait_objects::prelude::*;

/// Count without end: start, start + step, start + 2 * step, and so on.
#[pytype(name = "itertools.count", new = "(start=0, step=1)", flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct Count {
    head: Head,
    /// The next value, while it is a machine integer and the step is 1.
    small: Cell<isize>,
    /// The next value otherwise.
    #[visit]
    value: Slot,
    #[visit]
    step: Slot,
}

/// `PyNumber_Check`.
fn is_number(ob: Borrowed<'_>) -> bool {
    // SAFETY: the number table of a live type.
    unsafe {
        ob.ty().raw().tp_as_number.as_ref().is_some_and(|table| {
            table.nb_index.is_some() || table.nb_int.is_some() || table.nb_float.is_some()
        }) || ob.downcast::<krait_objects::complex::Complex>().is_some()
    }
}

fn exact_int(ob: Borrowed<'_>) -> Option<i64> {
    ob.downcast_exact::<Int>().and_then(|int| int.to_i64())
}

/// The sum of two exact ints of a digit.
#[inline(always)]
fn sum(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> Option<PyResult> {
    let left = left.downcast_exact::<Int>().filter(|int| int.is_compact())?.compact_value();
    let right = right.downcast_exact::<Int>().filter(|int| int.is_compact())?.compact_value();
    Some(Int::from_i64(th, left + right).map(Owned::into_object))
}

#[pymethods]
impl Count {
    #[new(sig = "(start=<unrepresentable>, step=<unrepresentable>)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        #[default(None)] start: Option<Borrowed<'_>>,
        #[default(None)] step: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Count>> {
        if [start, step].into_iter().flatten().any(|part| !is_number(part)) {
            return Err(th.raise(exc::TYPE_ERROR, "a number is required"));
        }
        let start = match start {
            Some(start) => start.to_owned(),
            None => Int::from_i64(th, 0)?.into_object(),
        };
        let step = match step {
            Some(step) => step.to_owned(),
            None => Int::from_i64(th, 1)?.into_object(),
        };
        let count = cls.alloc::<Count>(th, 0)?;
        match (exact_int(start.borrow()), exact_int(step.borrow())) {
            (Some(small), Some(1)) if small < i64::MAX => count.small.set(small as isize),
            _ => count.value.set(Some(start)),
        }
        count.step.set(Some(step));
        Ok(count)
    }

    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let Some(value) = self.value.get_owned() else {
            let small = self.small.get();
            let value = Int::from_isize(th, small)?.into_object();
            if small == isize::MAX - 1 {
                // From here on the numbers may not fit.
                self.value.set(Some(Int::from_isize(th, isize::MAX)?.into_object()));
            }
            self.small.set(small + 1);
            return Ok(Some(value));
        };
        let Some(step) = self.step.get() else {
            return Ok(None);
        };
        let next = match sum(th, value.borrow(), step) {
            Some(next) => next?,
            None => number::add(th, value.borrow(), step)?,
        };
        self.value.set(Some(next));
        Ok(Some(value))
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let name = this.object().get().ty().name().to_string();
        let value = match this.value.get_owned() {
            Some(value) => value,
            None => Int::from_isize(th, this.small.get())?.into_object(),
        };
        let value = object::repr(th, value.borrow())?;
        match this.step.get_owned() {
            Some(step) if exact_int(step.borrow()) != Some(1) => {
                let step = object::repr(th, step.borrow())?;
                Str::from_fmt(th, format_args!("{name}({}, {})", &*value, &*step))
            }
            _ => Str::from_fmt(th, format_args!("{name}({})", &*value)),
        }
    }
}

/// Give all items, and then the same ones again, over and over.
#[pytype(name = "itertools.cycle", new = "(iterable, /)", flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct Cycle {
    head: Head,
    /// Empty once all items are saved.
    #[visit]
    iterator: Slot,
    #[visit]
    saved: Slot<List>,
    index: Cell<usize>,
}

#[pymethods]
impl Cycle {
    #[new(sig = "(iterable, /)")]
    fn new(cls: Borrowed<'_, Type>, th: &Thread, iterable: Borrowed<'_>) -> PyResult<Owned<Cycle>> {
        let iterator = iter::get_iter(th, iterable)?;
        let cycle = cls.alloc::<Cycle>(th, 0)?;
        cycle.iterator.set(Some(iterator));
        cycle.saved.set(Some(List::new(th)?));
        Ok(cycle)
    }

    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let Some(saved) = self.saved.get() else {
            return Ok(None);
        };
        if let Some(iterator) = self.iterator.get_owned() {
            if let Some(item) = iter::next(th, iterator.borrow())? {
                saved.push(th, item.clone())?;
                return Ok(Some(item));
            }
            drop(self.iterator.take());
        }
        let index = self.index.get();
        let Some(item) = saved.get().get(index) else {
            return Ok(None);
        };
        self.index.set(if index + 1 >= saved.len() { 0 } else { index + 1 });
        Ok(Some(item))
    }
}

/// repeat(object [,times])
///
/// Give one object over and over: as often as times says, or without end if that is left out.
#[pytype(name = "itertools.repeat", flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct Repeat {
    head: Head,
    #[visit]
    element: Slot,
    /// How often still; -1 for without end.
    left: Cell<isize>,
}

#[pymethods]
impl Repeat {
    #[new(sig = "(object, times=<unrepresentable>)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        object: Borrowed<'_>,
        #[default(None)] times: Option<isize>,
    ) -> PyResult<Owned<Repeat>> {
        let repeat = cls.alloc::<Repeat>(th, 0)?;
        repeat.element.set(Some(object.to_owned()));
        repeat.left.set(times.map_or(-1, |times| times.max(0)));
        Ok(repeat)
    }

    #[slot(tp_iternext)]
    fn next(&self) -> PyResult<Option<Owned>> {
        let left = self.left.get();
        // Negative without an end.
        if left >= 0 {
            if left == 0 {
                return Ok(None);
            }
            self.left.set(left - 1);
        }
        Ok(self.element.get_owned())
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let name = this.object().get().ty().name().to_string();
        let element = this.element.get_owned().unwrap_or_else(|| none().to_owned());
        let element = object::repr(th, element.borrow())?;
        match this.left.get() {
            -1 => Str::from_fmt(th, format_args!("{name}({})", &*element)),
            left => Str::from_fmt(th, format_args!("{name}({}, {left})", &*element)),
        }
    }

    /// About how many items are still to come.
    #[method(sig = "(self, /)")]
    fn __length_hint__(&self, th: &Thread) -> PyResult<isize> {
        match self.left.get() {
            -1 => Err(th.raise(exc::TYPE_ERROR, "len() of unsized object")),
            left => Ok(left),
        }
    }
}

/// Running totals: each result is the previous one plus the next item.
///
/// func is called in place of the addition; initial, if given, is the first result.
#[pytype(
    name = "itertools.accumulate",
    new = "(iterable, func=None, *, initial=None)",
    flags(BASETYPE, HAVE_GC)
)]
#[repr(C)]
pub struct Accumulate {
    head: Head,
    #[visit]
    total: Slot,
    #[visit]
    iterator: Slot,
    #[visit]
    function: Slot,
    #[visit]
    initial: Slot,
}

#[pymethods]
impl Accumulate {
    #[new(sig = "(iterable, func=None, *, initial=None)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        iterable: Borrowed<'_>,
        func: Option<Borrowed<'_>>,
        initial: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Accumulate>> {
        let iterator = iter::get_iter(th, iterable)?;
        let accumulate = cls.alloc::<Accumulate>(th, 0)?;
        accumulate.iterator.set(Some(iterator));
        accumulate.function.set(func.map(Borrowed::to_owned));
        accumulate.initial.set(initial.map(Borrowed::to_owned));
        Ok(accumulate)
    }

    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        if let Some(initial) = self.initial.take() {
            self.total.set(Some(initial.clone()));
            return Ok(Some(initial));
        }
        let Some(iterator) = self.iterator.get() else {
            return Ok(None);
        };
        let Some(value) = iter::next(th, iterator)? else {
            return Ok(None);
        };
        let total = match (self.total.get_owned(), self.function.get()) {
            (None, _) => value,
            (Some(total), None) => match sum(th, total.borrow(), value.borrow()) {
                Some(total) => total?,
                None => number::add(th, total.borrow(), value.borrow())?,
            },
            (Some(total), Some(function)) => {
                call::call(th, function, &[total.borrow(), value.borrow()])?
            }
        };
        self.total.set(Some(total.clone()));
        Ok(Some(total))
    }
}
