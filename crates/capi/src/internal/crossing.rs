//! `internal/pycore_crossinterp.h`: data that crosses from one interpreter to another.
//!
//! What an object is carried as is `krait_modules::interpreters::data`; here it travels in the struct that C knows, and
//! classes that C registers take part in it; `crossing_bytes` is for bytes that stay where they are. The same job as
//! CPython's `Python/crossinterp.c`.
//!
//! Invariants:
//! 1. `data` of a struct with `open_carried` is a box of `Carried` that nobody else has.
//! 2. C passes live objects and structs, and its functions fit the data that they are registered with.

use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

use krait_abi as abi;
use krait_eval::code::Code;
use krait_eval::{marshal, registry};
use krait_macros::capi;
use krait_modules::interpreters::data::{self, Carried, Fallback, Parcel};
use krait_modules::interpreters::errors::not_shareable;
use krait_modules::interpreters::pickled::Pickled;
use krait_modules::interpreters::session::visit;
use krait_modules::interpreters::stateless;
use krait_objects::memory::entry::{raw_calloc, raw_free, raw_malloc};
use krait_objects::prelude::*;

use crate::support::*;

pub(super) type Data = *mut abi::_PyXIData_t;
pub(super) type State = *mut abi::PyThreadState;
pub(super) type Interp = *mut abi::PyInterpreterState;

type Basic = unsafe extern "C" fn(State, Ptr, Data) -> c_int;
type WithFallback = unsafe extern "C" fn(State, Ptr, c_int, Data) -> c_int;

/// How C takes instances of a class apart.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct GetData {
    basic: Option<Basic>,
    fallback: Option<WithFallback>,
}

#[derive(Default)]
struct Registered(RefCell<Vec<(usize, GetData)>>);

fn registered(th: &Thread, class: Ptr) -> Option<GetData> {
    let known = th.interp().state::<Registered>().0.borrow();
    known.iter().find(|(other, _)| *other == class as usize).map(|&(_, functions)| functions)
}

/// What C has taken of an object, on its way.
struct Foreign(abi::_PyXIData_t);

// SAFETY: that data may be used in another interpreter, one at a time, is what C promises of it.
unsafe impl Send for Foreign {}

impl Parcel for Foreign {
    fn open(&self, th: &Thread) -> PyResult {
        let mut data = self.0;
        // SAFETY: (2).
        unsafe { returned(th, data.new_object.map_or(null_mut(), |open| open(&mut data))) }
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        // SAFETY: (2).
        unsafe { release(&mut self.0) };
    }
}

fn take_by_c(th: &Thread, ob: Borrowed<'_>) -> PyResult<Box<dyn Parcel>> {
    let functions = registered(th, ob.get().ty().as_ptr()).unwrap_or_default();
    let mut data = abi::_PyXIData_t::EMPTY;
    // SAFETY: (2).
    let status = unsafe {
        match (functions.basic, functions.fallback) {
            (Some(take), _) => take(th.raw(), ob.as_ptr(), &mut data),
            (None, Some(take)) => take(th.raw(), ob.as_ptr(), 0, &mut data),
            _ => return Err(th.bad_internal_call()),
        }
    };
    if status < 0 {
        return Err(th.raised_by_c());
    }
    data.interpid = th.interp().id;
    Ok(Box::new(Foreign(data)))
}

unsafe extern "C" fn open_carried(data: Data) -> Ptr {
    let th = Thread::current();
    // SAFETY: (1).
    let carried = unsafe { &*(*data).data.cast::<Carried>() };
    carried.open(th).map_or(null_mut(), Owned::into_ptr)
}

unsafe extern "C" fn free_carried(data: *mut c_void) {
    // SAFETY: (1).
    drop(unsafe { Box::from_raw(data.cast::<Carried>()) });
}

unsafe fn store(th: &Thread, place: Data, carried: Carried) {
    // SAFETY: (2).
    unsafe {
        *place = abi::_PyXIData_t {
            data: Box::into_raw(Box::new(carried)).cast(),
            obj: null_mut(),
            interpid: th.interp().id,
            new_object: Some(open_carried),
            free: Some(free_carried),
        };
    }
}

fn get(th: &Thread, place: Data, take: impl FnOnce() -> PyResult<Carried>) -> PyResult<()> {
    // SAFETY: (2).
    unsafe {
        if !(*place).data.is_null() || (*place).new_object.is_some() {
            return Err(th.raise(exc::VALUE_ERROR, "xidata has not been cleared"));
        }
        store(th, place, take()?);
    }
    Ok(())
}

#[capi(error = null_mut())]
pub fn _PyXIData_New(th: &Thread) -> PyResult<Data> {
    let data: Data = raw_calloc(1, size_of::<abi::_PyXIData_t>()).cast();
    if data.is_null() { Err(th.no_memory()) } else { Ok(data) }
}

#[capi]
pub fn _PyXIData_Free(data: Data) {
    // SAFETY: (2): made by `_PyXIData_New`.
    unsafe {
        clear(data);
        raw_free(data.cast());
    }
}

#[capi]
pub fn _PyXIData_Init(
    data: Data,
    interp: Interp,
    shared: *mut c_void,
    ob: Ptr,
    new_object: abi::xid_newobjfunc,
) {
    // SAFETY: (2).
    unsafe {
        if !ob.is_null() {
            krait_objects::handle::incref(ob);
        }
        let interpid = if interp.is_null() {
            -1
        } else {
            (*interp.cast::<krait_objects::interp::Interpreter>()).id
        };
        *data = abi::_PyXIData_t { data: shared, obj: ob, interpid, new_object, free: None };
    }
}

unsafe extern "C" fn free_raw(block: *mut c_void) {
    // SAFETY: memory of `raw_malloc`.
    unsafe { raw_free(block.cast()) }
}

#[capi]
pub fn _PyXIData_InitWithSize(
    data: Data,
    interp: Interp,
    size: usize,
    ob: Ptr,
    new_object: abi::xid_newobjfunc,
) -> c_int {
    // SAFETY: (2).
    unsafe {
        _PyXIData_Init(data, interp, null_mut(), ob, new_object);
        (*data).data = raw_malloc(size).cast();
        if (*data).data.is_null() {
            return -1;
        }
        (*data).free = Some(free_raw);
    }
    0
}

/// Gives back what the struct holds, in the interpreter that it comes from.
pub(super) unsafe fn clear(data: Data) {
    // SAFETY: (2).
    unsafe {
        let shared = std::mem::replace(&mut (*data).data, null_mut());
        if let Some(free) = (*data).free.filter(|_| !shared.is_null()) {
            free(shared);
        }
        drop(Owned::<Object>::from_ptr_or_null(std::mem::replace(&mut (*data).obj, null_mut())));
    }
}

#[capi]
pub fn _PyXIData_Clear(_interp: Interp, data: Data) {
    // SAFETY: (2).
    unsafe { clear(data) }
}

/// Whether it could be given back: its interpreter may be gone.
unsafe fn release(data: Data) -> bool {
    // SAFETY: (2).
    unsafe {
        let bound = !(*data).obj.is_null();
        if ((*data).data.is_null() || (*data).free.is_none()) && !bound {
            (*data).data = null_mut();
            return true;
        }
        let is_ours =
            (*data).free.is_some_and(|free| free as usize == free_carried as *const () as usize);
        let here = Thread::current_or_none().filter(|th| th.interp().id == (*data).interpid);
        if is_ours || here.is_some() || (*data).interpid < 0 {
            clear(data);
            return true;
        }
        match (registry::find_id((*data).interpid), Thread::current_or_none()) {
            (Some(owner), Some(th)) => match visit(th, &owner, |_| clear(data)) {
                Ok(()) => true,
                Err(raised) => {
                    drop(th.take_raised(raised));
                    false
                }
            },
            _ => false,
        }
    }
}

#[capi]
pub fn _PyXIData_Release(data: Data) -> c_int {
    // SAFETY: (2).
    if unsafe { release(data) } { 0 } else { -1 }
}

#[capi]
pub fn _PyXIData_ReleaseAndRawFree(data: Data) -> c_int {
    // SAFETY: (2).
    unsafe {
        let released = release(data);
        raw_free(data.cast());
        if released { 0 } else { -1 }
    }
}

#[capi]
pub fn _PyXIData_NewObject(data: Data) -> Ptr {
    // SAFETY: (2).
    unsafe { (*data).new_object.map_or(null_mut(), |open| open(data)) }
}

#[capi]
pub fn _PyXIData_RegisterClass(
    th: &Thread,
    _state: State,
    class: Borrowed<'_, Type>,
    functions: GetData,
) -> PyResult<()> {
    if registered(th, class.as_ptr()).is_none() {
        data::register(th, class, take_by_c);
        let known = &th.interp().state::<Registered>().0;
        known.borrow_mut().push((class.as_ptr() as usize, functions));
    }
    Ok(())
}

#[capi]
pub fn _PyXIData_UnregisterClass(
    th: &Thread,
    _state: State,
    class: Borrowed<'_, Type>,
) -> PyResult<c_int> {
    let was = registered(th, class.as_ptr()).is_some();
    if was {
        data::unregister(th, class);
        let known = &th.interp().state::<Registered>().0;
        known.borrow_mut().retain(|(other, _)| *other != class.as_ptr() as usize);
    }
    Ok(was.into())
}

unsafe extern "C" fn get_data(_state: State, ob: Ptr, place: Data) -> c_int {
    let th = Thread::current();
    // SAFETY: (2).
    let ob = unsafe { Borrowed::<Object>::from_ptr(ob) };
    match Carried::take(th, ob, Fallback::None) {
        Ok(carried) => {
            // SAFETY: (2).
            unsafe { store(th, place, carried) };
            0
        }
        Err(_) => -1,
    }
}

/// How instances of an object's class are taken apart; nothing if they are not.
#[capi]
pub fn _PyXIData_Lookup(th: &Thread, _state: State, ob: Ptr) -> GetData {
    // SAFETY: (2).
    let ob = unsafe { Borrowed::<Object>::from_ptr(ob) };
    let known = registered(th, ob.get().ty().as_ptr());
    let ours =
        || data::is_shareable(th, ob).then_some(GetData { basic: Some(get_data), fallback: None });
    known.or_else(ours).unwrap_or_default()
}

#[capi]
pub fn _PyObject_CheckXIData(th: &Thread, _state: State, ob: Borrowed<'_>) -> PyResult<()> {
    if data::is_shareable(th, ob) {
        return Ok(());
    }
    let shown = object::repr(th, ob)?;
    let message = format!("{} does not support cross-interpreter data", &*shown);
    Err(not_shareable(th, &message, None))
}

#[capi]
pub fn _PyObject_GetXIData(
    th: &Thread,
    _state: State,
    ob: Borrowed<'_>,
    fallback: c_int,
    place: Data,
) -> PyResult<()> {
    let fallback = match fallback {
        0 => Fallback::None,
        1 => Fallback::Full,
        _ => {
            return Err(raise!(th, SYSTEM_ERROR, "unsupported xidata fallback option {fallback}"));
        }
    };
    get(th, place, || Carried::take(th, ob, fallback))
}

#[capi]
pub fn _PyObject_GetXIDataNoFallback(
    th: &Thread,
    _state: State,
    ob: Borrowed<'_>,
    place: Data,
) -> PyResult<()> {
    get(th, place, || Carried::take(th, ob, Fallback::None))
}

#[capi]
pub fn _PyPickle_GetXIData(
    th: &Thread,
    _state: State,
    ob: Borrowed<'_>,
    place: Data,
) -> PyResult<()> {
    get(th, place, || Pickled::take(th, ob).map(Carried::Pickled))
}

#[capi]
pub fn _PyMarshal_GetXIData(
    th: &Thread,
    _state: State,
    ob: Borrowed<'_>,
    place: Data,
) -> PyResult<()> {
    get(th, place, || {
        marshal::dumps(th, ob, abi::Py_MARSHAL_VERSION).map(Carried::Code).map_err(|raised| {
            let cause = th.take_raised(raised);
            not_shareable(th, "object could not be marshalled", Some(cause))
        })
    })
}

fn code<'a>(th: &Thread, ob: Borrowed<'a>) -> PyResult<Borrowed<'a, Code>> {
    match ob.downcast::<Code>() {
        Some(code) => Ok(code),
        None => {
            let shown = object::repr(th, ob)?;
            Err(not_shareable(th, &format!("expected code, got {}", &*shown), None))
        }
    }
}

#[capi]
pub fn _PyCode_GetXIData(
    th: &Thread,
    _state: State,
    ob: Borrowed<'_>,
    place: Data,
) -> PyResult<()> {
    get(th, place, || Carried::take_code(th, code(th, ob)?))
}

fn script(th: &Thread, ob: Borrowed<'_>, pure: bool) -> PyResult<Carried> {
    let code = stateless::script(th, ob)?;
    if pure {
        stateless::check_script(th, code.borrow())?;
    }
    Carried::take_code(th, code.borrow())
}

/// Of a string, a function or a code object that is run as a script.
#[capi]
pub fn _PyCode_GetScriptXIData(
    th: &Thread,
    _state: State,
    ob: Borrowed<'_>,
    place: Data,
) -> PyResult<()> {
    get(th, place, || script(th, ob, false))
}

#[capi]
pub fn _PyCode_GetPureScriptXIData(
    th: &Thread,
    _state: State,
    ob: Borrowed<'_>,
    place: Data,
) -> PyResult<()> {
    get(th, place, || script(th, ob, true))
}

#[capi]
pub fn _PyFunction_GetXIData(
    th: &Thread,
    _state: State,
    ob: Borrowed<'_>,
    place: Data,
) -> PyResult<()> {
    get(th, place, || Carried::take_function(th, ob))
}

macro_rules! openers {
    ($($name:ident)*) => {$(
        #[capi]
        pub fn $name(data: Data) -> Ptr {
            // SAFETY: (2).
            unsafe { _PyXIData_NewObject(data) }
        }
    )*};
}

openers! {
    _PyPickle_LoadFromXIData _PyMarshal_ReadObjectFromXIData _PyCode_FromXIData _PyFunction_FromXIData
}
