//! Building, indexing and filling containers.

use krait_objects::prelude::*;
use krait_objects::set::Set;
use krait_objects::slice::Slice;

use super::op::Op;
use crate::frame::Held;

pub fn build_tuple(op: Op<'_>) -> PyResult<()> {
    let items = op.pop_owned(op.arg);
    op.push(Tuple::from_vec(op.th, items)?);
    Ok(())
}

pub fn build_list(op: Op<'_>) -> PyResult<()> {
    let items = op.pop_owned(op.arg);
    op.push(List::from_vec(op.th, items)?);
    Ok(())
}

pub fn build_set(op: Op<'_>) -> PyResult<()> {
    let items = op.pop_owned(op.arg);
    let set = Set::new(op.th)?;
    for item in &items {
        set.add(op.th, item.borrow())?;
    }
    op.push(set);
    Ok(())
}

pub fn build_map(op: Op<'_>) -> PyResult<()> {
    let items = op.pop_owned(2 * op.arg);
    let dict = Dict::new(op.th)?;
    for pair in items.chunks_exact(2) {
        dict.set(op.th, pair[0].borrow(), pair[1].borrow())?;
    }
    op.push(dict);
    Ok(())
}

/// The value in a bound of a slice.
fn bound(value: &Held) -> Owned {
    value.get().to_owned()
}

pub fn build_slice(op: Op<'_>) -> PyResult<()> {
    let slice = if op.arg == 3 {
        let [start, stop, step] = op.pop();
        Slice::new(op.th, bound(&start), bound(&stop), bound(&step))?
    } else {
        let [start, stop] = op.pop();
        Slice::new(op.th, bound(&start), bound(&stop), none().to_owned())?
    };
    op.push(slice);
    Ok(())
}

/// `container[start:stop]`.
pub fn binary_slice(op: Op<'_>) -> PyResult<()> {
    let [container, start, stop] = op.pop();
    let slice = Slice::new(op.th, bound(&start), bound(&stop), none().to_owned())?;
    op.push(object::get_item(op.th, container.get(), slice.object())?);
    Ok(())
}

/// `container[start:stop] = value`.
pub fn store_slice(op: Op<'_>) -> PyResult<()> {
    let [value, container, start, stop] = op.pop();
    let slice = Slice::new(op.th, bound(&start), bound(&stop), none().to_owned())?;
    object::set_item(op.th, container.get(), slice.object(), value.get())
}

pub fn store_subscr(op: Op<'_>) -> PyResult<()> {
    let [value, container, key] = op.pop();
    object::set_item(op.th, container.get(), key.get(), value.get())
}

pub fn delete_subscr(op: Op<'_>) -> PyResult<()> {
    let [container, key] = op.pop();
    object::del_item(op.th, container.get(), key.get())
}

pub fn contains_op(op: Op<'_>) -> PyResult<()> {
    let [item, container] = op.pop();
    let found = sequence::contains(op.th, container.get(), item.get())?;
    op.push_bool(found != (op.arg != 0));
    Ok(())
}

pub fn get_len(op: Op<'_>) -> PyResult<()> {
    let len = object::len(op.th, op.peek(1))?;
    op.push(Int::from_usize(op.th, len)?);
    Ok(())
}

/// The container that a comprehension or display is filling, below the operands that have been popped.
fn filling<'a, T>(op: Op<'a>) -> Borrowed<'a, T> {
    // SAFETY: the compiler made the container of this kind for the instruction.
    unsafe { op.peek(op.arg).cast() }
}

pub fn list_append(op: Op<'_>) -> PyResult<()> {
    let item = op.pop1();
    filling::<List>(op).push(op.th, item.into_owned())
}

pub fn set_add(op: Op<'_>) -> PyResult<()> {
    let item = op.pop1();
    filling::<Set>(op).add(op.th, item.get())
}

pub fn map_add(op: Op<'_>) -> PyResult<()> {
    let [key, value] = op.pop();
    filling::<Dict>(op).set(op.th, key.get(), value.get())
}

pub fn list_extend(op: Op<'_>) -> PyResult<()> {
    let iterable = op.pop1();
    match filling::<List>(op).extend(op.th, iterable.get()) {
        Ok(()) => Ok(()),
        Err(raised) => Err(not_iterable(op.th, iterable.get(), raised)),
    }
}

/// The unpacking's own words for a value that cannot be iterated at all.
fn not_iterable(th: &Thread, iterable: Borrowed<'_>, raised: Raised) -> Raised {
    let ty = iterable.ty();
    if !th.exception_matches(exc::TYPE_ERROR)
        || ty.get().raw().tp_iter.is_some()
        || sequence::check(iterable)
    {
        return raised;
    }
    drop(th.take_raised(raised));
    raise!(th, TYPE_ERROR, "Value after * must be an iterable, not {}", ty.tp_name())
}

pub fn set_update(op: Op<'_>) -> PyResult<()> {
    let iterable = op.pop1();
    filling::<Set>(op).update(op.th, iterable.get())
}

pub fn dict_update(op: Op<'_>) -> PyResult<()> {
    let update = op.pop1();
    match filling::<Dict>(op).merge(op.th, update.get(), true) {
        Ok(()) => Ok(()),
        Err(raised) => match op.th.take_if(raised, exc::ATTRIBUTE_ERROR) {
            Ok(_replaced) => {
                Err(raise!(op.th, TYPE_ERROR, "'{}' object is not a mapping", update.type_name()))
            }
            Err(raised) => Err(raised),
        },
    }
}

/// `**update` in a call: keywords must be new.
pub fn dict_merge(op: Op<'_>) -> PyResult<()> {
    let update = op.pop1();
    let callable = op.peek(op.arg + 3);
    let merged = super::calls::merge_keywords(op.th, filling::<Dict>(op), update.get());
    merged.map_err(|raised| super::calls::keywords_error(op.th, callable, update.get(), raised))
}
