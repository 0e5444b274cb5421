//! `frame.f_locals` of functions: a mapping that reads and writes the frame's variables.
//!
//! PEP 667; the proxy in CPython's `Objects/frameobject.c`.

use krait_abi as abi;
use krait_bytecode::{code_flags, local_kind};
use krait_objects::cell::Cell;
use krait_objects::prelude::*;
use krait_objects::repr_guard;

use super::{Frame, FrameObject, StackRef};

/// Create a write-through view of a frame's variables.
#[pytype(name = "FrameLocalsProxy", symbol = "PyFrameLocalsProxy_Type", flags(HAVE_GC, MAPPING))]
#[repr(C)]
pub struct LocalsProxy {
    head: Head,
    #[visit]
    frame: Slot<FrameObject>,
}

assert_layout!(LocalsProxy => abi::PyFrameLocalsProxyObject);

/// The mapping of a frame object's variables: its namespace, or a proxy for fast locals.
///
/// # Safety
/// The object's frame is live.
pub unsafe fn of_frame_object(th: &Thread, object: Borrowed<'_, FrameObject>) -> PyResult {
    let code = object.code();
    let hidden = (0..code.nlocalsplus as usize).any(|index| {
        code.local_kind(index) & local_kind::HIDDEN != 0 && slot_value(object, index).is_some()
    });
    if code.has_flag(code_flags::OPTIMIZED) || hidden {
        let proxy = LocalsProxy::type_object().alloc::<LocalsProxy>(th, 0)?;
        proxy.frame.set(Some(object.to_owned()));
        return Ok(proxy.into_object());
    }
    // SAFETY: the caller's promise; the frame owns its namespace.
    unsafe {
        let frame = object.frame();
        if (*frame).locals.is_null() {
            (*frame).locals = Dict::new(th)?.into_object().into_ptr();
        }
        Ok(Borrowed::<Object>::from_ptr((*frame).locals).to_owned())
    }
}

/// The value of the variable with this index, out of its cell if it has one.
fn slot_value(object: Borrowed<'_, FrameObject>, index: usize) -> Option<Owned> {
    let code = object.code();
    let kind = code.local_kind(index);
    // SAFETY: (4): the code has that many locals.
    unsafe {
        let frame = object.frame();
        let value = (*Frame::local(frame, index)).get_opt();
        let in_cell = kind & (local_kind::CELL | local_kind::FREE) != 0;
        match value {
            Some(value) if in_cell => match value.downcast_exact::<Cell>() {
                Some(cell) => cell.get_owned(),
                None => Some(value.to_owned()),
            },
            Some(value) => Some(value.to_owned()),
            // Before `COPY_FREE_VARS` the closure still has it.
            None if kind & local_kind::FREE != 0 && Frame::has_not_begun(frame) => {
                let closure = Frame::function(frame).get().closure.get()?;
                let first = (code.nlocalsplus - code.nfreevars) as usize;
                closure.get().get(index - first)?.downcast_exact::<Cell>()?.get_owned()
            }
            None => None,
        }
    }
}

impl LocalsProxy {
    fn object(&self, th: &Thread) -> PyResult<Owned<FrameObject>> {
        self.frame.get_owned().ok_or_else(|| th.bad_internal_call())
    }

    /// The index of the variable called `key`; only of those with a value if `reading`.
    fn index_of(
        &self,
        th: &Thread,
        object: Borrowed<'_, FrameObject>,
        key: Borrowed<'_>,
        reading: bool,
    ) -> PyResult<Option<usize>> {
        // Refuses what could not be a key of a dictionary.
        object::hash(th, key)?;
        let code = object.code();
        for index in 0..code.nlocalsplus as usize {
            let name = code.get().local_name(index).object();
            if !name.is(key) && !object::eq(th, name, key)? {
                continue;
            }
            let hidden = code.local_kind(index) & local_kind::HIDDEN != 0;
            if reading && slot_value(object, index).is_none() || !reading && hidden {
                continue;
            }
            return Ok(Some(index));
        }
        Ok(None)
    }

    fn extra(&self, th: &Thread) -> PyResult<Option<Owned<Dict>>> {
        Ok(self.object(th)?.extra_locals.get_owned())
    }

    fn lookup(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<Option<Owned>> {
        let object = self.object(th)?;
        if let Some(index) = self.index_of(th, object.borrow(), key, true)? {
            return Ok(slot_value(object.borrow(), index));
        }
        match self.extra(th)? {
            Some(extra) => extra.get(th, key),
            None => Ok(None),
        }
    }

    /// Names and values of everything that is set.
    fn to_dict(&self, th: &Thread) -> PyResult<Owned<Dict>> {
        let object = self.object(th)?;
        let dict = Dict::new(th)?;
        let code = object.code();
        for index in 0..code.nlocalsplus as usize {
            if let Some(value) = slot_value(object.borrow(), index) {
                dict.set(th, code.get().local_name(index).object(), value.borrow())?;
            }
        }
        if let Some(extra) = self.extra(th)? {
            dict.merge(th, extra.object(), true)?;
        }
        Ok(dict)
    }

    fn write(&self, th: &Thread, key: Borrowed<'_>, value: Borrowed<'_>) -> PyResult<()> {
        let object = self.object(th)?;
        let Some(index) = self.index_of(th, object.borrow(), key, false)? else {
            let extra = match object.extra_locals.get_owned() {
                Some(extra) => extra,
                None => {
                    let extra = Dict::new(th)?;
                    object.extra_locals.set(Some(extra.clone()));
                    extra
                }
            };
            return extra.set(th, key, value);
        };
        let kind = object.code().local_kind(index);
        // SAFETY: (4): the slot is whole before the old value is released.
        unsafe {
            let slot = Frame::local(object.frame(), index);
            if kind & (local_kind::CELL | local_kind::FREE) != 0
                && let Some(cell) = (*slot).get_opt().and_then(|ob| ob.downcast_exact::<Cell>())
            {
                cell.set(Some(value.to_owned()));
                return Ok(());
            }
            // The stack may hold a borrowed reference to the old value: keep it as long as the frame object.
            let old = std::mem::replace(&mut *slot, StackRef::new(value.as_ptr()));
            if !old.is_null() {
                keep(th, &object, old)?;
            }
        }
        Ok(())
    }

    fn pairs(&self, th: &Thread) -> PyResult<Owned<List>> {
        self.to_dict(th)?.items(th)
    }
}

/// Keeps an overwritten value alive with the frame object.
fn keep(th: &Thread, object: &FrameObject, old: StackRef) -> PyResult<()> {
    // SAFETY: (2): the slot's reference.
    let old = unsafe { old.into_owned() };
    let mut kept = match object.overwritten.get_owned() {
        Some(kept) => sequence::list(th, kept.borrow())?.to_vec(),
        None => Vec::new(),
    };
    kept.push(old);
    object.overwritten.set(Some(Tuple::from_vec(th, kept)?.into_object()));
    Ok(())
}

#[pymethods(parts(mapping))]
impl LocalsProxy {
    #[new(sig = "(frame, /)")]
    fn make(_cls: Borrowed<'_, Type>, th: &Thread, frame: Borrowed<'_>) -> PyResult {
        let Some(frame) = frame.downcast::<FrameObject>() else {
            return Err(raise!(th, TYPE_ERROR, "expect frame, not {}", frame.type_name()));
        };
        let proxy = LocalsProxy::type_object().alloc::<LocalsProxy>(th, 0)?;
        proxy.frame.set(Some(frame.to_owned()));
        Ok(proxy.into_object())
    }

    #[slot(mp_subscript)]
    fn subscript(&self, th: &Thread, key: Borrowed<'_>) -> PyResult {
        match self.lookup(th, key)? {
            Some(value) => Ok(value),
            None => {
                let key = object::repr(th, key)?;
                Err(raise!(th, KEY_ERROR, "local variable '{}' is not defined", &*key))
            }
        }
    }

    #[slot(mp_ass_subscript)]
    fn assign(&self, th: &Thread, key: Borrowed<'_>, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let Some(value) = value else {
            let object = self.object(th)?;
            if self.index_of(th, object.borrow(), key, false)?.is_some() {
                let message = "cannot remove local variables from FrameLocalsProxy";
                return Err(th.raise(exc::VALUE_ERROR, message));
            }
            if let Some(extra) = self.extra(th)?
                && extra.remove(th, key)?
            {
                return Ok(());
            }
            return Err(th.raise_value(exc::KEY_ERROR, key));
        };
        self.write(th, key, value)
    }

    #[slot(mp_length, sq_length)]
    fn len(&self, th: &Thread) -> PyResult<usize> {
        Ok(self.to_dict(th)?.len())
    }

    #[slot(sq_contains)]
    fn contains(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<bool> {
        Ok(self.lookup(th, key)?.is_some())
    }

    #[slot(tp_iter)]
    fn iter(&self, th: &Thread) -> PyResult {
        iter::get_iter(th, self.to_dict(th)?.keys(th)?.object())
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let Some(_guard) = repr_guard::enter(th, this.object()) else {
            return Str::new(th, "{...}");
        };
        object::repr(th, this.to_dict(th)?.object())
    }

    #[slot(tp_richcompare)]
    fn richcompare(&self, th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        if !matches!(op, CompareOp::Eq | CompareOp::Ne) {
            return Ok(not_implemented().to_owned());
        }
        if let Some(other) = other.downcast::<LocalsProxy>() {
            let same = other.get().object(th)?.is(self.object(th)?.borrow());
            return Ok(bool_object(same == (op == CompareOp::Eq)).object().to_owned());
        }
        if other.downcast::<Dict>().is_none() {
            return Ok(not_implemented().to_owned());
        }
        object::compare(th, self.to_dict(th)?.object(), other, op)
    }

    #[slot(nb_or)]
    fn or(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        let as_dict = |ob: Borrowed<'_>| -> PyResult<Option<Owned<Dict>>> {
            match ob.downcast::<LocalsProxy>() {
                Some(proxy) => Ok(Some(proxy.to_dict(th)?)),
                None => match ob.downcast::<Dict>() {
                    Some(dict) => Ok(Some(dict.copy(th)?)),
                    None => Ok(None),
                },
            }
        };
        let (Some(joined), Some(right)) = (as_dict(left)?, as_dict(right)?) else {
            return Ok(not_implemented().to_owned());
        };
        joined.merge(th, right.object(), true)?;
        Ok(joined.into_object())
    }

    #[slot(nb_inplace_or)]
    fn inplace_or(this: Borrowed<'_, Self>, th: &Thread, other: Borrowed<'_>) -> PyResult {
        if other.downcast::<Dict>().is_none() && other.downcast::<LocalsProxy>().is_none() {
            return Ok(not_implemented().to_owned());
        }
        this.update(th, other)?;
        Ok(this.object().to_owned())
    }
}

#[pymethods(part = "mapping")]
impl LocalsProxy {
    /// Return a list of the names.
    #[method(sig = "(self)", no_text)]
    fn keys(&self, th: &Thread) -> PyResult<Owned<List>> {
        self.to_dict(th)?.keys(th)
    }

    /// Return a list of the values.
    #[method(sig = "(self)", no_text)]
    fn values(&self, th: &Thread) -> PyResult<Owned<List>> {
        self.to_dict(th)?.values(th)
    }

    /// Return a list of pairs of name and value.
    #[method(sig = "(self)", no_text)]
    fn items(&self, th: &Thread) -> PyResult<Owned<List>> {
        self.pairs(th)
    }

    /// Return a dictionary with the same contents.
    #[method(sig = "(self)", no_text)]
    fn copy(&self, th: &Thread) -> PyResult<Owned<Dict>> {
        self.to_dict(th)
    }

    #[method(sig = "(self)", no_text)]
    fn __reversed__(&self, th: &Thread) -> PyResult<Owned<List>> {
        let names = self.to_dict(th)?.keys(th)?;
        names.reverse();
        Ok(names)
    }

    /// Return the value for a name if it is set, else the default.
    #[method(sig = "(self, key, default=None, /)", no_text)]
    fn get(&self, th: &Thread, key: Borrowed<'_>, default: Option<Borrowed<'_>>) -> PyResult {
        Ok(match self.lookup(th, key)? {
            Some(value) => value,
            None => default.unwrap_or(none()).to_owned(),
        })
    }

    /// Set a variable unless it has a value; return its value.
    #[method(sig = "(self, key, default=None, /)", no_text)]
    fn setdefault(
        &self,
        th: &Thread,
        key: Borrowed<'_>,
        default: Option<Borrowed<'_>>,
    ) -> PyResult {
        if let Some(value) = self.lookup(th, key)? {
            return Ok(value);
        }
        let default = default.unwrap_or(none());
        self.write(th, key, default)?;
        Ok(default.to_owned())
    }

    /// Remove an extra variable and return its value. Variables of the code cannot be removed.
    #[method(sig = "(self, key, default=<unrepresentable>, /)", no_text)]
    fn pop(&self, th: &Thread, args: Args<'_>) -> PyResult {
        let (key, default) = match args.positionals() {
            [key] => (*key, None),
            [key, default] => (*key, Some(*default)),
            _ => {
                let message = "pop expected 1 or 2 arguments";
                return Err(th.raise(exc::TYPE_ERROR, message));
            }
        };
        let object = self.object(th)?;
        if self.index_of(th, object.borrow(), key, false)?.is_some() {
            let message = "cannot remove local variables from FrameLocalsProxy";
            return Err(th.raise(exc::VALUE_ERROR, message));
        }
        let found = match self.extra(th)? {
            Some(extra) => extra.pop(th, key)?,
            None => None,
        };
        match found.or_else(|| default.map(Borrowed::to_owned)) {
            Some(value) => Ok(value),
            None => Err(th.raise_value(exc::KEY_ERROR, key)),
        }
    }

    /// Set variables from a dictionary or another frame's variables.
    #[method(sig = "(self, other, /)", no_text)]
    fn update(&self, th: &Thread, other: Borrowed<'_>) -> PyResult<()> {
        let dict = match (other.downcast::<LocalsProxy>(), other.downcast::<Dict>()) {
            (Some(proxy), _) => proxy.to_dict(th)?,
            (None, Some(dict)) => dict.copy(th)?,
            (None, None) => {
                let message = "update() argument must be dict or another FrameLocalsProxy";
                return Err(th.raise(exc::TYPE_ERROR, message));
            }
        };
        let mut position = 0;
        while let Some((key, value)) = dict.next(&mut position) {
            self.write(th, key.borrow(), value.borrow())?;
        }
        Ok(())
    }
}
