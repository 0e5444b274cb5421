//! `_pickle`: objects as a stream of instructions that make them again.
//!
//! `pickler` and `save` (with `containers`, `reduce`, `names`) write through `output`; `unpickler` and `load` (with
//! `load_objects`) read from `input`. The same job as CPython's `Modules/_pickle.c`.

mod containers;
mod input;
mod load;
mod load_objects;
mod memo;
mod names;
mod opcodes;
mod output;
mod pickler;
mod reduce;
mod save;
mod unpickler;

use krait_objects::pickle_buffer::PickleBuffer;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

use input::Input;
use load::Loader;
use output::Output;
use pickler::{MemoCell, Pickler};
use save::Saver;
use unpickler::{ReadMemoCell, Unpickler};

use crate::support::{add_exception, new_exception};

/// What the module keeps: its exceptions and what it uses of other modules.
struct State {
    pickling_error: Slot<Type>,
    unpickling_error: Slot<Type>,
    dispatch_table: Slot<Dict>,
    extension_registry: Slot<Dict>,
    inverted_registry: Slot<Dict>,
    extension_cache: Slot<Dict>,
    /// From Python 2's names to today's, and back.
    new_names: Slot<Dict>,
    new_modules: Slot<Dict>,
    old_names: Slot<Dict>,
    old_modules: Slot<Dict>,
    codecs_encode: Slot,
    partial: Slot,
    getattr: Slot,
}

impl Default for State {
    fn default() -> State {
        State {
            pickling_error: Slot::EMPTY,
            unpickling_error: Slot::EMPTY,
            dispatch_table: Slot::EMPTY,
            extension_registry: Slot::EMPTY,
            inverted_registry: Slot::EMPTY,
            extension_cache: Slot::EMPTY,
            new_names: Slot::EMPTY,
            new_modules: Slot::EMPTY,
            old_names: Slot::EMPTY,
            old_modules: Slot::EMPTY,
            codecs_encode: Slot::EMPTY,
            partial: Slot::EMPTY,
            getattr: Slot::EMPTY,
        }
    }
}

fn state(th: &Thread) -> &State {
    th.interp().state::<State>()
}

#[cold]
fn raise(th: &Thread, class: &Slot<Type>, message: &str) -> Raised {
    match (class.get_owned(), Str::new(th, message)) {
        (Some(class), Ok(text)) => th.raise_in(class.borrow(), Some(text.object())),
        (None, _) => th.bad_internal_call(),
        (_, Err(raised)) => raised,
    }
}

#[cold]
fn pickling_error(th: &Thread, message: &str) -> Raised {
    raise(th, &state(th).pickling_error, message)
}

#[cold]
fn unpickling_error(th: &Thread, message: &str) -> Raised {
    raise(th, &state(th).unpickling_error, message)
}

/// An attribute of a pickler or unpickler. The one named `hook.0` may be set on the object, in place of the class's method.
fn get_hook(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    hook: (&str, &Slot),
) -> PyResult {
    if name.eq_str(hook.0)
        && let Some(own) = hook.1.get_owned()
    {
        return Ok(own);
    }
    object::generic_get_attr(th, ob, name)
}

/// Sets or deletes an attribute of a pickler or unpickler; `hook` as in `get_hook`.
fn set_hook(
    th: &Thread,
    ob: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    value: Option<Borrowed<'_>>,
    hook: (&str, &Slot),
) -> PyResult<()> {
    if !name.eq_str(hook.0) {
        return object::generic_set_attr(th, ob, name, value);
    }
    let old = hook.1.replace(value.map(Borrowed::to_owned));
    if value.is_none() && old.is_none() {
        return Err(th.raise_value(exc::ATTRIBUTE_ERROR, name.object()));
    }
    Ok(())
}

/// An attribute of a module.
fn of_module(th: &Thread, module: &str, name: &str) -> PyResult {
    let module = krait_eval::import::import(th, module)?;
    object::get_attr(th, module.borrow(), Str::interned(th, name)?.borrow())
}

/// The same, which must be a dictionary.
fn dict_of(th: &Thread, module: &str, name: &str) -> PyResult<Owned<Dict>> {
    of_module(th, module, name)?.downcast::<Dict>().map_err(|other| {
        let found = other.type_name();
        raise!(th, RUNTIME_ERROR, "{module}.{name} should be a dict, not {found}")
    })
}

fn fill_state(th: &Thread) -> PyResult<()> {
    let state = state(th);
    for (slot, module, name) in [
        (&state.dispatch_table, "copyreg", "dispatch_table"),
        (&state.extension_registry, "copyreg", "_extension_registry"),
        (&state.inverted_registry, "copyreg", "_inverted_registry"),
        (&state.extension_cache, "copyreg", "_extension_cache"),
        (&state.new_names, "_compat_pickle", "NAME_MAPPING"),
        (&state.new_modules, "_compat_pickle", "IMPORT_MAPPING"),
        (&state.old_names, "_compat_pickle", "REVERSE_NAME_MAPPING"),
        (&state.old_modules, "_compat_pickle", "REVERSE_IMPORT_MAPPING"),
    ] {
        slot.set(Some(dict_of(th, module, name)?));
    }
    state.codecs_encode.set(Some(of_module(th, "codecs", "encode")?));
    state.partial.set(Some(of_module(th, "functools", "partial")?));
    state.getattr.set(Some(of_module(th, "builtins", "getattr")?));
    Ok(())
}

/// A run of a pickler that has no object of its own.
fn saver<'a>(
    th: &'a Thread,
    memo: &'a MemoCell,
    write: Option<Owned>,
    protocol: Option<Borrowed<'_>>,
    fix_imports: bool,
    callback: Option<Borrowed<'_>>,
) -> PyResult<Saver<'a>> {
    let proto = pickler::protocol_of(th, protocol)?;
    Ok(Saver {
        th,
        state: state(th),
        proto,
        bin: proto > 0,
        fast: false,
        fix_imports: fix_imports && proto < 3,
        memo,
        out: Output::new(th, write),
        persistent_id: None,
        reducer_override: None,
        dispatch_table: None,
        buffer_callback: pickler::check_callback(th, callback, proto)?,
        open: Vec::new(),
    })
}

/// A run of an unpickler that has no object of its own.
fn loader<'a>(
    th: &'a Thread,
    memo: &'a ReadMemoCell,
    input: Input<'a>,
    fix_imports: bool,
    encoding: Option<Borrowed<'_, Str>>,
    errors: Option<Borrowed<'_, Str>>,
    buffers: Option<Borrowed<'_>>,
) -> PyResult<Loader<'a>> {
    Ok(Loader {
        th,
        state: state(th),
        input,
        stack: Vec::new(),
        marks: Vec::new(),
        fence: 0,
        memo,
        proto: 0,
        known_proto: None,
        fix_imports,
        encoding: encoding.map(Borrowed::to_owned),
        errors: errors.map(Borrowed::to_owned),
        buffers: unpickler::buffers_of(th, buffers)?,
        persistent_load: None,
        find_class: None,
    })
}

/// The native side of the pickle module.
#[pymodule(name = "_pickle")]
pub struct PickleModule;

#[pyfunctions]
impl PickleModule {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        fill_state(th)?;
        let error = add_exception(th, module, "_pickle", "PickleError", exc::EXCEPTION)?;
        let derived = |name| new_exception(th, "_pickle", name, &[error.object()], None);
        let (pickling, unpickling) = (derived("PicklingError")?, derived("UnpicklingError")?);
        module.add(th, "PicklingError", pickling.object())?;
        module.add(th, "UnpicklingError", unpickling.object())?;
        state(th).pickling_error.set(Some(pickling));
        state(th).unpickling_error.set(Some(unpickling));
        for ty in [PickleBuffer::type_object(), Pickler::type_object(), Unpickler::type_object()] {
            module.add_type(th, ty)?;
        }
        Ok(())
    }

    /// Pickle an object into a binary file.
    ///
    /// This is a shortcut for ``Pickler(file, protocol).dump(obj)``, and may be faster. The
    /// arguments are those of Pickler.
    #[function(sig = "(obj, file, protocol=None, *, fix_imports=True, buffer_callback=None)")]
    fn dump(
        th: &Thread,
        obj: Borrowed<'_>,
        file: Borrowed<'_>,
        protocol: Option<Borrowed<'_>>,
        fix_imports: bool,
        buffer_callback: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let memo = MemoCell::new();
        let mut saver = saver(th, &memo, None, protocol, fix_imports, buffer_callback)?;
        saver.out = Output::new(th, Some(pickler::write_of(th, file)?));
        pickler::dump(&mut saver, obj)
    }

    /// Pickle an object into bytes.
    ///
    /// The other arguments are those of Pickler.
    #[function(sig = "(obj, protocol=None, *, fix_imports=True, buffer_callback=None)")]
    fn dumps(
        th: &Thread,
        obj: Borrowed<'_>,
        protocol: Option<Borrowed<'_>>,
        fix_imports: bool,
        buffer_callback: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Bytes>> {
        let memo = MemoCell::new();
        let mut saver = saver(th, &memo, None, protocol, fix_imports, buffer_callback)?;
        pickler::dump(&mut saver, obj)?;
        Bytes::new(th, saver.out.bytes())
    }

    /// Bring back the object that was pickled into a file.
    ///
    /// This is a shortcut for ``Unpickler(file).load()``, and may be faster. The other
    /// arguments are those of Unpickler.
    #[function(sig = "(file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())")]
    fn load(
        th: &Thread,
        file: Borrowed<'_>,
        fix_imports: bool,
        #[default(None)] encoding: Option<Borrowed<'_, Str>>,
        #[default(None)] errors: Option<Borrowed<'_, Str>>,
        #[default(None)] buffers: Option<Borrowed<'_>>,
    ) -> PyResult {
        let memo = ReadMemoCell::new();
        let input = Input::of_file(th, unpickler::file_of(th, file)?);
        loader(th, &memo, input, fix_imports, encoding, errors, buffers)?.load()
    }

    /// Bring back the object that was pickled into bytes.
    ///
    /// The other arguments are those of Unpickler.
    #[function(
        sig = "(data, /, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())"
    )]
    fn loads(
        th: &Thread,
        data: Buffer,
        fix_imports: bool,
        #[default(None)] encoding: Option<Borrowed<'_, Str>>,
        #[default(None)] errors: Option<Borrowed<'_, Str>>,
        #[default(None)] buffers: Option<Borrowed<'_>>,
    ) -> PyResult {
        let memo = ReadMemoCell::new();
        let input = Input::of_buffer(th, data);
        loader(th, &memo, input, fix_imports, encoding, errors, buffers)?.load()
    }
}
