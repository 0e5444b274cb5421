//! What instances of struct sequences do.

use krait_abi as abi;

use super::{Shape, StructSequence, shape_of};
use crate::prelude::*;
use crate::typeobj;

type Ptr = *mut abi::PyObject;

/// Where a value of an instance lies, hidden ones too.
///
/// # Safety
/// `ob` is an instance with more than `index` fields.
pub unsafe fn item(ob: Ptr, index: isize) -> *mut Ptr {
    // SAFETY: the caller's promise.
    unsafe {
        ob.byte_add(std::mem::offset_of!(abi::PyTupleObject, ob_item)).cast::<Ptr>().offset(index)
    }
}

/// All values of an instance, hidden ones too.
unsafe fn all_items<'a>(th: &Thread, ob: Ptr) -> &'a [Ptr] {
    // SAFETY: an instance has room for all fields of its type.
    unsafe {
        let ty: Borrowed<'_, Type> = Borrowed::from_ptr((*ob).ob_type.cast());
        let visible = (*ob.cast::<abi::PyVarObject>()).ob_size as usize;
        let count = shape_of(th, ty).map_or(visible, |shape| shape.fields.len());
        let first = ob.byte_add(std::mem::offset_of!(abi::PyTupleObject, ob_item)).cast::<Ptr>();
        std::slice::from_raw_parts(first, count)
    }
}

pub(super) unsafe extern "C" fn dealloc(ob: Ptr) {
    let th = Thread::current();
    // SAFETY: the last reference is gone.
    unsafe {
        crate::gc::untrack_raw(ob);
        let ty: Borrowed<'_, Type> = Borrowed::from_ptr((*ob).ob_type.cast());
        for &item in all_items(th, ob) {
            drop(Owned::<Object>::from_ptr_or_null(item));
        }
        crate::gc::gc_del(ob.cast());
        if ty.has_flag(abi::Py_TPFLAGS_HEAPTYPE) {
            crate::handle::decref(ty.as_ptr());
        }
    }
}

pub(super) unsafe extern "C" fn traverse(
    ob: Ptr,
    visit: abi::visitproc,
    arg: *mut std::ffi::c_void,
) -> std::ffi::c_int {
    let Some(visit) = visit else {
        return 0;
    };
    // SAFETY: a live instance.
    unsafe {
        for &item in all_items(Thread::current(), ob).iter().filter(|item| !item.is_null()) {
            let stop = visit(item, arg);
            if stop != 0 {
                return stop;
            }
        }
        visit((*ob).ob_type.cast(), arg)
    }
}

pub(super) unsafe extern "C" fn repr(ob: Ptr) -> Ptr {
    let th = Thread::current();
    // SAFETY: a live instance.
    let text = (|| unsafe {
        let this: Borrowed<'_> = Borrowed::from_ptr(ob);
        let ty = this.get().ty();
        let Some(Shape { fields, visible, .. }) = shape_of(th, ty) else {
            return Err(th.bad_internal_call());
        };
        let mut text = String::new();
        // An item without a name shows under the next hidden one: `stat_result`'s whole seconds do.
        let names = fields.iter().filter(|field| !field.name.is_empty());
        for (field, &item) in names.zip(&all_items(th, ob)[..*visible]) {
            let comma = if text.is_empty() { "" } else { ", " };
            text.push_str(&format!("{comma}{}=", field.name));
            match Borrowed::from_ptr_or_null(item) {
                Some(item) => text.push_str(&object::repr(th, item)?.to_string_lossy()),
                // C has not filled it in.
                None => text.push_str("<NULL>"),
            }
        }
        Str::from_fmt(th, format_args!("{}({text})", ty.tp_name()))
    })();
    text.map_or(std::ptr::null_mut(), Owned::into_ptr)
}

/// `ty(sequence, dict={})`: hidden fields come from the sequence's end or the dictionary.
pub(super) unsafe extern "C" fn construct(
    ty: *mut abi::PyTypeObject,
    args: Ptr,
    kwargs: Ptr,
) -> Ptr {
    let th = Thread::current();
    // SAFETY: `tp_new` is called with a type, a tuple and a dictionary or NULL.
    let made = (|| unsafe {
        let ty: Borrowed<'_, Type> = Borrowed::from_ptr(ty.cast());
        let args: Borrowed<'_, Tuple> = Borrowed::from_ptr(args);
        let kwargs: Option<Borrowed<'_, Dict>> = Borrowed::from_ptr_or_null(kwargs);
        let named = |name: &str| -> PyResult<Option<Owned>> {
            match kwargs {
                Some(kwargs) => kwargs.get_str(th, Str::interned(th, name)?.borrow()),
                None => Ok(None),
            }
        };
        let sequence = match args.get().get(0) {
            Some(sequence) => sequence.to_owned(),
            None => match named("sequence")? {
                Some(sequence) => sequence,
                None => {
                    return Err(raise!(
                        th,
                        TYPE_ERROR,
                        "structseq() missing required argument 'sequence' (pos 1)"
                    ));
                }
            },
        };
        let extra = match args.get().get(1) {
            Some(extra) => Some(extra.to_owned()),
            None => named("dict")?,
        };
        construct_from(th, ty, sequence, extra)
    })();
    made.map_or(std::ptr::null_mut(), Owned::into_ptr)
}

fn construct_from(
    th: &Thread,
    ty: Borrowed<'_, Type>,
    sequence: Owned,
    extra: Option<Owned>,
) -> PyResult<Owned<Tuple>> {
    let Some(Shape { fields, visible, .. }) = shape_of(th, ty) else {
        return Err(th.bad_internal_call());
    };
    let visible = *visible;
    let sequence = sequence::fast(th, sequence.object(), "constructor requires a sequence")?;
    let mut values = iter::collect(th, sequence.object())?;
    let (given, name) = (values.len(), ty.tp_name());
    if given < visible || given > fields.len() {
        let bound = if visible == fields.len() {
            format!("a {visible}-sequence")
        } else if given < visible {
            format!("an at least {visible}-sequence")
        } else {
            format!("an at most {}-sequence", fields.len())
        };
        return Err(raise!(th, TYPE_ERROR, "{name}() takes {bound} ({given}-sequence given)"));
    }
    let extra = match &extra {
        None => None,
        Some(extra) => Some(extra.object().downcast::<Dict>().ok_or_else(|| {
            raise!(th, TYPE_ERROR, "{name}() takes a dict as second arg, if any")
        })?),
    };
    let mut used = 0;
    for field in &fields[given..] {
        let value = match extra {
            Some(extra) => extra.get_str(th, Str::interned(th, field.name)?.borrow())?,
            None => None,
        };
        used += usize::from(value.is_some());
        values.push(value.unwrap_or_else(|| none().to_owned()));
    }
    if extra.is_some_and(|extra| extra.len() > used) {
        let message = format!("{name}() got duplicate or unexpected field name(s)");
        return Err(th.raise(exc::TYPE_ERROR, &message));
    }
    StructSequence::new(th, ty, values)
}

pub(super) static METHODS: typeobj::StaticCell<[abi::PyMethodDef; 3]> = typeobj::StaticCell::new([
    abi::PyMethodDef {
        ml_name: c"__reduce__".as_ptr(),
        ml_meth: Some(reduce),
        ml_flags: abi::METH_NOARGS as i32,
        ml_doc: std::ptr::null(),
    },
    abi::PyMethodDef {
        ml_name: c"__replace__".as_ptr(),
        // SAFETY: the flags tell that the function takes keywords too.
        ml_meth: unsafe {
            std::mem::transmute::<abi::PyCFunctionWithKeywords, abi::PyCFunction>(Some(replace))
        },
        ml_flags: (abi::METH_VARARGS | abi::METH_KEYWORDS) as i32,
        ml_doc: c"__replace__($self, /, **changes)\n--\n\nReturn a copy with other values for the given fields.".as_ptr(),
    },
    abi::PyMethodDef {
        ml_name: std::ptr::null(),
        ml_meth: None,
        ml_flags: 0,
        ml_doc: std::ptr::null(),
    },
]);

/// A copy with the values that keywords name.
unsafe extern "C" fn replace(ob: Ptr, args: Ptr, kwargs: Ptr) -> Ptr {
    let th = Thread::current();
    // SAFETY: a live instance, a tuple, and a dictionary or NULL.
    let replaced = (|| unsafe {
        let this: Borrowed<'_> = Borrowed::from_ptr(ob);
        let args: Borrowed<'_, Tuple> = Borrowed::from_ptr(args);
        if !args.is_empty() {
            let message = "__replace__() takes no positional arguments";
            return Err(th.raise(exc::TYPE_ERROR, message));
        }
        let ty = this.get().ty();
        let Some(Shape { fields, .. }) = shape_of(th, ty) else {
            return Err(th.bad_internal_call());
        };
        if fields.iter().any(|field| field.name.is_empty()) {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "__replace__() is not supported for {} because it has unnamed field(s)",
                ty.tp_name()
            ));
        }
        let changes = match Borrowed::<Dict>::from_ptr_or_null(kwargs) {
            Some(changes) => changes.copy(th)?,
            None => Dict::new(th)?,
        };
        let mut values = Vec::with_capacity(fields.len());
        for (field, &item) in fields.iter().zip(all_items(th, ob)) {
            let old: Option<Borrowed<'_>> = Borrowed::from_ptr_or_null(item);
            let new = changes.pop(th, Str::interned(th, field.name)?.object())?;
            values.push(new.unwrap_or_else(|| old.unwrap_or(none()).to_owned()));
        }
        if !changes.is_empty() {
            let names = object::repr(th, changes.keys(th)?.object())?;
            return Err(raise!(th, TYPE_ERROR, "Got unexpected field name(s): {}", *names));
        }
        StructSequence::new(th, ty, values)
    })();
    replaced.map_or(std::ptr::null_mut(), Owned::into_ptr)
}

/// `(type, (items, {hidden name: value}))`.
unsafe extern "C" fn reduce(ob: Ptr, _: Ptr) -> Ptr {
    let th = Thread::current();
    // SAFETY: a live instance.
    let reduced = (|| unsafe {
        let this: Borrowed<'_> = Borrowed::from_ptr(ob);
        let ty = this.get().ty();
        let Some(&Shape { ref fields, visible, .. }) = shape_of(th, ty) else {
            return Err(th.bad_internal_call());
        };
        let items = all_items(th, ob);
        if items.iter().any(|item| item.is_null()) {
            return Err(th.bad_internal_call());
        }
        let shown: Vec<Borrowed<'_>> =
            items[..visible].iter().map(|&item| Borrowed::from_ptr(item)).collect();
        let hidden = Dict::new(th)?;
        for (field, &item) in fields[visible..].iter().zip(&items[visible..]) {
            hidden.set_str(
                th,
                Str::interned(th, field.name)?.borrow(),
                Borrowed::from_ptr(item),
            )?;
        }
        let state =
            Tuple::pack(th, [Tuple::from_slice(th, &shown)?.into_object(), hidden.into_object()])?;
        Tuple::pack(th, [ty.object().to_owned(), state.into_object()])
    })();
    reduced.map_or(std::ptr::null_mut(), Owned::into_ptr)
}
