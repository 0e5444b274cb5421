//! Interpreters, and the token that stands for being attached to one.

use std::cell::Cell;

use krait_eval::compile::{self, Request};
use krait_eval::config::Config;
use krait_eval::lifecycle::Instance;
use krait_eval::{import, run};
use krait_objects::handle::Instance as _;
use krait_objects::prelude::*;

use crate::error::{Error, caught};
use crate::function::{Body, HostFunction};
use crate::{NATIVE_MODULES, ToPython, Value};

/// How an interpreter is to start. The default takes nothing from the environment, looks at no path, and leaves the
/// host's signals alone.
#[derive(Clone)]
pub struct Builder {
    config: Config,
}

impl Builder {
    /// `sys.argv`.
    pub fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Builder {
        self.config.argv = args.into_iter().map(|arg| arg.into().into()).collect();
        self
    }

    /// Adds a folder or archive to `sys.path`.
    pub fn path(mut self, path: impl Into<String>) -> Builder {
        self.config.pythonpath.push(path.into().into());
        self
    }

    /// Whether to import `site`; not by default.
    pub fn site(mut self, site: bool) -> Builder {
        self.config.site_import = site;
        self
    }

    /// Level of optimisation: 1 leaves out assertions, 2 docstrings too.
    pub fn optimize(mut self, level: u8) -> Builder {
        self.config.optimization_level = level.min(2);
        self
    }

    /// Starts the interpreter.
    ///
    /// # Errors
    /// If it could not start, or if the calling thread is attached to another interpreter.
    pub fn build(self) -> Result<Interpreter, Error> {
        if Thread::current_or_none().is_some() {
            return Err(Error::plain("the calling thread is attached to another interpreter"));
        }
        let instance = Instance::start(self.config).map_err(|error| Error::plain(&error.0))?;
        instance.detach();
        Ok(Interpreter { instance: Cell::new(Some(instance)) })
    }
}

/// One isolated interpreter, which stays on the thread that built it. Dropping it joins Python's threads, runs the
/// exit functions and gives everything back.
pub struct Interpreter {
    /// Taken out while a thread is attached.
    instance: Cell<Option<Instance>>,
}

impl Interpreter {
    /// How to start one: isolated from the environment, unless the builder is told otherwise.
    pub fn builder() -> Builder {
        let mut config = Config::isolated(NATIVE_MODULES);
        config.site_import = false;
        Builder { config }
    }

    /// Calls `body` attached to the interpreter.
    ///
    /// # Errors
    /// What `body` answers, and if it is called inside another `attach`.
    pub fn attach<T>(&self, body: impl FnOnce(Python<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let Some(instance) = self.instance.take() else {
            return Err(Error::plain("the interpreter is attached already"));
        };
        if Thread::current_or_none().is_some() {
            self.instance.set(Some(instance));
            return Err(Error::plain("the calling thread is attached to another interpreter"));
        }
        instance.attach();
        let result = body(Python { th: instance.thread() });
        instance.detach();
        self.instance.set(Some(instance));
        result
    }
}

impl Drop for Interpreter {
    fn drop(&mut self) {
        if let Some(instance) = self.instance.take() {
            instance.attach();
            instance.finish();
        }
    }
}

/// Proof that the calling thread is attached to an interpreter, and the way to ask it for something.
///
/// What runs Python code answers the exception that nobody caught.
#[derive(Clone, Copy)]
pub struct Python<'py> {
    pub(crate) th: &'py Thread,
}

impl<'py> Python<'py> {
    pub(crate) fn wrap(self, result: PyResult) -> Result<Value<'py>, Error> {
        match result {
            Ok(object) => Ok(Value { object, py: self }),
            Err(raised) => Err(caught(self.th, raised)),
        }
    }

    fn check<T>(self, result: PyResult<T>) -> Result<T, Error> {
        result.map_err(|raised| caught(self.th, raised))
    }

    /// `import name`: the module that the whole dotted name means.
    pub fn import(self, name: &str) -> Result<Value<'py>, Error> {
        self.wrap(import::import(self.th, name))
    }

    /// The value of an expression, in the namespace of `__main__`.
    pub fn eval(self, source: &str) -> Result<Value<'py>, Error> {
        self.wrap(self.run_source(source, "<string>", krait_syntax::Mode::Eval))
    }

    /// Runs statements, in the namespace of `__main__`.
    pub fn run(self, source: &str) -> Result<(), Error> {
        self.check(self.run_source(source, "<string>", krait_syntax::Mode::Exec).map(drop))
    }

    /// Runs a script as `__main__`, under its file name.
    ///
    /// # Errors
    /// The script's, and if the file cannot be read or is not UTF-8.
    pub fn run_file(self, path: &str) -> Result<(), Error> {
        let source = std::fs::read_to_string(path)
            .map_err(|error| Error::plain(&format!("{path}: {error}")))?;
        self.check(self.run_source(&source, path, krait_syntax::Mode::Exec).map(drop))
    }

    fn main(self) -> PyResult<Owned<Dict>> {
        let main = import::modules(self.th)?.get_str(self.th, id::__main__)?;
        match main.map(Owned::downcast::<Module>) {
            Some(Ok(main)) => Ok(main.dict().to_owned()),
            _ => Err(self.th.raise(exc::RUNTIME_ERROR, "lost __main__")),
        }
    }

    fn run_source(self, source: &str, filename: &str, mode: krait_syntax::Mode) -> PyResult {
        let filename = Str::new(self.th, filename)?;
        let request = Request {
            filename: filename.borrow(),
            mode,
            flags: 0,
            optimize: None,
            feature_version: None,
        };
        let code = compile::compile(self.th, krait_syntax::Source::Text(source), request)?;
        let main = self.main()?;
        run::eval_code(self.th, code.borrow(), main.borrow(), None)
    }

    /// Binds `name` in `__main__`.
    pub fn set(self, name: &str, value: impl ToPython) -> Result<(), Error> {
        let value = value.to_python(self)?;
        self.check((|| {
            let name = Str::interned(self.th, name)?;
            self.main()?.set_str(self.th, name.borrow(), value.object.object())
        })())
    }

    /// A Rust function as a Python callable. It gets the positional arguments and takes no others; an error that it
    /// answers is raised as the built-in exception of its [kind](Error::kind), else as RuntimeError.
    pub fn function<F>(self, name: &str, body: F) -> Result<Value<'py>, Error>
    where
        F: for<'a> Fn(Python<'a>, &[Value<'a>]) -> Result<Value<'a>, Error> + 'static,
    {
        self.wrap(HostFunction::create(self.th, name, Box::new(body)))
    }

    /// A new class whose methods are Rust functions: each is called with the instance before its arguments.
    /// Instances keep their state in their attributes; `__init__` is a method like any other.
    pub fn class(self, name: &str, methods: Vec<(&str, Body)>) -> Result<Value<'py>, Error> {
        self.wrap((|| {
            let namespace = Dict::new(self.th)?;
            for (name, body) in methods {
                let key = Str::interned(self.th, name)?;
                namespace.set_str(
                    self.th,
                    key.borrow(),
                    HostFunction::create_method(self.th, name, body)?.object(),
                )?;
            }
            namespace.set_str(self.th, id::__module__, Str::interned(self.th, "host")?.object())?;
            let ty = Borrowed::from_ref(Type::type_object());
            let name = Str::new(self.th, name)?;
            call::call(
                self.th,
                ty.object(),
                &[name.object(), Tuple::empty().object(), namespace.object()],
            )
        })())
    }

    /// A new module with these attributes, entered in `sys.modules`.
    pub fn module(
        self,
        name: &str,
        attributes: &[(&str, Value<'py>)],
    ) -> Result<Value<'py>, Error> {
        self.wrap((|| {
            let key = Str::interned(self.th, name)?;
            let module = Module::new(self.th, key.borrow())?;
            for (name, value) in attributes {
                module.add(self.th, name, value.object.object())?;
            }
            import::modules(self.th)?.set(self.th, key.object(), module.object())?;
            Ok(module.into_object())
        })())
    }

    /// Writes out what `sys.stdout` and `sys.stderr` hold.
    pub fn flush(self) {
        krait_eval::streams::flush(self.th);
    }

    /// `None`.
    pub fn none(self) -> Value<'py> {
        Value { object: none().to_owned(), py: self }
    }
}
