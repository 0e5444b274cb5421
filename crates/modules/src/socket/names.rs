//! Services, protocols, interfaces, byte orders and addresses as text.
//!
//! The same job as the functions of CPython's `Modules/socketmodule.c` that need no socket.

use std::ffi::{CStr, CString};
use std::net::{IpAddr, Ipv4Addr};

use krait_eval::gil::without_gil;
use krait_eval::sys::audit;
use krait_objects::args::ToObject;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

use super::state::{errno, failed};
use super::{SocketModule, arguments, ip};
use crate::posix::path::{FsBytes, fs_bytes};

/// An unsigned integer up to `largest`, called `name` in C.
fn unsigned(th: &Thread, ob: Borrowed<'_>, largest: u64, name: &str) -> PyResult<u64> {
    let value = number::index(th, ob)?;
    if value.is_negative() {
        return Err(th.raise(exc::VALUE_ERROR, "Cannot convert negative int"));
    }
    value
        .to_u64()
        .filter(|&value| value <= largest)
        .ok_or_else(|| raise!(th, OVERFLOW_ERROR, "Python int too large for C {name}"))
}

fn u16_of(th: &Thread, ob: Borrowed<'_>) -> PyResult<u16> {
    unsigned(th, ob, u16::MAX.into(), "uint16_t").map(|value| value as u16)
}

fn u32_of(th: &Thread, ob: Borrowed<'_>) -> PyResult<u32> {
    unsigned(th, ob, u32::MAX.into(), "uint32_t").map(|value| value as u32)
}

/// An optional protocol's name.
fn protocol(th: &Thread, function: &str, arg: Option<&Borrowed<'_>>) -> PyResult<Option<CString>> {
    let expected = format!("{function}() argument 2");
    arg.map(|&arg| arguments::text(th, arg, &expected)).transpose()
}

fn or_null(text: Option<&CString>) -> *const libc::c_char {
    text.map_or(std::ptr::null(), |text| text.as_ptr())
}

#[pyfunctions(part = "names")]
impl SocketModule {
    /// getservbyname(servicename[, protocolname]) -> integer
    ///
    /// Look up the port of a service. protocolname is tcp or udp; without it, either will do.
    #[function(sig = "(*args)", no_text)]
    fn getservbyname(th: &Thread, args: &[Borrowed<'_>]) -> PyResult<u16> {
        arguments::count(th, "getservbyname", args, 1, 2)?;
        let name = arguments::text(th, args[0], "getservbyname() argument 1")?;
        let proto = protocol(th, "getservbyname", args.get(1))?;
        audit(th, "socket.getservbyname", &[args[0], args.get(1).copied().unwrap_or(none())])?;
        // SAFETY: terminated texts. The GIL is kept: the answer lies in memory that all threads share.
        let found = unsafe { libc::getservbyname(name.as_ptr(), or_null(proto.as_ref())).as_ref() };
        let found = found.ok_or_else(|| th.raise(exc::OS_ERROR, "service/proto not found"))?;
        Ok(u16::from_be(found.s_port as u16))
    }

    /// getservbyport(port[, protocolname]) -> string
    ///
    /// Look up which service has a port. protocolname is tcp or udp; without it, either will do.
    #[function(sig = "(*args)", no_text)]
    fn getservbyport(th: &Thread, args: &[Borrowed<'_>]) -> PyResult<Owned<Str>> {
        arguments::count(th, "getservbyport", args, 1, 2)?;
        let port = arguments::int(th, args[0])?;
        let proto = protocol(th, "getservbyport", args.get(1))?;
        let Ok(port) = u16::try_from(port) else {
            let message = "getservbyport: port must be 0-65535.";
            return Err(th.raise(exc::OVERFLOW_ERROR, message));
        };
        audit(th, "socket.getservbyport", &[args[0], args.get(1).copied().unwrap_or(none())])?;
        // SAFETY: as in `getservbyname`.
        let found = unsafe {
            libc::getservbyport(i32::from(port.to_be()), or_null(proto.as_ref())).as_ref()
        };
        let found = found.ok_or_else(|| th.raise(exc::OS_ERROR, "port/proto not found"))?;
        // SAFETY: the entry's name is a terminated text.
        Str::from_fs_bytes(th, unsafe { CStr::from_ptr(found.s_name) }.to_bytes())
    }

    /// getprotobyname(name) -> integer
    ///
    /// Look up the number of a protocol. Hardly any program needs it.
    #[function(sig = "(*args)", no_text)]
    fn getprotobyname(th: &Thread, args: &[Borrowed<'_>]) -> PyResult<i32> {
        arguments::count(th, "getprotobyname", args, 1, 1)?;
        let name = arguments::text(th, args[0], "getprotobyname() argument 1")?;
        // SAFETY: as in `getservbyname`.
        let found = unsafe { libc::getprotobyname(name.as_ptr()).as_ref() };
        let found = found.ok_or_else(|| th.raise(exc::OS_ERROR, "protocol not found"))?;
        Ok(found.p_proto)
    }

    /// gethostname() -> string
    ///
    /// What this machine is called.
    #[function(sig = "()", no_text)]
    fn gethostname(th: &Thread) -> PyResult<Owned<Str>> {
        audit(th, "socket.gethostname", &[])?;
        let mut name = [0u8; 1024];
        // SAFETY: the last byte stays NUL.
        if unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len() - 1) } < 0 {
            return Err(failed(th, errno()));
        }
        let text = CStr::from_bytes_until_nul(&name).unwrap_or_default();
        Str::from_fs_bytes(th, text.to_bytes())
    }

    /// sethostname(name)
    ///
    /// Give this machine another name.
    #[function(sig = "(*args)", no_text)]
    fn sethostname(th: &Thread, args: &[Borrowed<'_>]) -> PyResult<()> {
        arguments::count(th, "sethostname", args, 1, 1)?;
        let name = match args[0].downcast::<Bytes>() {
            Some(bytes) => bytes.as_bytes().to_vec(),
            None => fs_bytes(th, args[0])?.into_bytes(),
        };
        audit(th, "socket.sethostname", args)?;
        // SAFETY: a name and its length.
        if unsafe { libc::sethostname(name.as_ptr().cast(), name.len()) } < 0 {
            return Err(failed(th, errno()));
        }
        Ok(())
    }

    /// Reorder the two bytes of an unsigned integer that came from the network, as this machine keeps them.
    #[function(sig = "(integer, /)")]
    fn ntohs(th: &Thread, integer: Borrowed<'_>) -> PyResult<u16> {
        u16_of(th, integer).map(u16::from_be)
    }

    /// Reorder the four bytes of an unsigned integer that came from the network, as this machine keeps them.
    #[function(sig = "(integer, /)")]
    fn ntohl(th: &Thread, integer: Borrowed<'_>) -> PyResult<u32> {
        u32_of(th, integer).map(u32::from_be)
    }

    /// Reorder the two bytes of an unsigned integer as the network wants them.
    #[function(sig = "(integer, /)")]
    fn htons(th: &Thread, integer: Borrowed<'_>) -> PyResult<u16> {
        u16_of(th, integer).map(u16::to_be)
    }

    /// Reorder the four bytes of an unsigned integer as the network wants them.
    #[function(sig = "(integer, /)")]
    fn htonl(th: &Thread, integer: Borrowed<'_>) -> PyResult<u32> {
        u32_of(th, integer).map(u32::to_be)
    }

    /// Turn a dotted IPv4 address, such as 123.45.67.89, into the four bytes that the system works with.
    #[function(sig = "(ip_addr, /)")]
    fn inet_aton(th: &Thread, ip_addr: Borrowed<'_>) -> PyResult<Owned<Bytes>> {
        unsafe extern "C" {
            fn inet_aton(text: *const libc::c_char, out: *mut libc::in_addr) -> libc::c_int;
        }
        let text = arguments::text(th, ip_addr, "inet_aton() argument")?;
        let mut out = libc::in_addr { s_addr: 0 };
        // SAFETY: a terminated text, and room for the answer. It also takes forms that have fewer dots.
        if unsafe { inet_aton(text.as_ptr(), &mut out) } == 0 {
            let message = "illegal IP address string passed to inet_aton";
            return Err(th.raise(exc::OS_ERROR, message));
        }
        Bytes::new(th, &out.s_addr.to_ne_bytes())
    }

    /// Write the four bytes of an IPv4 address with dots.
    #[function(sig = "(packed_ip, /)")]
    fn inet_ntoa(th: &Thread, packed_ip: Buffer) -> PyResult<String> {
        match <[u8; 4]>::try_from(packed_ip.as_bytes()) {
            Ok(octets) => Ok(Ipv4Addr::from(octets).to_string()),
            Err(_) => Err(th.raise(exc::OS_ERROR, "packed IP wrong length for inet_ntoa")),
        }
    }

    /// inet_pton(af, ip) -> packed IP address string
    ///
    /// Turn a written IP address of family af into the bytes that the system works with.
    #[function(sig = "(*args)", no_text)]
    fn inet_pton(th: &Thread, args: &[Borrowed<'_>]) -> PyResult<Owned<Bytes>> {
        arguments::count(th, "inet_pton", args, 2, 2)?;
        let family = arguments::int(th, args[0])?;
        let text = arguments::text(th, args[1], "inet_pton() argument 2")?;
        if family != libc::AF_INET && family != libc::AF_INET6 {
            return Err(failed(th, libc::EAFNOSUPPORT));
        }
        match ip::parse(family, &text) {
            Some(IpAddr::V4(ip)) => Bytes::new(th, &ip.octets()),
            Some(IpAddr::V6(ip)) => Bytes::new(th, &ip.octets()),
            None => {
                let message = "illegal IP address string passed to inet_pton";
                Err(th.raise(exc::OS_ERROR, message))
            }
        }
    }

    /// inet_ntop(af, packed_ip) -> string formatted IP address
    ///
    /// Write the bytes of an IP address of family af as text.
    #[function(sig = "(*args)", no_text)]
    fn inet_ntop(th: &Thread, args: &[Borrowed<'_>]) -> PyResult<String> {
        arguments::count(th, "inet_ntop", args, 2, 2)?;
        let family = arguments::int(th, args[0])?;
        let packed = Buffer::simple(th, args[1])?;
        let wrong = |_| th.raise(exc::VALUE_ERROR, "invalid length of packed IP address string");
        let address: IpAddr = match family {
            libc::AF_INET => <[u8; 4]>::try_from(packed.as_bytes()).map_err(wrong)?.into(),
            libc::AF_INET6 => <[u8; 16]>::try_from(packed.as_bytes()).map_err(wrong)?.into(),
            _ => return Err(raise!(th, VALUE_ERROR, "unknown address family {family}")),
        };
        Ok(ip::text(address))
    }

    /// if_nameindex()
    ///
    /// List the network interfaces, each as a pair of index and name.
    #[function(sig = "()", no_text)]
    fn if_nameindex(th: &Thread) -> PyResult<Owned<List>> {
        // SAFETY: it takes nothing, and may be called at any time.
        let all = without_gil(th, || unsafe { libc::if_nameindex() });
        if all.is_null() {
            return Err(failed(th, errno()));
        }
        let mut entries = Vec::new();
        // SAFETY: an array that ends with an entry of zeros.
        unsafe {
            let mut next = all;
            while (*next).if_index != 0 && !(*next).if_name.is_null() {
                entries.push(((*next).if_index, CStr::from_ptr((*next).if_name).to_owned()));
                next = next.add(1);
            }
            libc::if_freenameindex(all);
        }
        let shown: PyResult<Vec<Owned>> = entries
            .iter()
            .map(|(index, name)| (*index, Str::from_fs_bytes(th, name.to_bytes())?).to_object(th))
            .collect();
        List::from_vec(th, shown?)
    }

    /// Look up the index of the network interface that has the name. OSError if there is none.
    #[function(sig = "(oname, /)")]
    fn if_nametoindex(th: &Thread, oname: FsBytes) -> PyResult<u32> {
        // SAFETY: a terminated name.
        match unsafe { libc::if_nametoindex(oname.0.as_ptr()) } {
            0 => Err(failed(th, errno())),
            index => Ok(index),
        }
    }

    /// Look up the name of the network interface that has the index. OSError if there is none.
    #[function(sig = "(if_index, /)")]
    fn if_indextoname(th: &Thread, if_index: Borrowed<'_>) -> PyResult<Owned<Str>> {
        let index = unsigned(th, if_index, u32::MAX.into(), "unsigned int")? as u32;
        let mut name = [0u8; libc::IF_NAMESIZE + 1];
        // SAFETY: room for the longest name.
        if unsafe { libc::if_indextoname(index, name.as_mut_ptr().cast()) }.is_null() {
            return Err(failed(th, errno()));
        }
        let text = CStr::from_bytes_until_nul(&name).unwrap_or_default();
        Str::from_fs_bytes(th, text.to_bytes())
    }
}
