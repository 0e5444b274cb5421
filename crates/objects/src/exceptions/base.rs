//! `BaseException`: what every exception has.
//!
//! The same job as the first part of CPython's `Objects/exceptions.c`.

use std::cell::Cell;

use krait_abi as abi;

use super::text::concat;
use crate::object::instance_dict;
use crate::prelude::*;
use crate::str::Chars;

/// What every exception derives from.
#[pytype(
    name = "BaseException",
    flags(BASETYPE, HAVE_GC, BASE_EXC_SUBCLASS), dict = dict,
)]
#[repr(C)]
pub struct BaseException {
    head: Head,
    #[visit]
    dict: Slot<Dict>,
    #[visit]
    args: Slot<Tuple>,
    #[visit]
    notes: Slot,
    #[visit]
    traceback: Slot,
    #[visit]
    context: Slot,
    #[visit]
    cause: Slot,
    #[member(name = "__suppress_context__")]
    suppress_context: Cell<bool>,
}
assert_layout!(BaseException => abi::PyBaseExceptionObject);

/// For `Cell<bool>` fields made by zeroed memory and C alike.
impl BaseException {
    /// Lets go of all that it refers to.
    pub(super) fn empty(&self) {
        self.dict.set(None);
        self.args.set(Some(Tuple::empty().to_owned()));
        self.notes.set(None);
        self.traceback.set(None);
        self.context.set(None);
        self.cause.set(None);
        self.suppress_context.set(false);
    }

    pub fn args(&self) -> Borrowed<'_, Tuple> {
        self.args.get().unwrap_or(Tuple::empty())
    }

    pub fn set_args(&self, args: Owned<Tuple>) {
        self.args.set(Some(args));
    }

    pub fn traceback(&self) -> Option<Borrowed<'_>> {
        self.traceback.get()
    }

    /// `traceback` is a traceback or nothing.
    pub fn set_traceback(&self, traceback: Option<Owned>) {
        self.traceback.set(traceback);
    }

    pub fn context(&self) -> Option<Borrowed<'_, BaseException>> {
        // SAFETY: only exceptions are put there.
        self.context.get().map(|context| unsafe { context.cast() })
    }

    /// `context` is an exception or nothing.
    pub fn set_context(&self, context: Option<Owned>) {
        self.context.set(context);
    }

    pub fn cause(&self) -> Option<Borrowed<'_, BaseException>> {
        // SAFETY: only exceptions are put there.
        self.cause.get().map(|cause| unsafe { cause.cast() })
    }

    /// As `raise … from cause`: an exception or nothing, and the context is not shown.
    pub fn set_cause(&self, cause: Option<Owned>) {
        self.suppress_context.set(true);
        self.cause.set(cause);
    }

    pub fn suppress_context(&self) -> bool {
        self.suppress_context.get()
    }

    pub fn set_suppress_context(&self, suppress: bool) {
        self.suppress_context.set(suppress);
    }

    /// The instance's `__dict__` as it stands.
    pub(super) fn instance_dict(&self) -> Option<Borrowed<'_, Dict>> {
        self.dict.get()
    }

    /// `add_note`: appends to `__notes__`, a list made for the first.
    pub fn add_note(&self, th: &Thread, note: Borrowed<'_, Str>) -> PyResult<()> {
        let this = Borrowed::from_ref(self).object();
        let notes = match object::get_attr_opt(th, this, id::__notes__)? {
            Some(notes) => notes,
            None => {
                let notes = List::new(th)?.into_object();
                object::set_attr(th, this, id::__notes__, notes.borrow())?;
                notes
            }
        };
        match notes.borrow().downcast::<List>() {
            Some(list) => list.push(th, note.object().to_owned()),
            None => Err(th.raise(exc::TYPE_ERROR, "Cannot add note: __notes__ is not a list")),
        }
    }

    /// What `__reduce__` gives beside the class and the arguments.
    pub(super) fn reduced(&self, th: &Thread, args: Owned<Tuple>) -> PyResult {
        let class = Borrowed::from_ref(self).object().get().ty().to_owned().into_object();
        let parts = match self.dict.get() {
            None => Tuple::pack(th, [class, args.into_object()])?,
            Some(dict) => {
                Tuple::pack(th, [class, args.into_object(), dict.to_owned().into_object()])?
            }
        };
        Ok(parts.into_object())
    }

    /// TypeError unless `kwargs` is empty: exceptions take none.
    pub(super) fn refuse_keywords(
        &self,
        th: &Thread,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        if kwargs.is_none_or(|kwargs| kwargs.is_empty()) {
            return Ok(());
        }
        let name = Borrowed::from_ref(self).object().get().ty().tp_name().to_string();
        Err(raise!(th, TYPE_ERROR, "{name}() takes no keyword arguments"))
    }
}

/// A new instance of `class` with `args`, as `BaseException.__new__` and `__init__` leave it.
pub fn make(
    th: &Thread,
    class: Borrowed<'_, Type>,
    args: Owned<Tuple>,
) -> PyResult<Owned<BaseException>> {
    let exception = class.alloc::<BaseException>(th, 0)?;
    exception.args.set(Some(args));
    Ok(exception)
}

/// `tp_vectorcall` of the classes that add nothing to `BaseException`.
pub(super) unsafe extern "C" fn vectorcall(
    class: *mut abi::PyObject,
    args: *const *mut abi::PyObject,
    nargsf: usize,
    kwnames: *mut abi::PyObject,
) -> *mut abi::PyObject {
    crate::args::shim::object(|th| {
        // SAFETY: C's vectorcall convention; the callable is the class.
        let (class, args) =
            unsafe { (Borrowed::<Type>::from_ptr(class), Args::from_raw(args, nargsf, kwnames)) };
        if args.has_keywords() {
            return Err(raise!(th, TYPE_ERROR, "{}() takes no keyword arguments", class.tp_name()));
        }
        let args = Tuple::from_slice(th, args.positionals())?;
        Ok(make(th, class, args)?.into_object())
    })
}

/// An exception or `None` for a `__cause__` or `__context__`, by Python's rules.
fn checked(
    th: &Thread,
    value: Option<Borrowed<'_>>,
    name: &str,
    what: &str,
) -> PyResult<Option<Owned>> {
    match value {
        None => Err(raise!(th, TYPE_ERROR, "{name} may not be deleted")),
        Some(none) if none.is_none() => Ok(None),
        Some(value) if value.downcast::<BaseException>().is_some() => Ok(Some(value.to_owned())),
        Some(_) => Err(raise!(
            th,
            TYPE_ERROR,
            "exception {what} must be None or derive from BaseException"
        )),
    }
}

/// Whether `ob` is a traceback. That type belongs to the interpreter's loop, above this crate; among built-in
/// types its name is its own.
fn is_traceback(ob: Borrowed<'_>) -> bool {
    let ty = ob.ty();
    ty.has_flag(abi::_Py_TPFLAGS_STATIC_BUILTIN) && ty.tp_name() == "traceback"
}

#[pymethods]
impl BaseException {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        Ok(make(th, cls, args.to_owned())?.into_object())
    }

    #[slot(tp_init)]
    fn init(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        self.refuse_keywords(th, kwargs)?;
        self.args.set(Some(args.to_owned()));
        Ok(())
    }

    #[slot(tp_vectorcall)]
    unsafe extern "C" fn vectorcall(
        class: *mut abi::PyObject,
        args: *const *mut abi::PyObject,
        nargsf: usize,
        kwnames: *mut abi::PyObject,
    ) -> *mut abi::PyObject {
        // SAFETY: the same convention.
        unsafe { vectorcall(class, args, nargsf, kwnames) }
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let args = this.args().to_owned();
        let class = object::type_of(this.object());
        match args.as_slice() {
            [only] => {
                let only = object::repr(th, *only)?;
                concat(
                    th,
                    &[
                        Str::new(th, class.name())?.chars(),
                        Chars::One(b"("),
                        only.chars(),
                        Chars::One(b")"),
                    ],
                )
            }
            _ => {
                let all = object::repr(th, args.object())?;
                concat(th, &[Str::new(th, class.name())?.chars(), all.chars()])
            }
        }
    }

    #[slot(tp_str)]
    pub(super) fn str(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let args = this.args().to_owned();
        match args.as_slice() {
            [] => Ok(Str::empty().to_owned()),
            [only] => object::str(th, *only),
            _ => object::str(th, args.object()),
        }
    }

    #[method(sig = "(self, /)", name = "__reduce__")]
    fn reduce(&self, th: &Thread) -> PyResult {
        self.reduced(th, self.args().to_owned())
    }

    #[method(sig = "(self, state, /)", name = "__setstate__")]
    fn setstate(this: Borrowed<'_, Self>, th: &Thread, state: Borrowed<'_>) -> PyResult<()> {
        if state.is_none() {
            return Ok(());
        }
        let Some(state) = state.downcast::<Dict>() else {
            return Err(th.raise(exc::TYPE_ERROR, "state is not a dictionary"));
        };
        let mut position = 0;
        while let Some((name, value)) = state.next(&mut position) {
            let Some(name) = name.borrow().downcast::<Str>() else {
                let found = name.type_name().to_string();
                return Err(raise!(th, TYPE_ERROR, "attribute name must be string, not '{found}'"));
            };
            object::set_attr(th, this.object(), name, value.borrow())?;
        }
        Ok(())
    }

    /// Make tb the traceback of the exception, and return the exception itself.
    #[method(sig = "(self, tb, /)")]
    fn with_traceback<'a>(
        this: Borrowed<'a, Self>,
        th: &Thread,
        tb: Borrowed<'_>,
    ) -> PyResult<Borrowed<'a, Self>> {
        this.set_traceback_checked(th, Some(tb))?;
        Ok(this)
    }

    /// Append a string to the notes, which are shown below the exception.
    #[method(sig = "(self, note, /)", name = "add_note")]
    fn add_note_method(&self, th: &Thread, note: Borrowed<'_, Str>) -> PyResult<()> {
        self.add_note(th, note)
    }

    #[getter(name = "args")]
    fn args_getter(&self) -> Borrowed<'_, Tuple> {
        self.args()
    }

    #[setter(name = "args")]
    fn set_args_checked(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let Some(value) = value else {
            return Err(th.raise(exc::TYPE_ERROR, "args may not be deleted"));
        };
        self.args.set(Some(tuple_of(th, value)?));
        Ok(())
    }

    #[getter(name = "__traceback__")]
    fn traceback_getter(&self) -> Option<Borrowed<'_>> {
        self.traceback()
    }

    #[setter(name = "__traceback__")]
    fn set_traceback_checked(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let traceback = match value {
            None => return Err(th.raise(exc::TYPE_ERROR, "__traceback__ may not be deleted")),
            Some(none) if none.is_none() => None,
            Some(value) if is_traceback(value) => Some(value.to_owned()),
            Some(_) => {
                return Err(th.raise(exc::TYPE_ERROR, "__traceback__ must be a traceback or None"));
            }
        };
        self.set_traceback(traceback);
        Ok(())
    }

    #[getter(name = "__context__")]
    fn context_getter(&self) -> Option<Borrowed<'_>> {
        self.context.get()
    }

    #[setter(name = "__context__")]
    fn set_context_checked(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        self.set_context(checked(th, value, "__context__", "context")?);
        Ok(())
    }

    #[getter(name = "__cause__")]
    fn cause_getter(&self) -> Option<Borrowed<'_>> {
        self.cause.get()
    }

    #[setter(name = "__cause__")]
    fn set_cause_checked(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        self.set_cause(checked(th, value, "__cause__", "cause")?);
        Ok(())
    }

    #[getter(name = "__dict__")]
    fn dict_getter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Dict>> {
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
}

/// `tuple(value)`.
pub(super) fn tuple_of(th: &Thread, value: Borrowed<'_>) -> PyResult<Owned<Tuple>> {
    match value.downcast_exact::<Tuple>() {
        Some(tuple) => Ok(tuple.to_owned()),
        None => Tuple::from_vec(th, iter::collect(th, value)?),
    }
}
