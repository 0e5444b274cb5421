//! What `date.isocalendar()` returns: a tuple whose items have names.

use krait_abi as abi;
use krait_objects::args::ToObject;
use krait_objects::gc;
use krait_objects::prelude::*;

use crate::getargs::{Arguments, Format, given_tuple};

/// What isocalendar() returns: a tuple of ISO year, week and weekday, which are attributes too.
#[pytype(name = "datetime.IsoCalendarDate", base = Tuple, itemsize = 8)]
#[repr(C)]
pub struct IsoCalendarDate {
    base: Tuple,
}

static FORMAT: Format = Format::new(Some("IsoCalendarDate"), &["year", "week", "weekday"], 3);

impl IsoCalendarDate {
    pub fn new(th: &Thread, year: i32, week: i32, weekday: i32) -> PyResult {
        let cls = Borrowed::from_ref(IsoCalendarDate::type_object());
        let values = [year, week, weekday].map(|value| Int::from_i64(th, value.into()));
        let [year, week, weekday] = values;
        let made = cls.alloc::<Tuple>(th, 3)?;
        for (at, value) in [year?, week?, weekday?].into_iter().enumerate() {
            // SAFETY: `alloc` made room for three items, which are null.
            unsafe { made.items().add(at).write(value.into_ptr()) };
        }
        Ok(made.into_object())
    }

    fn item(&self, at: usize) -> PyResult {
        Ok(self.base.get(at).unwrap_or(none()).to_owned())
    }
}

#[pymethods]
impl IsoCalendarDate {
    #[slot(tp_new)]
    fn new_slot(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let mut arguments = Arguments::new(th, &FORMAT, given_tuple(args, kwargs))?;
        let (year, week) = (arguments.int_or(th, 0)?, arguments.int_or(th, 0)?);
        let weekday = arguments.int_or(th, 0)?;
        arguments.finish(th)?;
        IsoCalendarDate::new(th, year, week, weekday)
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference is gone; the items are released before the memory.
        unsafe {
            let ob: *mut abi::PyObject = this.cast();
            gc::untrack_raw(ob);
            let tuple: Borrowed<'_, Tuple> = Borrowed::from_ptr(ob);
            for at in 0..tuple.len() {
                let item = std::mem::replace(&mut *tuple.items().add(at), std::ptr::null_mut());
                drop(Owned::<Object>::from_ptr_or_null(item));
            }
            if let Some(free) = (*(*ob).ob_type).tp_free {
                free(ob.cast());
            }
        }
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let [year, week, weekday] = [0, 1, 2].map(|at| this.item(at));
        let (year, week) = (object::str(th, year?.object())?, object::str(th, week?.object())?);
        let weekday = object::str(th, weekday?.object())?;
        let name = this.object().get().type_name();
        Str::from_fmt(
            th,
            format_args!("{name}(year={}, week={}, weekday={})", *year, *week, *weekday),
        )
    }

    #[getter]
    fn year(&self) -> PyResult {
        self.item(0)
    }

    #[getter]
    fn week(&self) -> PyResult {
        self.item(1)
    }

    #[getter]
    fn weekday(&self) -> PyResult {
        self.item(2)
    }

    /// Return a plain tuple: the class has no public name.
    #[method(sig = "(self, /)")]
    fn __reduce__(&self, th: &Thread) -> PyResult {
        let plain = Tuple::from_slice(th, self.base.as_slice())?;
        let arguments = Tuple::pack(th, [plain.into_object()])?;
        (Borrowed::from_ref(Tuple::type_object()), arguments).to_object(th)
    }
}
