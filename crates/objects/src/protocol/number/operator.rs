//! Binary and ternary operators: which operand's slot is asked, in which order.
//!
//! The right operand goes first if its type derives from the left one's and has a slot of its own. In-place
//! operators try the in-place slot, then the plain one. SAFETY: as in `number`.

use std::mem::offset_of;

use krait_abi as abi;

use crate::prelude::*;

type Function = unsafe extern "C" fn(*mut abi::PyObject, *mut abi::PyObject) -> *mut abi::PyObject;
type Ternary = unsafe extern "C" fn(
    *mut abi::PyObject,
    *mut abi::PyObject,
    *mut abi::PyObject,
) -> *mut abi::PyObject;

/// Where an operator's slots lie in `PyNumberMethods`.
#[derive(Clone, Copy)]
struct Slots {
    plain: u16,
    /// No operator has its in-place slot at the beginning: 0 stands for none.
    inplace: u16,
}

macro_rules! table {
    ($($operator:ident $symbol:literal $slot:ident $($inplace:ident)?, $argument:literal;)*) => {
        /// A binary operator; `Inplace…` forms try the in-place slot first. The order is that of `NB_*`.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Binary {
            $($operator,)*
            Divmod,
        }

        impl Binary {
            /// The operator of a `BINARY_OP` argument; `None` for `NB_SUBSCR`.
            pub fn from_argument(op: u32) -> Option<Binary> {
                match op {
                    $($argument => Some(Binary::$operator),)*
                    _ => None,
                }
            }

            fn symbol(self) -> &'static str {
                match self {
                    $(Binary::$operator => $symbol,)*
                    Binary::Divmod => "divmod()",
                }
            }

            #[inline(always)]
            fn slots(self) -> Slots {
                SLOTS[self as usize]
            }
        }

        const SLOTS: [Slots; Binary::Divmod as usize + 1] = [
            $(Slots {
                plain: offset_of!(abi::PyNumberMethods, $slot) as u16,
                inplace: table!(@inplace $($inplace)?),
            },)*
            Slots { plain: offset_of!(abi::PyNumberMethods, nb_divmod) as u16, inplace: 0 },
        ];
    };
    (@inplace $slot:ident) => { offset_of!(abi::PyNumberMethods, $slot) as u16 };
    (@inplace) => { 0 };
}

table! {
    Add "+" nb_add, 0;
    And "&" nb_and, 1;
    FloorDivide "//" nb_floor_divide, 2;
    Lshift "<<" nb_lshift, 3;
    MatrixMultiply "@" nb_matrix_multiply, 4;
    Multiply "*" nb_multiply, 5;
    Remainder "%" nb_remainder, 6;
    Or "|" nb_or, 7;
    Power "** or pow()" nb_power, 8;
    Rshift ">>" nb_rshift, 9;
    Subtract "-" nb_subtract, 10;
    TrueDivide "/" nb_true_divide, 11;
    Xor "^" nb_xor, 12;
    InplaceAdd "+=" nb_add nb_inplace_add, 13;
    InplaceAnd "&=" nb_and nb_inplace_and, 14;
    InplaceFloorDivide "//=" nb_floor_divide nb_inplace_floor_divide, 15;
    InplaceLshift "<<=" nb_lshift nb_inplace_lshift, 16;
    InplaceMatrixMultiply "@=" nb_matrix_multiply nb_inplace_matrix_multiply, 17;
    InplaceMultiply "*=" nb_multiply nb_inplace_multiply, 18;
    InplaceRemainder "%=" nb_remainder nb_inplace_remainder, 19;
    InplaceOr "|=" nb_or nb_inplace_or, 20;
    InplacePower "**=" nb_power nb_inplace_power, 21;
    InplaceRshift ">>=" nb_rshift nb_inplace_rshift, 22;
    InplaceSubtract "-=" nb_subtract nb_inplace_subtract, 23;
    InplaceTrueDivide "/=" nb_true_divide nb_inplace_true_divide, 24;
    InplaceXor "^=" nb_xor nb_inplace_xor, 25;
}

/// Of arguments without slots that take two operands.
const NO_SLOT: u16 = u16::MAX;

/// The slots by `BINARY_OP` argument.
static BY_ARGUMENT: [Slots; 27] = {
    let mut table = [Slots { plain: NO_SLOT, inplace: 0 }; 27];
    let mut at = 0;
    while at < Binary::Divmod as usize {
        if at != Binary::Power as usize && at != Binary::InplacePower as usize {
            table[at] = SLOTS[at];
        }
        at += 1;
    }
    table
};

/// The function in a slot of the operand's number table.
#[inline(always)]
fn slot<F: Copy>(ob: Borrowed<'_>, offset: usize) -> Option<F> {
    let table = ob.ty().raw().tp_as_number;
    if table.is_null() {
        return None;
    }
    // SAFETY: the table lives as long as the type; its fields are optional functions of one word, of type `F` here.
    unsafe { *table.cast::<u8>().add(offset).cast::<Option<F>>() }
}

fn address<F: Copy>(function: F) -> usize {
    // SAFETY: function pointers are one word.
    unsafe { std::mem::transmute_copy::<F, usize>(&function) }
}

/// Asks both operands' functions in the right order, by `call`; `None` if neither knows.
fn ask<F: Copy>(
    th: &Thread,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
    offset: usize,
    call: impl Fn(F) -> *mut abi::PyObject,
) -> PyResult<Option<Owned>> {
    let answer = |function: F| -> PyResult<Option<Owned>> {
        // SAFETY: see the top of the file.
        let result: Owned =
            unsafe { Owned::from_ptr_or_null(call(function)) }.ok_or_else(|| th.raised_by_c())?;
        Ok((!result.is(not_implemented())).then_some(result))
    };
    let ours: Option<F> = slot(left, offset);
    let mut theirs: Option<F> = if left.ty().is(right.ty()) { None } else { slot(right, offset) };
    if theirs.map(address) == ours.map(address) {
        theirs = None;
    }
    if let Some(ours) = ours {
        if let Some(function) = theirs.filter(|_| right.ty().is_subtype(&left.ty())) {
            if let Some(result) = answer(function)? {
                return Ok(Some(result));
            }
            theirs = None;
        }
        if let Some(result) = answer(ours)? {
            return Ok(Some(result));
        }
    }
    match theirs {
        Some(theirs) => answer(theirs),
        None => Ok(None),
    }
}

/// `left <op> right`; TypeError if neither operand knows how.
pub fn binary_operator(
    th: &Thread,
    operator: Binary,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
) -> PyResult {
    operate(th, operator, left, right)
}

/// As `binary_operator`, in line: for the loop.
#[inline(always)]
pub(super) fn operate(
    th: &Thread,
    operator: Binary,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
) -> PyResult {
    let slots = operator.slots();
    if slots.inplace != 0
        && let Some(function) = slot::<Function>(left, slots.inplace.into())
    {
        // SAFETY: see the top of the file.
        let result: Owned =
            unsafe { Owned::from_ptr_or_null(function(left.as_ptr(), right.as_ptr())) }
                .ok_or_else(|| th.raised_by_c())?;
        if !result.is(not_implemented()) {
            return Ok(result);
        }
    }
    let offset = usize::from(slots.plain);
    // Most of the time there is one to ask.
    if let Some(only) = slot::<Function>(left, offset)
        && (left.ty().is(right.ty())
            || slot::<Function>(right, offset).is_none_or(|other| address(other) == address(only)))
    {
        // SAFETY: see the top of the file.
        let result: Owned = unsafe { Owned::from_ptr_or_null(only(left.as_ptr(), right.as_ptr())) }
            .ok_or_else(|| th.raised_by_c())?;
        return match result.is(not_implemented()) {
            false => Ok(result),
            true => by_sequence(th, operator, left, right),
        };
    }
    ask_both(th, operator, left, right)
}

/// The answer of the left operand's function, if that is all that is to be asked: for C's entries, whose results may be NULL.
///
/// # Safety
/// The operands are live objects or NULL; `offset` is where the operator's function lies.
#[inline(always)]
pub unsafe fn answer_at_once(
    operator: Binary,
    left: *mut abi::PyObject,
    right: *mut abi::PyObject,
) -> Option<*mut abi::PyObject> {
    let slots = operator.slots();
    // SAFETY: the caller's promise.
    let (left, right): (Borrowed<'_>, Borrowed<'_>) =
        unsafe { (Borrowed::from_ptr_or_null(left)?, Borrowed::from_ptr_or_null(right)?) };
    if slots.inplace != 0
        && let Some(function) = slot::<Function>(left, slots.inplace.into())
    {
        // SAFETY: see the top of the file.
        let result = unsafe { function(left.as_ptr(), right.as_ptr()) };
        return Some(if result == not_implemented().as_ptr() {
            not_in_place(operator, left, right)
        } else {
            result
        });
    }
    let offset = usize::from(slots.plain);
    let function = slot::<Function>(left, offset)?;
    if !left.ty().is(right.ty())
        && let Some(other) = slot::<Function>(right, offset)
        && address(other) != address(function)
        && right.ty().get().derives_from(left.ty().get())
    {
        return None;
    }
    // SAFETY: see the top of the file.
    let result = unsafe { function(left.as_ptr(), right.as_ptr()) };
    Some(if result == not_implemented().as_ptr() {
        not_by_left(operator, left, right)
    } else {
        result
    })
}

/// The function to ask for a `BINARY_OP` argument, if it is the only one, or an in-place one. Of operators whose functions take
/// two operands.
///
/// # Safety
/// The operands are live objects.
#[inline(always)]
pub unsafe fn first_function(
    op: usize,
    left: *mut abi::PyObject,
    right: *mut abi::PyObject,
) -> Option<Function> {
    let slots = BY_ARGUMENT.get(op)?;
    // SAFETY: the caller's promise.
    let (left, right): (Borrowed<'_>, Borrowed<'_>) =
        unsafe { (Borrowed::from_ptr(left), Borrowed::from_ptr(right)) };
    if slots.inplace != 0
        && let Some(function) = slot::<Function>(left, slots.inplace.into())
    {
        return Some(function);
    }
    if slots.plain == NO_SLOT {
        return None;
    }
    let offset = usize::from(slots.plain);
    let function = slot::<Function>(left, offset)?;
    let is_asked_alone = left.ty().is(right.ty())
        || slot::<Function>(right, offset).is_none_or(|other| address(other) == address(function));
    is_asked_alone.then_some(function)
}

/// What follows when `first_function`'s answer was NotImplemented.
pub fn declined(th: &Thread, op: u32, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
    let Some(operator) = Binary::from_argument(op) else { return Err(th.bad_internal_call()) };
    let inplace = operator.slots().inplace;
    let answer = match inplace != 0 && slot::<Function>(left, inplace.into()).is_some() {
        true => return ask_both(th, operator, left, right),
        false => not_by_left(operator, left, right),
    };
    // SAFETY: a new reference, or NULL with an exception.
    unsafe { Owned::from_ptr_or_null(answer) }.ok_or_else(|| th.raised_by_c())
}

/// The in-place function does not know.
#[cold]
#[inline(never)]
fn not_in_place(operator: Binary, left: Borrowed<'_>, right: Borrowed<'_>) -> *mut abi::PyObject {
    crate::args::shim::object(|th| ask_both(th, operator, left, right))
}

/// The left operand's function does not know: the right one's, then what sequences do.
#[cold]
#[inline(never)]
fn not_by_left(operator: Binary, left: Borrowed<'_>, right: Borrowed<'_>) -> *mut abi::PyObject {
    let offset = usize::from(operator.slots().plain);
    let (first, second) = (slot::<Function>(left, offset), slot::<Function>(right, offset));
    crate::args::shim::object(|th| {
        if let Some(other) = second
            && first.map(address) != second.map(address)
        {
            // SAFETY: see the top of the file.
            let result: Owned =
                unsafe { Owned::from_ptr_or_null(other(left.as_ptr(), right.as_ptr())) }
                    .ok_or_else(|| th.raised_by_c())?;
            if !result.is(not_implemented()) {
                return Ok(result);
            }
        }
        by_sequence(th, operator, left, right)
    })
}

/// Both types have functions of their own, or the left one has none.
#[inline(never)]
fn ask_both(th: &Thread, operator: Binary, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
    let offset = operator.slots().plain.into();
    // The left one's answer is what counts most of the time.
    if let Some(function) = slot::<Function>(left, offset)
        && !right.ty().get().derives_from(left.ty().get())
    {
        // SAFETY: see the top of the file.
        let result: Owned =
            unsafe { Owned::from_ptr_or_null(function(left.as_ptr(), right.as_ptr())) }
                .ok_or_else(|| th.raised_by_c())?;
        if !result.is(not_implemented()) {
            return Ok(result);
        }
        if let Some(other) = slot::<Function>(right, offset)
            && address(other) != address(function)
        {
            // SAFETY: see the top of the file.
            let result: Owned =
                unsafe { Owned::from_ptr_or_null(other(left.as_ptr(), right.as_ptr())) }
                    .ok_or_else(|| th.raised_by_c())?;
            if !result.is(not_implemented()) {
                return Ok(result);
            }
        }
        return by_sequence(th, operator, left, right);
    }
    // SAFETY: see the top of the file.
    let plain = ask::<Function>(th, left, right, offset, |function| unsafe {
        function(left.as_ptr(), right.as_ptr())
    })?;
    plain.map_or_else(|| by_sequence(th, operator, left, right), Ok)
}

/// No number slot knows how: what sequences do, or TypeError.
fn by_sequence(th: &Thread, operator: Binary, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
    sequence_operator(th, operator, left, right)?
        .ok_or_else(|| unsupported(th, operator, operator.symbol(), left, right))
}

/// `+` and `*` of sequences that have no number slots.
fn sequence_operator(
    th: &Thread,
    operator: Binary,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
) -> PyResult<Option<Owned>> {
    // SAFETY: a live type's table.
    let table = |ob: Borrowed<'_>| unsafe { ob.get().ty().raw().tp_as_sequence.as_ref() };
    let inplace = matches!(operator, Binary::InplaceAdd | Binary::InplaceMultiply);
    match operator {
        Binary::Add | Binary::InplaceAdd => {
            let concat =
                table(left).and_then(|t| t.sq_inplace_concat.filter(|_| inplace).or(t.sq_concat));
            let Some(concat) = concat else {
                return Ok(None);
            };
            // SAFETY: see the top of the file.
            let result = unsafe { Owned::from_ptr_or_null(concat(left.as_ptr(), right.as_ptr())) };
            result.ok_or_else(|| th.raised_by_c()).map(Some)
        }
        Binary::Multiply | Binary::InplaceMultiply => {
            if let Some(repeat) =
                table(left).and_then(|t| t.sq_inplace_repeat.filter(|_| inplace).or(t.sq_repeat))
            {
                return repeat_sequence(th, repeat, left, right).map(Some);
            }
            // What is a sequence in any way is not asked for its other operand's sake.
            if inplace && table(left).is_some() {
                return Ok(None);
            }
            match table(right).and_then(|t| t.sq_repeat) {
                Some(repeat) => repeat_sequence(th, repeat, right, left).map(Some),
                None => Ok(None),
            }
        }
        _ => Ok(None),
    }
}

fn repeat_sequence(
    th: &Thread,
    repeat: unsafe extern "C" fn(*mut abi::PyObject, isize) -> *mut abi::PyObject,
    sequence: Borrowed<'_>,
    count: Borrowed<'_>,
) -> PyResult {
    if !super::is_index(count) {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "can't multiply sequence by non-int of type '{}'",
            count.type_name()
        ));
    }
    let count = super::as_isize(th, count, Some(exc::OVERFLOW_ERROR))?;
    // SAFETY: see the top of the file.
    unsafe { Owned::from_ptr_or_null(repeat(sequence.as_ptr(), count)) }
        .ok_or_else(|| th.raised_by_c())
}

#[cold]
fn unsupported(
    th: &Thread,
    operator: Binary,
    symbol: &str,
    left: Borrowed<'_>,
    right: Borrowed<'_>,
) -> Raised {
    if operator == Binary::Rshift && crate::descr::is_builtin_named(left, "print") {
        return raise!(
            th,
            TYPE_ERROR,
            "unsupported operand type(s) for {symbol}: '{}' and '{}'. Did you mean \"print(<message>, file=<output_stream>)\"?",
            left.type_name(),
            right.type_name()
        );
    }
    raise!(
        th,
        TYPE_ERROR,
        "unsupported operand type(s) for {symbol}: '{}' and '{}'",
        left.type_name(),
        right.type_name()
    )
}

/// `pow` with a modulus (`None` the object for none): each operand may know how.
pub(super) fn ternary(
    th: &Thread,
    base: Borrowed<'_>,
    exp: Borrowed<'_>,
    modulus: Borrowed<'_>,
    inplace: bool,
) -> PyResult {
    let offset = offset_of!(abi::PyNumberMethods, nb_power);
    // SAFETY: see the top of the file.
    let call =
        |function: Ternary| unsafe { function(base.as_ptr(), exp.as_ptr(), modulus.as_ptr()) };
    if inplace {
        if let Some(function) =
            slot::<Ternary>(base, offset_of!(abi::PyNumberMethods, nb_inplace_power))
        {
            // SAFETY: see the top of the file.
            let result: Owned = unsafe { Owned::from_ptr_or_null(call(function)) }
                .ok_or_else(|| th.raised_by_c())?;
            if !result.is(not_implemented()) {
                return Ok(result);
            }
        }
    }
    if let Some(result) = ask::<Ternary>(th, base, exp, offset, call)? {
        return Ok(result);
    }
    if let Some(function) = slot::<Ternary>(modulus, offset) {
        let known = [slot::<Ternary>(base, offset), slot(exp, offset)]
            .iter()
            .flatten()
            .any(|&other| address(other) == address(function));
        if !known {
            // SAFETY: see the top of the file.
            let result: Owned = unsafe { Owned::from_ptr_or_null(call(function)) }
                .ok_or_else(|| th.raised_by_c())?;
            if !result.is(not_implemented()) {
                return Ok(result);
            }
        }
    }
    let symbol = if inplace { "**=" } else { "** or pow()" };
    if modulus.is_none() {
        return Err(unsupported(th, Binary::Power, symbol, base, exp));
    }
    Err(raise!(
        th,
        TYPE_ERROR,
        "unsupported operand type(s) for {symbol}: '{}', '{}', '{}'",
        base.type_name(),
        exp.type_name(),
        modulus.type_name()
    ))
}
