//! Extension modules: shared libraries, and C's table of modules that a host links in.
//!
//! A library's `PyInit_NAME` gives a definition (multi-phase: `module::define` goes on) or a whole module
//! (single-phase). The same job as `Python/importdl.c`, `Python/dynload_shlib.c` and the extension half of
//! `Python/import.c` in CPython.
//!
//! SAFETY, throughout: a hook is a C function without parameters that gives a new reference, a definition, or NULL; a
//! library is never unloaded.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{CStr, CString};

use krait_abi as abi;
use krait_objects::codecs;
use krait_objects::module::rules::{ModulesByIndex, PackageContext};
use krait_objects::module::{self, ModuleDefinition};
use krait_objects::prelude::*;

use crate::sys;

/// `PyInit_NAME`.
pub type Hook = unsafe extern "C" fn() -> *mut abi::PyObject;

/// What an extension module is asked for by.
struct Wanted {
    name: Owned<Str>,
    /// The file; a module that the host linked in has none.
    path: Option<Owned<Str>>,
    /// The last part of the name, as C identifiers allow it.
    short: String,
    prefix: &'static str,
}

const PLAIN: &str = "PyInit";
/// A name that is not ASCII is spelled in Punycode.
const SPELLED: &str = "PyInitU";

/// A single-phase module that was loaded before.
struct Known {
    def: *mut abi::PyModuleDef,
    hook: Hook,
    /// The namespace after initialisation, of a module that cannot be initialised again.
    namespace: Option<Owned<Dict>>,
}

/// By path (or nothing) and name.
#[derive(Default)]
struct SinglePhase(RefCell<HashMap<(String, String), Known>>);

impl Wanted {
    fn new(th: &Thread, name: Borrowed<'_, Str>, path: Option<Owned<Str>>) -> PyResult<Wanted> {
        let text = name.to_wtf8();
        if text.contains(&0) {
            return Err(th.raise(exc::VALUE_ERROR, "embedded null character"));
        }
        let start = text.iter().rposition(|&byte| byte == b'.').map_or(0, |dot| dot + 1);
        let last = Str::from_wtf8(th, &text[start..])?;
        let (short, prefix) = if last.is_ascii() {
            (last.to_string_lossy(), PLAIN)
        } else {
            let spelled = codecs::encode(th, last.borrow(), Some("punycode"), None)?;
            (String::from_utf8_lossy(spelled.as_bytes()).into_owned(), SPELLED)
        };
        Ok(Wanted { name: name.to_owned(), path, short: short.replace('-', "_"), prefix })
    }

    fn key(&self) -> (String, String) {
        let path = self.path.as_ref().map(|path| path.to_string_lossy()).unwrap_or_default();
        (path, self.name.to_string_lossy())
    }

    /// ImportError about this module.
    fn error(&self, th: &Thread, message: &str) -> Raised {
        let raised = th.raise(exc::IMPORT_ERROR, message);
        let exception = th.take_raised(raised);
        let path = self.path.as_ref().map_or(none(), Owned::object);
        let result = Str::interned(th, "path").and_then(|key| {
            object::set_attr(th, exception.object(), id::name, self.name.object())?;
            object::set_attr(th, exception.object(), key.borrow(), path)
        });
        match result {
            Ok(()) => th.set_exception(exception.into_object()),
            Err(raised) => raised,
        }
    }
}

/// `_imp.create_dynamic`.
pub fn create(th: &Thread, spec: Borrowed<'_>) -> PyResult {
    let name = object::get_attr(th, spec, id::name)?;
    let Some(name) = name.object().downcast::<Str>() else {
        return Err(th.raise(exc::TYPE_ERROR, "module name must be a string"));
    };
    let path = object::get_attr(th, spec, Str::interned(th, "origin")?.borrow())?;
    let Ok(path) = path.downcast::<Str>() else {
        return Err(th.raise(exc::TYPE_ERROR, "module filename must be a string"));
    };
    let wanted = Wanted::new(th, name, Some(path.clone()))?;
    if let Some(module) = load_again(th, &wanted)? {
        return Ok(module);
    }
    let nothing = none();
    let args = [name.object(), path.object(), nothing, nothing, nothing];
    sys::audit(th, "import", &args)?;
    let hook = open(th, &wanted)?;
    initialise(th, &wanted, hook, spec)
}

/// A module of the host's table.
pub fn create_linked(
    th: &Thread,
    name: Borrowed<'_, Str>,
    hook: Hook,
    spec: Borrowed<'_>,
) -> PyResult {
    let wanted = Wanted::new(th, name, None)?;
    match load_again(th, &wanted)? {
        Some(module) => Ok(module),
        None => initialise(th, &wanted, hook, spec),
    }
}

/// Opens the library and finds its hook.
fn open(th: &Thread, wanted: &Wanted) -> PyResult<Hook> {
    let Some(path) = &wanted.path else {
        return Err(th.bad_internal_call());
    };
    let encoded = codecs::encode(th, path.borrow(), Some("utf-8"), Some("surrogateescape"))?;
    let encoded = encoded.as_bytes();
    // Without a slash, the library would be searched for in the system's folders.
    let encoded =
        if encoded.contains(&b'/') { encoded.to_vec() } else { [b"./", encoded].concat() };
    let file =
        CString::new(encoded).map_err(|_| th.raise(exc::VALUE_ERROR, "embedded null character"))?;
    crate::runtime::objects::fill();
    // SAFETY: the file's constructors run, as its author and the caller want.
    let library = unsafe { libc::dlopen(file.as_ptr(), sys::limits::dlopen_flags(th)) };
    if library.is_null() {
        // SAFETY: the message is valid until the next call of the kind.
        let reason = unsafe { libc::dlerror() };
        let reason = if reason.is_null() {
            "unknown dlopen() error".into()
        } else {
            // SAFETY: a NUL-terminated string.
            unsafe { CStr::from_ptr(reason) }.to_string_lossy()
        };
        return Err(wanted.error(th, &reason));
    }
    let symbol = format!("{}_{}", wanted.prefix, wanted.short);
    let found = CString::new(symbol.as_str()).ok().map(|symbol| {
        // SAFETY: an open library.
        unsafe { libc::dlsym(library, symbol.as_ptr()) }
    });
    match found.filter(|found| !found.is_null()) {
        // SAFETY: see the top of the file.
        Some(found) => Ok(unsafe { std::mem::transmute::<*mut libc::c_void, Hook>(found) }),
        None => Err(wanted.error(
            th,
            &format!("dynamic module does not define module export function ({symbol})"),
        )),
    }
}

/// Calls the hook, and makes the module of what it gives.
fn initialise(th: &Thread, wanted: &Wanted, hook: Hook, spec: Borrowed<'_>) -> PyResult {
    let made = call_hook(th, wanted, hook)?;
    if let Some(definition) = made.object().downcast::<ModuleDefinition>() {
        return module::from_definition(th, definition.as_ptr().cast(), spec);
    }
    let name = &wanted.short;
    if wanted.prefix == SPELLED {
        // Only multi-phase modules may have such names.
        return Err(raise!(
            th,
            SYSTEM_ERROR,
            "initialization of {name} did not return PyModuleDef"
        ));
    }
    let Ok(module) = made.downcast::<Module>() else {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "initialization of {name} did not return an extension module"
        ));
    };
    if module.def().is_null() {
        return Err(raise!(
            th,
            SYSTEM_ERROR,
            "initialization of {name} did not return a valid extension module"
        ));
    }
    module::rules::ExtensionRules::of(th).refuse(th, &wanted.name.to_string_lossy())?;
    remember(th, wanted, hook, module.borrow())?;
    enter(th, wanted, module.borrow())?;
    Ok(module.into_object())
}

fn call_hook(th: &Thread, wanted: &Wanted, hook: Hook) -> PyResult {
    let name = &wanted.short;
    let full = wanted.name.to_string_lossy();
    // SAFETY: see the top of the file.
    let made = PackageContext::with(th, &full, || unsafe { hook() });
    if made.is_null() {
        return Err(if th.is_raised() {
            th.raised_by_c()
        } else {
            raise!(th, SYSTEM_ERROR, "initialization of {name} failed without raising an exception")
        });
    }
    // SAFETY: as above; a definition that `PyModuleDef_Init` has not seen has no type, so it is not counted.
    unsafe {
        if (*made).ob_type.is_null() {
            return Err(raise!(
                th,
                SYSTEM_ERROR,
                "init function of {name} returned uninitialized object"
            ));
        }
        let made: Owned = Owned::from_ptr(made);
        if th.is_raised() {
            return Err(th.raise_from_current(
                exc::SYSTEM_ERROR,
                format_args!("initialization of {name} raised unreported exception"),
            ));
        }
        Ok(made)
    }
}

/// Keeps what a second import of a single-phase module needs.
fn remember(
    th: &Thread,
    wanted: &Wanted,
    hook: Hook,
    module: Borrowed<'_, Module>,
) -> PyResult<()> {
    if let Some(path) = &wanted.path {
        let key = Str::interned(th, "__file__")?;
        module.dict().set_str(th, key.borrow(), path.object())?;
    }
    let def = module.get().def();
    // SAFETY: a module's definition outlives it.
    let namespace = match unsafe { (*def).m_size } {
        -1 => Some(module.dict().copy(th)?),
        _ => None,
    };
    let known = Known { def, hook, namespace };
    let old = th.interp().state::<SinglePhase>().0.borrow_mut().insert(wanted.key(), known);
    drop(old);
    Ok(())
}

/// A single-phase module that was loaded before: a copy, or initialised again if it allows that.
fn load_again(th: &Thread, wanted: &Wanted) -> PyResult<Option<Owned>> {
    let key = wanted.key();
    let known = th
        .interp()
        .state::<SinglePhase>()
        .0
        .borrow()
        .get(&key)
        .map(|known| (known.hook, known.namespace.clone()));
    let Some((hook, namespace)) = known else {
        return Ok(None);
    };
    module::rules::ExtensionRules::of(th).refuse(th, &key.1)?;
    let module = match namespace {
        Some(namespace) => {
            let module = super::add_module(th, wanted.name.object())?;
            let Ok(module) = module.downcast::<Module>() else {
                return Err(th.bad_internal_call());
            };
            module.dict().merge(th, namespace.object(), true)?;
            module
        }
        None => {
            let made = call_hook(th, wanted, hook)?;
            let Ok(module) = made.downcast::<Module>() else {
                return Err(th.bad_internal_call());
            };
            if let Some(path) = &wanted.path {
                let key = Str::interned(th, "__file__")?;
                module.dict().set_str(th, key.borrow(), path.object())?;
            }
            module
        }
    };
    enter_again(th, &key, wanted, module.borrow())?;
    Ok(Some(module.into_object()))
}

fn enter_again(
    th: &Thread,
    key: &(String, String),
    wanted: &Wanted,
    module: Borrowed<'_, Module>,
) -> PyResult<()> {
    let def = th.interp().state::<SinglePhase>().0.borrow().get(key).map(|known| known.def);
    if let Some(def) = def {
        // SAFETY: definitions live as long as the process.
        drop(ModulesByIndex::of(th).set(unsafe { &*def }, Some(module.object().to_owned())));
    }
    super::modules(th)?.set(th, wanted.name.object(), module.object())
}

/// Forgets a single-phase module: its next import initialises it anew.
pub fn forget(th: &Thread, name: Borrowed<'_, Str>, path: Borrowed<'_, Str>) {
    let key = (path.to_string_lossy(), name.to_string_lossy());
    let known = th.interp().state::<SinglePhase>().0.borrow_mut().remove(&key);
    if let Some(known) = known {
        // SAFETY: definitions live as long as the process.
        drop(ModulesByIndex::of(th).set(unsafe { &*known.def }, None));
    }
}

/// Where a single-phase module can be found: by its definition, and in `sys.modules`.
fn enter(th: &Thread, wanted: &Wanted, module: Borrowed<'_, Module>) -> PyResult<()> {
    // SAFETY: definitions live as long as the process.
    let def = unsafe { &*module.get().def() };
    drop(ModulesByIndex::of(th).set(def, Some(module.object().to_owned())));
    super::modules(th)?.set(th, wanted.name.object(), module.object())
}
