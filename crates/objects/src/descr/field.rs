//! `member_descriptor` (a field of the C struct) and `getset_descriptor` (a computed attribute).

use std::ffi::{CStr, c_char, c_int};

use krait_abi as abi;

use super::{Descriptor, check_instance, create, descriptor, entry_name, member};
use crate::prelude::*;
use crate::protocol::call::{returned, succeeded};

#[pytype(
    name = "member_descriptor",
    symbol = "PyMemberDescr_Type",
    flags(HAVE_GC, DISALLOW_INSTANTIATION)
)]
#[repr(C)]
pub struct MemberDescriptor {
    head: Head,
    #[member(name = "__objclass__", readonly)]
    owner: Slot<Type>,
    #[member(name = "__name__", readonly)]
    name: Slot<Str>,
    qualname: Slot,
    def: *mut abi::PyMemberDef,
}
assert_layout!(MemberDescriptor => abi::PyMemberDescrObject);
descriptor!(MemberDescriptor);

#[pytype(
    name = "getset_descriptor",
    symbol = "PyGetSetDescr_Type",
    flags(HAVE_GC, DISALLOW_INSTANTIATION)
)]
#[repr(C)]
pub struct GetSetDescriptor {
    head: Head,
    #[member(name = "__objclass__", readonly)]
    owner: Slot<Type>,
    #[member(name = "__name__", readonly)]
    name: Slot<Str>,
    qualname: Slot,
    def: *mut abi::PyGetSetDef,
}
assert_layout!(GetSetDescriptor => abi::PyGetSetDescrObject);
descriptor!(GetSetDescriptor);

/// `__doc__` of an entry: the whole of it.
fn doc(th: &Thread, doc: *const c_char) -> PyResult {
    if doc.is_null() {
        return Ok(none().to_owned());
    }
    // SAFETY: a NUL-terminated string that lives as long as its table.
    let text = unsafe { CStr::from_ptr(doc) }.to_string_lossy();
    Str::new(th, &text).map(Owned::into_object)
}

impl MemberDescriptor {
    /// `__objclass__`.
    pub fn owner_type(&self) -> Borrowed<'_, Type> {
        super::Descriptor::owner(self)
    }

    pub fn new(
        th: &Thread,
        owner: Borrowed<'_, Type>,
        def: *mut abi::PyMemberDef,
    ) -> PyResult<Owned<MemberDescriptor>> {
        // SAFETY: a type's table lives as long as the type.
        let name = unsafe { entry_name(th, (*def).name)? };
        // SAFETY: the new object.
        create(th, owner, name, |member: *mut MemberDescriptor| unsafe { (*member).def = def })
    }

    pub fn def(&self) -> &abi::PyMemberDef {
        // SAFETY: the type keeps its table.
        unsafe { &*self.def }
    }
}

#[pymethods]
impl MemberDescriptor {
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
        // SAFETY: an instance of the type that declares the field.
        unsafe { member::get(th, ob, this.def()) }
    }

    #[slot(tp_descr_set)]
    fn set(&self, th: &Thread, ob: Borrowed<'_>, value: Option<Borrowed<'_>>) -> PyResult<()> {
        check_instance(th, self, ob)?;
        // SAFETY: as in `get`.
        unsafe { member::set(th, ob, self.def(), value) }
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        super::repr(th, self, "member")
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
    fn __doc__(&self, th: &Thread) -> PyResult {
        doc(th, self.def().doc)
    }

    #[getter]
    fn __qualname__(&self, th: &Thread) -> PyResult {
        super::qualname(th, self)
    }
}

impl GetSetDescriptor {
    pub fn new(
        th: &Thread,
        owner: Borrowed<'_, Type>,
        def: *mut abi::PyGetSetDef,
    ) -> PyResult<Owned<GetSetDescriptor>> {
        // SAFETY: a type's table lives as long as the type.
        let name = unsafe { entry_name(th, (*def).name)? };
        // SAFETY: the new object.
        create(th, owner, name, |property: *mut GetSetDescriptor| unsafe { (*property).def = def })
    }

    fn def(&self) -> &abi::PyGetSetDef {
        // SAFETY: the type keeps its table.
        unsafe { &*self.def }
    }

    #[cold]
    fn denied(&self, th: &Thread, what: &str) -> Raised {
        raise!(
            th,
            ATTRIBUTE_ERROR,
            "attribute '{}' of '{}' objects is not {what}",
            *Descriptor::name(self),
            Descriptor::owner(self).tp_name()
        )
    }
}

#[pymethods]
impl GetSetDescriptor {
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
        match this.def().get {
            // SAFETY: an instance of the type that declares the attribute.
            Some(get) => returned(th, unsafe { get(ob.as_ptr(), this.def().closure) }),
            None => Err(this.denied(th, "readable")),
        }
    }

    #[slot(tp_descr_set)]
    fn set(&self, th: &Thread, ob: Borrowed<'_>, value: Option<Borrowed<'_>>) -> PyResult<()> {
        check_instance(th, self, ob)?;
        let value = value.map_or(std::ptr::null_mut(), Borrowed::as_ptr);
        match self.def().set {
            // SAFETY: as in `get`.
            Some(set) => succeeded(th, unsafe { set(ob.as_ptr(), value, self.def().closure) }),
            None => Err(self.denied(th, "writable")),
        }
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        super::repr(th, self, "attribute")
    }

    #[slot(tp_traverse)]
    fn traverse(&self, visitor: &mut Visitor<'_>) -> c_int {
        visitor.visit(self.owner.get())
    }

    #[getter]
    fn __doc__(&self, th: &Thread) -> PyResult {
        doc(th, self.def().doc)
    }

    #[getter]
    fn __qualname__(&self, th: &Thread) -> PyResult {
        super::qualname(th, self)
    }
}
