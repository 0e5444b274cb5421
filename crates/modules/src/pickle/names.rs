//! Writing functions, classes and whatever else is found by its name in a module.

use krait_objects::codecs;
use krait_objects::prelude::*;

use super::opcodes::*;
use super::pickler::name as interned;
use super::save::Saver;

/// `ob.a.b.c`
pub(super) fn follow(th: &Thread, ob: Owned, path: &[Owned<Str>]) -> PyResult {
    path.iter().try_fold(ob, |ob, name| object::get_attr(th, ob.borrow(), name.borrow()))
}

/// The parts of a dotted name.
pub(super) fn dotted(th: &Thread, name: &Str) -> PyResult<Vec<Owned<Str>>> {
    let dot = Str::interned(th, ".")?;
    let name = Str::from_chars(th, name.chars())?;
    let parts = call::call_method(
        th,
        name.object(),
        Str::interned(th, "split")?.borrow(),
        &[dot.object()],
    )?;
    let parts = iter::collect(th, parts.borrow())?;
    parts
        .into_iter()
        .map(|part| part.downcast::<Str>().map_err(|_| th.bad_internal_call()))
        .collect()
}

impl Saver<'_> {
    /// PicklingError in place of the exception that says why.
    #[cold]
    fn error_from(&self, raised: Raised, message: String) -> Raised {
        let cause = self.th.take_raised(raised);
        let raised = self.error(&message);
        let exception = self.th.take_raised(raised);
        exception.set_context(Some(cause.into_object()));
        self.th.set_exception(exception.into_object())
    }

    /// The module that has `ob` under that name.
    fn which_module(
        &self,
        ob: Borrowed<'_>,
        name: &Str,
        path: &[Owned<Str>],
    ) -> PyResult<Owned<Str>> {
        let th = self.th;
        let module_name = object::get_attr_opt(th, ob, id::__module__)?;
        let module_name = module_name.filter(|name| !name.is_none());
        let shown = || object::repr(th, ob);
        if path.iter().any(|part| part.eq_str("<locals>")) {
            return Err(self.error(&format!("Can't pickle local object {}", *shown()?)));
        }
        let module_name = match module_name {
            Some(module_name) => module_name.downcast::<Str>().map_err(|other| {
                let found = other.type_name();
                raise!(th, TYPE_ERROR, "module name must be a string, not {found}")
            })?,
            None => self.search_modules(ob, path)?,
        };
        let module = match krait_eval::import::import_module(th, module_name.borrow()) {
            Ok(module) => module,
            Err(raised) => {
                let expected = th.exception_matches(exc::IMPORT_ERROR)
                    || th.exception_matches(exc::VALUE_ERROR)
                    || th.exception_matches(exc::KEY_ERROR);
                if !expected {
                    return Err(raised);
                }
                let exception = th.take_raised(raised);
                let why = object::str(th, exception.object())?;
                let message = format!("Can't pickle {}: {}", *shown()?, *why);
                let raised = th.set_exception(exception.into_object());
                return Err(self.error_from(raised, message));
            }
        };
        let actual = match follow(th, module, path) {
            Ok(actual) => actual,
            Err(raised) if th.exception_matches(exc::ATTRIBUTE_ERROR) => {
                let exception = th.take_raised(raised);
                let message = format!(
                    "Can't pickle {}: it's not found as {}.{name}",
                    *shown()?,
                    *module_name
                );
                let raised = th.set_exception(exception.into_object());
                return Err(self.error_from(raised, message));
            }
            Err(raised) => return Err(raised),
        };
        if actual.is(ob) {
            return Ok(module_name);
        }
        let shown = shown()?;
        let message =
            format!("Can't pickle {}: it's not the same object as {}.{name}", *shown, *module_name);
        Err(self.error(&message))
    }

    /// The first loaded module that has `ob`; `__main__` if none has.
    fn search_modules(&self, ob: Borrowed<'_>, path: &[Owned<Str>]) -> PyResult<Owned<Str>> {
        let th = self.th;
        let modules = match th.interp().modules.get_owned() {
            // A copy: looking may import.
            Some(modules) => modules.copy(th)?,
            None => Dict::new(th)?,
        };
        let mut position = 0;
        while let Some((name, module)) = modules.next(&mut position) {
            let Ok(name) = name.downcast::<Str>() else {
                continue;
            };
            if module.is_none() || name.eq_str("__main__") || name.eq_str("__mp_main__") {
                continue;
            }
            match follow(th, module, path) {
                Ok(found) if found.is(ob) => return Ok(name),
                Ok(_) => {}
                Err(raised) => drop(th.take_if(raised, exc::ATTRIBUTE_ERROR)?),
            }
        }
        interned(th, "__main__")
    }

    pub(super) fn save_global(
        &mut self,
        ob: Borrowed<'_>,
        name: Option<Borrowed<'_, Str>>,
    ) -> PyResult<()> {
        let th = self.th;
        let name = match name {
            Some(name) => name.to_owned(),
            None => {
                let qualname = object::get_attr_opt(th, ob, id::__qualname__)?;
                let name = match qualname {
                    Some(name) => name,
                    None => object::get_attr(th, ob, id::__name__)?,
                };
                name.downcast::<Str>().map_err(|other| {
                    let found = other.type_name();
                    raise!(th, TYPE_ERROR, "__qualname__ must be a string, not {found}")
                })?
            }
        };
        let path = dotted(th, &name)?;
        let module_name = self.which_module(ob, &name, &path)?;
        if self.proto >= 2 && self.save_extension(&module_name, &name)? {
            return Ok(());
        }
        if self.proto >= 4 {
            self.save(module_name.object(), true)?;
            self.save(name.object(), true)?;
            self.out.byte(STACK_GLOBAL);
        } else if let [first, rest @ ..] = path.as_slice()
            && !rest.is_empty()
        {
            self.save_path(module_name, first.clone(), rest)?;
        } else {
            self.save_toplevel(module_name, name)?;
        }
        self.memoize(ob);
        Ok(())
    }

    /// `getattr(getattr(module.first, …), …)`, for protocols that know plain names only.
    fn save_path(
        &mut self,
        module: Owned<Str>,
        first: Owned<Str>,
        rest: &[Owned<Str>],
    ) -> PyResult<()> {
        let Some(getattr) = self.state.getattr.get_owned() else {
            return Err(self.th.bad_internal_call());
        };
        for _ in rest {
            self.save(getattr.borrow(), true)?;
            if self.proto < 2 {
                self.out.byte(MARK);
            }
        }
        self.save_toplevel(module, first)?;
        for name in rest {
            self.save(name.object(), true)?;
            self.out.put(&[if self.proto < 2 { TUPLE } else { TUPLE2 }, REDUCE]);
        }
        Ok(())
    }

    fn save_toplevel(&mut self, module: Owned<Str>, name: Owned<Str>) -> PyResult<()> {
        let (module, name) = match self.fix_imports {
            true => self.old_names(module, name)?,
            false => (module, name),
        };
        let module_line = self.identifier(&module, "module")?;
        let name_line = self.identifier(&name, "global")?;
        self.out.byte(GLOBAL);
        self.out.put(&module_line);
        self.out.byte(b'\n');
        self.out.put(&name_line);
        self.out.byte(b'\n');
        Ok(())
    }

    /// Before protocol 3 only ASCII can be written.
    fn identifier(&self, text: &Str, what: &str) -> PyResult<Vec<u8>> {
        let th = self.th;
        let encoding = if self.proto >= 3 { "utf-8" } else { "ascii" };
        match codecs::encode(th, Borrowed::from_ref(text), Some(encoding), None) {
            Ok(bytes) => Ok(bytes.as_bytes().to_vec()),
            Err(raised) if th.exception_matches(exc::UNICODE_ENCODE_ERROR) => {
                let exception = th.take_raised(raised);
                let shown = object::repr(th, Borrowed::from_ref(text).object())?;
                let proto = self.proto;
                let message = format!(
                    "can't pickle {what} identifier {} using pickle protocol {proto}",
                    *shown
                );
                let raised = th.set_exception(exception.into_object());
                Err(self.error_from(raised, message))
            }
            Err(raised) => Err(raised),
        }
    }

    /// What Python 2 calls a module and a name in it.
    fn old_names(
        &self,
        module: Owned<Str>,
        name: Owned<Str>,
    ) -> PyResult<(Owned<Str>, Owned<Str>)> {
        let th = self.th;
        let (Some(names), Some(modules)) =
            (self.state.old_names.get_owned(), self.state.old_modules.get_owned())
        else {
            return Ok((module, name));
        };
        let pair = Tuple::pack(th, [module.object().to_owned(), name.object().to_owned()])?;
        if let Some(found) = names.get(th, pair.object())? {
            let pair = found.borrow().downcast::<Tuple>();
            if let Some(&[module, name]) = pair.map(|pair| pair.get().as_slice())
                && let (Some(module), Some(name)) =
                    (module.downcast::<Str>(), name.downcast::<Str>())
            {
                return Ok((module.to_owned(), name.to_owned()));
            }
            let what = "_compat_pickle.REVERSE_NAME_MAPPING values should be 2-tuples";
            return Err(raise!(th, RUNTIME_ERROR, "{what}, not {}", found.type_name()));
        }
        match modules.get(th, module.object())?.map(Owned::downcast::<Str>) {
            None => Ok((module, name)),
            Some(Ok(module)) => Ok((module, name)),
            Some(Err(other)) => {
                let what = "_compat_pickle.REVERSE_IMPORT_MAPPING values should be strings";
                Err(raise!(th, RUNTIME_ERROR, "{what}, not {}", other.type_name()))
            }
        }
    }

    /// A registered number in place of the names.
    fn save_extension(&mut self, module: &Str, name: &Str) -> PyResult<bool> {
        let th = self.th;
        let Some(registry) = self.state.extension_registry.get_owned() else {
            return Ok(false);
        };
        let (module, name) = (Borrowed::from_ref(module), Borrowed::from_ref(name));
        let pair = Tuple::from_slice(th, &[module.object(), name.object()])?;
        let Some(code) = registry.get(th, pair.object())? else {
            return Ok(false);
        };
        let Some(number) = number::index(th, code.borrow())?.to_i64() else {
            let message = "Python int too large to convert to C long";
            return Err(th.raise(exc::OVERFLOW_ERROR, message));
        };
        let Some(number) = i32::try_from(number).ok().filter(|&number| number > 0) else {
            return Err(raise!(th, RUNTIME_ERROR, "extension code {number} is out of range"));
        };
        let [a, b, c, d] = number.to_le_bytes();
        match number {
            ..0x100 => self.out.put(&[EXT1, a]),
            0x100..0x1_0000 => self.out.put(&[EXT2, a, b]),
            _ => self.out.put(&[EXT4, a, b, c, d]),
        }
        Ok(true)
    }
}
