//! `code(…)` and `code.replace(…)`: code objects from Python's arguments. Such code is verified.

use krait_bytecode::local_kind;
use krait_objects::prelude::*;

use super::build::{Parts, new_foreign};
use super::{Code, original_bytes};

/// The names that a code object's locals are made of.
struct LocalNames<'a> {
    varnames: Borrowed<'a, Tuple>,
    cellvars: Borrowed<'a, Tuple>,
    freevars: Borrowed<'a, Tuple>,
}

/// `co_localsplusnames` and their kinds: cells that are also arguments have one entry.
fn localsplus(
    th: &Thread,
    names: &LocalNames<'_>,
    argcount: i32,
    posonlyargcount: i32,
    kwonlyargcount: i32,
    flags: i32,
) -> PyResult<(Owned<Tuple>, Owned<Bytes>)> {
    let mut all: Vec<Borrowed<'_>> = names.varnames.get().as_slice().to_vec();
    let mut kinds = vec![local_kind::LOCAL; all.len()];
    mark_arguments(&mut kinds, argcount, posonlyargcount, kwonlyargcount, flags as u32);
    for cell in names.cellvars.get().as_slice() {
        let mut known = None;
        for (index, name) in all.iter().enumerate() {
            if object::eq(th, *name, *cell)? {
                known = Some(index);
                break;
            }
        }
        match known {
            Some(index) => kinds[index] |= local_kind::CELL,
            None => {
                all.push(*cell);
                kinds.push(local_kind::CELL);
            }
        }
    }
    for free in names.freevars.get().as_slice() {
        all.push(*free);
        kinds.push(local_kind::FREE);
    }
    Ok((Tuple::from_slice(th, &all)?, Bytes::new(th, &kinds)?))
}

/// The constructor's names: TypeError if one is no string, and plain strings for those of subclasses.
fn plain_names(th: &Thread, names: Borrowed<'_, Tuple>) -> PyResult<Owned<Tuple>> {
    let plain = |name: &Borrowed<'_>| match name.downcast::<Str>() {
        Some(_) if name.is_exact::<Str>() => Ok((*name).to_owned()),
        Some(text) => Ok(Str::from_wtf8(th, &text.to_wtf8())?.into_object()),
        None => Err(raise!(
            th,
            TYPE_ERROR,
            "name tuples must contain only strings, not '{}'",
            name.type_name()
        )),
    };
    Tuple::from_vec(th, names.as_slice().iter().map(plain).collect::<PyResult<Vec<_>>>()?)
}

fn mark_arguments(
    kinds: &mut [u8],
    argcount: i32,
    posonlyargcount: i32,
    kwonlyargcount: i32,
    flags: u32,
) {
    use krait_bytecode::code_flags::{VARARGS, VARKEYWORDS};
    let count = |n: i32| usize::try_from(n).unwrap_or(0);
    let positional = count(argcount);
    let keyword = positional + count(kwonlyargcount);
    let varargs = flags & VARARGS != 0;
    let varkeywords = flags & VARKEYWORDS != 0;
    for (index, kind) in kinds.iter_mut().enumerate() {
        if index < count(posonlyargcount) {
            *kind |= local_kind::ARG_POS;
        } else if index < positional {
            *kind |= local_kind::ARG_POS | local_kind::ARG_KW;
        } else if index < keyword {
            *kind |= local_kind::ARG_KW;
        } else if varargs && index == keyword {
            *kind |= local_kind::ARG_VAR | local_kind::ARG_POS;
        } else if varkeywords && index == keyword + usize::from(varargs) {
            *kind |= local_kind::ARG_VAR | local_kind::ARG_KW;
        }
    }
}

#[pymethods(part = "replace")]
impl Code {
    #[new(
        sig = "(argcount, posonlyargcount, kwonlyargcount, nlocals, stacksize, flags, codestring, constants, names, varnames, filename, name, qualname, firstlineno, linetable, exceptiontable, freevars=(), cellvars=(), /)"
    )]
    #[allow(clippy::too_many_arguments)]
    fn new(
        _cls: Borrowed<'_, Type>,
        th: &Thread,
        argcount: i32,
        posonlyargcount: i32,
        kwonlyargcount: i32,
        nlocals: i32,
        stacksize: i32,
        flags: i32,
        codestring: Borrowed<'_, Bytes>,
        constants: Borrowed<'_, Tuple>,
        names: Borrowed<'_, Tuple>,
        varnames: Borrowed<'_, Tuple>,
        filename: Borrowed<'_, Str>,
        name: Borrowed<'_, Str>,
        qualname: Borrowed<'_, Str>,
        firstlineno: i32,
        linetable: Borrowed<'_, Bytes>,
        exceptiontable: Borrowed<'_, Bytes>,
        freevars: Option<Borrowed<'_, Tuple>>,
        cellvars: Option<Borrowed<'_, Tuple>>,
    ) -> PyResult {
        for (value, what) in [
            (argcount, "argcount"),
            (posonlyargcount, "posonlyargcount"),
            (kwonlyargcount, "kwonlyargcount"),
            (nlocals, "nlocals"),
        ] {
            if value < 0 {
                return Err(raise!(th, VALUE_ERROR, "code: {what} must not be negative"));
            }
        }
        if nlocals as usize != varnames.len() {
            let message = "code: co_nlocals != len(co_varnames)";
            return Err(th.raise(exc::VALUE_ERROR, message));
        }
        let names = plain_names(th, names)?;
        let varnames = plain_names(th, varnames)?;
        let freevars = plain_names(th, freevars.unwrap_or(Tuple::empty()))?;
        let cellvars = plain_names(th, cellvars.unwrap_or(Tuple::empty()))?;
        let locals = LocalNames {
            varnames: varnames.borrow(),
            cellvars: cellvars.borrow(),
            freevars: freevars.borrow(),
        };
        let (localsplusnames, localspluskinds) =
            localsplus(th, &locals, argcount, posonlyargcount, kwonlyargcount, flags)?;
        let parts = Parts {
            argcount,
            posonlyargcount,
            kwonlyargcount,
            stacksize,
            flags,
            firstlineno,
            code: codestring.as_bytes().to_vec(),
            consts: constants.to_owned(),
            names,
            localsplusnames,
            localspluskinds,
            filename: filename.to_owned(),
            name: name.to_owned(),
            qualname: qualname.to_owned(),
            linetable: linetable.to_owned(),
            exceptiontable: exceptiontable.to_owned(),
        };
        Ok(new_foreign(th, parts)?.into_object())
    }

    /// Return another code object that differs from this one in the given fields.
    #[method(sig = "(self, /, **changes)")]
    fn replace(&self, th: &Thread, changes: Kwargs<'_>) -> PyResult {
        self.with_changes(th, changes, "replace")
    }

    /// The same as replace().
    #[method(sig = "(self, /, **changes)")]
    fn __replace__(&self, th: &Thread, changes: Kwargs<'_>) -> PyResult {
        self.with_changes(th, changes, "__replace__")
    }
}

impl Code {
    fn with_changes(&self, th: &Thread, changes: Kwargs<'_>, function: &str) -> PyResult {
        let mut parts = Parts {
            argcount: self.argcount,
            posonlyargcount: self.posonlyargcount,
            kwonlyargcount: self.kwonlyargcount,
            stacksize: self.stacksize,
            flags: self.flags,
            firstlineno: self.firstlineno,
            code: original_bytes(self),
            consts: self.consts.clone(),
            names: self.names.clone(),
            localsplusnames: self.localsplusnames.clone(),
            localspluskinds: self.localspluskinds.clone(),
            filename: self.filename().to_owned(),
            name: self.name.clone(),
            qualname: self.qualname.clone(),
            linetable: self.linetable.clone(),
            exceptiontable: self.exceptiontable.clone(),
        };
        let mut nlocals = self.nlocals;
        let [mut varnames, mut cellvars, mut freevars] =
            [local_kind::LOCAL, local_kind::CELL, local_kind::FREE]
                .map(|kind| self.names_of(th, kind));
        let mut renamed = false;
        for (name, value) in changes.pairs() {
            let field = name.to_string();
            let change = Change { th, function, field: &field, value: &value };
            match field.as_str() {
                "co_argcount" => parts.argcount = change.count()?,
                "co_posonlyargcount" => parts.posonlyargcount = change.count()?,
                "co_kwonlyargcount" => parts.kwonlyargcount = change.count()?,
                "co_nlocals" => nlocals = change.count()?,
                "co_stacksize" => parts.stacksize = change.count()?,
                "co_flags" => parts.flags = change.count()?,
                "co_firstlineno" => parts.firstlineno = change.count()?,
                "co_code" => parts.code = change.typed::<Bytes>("bytes")?.as_bytes().to_vec(),
                "co_consts" => parts.consts = change.typed("tuple")?,
                "co_names" => parts.names = change.typed("tuple")?,
                "co_varnames" => (varnames, renamed) = (change.typed("tuple"), true),
                "co_cellvars" => (cellvars, renamed) = (change.typed("tuple"), true),
                "co_freevars" => (freevars, renamed) = (change.typed("tuple"), true),
                "co_filename" => parts.filename = change.typed("str")?,
                "co_name" => parts.name = change.typed("str")?,
                "co_qualname" => parts.qualname = change.typed("str")?,
                "co_linetable" => parts.linetable = change.typed("bytes")?,
                "co_exceptiontable" => parts.exceptiontable = change.typed("bytes")?,
                _ => {
                    return Err(raise!(
                        th,
                        TYPE_ERROR,
                        "{function}() got an unexpected keyword argument '{field}'"
                    ));
                }
            }
        }
        let (varnames, cellvars, freevars) = (varnames?, cellvars?, freevars?);
        if nlocals as usize != varnames.len() {
            let message = "code: co_nlocals != len(co_varnames)";
            return Err(th.raise(exc::VALUE_ERROR, message));
        }
        let reshaped = renamed
            || (parts.argcount, parts.posonlyargcount, parts.kwonlyargcount, parts.flags)
                != (self.argcount, self.posonlyargcount, self.kwonlyargcount, self.flags);
        if reshaped {
            let locals = LocalNames {
                varnames: varnames.borrow(),
                cellvars: cellvars.borrow(),
                freevars: freevars.borrow(),
            };
            (parts.localsplusnames, parts.localspluskinds) = localsplus(
                th,
                &locals,
                parts.argcount,
                parts.posonlyargcount,
                parts.kwonlyargcount,
                parts.flags,
            )?;
        }
        Ok(new_foreign(th, parts)?.into_object())
    }

    pub(super) fn names_of(&self, th: &Thread, kind: u8) -> PyResult<Owned<Tuple>> {
        let names: Vec<Borrowed<'_>> = (0..self.nlocalsplus as usize)
            .filter(|&index| self.local_kind(index) & kind != 0)
            .map(|index| self.local_name(index).object())
            .collect();
        Tuple::from_slice(th, &names)
    }
}

/// One keyword argument of `replace`.
struct Change<'a> {
    th: &'a Thread,
    function: &'a str,
    field: &'a str,
    value: &'a Owned,
}

impl Change<'_> {
    fn count(&self) -> PyResult<i32> {
        let overflow = Some(exc::OVERFLOW_ERROR);
        let value = number::as_isize(self.th, self.value.borrow(), overflow)?;
        if value < 0 {
            let field = self.field;
            return Err(raise!(self.th, VALUE_ERROR, "{field} must be a positive integer"));
        }
        i32::try_from(value).map_err(|_| {
            self.th.raise(exc::OVERFLOW_ERROR, "signed integer is greater than maximum")
        })
    }

    fn typed<T: Instance>(&self, expected: &str) -> PyResult<Owned<T>> {
        self.value.clone().downcast::<T>().map_err(|value| {
            raise!(
                self.th,
                TYPE_ERROR,
                "{}() argument '{}' must be {expected}, not {}",
                self.function,
                self.field,
                value.type_name()
            )
        })
    }
}
