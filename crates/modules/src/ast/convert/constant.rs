//! Plain values: integers, names, texts and the values of constants.

use krait_objects::complex::Complex;
use krait_objects::set::Set;
use num_bigint::{BigInt, Sign};

use super::*;

impl<'a> Convert<'a> for i32 {
    fn to_py(&self, cx: &Context<'_, '_>) -> PyResult {
        Int::from_i64(cx.th, (*self).into()).map(Owned::into_object)
    }

    fn from_py(cx: &Context<'a, '_>, value: Borrowed<'_>, _: Place<'_>) -> PyResult<Self> {
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

impl<'a> Convert<'a> for bool {
    fn to_py(&self, cx: &Context<'_, '_>) -> PyResult {
        i32::from(*self).to_py(cx)
    }

    fn from_py(cx: &Context<'a, '_>, value: Borrowed<'_>, place: Place<'_>) -> PyResult<Self> {
        Ok(i32::from_py(cx, value, place)? != 0)
    }
}

impl<'a> Convert<'a> for &'a str {
    fn to_py(&self, cx: &Context<'_, '_>) -> PyResult {
        Str::interned(cx.th, self).map(Owned::into_object)
    }

    fn from_py(cx: &Context<'a, '_>, value: Borrowed<'_>, _: Place<'_>) -> PyResult<Self> {
        match value.downcast_exact::<Str>() {
            Some(text) => Ok(cx.arena.alloc_str(text.get().as_utf8(cx.th)?)),
            None => Err(cx.th.raise(exc::TYPE_ERROR, "AST identifier must be of type str")),
        }
    }
}

impl<'a> Convert<'a> for Text<'a> {
    fn to_py(&self, cx: &Context<'_, '_>) -> PyResult {
        Str::from_wtf8(cx.th, self.as_bytes()).map(Owned::into_object)
    }

    fn from_py(cx: &Context<'a, '_>, value: Borrowed<'_>, _: Place<'_>) -> PyResult<Self> {
        match value.downcast_exact::<Str>() {
            Some(text) => Ok(text_in(cx, text)),
            None => Err(cx.th.raise(exc::TYPE_ERROR, "AST string must be of type str")),
        }
    }
}

fn text_in<'a>(cx: &Context<'a, '_>, text: Borrowed<'_, Str>) -> Text<'a> {
    Text::from_generalised(cx.arena.alloc_slice_copy(&text.to_wtf8()))
}

impl<'a> Convert<'a> for Constant<'a> {
    fn to_py(&self, cx: &Context<'_, '_>) -> PyResult {
        let th = cx.th;
        let each = |items: &[Constant<'a>]| -> PyResult<Vec<Owned>> {
            items.iter().map(|item| item.to_py(cx)).collect()
        };
        Ok(match *self {
            Constant::None => none().to_owned(),
            Constant::True => bool_object(true).object().to_owned(),
            Constant::False => bool_object(false).object().to_owned(),
            Constant::Ellipsis => ellipsis().to_owned(),
            Constant::Int(IntLiteral::Small(value)) => Int::from_u64(th, value)?.into_object(),
            Constant::Int(IntLiteral::Big(digits)) => {
                Int::from_big(th, &BigInt::from_slice(Sign::Plus, digits))?.into_object()
            }
            Constant::Float(value) => Float::new(th, value)?.into_object(),
            Constant::Complex(imaginary) => Complex::new(th, 0.0, imaginary)?.into_object(),
            Constant::Str(text) => text.to_py(cx)?,
            Constant::Bytes(bytes) => Bytes::new(th, bytes)?.into_object(),
            Constant::Tuple(items) => Tuple::from_vec(th, each(items)?)?.into_object(),
            Constant::FrozenSet(items) => {
                let items = each(items)?;
                let views: Vec<Borrowed<'_>> = items.iter().map(Owned::borrow).collect();
                Set::new_frozen(th, &views)?.into_object()
            }
        })
    }

    #[allow(clippy::only_used_in_recursion)] // every `from_py` has it
    fn from_py(cx: &Context<'a, '_>, value: Borrowed<'_>, place: Place<'_>) -> PyResult<Self> {
        if value.is_none() {
            return Ok(Constant::None);
        }
        if value.is(ellipsis()) {
            return Ok(Constant::Ellipsis);
        }
        if value.is(bool_object(true)) || value.is(bool_object(false)) {
            return Ok(if value.is(bool_object(true)) { Constant::True } else { Constant::False });
        }
        if let Some(text) = value.downcast_exact::<Str>() {
            return Ok(Constant::Str(text_in(cx, text)));
        }
        if let Some(bytes) = value.downcast_exact::<Bytes>() {
            return Ok(Constant::Bytes(cx.arena.alloc_slice_copy(bytes.as_bytes())));
        }
        if let Some(float) = value.downcast_exact::<Float>() {
            return Ok(Constant::Float(float.value()));
        }
        if let Some(int) = value.downcast_exact::<Int>().filter(|int| !int.is_negative()) {
            return Ok(Constant::Int(match int.to_u64() {
                Some(small) => IntLiteral::Small(small),
                None => IntLiteral::Big(cx.arena.alloc_slice_copy(&int.to_big().to_u32_digits().1)),
            }));
        }
        if let Some(complex) = value.downcast_exact::<Complex>().filter(|value| value.real() == 0.0)
        {
            return Ok(Constant::Complex(complex.imag()));
        }
        if let Some(tuple) = value.downcast_exact::<Tuple>() {
            let items = tuple.as_slice().iter();
            let items: PyResult<Vec<Constant<'a>>> =
                items.map(|&item| cx.nested(|| Constant::from_py(cx, item, place))).collect();
            return Ok(Constant::Tuple(cx.arena.alloc_slice_copy(&items?)));
        }
        if value.is_exact::<krait_objects::set::FrozenSet>() {
            let items = iter::collect(cx.th, value)?;
            let items: PyResult<Vec<Constant<'a>>> = items
                .iter()
                .map(|item| cx.nested(|| Constant::from_py(cx, item.object(), place)))
                .collect();
            return Ok(Constant::FrozenSet(cx.arena.alloc_slice_copy(&items?)));
        }
        if value.is_exact::<Int>() || value.is_exact::<Complex>() {
            return Err(cx.th.raise(
                exc::NOT_IMPLEMENTED_ERROR,
                "compile(): negative and general complex constants are not supported yet",
            ));
        }
        Err(raise!(cx.th, TYPE_ERROR, "got an invalid type in Constant: {}", value.type_name()))
    }

    fn absent(cx: &Context<'a, '_>, place: Place<'_>) -> PyResult<Self> {
        let Place { class, field } = place;
        Err(raise!(cx.th, TYPE_ERROR, "required field \"{field}\" missing from {class}"))
    }
}
