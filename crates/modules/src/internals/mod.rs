//! `_testinternalcapi`: what tests ask about the interpreter's own insides.
//!
//! The reference's compiled module reads CPython's private structs; this one has the part of it that means something
//! here too.

// The functions have the names of what they test.
#![allow(non_snake_case)]

mod code;
mod compiler;
mod crossing;
mod evaluator;
mod exported;
mod interpreters;
mod pytime;
mod sequence;

use krait_abi as abi;
use krait_eval::code::Code;
use krait_eval::function::Function;
use krait_eval::import::single_phase;
use krait_objects::object::inline_values;
use krait_objects::prelude::*;
use krait_objects::set::Set;
use krait_objects::thread;
use krait_objects::typeobj::slots;

use code::{Counts, Namespaces};
use pytime::Round;
use sequence::Sequence;

use crate::interpreters::stateless;

/// Called in place of a function: returns None.
unsafe extern "C" fn nothing(
    _callable: *mut abi::PyObject,
    _args: *const *mut abi::PyObject,
    _count: usize,
    _names: *mut abi::PyObject,
) -> *mut abi::PyObject {
    none().to_owned().into_ptr()
}

/// The interpreter's insides, for tests.
#[pymodule(name = "_testinternalcapi")]
pub struct Internals;

#[pyfunctions(parts(exported, interpreters))]
impl Internals {
    #[constant]
    const SIZEOF_PYOBJECT: usize = size_of::<abi::PyObject>();
    #[constant]
    const SIZEOF_PYGC_HEAD: usize = size_of::<abi::PyGC_Head>();
    /// Dictionary and weak references of an instance, before its collector's header.
    #[constant]
    const SIZEOF_MANAGED_PRE_HEADER: usize = 2 * size_of::<usize>();
    #[constant]
    const SIZEOF_TIME_T: usize = size_of::<libc::time_t>();
    #[constant]
    const SHARED_KEYS_MAX_SIZE: i64 = abi::SHARED_KEYS_MAX_SIZE as i64;
    /// So often an instruction runs before it is specialised.
    #[constant]
    const SPECIALIZATION_THRESHOLD: i64 = abi::ADAPTIVE_WARMUP_VALUE as i64 + 1;
    /// So often it runs before that is tried again.
    #[constant]
    const SPECIALIZATION_COOLDOWN: i64 = abi::ADAPTIVE_COOLDOWN_VALUE as i64 + 1;
    /// So often a loop goes round in the reference before its second tier looks at it.
    #[constant]
    const TIER2_THRESHOLD: i64 = 4096;

    /// An address on the native stack.
    #[function(sig = "()")]
    fn get_stack_pointer() -> usize {
        thread::stack_pointer()
    }

    /// How many bytes of the native stack are kept in reserve.
    #[function(sig = "()")]
    fn get_stack_margin() -> usize {
        thread::STACK_RESERVE
    }

    /// How many levels of native recursion there is room for, as the reference estimates it: 50 in as much stack as is
    /// kept in reserve.
    #[function(sig = "()")]
    fn get_c_recursion_remaining(th: &Thread) -> usize {
        th.stack_left() / thread::STACK_RESERVE * 50
    }

    /// Runs a program in an interpreter that is made for it: 0, or -1 if the program failed.
    #[function(sig = "(code, config, *, xi=False)")]
    fn run_in_subinterp_with_config(
        th: &Thread,
        code: Borrowed<'_, Str>,
        config: Borrowed<'_>,
        xi: bool,
    ) -> PyResult<i32> {
        // Both of the reference's ways come to the same here.
        let _ = xi;
        let ran = crate::interpreters::run_in_new(th, config, code.get().as_utf8(th)?)?;
        Ok(if ran { 0 } else { -1 })
    }

    /// How many Python frames there are.
    #[function(sig = "()")]
    fn get_recursion_depth(th: &Thread) -> i32 {
        th.recursion_depth()
    }

    /// Whether the attributes of the object lie in the object itself.
    #[function(sig = "(obj, /)")]
    fn has_inline_values(obj: Borrowed<'_>) -> bool {
        inline_values::has_inline_values(obj)
    }

    /// The attributes that lie in the object itself, as a tuple; None if there is no place for them.
    #[function(sig = "(obj, /)")]
    fn get_object_dict_values(th: &Thread, obj: Borrowed<'_>) -> PyResult<Option<Owned<Tuple>>> {
        let Some(values) = inline_values::values_behind(obj) else { return Ok(None) };
        let null = Str::interned(th, "<NULL>")?.into_object();
        let values = values.into_iter().map(|value| value.unwrap_or_else(|| null.clone()));
        Tuple::from_vec(th, values.collect()).map(Some)
    }

    /// Whether the object is one of those that exist once, from the process's start to its end.
    #[function(sig = "(object, /)")]
    fn is_static_immortal(object: Borrowed<'_>) -> bool {
        object.is_immortal()
    }

    /// Whether the count of the object's references is kept by its thread: never, with a GIL.
    #[function(sig = "(object, /)")]
    fn has_deferred_refcount(object: Borrowed<'_>) -> bool {
        let _ = object;
        false
    }

    /// Gives a class this version for the caches of attributes, whatever it was and whoever has it.
    #[function(sig = "(type, version, /)", no_text)]
    fn type_assign_specific_version_unsafe(type_: Borrowed<'_, Type>, version: u32) {
        // SAFETY: not in general: the tests see to it.
        unsafe { type_.set_version(version) };
    }

    /// Takes a reference and gives it up.
    #[function(sig = "(object, /)")]
    fn incref_decref_delayed(object: Borrowed<'_>) {
        drop(object.to_owned());
    }

    /// The code that a frame runs.
    #[function(sig = "(frame, /)", no_text)]
    fn iframe_getcode(th: &Thread, frame: Borrowed<'_>) -> PyResult {
        object::get_attr(th, frame, Str::interned(th, "f_code")?.borrow())
    }

    /// The offset of the instruction that a frame runs.
    #[function(sig = "(frame, /)", no_text)]
    fn iframe_getlasti(th: &Thread, frame: Borrowed<'_>) -> PyResult {
        object::get_attr(th, frame, Str::interned(th, "f_lasti")?.borrow())
    }

    /// The line that a frame runs.
    #[function(sig = "(frame, /)", no_text)]
    fn iframe_getline(th: &Thread, frame: Borrowed<'_>) -> PyResult {
        object::get_attr(th, frame, Str::interned(th, "f_lineno")?.borrow())
    }

    /// Takes one argument, by its name or place, and gives it back.
    #[function(sig = "(spam=None)")]
    fn gh_119213_getargs(spam: Option<Owned>) -> Option<Owned> {
        spam
    }

    /// The version that the next table of keys gets for inline caches.
    #[function(sig = "()")]
    fn get_next_dict_keys_version(th: &Thread) -> u32 {
        th.interp().dicts.next_keys_version()
    }

    /// Makes calls of a function do nothing.
    #[function(sig = "(func, /)")]
    fn set_vectorcall_nop(th: &Thread, func: Borrowed<'_>) -> PyResult<()> {
        let Some(function) = func.downcast::<Function>() else {
            return Err(th.raise(exc::TYPE_ERROR, "argument must be a function"));
        };
        function.set_vectorcall(Some(nothing));
        Ok(())
    }

    /// The item with that key and hash, not its own.
    #[function(sig = "(mp, key, hash, /)")]
    fn dict_getitem_knownhash(
        th: &Thread,
        mp: Borrowed<'_>,
        key: Borrowed<'_>,
        hash: isize,
    ) -> PyResult {
        let Some(dict) = mp.downcast::<Dict>() else { return Err(th.bad_internal_call()) };
        match dict.get_hashed(th, key, hash)? {
            Some(value) => Ok(value),
            None => Err(th.raise_value(exc::KEY_ERROR, key)),
        }
    }

    /// All types that are the same in each interpreter.
    #[function(sig = "()")]
    fn get_static_builtin_types(th: &Thread) -> PyResult<Owned<List>> {
        let core = krait_objects::typeobj::core_types().into_iter();
        List::from_vec(th, core.map(|ty| Borrowed::from_ref(ty).object().to_owned()).collect())
    }

    /// The names of the special methods that slots of types implement.
    #[function(sig = "()")]
    fn identify_type_slot_wrappers(th: &Thread) -> PyResult<Owned<List>> {
        let mut names: Vec<Owned> = Vec::new();
        for slot in slots::SLOTS {
            if !names.iter().any(|known| known.is(slot.name)) {
                names.push(slot.name.object().to_owned());
            }
        }
        List::from_vec(th, names)
    }

    /// Has the names of the functions that are run from here on appended to a list.
    #[function(sig = "(list, /)")]
    fn set_eval_frame_record(th: &Thread, list: Borrowed<'_>) -> PyResult<()> {
        evaluator::record(th, list)
    }

    /// Ends that.
    #[function(sig = "()")]
    fn set_eval_frame_default(th: &Thread) -> PyResult<()> {
        evaluator::stop(th)
    }

    /// Forgets an extension module, so that the next import initialises it anew.
    #[function(sig = "(name, filename, /)")]
    fn clear_extension(th: &Thread, name: Borrowed<'_, Str>, filename: Borrowed<'_, Str>) {
        single_phase::forget(th, name, filename);
    }

    /// Seconds as a PyTime_t.
    #[function(sig = "(seconds, /)")]
    fn _PyTime_FromSeconds(seconds: i32) -> i64 {
        pytime::from_seconds(seconds)
    }

    /// A number of seconds as a PyTime_t.
    #[function(sig = "(obj, round, /)")]
    fn _PyTime_FromSecondsObject(th: &Thread, obj: Borrowed<'_>, round: i32) -> PyResult<i64> {
        pytime::from_seconds_object(th, obj, Round::from_c(th, round)?)
    }

    /// Milliseconds of a PyTime_t.
    #[function(sig = "(t, round, /)")]
    fn _PyTime_AsMilliseconds(th: &Thread, t: i64, round: i32) -> PyResult<i64> {
        Ok(Round::from_c(th, round)?.divide(t, 1_000_000))
    }

    /// Microseconds of a PyTime_t.
    #[function(sig = "(t, round, /)")]
    fn _PyTime_AsMicroseconds(th: &Thread, t: i64, round: i32) -> PyResult<i64> {
        Ok(Round::from_c(th, round)?.divide(t, 1000))
    }

    /// Seconds and microseconds of a PyTime_t.
    #[function(sig = "(t, round, /)")]
    fn _PyTime_AsTimeval(th: &Thread, t: i64, round: i32) -> PyResult<(i64, i64)> {
        Ok(pytime::split(t, 1_000_000, Round::from_c(th, round)?))
    }

    /// As _PyTime_AsTimeval: seconds have room for all.
    #[function(sig = "(t, round, /)")]
    fn _PyTime_AsTimeval_clamp(th: &Thread, t: i64, round: i32) -> PyResult<(i64, i64)> {
        Ok(pytime::split(t, 1_000_000, Round::from_c(th, round)?))
    }

    /// Seconds and nanoseconds of a PyTime_t.
    #[function(sig = "(t, /)")]
    fn _PyTime_AsTimespec(t: i64) -> (i64, i64) {
        pytime::split(t, 1_000_000_000, Round::Floor)
    }

    /// As _PyTime_AsTimespec: seconds have room for all.
    #[function(sig = "(t, /)")]
    fn _PyTime_AsTimespec_clamp(t: i64) -> (i64, i64) {
        pytime::split(t, 1_000_000_000, Round::Floor)
    }

    /// A number of seconds as whole ones.
    #[function(sig = "(obj, round, /)")]
    fn _PyTime_ObjectToTime_t(th: &Thread, obj: Borrowed<'_>, round: i32) -> PyResult<i64> {
        pytime::time_t_of(th, obj, Round::from_c(th, round)?)
    }

    /// A number of seconds as seconds and microseconds.
    #[function(sig = "(obj, round, /)")]
    fn _PyTime_ObjectToTimeval(th: &Thread, obj: Borrowed<'_>, round: i32) -> PyResult<(i64, i64)> {
        pytime::split_object(th, obj, 1e6, Round::from_c(th, round)?)
    }

    /// A number of seconds as seconds and nanoseconds.
    #[function(sig = "(obj, round, /)")]
    fn _PyTime_ObjectToTimespec(
        th: &Thread,
        obj: Borrowed<'_>,
        round: i32,
    ) -> PyResult<(i64, i64)> {
        pytime::split_object(th, obj, 1e9, Round::from_c(th, round)?)
    }

    /// How many objects the collector tracks.
    #[function(sig = "()")]
    fn get_tracked_heap_size(th: &Thread) -> usize {
        th.interp().gc.objects(None).len()
    }

    /// How many objects there are in the oldest generation.
    #[function(sig = "()")]
    fn get_long_lived_total(th: &Thread) -> usize {
        th.interp().gc.objects(Some(2)).len()
    }

    /// An empty sequence of instructions.
    #[function(sig = "()")]
    fn new_instruction_sequence(th: &Thread) -> PyResult<Owned<Sequence>> {
        Sequence::from_instructions(th, Default::default())
    }

    /// The instructions of a syntax tree before they are optimised, and what the code object would have besides.
    #[function(sig = "(ast, filename, optimize, compile_mode=0)")]
    fn compiler_codegen(
        th: &Thread,
        ast: Borrowed<'_>,
        filename: Borrowed<'_, Str>,
        optimize: i32,
        compile_mode: i32,
    ) -> PyResult {
        compiler::codegen(th, ast, filename, optimize, compile_mode)
    }

    /// Optimises instructions; of the constants, those in use stay.
    #[function(sig = "(instructions, consts, nlocals)")]
    fn optimize_cfg(
        th: &Thread,
        instructions: Borrowed<'_>,
        consts: Borrowed<'_>,
        nlocals: i32,
    ) -> PyResult<Owned<Sequence>> {
        compiler::optimize_cfg(th, instructions, consts, nlocals)
    }

    /// The code object of instructions.
    #[function(sig = "(filename, instructions, metadata)")]
    fn assemble_code_object(
        th: &Thread,
        filename: Borrowed<'_, Str>,
        instructions: Borrowed<'_>,
        metadata: Borrowed<'_, Dict>,
    ) -> PyResult<Owned<Code>> {
        compiler::assemble(th, filename, instructions, metadata)
    }

    /// A docstring as the compiler cleans it.
    #[function(sig = "(doc)")]
    fn compiler_cleandoc(th: &Thread, doc: Borrowed<'_, Str>) -> PyResult<Owned<Str>> {
        compiler::clean_doc(th, doc)
    }

    /// The size of the code's frames, in words.
    #[function(sig = "(object, /)")]
    fn get_co_framesize(th: &Thread, object: Borrowed<'_>) -> PyResult<i32> {
        Ok(code::code_of(th, object)?.framesize)
    }

    /// The names of the code's variables with the bits of their kinds.
    #[function(sig = "(object, /)")]
    fn get_co_localskinds(th: &Thread, object: Borrowed<'_>) -> PyResult<Owned<Dict>> {
        code::local_kinds(th, code::code_of(th, object)?)
    }

    /// Whether the code never returns anything but None.
    #[function(sig = "(object, /)")]
    fn code_returns_only_none(th: &Thread, object: Borrowed<'_>) -> PyResult<bool> {
        Ok(stateless::returns_only_none(code::code_of(th, object)?))
    }

    /// How many variables of each kind the code of a function has.
    #[function(sig = "(code, globalnames=NULL, globalsns=NULL, builtinsns=NULL)", no_text)]
    fn get_code_var_counts(
        th: &Thread,
        code: Borrowed<'_>,
        globalnames: Option<Borrowed<'_, Set>>,
        globalsns: Option<Borrowed<'_, Dict>>,
        builtinsns: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let mut spaces = Namespaces::given(globalnames, globalsns, builtinsns);
        let code = code::code_and_spaces(th, code, &mut spaces)?;
        Counts::of(th, code.borrow(), &spaces)?.to_object(th)
    }

    /// Raises ValueError if a function depends on more than its arguments and built-ins.
    #[function(sig = "(code, globalnames=NULL, globalsns=NULL, builtinsns=NULL)", no_text)]
    fn verify_stateless_code(
        th: &Thread,
        code: Borrowed<'_>,
        globalnames: Option<Borrowed<'_, Set>>,
        globalsns: Option<Borrowed<'_, Dict>>,
        builtinsns: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        let mut spaces = Namespaces::given(globalnames, globalsns, builtinsns);
        let code = code::code_and_spaces(th, code, &mut spaces)?;
        code::verify_stateless(th, code.borrow(), &spaces)
    }
}
