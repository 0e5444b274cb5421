//! The functions of the C API that take `...` or a `va_list`.
//!
//! They enter through `c/variadic.c`, which stable Rust cannot replace; what they do is here. `forward` exports them,
//! `VaList` draws their arguments one by one, and a file per topic does the work: `getargs` parses arguments,
//! `build` builds values, `text` formats text, `call` calls, `errors` raises and warns. The same job as CPython's
//! `Python/getargs.c`, `Python/modsupport.c` and the variadic parts of others.
//!
//! Invariants, for the `SAFETY` comments of this folder:
//! 1. A `VaList` is the address of a `krait_args` that its C function keeps until the call is over.
//! 2. C passes arguments of the types that the format names: an object is live, a place is writable, a string ends.

mod audit;
mod build;
mod call;
mod errors;
mod forward;
mod getargs;
mod output;
mod text;

use std::ffi::{c_char, c_double, c_int, c_long, c_longlong, c_uint, c_void};

use krait_objects::prelude::*;

use crate::support::Ptr;

pub use errors::warn_explicit;
pub use output::write_plain;
pub use text::formatted;

/// The arguments that are still to come.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct VaList(*mut c_void);

#[allow(dead_code, reason = "where the list's layout is known, only some are needed")]
unsafe extern "C" {
    fn krait_next_int(args: VaList) -> c_int;
    fn krait_next_unsigned(args: VaList) -> c_uint;
    fn krait_next_long(args: VaList) -> c_long;
    fn krait_next_long_long(args: VaList) -> c_longlong;
    fn krait_next_double(args: VaList) -> c_double;
    fn krait_next_pointer(args: VaList) -> *mut c_void;
}

macro_rules! next {
    ($($name:ident $function:ident $ty:ty;)*) => {$(
        // SAFETY: invariants 1 and 2.
        pub fn $name(self) -> $ty { unsafe { $function(self) } }
    )*};
}

/// A list of one's own, from where another one stands: whoever reads it to its end at once has it in registers.
#[cfg(not(all(target_arch = "x86_64", target_family = "unix")))]
pub struct Copied(VaList);

#[cfg(not(all(target_arch = "x86_64", target_family = "unix")))]
impl Copied {
    pub fn of(list: VaList) -> Copied {
        Copied(list)
    }

    pub fn list(&mut self) -> VaList {
        self.0
    }
}

/// A `va_list` as the System V ABI for x86-64 lays it out: where in the saved registers the next integer or pointer lies, and
/// where those lie that came on the stack.
#[cfg(all(target_arch = "x86_64", target_family = "unix"))]
#[repr(C)]
#[derive(Clone, Copy)]
struct Saved {
    integers: c_uint,
    doubles: c_uint,
    stack: *mut u64,
    registers: *mut u8,
}

/// As above.
#[cfg(all(target_arch = "x86_64", target_family = "unix"))]
pub struct Copied(Saved);

#[cfg(all(target_arch = "x86_64", target_family = "unix"))]
impl Copied {
    #[inline(always)]
    pub fn of(list: VaList) -> Copied {
        // SAFETY: invariant 1.
        Copied(unsafe { *list.0.cast() })
    }

    #[inline(always)]
    pub fn list(&mut self) -> VaList {
        VaList((&raw mut self.0).cast())
    }
}

#[cfg(all(target_arch = "x86_64", target_family = "unix"))]
impl VaList {
    /// The next integer or pointer.
    #[inline(always)]
    fn word(self) -> u64 {
        /// Where the integers among the saved registers end.
        const END: c_uint = 48;
        // SAFETY: invariants 1 and 2.
        unsafe {
            let saved = &mut *self.0.cast::<Saved>();
            if saved.integers < END {
                let place = saved.registers.add(saved.integers as usize);
                saved.integers += 8;
                return *place.cast();
            }
            let place = saved.stack;
            saved.stack = place.add(1);
            *place
        }
    }

    pub fn int(self) -> c_int {
        self.word() as c_int
    }

    pub fn unsigned(self) -> c_uint {
        self.word() as c_uint
    }

    pub fn long(self) -> c_long {
        self.word() as c_long
    }

    pub fn long_long(self) -> c_longlong {
        self.word() as c_longlong
    }

    #[inline]
    pub fn raw(self) -> *mut c_void {
        self.word() as *mut c_void
    }

    next! { double krait_next_double c_double; }
}

#[cfg(not(all(target_arch = "x86_64", target_family = "unix")))]
impl VaList {
    next! {
        int krait_next_int c_int;
        unsigned krait_next_unsigned c_uint;
        long krait_next_long c_long;
        long_long krait_next_long_long c_longlong;
        double krait_next_double c_double;
        raw krait_next_pointer *mut c_void;
    }
}

impl VaList {
    /// A `Py_ssize_t`, which is passed as `long` is.
    pub fn size(self) -> isize {
        self.long() as isize
    }

    pub fn pointer<T>(self) -> *mut T {
        self.raw().cast()
    }

    pub fn string(self) -> *const c_char {
        self.raw().cast()
    }

    /// An object, or `None` for NULL.
    pub fn object<'a>(self) -> Option<Borrowed<'a>> {
        // SAFETY: invariant 2.
        unsafe { Borrowed::from_ptr_or_null(self.raw().cast()) }
    }
}

/// What a format string still holds. Reading past its end gives NUL again and again.
#[derive(Clone, Copy)]
pub struct Format(*const c_char);

impl Format {
    /// NULL stands for the empty format.
    pub fn new(format: *const c_char) -> Format {
        Format(if format.is_null() { c"".as_ptr() } else { format })
    }

    pub fn peek(self) -> u8 {
        // SAFETY: a format ends with NUL, and `skip` does not go past it.
        unsafe { *self.0 as u8 }
    }

    /// Steps over one character, unless it is the end.
    pub fn skip(&mut self) {
        if self.peek() != 0 {
            // SAFETY: see `peek`.
            self.0 = unsafe { self.0.add(1) };
        }
    }

    /// As `next`, for whoever stops at the end.
    #[inline(always)]
    pub fn step(&mut self) -> u8 {
        // SAFETY: the character is not past the end, as the caller has not stepped over that.
        unsafe {
            let byte = *self.0 as u8;
            self.0 = self.0.add(1);
            byte
        }
    }

    pub fn next(&mut self) -> u8 {
        let byte = self.peek();
        self.skip();
        byte
    }

    /// Steps over `byte` if it is next.
    pub fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte;
        if found {
            self.skip();
        }
        found
    }

    /// The rest as text, for messages.
    pub fn rest<'a>(self) -> std::borrow::Cow<'a, str> {
        crate::support::text_of(self.0)
    }

    pub fn as_ptr(self) -> *const c_char {
        self.0
    }
}

/// A C function's result: the object, or NULL with the exception set.
fn to_c<T>(result: PyResult<Owned<T>>) -> Ptr {
    result.map_or(std::ptr::null_mut(), Owned::into_ptr)
}

/// A C function's result: 0, or -1 with the exception set.
fn status(result: PyResult<()>) -> c_int {
    if result.is_ok() { 0 } else { -1 }
}
