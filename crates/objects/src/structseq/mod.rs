//! Struct sequences: tuples whose items have names, such as `sys.version_info` and `os.stat_result`.
//!
//! Of the types that modules describe there is one per interpreter and name; each that C describes is another, and goes with
//! its last reference. Items beyond the visible ones can only be reached by their names: `instance` is what instances do. The
//! same job as CPython's `Objects/structseq.c`.
//!
//! Invariant: 1. a type whose `tp_dealloc` is `instance::dealloc` has a shape: a heap type owns it, its `ht_token` points to
//! it; those of static types are in `Types`, for good. Nobody writes a shape once its type has it.

mod instance;

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::ffi::{CStr, c_char, c_void};
use std::mem::offset_of;
use std::ptr::null_mut;

use krait_abi as abi;

use crate::prelude::*;
use crate::typeobj::forward;
use crate::typeobj::{self, spec};

pub use instance::item;

/// A named item; without a name it can only be reached by its index.
#[derive(Clone)]
pub struct Field {
    pub name: &'static str,
    pub doc: &'static str,
}

/// The functions of struct sequences; their instances are tuples.
pub struct StructSequence;

/// What a type's instances hold.
struct Shape {
    name: &'static str,
    doc: Box<str>,
    fields: Cow<'static, [Field]>,
    /// How many fields are items of the sequence.
    visible: usize,
    members: OnceCell<Members>,
}

/// The definitions of a type's members, with an empty one behind them, and their texts.
struct Members {
    definitions: Box<[abi::PyMemberDef]>,
    _texts: Box<[u8]>,
}

/// The types an interpreter has made.
#[derive(Default)]
struct Types {
    named: RefCell<Vec<(&'static str, Owned<Type>)>>,
    statics: RefCell<Vec<(*const abi::PyTypeObject, &'static Shape)>>,
}

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
        if let Some((_, ty)) = types.named.borrow().iter().find(|(other, _)| *other == name) {
            return Ok(ty.clone());
        }
        let ty = make_type(th, Shape::new(name, doc, Cow::Borrowed(fields), visible))?;
        types.named.borrow_mut().push((name, ty.clone()));
        Ok(ty)
    }

    /// As `new_type`, always a new one.
    pub fn own_type(
        th: &Thread,
        name: &'static CStr,
        doc: Option<&CStr>,
        fields: Vec<Field>,
        visible: usize,
    ) -> PyResult<Owned<Type>> {
        let shape = Shape::new("", "", Cow::Owned(fields), visible);
        let slots: [(i32, *mut c_void); 8] = [
            (abi::Py_tp_dealloc, instance::dealloc as *const () as *mut c_void),
            (abi::Py_tp_traverse, instance::traverse as *const () as *mut c_void),
            (abi::Py_tp_repr, instance::repr as *const () as *mut c_void),
            (abi::Py_tp_new, instance::construct as *const () as *mut c_void),
            (abi::Py_tp_methods, instance::METHODS.as_ptr().cast()),
            (abi::Py_tp_members, shape.members().cast()),
            (abi::Py_tp_doc, doc.map_or(null_mut(), |doc| doc.as_ptr().cast_mut().cast())),
            (0, null_mut()),
        ];
        let mut slots = slots.map(|(slot, pfunc)| abi::PyType_Slot { slot, pfunc });
        let spec = abi::PyType_Spec {
            name: name.as_ptr(),
            basicsize: i32::try_from(shape.basic_size()).map_err(|_| th.no_memory())?,
            itemsize: size_of::<*mut abi::PyObject>() as i32,
            flags: (abi::Py_TPFLAGS_DEFAULT | abi::Py_TPFLAGS_HAVE_GC) as u32,
            slots: slots.as_mut_ptr(),
        };
        let base = Borrowed::from_ref(Tuple::type_object()).object();
        let ty = spec::from_spec(th, None, None, &spec, Some(base))?;
        let shape = shape.give_to(ty.borrow());
        fill_counts(th, &ty.dict(th), shape)?;
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
        // Such a type is never freed, and its shape neither.
        let shape: &'static Shape =
            Box::leak(Box::new(Shape::new("", "", Cow::Owned(fields), visible)));
        // SAFETY: the caller's promise; the texts are C's and stay.
        let ty: Borrowed<'_, Type> = unsafe {
            (*raw).tp_name = name.as_ptr();
            (*raw).tp_doc = doc.as_ptr();
            (*raw).tp_base = Tuple::type_object().as_type_ptr();
            (*raw).tp_basicsize = shape.basic_size();
            (*raw).tp_itemsize = size_of::<*mut abi::PyObject>() as isize;
            (*raw).tp_flags |= abi::Py_TPFLAGS_DEFAULT | abi::Py_TPFLAGS_HAVE_GC;
            (*raw).tp_methods = instance::METHODS.as_ptr().cast();
            (*raw).tp_members = shape.members();
            set_slots(raw);
            Borrowed::from_ptr(raw.cast())
        };
        ty.ready(th)?;
        th.interp().state::<Types>().statics.borrow_mut().push((raw, shape));
        fill_counts(th, &ty.get().dict(th), shape)?;
        ty.get().modified(th);
        Ok(())
    }

    /// Makes a type one that cannot be changed, as static types are, nor called unless `callable`: right after `new_type`.
    pub fn seal(ty: &Type, callable: bool) {
        // SAFETY: the first time nobody knows the type yet, later on this is what it has.
        unsafe {
            let raw = ty.as_type_ptr();
            (*raw).tp_flags |= abi::Py_TPFLAGS_IMMUTABLETYPE;
            if !callable {
                (*raw).tp_flags |= abi::Py_TPFLAGS_DISALLOW_INSTANTIATION;
                (*raw).tp_new = None;
            }
        }
    }

    /// An instance whose values C fills in.
    pub fn blank(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<Owned<Tuple>> {
        let Some(shape) = shape_of(th, ty) else {
            return Err(th.bad_internal_call());
        };
        let made = typeobj::alloc::alloc_untracked(th, ty, shape.visible as isize)?;
        // SAFETY: an instance of a subclass of tuple.
        unsafe {
            let tuple: Owned<Tuple> = made.cast();
            tuple.forget_hash();
            Ok(tuple)
        }
    }

    /// An instance with all its values, visible and named ones.
    pub fn new(th: &Thread, ty: Borrowed<'_, Type>, values: Vec<Owned>) -> PyResult<Owned<Tuple>> {
        if shape_of(th, ty).is_none_or(|shape| shape.fields.len() != values.len()) {
            return Err(th.bad_internal_call());
        }
        let tuple = StructSequence::blank(th, ty)?;
        for (at, value) in values.into_iter().enumerate() {
            // SAFETY: there is room for a value of each field, hidden ones too.
            unsafe { tuple.items().add(at).write(value.into_ptr()) };
        }
        crate::gc::track(th, tuple.borrow());
        Ok(tuple)
    }
}

impl Shape {
    fn new(name: &'static str, doc: &str, fields: Cow<'static, [Field]>, visible: usize) -> Shape {
        Shape { name, doc: doc.into(), fields, visible, members: OnceCell::new() }
    }

    /// The size of instances but for their visible items.
    fn basic_size(&self) -> isize {
        let hidden = (self.fields.len() - self.visible) * size_of::<*mut abi::PyObject>();
        (offset_of!(abi::PyTupleObject, ob_item) + hidden) as isize
    }

    /// The definitions of the members, which live as long as the shape.
    fn members(&self) -> *mut abi::PyMemberDef {
        let members = self.members.get_or_init(|| Members::of(&self.fields));
        members.definitions.as_ptr().cast_mut()
    }

    /// Makes it the shape of a heap type that has none yet (1).
    fn give_to(self, ty: Borrowed<'_, Type>) -> &Shape {
        let shape = Box::into_raw(Box::new(self));
        // SAFETY: (1): nobody else knows the type, which keeps the shape.
        unsafe {
            (*ty.as_heap_ptr()).ht_token = shape.cast();
            &*shape
        }
    }
}

impl Members {
    fn of(fields: &[Field]) -> Members {
        let named = || fields.iter().enumerate().filter(|(_, field)| !field.name.is_empty());
        let mut texts = Vec::new();
        let mut places = Vec::new();
        for (_, field) in named() {
            places.push((texts.len(), texts.len() + field.name.len() + 1));
            for text in [field.name, field.doc] {
                texts.extend_from_slice(text.as_bytes());
                texts.push(0);
            }
        }
        let texts = texts.into_boxed_slice();
        let text = |at: usize| texts[at..].as_ptr().cast::<c_char>();
        let item = |at: usize| offset_of!(abi::PyTupleObject, ob_item) + at * size_of::<usize>();
        let mut definitions: Vec<abi::PyMemberDef> = named()
            .zip(places)
            .map(|((at, field), (name, doc))| abi::PyMemberDef {
                name: text(name),
                r#type: abi::_Py_T_OBJECT,
                offset: item(at) as isize,
                flags: abi::Py_READONLY,
                doc: if field.doc.is_empty() { std::ptr::null() } else { text(doc) },
            })
            .collect();
        definitions.push(abi::PyMemberDef {
            name: std::ptr::null(),
            r#type: 0,
            offset: 0,
            flags: 0,
            doc: std::ptr::null(),
        });
        Members { definitions: definitions.into_boxed_slice(), _texts: texts }
    }
}

fn is_one_of_ours(raw: &abi::PyTypeObject) -> bool {
    raw.tp_dealloc
        .is_some_and(|dealloc| std::ptr::fn_addr_eq(dealloc, instance::dealloc as Dealloc))
}

type Dealloc = unsafe extern "C" fn(*mut abi::PyObject);

/// The shape of a type, which lives as long as it.
fn shape_of<'a>(th: &Thread, ty: Borrowed<'a, Type>) -> Option<&'a Shape> {
    let raw = ty.raw();
    if !is_one_of_ours(raw) {
        return None;
    }
    if ty.is_heap_type() {
        // SAFETY: (1).
        return unsafe { (*ty.as_heap_ptr()).ht_token.cast::<Shape>().as_ref() };
    }
    let statics = th.interp().state::<Types>().statics.borrow();
    statics.iter().find(|(other, _)| std::ptr::eq(*other, raw)).map(|&(_, shape)| shape)
}

/// Frees the shape of a heap type, if it is a struct sequence's.
///
/// # Safety
/// The type is going: it has no instances, and nobody looks into it any more.
pub(crate) unsafe fn release_shape(heap: *mut abi::PyHeapTypeObject) {
    // SAFETY: the caller's promise; (1).
    unsafe {
        if is_one_of_ours(&(*heap).ht_type) {
            let shape = std::mem::replace(&mut (*heap).ht_token, null_mut()).cast::<Shape>();
            if !shape.is_null() {
                drop(Box::from_raw(shape));
            }
        }
    }
}

/// # Safety
/// Nobody knows the type yet.
unsafe fn set_slots(raw: *mut abi::PyTypeObject) {
    // SAFETY: the caller's promise.
    unsafe {
        (*raw).tp_repr = Some(instance::repr);
        (*raw).tp_new = Some(instance::construct);
        (*raw).tp_dealloc = Some(instance::dealloc);
        (*raw).tp_traverse = Some(instance::traverse);
    }
}

/// A type whose dictionary is filled when somebody looks into it: most of those that start-up makes are never asked.
fn make_type(th: &Thread, shape: Shape) -> PyResult<Owned<Type>> {
    let name = shape.name;
    let short = name.rsplit_once('.').map_or(name, |(_, short)| short);
    let bases = [Borrowed::from_ref(Tuple::type_object()).object()];
    let ty = forward::declare_native(th, short, &bases, true, fill)?;
    typeobj::build::set_full_name(&ty, name);
    // SAFETY: the new type is known to nobody else yet.
    unsafe {
        let raw = ty.as_type_ptr();
        set_slots(raw);
        (*raw).tp_flags &= !abi::Py_TPFLAGS_BASETYPE;
        (*raw).tp_basicsize = shape.basic_size();
    }
    shape.give_to(ty.borrow());
    Ok(ty)
}

/// What the dictionary of such a type holds.
fn fill(th: &Thread, ty: Borrowed<'_, Type>, dict: &Dict) -> PyResult<()> {
    let Some(shape) = shape_of(th, ty) else {
        return Err(th.bad_internal_call());
    };
    // SAFETY: (1): the tables live as long as the type.
    unsafe {
        (*ty.as_type_ptr()).tp_methods = instance::METHODS.as_ptr().cast();
        (*ty.as_type_ptr()).tp_members = shape.members();
    }
    let doc = Str::new(th, &shape.doc)?;
    typeobj::build::set_c_doc(th, ty, doc.object())?;
    forward::fill_tables(th, ty, &[id::__repr__])?;
    let module = shape.name.rsplit_once('.').map_or("builtins", |(module, _)| module);
    dict.set_str(th, id::__module__, Str::interned(th, module)?.object())?;
    fill_counts(th, dict, shape)
}

/// How many fields there are, and which of them patterns match.
fn fill_counts(th: &Thread, dict: &Dict, shape: &Shape) -> PyResult<()> {
    let unnamed = shape.fields.iter().filter(|field| field.name.is_empty()).count();
    let counts = [
        ("n_sequence_fields", shape.visible),
        ("n_fields", shape.fields.len()),
        ("n_unnamed_fields", unnamed),
    ];
    for (name, count) in counts {
        let count = Int::from_usize(th, count)?;
        dict.set_str(th, Str::interned(th, name)?.borrow(), count.object())?;
    }
    let names: PyResult<Vec<Owned>> = shape.fields[..shape.visible]
        .iter()
        .filter(|field| !field.name.is_empty())
        .map(|field| Str::interned(th, field.name).map(Owned::into_object))
        .collect();
    let names = Tuple::from_vec(th, names?)?;
    dict.set_str(th, Str::interned(th, "__match_args__")?.borrow(), names.object())
}
