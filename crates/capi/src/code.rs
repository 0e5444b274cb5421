//! `cpython/code.h`, `cpython/funcobject.h`, `cpython/genobject.h`: code objects, functions, generators.

use std::ffi::{c_char, c_int, c_void};

use krait_abi as abi;
use krait_eval::code::Code;
use krait_eval::code::extras::Extras;
use krait_eval::function::Function;
use krait_macros::capi;
use krait_objects::prelude::*;

use crate::support::*;

fn get(th: &Thread, ob: Borrowed<'_>, name: &str) -> PyResult {
    object::get_attr(th, ob, Str::interned(th, name)?.borrow())
}

fn code_class<'a>() -> Borrowed<'a> {
    Borrowed::from_ref(Code::type_object()).object()
}

/// 1 if every `return` of the code is one of None.
#[capi]
pub fn _PyCode_ReturnsOnlyNone(code: Borrowed<'_, Code>) -> PyResult<c_int> {
    Ok(krait_modules::interpreters::stateless::returns_only_none(code).into())
}

/// Code that only names a place: an extension shows it in tracebacks.
#[capi]
pub fn PyCode_NewEmpty(
    th: &Thread,
    filename: *const c_char,
    name: *const c_char,
    first_line: c_int,
) -> PyResult<Owned<Code>> {
    krait_eval::code::empty(th, string(th, filename)?, string(th, name)?, first_line)
}

/// `code(...)` with the arguments in C's order.
#[capi]
pub fn PyUnstable_Code_NewWithPosOnlyArgs(
    th: &Thread,
    args: c_int,
    positional_only: c_int,
    keyword_only: c_int,
    locals: c_int,
    stack: c_int,
    flags: c_int,
    code: Borrowed<'_>,
    consts: Borrowed<'_>,
    names: Borrowed<'_>,
    varnames: Borrowed<'_>,
    freevars: Borrowed<'_>,
    cellvars: Borrowed<'_>,
    filename: Borrowed<'_>,
    name: Borrowed<'_>,
    qualname: Borrowed<'_>,
    first_line: c_int,
    line_table: Borrowed<'_>,
    exception_table: Borrowed<'_>,
) -> PyResult {
    let int = |value: c_int| Int::from_i64(th, value.into());
    let numbers = [
        int(args)?,
        int(positional_only)?,
        int(keyword_only)?,
        int(locals)?,
        int(stack)?,
        int(flags)?,
    ];
    let line = int(first_line)?;
    let mut all: Vec<Borrowed<'_>> = numbers.iter().map(Owned::object).collect();
    all.extend([code, consts, names, varnames, filename, name, qualname, line.object()]);
    all.extend([line_table, exception_table, freevars, cellvars]);
    call::call(th, code_class(), &all)
}

#[capi]
pub fn PyUnstable_Code_New(
    th: &Thread,
    args: c_int,
    keyword_only: c_int,
    locals: c_int,
    stack: c_int,
    flags: c_int,
    code: Ptr,
    consts: Ptr,
    names: Ptr,
    varnames: Ptr,
    freevars: Ptr,
    cellvars: Ptr,
    filename: Ptr,
    name: Ptr,
    qualname: Ptr,
    first_line: c_int,
    line_table: Ptr,
    exception_table: Ptr,
) -> PyResult {
    // SAFETY: the arguments are those of the other function, but for one that is zero.
    let made = unsafe {
        PyUnstable_Code_NewWithPosOnlyArgs(
            args,
            0,
            keyword_only,
            locals,
            stack,
            flags,
            code,
            consts,
            names,
            varnames,
            freevars,
            cellvars,
            filename,
            name,
            qualname,
            first_line,
            line_table,
            exception_table,
        )
    };
    returned(th, made)
}

macro_rules! attributes {
    ($($name:ident $attribute:literal;)*) => {$(
        #[capi]
        pub fn $name(th: &Thread, ob: Borrowed<'_>) -> PyResult {
            get(th, ob, $attribute)
        }
    )*};
}

attributes! {
    PyCode_GetCode "co_code";
    PyCode_GetVarnames "co_varnames";
    PyCode_GetCellvars "co_cellvars";
    PyCode_GetFreevars "co_freevars";
    PyGen_GetCode "gi_code";
}

/// The line of a byte offset, or -1.
#[capi]
pub fn PyCode_Addr2Line(code: Ptr, offset: c_int) -> c_int {
    // SAFETY: C passes a code object.
    let code = unsafe { Borrowed::<Code>::from_ptr(code) };
    if offset < 0 {
        return code.firstlineno;
    }
    code.get().line_of_unit((offset / 2) as isize).unwrap_or(-1)
}

/// Start and end of a byte offset: lines and columns, -1 for what is not known.
#[capi]
pub fn PyCode_Addr2Location(
    code: Ptr,
    offset: c_int,
    start_line: *mut c_int,
    start_column: *mut c_int,
    end_line: *mut c_int,
    end_column: *mut c_int,
) -> c_int {
    // SAFETY: C passes a code object and writable places.
    unsafe {
        let code = Borrowed::<Code>::from_ptr(code);
        let found = krait_eval::code::location(code.get(), (offset / 2) as isize);
        let [line, end, column, last] = found.map(|value| value.unwrap_or(-1));
        *start_line = if offset < 0 { code.firstlineno } else { line };
        *end_line = if offset < 0 { code.firstlineno } else { end };
        *start_column = if offset < 0 { 0 } else { column };
        *end_column = if offset < 0 { 0 } else { last };
    }
    1
}

#[capi]
pub fn PyCode_Optimize(code: Borrowed<'_>, _consts: Ptr, _names: Ptr, _lines: Ptr) -> PyResult {
    // The compiler has optimised already.
    Ok(code.to_owned())
}

#[capi]
pub fn PyFunction_New(
    th: &Thread,
    code: Borrowed<'_, Code>,
    globals: Borrowed<'_, Dict>,
) -> PyResult<Owned<Function>> {
    Function::new(th, code, globals)
}

#[capi]
pub fn PyFunction_NewWithQualName(
    th: &Thread,
    code: Borrowed<'_, Code>,
    globals: Borrowed<'_, Dict>,
    qualname: Option<Borrowed<'_, Str>>,
) -> PyResult<Owned<Function>> {
    let function = Function::new(th, code, globals)?;
    if let Some(qualname) = qualname {
        function.qualname.set(Some(qualname.to_owned()));
    }
    Ok(function)
}

macro_rules! borrowed_fields {
    ($($name:ident $field:ident;)*) => {$(
        /// Borrowed; NULL if there is none.
        #[capi]
        pub fn $name(function: Borrowed<'_, Function>) -> PyResult<*mut abi::PyObject> {
            Ok(function.get().$field.as_ptr())
        }
    )*};
}

borrowed_fields! {
    PyFunction_GetCode code;
    PyFunction_GetGlobals globals;
    PyFunction_GetModule module;
    PyFunction_GetDefaults defaults;
    PyFunction_GetKwDefaults kwdefaults;
    PyFunction_GetClosure closure;
}

/// Borrowed: the function keeps what it makes of its annotations.
#[capi]
pub fn PyFunction_GetAnnotations(
    th: &Thread,
    function: Borrowed<'_, Function>,
) -> PyResult<*mut abi::PyObject> {
    if function.get().annotations.get().is_none() && function.get().annotate.get().is_none() {
        return Ok(none().as_ptr());
    }
    krait_eval::function::annotations(th, function.get())?;
    Ok(function.get().annotations.as_ptr())
}

/// `None` stands for nothing; anything else must be a `T`.
fn optional_value<'a, T: Instance>(
    th: &Thread,
    value: Borrowed<'a>,
    message: &str,
) -> PyResult<Option<Borrowed<'a, T>>> {
    if value.is_none() {
        return Ok(None);
    }
    match value.downcast::<T>() {
        Some(value) => Ok(Some(value)),
        None => Err(th.raise(exc::SYSTEM_ERROR, message)),
    }
}

fn set(th: &Thread, function: Borrowed<'_, Function>, name: &str, value: Ptr) -> PyResult<()> {
    // SAFETY: C passes a live object.
    let value = unsafe { Borrowed::<Object>::from_ptr(value) };
    object::set_attr(th, function.object(), Str::interned(th, name)?.borrow(), value)
}

#[capi]
pub fn PyFunction_SetDefaults(
    th: &Thread,
    function: Borrowed<'_, Function>,
    value: Borrowed<'_>,
) -> PyResult<()> {
    optional_value::<Tuple>(th, value, "non-tuple default args")?;
    set(th, function, "__defaults__", value.as_ptr())
}

#[capi]
pub fn PyFunction_SetKwDefaults(
    th: &Thread,
    function: Borrowed<'_, Function>,
    value: Borrowed<'_>,
) -> PyResult<()> {
    optional_value::<Dict>(th, value, "non-dict keyword only default args")?;
    set(th, function, "__kwdefaults__", value.as_ptr())
}

#[capi]
pub fn PyFunction_SetAnnotations(
    th: &Thread,
    function: Borrowed<'_, Function>,
    value: Borrowed<'_>,
) -> PyResult<()> {
    optional_value::<Dict>(th, value, "non-dict annotations")?;
    set(th, function, "__annotations__", value.as_ptr())
}

#[capi]
pub fn PyFunction_SetClosure(
    th: &Thread,
    function: Borrowed<'_, Function>,
    value: Borrowed<'_>,
) -> PyResult<()> {
    let wrong = format!("expected tuple for closure, got '{}'", value.type_name());
    let closure = optional_value::<Tuple>(th, value, &wrong)?;
    function.get().version.set(0);
    function.get().closure.set(closure.map(Borrowed::to_owned));
    Ok(())
}

/// From here on the function is called through `vectorcall`.
#[capi]
pub fn PyFunction_SetVectorcall(function: Ptr, vectorcall: abi::vectorcallfunc) {
    // SAFETY: C passes a function.
    unsafe {
        Borrowed::<Function>::from_ptr(function).get().version.set(0);
        (*function.cast::<abi::PyFunctionObject>()).vectorcall = vectorcall;
    }
}

#[capi]
pub fn PyUnstable_Eval_RequestCodeExtraIndex(th: &Thread, free: abi::freefunc) -> isize {
    Extras::of(th).request_slot(free)
}

#[capi]
pub fn PyUnstable_Code_GetExtra(
    th: &Thread,
    code: Borrowed<'_>,
    index: isize,
    place: *mut *mut c_void,
) -> PyResult<()> {
    let Some(code) = code.downcast::<Code>() else { return Err(th.bad_internal_call()) };
    // SAFETY: C passes a writable place.
    unsafe { *place = Extras::of(th).get(code, index) };
    Ok(())
}

#[capi]
pub fn PyUnstable_Code_SetExtra(
    th: &Thread,
    code: Borrowed<'_>,
    index: isize,
    value: *mut c_void,
) -> PyResult<()> {
    match code.downcast::<Code>() {
        Some(code) if Extras::of(th).set(code, index, value) => Ok(()),
        _ => Err(th.bad_internal_call()),
    }
}
