//! Making and unmaking instances: `tp_alloc`, and the slots of classes defined in Python.
//!
//! The same job as `PyType_GenericAlloc` and the `subtype_` functions of CPython's `Objects/typeobject.c`.
//!
//! SAFETY, throughout: C calls these slots with live objects of the type they were installed in; a
//! deallocator is called with the last reference gone.

use std::ffi::{c_int, c_void};
use std::ptr::NonNull;

use krait_abi as abi;

use crate::codegen::keep_apart;
use crate::error::PyResult;
use crate::float::Float;
use crate::gc;
use crate::handle::{Borrowed, Instance, Object, Owned};
use crate::object::{inline_values, instance_dict};
use crate::thread::Thread;
use crate::typeobj::Type;
use crate::weakref;

type Ptr = *mut abi::PyObject;

/// A new instance: zeroed after its head, with `items` items, tracked if the type is collected.
#[inline(never)]
pub fn alloc(th: &Thread, ty: Borrowed<'_, Type>, items: isize) -> PyResult {
    let Some(block) = block_at_once(th, &ty) else { return alloc_slowly(th, ty, items) };
    // SAFETY: a fresh object; a collected one is preceded by its header.
    unsafe {
        let ob = begin(block, &ty);
        if ty.is_gc() && gc::track_quietly(th, ob) {
            gc::ask(th);
        }
        Ok(Owned::from_ptr(ob))
    }
}

#[inline(never)]
fn alloc_slowly(th: &Thread, ty: Borrowed<'_, Type>, items: isize) -> PyResult {
    let ob = alloc_sized(th, ty, items, 0)?;
    if ty.is_gc() {
        gc::track(th, ob.borrow());
    }
    Ok(ob)
}

/// As `alloc`, for code that fills the object before the collector may see it.
#[inline(never)]
pub fn alloc_untracked(th: &Thread, ty: Borrowed<'_, Type>, items: isize) -> PyResult {
    match block_at_once(th, &ty) {
        // SAFETY: a fresh object.
        Some(block) => Ok(unsafe { Owned::from_ptr(begin(block, &ty)) }),
        None => alloc_sized(th, ty, items, 0),
    }
}

/// What most objects need: their memory, if the type is ready, its instances are all of one size with nothing but the collector's
/// header before them, and a block that was used before is at hand.
#[inline(always)]
fn block_at_once(th: &Thread, ty: &Type) -> Option<NonNull<u8>> {
    let raw = ty.raw();
    let unusual = abi::Py_TPFLAGS_PREHEADER | abi::Py_TPFLAGS_INLINE_VALUES;
    let flags = raw.tp_flags as usize & (unusual | abi::Py_TPFLAGS_READY) as usize;
    if flags != abi::Py_TPFLAGS_READY as usize || raw.tp_itemsize != 0 {
        return None;
    }
    NonNull::new(th.interp().heap.object_at_once(plain_size(ty)))
}

/// The size of the block of such an object.
#[inline(always)]
fn plain_size(ty: &Type) -> usize {
    header_size(ty) + ((ty.raw().tp_basicsize as usize + 7) & !7)
}

/// Writes zeros and the head to the block of such an object.
///
/// # Safety
/// `block_at_once` has given the block for this type.
#[inline(always)]
unsafe fn begin(block: NonNull<u8>, ty: &Type) -> Ptr {
    // SAFETY: the block is large enough.
    unsafe {
        clear(block.as_ptr(), plain_size(ty));
        let ob: Ptr = block.as_ptr().add(header_size(ty)).cast();
        init_head(ob, Borrowed::from_ref(ty));
        ob
    }
}

/// As `alloc_untracked` without items, with `behind` bytes more.
pub fn alloc_with_extra(th: &Thread, ty: Borrowed<'_, Type>, behind: usize) -> PyResult {
    let behind = isize::try_from(behind).map_err(|_| th.no_memory())?;
    alloc_sized(th, ty, 0, behind)
}

#[inline(always)]
fn alloc_sized(th: &Thread, ty: Borrowed<'_, Type>, items: isize, behind: isize) -> PyResult {
    // A static type may be used before anyone has asked for it by name.
    if !ty.has_flag(abi::Py_TPFLAGS_READY) {
        ty.ready(th)?;
    }
    let raw = ty.raw();
    let size = if raw.tp_itemsize == 0 && behind == 0 {
        (raw.tp_basicsize + 7) & !7
    } else {
        // One item more, as the reference: room for the sentinel of types such as bytes.
        (items + 1)
            .checked_mul(raw.tp_itemsize)
            .and_then(|extra| raw.tp_basicsize.checked_add(extra))
            .and_then(|size| size.checked_add(behind))
            .and_then(|size| size.checked_add(7))
            .ok_or_else(|| th.no_memory())?
            & !7
    };
    let before = size_before(&ty);
    let values = inline_values::inline_values_size(&ty);
    let total = before + size as usize + values;
    let block = th.interp().heap.alloc_object(total, before, ty.as_type_ptr());
    if block.is_null() {
        return Err(th.no_memory());
    }
    // SAFETY: the block has room for what stands before the object, the object, and its inline values.
    unsafe {
        clear(block, total);
        let ob: Ptr = block.add(before).cast();
        init_head(ob, ty);
        if raw.tp_itemsize != 0 {
            (*ob.cast::<abi::PyVarObject>()).ob_size = items;
        }
        if values != 0 {
            inline_values::init_inline_values(ob, &ty);
        }
        Ok(Owned::from_ptr(ob))
    }
}

/// Zeroes memory whose size is a multiple of 8: that of most objects in line, without a call.
///
/// # Safety
/// There are `size` bytes.
#[inline(always)]
unsafe fn clear(block: *mut u8, size: usize) {
    macro_rules! in_line {
        ($($words:literal)*) => {
            match size / 8 {
                $($words => {
                    // SAFETY: the caller's promise.
                    unsafe { block.write_bytes(0, $words * 8) };
                    keep_apart();
                })*
                // SAFETY: the caller's promise.
                _ => unsafe { block.write_bytes(0, size) },
            }
        };
    }
    in_line!(4 5 6 7 8 9 10 11 12 13 14)
}

/// As `alloc_untracked`, for a static type that is collected and whose instances are of the size of `T`.
#[inline(always)]
pub fn alloc_collected<T>(th: &Thread, ty: &'static Type) -> PyResult<Owned<T>> {
    debug_assert_eq!(ty.raw().tp_basicsize as usize, size_of::<T>());
    alloc_collected_before(th, ty, 0)
}

/// As `alloc_collected`, with `behind` bytes more that are left as they are.
#[inline(always)]
pub fn alloc_collected_before<T>(
    th: &Thread,
    ty: &'static Type,
    behind: usize,
) -> PyResult<Owned<T>> {
    if !ty.has_flag(abi::Py_TPFLAGS_READY) {
        Borrowed::from_ref(ty).ready(th)?;
    }
    const HEADER: usize = size_of::<abi::PyGC_Head>();
    debug_assert_eq!(size_before(ty), HEADER);
    let total = HEADER + size_of::<T>() + behind;
    let block = th.interp().heap.alloc_object(total, HEADER, ty.as_type_ptr());
    if block.is_null() {
        return Err(th.no_memory());
    }
    // SAFETY: the block has room for the header and the object.
    unsafe {
        block.write_bytes(0, HEADER + size_of::<T>());
        let ob: Ptr = block.add(HEADER).cast();
        init_static_head(ob, ty);
        Ok(Owned::from_ptr(ob))
    }
}

/// Writes the head of a fresh object: one reference, and a count for a heap type.
///
/// # Safety
/// `ob` is memory for an object that nobody knows yet.
#[inline(always)]
pub unsafe fn init_head(ob: Ptr, ty: Borrowed<'_, Type>) {
    // SAFETY: the caller's promise.
    unsafe {
        ob.cast::<u64>().write(1);
        (*ob).ob_type = ty.as_type_ptr();
        if ty.is_heap_type() {
            crate::handle::incref(ty.as_ptr());
        }
    }
}

/// As `init_head`, for a type that is not counted.
///
/// # Safety
/// As for `init_head`; `ty` is a static type.
#[inline(always)]
pub unsafe fn init_static_head(ob: Ptr, ty: &'static Type) {
    // SAFETY: the caller's promise.
    unsafe {
        ob.cast::<u64>().write(1);
        (*ob).ob_type = ty.as_type_ptr();
    }
}

/// Bytes before the object: the collector's header, and the managed dictionary and weak list before that.
pub fn size_before(ty: &Type) -> usize {
    let header = header_size(ty);
    let managed = if ty.has_flag(abi::Py_TPFLAGS_PREHEADER) { 2 * size_of::<usize>() } else { 0 };
    header + managed
}

/// The bytes of the collector's header.
#[inline(always)]
fn header_size(ty: &Type) -> usize {
    if ty.is_gc() { size_of::<abi::PyGC_Head>() } else { 0 }
}

/// Moves an object into a block for another number of items.
///
/// # Safety
/// `ob` is an object with items that has one owner and is not tracked; the old address is gone unless this fails.
pub unsafe fn resize(
    th: &Thread,
    ob: *mut abi::PyVarObject,
    items: isize,
) -> PyResult<*mut abi::PyVarObject> {
    // SAFETY: the caller's promise.
    unsafe {
        let ty: Borrowed<'_, Type> = Borrowed::from_ptr((*ob).ob_base.ob_type.cast());
        let size = items
            .checked_mul(ty.raw().tp_itemsize)
            .and_then(|extra| ty.raw().tp_basicsize.checked_add(extra))
            .and_then(|size| size.checked_add(7))
            .and_then(|size| usize::try_from(size & !7).ok())
            .ok_or_else(|| th.no_memory())?;
        let before = size_before(&ty);
        let block =
            th.interp().heap.realloc_object(ob.cast::<u8>().sub(before), before, before + size);
        if block.is_null() {
            return Err(th.no_memory());
        }
        let moved: *mut abi::PyVarObject = block.add(before).cast();
        (*moved).ob_size = items;
        Ok(moved)
    }
}

/// `PyType_GenericAlloc`.
pub unsafe extern "C" fn generic_alloc(ty: *mut abi::PyTypeObject, items: isize) -> Ptr {
    // SAFETY: see the top of the file.
    let (th, ty) = unsafe { (Thread::attached(), Borrowed::from_ptr(ty.cast())) };
    alloc(th, ty, items).map_or(std::ptr::null_mut(), Owned::into_ptr)
}

/// `tp_free` of types that are not collected: `PyObject_Free`.
pub unsafe extern "C" fn object_free(block: *mut c_void) {
    // SAFETY: see the top of the file.
    unsafe { Thread::attached().interp().heap.free(block.cast()) }
}

/// The nearest base whose slot is not this one: the C type underneath a Python class.
unsafe fn base_with_other<F: Copy>(
    ty: *mut abi::PyTypeObject,
    slot: impl Fn(&abi::PyTypeObject) -> Option<F>,
    ours: usize,
) -> (*mut abi::PyTypeObject, Option<F>) {
    let mut base = ty;
    // SAFETY: bases are live as long as the type; `object` ends the chain with other slots.
    unsafe {
        while let Some(current) = base.as_ref() {
            let found = slot(current);
            // A function pointer is one word.
            let address = found.map_or(0, |f| std::mem::transmute_copy::<F, usize>(&f));
            if address != ours {
                return (base, found);
            }
            base = current.tp_base;
        }
    }
    (std::ptr::null_mut(), None)
}

/// `tp_dealloc` of Python classes: finaliser, weak references, `__slots__`, dictionary, then the base's own.
pub unsafe extern "C" fn subtype_dealloc(ob: Ptr) {
    // SAFETY: see the top of the file.
    unsafe {
        let ty = (*ob).ob_type;
        let type_handle: Borrowed<'_, Type> = Borrowed::from_ptr(ty.cast());
        let collected = type_handle.is_gc();
        if collected && (*ty).tp_finalize.is_some() {
            gc::track_raw(ob);
        }
        if (*ty).tp_finalize.is_some() && call_finalizer(ob) {
            return;
        }
        // The finaliser may have given the object another class.
        let ty = (*ob).ob_type;
        if collected {
            gc::untrack_raw(ob);
        }
        let th = Thread::attached();
        let (base, base_dealloc) =
            base_with_other(ty, |ty| ty.tp_dealloc, subtype_dealloc as *const () as usize);
        if weakref::list_pointer(ob).is_some_and(|list| !(*list).is_null())
            && (*base).tp_weaklistoffset == 0
        {
            weakref::clear_references(ob);
        }
        // Weak references are gone before it runs, unlike for a finaliser.
        if (*ty).tp_del.is_some() {
            if collected {
                gc::track_raw(ob);
            }
            if call_legacy_del(ob) {
                return;
            }
            if collected {
                gc::untrack_raw(ob);
            }
        }
        clear_slots_down_to(th, ob, ty, base);
        if (*ty).tp_dictoffset != 0 && (*base).tp_dictoffset == 0 {
            instance_dict::clear(ob);
        }
        // A collected base untracks again, so give it what it expects.
        if collected && (*base).tp_flags & abi::Py_TPFLAGS_HAVE_GC != 0 {
            gc::track_raw(ob);
        }
        let heap_type = (*ty).tp_flags & abi::Py_TPFLAGS_HEAPTYPE != 0
            && (*base).tp_flags & abi::Py_TPFLAGS_HEAPTYPE == 0;
        match base_dealloc {
            // `object` has nothing to release: this is what its own would do.
            Some(_)
                if std::ptr::eq(base, Object::type_object().as_type_ptr())
                    && frees_collected(ty) =>
            {
                let before = size_before(&Borrowed::<Type>::from_ptr(ty.cast()));
                th.interp().heap.free(ob.cast::<u8>().sub(before));
            }
            Some(dealloc) => dealloc(ob),
            None => crate::fatal("a base type has no tp_dealloc"),
        }
        if heap_type {
            crate::handle::decref(ty.cast());
        }
    }
}

/// Whether the memory of the type's instances is given back as that of all collected objects.
unsafe fn frees_collected(ty: *mut abi::PyTypeObject) -> bool {
    // SAFETY: the caller passes a live type.
    unsafe {
        (*ty).tp_flags & abi::Py_TPFLAGS_HAVE_GC != 0
            && (*ty).tp_free.is_some_and(|free| free as usize == gc::gc_del as *const () as usize)
    }
}

/// Runs `tp_finalize` (once for collected objects); true if it brought the object back to life.
///
/// # Safety
/// `ob` has no references left and is otherwise whole.
#[inline(never)]
pub unsafe fn call_finalizer(ob: Ptr) -> bool {
    // SAFETY: the caller's promise; the count is one while the finaliser runs.
    unsafe {
        let ty = (*ob).ob_type;
        let Some(finalize) = (*ty).tp_finalize else {
            return call_legacy_del(ob);
        };
        let collected = (*ty).tp_flags & abi::Py_TPFLAGS_HAVE_GC != 0;
        if collected && gc::is_finalized(ob) {
            return false;
        }
        ob.cast::<u32>().write(1);
        finalize(ob);
        if collected {
            gc::set_finalized(ob);
        }
        let count = *ob.cast::<u32>() - 1;
        ob.cast::<u32>().write(count);
        count != 0
    }
}

/// `tp_del` of extension types that still have one.
unsafe fn call_legacy_del(ob: Ptr) -> bool {
    // SAFETY: as for `call_finalizer`.
    unsafe {
        let Some(del) = (*(*ob).ob_type).tp_del else {
            return false;
        };
        del(ob);
        *ob.cast::<u32>() != 0
    }
}

/// The `__slots__` that each Python class from `ty` down to `base` (exclusive) added.
#[inline(always)]
unsafe fn clear_slots_down_to(
    th: &Thread,
    ob: Ptr,
    ty: *mut abi::PyTypeObject,
    base: *mut abi::PyTypeObject,
) {
    // SAFETY: see the top of the file.
    unsafe {
        let mut current = ty;
        while current != base && !current.is_null() {
            if (*current).ob_base.ob_size != 0 {
                clear_slots(th, ob, current);
            }
            current = (*current).tp_base;
        }
    }
}

/// The `__slots__` that the class itself added.
#[inline(never)]
unsafe fn clear_slots(th: &Thread, ob: Ptr, ty: *mut abi::PyTypeObject) {
    // SAFETY: see the top of the file.
    unsafe {
        for member in slot_members(ty) {
            let field = ob.byte_add(member.offset as usize).cast::<Ptr>();
            let old = std::mem::replace(&mut *field, std::ptr::null_mut());
            if !old.is_null() && !is_kept_float(th, old) {
                crate::handle::decref(old);
            }
        }
    }
}

/// Whether `ob` is a float whose only reference this is, and whose memory now is kept for the next one: nothing but a number's
/// memory is to be released, so that takes no call.
///
/// # Safety
/// `ob` is a live object. If so, the reference is gone.
#[inline(always)]
unsafe fn is_kept_float(th: &Thread, ob: Ptr) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        (*ob).ob_type == Float::type_object().as_type_ptr()
            && *ob.cast::<u32>() == 1
            && !th.dealloc_is_special()
            && th.interp().free_lists.floats.push(ob)
    }
}

/// The writable object members a class made in Python got from its `__slots__`: they stand behind its struct.
unsafe fn slot_members<'a>(
    ty: *mut abi::PyTypeObject,
) -> impl Iterator<Item = &'a abi::PyMemberDef> {
    // SAFETY: the struct of a heap type is followed by `ob_size` member definitions.
    let members: &[abi::PyMemberDef] = unsafe {
        let count = (*ty).ob_base.ob_size;
        let heap = (*ty).tp_flags & abi::Py_TPFLAGS_HEAPTYPE != 0;
        let meta_size = (*(*ty).ob_base.ob_base.ob_type).tp_basicsize;
        if heap && count > 0 {
            std::slice::from_raw_parts(ty.byte_add(meta_size as usize).cast(), count as usize)
        } else {
            &[]
        }
    };
    members.iter().filter(|member| {
        member.r#type == abi::Py_T_OBJECT_EX && member.flags & abi::Py_READONLY == 0
    })
}

/// `tp_traverse` of Python classes.
pub unsafe extern "C" fn subtype_traverse(
    ob: Ptr,
    visit: abi::visitproc,
    arg: *mut c_void,
) -> c_int {
    // SAFETY: see the top of the file.
    unsafe {
        let Some(visitor) = visit else {
            return 0;
        };
        let ty = (*ob).ob_type;
        let (base, base_traverse) =
            base_with_other(ty, |ty| ty.tp_traverse, subtype_traverse as *const () as usize);
        let mut current = ty;
        while current != base && !current.is_null() {
            for member in slot_members(current) {
                let value = *ob.byte_add(member.offset as usize).cast::<Ptr>();
                if !value.is_null() {
                    let stop = visitor(value, arg);
                    if stop != 0 {
                        return stop;
                    }
                }
            }
            current = (*current).tp_base;
        }
        let stop = instance_dict::traverse(ob, base, visitor, arg);
        if stop != 0 {
            return stop;
        }
        // Instances keep their class alive; a base that is a heap type visits it itself.
        let base_is_heap =
            base.as_ref().is_some_and(|base| base.tp_flags & abi::Py_TPFLAGS_HEAPTYPE != 0);
        if (*ty).tp_flags & abi::Py_TPFLAGS_HEAPTYPE != 0
            && !(base_is_heap && base_traverse.is_some())
        {
            let stop = visitor(ty.cast(), arg);
            if stop != 0 {
                return stop;
            }
        }
        base_traverse.map_or(0, |traverse| traverse(ob, visit, arg))
    }
}

/// `tp_clear` of Python classes.
pub unsafe extern "C" fn subtype_clear(ob: Ptr) -> c_int {
    // SAFETY: see the top of the file.
    unsafe {
        let ty = (*ob).ob_type;
        let (base, base_clear) =
            base_with_other(ty, |ty| ty.tp_clear, subtype_clear as *const () as usize);
        clear_slots_down_to(Thread::attached(), ob, ty, base);
        instance_dict::clear_for_gc(ob, base);
        base_clear.map_or(0, |clear| clear(ob))
    }
}
