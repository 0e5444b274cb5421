//! `_csv`: rows of fields as lines of text and back, by a dialect.
//!
//! The same job as CPython's `Modules/_csv.c`.

mod dialect;
mod reader;
mod writer;

use std::cell::Cell;

use krait_objects::prelude::*;

use dialect::Dialect;
use reader::Reader;
use writer::Writer;

use crate::support::add_exception;

/// What the module keeps: its exception, the dialects by name, the longest field.
struct State {
    error: Slot<Type>,
    dialects: Slot<Dict>,
    field_limit: Cell<isize>,
}

impl Default for State {
    fn default() -> State {
        State { error: Slot::EMPTY, dialects: Slot::EMPTY, field_limit: Cell::new(128 * 1024) }
    }
}

fn state(th: &Thread) -> &State {
    th.interp().state::<State>()
}

/// Raises `_csv.Error`.
fn error(th: &Thread, message: &str) -> Raised {
    let text = match Str::new(th, message) {
        Ok(text) => text,
        Err(raised) => return raised,
    };
    match state(th).error.get() {
        Some(class) => th.raise_in(class, Some(text.object())),
        None => th.raise_value(exc::EXCEPTION, text.object()),
    }
}

fn dialects(th: &Thread) -> PyResult<Owned<Dict>> {
    state(th).dialects.get_owned().ok_or_else(|| th.bad_internal_call())
}

/// The registered dialect of that name.
fn registered(th: &Thread, name: Borrowed<'_>) -> PyResult {
    match dialects(th)?.get(th, name)? {
        Some(dialect) => Ok(dialect),
        None => Err(error(th, "unknown dialect")),
    }
}

/// `Dialect(dialect, **fmtparams)`.
fn make_dialect(
    th: &Thread,
    dialect: Option<Borrowed<'_>>,
    fmtparams: Kwargs<'_>,
) -> PyResult<Owned<Dialect>> {
    let mut values: Vec<Owned> = dialect.map(Borrowed::to_owned).into_iter().collect();
    let positional = values.len();
    let mut names = Vec::new();
    for (name, value) in fmtparams.pairs() {
        names.push(name.into_object());
        values.push(value);
    }
    let names = Tuple::from_vec(th, names)?;
    let values: Vec<Borrowed<'_>> = values.iter().map(Owned::borrow).collect();
    let args = krait_objects::args::Args {
        values: &values,
        positional,
        kwnames: Some(names.borrow()),
        offset: false,
    };
    let class = Borrowed::from_ref(Dialect::type_object());
    class.ready(th)?;
    let made = call::vectorcall(th, class.object(), args)?;
    made.downcast::<Dialect>().map_err(|_| th.bad_internal_call())
}

/// CSV parsing and writing.
#[pymodule(name = "_csv")]
pub struct Csv;

#[pyfunctions]
impl Csv {
    #[constant]
    const QUOTE_MINIMAL: i64 = 0;
    #[constant]
    const QUOTE_ALL: i64 = 1;
    #[constant]
    const QUOTE_NONNUMERIC: i64 = 2;
    #[constant]
    const QUOTE_NONE: i64 = 3;
    #[constant]
    const QUOTE_STRINGS: i64 = 4;
    #[constant]
    const QUOTE_NOTNULL: i64 = 5;

    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        let error = add_exception(th, module, "_csv", "Error", exc::EXCEPTION)?;
        state(th).error.set(Some(error));
        let registry = Dict::new(th)?;
        module.add(th, "_dialects", registry.object())?;
        state(th).dialects.set(Some(registry));
        for (name, ty) in [
            ("Dialect", Dialect::type_object()),
            ("Reader", Reader::type_object()),
            ("Writer", Writer::type_object()),
        ] {
            let ty = Borrowed::from_ref(ty);
            ty.ready(th)?;
            module.add(th, name, ty.object())?;
        }
        Ok(())
    }

    /// Return an iterator over the rows that the iterable's lines hold.
    #[function(sig = "(iterable, /, dialect='excel', **fmtparams)")]
    fn reader(
        th: &Thread,
        iterable: Borrowed<'_>,
        dialect: Option<Borrowed<'_>>,
        fmtparams: Kwargs<'_>,
    ) -> PyResult<Owned<Reader>> {
        let dialect = make_dialect(th, dialect, fmtparams)?;
        Reader::new(th, iterable, dialect)
    }

    /// Return an object that writes rows to a file.
    #[function(sig = "(fileobj, /, dialect='excel', **fmtparams)")]
    fn writer(
        th: &Thread,
        fileobj: Borrowed<'_>,
        dialect: Option<Borrowed<'_>>,
        fmtparams: Kwargs<'_>,
    ) -> PyResult<Owned<Writer>> {
        let dialect = make_dialect(th, dialect, fmtparams)?;
        Writer::new(th, fileobj, dialect)
    }

    /// Register a dialect under a name.
    #[function(sig = "(name, /, dialect='excel', **fmtparams)")]
    fn register_dialect(
        th: &Thread,
        name: Borrowed<'_>,
        dialect: Option<Borrowed<'_>>,
        fmtparams: Kwargs<'_>,
    ) -> PyResult<()> {
        if name.downcast::<Str>().is_none() {
            return Err(th.raise(exc::TYPE_ERROR, "dialect name must be a string"));
        }
        let dialect = make_dialect(th, dialect, fmtparams)?;
        dialects(th)?.set(th, name, dialect.object())
    }

    /// Take back the registration of a dialect.
    #[function(sig = "(name)")]
    fn unregister_dialect(th: &Thread, name: Borrowed<'_>) -> PyResult<()> {
        if dialects(th)?.remove(th, name)? {
            return Ok(());
        }
        Err(error(th, "unknown dialect"))
    }

    /// Return the registered dialect of that name.
    #[function(sig = "(name)")]
    fn get_dialect(th: &Thread, name: Borrowed<'_>) -> PyResult {
        registered(th, name)
    }

    /// Return the names of all registered dialects.
    #[function(sig = "()")]
    fn list_dialects(th: &Thread) -> PyResult<Owned<List>> {
        dialects(th)?.keys(th)
    }

    /// Set the longest field that is read; return the old limit.
    #[function(sig = "(new_limit=<unrepresentable>)")]
    fn field_size_limit(th: &Thread, new_limit: Option<Borrowed<'_>>) -> PyResult<isize> {
        let old = state(th).field_limit.get();
        if let Some(limit) = new_limit {
            let Some(int) = limit.downcast::<Int>() else {
                return Err(th.raise(exc::TYPE_ERROR, "limit must be an integer"));
            };
            let Some(limit) = int.to_i64() else {
                return Err(raise!(
                    th,
                    OVERFLOW_ERROR,
                    "Python int too large to convert to C ssize_t"
                ));
            };
            state(th).field_limit.set(limit as isize);
        }
        Ok(old)
    }
}
