//! The table itself: one line for each special method and slot.
//!
//! Lines of one slot stand together (`fixup` relies on it). The order is the reference's: `tp_` slots,
//! then async, number, mapping, sequence, so that of two slots with one name the mapping's is wrapped.

use std::ffi::{CStr, c_void};
use std::mem::offset_of;

use krait_abi::{
    PyAsyncMethods, PyBufferProcs, PyMappingMethods, PyNumberMethods, PySequenceMethods,
    PyTypeObject,
};

use super::dispatch as d;
use super::dispatch_binary as b;
use super::wrappers as w;
use super::{Place, SlotDef, Table};
use crate::ids::id;

macro_rules! table {
    ($($table:ident . $slot:ident, $name:ident, $function:expr, $wrapper:expr, $signature:literal, $doc:literal;)*) => {
        /// Every special method that a C slot implements, grouped by slot.
        pub static SLOTS: &[SlotDef] = &[$(SlotDef::new(
            table!(@text stringify!($name)),
            id::$name,
            Place { table: Table::$table, offset: table!(@offset $table, $slot) },
            ($function as *const c_void, $wrapper),
            table!(@text stringify!($name), $signature, "\n--\n\n", $doc),
        )),*];

        const PLACES: &[Place] =
            &[$(Place { table: Table::$table, offset: table!(@offset $table, $slot) }),*];
    };
    (@text $($part:expr),*) => {
        match CStr::from_bytes_with_nul(concat!($($part,)* "\0").as_bytes()) {
            Ok(text) => text,
            Err(_) => panic!("a zero byte in a text"),
        }
    };
    (@offset Type, $slot:ident) => { offset_of!(PyTypeObject, $slot) };
    (@offset Async, $slot:ident) => { offset_of!(PyAsyncMethods, $slot) };
    (@offset Number, $slot:ident) => { offset_of!(PyNumberMethods, $slot) };
    (@offset Mapping, $slot:ident) => { offset_of!(PyMappingMethods, $slot) };
    (@offset Sequence, $slot:ident) => { offset_of!(PySequenceMethods, $slot) };
    (@offset Buffer, $slot:ident) => { offset_of!(PyBufferProcs, $slot) };
}

const NONE: *const c_void = std::ptr::null();

table! {
    Type.tp_repr, __repr__, d::tp_repr, w::unary, "($self, /)", "Return repr(self).";
    Type.tp_hash, __hash__, d::tp_hash, w::hash, "($self, /)", "Return hash(self).";
    Type.tp_call, __call__, d::tp_call, w::call, "($self, /, *args, **kwargs)", "Return self(*args, **kwargs).";
    Type.tp_str, __str__, d::tp_str, w::unary, "($self, /)", "Return str(self).";
    Type.tp_getattro, __getattribute__, d::tp_getattro, w::binary, "($self, name, /)", "Return getattr(self, name).";
    Type.tp_getattro, __getattr__, d::tp_getattro, w::absent, "($self, name, /)", "Implement getattr(self, name) for a missing attribute.";
    Type.tp_setattro, __setattr__, d::tp_setattro, w::setattr, "($self, name, value, /)", "Give the attribute of that name a value.";
    Type.tp_setattro, __delattr__, d::tp_setattro, w::delattr, "($self, name, /)", "Remove the attribute of that name.";
    Type.tp_richcompare, __lt__, d::tp_richcompare, w::richcmp_lt, "($self, value, /)", "Return self<value.";
    Type.tp_richcompare, __le__, d::tp_richcompare, w::richcmp_le, "($self, value, /)", "Return self<=value.";
    Type.tp_richcompare, __eq__, d::tp_richcompare, w::richcmp_eq, "($self, value, /)", "Return self==value.";
    Type.tp_richcompare, __ne__, d::tp_richcompare, w::richcmp_ne, "($self, value, /)", "Return self!=value.";
    Type.tp_richcompare, __gt__, d::tp_richcompare, w::richcmp_gt, "($self, value, /)", "Return self>value.";
    Type.tp_richcompare, __ge__, d::tp_richcompare, w::richcmp_ge, "($self, value, /)", "Return self>=value.";
    Type.tp_iter, __iter__, d::tp_iter, w::unary, "($self, /)", "Return iter(self).";
    Type.tp_iternext, __next__, d::tp_iternext, w::next, "($self, /)", "Implement next(self).";
    Type.tp_descr_get, __get__, d::tp_descr_get, w::descr_get, "($self, instance, owner=None, /)", "Look the attribute up for an instance, or for its class, owner.";
    Type.tp_descr_set, __set__, d::tp_descr_set, w::descr_set, "($self, instance, value, /)", "Give the attribute of an instance a new value.";
    Type.tp_descr_set, __delete__, d::tp_descr_set, w::descr_delete, "($self, instance, /)", "Take the attribute away from an instance.";
    Type.tp_init, __init__, d::tp_init, w::init, "($self, /, *args, **kwargs)", "Set up a new object. help(type(self)) shows which arguments there are.";
    Type.tp_new, __new__, d::tp_new, w::absent, "(type, /, *args, **kwargs)", "Make an object. The parameters are in help(type).";
    Type.tp_finalize, __del__, d::tp_finalize, w::del, "($self, /)", "Runs when nothing refers to the object any more.";
    Buffer.bf_getbuffer, __buffer__, d::bf_getbuffer, w::buffer, "($self, flags, /)", "Return a view of the object's memory, of the kind that flags ask for.";
    Buffer.bf_releasebuffer, __release_buffer__, d::bf_releasebuffer, w::release_buffer, "($self, buffer, /)", "Give back a view that __buffer__() returned.";

    Async.am_await, __await__, d::am_await, w::unary, "($self, /)", "Return the iterator that an await runs through.";
    Async.am_aiter, __aiter__, d::am_aiter, w::unary, "($self, /)", "Return the iterator that an async for asks for items.";
    Async.am_anext, __anext__, d::am_anext, w::unary, "($self, /)", "Return an awaitable of the next item; at the end, awaiting it raises StopAsyncIteration.";

    Number.nb_add, __add__, b::nb_add, w::binary_left, "($self, value, /)", "Return self+value.";
    Number.nb_add, __radd__, b::nb_add, w::binary_right, "($self, value, /)", "Return value+self.";
    Number.nb_subtract, __sub__, b::nb_subtract, w::binary_left, "($self, value, /)", "Return self-value.";
    Number.nb_subtract, __rsub__, b::nb_subtract, w::binary_right, "($self, value, /)", "Return value-self.";
    Number.nb_multiply, __mul__, b::nb_multiply, w::binary_left, "($self, value, /)", "Return self*value.";
    Number.nb_multiply, __rmul__, b::nb_multiply, w::binary_right, "($self, value, /)", "Return value*self.";
    Number.nb_remainder, __mod__, b::nb_remainder, w::binary_left, "($self, value, /)", "Return self%value.";
    Number.nb_remainder, __rmod__, b::nb_remainder, w::binary_right, "($self, value, /)", "Return value%self.";
    Number.nb_divmod, __divmod__, b::nb_divmod, w::binary_left, "($self, value, /)", "Return divmod(self, value).";
    Number.nb_divmod, __rdivmod__, b::nb_divmod, w::binary_right, "($self, value, /)", "Return divmod(value, self).";
    Number.nb_power, __pow__, b::nb_power, w::ternary_left, "($self, value, mod=None, /)", "Return pow(self, value, mod).";
    Number.nb_power, __rpow__, b::nb_power, w::ternary_right, "($self, value, mod=None, /)", "Return pow(value, self, mod).";
    Number.nb_negative, __neg__, d::nb_negative, w::unary, "($self, /)", "-self";
    Number.nb_positive, __pos__, d::nb_positive, w::unary, "($self, /)", "+self";
    Number.nb_absolute, __abs__, d::nb_absolute, w::unary, "($self, /)", "abs(self)";
    Number.nb_bool, __bool__, d::nb_bool, w::inquiry, "($self, /)", "Whether self counts as true.";
    Number.nb_invert, __invert__, d::nb_invert, w::unary, "($self, /)", "~self";
    Number.nb_lshift, __lshift__, b::nb_lshift, w::binary_left, "($self, value, /)", "Return self<<value.";
    Number.nb_lshift, __rlshift__, b::nb_lshift, w::binary_right, "($self, value, /)", "Return value<<self.";
    Number.nb_rshift, __rshift__, b::nb_rshift, w::binary_left, "($self, value, /)", "Return self>>value.";
    Number.nb_rshift, __rrshift__, b::nb_rshift, w::binary_right, "($self, value, /)", "Return value>>self.";
    Number.nb_and, __and__, b::nb_and, w::binary_left, "($self, value, /)", "Return self&value.";
    Number.nb_and, __rand__, b::nb_and, w::binary_right, "($self, value, /)", "Return value&self.";
    Number.nb_xor, __xor__, b::nb_xor, w::binary_left, "($self, value, /)", "Return self^value.";
    Number.nb_xor, __rxor__, b::nb_xor, w::binary_right, "($self, value, /)", "Return value^self.";
    Number.nb_or, __or__, b::nb_or, w::binary_left, "($self, value, /)", "Return self|value.";
    Number.nb_or, __ror__, b::nb_or, w::binary_right, "($self, value, /)", "Return value|self.";
    Number.nb_int, __int__, d::nb_int, w::unary, "($self, /)", "int(self)";
    Number.nb_float, __float__, d::nb_float, w::unary, "($self, /)", "float(self)";
    Number.nb_inplace_add, __iadd__, d::nb_inplace_add, w::binary, "($self, value, /)", "Return self+=value.";
    Number.nb_inplace_subtract, __isub__, d::nb_inplace_subtract, w::binary, "($self, value, /)", "Return self-=value.";
    Number.nb_inplace_multiply, __imul__, d::nb_inplace_multiply, w::binary, "($self, value, /)", "Return self*=value.";
    Number.nb_inplace_remainder, __imod__, d::nb_inplace_remainder, w::binary, "($self, value, /)", "Return self%=value.";
    Number.nb_inplace_power, __ipow__, d::nb_inplace_power, w::ternary_left, "($self, value, /)", "Return self**=value.";
    Number.nb_inplace_lshift, __ilshift__, d::nb_inplace_lshift, w::binary, "($self, value, /)", "Return self<<=value.";
    Number.nb_inplace_rshift, __irshift__, d::nb_inplace_rshift, w::binary, "($self, value, /)", "Return self>>=value.";
    Number.nb_inplace_and, __iand__, d::nb_inplace_and, w::binary, "($self, value, /)", "Return self&=value.";
    Number.nb_inplace_xor, __ixor__, d::nb_inplace_xor, w::binary, "($self, value, /)", "Return self^=value.";
    Number.nb_inplace_or, __ior__, d::nb_inplace_or, w::binary, "($self, value, /)", "Return self|=value.";
    Number.nb_floor_divide, __floordiv__, b::nb_floor_divide, w::binary_left, "($self, value, /)", "Return self//value.";
    Number.nb_floor_divide, __rfloordiv__, b::nb_floor_divide, w::binary_right, "($self, value, /)", "Return value//self.";
    Number.nb_true_divide, __truediv__, b::nb_true_divide, w::binary_left, "($self, value, /)", "Return self/value.";
    Number.nb_true_divide, __rtruediv__, b::nb_true_divide, w::binary_right, "($self, value, /)", "Return value/self.";
    Number.nb_inplace_floor_divide, __ifloordiv__, d::nb_inplace_floor_divide, w::binary, "($self, value, /)", "Return self//=value.";
    Number.nb_inplace_true_divide, __itruediv__, d::nb_inplace_true_divide, w::binary, "($self, value, /)", "Return self/=value.";
    Number.nb_index, __index__, d::nb_index, w::unary, "($self, /)", "Return self as an int, for use as an index.";
    Number.nb_matrix_multiply, __matmul__, b::nb_matrix_multiply, w::binary_left, "($self, value, /)", "Return self@value.";
    Number.nb_matrix_multiply, __rmatmul__, b::nb_matrix_multiply, w::binary_right, "($self, value, /)", "Return value@self.";
    Number.nb_inplace_matrix_multiply, __imatmul__, d::nb_inplace_matrix_multiply, w::binary, "($self, value, /)", "Return self@=value.";

    Mapping.mp_length, __len__, d::length, w::length, "($self, /)", "Return len(self).";
    Mapping.mp_subscript, __getitem__, d::mp_subscript, w::binary, "($self, key, /)", "Return self[key].";
    Mapping.mp_ass_subscript, __setitem__, d::mp_ass_subscript, w::set_item, "($self, key, value, /)", "Set self[key] to value.";
    Mapping.mp_ass_subscript, __delitem__, d::mp_ass_subscript, w::del_item, "($self, key, /)", "Delete self[key].";

    Sequence.sq_length, __len__, d::length, w::length, "($self, /)", "Return len(self).";
    Sequence.sq_concat, __add__, NONE, w::binary, "($self, value, /)", "Return self+value.";
    Sequence.sq_repeat, __mul__, NONE, w::repeat, "($self, value, /)", "Return self*value.";
    Sequence.sq_repeat, __rmul__, NONE, w::repeat, "($self, value, /)", "Return value*self.";
    Sequence.sq_item, __getitem__, d::sq_item, w::sq_item, "($self, key, /)", "Return self[key].";
    Sequence.sq_ass_item, __setitem__, d::sq_ass_item, w::sq_set_item, "($self, key, value, /)", "Set self[key] to value.";
    Sequence.sq_ass_item, __delitem__, d::sq_ass_item, w::sq_del_item, "($self, key, /)", "Delete self[key].";
    Sequence.sq_contains, __contains__, d::sq_contains, w::contains, "($self, key, /)", "Whether key is in self.";
    Sequence.sq_inplace_concat, __iadd__, NONE, w::binary, "($self, value, /)", "Implement self+=value.";
    Sequence.sq_inplace_repeat, __imul__, NONE, w::repeat, "($self, value, /)", "Implement self*=value.";
}

/// Lines of `SLOTS` that lie in one table: what readying a static type reads of them, which happens often when a process starts.
pub struct Run {
    pub table: Table,
    /// The first line.
    pub first: usize,
    pub offsets: &'static [u16],
}

/// All lines. No run is longer than 64.
pub static RUNS: &[Run] = &{
    const LEN: usize = count_runs();
    let mut runs = [const { Run { table: Table::Type, first: 0, offsets: &[] } }; LEN];
    let (mut at, mut first) = (0, 0);
    while at < LEN {
        let end = end_of_run(first);
        assert!(end - first <= 64);
        runs[at].table = PLACES[first].table;
        runs[at].first = first;
        runs[at].offsets = OFFSETS.split_at(end).0.split_at(first).1;
        at += 1;
        first = end;
    }
    runs
};

static OFFSETS: [u16; PLACES.len()] = {
    let mut offsets = [0; PLACES.len()];
    let mut line = 0;
    while line < PLACES.len() {
        offsets[line] = PLACES[line].offset as u16;
        line += 1;
    }
    offsets
};

const fn end_of_run(first: usize) -> usize {
    let mut end = first;
    while end < PLACES.len() && PLACES[end].table as u8 == PLACES[first].table as u8 {
        end += 1;
    }
    end
}

const fn count_runs() -> usize {
    let (mut count, mut first) = (0, 0);
    while first < PLACES.len() {
        first = end_of_run(first);
        count += 1;
    }
    count
}
