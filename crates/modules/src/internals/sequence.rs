//! `InstructionSequence`: the compiler's instructions as tests make and read them.
//!
//! The same job as the Python half of CPython's `Python/instruction_sequence.c`.

use std::cell::RefCell;
use std::ffi::c_int;

use krait_compiler::instructions::{Instruction, InstructionSequence, Location};
use krait_objects::gc::Visit;
use krait_objects::prelude::*;

/// The instructions. Memory that starts as zeros holds none.
struct Instructions(RefCell<Option<Box<InstructionSequence>>>);

impl Visit for Instructions {
    fn visit(&self, _: &mut Visitor<'_>) -> c_int {
        0
    }

    fn clear(&self) {}
}

/// Instructions with labels, before assembly.
#[pytype(name = "InstructionSequence", new = "()", flags(HAVE_GC))]
#[repr(C)]
pub struct Sequence {
    head: Head,
    #[visit]
    instructions: Instructions,
    /// Sequences of the code objects inside, as a list once there are any.
    #[visit]
    nested: Slot<List>,
}

impl Sequence {
    /// The object of a sequence and of those nested in it.
    pub fn from_instructions(
        th: &Thread,
        instructions: InstructionSequence,
    ) -> PyResult<Owned<Sequence>> {
        let nested = instructions
            .nested()
            .iter()
            .map(|inner| Ok(Sequence::from_instructions(th, inner.clone())?.into_object()))
            .collect::<PyResult<Vec<_>>>()?;
        let this = Sequence::type_object().alloc::<Sequence>(th, 0)?;
        if !nested.is_empty() {
            this.nested.set(Some(List::from_vec(th, nested)?));
        }
        *this.instructions.0.borrow_mut() = Some(Box::new(instructions));
        Ok(this)
    }

    /// Does something to the instructions that runs no code.
    pub fn with<R>(&self, action: impl FnOnce(&mut InstructionSequence) -> R) -> R {
        action(self.instructions.0.borrow_mut().get_or_insert_default())
    }
}

/// One item of `get_instructions`: `(opcode, oparg, line, end_line, column, end_column)`.
fn as_tuple(th: &Thread, instruction: &Instruction) -> PyResult {
    let int = |value: i64| Int::from_i64(th, value).map(Owned::into_object);
    let Instruction { opcode, oparg, location } = *instruction;
    let oparg = match opcode.has_arg() || instruction.has_target() {
        true => int(oparg.into())?,
        false => none().to_owned(),
    };
    let Location { line, end_line, column, end_column } = location;
    let place = [line, end_line, column, end_column].map(|part| int(part.into()));
    let [line, end_line, column, end_column] = place;
    let items = [int(opcode.number().into())?, oparg, line?, end_line?, column?, end_column?];
    Ok(Tuple::pack(th, items)?.into_object())
}

/// A label's number; the reference's are those of a C array.
fn label_id(th: &Thread, label: i32) -> PyResult<u32> {
    const LIMIT: u32 = 1 << 24;
    match u32::try_from(label) {
        Ok(id) if id < LIMIT => Ok(id),
        _ => Err(th.raise(exc::VALUE_ERROR, "invalid label")),
    }
}

#[pymethods]
impl Sequence {
    #[new(sig = "()")]
    fn new(cls: Borrowed<'_, Type>, th: &Thread) -> PyResult<Owned<Sequence>> {
        cls.alloc::<Sequence>(th, 0)
    }

    /// Put the label before the instruction that comes next.
    #[method(sig = "(self, /, label)")]
    fn use_label(&self, th: &Thread, label: i32) -> PyResult<()> {
        let id = label_id(th, label)?;
        self.with(|instructions| instructions.use_label_id(id));
        Ok(())
    }

    /// Add an instruction at the end.
    #[method(
        sig = "(self, /, opcode, oparg, lineno, col_offset, end_lineno,\n      end_col_offset)"
    )]
    #[allow(clippy::too_many_arguments)] // the reference's parameters
    fn addop(
        &self,
        th: &Thread,
        opcode: i32,
        oparg: i32,
        lineno: i32,
        col_offset: i32,
        end_lineno: i32,
        end_col_offset: i32,
    ) -> PyResult<()> {
        let Some(opcode) = crate::opcode::find(opcode) else {
            return Err(th.raise(exc::VALUE_ERROR, "invalid opcode"));
        };
        let Ok(oparg) = u32::try_from(oparg) else {
            return Err(th.raise(exc::VALUE_ERROR, "invalid oparg"));
        };
        // In the order of the parameters, whatever they are called: the reference fills its structure so.
        let location = Location::new(lineno, col_offset, end_lineno, end_col_offset);
        self.with(|instructions| instructions.push(Instruction { opcode, oparg, location }));
        Ok(())
    }

    /// Return a label that is not in use.
    #[method(sig = "(self, /)")]
    fn new_label(&self) -> u32 {
        self.with(|instructions| instructions.new_label().id())
    }

    /// Add the sequence of a code object inside.
    #[method(sig = "(self, /, nested)")]
    fn add_nested(&self, th: &Thread, nested: Borrowed<'_>) -> PyResult<()> {
        if nested.downcast::<Sequence>().is_none() {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "expected an instruction sequence, not {}",
                nested.type_name()
            ));
        }
        let list = match self.nested.get_owned() {
            Some(list) => list,
            None => {
                let list = List::new(th)?;
                self.nested.set(Some(list.clone()));
                list
            }
        };
        list.push(th, nested.to_owned())
    }

    /// Return the sequences of the code objects inside.
    #[method(sig = "(self, /)")]
    fn get_nested(&self, th: &Thread) -> PyResult<Owned<List>> {
        match self.nested.get_owned() {
            Some(list) => Ok(list),
            None => List::new(th),
        }
    }

    /// Return the instructions as tuples; jumps hold indices of instructions.
    #[method(sig = "(self, /)")]
    fn get_instructions(&self, th: &Thread) -> PyResult<Owned<List>> {
        self.with(InstructionSequence::resolve_labels)
            .map_err(|error| raise!(th, VALUE_ERROR, "{error}"))?;
        let instructions = self.with(|instructions| instructions.instructions().to_vec());
        let tuples = instructions.iter().map(|instruction| as_tuple(th, instruction));
        List::from_vec(th, tuples.collect::<PyResult<Vec<_>>>()?)
    }
}
