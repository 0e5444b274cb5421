//! Extension modules: shared libraries, and C's table of modules that a host links in.
//!
//! A library's `PyInit_NAME` gives a definition (multi-phase: `module::define` goes on) or a whole module
//! (`single_phase`). The same job as `Python/importdl.c`, `Python/dynload_shlib.c` and the extension half of
//! `Python/import.c` in CPython.
//!
//! SAFETY, throughout: a hook is a C function without parameters that gives a new reference, a definition, or NULL; a
//! library is never unloaded.

use std::ffi::{CStr, CString};

use krait_abi as abi;
use krait_objects::codecs;
use krait_objects::error::ExcType;
use krait_objects::module::rules::PackageContext;
use krait_objects::module::{self, ModuleDefinition};
use krait_objects::prelude::*;

use super::single_phase;
use crate::{registry, sys};

/// `PyInit_NAME`.
pub type Hook = unsafe extern "C" fn() -> *mut abi::PyObject;

/// What an extension module is asked for by.
pub(super) struct Wanted {
    pub name: Owned<Str>,
    /// The file; a module that the host linked in has none.
    pub path: Option<Owned<Str>>,
    /// The last part of the name, as C identifiers allow it.
    short: String,
    prefix: &'static str,
}

const PLAIN: &str = "PyInit";
/// A name that is not ASCII is spelled in Punycode.
const SPELLED: &str = "PyInitU";

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

    /// The same in another interpreter's objects.
    pub fn copy(&self, th: &Thread) -> PyResult<Wanted> {
        let path = match &self.path {
            Some(path) => Some(Str::from_wtf8(th, &path.to_wtf8())?),
            None => None,
        };
        let name = Str::from_wtf8(th, &self.name.to_wtf8())?;
        Ok(Wanted { name, path, short: self.short.clone(), prefix: self.prefix })
    }

    pub fn key(&self) -> (String, String) {
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
    if let Some(module) = single_phase::load_again(th, &wanted)? {
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
    match single_phase::load_again(th, &wanted)? {
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
    if !module::rules::ExtensionRules::of(th).is_sub.get() {
        registry::lend_to_c(th.interp());
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
    if let Some(main) = main_of(th) {
        return match single_phase::run_in_main(th, main, wanted, hook)? {
            Made::Definition(def) => module::from_definition(th, def, spec),
            Made::Module(()) => single_phase::load_learned(th, wanted, hook),
        };
    }
    match run(th, wanted, hook).map_err(|failure| failure.raise(th, wanted))? {
        Made::Definition(def) => module::from_definition(th, def, spec),
        Made::Module(module) => {
            module::rules::ExtensionRules::of(th).refuse(th, &wanted.name.to_string_lossy())?;
            single_phase::remember(th, wanted, hook, module.borrow())?;
            single_phase::enter(th, wanted, module.borrow())?;
            Ok(module.into_object())
        }
    }
}

/// The main interpreter, if this one is not: a hook runs there first, because it may keep what it makes in variables of C that
/// all interpreters have.
fn main_of(th: &Thread) -> Option<registry::Entry> {
    let is_sub = module::rules::ExtensionRules::of(th).is_sub.get();
    if is_sub { registry::main() } else { None }
}

/// What a hook gives.
pub(super) enum Made<M> {
    Definition(*mut abi::PyModuleDef),
    /// A whole module.
    Module(M),
}

/// Why a hook gave nothing.
pub(super) enum Failure {
    /// It raised an exception, which is the current one.
    Raised,
    /// As before, but it also gave something.
    Unreported,
    Wrong(ExcType, &'static str),
}

impl Failure {
    fn wrong<T>(class: ExcType, what: &'static str) -> Result<T, Failure> {
        Err(Failure::Wrong(class, what))
    }

    /// In the interpreter that the hook ran in.
    pub fn raise(self, th: &Thread, wanted: &Wanted) -> Raised {
        let name = &wanted.short;
        match self {
            Failure::Raised => th.raised_by_c(),
            Failure::Unreported => th.raise_from_current(
                exc::SYSTEM_ERROR,
                format_args!("initialization of {name} raised unreported exception"),
            ),
            Failure::Wrong(..) => self.raise_elsewhere(th, wanted),
        }
    }

    /// In another one, where the hook's exception must not come.
    pub fn raise_elsewhere(self, th: &Thread, wanted: &Wanted) -> Raised {
        let name = &wanted.short;
        match self {
            Failure::Raised => {
                th.raise(exc::IMPORT_ERROR, "failed to import from subinterpreter due to exception")
            }
            Failure::Unreported => {
                raise!(th, SYSTEM_ERROR, "initialization of {name} raised unreported exception")
            }
            Failure::Wrong(class, "returned uninitialized object") => {
                let text = format!("init function of {name} returned uninitialized object");
                th.raise(class, &text)
            }
            Failure::Wrong(class, what) => {
                th.raise(class, &format!("initialization of {name} {what}"))
            }
        }
    }
}

/// Calls the hook and looks at what it gives.
pub(super) fn run(
    th: &Thread,
    wanted: &Wanted,
    hook: Hook,
) -> Result<Made<Owned<Module>>, Failure> {
    let full = wanted.name.to_string_lossy();
    // SAFETY: see the top of the file.
    let made = PackageContext::with(th, &full, || unsafe { hook() });
    if made.is_null() {
        return match th.is_raised() {
            true => Err(Failure::Raised),
            false => Failure::wrong(exc::SYSTEM_ERROR, "failed without raising an exception"),
        };
    }
    // SAFETY: as above; a definition that `PyModuleDef_Init` has not seen has no type, so it is not counted.
    if unsafe { (*made).ob_type.is_null() } {
        return Failure::wrong(exc::SYSTEM_ERROR, "returned uninitialized object");
    }
    // SAFETY: as above.
    let made: Owned = unsafe { Owned::from_ptr(made) };
    if th.is_raised() {
        return Err(Failure::Unreported);
    }
    if let Some(definition) = made.object().downcast::<ModuleDefinition>() {
        return Ok(Made::Definition(definition.as_ptr().cast()));
    }
    if wanted.prefix == SPELLED {
        // Only multi-phase modules may have such names.
        return Failure::wrong(exc::SYSTEM_ERROR, "did not return PyModuleDef");
    }
    let Ok(module) = made.downcast::<Module>() else {
        return Failure::wrong(exc::TYPE_ERROR, "did not return an extension module");
    };
    match module.def().is_null() {
        true => Failure::wrong(exc::SYSTEM_ERROR, "did not return a valid extension module"),
        false => Ok(Made::Module(module)),
    }
}
