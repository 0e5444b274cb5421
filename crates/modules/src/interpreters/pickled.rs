//! Objects that cross between interpreters pickled.
//!
//! What a program defines in its `__main__` module is not there in another interpreter. If unpickling misses something
//! there, the script is run again under another name, in a module that takes the place of `__main__` meanwhile. The same
//! job as `_PyPickle_GetXIData` in CPython's `Python/crossinterp.c`.

use std::cell::RefCell;
use std::collections::HashMap;

use krait_eval::import;
use krait_objects::prelude::*;

use super::errors::not_shareable;

pub struct Pickled {
    data: Vec<u8>,
    /// The file of the sender's `__main__`.
    main: Option<String>,
}

const FAKE_MAIN: &str = "<fake __main__>";

impl Pickled {
    pub fn take(th: &Thread, ob: Borrowed<'_>) -> PyResult<Pickled> {
        let pickle = import::import(th, "pickle")?;
        let dumps = Str::interned(th, "dumps")?;
        let data = call::call_method(th, pickle.borrow(), dumps.borrow(), &[ob])?;
        let Some(data) = data.object().downcast::<Bytes>() else {
            return Err(th.raise(exc::TYPE_ERROR, "pickle.dumps() did not return bytes"));
        };
        Ok(Pickled { data: data.as_bytes().to_vec(), main: main_file(th)? })
    }

    pub fn open(&self, th: &Thread) -> PyResult {
        let data = Bytes::new(th, &self.data)?;
        let loaded = match loads(th, data.borrow()) {
            Ok(ob) => return Ok(ob),
            Err(raised) => self.with_main(th, data.borrow(), raised),
        };
        loaded.map_err(|raised| {
            let cause = th.take_raised(raised);
            not_shareable(th, "object could not be unpickled", Some(cause))
        })
    }

    /// Tries again with the sender's script in the place of `__main__`, if that is what was missing.
    fn with_main(&self, th: &Thread, data: Borrowed<'_, Bytes>, raised: Raised) -> PyResult {
        let Some(main) = &self.main else {
            return Err(raised);
        };
        let first = th.take_if(raised, exc::ATTRIBUTE_ERROR)?;
        let message = object::str(th, first.object())?.to_string_lossy();
        if !message.starts_with("module '__main__' has no attribute '") {
            return Err(th.set_exception(first.into_object()));
        }
        let fake = run_script(th, main)?;
        let modules = import::modules(th)?;
        let real = modules.get_str(th, id::__main__)?;
        modules.set_str(th, id::__main__, fake.object())?;
        let loaded = loads(th, data);
        let restored = match real {
            Some(real) => modules.set_str(th, id::__main__, real.borrow()),
            None => modules.remove(th, id::__main__.object()).map(drop),
        };
        let loaded = loaded?;
        restored.map(|()| loaded)
    }
}

fn loads(th: &Thread, data: Borrowed<'_, Bytes>) -> PyResult {
    let pickle = import::import(th, "pickle")?;
    let loads = Str::interned(th, "loads")?;
    call::call_method(th, pickle.borrow(), loads.borrow(), &[data.object()])
}

/// `__main__.__file__`, if there is one.
fn main_file(th: &Thread) -> PyResult<Option<String>> {
    let Some(main) = super::session::main_namespace(th)? else {
        return Ok(None);
    };
    let file = main.get_str(th, id::__file__)?;
    Ok(file.and_then(|file| file.downcast::<Str>().ok()).map(|file| file.to_string_lossy()))
}

/// The scripts that were run for this, by their files: what they define stays as it is between calls.
#[derive(Default)]
struct Scripts(RefCell<HashMap<String, Owned<Module>>>);

/// A module with what the script defines.
fn run_script(th: &Thread, file: &str) -> PyResult<Owned<Module>> {
    let known = &th.interp().state::<Scripts>().0;
    if let Some(module) = known.borrow().get(file) {
        return Ok(module.clone());
    }
    let key = file.to_owned();
    let runpy = import::import(th, "runpy")?;
    let (file, name) = (Str::new(th, file)?, Str::interned(th, FAKE_MAIN)?);
    let run_path = Str::interned(th, "run_path")?;
    let arguments = [file.object(), none(), name.object()];
    let namespace = call::call_method(th, runpy.borrow(), run_path.borrow(), &arguments)?;
    let module = Module::new(th, name.borrow())?;
    module.dict().merge(th, namespace.borrow(), true)?;
    known.borrow_mut().entry(key).or_insert_with(|| module.clone());
    Ok(module)
}
