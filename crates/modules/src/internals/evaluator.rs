//! The functions of `_testinternalcapi` that run frames in the loop's place.

use std::ffi::c_int;

use krait_abi as abi;
use krait_eval::frame::Frame;
use krait_eval::interpreter::evaluator;
use krait_objects::prelude::*;

/// The list that names go to.
#[derive(Default)]
struct Record(Slot<List>);

/// Notes the name of the frame's function, then runs the frame as usual.
unsafe extern "C" fn note(
    _state: *mut abi::PyThreadState,
    frame: *mut abi::_PyInterpreterFrame,
    throwing: c_int,
) -> *mut abi::PyObject {
    let th = Thread::current();
    let frame: *mut Frame = frame.cast();
    // SAFETY: the loop gives a frame away, which goes back to it.
    let made = unsafe {
        if let Some(list) = th.interp().state::<Record>().0.get_owned()
            && let Some(name) = Frame::function(frame).get().name.get_owned()
            && let Err(raised) = list.push(th, name.into_object())
        {
            drop(th.take_raised(raised));
        }
        evaluator::run(th, frame, throwing != 0)
    };
    made.map_or(std::ptr::null_mut(), Owned::into_ptr)
}

pub fn record(th: &Thread, list: Borrowed<'_>) -> PyResult<()> {
    let Some(list) = list.downcast::<List>() else {
        return Err(th.raise(exc::TYPE_ERROR, "argument must be a list"));
    };
    drop(th.interp().state::<Record>().0.replace(Some(list.to_owned())));
    evaluator::set(th, Some(note))
}

pub fn stop(th: &Thread) -> PyResult<()> {
    drop(th.interp().state::<Record>().0.take());
    evaluator::set(th, None)
}
