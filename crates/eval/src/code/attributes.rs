//! What Python sees of a code object.

use krait_bytecode::local_kind;
use krait_objects::args::rt;
use krait_objects::prelude::*;
use krait_objects::watchers;

use super::extras::Extras;
use super::lines::{LineIterator, PositionsIterator};
use super::{Code, Event, foreign, original_bytes};

#[pymethods(parts(replace))]
impl Code {
    #[slot(tp_dealloc)]
    unsafe fn dealloc(this: *mut Self) {
        let th = Thread::current();
        // SAFETY: the last reference is gone; the code object is whole until it is freed.
        unsafe {
            if th.interp().watchers.code.is_any()
                && watchers::revive_while(this.cast(), || (*this).tell(th, Event::Destroy))
            {
                return;
            }
            Extras::forget(th, this);
            let generation = &th.interp().code_generation;
            generation.set(generation.get() + 1);
            rt::dealloc::<Code>(this.cast());
        }
    }

    /// The code as the compiler wrote it.
    #[getter]
    fn co_code(&self, th: &Thread) -> PyResult<Owned<Bytes>> {
        Bytes::new(th, &original_bytes(self))
    }

    #[getter]
    fn _co_code_adaptive(&self, th: &Thread) -> PyResult<Owned<Bytes>> {
        // SAFETY: the code has that many units.
        let bytes =
            unsafe { std::slice::from_raw_parts(self.units().cast::<u8>(), 2 * self.unit_count()) };
        let mut bytes = bytes.to_vec();
        if let (Some(first), Some(opcode)) = (bytes.first_mut(), foreign::deferred_opcode(self)) {
            *first = opcode;
        }
        Bytes::new(th, &bytes)
    }

    #[getter]
    fn co_nlocals(&self) -> i32 {
        self.nlocals
    }

    /// The names of parameters and local variables.
    #[getter]
    fn co_varnames(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        self.names_of(th, local_kind::LOCAL)
    }

    /// The names of local variables that inner functions use.
    #[getter]
    fn co_cellvars(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        self.names_of(th, local_kind::CELL)
    }

    /// The names of variables of enclosing functions.
    #[getter]
    fn co_freevars(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        self.names_of(th, local_kind::FREE)
    }

    #[getter]
    fn co_lnotab(&self, th: &Thread) -> PyResult<Owned<Bytes>> {
        let message = Str::new(th, "co_lnotab is deprecated, use co_lines instead.")?;
        let category = Borrowed::from_ref(exc::DEPRECATION_WARNING).object();
        (th.interp().services.get().warn)(th, category, message.borrow(), 1)?;
        Bytes::new(th, &self.line_deltas())
    }

    /// Iterate over the lines: triples of start and end in bytes, and line number.
    #[method(sig = "(self)")]
    fn co_lines(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        LineIterator::of(th, this)
    }

    /// Iterate over the source positions of all code units: line, end line, column, end column.
    #[method(sig = "(self)")]
    fn co_positions(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        PositionsIterator::of(th, this)
    }

    /// Iterate over the branches: triples of the offsets of the instruction and of both its successors.
    #[method(sig = "(self)")]
    fn co_branches(&self, th: &Thread) -> PyResult {
        let triples = super::lines::branches(self)
            .into_iter()
            .map(|triple| {
                let numbers = triple
                    .iter()
                    .map(|n| Ok(Int::from_usize(th, *n)?.into_object()))
                    .collect::<PyResult<Vec<_>>>()?;
                Ok(Tuple::from_vec(th, numbers)?.into_object())
            })
            .collect::<PyResult<Vec<_>>>()?;
        iter::get_iter(th, List::from_vec(th, triples)?.object())
    }

    /// The name of the local variable that an instruction's argument stands for.
    #[method(sig = "(self, /, oparg)")]
    fn _varname_from_oparg(&self, th: &Thread, oparg: i32) -> PyResult {
        let index = usize::try_from(oparg).ok();
        match index.and_then(|index| self.localsplusnames.get(index)) {
            Some(name) => Ok(name.to_owned()),
            None => Err(th.raise(exc::INDEX_ERROR, "tuple index out of range")),
        }
    }

    #[method(sig = "(self)")]
    fn __sizeof__(&self) -> usize {
        let head = std::mem::offset_of!(Code, code_units);
        head + 2 * self.unit_count()
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let line = if this.firstlineno == 0 { -1 } else { this.firstlineno };
        Str::from_fmt(
            th,
            format_args!(
                "<code object {} at {:p}, file \"{}\", line {line}>",
                &*this.name,
                this.as_ptr(),
                this.filename().get()
            ),
        )
    }

    #[slot(tp_hash)]
    fn hash(&self, th: &Thread) -> PyResult<isize> {
        let mut hash: u64 = 20221211;
        let mut mix = |value: u64| hash = (hash ^ value).wrapping_mul(1000003);
        mix(object::hash(th, self.name.object())? as u64);
        mix(object::hash(th, self.consts.object())? as u64);
        mix(object::hash(th, self.names.object())? as u64);
        mix(object::hash(th, self.localsplusnames.object())? as u64);
        mix(object::hash(th, self.linetable.object())? as u64);
        mix(object::hash(th, self.exceptiontable.object())? as u64);
        for number in [
            self.argcount,
            self.posonlyargcount,
            self.kwonlyargcount,
            self.flags,
            self.firstlineno,
            self.unit_count() as i32,
        ] {
            mix(number as u64);
        }
        for byte in original_bytes(self) {
            mix(u64::from(byte));
        }
        Ok(if hash == u64::MAX { -2 } else { hash as isize })
    }

    #[slot(tp_richcompare)]
    fn richcompare(&self, th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let (Some(other), CompareOp::Eq | CompareOp::Ne) = (other.downcast::<Code>(), op) else {
            return Ok(not_implemented().to_owned());
        };
        let equal = self.same_as(th, other.get())?;
        Ok(bool_object(equal == (op == CompareOp::Eq)).object().to_owned())
    }
}

impl Code {
    /// Equality as the compiler sees it: where the code comes from and its qualified name do not count.
    fn same_as(&self, th: &Thread, other: &Code) -> PyResult<bool> {
        if std::ptr::eq(self, other) {
            return Ok(true);
        }
        let numbers = |code: &Code| {
            (
                code.argcount,
                code.posonlyargcount,
                code.kwonlyargcount,
                code.flags,
                code.firstlineno,
                code.unit_count(),
            )
        };
        if numbers(self) != numbers(other) || original_bytes(self) != original_bytes(other) {
            return Ok(false);
        }
        // Constants of different types differ, though they may compare equal.
        let same_types = self.consts.len() == other.consts.len()
            && self
                .consts
                .as_slice()
                .iter()
                .zip(other.consts.as_slice())
                .all(|(a, b)| a.ty().is(b.ty()));
        Ok(same_types
            && object::eq(th, self.name.object(), other.name.object())?
            && object::eq(th, self.consts.object(), other.consts.object())?
            && object::eq(th, self.names.object(), other.names.object())?
            && object::eq(th, self.localsplusnames.object(), other.localsplusnames.object())?
            && object::eq(th, self.linetable.object(), other.linetable.object())?
            && object::eq(th, self.exceptiontable.object(), other.exceptiontable.object())?)
    }

    /// `co_lnotab`: pairs of increments of offset and line.
    fn line_deltas(&self) -> Vec<u8> {
        let mut table = Vec::new();
        let (mut offset, mut line) = (0, self.firstlineno);
        for range in krait_bytecode::lines(self.linetable.as_bytes(), self.firstlineno) {
            let Some(next) = range.line.filter(|next| *next != line) else { continue };
            let (mut bytes, mut lines) =
                (range.start.wrapping_sub(offset), next.wrapping_sub(line));
            while bytes > 254 {
                table.extend([254, 0]);
                bytes -= 254;
            }
            while !(-128..=127).contains(&lines) {
                let step = if lines < 0 { -128 } else { 127 };
                table.extend([bytes as u8, step as i8 as u8]);
                lines -= step;
                bytes = 0;
            }
            table.extend([bytes as u8, lines as i8 as u8]);
            (offset, line) = (range.start, next);
        }
        table
    }
}
