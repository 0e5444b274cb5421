//! Users and groups of the process.

use std::ffi::CString;

use krait_objects::prelude::*;

use super::Posix;
use super::path::{FsBytes, Gid, NO_NAMES, Uid, errno, failed, owner_id, sys};

/// The most groups a process can have.
const MOST_GROUPS: usize = 65536;

fn numbers(th: &Thread, ids: &[u32]) -> PyResult<Owned<List>> {
    let ids: PyResult<Vec<Owned>> =
        ids.iter().map(|&id| Int::from_i64(th, id.into()).map(Owned::into_object)).collect();
    List::from_vec(th, ids?)
}

#[pyfunctions(part = "owners")]
impl Posix {
    /// Make euid the user id whose permissions this process has.
    #[function(sig = "(euid, /)")]
    fn seteuid(th: &Thread, euid: Uid) -> PyResult<()> {
        // SAFETY: plain system calls, as in the functions that follow.
        sys(th, NO_NAMES, || unsafe { libc::seteuid(euid.0) }).map(drop)
    }

    /// Make egid the group id whose permissions this process has.
    #[function(sig = "(egid, /)")]
    fn setegid(th: &Thread, egid: Gid) -> PyResult<()> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::setegid(egid.0) }).map(drop)
    }

    /// Change this process's real user id to ruid and its effective one to euid; -1 leaves one alone.
    #[function(sig = "(ruid, euid, /)")]
    fn setreuid(th: &Thread, ruid: Uid, euid: Uid) -> PyResult<()> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::setreuid(ruid.0, euid.0) }).map(drop)
    }

    /// Change this process's real group id to rgid and its effective one to egid; -1 leaves one alone.
    #[function(sig = "(rgid, egid, /)")]
    fn setregid(th: &Thread, rgid: Gid, egid: Gid) -> PyResult<()> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::setregid(rgid.0, egid.0) }).map(drop)
    }

    /// Change all three user ids of this process: real, effective, saved; -1 leaves one alone.
    #[function(sig = "(ruid, euid, suid, /)")]
    fn setresuid(th: &Thread, ruid: Uid, euid: Uid, suid: Uid) -> PyResult<()> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::setresuid(ruid.0, euid.0, suid.0) }).map(drop)
    }

    /// Change all three group ids of this process: real, effective, saved; -1 leaves one alone.
    #[function(sig = "(rgid, egid, sgid, /)")]
    fn setresgid(th: &Thread, rgid: Gid, egid: Gid, sgid: Gid) -> PyResult<()> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::setresgid(rgid.0, egid.0, sgid.0) }).map(drop)
    }

    /// The user ids this process has, as a tuple: real, effective, saved.
    #[function(sig = "()")]
    fn getresuid(th: &Thread) -> PyResult<(u32, u32, u32)> {
        let (mut real, mut effective, mut saved) = (0, 0, 0);
        // SAFETY: room for three numbers.
        if unsafe { libc::getresuid(&mut real, &mut effective, &mut saved) } < 0 {
            return Err(failed(th, errno(), NO_NAMES));
        }
        Ok((real, effective, saved))
    }

    /// The group ids this process has, as a tuple: real, effective, saved.
    #[function(sig = "()")]
    fn getresgid(th: &Thread) -> PyResult<(u32, u32, u32)> {
        let (mut real, mut effective, mut saved) = (0, 0, 0);
        // SAFETY: room for three numbers.
        if unsafe { libc::getresgid(&mut real, &mut effective, &mut saved) } < 0 {
            return Err(failed(th, errno(), NO_NAMES));
        }
        Ok((real, effective, saved))
    }

    /// Replace this process's supplementary groups by a sequence of group ids.
    #[function(sig = "(groups, /)")]
    fn setgroups(th: &Thread, groups: Borrowed<'_>) -> PyResult<()> {
        if !sequence::check(groups) {
            return Err(th.raise(exc::TYPE_ERROR, "setgroups argument must be a sequence"));
        }
        let count = sequence::len(th, groups)?;
        if count > MOST_GROUPS {
            return Err(th.raise(exc::VALUE_ERROR, "too many groups"));
        }
        let mut ids = Vec::with_capacity(count);
        for at in 0..count {
            let group = sequence::get(th, groups, at as isize)?;
            if group.borrow().downcast::<Int>().is_none() {
                return Err(th.raise(exc::TYPE_ERROR, "groups must be integers"));
            }
            ids.push(owner_id(th, group.borrow(), "gid")?);
        }
        // SAFETY: as many as said.
        sys(th, NO_NAMES, || unsafe { libc::setgroups(ids.len(), ids.as_ptr()) }).map(drop)
    }

    /// Give this process the supplementary groups that username is a member of, and gid.
    #[function(sig = "(username, gid, /)")]
    fn initgroups(th: &Thread, username: FsBytes, gid: Gid) -> PyResult<()> {
        let name: CString = username.0;
        // SAFETY: a terminated string.
        sys(th, NO_NAMES, || unsafe { libc::initgroups(name.as_ptr(), gid.0) }).map(drop)
    }

    /// The ids of the groups that user is a member of, and group, as a list.
    #[function(sig = "(user, group, /)")]
    fn getgrouplist(th: &Thread, user: &str, group: Gid) -> PyResult<Owned<List>> {
        let user = CString::new(user).unwrap_or_default();
        let mut room = 256;
        loop {
            let mut ids = vec![0u32; room];
            let mut count = room as i32;
            let start = ids.as_mut_ptr();
            // SAFETY: a terminated string, and room for that many.
            let status = krait_eval::gil::without_gil(th, || unsafe {
                libc::getgrouplist(user.as_ptr(), group.0, start, &mut count)
            });
            let found = usize::try_from(count).unwrap_or(0);
            if status >= 0 {
                return numbers(th, &ids[..found.min(room)]);
            }
            if room > MOST_GROUPS {
                return Err(failed(th, errno(), NO_NAMES));
            }
            room = found.max(2 * room);
        }
    }

    /// The name of whoever logged in on the controlling terminal.
    #[function(sig = "()")]
    fn getlogin(th: &Thread) -> PyResult<Owned<Str>> {
        let mut name = [0u8; 256];
        unsafe extern "C" {
            fn getlogin_r(name: *mut libc::c_char, room: usize) -> libc::c_int;
        }
        // SAFETY: room for that many bytes.
        let error = unsafe { getlogin_r(name.as_mut_ptr().cast(), name.len()) };
        if error != 0 {
            return Err(failed(th, error, NO_NAMES));
        }
        let end = name.iter().position(|&byte| byte == 0).unwrap_or(name.len());
        Str::from_fs_bytes(th, &name[..end])
    }

    /// The nice value of a process, a process group or a user.
    ///
    /// which is PRIO_PROCESS, PRIO_PGRP or PRIO_USER, and who the id, where 0 means the caller's own.
    #[function(sig = "(which, who)")]
    fn getpriority(th: &Thread, which: i32, who: i32) -> PyResult<i32> {
        // SAFETY: plain calls; -1 is a priority too, so errno decides.
        let (value, error) = unsafe {
            *libc::__errno_location() = 0;
            (libc::getpriority(which as libc::__priority_which_t, who as u32), errno())
        };
        if error != 0 { Err(failed(th, error, NO_NAMES)) } else { Ok(value) }
    }

    /// Make priority the nice value of what which and who say, as for getpriority().
    #[function(sig = "(which, who, priority)")]
    fn setpriority(th: &Thread, which: i32, who: i32, priority: i32) -> PyResult<()> {
        let which = which as libc::__priority_which_t;
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::setpriority(which, who as u32, priority) }).map(drop)
    }

    /// Begin a new process group, with this process as its leader.
    #[function(sig = "()")]
    fn setpgrp(th: &Thread) -> PyResult<()> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::setpgid(0, 0) }).map(drop)
    }

    /// Stop sharing with other processes what flags, bits of the CLONE constants, say, such as namespaces.
    #[function(sig = "(flags)")]
    fn unshare(th: &Thread, flags: i32) -> PyResult<()> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::unshare(flags) }).map(drop)
    }

    /// Enter the namespace that fd refers to, with this thread only; nstype is the kind it must have, or 0.
    #[function(sig = "(fd, nstype=0)")]
    fn setns(th: &Thread, fd: super::path::Fildes, nstype: i32) -> PyResult<()> {
        // SAFETY: a plain system call.
        sys(th, NO_NAMES, || unsafe { libc::setns(fd.0, nstype) }).map(drop)
    }
}
