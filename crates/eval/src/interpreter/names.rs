//! Names: locals of class bodies and modules, globals, builtins, cells and free variables.

use krait_bytecode::common_constant;
use krait_objects::prelude::*;

use super::op::Op;
use crate::builtins::CommonBuiltins;
use crate::frame::StackRef;
use krait_objects::cell::Cell;

/// NameError for `name`, which the exception carries for those who suggest another one.
#[cold]
#[inline(never)]
pub fn not_defined(th: &Thread, name: Borrowed<'_, Str>) -> Raised {
    let raised = raise!(th, NAME_ERROR, "name '{}' is not defined", name.get());
    with_name(th, raised, name)
}

/// Sets the `name` of the NameError that is being raised.
fn with_name(th: &Thread, raised: Raised, name: Borrowed<'_, Str>) -> Raised {
    if !th.exception_matches(exc::NAME_ERROR) {
        return raised;
    }
    let exception = th.take_raised(raised);
    if let Err(other) = object::set_attr(th, exception.object(), id::name, name.object()) {
        drop(th.take_raised(other));
    }
    th.set_exception(exception.into_object())
}

/// The local at `index` has no value.
#[cold]
#[inline(never)]
pub fn unbound_local(op: Op<'_>, index: usize) -> Raised {
    let name = op.local_name(index);
    // Without `name`: what is meant is known, so nothing else is to be suggested.
    raise!(
        op.th,
        UNBOUND_LOCAL_ERROR,
        "cannot access local variable '{}' where it is not associated with a value",
        name.get()
    )
}

/// The cell at `index` is empty: a local variable of this function, or a free one.
#[cold]
#[inline(never)]
pub fn unbound_cell(op: Op<'_>, index: usize) -> Raised {
    let code = op.code();
    if index < (code.nlocalsplus - code.nfreevars) as usize {
        return unbound_local(op, index);
    }
    let name = op.local_name(index);
    let raised = raise!(
        op.th,
        NAME_ERROR,
        "cannot access free variable '{}' where it is not associated with a value in enclosing scope",
        name.get()
    );
    with_name(op.th, raised, name)
}

/// `mapping[name]` of a namespace, `None` if it is missing.
fn namespace_get(
    th: &Thread,
    namespace: Borrowed<'_>,
    name: Borrowed<'_, Str>,
) -> PyResult<Option<Owned>> {
    match namespace.downcast_exact::<Dict>() {
        Some(dict) => dict.get_str(th, name),
        None => mapping::get_opt(th, namespace, name.object()),
    }
}

fn namespace_set(
    th: &Thread,
    namespace: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    value: Borrowed<'_>,
) -> PyResult<()> {
    match namespace.downcast_exact::<Dict>() {
        Some(dict) => dict.set_str(th, name, value),
        None => object::set_item(th, namespace, name.object(), value),
    }
}

/// The global or built-in `name`.
fn global_get(op: Op<'_>, name: Borrowed<'_, Str>) -> PyResult {
    if let Some(value) = namespace_get(op.th, op.globals().object(), name)? {
        return Ok(value);
    }
    match namespace_get(op.th, op.builtins(), name)? {
        Some(value) => Ok(value),
        None => Err(not_defined(op.th, name)),
    }
}

pub fn load_name(op: Op<'_>) -> PyResult<()> {
    let name = op.name(op.arg);
    let Some(locals) = op.locals() else {
        return Err(raise!(op.th, SYSTEM_ERROR, "no locals when loading '{}'", name.get()));
    };
    let value = match namespace_get(op.th, locals, name)? {
        Some(value) => value,
        None => global_get(op, name)?,
    };
    op.push(value);
    Ok(())
}

pub fn store_name(op: Op<'_>) -> PyResult<()> {
    let value = op.pop1();
    let name = op.name(op.arg);
    let Some(locals) = op.locals() else {
        return Err(raise!(op.th, SYSTEM_ERROR, "no locals found when storing '{}'", name.get()));
    };
    namespace_set(op.th, locals, name, value.get())
}

pub fn delete_name(op: Op<'_>) -> PyResult<()> {
    let name = op.name(op.arg);
    let Some(locals) = op.locals() else {
        return Err(raise!(op.th, SYSTEM_ERROR, "no locals when deleting '{}'", name.get()));
    };
    match object::del_item(op.th, locals, name.object()) {
        Ok(()) => Ok(()),
        Err(raised) => match op.th.take_if(raised, exc::KEY_ERROR) {
            Ok(_missing) => Err(not_defined(op.th, name)),
            Err(raised) => Err(raised),
        },
    }
}

pub fn load_global(op: Op<'_>) -> PyResult<()> {
    let value = global_get(op, op.name(op.arg >> 1))?;
    op.push(value);
    if op.arg & 1 != 0 {
        op.push_ref(StackRef::NULL);
    }
    Ok(())
}

pub fn store_global(op: Op<'_>) -> PyResult<()> {
    let value = op.pop1();
    op.globals().set_str(op.th, op.name(op.arg), value.get())
}

pub fn delete_global(op: Op<'_>) -> PyResult<()> {
    let name = op.name(op.arg);
    if op.globals().remove(op.th, name.object())? {
        return Ok(());
    }
    Err(not_defined(op.th, name))
}

pub fn load_locals(op: Op<'_>) -> PyResult<()> {
    let Some(locals) = op.locals() else {
        return Err(op.th.raise(exc::SYSTEM_ERROR, "no locals"));
    };
    op.push(locals.to_owned());
    Ok(())
}

/// A name in a class body or an annotation scope: the namespace on the stack, then the globals.
pub fn load_from_dict_or_globals(op: Op<'_>) -> PyResult<()> {
    let namespace = op.pop1();
    let name = op.name(op.arg);
    let value = match namespace_get(op.th, namespace.get(), name)? {
        Some(value) => value,
        None => global_get(op, name)?,
    };
    op.push(value);
    Ok(())
}

/// The same for a free variable of a class body.
pub fn load_from_dict_or_deref(op: Op<'_>) -> PyResult<()> {
    let namespace = op.pop1();
    if let Some(value) = namespace_get(op.th, namespace.get(), op.local_name(op.arg))? {
        op.push(value);
        return Ok(());
    }
    let Some(value) = cell(op, op.arg).get_owned() else {
        return Err(unbound_cell(op, op.arg));
    };
    op.push(value);
    Ok(())
}

/// The cell in a fast local.
fn cell(op: Op<'_>, index: usize) -> Borrowed<'_, Cell> {
    // SAFETY: `MAKE_CELL` or `COPY_FREE_VARS` has put a cell there.
    unsafe { (*op.local(index)).get().cast() }
}

pub fn delete_deref(op: Op<'_>) -> PyResult<()> {
    match cell(op, op.arg).take() {
        Some(_released_last) => Ok(()),
        None => Err(unbound_cell(op, op.arg)),
    }
}

pub fn delete_fast(op: Op<'_>) -> PyResult<()> {
    // SAFETY: (4): the slot is empty before the old value is released.
    unsafe {
        let slot = op.local(op.arg);
        let old = std::mem::replace(&mut *slot, StackRef::NULL);
        if old.is_null() {
            return Err(unbound_local(op, op.arg));
        }
        old.close();
    }
    Ok(())
}

pub fn setup_annotations(op: Op<'_>) -> PyResult<()> {
    let Some(locals) = op.locals() else {
        let message = "no locals found when setting up annotations";
        return Err(op.th.raise(exc::SYSTEM_ERROR, message));
    };
    if namespace_get(op.th, locals, id::__annotations__)?.is_none() {
        let annotations = Dict::new(op.th)?;
        namespace_set(op.th, locals, id::__annotations__, annotations.object())?;
    }
    Ok(())
}

pub fn load_build_class(op: Op<'_>) -> PyResult<()> {
    match namespace_get(op.th, op.builtins(), id::__build_class__)? {
        Some(function) => {
            op.push(function);
            Ok(())
        }
        None => Err(op.th.raise(exc::NAME_ERROR, "__build_class__ not found")),
    }
}

pub fn load_common_constant(op: Op<'_>) -> PyResult<()> {
    let value = match op.arg as u32 {
        common_constant::ASSERTIONERROR => exc::ASSERTION_ERROR,
        common_constant::NOTIMPLEMENTEDERROR => exc::NOT_IMPLEMENTED_ERROR,
        common_constant::BUILTIN_TUPLE => Tuple::type_object(),
        common_constant::BUILTIN_ALL => return load_builtin(op, |common| &common.all),
        _ => return load_builtin(op, |common| &common.any),
    };
    op.push_ref(StackRef::immortal(Borrowed::from_ref(value)));
    Ok(())
}

/// A function of the `builtins` module as it was made, whatever the program's builtins say.
fn load_builtin(op: Op<'_>, which: fn(&CommonBuiltins) -> &Slot) -> PyResult<()> {
    match which(op.th.interp().state::<CommonBuiltins>()).get_owned() {
        Some(function) => op.push(function),
        None => return Err(op.th.bad_internal_call()),
    }
    Ok(())
}

/// Handlers in registers.
pub mod hot {
    use krait_abi as abi;

    use krait_objects::error::PyResult;

    use super::super::cold::{Dealloc, Rare, deopt};
    use super::super::specialize::keys;
    use super::super::state::{Dispatch, Operation, State};
    use super::Op;
    use crate::code::CodeUnit;
    use crate::frame::StackRef;

    /// # Safety
    /// The local is a cell.
    #[inline(always)]
    unsafe fn content(s: State) -> *mut *mut abi::PyObject {
        // SAFETY: the caller's promise.
        unsafe { &raw mut (*(*s.local(s.arg)).ptr().cast::<abi::PyCellObject>()).ob_ref }
    }

    #[inline(always)]
    pub unsafe fn load_deref<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: `MAKE_CELL` or `COPY_FREE_VARS` has put a cell there.
        unsafe {
            let value = *content(s);
            if value.is_null() {
                return D::cold::<Rare<EmptyCell>>(s, 0);
            }
            D::next(s.push(StackRef::new(value)).skip(1))
        }
    }

    struct EmptyCell;

    impl Operation for EmptyCell {
        fn run(op: Op<'_>) -> PyResult<*const CodeUnit> {
            Err(super::unbound_cell(op, op.arg))
        }
    }

    #[inline(always)]
    pub unsafe fn store_deref<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: as for `load_deref`; the cell takes the count over.
        unsafe {
            let slot = content(s);
            let old = *slot;
            *slot = s.peek(1).into_owned().into_ptr();
            let s = s.drop(1).skip(1);
            if !old.is_null() && StackRef::from_bits(old as usize).release() {
                return D::cold::<Dealloc>(s, old as usize);
            }
            D::next(s)
        }
    }

    /// Units of `LOAD_GLOBAL` with its cache: counter, module version, builtins version, index.
    const LOAD_GLOBAL: usize = 5;

    #[inline(always)]
    unsafe fn push_global<D: Dispatch>(s: State, value: *mut abi::PyObject) -> D::Out {
        // SAFETY: (9).
        unsafe {
            let s = s.push(StackRef::new(value));
            let s = if s.arg & 1 != 0 { s.push(StackRef::NULL) } else { s };
            D::next(s.skip(LOAD_GLOBAL))
        }
    }

    #[inline(always)]
    pub unsafe fn load_global_module<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: a matching version says that the table still has this entry.
        unsafe {
            let globals = keys::of_dict((*s.frame).globals);
            if (*globals).dk_version != u32::from(s.cache_u16(2)) {
                return deopt::<D>(s);
            }
            let value = (*keys::str_entries(globals).add(s.cache_u16(4) as usize)).me_value;
            if value.is_null() {
                return deopt::<D>(s);
            }
            push_global::<D>(s, value)
        }
    }

    #[inline(always)]
    pub unsafe fn load_global_builtin<D: Dispatch>(s: State) -> D::Out {
        // SAFETY: as for `load_global_module`, for both tables.
        unsafe {
            let globals = keys::of_dict((*s.frame).globals);
            let builtins = keys::of_dict((*s.frame).builtins);
            if (*globals).dk_version != u32::from(s.cache_u16(2))
                || (*builtins).dk_version != u32::from(s.cache_u16(3))
            {
                return deopt::<D>(s);
            }
            let value = (*keys::str_entries(builtins).add(s.cache_u16(4) as usize)).me_value;
            if value.is_null() {
                return deopt::<D>(s);
            }
            push_global::<D>(s, value)
        }
    }
}
