//! Python functions: `PyFunctionObject`.
//!
//! Called through vectorcall like everything else; the loop recognises functions of ours and pushes their
//! frame itself; `call` is for everyone else. The same job as CPython's `Objects/funcobject.c`.

mod annotations;
mod call;

use std::cell::Cell;

use krait_abi as abi;
use krait_objects::args::rt;
use krait_objects::object::instance_dict;
use krait_objects::prelude::*;
use krait_objects::watchers::{self, FunctionWatcher};

use krait_bytecode::code_flags;

use crate::code::Code;
use crate::registry;
use krait_objects::method::Method;

pub use annotations::annotations;
use call::call;

/// Make a function that runs a code object.
///
///   code
///     the code object
///   globals
///     the dictionary in which its global names are looked up
///   name
///     its name, if it is not to be the code object's
///   argdefs
///     a tuple with defaults of the last positional parameters
///   closure
///     a tuple with a cell for each free variable
///   kwdefaults
///     a dictionary with defaults of keyword-only parameters
#[pytype(name = "function", symbol = "PyFunction_Type", flags(HAVE_GC, HAVE_VECTORCALL, METHOD_DESCRIPTOR),
    new = "(code, globals, name=None, argdefs=None, closure=None,\n         kwdefaults=None)", dict = dict, weaklist = weakrefs, vectorcall = vectorcall)]
#[repr(C)]
pub struct Function {
    head: Head,
    #[visit]
    #[member(readonly, name = "__globals__", kind = "OBJECT")]
    pub globals: Slot<Dict>,
    #[visit]
    #[member(readonly, name = "__builtins__", kind = "OBJECT")]
    pub builtins: Slot,
    #[visit]
    pub name: Slot<Str>,
    #[visit]
    pub qualname: Slot<Str>,
    #[visit]
    pub code: Slot<Code>,
    #[visit]
    pub defaults: Slot<Tuple>,
    #[visit]
    pub kwdefaults: Slot<Dict>,
    #[visit]
    #[member(readonly, name = "__closure__", kind = "OBJECT")]
    pub closure: Slot<Tuple>,
    #[visit]
    #[member(name = "__doc__", kind = "OBJECT")]
    pub doc: Slot,
    #[visit]
    pub dict: Slot<Dict>,
    weakrefs: Cell<*mut abi::PyObject>,
    #[visit]
    #[member(name = "__module__", kind = "OBJECT")]
    pub module: Slot,
    #[visit]
    pub annotations: Slot,
    #[visit]
    pub annotate: Slot,
    #[visit]
    pub type_params: Slot,
    vectorcall: Cell<abi::vectorcallfunc>,
    /// What specialised calls check; 0 once it cannot be relied on.
    pub version: Cell<u32>,
}

assert_layout!(Function => abi::PyFunctionObject);

/// What watchers are told of: `PyFunction_WatchEvent`.
#[derive(Clone, Copy)]
#[repr(i32)]
enum Event {
    Create,
    Destroy,
    ModifyCode,
    ModifyDefaults,
    ModifyKwDefaults,
}

impl Event {
    fn name(self) -> &'static str {
        match self {
            Event::Create => "PyFunction_EVENT_CREATE",
            Event::Destroy => "PyFunction_EVENT_DESTROY",
            Event::ModifyCode => "PyFunction_EVENT_MODIFY_CODE",
            Event::ModifyDefaults => "PyFunction_EVENT_MODIFY_DEFAULTS",
            Event::ModifyKwDefaults => "PyFunction_EVENT_MODIFY_KWDEFAULTS",
        }
    }
}

/// Versions given to code objects, and by them to functions.
#[derive(Default)]
struct Versions(Cell<u32>);

/// A version that no other code object of the heap has; 0 when they are used up.
pub fn next_version(th: &Thread) -> u32 {
    let versions = &registry::heap_owner(th).state::<Versions>().0;
    let next = versions.get().wrapping_add(1);
    if next != 0 {
        versions.set(next);
    }
    next
}

impl Function {
    /// A function of `code` with `globals`, as `def` makes it.
    pub fn new(
        th: &Thread,
        code: Borrowed<'_, Code>,
        globals: Borrowed<'_, Dict>,
    ) -> PyResult<Owned<Function>> {
        let builtins = crate::services::builtins_of(th, globals)?;
        let module = globals.get_str(th, id::__name__)?;
        let doc = if code.has_flag(krait_bytecode::code_flags::HAS_DOCSTRING) {
            code.consts.get(0).map(Borrowed::to_owned)
        } else {
            None
        };
        let function = Function::type_object().alloc::<Function>(th, 0)?;
        function.globals.set(Some(globals.to_owned()));
        function.builtins.set(Some(builtins));
        function.name.set(Some(code.name.clone()));
        function.qualname.set(Some(code.qualname.clone()));
        function.code.set(Some(code.to_owned()));
        function.doc.set(Some(doc.unwrap_or_else(|| none().to_owned())));
        function.module.set(module);
        function.vectorcall.set(Function::VECTORCALL);
        function.version.set(code.version);
        function.tell(th, Event::Create, None);
        Ok(function)
    }

    #[inline(always)]
    pub fn code_handle(&self) -> Borrowed<'_, Code> {
        // SAFETY: a function has code from its making to its end.
        unsafe { self.code.get().unwrap_unchecked() }
    }

    /// Where the defaults of the last `count` parameters begin, if they all have one.
    #[inline(always)]
    pub fn last_defaults(&self, count: usize) -> Option<*const *mut abi::PyObject> {
        if count == 0 {
            return Some(std::ptr::null());
        }
        let defaults = self.defaults.get()?;
        let first = defaults.len().checked_sub(count)?;
        // SAFETY: there are more items than that.
        Some(unsafe { defaults.get().items().add(first).cast_const() })
    }

    /// Whether calling it means running its code in our loop.
    #[inline(always)]
    pub fn is_ours(&self) -> bool {
        let address = |entry: abi::vectorcallfunc| entry.map(|entry| entry as usize);
        address(self.vectorcall.get()) == address(Function::VECTORCALL)
    }

    /// Has calls run something else than its code.
    pub fn set_vectorcall(&self, vectorcall: abi::vectorcallfunc) {
        self.changed();
        self.vectorcall.set(vectorcall);
    }

    /// Tells the watchers of functions, before a change is made.
    #[inline(always)]
    fn tell(&self, th: &Thread, event: Event, value: Option<Borrowed<'_>>) {
        if th.interp().watchers.functions.is_any() {
            self.tell_watchers(th, event, value);
        }
    }

    #[cold]
    #[inline(never)]
    fn tell_watchers(&self, th: &Thread, event: Event, value: Option<Borrowed<'_>>) {
        let this = Borrowed::from_ref(self).as_ptr();
        let value = value.map_or(std::ptr::null_mut(), Borrowed::as_ptr);
        // SAFETY: a live function.
        let call = |watcher: FunctionWatcher| unsafe { watcher(event as i32, this.cast(), value) };
        let describe = |_id| {
            let (event, name) = (event.name(), self.display_name().to_string_lossy());
            format!("Exception ignored in {event} watcher callback for function {name} at {this:p}")
        };
        th.interp().watchers.functions.tell(th, u8::MAX, call, describe);
    }

    /// What is known of calls to this function does not hold any more.
    fn changed(&self) {
        self.version.set(0);
    }

    pub fn display_name(&self) -> Owned<Str> {
        self.qualname.get_owned().unwrap_or_else(|| id::empty.to_owned())
    }
}

/// The value of an attribute that must be a string.
fn text(th: &Thread, value: Option<Borrowed<'_>>, attribute: &str) -> PyResult<Owned<Str>> {
    match value.and_then(|value| value.downcast::<Str>()) {
        Some(text) => Ok(text.to_owned()),
        None => Err(raise!(th, TYPE_ERROR, "{attribute} must be set to a string object")),
    }
}

/// The value of an attribute that is an instance of `T` or None; deleting it is setting None.
fn optional<T: Instance>(
    th: &Thread,
    value: Option<Borrowed<'_>>,
    message: &str,
) -> PyResult<Option<Owned<T>>> {
    match value {
        None => Ok(None),
        Some(value) if value.is_none() => Ok(None),
        Some(value) => match value.downcast::<T>() {
            Some(value) => Ok(Some(value.to_owned())),
            None => Err(th.raise(exc::TYPE_ERROR, message)),
        },
    }
}

impl Function {
    /// Tells audit hooks that an attribute gets a value, or loses it.
    fn report_change(&self, th: &Thread, name: &str, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let this = Borrowed::from_ref(self);
        match value {
            Some(value) => audit!(th, "object.__setattr__", this, name, value),
            None => audit!(th, "object.__delattr__", this, name),
        }
    }
}

fn or_none<T>(slot: &Slot<T>) -> Owned {
    slot.get_owned().map_or_else(|| none().to_owned(), Owned::into_object)
}

#[pymethods(parts(annotations))]
impl Function {
    #[new(
        sig = "(code, globals, name=None, argdefs=None, closure=None, kwdefaults=None)",
        called = "function"
    )]
    fn make(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        code: Borrowed<'_, Code>,
        globals: Borrowed<'_, Dict>,
        name: Option<Borrowed<'_>>,
        argdefs: Option<Borrowed<'_>>,
        closure: Option<Borrowed<'_>>,
        kwdefaults: Option<Borrowed<'_>>,
    ) -> PyResult {
        let name = optional::<Str>(th, name, "arg 3 (name) must be None or string")?;
        let defaults = optional::<Tuple>(th, argdefs, "arg 4 (defaults) must be None or tuple")?;
        let closure = match closure.filter(|closure| !closure.is_none()) {
            Some(closure) => match closure.downcast::<Tuple>() {
                Some(closure) => Some(closure),
                None if code.nfreevars > 0 => {
                    return Err(th.raise(exc::TYPE_ERROR, "arg 5 (closure) must be tuple"));
                }
                None => {
                    let message = "arg 5 (closure) must be None or tuple";
                    return Err(th.raise(exc::TYPE_ERROR, message));
                }
            },
            None => None,
        };
        let kwdefaults =
            optional::<Dict>(th, kwdefaults, "arg 6 (kwdefaults) must be None or dict")?;
        check_closure(th, code, closure)?;
        audit!(th, "function.__new__", code)?;
        let function = Function::new(th, code, globals)?;
        if let Some(name) = name {
            function.name.set(Some(name));
        }
        function.defaults.set(defaults);
        function.closure.set(closure.map(Borrowed::to_owned));
        function.kwdefaults.set(kwdefaults);
        Ok(function.into_object())
    }

    #[vectorcall]
    fn vectorcall(this: Borrowed<'_, Self>, th: &Thread, args: Args<'_>) -> PyResult {
        call(th, this, args)
    }

    #[slot(tp_descr_get)]
    fn descr_get(
        this: Borrowed<'_, Self>,
        th: &Thread,
        instance: Option<Borrowed<'_>>,
        _owner: Option<Borrowed<'_>>,
    ) -> PyResult {
        match instance {
            Some(instance) if !instance.is_none() => {
                Ok(Method::new(th, this.object(), instance)?.into_object())
            }
            _ => Ok(this.object().to_owned()),
        }
    }

    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        let th = Thread::current();
        // SAFETY: the last reference is gone; the function is whole until it is freed.
        unsafe {
            if th.interp().watchers.functions.is_any() {
                let tell = || (*this).tell_watchers(th, Event::Destroy, None);
                if watchers::revive_while(this.cast(), tell) {
                    return;
                }
            }
            rt::dealloc::<Function>(this.cast());
        }
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let name = this.display_name();
        Str::from_fmt(th, format_args!("<function {} at {:p}>", &*name, this.as_ptr()))
    }

    #[getter]
    fn __code__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Code>> {
        audit!(th, "object.__getattr__", this, "__code__")?;
        Ok(this.code_handle().to_owned())
    }

    #[setter]
    fn set___code__(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let Some(code) = value.and_then(|value| value.downcast::<Code>()) else {
            let message = "__code__ must be set to a code object";
            return Err(th.raise(exc::TYPE_ERROR, message));
        };
        audit!(th, "object.__setattr__", Borrowed::from_ref(self), "__code__", code)?;
        let closure = self.closure.get().map_or(0, |closure| closure.len());
        if code.nfreevars as usize != closure {
            let name = self.name.get_owned().unwrap_or_else(|| id::empty.to_owned());
            return Err(raise!(
                th,
                VALUE_ERROR,
                "{}() requires a code object with {closure} free vars, not {}",
                &*name,
                code.nfreevars
            ));
        }
        // Whether a call runs the code or makes a generator, a coroutine or both.
        let kind = |code: &Code| {
            let kinds = code_flags::GENERATOR | code_flags::COROUTINE | code_flags::ASYNC_GENERATOR;
            code.flags as u32 & kinds
        };
        if kind(&self.code_handle()) != kind(&code) {
            let message = "Assigning a code object of non-matching type is deprecated (e.g., from a generator to a plain function)";
            let category = Borrowed::from_ref(exc::DEPRECATION_WARNING).object();
            crate::warnings::warn(th, category, Str::new(th, message)?.borrow(), 1)?;
        }
        self.tell(th, Event::ModifyCode, Some(code.object()));
        self.changed();
        self.code.set(Some(code.to_owned()));
        Ok(())
    }

    #[getter]
    fn __name__(&self) -> Owned {
        or_none(&self.name)
    }

    #[setter]
    fn set___name__(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        self.name.set(Some(text(th, value, "__name__")?));
        Ok(())
    }

    #[getter]
    fn __qualname__(&self) -> Owned {
        or_none(&self.qualname)
    }

    #[setter]
    fn set___qualname__(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        self.qualname.set(Some(text(th, value, "__qualname__")?));
        Ok(())
    }

    #[getter]
    fn __defaults__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        audit!(th, "object.__getattr__", this, "__defaults__")?;
        Ok(or_none(&this.defaults))
    }

    #[setter]
    fn set___defaults__(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let message = "__defaults__ must be set to a tuple object";
        let value = optional::<Tuple>(th, value, message)?;
        self.report_change(th, "__defaults__", value.as_ref().map(Owned::object))?;
        self.tell(th, Event::ModifyDefaults, value.as_ref().map(Owned::object));
        self.changed();
        self.defaults.set(value);
        Ok(())
    }

    #[getter]
    fn __kwdefaults__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        audit!(th, "object.__getattr__", this, "__kwdefaults__")?;
        Ok(or_none(&this.kwdefaults))
    }

    #[setter]
    fn set___kwdefaults__(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let message = "__kwdefaults__ must be set to a dict object";
        let value = optional::<Dict>(th, value, message)?;
        self.report_change(th, "__kwdefaults__", value.as_ref().map(Owned::object))?;
        self.tell(th, Event::ModifyKwDefaults, value.as_ref().map(Owned::object));
        self.changed();
        self.kwdefaults.set(value);
        Ok(())
    }

    #[getter]
    fn __dict__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Dict>> {
        instance_dict::dict_of(th, this.object())
    }

    #[setter]
    fn set___dict__(
        this: Borrowed<'_, Self>,
        th: &Thread,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        instance_dict::set_generic(th, this.object(), value)
    }
}

fn check_closure(
    th: &Thread,
    code: Borrowed<'_, Code>,
    closure: Option<Borrowed<'_, Tuple>>,
) -> PyResult<()> {
    let count = closure.map_or(0, |closure| closure.len());
    if count == 0 && code.nfreevars > 0 && closure.is_none() {
        return Err(th.raise(exc::TYPE_ERROR, "arg 5 (closure) must be tuple"));
    }
    if count != code.nfreevars as usize {
        return Err(raise!(
            th,
            VALUE_ERROR,
            "{} requires closure of length {}, not {count}",
            &*code.name,
            code.nfreevars
        ));
    }
    let Some(closure) = closure else { return Ok(()) };
    for cell in closure.get().as_slice() {
        if cell.downcast::<krait_objects::cell::Cell>().is_none() {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "arg 5 (closure) expected cell, found {}",
                cell.type_name()
            ));
        }
    }
    Ok(())
}
