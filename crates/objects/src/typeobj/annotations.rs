//! `__annotations__` and `__annotate__` of classes: evaluated when asked for (PEP 649, PEP 749).

use crate::int::Int;
use crate::prelude::*;

const VALUE_FORMAT: i64 = 1;

fn of_static(th: &Thread, ty: &Type, name: &str) -> crate::error::Raised {
    raise!(th, ATTRIBUTE_ERROR, "type object '{}' has no attribute '{name}'", ty.tp_name())
}

/// The `__annotations__` getter: what is cached, else the answer of `__annotate__`, else empty.
pub fn get(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult {
    if !ty.is_heap_type() {
        return Err(of_static(th, &ty, "__annotations__"));
    }
    let dict = ty.dict(th);
    for name in [id::__annotations__, id::__annotations_cache__] {
        if let Some(found) = dict.get_str(th, name)? {
            let bound = crate::descr::bind(th, found.object(), None, ty.object())?;
            return Ok(bound);
        }
    }
    let annotate = annotate(th, ty)?;
    let annotations = if object::is_callable(annotate.object()) {
        let format = Int::from_i64(th, VALUE_FORMAT)?;
        let result = call::call(th, annotate.object(), &[format.object()])?;
        if result.object().downcast::<Dict>().is_none() {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "__annotate__ returned non-dict of type '{}'",
                result.type_name()
            ));
        }
        result
    } else {
        Dict::new(th)?.into_object()
    };
    dict.set_str(th, id::__annotations_cache__, annotations.object())?;
    ty.modified(th);
    Ok(annotations)
}

/// The `__annotations__` setter; `None` deletes.
pub fn set(th: &Thread, ty: Borrowed<'_, Type>, value: Option<Borrowed<'_>>) -> PyResult<()> {
    let dict = ty.dict(th);
    match value {
        Some(value) => {
            // Code compiled with the old scheme keeps its own name; otherwise the cache holds it.
            let name = if dict.contains(th, id::__annotations__.object())? {
                id::__annotations__
            } else {
                id::__annotations_cache__
            };
            dict.set_str(th, name, value)?;
        }
        None => {
            let removed = dict.remove(th, id::__annotations__.object())?
                | dict.remove(th, id::__annotations_cache__.object())?;
            if !removed {
                return Err(th.raise_value(exc::ATTRIBUTE_ERROR, id::__annotations__.object()));
            }
        }
    }
    dict.remove(th, id::__annotate__.object())?;
    dict.remove(th, id::__annotate_func__.object())?;
    ty.modified(th);
    Ok(())
}

/// The `__annotate__` getter: the function the compiler made, or None.
pub fn annotate(th: &Thread, ty: Borrowed<'_, Type>) -> PyResult {
    if !ty.is_heap_type() {
        return Err(of_static(th, &ty, "__annotate__"));
    }
    let dict = ty.dict(th);
    // What the class body itself defines comes first.
    for name in [id::__annotate__, id::__annotate_func__] {
        if let Some(found) = dict.get_str(th, name)? {
            return crate::descr::bind(th, found.object(), None, ty.object());
        }
    }
    dict.set_str(th, id::__annotate_func__, none())?;
    ty.modified(th);
    Ok(none().to_owned())
}

pub fn set_annotate(th: &Thread, ty: Borrowed<'_, Type>, value: Borrowed<'_>) -> PyResult<()> {
    if !value.is_none() && !object::is_callable(value) {
        return Err(th.raise(exc::TYPE_ERROR, "__annotate__ must be callable or None"));
    }
    let dict = ty.dict(th);
    dict.set_str(th, id::__annotate_func__, value)?;
    if !value.is_none() {
        dict.remove(th, id::__annotations_cache__.object())?;
    }
    ty.modified(th);
    Ok(())
}
