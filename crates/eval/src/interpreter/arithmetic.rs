//! Operators: arithmetic, comparison, truth.

use krait_bytecode::COMPARE_TO_BOOL;
use krait_objects::prelude::*;

use super::op::Op;

#[inline(always)]
pub fn binary_op(op: Op<'_>) -> PyResult<()> {
    let (left, right) = (op.peek(2), op.peek(1));
    let result = if op.arg == krait_bytecode::BinaryOp::NB_SUBSCR as usize {
        object::get_item(op.th, left, right)?
    } else {
        number::binary(op.th, op.arg as u32, left, right)?
    };
    let operands = op.pop::<2>();
    op.push(result);
    drop(operands);
    Ok(())
}

#[inline(always)]
pub fn compare_op(op: Op<'_>) -> PyResult<()> {
    let [left, right] = op.pop();
    let Some(comparison) = CompareOp::from_c(op.arg as i32 >> 5) else {
        return Err(op.th.bad_internal_call());
    };
    let result = object::compare(op.th, left.get(), right.get(), comparison)?;
    if op.arg as u32 & COMPARE_TO_BOOL != 0 {
        op.push_bool(object::is_true(op.th, result.borrow())?);
    } else {
        op.push(result);
    }
    Ok(())
}

#[inline(always)]
pub fn to_bool(op: Op<'_>) -> PyResult<()> {
    let value = op.pop1();
    op.push_bool(object::is_true(op.th, value.get())?);
    Ok(())
}

#[inline(always)]
pub fn unary_negative(op: Op<'_>) -> PyResult<()> {
    let value = op.pop1();
    op.push(number::negative(op.th, value.get())?);
    Ok(())
}

pub fn unary_invert(op: Op<'_>) -> PyResult<()> {
    let value = op.pop1();
    op.push(number::invert(op.th, value.get())?);
    Ok(())
}

/// Handlers in registers, for operands of known types.
pub mod hot {
    use krait_abi as abi;
    use krait_objects::prelude::*;

    use super::super::cold::{Dealloc, Rare, ReleaseOperands, deopt};
    use super::super::specialize::layout;
    use super::super::state::{Cold, Dispatch, Operation, State, decode};
    use super::Op;
    use crate::code::CodeUnit;
    use crate::frame::StackRef;

    /// Units with their caches.
    const BINARY_OP: usize = 6;
    const COMPARE_OP: usize = 2;
    const TO_BOOL: usize = 4;

    /// The two operands on top. Whoever writes in between, to count or to keep a result, passes them on: for the
    /// compiler, the stack may have changed.
    type Operands = (StackRef, StackRef);

    #[inline(always)]
    unsafe fn operands(s: State) -> Operands {
        // SAFETY: (9).
        unsafe { (s.peek(2), s.peek(1)) }
    }

    /// Replaces two operands by the result and releases them.
    #[inline(always)]
    unsafe fn finish<D: Dispatch>(
        s: State,
        (left, right): Operands,
        result: StackRef,
        units: usize,
    ) -> D::Out {
        // SAFETY: (9).
        unsafe {
            s.poke(2, result);
            let s = s.drop(1).skip(units);
            if left.is_counted() | right.is_counted() {
                return D::cold::<ReleaseOperands>(s, left.bits());
            }
            D::next(s)
        }
    }

    /// As `finish`, for operands whose counts can be given back in line.
    #[inline(always)]
    unsafe fn finish_counting<D: Dispatch>(
        s: State,
        (left, right): Operands,
        result: StackRef,
        units: usize,
    ) -> D::Out {
        // SAFETY: (9): only what has to be deallocated is left to the cold function.
        unsafe {
            if (left.is_counted() && left.is_unique()) | (right.is_counted() && right.is_unique()) {
                return finish::<D>(s, (left, right), result, units);
            }
            s.poke(2, result);
            let s = s.drop(1).skip(units);
            // Both may be references to one object, and its last.
            if left.release() | right.release() {
                return D::cold::<Dealloc>(s, right.bits());
            }
            D::next(s)
        }
    }

    /// The left operand has become the result; releases the right one.
    #[inline(always)]
    unsafe fn keep_left<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9).
        unsafe {
            let right = s.peek(1);
            let s = s.drop(1).skip(BINARY_OP);
            if right.release() {
                return D::cold::<Dealloc>(s, right.bits());
            }
            D::next(s)
        }
    }

    /// The right operand has become the result; releases the left one, which somebody else holds.
    #[inline(always)]
    unsafe fn keep_right<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9).
        unsafe {
            let left = s.peek(2);
            s.poke(2, s.peek(1));
            let s = s.drop(1).skip(BINARY_OP);
            if left.release() {
                return D::cold::<Dealloc>(s, left.bits());
            }
            D::next(s)
        }
    }

    /// A float operation.
    macro_rules! float_op {
        ($($name:ident: $op:tt;)*) => {$(
            #[inline(always)]
            pub unsafe fn $name<D: Dispatch>(s: State) -> D::Out {
                // SAFETY: (9); the checks make the operands what the arithmetic reads.
                unsafe {
                    let operands = operands(s);
                    let (left, right) = (operands.0.ptr(), operands.1.ptr());
                    if !layout::is_float(left) || !layout::is_float(right) {
                        return deopt::<D>(s);
                    }
                    let value = layout::float_value(left) $op layout::float_value(right);
                    if operands.0.is_ours_alone() {
                        layout::write_float(left, value);
                        return keep_left::<D>(s);
                    }
                    if operands.1.is_ours_alone() {
                        layout::write_float(right, value);
                        return keep_right::<D>(s);
                    }
                    let block = s.thread().interp().free_lists.floats.pop();
                    if block.is_null() {
                        return D::cold::<NewFloat>(s, value.to_bits() as usize);
                    }
                    layout::init_float(block, value);
                    finish_counting::<D>(s, operands, StackRef::from_bits(block as usize), BINARY_OP)
                }
            }
        )*};
    }

    /// A result that needs memory of the heap: `x` has its bits.
    struct NewFloat;

    impl Cold for NewFloat {
        #[inline(always)]
        unsafe fn run<D: Dispatch>(s: State, x: usize) -> D::Out {
            // SAFETY: (9); a new reference, or null with an exception.
            unsafe {
                let result = new_float(s.th, f64::from_bits(x as u64));
                if result.is_null() {
                    return D::next(s.unwinding());
                }
                finish::<D>(s, operands(s), StackRef::from_bits(result as usize), BINARY_OP)
            }
        }
    }

    #[inline(never)]
    unsafe fn new_float(th: *const Thread, value: f64) -> *mut abi::PyObject {
        // SAFETY: the loop's thread.
        let result = Float::new(unsafe { &*th }, value);
        result.map_or(std::ptr::null_mut(), Owned::into_ptr)
    }

    float_op! {
        binary_op_add_float: +;
        binary_op_subtract_float: -;
        binary_op_multiply_float: *;
    }

    #[inline(always)]
    pub unsafe fn binary_op_add_unicode<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9); both are strings.
        unsafe {
            let (left, right) = (s.peek(2), s.peek(1));
            if !layout::is_str(left.ptr()) || !layout::is_str(right.ptr()) {
                return deopt::<D>(s);
            }
            let text: Borrowed<'_, Str> = left.get().cast();
            match text.concat(s.thread(), right.get().cast()) {
                Ok(result) => {
                    finish::<D>(s, (left, right), StackRef::from_owned(result), BINARY_OP)
                }
                Err(_raised) => D::next(s.unwinding()),
            }
        }
    }

    /// `text += more` where the next instruction stores the sum in the local that holds `text`.
    #[inline(always)]
    pub unsafe fn binary_op_inplace_add_unicode<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (8), (9): STORE_FAST follows.
        unsafe {
            let (left, right) = (s.peek(2).ptr(), s.peek(1).ptr());
            let (_, local) = decode(s.ip.add(BINARY_OP));
            if !layout::is_str(left) || !layout::is_str(right) || (*s.local(local)).ptr() != left {
                return deopt::<D>(s);
            }
            D::out_of_line::<AppendText>(s)
        }
    }

    struct AppendText;

    impl Operation for AppendText {
        fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
            let [left, right] = op.pop();
            // SAFETY: the handler has checked the types, and what follows.
            unsafe {
                let (_, local) = decode(op.next());
                let variable = std::mem::replace(&mut *op.local(local), StackRef::NULL);
                drop(left);
                let text: Owned<Str> = Owned::from_ptr(variable.into_owned().into_ptr());
                op.push(Str::append(op.th, text, right.get().cast())?);
            }
            Ok(op.next())
        }
    }

    /// The index in an `int` object, if it is within `len` from the front.
    #[inline(always)]
    unsafe fn index_below(index: *mut abi::PyObject, len: isize) -> Option<isize> {
        // SAFETY: the caller has checked the type.
        let index = unsafe { layout::natural(index)? } as isize;
        (index < len).then_some(index)
    }

    #[inline(always)]
    pub unsafe fn binary_op_subscr_list_int<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9); the checks make the operands what is read.
        unsafe {
            let operands = operands(s);
            let (list, index) = (operands.0.ptr(), operands.1.ptr());
            if !layout::is_list(list) || !layout::is_int(index) {
                return deopt::<D>(s);
            }
            let list: *mut abi::PyListObject = list.cast();
            let Some(index) = index_below(index, (*list).ob_base.ob_size) else {
                return D::cold::<ListFromEnd>(s, 0);
            };
            let item = StackRef::new(*(*list).ob_item.offset(index));
            finish_counting::<D>(s, operands, item, BINARY_OP)
        }
    }

    /// The item of a list at a negative index.
    struct ListFromEnd;

    impl Cold for ListFromEnd {
        #[inline(always)]
        unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
            // SAFETY: (9); the handler has checked the types.
            unsafe {
                let list: *mut abi::PyListObject = s.peek(2).ptr().cast();
                let Some(at) = layout::index_from_end(s.peek(1).ptr(), (*list).ob_base.ob_size)
                else {
                    return deopt::<D>(s);
                };
                let item = StackRef::new(*(*list).ob_item.offset(at));
                finish::<D>(s, operands(s), item, BINARY_OP)
            }
        }
    }

    #[inline(always)]
    pub unsafe fn binary_op_subscr_tuple_int<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9); the checks make the operands what is read.
        unsafe {
            let operands = operands(s);
            let (tuple, index) = (operands.0.ptr(), operands.1.ptr());
            if !layout::is_tuple(tuple) || !layout::is_int(index) {
                return deopt::<D>(s);
            }
            let Some(index) = index_below(index, layout::size(tuple)) else {
                return D::cold::<TupleFromEnd>(s, 0);
            };
            let item = StackRef::new(*layout::tuple_items(tuple).offset(index));
            finish_counting::<D>(s, operands, item, BINARY_OP)
        }
    }

    /// The item of a tuple at a negative index.
    struct TupleFromEnd;

    impl Cold for TupleFromEnd {
        #[inline(always)]
        unsafe fn run<D: Dispatch>(s: State, _: usize) -> D::Out {
            // SAFETY: (9); the handler has checked the types.
            unsafe {
                let tuple = s.peek(2).ptr();
                let Some(at) = layout::index_from_end(s.peek(1).ptr(), layout::size(tuple)) else {
                    return deopt::<D>(s);
                };
                let item = StackRef::new(*layout::tuple_items(tuple).offset(at));
                finish::<D>(s, operands(s), item, BINARY_OP)
            }
        }
    }

    /// A character of a string: one of the shared Latin-1 strings almost always.
    #[inline(always)]
    pub unsafe fn binary_op_subscr_str_int<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9); the checks make the operands what is read.
        unsafe {
            let (text, index) = (s.peek(2), s.peek(1).ptr());
            if !layout::is_str(text.ptr()) || !layout::is_int(index) {
                return deopt::<D>(s);
            }
            let text: Borrowed<'_, Str> = text.get().cast();
            let Some(index) = index_below(index, text.len() as isize) else {
                return deopt::<D>(s);
            };
            let result = character(s.th, text.as_ptr(), index);
            if result.is_null() {
                return D::next(s.unwinding());
            }
            finish::<D>(s, operands(s), StackRef::steal(result), BINARY_OP)
        }
    }

    /// `text[index]`, or null with an exception.
    #[inline(never)]
    unsafe fn character(
        th: *const Thread,
        text: *mut abi::PyObject,
        index: isize,
    ) -> *mut abi::PyObject {
        // SAFETY: a string longer than `index`.
        unsafe {
            let text: Borrowed<'_, Str> = Borrowed::from_ptr(text);
            let result = Str::from_char(&*th, text.char_at(index as usize));
            result.map_or(std::ptr::null_mut(), Owned::into_ptr)
        }
    }

    #[inline(always)]
    pub unsafe fn binary_op_subscr_dict<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9). The look-up may run `__hash__` and `__eq__`: out of line.
        unsafe {
            if !layout::is_dict(s.peek(2).ptr()) {
                return deopt::<D>(s);
            }
            s.save();
            let value = dict_item(s.th, s.peek(2).ptr(), s.peek(1).ptr());
            let s = super::super::slots::back(s.th);
            if value.is_null() {
                return D::next(s.unwinding());
            }
            finish_counting::<D>(s, operands(s), StackRef::steal(value), BINARY_OP)
        }
    }

    /// A new reference to a dictionary's value; NULL with an exception if there is none.
    #[inline(never)]
    unsafe fn dict_item(
        th: *const Thread,
        dict: *mut abi::PyObject,
        key: *mut abi::PyObject,
    ) -> *mut abi::PyObject {
        // SAFETY: the handler has checked the type; the operands stay on the stack.
        let (th, dict, key): (&Thread, Borrowed<'_, Dict>, Borrowed<'_>) =
            unsafe { (&*th, Borrowed::from_ptr(dict), Borrowed::from_ptr(key)) };
        match dict.get().get(th, key) {
            Ok(Some(value)) => value.into_ptr(),
            Ok(None) => missing(th, key),
            Err(_raised) => std::ptr::null_mut(),
        }
    }

    #[cold]
    #[inline(never)]
    fn missing(th: &Thread, key: Borrowed<'_>) -> *mut abi::PyObject {
        let _raised =
            key_argument(th, key).map(|argument| th.raise_value(exc::KEY_ERROR, argument.borrow()));
        std::ptr::null_mut()
    }

    /// The missing key as KeyError's only argument, also if it is a tuple.
    fn key_argument(th: &Thread, key: Borrowed<'_>) -> PyResult {
        Ok(Tuple::pack(th, [key.to_owned()])?.into_object())
    }

    #[inline(always)]
    pub unsafe fn compare_op_float<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9); the checks make the operands what is read.
        unsafe {
            let operands = operands(s);
            let (left, right) = (operands.0.ptr(), operands.1.ptr());
            if !layout::is_float(left) || !layout::is_float(right) {
                return deopt::<D>(s);
            }
            let (left, right) = (layout::float_value(left), layout::float_value(right));
            let outcome = match left.partial_cmp(&right) {
                None => 1,
                Some(std::cmp::Ordering::Less) => 2,
                Some(std::cmp::Ordering::Greater) => 4,
                Some(std::cmp::Ordering::Equal) => 8,
            };
            finish_counting::<D>(s, operands, StackRef::from_bool(s.arg & outcome != 0), COMPARE_OP)
        }
    }

    /// Only `==` and `!=` are specialised to this.
    #[inline(always)]
    pub unsafe fn compare_op_str<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9); both are strings.
        unsafe {
            let (left, right) = (s.peek(2), s.peek(1));
            if !layout::is_str(left.ptr()) || !layout::is_str(right.ptr()) {
                return deopt::<D>(s);
            }
            let equal = left.ptr() == right.ptr();
            if !equal && !layout::texts_differ(left.ptr(), right.ptr()) {
                return D::cold::<Rare<CompareText>>(s, 0);
            }
            let outcome = if equal { 8 } else { 2 };
            let result = StackRef::from_bool(s.arg & outcome != 0);
            finish_counting::<D>(s, (left, right), result, COMPARE_OP)
        }
    }

    struct CompareText;

    impl Operation for CompareText {
        #[inline(always)]
        fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
            // SAFETY: the handler has checked the types.
            let (left, right): (Borrowed<'_, Str>, Borrowed<'_, Str>) =
                unsafe { (op.peek(2).cast(), op.peek(1).cast()) };
            let outcome = if Str::eq(left.get(), right.get()) { 8 } else { 2 };
            let operands = op.pop::<2>();
            op.push_bool(op.arg & outcome != 0);
            drop(operands);
            Ok(op.next())
        }
    }

    /// Replaces the operand by its truth and releases it.
    #[inline(always)]
    unsafe fn truth<D: Dispatch>(s: State, value: bool) -> D::Out {
        // SAFETY: (9).
        unsafe {
            let operand = s.peek(1);
            s.poke(1, StackRef::from_bool(value));
            let s = s.skip(TO_BOOL);
            if operand.release() {
                return D::cold::<Dealloc>(s, operand.bits());
            }
            D::next(s)
        }
    }

    #[inline(always)]
    pub unsafe fn to_bool_bool<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9).
        unsafe {
            let value = s.peek(1);
            if value != StackRef::from_bool(true) && value != StackRef::from_bool(false) {
                return deopt::<D>(s);
            }
            D::next(s.skip(TO_BOOL))
        }
    }

    #[inline(always)]
    pub unsafe fn to_bool_none<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9).
        unsafe {
            if s.peek(1) != StackRef::none() {
                return deopt::<D>(s);
            }
            s.poke(1, StackRef::from_bool(false));
            D::next(s.skip(TO_BOOL))
        }
    }

    #[inline(always)]
    pub unsafe fn to_bool_int<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9).
        unsafe {
            let ob = s.peek(1).ptr();
            if !layout::is_int(ob) {
                return deopt::<D>(s);
            }
            truth::<D>(s, !layout::int_is_zero(ob))
        }
    }

    #[inline(always)]
    pub unsafe fn to_bool_list<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9).
        unsafe {
            let ob = s.peek(1).ptr();
            if !layout::is_list(ob) {
                return deopt::<D>(s);
            }
            truth::<D>(s, layout::size(ob) != 0)
        }
    }

    #[inline(always)]
    pub unsafe fn to_bool_str<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9).
        unsafe {
            let ob = s.peek(1).ptr();
            if !layout::is_str(ob) {
                return deopt::<D>(s);
            }
            truth::<D>(s, layout::str_len(ob) != 0)
        }
    }

    /// An object whose type, at this version, has neither `__bool__` nor `__len__`.
    #[inline(always)]
    pub unsafe fn to_bool_always_true<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: (9).
        unsafe {
            if layout::type_version(s.peek(1).ptr()) != s.cache_u32(2) {
                return deopt::<D>(s);
            }
            truth::<D>(s, true)
        }
    }
}
