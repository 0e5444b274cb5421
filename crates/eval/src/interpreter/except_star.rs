//! The end of `try … except*`: what is raised again.
//!
//! `_PyExc_PrepReraiseStar` of CPython's `Objects/exceptions.c`.

use std::collections::HashSet;

use krait_objects::prelude::*;

/// From the original exception and the list of what the handlers raised or left over, the exception to
/// raise, or None.
pub fn prepare_reraise(th: &Thread, original: Borrowed<'_>, list: Borrowed<'_>) -> PyResult {
    let results = iter::collect(th, list)?;
    if !original.ty().is_subtype(exc::BASE_EXCEPTION_GROUP) {
        // A naked exception has one handler at most.
        return Ok(results.into_iter().next().unwrap_or_else(|| none().to_owned()));
    }
    let mut raised = Vec::new();
    let mut leaves = HashSet::new();
    for result in results.into_iter().filter(|result| !result.is_none()) {
        if same_origin(th, result.borrow(), original)? {
            collect_leaves(th, result.borrow(), &mut leaves)?;
        } else {
            raised.push(result);
        }
    }
    let again = if leaves.is_empty() { None } else { project(th, original, &leaves)? };
    if raised.is_empty() {
        return Ok(again.unwrap_or_else(|| none().to_owned()));
    }
    raised.extend(again);
    if raised.len() == 1
        && let Some(only) = raised.pop()
    {
        return Ok(only);
    }
    let members = List::from_vec(th, raised)?;
    let class = Borrowed::from_ref(exc::BASE_EXCEPTION_GROUP).object();
    call::call(th, class, &[id::empty.object(), members.object()])
}

/// Whether an exception is a part of the original: traceback, cause and context are the same objects.
fn same_origin(th: &Thread, part: Borrowed<'_>, original: Borrowed<'_>) -> PyResult<bool> {
    for name in [id::__traceback__, id::__cause__, id::__context__] {
        let a = object::get_attr_opt(th, part, name)?;
        let b = object::get_attr_opt(th, original, name)?;
        let same = match (&a, &b) {
            (Some(a), Some(b)) => a.is(b.borrow()),
            (None, None) => true,
            _ => false,
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The addresses of the exceptions in a group that are no groups.
fn collect_leaves(
    th: &Thread,
    exception: Borrowed<'_>,
    leaves: &mut HashSet<usize>,
) -> PyResult<()> {
    if !exception.ty().is_subtype(exc::BASE_EXCEPTION_GROUP) {
        leaves.insert(exception.as_ptr() as usize);
        return Ok(());
    }
    th.recurse(" in exception_group_projection", || {
        for member in members(th, exception)? {
            collect_leaves(th, member.borrow(), leaves)?;
        }
        Ok(())
    })
}

fn members(th: &Thread, group: Borrowed<'_>) -> PyResult<Vec<Owned>> {
    let members = object::get_attr(th, group, id::exceptions)?;
    iter::collect(th, members.borrow())
}

/// The part of a group that consists of `leaves`, in the group's own shape.
fn project(th: &Thread, group: Borrowed<'_>, leaves: &HashSet<usize>) -> PyResult<Option<Owned>> {
    let all = members(th, group)?;
    let count = all.len();
    let mut kept = Vec::new();
    let mut whole = true;
    for member in all {
        if member.ty().is_subtype(exc::BASE_EXCEPTION_GROUP) {
            let part = th.recurse(" in exception_group_projection", || {
                project(th, member.borrow(), leaves)
            })?;
            whole &= part.as_ref().is_some_and(|part| part.is(member.borrow()));
            kept.extend(part);
        } else if leaves.contains(&(member.as_ptr() as usize)) {
            kept.push(member);
        }
    }
    if kept.is_empty() {
        return Ok(None);
    }
    if whole && kept.len() == count {
        return Ok(Some(group.to_owned()));
    }
    let kept = List::from_vec(th, kept)?;
    let part = call::call_method(th, group, id::derive, &[kept.object()])?;
    for name in [id::__traceback__, id::__context__, id::__cause__] {
        let value = object::get_attr(th, group, name)?;
        object::set_attr(th, part.borrow(), name, value.borrow())?;
    }
    if let Some(notes) = object::get_attr_opt(th, group, id::__notes__)? {
        let notes = sequence::list(th, notes.borrow())?;
        object::set_attr(th, part.borrow(), id::__notes__, notes.object())?;
    }
    Ok(Some(part))
}
