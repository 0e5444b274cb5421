//! The macros that declare C structs and check, at compile time, that they lie in memory as
//! the reference's do.
//!
//! The numbers come from a reference build (CPython 3.14.8, x86-64 Linux), so a mistyped
//! field is an error of the compiler and not a crash in somebody's extension.

/// Asserts the size of a type and the offsets of its fields.
macro_rules! assert_layout {
    ($name:ident [$size:literal] { $($field:ident : $offset:literal),* $(,)? }) => {
        const _: () = {
            assert!(size_of::<$name>() == $size, concat!("size of ", stringify!($name)));
            $(assert!(
                std::mem::offset_of!($name, $field) == $offset,
                concat!("offset of ", stringify!($name), ".", stringify!($field)),
            );)*
        };
    };
}

/// Declares `repr(C)` structs with their size in brackets and each field's offset before it.
///
/// Each gets `EMPTY`, the value with all bytes zero, for use in static initialisers.
macro_rules! c_struct {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident [$size:literal] {
            $($(#[$field_meta:meta])* $offset:literal => $field:ident : $ty:ty,)*
        }
    )*) => {$(
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy, Debug)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $ty,)*
        }

        assert_layout!($name[$size] { $($field: $offset),* });

        impl $name {
            /// All bytes zero: NULL pointers, no functions, zeros.
            // SAFETY: every field is a raw pointer, a nullable function pointer, a plain
            // number, or an array or struct of those.
            pub const EMPTY: Self = unsafe { std::mem::zeroed() };
        }
    )*};
}
