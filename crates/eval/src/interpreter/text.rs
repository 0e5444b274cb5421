//! Formatted and template strings.

use krait_bytecode::convert;
use krait_objects::prelude::*;

use super::op::Op;

pub fn convert_value(op: Op<'_>) -> PyResult<()> {
    let value = op.pop1();
    let text = match op.arg as u32 {
        convert::FVC_STR => object::str(op.th, value.get())?,
        convert::FVC_REPR => object::repr(op.th, value.get())?,
        _ => object::ascii(op.th, value.get())?,
    };
    op.push(text);
    Ok(())
}

pub fn format_simple(op: Op<'_>) -> PyResult<()> {
    if op.peek(1).is_exact::<Str>() {
        return Ok(());
    }
    let value = op.pop1();
    op.push(object::format(op.th, value.get(), None)?);
    Ok(())
}

pub fn format_with_spec(op: Op<'_>) -> PyResult<()> {
    let [value, spec] = op.pop();
    let Some(text) = spec.get().downcast::<Str>() else {
        return Err(raise!(
            op.th,
            TYPE_ERROR,
            "Format specifier must be a string, not {}",
            spec.type_name()
        ));
    };
    op.push(object::format(op.th, value.get(), Some(text))?);
    Ok(())
}

pub fn build_string(op: Op<'_>) -> PyResult<()> {
    let text = Str::join(op.th, id::empty, op.own_top(op.arg))?;
    op.release_top(op.arg);
    op.push(text);
    Ok(())
}

/// The types behind `t"…"` live with the objects; the loop only hands them their parts.
pub fn build_interpolation(op: Op<'_>) -> PyResult<()> {
    let spec = if op.arg & 1 != 0 { Some(op.pop1()) } else { None };
    let [value, text] = op.pop();
    let conversion = op.arg >> 2;
    let spec = spec.as_ref().map(|spec| spec.get());
    let made =
        krait_objects::template::interpolation(op.th, value.get(), text.get(), conversion, spec)?;
    op.push(made);
    Ok(())
}

pub fn build_template(op: Op<'_>) -> PyResult<()> {
    let [strings, interpolations] = op.pop();
    let made = krait_objects::template::template(op.th, strings.get(), interpolations.get())?;
    op.push(made);
    Ok(())
}
