//! Switches and limits of the interpreter that `sys` reads and sets.

use std::cell::Cell;
use std::ffi::CString;

use krait_objects::prelude::*;

use super::{Sys, audit};
use crate::{compile, remote};

/// What this file keeps for an interpreter.
pub(super) struct Limits {
    origin_depth: Cell<i32>,
    dlopen_flags: Cell<i32>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { origin_depth: Cell::new(0), dlopen_flags: Cell::new(libc::RTLD_NOW) }
    }
}

/// The flags that extension modules are loaded with.
pub fn dlopen_flags(th: &Thread) -> i32 {
    th.interp().state::<Limits>().dlopen_flags.get()
}

/// The least recursion that start-up and error handling need.
const LEAST_RECURSION: i32 = 1;

#[pyfunctions(part = "limits")]
impl Sys {
    /// Print to standard error how the interpreter's memory is used.
    #[function(sig = "()")]
    fn _debugmallocstats(th: &Thread) {
        let interp = th.interp();
        eprint!("{}\n{}", interp.heap.describe(), interp.free_lists.describe());
    }

    /// Return the greatest depth of Python calls.
    #[function(sig = "()")]
    fn getrecursionlimit(th: &Thread) -> i32 {
        th.interp().recursion_limit.get()
    }

    /// Set the greatest depth of Python calls; RecursionError is raised beyond it.
    #[function(sig = "(limit, /)")]
    fn setrecursionlimit(th: &Thread, limit: i32) -> PyResult<()> {
        if limit < LEAST_RECURSION {
            return Err(
                th.raise(exc::VALUE_ERROR, "recursion limit must be greater or equal than 1")
            );
        }
        let depth = th.recursion_depth();
        if depth >= limit {
            return Err(raise!(
                th,
                RECURSION_ERROR,
                "cannot set the recursion limit to {limit} at the recursion depth {depth}: the limit is too low"
            ));
        }
        th.set_recursion_limit(limit);
        Ok(())
    }

    /// Return how many seconds a thread runs before it offers the GIL to others.
    #[function(sig = "()")]
    fn getswitchinterval(th: &Thread) -> f64 {
        crate::gil::switch_interval(th).as_secs_f64()
    }

    /// Set how many seconds a thread runs before it offers the GIL to others.
    #[function(sig = "(interval, /)")]
    fn setswitchinterval(th: &Thread, interval: f64) -> PyResult<()> {
        if interval <= 0.0 {
            return Err(th.raise(exc::VALUE_ERROR, "switch interval must be strictly positive"));
        }
        crate::gil::set_switch_interval(th, interval);
        Ok(())
    }

    /// Return the greatest number of digits in conversions between int and str; 0 for no limit.
    #[function(sig = "()")]
    fn get_int_max_str_digits(th: &Thread) -> i32 {
        th.interp().int_max_str_digits.get()
    }

    /// Set the greatest number of digits in conversions between int and str; 0 for no limit.
    #[function(sig = "(maxdigits)")]
    fn set_int_max_str_digits(th: &Thread, maxdigits: i32) -> PyResult<()> {
        if maxdigits != 0 && maxdigits < 640 {
            return Err(th.raise(exc::VALUE_ERROR, "maxdigits must be 0 or larger than 640"));
        }
        th.interp().int_max_str_digits.set(maxdigits);
        Ok(())
    }

    /// Return how many frames are remembered of where a coroutine was made.
    #[function(sig = "()")]
    fn get_coroutine_origin_tracking_depth(th: &Thread) -> i32 {
        th.interp().state::<Limits>().origin_depth.get()
    }

    /// Set how many frames are remembered of where a coroutine was made.
    #[function(sig = "(depth)")]
    fn set_coroutine_origin_tracking_depth(th: &Thread, depth: i32) -> PyResult<()> {
        if depth < 0 {
            return Err(th.raise(exc::VALUE_ERROR, "depth must be >= 0"));
        }
        th.interp().state::<Limits>().origin_depth.set(depth);
        // SAFETY: the attached thread's own state.
        unsafe { (*th.raw()).coroutine_origin_tracking_depth = depth };
        Ok(())
    }

    /// Return the flags that extension modules are loaded with.
    #[function(sig = "()")]
    fn getdlopenflags(th: &Thread) -> i32 {
        dlopen_flags(th)
    }

    /// Set the flags that extension modules are loaded with: os.RTLD_ constants.
    #[function(sig = "(flags, /)")]
    fn setdlopenflags(th: &Thread, flags: i32) {
        th.interp().state::<Limits>().dlopen_flags.set(flags);
    }

    /// Return the reference count of an object, generally one more than expected: the argument counts.
    #[function(sig = "(object, /)")]
    fn getrefcount(object: Borrowed<'_>) -> u32 {
        object.ref_count()
    }

    /// getsizeof(object [, default]) -> int
    ///
    /// How many bytes an object takes itself, without those it refers to. If it does not tell, the default is
    /// returned, or TypeError raised.
    #[function(sig = "(object, default=NULL)", no_text)]
    fn getsizeof(th: &Thread, object: Borrowed<'_>, default: Option<Borrowed<'_>>) -> PyResult {
        match (size_of(th, object), default) {
            (Ok(size), _) => Int::from_usize(th, size).map(Owned::into_object),
            (Err(raised), Some(default)) => {
                th.take_if(raised, exc::TYPE_ERROR)?;
                Ok(default.to_owned())
            }
            (Err(raised), None) => Err(raised),
        }
    }

    /// Return how many blocks of memory are allocated.
    #[function(sig = "()")]
    fn getallocatedblocks(th: &Thread) -> usize {
        th.interp().heap.blocks()
    }

    /// Return the encoding of str.encode() by default: always 'utf-8'.
    #[function(sig = "()")]
    fn getdefaultencoding() -> &'static str {
        "utf-8"
    }

    /// Return the encoding of file names.
    #[function(sig = "()")]
    fn getfilesystemencoding() -> &'static str {
        "utf-8"
    }

    /// Return the error handler of file names.
    #[function(sig = "()")]
    fn getfilesystemencodeerrors() -> &'static str {
        "surrogateescape"
    }

    /// Whether the interpreter is shutting down.
    #[function(sig = "()")]
    fn is_finalizing(th: &Thread) -> bool {
        th.interp().finalizing.get()
    }

    /// Whether the GIL is in use: always.
    #[function(sig = "()")]
    fn _is_gil_enabled() -> bool {
        true
    }

    /// Whether the object is never freed.
    #[function(sig = "(op, /)")]
    fn _is_immortal(op: Borrowed<'_>) -> bool {
        op.is_immortal()
    }

    /// Whether the string is interned.
    #[function(sig = "(string, /)")]
    fn _is_interned(string: Borrowed<'_, Str>) -> bool {
        string.is_interned()
    }

    /// Empty the cache of attribute look-ups on types.
    #[function(sig = "()")]
    fn _clear_type_cache(th: &Thread) -> PyResult<()> {
        const MESSAGE: &str = "sys._clear_type_cache() is deprecated and scheduled for removal in a future version. Use sys._clear_internal_caches() instead.";
        let category = Borrowed::from_ref(exc::DEPRECATION_WARNING).object();
        (th.interp().services.get().warn)(th, category, Str::new(th, MESSAGE)?.borrow(), 1)?;
        th.interp().types.clear_cache();
        Ok(())
    }

    /// Take the __dict__ and __weakref__ properties out of a class that was made by the class statement.
    #[function(sig = "(type, /)")]
    fn _clear_type_descriptors(th: &Thread, r#type: Borrowed<'_, Type>) -> PyResult<()> {
        if r#type.has_flag(krait_abi::Py_TPFLAGS_IMMUTABLETYPE) {
            return Err(th.raise(exc::TYPE_ERROR, "argument is immutable"));
        }
        let dict = r#type.dict(th);
        dict.remove(th, id::__dict__.object())?;
        dict.remove(th, id::__weakref__.object())?;
        r#type.modified(th);
        Ok(())
    }

    /// Empty the caches that only make the interpreter faster.
    #[function(sig = "()")]
    fn _clear_internal_caches(th: &Thread) {
        th.interp().types.clear_cache();
    }

    /// Whether other processes may have this one run their code.
    #[function(sig = "()")]
    fn is_remote_debug_enabled(th: &Thread) -> bool {
        th.interp().remote_debug.get() == 1
    }

    /// Has the main thread of another Python process run a script.
    ///
    /// It runs as soon as that thread is at a safe point, in a namespace of its own; nothing tells when it has. The file has
    /// to be there until then. The process must run the same version of Python, and allow it (-X disable-remote-debug).
    #[function(sig = "(pid, script)")]
    fn remote_exec(th: &Thread, pid: i32, script: Borrowed<'_>) -> PyResult<()> {
        let number = Int::from_i64(th, pid.into())?;
        audit::audit(th, "sys.remote_exec", &[number.object(), script])?;
        let path = compile::source::filename_of(th, script)?.to_fs_bytes(th)?;
        let path =
            CString::new(path).map_err(|_| th.raise(exc::VALUE_ERROR, "embedded null byte"))?;
        if th.interp().remote_debug.get() != 1 {
            return Err(th.raise(exc::RUNTIME_ERROR, "Remote debugging is not enabled"));
        }
        // SAFETY: the path is a terminated string.
        if unsafe { libc::access(path.as_ptr(), libc::F_OK | libc::R_OK) } < 0 {
            return Err(match std::io::Error::last_os_error().raw_os_error() {
                Some(libc::ENOENT) => {
                    th.raise(exc::FILE_NOT_FOUND_ERROR, "Script file does not exist")
                }
                Some(libc::EACCES) => th.raise(exc::PERMISSION_ERROR, "Script file cannot be read"),
                _ => krait_objects::exceptions::os::raise_from_errno(th, None),
            });
        }
        remote::send(th, pid, &path)
    }

    /// Return the number of processors that PYTHON_CPU_COUNT asks for, or -1.
    #[function(sig = "()")]
    fn _get_cpu_count_config(th: &Thread) -> i32 {
        crate::config::of(th).cpu_count
    }
}

/// `__sizeof__`, and the collector's header.
fn size_of(th: &Thread, object: Borrowed<'_>) -> PyResult<usize> {
    let size = Str::interned(th, "__sizeof__")?;
    let Some(method) = object::lookup_special(th, object, size.borrow())? else {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "Type {} doesn't define __sizeof__",
            object.type_name()
        ));
    };
    let size = call::call(th, method.object(), &[])?;
    let size = number::as_isize(th, size.object(), Some(exc::OVERFLOW_ERROR))?;
    match usize::try_from(size) {
        Ok(size) => Ok(size + krait_objects::typeobj::alloc::size_before(&object.get().ty())),
        Err(_) => Err(th.raise(exc::VALUE_ERROR, "__sizeof__() should return >= 0")),
    }
}
