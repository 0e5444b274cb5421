//! `scandir` and the entries it yields.

use std::cell::{Cell, RefCell};
use std::ffi::CString;

use krait_objects::generic_alias;
use krait_objects::prelude::*;

use super::Posix;
use super::path::{Path, PathOrFd, failed};
use super::stat::{stat_at, stat_result};
use super::tree::Directory;

/// An entry of a directory, with what the system told of it on the way.
#[pytype(name = "posix.DirEntry", flags(DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct DirEntry {
    head: Head,
    #[member(readonly, doc = "the name alone, without the directory")]
    name: Slot,
    #[member(readonly, doc = "the name joined to the path that scandir() was given")]
    path: Slot,
    stat: Slot,
    lstat: Slot,
    /// The path as the system takes it, from `dir` on.
    text: RefCell<CString>,
    dir: Cell<i32>,
    kind: Cell<u8>,
    inode: Cell<u64>,
}

impl DirEntry {
    fn fetch(&self, th: &Thread, follow: bool) -> PyResult<Option<libc::stat>> {
        let text = self.text.borrow().clone();
        match stat_at(th, self.dir.get(), text.as_ptr(), follow) {
            Ok(st) => Ok(Some(st)),
            Err(libc::ENOENT) => Ok(None),
            Err(errno) => Err(failed(th, errno, [self.path.get(), None])),
        }
    }

    fn is_link(&self, th: &Thread) -> PyResult<bool> {
        match self.kind.get() {
            libc::DT_UNKNOWN => self.test(th, false, libc::S_IFLNK),
            kind => Ok(kind == libc::DT_LNK),
        }
    }

    fn test(&self, th: &Thread, follow: bool, wanted: libc::mode_t) -> PyResult<bool> {
        let kind = self.kind.get();
        if kind == libc::DT_UNKNOWN || (kind == libc::DT_LNK && follow) {
            return Ok(self
                .fetch(th, follow)?
                .is_some_and(|st| st.st_mode & libc::S_IFMT == wanted));
        }
        Ok(match wanted {
            libc::S_IFDIR => kind == libc::DT_DIR,
            libc::S_IFREG => kind == libc::DT_REG,
            _ => kind == libc::DT_LNK,
        })
    }
}

#[pymethods]
impl DirEntry {
    /// Whether this is a directory or, with follow_symlinks, a link to one.
    ///
    /// What reading the directory told is used; the system is mostly asked again for links only.
    #[method(sig = "(self, /, *, follow_symlinks=True)")]
    fn is_dir(&self, th: &Thread, follow_symlinks: bool) -> PyResult<bool> {
        self.test(th, follow_symlinks, libc::S_IFDIR)
    }

    /// Whether this is a regular file or, with follow_symlinks, a link to one.
    ///
    /// What reading the directory told is used; the system is mostly asked again for links only.
    #[method(sig = "(self, /, *, follow_symlinks=True)")]
    fn is_file(&self, th: &Thread, follow_symlinks: bool) -> PyResult<bool> {
        self.test(th, follow_symlinks, libc::S_IFREG)
    }

    /// Whether this is a symbolic link, even one that leads nowhere; mostly known from reading the directory.
    #[method(sig = "(self, /)")]
    fn is_symlink(&self, th: &Thread) -> PyResult<bool> {
        self.is_link(th)
    }

    /// Whether this is a junction, which only Windows has: False elsewhere.
    #[method(sig = "(self, /)")]
    fn is_junction(&self) -> bool {
        false
    }

    /// What os.stat() says of this path, or os.lstat() if follow_symlinks is false; kept for later calls.
    #[method(sig = "(self, /, *, follow_symlinks=True)")]
    fn stat(&self, th: &Thread, follow_symlinks: bool) -> PyResult {
        let follow = follow_symlinks && self.is_link(th)?;
        let cache = if follow { &self.stat } else { &self.lstat };
        if let Some(known) = cache.get_owned() {
            return Ok(known);
        }
        let Some(st) = self.fetch(th, follow)? else {
            return Err(failed(th, libc::ENOENT, [self.path.get(), None]));
        };
        let result = stat_result(th, &st)?;
        cache.set(Some(result.clone()));
        Ok(result)
    }

    /// The inode number, as reading the directory gave it.
    #[method(sig = "(self, /)")]
    fn inode(&self) -> u64 {
        self.inode.get()
    }

    /// The same as the path attribute.
    #[method(name = "__fspath__", sig = "(self, /)")]
    fn fspath(&self) -> Option<Owned> {
        self.path.get_owned()
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let name = object::repr(th, self.name.get().unwrap_or(none()))?;
        Str::from_fmt(th, format_args!("<DirEntry {}>", *name))
    }

    /// A generic alias of the class, as in DirEntry[str].
    #[classmethod(name = "__class_getitem__", sig = "(type, object, /)")]
    fn class_getitem(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        generic_alias::new(th, cls.object(), object)
    }
}

/// What `scandir` returns.
#[pytype(name = "posix.ScandirIterator", flags(DISALLOW_INSTANTIATION))]
#[repr(C)]
pub struct ScandirIterator {
    head: Head,
    directory: RefCell<Option<Directory>>,
    path: RefCell<Option<Path>>,
}

#[pymethods]
impl ScandirIterator {
    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        let taken = self.directory.borrow_mut().take();
        let Some(directory) = taken else {
            return Ok(None);
        };
        let entry = directory.next(th);
        let path = self.path.borrow();
        let Some(path) = path.as_ref() else {
            return Ok(None);
        };
        let Some((name, inode, kind)) = entry.map_err(|errno| failed(th, errno, path.name()))?
        else {
            return Ok(None);
        };
        *self.directory.borrow_mut() = Some(directory);
        make_entry(th, path, &name, inode, kind).map(Some)
    }

    /// Close the directory; there are no further entries.
    #[method(sig = "(self, /)")]
    fn close(&self) {
        drop(self.directory.borrow_mut().take());
    }

    #[method(name = "__enter__", sig = "(self, /)")]
    fn enter(this: Borrowed<'_, Self>) -> Owned {
        this.object().to_owned()
    }

    #[method(name = "__exit__", sig = "(self, /, *args)")]
    fn exit(&self, _args: &[Borrowed<'_>]) {
        drop(self.directory.borrow_mut().take());
    }

    #[slot(tp_finalize)]
    fn finalize(this: Borrowed<'_, Self>, th: &Thread) {
        if this.directory.borrow_mut().take().is_none() {
            return;
        }
        let warned = (|| -> PyResult<()> {
            let shown = object::repr(th, this.object())?;
            let message = Str::from_fmt(th, format_args!("unclosed scandir iterator {}", *shown))?;
            let category = Borrowed::from_ref(exc::RESOURCE_WARNING).object();
            (th.interp().services.get().warn)(th, category, message.borrow(), 1)
        })();
        if warned.is_err() {
            (th.interp().services.get().unraisable)(
                th,
                Some(this.object()),
                "Exception ignored while finalizing scandir iterator",
            );
        }
    }
}

fn make_entry(th: &Thread, path: &Path, name: &[u8], inode: u64, kind: u8) -> PyResult {
    let (full, dir) = match path.fd {
        Some(fd) => (name.to_vec(), fd),
        None => {
            let mut full = path.text.as_bytes().to_vec();
            if full.last().is_some_and(|&last| last != b'/') {
                full.push(b'/');
            }
            full.extend_from_slice(name);
            (full, libc::AT_FDCWD)
        }
    };
    let entry = Borrowed::from_ref(DirEntry::type_object()).alloc::<DirEntry>(th, 0)?;
    let text = CString::new(full.as_slice()).unwrap_or_default();
    // SAFETY: fresh zeroed memory: the cell is made before it is used.
    unsafe {
        let at = std::ptr::from_ref(&entry.text).cast_mut();
        at.write(RefCell::new(text));
    }
    entry.name.set(Some(path.result(th, name)?));
    entry.path.set(Some(path.result(th, &full)?));
    entry.dir.set(dir);
    entry.kind.set(kind);
    entry.inode.set(inode);
    Ok(entry.into_object())
}

/// Makes the types ready.
pub fn prepare(th: &Thread) -> PyResult<()> {
    Borrowed::from_ref(DirEntry::type_object()).ready(th)?;
    Borrowed::from_ref(ScandirIterator::type_object()).ready(th)
}

#[pyfunctions(part = "scandir")]
impl Posix {
    /// Iterate over what a directory contains, as DirEntry objects in no particular order.
    ///
    /// path may be a descriptor; None is the current directory. Names are bytes if path is, str otherwise.
    #[function(sig = "(path=None)")]
    fn scandir(th: &Thread, path: Option<PathOrFd>) -> PyResult {
        let path = path.map_or_else(Path::current, |path| path.0);
        krait_eval::sys::audit(th, "os.scandir", &[path.name()[0].unwrap_or(none())])?;
        let directory = Directory::open(th, &path)?;
        let ty = Borrowed::from_ref(ScandirIterator::type_object());
        let iterator = ty.alloc::<ScandirIterator>(th, 0)?;
        // SAFETY: fresh zeroed memory: the cells are made before they are used.
        unsafe {
            let at = std::ptr::from_ref(&iterator.directory).cast_mut();
            at.write(RefCell::new(Some(directory)));
            let at = std::ptr::from_ref(&iterator.path).cast_mut();
            at.write(RefCell::new(Some(path)));
        }
        Ok(iterator.into_object())
    }
}

/// `posix.DirEntry`.
pub fn entry_type() -> Borrowed<'static, Type> {
    Borrowed::from_ref(DirEntry::type_object())
}
