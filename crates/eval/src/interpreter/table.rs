//! The handlers by opcode, and the two ways of running them.
//!
//! `Tail` is a static table of functions with the loop's registers as scalar arguments, each ending in a
//! jump to the next. `Loop` is a `match` in a loop, for builds without optimisation. Both are made from the
//! opcode table in `bytecode`, so an opcode without a handler does not compile.

use krait_bytecode::for_each_op;
use krait_objects::prelude::*;

use super::op::Op;
use super::state::{Dispatch, Operation, State};
use super::{HOOKS, OP_ADMIT, OP_HOOK, OP_LEAVE, OP_UNWIND, cold, hooks};
use crate::code::CodeUnit;

/// What an operation answers: where to go on.
trait Outcome {
    fn resume(self, op: Op<'_>) -> PyResult<*const CodeUnit>;
}

impl Outcome for PyResult<()> {
    #[inline(always)]
    fn resume(self, op: Op<'_>) -> PyResult<*const CodeUnit> {
        self.map(|()| op.next())
    }
}

impl Outcome for PyResult<*const CodeUnit> {
    #[inline(always)]
    fn resume(self, _: Op<'_>) -> PyResult<*const CodeUnit> {
        self
    }
}

/// Handlers that run an operation out of line.
macro_rules! operations {
    ($($module:ident: $($name:ident),+;)*) => {$($(
        #[inline(always)]
        pub unsafe fn $name<D: Dispatch>(s: State) -> D::Out {
            struct It;
            impl Operation for It {
                #[inline(always)]
                fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
                    super::super::$module::$name(op).resume(op)
                }
            }
            // SAFETY: the handler's own requirements.
            unsafe { D::out_of_line::<It>(s) }
        }
    )+)*};
}

/// The same for the generic form of a family: every so often it looks for a better form of itself.
macro_rules! adaptive_operations {
    ($($module:ident: $($name:ident),+;)*) => {$($(
        #[inline(always)]
        pub unsafe fn $name<D: Dispatch>(s: State) -> D::Out {
            struct It;
            impl Operation for It {
                #[inline(always)]
                fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
                    super::super::$module::$name(op).resume(op)
                }
            }
            // SAFETY: the handler's own requirements; the instruction has a cache.
            unsafe {
                if cold::counter_triggers(s) {
                    return D::cold::<cold::Specialize>(s, 0);
                }
                D::out_of_line::<It>(s)
            }
        }
    )+)*};
}

/// Opcodes that share another one's handler.
macro_rules! same_as {
    ($($target:path: $($name:ident),+;)*) => {$($(
        #[inline(always)]
        pub unsafe fn $name<D: Dispatch>(s: State) -> D::Out {
            // SAFETY: the same requirements.
            unsafe { $target(s) }
        }
    )+)*};
}

#[rustfmt::skip]
mod handlers {
    use super::super::cold::{deopt, unknown_opcode};
    use super::*;

    pub use super::super::arithmetic::hot::*;
    pub use super::super::attributes::hot::*;
    pub use super::super::calls_fast::*;
    pub use super::super::exceptions::hot::*;
    pub use super::super::entering::{binary_op_subscr_getitem, load_attr_getattribute_overridden, load_attr_property};
    pub use super::super::calls_direct::*;
    pub use super::super::calls_native::{call_str_1, call_tuple_1, call_type_1};
    pub use super::super::calls_row::{call_builtin_class, call_builtin_fast, call_builtin_fast_with_keywords,
        call_method_descriptor_fast, call_method_descriptor_fast_with_keywords};
    pub use super::super::construct::call_alloc_and_enter_init;
    pub use super::super::containers::hot::*;
    pub use super::super::control::*;
    pub use super::super::extended_operators::binary_op_extend;
    pub use super::super::integers::{binary_op_add_int, binary_op_multiply_int, binary_op_subtract_int, compare_op_int};
    pub use super::super::iteration::hot::*;
    pub use super::super::known_calls::{call_isinstance, call_len, call_list_append};
    pub use super::super::names::hot::*;
    pub use super::super::slots::{binary_op, contains_op, store_subscr, to_bool, unary_negative};
    pub use super::super::stack::*;
    pub use super::super::suspend::hot::*;
    pub use super::super::unpack::hot::*;

    operations! {
        arithmetic: unary_invert;
        attributes: delete_attr, load_special;
        containers: binary_slice, build_list, build_map, build_set, build_slice, delete_subscr, dict_merge,
            dict_update, get_len, list_extend, map_add, set_add, set_update, store_slice;
        exceptions: check_eg_match, raise_varargs, reraise, with_except_start;
        functions: copy_free_vars, make_cell, make_function, set_function_attribute;
        imports: import_from, import_name;
        intrinsics: call_intrinsic_1, call_intrinsic_2;
        iteration: get_aiter, get_anext, get_iter;
        matching: match_class, match_keys, match_mapping, match_sequence;
        names: delete_deref, delete_fast, delete_global, delete_name, load_build_class, load_common_constant,
            load_from_dict_or_deref, load_from_dict_or_globals, load_locals, load_name, setup_annotations, store_global, store_name;
        suspend: cleanup_throw, end_async_for, get_awaitable, get_yield_from_iter, return_generator;
        text: build_interpolation, build_string, build_template, convert_value, format_simple, format_with_spec;
        unpack: unpack_ex;
        calls: exit_init_check;
    }

    adaptive_operations! {
        arithmetic: compare_op;
        attributes: load_attr, load_super_attr, store_attr;
        calls: call_kw;
        names: load_global;
        suspend: send;
        unpack: unpack_sequence;
    }

    // Never in code: what the compiler resolves, and numbers that must not be executed.
    same_as! {
        unknown_opcode::<D>: cache, reserved, enter_executor, instrumented_instruction, instrumented_line,
            annotations_placeholder, jump, jump_if_false, jump_if_true, jump_no_interrupt, load_closure, pop_block,
            setup_cleanup, setup_finally, setup_with, store_fast_maybe_null;
    }

    // Forms that nothing specialises to yet: should one be met, it becomes its base again.
    same_as! {
        deopt::<D>: binary_op_subscr_list_slice, call_kw_bound_method, call_kw_non_py, call_kw_py;
    }

    // Without a tool listening, an instrumented form does what its base does.
    same_as! {
        end_for::<D>: instrumented_end_for;
        pop_iter::<D>: instrumented_pop_iter;
        end_send::<D>: instrumented_end_send;
        for_iter::<D>: instrumented_for_iter;
        jump_forward::<D>: instrumented_jump_forward;
        not_taken::<D>: instrumented_not_taken;
        pop_jump_if_true::<D>: instrumented_pop_jump_if_true;
        pop_jump_if_false::<D>: instrumented_pop_jump_if_false;
        pop_jump_if_none::<D>: instrumented_pop_jump_if_none;
        pop_jump_if_not_none::<D>: instrumented_pop_jump_if_not_none;
        resume::<D>: instrumented_resume;
        return_value::<D>: instrumented_return_value;
        yield_value::<D>: instrumented_yield_value;
        end_async_for::<D>: instrumented_end_async_for;
        load_super_attr::<D>: instrumented_load_super_attr;
        call::<D>: instrumented_call;
        call_kw::<D>: instrumented_call_kw;
        call_function_ex::<D>: instrumented_call_function_ex;
        jump_backward_no_jit::<D>: instrumented_jump_backward, jump_backward_jit;
    }
}

/// Units of each instruction, its inline cache included.
static UNITS: [u8; 256] = {
    let mut table = [1; 256];
    let mut at = 0;
    while at < 256 {
        if let Some(opcode) = krait_bytecode::Opcode::from_byte(at as u8) {
            table[at] = 1 + opcode.cache_units() as u8;
        }
        at += 1;
    }
    let mut hook = 0;
    while hook < HOOKS {
        table[(OP_HOOK + hook) as usize] = 1 + hook;
        hook += 1;
    }
    table
};

impl Op<'_> {
    /// The instruction behind this one and its cache.
    #[inline(always)]
    pub fn next(self) -> *const CodeUnit {
        // SAFETY: (8): the low byte of the code unit is the opcode.
        unsafe { self.ip().add(UNITS[(*self.ip() & 0xff) as usize] as usize) }
    }
}

#[cfg(tail_calls)]
mod tail {
    use super::super::state::Cold;
    use super::*;
    use crate::frame::{Frame, StackRef};

    /// Handlers that jump to one another.
    pub struct Tail;

    type Handler = unsafe fn(*const CodeUnit, *mut StackRef, *mut Frame, *const Thread, usize);

    impl Dispatch for Tail {
        type Out = ();

        #[inline(always)]
        unsafe fn to(s: State, opcode: u8) {
            // SAFETY: (8); the table has an entry for every byte.
            unsafe { jump(opcode, s.ip, s.sp, s.frame, s.th, s.arg) }
        }

        #[inline(always)]
        unsafe fn cold<C: Cold>(s: State, x: usize) {
            // SAFETY: the caller's promise.
            unsafe { cold_entry::<C>(s.ip, s.sp, s.frame, s.th, s.arg, x) }
        }

        #[inline(always)]
        fn exit() {}
    }

    /// The one place that names the table. Without an attribute for inlining: what other crates may inline is exported
    /// with all that it names, and the table's address would be loaded from the global offset table for each instruction.
    unsafe fn jump(
        opcode: u8,
        ip: *const CodeUnit,
        sp: *mut StackRef,
        frame: *mut Frame,
        th: *const Thread,
        arg: usize,
    ) {
        // SAFETY: the caller's promise; the table has an entry for every byte.
        unsafe { HANDLERS[opcode as usize](ip, sp, frame, th, arg) }
    }

    #[cold]
    #[inline(never)]
    unsafe fn cold_entry<C: Cold>(
        ip: *const CodeUnit,
        sp: *mut StackRef,
        frame: *mut Frame,
        th: *const Thread,
        arg: usize,
        x: usize,
    ) {
        // SAFETY: the caller's promise.
        unsafe { C::run::<Tail>(State { ip, sp, frame, th, arg }, x) }
    }

    macro_rules! tail_table {
        ($oparg:ident; $($name:ident = $number:literal, $handler:ident, ($($io:tt)*) $(, $key:ident($($value:tt)*))*;)*) => {
            /// One function per opcode: the scalar face of its handler.
            mod entry {
                use super::*;
                $(
                    pub unsafe fn $handler(
                        ip: *const CodeUnit, sp: *mut StackRef, frame: *mut Frame, th: *const Thread, arg: usize,
                    ) {
                        // SAFETY: the caller dispatches on a valid state.
                        unsafe { handlers::$handler::<Tail>(State { ip, sp, frame, th, arg }) }
                    }
                )*
                own!(cold: unknown_opcode, unwind, leave_loop, admit);
                own!(hooks: hook);
            }

            static HANDLERS: [Handler; 256] = {
                let mut table = [entry::unknown_opcode as Handler; 256];
                $(if $number < 256 { table[$number & 255] = entry::$handler; })*
                table[OP_UNWIND as usize] = entry::unwind;
                table[OP_LEAVE as usize] = entry::leave_loop;
                table[OP_ADMIT as usize] = entry::admit;
                let mut at = 0;
                while at < HOOKS {
                    table[(OP_HOOK + at) as usize] = entry::hook;
                    at += 1;
                }
                table
            };
        };
    }

    /// The loop's own pseudo-instructions.
    macro_rules! own {
        ($module:ident: $($name:ident),*) => {$(
            pub unsafe fn $name(
                ip: *const CodeUnit, sp: *mut StackRef, frame: *mut Frame, th: *const Thread, arg: usize,
            ) {
                // SAFETY: the caller dispatches on a valid state.
                unsafe { $module::$name::<Tail>(State { ip, sp, frame, th, arg }) }
            }
        )*};
    }

    for_each_op!(tail_table);

    /// Runs until the loop is left.
    ///
    /// # Safety
    /// (8), (9).
    #[inline(always)]
    pub unsafe fn drive(s: State) {
        // SAFETY: the caller's promise.
        unsafe { Tail::next(s) }
    }
}

#[cfg(not(tail_calls))]
mod looped {
    use super::super::state::Cold;
    use super::*;

    /// Handlers that return to a loop.
    pub struct Loop;

    impl Dispatch for Loop {
        /// The state and the opcode to go on with.
        type Out = Option<(State, u8)>;

        unsafe fn to(s: State, opcode: u8) -> Self::Out {
            Some((s, opcode))
        }

        unsafe fn cold<C: Cold>(s: State, x: usize) -> Self::Out {
            // SAFETY: the caller's promise.
            unsafe { C::run::<Loop>(s, x) }
        }

        fn exit() -> Self::Out {
            None
        }
    }

    macro_rules! match_table {
        ($oparg:ident; $($name:ident = $number:literal, $handler:ident, ($($io:tt)*) $(, $key:ident($($value:tt)*))*;)*) => {
            unsafe fn step(s: State, opcode: u8) -> Option<(State, u8)> {
                // SAFETY: the caller dispatches on a valid state.
                unsafe {
                    match u16::from(opcode) {
                        $($number => handlers::$handler::<Loop>(s),)*
                        _ if opcode == OP_UNWIND => cold::unwind::<Loop>(s),
                        _ if opcode == OP_LEAVE => cold::leave_loop::<Loop>(s),
                        _ if opcode == OP_ADMIT => cold::admit::<Loop>(s),
                        _ if crate::monitoring::is_hook(opcode) => hooks::hook::<Loop>(s),
                        _ => cold::unknown_opcode::<Loop>(s),
                    }
                }
            }
        };
    }

    for_each_op!(match_table);

    /// Runs until the loop is left.
    ///
    /// # Safety
    /// (8), (9).
    pub unsafe fn drive(s: State) {
        // SAFETY: the caller's promise.
        unsafe {
            let mut next = Loop::next(s);
            while let Some((s, opcode)) = next {
                next = step(s, opcode);
            }
        }
    }
}

#[cfg(not(tail_calls))]
pub use looped::drive;
#[cfg(tail_calls)]
pub use tail::drive;
