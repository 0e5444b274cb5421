//! Messages: data in several buffers, with ancillary data.
//!
//! The same job as `recvmsg` and `sendmsg` in CPython's `Modules/socketmodule.c`.

use std::mem::zeroed;

use krait_eval::sys::audit;
use krait_objects::args::ToObject;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

use super::address::{self, Address};
use super::descriptor::Descriptor;
use super::object::Socket;
use super::transfer::room;
use super::wait::{Ready, checked, perform};
use super::{SocketModule, arguments};

/// The longest ancillary data.
const LIMIT: usize = i32::MAX as usize;

/// `CMSG_LEN`, unless it is too long.
fn cmsg_len(data: usize) -> Option<usize> {
    // SAFETY: a macro of C's that only calculates.
    let head = unsafe { libc::CMSG_LEN(0) } as usize;
    (data <= LIMIT - head).then(|| head + data)
}

/// `CMSG_SPACE`, unless it is too long.
fn cmsg_space(data: usize) -> Option<usize> {
    // SAFETY: a macro of C's that only calculates.
    let least = unsafe { libc::CMSG_SPACE(1) } as usize;
    if data > LIMIT - least {
        return None;
    }
    // SAFETY: a macro of C's that only calculates.
    let space = unsafe { libc::CMSG_SPACE(data as u32) } as usize;
    (space <= LIMIT).then_some(space)
}

/// An item of ancillary data: level, type and data.
struct Ancillary {
    level: i32,
    kind: i32,
    data: Buffer,
}

fn ancillary(th: &Thread, item: Borrowed<'_>) -> PyResult<Ancillary> {
    let name = "[sendmsg() ancillary data items]()";
    let Some(parts) = item.downcast::<Tuple>() else {
        let found = if item.is_none() { "None" } else { item.get().type_name() };
        return Err(raise!(th, TYPE_ERROR, "{name} argument must be 3-item tuple, not {found}"));
    };
    let [level, kind, data] = *parts.as_slice() else {
        let found = parts.len();
        return Err(raise!(
            th,
            TYPE_ERROR,
            "{name} argument must be tuple of length 3, not {found}"
        ));
    };
    let (level, kind) = (arguments::int(th, level)?, arguments::int(th, kind)?);
    Ok(Ancillary { level, kind, data: Buffer::simple(th, data)? })
}

/// The items of an iterable; `message` is for anything else.
fn list_of(th: &Thread, ob: Borrowed<'_>, message: &str) -> PyResult<Vec<Owned>> {
    let items = sequence::fast(th, ob, message)?;
    iter::collect(th, items.borrow())
}

/// Ancillary data as the system wants it, aligned for its headers.
fn control_block(th: &Thread, items: &[Ancillary]) -> PyResult<Vec<u64>> {
    let mut total = 0usize;
    for item in items {
        let Some(space) = cmsg_space(item.data.as_bytes().len()) else {
            return Err(th.raise(exc::OS_ERROR, "ancillary data item too large"));
        };
        total += space;
        if total > LIMIT {
            return Err(th.raise(exc::OS_ERROR, "too much ancillary data"));
        }
    }
    let mut block: Vec<u64> = Vec::new();
    block.try_reserve_exact(total.div_ceil(8)).map_err(|_| th.no_memory())?;
    block.resize(total.div_ceil(8), 0);
    let mut offset = 0;
    for item in items {
        let bytes = item.data.as_bytes();
        // SAFETY: the block has room for the header and the data of every item, one after the other.
        unsafe {
            let head: *mut libc::cmsghdr = block.as_mut_ptr().cast::<u8>().add(offset).cast();
            (*head).cmsg_level = item.level;
            (*head).cmsg_type = item.kind;
            (*head).cmsg_len = cmsg_len(bytes.len()).unwrap_or_default() as _;
            libc::CMSG_DATA(head).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        }
        offset += cmsg_space(bytes.len()).unwrap_or_default();
    }
    Ok(block)
}

/// The vectors of buffers, for reading only.
fn vectors(buffers: &[Buffer]) -> Vec<libc::iovec> {
    let vector = |buffer: &Buffer| libc::iovec {
        iov_base: buffer.as_bytes().as_ptr().cast_mut().cast(),
        iov_len: buffer.as_bytes().len(),
    };
    buffers.iter().map(vector).collect()
}

/// A message with no address, data or ancillary data.
fn empty_message() -> libc::msghdr {
    // SAFETY: all zeros are valid.
    unsafe { zeroed() }
}

/// What came in the ancillary data, and the descriptors among it, which somebody must close.
///
/// # Safety
/// `message` is as `recvmsg` left it.
unsafe fn received(
    th: &Thread,
    message: &libc::msghdr,
    found: &mut Vec<Owned>,
    descriptors: &mut Vec<Descriptor>,
) -> PyResult<()> {
    let end = message.msg_control as usize + message.msg_controllen as usize;
    // SAFETY: the caller's promise; data that was cut off ends with the block.
    unsafe {
        let mut next = libc::CMSG_FIRSTHDR(message);
        while let Some(head) = next.as_ref() {
            let start = libc::CMSG_DATA(next);
            let claimed = head.cmsg_len as usize;
            let overhead = libc::CMSG_LEN(0) as usize;
            let room = end.saturating_sub(start as usize);
            let len = claimed.saturating_sub(overhead).min(room);
            let data = std::slice::from_raw_parts(start, len);
            if head.cmsg_level == libc::SOL_SOCKET && head.cmsg_type == libc::SCM_RIGHTS {
                let numbers = data.chunks_exact(4);
                descriptors.extend(numbers.map(|bytes| {
                    Descriptor(i32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
                }));
            }
            let short = claimed < overhead || claimed - overhead > room;
            let item = (head.cmsg_level, head.cmsg_type, Bytes::new(th, data)?);
            found.push(item.to_object(th)?);
            if short {
                let text = "received malformed or improperly-truncated ancillary data";
                let category = Borrowed::from_ref(exc::RUNTIME_WARNING).object();
                let text = Str::new(th, text)?;
                (th.interp().services.get().warn)(th, category, text.borrow(), 1)?;
                break;
            }
            next = libc::CMSG_NXTHDR(message, next);
        }
    }
    Ok(())
}

impl Socket {
    /// `recvmsg(2)`: how much data came, then ancillary data, flags and sender.
    fn receive_message(
        &self,
        th: &Thread,
        vectors: &mut [libc::iovec],
        flags: i32,
        control: isize,
    ) -> PyResult<(usize, [Owned; 3])> {
        address::check_family(th, self.family())?;
        let Some(control) = usize::try_from(control).ok().filter(|&size| size <= LIMIT) else {
            return Err(th.raise(exc::VALUE_ERROR, "invalid ancillary data buffer length"));
        };
        let mut block: Vec<u64> = room_for_control(th, control)?;
        let mut sender = Address::room();
        let mut message = empty_message();
        let count = perform(th, self, Ready::Read, |fd| {
            sender = Address::room();
            message = empty_message();
            message.msg_name = sender.as_mut_ptr().cast();
            message.msg_namelen = sender.len();
            message.msg_iov = vectors.as_mut_ptr();
            message.msg_iovlen = vectors.len() as _;
            message.msg_control = block.as_mut_ptr().cast();
            message.msg_controllen = control as _;
            // SAFETY: all that the message names stays during the call.
            checked(unsafe { libc::recvmsg(fd, &mut message, flags) })
        })?;
        let (mut found, mut descriptors) = (Vec::new(), Vec::new());
        // SAFETY: the call has just filled the message in.
        unsafe { received(th, &message, &mut found, &mut descriptors)? };
        sender.set_len(message.msg_namelen);
        let rest = [
            List::from_vec(th, found)?.into_object(),
            Int::from_i64(th, message.msg_flags.into())?.into_object(),
            address::show(th, self.fd(), &sender, self.proto())?,
        ];
        // From here on they are the caller's.
        for descriptor in descriptors {
            descriptor.release();
        }
        Ok((count, rest))
    }

    fn send_message(
        &self,
        th: &Thread,
        data: &[Buffer],
        block: &mut [u64],
        to: Option<Address>,
        flags: i32,
    ) -> PyResult<usize> {
        let mut to = to;
        let mut vectors = vectors(data);
        let mut message = empty_message();
        if let Some(address) = &mut to {
            message.msg_name = address.as_mut_ptr().cast();
            message.msg_namelen = address.len();
        }
        message.msg_iov = vectors.as_mut_ptr();
        message.msg_iovlen = vectors.len() as _;
        if !block.is_empty() {
            message.msg_control = block.as_mut_ptr().cast();
            message.msg_controllen = size_of_val(block) as _;
        }
        perform(th, self, Ready::Write, |fd| {
            // SAFETY: all that the message names stays during the call.
            checked(unsafe { libc::sendmsg(fd, &message, flags) })
        })
    }
}

fn room_for_control(th: &Thread, size: usize) -> PyResult<Vec<u64>> {
    let mut block = Vec::new();
    block.try_reserve_exact(size.div_ceil(8)).map_err(|_| th.no_memory())?;
    block.resize(size.div_ceil(8), 0);
    Ok(block)
}

/// The buffers of a message's data.
fn data_buffers(th: &Thread, data: Borrowed<'_>) -> PyResult<Vec<Buffer>> {
    let items = list_of(th, data, "sendmsg() argument 1 must be an iterable")?;
    if i32::try_from(items.len()).is_err() {
        return Err(th.raise(exc::OS_ERROR, "sendmsg() argument 1 is too long"));
    }
    items.iter().map(|item| Buffer::simple(th, item.borrow())).collect()
}

#[pymethods(part = "message")]
impl Socket {
    /// recvmsg(bufsize[, ancbufsize[, flags]]) -> (data, ancdata, msg_flags, address)
    ///
    /// Receive normal data (up to bufsize bytes) and ancillary data from the
    /// socket.  ancbufsize sets how much room there is for the latter; by default
    /// there is none.  ancdata is a list of (level, type, data), msg_flags says
    /// what the system had to tell of the message, address who sent it.
    #[method(sig = "(self, /, *args)", no_text)]
    fn recvmsg(&self, th: &Thread, args: &[Borrowed<'_>]) -> PyResult {
        arguments::count(th, "recvmsg", args, 1, 3)?;
        let size = arguments::size(th, args[0])?;
        let control = arguments::size_or(th, args.get(1), 0)?;
        let flags = arguments::int_or(th, args.get(2), 0)?;
        let Ok(size) = usize::try_from(size) else {
            return Err(th.raise(exc::VALUE_ERROR, "negative buffer size in recvmsg()"));
        };
        let mut data = room(th, size)?;
        let mut vectors = [libc::iovec { iov_base: data.as_mut_ptr().cast(), iov_len: size }];
        let (count, [found, flags, sender]) =
            self.receive_message(th, &mut vectors, flags, control)?;
        // SAFETY: the system wrote that many bytes; with MSG_TRUNC it counts those that had no room, too.
        unsafe { data.set_len(count.min(size)) };
        let data = Bytes::new(th, &data)?.into_object();
        Tuple::pack(th, [data, found, flags, sender]).map(Owned::into_object)
    }

    /// recvmsg_into(buffers[, ancbufsize[, flags]]) -> (nbytes, ancdata, msg_flags, address)
    ///
    /// Like recvmsg(), but the data goes into a series of buffers that can be
    /// written to, one after the other; the result begins with how much there was.
    #[method(sig = "(self, /, *args)", no_text)]
    fn recvmsg_into(&self, th: &Thread, args: &[Borrowed<'_>]) -> PyResult {
        arguments::count(th, "recvmsg_into", args, 1, 3)?;
        let control = arguments::size_or(th, args.get(1), 0)?;
        let flags = arguments::int_or(th, args.get(2), 0)?;
        let items = list_of(th, args[0], "recvmsg_into() argument 1 must be an iterable")?;
        if i32::try_from(items.len()).is_err() {
            return Err(th.raise(exc::OS_ERROR, "recvmsg_into() argument 1 is too long"));
        }
        let mut buffers = Vec::with_capacity(items.len());
        for item in &items {
            buffers.push(Buffer::get(th, item.borrow(), krait_abi::PyBUF_WRITABLE).map_err(
                |raised| {
                    drop(th.take_raised(raised));
                    th.raise(
                        exc::TYPE_ERROR,
                        "recvmsg_into() argument 1 must be an iterable of single-segment read-write buffers",
                    )
                },
            )?);
        }
        let mut vectors: Vec<libc::iovec> = buffers
            .iter_mut()
            .map(|buffer| {
                let bytes = buffer.as_mut_bytes();
                libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() }
            })
            .collect();
        let (count, [found, flags, sender]) =
            self.receive_message(th, &mut vectors, flags, control)?;
        let count = Int::from_usize(th, count)?.into_object();
        Tuple::pack(th, [count, found, flags, sender]).map(Owned::into_object)
    }

    /// sendmsg(buffers[, ancdata[, flags[, address]]]) -> count
    ///
    /// Send normal data, from a series of buffers, and ancillary data: an iterable of
    /// (level, type, data).  Return how many bytes of normal data were sent.
    #[method(sig = "(self, /, *args)", no_text)]
    fn sendmsg(this: Borrowed<'_, Self>, th: &Thread, args: &[Borrowed<'_>]) -> PyResult<usize> {
        arguments::count(th, "sendmsg", args, 1, 4)?;
        let flags = arguments::int_or(th, args.get(2), 0)?;
        let to = args.get(3).copied().filter(|to| !to.is_none());
        let to_address = to.map(|to| address::parse(th, &this, to, "sendmsg")).transpose()?;
        audit(th, "socket.sendmsg", &[this.object(), to.unwrap_or(none())])?;
        let data = data_buffers(th, args[0])?;
        let items = match args.get(1).filter(|items| !items.is_none()) {
            Some(&items) => list_of(th, items, "sendmsg() argument 2 must be an iterable")?,
            None => Vec::new(),
        };
        let items: PyResult<Vec<Ancillary>> =
            items.iter().map(|item| ancillary(th, item.borrow())).collect();
        let mut block = control_block(th, &items?)?;
        this.send_message(th, &data, &mut block, to_address, flags)
    }

    /// sendmsg_afalg([msg], *, op[, iv[, assoclen[, flags=MSG_MORE]]])
    ///
    /// Tell an AF_ALG socket what to do: the operation, its initialisation vector, and how much of the data
    /// is only authenticated.
    #[method(sig = "(self, /, *args, **kwargs)", no_text)]
    fn sendmsg_afalg(
        &self,
        th: &Thread,
        args: &[Borrowed<'_>],
        kwargs: Kwargs<'_>,
    ) -> PyResult<usize> {
        if self.family() != libc::AF_ALG {
            return Err(th.raise(exc::OS_ERROR, "algset is only supported for AF_ALG"));
        }
        algorithm(self, th, args, kwargs)
    }
}

/// The parts of an operation of AF_ALG.
fn algorithm(
    socket: &Socket,
    th: &Thread,
    args: &[Borrowed<'_>],
    kwargs: Kwargs<'_>,
) -> PyResult<usize> {
    const NAMES: [&str; 5] = ["msg", "op", "iv", "assoclen", "flags"];
    let mut values: [Option<Owned>; 5] = [const { None }; 5];
    if args.len() > 1 {
        let given = args.len();
        let message =
            format!("sendmsg_afalg() takes at most 1 positional argument ({given} given)");
        return Err(th.raise(exc::TYPE_ERROR, &message));
    }
    values[0] = args.first().map(|&data| data.to_owned());
    for (name, value) in kwargs.pairs() {
        let Some(at) = NAMES.iter().position(|known| name.eq_str(known)) else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "sendmsg_afalg() got an unexpected keyword argument '{}'",
                name.to_string_lossy()
            ));
        };
        if at == 0 && !args.is_empty() {
            let message = "argument for sendmsg_afalg() given by name ('msg') and position (1)";
            return Err(th.raise(exc::TYPE_ERROR, message));
        }
        values[at] = Some(value);
    }
    let given = |at: usize| values[at].as_ref().map(Owned::object);
    let Some(op) = given(1) else {
        let message = "sendmsg_afalg() missing required argument 'op' (pos 2)";
        return Err(th.raise(exc::TYPE_ERROR, message));
    };
    let op = arguments::int(th, op)?;
    if op < 0 {
        return Err(th.raise(exc::TYPE_ERROR, "Invalid or missing argument 'op'"));
    }
    let flags = arguments::int_or(th, given(4).as_ref(), 0)?;
    let mut block = vec![];
    operation(&mut block, ALG_SET_OP, &(op as u32).to_ne_bytes());
    if let Some(iv) = given(2) {
        let iv = Buffer::simple(th, iv)?;
        let mut data = (iv.as_bytes().len() as u32).to_ne_bytes().to_vec();
        data.extend_from_slice(iv.as_bytes());
        operation(&mut block, ALG_SET_IV, &data);
    }
    if let Some(length) = given(3).filter(|length| !length.is_none()) {
        let length = arguments::int(th, length)?;
        if length < 0 {
            return Err(th.raise(exc::TYPE_ERROR, "assoclen must be positive"));
        }
        operation(&mut block, ALG_SET_AEAD_ASSOCLEN, &(length as u32).to_ne_bytes());
    }
    let data = match given(0).filter(|data| !data.is_none()) {
        Some(data) => data_buffers(th, data)?,
        None => Vec::new(),
    };
    socket.send_message(th, &data, &mut block, None, flags)
}

const ALG_SET_IV: i32 = 2;
const ALG_SET_OP: i32 = 3;
const ALG_SET_AEAD_ASSOCLEN: i32 = 4;

/// Appends an item of ancillary data of level SOL_ALG: the header's length, level and kind, then the data.
fn operation(block: &mut Vec<u64>, kind: i32, data: &[u8]) {
    let mut bytes = cmsg_len(data.len()).unwrap_or_default().to_ne_bytes().to_vec();
    bytes.extend_from_slice(&libc::SOL_ALG.to_ne_bytes());
    bytes.extend_from_slice(&kind.to_ne_bytes());
    bytes.extend_from_slice(data);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    let words = bytes.chunks_exact(8);
    block.extend(words.map(|word| u64::from_ne_bytes(word.try_into().unwrap_or_default())));
}

#[pyfunctions(part = "message")]
impl SocketModule {
    /// CMSG_LEN(length) -> control message length
    ///
    /// Return how long an item of ancillary data with that much data is, without the
    /// padding that follows it.
    #[function(sig = "(*args)", no_text, name = "CMSG_LEN")]
    fn cmsg_len(th: &Thread, args: &[Borrowed<'_>]) -> PyResult<usize> {
        arguments::count(th, "CMSG_LEN", args, 1, 1)?;
        let length = usize::try_from(arguments::size(th, args[0])?).ok();
        length
            .and_then(cmsg_len)
            .ok_or_else(|| th.raise(exc::OVERFLOW_ERROR, "CMSG_LEN() argument out of range"))
    }

    /// CMSG_SPACE(length) -> buffer size
    ///
    /// Return how much room an item of ancillary data with that much data takes,
    /// with the padding that follows it.
    #[function(sig = "(*args)", no_text, name = "CMSG_SPACE")]
    fn cmsg_space(th: &Thread, args: &[Borrowed<'_>]) -> PyResult<usize> {
        arguments::count(th, "CMSG_SPACE", args, 1, 1)?;
        let length = usize::try_from(arguments::size(th, args[0])?).ok();
        length
            .and_then(cmsg_space)
            .ok_or_else(|| th.raise(exc::OVERFLOW_ERROR, "CMSG_SPACE() argument out of range"))
    }
}
