//! The exception classes with a field or two of their own.

use std::cell::RefCell;

use krait_abi as abi;

use super::base::{BaseException, make};
use super::classes::{Exception, LookupError};
use crate::args::{named, pairs_of};
use crate::prelude::*;

/// A copy of `dict`, or a new one.
fn copy_or_new(th: &Thread, dict: Option<Borrowed<'_, Dict>>) -> PyResult<Owned<Dict>> {
    match dict {
        Some(dict) => dict.copy(th),
        None => Dict::new(th),
    }
}

/// Implements `Deref` to the base.
macro_rules! deref {
    ($($name:ident -> $base:ty;)*) => {$(
        impl std::ops::Deref for $name {
            type Target = $base;

            fn deref(&self) -> &$base {
                &self.base
            }
        }
    )*};
}

deref! {
    StopIteration -> Exception;
    SystemExit -> BaseException;
    NameError -> Exception;
    AttributeError -> Exception;
    ImportError -> Exception;
}

/// Raised by __next__() when there are no more items.
#[pytype(name = "StopIteration", base = Exception, flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct StopIteration {
    #[visit]
    base: Exception,
    #[visit]
    #[member(doc = "what the generator returned")]
    value: Slot,
}
assert_layout!(StopIteration => abi::PyStopIterationObject);

#[pymethods]
impl StopIteration {
    #[slot(tp_init)]
    fn init(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        self.refuse_keywords(th, kwargs)?;
        self.set_args(args.to_owned());
        self.value.set(Some(args.as_slice().first().copied().unwrap_or(none()).to_owned()));
        Ok(())
    }
}

impl StopIteration {
    /// What the iterator returned.
    pub fn value(&self) -> Owned {
        self.value.get_owned().unwrap_or_else(|| none().to_owned())
    }
}

/// Raises `StopIteration(value)`: also for a tuple or an exception, which are not taken apart.
pub fn raise_stop_iteration(th: &Thread, value: Borrowed<'_>) -> Raised {
    let made = Tuple::from_slice(th, &[value])
        .and_then(|args| make(th, Borrowed::from_ref(exc::STOP_ITERATION), args));
    match made {
        Ok(exception) => {
            // SAFETY: an instance of StopIteration.
            unsafe { exception.borrow().cast::<StopIteration>() }.value.set(Some(value.to_owned()));
            th.raise_exception(exception)
        }
        Err(raised) => raised,
    }
}

/// Ends the program, unless it is caught.
#[pytype(name = "SystemExit", base = BaseException, flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct SystemExit {
    #[visit]
    base: BaseException,
    #[visit]
    #[member(doc = "exit status, or a message")]
    code: Slot,
}
assert_layout!(SystemExit => abi::PySystemExitObject);

#[pymethods]
impl SystemExit {
    #[slot(tp_init)]
    fn init(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        self.refuse_keywords(th, kwargs)?;
        self.set_args(args.to_owned());
        match args.as_slice() {
            [] => {}
            &[only] => self.code.set(Some(only.to_owned())),
            _ => self.code.set(Some(args.object().to_owned())),
        }
        Ok(())
    }
}

/// A name has no value in any scope.
#[pytype(name = "NameError", base = Exception, flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct NameError {
    #[visit]
    base: Exception,
    #[visit]
    #[member(doc = "the name without a value")]
    name: Slot,
}
assert_layout!(NameError => abi::PyNameErrorObject);

#[pymethods]
impl NameError {
    #[slot(tp_init)]
    fn init(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        self.set_args(args.to_owned());
        let [name] = named(th, "NameError", pairs_of(th, kwargs)?, ["name"])?;
        self.name.set(name);
        Ok(())
    }
}

impl NameError {
    /// The name that was not found, if it is known.
    pub fn name(&self) -> Option<Borrowed<'_>> {
        self.name.get()
    }

    pub fn set_name(&self, name: Option<Owned>) {
        self.name.set(name);
    }
}

/// An object does not have the attribute.
#[pytype(name = "AttributeError", base = Exception, flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct AttributeError {
    #[visit]
    base: Exception,
    #[visit]
    #[member(doc = "the object without the attribute")]
    obj: Slot,
    #[visit]
    #[member(doc = "the attribute that is missing")]
    name: Slot,
}
assert_layout!(AttributeError => abi::PyAttributeErrorObject);

#[pymethods]
impl AttributeError {
    #[slot(tp_init)]
    fn init(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        self.set_args(args.to_owned());
        let [name, obj] = named(th, "AttributeError", pairs_of(th, kwargs)?, ["name", "obj"])?;
        self.name.set(name);
        self.obj.set(obj);
        Ok(())
    }

    // `obj` is left out: it may well be impossible to pickle.
    #[method(sig = "(self, /)", name = "__getstate__")]
    fn getstate(&self, th: &Thread) -> PyResult {
        let dict = copy_or_new(th, self.instance_dict())?;
        if let Some(name) = self.name.get_owned() {
            dict.set_str(th, id::name, name.borrow())?;
        }
        dict.set_str(th, id::args, self.args().object())?;
        Ok(dict.into_object())
    }

    #[method(sig = "(self, /)", name = "__reduce__")]
    fn reduce(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let state = this.getstate(th)?;
        let class = object::type_of(this.object()).into_object();
        let args = this.args().to_owned().into_object();
        Ok(Tuple::pack(th, [class, args, state])?.into_object())
    }
}

impl AttributeError {
    pub fn name(&self) -> Option<Borrowed<'_>> {
        self.name.get()
    }

    pub fn obj(&self) -> Option<Borrowed<'_>> {
        self.obj.get()
    }

    /// Says which attribute of which object is missing, unless that is said already.
    pub fn name_if_unset(&self, obj: Borrowed<'_>, name: Borrowed<'_>) {
        if self.name.get().is_none() && self.obj.get().is_none() {
            self.name.set(Some(name.to_owned()));
            self.obj.set(Some(obj.to_owned()));
        }
    }
}

/// A module could not be imported, or does not have the name that is imported from it.
#[pytype(name = "ImportError", base = Exception, flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct ImportError {
    #[visit]
    base: Exception,
    #[visit]
    #[member(doc = "text of the error")]
    msg: Slot,
    #[visit]
    #[member(doc = "the module to import")]
    name: Slot,
    #[visit]
    #[member(doc = "where the module lies")]
    path: Slot,
    #[visit]
    #[member(doc = "what was to be imported from it")]
    name_from: Slot,
}
assert_layout!(ImportError => abi::PyImportErrorObject);

#[pymethods]
impl ImportError {
    #[slot(tp_init)]
    fn init(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        self.set_args(args.to_owned());
        let [name, path, name_from] =
            named(th, "ImportError", pairs_of(th, kwargs)?, ["name", "path", "name_from"])?;
        self.name.set(name);
        self.path.set(path);
        self.name_from.set(name_from);
        let message = if args.len() == 1 { args.as_slice().first() } else { None };
        self.msg.set(message.map(|&message| message.to_owned()));
        Ok(())
    }

    #[slot(tp_str)]
    fn str(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        match this.msg.get().and_then(|message| message.downcast_exact::<Str>()) {
            Some(message) => Ok(message.to_owned()),
            None => base_str(th, this.object()),
        }
    }

    #[method(sig = "(self, /)", name = "__reduce__")]
    fn reduce(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let fields = [("name", &this.name), ("path", &this.path), ("name_from", &this.name_from)];
        if fields.iter().all(|(_, field)| field.get().is_none()) {
            return this.reduced(th, this.args().to_owned());
        }
        let state = copy_or_new(th, this.instance_dict())?;
        for (name, field) in fields {
            if let Some(value) = field.get_owned() {
                state.set_str(th, Str::interned(th, name)?.borrow(), value.borrow())?;
            }
        }
        let class = object::type_of(this.object()).into_object();
        let args = this.args().to_owned().into_object();
        Ok(Tuple::pack(th, [class, args, state.into_object()])?.into_object())
    }
}

impl ImportError {
    /// The fields that say what was imported: name, path of the module, name in the module.
    pub fn set_names(&self, name: Option<Owned>, path: Option<Owned>, name_from: Option<Owned>) {
        self.name.set(name);
        self.path.set(path);
        self.name_from.set(name_from);
    }
}

/// `BaseException.__str__`.
pub(super) fn base_str(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Str>> {
    // SAFETY: called with exceptions only.
    BaseException::str(unsafe { ob.cast() }, th)
}

/// A mapping does not have the key.
#[pytype(name = "KeyError", base = LookupError, flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct KeyError {
    #[visit]
    base: LookupError,
}

#[pymethods]
impl KeyError {
    // `KeyError('')` would read as an exception without a message: the key is shown as it is written.
    #[slot(tp_str)]
    fn str(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let args = this.base.args().to_owned();
        match args.as_slice() {
            [key] => object::repr(th, *key),
            _ => base_str(th, this.object()),
        }
    }
}

/// There is not enough memory.
#[pytype(name = "MemoryError", base = Exception, flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct MemoryError {
    #[visit]
    base: Exception,
}

#[pymethods]
impl MemoryError {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        Ok(make(th, cls, args.to_owned())?.into_object())
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        let ob: *mut abi::PyObject = this.cast();
        // SAFETY: nobody refers to the object any more; what the class adds to its base is nothing.
        unsafe {
            if !return_to_reserve(ob) {
                if let Some(dealloc) = (*Exception::type_object().as_type_ptr()).tp_dealloc {
                    dealloc(ob);
                }
            }
        }
    }
}

/// An operation on another interpreter failed.
#[pytype(
    name = "concurrent.interpreters.InterpreterError", base = Exception, flags(BASETYPE, HAVE_GC),
)]
#[repr(C)]
pub struct InterpreterError {
    #[visit]
    base: Exception,
}

#[pymethods]
impl InterpreterError {}

/// There is no interpreter with this id.
#[pytype(
    name = "concurrent.interpreters.InterpreterNotFoundError", base = InterpreterError,
    flags(BASETYPE, HAVE_GC),
)]
#[repr(C)]
pub struct InterpreterNotFoundError {
    #[visit]
    base: InterpreterError,
}

#[pymethods]
impl InterpreterNotFoundError {}

/// Instances of MemoryError that nobody uses, so that there is one when there is no memory.
#[derive(Default)]
struct Reserve {
    free: RefCell<Vec<Owned<BaseException>>>,
}

/// So many are made in advance.
const RESERVE: usize = 4;
/// So many are kept.
const MOST_KEPT: usize = 16;

/// Fills the reserve; when an interpreter starts.
pub fn prepare_reserve(th: &Thread) -> PyResult<()> {
    let class = Borrowed::from_ref(exc::MEMORY_ERROR);
    class.ready(th)?;
    let reserve = th.interp().state::<Reserve>();
    let mut made = Vec::with_capacity(MOST_KEPT);
    for _ in 0..RESERVE {
        made.push(make(th, class, Tuple::empty().to_owned())?);
    }
    *reserve.free.borrow_mut() = made;
    th.interp().last_memory_error.set(Some(make(th, class, Tuple::empty().to_owned())?));
    Ok(())
}

/// An instance of MemoryError, without an allocation: from the reserve, or, if all are in use, one that is shared.
/// `None` before there is a reserve.
pub fn reserved_memory_error(th: &Thread) -> Option<Owned<BaseException>> {
    let reserve = th.interp().state::<Reserve>();
    let free = reserve.free.borrow_mut().pop();
    free.or_else(|| th.interp().last_memory_error.get_owned())
}

/// Empties an instance and puts it into the reserve, if it has room; false if it is to be freed.
///
/// # Safety
/// `ob` is a MemoryError without references.
unsafe fn return_to_reserve(ob: *mut abi::PyObject) -> bool {
    let th = Thread::current();
    // SAFETY: the caller's promise; the reference made here is the reserve's.
    unsafe {
        let exact = (*ob).ob_type == MemoryError::type_object().as_type_ptr();
        if !exact || th.interp().finalizing.get() {
            return false;
        }
        let reserve = th.interp().state::<Reserve>();
        if reserve.free.borrow().len() >= MOST_KEPT {
            return false;
        }
        ob.cast::<u32>().write(1);
        let kept: Owned<BaseException> = Owned::from_ptr(ob);
        kept.empty();
        reserve.free.borrow_mut().push(kept);
        true
    }
}
