//! `wrapper_descriptor` (a special method that calls a slot) and `method-wrapper` (the same, bound).

use std::ffi::{CStr, c_int, c_void};

use krait_abi as abi;

use super::{Descriptor, allocate, check_instance, create, descriptor};
use crate::gc;
use crate::prelude::*;
use crate::typeobj::slots::SlotDef;
use crate::typeobj::slots::table::SLOTS;
use crate::typeobj::slots::wrappers::{Call, Wrapper, takes_keywords};

// `slot wrapper`: a special method that calls the C function in a slot.
#[pytype(
    name = "wrapper_descriptor",
    symbol = "PyWrapperDescr_Type",
    flags(HAVE_GC, METHOD_DESCRIPTOR, DISALLOW_INSTANTIATION)
)]
#[repr(C)]
pub struct WrapperDescriptor {
    head: Head,
    #[member(name = "__objclass__", readonly)]
    owner: Slot<Type>,
    #[member(name = "__name__", readonly)]
    name: Slot<Str>,
    qualname: Slot,
    /// Null only while the object is being made.
    def: *const SlotDef,
    wrapped: *const c_void,
}
assert_layout!(WrapperDescriptor => krait_abi::PyWrapperDescrObject);
descriptor!(WrapperDescriptor);

// A slot wrapper bound to an object.
#[pytype(
    name = "method-wrapper",
    symbol = "_PyMethodWrapper_Type",
    flags(HAVE_GC, DISALLOW_INSTANTIATION)
)]
#[repr(C)]
pub struct MethodWrapper {
    head: Head,
    descriptor: Slot<WrapperDescriptor>,
    #[member(name = "__self__", readonly)]
    receiver: Slot,
}

impl WrapperDescriptor {
    pub fn new(
        th: &Thread,
        owner: Borrowed<'_, Type>,
        def: &'static SlotDef,
        wrapped: *const c_void,
    ) -> PyResult {
        // SAFETY: the new object.
        let fill = |wrapper: *mut WrapperDescriptor| unsafe {
            (*wrapper).def = def;
            (*wrapper).wrapped = wrapped;
        };
        create(th, owner, def.name.to_owned(), fill).map(Owned::into_object)
    }

    /// A method that C describes. What C described, and what comes of it, stays as long as the process.
    ///
    /// # Safety
    /// The texts and the function of `base` stay, and fit `wrapped`.
    pub unsafe fn described(
        th: &Thread,
        owner: Borrowed<'_, Type>,
        base: &abi::wrapperbase,
        wrapped: *mut c_void,
    ) -> PyResult {
        let function = base.wrapper.map_or(0, |function| function as usize);
        // A line of our own table, or a copy of one, says how to call what is wrapped.
        if let Some(known) = SLOTS.iter().find(|def| def.wrapper as usize == function) {
            // SAFETY: a name that ends, or that C put in its place.
            let name = Str::interned(th, &unsafe { CStr::from_ptr(base.name) }.to_string_lossy())?;
            let def = SlotDef::described(base, known.wrapper, leaked(name));
            return WrapperDescriptor::new(th, owner, Box::leak(Box::new(def)), wrapped);
        }
        // SAFETY: as above.
        let name = Str::interned(th, &unsafe { CStr::from_ptr(base.name) }.to_string_lossy())?;
        let takes_keywords = base.flags & abi::PyWrapperFlag_KEYWORDS != 0;
        let wrapper = if takes_keywords { call_with_keywords } else { call_without_keywords };
        let def = Box::leak(Box::new(SlotDef::described(base, wrapper, leaked(name))));
        let described = Box::leak(Box::new(Described { function: base.wrapper, wrapped }));
        WrapperDescriptor::new(th, owner, def, std::ptr::from_ref(described).cast())
    }

    pub fn def(&self) -> &SlotDef {
        // SAFETY: set by `new`, the only maker, to a line of the static table; C code may have put its own copy there.
        unsafe { &*self.def }
    }

    /// The C function it calls.
    pub fn wrapped(&self) -> *const c_void {
        self.wrapped
    }

    /// `__objclass__`.
    pub fn owner(&self) -> Borrowed<'_, Type> {
        Descriptor::owner(self)
    }

    /// What a call does: the first argument is the object whose slot is called.
    pub fn call_with(
        &self,
        th: &Thread,
        args: &[Borrowed<'_>],
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let (name, owner) = (Descriptor::name(self), Descriptor::owner(self));
        let [this, rest @ ..] = args else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "descriptor '{}' of '{}' object needs an argument",
                *name,
                owner.tp_name()
            ));
        };
        if !this.ty().is_subtype(owner.get()) {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "descriptor '{}' requires a '{}' object but received a '{}'",
                *name,
                owner.tp_name(),
                this.type_name()
            ));
        }
        self.invoke(th, *this, rest, kwargs)
    }

    /// Calls the slot on `this`, whose type was checked.
    fn invoke(
        &self,
        th: &Thread,
        this: Borrowed<'_>,
        args: &[Borrowed<'_>],
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let def = self.def();
        let kwargs = kwargs.filter(|kwargs| !kwargs.is_empty());
        let for_keywords = std::ptr::fn_addr_eq(def.wrapper, call_with_keywords as Wrapper)
            || takes_keywords(def.wrapper);
        if kwargs.is_some() && !for_keywords {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "wrapper {}() takes no keyword arguments",
                *def.name
            ));
        }
        (def.wrapper)(th, this, Call { args, kwargs }, self.wrapped)
    }
}

/// A function of C's for methods, and what it is told to call.
struct Described {
    function: abi::wrapperfunc,
    wrapped: *mut c_void,
}

/// A name that stays as long as the process.
fn leaked(name: Owned<Str>) -> Borrowed<'static, Str> {
    // SAFETY: the reference is never given up.
    unsafe { Borrowed::from_ptr(name.into_ptr()) }
}

fn call_without_keywords(
    th: &Thread,
    this: Borrowed<'_>,
    call: Call<'_>,
    described: *const c_void,
) -> PyResult {
    let args = Tuple::from_slice(th, call.args)?;
    // SAFETY: `described` made it of a function and what fits it.
    let result = unsafe {
        let described = &*described.cast::<Described>();
        let Some(function) = described.function else { return Err(th.bad_internal_call()) };
        function(this.as_ptr(), args.as_ptr(), described.wrapped)
    };
    // SAFETY: a new reference, or NULL with an exception.
    unsafe { Owned::from_ptr_or_null(result) }.ok_or_else(|| th.raised_by_c())
}

fn call_with_keywords(
    th: &Thread,
    this: Borrowed<'_>,
    call: Call<'_>,
    described: *const c_void,
) -> PyResult {
    let args = Tuple::from_slice(th, call.args)?;
    let kwargs = call.kwargs.map_or(std::ptr::null_mut(), Borrowed::as_ptr);
    // SAFETY: as above; the flag says that the function takes keywords.
    let result = unsafe {
        let described = &*described.cast::<Described>();
        let function: abi::wrapperfunc_kwds = std::mem::transmute(described.function);
        let Some(function) = function else { return Err(th.bad_internal_call()) };
        function(this.as_ptr(), args.as_ptr(), described.wrapped, kwargs)
    };
    // SAFETY: as above.
    unsafe { Owned::from_ptr_or_null(result) }.ok_or_else(|| th.raised_by_c())
}

/// Whether `method` is `object.__getattribute__` itself.
pub fn wraps_generic_getattr(method: Borrowed<'_>) -> bool {
    let generic = Object::getattribute as *const c_void;
    method.downcast_exact::<WrapperDescriptor>().is_some_and(|wrapper| {
        std::ptr::eq(wrapper.wrapped, generic) && wrapper.def().name.is(id::__getattribute__)
    })
}

#[pymethods]
impl WrapperDescriptor {
    #[slot(tp_call)]
    fn call(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        self.call_with(th, args.get().as_slice(), kwargs)
    }

    #[slot(tp_descr_get)]
    fn get(
        this: Borrowed<'_, Self>,
        th: &Thread,
        ob: Option<Borrowed<'_>>,
        _class: Option<Borrowed<'_>>,
    ) -> PyResult {
        let Some(ob) = ob else {
            return Ok(this.object().to_owned());
        };
        check_instance(th, this.get(), ob)?;
        let bound: Owned<MethodWrapper> = allocate(th)?;
        bound.descriptor.set(Some(this.to_owned()));
        bound.receiver.set(Some(ob.to_owned()));
        gc::track(th, bound.borrow());
        Ok(bound.into_object())
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        super::repr(th, self, "slot wrapper")
    }

    #[slot(tp_traverse)]
    fn traverse(&self, visitor: &mut Visitor<'_>) -> c_int {
        visitor.visit(self.owner.get())
    }

    #[method(sig = "(self, /)")]
    fn __reduce__(&self, th: &Thread) -> PyResult {
        super::reduce(th, self)
    }

    #[getter]
    fn __doc__(&self, th: &Thread) -> PyResult<Owned<Str>> {
        Str::new(th, self.def().doc_text())
    }

    #[getter]
    fn __qualname__(&self, th: &Thread) -> PyResult {
        super::qualname(th, self)
    }

    #[getter]
    fn __text_signature__(&self, th: &Thread) -> PyResult {
        let def = self.def();
        super::internal_signature(th, &def.name.to_string_lossy(), Some(def.doc()))
    }
}

impl MethodWrapper {
    fn parts(&self) -> (Borrowed<'_, WrapperDescriptor>, Borrowed<'_>) {
        match (self.descriptor.get(), self.receiver.get()) {
            (Some(descriptor), Some(receiver)) => (descriptor, receiver),
            _ => crate::fatal("a method-wrapper without its parts"),
        }
    }
}

#[pymethods]
impl MethodWrapper {
    #[slot(tp_call)]
    fn call(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let (descriptor, receiver) = self.parts();
        descriptor.invoke(th, receiver, args.get().as_slice(), kwargs)
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let (descriptor, receiver) = self.parts();
        Str::from_fmt(
            th,
            format_args!(
                "<method-wrapper '{}' of {} object at {:p}>",
                *descriptor.def().name,
                receiver.type_name(),
                receiver.as_ptr()
            ),
        )
    }

    #[slot(tp_hash)]
    fn hash(&self) -> PyResult<isize> {
        let (descriptor, receiver) = self.parts();
        let parts = [receiver.as_ptr() as usize, descriptor.as_ptr() as usize];
        Ok((crate::hash::hash_pointer(parts[0]) ^ crate::hash::hash_pointer(parts[1])) as isize)
    }

    #[slot(tp_richcompare)]
    fn compare(&self, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let answer = match (op, other.downcast::<MethodWrapper>()) {
            (CompareOp::Eq | CompareOp::Ne, Some(other)) => {
                let same = self.descriptor.as_ptr() == other.descriptor.as_ptr()
                    && self.receiver.as_ptr() == other.receiver.as_ptr();
                bool_object(same == (op == CompareOp::Eq)).object()
            }
            _ => not_implemented(),
        };
        Ok(answer.to_owned())
    }

    #[slot(tp_traverse)]
    fn traverse(&self, visitor: &mut Visitor<'_>) -> c_int {
        match visitor.visit(self.descriptor.get()) {
            0 => visitor.visit(self.receiver.get()),
            stop => stop,
        }
    }

    #[method(sig = "(self, /)")]
    fn __reduce__(&self, th: &Thread) -> PyResult {
        let (descriptor, receiver) = self.parts();
        let getattr = crate::object::builtin(th, id::getattr)?;
        let name = descriptor.def().name.object().to_owned();
        let pair = Tuple::pack(th, [receiver.to_owned(), name])?.into_object();
        Tuple::pack(th, [getattr, pair]).map(Owned::into_object)
    }

    #[getter]
    fn __objclass__(&self) -> Owned<Type> {
        self.parts().0.get().owner().to_owned()
    }

    #[getter]
    fn __name__(&self) -> Borrowed<'static, Str> {
        self.parts().0.def().name
    }

    #[getter]
    fn __qualname__(&self, th: &Thread) -> PyResult {
        super::qualname(th, self.parts().0.get())
    }

    #[getter]
    fn __doc__(&self, th: &Thread) -> PyResult<Owned<Str>> {
        Str::new(th, self.parts().0.def().doc_text())
    }

    #[getter]
    fn __text_signature__(&self, th: &Thread) -> PyResult {
        let (descriptor, _) = self.parts();
        let def = descriptor.def();
        super::internal_signature(th, &def.name.to_string_lossy(), Some(def.doc()))
    }
}
