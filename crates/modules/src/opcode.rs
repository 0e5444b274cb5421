//! The `_opcode` module: what `dis` wants to know of instructions.

use krait_bytecode::{BinaryOp, Opcode};
use krait_objects::prelude::*;

/// What the opcode module asks the interpreter about its instructions.
#[pymodule(name = "_opcode")]
pub struct OpcodeModule;

const UNARY_INTRINSICS: [&str; 12] = [
    "INTRINSIC_1_INVALID",
    "INTRINSIC_PRINT",
    "INTRINSIC_IMPORT_STAR",
    "INTRINSIC_STOPITERATION_ERROR",
    "INTRINSIC_ASYNC_GEN_WRAP",
    "INTRINSIC_UNARY_POSITIVE",
    "INTRINSIC_LIST_TO_TUPLE",
    "INTRINSIC_TYPEVAR",
    "INTRINSIC_PARAMSPEC",
    "INTRINSIC_TYPEVARTUPLE",
    "INTRINSIC_SUBSCRIPT_GENERIC",
    "INTRINSIC_TYPEALIAS",
];

const BINARY_INTRINSICS: [&str; 6] = [
    "INTRINSIC_2_INVALID",
    "INTRINSIC_PREP_RERAISE_STAR",
    "INTRINSIC_TYPEVAR_WITH_BOUND",
    "INTRINSIC_TYPEVAR_WITH_CONSTRAINTS",
    "INTRINSIC_SET_FUNCTION_TYPE_PARAMS",
    "INTRINSIC_SET_TYPEPARAM_DEFAULT",
];

/// The opcode with that number.
pub fn find(opcode: i32) -> Option<Opcode> {
    Opcode::ALL.iter().copied().find(|known| i32::from(*known as u16) == opcode)
}

/// Whether `opcode` exists and has the property.
fn has(opcode: i32, property: impl Fn(Opcode) -> bool) -> bool {
    find(opcode).is_some_and(property)
}

fn strings(th: &Thread, texts: &[&str]) -> PyResult<Owned<List>> {
    let texts: PyResult<Vec<Owned>> =
        texts.iter().map(|text| Str::interned(th, text).map(Owned::into_object)).collect();
    List::from_vec(th, texts?)
}

#[pyfunctions]
impl OpcodeModule {
    #[constant]
    const ENABLE_SPECIALIZATION: i32 = 1;
    #[constant]
    const ENABLE_SPECIALIZATION_FT: i32 = 1;

    /// By how much an instruction changes the height of the stack.
    ///
    /// With jump True, as if it jumps; with False, as if it does not; by default the larger of both.
    #[function(sig = "(opcode, oparg=None, /, *, jump=None)")]
    fn stack_effect(
        th: &Thread,
        opcode: i32,
        oparg: Option<Borrowed<'_>>,
        jump: Option<Borrowed<'_>>,
    ) -> PyResult<i64> {
        let oparg = match oparg {
            Some(oparg) => number::as_isize(th, oparg, Some(exc::OVERFLOW_ERROR))? as u32,
            None => 0,
        };
        let effect = find(opcode).and_then(|opcode| match jump {
            None => opcode.max_stack_effect(oparg),
            Some(jump) => opcode.stack_effect(oparg, jump.is(bool_object(true))),
        });
        if jump.is_some_and(|jump| !jump.is(bool_object(true)) && !jump.is(bool_object(false))) {
            return Err(
                th.raise(exc::VALUE_ERROR, "stack_effect: jump must be False, True or None")
            );
        }
        effect.ok_or_else(|| th.raise(exc::VALUE_ERROR, "invalid opcode or oparg"))
    }

    /// Whether there is an instruction of that number.
    #[function(sig = "(opcode)")]
    fn is_valid(opcode: i32) -> bool {
        find(opcode).is_some()
    }

    /// Whether the instruction has an argument.
    #[function(sig = "(opcode)")]
    fn has_arg(opcode: i32) -> bool {
        has(opcode, Opcode::has_arg)
    }

    /// Whether the argument means a constant.
    #[function(sig = "(opcode)")]
    fn has_const(opcode: i32) -> bool {
        has(opcode, Opcode::has_const)
    }

    /// Whether the argument means a name, such as that of an attribute.
    #[function(sig = "(opcode)")]
    fn has_name(opcode: i32) -> bool {
        has(opcode, Opcode::has_name)
    }

    /// Whether the instruction jumps.
    #[function(sig = "(opcode)")]
    fn has_jump(opcode: i32) -> bool {
        has(opcode, Opcode::has_jump)
    }

    /// Whether the argument means a variable that scopes share.
    ///
    /// These are the ones of the scope itself that inner scopes use, and those of outer scopes that it uses.
    #[function(sig = "(opcode)")]
    fn has_free(opcode: i32) -> bool {
        has(opcode, Opcode::has_free)
    }

    /// Whether the argument means a local variable.
    #[function(sig = "(opcode)")]
    fn has_local(opcode: i32) -> bool {
        has(opcode, Opcode::has_local)
    }

    /// Whether the instruction begins a region with an exception handler.
    #[function(sig = "(opcode)")]
    fn has_exc(opcode: i32) -> bool {
        has(opcode, Opcode::is_block_push)
    }

    /// Return the specialization stats: None, since they are not gathered.
    #[function(sig = "()")]
    fn get_specialization_stats() {}

    /// A list of pairs, name and symbol, one for each argument of BINARY_OP.
    #[function(sig = "()")]
    fn get_nb_ops(th: &Thread) -> PyResult<Owned<List>> {
        let pairs: PyResult<Vec<Owned>> = BinaryOp::ALL
            .iter()
            .map(|op| {
                let pair = [
                    Str::interned(th, &format!("{op:?}"))?.into_object(),
                    Str::interned(th, op.symbol())?.into_object(),
                ];
                Tuple::pack(th, pair).map(Owned::into_object)
            })
            .collect();
        List::from_vec(th, pairs?)
    }

    /// The names of the intrinsic functions with one operand, as a list.
    #[function(sig = "()")]
    fn get_intrinsic1_descs(th: &Thread) -> PyResult<Owned<List>> {
        strings(th, &UNARY_INTRINSICS)
    }

    /// The names of the intrinsic functions with two operands, as a list.
    #[function(sig = "()")]
    fn get_intrinsic2_descs(th: &Thread) -> PyResult<Owned<List>> {
        strings(th, &BINARY_INTRINSICS)
    }

    /// The names of the methods that LOAD_SPECIAL can look up, as a list.
    #[function(sig = "()")]
    fn get_special_method_names(th: &Thread) -> PyResult<Owned<List>> {
        strings(th, &["__enter__", "__exit__", "__aenter__", "__aexit__"])
    }

    /// Return the executor object at offset in code: there are none without a JIT.
    #[function(sig = "(code, offset)")]
    fn get_executor(th: &Thread, _code: Borrowed<'_>, _offset: i32) -> PyResult {
        Err(th.raise(exc::RUNTIME_ERROR, "Executors are not available in this build"))
    }
}
