//! The opcode table: one line per opcode, read by everything that knows opcodes.
//!
//! `for_each_op!(consumer)` expands to `consumer! { oparg; LINES }`. A line is
//!
//! ```text
//! NAME = number, handler, (inputs -- outputs), cache(units), flags(A | B), family(BASE), becomes(X, Y);
//! ```
//!
//! Inputs and outputs are listed from the bottom of the stack to its top; `name[count]` stands for
//! `count` values and may mention `oparg` (a negative count is none). `cache` is the number of code
//! units behind the instruction; `family` names the generic instruction that a specialised or
//! instrumented form replaces; `becomes` lists the real instructions of a pseudo instruction.
//! Outputs of an instruction that pushes a frame are shown before the callee returns.
//!
//! The first argument given to the consumer is the identifier `oparg` itself, which it has to bind
//! for the counts to resolve (macro hygiene). CPython generates the same facts from
//! `Python/bytecodes.c` into `pycore_opcode_metadata.h`.

/// Calls the macro `$consumer` with the whole opcode table.
#[macro_export]
#[rustfmt::skip]
macro_rules! for_each_op {
    ($consumer:ident) => {
        $consumer! {
            oparg;

            // Generic instructions.
            CACHE = 0, cache, (--);
            BINARY_SLICE = 1, binary_slice, (container, start, stop -- result), flags(ERROR | ESCAPES);
            BUILD_TEMPLATE = 2, build_template, (strings, interpolations -- template), flags(ERROR | ESCAPES);
            BINARY_OP_INPLACE_ADD_UNICODE = 3, binary_op_inplace_add_unicode, (left, right --), cache(5), flags(LOCAL | DEOPT | ERROR | ESCAPES | EXIT), family(BINARY_OP);
            CALL_FUNCTION_EX = 4, call_function_ex, (callable, null, args, kwargs_or_null -- result), flags(EVAL_BREAK | ERROR | ESCAPES | ERROR_NO_POP);
            CHECK_EG_MATCH = 5, check_eg_match, (exception, match_type -- rest, matched), flags(ERROR | ESCAPES);
            CHECK_EXC_MATCH = 6, check_exc_match, (exception, match_type -- exception, matched), flags(ERROR | ESCAPES | ERROR_NO_POP);
            CLEANUP_THROW = 7, cleanup_throw, (sub_iter, last_sent, exception -- none, value), flags(ERROR | ESCAPES | ERROR_NO_POP);
            DELETE_SUBSCR = 8, delete_subscr, (container, key --), flags(ERROR | ESCAPES);
            END_FOR = 9, end_for, (value --), flags(ESCAPES | NO_SAVE_IP);
            END_SEND = 10, end_send, (receiver, value -- value), flags(ESCAPES | PURE);
            EXIT_INIT_CHECK = 11, exit_init_check, (should_be_none --), flags(ERROR | ESCAPES | ERROR_NO_POP);
            FORMAT_SIMPLE = 12, format_simple, (value -- text), flags(ERROR | ESCAPES);
            FORMAT_WITH_SPEC = 13, format_with_spec, (value, spec -- text), flags(ERROR | ESCAPES);
            GET_AITER = 14, get_aiter, (iterable -- iter), flags(ERROR | ESCAPES);
            GET_ANEXT = 15, get_anext, (aiter -- aiter, awaitable), flags(ERROR | ESCAPES | ERROR_NO_POP);
            GET_ITER = 16, get_iter, (iterable -- iter), flags(ERROR | ESCAPES);
            RESERVED = 17, reserved, (--);
            GET_LEN = 18, get_len, (sequence -- sequence, len), flags(ERROR | ESCAPES);
            GET_YIELD_FROM_ITER = 19, get_yield_from_iter, (iterable -- iter), flags(ERROR | ESCAPES | ERROR_NO_POP);
            INTERPRETER_EXIT = 20, interpreter_exit, (result --), flags(ESCAPES);
            LOAD_BUILD_CLASS = 21, load_build_class, (-- build_class), flags(ERROR | ESCAPES);
            LOAD_LOCALS = 22, load_locals, (-- locals), flags(ERROR | ESCAPES);
            MAKE_FUNCTION = 23, make_function, (code -- function), flags(ERROR | ESCAPES);
            MATCH_KEYS = 24, match_keys, (subject, keys -- subject, keys, values_or_none), flags(ERROR | ESCAPES);
            MATCH_MAPPING = 25, match_mapping, (subject -- subject, matched);
            MATCH_SEQUENCE = 26, match_sequence, (subject -- subject, matched);
            NOP = 27, nop, (--), flags(PURE);
            NOT_TAKEN = 28, not_taken, (--), flags(PURE);
            POP_EXCEPT = 29, pop_except, (exception --), flags(ESCAPES);
            POP_ITER = 30, pop_iter, (iter --), flags(ESCAPES | PURE);
            POP_TOP = 31, pop_top, (value --), flags(ESCAPES | PURE);
            PUSH_EXC_INFO = 32, push_exc_info, (exception -- previous, exception);
            PUSH_NULL = 33, push_null, (-- null), flags(PURE);
            RETURN_GENERATOR = 34, return_generator, (-- generator), flags(ERROR | ESCAPES);
            RETURN_VALUE = 35, return_value, (value -- result), flags(ESCAPES);
            SETUP_ANNOTATIONS = 36, setup_annotations, (--), flags(ERROR | ESCAPES);
            STORE_SLICE = 37, store_slice, (value, container, start, stop --), flags(ERROR | ESCAPES);
            STORE_SUBSCR = 38, store_subscr, (value, container, key --), cache(1), flags(ERROR | ESCAPES);
            TO_BOOL = 39, to_bool, (value -- result), cache(3), flags(ERROR | ESCAPES);
            UNARY_INVERT = 40, unary_invert, (value -- result), flags(ERROR | ESCAPES);
            UNARY_NEGATIVE = 41, unary_negative, (value -- result), flags(ERROR | ESCAPES);
            UNARY_NOT = 42, unary_not, (value -- result), flags(PURE);
            WITH_EXCEPT_START = 43, with_except_start, (exit, self_or_null, last_instruction, previous, exception -- exit, self_or_null, last_instruction, previous, exception, result), flags(ERROR | ESCAPES);
            BINARY_OP = 44, binary_op, (left, right -- result), cache(5), flags(ARG | ERROR | ESCAPES | ERROR_NO_POP);
            BUILD_INTERPOLATION = 45, build_interpolation, (value, text, spec[oparg & 1] -- interpolation), flags(ARG | ERROR | ESCAPES);
            BUILD_LIST = 46, build_list, (items[oparg] -- list), flags(ARG | ERROR | ESCAPES | ERROR_NO_POP);
            BUILD_MAP = 47, build_map, (items[2 * oparg] -- map), flags(ARG | ERROR | ESCAPES);
            BUILD_SET = 48, build_set, (items[oparg] -- set), flags(ARG | ERROR | ESCAPES);
            BUILD_SLICE = 49, build_slice, (bounds[oparg] -- slice), flags(ARG | ERROR);
            BUILD_STRING = 50, build_string, (pieces[oparg] -- text), flags(ARG | ERROR);
            BUILD_TUPLE = 51, build_tuple, (items[oparg] -- tuple), flags(ARG | ERROR | ERROR_NO_POP);
            CALL = 52, call, (callable, self_or_null, args[oparg] -- result), cache(3), flags(ARG | EVAL_BREAK | ERROR | ESCAPES | ERROR_NO_POP);
            CALL_INTRINSIC_1 = 53, call_intrinsic_1, (value -- result), flags(ARG | ERROR | ESCAPES);
            CALL_INTRINSIC_2 = 54, call_intrinsic_2, (first, second -- result), flags(ARG | ERROR | ESCAPES);
            CALL_KW = 55, call_kw, (callable, self_or_null, args[oparg], names -- result), cache(3), flags(ARG | ERROR | ESCAPES | ERROR_NO_POP);
            COMPARE_OP = 56, compare_op, (left, right -- result), cache(1), flags(ARG | ERROR | ESCAPES);
            CONTAINS_OP = 57, contains_op, (left, right -- result), cache(1), flags(ARG | ERROR | ESCAPES);
            CONVERT_VALUE = 58, convert_value, (value -- result), flags(ARG | ERROR | ESCAPES);
            COPY = 59, copy, (bottom, rest[oparg - 1] -- bottom, rest[oparg - 1], top), flags(ARG | PURE);
            COPY_FREE_VARS = 60, copy_free_vars, (--), flags(ARG);
            DELETE_ATTR = 61, delete_attr, (owner --), flags(ARG | NAME | ERROR | ESCAPES);
            DELETE_DEREF = 62, delete_deref, (--), flags(ARG | FREE | ERROR | ESCAPES | ERROR_NO_POP);
            DELETE_FAST = 63, delete_fast, (--), flags(ARG | LOCAL | ERROR | ESCAPES);
            DELETE_GLOBAL = 64, delete_global, (--), flags(ARG | NAME | ERROR | ESCAPES | ERROR_NO_POP);
            DELETE_NAME = 65, delete_name, (--), flags(ARG | NAME | ERROR | ESCAPES | ERROR_NO_POP);
            DICT_MERGE = 66, dict_merge, (callable, null, args, dict, rest[oparg - 1], update -- callable, null, args, dict, rest[oparg - 1]), flags(ARG | ERROR | ESCAPES);
            DICT_UPDATE = 67, dict_update, (dict, rest[oparg - 1], update -- dict, rest[oparg - 1]), flags(ARG | ERROR | ESCAPES);
            END_ASYNC_FOR = 68, end_async_for, (awaitable, exception --), flags(ARG | JUMP | ERROR | ESCAPES | ERROR_NO_POP);
            EXTENDED_ARG = 69, extended_arg, (--), flags(ARG);
            FOR_ITER = 70, for_iter, (iter -- iter, next), cache(1), flags(ARG | JUMP | ERROR | ESCAPES | ERROR_NO_POP);
            GET_AWAITABLE = 71, get_awaitable, (iterable -- iter), flags(ARG | ERROR | ESCAPES);
            IMPORT_FROM = 72, import_from, (module -- module, value), flags(ARG | NAME | ERROR | ESCAPES);
            IMPORT_NAME = 73, import_name, (level, from_list -- module), flags(ARG | NAME | ERROR | ESCAPES);
            IS_OP = 74, is_op, (left, right -- result), flags(ARG);
            JUMP_BACKWARD = 75, jump_backward, (--), cache(1), flags(ARG | JUMP | EVAL_BREAK | ERROR | ESCAPES);
            JUMP_BACKWARD_NO_INTERRUPT = 76, jump_backward_no_interrupt, (--), flags(ARG | JUMP);
            JUMP_FORWARD = 77, jump_forward, (--), flags(ARG | JUMP);
            LIST_APPEND = 78, list_append, (list, rest[oparg - 1], value -- list, rest[oparg - 1]), flags(ARG | ERROR);
            LIST_EXTEND = 79, list_extend, (list, rest[oparg - 1], iterable -- list, rest[oparg - 1]), flags(ARG | ERROR | ESCAPES);
            LOAD_ATTR = 80, load_attr, (owner -- attribute, self_or_null[oparg & 1]), cache(9), flags(ARG | NAME | ERROR | ESCAPES);
            LOAD_COMMON_CONSTANT = 81, load_common_constant, (-- value), flags(ARG);
            LOAD_CONST = 82, load_const, (-- value), flags(ARG | CONST);
            LOAD_DEREF = 83, load_deref, (-- value), flags(ARG | LOCAL | ERROR | ESCAPES);
            LOAD_FAST = 84, load_fast, (-- value), flags(ARG | LOCAL | PURE);
            LOAD_FAST_AND_CLEAR = 85, load_fast_and_clear, (-- value), flags(ARG | LOCAL);
            LOAD_FAST_BORROW = 86, load_fast_borrow, (-- value), flags(ARG | LOCAL | PURE);
            LOAD_FAST_BORROW_LOAD_FAST_BORROW = 87, load_fast_borrow_load_fast_borrow, (-- first, second), flags(ARG | LOCAL);
            LOAD_FAST_CHECK = 88, load_fast_check, (-- value), flags(ARG | LOCAL | ERROR | ESCAPES);
            LOAD_FAST_LOAD_FAST = 89, load_fast_load_fast, (-- first, second), flags(ARG | LOCAL);
            LOAD_FROM_DICT_OR_DEREF = 90, load_from_dict_or_deref, (dict -- value), flags(ARG | FREE | ERROR | ESCAPES | ERROR_NO_POP);
            LOAD_FROM_DICT_OR_GLOBALS = 91, load_from_dict_or_globals, (dict -- value), flags(ARG | NAME | ERROR | ESCAPES | ERROR_NO_POP);
            LOAD_GLOBAL = 92, load_global, (-- value, null[oparg & 1]), cache(4), flags(ARG | NAME | ERROR | ESCAPES);
            LOAD_NAME = 93, load_name, (-- value), flags(ARG | NAME | ERROR | ESCAPES);
            LOAD_SMALL_INT = 94, load_small_int, (-- value), flags(ARG);
            LOAD_SPECIAL = 95, load_special, (owner -- attribute, self_or_null), flags(ARG | ERROR | ESCAPES | ERROR_NO_POP);
            LOAD_SUPER_ATTR = 96, load_super_attr, (global_super, class, this -- attribute, self_or_null[oparg & 1]), cache(1), flags(ARG | NAME | ERROR | ESCAPES);
            MAKE_CELL = 97, make_cell, (--), flags(ARG | FREE | ERROR | ESCAPES | ERROR_NO_POP);
            MAP_ADD = 98, map_add, (dict, rest[oparg - 1], key, value -- dict, rest[oparg - 1]), flags(ARG | ERROR | ESCAPES);
            MATCH_CLASS = 99, match_class, (subject, class, names -- attributes), flags(ARG | ERROR | ESCAPES);
            POP_JUMP_IF_FALSE = 100, pop_jump_if_false, (condition --), cache(1), flags(ARG | JUMP);
            POP_JUMP_IF_NONE = 101, pop_jump_if_none, (value --), cache(1), flags(ARG | JUMP);
            POP_JUMP_IF_NOT_NONE = 102, pop_jump_if_not_none, (value --), cache(1), flags(ARG | JUMP);
            POP_JUMP_IF_TRUE = 103, pop_jump_if_true, (condition --), cache(1), flags(ARG | JUMP);
            RAISE_VARARGS = 104, raise_varargs, (args[oparg] --), flags(ARG | ERROR | ESCAPES | ERROR_NO_POP);
            RERAISE = 105, reraise, (values[oparg], exception -- values[oparg]), flags(ARG | ERROR | ESCAPES | ERROR_NO_POP);
            SEND = 106, send, (receiver, value -- receiver, result), cache(1), flags(ARG | JUMP | ERROR | ESCAPES);
            SET_ADD = 107, set_add, (set, rest[oparg - 1], value -- set, rest[oparg - 1]), flags(ARG | ERROR | ESCAPES);
            SET_FUNCTION_ATTRIBUTE = 108, set_function_attribute, (attribute, function -- function), flags(ARG | ERROR | ESCAPES);
            SET_UPDATE = 109, set_update, (set, rest[oparg - 1], iterable -- set, rest[oparg - 1]), flags(ARG | ERROR | ESCAPES);
            STORE_ATTR = 110, store_attr, (value, owner --), cache(4), flags(ARG | NAME | ERROR | ESCAPES);
            STORE_DEREF = 111, store_deref, (value --), flags(ARG | FREE | ESCAPES);
            STORE_FAST = 112, store_fast, (value --), flags(ARG | LOCAL | ESCAPES);
            STORE_FAST_LOAD_FAST = 113, store_fast_load_fast, (stored -- loaded), flags(ARG | LOCAL | ESCAPES);
            STORE_FAST_STORE_FAST = 114, store_fast_store_fast, (second, first --), flags(ARG | LOCAL | ESCAPES);
            STORE_GLOBAL = 115, store_global, (value --), flags(ARG | NAME | ERROR | ESCAPES);
            STORE_NAME = 116, store_name, (value --), flags(ARG | NAME | ERROR | ESCAPES);
            SWAP = 117, swap, (bottom, rest[oparg - 2], top -- top, rest[oparg - 2], bottom), flags(ARG | PURE);
            UNPACK_EX = 118, unpack_ex, (sequence -- after[oparg >> 8], rest, before[oparg & 0xFF]), flags(ARG | ERROR | ESCAPES);
            UNPACK_SEQUENCE = 119, unpack_sequence, (sequence -- items[oparg]), cache(1), flags(ARG | ERROR | ESCAPES);
            YIELD_VALUE = 120, yield_value, (value -- sent), flags(ARG | ESCAPES);
            RESUME = 128, resume, (--), flags(ARG | EVAL_BREAK | ERROR | ESCAPES | ERROR_NO_POP);

            // Specialised forms: never in a file, written by the interpreter over their base.
            BINARY_OP_ADD_FLOAT = 129, binary_op_add_float, (left, right -- result), cache(5), flags(ERROR | EXIT), family(BINARY_OP);
            BINARY_OP_ADD_INT = 130, binary_op_add_int, (left, right -- result), cache(5), flags(ERROR | ESCAPES | EXIT), family(BINARY_OP);
            BINARY_OP_ADD_UNICODE = 131, binary_op_add_unicode, (left, right -- result), cache(5), flags(ERROR | EXIT), family(BINARY_OP);
            BINARY_OP_EXTEND = 132, binary_op_extend, (left, right -- result), cache(5), flags(DEOPT | ERROR | ESCAPES), family(BINARY_OP);
            BINARY_OP_MULTIPLY_FLOAT = 133, binary_op_multiply_float, (left, right -- result), cache(5), flags(ERROR | EXIT), family(BINARY_OP);
            BINARY_OP_MULTIPLY_INT = 134, binary_op_multiply_int, (left, right -- result), cache(5), flags(ERROR | ESCAPES | EXIT), family(BINARY_OP);
            BINARY_OP_SUBSCR_DICT = 135, binary_op_subscr_dict, (left, right -- result), cache(5), flags(ERROR | ESCAPES | EXIT), family(BINARY_OP);
            BINARY_OP_SUBSCR_GETITEM = 136, binary_op_subscr_getitem, (container, key --), cache(5), flags(DEOPT), family(BINARY_OP);
            BINARY_OP_SUBSCR_LIST_INT = 137, binary_op_subscr_list_int, (left, right -- result), cache(5), flags(DEOPT | ESCAPES | EXIT), family(BINARY_OP);
            BINARY_OP_SUBSCR_LIST_SLICE = 138, binary_op_subscr_list_slice, (left, right -- result), cache(5), flags(ERROR | ESCAPES | EXIT), family(BINARY_OP);
            BINARY_OP_SUBSCR_STR_INT = 139, binary_op_subscr_str_int, (left, right -- result), cache(5), flags(DEOPT | ESCAPES | EXIT), family(BINARY_OP);
            BINARY_OP_SUBSCR_TUPLE_INT = 140, binary_op_subscr_tuple_int, (left, right -- result), cache(5), flags(DEOPT | EXIT), family(BINARY_OP);
            BINARY_OP_SUBTRACT_FLOAT = 141, binary_op_subtract_float, (left, right -- result), cache(5), flags(ERROR | EXIT), family(BINARY_OP);
            BINARY_OP_SUBTRACT_INT = 142, binary_op_subtract_int, (left, right -- result), cache(5), flags(ERROR | ESCAPES | EXIT), family(BINARY_OP);
            CALL_ALLOC_AND_ENTER_INIT = 143, call_alloc_and_enter_init, (callable, null, args[oparg] --), cache(3), flags(ARG | DEOPT | ERROR | ESCAPES | ERROR_NO_POP), family(CALL);
            CALL_BOUND_METHOD_EXACT_ARGS = 144, call_bound_method_exact_args, (callable, self_or_null, args[oparg] --), cache(3), flags(ARG | DEOPT | ESCAPES | EXIT), family(CALL);
            CALL_BOUND_METHOD_GENERAL = 145, call_bound_method_general, (callable, self_or_null, args[oparg] --), cache(3), flags(ARG | DEOPT | ERROR | ESCAPES | EXIT | ERROR_NO_POP), family(CALL);
            CALL_BUILTIN_CLASS = 146, call_builtin_class, (callable, self_or_null, args[oparg] -- result), cache(3), flags(ARG | EVAL_BREAK | DEOPT | ERROR | ESCAPES), family(CALL);
            CALL_BUILTIN_FAST = 147, call_builtin_fast, (callable, self_or_null, args[oparg] -- result), cache(3), flags(ARG | EVAL_BREAK | DEOPT | ERROR | ESCAPES), family(CALL);
            CALL_BUILTIN_FAST_WITH_KEYWORDS = 148, call_builtin_fast_with_keywords, (callable, self_or_null, args[oparg] -- result), cache(3), flags(ARG | EVAL_BREAK | DEOPT | ERROR | ESCAPES), family(CALL);
            CALL_BUILTIN_O = 149, call_builtin_o, (callable, self_or_null, args[oparg] -- result), cache(3), flags(ARG | EVAL_BREAK | ERROR | ESCAPES | EXIT), family(CALL);
            CALL_ISINSTANCE = 150, call_isinstance, (callable, self_or_null, args[oparg] -- result), cache(3), flags(ARG | DEOPT | ERROR | ESCAPES | ERROR_NO_POP), family(CALL);
            CALL_KW_BOUND_METHOD = 151, call_kw_bound_method, (callable, self_or_null, args[oparg], names --), cache(3), flags(ARG | DEOPT | ERROR | ESCAPES | EXIT), family(CALL_KW);
            CALL_KW_NON_PY = 152, call_kw_non_py, (callable, self_or_null, args[oparg], names -- result), cache(3), flags(ARG | EVAL_BREAK | ERROR | ESCAPES | EXIT), family(CALL_KW);
            CALL_KW_PY = 153, call_kw_py, (callable, self_or_null, args[oparg], names --), cache(3), flags(ARG | DEOPT | ERROR | ESCAPES | EXIT), family(CALL_KW);
            CALL_LEN = 154, call_len, (callable, null, arg -- result), cache(3), flags(DEOPT | ERROR | ESCAPES | ERROR_NO_POP), family(CALL);
            CALL_LIST_APPEND = 155, call_list_append, (callable, self, arg --), cache(3), flags(ARG | DEOPT | ERROR | ESCAPES), family(CALL);
            CALL_METHOD_DESCRIPTOR_FAST = 156, call_method_descriptor_fast, (callable, self_or_null, args[oparg] -- result), cache(3), flags(ARG | EVAL_BREAK | ERROR | ESCAPES | EXIT), family(CALL);
            CALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS = 157, call_method_descriptor_fast_with_keywords, (callable, self_or_null, args[oparg] -- result), cache(3), flags(ARG | EVAL_BREAK | ERROR | ESCAPES | EXIT), family(CALL);
            CALL_METHOD_DESCRIPTOR_NOARGS = 158, call_method_descriptor_noargs, (callable, self_or_null, args[oparg] -- result), cache(3), flags(ARG | EVAL_BREAK | ERROR | ESCAPES | EXIT), family(CALL);
            CALL_METHOD_DESCRIPTOR_O = 159, call_method_descriptor_o, (callable, self_or_null, args[oparg] -- result), cache(3), flags(ARG | EVAL_BREAK | ERROR | ESCAPES | EXIT), family(CALL);
            CALL_NON_PY_GENERAL = 160, call_non_py_general, (callable, self_or_null, args[oparg] -- result), cache(3), flags(ARG | EVAL_BREAK | ERROR | ESCAPES | EXIT), family(CALL);
            CALL_PY_EXACT_ARGS = 161, call_py_exact_args, (callable, self_or_null, args[oparg] --), cache(3), flags(ARG | DEOPT | EXIT), family(CALL);
            CALL_PY_GENERAL = 162, call_py_general, (callable, self_or_null, args[oparg] --), cache(3), flags(ARG | DEOPT | ERROR | ESCAPES | EXIT | ERROR_NO_POP), family(CALL);
            CALL_STR_1 = 163, call_str_1, (callable, null, arg -- result), cache(3), flags(ARG | EVAL_BREAK | DEOPT | ERROR | ESCAPES), family(CALL);
            CALL_TUPLE_1 = 164, call_tuple_1, (callable, null, arg -- result), cache(3), flags(ARG | EVAL_BREAK | DEOPT | ERROR | ESCAPES), family(CALL);
            CALL_TYPE_1 = 165, call_type_1, (callable, null, arg -- result), cache(3), flags(ARG | DEOPT | ESCAPES), family(CALL);
            COMPARE_OP_FLOAT = 166, compare_op_float, (left, right -- result), cache(1), flags(ARG | EXIT), family(COMPARE_OP);
            COMPARE_OP_INT = 167, compare_op_int, (left, right -- result), cache(1), flags(ARG | DEOPT | EXIT), family(COMPARE_OP);
            COMPARE_OP_STR = 168, compare_op_str, (left, right -- result), cache(1), flags(ARG | EXIT), family(COMPARE_OP);
            CONTAINS_OP_DICT = 169, contains_op_dict, (left, right -- result), cache(1), flags(ARG | ERROR | ESCAPES | EXIT), family(CONTAINS_OP);
            CONTAINS_OP_SET = 170, contains_op_set, (left, right -- result), cache(1), flags(ARG | DEOPT | ERROR | ESCAPES), family(CONTAINS_OP);
            FOR_ITER_GEN = 171, for_iter_gen, (iter -- iter), cache(1), flags(ARG | DEOPT), family(FOR_ITER);
            FOR_ITER_LIST = 172, for_iter_list, (iter -- iter, next), cache(1), flags(ARG | JUMP | DEOPT | ESCAPES | EXIT), family(FOR_ITER);
            FOR_ITER_RANGE = 173, for_iter_range, (iter -- iter, next), cache(1), flags(ARG | JUMP | ERROR | EXIT), family(FOR_ITER);
            FOR_ITER_TUPLE = 174, for_iter_tuple, (iter -- iter, next), cache(1), flags(ARG | JUMP | ESCAPES | EXIT), family(FOR_ITER);
            JUMP_BACKWARD_JIT = 175, jump_backward_jit, (--), cache(1), flags(ARG | JUMP | EVAL_BREAK | ERROR | ESCAPES), family(JUMP_BACKWARD);
            JUMP_BACKWARD_NO_JIT = 176, jump_backward_no_jit, (--), cache(1), flags(ARG | JUMP | EVAL_BREAK | ERROR | ESCAPES), family(JUMP_BACKWARD);
            LOAD_ATTR_CLASS = 177, load_attr_class, (owner -- attribute, self_or_null[oparg & 1]), cache(9), flags(ARG | EXIT), family(LOAD_ATTR);
            LOAD_ATTR_CLASS_WITH_METACLASS_CHECK = 178, load_attr_class_with_metaclass_check, (owner -- attribute, self_or_null[oparg & 1]), cache(9), flags(ARG | EXIT), family(LOAD_ATTR);
            LOAD_ATTR_GETATTRIBUTE_OVERRIDDEN = 179, load_attr_getattribute_overridden, (owner -- attribute), cache(9), flags(ARG | NAME | DEOPT), family(LOAD_ATTR);
            LOAD_ATTR_INSTANCE_VALUE = 180, load_attr_instance_value, (owner -- attribute, self_or_null[oparg & 1]), cache(9), flags(ARG | DEOPT | ESCAPES | EXIT), family(LOAD_ATTR);
            LOAD_ATTR_METHOD_LAZY_DICT = 181, load_attr_method_lazy_dict, (owner -- attribute, self), cache(9), flags(ARG | DEOPT | EXIT), family(LOAD_ATTR);
            LOAD_ATTR_METHOD_NO_DICT = 182, load_attr_method_no_dict, (owner -- attribute, self), cache(9), flags(ARG | EXIT), family(LOAD_ATTR);
            LOAD_ATTR_METHOD_WITH_VALUES = 183, load_attr_method_with_values, (owner -- attribute, self), cache(9), flags(ARG | DEOPT | EXIT), family(LOAD_ATTR);
            LOAD_ATTR_MODULE = 184, load_attr_module, (owner -- attribute, self_or_null[oparg & 1]), cache(9), flags(ARG | DEOPT | ESCAPES), family(LOAD_ATTR);
            LOAD_ATTR_NONDESCRIPTOR_NO_DICT = 185, load_attr_nondescriptor_no_dict, (owner -- attribute), cache(9), flags(ARG | ESCAPES | EXIT), family(LOAD_ATTR);
            LOAD_ATTR_NONDESCRIPTOR_WITH_VALUES = 186, load_attr_nondescriptor_with_values, (owner -- attribute), cache(9), flags(ARG | DEOPT | ESCAPES | EXIT), family(LOAD_ATTR);
            LOAD_ATTR_PROPERTY = 187, load_attr_property, (owner --), cache(9), flags(ARG | DEOPT | EXIT), family(LOAD_ATTR);
            LOAD_ATTR_SLOT = 188, load_attr_slot, (owner -- attribute, self_or_null[oparg & 1]), cache(9), flags(ARG | DEOPT | EXIT), family(LOAD_ATTR);
            LOAD_ATTR_WITH_HINT = 189, load_attr_with_hint, (owner -- attribute, self_or_null[oparg & 1]), cache(9), flags(ARG | NAME | DEOPT | ESCAPES | EXIT), family(LOAD_ATTR);
            LOAD_CONST_IMMORTAL = 190, load_const_immortal, (-- value), flags(ARG | CONST), family(LOAD_CONST);
            LOAD_CONST_MORTAL = 191, load_const_mortal, (-- value), flags(ARG | CONST), family(LOAD_CONST);
            LOAD_GLOBAL_BUILTIN = 192, load_global_builtin, (-- value, null[oparg & 1]), cache(4), flags(ARG | DEOPT), family(LOAD_GLOBAL);
            LOAD_GLOBAL_MODULE = 193, load_global_module, (-- value, null[oparg & 1]), cache(4), flags(ARG | DEOPT), family(LOAD_GLOBAL);
            LOAD_SUPER_ATTR_ATTR = 194, load_super_attr_attr, (global_super, class, this -- attribute), cache(1), flags(ARG | NAME | DEOPT | ERROR | ESCAPES), family(LOAD_SUPER_ATTR);
            LOAD_SUPER_ATTR_METHOD = 195, load_super_attr_method, (global_super, class, this -- attribute, self), cache(1), flags(ARG | NAME | DEOPT | ERROR | ESCAPES | ERROR_NO_POP), family(LOAD_SUPER_ATTR);
            RESUME_CHECK = 196, resume_check, (--), flags(DEOPT), family(RESUME);
            SEND_GEN = 197, send_gen, (receiver, value -- receiver), cache(1), flags(ARG | DEOPT), family(SEND);
            STORE_ATTR_INSTANCE_VALUE = 198, store_attr_instance_value, (value, owner --), cache(4), flags(ESCAPES | EXIT), family(STORE_ATTR);
            STORE_ATTR_SLOT = 199, store_attr_slot, (value, owner --), cache(4), flags(DEOPT | ESCAPES | EXIT), family(STORE_ATTR);
            STORE_ATTR_WITH_HINT = 200, store_attr_with_hint, (value, owner --), cache(4), flags(ARG | NAME | DEOPT | ESCAPES | EXIT), family(STORE_ATTR);
            STORE_SUBSCR_DICT = 201, store_subscr_dict, (value, container, key --), cache(1), flags(ERROR | ESCAPES | EXIT), family(STORE_SUBSCR);
            STORE_SUBSCR_LIST_INT = 202, store_subscr_list_int, (value, container, key --), cache(1), flags(DEOPT | ESCAPES | EXIT), family(STORE_SUBSCR);
            TO_BOOL_ALWAYS_TRUE = 203, to_bool_always_true, (value -- result), cache(3), flags(ESCAPES | EXIT), family(TO_BOOL);
            TO_BOOL_BOOL = 204, to_bool_bool, (value -- result), cache(3), flags(EXIT), family(TO_BOOL);
            TO_BOOL_INT = 205, to_bool_int, (value -- result), cache(3), flags(ESCAPES | EXIT), family(TO_BOOL);
            TO_BOOL_LIST = 206, to_bool_list, (value -- result), cache(3), flags(EXIT), family(TO_BOOL);
            TO_BOOL_NONE = 207, to_bool_none, (value -- result), cache(3), flags(EXIT), family(TO_BOOL);
            TO_BOOL_STR = 208, to_bool_str, (value -- result), cache(3), flags(ESCAPES | EXIT), family(TO_BOOL);
            UNPACK_SEQUENCE_LIST = 209, unpack_sequence_list, (sequence -- items[oparg]), cache(1), flags(ARG | DEOPT | EXIT), family(UNPACK_SEQUENCE);
            UNPACK_SEQUENCE_TUPLE = 210, unpack_sequence_tuple, (sequence -- items[oparg]), cache(1), flags(ARG | DEOPT | EXIT), family(UNPACK_SEQUENCE);
            UNPACK_SEQUENCE_TWO_TUPLE = 211, unpack_sequence_two_tuple, (sequence -- first, second), cache(1), flags(ARG | DEOPT | ESCAPES | EXIT), family(UNPACK_SEQUENCE);

            // Instrumented forms, written over their base while tools listen.
            INSTRUMENTED_END_FOR = 234, instrumented_end_for, (receiver, value -- receiver), flags(ERROR | ESCAPES | ERROR_NO_POP | NO_SAVE_IP), family(END_FOR);
            INSTRUMENTED_POP_ITER = 235, instrumented_pop_iter, (iter --), flags(ESCAPES), family(POP_ITER);
            INSTRUMENTED_END_SEND = 236, instrumented_end_send, (receiver, value -- value), flags(ERROR | ESCAPES | ERROR_NO_POP), family(END_SEND);
            INSTRUMENTED_FOR_ITER = 237, instrumented_for_iter, (iter -- iter, next), cache(1), flags(ARG | JUMP | ERROR | ESCAPES | ERROR_NO_POP), family(FOR_ITER);
            INSTRUMENTED_INSTRUCTION = 238, instrumented_instruction, (--), flags(ERROR | ESCAPES);
            INSTRUMENTED_JUMP_FORWARD = 239, instrumented_jump_forward, (--), flags(ARG), family(JUMP_FORWARD);
            INSTRUMENTED_NOT_TAKEN = 240, instrumented_not_taken, (--), family(NOT_TAKEN);
            INSTRUMENTED_POP_JUMP_IF_TRUE = 241, instrumented_pop_jump_if_true, (condition --), cache(1), flags(ARG), family(POP_JUMP_IF_TRUE);
            INSTRUMENTED_POP_JUMP_IF_FALSE = 242, instrumented_pop_jump_if_false, (condition --), cache(1), flags(ARG), family(POP_JUMP_IF_FALSE);
            INSTRUMENTED_POP_JUMP_IF_NONE = 243, instrumented_pop_jump_if_none, (value --), cache(1), flags(ARG | ESCAPES), family(POP_JUMP_IF_NONE);
            INSTRUMENTED_POP_JUMP_IF_NOT_NONE = 244, instrumented_pop_jump_if_not_none, (value --), cache(1), flags(ARG | ESCAPES), family(POP_JUMP_IF_NOT_NONE);
            INSTRUMENTED_RESUME = 245, instrumented_resume, (--), flags(ARG | EVAL_BREAK | ERROR | ESCAPES | ERROR_NO_POP), family(RESUME);
            INSTRUMENTED_RETURN_VALUE = 246, instrumented_return_value, (value -- result), flags(ERROR | ESCAPES), family(RETURN_VALUE);
            INSTRUMENTED_YIELD_VALUE = 247, instrumented_yield_value, (value -- sent), flags(ARG | ERROR | ESCAPES | ERROR_NO_POP), family(YIELD_VALUE);
            INSTRUMENTED_END_ASYNC_FOR = 248, instrumented_end_async_for, (awaitable, exception --), flags(ARG | JUMP | ERROR | ESCAPES | ERROR_NO_POP), family(END_ASYNC_FOR);
            INSTRUMENTED_LOAD_SUPER_ATTR = 249, instrumented_load_super_attr, (global_super, class, this -- attribute, self_or_null[oparg & 1]), cache(1), flags(ARG | NAME | ERROR | ESCAPES), family(LOAD_SUPER_ATTR);
            INSTRUMENTED_CALL = 250, instrumented_call, (callable, self_or_null, args[oparg] -- result), cache(3), flags(ARG | EVAL_BREAK | ERROR | ESCAPES | ERROR_NO_POP), family(CALL);
            INSTRUMENTED_CALL_KW = 251, instrumented_call_kw, (callable, self_or_null, args[oparg], names -- result), cache(3), flags(ARG | ERROR | ESCAPES | ERROR_NO_POP), family(CALL_KW);
            INSTRUMENTED_CALL_FUNCTION_EX = 252, instrumented_call_function_ex, (callable, null, args, kwargs_or_null -- result), flags(EVAL_BREAK | ERROR | ESCAPES | ERROR_NO_POP), family(CALL_FUNCTION_EX);
            INSTRUMENTED_JUMP_BACKWARD = 253, instrumented_jump_backward, (--), cache(1), flags(ARG | EVAL_BREAK | ERROR | ESCAPES), family(JUMP_BACKWARD);
            INSTRUMENTED_LINE = 254, instrumented_line, (--), flags(ESCAPES);
            ENTER_EXECUTOR = 255, enter_executor, (--), flags(ARG);

            // Pseudo instructions: only the compiler sees them.
            ANNOTATIONS_PLACEHOLDER = 256, annotations_placeholder, (--), flags(PURE), becomes(NOP);
            JUMP = 257, jump, (--), flags(ARG | JUMP | EVAL_BREAK | ERROR | ESCAPES), becomes(JUMP_FORWARD, JUMP_BACKWARD);
            JUMP_IF_FALSE = 258, jump_if_false, (condition -- condition), flags(ARG | JUMP | ERROR | ESCAPES), becomes(COPY, TO_BOOL, POP_JUMP_IF_FALSE);
            JUMP_IF_TRUE = 259, jump_if_true, (condition -- condition), flags(ARG | JUMP | ERROR | ESCAPES), becomes(COPY, TO_BOOL, POP_JUMP_IF_TRUE);
            JUMP_NO_INTERRUPT = 260, jump_no_interrupt, (--), flags(ARG | JUMP), becomes(JUMP_FORWARD, JUMP_BACKWARD_NO_INTERRUPT);
            LOAD_CLOSURE = 261, load_closure, (-- cell), flags(ARG | LOCAL | PURE), becomes(LOAD_FAST);
            POP_BLOCK = 262, pop_block, (--), flags(PURE), becomes(NOP);
            SETUP_CLEANUP = 263, setup_cleanup, (-- last_instruction, exception), flags(ARG | PURE | EXC), becomes(NOP);
            SETUP_FINALLY = 264, setup_finally, (-- exception), flags(ARG | PURE | EXC), becomes(NOP);
            SETUP_WITH = 265, setup_with, (-- exception), flags(ARG | PURE | EXC), becomes(NOP);
            STORE_FAST_MAYBE_NULL = 266, store_fast_maybe_null, (value --), flags(ARG | LOCAL | ESCAPES), becomes(STORE_FAST);
        }
    };
}
