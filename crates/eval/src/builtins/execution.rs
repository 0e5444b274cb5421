//! Built-in functions that compile and run code, and those that look at namespaces.

use krait_objects::prelude::*;
use krait_syntax::{Mode, Source};

use super::Builtins;
use crate::code::Code;
use crate::compile::source::{filename_of, with_source};
use crate::compile::{self, Request, flags};
use crate::{frame, run, services, sys};

#[pyfunctions(part = "execution")]
impl Builtins {
    /// Make a code object, for exec() or eval(), of source: a string, bytes or a syntax tree.
    ///
    /// The filename is what error messages name. The mode is 'exec' for a module, 'single' for one
    /// interactive statement and 'eval' for an expression. The flags switch on future statements and
    /// options of the compiler; future statements of the calling code count too, unless dont_inherit is
    /// true.
    #[function(
        sig = "(source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1)"
    )]
    #[allow(clippy::too_many_arguments)]
    fn compile(
        th: &Thread,
        source: Borrowed<'_>,
        filename: Borrowed<'_>,
        mode: &str,
        flags: i32,
        dont_inherit: bool,
        optimize: i32,
        _feature_version: i32,
    ) -> PyResult {
        let flags = flags as u32;
        if flags & !flags::ALL != 0 {
            return Err(th.raise(exc::VALUE_ERROR, "compile(): unrecognised flags"));
        }
        let optimize = match optimize {
            -1 => None,
            0..=2 => Some(optimize as u8),
            _ => return Err(th.raise(exc::VALUE_ERROR, "compile(): invalid optimize value")),
        };
        let mode = mode_of(th, mode, flags)?;
        let inherited = if dont_inherit { 0 } else { inherited_flags(th) };
        let filename = filename_of(th, filename)?;
        let request = Request {
            filename: filename.borrow(),
            mode,
            flags: flags | inherited,
            optimize,
            feature_version: u8::try_from(_feature_version).ok(),
        };
        if compile::is_tree(th, source)? {
            if flags & flags::ONLY_AST != 0 {
                return compile::tree_of_tree(th, source, request);
            }
            return compile::compile_tree(th, source, request).map(Owned::into_object);
        }
        if flags & flags::ONLY_AST != 0 {
            return with_source(th, source, "compile", "string, bytes or AST", |source| {
                compile::parse_tree(th, source, request)
            });
        }
        with_source(th, source, "compile", "string, bytes or AST", |source| {
            compile::compile(th, source, request)
        })
        .map(Owned::into_object)
    }

    /// Evaluate an expression, a string or a code object, in the given namespaces.
    ///
    /// globals is a dictionary, locals any mapping; both default to the caller's, and locals to globals if
    /// that is given.
    #[function(sig = "(source, /, globals=None, locals=None)")]
    fn eval(
        th: &Thread,
        source: Borrowed<'_>,
        globals: Option<Borrowed<'_>>,
        locals: Option<Borrowed<'_>>,
    ) -> PyResult {
        if locals.is_some_and(|locals| !mapping::check(locals)) {
            return Err(th.raise(exc::TYPE_ERROR, "locals must be a mapping"));
        }
        if let Some(globals) = globals.filter(|globals| globals.downcast::<Dict>().is_none()) {
            let message = if mapping::check(globals) {
                "globals must be a real dict; try eval(code, {}, mapping)"
            } else {
                "globals must be a dict"
            };
            return Err(th.raise(exc::TYPE_ERROR, message));
        }
        let (globals, locals) = namespaces(th, "eval", globals, locals)?;
        if let Some(code) = source.downcast::<Code>() {
            sys::audit(th, "exec", &[source])?;
            if code.nfreevars > 0 {
                return Err(th.raise(
                    exc::TYPE_ERROR,
                    "code object passed to eval() may not contain free variables",
                ));
            }
            return run::eval_code(th, code, globals.borrow(), Some(locals.object()));
        }
        let filename = Str::interned(th, "<string>")?;
        let request = Request {
            filename: filename.borrow(),
            mode: Mode::Eval,
            flags: inherited_flags(th),
            optimize: None,
            feature_version: None,
        };
        let code = with_source(th, source, "eval", "string, bytes or code", |source| {
            compile::compile(th, trimmed(source), request)
        })?;
        audit!(th, "exec", code.borrow())?;
        run::eval_code(th, code.borrow(), globals.borrow(), Some(locals.object()))
    }

    /// Execute statements, a string or a code object, in the given namespaces.
    ///
    /// globals is a dictionary, locals any mapping; both default to the caller's, and locals to globals if
    /// that is given. The closure is a tuple of cells, one for each free variable of a code object.
    #[function(name = "exec", sig = "(source, /, globals=None, locals=None, *, closure=None)")]
    fn exec_source(
        th: &Thread,
        source: Borrowed<'_>,
        globals: Option<Borrowed<'_>>,
        locals: Option<Borrowed<'_>>,
        closure: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        if let Some(globals) = globals.filter(|globals| globals.downcast::<Dict>().is_none()) {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "exec() globals must be a dict, not {}",
                globals.type_name()
            ));
        }
        if let Some(locals) = locals.filter(|&locals| !mapping::check(locals)) {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "locals must be a mapping or None, not {}",
                locals.type_name()
            ));
        }
        let (globals, locals) = namespaces(th, "exec", globals, locals)?;
        let Some(code) = source.downcast::<Code>() else {
            if closure.is_some() {
                return Err(th.raise(
                    exc::TYPE_ERROR,
                    "closure argument can only be used when source is a code object",
                ));
            }
            let filename = Str::interned(th, "<string>")?;
            let request = Request {
                filename: filename.borrow(),
                mode: Mode::Exec,
                flags: inherited_flags(th),
                optimize: None,
                feature_version: None,
            };
            let code = with_source(th, source, "exec", "string, bytes or code", |source| {
                compile::compile(th, source, request)
            })?;
            audit!(th, "exec", code.borrow())?;
            return run::eval_code(th, code.borrow(), globals.borrow(), Some(locals.object()))
                .map(drop);
        };
        let closure = check_closure(th, &code, closure)?;
        sys::audit(th, "exec", &[source])?;
        run::eval_code_with_closure(th, code, globals.borrow(), locals.object(), closure).map(drop)
    }

    /// Return the global variables of the calling code.
    ///
    /// It is their dictionary itself: what is changed in it is changed for the code.
    #[function(sig = "()")]
    fn globals(th: &Thread) -> Option<Owned<Dict>> {
        services::globals(th).or_else(|| services::main_namespace(th))
    }

    /// Return the local variables of the calling code as a mapping.
    ///
    /// Whether a change in it is a change of the variable, and the other way around, depends on the kind of
    /// scope and on the implementation: do not rely on it.
    #[function(sig = "()")]
    fn locals(th: &Thread) -> PyResult {
        current_locals(th)
    }

    /// vars([object]) -> dictionary
    ///
    /// The __dict__ of the object; without one, what locals() returns.
    #[function(sig = "(object=NULL, /)", no_text)]
    fn vars(th: &Thread, object: Option<Borrowed<'_>>) -> PyResult {
        let Some(object) = object else {
            return current_locals(th);
        };
        match object::get_attr_opt(th, object, id::__dict__)? {
            Some(dict) => Ok(dict),
            None => Err(th.raise(exc::TYPE_ERROR, "vars() argument must have __dict__ attribute")),
        }
    }

    /// dir([object]) -> list of strings
    ///
    /// The sorted names of an object's attributes, most of them at least: those of its class and bases
    /// included. Without an object, the names in the calling scope.
    #[function(sig = "(object=NULL, /)", no_text)]
    fn dir(th: &Thread, object: Option<Borrowed<'_>>) -> PyResult {
        match object {
            Some(object) => object::dir(th, object),
            None => {
                let locals = current_locals(th)?;
                let names = mapping::keys(th, locals.object())?;
                let names = sequence::list(th, names.object())?;
                names.sort(th)?;
                Ok(names.into_object())
            }
        }
    }

    /// Do the work of the import statement.
    ///
    /// To import a module by its name, call importlib.import_module() instead.
    #[function(sig = "(name, globals=None, locals=None, fromlist=(), level=0)")]
    fn __import__(
        th: &Thread,
        name: Borrowed<'_>,
        globals: Option<Borrowed<'_>>,
        _locals: Option<Borrowed<'_>>,
        #[default(None)] fromlist: Option<Borrowed<'_>>,
        level: i32,
    ) -> PyResult {
        match name.downcast::<Str>() {
            Some(name) => crate::import::import_level(th, name, globals, fromlist, level),
            None => Err(th.raise(exc::TYPE_ERROR, "module name must be a string")),
        }
    }

    /// Open a file and return a stream for it; OSError if that is not possible.
    ///
    /// The same as io.open().
    #[function(
        sig = "(file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None)"
    )]
    fn open(th: &Thread, args: Args<'_>) -> PyResult {
        let io = crate::import::import(th, "_io")?;
        let open = Str::interned(th, "open")?;
        let open = object::get_attr(th, io.object(), open.borrow())?;
        call::vectorcall(th, open.object(), args)
    }
}

fn mode_of(th: &Thread, mode: &str, flags: u32) -> PyResult<Mode> {
    Ok(match mode {
        "exec" => Mode::Exec,
        "eval" => Mode::Eval,
        "single" => Mode::Single,
        "func_type" if flags & flags::ONLY_AST != 0 => Mode::FuncType,
        "func_type" => {
            return Err(th.raise(
                exc::VALUE_ERROR,
                "compile() mode 'func_type' requires flag PyCF_ONLY_AST",
            ));
        }
        _ if flags & flags::ONLY_AST != 0 => {
            return Err(th.raise(
                exc::VALUE_ERROR,
                "compile() mode must be 'exec', 'eval', 'single' or 'func_type'",
            ));
        }
        _ => {
            return Err(
                th.raise(exc::VALUE_ERROR, "compile() mode must be 'exec', 'eval' or 'single'")
            );
        }
    })
}

/// The future features of the calling code.
fn inherited_flags(th: &Thread) -> u32 {
    frame::current_code(th).map_or(0, |code| code.flags as u32 & flags::FUTURE)
}

/// `eval` allows blanks in front.
fn trimmed(source: Source<'_>) -> Source<'_> {
    match source {
        Source::Text(text) => Source::Text(text.trim_start_matches([' ', '\t'])),
        Source::Bytes(bytes) => {
            let blanks = bytes.iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count();
            Source::Bytes(&bytes[blanks..])
        }
    }
}

/// The caller's local variables; those of `__main__` if that is called without a frame by who runs it.
fn current_locals(th: &Thread) -> PyResult {
    match services::globals(th) {
        None => match services::main_namespace(th) {
            Some(main) => Ok(main.into_object()),
            None => frame::current_locals(th),
        },
        Some(_) => frame::current_locals(th),
    }
}

/// The namespaces to run in: those given, else the caller's.
fn namespaces(
    th: &Thread,
    function: &str,
    globals: Option<Borrowed<'_>>,
    locals: Option<Borrowed<'_>>,
) -> PyResult<(Owned<Dict>, Owned)> {
    let given = globals.and_then(|globals| globals.downcast::<Dict>());
    let (globals, locals) = match given {
        Some(globals) => (globals.to_owned(), locals.unwrap_or(globals.object()).to_owned()),
        None => {
            let globals = services::globals(th).or_else(|| services::main_namespace(th));
            let Some(globals) = globals else {
                return Err(raise!(
                    th,
                    SYSTEM_ERROR,
                    "globals and locals cannot be NULL: {function}() without a frame"
                ));
            };
            let locals = match locals {
                Some(locals) => locals.to_owned(),
                None => current_locals(th)?,
            };
            (globals, locals)
        }
    };
    if !globals.contains(th, id::__builtins__.object())? {
        if let Some(builtins) = th.interp().builtins.get() {
            globals.set_str(th, id::__builtins__, builtins.object())?;
        }
    }
    Ok((globals, locals))
}

fn check_closure(
    th: &Thread,
    code: &Code,
    closure: Option<Borrowed<'_>>,
) -> PyResult<Option<Owned<Tuple>>> {
    let count = code.nfreevars as usize;
    match closure {
        None if count == 0 => Ok(None),
        Some(_) if count == 0 => {
            Err(th.raise(exc::TYPE_ERROR, "cannot use a closure with this code object"))
        }
        _ => {
            let tuple =
                closure.and_then(|closure| closure.downcast_exact::<Tuple>()).filter(|tuple| {
                    tuple.len() == count
                        && tuple
                            .as_slice()
                            .iter()
                            .all(|cell| cell.is_exact::<krait_objects::cell::Cell>())
                });
            match tuple {
                Some(tuple) => Ok(Some(tuple.to_owned())),
                None => Err(raise!(
                    th,
                    TYPE_ERROR,
                    "code object requires a closure of exactly length {count}"
                )),
            }
        }
    }
}
