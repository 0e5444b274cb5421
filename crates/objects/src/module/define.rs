//! Modules from C definitions: single-phase, and multi-phase (PEP 489).
//!
//! SAFETY, throughout: a definition is live for the process, its tables end with an empty entry, and its slots'
//! values are what their numbers say.

// Definitions are C's statics: every caller has them from a table that outlives what is made from it.
#![allow(clippy::not_unsafe_ptr_arg_deref)]

use std::cell::UnsafeCell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::transmute;
use std::sync::atomic::{AtomicIsize, Ordering};

use krait_abi as abi;

use super::Module;
use super::rules::{ExtensionRules, PackageContext};
use crate::cfunction::CFunction;
use crate::prelude::*;

type Ptr = *mut abi::PyObject;
type Create = unsafe extern "C" fn(Ptr, *mut abi::PyModuleDef) -> Ptr;
type Execute = unsafe extern "C" fn(Ptr) -> c_int;

/// `Py_MOD_PER_INTERPRETER_GIL_SUPPORTED`, a pointer in C.
const PER_INTERPRETER_GIL: usize = 2;
/// `Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED`.
const NOT_SUPPORTED: usize = 0;

/// A multi-phase module definition, made by `#[pymodule]`.
#[repr(transparent)]
pub struct StaticModuleDef(UnsafeCell<abi::PyModuleDef>);

// SAFETY: only its head is written, once, with the same values by whoever comes first.
unsafe impl Sync for StaticModuleDef {}

impl StaticModuleDef {
    pub const fn new(def: abi::PyModuleDef) -> StaticModuleDef {
        StaticModuleDef(UnsafeCell::new(def))
    }

    pub const fn as_ptr(&self) -> *mut abi::PyModuleDef {
        self.0.get()
    }

    /// Creates and executes the module in this interpreter, for a spec with the attribute `name`.
    pub fn load(&'static self, th: &Thread, spec: Borrowed<'_>) -> PyResult {
        let module = from_definition(th, self.as_ptr(), spec)?;
        execute(th, module.object(), self.as_ptr())?;
        Ok(module)
    }
}

// `moduledef`: what a multi-phase `PyInit_` function gives.
#[pytype(name = "moduledef", symbol = "PyModuleDef_Type", flags(DISALLOW_INSTANTIATION))]
#[repr(transparent)]
pub struct ModuleDefinition(UnsafeCell<abi::PyModuleDef>);

#[pymethods]
impl ModuleDefinition {}

/// Definitions are static in C, so the indices that find their modules are the same in every interpreter.
static NEXT_INDEX: AtomicIsize = AtomicIsize::new(1);

/// `PyModuleDef_Init`: makes a definition an object, with an index.
///
/// # Safety
/// `def` is a static definition, initialised from one thread at a time.
pub unsafe fn init_definition(def: *mut abi::PyModuleDef) -> Ptr {
    // SAFETY: the caller's promise.
    unsafe {
        let base = &raw mut (*def).m_base;
        (*base).ob_base.ob_refcnt = abi::_Py_IMMORTAL_INITIAL_REFCNT;
        (*base).ob_base.ob_type = ModuleDefinition::type_object().as_type_ptr();
        if (*base).m_index == 0 {
            (*base).m_index = NEXT_INDEX.fetch_add(1, Ordering::Relaxed);
        }
    }
    def.cast()
}

fn text<'a>(pointer: *const c_char) -> Option<&'a str> {
    // SAFETY: see the top of the file.
    (!pointer.is_null()).then(|| unsafe { CStr::from_ptr(pointer) }.to_str().unwrap_or("?"))
}

/// The slots of a definition, up to the empty one.
fn slots<'a>(def: *mut abi::PyModuleDef) -> impl Iterator<Item = &'a abi::PyModuleDef_Slot> {
    // SAFETY: see the top of the file.
    let mut at = unsafe { (*def).m_slots };
    std::iter::from_fn(move || {
        // SAFETY: see the top of the file.
        unsafe {
            let slot = at.as_ref().filter(|slot| slot.slot != 0)?;
            at = at.add(1);
            Some(slot)
        }
    })
}

/// Adds the functions of a table to a module (or what stands for one) called `name`.
pub fn add_functions(
    th: &Thread,
    module: Borrowed<'_>,
    name: Borrowed<'_>,
    functions: *mut abi::PyMethodDef,
) -> PyResult<()> {
    let mut at = functions;
    // What setting an attribute of a plain module comes to.
    let dict = module.downcast_exact::<Module>().map(|module| module.get().dict());
    // SAFETY: see the top of the file.
    unsafe {
        while !at.is_null() && !(*at).ml_name.is_null() {
            if (*at).ml_flags & (abi::METH_CLASS | abi::METH_STATIC) != 0 {
                return Err(th.raise(
                    exc::VALUE_ERROR,
                    "module functions cannot set METH_CLASS or METH_STATIC",
                ));
            }
            let function = CFunction::new(th, at, Some(module), Some(name), None)?;
            let name = Str::interned(th, text((*at).ml_name).unwrap_or("?"))?;
            match &dict {
                Some(dict) => dict.set_str(th, name.borrow(), function.object())?,
                None => object::set_attr(th, module, name.borrow(), function.object())?,
            }
            at = at.add(1);
        }
    }
    Ok(())
}

/// `PyModule_FromDefAndSpec2`: the first phase. `spec.name` is the module's name.
pub fn from_definition(th: &Thread, def: *mut abi::PyModuleDef, spec: Borrowed<'_>) -> PyResult {
    // SAFETY: see the top of the file.
    unsafe { init_definition(def) };
    let name = object::get_attr(th, spec, id::name)?;
    let Ok(name) = name.downcast::<Str>() else {
        return Err(th.raise(exc::TYPE_ERROR, "spec.name must be a str"));
    };
    from_definition_named(th, def, spec, name.borrow())
}

/// What the slots of a definition say of the first phase.
struct Phases {
    create: Option<Create>,
    /// Whether there is a second phase.
    executes: bool,
    interpreters: Option<usize>,
}

impl Phases {
    fn read(th: &Thread, def: *mut abi::PyModuleDef, name: &str) -> PyResult<Phases> {
        let mut phases = Phases { create: None, executes: false, interpreters: None };
        let mut has_gil = false;
        let again =
            |what: &str| Err(raise!(th, SYSTEM_ERROR, "module {name} has more than one {what}"));
        for slot in slots(def) {
            match slot.slot {
                abi::Py_mod_create if phases.create.is_some() => {
                    return Err(raise!(
                        th,
                        SYSTEM_ERROR,
                        "module {name} has multiple create slots"
                    ));
                }
                abi::Py_mod_create => {
                    // SAFETY: such a slot holds a function of that type, or NULL; see the top of the file.
                    phases.create = unsafe { transmute::<*mut c_void, Option<Create>>(slot.value) };
                }
                abi::Py_mod_exec => phases.executes = true,
                abi::Py_mod_multiple_interpreters if phases.interpreters.is_some() => {
                    return again("'multiple interpreters' slots");
                }
                abi::Py_mod_multiple_interpreters => {
                    phases.interpreters = Some(slot.value as usize);
                }
                abi::Py_mod_gil if has_gil => return again("'gil' slot"),
                abi::Py_mod_gil => has_gil = true,
                other => {
                    let message = format_args!("module {name} uses unknown slot ID {other}");
                    return Err(th.raise_fmt(exc::SYSTEM_ERROR, message));
                }
            }
        }
        Ok(phases)
    }
}

/// As `from_definition`, for a spec whose name is known.
pub fn from_definition_named(
    th: &Thread,
    def: *mut abi::PyModuleDef,
    spec: Borrowed<'_>,
    name: Borrowed<'_, Str>,
) -> PyResult {
    // SAFETY: see the top of the file.
    let declared = unsafe {
        init_definition(def);
        &*def
    };
    let shown = name.to_string_lossy();
    if declared.m_size < 0 {
        return Err(raise!(
            th,
            SYSTEM_ERROR,
            "module {shown}: m_size may not be negative for multi-phase initialization"
        ));
    }
    let phases = Phases::read(th, def, &shown)?;
    let rules = ExtensionRules::of(th);
    // One that does not say anything is expected to work under the main interpreter's lock.
    if match phases.interpreters {
        Some(NOT_SUPPORTED) => true,
        Some(PER_INTERPRETER_GIL) => false,
        _ => rules.own_gil.get(),
    } {
        rules.refuse(th, &shown)?;
    }
    let module = match phases.create {
        None => Module::new(th, name)?.into_object(),
        // SAFETY: see the top of the file.
        Some(create) => created(th, &shown, unsafe { create(spec.as_ptr(), def) })?,
    };
    match module.object().downcast::<Module>() {
        Some(module) => {
            module.get().state.set(std::ptr::null_mut());
            module.get().def.set(def);
        }
        None => check_stand_in(th, &shown, declared, phases.executes)?,
    }
    add_functions(th, module.object(), name.object(), declared.m_methods)?;
    if let Some(doc) = text(declared.m_doc) {
        let doc = Str::new(th, doc)?;
        object::set_attr(th, module.object(), id::__doc__, doc.object())?;
    }
    Ok(module)
}

/// What a create slot gave.
fn created(th: &Thread, name: &str, module: Ptr) -> PyResult {
    // SAFETY: a new reference or NULL.
    match unsafe { Owned::from_ptr_or_null(module) } {
        Some(module) if !th.is_raised() => Ok(module),
        Some(_) => Err(th.raise_from_current(
            exc::SYSTEM_ERROR,
            format_args!("creation of module {name} raised unreported exception"),
        )),
        None if th.is_raised() => Err(th.raised_by_c()),
        None => Err(raise!(
            th,
            SYSTEM_ERROR,
            "creation of module {name} failed without setting an exception"
        )),
    }
}

/// A create slot may give any object, if the definition asks for nothing that needs a module.
fn check_stand_in(th: &Thread, name: &str, def: &abi::PyModuleDef, executes: bool) -> PyResult<()> {
    let functions = def.m_traverse.is_some() || def.m_clear.is_some() || def.m_free.is_some();
    if def.m_size > 0 || functions {
        return Err(raise!(
            th,
            SYSTEM_ERROR,
            "module {name} is not a module object, but requests module state"
        ));
    }
    if executes {
        return Err(raise!(
            th,
            SYSTEM_ERROR,
            "module {name} specifies execution slots, but did not create a ModuleType instance"
        ));
    }
    Ok(())
}

/// Zeroed memory for the module's state, if its definition asks for some.
fn allocate_state(th: &Thread, module: &Module, size: isize) -> PyResult<()> {
    if size < 0 || !module.state.get().is_null() {
        return Ok(());
    }
    let block = th.interp().heap.alloc(size as usize);
    if block.is_null() {
        return Err(th.no_memory());
    }
    // SAFETY: the block has room.
    unsafe { block.write_bytes(0, size as usize) };
    module.state.set(block.cast());
    Ok(())
}

/// `PyModule_ExecDef`: the second phase.
pub fn execute(th: &Thread, module: Borrowed<'_>, def: *mut abi::PyModuleDef) -> PyResult<()> {
    let Some(module) = module.downcast::<Module>() else {
        // A stand-in has no execution slots: `from_definition` saw to it.
        return Ok(());
    };
    let name = module.get().name(th)?.to_string_lossy();
    // SAFETY: see the top of the file.
    allocate_state(th, module.get(), unsafe { (*def).m_size })?;
    for slot in slots(def).filter(|slot| slot.slot == abi::Py_mod_exec) {
        // SAFETY: see the top of the file.
        let status = unsafe { transmute::<*mut c_void, Execute>(slot.value)(module.as_ptr()) };
        if status != 0 {
            if th.is_raised() {
                return Err(th.raised_by_c());
            }
            return Err(raise!(
                th,
                SYSTEM_ERROR,
                "execution of module {name} failed without setting an exception"
            ));
        }
        if th.is_raised() {
            return Err(th.raise_from_current(
                exc::SYSTEM_ERROR,
                format_args!("execution of module {name} raised unreported exception"),
            ));
        }
    }
    Ok(())
}

/// `PyModule_Create2`: a whole module at once.
pub fn create_single_phase(th: &Thread, def: *mut abi::PyModuleDef) -> PyResult<Owned<Module>> {
    // SAFETY: see the top of the file.
    let declared = unsafe {
        init_definition(def);
        &*def
    };
    let name = text(declared.m_name).unwrap_or("?");
    if slots(def).next().is_some() {
        return Err(raise!(
            th,
            SYSTEM_ERROR,
            "module {name}: PyModule_Create is incompatible with m_slots"
        ));
    }
    let name = Str::new(th, &PackageContext::resolve(th, name))?;
    let module = Module::new(th, name.borrow())?;
    if declared.m_size > 0 {
        allocate_state(th, &module, declared.m_size)?;
    }
    add_functions(th, module.object(), name.object(), declared.m_methods)?;
    if let Some(doc) = text(declared.m_doc) {
        let doc = Str::new(th, doc)?;
        module.dict().set_str(th, id::__doc__, doc.object())?;
    }
    module.def.set(def);
    Ok(module)
}
