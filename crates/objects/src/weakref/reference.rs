//! `weakref.ref`, and making references of all kinds.

use std::cell::Cell;

use krait_abi as abi;

use super::{Ref, list_pointer, references};
use crate::gc::Visit;
use crate::prelude::*;

#[pytype(
    name = "weakref.ReferenceType", symbol = "_PyWeakref_RefType", flags(BASETYPE, HAVE_GC), vectorcall = vectorcall,
)]
#[repr(C)]
pub struct WeakRef {
    head: Head,
    /// Not counted; `None` once the object is dead.
    pub(super) target: Cell<*mut abi::PyObject>,
    #[member(name = "__callback__", readonly)]
    pub(super) callback: Slot,
    /// Of the object, so that a dead reference keeps its hash; -1 if it was never asked for.
    hash: Cell<isize>,
    pub(super) prev: Cell<Ref>,
    pub(super) next: Cell<Ref>,
    vectorcall: abi::vectorcallfunc,
}
assert_layout!(WeakRef => abi::PyWeakReference);

impl WeakRef {
    pub(super) fn as_object(&self) -> Borrowed<'_> {
        Borrowed::from_ref(self).object()
    }

    /// The object, if it is alive.
    #[inline(always)]
    pub fn target(&self) -> Option<Owned> {
        let target = self.target.get();
        // SAFETY: invariant 1 of the folder; an object that is being destroyed has a count of zero.
        unsafe {
            if target.is_null() || target == none().as_ptr() || *target.cast::<u32>() == 0 {
                return None;
            }
            Some(Borrowed::<Object>::from_ptr(target).to_owned())
        }
    }

    /// Takes the reference out of its object's list: it is dead then.
    pub(crate) fn detach(&self) {
        let target = self.target.replace(none().as_ptr());
        if target.is_null() || target == none().as_ptr() {
            return;
        }
        // SAFETY: invariant 1: the reference is in the list of its object, which has not been freed.
        unsafe {
            if let Some(list) = list_pointer(target)
                && *list == self.as_object().as_ptr()
            {
                *list = self.next.get().cast();
            }
            if let Some(before) = self.prev.replace(std::ptr::null_mut()).as_ref() {
                before.next.set(self.next.get());
                if let Some(after) = self.next.get().as_ref() {
                    after.prev.set(before as *const WeakRef as Ref);
                }
            } else if let Some(after) = self.next.get().as_ref() {
                after.prev.set(std::ptr::null_mut());
            }
            self.next.set(std::ptr::null_mut());
        }
    }

    pub(crate) fn callback(&self) -> Option<Owned> {
        self.callback.get_owned()
    }

    pub(crate) fn has_callback(&self) -> bool {
        self.callback.get().is_some()
    }
}

/// A reference that can be shared: of exactly `class`, without a callback.
fn is_basic(reference: Ref, class: &Type) -> bool {
    // SAFETY: a live reference of a list, or null.
    unsafe { reference.as_ref() }.is_some_and(|reference| {
        std::ptr::eq(reference.as_object().ty().get(), class) && !reference.has_callback()
    })
}

/// The shared reference and the shared proxy of a list (invariant 2), null if there is none.
unsafe fn basic(list: *mut abi::PyObject) -> (Ref, Ref) {
    let (mut reference, mut proxy) = (std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: lists link live references.
    unsafe {
        for candidate in references(list).take(2) {
            if is_basic(candidate, WeakRef::type_object()) {
                reference = candidate;
            } else if !(*candidate).has_callback() && super::is_proxy((*candidate).as_object()) {
                proxy = candidate;
            }
        }
    }
    (reference, proxy)
}

/// A reference of type `class` to `ob`; the shared one if there is no callback and `class` is none of a user's.
pub fn create(
    th: &Thread,
    class: Borrowed<'_, Type>,
    ob: Borrowed<'_>,
    callback: Option<Borrowed<'_>>,
) -> PyResult {
    let callback = callback.filter(|callback| !callback.is_none());
    // SAFETY: a live object, and its list.
    unsafe {
        let Some(list) = list_pointer(ob.as_ptr()) else {
            let found = ob.type_name();
            return Err(raise!(th, TYPE_ERROR, "cannot create weak reference to '{found}' object"));
        };
        if callback.is_none() {
            let (reference, proxy) = basic(*list);
            for shared in [reference, proxy] {
                if is_basic(shared, &class) && *shared.cast::<u32>() != 0 {
                    return Ok(Borrowed::<Object>::from_ptr(shared.cast()).to_owned());
                }
            }
        }
        // May run the collector, so the list is looked at again below.
        let made: Owned<WeakRef> = class.alloc(th, 0)?;
        made.target.set(ob.as_ptr());
        made.hash.set(-1);
        drop(made.callback.replace(callback.map(|callback| callback.to_owned())));
        (*made.as_ptr().cast::<abi::PyWeakReference>()).vectorcall = WeakRef::VECTORCALL;
        insert(&made, &class, list);
        Ok(made.into_object())
    }
}

/// Puts a new reference where its kind belongs (invariant 2).
unsafe fn insert(new: &WeakRef, class: &Type, list: *mut *mut abi::PyObject) {
    let this: Ref = std::ptr::from_ref(new).cast_mut();
    // SAFETY: the list of the new reference's object.
    unsafe {
        let (reference, proxy) = basic(*list);
        let before = if is_basic(this, WeakRef::type_object()) {
            std::ptr::null_mut()
        } else if !new.has_callback() && super::is_proxy_type(class) || proxy.is_null() {
            reference
        } else {
            proxy
        };
        let after: Ref = match before.as_ref() {
            Some(before) => before.next.replace(this),
            None => std::mem::replace(&mut *list, this.cast()).cast(),
        };
        new.prev.set(before);
        new.next.set(after);
        if let Some(after) = after.as_ref() {
            after.prev.set(this);
        }
    }
}

/// The one or two arguments of the constructor.
fn unpack<'a>(
    th: &Thread,
    function: &str,
    args: Borrowed<'a, Tuple>,
) -> PyResult<(Borrowed<'a>, Option<Borrowed<'a>>)> {
    match args.get().as_slice() {
        [ob] => Ok((*ob, None)),
        [ob, callback] => Ok((*ob, Some(*callback))),
        [] => Err(raise!(th, TYPE_ERROR, "{function} expected at least 1 argument, got 0")),
        more => {
            let count = more.len();
            Err(raise!(th, TYPE_ERROR, "{function} expected at most 2 arguments, got {count}"))
        }
    }
}

#[pymethods]
impl WeakRef {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let (ob, callback) = unpack(th, "__new__", args)?;
        create(th, cls, ob, callback)
    }

    #[slot(tp_init)]
    fn init(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        if kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            return Err(th.raise(exc::TYPE_ERROR, "ref() takes no keyword arguments"));
        }
        unpack(th, "__init__", args).map(drop)
    }

    #[vectorcall]
    fn call(&self, th: &Thread, args: Args<'_>) -> PyResult {
        if args.has_keywords() {
            return Err(th.raise(exc::TYPE_ERROR, "weakref() takes no keyword arguments"));
        }
        if args.positional != 0 {
            let given = args.positional;
            return Err(raise!(th, TYPE_ERROR, "weakref expected 0 arguments, got {given}"));
        }
        Ok(self.target().unwrap_or_else(|| none().to_owned()))
    }

    #[slot(tp_call)]
    fn call_slow(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        if kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            return Err(th.raise(exc::TYPE_ERROR, "weakref() takes no keyword arguments"));
        }
        self.call(th, Args::positional(args.as_slice()))
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let address = this.as_ptr();
        let Some(target) = this.target() else {
            return Str::from_fmt(th, format_args!("<weakref at {address:p}; dead>"));
        };
        let class = target.ty().full_name(th)?;
        let start = Str::from_fmt(
            th,
            format_args!("<weakref at {address:p}; to '{}' at {:p}", *class, target.as_ptr()),
        )?;
        let name = object::lookup_special(th, target.borrow(), id::__name__)?;
        let name = name.as_ref().and_then(|name| name.borrow().downcast::<Str>());
        let end = match name {
            Some(name) => start
                .concat(th, Str::new(th, " (")?.borrow())?
                .concat(th, name)?
                .concat(th, Str::new(th, ")>")?.borrow())?,
            None => start.concat(th, Str::new(th, ">")?.borrow())?,
        };
        Ok(end)
    }

    #[slot(tp_hash)]
    fn hash(&self, th: &Thread) -> PyResult<isize> {
        if self.hash.get() != -1 {
            return Ok(self.hash.get());
        }
        let Some(target) = self.target() else {
            return Err(th.raise(exc::TYPE_ERROR, "weak object has gone away"));
        };
        self.hash.set(object::hash(th, target.borrow())?);
        Ok(self.hash.get())
    }

    #[slot(tp_richcompare)]
    fn compare(
        this: Borrowed<'_, Self>,
        th: &Thread,
        other: Borrowed<'_>,
        op: CompareOp,
    ) -> PyResult {
        let (equality, Some(other)) =
            (matches!(op, CompareOp::Eq | CompareOp::Ne), other.downcast::<WeakRef>())
        else {
            return Ok(not_implemented().to_owned());
        };
        if !equality {
            return Ok(not_implemented().to_owned());
        }
        match (this.target(), other.target()) {
            (Some(left), Some(right)) => object::compare(th, left.borrow(), right.borrow(), op),
            _ => {
                let same = this.is(other) == (op == CompareOp::Eq);
                Ok(bool_object(same).object().to_owned())
            }
        }
    }

    /// Let annotations name the type of the referent, as in ref[int].
    #[classmethod(sig = "(type, object, /)", name = "__class_getitem__")]
    fn class_getitem(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        crate::generic_alias::new(th, cls.object(), object)
    }

    #[slot(tp_traverse)]
    pub(super) fn traverse(&self, visit: &mut Visitor<'_>) -> std::ffi::c_int {
        Visit::visit(&self.callback, visit)
    }

    #[slot(tp_clear)]
    pub(super) fn clear(&self) {
        let callback = self.callback.take();
        self.detach();
        drop(callback);
    }

    #[slot(tp_dealloc)]
    pub(super) unsafe fn dealloc(this: *mut Self) {
        // SAFETY: the last reference to the weak reference is gone.
        unsafe {
            crate::gc::untrack_raw(this.cast());
            (*this).clear();
            let ty = (*this.cast::<abi::PyObject>()).ob_type;
            if let Some(free) = (*ty).tp_free {
                free(this.cast());
            }
        }
    }
}
