//! The `class` statement: `type.__new__`. (`bases` changes what it has made, `end` takes it apart.)
//!
//! The same job as `type_new` in CPython's `Objects/typeobject.c`.
//!
//! Invariants: 1. a heap type made here is laid out as `PyHeapTypeObject`, followed by `ob_size` member definitions;
//! 2. its struct is written by this thread only until it is ready.

use std::ffi::CString;

use krait_abi as abi;

use crate::prelude::*;
use crate::typeobj::class_slots::{self, ClassSlots};
use crate::typeobj::{alloc, forward, layout, slots};

/// `type.__new__(metaclass, name, bases, namespace, **kwds)`.
pub fn new(
    th: &Thread,
    metatype: Borrowed<'_, Type>,
    args: Borrowed<'_, Tuple>,
    kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult {
    let (name, bases, namespace) = arguments(th, &args)?;
    let (metatype, bases) = match winner(th, metatype, bases)? {
        Winner::This(metatype, bases) => (metatype, bases),
        Winner::Other(other) => {
            let Some(new) = other.raw().tp_new else {
                let other = other.tp_name();
                return Err(raise!(th, TYPE_ERROR, "cannot create '{other}' instances"));
            };
            let kwargs = kwargs.map_or(std::ptr::null_mut(), Borrowed::as_ptr);
            // SAFETY: `tp_new` takes a type, a tuple and a dictionary or NULL.
            let made =
                unsafe { Owned::from_ptr_or_null(new(other.as_type_ptr(), args.as_ptr(), kwargs)) };
            return made.ok_or_else(|| th.raised_by_c());
        }
    };
    let namespace = namespace.copy(th)?;
    let base = layout::best_base(th, &bases)?.to_owned();
    let slots = class_slots::read(th, name, base.borrow(), &bases, &namespace)?;
    let forward = forward::take(th, metatype.borrow(), name, &namespace)?;
    let room = match &forward {
        Some(forward) => forward.clone(),
        None => metatype.alloc(th, slots.names.as_ref().map_or(0, Vec::len) as isize)?,
    };
    let made = make(th, room, name, base.borrow(), &bases, Some(namespace), slots)
        .and_then(|ty| complete(th, &ty, kwargs).map(|()| ty.into_object()));
    if let Some(forward) = forward {
        forward::built(th, &forward, made.is_ok());
    }
    made
}

/// What is left once the struct and the namespace stand.
fn complete(th: &Thread, ty: &Owned<Type>, kwargs: Option<Borrowed<'_, Dict>>) -> PyResult<()> {
    fill_namespace(th, ty.borrow())?;
    ty.borrow().ready(th)?;
    slots::fixup_new(th, ty.borrow());
    let attributes = ty.dict(th).get_str(th, id::__static_attributes__)?;
    let attributes = attributes.as_ref().and_then(|known| known.object().downcast::<Tuple>());
    crate::object::inline_values::init_shared_keys(th, ty.borrow(), attributes)?;
    set_names(th, ty.borrow())?;
    init_subclass(th, ty.borrow(), kwargs)?;
    warn_of_odd_keys(th, ty)
}

/// Attributes whose names are no strings are of no use.
fn warn_of_odd_keys(th: &Thread, ty: &Type) -> PyResult<()> {
    let dict = ty.dict(th);
    let mut position = 0;
    while let Some((key, _)) = dict.next(&mut position) {
        if key.borrow().downcast::<Str>().is_none() {
            let class = ty.tp_name();
            let message = format!("non-string key in the __dict__ of class {class}");
            let message = Str::from_string(th, message)?;
            let category = Borrowed::from_ref(exc::RUNTIME_WARNING).object();
            return (th.interp().services.get().warn)(th, category, message.borrow(), 1);
        }
    }
    Ok(())
}

fn arguments<'a>(
    th: &Thread,
    args: &'a Tuple,
) -> PyResult<(Borrowed<'a, Str>, Borrowed<'a, Tuple>, Borrowed<'a, Dict>)> {
    let &[name, bases, namespace] = args.as_slice() else {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "type.__new__() takes exactly 3 arguments ({} given)",
            args.len()
        ));
    };
    let wrong = |at, expected, got: Borrowed<'_>| {
        raise!(
            th,
            TYPE_ERROR,
            "type.__new__() argument {at} must be {expected}, not {}",
            got.type_name()
        )
    };
    let name_text = name.downcast::<Str>().ok_or_else(|| wrong(1, "str", name))?;
    let bases_tuple = bases.downcast::<Tuple>().ok_or_else(|| wrong(2, "tuple", bases))?;
    let namespace_dict = namespace.downcast::<Dict>().ok_or_else(|| wrong(3, "dict", namespace))?;
    Ok((name_text, bases_tuple, namespace_dict))
}

enum Winner {
    /// This metaclass makes the class, from these bases.
    This(Owned<Type>, Owned<Tuple>),
    /// A more derived one has its own constructor.
    Other(Owned<Type>),
}

fn winner(
    th: &Thread,
    metatype: Borrowed<'_, Type>,
    bases: Borrowed<'_, Tuple>,
) -> PyResult<Winner> {
    if bases.is_empty() {
        let object = Borrowed::from_ref(Object::type_object());
        return Ok(Winner::This(metatype.to_owned(), Tuple::from_slice(th, &[object.object()])?));
    }
    for base in bases.as_slice() {
        if let Some(base) = base.downcast::<Type>() {
            forward::ensure(th, base)?;
        } else if object::get_attr_opt(th, *base, id::__mro_entries__)?.is_some() {
            return Err(th.raise(
                exc::TYPE_ERROR,
                "type() doesn't support MRO entry resolution; use types.new_class()",
            ));
        }
    }
    let winner = calculate_metaclass(th, metatype, &bases)?;
    let address = |ty: &Type| ty.raw().tp_new.map(|new| new as usize);
    if !winner.is(metatype) && address(&winner) != address(Type::type_object()) {
        return Ok(Winner::Other(winner));
    }
    Ok(Winner::This(winner, bases.to_owned()))
}

/// The most derived metaclass of a class's bases and the one that was asked for.
pub fn calculate_metaclass(
    th: &Thread,
    metatype: Borrowed<'_, Type>,
    bases: &Tuple,
) -> PyResult<Owned<Type>> {
    let mut winner = metatype.to_owned();
    for base in bases.as_slice() {
        let theirs = base.ty();
        if winner.is_subtype(&theirs) {
            continue;
        }
        if theirs.is_subtype(&winner) {
            winner = theirs.to_owned();
            continue;
        }
        return Err(th.raise(
            exc::TYPE_ERROR,
            "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the metaclasses of all its bases",
        ));
    }
    Ok(winner)
}

/// The C string of a class name.
fn c_name(th: &Thread, name: &Str) -> PyResult<CString> {
    CString::new(name.as_utf8(th)?)
        .map_err(|_| th.raise(exc::VALUE_ERROR, "type name must not contain null characters"))
}

/// Fills in the struct of a heap type, `ty`, which is all zeros, and puts its namespace in place.
pub(super) fn make(
    th: &Thread,
    ty: Owned<Type>,
    name: Borrowed<'_, Str>,
    base: Borrowed<'_, Type>,
    bases: &Tuple,
    namespace: Option<Owned<Dict>>,
    slots: ClassSlots,
) -> PyResult<Owned<Type>> {
    let tp_name = c_name(th, &name)?;
    // SAFETY: (1), (2): `tp_alloc` of a metaclass made room for the struct and a member for each slot.
    unsafe {
        let heap = ty.as_heap_ptr();
        let raw = ty.as_type_ptr();
        (*heap).ht_name = name.to_owned().into_ptr();
        (*heap).ht_qualname = qualname(th, name, namespace.as_deref())?.into_ptr();
        (*heap)._ht_tpname = tp_name.into_raw();
        (*raw).tp_name = (*heap)._ht_tpname;
        (*raw).tp_base = base.to_owned().into_ptr().cast();
        // The program's tuple, be it of a subclass.
        (*raw).tp_bases = Borrowed::from_ref(bases).to_owned().into_ptr();
        (*raw).tp_dict = namespace.map_or(std::ptr::null_mut(), Owned::into_ptr);
        (*raw).tp_as_async = &raw mut (*heap).as_async;
        (*raw).tp_as_number = &raw mut (*heap).as_number;
        (*raw).tp_as_mapping = &raw mut (*heap).as_mapping;
        (*raw).tp_as_sequence = &raw mut (*heap).as_sequence;
        (*raw).tp_as_buffer = &raw mut (*heap).as_buffer;
        (*raw).tp_flags = abi::Py_TPFLAGS_DEFAULT
            | abi::Py_TPFLAGS_HEAPTYPE
            | abi::Py_TPFLAGS_BASETYPE
            | abi::Py_TPFLAGS_HAVE_GC;
        lay_out(th, &ty, base, &slots)?;
        (*raw).tp_dealloc = Some(alloc::subtype_dealloc);
        (*raw).tp_alloc = Some(alloc::generic_alloc);
        (*raw).tp_free = Some(crate::gc::gc_del);
        (*raw).tp_traverse = Some(alloc::subtype_traverse);
        (*raw).tp_clear = Some(alloc::subtype_clear);
        if let Some(names) = slots.names {
            (*heap).ht_slots =
                Tuple::from_vec(th, names.into_iter().map(Owned::into_object).collect())?
                    .into_ptr();
        }
    }
    Ok(ty)
}

/// `__qualname__` of the namespace (taken out), or the name.
fn qualname(
    th: &Thread,
    name: Borrowed<'_, Str>,
    namespace: Option<&Dict>,
) -> PyResult<Owned<Str>> {
    let given = match namespace {
        Some(namespace) => namespace.pop(th, id::__qualname__.object())?,
        None => None,
    };
    let Some(qualname) = given else {
        return Ok(name.to_owned());
    };
    qualname.downcast::<Str>().map_err(|other| {
        raise!(th, TYPE_ERROR, "type __qualname__ must be a str, not {}", other.type_name())
    })
}

/// Where the new fields lie: `__slots__` behind the base's struct; dictionary and weak list before the object.
///
/// # Safety
/// (1), (2).
unsafe fn lay_out(
    th: &Thread,
    ty: &Type,
    base: Borrowed<'_, Type>,
    slots: &ClassSlots,
) -> PyResult<()> {
    // SAFETY: the caller's promise.
    unsafe {
        let raw = ty.as_type_ptr();
        let mut offset = base.raw().tp_basicsize;
        let meta_size = ty.object_type_size();
        let members: *mut abi::PyMemberDef = raw.byte_add(meta_size).cast();
        for (at, name) in slots.names.iter().flatten().enumerate() {
            let member = members.add(at);
            // The interned name lives as long as `ht_slots`, which holds it.
            (*member).name = name.as_utf8_ptr(th)?;
            (*member).r#type = abi::Py_T_OBJECT_EX;
            (*member).offset = offset;
            // Whether the C type underneath could do without it is not known: never dropped early.
            offset += size_of::<usize>() as isize;
        }
        (*raw).tp_members = if slots.names.as_ref().is_some_and(|names| !names.is_empty()) {
            members
        } else {
            std::ptr::null_mut()
        };
        if slots.add_dict {
            (*raw).tp_flags |= abi::Py_TPFLAGS_MANAGED_DICT;
            (*raw).tp_dictoffset = -1;
        }
        if slots.add_weakref {
            (*raw).tp_flags |= abi::Py_TPFLAGS_MANAGED_WEAKREF;
            (*raw).tp_weaklistoffset = crate::weakref::MANAGED_OFFSET;
        }
        (*raw).tp_basicsize = offset;
        (*raw).tp_itemsize = base.raw().tp_itemsize;
        getsets(ty, slots);
    }
    Ok(())
}

/// `__dict__` and `__weakref__` properties of a class that adds them.
unsafe fn getsets(ty: &Type, slots: &ClassSlots) {
    // SAFETY: (2).
    unsafe {
        (*ty.as_type_ptr()).tp_getset =
            crate::object::dict_property::class_getsets(slots.add_dict, slots.add_weakref);
    }
}

impl Type {
    /// The size of this type object's own struct: that of its metaclass's instances.
    fn object_type_size(&self) -> usize {
        let this: Borrowed<'_> = Borrowed::from_ref(self).object();
        this.get().ty().raw().tp_basicsize as usize
    }
}

/// What the statement adds to the namespace: module, doc, static and class methods by name, the class cell.
fn fill_namespace(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<()> {
    let dict = ty.dict(th);
    if !dict.contains(th, id::__module__.object())? {
        if let Some(globals) = (th.interp().services.get().globals)(th) {
            if let Some(module) = globals.get_str(th, id::__name__)? {
                dict.set_str(th, id::__module__, module.object())?;
            }
        }
    }
    if let Some(doc) = dict.get_str(th, id::__doc__)? {
        set_c_doc(th, ty, doc.object())?;
    }
    crate::descr::wrap_special(th, &dict, id::__new__, true)?;
    crate::descr::wrap_special(th, &dict, id::__init_subclass__, false)?;
    crate::descr::wrap_special(th, &dict, id::__class_getitem__, false)?;
    for name in [id::__classcell__, id::__classdictcell__] {
        let Some(cell) = dict.pop(th, name.object())? else {
            continue;
        };
        let value = if name.is(id::__classcell__) { ty.object() } else { dict.object() };
        crate::cell::fill(th, cell.object(), value, name)?;
    }
    Ok(())
}

/// A docstring is also `tp_doc`, for C; what C strings cannot hold is cut.
pub(crate) fn set_c_doc(th: &Thread, ty: Borrowed<'_, Type>, doc: Borrowed<'_>) -> PyResult<()> {
    let Some(doc) = doc.downcast::<Str>() else {
        return Ok(());
    };
    let mut text = doc.get().as_utf8(th)?.as_bytes().to_vec();
    text.truncate(text.iter().position(|&byte| byte == 0).unwrap_or(text.len()));
    text.push(0);
    let block = th.interp().heap.alloc(text.len());
    if block.is_null() {
        return Err(th.no_memory());
    }
    // SAFETY: the block has room; (2).
    unsafe {
        block.copy_from_nonoverlapping(text.as_ptr(), text.len());
        (*ty.as_type_ptr()).tp_doc = block.cast();
    }
    Ok(())
}

/// Gives a type that nobody knows yet the name that messages show, with its module's in front.
pub(crate) fn set_full_name(ty: &Type, name: &str) {
    // SAFETY: (2).
    unsafe { replace_c_name(ty, CString::new(name).unwrap_or_default()) };
}

/// Puts another name in place for C, and frees the old one.
///
/// # Safety
/// The type is laid out as (1) says, and has a name of its own or none.
unsafe fn replace_c_name(ty: &Type, name: CString) {
    // SAFETY: the caller's promise; the new name is in place before the old one goes.
    unsafe {
        let heap = ty.as_heap_ptr();
        let old = std::mem::replace(&mut (*heap)._ht_tpname, name.into_raw());
        (*heap).ht_type.tp_name = (*heap)._ht_tpname;
        if !old.is_null() {
            drop(CString::from_raw(old));
        }
    }
}

/// Calls `__set_name__` of every attribute that has one.
fn set_names(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<()> {
    let attributes = ty.dict(th).copy(th)?;
    let mut position = 0;
    while let Some((name, value)) = attributes.next(&mut position) {
        let Some(set_name) = object::lookup_special(th, value.object(), id::__set_name__)? else {
            continue;
        };
        if let Err(raised) = call::call(th, set_name.object(), &[ty.object(), name.object()]) {
            let shown = object::repr(th, name.object());
            let exception = th.take_raised(raised);
            if let Ok(shown) = shown {
                let note = Str::from_fmt(
                    th,
                    format_args!(
                        "Error calling __set_name__ on '{}' instance {} in '{}'",
                        value.type_name(),
                        *shown,
                        ty.name()
                    ),
                )?;
                exception.add_note(th, note.borrow())?;
            }
            return Err(th.set_exception(exception.into_object()));
        }
    }
    Ok(())
}

/// `super(cls, cls).__init_subclass__(**kwargs)`.
fn init_subclass(
    th: &Thread,
    ty: Borrowed<'_, Type>,
    kwargs: Option<Borrowed<'_, Dict>>,
) -> PyResult<()> {
    let parent = crate::object::super_::new(th, ty, ty.object())?;
    let method = object::get_attr(th, parent.object(), id::__init_subclass__)?;
    call::call_tuple_dict(th, method.object(), Tuple::empty(), kwargs).map(drop)
}

/// The `__name__` setter.
pub fn set_name(th: &Thread, ty: &Type, name: Borrowed<'_, Str>) -> PyResult<()> {
    let tp_name = c_name(th, &name)?;
    // SAFETY: a mutable type made here; new names are in place before the old ones go.
    unsafe {
        replace_c_name(ty, tp_name);
        let old = std::mem::replace(&mut (*ty.as_heap_ptr()).ht_name, name.to_owned().into_ptr());
        drop(Owned::<Str>::from_ptr_or_null(old));
    }
    Ok(())
}
