//! `_operator`: the operators as functions.
//!
//! `getters` has the callables that fetch attributes and items. The same job as CPython's `Modules/_operator.c`.

mod getters;

use krait_objects::prelude::*;
use krait_objects::protocol::buffer::Buffer;
use krait_objects::protocol::number::{Binary, binary_operator};

use getters::{AttrGetter, ItemGetter, MethodCaller};

/// The operators of the language as functions: add(x, y) is x + y.
#[pymodule(name = "_operator")]
pub struct Operator;

fn compare(th: &Thread, a: Borrowed<'_>, b: Borrowed<'_>, op: CompareOp) -> PyResult {
    object::compare(th, a, b, op)
}

/// `a` is a sequence: not a mapping that happens to have `__getitem__`.
fn concatenable(th: &Thread, ob: Borrowed<'_>) -> PyResult<()> {
    if sequence::check(ob) {
        return Ok(());
    }
    Err(raise!(th, TYPE_ERROR, "'{}' object can't be concatenated", ob.type_name()))
}

/// Compares in a time that depends on the length of `b` only.
fn equal_bytes(a: &[u8], b: &[u8]) -> bool {
    let mut difference = u8::from(a.len() != b.len());
    let other = if a.len() == b.len() { a } else { b };
    for (x, y) in other.iter().zip(b) {
        difference |= std::hint::black_box(x ^ y);
    }
    std::hint::black_box(difference) == 0
}

#[pyfunctions(parts(binary))]
impl Operator {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        module.add_type(th, AttrGetter::type_object())?;
        module.add_type(th, ItemGetter::type_object())?;
        module.add_type(th, MethodCaller::type_object())
    }

    /// Whether a counts as true: bool(a).
    #[function(sig = "(a, /)")]
    fn truth(th: &Thread, a: Borrowed<'_>) -> PyResult<bool> {
        object::is_true(th, a)
    }

    /// The value of not a.
    #[function(sig = "(a, /)")]
    fn not_(th: &Thread, a: Borrowed<'_>) -> PyResult<bool> {
        object::is_true(th, a).map(|truth| !truth)
    }

    /// The value of a is None.
    #[function(sig = "(a, /)")]
    fn is_none(a: Borrowed<'_>) -> bool {
        a.is_none()
    }

    /// The value of a is not None.
    #[function(sig = "(a, /)")]
    fn is_not_none(a: Borrowed<'_>) -> bool {
        !a.is_none()
    }

    /// The value of a.__index__().
    #[function(sig = "(a, /)")]
    fn index(th: &Thread, a: Borrowed<'_>) -> PyResult<Owned<Int>> {
        number::index(th, a)
    }

    /// The value of abs(a).
    #[function(sig = "(a, /)")]
    fn abs(th: &Thread, a: Borrowed<'_>) -> PyResult {
        number::absolute(th, a)
    }

    /// The value of ~a.
    #[function(sig = "(a, /)")]
    fn inv(th: &Thread, a: Borrowed<'_>) -> PyResult {
        number::invert(th, a)
    }

    /// The value of ~a.
    #[function(sig = "(a, /)")]
    fn invert(th: &Thread, a: Borrowed<'_>) -> PyResult {
        number::invert(th, a)
    }

    /// The value of -a.
    #[function(sig = "(a, /)")]
    fn neg(th: &Thread, a: Borrowed<'_>) -> PyResult {
        number::negative(th, a)
    }

    /// The value of +a.
    #[function(sig = "(a, /)")]
    fn pos(th: &Thread, a: Borrowed<'_>) -> PyResult {
        number::positive(th, a)
    }

    /// Join two sequences: a + b.
    #[function(sig = "(a, b, /)")]
    fn concat(th: &Thread, a: Borrowed<'_>, b: Borrowed<'_>) -> PyResult {
        sequence::concat(th, a, b)
    }

    /// Extend a sequence in place where it can be: a += b.
    #[function(sig = "(a, b, /)")]
    fn iconcat(th: &Thread, a: Borrowed<'_>, b: Borrowed<'_>) -> PyResult {
        concatenable(th, a)?;
        binary_operator(th, Binary::InplaceAdd, a, b)
    }

    /// Whether b is in a. The container comes first.
    #[function(sig = "(a, b, /)")]
    fn contains(th: &Thread, a: Borrowed<'_>, b: Borrowed<'_>) -> PyResult<bool> {
        sequence::contains(th, a, b)
    }

    /// How often b occurs in a: as the same object or an equal one.
    #[function(name = "countOf", sig = "(a, b, /)")]
    fn count_of(th: &Thread, a: Borrowed<'_>, b: Borrowed<'_>) -> PyResult<usize> {
        sequence::count(th, a, b)
    }

    /// The position at which b is found first in a. ValueError if it is not there.
    #[function(name = "indexOf", sig = "(a, b, /)")]
    fn index_of(th: &Thread, a: Borrowed<'_>, b: Borrowed<'_>) -> PyResult<usize> {
        sequence::index(th, a, b)
    }

    /// The value of a[b].
    #[function(sig = "(a, b, /)")]
    fn getitem(th: &Thread, a: Borrowed<'_>, b: Borrowed<'_>) -> PyResult {
        object::get_item(th, a, b)
    }

    /// The statement a[b] = c.
    #[function(sig = "(a, b, c, /)")]
    fn setitem(th: &Thread, a: Borrowed<'_>, b: Borrowed<'_>, c: Borrowed<'_>) -> PyResult<()> {
        object::set_item(th, a, b, c)
    }

    /// The statement del a[b].
    #[function(sig = "(a, b, /)")]
    fn delitem(th: &Thread, a: Borrowed<'_>, b: Borrowed<'_>) -> PyResult<()> {
        object::del_item(th, a, b)
    }

    /// Guess how many items an object has: from its len(), else from its __length_hint__().
    ///
    /// The guess may be off by any amount. default is for objects that cannot tell.
    #[function(sig = "(obj, default=0, /)")]
    fn length_hint(
        th: &Thread,
        obj: Borrowed<'_>,
        default: Option<Borrowed<'_>>,
    ) -> PyResult<usize> {
        let default = match default {
            None => 0,
            Some(default) => {
                if default.downcast::<Int>().is_none() && !number::is_index(default) {
                    return Err(raise!(
                        th,
                        TYPE_ERROR,
                        "'{}' object cannot be interpreted as an integer",
                        default.type_name()
                    ));
                }
                number::as_isize(th, default, Some(exc::OVERFLOW_ERROR))?
            }
        };
        object::length_hint(th, obj, default.max(0) as usize)
    }

    /// The value of obj(*args, **kwargs).
    #[function(sig = "(obj, /, *args, **kwargs)")]
    fn call(th: &Thread, args: Args<'_>) -> PyResult {
        let Some((&callable, values)) = args.values.split_first().filter(|_| args.positional > 0)
        else {
            return Err(th.raise(exc::TYPE_ERROR, "call expected at least 1 argument, got 0"));
        };
        let rest =
            Args { values, positional: args.positional - 1, kwnames: args.kwnames, offset: false };
        call::vectorcall(th, callable, rest)
    }

    /// Whether a equals b.
    ///
    /// How long it takes does not tell where they differ. They are bytes-like objects, or str of ASCII.
    #[function(sig = "(a, b, /)")]
    fn _compare_digest(th: &Thread, a: Borrowed<'_>, b: Borrowed<'_>) -> PyResult<bool> {
        if let (Some(a), Some(b)) = (a.downcast::<Str>(), b.downcast::<Str>()) {
            let (Some(a), Some(b)) = (a.as_ascii(), b.as_ascii()) else {
                return Err(th.raise(
                    exc::TYPE_ERROR,
                    "comparing strings with non-ASCII characters is not supported",
                ));
            };
            return Ok(equal_bytes(a.as_bytes(), b.as_bytes()));
        }
        use krait_objects::protocol::buffer::check;
        if !check(a) || !check(b) {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "unsupported operand types(s) or combination of types: '{}' and '{}'",
                a.type_name(),
                b.type_name()
            ));
        }
        let (a, b) = (Buffer::simple(th, a)?, Buffer::simple(th, b)?);
        Ok(equal_bytes(a.as_bytes(), b.as_bytes()))
    }
}

/// Functions of two operands, all alike.
macro_rules! operators {
    ($($(#[doc = $doc:literal])* $name:ident($a:ident, $b:ident, $th:ident) -> $ret:ty { $body:expr })*) => {
        #[pyfunctions(part = "binary")]
        impl Operator {$(
            $(#[doc = $doc])*
            #[function(sig = "(a, b, /)")]
            fn $name($th: &Thread, $a: Borrowed<'_>, $b: Borrowed<'_>) -> $ret {
                $body
            }
        )*}
    };
}

operators! {
    /// The value of a + b.
    add(a, b, th) -> PyResult { number::add(th, a, b) }
    /// The value of a - b.
    sub(a, b, th) -> PyResult { number::subtract(th, a, b) }
    /// The value of a * b.
    mul(a, b, th) -> PyResult { number::multiply(th, a, b) }
    /// The value of a @ b.
    matmul(a, b, th) -> PyResult { number::matrix_multiply(th, a, b) }
    /// The value of a // b.
    floordiv(a, b, th) -> PyResult { number::floor_divide(th, a, b) }
    /// The value of a / b.
    truediv(a, b, th) -> PyResult { number::true_divide(th, a, b) }
    /// The value of a % b.
    r#mod(a, b, th) -> PyResult { number::remainder(th, a, b) }
    /// The value of a << b.
    lshift(a, b, th) -> PyResult { number::lshift(th, a, b) }
    /// The value of a >> b.
    rshift(a, b, th) -> PyResult { number::rshift(th, a, b) }
    /// The value of a & b.
    and_(a, b, th) -> PyResult { number::and(th, a, b) }
    /// The value of a ^ b.
    xor(a, b, th) -> PyResult { number::xor(th, a, b) }
    /// The value of a | b.
    or_(a, b, th) -> PyResult { number::or(th, a, b) }
    /// The value of a ** b.
    pow(a, b, th) -> PyResult { number::power(th, a, b, None) }
    /// What a is after a += b.
    iadd(a, b, th) -> PyResult { binary_operator(th, Binary::InplaceAdd, a, b) }
    /// What a is after a -= b.
    isub(a, b, th) -> PyResult { binary_operator(th, Binary::InplaceSubtract, a, b) }
    /// What a is after a *= b.
    imul(a, b, th) -> PyResult { binary_operator(th, Binary::InplaceMultiply, a, b) }
    /// What a is after a @= b.
    imatmul(a, b, th) -> PyResult { binary_operator(th, Binary::InplaceMatrixMultiply, a, b) }
    /// What a is after a //= b.
    ifloordiv(a, b, th) -> PyResult { binary_operator(th, Binary::InplaceFloorDivide, a, b) }
    /// What a is after a /= b.
    itruediv(a, b, th) -> PyResult { binary_operator(th, Binary::InplaceTrueDivide, a, b) }
    /// What a is after a %= b.
    imod(a, b, th) -> PyResult { binary_operator(th, Binary::InplaceRemainder, a, b) }
    /// What a is after a <<= b.
    ilshift(a, b, th) -> PyResult { binary_operator(th, Binary::InplaceLshift, a, b) }
    /// What a is after a >>= b.
    irshift(a, b, th) -> PyResult { binary_operator(th, Binary::InplaceRshift, a, b) }
    /// What a is after a &= b.
    iand(a, b, th) -> PyResult { binary_operator(th, Binary::InplaceAnd, a, b) }
    /// What a is after a ^= b.
    ixor(a, b, th) -> PyResult { binary_operator(th, Binary::InplaceXor, a, b) }
    /// What a is after a |= b.
    ior(a, b, th) -> PyResult { binary_operator(th, Binary::InplaceOr, a, b) }
    /// What a is after a **= b.
    ipow(a, b, th) -> PyResult { number::inplace_power(th, a, b, None) }
    /// The value of a < b.
    lt(a, b, th) -> PyResult { compare(th, a, b, CompareOp::Lt) }
    /// The value of a <= b.
    le(a, b, th) -> PyResult { compare(th, a, b, CompareOp::Le) }
    /// The value of a == b.
    eq(a, b, th) -> PyResult { compare(th, a, b, CompareOp::Eq) }
    /// The value of a != b.
    ne(a, b, th) -> PyResult { compare(th, a, b, CompareOp::Ne) }
    /// The value of a > b.
    gt(a, b, th) -> PyResult { compare(th, a, b, CompareOp::Gt) }
    /// The value of a >= b.
    ge(a, b, th) -> PyResult { compare(th, a, b, CompareOp::Ge) }
    /// The value of a is b.
    is_(a, b, _th) -> bool { a.is(b) }
    /// The value of a is not b.
    is_not(a, b, _th) -> bool { !a.is(b) }
}
