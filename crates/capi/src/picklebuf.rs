//! `cpython/picklebufobject.h`.

use krait_abi::Py_buffer;
use krait_macros::capi;
use krait_objects::pickle_buffer::PickleBuffer;
use krait_objects::prelude::*;

#[capi]
pub fn PyPickleBuffer_FromObject(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<PickleBuffer>> {
    PickleBuffer::of(th, ob)
}

fn expect<'a>(th: &Thread, ob: Borrowed<'a>) -> PyResult<Borrowed<'a, PickleBuffer>> {
    ob.downcast::<PickleBuffer>()
        .ok_or_else(|| raise!(th, TYPE_ERROR, "expected PickleBuffer, {} found", ob.type_name()))
}

#[capi(error = std::ptr::null())]
pub fn PyPickleBuffer_GetBuffer(th: &Thread, ob: Borrowed<'_>) -> PyResult<*const Py_buffer> {
    let view = expect(th, ob)?.get().view(th)?;
    Ok(std::ptr::from_ref(view))
}

#[capi]
pub fn PyPickleBuffer_Release(th: &Thread, ob: Borrowed<'_>) -> PyResult<()> {
    expect(th, ob)?.give_back();
    Ok(())
}
