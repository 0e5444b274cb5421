//! A bare interpreter for tests of the loop: no `sys`, no import; `print` writes into a buffer. Programs that look at
//! the interpreter itself get the real `builtins` and `sys`, and may import those two.

use std::cell::RefCell;

use krait_compiler::code::Text;
use krait_eval::function::Function;
use krait_eval::gil::Gil;
use krait_eval::subs::{Origin, Settings};
use krait_eval::{code, import, registry, run, services};
use krait_objects::cfunction::CFunction;
use krait_objects::interp::{Interpreter, Services};
use krait_objects::prelude::*;

#[derive(Default)]
struct Output(RefCell<String>);

/// What tests need of `builtins`.
#[pymodule(name = "harness")]
pub struct Harness;

#[pyfunctions]
impl Harness {
    #[function(sig = "(*args)", no_text)]
    fn print(th: &Thread, args: &[Borrowed<'_>]) -> PyResult<()> {
        let texts = args
            .iter()
            .map(|arg| Ok(object::str(th, *arg)?.to_string()))
            .collect::<PyResult<Vec<_>>>()?;
        let output = th.interp().state::<Output>();
        output.0.borrow_mut().push_str(&(texts.join(" ") + "\n"));
        Ok(())
    }

    /// Blocks of memory in use, once garbage is gone.
    #[function(sig = "()")]
    fn blocks(th: &Thread) -> usize {
        krait_objects::gc::collect(th, 2, krait_objects::gc::Reason::Manual);
        th.interp().heap.blocks()
    }

    #[function(sig = "(obj, /)")]
    fn len(th: &Thread, obj: Borrowed<'_>) -> PyResult<usize> {
        object::len(th, obj)
    }

    #[function(sig = "(obj, /)")]
    fn repr(th: &Thread, obj: Borrowed<'_>) -> PyResult<Owned<Str>> {
        object::repr(th, obj)
    }

    #[function(sig = "(obj, /)")]
    fn iter(th: &Thread, obj: Borrowed<'_>) -> PyResult {
        krait_objects::protocol::iter::get_iter(th, obj)
    }

    #[function(sig = "(obj, /)")]
    fn next(th: &Thread, obj: Borrowed<'_>) -> PyResult {
        call::call_method(th, obj, id::__next__, &[])
    }

    #[function(sig = "(func, name, /, *bases)", no_text)]
    fn __build_class__(
        th: &Thread,
        func: Borrowed<'_>,
        name: Borrowed<'_>,
        bases: &[Borrowed<'_>],
    ) -> PyResult {
        let namespace = Dict::new(th)?;
        let Some(function) = func.downcast::<Function>() else {
            return Err(th.bad_internal_call());
        };
        let (code, globals) = (function.code_handle(), function.globals.get_owned());
        let globals = globals.ok_or_else(|| th.bad_internal_call())?;
        let cell = run::eval_code_with_closure(
            th,
            code,
            globals.borrow(),
            namespace.object(),
            function.closure.get_owned(),
        )?;
        let bases = Tuple::from_slice(th, bases)?;
        let class: Borrowed<'_> = Borrowed::from_ref(Type::type_object()).object();
        let made = call::call(th, class, &[name, bases.object(), namespace.object()])?;
        if let Some(cell) = cell.borrow().downcast::<krait_objects::cell::Cell>() {
            cell.set(Some(made.clone()));
        }
        Ok(made)
    }
}

const SERVICES: Services = Services {
    import: |th, name, _, _| Err(raise!(th, IMPORT_ERROR, "no module named '{}'", name.get())),
    warn: |_, _, _, _| Ok(()),
    unraisable: |th, _, _| drop(th.take_exception()),
    globals: services::globals,
    builtins: services::builtins,
    current_module: services::current_module,
    super_arguments: services::super_arguments,
    define_module: |_, _| Ok(()),
    importlib: |th| Err(th.raise(exc::RUNTIME_ERROR, "no importlib")),
    stack: services::stack,
    audit: |_, _, _| Ok(()),
    fatal: |_, message| panic!("{message}"),
};

fn ready_types(th: &Thread) -> PyResult<()> {
    for ty in [
        krait_objects::weakref::WeakRef::type_object(),
        krait_objects::method::Method::type_object(),
        krait_objects::cell::Cell::type_object(),
        krait_objects::slice::Slice::type_object(),
        Module::type_object(),
        CFunction::type_object(),
        krait_objects::iterators::list::ListIterator::type_object(),
        krait_objects::iterators::tuple::TupleIterator::type_object(),
    ] {
        Borrowed::from_ref(ty).ready(th)?;
    }
    krait_objects::builtin_types::ready_all(th)?;
    krait_eval::types::ready_all(th)
}

/// The functions of the harness for which `wanted` holds.
fn add_functions(th: &Thread, dict: &Dict, wanted: fn(&str) -> bool) -> PyResult<()> {
    let module = Module::new(th, id::builtins)?;
    // SAFETY: the definition is static and ends with an empty entry.
    unsafe {
        let mut def = (*Harness::module_def().as_ptr()).m_methods;
        while !(*def).ml_name.is_null() {
            let name = std::ffi::CStr::from_ptr((*def).ml_name).to_str().unwrap();
            if wanted(name) {
                let function = CFunction::new(th, def, Some(module.object()), None, None)?;
                dict.set_str(th, Str::interned(th, name)?.borrow(), function.object())?;
            }
            def = def.add(1);
        }
    }
    Ok(())
}

/// Builtins that are made of what tests need.
fn bare_builtins(th: &Thread) -> PyResult<Owned<Dict>> {
    let dict = Dict::new(th)?;
    th.interp().builtins.set(Some(dict.clone()));
    ready_types(th)?;
    add_functions(th, &dict, |_| true)?;
    let types: &[&'static Type] = &[
        Object::type_object(),
        Type::type_object(),
        Int::type_object(),
        Float::type_object(),
        Str::type_object(),
        Tuple::type_object(),
        List::type_object(),
        Dict::type_object(),
        krait_objects::set::Set::type_object(),
        krait_objects::object::super_::Super::type_object(),
        krait_objects::descr::Property::type_object(),
        krait_objects::descr::StaticMethod::type_object(),
        krait_objects::descr::ClassMethod::type_object(),
        exc::BASE_EXCEPTION,
        exc::BASE_EXCEPTION_GROUP,
        exc::EXCEPTION,
        exc::VALUE_ERROR,
        exc::TYPE_ERROR,
        exc::KEY_ERROR,
        exc::INDEX_ERROR,
        exc::NAME_ERROR,
        exc::UNBOUND_LOCAL_ERROR,
        exc::ATTRIBUTE_ERROR,
        exc::RUNTIME_ERROR,
        exc::RECURSION_ERROR,
        exc::STOP_ITERATION,
        exc::STOP_ASYNC_ITERATION,
        exc::GENERATOR_EXIT,
        exc::ZERO_DIVISION_ERROR,
    ];
    for ty in types {
        Borrowed::from_ref(*ty).ready(th)?;
        dict.set(th, Str::interned(th, ty.name())?.object(), Borrowed::from_ref(*ty).object())?;
    }
    let group = krait_objects::exceptions::exception_group(th)?;
    dict.set(th, Str::interned(th, "ExceptionGroup")?.object(), group.object())?;
    Ok(dict)
}

/// The real builtins, but for `print`, and with them `sys`, as the life cycle starts them.
fn real_builtins(th: &Thread) -> PyResult<Owned<Dict>> {
    // Events are asked for in all states of an interpreter, which are those that the registry knows.
    registry::enter(registry::Entry {
        id: 0,
        interp: th.interp(),
        gil: Gil::default(),
        is_sub: false,
        thread: th,
        settings: Settings::MAIN,
        origin: Origin::Runtime,
        is_ready: true,
        runs_main: false,
        handles: 0,
        ends_with_handles: false,
    });
    ready_types(th)?;
    let modules = Dict::new(th)?;
    th.interp().modules.set(Some(modules.clone()));
    import::CoreObjects::declare(th)?;
    let builtins = import::create_native(th, "builtins")?;
    let dict = builtins.dict().to_owned();
    th.interp().builtins.set(Some(dict.clone()));
    let sys = import::create_native(th, "sys")?;
    th.interp().sys_dict.set(Some(sys.dict().to_owned()));
    modules.set_str(th, id::builtins, builtins.object())?;
    modules.set_str(th, id::sys, sys.object())?;
    add_functions(th, &dict, |name| name == "print")?;
    Ok(dict)
}

/// Compiles `source` with our own front end.
pub fn compile(source: &str) -> krait_compiler::code::Code<'static> {
    // As long as the test program lives.
    let arena = Box::leak(Box::new(krait_compiler::Bump::new()));
    let options = Box::leak(Box::new(krait_compiler::CompileOptions {
        filename: Text::from("test.py"),
        ..krait_compiler::CompileOptions::default()
    }));
    match krait_compiler::compile_source(arena, &*arena.alloc_str(source), options) {
        Ok(compiled) => compiled.code,
        Err(error) => panic!("compile: {error:?}"),
    }
}

/// Runs a program and answers what it printed, with the exception that ended it, if any.
#[allow(dead_code, reason = "not every test program uses all of the harness")]
pub fn run_program(source: &str) -> String {
    run_compiled(&compile(source))
}

/// The same for a program that imports `sys`.
#[allow(dead_code, reason = "not every test program uses all of the harness")]
pub fn run_program_with_sys(source: &str) -> String {
    run_with(&compile(source), real_builtins)
}

/// The same as `run_program` for a program that has been compiled.
pub fn run_compiled(compiled: &krait_compiler::code::Code<'_>) -> String {
    run_with(compiled, bare_builtins)
}

fn run_with(
    compiled: &krait_compiler::code::Code<'_>,
    builtins: fn(&Thread) -> PyResult<Owned<Dict>>,
) -> String {
    let interp = Interpreter::new(0, SERVICES);
    let thread = Thread::new(&interp, 1);
    // SAFETY: nobody else knows the thread state.
    unsafe { Thread::swap_current(&*thread) };
    let th = &*thread;
    let result = (|| {
        let builtins = builtins(th)?;
        let globals = Dict::new(th)?;
        globals.set_str(th, id::__name__, id::__main__.object())?;
        globals.set_str(th, id::__builtins__, builtins.object())?;
        let code = code::from_compiled(th, compiled)?;
        run::eval_code(th, code.borrow(), globals.borrow(), None)
    })();
    let output = th.interp().state::<Output>();
    if let Err(raised) = result {
        let exception = th.take_raised(raised);
        let text = object::str(th, exception.object())
            .map_or_else(|_| "?".to_string(), |text| text.to_string());
        let line = format!("{}: {text}\n", exception.object().type_name());
        output.0.borrow_mut().push_str(&line);
    }
    let text = output.0.borrow().clone();
    registry::leave(th.interp());
    // Tests leave the interpreter as it is: taking it down is the life cycle's own test.
    // SAFETY: the thread state is not used any more.
    unsafe { Thread::swap_current(std::ptr::null()) };
    std::mem::forget((thread, interp));
    text
}
