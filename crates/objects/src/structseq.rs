//! Struct sequences: tuples whose items have names, such as `sys.version_info` and `os.stat_result`.
//!
//! A type is made once per interpreter and name. Items beyond the visible ones can only be reached by their
//! names. The same job as CPython's `Objects/structseq.c`.

use std::cell::RefCell;
use std::ffi::CStr;

use krait_abi as abi;

use crate::prelude::*;
use crate::typeobj::forward;
use crate::{descr, typeobj};

/// A named item; without a name it can only be reached by its index.
pub struct Field {
    pub name: &'static str,
    pub doc: &'static str,
}

/// The functions of struct sequences; their instances are tuples.
pub struct StructSequence;

/// A type that was made, with what describes it.
struct Made {
    name: &'static str,
    /// Whether `new_type` finds it by its name: not those that C described.
    is_ours: bool,
    doc: Box<str>,
    ty: Owned<Type>,
    fields: &'static [Field],
    visible: usize,
}

/// The types an interpreter has made.
#[derive(Default)]
struct Types(RefCell<Vec<Made>>);

impl StructSequence {
    /// The type `name` (dotted) with these fields, the first `visible` of which are items of the sequence.
    pub fn new_type(
        th: &Thread,
        name: &'static str,
        doc: &str,
        fields: &'static [Field],
        visible: usize,
    ) -> PyResult<Owned<Type>> {
        let types = th.interp().state::<Types>();
        if let Some(made) = types.0.borrow().iter().find(|made| made.is_ours && made.name == name) {
            return Ok(made.ty.clone());
        }
        make_type(th, name, true, doc, fields, visible)
    }

    /// As `new_type`, always a new one. Its description lives as long as the process.
    pub fn own_type(
        th: &Thread,
        name: &'static str,
        doc: &str,
        fields: Vec<Field>,
        visible: usize,
    ) -> PyResult<Owned<Type>> {
        let fields: &'static [Field] = fields.leak();
        let ty = make_type(th, name, false, doc, fields, visible)?;
        forward::ensure(th, ty.borrow())?;
        Ok(ty)
    }

    /// As `own_type`, in C's own memory.
    ///
    /// # Safety
    /// `raw` is a static type of C's that was not made ready, all zeros but for its head.
    pub unsafe fn init_static(
        th: &Thread,
        raw: *mut abi::PyTypeObject,
        (name, doc): (&'static CStr, &'static CStr),
        fields: Vec<Field>,
        visible: usize,
    ) -> PyResult<()> {
        let text = |text: &'static CStr| text.to_str().unwrap_or("?");
        // SAFETY: the caller's promise; the texts are C's and stay.
        let ty: Borrowed<'_, Type> = unsafe {
            (*raw).tp_name = name.as_ptr();
            (*raw).tp_doc = doc.as_ptr();
            (*raw).tp_base = Tuple::type_object().as_type_ptr();
            (*raw).tp_basicsize = std::mem::offset_of!(abi::PyTupleObject, ob_item) as isize;
            (*raw).tp_itemsize = size_of::<Ptr>() as isize;
            (*raw).tp_flags |= abi::Py_TPFLAGS_DEFAULT | abi::Py_TPFLAGS_HAVE_GC;
            (*raw).tp_repr = Some(repr);
            (*raw).tp_new = Some(construct);
            (*raw).tp_dealloc = Some(dealloc);
            (*raw).tp_traverse = Some(traverse);
            Borrowed::from_ptr(raw.cast())
        };
        ty.ready(th)?;
        let fields: &'static [Field] = fields.leak();
        let doc = text(doc).into();
        let made =
            Made { name: text(name), is_ours: false, doc, ty: ty.to_owned(), fields, visible };
        th.interp().state::<Types>().0.borrow_mut().push(made);
        let dict = ty.get().dict(th);
        fill_fields(th, ty, &dict, fields, visible)?;
        ty.get().modified(th);
        Ok(())
    }

    /// An instance whose values C fills in.
    pub fn blank(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<Owned<Tuple>> {
        let Some((fields, visible)) = entry_of(th, ty) else {
            return Err(th.bad_internal_call());
        };
        let made = typeobj::alloc::alloc_untracked(th, ty, fields.len() as isize)?;
        // SAFETY: an instance with room for all values; only the visible ones count as items.
        unsafe {
            (*made.as_ptr().cast::<abi::PyVarObject>()).ob_size = visible as isize;
            let tuple: Owned<Tuple> = made.cast();
            tuple.forget_hash();
            Ok(tuple)
        }
    }

    /// An instance with all its values, visible and named ones.
    pub fn new(th: &Thread, ty: Borrowed<'_, Type>, values: Vec<Owned>) -> PyResult<Owned<Tuple>> {
        let visible = visible_of(th, ty).unwrap_or(values.len());
        let made = typeobj::alloc::alloc_untracked(th, ty, values.len() as isize)?;
        // SAFETY: an instance of a subclass of tuple with room for all values; only the visible ones count as items.
        unsafe {
            let tuple: Owned<Tuple> = made.cast();
            tuple.forget_hash();
            for (at, value) in values.into_iter().enumerate() {
                tuple.items().add(at).write(value.into_ptr());
            }
            (*tuple.as_ptr().cast::<abi::PyVarObject>()).ob_size = visible as isize;
            crate::gc::track(th, tuple.borrow());
            Ok(tuple)
        }
    }
}

fn entry_of(th: &Thread, ty: Borrowed<'_, Type>) -> Option<(&'static [Field], usize)> {
    let types = th.interp().state::<Types>().0.borrow();
    let made = types.iter().find(|made| made.ty.is(ty))?;
    Some((made.fields, made.visible))
}

fn visible_of(th: &Thread, ty: Borrowed<'_, Type>) -> Option<usize> {
    entry_of(th, ty).map(|(_, visible)| visible)
}

/// A type whose dictionary is filled when somebody looks into it: most of those that start-up makes are never asked.
fn make_type(
    th: &Thread,
    name: &'static str,
    is_ours: bool,
    doc: &str,
    fields: &'static [Field],
    visible: usize,
) -> PyResult<Owned<Type>> {
    let short = name.rsplit_once('.').map_or(name, |(_, short)| short);
    let bases = [Borrowed::from_ref(Tuple::type_object()).object()];
    let ty = forward::declare_native(th, short, &bases, true, fill)?;
    // SAFETY: the new type is known to nobody else yet.
    unsafe {
        let raw = ty.as_type_ptr();
        (*raw).tp_repr = Some(repr);
        (*raw).tp_new = Some(construct);
        (*raw).tp_dealloc = Some(dealloc);
        (*raw).tp_traverse = Some(traverse);
        (*raw).tp_flags &= !abi::Py_TPFLAGS_BASETYPE;
    }
    let made = Made { name, is_ours, doc: doc.into(), ty: ty.clone(), fields, visible };
    th.interp().state::<Types>().0.borrow_mut().push(made);
    Ok(ty)
}

/// What the dictionary of a type holds.
fn fill(th: &Thread, ty: Borrowed<'_, Type>, dict: &Dict) -> PyResult<()> {
    let (name, doc, fields, visible) = {
        let types = th.interp().state::<Types>().0.borrow();
        let Some(made) = types.iter().find(|made| made.ty.is(ty)) else {
            return Err(th.bad_internal_call());
        };
        (made.name, made.doc.clone(), made.fields, made.visible)
    };
    let module = name.rsplit_once('.').map_or("builtins", |(module, _)| module);
    let put = |name: &str, value: Owned| -> PyResult<()> {
        dict.set_str(th, Str::interned(th, name)?.borrow(), value.object())
    };
    put("__module__", Str::interned(th, module)?.into_object())?;
    let doc = Str::new(th, &doc)?;
    put("__doc__", doc.clone().into_object())?;
    typeobj::build::set_c_doc(th, ty, doc.object())?;
    fill_fields(th, ty, dict, fields, visible)
}

/// What the dictionary of a type holds of its fields.
fn fill_fields(
    th: &Thread,
    ty: Borrowed<'_, Type>,
    dict: &Dict,
    fields: &'static [Field],
    visible: usize,
) -> PyResult<()> {
    let put = |name: &str, value: Owned| -> PyResult<()> {
        dict.set_str(th, Str::interned(th, name)?.borrow(), value.object())
    };
    put("n_sequence_fields", Int::from_usize(th, visible)?.into_object())?;
    put("n_fields", Int::from_usize(th, fields.len())?.into_object())?;
    let unnamed = fields.iter().filter(|field| field.name.is_empty()).count();
    put("n_unnamed_fields", Int::from_usize(th, unnamed)?.into_object())?;
    let names: PyResult<Vec<Owned>> = fields[..visible]
        .iter()
        .filter(|field| !field.name.is_empty())
        .map(|field| Str::interned(th, field.name).map(Owned::into_object))
        .collect();
    put("__match_args__", Tuple::from_vec(th, names?)?.into_object())?;
    add_members(th, ty, dict, fields)?;
    for (name, method) in [("__reduce__", &REDUCE), ("__replace__", &REPLACE)] {
        put(name, descr::method_from_def(th, ty, method.as_ptr())?)?;
    }
    Ok(())
}

/// A member for each field.
fn add_members(
    th: &Thread,
    ty: Borrowed<'_, Type>,
    dict: &Dict,
    fields: &'static [Field],
) -> PyResult<()> {
    for (at, field) in fields.iter().enumerate().filter(|(_, field)| !field.name.is_empty()) {
        let offset = std::mem::offset_of!(abi::PyTupleObject, ob_item) + at * size_of::<usize>();
        let def = definition(th, field, offset as isize)?;
        let member = descr::member_from_def(th, ty, def)?;
        dict.set_str(th, Str::interned(th, field.name)?.borrow(), member.object())?;
    }
    Ok(())
}

/// The definition of a member with its texts, in memory that goes with the interpreter: descriptors may outlive their
/// type.
fn definition(th: &Thread, field: &Field, offset: isize) -> PyResult<*mut abi::PyMemberDef> {
    const HEAD: usize = size_of::<abi::PyMemberDef>();
    let (name, doc) = (field.name.as_bytes(), field.doc.as_bytes());
    // Nobody frees it: a function in the heap's place would have it for good.
    let size = HEAD + name.len() + doc.len() + 2;
    let block = th.interp().heap.unhooked(|heap| heap.alloc(size));
    if block.is_null() {
        return Err(th.no_memory());
    }
    // SAFETY: the block has room for the definition and, behind it, both texts with their ends.
    unsafe {
        let name_at = block.add(HEAD);
        let doc_at = name_at.add(name.len() + 1);
        for (text, place) in [(name, name_at), (doc, doc_at)] {
            place.copy_from_nonoverlapping(text.as_ptr(), text.len());
            place.add(text.len()).write(0);
        }
        let def: *mut abi::PyMemberDef = block.cast();
        def.write(abi::PyMemberDef {
            name: name_at.cast_const().cast(),
            r#type: abi::_Py_T_OBJECT,
            offset,
            flags: abi::Py_READONLY,
            doc: doc_at.cast_const().cast(),
        });
        Ok(def)
    }
}

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
        let count = entry_of(th, ty).map_or(visible, |(fields, _)| fields.len());
        let first = ob.byte_add(std::mem::offset_of!(abi::PyTupleObject, ob_item)).cast::<Ptr>();
        std::slice::from_raw_parts(first, count)
    }
}

unsafe extern "C" fn dealloc(ob: Ptr) {
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

unsafe extern "C" fn traverse(
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

unsafe extern "C" fn repr(ob: Ptr) -> Ptr {
    let th = Thread::current();
    // SAFETY: a live instance.
    let text = (|| unsafe {
        let this: Borrowed<'_> = Borrowed::from_ptr(ob);
        let ty = this.get().ty();
        let (fields, visible) = entry_of(th, ty).unwrap_or((&[], 0));
        let mut text = String::new();
        // An item without a name shows under the next hidden one: `stat_result`'s whole seconds do.
        let names = fields.iter().filter(|field| !field.name.is_empty());
        for (field, &item) in names.zip(&all_items(th, ob)[..visible]) {
            let value = object::repr(th, Borrowed::from_ptr(item))?;
            let comma = if text.is_empty() { "" } else { ", " };
            text.push_str(&format!("{comma}{}={}", field.name, *value));
        }
        let module = ty.get().module(th)?;
        let module = object::str(th, module.object())?;
        Str::from_fmt(th, format_args!("{}.{}({text})", *module, ty.name()))
    })();
    text.map_or(std::ptr::null_mut(), Owned::into_ptr)
}

/// `ty(sequence, dict={})`: hidden fields come from the sequence's end or the dictionary.
unsafe extern "C" fn construct(ty: *mut abi::PyTypeObject, args: Ptr, kwargs: Ptr) -> Ptr {
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
                        "{}() missing required argument 'sequence' (pos 1)",
                        ty.name()
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
    let Some((fields, visible)) = entry_of(th, ty) else {
        return Err(th.bad_internal_call());
    };
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

static REDUCE: typeobj::StaticCell<abi::PyMethodDef> = typeobj::StaticCell::new(abi::PyMethodDef {
    ml_name: c"__reduce__".as_ptr(),
    ml_meth: Some(reduce),
    ml_flags: abi::METH_NOARGS as i32,
    ml_doc: std::ptr::null(),
});

static REPLACE: typeobj::StaticCell<abi::PyMethodDef> = typeobj::StaticCell::new(abi::PyMethodDef {
    ml_name: c"__replace__".as_ptr(),
    // SAFETY: the flags tell that the function takes keywords too.
    ml_meth: unsafe {
        std::mem::transmute::<abi::PyCFunctionWithKeywords, abi::PyCFunction>(Some(replace))
    },
    ml_flags: (abi::METH_VARARGS | abi::METH_KEYWORDS) as i32,
    ml_doc: c"__replace__($self, /, **changes)\n--\n\nReturn a copy with other values for the given fields.".as_ptr(),
});

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
        let Some((fields, _)) = entry_of(th, ty) else {
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
        let Some((fields, visible)) = entry_of(th, ty) else {
            return Err(th.bad_internal_call());
        };
        let items = all_items(th, ob);
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
