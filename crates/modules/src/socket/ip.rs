//! Internet addresses as text, in the C library's own spelling.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::net::IpAddr;

unsafe extern "C" {
    fn inet_pton(family: c_int, text: *const c_char, out: *mut c_void) -> c_int;
    fn inet_ntop(
        family: c_int,
        packed: *const c_void,
        out: *mut c_char,
        room: libc::socklen_t,
    ) -> *const c_char;
}

/// The address that `text` writes, in that family.
pub fn parse(family: i32, text: &CStr) -> Option<IpAddr> {
    let mut packed = [0u8; 16];
    let known = family == libc::AF_INET || family == libc::AF_INET6;
    // SAFETY: a terminated text, and room for the longest address.
    if !known || unsafe { inet_pton(family, text.as_ptr(), packed.as_mut_ptr().cast()) } <= 0 {
        return None;
    }
    let [a, b, c, d, ..] = packed;
    Some(if family == libc::AF_INET { [a, b, c, d].into() } else { packed.into() })
}

pub fn text(ip: IpAddr) -> String {
    let mut out = [0u8; 64];
    let room = out.len() as libc::socklen_t;
    let to = out.as_mut_ptr().cast();
    // SAFETY: an address of its family's size, and room for the longest text.
    unsafe {
        match ip {
            IpAddr::V4(ip) => inet_ntop(libc::AF_INET, ip.octets().as_ptr().cast(), to, room),
            IpAddr::V6(ip) => inet_ntop(libc::AF_INET6, ip.octets().as_ptr().cast(), to, room),
        };
    }
    CStr::from_bytes_until_nul(&out).unwrap_or_default().to_string_lossy().into_owned()
}
