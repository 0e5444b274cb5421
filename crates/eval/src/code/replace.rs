//! `code(…)` and `code.replace(…)`: code objects from Python's arguments. Such code is verified before it runs.

use krait_bytecode::local_kind;
use krait_objects::prelude::*;

use super::build::{Parts, check, new_foreign};
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
        audit!(
            th,
            "code.__new__",
            codestring,
            filename,
            name,
            argcount,
            posonlyargcount,
            kwonlyargcount,
            nlocals,
            stacksize,
            flags,
        )?;
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
            code: codestring.as_bytes().into(),
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
        made(th, parts, nlocals, varnames.len())
    }

    /// Return another code object that differs from this one in the given fields.
    #[method(
        sig = "(self, /, *, co_argcount=NULL, co_posonlyargcount=NULL, co_kwonlyargcount=NULL, co_nlocals=NULL, co_stacksize=NULL, co_flags=NULL, co_firstlineno=NULL, co_code=NULL, co_consts=NULL, co_names=NULL, co_varnames=NULL, co_freevars=NULL, co_cellvars=NULL, co_filename=NULL, co_name=NULL, co_qualname=NULL, co_linetable=NULL, co_exceptiontable=NULL)",
        text = "($self, /, **changes)"
    )]
    #[allow(clippy::too_many_arguments)]
    fn replace(
        &self,
        th: &Thread,
        co_argcount: Option<i32>,
        co_posonlyargcount: Option<i32>,
        co_kwonlyargcount: Option<i32>,
        co_nlocals: Option<i32>,
        co_stacksize: Option<i32>,
        co_flags: Option<i32>,
        co_firstlineno: Option<i32>,
        co_code: Option<Borrowed<'_, Bytes>>,
        co_consts: Option<Borrowed<'_, Tuple>>,
        co_names: Option<Borrowed<'_, Tuple>>,
        co_varnames: Option<Borrowed<'_, Tuple>>,
        co_freevars: Option<Borrowed<'_, Tuple>>,
        co_cellvars: Option<Borrowed<'_, Tuple>>,
        co_filename: Option<Borrowed<'_, Str>>,
        co_name: Option<Borrowed<'_, Str>>,
        co_qualname: Option<Borrowed<'_, Str>>,
        co_linetable: Option<Borrowed<'_, Bytes>>,
        co_exceptiontable: Option<Borrowed<'_, Bytes>>,
    ) -> PyResult {
        let count = |given: Option<i32>, known: i32, field: &str| match given {
            Some(given) if given < 0 => {
                Err(raise!(th, VALUE_ERROR, "{field} must be a positive integer"))
            }
            given => Ok(given.unwrap_or(known)),
        };
        let renamed = co_varnames.is_some() || co_cellvars.is_some() || co_freevars.is_some();
        let parts = Parts {
            argcount: count(co_argcount, self.argcount, "co_argcount")?,
            posonlyargcount: count(co_posonlyargcount, self.posonlyargcount, "co_posonlyargcount")?,
            kwonlyargcount: count(co_kwonlyargcount, self.kwonlyargcount, "co_kwonlyargcount")?,
            stacksize: count(co_stacksize, self.stacksize, "co_stacksize")?,
            flags: count(co_flags, self.flags, "co_flags")?,
            firstlineno: count(co_firstlineno, self.firstlineno, "co_firstlineno")?,
            code: match &co_code {
                Some(code) => code.as_bytes().into(),
                None => original_bytes(self).into(),
            },
            consts: given_or(co_consts, &self.consts),
            names: given_or(co_names, &self.names),
            localsplusnames: self.localsplusnames.clone(),
            localspluskinds: self.localspluskinds.clone(),
            filename: co_filename.unwrap_or(self.filename()).to_owned(),
            name: given_or(co_name, &self.name),
            qualname: given_or(co_qualname, &self.qualname),
            linetable: given_or(co_linetable, &self.linetable),
            exceptiontable: given_or(co_exceptiontable, &self.exceptiontable),
        };
        let nlocals = count(co_nlocals, self.nlocals, "co_nlocals")?;
        audit!(
            th,
            "code.__new__",
            Bytes::new(th, &parts.code),
            parts.filename.borrow(),
            parts.name.borrow(),
            parts.argcount,
            parts.posonlyargcount,
            parts.kwonlyargcount,
            nlocals,
            parts.stacksize,
            parts.flags,
        )?;
        let names = |given: Option<Borrowed<'_, Tuple>>, kind| match given {
            Some(given) => Ok(given.to_owned()),
            None => self.names_of(th, kind),
        };
        let varnames = names(co_varnames, local_kind::LOCAL)?;
        let cellvars = names(co_cellvars, local_kind::CELL)?;
        let freevars = names(co_freevars, local_kind::FREE)?;
        self.with_locals(th, parts, nlocals, [varnames, cellvars, freevars], renamed)
    }

    /// The same as replace().
    #[method(sig = "(self, /, **changes)")]
    fn __replace__(this: Borrowed<'_, Self>, th: &Thread, changes: Kwargs<'_>) -> PyResult {
        let all = Dict::new(th)?;
        for (name, value) in changes.pairs() {
            all.set(th, name.object(), value.borrow())?;
        }
        let replace = object::get_attr(th, this.object(), Str::interned(th, "replace")?.borrow())?;
        call::call_tuple_dict(th, replace.borrow(), Tuple::empty(), Some(all.borrow()))
    }
}

fn given_or<T: Instance>(given: Option<Borrowed<'_, T>>, known: &Owned<T>) -> Owned<T> {
    given.map_or_else(|| known.clone(), |given| given.to_owned())
}

/// The code object, if the number of locals is right.
fn made(th: &Thread, parts: Parts<'_>, nlocals: i32, varnames: usize) -> PyResult {
    check(th, &parts)?;
    if nlocals as usize != varnames {
        return Err(th.raise(exc::VALUE_ERROR, "code: co_nlocals != len(co_varnames)"));
    }
    Ok(new_foreign(th, parts)?.into_object())
}

impl Code {
    /// The code object that `replace` makes of the parts, with new locals if the names are, or what tells parameters from
    /// other locals.
    fn with_locals(
        &self,
        th: &Thread,
        mut parts: Parts<'_>,
        nlocals: i32,
        [varnames, cellvars, freevars]: [Owned<Tuple>; 3],
        renamed: bool,
    ) -> PyResult {
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
        made(th, parts, nlocals, varnames.len())
    }

    pub(super) fn names_of(&self, th: &Thread, kind: u8) -> PyResult<Owned<Tuple>> {
        let names: Vec<Borrowed<'_>> = (0..self.nlocalsplus as usize)
            .filter(|&index| self.local_kind(index) & kind != 0)
            .map(|index| self.local_name(index).object())
            .collect();
        Tuple::from_slice(th, &names)
    }
}
