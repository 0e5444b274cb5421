//! Addresses of the rarer families, from Python and to it.
//!
//! The offsets are those of the kernel's structs. The same job as CPython's `getsockaddrarg` and `makesockaddr`.

use std::ffi::CStr;

use krait_objects::args::ToObject;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

use super::address::{Address, pack, tuple};
use super::arguments;
use super::object::Socket;
use super::state::{errno, failed};
use crate::posix::path::fs_bytes;

pub const AF_RDS: i32 = 21;
const AF_QIPCRTR: i32 = 42;
const CAN_ISOTP: i32 = 6;
const CAN_J1939: i32 = 7;
const TIPC_ADDR_NAMESEQ: u32 = 1;
const TIPC_ADDR_NAME: u32 = 2;
const TIPC_ADDR_ID: u32 = 3;
/// Protocols of Bluetooth.
const L2CAP: i32 = 0;
const HCI: i32 = 1;
const SCO: i32 = 2;
const RFCOMM: i32 = 3;

/// Whether addresses of the family can be made and shown here.
pub fn is_known(family: i32) -> bool {
    matches!(
        family,
        libc::AF_NETLINK
            | libc::AF_PACKET
            | libc::AF_BLUETOOTH
            | libc::AF_CAN
            | libc::AF_TIPC
            | libc::AF_ALG
            | libc::AF_VSOCK
            | AF_QIPCRTR
    )
}

pub fn parse(th: &Thread, socket: &Socket, ob: Borrowed<'_>, caller: &str) -> PyResult<Address> {
    match socket.family() {
        libc::AF_NETLINK => netlink(th, ob, caller),
        libc::AF_PACKET => packet(th, socket, ob, caller),
        libc::AF_BLUETOOTH => bluetooth(th, socket.proto(), ob, caller),
        libc::AF_CAN => can(th, socket, ob, caller),
        libc::AF_TIPC => tipc(th, ob, caller),
        libc::AF_ALG => algorithm(th, ob, caller),
        libc::AF_VSOCK => pair(th, ob, "AF_VSOCK", libc::AF_VSOCK, 16, [8, 4]),
        AF_QIPCRTR => pair(th, ob, "AF_QIPCRTR", AF_QIPCRTR, 12, [4, 8]),
        _ => Err(raise!(th, OS_ERROR, "{caller}(): bad family")),
    }
}

fn u32_of(th: &Thread, ob: Borrowed<'_>) -> PyResult<u32> {
    arguments::bits(th, ob).map(|bits| bits as u32)
}

/// Two numbers at `offsets`.
fn pair(
    th: &Thread,
    ob: Borrowed<'_>,
    name: &str,
    family: i32,
    len: usize,
    offsets: [usize; 2],
) -> PyResult<Address> {
    let Some(items) = ob.downcast::<Tuple>() else {
        let found = ob.type_name();
        return Err(raise!(
            th,
            TYPE_ERROR,
            "getsockaddrarg: {name} address must be tuple, not {found}"
        ));
    };
    let items = items.get().as_slice();
    arguments::count(th, "getsockaddrarg", items, 2, 2)?;
    let mut address = Address::of_family(family, len);
    for (at, &item) in offsets.into_iter().zip(items) {
        address.put(at, &u32_of(th, item)?.to_ne_bytes());
    }
    Ok(address)
}

fn netlink(th: &Thread, ob: Borrowed<'_>, caller: &str) -> PyResult<Address> {
    let message = "AF_NETLINK address must be a pair (pid, groups)";
    let items = arguments::items(th, tuple(th, ob, caller, "AF_NETLINK")?, 2, 2, message)?;
    let mut address = Address::of_family(libc::AF_NETLINK, 12);
    address.put(4, &u32_of(th, items[0])?.to_ne_bytes());
    address.put(8, &u32_of(th, items[1])?.to_ne_bytes());
    Ok(address)
}

/// The index of a network interface, as the socket's own namespace numbers it.
fn interface_index(th: &Thread, fd: i32, name: &CStr) -> PyResult<i32> {
    // SAFETY: all zeros are valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    let room = request.ifr_name.len() - 1;
    for (to, &from) in request.ifr_name.iter_mut().zip(name.to_bytes().iter().take(room)) {
        *to = from as libc::c_char;
    }
    // SAFETY: the request has its name, and room for the answer.
    if unsafe { libc::ioctl(fd, libc::SIOCGIFINDEX as _, &raw mut request) } < 0 {
        return Err(failed(th, errno()));
    }
    // SAFETY: the call that succeeded wrote this field.
    Ok(unsafe { request.ifr_ifru.ifru_ifindex })
}

/// The name of an interface; empty if there is none of that index.
fn interface_name(fd: i32, index: i32) -> Vec<u8> {
    // SAFETY: all zeros are valid; the call may fail.
    let request = unsafe {
        let mut request: libc::ifreq = std::mem::zeroed();
        request.ifr_ifru.ifru_ifindex = index;
        if index == 0 || libc::ioctl(fd, libc::SIOCGIFNAME as _, &raw mut request) < 0 {
            return Vec::new();
        }
        request
    };
    let bytes = request.ifr_name.iter().map(|&c| c as u8);
    bytes.take_while(|&byte| byte != 0).collect()
}

fn packet(th: &Thread, socket: &Socket, ob: Borrowed<'_>, caller: &str) -> PyResult<Address> {
    let message = "AF_PACKET address must be a tuple of two to five elements";
    let items = arguments::items(th, tuple(th, ob, caller, "AF_PACKET")?, 2, 5, message)?;
    let name = arguments::text_or(th, items[0], message)?;
    let proto = arguments::int(th, items[1])?;
    let kind = arguments::int_or(th, items.get(2), 0)?;
    let hardware = arguments::int_or(th, items.get(3), 0)?;
    let host = match items.get(4) {
        Some(&host) => Buffer::simple(th, host)?.as_bytes().to_vec(),
        None => Vec::new(),
    };
    if host.len() > 8 {
        return Err(th.raise(exc::VALUE_ERROR, "Hardware address must be 8 bytes or less"));
    }
    let index = interface_index(th, socket.fd(), &name)?;
    let Ok(proto) = u16::try_from(proto) else {
        return Err(raise!(th, OVERFLOW_ERROR, "{caller}(): proto must be 0-65535."));
    };
    let mut address = Address::of_family(libc::AF_PACKET, 20);
    address.put(2, &proto.to_be_bytes());
    address.put(4, &index.to_ne_bytes());
    address.put(8, &(hardware as u16).to_ne_bytes());
    address.put(10, &[kind as u8, host.len() as u8]);
    address.put(12, &host);
    Ok(address)
}

/// `'00:11:22:33:44:55'`, which the system keeps in the other order.
fn device_address(th: &Thread, text: &CStr) -> PyResult<[u8; 6]> {
    let parse = || -> Option<[u8; 6]> {
        let parts: Vec<&str> = text.to_str().ok()?.split(':').collect();
        let mut bytes: [u8; 6] = [0; 6];
        if parts.len() != bytes.len() {
            return None;
        }
        for (byte, part) in bytes.iter_mut().rev().zip(parts) {
            *byte = u8::from_str_radix(part, 16).ok()?;
        }
        Some(bytes)
    };
    parse().ok_or_else(|| th.raise(exc::OS_ERROR, "bad bluetooth address"))
}

fn device_text(bytes: [u8; 6]) -> String {
    let parts: Vec<String> = bytes.iter().rev().map(|byte| format!("{byte:02X}")).collect();
    parts.join(":")
}

fn bluetooth(th: &Thread, proto: i32, ob: Borrowed<'_>, caller: &str) -> PyResult<Address> {
    let wrong = format!("{caller}(): wrong format");
    let (min, max) = match proto {
        L2CAP => (2, 4),
        RFCOMM => (2, 2),
        HCI => (1, 2),
        SCO => (1, 1),
        _ => {
            return Err(raise!(th, OS_ERROR, "{caller}(): unknown Bluetooth protocol"));
        }
    };
    // The two that are a single value may be given without a tuple.
    let single = [ob];
    let items: &[Borrowed<'_>] = match ob.downcast::<Tuple>() {
        Some(tuple) => arguments::items(th, tuple, min, max, &wrong)?,
        None if min == 1 => &single,
        None => return Err(th.raise(exc::TYPE_ERROR, &wrong)),
    };
    let number = |at: usize| arguments::int_or(th, items.get(at), 0);
    if proto == HCI {
        let mut address = Address::of_family(libc::AF_BLUETOOTH, 6);
        address.put(2, &(number(0)? as u16).to_ne_bytes());
        address.put(4, &(number(1)? as u16).to_ne_bytes());
        return Ok(address);
    }
    let device = match items[0].downcast::<Bytes>() {
        Some(bytes) if proto == SCO => arguments::until_nul(bytes.as_bytes().to_vec()),
        _ => arguments::text_or(th, items[0], &wrong)?,
    };
    let device = device_address(th, &device)?;
    match proto {
        L2CAP => {
            let mut address = Address::of_family(libc::AF_BLUETOOTH, 14);
            address.put(2, &(number(1)? as u16).to_le_bytes());
            address.put(4, &device);
            address.put(10, &(number(2)? as u16).to_le_bytes());
            address.put(12, &[number(3)? as u8]);
            Ok(address)
        }
        RFCOMM => {
            let mut address = Address::of_family(libc::AF_BLUETOOTH, 10);
            address.put(2, &device);
            address.put(8, &[number(1)? as u8]);
            Ok(address)
        }
        _ => {
            let mut address = Address::of_family(libc::AF_BLUETOOTH, 8);
            address.put(2, &device);
            Ok(address)
        }
    }
}

fn can(th: &Thread, socket: &Socket, ob: Borrowed<'_>, caller: &str) -> PyResult<Address> {
    let parts = tuple(th, ob, caller, "AF_CAN")?;
    let (count, message) = match socket.proto() {
        CAN_ISOTP => (3, "AF_CAN address must be a tuple (interface, rx_id, tx_id)"),
        CAN_J1939 => (4, "AF_CAN address must be a tuple (interface, name, pgn, addr)"),
        _ => (1, "AF_CAN address must be a tuple (interface, )"),
    };
    let items = arguments::items(th, parts, count, count, message)?;
    let name = fs_bytes(th, items[0])?;
    let bits = |at: usize| arguments::bits(th, items[at]);
    let mut address = Address::of_family(libc::AF_CAN, 24);
    match socket.proto() {
        CAN_ISOTP => {
            address.put(8, &(bits(1)? as u32).to_ne_bytes());
            address.put(12, &(bits(2)? as u32).to_ne_bytes());
        }
        CAN_J1939 => {
            address.put(8, &bits(1)?.to_ne_bytes());
            address.put(16, &(bits(2)? as u32).to_ne_bytes());
            address.put(20, &[bits(3)? as u8]);
        }
        _ => {}
    }
    if name.as_bytes().len() >= libc::IFNAMSIZ {
        return Err(th.raise(exc::OS_ERROR, "AF_CAN interface name too long"));
    }
    // No name: all interfaces.
    if !name.is_empty() {
        address.put(4, &interface_index(th, socket.fd(), &name)?.to_ne_bytes());
    }
    Ok(address)
}

fn tipc(th: &Thread, ob: Borrowed<'_>, caller: &str) -> PyResult<Address> {
    let message = "AF_TIPC address must be a tuple (addr_type, v1, v2, v3[, scope])";
    let items = arguments::items(th, tuple(th, ob, caller, "AF_TIPC")?, 4, 5, message)?;
    let number = |at: usize| u32_of(th, items[at]);
    let kind = number(0)?;
    let values = [number(1)?, number(2)?, number(3)?];
    // Without one, the scope is the cluster.
    let scope = if items.len() == 5 { number(4)? } else { 2 };
    let mut address = Address::of_family(libc::AF_TIPC, 16);
    address.put(2, &[kind as u8, scope as u8]);
    let offsets: &[usize] = match kind {
        TIPC_ADDR_NAMESEQ => &[4, 8, 12],
        TIPC_ADDR_NAME => &[4, 8],
        // The node comes second in the kernel's struct.
        TIPC_ADDR_ID => &[8, 4],
        _ => return Err(th.raise(exc::TYPE_ERROR, "Invalid address type")),
    };
    for (&at, value) in offsets.iter().zip(values) {
        address.put(at, &value.to_ne_bytes());
    }
    Ok(address)
}

fn algorithm(th: &Thread, ob: Borrowed<'_>, caller: &str) -> PyResult<Address> {
    let message = "AF_ALG address must be a tuple (type, name [, feat [, mask]])";
    let items = arguments::items(th, tuple(th, ob, caller, "AF_ALG")?, 2, 4, message)?;
    let kind = arguments::text_or(th, items[0], message)?;
    let name = arguments::text_or(th, items[1], message)?;
    let number = |at: usize| items.get(at).map_or(Ok(0), |&item| u32_of(th, item));
    let (features, mask) = (number(2)?, number(3)?);
    // The longest type fills its field; a name needs its terminator.
    if kind.as_bytes().len() >= 14 {
        return Err(th.raise(exc::VALUE_ERROR, "AF_ALG type too long."));
    }
    if name.as_bytes().len() >= 64 {
        return Err(th.raise(exc::VALUE_ERROR, "AF_ALG name too long."));
    }
    let mut address = Address::of_family(libc::AF_ALG, 88);
    address.put(2, kind.as_bytes());
    address.put(16, &features.to_ne_bytes());
    address.put(20, &mask.to_ne_bytes());
    address.put(24, name.as_bytes());
    Ok(address)
}

fn text(th: &Thread, bytes: &[u8]) -> PyResult {
    Str::from_fs_bytes(th, bytes).map(Owned::into_object)
}

pub fn show(th: &Thread, fd: i32, address: &Address, proto: i32) -> PyResult {
    let u32s = |at: [usize; 2]| (address.u32_at(at[0]), address.u32_at(at[1])).to_object(th);
    let index = address.u32_at(4) as i32;
    match address.family() {
        libc::AF_NETLINK => u32s([4, 8]),
        libc::AF_VSOCK => u32s([8, 4]),
        AF_QIPCRTR => u32s([4, 8]),
        libc::AF_PACKET => {
            let [kind, len] = address.bytes_at(10);
            let items = [
                text(th, &interface_name(fd, index)),
                u16::from_be_bytes(address.bytes_at(2)).to_object(th),
                kind.to_object(th),
                address.u16_at(8).to_object(th),
                Bytes::new(th, address.slice(12, usize::from(len).min(8))).to_object(th),
            ];
            pack(th, items)
        }
        libc::AF_BLUETOOTH => show_bluetooth(th, address, proto),
        libc::AF_CAN => {
            let name = text(th, &interface_name(fd, index));
            let id = |at: usize| address.u32_at(at).to_object(th);
            match proto {
                CAN_ISOTP => pack(th, [name, id(8), id(12)]),
                CAN_J1939 => {
                    let whole = u64::from_ne_bytes(address.bytes_at(8)).to_object(th);
                    let [last] = address.bytes_at(20);
                    pack(th, [name, whole, id(16), last.to_object(th)])
                }
                _ => pack(th, [name]),
            }
        }
        libc::AF_TIPC => {
            let [kind, scope] = address.bytes_at(2);
            let [first, second, third] = match u32::from(kind) {
                TIPC_ADDR_NAMESEQ => [4, 8, 12].map(|at| address.u32_at(at)),
                TIPC_ADDR_NAME => [address.u32_at(4), address.u32_at(8), address.u32_at(8)],
                TIPC_ADDR_ID => [address.u32_at(8), address.u32_at(4), 0],
                _ => return Err(th.raise(exc::VALUE_ERROR, "Invalid address type")),
            };
            let numbers = [kind.into(), first, second, third, u32::from(scope)];
            pack(th, numbers.map(|number| number.to_object(th)))
        }
        libc::AF_ALG => {
            let items = [
                text(th, address.text(2, 14)),
                text(th, address.text(24, 64)),
                address.u32_at(16).to_object(th),
                address.u32_at(20).to_object(th),
            ];
            pack(th, items)
        }
        family => {
            let data = Bytes::new(th, address.slice(2, 14))?;
            (family, data).to_object(th)
        }
    }
}

fn show_bluetooth(th: &Thread, address: &Address, proto: i32) -> PyResult {
    match proto {
        L2CAP => {
            let device = device_text(address.bytes_at(4)).to_object(th);
            let port = u16::from_le_bytes(address.bytes_at(2)).to_object(th);
            let channel = u16::from_le_bytes(address.bytes_at(10));
            let [kind] = address.bytes_at(12);
            // The parts that sockets of the older kind have not are left out.
            if kind != 0 {
                pack(th, [device, port, channel.to_object(th), kind.to_object(th)])
            } else if channel != 0 {
                pack(th, [device, port, channel.to_object(th)])
            } else {
                pack(th, [device, port])
            }
        }
        RFCOMM => {
            let [channel] = address.bytes_at(8);
            (device_text(address.bytes_at(2)), channel).to_object(th)
        }
        HCI => {
            let channel = address.u16_at(4);
            let device = address.u16_at(2).to_object(th);
            if channel == 0 { device } else { pack(th, [device, channel.to_object(th)]) }
        }
        SCO => device_text(address.bytes_at(2)).to_object(th),
        _ => Err(th.raise(exc::VALUE_ERROR, "Unknown Bluetooth protocol")),
    }
}
