//! Setting importlib up: it is frozen Python code that nothing can import yet.

use krait_objects::namespace;
use krait_objects::prelude::*;

use super::{frozen, modules, native};

/// importlib's core module, once it is there.
struct Importlib(Slot);

impl Default for Importlib {
    fn default() -> Self {
        Importlib(Slot::EMPTY)
    }
}

pub fn importlib(th: &Thread) -> Option<Owned> {
    th.interp().state::<Importlib>().0.get_owned()
}

/// A spec good enough to create a module with: its `name`.
pub fn plain_spec(th: &Thread, name: &str) -> PyResult {
    let fields = Dict::new(th)?;
    let name = Str::interned(th, name)?;
    fields.set_str(th, id::name, name.object())?;
    namespace::Namespace::new(th, Some(fields.borrow())).map(Owned::into_object)
}

/// Runs a frozen module's code as the module `name`, entered in `sys.modules`.
pub fn run_frozen(th: &Thread, frozen_name: &str, name: &str) -> PyResult {
    let code = frozen::code(th, frozen_name)?;
    let name = Str::interned(th, name)?;
    let module = Module::new(th, name.borrow())?;
    let dict = module.dict().to_owned();
    if let Some(builtins) = th.interp().builtins.get() {
        dict.set_str(th, id::__builtins__, builtins.object())?;
    }
    // importlib takes it out again when it gives the module its spec.
    if let Some(frozen) = krait_stdlib::find_frozen(frozen_name) {
        let original = Str::interned(th, frozen.module)?;
        dict.set_str(th, Str::interned(th, "__origname__")?.borrow(), original.object())?;
    }
    modules(th)?.set(th, name.object(), module.object())?;
    crate::run::eval_code_object(th, code.object(), dict.borrow())?;
    Ok(module.into_object())
}

/// `_frozen_importlib`, with `sys` and `_imp`: native and frozen modules can be imported from here on.
pub fn install_core(th: &Thread) -> PyResult<()> {
    let importlib = run_frozen(th, "_frozen_importlib", "_frozen_importlib")?;
    th.interp().state::<Importlib>().0.set(Some(importlib.clone()));
    let imp = native::create(th, "_imp")?;
    let name = Str::interned(th, "_imp")?;
    modules(th)?.set(th, name.object(), imp.object())?;
    let Some(sys) = modules(th)?.get(th, id::sys.object())? else {
        return Err(th.bad_internal_call());
    };
    let install = Str::interned(th, "_install")?;
    call::call_method(th, importlib.object(), install.borrow(), &[sys.object(), imp.object()])?;
    Ok(())
}

/// The finders that look at paths, zip files and the embedded library.
pub fn install_external(th: &Thread) -> PyResult<()> {
    let Some(importlib) = importlib(th) else {
        return Err(th.bad_internal_call());
    };
    let install = Str::interned(th, "_install_external_importers")?;
    call::call_method(th, importlib.object(), install.borrow(), &[])?;
    super::library::install(th)
}
