//! Conversions: `operator.index`, `int()`, `float()`, and to machine numbers. SAFETY: as in `number`.

use crate::prelude::*;

/// `operator.index`: an exact `int` (an instance of a subclass is copied).
pub fn index(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Int>> {
    if let Some(int) = ob.downcast_exact::<Int>() {
        return Ok(int.to_owned());
    }
    let int = index_or_subclass(th, ob)?;
    if int.object().is_exact::<Int>() {
        return Ok(int);
    }
    Int::from_digits(th, int.is_negative(), int.view().digits)
}

/// As `index`, but what `__index__` gives is not copied.
fn index_or_subclass(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Int>> {
    if let Some(int) = ob.downcast::<Int>() {
        return Ok(int.to_owned());
    }
    // SAFETY: see the top of `number`.
    unsafe {
        let Some(function) = ob.ty().raw().tp_as_number.as_ref().and_then(|table| table.nb_index)
        else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "'{}' object cannot be interpreted as an integer",
                ob.type_name()
            ));
        };
        let result: Owned =
            Owned::from_ptr_or_null(function(ob.as_ptr())).ok_or_else(|| th.raised_by_c())?;
        strict_int(th, result, "__index__")
    }
}

/// The answer of `__index__` or `__int__`: an `int`, with a warning if it is of a subclass.
fn strict_int(th: &Thread, result: Owned, method: &str) -> PyResult<Owned<Int>> {
    let int = match result.downcast::<Int>() {
        Ok(int) => int,
        Err(other) => {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "{method} returned non-int (type {})",
                other.type_name()
            ));
        }
    };
    if !int.object().is_exact::<Int>() {
        let message = Str::from_fmt(
            th,
            format_args!(
                "{method} returned non-int (type {}).  The ability to return an instance of a strict subclass of int is deprecated, and may not be supported in a future version of Python.",
                int.object().type_name()
            ),
        )?;
        let category = Borrowed::from_ref(exc::DEPRECATION_WARNING).object();
        (th.interp().services.get().warn)(th, category, message.borrow(), 1)?;
    }
    Ok(int)
}

/// `PyNumber_AsSsize_t`: clipped if `overflow` is `None`, else that exception class is raised.
pub fn as_isize(
    th: &Thread,
    ob: Borrowed<'_>,
    overflow: Option<crate::error::ExcType>,
) -> PyResult<isize> {
    let int = index_or_subclass(th, ob)?;
    match (int.to_i64(), overflow) {
        (Some(value), _) => Ok(value as isize),
        (None, None) => Ok(if int.is_negative() { isize::MIN } else { isize::MAX }),
        (None, Some(class)) => Err(th.raise_fmt(
            class,
            format_args!("cannot fit '{}' into an index-sized integer", ob.type_name()),
        )),
    }
}

/// `int(ob)`.
pub fn long(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Int>> {
    if let Some(int) = ob.downcast_exact::<Int>() {
        return Ok(int.to_owned());
    }
    // SAFETY: see the top of `number`.
    let table = unsafe { ob.ty().raw().tp_as_number.as_ref() };
    if let Some(function) = table.and_then(|table| table.nb_int) {
        // SAFETY: see the top of `number`.
        let result: Owned = unsafe { Owned::from_ptr_or_null(function(ob.as_ptr())) }
            .ok_or_else(|| th.raised_by_c())?;
        let int = strict_int(th, result, "__int__")?;
        return index(th, int.object());
    }
    if table.is_some_and(|table| table.nb_index.is_some()) {
        return index(th, ob);
    }
    crate::int::from_text_object(th, ob)
}

/// `float(ob)`.
pub fn float(th: &Thread, ob: Borrowed<'_>) -> PyResult {
    if ob.is_exact::<Float>() {
        return Ok(ob.to_owned());
    }
    if let Some(int) = ob.downcast_exact::<Int>().filter(|int| int.is_compact()) {
        return Float::new(th, int.compact_value() as f64).map(Owned::into_object);
    }
    if ob.is_exact::<Str>() || !check_float(ob) {
        return crate::float::from_text_object(th, ob);
    }
    Ok(Float::new(th, by_slot(th, ob)?)?.into_object())
}

/// Whether `as_f64` knows a way.
fn check_float(ob: Borrowed<'_>) -> bool {
    // SAFETY: see the top of `number`.
    let table = unsafe { ob.ty().raw().tp_as_number.as_ref() };
    ob.downcast::<Float>().is_some()
        || table.is_some_and(|table| table.nb_float.is_some() || table.nb_index.is_some())
}

/// `PyFloat_AsDouble`.
pub fn as_f64(th: &Thread, ob: Borrowed<'_>) -> PyResult<f64> {
    if let Some(float) = ob.downcast::<Float>() {
        return Ok(float.value());
    }
    by_slot(th, ob)
}

/// What `__float__`, or else `__index__`, says, also for instances of subclasses of `float`.
fn by_slot(th: &Thread, ob: Borrowed<'_>) -> PyResult<f64> {
    // SAFETY: see the top of `number`.
    let table = unsafe { ob.ty().raw().tp_as_number.as_ref() };
    let Some(function) = table.and_then(|table| table.nb_float) else {
        if table.is_some_and(|table| table.nb_index.is_some()) {
            return index(th, ob)?.to_f64(th);
        }
        return Err(raise!(th, TYPE_ERROR, "must be real number, not {}", ob.type_name()));
    };
    // SAFETY: see the top of `number`.
    let result: Owned = unsafe { Owned::from_ptr_or_null(function(ob.as_ptr())) }
        .ok_or_else(|| th.raised_by_c())?;
    let Some(float) = result.object().downcast::<Float>() else {
        return Err(raise!(
            th,
            TYPE_ERROR,
            "{}.__float__ returned non-float (type {})",
            ob.type_name(),
            result.type_name()
        ));
    };
    if !float.object().is_exact::<Float>() {
        let message = Str::from_fmt(
            th,
            format_args!(
                "{}.__float__ returned non-float (type {}).  The ability to return an instance of a strict subclass of float is deprecated, and may be removed in a future version of Python.",
                ob.type_name(),
                result.type_name()
            ),
        )?;
        let category = Borrowed::from_ref(exc::DEPRECATION_WARNING).object();
        (th.interp().services.get().warn)(th, category, message.borrow(), 1)?;
    }
    Ok(float.value())
}
