//! Calls into C that a C compiler has compiled, and calls that come back from there.

use std::ffi::{CString, c_void};
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use krait_ffi::{Aggregate, Closure, Pool, Signature, Type, call};

const CHAR: Type = Type::integer(1, true);
const LONG: Type = Type::integer(8, true);

/// The address of a function of `functions.c`.
fn function(name: &str) -> *const c_void {
    static LIBRARY: OnceLock<usize> = OnceLock::new();
    let library = *LIBRARY.get_or_init(|| {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/functions.c");
        let object = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("functions.so");
        let mut cc = Command::new("cc");
        let status =
            cc.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"]).arg(&object).arg(source);
        assert!(status.status().expect("a C compiler").success());
        let path =
            CString::new(object.to_str().expect("a path in UTF-8")).expect("a path without NUL");
        // SAFETY: our own library.
        let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW) };
        assert!(!handle.is_null());
        handle.addr()
    });
    let name = CString::new(name).expect("a name");
    // SAFETY: the library stays loaded.
    let address = unsafe { libc::dlsym(library as *mut c_void, name.as_ptr()) };
    assert!(!address.is_null(), "{name:?}");
    address
}

/// An argument: its type and its bytes.
fn arg<T>(ty: Type, value: &T) -> (Type, *const u8) {
    assert_eq!(ty.size, size_of::<T>());
    (ty, std::ptr::from_ref(value).cast())
}

fn called<R: Default>(name: &str, result: Type, arguments: &[(Type, *const u8)]) -> R {
    assert_eq!(result.size, size_of::<R>());
    let mut value = R::default();
    // SAFETY: the tests give the types of `functions.c`.
    unsafe { call(function(name), &result, (&raw mut value).cast(), arguments) };
    value
}

fn aggregate(size: usize, align: usize, fields: &[(usize, Type)]) -> Type {
    let mut all = Aggregate::default();
    for (offset, ty) in fields {
        all.field(*offset, ty);
    }
    all.finish(size, align)
}

#[repr(C)]
#[derive(Clone, Copy, Default, PartialEq, Debug)]
struct Mixed(f32, i32, f64);

#[repr(C)]
#[derive(Clone, Copy, Default, PartialEq, Debug)]
struct Big(i64, i64, i64);

#[repr(C, packed)]
#[derive(Clone, Copy, Default, PartialEq, Debug)]
struct Packed(i8, i64);

#[repr(C)]
#[derive(Clone, Copy, Default, PartialEq, Debug)]
struct Outer(i32, [f32; 3]);

/// A `long double`; only numbers that an integer or a half can stand for.
#[repr(C, align(16))]
#[derive(Clone, Copy, Default, PartialEq, Debug)]
struct Extended([u8; 16]);

fn mixed_type() -> Type {
    aggregate(16, 8, &[(0, Type::FLOAT), (4, Type::INT), (8, Type::DOUBLE)])
}

fn big_type() -> Type {
    aggregate(24, 8, &[(0, LONG), (8, LONG), (16, LONG)])
}

fn wrapped_type() -> Type {
    aggregate(16, 16, &[(0, Type::LONG_DOUBLE)])
}

fn extended(value: f64) -> Extended {
    let bits = value.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as u16 + 16383 - 1023;
    let mantissa = 1 << 63 | (bits & ((1 << 52) - 1)) << 11;
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&mantissa.to_le_bytes());
    bytes[8..10].copy_from_slice(&(exponent | (bits >> 63 << 15) as u16).to_le_bytes());
    Extended(bytes)
}

fn is_extended(value: Extended, expected: f64) {
    assert_eq!(value.0[..10], extended(expected).0[..10]);
}

#[test]
fn integers_go_to_registers_and_stack() {
    let arguments = [
        arg(CHAR, &-1i8),
        arg(Type::integer(1, false), &200u8),
        arg(Type::integer(2, true), &-3i16),
        arg(Type::integer(2, false), &60000u16),
        arg(Type::INT, &-5i32),
        arg(Type::integer(4, false), &4_000_000_000u32),
        arg(LONG, &-7i64),
        arg(CHAR, &-8i8),
        arg(Type::INT, &-9i32),
        arg(LONG, &10i64),
    ];
    assert_eq!(called::<i64>("ten", LONG, &arguments), 24_000_240_271);
    assert_eq!(called::<i8>("narrow", CHAR, &[arg(Type::INT, &300i32)]), 44);
}

#[test]
fn floats_go_to_vectors_and_stack() {
    let (f, d) = (Type::FLOAT, Type::DOUBLE);
    let arguments = [
        arg(f, &1.5f32),
        arg(d, &2f64),
        arg(f, &3f32),
        arg(d, &4f64),
        arg(f, &5f32),
        arg(d, &6f64),
        arg(f, &7f32),
        arg(d, &8f64),
        arg(d, &9.25f64),
    ];
    assert_eq!(called::<f64>("nine", d, &arguments), 287.75);
    let arguments =
        [arg(Type::INT, &3i32), arg(Type::INT, &1i32), arg(d, &2.5f64), arg(Type::INT, &3i32)];
    assert_eq!(called::<f64>("variadic", d, &arguments), 6.5);
}

#[test]
fn structs_by_value() {
    let mixed: Mixed = called(
        "mixed",
        mixed_type(),
        &[arg(mixed_type(), &Mixed(1.5, 2, 3.5)), arg(Type::INT, &2i32)],
    );
    assert_eq!(mixed, Mixed(3.0, 4, 7.0));
    let big: Big =
        called("big", big_type(), &[arg(Type::INT, &3i32), arg(big_type(), &Big(1, 2, 3))]);
    assert_eq!(big, Big(3, 6, 9));
    let ty = aggregate(9, 1, &[(0, CHAR), (1, LONG)]);
    assert_eq!(called::<Packed>("packed", ty, &[arg(ty, &Packed(1, 2))]), Packed(2, 3));
    let ty = aggregate(16, 4, &[(0, Type::INT), (4, Type::array(&Type::FLOAT, 3))]);
    assert_eq!(
        called::<Outer>("outer", ty, &[arg(ty, &Outer(1, [2.0, 3.0, 4.0]))]),
        Outer(2, [3.0, 4.0, 5.0])
    );
    let arguments = [
        arg(Type::INT, &3i32),
        arg(wrapped_type(), &extended(2.5)),
        arg(Type::LONG_DOUBLE, &extended(4.0)),
    ];
    is_extended(called("wrapped", wrapped_type(), &arguments), 13.0);
}

#[test]
fn long_double_and_complex() {
    let arguments = [arg(Type::LONG_DOUBLE, &extended(5.0)), arg(Type::INT, &2i32)];
    is_extended(called("extended", Type::LONG_DOUBLE, &arguments), 2.5);
    let ty = Type::complex(Type::FLOAT);
    assert_eq!(called::<[f32; 2]>("complex_float", ty, &[arg(ty, &[1f32, 2.0])]), [-2.0, 1.0]);
    let ty = Type::complex(Type::DOUBLE);
    let arguments = [arg(Type::INT, &2i32), arg(ty, &[1f64, 2.0])];
    assert_eq!(called::<[f64; 2]>("complex_double", ty, &arguments), [-4.0, 2.0]);
    let ty = Type::complex(Type::LONG_DOUBLE);
    let arguments = [arg(ty, &[extended(1.5), extended(2.5)])];
    let [real, imaginary] = called::<[Extended; 2]>("complex_extended", ty, &arguments);
    is_extended(real, -2.5);
    is_extended(imaginary, 1.5);
}

/// A closure that hands its arguments on to a function of the same signature.
fn forward(pool: &mut Pool, name: &str, arguments: &[Type], result: Type) -> *const c_void {
    struct Target {
        function: *const c_void,
        arguments: Vec<Type>,
        result: Type,
    }
    unsafe fn handler(data: *mut c_void, arguments: &[*mut u8], result: *mut u8) {
        // SAFETY: the data is the target, which is never freed.
        let target = unsafe { &*data.cast::<Target>() };
        let values: Vec<_> = target
            .arguments
            .iter()
            .copied()
            .zip(arguments.iter().map(|at| at.cast_const()))
            .collect();
        // SAFETY: as the closure was called.
        unsafe { call(target.function, &target.result, result, &values) };
    }
    let target =
        Box::new(Target { function: function(name), arguments: arguments.to_vec(), result });
    let data = Box::into_raw(target).cast();
    let signature = Signature { arguments: arguments.into(), result };
    pool.add(Closure { signature, handler, data }).expect("memory for closures")
}

#[test]
fn closures_get_what_c_passes() {
    let mut pool = Pool::default();
    let (f, d) = (Type::FLOAT, Type::DOUBLE);
    let unsigned = |size| Type::integer(size, false);
    let short = Type::integer(2, true);
    let ten = [
        CHAR,
        unsigned(1),
        short,
        unsigned(2),
        Type::INT,
        unsigned(4),
        LONG,
        CHAR,
        Type::INT,
        LONG,
    ];
    let ten = forward(&mut pool, "ten", &ten, LONG);
    assert_eq!(called::<i64>("back_ten", LONG, &[arg(Type::POINTER, &ten)]), 24_000_240_271);
    let nine = forward(&mut pool, "nine", &[f, d, f, d, f, d, f, d, d], d);
    assert_eq!(called::<f64>("back_nine", d, &[arg(Type::POINTER, &nine)]), 287.75);
    let mixed = forward(&mut pool, "mixed", &[mixed_type(), Type::INT], mixed_type());
    assert_eq!(called::<f64>("back_mixed", d, &[arg(Type::POINTER, &mixed)]), 60814.0);
    let big = forward(&mut pool, "big", &[Type::INT, big_type()], big_type());
    assert_eq!(called::<i64>("back_big", LONG, &[arg(Type::POINTER, &big)]), 51015);
    let wrapped = [Type::INT, wrapped_type(), Type::LONG_DOUBLE];
    let wrapped = forward(&mut pool, "wrapped", &wrapped, wrapped_type());
    assert_eq!(called::<f64>("back_wrapped", d, &[arg(Type::POINTER, &wrapped)]), 13.0);
    let (double, extended) = (Type::complex(d), Type::complex(Type::LONG_DOUBLE));
    let double = forward(&mut pool, "complex_double", &[Type::INT, double], double);
    let extended = forward(&mut pool, "complex_extended", &[extended], extended);
    let both = [arg(Type::POINTER, &double), arg(Type::POINTER, &extended)];
    assert_eq!(called::<f64>("back_complex", d, &both), -8000.0 + 600.0 - 60.0 + 5.0);
}

#[test]
fn closures_are_used_again() {
    let mut pool = Pool::default();
    let addresses: Vec<_> =
        (0..600).map(|_| forward(&mut pool, "narrow", &[Type::INT], CHAR)).collect();
    assert_eq!(called::<i8>("narrow", CHAR, &[arg(Type::INT, &1i32)]), 1);
    let mut value = 0i8;
    for &address in &addresses {
        // SAFETY: a closure of this type.
        unsafe { call(address, &CHAR, (&raw mut value).cast(), &[arg(Type::INT, &-7i32)]) };
        assert_eq!(value, -7);
    }
    // SAFETY: nobody calls it any more.
    assert!(unsafe { pool.remove(addresses[5]) });
    assert_eq!(forward(&mut pool, "narrow", &[Type::INT], CHAR), addresses[5]);
}
