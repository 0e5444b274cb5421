//! The `_imp` module: what importlib needs of the interpreter.

use krait_objects::module;
use krait_objects::module::rules::ExtensionRules;
use krait_objects::prelude::*;

use super::{extension, frozen, lock, native};
use crate::code::{self, Code};

/// What importlib needs from the interpreter itself.
#[pymodule(name = "_imp")]
pub struct Imp;

/// A name as text; no module has one that cannot be encoded.
fn text<'a>(th: &Thread, name: Borrowed<'a, Str>) -> Option<&'a str> {
    name.get().as_utf8(th).map_err(|raised| drop(th.take_raised(raised))).ok()
}

/// `spec.name` as text.
fn spec_name(th: &Thread, spec: Borrowed<'_>) -> PyResult<Owned<Str>> {
    let name = object::get_attr(th, spec, id::name)?;
    name.downcast::<Str>()
        .map_err(|other| raise!(th, TYPE_ERROR, "name must be string, not {}", other.type_name()))
}

#[pyfunctions]
impl Imp {
    #[constant(name = "check_hash_based_pycs")]
    const CHECK: &'static str = "default";
    #[constant(name = "pyc_magic_number_token")]
    const MAGIC_TOKEN: u32 = u32::from_le_bytes(krait_bytecode::MAGIC);

    /// Whether a native module of that name exists: 1, or 0; -1 for one that cannot be initialised again.
    #[function(sig = "(name, /)")]
    fn is_builtin(th: &Thread, name: Borrowed<'_, Str>) -> PyResult<i32> {
        let Some(name) = text(th, name) else {
            return Ok(0);
        };
        Ok(match native::find(th, name) {
            Some(_) if name == "sys" || name == "builtins" => -1,
            Some(_) => 1,
            None => native::find_linked(th, name).is_some().into(),
        })
    }

    /// Create a native module from its spec.
    #[function(sig = "(spec, /)")]
    fn create_builtin(th: &Thread, spec: Borrowed<'_>) -> PyResult {
        let name = spec_name(th, spec)?;
        // What is there since start-up is not made twice.
        if name.eq_str("sys") || name.eq_str("builtins") {
            if let Some(module) = super::modules(th)?.get(th, name.object())? {
                return Ok(module);
            }
        }
        let text = name.as_utf8(th)?;
        if let Some(definition) = native::find(th, text) {
            return module::from_definition(th, definition.as_ptr(), spec);
        }
        match native::find_linked(th, text) {
            Some(hook) => extension::create_linked(th, name.borrow(), hook, spec),
            None => Ok(none().to_owned()),
        }
    }

    /// Run the execution slots of a native module.
    #[function(sig = "(mod, /)")]
    fn exec_builtin(th: &Thread, r#mod: Borrowed<'_>) -> PyResult<i32> {
        execute(th, r#mod)?;
        Ok(0)
    }

    /// Load the extension module that a spec describes.
    #[function(sig = "(spec, file=NULL, /)", text = "($module, spec, file=<unrepresentable>, /)")]
    fn create_dynamic(th: &Thread, spec: Borrowed<'_>, _file: Option<Borrowed<'_>>) -> PyResult {
        extension::create(th, spec)
    }

    /// Run the execution slots of an extension module.
    #[function(sig = "(mod, /)")]
    fn exec_dynamic(th: &Thread, r#mod: Borrowed<'_>) -> PyResult<i32> {
        execute(th, r#mod)?;
        Ok(0)
    }

    /// Return the file name endings of extension modules.
    #[function(sig = "()")]
    fn extension_suffixes(th: &Thread) -> PyResult<Owned<List>> {
        let suffixes: PyResult<Vec<Owned>> =
            [".cpython-314-x86_64-linux-gnu.so", ".abi3.so", ".so"]
                .iter()
                .map(|suffix| Str::new(th, suffix).map(Owned::into_object))
                .collect();
        List::from_vec(th, suffixes?)
    }

    /// Whether a frozen module of that name exists.
    #[function(sig = "(name, /)")]
    fn is_frozen(th: &Thread, name: Borrowed<'_, Str>) -> PyResult<bool> {
        Ok(text(th, name).is_some_and(|name| frozen::exists(th, name)))
    }

    /// Whether the frozen module of that name is a package.
    #[function(sig = "(name, /)")]
    fn is_frozen_package(th: &Thread, name: Borrowed<'_, Str>) -> PyResult<bool> {
        let frozen = text(th, name).filter(|name| frozen::exists(th, name));
        match frozen.and_then(krait_stdlib::find_frozen) {
            Some(module) => Ok(module.is_package),
            None => Err(frozen::not_found(th, name)),
        }
    }

    /// Return the code object of a frozen module, or of marshalled data.
    #[function(sig = "(name, data=None, /)")]
    fn get_frozen_object(
        th: &Thread,
        name: Borrowed<'_, Str>,
        data: Option<Borrowed<'_>>,
    ) -> PyResult {
        match data {
            None => match text(th, name).filter(|name| frozen::exists(th, name)) {
                Some(name) => frozen::code(th, name),
                None => Err(frozen::not_found(th, name)),
            },
            Some(data) => {
                let buffer = krait_objects::protocol::buffer::Buffer::simple(th, data)?;
                let found = crate::marshal::loads(th, buffer.as_bytes()).map_err(|raised| {
                    drop(th.take_raised(raised));
                    match object::repr(th, name.object()) {
                        Ok(name) => {
                            raise!(th, IMPORT_ERROR, "Frozen object named {} is invalid", *name)
                        }
                        Err(raised) => raised,
                    }
                })?;
                if found.object().downcast::<Code>().is_none() {
                    let name = object::repr(th, name.object())?;
                    let message = format!("frozen object {} is not a code object", *name);
                    return Err(th.raise(exc::TYPE_ERROR, &message));
                }
                Ok(found)
            }
        }
    }

    /// Return (data, is_package, original name) of a frozen module, or None.
    #[function(sig = "(name, /, *, withdata=False)")]
    fn find_frozen(th: &Thread, name: Borrowed<'_, Str>, withdata: bool) -> PyResult {
        let name = text(th, name);
        let (Some(frozen), Some(module)) =
            (name.and_then(|name| frozen::find(th, name)), name.and_then(krait_stdlib::find))
        else {
            return Ok(none().to_owned());
        };
        let data = match module.code().filter(|_| withdata) {
            Some(code) => Bytes::new(th, &code)?.into_object(),
            None => none().to_owned(),
        };
        let is_package = bool_object(frozen.is_package).object().to_owned();
        let original = match frozen.origname {
            Some(original) => Str::interned(th, original)?.into_object(),
            None => none().to_owned(),
        };
        Ok(Tuple::pack(th, [data, is_package, original])?.into_object())
    }

    /// Create a frozen module and run it.
    #[function(sig = "(name, /)")]
    fn init_frozen(th: &Thread, name: Borrowed<'_, Str>) -> PyResult {
        match text(th, name).filter(|name| frozen::exists(th, name)) {
            Some(name) => super::bootstrap::run_frozen(th, name, name),
            None => Ok(none().to_owned()),
        }
    }

    /// Return the names of the frozen modules.
    #[function(sig = "()")]
    fn _frozen_module_names(th: &Thread) -> PyResult<Owned<List>> {
        let names: PyResult<Vec<Owned>> = krait_stdlib::FROZEN
            .iter()
            .map(|frozen| Str::interned(th, frozen.name).map(Owned::into_object))
            .collect();
        List::from_vec(th, names?)
    }

    /// Use frozen modules (1), only those without which nothing works (-1), or those of the configuration (0); for tests.
    #[function(sig = "(override, /)")]
    fn _override_frozen_modules_for_tests(th: &Thread, r#override: i32) {
        th.interp().state::<frozen::Override>().0.set(r#override);
    }

    /// Check extension modules in this interpreter always (1), never (-1), or as it was made (0); for tests.
    #[function(sig = "(override, /)")]
    fn _override_multi_interp_extensions_check(th: &Thread, r#override: i32) -> PyResult<i32> {
        let rules = ExtensionRules::of(th);
        if !rules.is_sub.get() {
            return Err(th.raise(
                exc::RUNTIME_ERROR,
                "_imp._override_multi_interp_extensions_check() cannot be used in the main interpreter",
            ));
        }
        Ok(rules.override_checks.replace(r#override))
    }

    /// Change co_filename of a code object and of those inside it.
    #[function(sig = "(code, path, /)")]
    fn _fix_co_filename(th: &Thread, code: Borrowed<'_>, path: Borrowed<'_, Str>) -> PyResult<()> {
        fix_filename(th, code, path)
    }

    /// Acquire the import lock.
    #[function(sig = "()")]
    fn acquire_lock(th: &Thread) {
        lock::acquire(th);
    }

    /// Release the import lock.
    #[function(sig = "()")]
    fn release_lock(th: &Thread) -> PyResult<()> {
        match lock::release(th) {
            true => Ok(()),
            false => Err(th.raise(exc::RUNTIME_ERROR, "not holding the import lock")),
        }
    }

    /// Whether the import lock is held.
    #[function(sig = "()")]
    fn lock_held(th: &Thread) -> bool {
        lock::is_held(th)
    }

    /// The hash of a source file, as hash-based .pyc files hold it: SipHash-1-3 under `key`.
    #[function(sig = "(key, source)")]
    fn source_hash(
        th: &Thread,
        key: u64,
        source: krait_objects::protocol::buffer::Buffer,
    ) -> PyResult<Owned<Bytes>> {
        let hash = krait_objects::hash::siphash::siphash13((key, 0), source.as_bytes());
        Bytes::new(th, &hash.to_le_bytes())
    }
}

/// Runs the execution slots of a module that was made from a definition; others have nothing to run.
fn execute(th: &Thread, module: Borrowed<'_>) -> PyResult<()> {
    // One that has its state already is executed already: this is a reload.
    let unmade =
        |module: &Borrowed<'_, Module>| !module.def().is_null() && module.get().state().is_null();
    match module.downcast::<Module>().filter(unmade) {
        Some(native) => module::execute(th, module, native.def()),
        None => Ok(()),
    }
}

/// Gives a code object, and those in its constants, another file name.
fn fix_filename(th: &Thread, code: Borrowed<'_>, path: Borrowed<'_, Str>) -> PyResult<()> {
    let Some(code) = code.downcast::<Code>() else {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "_fix_co_filename() argument 1 must be code, not {}",
            code.type_name()
        ));
    };
    code::set_filename(code, path);
    Ok(())
}
