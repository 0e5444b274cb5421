//! `import.h`: modules made of code objects, of frozen code, and of the host's own table.

use std::ffi::{CStr, c_char, c_int, c_long};
use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::atomic::{AtomicPtr, Ordering};

use krait_abi as abi;
use krait_eval::code::Code;
use krait_eval::config::LinkedModule;
use krait_eval::import::{self, extension::Hook};
use krait_eval::{run, sys};
use krait_macros::capi;
use krait_objects::prelude::*;

use crate::runtime;
use crate::support::*;

/// A table of frozen modules that C may look at, up to an entry without a name. It says which there are; their code is in
/// Krait's library.
#[repr(transparent)]
pub struct FrozenTable(*const abi::_frozen);

// SAFETY: the table it points to is constant.
unsafe impl Sync for FrozenTable {}

#[repr(transparent)]
struct Names<const COUNT: usize>([abi::_frozen; COUNT]);

// SAFETY: the names are constant.
unsafe impl<const COUNT: usize> Sync for Names<COUNT> {}

const fn module(name: &'static CStr) -> abi::_frozen {
    abi::_frozen { name: name.as_ptr(), ..abi::_frozen::EMPTY }
}

const fn package(name: &'static CStr) -> abi::_frozen {
    abi::_frozen { is_package: 1, ..module(name) }
}

static BOOTSTRAP: Names<4> = Names([
    module(c"_frozen_importlib"),
    module(c"_frozen_importlib_external"),
    module(c"zipimport"),
    abi::_frozen::EMPTY,
]);

static STDLIB: Names<15> = Names([
    module(c"abc"),
    module(c"codecs"),
    module(c"io"),
    module(c"_collections_abc"),
    module(c"_sitebuiltins"),
    module(c"genericpath"),
    module(c"ntpath"),
    module(c"posixpath"),
    module(c"os"),
    module(c"site"),
    module(c"stat"),
    module(c"importlib.util"),
    module(c"importlib.machinery"),
    module(c"runpy"),
    abi::_frozen::EMPTY,
]);

static TEST: Names<12> = Names([
    module(c"__hello__"),
    module(c"__hello_alias__"),
    package(c"__phello_alias__"),
    module(c"__phello_alias__.spam"),
    package(c"__phello__"),
    module(c"__phello__.__init__"),
    package(c"__phello__.ham"),
    module(c"__phello__.ham.__init__"),
    module(c"__phello__.ham.eggs"),
    module(c"__phello__.spam"),
    module(c"__hello_only__"),
    abi::_frozen::EMPTY,
]);

/// The host's own frozen modules: an array that ends with an entry without a name.
#[unsafe(no_mangle)]
pub static PyImport_FrozenModules: AtomicPtr<abi::_frozen> = AtomicPtr::new(null_mut());
#[unsafe(no_mangle)]
pub static _PyImport_FrozenBootstrap: FrozenTable = FrozenTable(BOOTSTRAP.0.as_ptr());
#[unsafe(no_mangle)]
pub static _PyImport_FrozenStdlib: FrozenTable = FrozenTable(STDLIB.0.as_ptr());
#[unsafe(no_mangle)]
pub static _PyImport_FrozenTest: FrozenTable = FrozenTable(TEST.0.as_ptr());

/// A table that a host may replace before it starts Python.
#[repr(transparent)]
pub struct InitTable(std::cell::UnsafeCell<*mut abi::_inittab>);

// SAFETY: C's contract: written before Python starts only.
unsafe impl Sync for InitTable {}

#[unsafe(no_mangle)]
pub static PyImport_Inittab: InitTable = InitTable(std::cell::UnsafeCell::new(null_mut()));

/// What C appended before it started Python.
static APPENDED: Mutex<Vec<LinkedModule>> = Mutex::new(Vec::new());

/// The modules of an array that ends with an entry without a name.
///
/// # Safety
/// The entries' names live as long as the process.
unsafe fn entries(table: *const abi::_inittab) -> Vec<LinkedModule> {
    let mut found = Vec::new();
    let mut at = table;
    // SAFETY: the caller's promise.
    unsafe {
        while let Some(entry) = at.as_ref().filter(|entry| !entry.name.is_null()) {
            let name = CStr::from_ptr(entry.name).to_str();
            if let (Ok(name), Some(hook)) = (name, entry.initfunc) {
                found.push(LinkedModule { name, hook });
            }
            at = at.add(1);
        }
    }
    found
}

/// The modules that the host linked in, for an interpreter that starts.
pub fn linked_modules() -> Vec<LinkedModule> {
    // SAFETY: C's contract for the table.
    let mut all = unsafe { entries(*PyImport_Inittab.0.get()) };
    let appended = APPENDED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    all.extend(appended.iter().copied());
    all
}

fn append(modules: Vec<LinkedModule>, function: &str) -> c_int {
    if runtime::is_running() {
        crate::lifecycle::fatal_error(
            function,
            &format!("{function}() may not be called after Py_Initialize()"),
        );
    }
    APPENDED.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).extend(modules);
    0
}

#[capi]
pub fn PyImport_AppendInittab(name: *const c_char, hook: Option<Hook>) -> c_int {
    let table = [abi::_inittab { name, initfunc: hook }, abi::_inittab::EMPTY];
    // SAFETY: C gives a name that lives as long as the process.
    append(unsafe { entries(table.as_ptr()) }, "PyImport_AppendInittab")
}

#[capi]
pub fn PyImport_ExtendInittab(table: *mut abi::_inittab) -> c_int {
    // SAFETY: C gives names that live as long as the process.
    append(unsafe { entries(table) }, "PyImport_ExtendInittab")
}

#[capi]
pub fn PyImport_GetMagicNumber() -> c_long {
    u32::from_le_bytes(krait_eval::PYC_MAGIC).into()
}

#[capi]
pub fn PyImport_GetMagicTag() -> *const c_char {
    c"cpython-314".as_ptr()
}

fn execute(
    th: &Thread,
    name: Borrowed<'_>,
    code: Borrowed<'_>,
    path: Option<Borrowed<'_>>,
    cached: Option<Borrowed<'_>>,
) -> PyResult {
    let module = import::add_module(th, name)?;
    let result = execute_in(th, name, code, module.object(), path, cached);
    if result.is_err() {
        let exception = th.take_exception();
        drop(import::modules(th)?.remove(th, name));
        drop(th.take_exception());
        if let Some(exception) = exception {
            return Err(th.set_exception(exception.into_object()));
        }
    }
    result
}

fn execute_in(
    th: &Thread,
    name: Borrowed<'_>,
    code: Borrowed<'_>,
    module: Borrowed<'_>,
    path: Option<Borrowed<'_>>,
    cached: Option<Borrowed<'_>>,
) -> PyResult {
    let Some(module) = module.downcast::<Module>() else {
        return Err(th.bad_internal_call());
    };
    let dict = module.dict().to_owned();
    if dict.get_str(th, id::__builtins__)?.is_none() {
        if let Some(builtins) = th.interp().builtins.get() {
            dict.set_str(th, id::__builtins__, builtins.object())?;
        }
    }
    let own_path;
    let path = match path {
        Some(path) => path,
        None => {
            own_path = object::get_attr(th, code, Str::interned(th, "co_filename")?.borrow())?;
            own_path.object()
        }
    };
    let external = import::import(th, "_frozen_importlib_external")?;
    let fix_up = Str::interned(th, "_fix_up_module")?;
    let cached = cached.unwrap_or(path);
    let args = [dict.object(), name, path, cached];
    call::call_method(th, external.object(), fix_up.borrow(), &args)?;
    run::eval_code_object(th, code, dict.borrow())?;
    match import::modules(th)?.get(th, name)? {
        Some(module) => Ok(module),
        None => {
            let shown = object::repr(th, name)?;
            Err(raise!(th, IMPORT_ERROR, "Loaded module {} not found in sys.modules", *shown))
        }
    }
}

#[capi]
pub fn PyImport_ExecCodeModuleObject(
    th: &Thread,
    name: Borrowed<'_>,
    code: Borrowed<'_>,
    path: Option<Borrowed<'_>>,
    cached: Option<Borrowed<'_>>,
) -> PyResult {
    execute(th, name, code, path, cached)
}

fn execute_named(
    th: &Thread,
    name: *const c_char,
    code: Borrowed<'_>,
    path: *const c_char,
    cached: *const c_char,
) -> PyResult {
    let text = |text: *const c_char| -> PyResult<Option<Owned>> {
        if text.is_null() {
            return Ok(None);
        }
        let text = krait_objects::codecs::decode(
            th,
            bytes_of(text),
            Some("utf-8"),
            Some("surrogateescape"),
        )?;
        Ok(Some(text.into_object()))
    };
    let cached = text(cached)?;
    let path = match (text(path)?, &cached) {
        (None, Some(cached)) => {
            let external = import::import(th, "_frozen_importlib_external")?;
            let source = Str::interned(th, "_get_sourcefile")?;
            let args = [cached.object()];
            Some(call::call_method(th, external.object(), source.borrow(), &args)?)
        }
        (path, _) => path,
    };
    let name = string(th, name)?;
    let path = path.as_ref().map(Owned::object);
    execute(th, name.object(), code, path, cached.as_ref().map(Owned::object))
}

#[capi]
pub fn PyImport_ExecCodeModule(th: &Thread, name: *const c_char, code: Borrowed<'_>) -> PyResult {
    execute_named(th, name, code, std::ptr::null(), std::ptr::null())
}

#[capi]
pub fn PyImport_ExecCodeModuleEx(
    th: &Thread,
    name: *const c_char,
    code: Borrowed<'_>,
    path: *const c_char,
) -> PyResult {
    execute_named(th, name, code, path, std::ptr::null())
}

#[capi]
pub fn PyImport_ExecCodeModuleWithPathnames(
    th: &Thread,
    name: *const c_char,
    code: Borrowed<'_>,
    path: *const c_char,
    cached: *const c_char,
) -> PyResult {
    execute_named(th, name, code, path, cached)
}

#[capi]
pub fn PyImport_ImportFrozenModuleObject(
    th: &Thread,
    name: Option<Borrowed<'_>>,
) -> PyResult<bool> {
    match name.and_then(|name| name.downcast::<Str>()) {
        Some(name) => import_frozen(th, name),
        None => Ok(false),
    }
}

#[capi]
pub fn PyImport_ImportFrozenModule(th: &Thread, name: *const c_char) -> PyResult<bool> {
    import_frozen(th, string(th, name)?.borrow())
}

/// The host's modules come first, as it may put its own in the place of others.
fn import_frozen(th: &Thread, name: Borrowed<'_, Str>) -> PyResult<bool> {
    let Some(found) = host_frozen(name.as_utf8(th)?) else {
        return import::import_frozen(th, name);
    };
    // SAFETY: C's contract: the entry has as many bytes as it says; a negative number tells of a package.
    let data =
        unsafe { std::slice::from_raw_parts(found.code, found.size.unsigned_abs() as usize) };
    let code = krait_eval::marshal::loads(th, data)?;
    if code.object().downcast::<Code>().is_none() {
        let message =
            format!("frozen object {} is not a code object", *object::repr(th, name.object())?);
        return Err(th.raise(exc::TYPE_ERROR, &message));
    }
    let module = import::add_module(th, name.object())?;
    if found.is_package != 0 || found.size < 0 {
        let path = List::new(th)?;
        object::set_attr(
            th,
            module.object(),
            Str::interned(th, "__path__")?.borrow(),
            path.object(),
        )?;
    }
    let dict = object::get_attr(th, module.object(), id::__dict__)?;
    let Some(dict) = dict.object().downcast::<Dict>() else {
        return Err(th.raise(exc::TYPE_ERROR, "a module's namespace is not a dictionary"));
    };
    run::eval_code_object(th, code.object(), dict)?;
    Ok(true)
}

fn host_frozen(name: &str) -> Option<&'static abi::_frozen> {
    let mut at = PyImport_FrozenModules.load(Ordering::Acquire).cast_const();
    if at.is_null() {
        return None;
    }
    // SAFETY: C's contract: an array that ends with an entry without a name, and stays.
    unsafe {
        while !(*at).name.is_null() {
            if CStr::from_ptr((*at).name).to_bytes() == name.as_bytes() && !(*at).code.is_null() {
                return Some(&*at);
            }
            at = at.add(1);
        }
    }
    None
}

/// The finder for an entry of `sys.path`, or None.
#[capi]
pub fn PyImport_GetImporter(th: &Thread, path: Borrowed<'_>) -> PyResult {
    let get = |name: &str| -> PyResult {
        let key = Str::interned(th, name)?;
        match sys::get(th, key.borrow())? {
            Some(found) => Ok(found),
            None => Err(raise!(th, RUNTIME_ERROR, "lost sys.{name}")),
        }
    };
    let cache = get("path_importer_cache")?;
    let hooks = get("path_hooks")?;
    let Some(cache) = cache.object().downcast::<Dict>() else {
        return Err(th.raise(exc::RUNTIME_ERROR, "sys.path_importer_cache is not a dict"));
    };
    if let Some(found) = cache.get().get(th, path)? {
        return Ok(found);
    }
    cache.set(th, path, none())?;
    let hooks = sequence::tuple(th, hooks.object())?;
    for hook in hooks.as_slice() {
        match call::call(th, *hook, &[path]) {
            Ok(importer) => {
                cache.set(th, path, importer.object())?;
                return Ok(importer);
            }
            Err(raised) => drop(th.take_if(raised, exc::IMPORT_ERROR)?),
        }
    }
    Ok(none().to_owned())
}
