//! Plain values: integers, names, texts and the values of constants.

use krait_objects::complex::Complex;
use krait_objects::set::{FrozenSet, Set};
use num_bigint::{BigInt, Sign};

use super::*;

impl ToTree for i32 {
    fn to_py(&self, cx: &Writer<'_>) -> PyResult {
        Int::from_i64(cx.th, (*self).into()).map(Owned::into_object)
    }
}

impl<'a> FromTree<'a> for i32 {
    fn from_py(cx: &Reader<'a, '_>, value: Borrowed<'_>, _: Place<'_>) -> PyResult<Self> {
        let Some(int) = value.downcast::<Int>() else {
            let shown = object::repr(cx.th, value)?;
            let shown = shown.to_string_lossy();
            return Err(raise!(cx.th, VALUE_ERROR, "invalid integer value: {shown}"));
        };
        int.to_i64().and_then(|value| i32::try_from(value).ok()).ok_or_else(|| {
            cx.th.raise(exc::OVERFLOW_ERROR, "Python int too large to convert to C int")
        })
    }
}

impl ToTree for bool {
    fn to_py(&self, cx: &Writer<'_>) -> PyResult {
        i32::from(*self).to_py(cx)
    }
}

impl<'a> FromTree<'a> for bool {
    fn from_py(cx: &Reader<'a, '_>, value: Borrowed<'_>, place: Place<'_>) -> PyResult<Self> {
        Ok(i32::from_py(cx, value, place)? != 0)
    }
}

/// An identifier.
impl ToTree for &str {
    fn to_py(&self, cx: &Writer<'_>) -> PyResult {
        Str::interned(cx.th, self).map(Owned::into_object)
    }
}

impl<'a> FromTree<'a> for &'a str {
    fn from_py(cx: &Reader<'a, '_>, value: Borrowed<'_>, _: Place<'_>) -> PyResult<Self> {
        match value.downcast_exact::<Str>() {
            Some(text) => Ok(cx.arena.alloc_str(text.get().as_utf8(cx.th)?)),
            None => Err(cx.th.raise(exc::TYPE_ERROR, "AST identifier must be of type str")),
        }
    }

    fn placeholder(_: &Reader<'a, '_>) -> Option<Self> {
        Some("")
    }
}

impl ToTree for Text<'_> {
    fn to_py(&self, cx: &Writer<'_>) -> PyResult {
        Str::from_wtf8(cx.th, self.as_bytes()).map(Owned::into_object)
    }
}

impl<'a> FromTree<'a> for Text<'a> {
    fn from_py(cx: &Reader<'a, '_>, value: Borrowed<'_>, _: Place<'_>) -> PyResult<Self> {
        if let Some(text) = value.downcast_exact::<Str>() {
            return Ok(text_in(cx, text));
        }
        match value.downcast_exact::<Bytes>() {
            // A tree may hold them here; nothing looks at what they say.
            Some(bytes) => {
                let text = String::from_utf8_lossy(bytes.as_bytes());
                Ok(Text::new(cx.arena.alloc_str(&text)))
            }
            None => Err(cx.th.raise(exc::TYPE_ERROR, "AST string must be of type str")),
        }
    }
}

fn text_in<'a>(cx: &Reader<'a, '_>, text: Borrowed<'_, Str>) -> Text<'a> {
    Text::from_generalised(cx.arena.alloc_slice_copy(&text.to_wtf8()))
}

fn big(sign: Sign, literal: IntLiteral<'_>) -> BigInt {
    match literal {
        IntLiteral::Small(value) => BigInt::from_biguint(sign, value.into()),
        IntLiteral::Big(digits) => BigInt::from_slice(sign, digits),
    }
}

impl ToTree for Constant<'_> {
    fn to_py(&self, cx: &Writer<'_>) -> PyResult {
        let th = cx.th;
        let each = |items: &[Constant<'_>]| -> PyResult<Vec<Owned>> {
            items.iter().map(|item| item.to_py(cx)).collect()
        };
        Ok(match *self {
            Constant::None => none().to_owned(),
            Constant::True => bool_object(true).object().to_owned(),
            Constant::False => bool_object(false).object().to_owned(),
            Constant::Ellipsis => ellipsis().to_owned(),
            Constant::Int(IntLiteral::Small(value)) => Int::from_u64(th, value)?.into_object(),
            Constant::Int(literal) => Int::from_big(th, &big(Sign::Plus, literal))?.into_object(),
            Constant::NegativeInt(literal) => {
                Int::from_big(th, &big(Sign::Minus, literal))?.into_object()
            }
            Constant::Float(value) => Float::new(th, value)?.into_object(),
            Constant::Complex { real, imag } => Complex::new(th, real, imag)?.into_object(),
            Constant::Str(text) => text.to_py(cx)?,
            Constant::Bytes(bytes) => Bytes::new(th, bytes)?.into_object(),
            Constant::Tuple(items) => Tuple::from_vec(th, each(items)?)?.into_object(),
            Constant::FrozenSet(items) => {
                let items = each(items)?;
                let views: Vec<Borrowed<'_>> = items.iter().map(Owned::borrow).collect();
                Set::new_frozen(th, &views)?.into_object()
            }
            // `validate` has refused it.
            Constant::Other(_) => return Err(th.bad_internal_call()),
        })
    }
}

impl<'a> FromTree<'a> for Constant<'a> {
    fn from_py(cx: &Reader<'a, '_>, value: Borrowed<'_>, place: Place<'_>) -> PyResult<Self> {
        let all = |items: Vec<Owned>| -> PyResult<&'a [Constant<'a>]> {
            cx.check_stack(place.class)?;
            let items: PyResult<Vec<Constant<'a>>> =
                items.iter().map(|item| Constant::from_py(cx, item.object(), place)).collect();
            Ok(cx.arena.alloc_slice_copy(&items?))
        };
        Ok(if value.is_none() {
            Constant::None
        } else if value.is(ellipsis()) {
            Constant::Ellipsis
        } else if value.is(bool_object(true)) {
            Constant::True
        } else if value.is(bool_object(false)) {
            Constant::False
        } else if let Some(text) = value.downcast_exact::<Str>() {
            Constant::Str(text_in(cx, text))
        } else if let Some(bytes) = value.downcast_exact::<Bytes>() {
            Constant::Bytes(cx.arena.alloc_slice_copy(bytes.as_bytes()))
        } else if let Some(float) = value.downcast_exact::<Float>() {
            Constant::Float(float.value())
        } else if let Some(int) = value.downcast_exact::<Int>() {
            int_in(cx, int)
        } else if let Some(complex) = value.downcast_exact::<Complex>() {
            Constant::Complex { real: complex.real(), imag: complex.imag() }
        } else if let Some(tuple) = value.downcast_exact::<Tuple>() {
            Constant::Tuple(all(tuple.as_slice().iter().map(|&item| item.to_owned()).collect())?)
        } else if value.is_exact::<FrozenSet>() {
            Constant::FrozenSet(all(iter::collect(cx.th, value)?)?)
        } else {
            Constant::Other(cx.arena.alloc_str(value.get().ty().name()))
        })
    }
}

fn int_in<'a>(cx: &Reader<'a, '_>, int: Borrowed<'_, Int>) -> Constant<'a> {
    if let Some(small) = int.to_u64() {
        return Constant::Int(IntLiteral::Small(small));
    }
    let (sign, digits) = int.to_big().to_u32_digits();
    let literal = match digits[..] {
        [low] => IntLiteral::Small(low.into()),
        [low, high] => IntLiteral::Small(u64::from(high) << 32 | u64::from(low)),
        _ => IntLiteral::Big(cx.arena.alloc_slice_copy(&digits)),
    };
    if sign == Sign::Minus { Constant::NegativeInt(literal) } else { Constant::Int(literal) }
}
