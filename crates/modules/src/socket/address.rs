//! Addresses: the bytes that the system takes, and the tuples, strings and bytes that Python has for them.
//!
//! Fields are written and read at their offsets, which Linux fixes for every family; what is rarer is in
//! `families`. The same job as `getsockaddrarg` and `makesockaddr` in CPython's `Modules/socketmodule.c`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use krait_objects::args::ToObject;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

use super::object::Socket;
use super::{arguments, families, ip, resolve};

/// As long as the system's `sockaddr_storage`.
const CAPACITY: usize = 128;
/// Where the path of AF_UNIX begins, and how long it may be.
const PATH: usize = 2;
const PATH_LEN: usize = 108;

/// An address of any family.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub struct Address {
    bytes: [u8; CAPACITY],
    len: u32,
}

impl Address {
    /// Room for an address that the system fills in.
    pub fn room() -> Address {
        Address { bytes: [0; CAPACITY], len: CAPACITY as u32 }
    }

    /// Zeros, but for the family.
    pub fn of_family(family: i32, len: usize) -> Address {
        let mut address = Address { bytes: [0; CAPACITY], len: len.min(CAPACITY) as u32 };
        address.put(0, &(family as u16).to_ne_bytes());
        address
    }

    /// What the system has at `start`.
    ///
    /// # Safety
    /// `start` is an address of `len` bytes.
    pub unsafe fn copy_of(start: *const libc::sockaddr, len: u32) -> Address {
        let mut address = Address::room();
        address.len = len.min(CAPACITY as u32);
        // SAFETY: the caller's promise; there is room for the bytes.
        unsafe {
            address.bytes.as_mut_ptr().copy_from_nonoverlapping(start.cast(), address.len as usize);
        }
        address
    }

    /// The address of an internet host, for the system's resolver.
    pub fn internet(ip: IpAddr, port: u16) -> Address {
        match ip {
            IpAddr::V4(ip) => {
                let mut address = Address::of_family(libc::AF_INET, 16);
                address.put(2, &port.to_be_bytes());
                address.put(4, &ip.octets());
                address
            }
            IpAddr::V6(ip) => {
                let mut address = Address::of_family(libc::AF_INET6, 28);
                address.put(2, &port.to_be_bytes());
                address.put(8, &ip.octets());
                address
            }
        }
    }

    pub fn as_ptr(&self) -> *const libc::sockaddr {
        self.bytes.as_ptr().cast()
    }

    pub fn as_mut_ptr(&mut self) -> *mut libc::sockaddr {
        self.bytes.as_mut_ptr().cast()
    }

    pub fn len(&self) -> u32 {
        self.len
    }

    /// The length, for the system to change: it says how long an address would have been, even if it did not fit.
    pub fn len_mut(&mut self) -> &mut u32 {
        &mut self.len
    }

    pub fn set_len(&mut self, len: u32) {
        self.len = len;
    }

    pub fn family(&self) -> i32 {
        self.u16_at(0).into()
    }

    pub fn put(&mut self, at: usize, bytes: &[u8]) {
        if let Some(field) = self.bytes.get_mut(at..at + bytes.len()) {
            field.copy_from_slice(bytes);
        }
    }

    pub fn bytes_at<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut field = [0; N];
        if let Some(bytes) = self.bytes.get(at..at + N) {
            field.copy_from_slice(bytes);
        }
        field
    }

    pub fn u16_at(&self, at: usize) -> u16 {
        u16::from_ne_bytes(self.bytes_at(at))
    }

    pub fn u32_at(&self, at: usize) -> u32 {
        u32::from_ne_bytes(self.bytes_at(at))
    }

    /// Bytes from `at` on, as many as there are of `len`.
    pub fn slice(&self, at: usize, len: usize) -> &[u8] {
        let end = at.saturating_add(len).min(CAPACITY);
        self.bytes.get(at..end).unwrap_or_default()
    }

    /// The text from `at` to the first NUL.
    pub fn text(&self, at: usize, room: usize) -> &[u8] {
        let field = self.slice(at, room);
        let end = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
        &field[..end]
    }

    /// The host of an internet address.
    pub fn ip(&self) -> Option<IpAddr> {
        match self.family() {
            libc::AF_INET => Some(IpAddr::V4(Ipv4Addr::from(self.bytes_at::<4>(4)))),
            libc::AF_INET6 => Some(IpAddr::V6(Ipv6Addr::from(self.bytes_at::<16>(8)))),
            _ => None,
        }
    }
}

/// TypeError: an address of the family is a tuple.
#[cold]
fn not_a_tuple(th: &Thread, caller: &str, family: &str, found: Borrowed<'_>) -> Raised {
    let found = found.type_name();
    raise!(th, TYPE_ERROR, "{caller}(): {family} address must be tuple, not {found}")
}

/// An address as a tuple.
pub fn tuple<'a>(
    th: &Thread,
    ob: Borrowed<'a>,
    caller: &str,
    family: &str,
) -> PyResult<Borrowed<'a, Tuple>> {
    ob.downcast::<Tuple>().ok_or_else(|| not_a_tuple(th, caller, family, ob))
}

fn port(th: &Thread, ob: Borrowed<'_>, caller: &str) -> PyResult<u16> {
    let refuse = || raise!(th, OVERFLOW_ERROR, "{caller}(): port must be 0-65535.");
    match arguments::int(th, ob) {
        Ok(port) => u16::try_from(port).map_err(|_| refuse()),
        Err(raised) => {
            drop(th.take_if(raised, exc::OVERFLOW_ERROR)?);
            Err(refuse())
        }
    }
}

fn unix(th: &Thread, ob: Borrowed<'_>) -> PyResult<Address> {
    let path = match ob.downcast::<Str>() {
        Some(text) => text.to_fs_bytes(th)?,
        None => Buffer::simple(th, ob)?.as_bytes().to_vec(),
    };
    // A name in the abstract namespace (or none: the system chooses) may fill the field and contain NUL.
    let is_abstract = path.first().is_none_or(|&byte| byte == 0);
    let terminator = usize::from(!is_abstract);
    if path.len() + terminator > PATH_LEN {
        return Err(th.raise(exc::OS_ERROR, "AF_UNIX path too long"));
    }
    let mut address = Address::of_family(libc::AF_UNIX, PATH + path.len() + terminator);
    address.put(PATH, &path);
    Ok(address)
}

fn inet(th: &Thread, ob: Borrowed<'_>, caller: &str) -> PyResult<Address> {
    let pair = tuple(th, ob, caller, "AF_INET")?;
    let message = "AF_INET address must be a pair (host, port)";
    let items = arguments::items(th, pair, 2, 2, message)?;
    let host = arguments::host(th, items[0])?;
    let port = port(th, items[1], caller)?;
    let ip = resolve::one_host(th, &host, libc::AF_INET)?;
    Ok(Address::internet(ip, port))
}

fn inet6(th: &Thread, ob: Borrowed<'_>, caller: &str) -> PyResult<Address> {
    let parts = tuple(th, ob, caller, "AF_INET6")?;
    let message = "AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])";
    let items = arguments::items(th, parts, 2, 4, message)?;
    let host = arguments::host(th, items[0])?;
    let port = port(th, items[1], caller)?;
    let number = |at: usize| -> PyResult<u32> {
        items.get(at).map_or(Ok(0), |&item| arguments::bits(th, item).map(|bits| bits as u32))
    };
    let (flow, scope) = (number(2)?, number(3)?);
    let ip = resolve::one_host(th, &host, libc::AF_INET6)?;
    if flow > 0xf_ffff {
        return Err(raise!(th, OVERFLOW_ERROR, "{caller}(): flowinfo must be 0-1048575."));
    }
    let mut address = Address::internet(ip, port);
    address.put(4, &flow.to_be_bytes());
    address.put(24, &scope.to_ne_bytes());
    Ok(address)
}

/// An address for a socket, from Python; `caller` begins most messages.
pub fn parse(th: &Thread, socket: &Socket, ob: Borrowed<'_>, caller: &str) -> PyResult<Address> {
    match socket.family() {
        libc::AF_UNIX => unix(th, ob),
        libc::AF_INET | families::AF_RDS => inet(th, ob, caller),
        libc::AF_INET6 => inet6(th, ob, caller),
        _ => families::parse(th, socket, ob, caller),
    }
}

/// Refuses families whose addresses are not known, before the system is asked for one.
pub fn check_family(th: &Thread, family: i32) -> PyResult<()> {
    let known = matches!(family, libc::AF_UNIX | libc::AF_INET | libc::AF_INET6 | families::AF_RDS)
        || families::is_known(family);
    if known { Ok(()) } else { Err(th.raise(exc::OS_ERROR, "getsockaddrlen: bad family")) }
}

/// A tuple of numbers and texts.
pub fn pack<const N: usize>(th: &Thread, items: [PyResult; N]) -> PyResult {
    let items: PyResult<Vec<Owned>> = items.into_iter().collect();
    Tuple::from_vec(th, items?).map(Owned::into_object)
}

/// An address as Python sees it; `fd` and `proto` are the socket's.
pub fn show(th: &Thread, fd: i32, address: &Address, proto: i32) -> PyResult {
    if address.len() == 0 {
        // Whoever sent it has none.
        return Ok(none().to_owned());
    }
    let port = u16::from_be_bytes(address.bytes_at(2));
    match (address.family(), address.ip()) {
        (libc::AF_INET, Some(ip)) => (ip::text(ip), port).to_object(th),
        (libc::AF_INET6, Some(ip)) => pack(
            th,
            [
                ip::text(ip).to_object(th),
                port.to_object(th),
                u32::from_be_bytes(address.bytes_at(4)).to_object(th),
                address.u32_at(24).to_object(th),
            ],
        ),
        (libc::AF_UNIX, _) => {
            let room = (address.len() as usize).saturating_sub(PATH).min(PATH_LEN);
            match address.slice(PATH, room).first() {
                Some(0) => Bytes::new(th, address.slice(PATH, room)).map(Owned::into_object),
                _ => Str::from_fs_bytes(th, address.text(PATH, room)).map(Owned::into_object),
            }
        }
        _ => families::show(th, fd, address, proto),
    }
}
