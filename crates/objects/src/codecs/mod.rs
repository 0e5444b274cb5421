pub fn decode(
    th: &crate::thread::Thread,
    _d: &[u8],
    _e: Option<&str>,
    _r: Option<&str>,
) -> crate::error::PyResult<crate::handle::Owned<crate::str::Str>> {
    Err(th.bad_internal_call())
}
pub fn encode(
    th: &crate::thread::Thread,
    _d: crate::handle::Borrowed<'_, crate::str::Str>,
    _e: Option<&str>,
    _r: Option<&str>,
) -> crate::error::PyResult<crate::handle::Owned<crate::bytes::Bytes>> {
    Err(th.bad_internal_call())
}
