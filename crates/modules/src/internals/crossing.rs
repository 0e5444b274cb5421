//! The functions of `_testinternalcapi` that take an object apart as if it went to another interpreter, and make an equal one.

use std::ffi::{CStr, c_void};

use krait_abi as abi;
use krait_eval::code::Code;
use krait_eval::function::Function;
use krait_eval::marshal;
use krait_objects::capsule::Capsule;
use krait_objects::prelude::*;

use super::code::{self, Namespaces};
use crate::interpreters::data::{Carried, Fallback};
use crate::interpreters::errors::not_shareable;
use crate::interpreters::pickled::Pickled;
use crate::interpreters::stateless;

const NAME: &CStr = c"crossinterp_data";

unsafe extern "C" fn release(capsule: *mut abi::PyObject) {
    // SAFETY: the destructor of a capsule that `take` made.
    unsafe {
        let capsule: Borrowed<'_, Capsule> = Borrowed::from_ptr(capsule);
        drop(Box::from_raw(capsule.pointer.get().cast::<Carried>()));
    }
}

/// A capsule with the data of an object. `mode` is the name of the way.
pub fn take(th: &Thread, ob: Borrowed<'_>, mode: Option<Borrowed<'_>>) -> PyResult {
    let mode = match mode.filter(|mode| !mode.is_none()).map(|mode| mode.downcast::<Str>()) {
        None => "xidata".to_owned(),
        Some(Some(mode)) => mode.to_string_lossy(),
        Some(None) => return Err(th.raise(exc::TYPE_ERROR, "expected mode str")),
    };
    let carried = match mode.as_str() {
        "xidata" => Carried::take(th, ob, Fallback::None)?,
        "fallback" => Carried::take(th, ob, Fallback::Full)?,
        "pickle" => refused(th, "object could not be pickled", Pickled::take(th, ob))
            .map(Carried::Pickled)?,
        "marshal" => refused(th, "object could not be marshalled", marshalled(th, ob))?,
        "code" => match ob.downcast::<Code>() {
            Some(code) => Carried::take_code(th, code)?,
            None => {
                let shown = object::repr(th, ob)?;
                return Err(not_shareable(th, &format!("expected code, got {}", &*shown), None));
            }
        },
        "func" => Carried::take_function(th, ob)?,
        "script" | "script-pure" => {
            let code = script(th, ob, mode == "script-pure");
            Carried::take_code(th, refused(th, "object not a valid script", code)?.borrow())?
        }
        other => return Err(raise!(th, VALUE_ERROR, "unsupported mode {other}")),
    };
    let data = Box::into_raw(Box::new(carried)).cast::<c_void>();
    match Capsule::new(th, data, NAME.as_ptr(), Some(release)) {
        Ok(capsule) => Ok(capsule.into_object()),
        Err(raised) => {
            // SAFETY: just made.
            drop(unsafe { Box::from_raw(data.cast::<Carried>()) });
            Err(raised)
        }
    }
}

/// NotShareableError, caused by what was raised.
fn refused<T>(th: &Thread, message: &str, made: PyResult<T>) -> PyResult<T> {
    made.map_err(|raised| {
        let cause = th.take_raised(raised);
        not_shareable(th, message, Some(cause))
    })
}

/// Marshalled data are opened as those of code are.
fn marshalled(th: &Thread, ob: Borrowed<'_>) -> PyResult<Carried> {
    Ok(Carried::Code(marshal::dumps(th, ob, 5)?))
}

/// The code of a script; a pure one uses no globals but built-in names.
fn script(th: &Thread, ob: Borrowed<'_>, pure: bool) -> PyResult<Owned<Code>> {
    let made = stateless::script(th, ob)?;
    if pure && (Code::check(&ob) || Function::check(&ob)) {
        let builtins = th.interp().builtins.get_owned();
        let builtins = builtins.as_ref().map(Owned::borrow);
        let mut spaces = Namespaces::given(None, None, builtins);
        let code = code::code_and_spaces(th, ob, &mut spaces)?;
        code::verify_stateless(th, code.borrow(), &spaces)?;
    }
    Ok(made)
}

/// The object that a capsule's data stand for.
pub fn open(th: &Thread, xid: Borrowed<'_>) -> PyResult {
    // SAFETY: a name that ends with NUL.
    let ours = |capsule: &Borrowed<'_, Capsule>| unsafe { capsule.has_name(NAME.as_ptr()) };
    let Some(capsule) = xid.downcast::<Capsule>().filter(ours) else {
        return Err(th.raise(exc::TYPE_ERROR, "expected cross-interpreter data"));
    };
    // SAFETY: what `take` put into it.
    unsafe { &*capsule.pointer.get().cast::<Carried>() }.open(th)
}
