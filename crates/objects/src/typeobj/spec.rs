//! `PyType_FromMetaclass` and its relatives: heap types from a C specification.
//!
//! The same job as `PyType_FromMetaclass` in CPython's `Objects/typeobject.c`.
//!
//! SAFETY, throughout: C passes a specification whose strings end with NUL and whose tables end with an empty entry; the
//! values of its slots are what their numbers say. A new type's struct is written by this thread only, until it is ready.

use std::ffi::{CStr, CString, c_char, c_int, c_void};

use krait_abi as abi;

use crate::prelude::*;
use crate::typeobj::{alloc, build, layout, slot_numbers};

/// The alignment of what a type adds to its base's struct: that of C's `max_align_t`.
const DATA_ALIGNMENT: isize = 16;

/// `size`, rounded up so that a type's own data may follow.
pub fn align_up(size: isize) -> isize {
    (size + DATA_ALIGNMENT - 1) & !(DATA_ALIGNMENT - 1)
}

/// What a first look at the slots finds.
#[derive(Default)]
struct Found<'a> {
    members: &'a [abi::PyMemberDef],
    weaklist: Option<&'a abi::PyMemberDef>,
    dict: Option<&'a abi::PyMemberDef>,
    vectorcall: Option<&'a abi::PyMemberDef>,
    doc: Option<&'a CStr>,
    token: *mut c_void,
    base: *mut c_void,
    bases: *mut c_void,
}

/// A new heap type. `bases` is a tuple, a single base, or absent: then the specification's slots name them.
pub fn from_spec(
    th: &Thread,
    metaclass: Option<Borrowed<'_, Type>>,
    module: Option<Borrowed<'_>>,
    spec: &abi::PyType_Spec,
    bases: Option<Borrowed<'_>>,
) -> PyResult<Owned<Type>> {
    let found = look_at_slots(th, spec)?;
    let name = name_of(th, spec)?;
    let bases = bases_of(th, &found, bases)?;
    let wanted = metaclass.unwrap_or(Borrowed::from_ref(Type::type_object()));
    let metaclass = build::calculate_metaclass(th, wanted, &bases)?;
    check_metaclass(th, &metaclass)?;
    let base = layout::best_base(th, &bases)?.to_owned();
    if u64::from(spec.flags) & abi::Py_TPFLAGS_IMMUTABLETYPE != 0 {
        check_immutable(th, &name.to_string_lossy(), bases.as_slice())?;
    }
    let sizes = sizes(th, spec, &base)?;
    let ty: Owned<Type> = metaclass.alloc(th, found.members.len() as isize)?;
    fill(th, &ty, spec, name, module, bases, base)?;
    set_sizes(th, &ty, spec, &found, sizes)?;
    copy_slots(&ty, spec);
    copy_members(&ty, found.members, sizes.data_offset);
    // SAFETY: see the top of the file.
    unsafe {
        let raw = ty.as_type_ptr();
        (*ty.as_heap_ptr()).ht_token = found.token;
        if let Some(doc) = found.doc {
            (*raw).tp_doc = copy_text(th, doc)?;
        }
        if (*raw).tp_dealloc.is_none() {
            // It gives the instance's count of its type back, after what the base's does.
            (*raw).tp_dealloc = Some(alloc::subtype_dealloc);
        }
    }
    ty.borrow().ready(th)?;
    check_sizes(th, &ty)?;
    crate::object::inline_values::init_shared_keys(th, ty.borrow(), None)?;
    set_module(th, &ty, spec)?;
    Ok(ty)
}

fn slots_of(spec: &abi::PyType_Spec) -> impl Iterator<Item = &abi::PyType_Slot> {
    let mut at = spec.slots;
    std::iter::from_fn(move || {
        // SAFETY: see the top of the file.
        unsafe {
            let slot = at.as_ref().filter(|slot| slot.slot != 0)?;
            at = at.add(1);
            Some(slot)
        }
    })
}

fn look_at_slots<'a>(th: &Thread, spec: &'a abi::PyType_Spec) -> PyResult<Found<'a>> {
    let mut found = Found::default();
    let (mut has_doc, mut has_token) = (false, false);
    let twice = |name: &str| {
        Err(raise!(th, SYSTEM_ERROR, "Multiple Py_tp_{name} slots are not supported."))
    };
    for slot in slots_of(spec) {
        match slot.slot {
            number if !(0..=slot_numbers::LAST).contains(&number) => {
                return Err(th.raise(exc::RUNTIME_ERROR, "invalid slot offset"));
            }
            abi::Py_tp_members => {
                if !found.members.is_empty() {
                    return twice("members");
                }
                look_at_members(th, spec, slot.pfunc.cast(), &mut found)?;
            }
            abi::Py_tp_doc if has_doc => return twice("doc"),
            abi::Py_tp_doc => {
                has_doc = true;
                // SAFETY: see the top of the file.
                found.doc = (!slot.pfunc.is_null())
                    .then(|| unsafe { CStr::from_ptr(slot.pfunc.cast::<c_char>()) });
            }
            abi::Py_tp_token if has_token => return twice("token"),
            abi::Py_tp_token => {
                has_token = true;
                // `Py_TP_USE_SPEC` is NULL: the specification is the token.
                found.token = slot.pfunc;
                if found.token.is_null() {
                    found.token = std::ptr::from_ref(spec).cast_mut().cast();
                }
            }
            abi::Py_tp_base => found.base = slot.pfunc,
            abi::Py_tp_bases => found.bases = slot.pfunc,
            _ => {}
        }
    }
    Ok(found)
}

fn look_at_members<'a>(
    th: &Thread,
    spec: &abi::PyType_Spec,
    members: *const abi::PyMemberDef,
    found: &mut Found<'a>,
) -> PyResult<()> {
    let mut count = 0;
    // SAFETY: see the top of the file.
    unsafe {
        while let Some(member) =
            members.wrapping_add(count).as_ref().filter(|member| !member.name.is_null())
        {
            count += 1;
            if member.flags & abi::Py_RELATIVE_OFFSET != 0 {
                if spec.basicsize > 0 {
                    return Err(th.raise(
                        exc::SYSTEM_ERROR,
                        "With Py_RELATIVE_OFFSET, basicsize must be negative.",
                    ));
                }
                if !(0..-(spec.basicsize as isize)).contains(&member.offset) {
                    return Err(
                        th.raise(exc::SYSTEM_ERROR, "Member offset out of range (0..-basicsize)")
                    );
                }
            }
            match CStr::from_ptr(member.name).to_bytes() {
                b"__weaklistoffset__" => found.weaklist = Some(member),
                b"__dictoffset__" => found.dict = Some(member),
                b"__vectorcalloffset__" => found.vectorcall = Some(member),
                _ => {}
            }
        }
        if count > 0 {
            found.members = std::slice::from_raw_parts(members, count);
        }
    }
    Ok(())
}

/// The type's name: that of the specification after its last dot.
fn name_of(th: &Thread, spec: &abi::PyType_Spec) -> PyResult<Owned<Str>> {
    if spec.name.is_null() {
        return Err(th.raise(exc::SYSTEM_ERROR, "Type spec does not define the name field."));
    }
    // SAFETY: see the top of the file.
    let whole = unsafe { CStr::from_ptr(spec.name) }.to_string_lossy();
    Str::new(th, whole.rsplit('.').next().unwrap_or(&whole))
}

fn bases_of(th: &Thread, found: &Found, given: Option<Borrowed<'_>>) -> PyResult<Owned<Tuple>> {
    if let Some(given) = given {
        return match given.downcast::<Tuple>() {
            Some(bases) => Ok(bases.to_owned()),
            None => Tuple::from_slice(th, &[given]),
        };
    }
    // SAFETY: see the top of the file.
    unsafe {
        if let Some(bases) = Borrowed::<Object>::from_ptr_or_null(found.bases.cast()) {
            return bases
                .downcast::<Tuple>()
                .map(Borrowed::to_owned)
                .ok_or_else(|| th.raise(exc::SYSTEM_ERROR, "Py_tp_bases is not a tuple"));
        }
        let base = Borrowed::<Object>::from_ptr_or_null(found.base.cast())
            .unwrap_or(Borrowed::from_ref(Object::type_object()).object());
        Tuple::from_slice(th, &[base])
    }
}

fn check_metaclass(th: &Thread, metaclass: &Owned<Type>) -> PyResult<()> {
    if !metaclass.is_subtype(Type::type_object()) {
        let shown = object::repr(th, metaclass.object())?;
        return Err(raise!(th, TYPE_ERROR, "Metaclass '{}' is not a subclass of 'type'.", *shown));
    }
    let address = |ty: &Type| ty.raw().tp_new.map_or(0, |new| new as usize);
    if address(metaclass) != 0 && address(metaclass) != address(Type::type_object()) {
        let message = "Metaclasses with custom tp_new are not supported.";
        return Err(th.raise(exc::TYPE_ERROR, message));
    }
    Ok(())
}

/// TypeError if one of the bases of an immutable type may change.
pub fn check_immutable(th: &Thread, name: &str, bases: &[Borrowed<'_>]) -> PyResult<()> {
    for base in bases.iter().filter_map(|base| base.downcast::<Type>()) {
        if !base.has_flag(abi::Py_TPFLAGS_IMMUTABLETYPE) {
            let shown = base.full_name(th)?;
            return Err(raise!(
                th,
                TYPE_ERROR,
                "Creating immutable type {name} from mutable base {}",
                *shown
            ));
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Sizes {
    basic: isize,
    /// Where the type's own fields begin.
    data_offset: isize,
}

fn sizes(th: &Thread, spec: &abi::PyType_Spec, base: &Type) -> PyResult<Sizes> {
    let own = spec.basicsize as isize;
    let inherited = base.raw().tp_basicsize;
    match own {
        0 => Ok(Sizes { basic: inherited, data_offset: 0 }),
        1.. => Ok(Sizes { basic: own, data_offset: own }),
        _ => {
            let at_end = (base.flags() | u64::from(spec.flags)) & abi::Py_TPFLAGS_ITEMS_AT_END;
            if base.raw().tp_itemsize != 0 && at_end == 0 {
                return Err(th.raise(
                    exc::SYSTEM_ERROR,
                    "Cannot extend variable-size class without Py_TPFLAGS_ITEMS_AT_END.",
                ));
            }
            let data_offset = align_up(inherited);
            Ok(Sizes { basic: data_offset + align_up(-own), data_offset })
        }
    }
}

/// Names, bases and tables of a type that nobody knows yet.
fn fill(
    th: &Thread,
    ty: &Type,
    spec: &abi::PyType_Spec,
    name: Owned<Str>,
    module: Option<Borrowed<'_>>,
    bases: Owned<Tuple>,
    base: Owned<Type>,
) -> PyResult<()> {
    // SAFETY: see the top of the file.
    unsafe {
        let (raw, heap) = (ty.as_type_ptr(), ty.as_heap_ptr());
        // A copy: the module that the specification lies in may go before the type.
        (*heap)._ht_tpname = CString::from(CStr::from_ptr(spec.name)).into_raw();
        (*raw).tp_name = (*heap)._ht_tpname;
        (*heap).ht_qualname = name.clone().into_ptr();
        (*heap).ht_name = name.into_ptr();
        (*heap).ht_module =
            module.map_or(std::ptr::null_mut(), |module| module.to_owned().into_ptr());
        (*raw).tp_flags = u64::from(spec.flags) | abi::Py_TPFLAGS_HEAPTYPE;
        (*raw).tp_base = base.into_ptr().cast();
        (*raw).tp_bases = bases.into_ptr();
        (*raw).tp_as_async = &raw mut (*heap).as_async;
        (*raw).tp_as_number = &raw mut (*heap).as_number;
        (*raw).tp_as_mapping = &raw mut (*heap).as_mapping;
        (*raw).tp_as_sequence = &raw mut (*heap).as_sequence;
        (*raw).tp_as_buffer = &raw mut (*heap).as_buffer;
        (*raw).tp_dict = Dict::new(th)?.into_ptr();
    }
    Ok(())
}

/// The offset that a special member gives.
fn special_offset(
    th: &Thread,
    member: Option<&abi::PyMemberDef>,
    data_offset: isize,
) -> PyResult<isize> {
    let Some(member) = member else {
        return Ok(0);
    };
    // SAFETY: see the top of the file.
    let name = unsafe { CStr::from_ptr(member.name) }.to_string_lossy();
    if member.r#type != abi::Py_T_PYSSIZET {
        return Err(raise!(th, SYSTEM_ERROR, "type of {name} must be Py_T_PYSSIZET"));
    }
    const RELATIVE: c_int = abi::Py_READONLY | abi::Py_RELATIVE_OFFSET;
    match member.flags {
        abi::Py_READONLY => Ok(member.offset),
        RELATIVE => Ok(member.offset + data_offset),
        _ => Err(raise!(
            th,
            SYSTEM_ERROR,
            "flags for {name} must be Py_READONLY or (Py_READONLY | Py_RELATIVE_OFFSET)"
        )),
    }
}

fn set_sizes(
    th: &Thread,
    ty: &Type,
    spec: &abi::PyType_Spec,
    found: &Found,
    sizes: Sizes,
) -> PyResult<()> {
    let weaklist = special_offset(th, found.weaklist, sizes.data_offset)?;
    let dict = special_offset(th, found.dict, sizes.data_offset)?;
    let vectorcall = special_offset(th, found.vectorcall, sizes.data_offset)?;
    // SAFETY: see the top of the file.
    unsafe {
        let raw = ty.as_type_ptr();
        (*raw).tp_basicsize = sizes.basic;
        (*raw).tp_itemsize = spec.itemsize as isize;
        (*raw).tp_weaklistoffset = weaklist;
        (*raw).tp_dictoffset = dict;
        (*raw).tp_vectorcall_offset = vectorcall;
    }
    Ok(())
}

fn copy_slots(ty: &Type, spec: &abi::PyType_Spec) {
    for slot in slots_of(spec) {
        if matches!(
            slot.slot,
            abi::Py_tp_base | abi::Py_tp_bases | abi::Py_tp_doc | abi::Py_tp_members
        ) {
            continue;
        }
        if let Some(place) = slot_numbers::place(slot.slot) {
            // SAFETY: see the top of the file.
            unsafe { *place.of(ty.as_type_ptr()) = slot.pfunc }
        }
    }
}

/// The members stand behind the type's struct, with offsets from the object's start.
fn copy_members(ty: &Type, members: &[abi::PyMemberDef], data_offset: isize) {
    if members.is_empty() {
        return;
    }
    // SAFETY: `tp_alloc` made room for as many members.
    unsafe {
        let raw = ty.as_type_ptr();
        let meta_size = (*(*raw.cast::<abi::PyObject>()).ob_type).tp_basicsize;
        let copies: *mut abi::PyMemberDef = raw.byte_offset(meta_size).cast();
        for (at, member) in members.iter().enumerate() {
            let copy = copies.add(at);
            copy.copy_from_nonoverlapping(member, 1);
            if member.flags & abi::Py_RELATIVE_OFFSET != 0 {
                (*copy).flags &= !abi::Py_RELATIVE_OFFSET;
                (*copy).offset += data_offset;
            }
        }
        (*raw).tp_members = copies;
    }
}

/// A copy that the type frees.
fn copy_text(th: &Thread, text: &CStr) -> PyResult<*const c_char> {
    let bytes = text.to_bytes_with_nul();
    let block = th.interp().heap.alloc(bytes.len());
    if block.is_null() {
        return Err(th.no_memory());
    }
    // SAFETY: the block has room.
    unsafe { block.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    Ok(block.cast_const().cast())
}

/// What an allocator of the type's own may know better is not checked.
fn check_sizes(th: &Thread, ty: &Type) -> PyResult<()> {
    let raw = ty.raw();
    let name = ty.tp_name();
    let size = raw.tp_basicsize;
    let address = |ty: &abi::PyTypeObject| ty.tp_alloc.map_or(0, |alloc| alloc as usize);
    if address(raw) != address(Object::type_object().raw()) {
        return Ok(());
    }
    if let Some(base) = ty.base().filter(|base| base.raw().tp_basicsize > size) {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "tp_basicsize for type '{name}' ({size}) is too small for base '{}' ({})",
            base.tp_name(),
            base.raw().tp_basicsize
        ));
    }
    let offsets = [
        ("weaklist", raw.tp_weaklistoffset),
        ("dict", raw.tp_dictoffset),
        ("vectorcall", raw.tp_vectorcall_offset),
    ];
    for (what, offset) in offsets {
        if offset + size_of::<usize>() as isize > size {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "{what} offset {offset} is out of bounds for type '{name}' (tp_basicsize = {size})"
            ));
        }
    }
    Ok(())
}

/// `__module__`: what stands before the last dot of the name.
fn set_module(th: &Thread, ty: &Type, spec: &abi::PyType_Spec) -> PyResult<()> {
    let dict = ty.dict(th);
    if dict.contains(th, id::__module__.object())? {
        return Ok(());
    }
    // SAFETY: see the top of the file.
    let name = unsafe { CStr::from_ptr(spec.name) }.to_string_lossy();
    if let Some((module, _)) = name.rsplit_once('.') {
        let module = Str::interned(th, module)?;
        return dict.set_str(th, id::__module__, module.object());
    }
    let message =
        Str::from_fmt(th, format_args!("builtin type {name} has no __module__ attribute"))?;
    let category = Borrowed::from_ref(exc::DEPRECATION_WARNING).object();
    (th.interp().services.get().warn)(th, category, message.borrow(), 1)
}
