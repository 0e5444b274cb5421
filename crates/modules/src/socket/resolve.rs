//! Hosts by name and by number: `getaddrinfo`, `getnameinfo`, and the functions that are older than those.
//!
//! The same job as that part of CPython's `Modules/socketmodule.c`.

use std::ffi::{CStr, CString};
use std::net::{IpAddr, Ipv4Addr};
use std::ptr::{null, null_mut};

use krait_eval::gil::without_gil;
use krait_eval::sys::audit;
use krait_objects::args::ToObject;
use krait_objects::prelude::*;

use super::address::{self, Address};
use super::state::{errno, h_errno, raise_gai, raise_host};
use super::{SocketModule, arguments, ip};

/// What `getaddrinfo` found, given back when it is dropped.
struct Found(*mut libc::addrinfo);

impl Drop for Found {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: the list is the resolver's, and given back once.
            unsafe { libc::freeaddrinfo(self.0) };
        }
    }
}

/// An entry of a list, with its parts copied.
struct Entry {
    family: i32,
    kind: i32,
    proto: i32,
    name: Vec<u8>,
    address: Address,
}

impl Found {
    /// Asks the resolver, without the GIL: it may take seconds.
    fn look_up(
        th: &Thread,
        host: Option<&CStr>,
        service: Option<&CStr>,
        [family, kind, proto, flags]: [i32; 4],
    ) -> PyResult<Found> {
        // SAFETY: all zeros are valid.
        let mut hints: libc::addrinfo = unsafe { std::mem::zeroed() };
        (hints.ai_family, hints.ai_socktype) = (family, kind);
        (hints.ai_protocol, hints.ai_flags) = (proto, flags);
        let text = |text: Option<&CStr>| text.map_or(null(), CStr::as_ptr);
        let mut found = Found(null_mut());
        let (status, errno) = without_gil(th, || {
            // SAFETY: terminated texts or null; the rest lives during the call.
            let status =
                unsafe { libc::getaddrinfo(text(host), text(service), &hints, &mut found.0) };
            (status, errno())
        });
        if status != 0 { Err(raise_gai(th, status, errno)) } else { Ok(found) }
    }

    fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        let mut next = self.0;
        std::iter::from_fn(move || {
            // SAFETY: the list and what it points to live as long as `self`.
            unsafe {
                let entry = next.as_ref()?;
                next = entry.ai_next;
                let name = match entry.ai_canonname.is_null() {
                    true => Vec::new(),
                    false => CStr::from_ptr(entry.ai_canonname).to_bytes().to_vec(),
                };
                Some(Entry {
                    family: entry.ai_family,
                    kind: entry.ai_socktype,
                    proto: entry.ai_protocol,
                    name,
                    address: Address::copy_of(entry.ai_addr, entry.ai_addrlen),
                })
            }
        })
    }
}

/// The number of a host: one that is written as such, a special name, or the first that the resolver knows.
pub fn one_host(th: &Thread, name: &CStr, family: i32) -> PyResult<IpAddr> {
    let text = name.to_bytes();
    let v4 = family == libc::AF_UNSPEC || family == libc::AF_INET;
    let v6 = family == libc::AF_UNSPEC || family == libc::AF_INET6;
    if text == b"255.255.255.255" || text == b"<broadcast>" {
        if !v4 {
            return Err(th.raise(exc::OS_ERROR, "address family mismatched"));
        }
        return Ok(IpAddr::V4(Ipv4Addr::BROADCAST));
    }
    for (wanted, family) in [(v4, libc::AF_INET), (v6, libc::AF_INET6)] {
        if wanted && let Some(ip) = ip::parse(family, name) {
            return Ok(ip);
        }
    }
    let found = if text.is_empty() {
        // Any kind of socket will do: one keeps the answer short.
        let hints = [family, libc::SOCK_DGRAM, 0, libc::AI_PASSIVE];
        let found = Found::look_up(th, None, Some(c"0"), hints)?;
        if found.entries().nth(1).is_some() {
            return Err(th.raise(exc::OS_ERROR, "wildcard resolved to multiple address"));
        }
        found
    } else {
        Found::look_up(th, Some(name), None, [family, 0, 0, 0])?
    };
    let first = found.entries().find_map(|entry| entry.address.ip());
    first.ok_or_else(|| th.raise(exc::OS_ERROR, "unknown address family"))
}

/// The port or service that `getaddrinfo` is asked for.
fn service(th: &Thread, ob: Borrowed<'_>) -> PyResult<Option<CString>> {
    if ob.is_none() {
        return Ok(None);
    }
    if ob.downcast::<Int>().is_some() {
        let text = object::str(th, ob)?;
        return Ok(Some(arguments::until_nul(text.to_wtf8())));
    }
    if let Some(text) = ob.downcast::<Str>() {
        return Ok(Some(arguments::until_nul(text.get().as_utf8(th)?.as_bytes().to_vec())));
    }
    match ob.downcast::<Bytes>() {
        Some(bytes) => Ok(Some(arguments::until_nul(bytes.as_bytes().to_vec()))),
        None => Err(th.raise(exc::OS_ERROR, "Int or String expected")),
    }
}

unsafe extern "C" {
    fn gethostbyname_r(
        name: *const libc::c_char,
        place: *mut libc::hostent,
        buffer: *mut libc::c_char,
        room: usize,
        found: *mut *mut libc::hostent,
        error: *mut libc::c_int,
    ) -> libc::c_int;
    fn gethostbyaddr_r(
        address: *const libc::c_void,
        len: libc::socklen_t,
        family: libc::c_int,
        place: *mut libc::hostent,
        buffer: *mut libc::c_char,
        room: usize,
        found: *mut *mut libc::hostent,
        error: *mut libc::c_int,
    ) -> libc::c_int;
}

type Host = *mut libc::hostent;

/// Asks with a buffer that grows until the answer fits, and shows it as (name, aliases, numbers).
fn host_entry(
    th: &Thread,
    ask: impl Fn(Host, *mut libc::c_char, usize, *mut Host, *mut i32) -> i32,
) -> PyResult {
    let mut room = 16 * 1024;
    loop {
        let mut buffer = vec![0u8; room];
        // SAFETY: all zeros are valid.
        let mut place: libc::hostent = unsafe { std::mem::zeroed() };
        let (mut found, mut code): (Host, i32) = (null_mut(), 0);
        let status = without_gil(th, || {
            let start = buffer.as_mut_ptr().cast();
            ask(&raw mut place, start, room, &raw mut found, &raw mut code)
        });
        if status == libc::ERANGE && room < 1 << 24 {
            room *= 2;
            continue;
        }
        // SAFETY: the answer is `place`, whose strings are in the buffer.
        return match unsafe { found.as_ref() } {
            // SAFETY: as above.
            Some(host) => unsafe { show_host(th, host) },
            None => Err(raise_host(th, if code == 0 { h_errno() } else { code })),
        };
    }
}

/// # Safety
/// The system's answer, with all it points to.
unsafe fn show_host(th: &Thread, host: &libc::hostent) -> PyResult {
    let (mut aliases, mut numbers) = (Vec::new(), Vec::new());
    // SAFETY: two arrays that end with null, of terminated texts and of addresses of the family's size.
    unsafe {
        let mut next = host.h_aliases;
        while let Some(&alias) = next.as_ref().filter(|alias| !alias.is_null()) {
            let text = Str::from_fs_bytes(th, CStr::from_ptr(alias).to_bytes())?;
            aliases.push(text.into_object());
            next = next.add(1);
        }
        let mut next = host.h_addr_list;
        while let Some(&number) = next.as_ref().filter(|number| !number.is_null()) {
            let ip = match host.h_addrtype {
                libc::AF_INET => IpAddr::from(number.cast::<[u8; 4]>().read_unaligned()),
                libc::AF_INET6 => IpAddr::from(number.cast::<[u8; 16]>().read_unaligned()),
                _ => return Err(th.raise(exc::OS_ERROR, "unsupported address family")),
            };
            numbers.push(ip::text(ip).to_object(th)?);
            next = next.add(1);
        }
        let name = Str::from_fs_bytes(th, CStr::from_ptr(host.h_name).to_bytes())?;
        (name, List::from_vec(th, aliases)?, List::from_vec(th, numbers)?).to_object(th)
    }
}

/// The only argument of the functions that take a host.
fn only_host(th: &Thread, function: &str, args: &[Borrowed<'_>]) -> PyResult<CString> {
    arguments::count(th, function, args, 1, 1)?;
    arguments::host_argument(th, function, args[0])
}

/// Asks the system what an address is called.
fn names_of(th: &Thread, address: &Address, flags: i32) -> PyResult {
    let mut host = [0u8; 1025];
    let mut service = [0u8; 32];
    let (status, errno) = without_gil(th, || {
        // SAFETY: an address, and two buffers with their sizes.
        let status = unsafe {
            libc::getnameinfo(
                address.as_ptr(),
                address.len(),
                host.as_mut_ptr().cast(),
                host.len() as libc::socklen_t,
                service.as_mut_ptr().cast(),
                service.len() as libc::socklen_t,
                flags,
            )
        };
        (status, errno())
    });
    if status != 0 {
        return Err(raise_gai(th, status, errno));
    }
    let text = |field: &[u8]| {
        let text = CStr::from_bytes_until_nul(field).unwrap_or_default();
        Str::from_fs_bytes(th, text.to_bytes())
    };
    (text(&host)?, text(&service)?).to_object(th)
}

#[pyfunctions(part = "resolve")]
impl SocketModule {
    /// getaddrinfo(host, port [, family, type, proto, flags])
    ///     -> list of (family, type, proto, canonname, sockaddr)
    ///
    /// Ask the system for the addresses that a host and a service have.
    #[function(sig = "(host, port, family=0, type=0, proto=0, flags=0)", no_text)]
    fn getaddrinfo(
        th: &Thread,
        host: Borrowed<'_>,
        port: Borrowed<'_>,
        #[default(None)] family: Option<Borrowed<'_>>,
        #[default(None)] r#type: Option<Borrowed<'_>>,
        #[default(None)] proto: Option<Borrowed<'_>>,
        #[default(None)] flags: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<List>> {
        let mut hints = [0; 4];
        for (hint, given) in hints.iter_mut().zip([family, r#type, proto, flags]) {
            *hint = arguments::int_or(th, given.as_ref(), 0)?;
        }
        let name = arguments::host_or_none(th, host)?;
        let service = service(th, port)?;
        let [family, kind, proto, _] = hints.map(|hint| Int::from_i64(th, hint.into()));
        let (family, kind, proto) = (family?, kind?, proto?);
        let watched = [host, port, family.object(), kind.object(), proto.object()];
        audit(th, "socket.getaddrinfo", &watched)?;
        let found = Found::look_up(th, name.as_deref(), service.as_deref(), hints)?;
        let mut all = Vec::new();
        for entry in found.entries() {
            let items = [
                entry.family.to_object(th),
                entry.kind.to_object(th),
                entry.proto.to_object(th),
                Str::from_fs_bytes(th, &entry.name).to_object(th),
                address::show(th, -1, &entry.address, entry.proto),
            ];
            all.push(address::pack(th, items)?);
        }
        List::from_vec(th, all)
    }

    /// getnameinfo(sockaddr, flags) --> (host, port)
    ///
    /// Ask the system what the host and the service of an address are called.
    #[function(sig = "(*args)", no_text)]
    fn getnameinfo(th: &Thread, args: &[Borrowed<'_>]) -> PyResult {
        arguments::count(th, "getnameinfo", args, 2, 2)?;
        let flags = arguments::int(th, args[1])?;
        let Some(parts) = args[0].downcast::<Tuple>() else {
            return Err(th.raise(exc::TYPE_ERROR, "getnameinfo() argument 1 must be a tuple"));
        };
        let message = "getnameinfo(): illegal sockaddr argument";
        let items = arguments::items(th, parts, 2, 4, message)?;
        let host = arguments::text_or(th, items[0], message)?;
        let port = arguments::int(th, items[1])?;
        let number = |at: usize| -> PyResult<u32> {
            items.get(at).map_or(Ok(0), |&item| arguments::bits(th, item).map(|bits| bits as u32))
        };
        let (flow, scope) = (number(2)?, number(3)?);
        if flow > 0xf_ffff {
            return Err(th.raise(exc::OVERFLOW_ERROR, "getnameinfo(): flowinfo must be 0-1048575."));
        }
        audit(th, "socket.getnameinfo", &[args[0]])?;
        let service = arguments::until_nul(port.to_string().into_bytes());
        let hints = [libc::AF_UNSPEC, libc::SOCK_DGRAM, 0, libc::AI_NUMERICHOST];
        let found = Found::look_up(th, Some(&host), Some(&service), hints)?;
        let mut entries = found.entries();
        let first = entries.next().map(|entry| entry.address);
        let (Some(mut address), None) = (first, entries.next()) else {
            return Err(th.raise(exc::OS_ERROR, "sockaddr resolved to multiple addresses"));
        };
        match address.family() {
            libc::AF_INET if items.len() != 2 => {
                return Err(th.raise(exc::OS_ERROR, "IPv4 sockaddr must be 2 tuple"));
            }
            libc::AF_INET6 => {
                address.put(4, &flow.to_be_bytes());
                address.put(24, &scope.to_ne_bytes());
            }
            _ => {}
        }
        names_of(th, &address, flags)
    }

    /// gethostbyname(host) -> address
    ///
    /// Find the IPv4 address of a host and write it with dots, like 255.255.255.255.
    #[function(sig = "(*args)", no_text)]
    fn gethostbyname(th: &Thread, args: &[Borrowed<'_>]) -> PyResult<String> {
        let name = only_host(th, "gethostbyname", args)?;
        audit(th, "socket.gethostbyname", args)?;
        Ok(ip::text(one_host(th, &name, libc::AF_INET)?))
    }

    /// gethostbyname_ex(host) -> (name, aliaslist, addresslist)
    ///
    /// Find out what a host, given by name or by number, is really called, its other names and all its
    /// addresses.
    #[function(sig = "(*args)", no_text)]
    fn gethostbyname_ex(th: &Thread, args: &[Borrowed<'_>]) -> PyResult {
        let name = only_host(th, "gethostbyname_ex", args)?;
        audit(th, "socket.gethostbyname", args)?;
        // What the newer function cannot find fails with its error.
        if !name.is_empty() && name.as_c_str() != c"<broadcast>" {
            one_host(th, &name, libc::AF_INET)?;
        }
        // SAFETY: a terminated name; room for the answer and its strings.
        host_entry(th, |place, buffer, room, found, code| unsafe {
            gethostbyname_r(name.as_ptr(), place, buffer, room, found, code)
        })
    }

    /// gethostbyaddr(host) -> (name, aliaslist, addresslist)
    ///
    /// Find out whose address this is: the host's real name, its other names and its addresses. A host's name
    /// will do as well.
    #[function(sig = "(*args)", no_text)]
    fn gethostbyaddr(th: &Thread, args: &[Borrowed<'_>]) -> PyResult {
        let name = only_host(th, "gethostbyaddr", args)?;
        audit(th, "socket.gethostbyaddr", args)?;
        let (family, number) = match one_host(th, &name, libc::AF_UNSPEC)? {
            IpAddr::V4(ip) => (libc::AF_INET, ip.octets().to_vec()),
            IpAddr::V6(ip) => (libc::AF_INET6, ip.octets().to_vec()),
        };
        let len = number.len() as libc::socklen_t;
        // SAFETY: an address with its length; room for the answer and its strings.
        host_entry(th, |place, buffer, room, found, code| unsafe {
            gethostbyaddr_r(number.as_ptr().cast(), len, family, place, buffer, room, found, code)
        })
    }
}
