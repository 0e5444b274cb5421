//! Sending and receiving bytes.
//!
//! The same job as that part of CPython's `Modules/socketmodule.c`.

use krait_eval::pending;
use krait_eval::sys::audit;
use krait_objects::args::ToObject;
use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;

use super::address::{self, Address};
use super::arguments;
use super::object::Socket;
use super::wait::{Ready, call_until, checked, deadline, perform};
use crate::io::support::writable_buffer;

/// Room for what will arrive, not initialised.
pub fn room(th: &Thread, size: usize) -> PyResult<Vec<u8>> {
    let mut room = Vec::new();
    room.try_reserve_exact(size).map_err(|_| th.no_memory())?;
    Ok(room)
}

/// A size that is not negative; `message` is for those that are.
fn not_negative(th: &Thread, size: isize, message: &str) -> PyResult<usize> {
    usize::try_from(size).map_err(|_| th.raise(exc::VALUE_ERROR, message))
}

impl Socket {
    /// `recv(2)` into memory of `len` bytes at `start`.
    fn receive(&self, th: &Thread, start: *mut u8, len: usize, flags: i32) -> PyResult<usize> {
        if len == 0 {
            // There is nothing to wait for.
            return Ok(0);
        }
        perform(th, self, Ready::Read, |fd| {
            // SAFETY: the caller's memory stays during the call.
            checked(unsafe { libc::recv(fd, start.cast(), len, flags) })
        })
    }

    /// `recvfrom(2)`, and who sent it.
    fn receive_from(
        &self,
        th: &Thread,
        start: *mut u8,
        len: usize,
        flags: i32,
    ) -> PyResult<(usize, Owned)> {
        address::check_family(th, self.family())?;
        let mut sender = Address::room();
        let count = perform(th, self, Ready::Read, |fd| {
            sender = Address::room();
            // SAFETY: the caller's memory stays during the call; room for an address, with its length.
            checked(unsafe {
                libc::recvfrom(fd, start.cast(), len, flags, sender.as_mut_ptr(), sender.len_mut())
            })
        })?;
        Ok((count, address::show(th, self.fd(), &sender, self.proto())?))
    }
}

#[pymethods(part = "transfer")]
impl Socket {
    /// recv(buffersize[, flags]) -> data
    ///
    /// Take what has arrived, up to buffersize bytes, and wait if there is nothing yet. No bytes at all mean
    /// that the peer has closed its end. The system's manual explains the flags.
    #[method(sig = "(self, /, *args)", no_text)]
    fn recv(&self, th: &Thread, args: &[Borrowed<'_>]) -> PyResult<Owned<Bytes>> {
        arguments::count(th, "recv", args, 1, 2)?;
        let size = arguments::size(th, args[0])?;
        let flags = arguments::int_or(th, args.get(1), 0)?;
        let size = not_negative(th, size, "negative buffersize in recv")?;
        let mut data = room(th, size)?;
        let count = self.receive(th, data.as_mut_ptr(), size, flags)?;
        // SAFETY: the system wrote that many bytes; with MSG_TRUNC it counts those that had no room, too.
        unsafe { data.set_len(count.min(size)) };
        Bytes::new(th, &data)
    }

    /// recv_into(buffer, [nbytes[, flags]]) -> nbytes_read
    ///
    /// Do as recv() does, but put the data into a buffer and return how much it was. No more than nbytes
    /// bytes are taken; 0, the default, stands for the size of the buffer.
    #[method(sig = "(self, /, buffer, nbytes=0, flags=0)", no_text)]
    fn recv_into(
        &self,
        th: &Thread,
        buffer: Borrowed<'_>,
        #[default(None)] nbytes: Option<Borrowed<'_>>,
        #[default(None)] flags: Option<Borrowed<'_>>,
    ) -> PyResult<usize> {
        let mut buffer = writable_buffer(th, buffer, "recv_into() argument 1")?;
        let wanted = arguments::size_or(th, nbytes.as_ref(), 0)?;
        let flags = arguments::int_or(th, flags.as_ref(), 0)?;
        let wanted = not_negative(th, wanted, "negative buffersize in recv_into")?;
        let bytes = buffer.as_mut_bytes();
        if wanted > bytes.len() {
            return Err(th.raise(exc::VALUE_ERROR, "buffer too small for requested bytes"));
        }
        let len = if wanted == 0 { bytes.len() } else { wanted };
        self.receive(th, bytes.as_mut_ptr(), len, flags)
    }

    /// recvfrom(buffersize[, flags]) -> (data, address info)
    ///
    /// Do as recv() does, and tell who sent the data.
    #[method(sig = "(self, /, *args)", no_text)]
    fn recvfrom(&self, th: &Thread, args: &[Borrowed<'_>]) -> PyResult {
        arguments::count(th, "recvfrom", args, 1, 2)?;
        let size = arguments::size(th, args[0])?;
        let flags = arguments::int_or(th, args.get(1), 0)?;
        let size = not_negative(th, size, "negative buffersize in recvfrom")?;
        let mut data = room(th, size)?;
        let (count, sender) = self.receive_from(th, data.as_mut_ptr(), size, flags)?;
        // SAFETY: as in `recv`.
        unsafe { data.set_len(count.min(size)) };
        (Bytes::new(th, &data)?, sender).to_object(th)
    }

    /// recvfrom_into(buffer[, nbytes[, flags]]) -> (nbytes, address info)
    ///
    /// Do as recv_into() does, and tell who sent the data.
    #[method(sig = "(self, /, buffer, nbytes=0, flags=0)", no_text)]
    fn recvfrom_into(
        &self,
        th: &Thread,
        buffer: Borrowed<'_>,
        #[default(None)] nbytes: Option<Borrowed<'_>>,
        #[default(None)] flags: Option<Borrowed<'_>>,
    ) -> PyResult {
        let mut buffer = writable_buffer(th, buffer, "recvfrom_into() argument 1")?;
        let wanted = arguments::size_or(th, nbytes.as_ref(), 0)?;
        let flags = arguments::int_or(th, flags.as_ref(), 0)?;
        let wanted = not_negative(th, wanted, "negative buffersize in recvfrom_into")?;
        let bytes = buffer.as_mut_bytes();
        if wanted > bytes.len() {
            let message = "nbytes is greater than the length of the buffer";
            return Err(th.raise(exc::VALUE_ERROR, message));
        }
        let len = if wanted == 0 { bytes.len() } else { wanted };
        let (count, sender) = self.receive_from(th, bytes.as_mut_ptr(), len, flags)?;
        (count, sender).to_object(th)
    }

    /// send(data[, flags]) -> count
    ///
    /// Hand over data to be sent and return how many bytes were taken, which may be fewer than there are. The
    /// system's manual explains the flags.
    #[method(sig = "(self, /, *args)", no_text)]
    fn send(&self, th: &Thread, args: &[Borrowed<'_>]) -> PyResult<usize> {
        arguments::count(th, "send", args, 1, 2)?;
        let data = Buffer::simple(th, args[0])?;
        let flags = arguments::int_or(th, args.get(1), 0)?;
        let bytes = data.as_bytes();
        perform(th, self, Ready::Write, |fd| {
            // SAFETY: the buffer is held during the call.
            checked(unsafe { libc::send(fd, bytes.as_ptr().cast(), bytes.len(), flags) })
        })
    }

    /// sendall(data[, flags])
    ///
    /// Send all of the data, with as many calls as that takes. After an error nobody knows how much went out.
    /// The flags are those of send().
    #[method(sig = "(self, /, *args)", no_text)]
    fn sendall(&self, th: &Thread, args: &[Borrowed<'_>]) -> PyResult<()> {
        arguments::count(th, "sendall", args, 1, 2)?;
        let data = Buffer::simple(th, args[0])?;
        let flags = arguments::int_or(th, args.get(1), 0)?;
        let mut rest = data.as_bytes();
        // The limit holds for all of it.
        let limit = (self.timeout_ns(), deadline(self.timeout_ns()));
        loop {
            let sent = call_until(th, self, Ready::Write, limit, |fd| {
                // SAFETY: the buffer is held during the call.
                checked(unsafe { libc::send(fd, rest.as_ptr().cast(), rest.len(), flags) })
            });
            let sent = sent.map_err(|failure| failure.raise(th))?;
            rest = rest.get(sent..).unwrap_or_default();
            if pending::is_set(th) {
                pending::handle(th)?;
            }
            if rest.is_empty() {
                return Ok(());
            }
        }
    }

    /// sendto(data[, flags], address) -> count
    ///
    /// Send data to the given address, a pair (hostaddr, port) for IP; otherwise as send() does.
    #[method(sig = "(self, /, *args)", no_text)]
    fn sendto(this: Borrowed<'_, Self>, th: &Thread, args: &[Borrowed<'_>]) -> PyResult<usize> {
        let given = args.len();
        let (flags, to) = match *args {
            [_, to] => (None, to),
            [_, flags, to] => (Some(flags), to),
            _ => {
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "sendto() takes 2 or 3 arguments ({given} given)"
                ));
            }
        };
        let data = Buffer::simple(th, args[0])?;
        let flags = arguments::int_or(th, flags.as_ref(), 0)?;
        let address = address::parse(th, &this, to, "sendto")?;
        audit(th, "socket.sendto", &[this.object(), to])?;
        let bytes = data.as_bytes();
        perform(th, &this, Ready::Write, |fd| {
            // SAFETY: the buffer is held during the call; an address with its length.
            checked(unsafe {
                libc::sendto(
                    fd,
                    bytes.as_ptr().cast(),
                    bytes.len(),
                    flags,
                    address.as_ptr(),
                    address.len(),
                )
            })
        })
    }
}
