//! Classes that are there before the code that defines them has run.
//!
//! Start-up shows programs a few classes of Python code (those of importlib, for one) which most programs never look
//! into. Such a class is declared: it has its name, its layout and, for the special methods that its code will define,
//! slots that look them up; its dictionary is missing. Whoever asks for that has the module set up that defines the
//! class, and the `class` statement there fills the declared class instead of making another. Some classes that the
//! reference's C code makes at start are declared in the same way, with a function that fills them. Nothing of this is
//! in the reference.
//!
//! Invariants: 1. a declared class is a heap type whose `tp_dict` is NULL; 2. what is filled into it may be taken back
//! until its module is settled, because the old struct is kept until then.

use std::cell::{Cell, RefCell};

use krait_abi as abi;

use crate::object::inline_values;
use crate::prelude::*;
use crate::typeobj::class_slots::ClassSlots;
use crate::typeobj::slots::{SLOTS, SlotDef};
use crate::typeobj::{build, contents, end, layout, ready};

/// The declared classes of an interpreter that are not settled yet.
#[derive(Default)]
pub struct Forward {
    classes: RefCell<Vec<Entry>>,
    /// The thread that sets up importlib, which settles its classes when it is done.
    pub setting_up: Cell<usize>,
}

/// Fills the new dictionary of a class that native code defines; `fill_tables` is a part of it.
pub type Fill = fn(&Thread, Borrowed<'_, Type>, &Dict) -> PyResult<()>;

#[derive(Clone, Copy)]
enum Source {
    /// A module of Python code that has a `class` statement for it.
    Module(&'static str),
    Native(Fill),
}

struct Entry {
    source: Source,
    class: Owned<Type>,
    /// The struct as it was declared, once another has been filled in.
    declared: Option<Box<abi::PyHeapTypeObject>>,
}

impl Forward {
    /// Whether this thread is setting importlib up.
    #[inline]
    pub fn is_setting_up(&self, th: &Thread) -> bool {
        self.setting_up.get() == std::ptr::from_ref(th) as usize
    }

    /// Forgets the classes, when the interpreter ends.
    pub fn clear(&self) {
        let classes = self.classes.take();
        drop(classes);
    }
}

/// Whether `ty` is a declared class that nobody has filled yet.
#[inline]
pub fn is_pending(ty: &Type) -> bool {
    ty.raw().tp_dict.is_null() && ty.is_heap_type() && ty.has_flag(abi::Py_TPFLAGS_READY)
}

/// A class `name`, derived from `object`, that `module` is to define, with the special methods in `special`.
pub fn declare(
    th: &Thread,
    module: &'static str,
    name: &str,
    special: &[Borrowed<'static, Str>],
) -> PyResult<Owned<Type>> {
    let object = Borrowed::from_ref(Object::type_object()).object();
    let class = lay_out(th, name, &[object], false, special)?;
    push(th, Source::Module(module), &class);
    Ok(class)
}

/// A class without special methods of its own, whose dictionary `fill` fills when somebody looks into it. It adds no
/// dictionary and no weak list to its instances if `is_plain`.
pub fn declare_native(
    th: &Thread,
    name: &str,
    bases: &[Borrowed<'_>],
    is_plain: bool,
    fill: Fill,
) -> PyResult<Owned<Type>> {
    let class = lay_out(th, name, bases, is_plain, &[])?;
    push(th, Source::Native(fill), &class);
    Ok(class)
}

fn push(th: &Thread, source: Source, class: &Owned<Type>) {
    let entry = Entry { source, class: class.clone(), declared: None };
    th.interp().forward.classes.borrow_mut().push(entry);
}

/// A class that is ready but for its dictionary.
fn lay_out(
    th: &Thread,
    name: &str,
    bases: &[Borrowed<'_>],
    is_plain: bool,
    special: &[Borrowed<'static, Str>],
) -> PyResult<Owned<Type>> {
    for base in bases.iter().filter_map(|base| base.downcast::<Type>()) {
        base.ready(th)?;
    }
    let bases = Tuple::from_slice(th, bases)?;
    let base = layout::best_base(th, &bases)?.to_owned();
    let room = Borrowed::from_ref(Type::type_object()).alloc(th, 0)?;
    let mut slots = ClassSlots::inherited(base.borrow());
    slots.add_dict &= !is_plain;
    slots.add_weakref &= !is_plain;
    let name = Str::interned(th, name)?;
    let class = build::make(th, room, name.borrow(), base.borrow(), &bases, None, slots)?;
    ready::ready_declared(th, class.borrow(), special)?;
    inline_values::init_shared_keys(th, class.borrow(), None)?;
    Ok(class)
}

/// Has a declared class defined by its module, unless that is going on already.
#[inline]
pub fn ensure(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<()> {
    if is_pending(&ty) { complete(th, ty) } else { Ok(()) }
}

#[cold]
fn complete(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult<()> {
    let source = {
        let classes = th.interp().forward.classes.borrow();
        classes.iter().find(|entry| entry.class.is(ty)).map(|entry| entry.source)
    };
    match source {
        Some(Source::Module(module)) if !th.interp().forward.is_setting_up(th) => {
            define(th, ty, module)
        }
        Some(Source::Native(fill)) => fill_native(th, ty, fill),
        _ => Ok(()),
    }
}

fn define(th: &Thread, ty: Borrowed<'_, Type>, module: &'static str) -> PyResult<()> {
    // Somebody may ask while an exception is on its way.
    let current = th.take_exception();
    (th.interp().services.get().define_module)(th, module)?;
    if is_pending(&ty) {
        let name = ty.name();
        return Err(raise!(th, RUNTIME_ERROR, "module '{module}' does not define class '{name}'"));
    }
    if let Some(current) = current {
        let _raised = th.set_exception(current.into_object());
    }
    Ok(())
}

fn fill_native(th: &Thread, ty: Borrowed<'_, Type>, fill: Fill) -> PyResult<()> {
    let dict = Dict::new(th)?;
    // SAFETY: (1): from here on the class is an ordinary one.
    unsafe { (*ty.as_type_ptr()).tp_dict = dict.clone().into_ptr() };
    if let Err(raised) = fill(th, ty, &dict) {
        // SAFETY: as above; the field's reference goes.
        unsafe {
            (*ty.as_type_ptr()).tp_dict = std::ptr::null_mut();
            drop(Owned::<Dict>::from_ptr(dict.as_ptr()));
        }
        return Err(raised);
    }
    let entry = {
        let mut classes = th.interp().forward.classes.borrow_mut();
        let at = classes.iter().position(|entry| entry.class.is(ty));
        at.map(|at| classes.swap_remove(at))
    };
    drop(entry);
    Ok(())
}

/// Puts what the class's own slots (those of the special methods in `special`) and its tables say into its dictionary.
pub fn fill_tables(
    th: &Thread,
    ty: Borrowed<'_, Type>,
    special: &[Borrowed<'static, Str>],
) -> PyResult<()> {
    let is_own = |def: &SlotDef| special.iter().any(|name| def.name.is(*name));
    let own = SLOTS.iter().zip(0..).filter(|(def, _)| is_own(def));
    contents::fill(th, ty, own.fold(0, |own, (_, line)| own | 1 << line))
}

/// The declared class that a `class` statement is to fill, emptied for it.
pub fn take(
    th: &Thread,
    metatype: Borrowed<'_, Type>,
    name: Borrowed<'_, Str>,
    namespace: &Dict,
) -> PyResult<Option<Owned<Type>>> {
    let forward = &th.interp().forward;
    if forward.classes.borrow().is_empty() || !metatype.is(Borrowed::from_ref(Type::type_object()))
    {
        return Ok(None);
    }
    let module = namespace.get_str(th, id::__module__)?;
    let Some(module) = module.and_then(|module| module.downcast::<Str>().ok()) else {
        return Ok(None);
    };
    let mut classes = forward.classes.borrow_mut();
    let wanted = |entry: &&mut Entry| {
        matches!(entry.source, Source::Module(its) if module.eq_str(its))
            && entry.declared.is_none()
            && name.eq_str(entry.class.name())
    };
    let Some(entry) = classes.iter_mut().find(wanted) else {
        return Ok(None);
    };
    // SAFETY: (1), (2): the copy takes over what the struct owns.
    unsafe {
        let heap = entry.class.as_heap_ptr();
        entry.declared = Some(Box::new(heap.read()));
        let declared = heap.read();
        heap.write(std::mem::zeroed());
        keep_common(heap, &declared);
    }
    Ok(Some(entry.class.clone()))
}

/// What belongs to the object and to its instances and subclasses, whoever defines it.
unsafe fn keep_common(heap: *mut abi::PyHeapTypeObject, other: &abi::PyHeapTypeObject) {
    // SAFETY: the caller passes the struct of a class that it owns.
    unsafe {
        (*heap).ht_type.ob_base = other.ht_type.ob_base;
        (*heap).ht_type.tp_weaklist = other.ht_type.tp_weaklist;
        (*heap).ht_type.tp_subclasses = other.ht_type.tp_subclasses;
        (*heap).ht_cached_keys = other.ht_cached_keys;
    }
}

/// The `class` statement is done with a class that `take` gave: it stays, unless that failed.
pub fn built(th: &Thread, class: &Owned<Type>, succeeded: bool) {
    let wait = succeeded && th.interp().forward.is_setting_up(th);
    if !wait {
        settle_where(th, succeeded, |entry| entry.class.is(class.borrow()));
    }
}

/// Settles the classes that have been filled: they stay, or are as they were before.
pub fn settle(th: &Thread, succeeded: bool) {
    settle_where(th, succeeded, |_| true);
}

fn settle_where(th: &Thread, succeeded: bool, which: impl Fn(&Entry) -> bool) {
    let mut done = Vec::new();
    {
        let mut classes = th.interp().forward.classes.borrow_mut();
        let mut at = 0;
        while at < classes.len() {
            let entry = &mut classes[at];
            let Some(mut old) = which(entry).then(|| entry.declared.take()).flatten() else {
                at += 1;
                continue;
            };
            if !succeeded {
                // SAFETY: (2): what was filled in is released, and the old struct is whole again.
                unsafe {
                    let heap = entry.class.as_heap_ptr();
                    entry.class.modified(th);
                    let filled = heap.read();
                    heap.write(*old);
                    keep_common(heap, &filled);
                    *old = filled;
                }
            }
            done.push((old, succeeded.then(|| classes.swap_remove(at))));
            at += usize::from(!succeeded);
        }
    }
    for (mut old, _entry) in done {
        // SAFETY: (2): this struct is in no class any more.
        unsafe { end::release_contents(th, &mut *old) };
    }
}
