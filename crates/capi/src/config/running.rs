//! `PyConfig_Get` and `PyConfig_Set`: the configuration of the running interpreter, by name.

use std::ffi::{c_char, c_int};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use krait_eval::{config, sys};
use krait_macros::capi;
use krait_objects::prelude::*;
use krait_objects::structseq::StructSequence;
use libc::wchar_t;

use super::fields::{Access, CONFIG, Field, Kind, Live, PRE_CONFIG, find};
use super::memory::{list_units, units};
use super::process::{self as globals, process};
use super::{defaults, read, settled};
use crate::support::*;

fn unknown(th: &Thread, name: &str) -> Raised {
    raise!(th, VALUE_ERROR, "unknown config option name: {name}")
}

/// What a member's value is in Python.
///
/// # Safety
/// `config` is the struct that the field's table is of.
pub unsafe fn value<S>(th: &Thread, field: &Field, config: *mut S) -> PyResult {
    // SAFETY: the caller's promise.
    unsafe {
        match field.kind {
            Kind::Bool => Ok(bool_object(field.number(config) != 0).object().to_owned()),
            Kind::Count | Kind::Int => {
                Int::from_i64(th, field.number(config)).map(Owned::into_object)
            }
            Kind::Seed => Int::from_u64(th, field.number(config) as u64).map(Owned::into_object),
            Kind::Text | Kind::OptionalText => {
                let text = *field.text(config);
                if text.is_null() {
                    return Ok(none().to_owned());
                }
                wide_string(th, text, Some(units(text).len())).map(Owned::into_object)
            }
            Kind::List => {
                let items: PyResult<Vec<Owned>> = list_units(&*field.list(config))
                    .iter()
                    .map(|item| {
                        wide_string(th, item.as_ptr(), Some(item.len())).map(Owned::into_object)
                    })
                    .collect();
                Tuple::from_vec(th, items?).map(Owned::into_object)
            }
        }
    }
}

fn get(th: &Thread, name: &str) -> PyResult {
    let field = match find(CONFIG, name).filter(|field| field.access != Access::Start) {
        Some(field) => field,
        None => return get_early(th, name),
    };
    if let Live::Attribute(attribute) = field.live {
        return sys::get(th, Str::interned(th, attribute)?.borrow())?
            .ok_or_else(|| raise!(th, RUNTIME_ERROR, "lost sys.{attribute}"));
    }
    match name {
        "write_bytecode" => {
            let name = Str::interned(th, "dont_write_bytecode")?;
            let Some(value) = sys::get(th, name.borrow())? else {
                return Err(th.raise(exc::RUNTIME_ERROR, "lost sys.dont_write_bytecode"));
            };
            let writes = !object::is_true(th, value.object())?;
            return Ok(bool_object(writes).object().to_owned());
        }
        "int_max_str_digits" => {
            let digits = th.interp().int_max_str_digits.get();
            return Int::from_i64(th, digits.into()).map(Owned::into_object);
        }
        _ => {}
    }
    // SAFETY: the configuration is ours.
    unsafe { value(th, field, described(th)?.ptr()) }
}

/// What the interpreter was started with, as C describes it; made when it is first asked for, if it was not C that started it.
pub fn described(th: &Thread) -> PyResult<Arc<defaults::Owned>> {
    let known = process().config.clone();
    let config = match known {
        Some(config) => config,
        None => {
            let config = Arc::new(read::of_running(th).ok_or_else(|| th.no_memory())?);
            process().config.get_or_insert(config).clone()
        }
    };
    settled::add_folders(th, &config)?;
    Ok(config)
}

/// What the interpreter searches for modules, as it was configured: folders with colons between them, and a zero.
pub fn search_path(th: &Thread) -> PyResult<Vec<wchar_t>> {
    let config = described(th)?;
    // SAFETY: the configuration is ours.
    let folders = unsafe { list_units(&(*config.ptr()).module_search_paths) };
    let mut path = folders.join(&(b':' as wchar_t));
    path.push(0);
    Ok(path)
}

/// Tells those who do not look into C's description: the interpreter itself, and the variables from before `PyConfig`.
fn announce(th: &Thread, name: &str, number: c_int, given: c_int) {
    let small = u8::try_from(number).unwrap_or(u8::MAX);
    config::change(th, |config| match name {
        "bytes_warning" => config.bytes_warning = small,
        "cpu_count" => config.cpu_count = number,
        "inspect" => config.inspect = number != 0,
        "interactive" => config.interactive = number != 0,
        "optimization_level" => config.optimization_level = small,
        "parser_debug" => config.parser_debug = small,
        "quiet" => config.quiet = number != 0,
        "verbose" => config.verbose = small,
        "write_bytecode" => config.write_bytecode = number != 0,
        _ => {}
    });
    let (variable, value) = match name {
        "bytes_warning" => (&globals::Py_BytesWarningFlag, given),
        "inspect" => (&globals::Py_InspectFlag, given),
        "interactive" => (&globals::Py_InteractiveFlag, given),
        "optimization_level" => (&globals::Py_OptimizeFlag, given),
        "parser_debug" => (&globals::Py_DebugFlag, given),
        "quiet" => (&globals::Py_QuietFlag, given),
        "use_environment" => (&globals::Py_IgnoreEnvironmentFlag, (given == 0).into()),
        "verbose" => (&globals::Py_VerboseFlag, given),
        "write_bytecode" => (&globals::Py_DontWriteBytecodeFlag, (given == 0).into()),
        _ => return,
    };
    variable.store(value, Ordering::Relaxed);
}

/// An option that was settled before the start.
fn get_early(th: &Thread, name: &str) -> PyResult {
    let Some(field) = find(PRE_CONFIG, name) else { return Err(unknown(th, name)) };
    let mut pre = process().pre.unwrap_or_else(|| defaults::pre_config_of_running(th));
    // SAFETY: the copy is ours.
    unsafe { value(th, field, &raw mut pre) }
}

#[capi]
pub fn PyConfig_Get(th: &Thread, name: *const c_char) -> PyResult {
    get(th, &text_of(name))
}

#[capi]
pub fn PyConfig_GetInt(th: &Thread, name: *const c_char, place: *mut c_int) -> PyResult<()> {
    let name = text_of(name);
    let value = get(th, &name)?;
    let Some(number) = value.object().downcast::<Int>() else {
        return Err(raise!(th, TYPE_ERROR, "config option {name} is not an int"));
    };
    let Some(number) = number.to_i64().and_then(|number| c_int::try_from(number).ok()) else {
        return Err(raise!(
            th,
            OVERFLOW_ERROR,
            "config option {name} value does not fit into a C int"
        ));
    };
    // SAFETY: C passes a writable place.
    unsafe { *place = number };
    Ok(())
}

#[capi]
pub fn PyConfig_Names(th: &Thread) -> PyResult {
    let shown = CONFIG.iter().filter(|field| field.access != Access::Start).chain(PRE_CONFIG);
    let names: PyResult<Vec<Owned>> =
        shown.map(|field| Str::interned(th, field.name).map(Owned::into_object)).collect();
    let names = List::from_vec(th, names?)?;
    let class = Borrowed::from_ref(krait_objects::set::FrozenSet::type_object());
    call::call(th, class.object(), &[names.object()])
}

/// A number for a member that takes one.
fn number(th: &Thread, field: &Field, value: Borrowed<'_>) -> PyResult<c_int> {
    let Some(int) = value.downcast::<Int>() else {
        return Err(raise!(th, TYPE_ERROR, "expected int or bool, got {}", value.type_name()));
    };
    let number = int
        .to_i64()
        .and_then(|number| c_int::try_from(number).ok())
        .ok_or_else(|| th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C int"))?;
    if number < 0 && field.kind != Kind::Int {
        return Err(th.raise(exc::VALUE_ERROR, "value must be >= 0"));
    }
    Ok(number)
}

/// Whether the value is of the type that the member asks for.
fn check(th: &Thread, field: &Field, value: Borrowed<'_>) -> PyResult<()> {
    let shown = value.type_name();
    let is_text = value.downcast_exact::<Str>().is_some();
    match field.kind {
        Kind::Text if !is_text => Err(raise!(th, TYPE_ERROR, "expected str, got {shown}")),
        Kind::OptionalText if !is_text && !value.is_none() => {
            Err(raise!(th, TYPE_ERROR, "expected str or None, got {shown}"))
        }
        Kind::List if field.name == "xoptions" => check_options(th, value),
        Kind::List => {
            let Some(list) = value.downcast::<List>() else {
                return Err(raise!(th, TYPE_ERROR, "expected list[str], got {shown}"));
            };
            for at in 0..list.len() {
                let Some(item) = list.get().get(at) else { break };
                if item.object().downcast::<Str>().is_none() {
                    let kind = item.object().get().type_name();
                    return Err(raise!(
                        th,
                        TYPE_ERROR,
                        "expected str, list item {at} has type {kind}"
                    ));
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn check_options(th: &Thread, value: Borrowed<'_>) -> PyResult<()> {
    let Some(dict) = value.downcast::<Dict>() else {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "expected dict[str, str | bool], got {}",
            value.type_name()
        ));
    };
    let mut position = 0;
    while let Some((key, value)) = dict.next(&mut position) {
        let kind = key.object().get().type_name();
        if key.object().downcast::<Str>().is_none() {
            return Err(raise!(th, TYPE_ERROR, "expected str, got dict key type {kind}"));
        }
        let is_bool = value.object().is(bool_object(true)) || value.object().is(bool_object(false));
        if value.object().downcast::<Str>().is_none() && !is_bool {
            // It names the key's type: the reference's words.
            return Err(raise!(th, TYPE_ERROR, "expected str or bool, got dict value type {kind}"));
        }
    }
    Ok(())
}

/// Replaces an entry of `sys.flags`, which is a new object then.
fn set_flag(th: &Thread, index: usize, value: i64) -> PyResult<()> {
    let name = Str::interned(th, "flags")?;
    let Some(flags) = sys::get(th, name.borrow())? else {
        return Err(th.raise(exc::RUNTIME_ERROR, "lost sys.flags"));
    };
    let Some(tuple) = flags.object().downcast::<Tuple>() else {
        return Err(th.raise(exc::TYPE_ERROR, "sys.flags is not what it was"));
    };
    let count = Str::interned(th, "n_fields")?;
    let count = object::get_attr(th, flags.object(), count.borrow())?;
    let count = count.object().downcast::<Int>().and_then(|count| count.to_i64()).unwrap_or(0);
    let count = usize::try_from(count).unwrap_or(0);
    if index >= count {
        return Err(th.bad_internal_call());
    }
    // Fields beyond the tuple's length are there, but not shown.
    // SAFETY: a struct sequence has so many, each an object.
    let mut values: Vec<Owned> = unsafe {
        (0..count)
            .map(|at| Borrowed::<Object>::from_ptr(*tuple.get().items().add(at)).to_owned())
            .collect()
    };
    values[index] = Int::from_i64(th, value)?.into_object();
    let class = object::type_of(flags.object());
    let new = StructSequence::new(th, class.borrow(), values)?;
    sys::set(th, name.borrow(), new.object())
}

fn set(th: &Thread, name: &str, value: Borrowed<'_>) -> PyResult<()> {
    let Some(field) = find(CONFIG, name).filter(|field| field.access != Access::Start) else {
        return Err(match find(PRE_CONFIG, name) {
            Some(_) => read_only(th, name),
            None => unknown(th, name),
        });
    };
    if field.access != Access::Changeable {
        return Err(read_only(th, name));
    }
    if !field.is_number() {
        check(th, field, value)?;
        let Live::Attribute(attribute) = field.live else { return Err(read_only(th, name)) };
        return sys::set(th, Str::interned(th, attribute)?.borrow(), value);
    }
    let given = number(th, field, value)?;
    let mut number = given;
    if field.kind == Kind::Bool {
        number = (number != 0).into();
    }
    match field.live {
        Live::Flag(index) => set_flag(th, index, number.into())?,
        Live::NotFlag(index) => set_flag(th, index, (number == 0).into())?,
        _ => {}
    }
    match name {
        "write_bytecode" => {
            let name = Str::interned(th, "dont_write_bytecode")?;
            let unwanted = Int::from_i64(th, (number == 0).into())?;
            sys::set(th, name.borrow(), unwanted.object())?;
        }
        "int_max_str_digits" => {
            if number != 0 && number < 640 {
                let message = "maxdigits must be >= 640 or 0 for unlimited";
                return Err(th.raise(exc::VALUE_ERROR, message));
            }
            set_flag(th, 17, number.into())?;
            th.interp().int_max_str_digits.set(number);
        }
        _ => {}
    }
    // SAFETY: the configuration is ours.
    unsafe { field.set_number(described(th)?.ptr(), number.into()) };
    announce(th, name, number, given);
    Ok(())
}

fn read_only(th: &Thread, name: &str) -> Raised {
    raise!(th, VALUE_ERROR, "cannot set read-only option {name}")
}

#[capi]
pub fn PyConfig_Set(th: &Thread, name: *const c_char, value: Option<Borrowed<'_>>) -> PyResult<()> {
    let name = text_of(name);
    let Some(value) = value else {
        return Err(match find(CONFIG, &name).or_else(|| find(PRE_CONFIG, &name)) {
            Some(_) => null_argument(th),
            None => raise!(th, VALUE_ERROR, "unknown config option name: {name}"),
        });
    };
    let shown = Str::new(th, &name)?;
    sys::audit(th, "cpython.PyConfig_Set", &[shown.object(), value])?;
    set(th, &name, value)
}
