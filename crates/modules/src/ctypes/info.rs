//! What a class of C data knows of its C type, and the metaclass that has room for it.
//!
//! The same job as `StgInfo` and `CType_Type` in CPython's `Modules/_ctypes/stginfo.c` and `_ctypes.c`.
//!
//! Invariants:
//! 1. An instance of `CType` on the heap is laid out as one; the static classes (`_ctypes.Structure` and its like) are not, and
//!    have no `Info`: they are abstract.
//! 2. `format` and `shape` stay as they are once there are instances, which lend them to buffers.

use std::cell::{Cell, OnceCell, RefCell, UnsafeCell};
use std::ffi::{CString, c_int};

use krait_abi as abi;
use krait_ffi as ffi;
use krait_objects::gc::{self, Visit};
use krait_objects::prelude::*;
use krait_objects::typeobj::end;

use super::code::Code;
use super::{array, simple, sources};

/// Properties of a C type.
pub mod flag {
    /// As the program says them of functions (`_flags_`).
    pub const CDECL: u32 = 1;
    pub const PYTHON_API: u32 = 4;
    pub const USE_ERRNO: u32 = 8;
    pub const USE_LAST_ERROR: u32 = 16;
    /// The rest is ours.
    pub const POINTER: u32 = 0x100;
    /// There are pointers inside.
    pub const HAS_POINTER: u32 = 0x200;
    /// `_fields_` may not be set any more.
    pub const FINAL: u32 = 0x1000;
}

/// What a class knows of its C type.
pub struct Info {
    pub size: Cell<usize>,
    pub align: Cell<usize>,
    /// The number of items or fields.
    pub len: Cell<usize>,
    /// How a value is passed to functions.
    pub passing: Cell<ffi::Type>,
    /// How a value lies in a struct or union.
    pub inside: Cell<ffi::Type>,
    pub flags: Cell<u32>,
    /// Of a simple type, how a value is read and written.
    pub code: Cell<Option<&'static Code>>,
    pub swapped: Cell<bool>,
    /// Of a simple type its code; what a pointer points to; the type of an array's items.
    pub proto: Slot,
    pub pointer_type: Slot,
    pub format: RefCell<CString>,
    pub shape: RefCell<Vec<isize>>,
    pub argtypes: Slot<Tuple>,
    pub converters: Slot<Tuple>,
    pub restype: Slot,
    pub checker: Slot,
}

impl Info {
    fn new() -> Info {
        Info {
            size: Cell::new(0),
            align: Cell::new(0),
            len: Cell::new(0),
            passing: Cell::new(ffi::Type::POINTER),
            inside: Cell::new(ffi::Type::POINTER),
            flags: Cell::new(0),
            code: Cell::new(None),
            swapped: Cell::new(false),
            proto: Slot::EMPTY,
            pointer_type: Slot::EMPTY,
            format: RefCell::default(),
            shape: RefCell::default(),
            argtypes: Slot::EMPTY,
            converters: Slot::EMPTY,
            restype: Slot::EMPTY,
            checker: Slot::EMPTY,
        }
    }

    /// Size, alignment and passing of a pointer.
    pub fn set_pointer(&self) {
        self.size.set(8);
        self.align.set(8);
        self.len.set(1);
        self.add_flags(flag::POINTER);
    }

    pub fn has(&self, flag: u32) -> bool {
        self.flags.get() & flag != 0
    }

    pub fn add_flags(&self, flags: u32) {
        self.flags.set(self.flags.get() | flags);
    }

    pub fn set_format(&self, format: String) {
        // A name with NUL in it has no place in a format.
        *self.format.borrow_mut() = CString::new(format).unwrap_or_default();
    }

    /// The format, "B" if there is none.
    pub fn format(&self) -> String {
        let format = self.format.borrow();
        if format.is_empty() { "B".to_string() } else { format.to_string_lossy().into_owned() }
    }

    /// The class that `proto` is.
    pub fn item_type(&self) -> Option<Borrowed<'_, Type>> {
        self.proto.get().and_then(|proto| proto.downcast::<Type>())
    }

    /// As `code`, of the items of a pointer or an array.
    pub fn item_letter(&self) -> Option<u8> {
        let item = info(self.item_type()?)?;
        item.code.get().map(|code| code.letter)
    }

    pub fn letter(&self) -> Option<u8> {
        self.code.get().map(|code| code.letter)
    }

    fn visit(&self, visitor: &mut Visitor<'_>) -> c_int {
        let slots: [&dyn Visit; 6] = [
            &self.proto,
            &self.pointer_type,
            &self.argtypes,
            &self.converters,
            &self.restype,
            &self.checker,
        ];
        slots.into_iter().map(|slot| slot.visit(visitor)).find(|&stop| stop != 0).unwrap_or(0)
    }

    fn clear(&self) {
        self.proto.set(None);
        self.pointer_type.set(None);
        self.argtypes.set(None);
        self.converters.set(None);
        self.restype.set(None);
        self.checker.set(None);
    }
}

/// What the classes of C data are instances of.
#[pytype(name = "_ctypes.CType_Type", base = Type, flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct CType {
    heap: UnsafeCell<abi::PyHeapTypeObject>,
    info: OnceCell<Box<Info>>,
}

/// What `ty` knows of its C type; `None` if it is none, or abstract.
pub fn info(ty: Borrowed<'_, Type>) -> Option<&Info> {
    if !ty.is_heap_type() || !ty.object().ty().is_subtype(CType::type_object()) {
        return None;
    }
    // SAFETY: (1).
    let class = unsafe { ty.cast::<CType>() };
    class.get().info.get().map(|info| &**info)
}

/// As `info`, of what may be no class.
pub fn info_of(ob: Borrowed<'_>) -> Option<&Info> {
    info(ob.downcast::<Type>()?)
}

/// As `info`; TypeError if there is none.
pub fn known<'a>(th: &Thread, ty: Borrowed<'a, Type>) -> PyResult<&'a Info> {
    info(ty).ok_or_else(|| th.raise(exc::TYPE_ERROR, "abstract class"))
}

/// Gives a new class its `Info`, once.
pub fn begin<'a>(th: &Thread, ty: Borrowed<'a, Type>) -> PyResult<&'a Info> {
    let already = || {
        let name = ty.tp_name();
        Err(raise!(th, SYSTEM_ERROR, "StgInfo of '{name}' is already initialized."))
    };
    if !ty.is_heap_type() {
        return already();
    }
    // SAFETY: (1): the metaclasses' own functions get here.
    let class = unsafe { ty.cast::<CType>() }.get();
    if class.info.set(Box::new(Info::new())).is_err() {
        return already();
    }
    known(th, ty)
}

/// Whether instances of `ty` stand for themselves: it derives from a simple type, and is none itself.
pub fn is_derived_simple(ty: Borrowed<'_, Type>) -> bool {
    ty.object().ty().is_subtype(simple::PyCSimpleType::type_object()) && !simple::is_direct(ty)
}

/// The attribute `name`, if there is one.
pub fn attribute(th: &Thread, ob: Borrowed<'_>, name: &str) -> PyResult<Option<Owned>> {
    let name = Str::interned(th, name)?;
    object::get_attr_opt(th, ob, name.borrow())
}

/// `name` in the class's own dictionary.
pub fn own_attribute(th: &Thread, ty: Borrowed<'_, Type>, name: &str) -> PyResult<Option<Owned>> {
    let name = Str::interned(th, name)?;
    ty.dict(th).get_str(th, name.borrow())
}

/// `type.__init__` of a new class.
pub fn init_type(
    th: &Thread,
    ty: Borrowed<'_, Type>,
    args: Borrowed<'_, Tuple>,
    kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult<()> {
    let Some(init) = Type::type_object().raw().tp_init else { return Err(th.bad_internal_call()) };
    let kwargs = kwargs.map_or(std::ptr::null_mut(), Borrowed::as_ptr);
    // SAFETY: the slot of `type` gets a type, a tuple and a dictionary or NULL.
    match unsafe { init(ty.as_ptr(), args.as_ptr(), kwargs) } {
        0 => Ok(()),
        _ => Err(th.raised_by_c()),
    }
}

/// Ends a class.
///
/// # Safety
/// The last reference to an instance of `CType` on the heap is gone.
pub unsafe fn dealloc(this: *mut CType) {
    // SAFETY: the caller's promise; the collector does not see the class in parts.
    unsafe {
        gc::untrack_raw(this.cast());
        drop((*this).info.take());
        end::dealloc(this.cast());
    }
}

impl CType {
    fn class(this: Borrowed<'_, Self>) -> Borrowed<'_, Type> {
        // SAFETY: an instance of a metaclass is a class.
        unsafe { this.cast() }
    }
}

#[pymethods]
impl CType {
    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        // SAFETY: as the slot is called.
        unsafe { dealloc(this) }
    }

    #[slot(tp_traverse)]
    fn traverse(this: Borrowed<'_, Self>, visitor: &mut Visitor<'_>) -> c_int {
        match end::traverse(&CType::class(this), visitor) {
            0 => this.info.get().map_or(0, |info| info.visit(visitor)),
            stop => stop,
        }
    }

    #[slot(tp_clear)]
    fn clear_references(this: Borrowed<'_, Self>) {
        if let Some(info) = this.info.get() {
            info.clear();
        }
        end::clear(&CType::class(this));
    }

    #[slot(sq_repeat)]
    fn repeat(this: Borrowed<'_, Self>, th: &Thread, len: isize) -> PyResult<Owned<Type>> {
        match usize::try_from(len) {
            Ok(len) => array::type_of(th, CType::class(this), len),
            Err(_) => Err(raise!(th, VALUE_ERROR, "Array length must be >= 0, not {len}")),
        }
    }

    /// The class of pointers to this.
    #[getter]
    fn __pointer_type__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let info = storage(th, this)?;
        info.pointer_type.get_owned().map_or_else(
            || {
                let shown = object::repr(th, this.object())?;
                Err(raise!(th, ATTRIBUTE_ERROR, "{} has no attribute '__pointer_type__'", *shown))
            },
            Ok,
        )
    }

    #[setter]
    fn set___pointer_type__(
        this: Borrowed<'_, Self>,
        th: &Thread,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let info = storage(th, this)?;
        info.pointer_type.set(value.map(Borrowed::to_owned));
        Ok(())
    }

    /// Return the size of the class in memory, in bytes.
    #[method(sig = "(self, /)")]
    fn __sizeof__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Int>> {
        let class = CType::class(this);
        let method = attribute(th, Borrowed::from_ref(Type::type_object()).object(), "__sizeof__")?;
        let Some(method) = method else { return Err(th.bad_internal_call()) };
        let own = call::call(th, method.borrow(), &[this.object()])?;
        let mut size = number::as_isize(th, own.borrow(), None)? as usize;
        if let Some(info) = info(class) {
            let behind = info.format.borrow().count_bytes() + 8 * info.shape.borrow().len();
            size += size_of::<Info>() + behind;
        }
        Int::from_usize(th, size)
    }

    /// Make an instance of what is at an address. The memory is not looked after.
    #[method(sig = "(self, value, /)")]
    fn from_address(this: Borrowed<'_, Self>, th: &Thread, value: Borrowed<'_>) -> PyResult {
        sources::from_address(th, CType::class(this), value)
    }

    /// Make an instance that shares the memory of a writable buffer.
    #[method(sig = "(self, obj, offset=0, /)")]
    fn from_buffer(
        this: Borrowed<'_, Self>,
        th: &Thread,
        obj: Borrowed<'_>,
        offset: isize,
    ) -> PyResult {
        sources::from_buffer(th, CType::class(this), obj, offset)
    }

    /// Make an instance with a copy of what is in a buffer.
    #[method(sig = "(self, buffer, offset=0, /)")]
    fn from_buffer_copy(
        this: Borrowed<'_, Self>,
        th: &Thread,
        buffer: krait_objects::protocol::buffer::Buffer,
        offset: isize,
    ) -> PyResult {
        sources::from_buffer_copy(th, CType::class(this), &buffer, offset)
    }

    /// Make an instance of what a shared library exports under a name.
    #[method(sig = "(self, dll, name, /)")]
    fn in_dll(this: Borrowed<'_, Self>, th: &Thread, dll: Borrowed<'_>, name: &str) -> PyResult {
        sources::in_dll(th, CType::class(this), dll, name)
    }

    /// Convert an object to what a function that takes this type can be called with.
    #[method(sig = "(self, value, /)")]
    fn from_param(this: Borrowed<'_, Self>, th: &Thread, value: Borrowed<'_>) -> PyResult {
        super::param::from_param(th, CType::class(this), value)
    }
}

fn storage<'a>(th: &Thread, class: Borrowed<'a, CType>) -> PyResult<&'a Info> {
    match info(CType::class(class)) {
        Some(info) => Ok(info),
        None => {
            let shown = object::repr(th, class.object())?;
            Err(raise!(th, TYPE_ERROR, "{} must have storage info", *shown))
        }
    }
}

/// A metaclass that adds nothing to `CType` but how a class is initialised, and slots of its own.
macro_rules! metaclass {
    ($(#[$doc:meta])* $class:ident, $name:literal, $init:path, { $($more:tt)* }) => {
        $(#[$doc])*
        #[pytype(name = $name, base = CType, flags(BASETYPE))]
        #[repr(C)]
        pub struct $class {
            base: CType,
        }

        #[pymethods]
        impl $class {
            #[slot(tp_dealloc)]
            unsafe fn dealloc(this: *mut Self) {
                // SAFETY: as the slot is called.
                unsafe { crate::ctypes::info::dealloc(this.cast()) }
            }

            #[slot(tp_init)]
            fn init(
                this: Borrowed<'_, Self>,
                th: &Thread,
                args: Borrowed<'_, Tuple>,
                kwargs: Option<Borrowed<'_, Dict>>,
            ) -> PyResult<()> {
                // SAFETY: an instance of a metaclass is a class.
                let class: Borrowed<'_, Type> = unsafe { this.cast() };
                crate::ctypes::info::init_type(th, class, args, kwargs)?;
                $init(th, class, args, kwargs)
            }

            $($more)*
        }
    };
}
pub(super) use metaclass;
