//! `super`: attributes of the classes after one in an object's order of resolution.
//!
//! The same job as `super_getattro` and its kin in CPython's `Objects/typeobject.c`.

use crate::gc;
use crate::prelude::*;
use crate::protocol::object::Attribute;

/// super() -> super(__class__, first argument of the running method)
/// super(type) -> a super object that is bound when it is read from an instance
/// super(type, obj) -> attributes of obj as the classes after type define them
/// super(type, type2) -> the same for a class that derives from type
///
/// An overriding method calls the one it overrides:
///
/// class C(B):
///     def run(self):
///         super().run()
#[pytype(name = "super", symbol = "PySuper_Type", flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct Super {
    head: Head,
    #[visit]
    #[member(name = "__thisclass__", readonly, doc = "the class after which the search begins")]
    class: Slot<Type>,
    #[visit]
    #[member(name = "__self__", readonly, doc = "the object to read from, or None")]
    receiver: Slot,
    #[visit]
    #[member(
        name = "__self_class__",
        readonly,
        doc = "the class whose order of bases is searched; None without an object"
    )]
    receiver_class: Slot<Type>,
}

/// `super(class, ob)`.
pub fn new(th: &Thread, class: Borrowed<'_, Type>, ob: Borrowed<'_>) -> PyResult {
    let ty = Borrowed::from_ref(Super::type_object());
    let made = crate::typeobj::alloc::alloc_untracked(th, ty, 0)?;
    // SAFETY: a fresh instance.
    let made: Owned<Super> = unsafe { made.cast() };
    made.fill(th, class, Some(ob))?;
    gc::track(th, made.borrow());
    Ok(made.into_object())
}

/// Whose order of resolution counts: of `ob` itself if it is a class that derives from `class`, else of its class.
fn class_for(th: &Thread, class: Borrowed<'_, Type>, ob: Borrowed<'_>) -> PyResult<Owned<Type>> {
    if let Some(derived) = ob.downcast::<Type>() {
        if derived.mro_contains(class.get()) {
            return Ok(derived.to_owned());
        }
    }
    let ty = ob.get().ty();
    if ty.is_subtype(class.get()) {
        return Ok(ty.to_owned());
    }
    // A proxy may claim a class.
    if let Some(claimed) = object::get_attr_opt(th, ob, id::__class__)? {
        if let Ok(claimed) = claimed.downcast::<Type>() {
            if !claimed.is(ty) && claimed.is_subtype(class.get()) {
                return Ok(claimed);
            }
        }
    }
    let (kind, shown) = match ob.downcast::<Type>() {
        Some(derived) => ("type", derived.tp_name().to_string()),
        None => ("instance of", ty.tp_name().to_string()),
    };
    Err(raise!(
        th,
        TYPE_ERROR,
        "super(type, obj): obj ({kind} {shown}) is not an instance or subtype of type ({}).",
        class.tp_name()
    ))
}

/// The attribute `name` of what follows `class` in the order of `start`, bound to `ob`.
fn find(
    th: &Thread,
    class: Borrowed<'_, Type>,
    start: Borrowed<'_, Type>,
    ob: Borrowed<'_>,
    name: Borrowed<'_, Str>,
) -> PyResult<Option<Owned>> {
    let Some(found) = find_unbound(th, class, start, name)? else {
        return Ok(None);
    };
    // A class as receiver is bound as for no instance.
    let instance = (!ob.is(start)).then_some(ob);
    crate::descr::bind(th, found.borrow(), instance, start.object()).map(Some)
}

/// The attribute `name` of what follows `class` in the order of `start`, as it stands there.
fn find_unbound(
    th: &Thread,
    class: Borrowed<'_, Type>,
    start: Borrowed<'_, Type>,
    name: Borrowed<'_, Str>,
) -> PyResult<Option<Owned>> {
    let Some(mro) = start.get().mro().map(Borrowed::to_owned) else {
        return Ok(None);
    };
    let after = mro.as_slice().iter().skip_while(|entry| !entry.is(class)).skip(1);
    for entry in after {
        let Some(entry) = entry.downcast::<Type>() else {
            continue;
        };
        if let Some(found) = entry.dict(th).get_str(th, name)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// `super(class, ob).name` to be called: a method without making the bound one.
pub fn lookup_method(
    th: &Thread,
    class: Borrowed<'_, Type>,
    ob: Borrowed<'_>,
    name: Borrowed<'_, Str>,
) -> PyResult<Attribute> {
    let start = class_for(th, class, ob)?;
    if !ob.is(start.borrow())
        && !name.eq_str("__class__")
        && let Some(found) = find_unbound(th, class, start.borrow(), name)?
        && found.ty().has_flag(krait_abi::Py_TPFLAGS_METHOD_DESCRIPTOR)
    {
        return Ok(Attribute::Unbound(found));
    }
    lookup(th, class, ob, name).map(Attribute::Bound)
}

/// `super(class, ob).name`, without making the `super` object; for the instruction that does the same.
pub fn lookup(
    th: &Thread,
    class: Borrowed<'_, Type>,
    ob: Borrowed<'_>,
    name: Borrowed<'_, Str>,
) -> PyResult {
    let start = class_for(th, class, ob)?;
    if !name.eq_str("__class__") {
        if let Some(found) = find(th, class, start.borrow(), ob, name)? {
            return Ok(found);
        }
    }
    let made = new(th, class, ob)?;
    object::generic_get_attr(th, made.object(), name)
}

impl Super {
    fn fill(
        &self,
        th: &Thread,
        class: Borrowed<'_, Type>,
        ob: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let ob = ob.filter(|ob| !ob.is_none());
        let start = ob.map(|ob| class_for(th, class, ob)).transpose()?;
        let old_class = self.class.replace(Some(class.to_owned()));
        let old_receiver = self.receiver.replace(ob.map(Borrowed::to_owned));
        let old_start = self.receiver_class.replace(start);
        drop((old_class, old_receiver, old_start));
        Ok(())
    }
}

#[pymethods]
impl Super {
    #[slot(tp_new)]
    fn construct(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        cls.alloc::<Object>(th, 0)
    }

    #[slot(tp_init)]
    fn init(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        if kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            return Err(th.raise(exc::TYPE_ERROR, "super() takes no keyword arguments"));
        }
        let args = args.get().as_slice();
        if args.len() > 2 {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "super() expected at most 2 arguments, got {}",
                args.len()
            ));
        }
        let Some(&class) = args.first() else {
            // Without arguments: the class and the first argument of the running function.
            let (class, ob) = (th.interp().services.get().super_arguments)(th)?;
            let Ok(class) = class.downcast::<Type>() else {
                return Err(th.raise(exc::RUNTIME_ERROR, "super(): __class__ is not a type"));
            };
            return self.fill(th, class.borrow(), Some(ob.object()));
        };
        let Some(class) = class.downcast::<Type>() else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "super() argument 1 must be a type, not {}",
                class.type_name()
            ));
        };
        self.fill(th, class, args.get(1).copied())
    }

    #[slot(tp_getattro)]
    fn getattribute(this: Borrowed<'_, Self>, th: &Thread, name: Borrowed<'_, Str>) -> PyResult {
        // `__class__` is that of the super object itself.
        let bound =
            (this.class.get_owned(), this.receiver_class.get_owned(), this.receiver.get_owned());
        if let (Some(class), Some(start), Some(ob)) = bound
            && !name.eq_str("__class__")
        {
            if let Some(found) = find(th, class.borrow(), start.borrow(), ob.object(), name)? {
                return Ok(found);
            }
        }
        object::generic_get_attr(th, this.object(), name)
    }

    /// An unbound super object in a class is bound when it is read from an instance.
    #[slot(tp_descr_get)]
    fn get(
        this: Borrowed<'_, Self>,
        th: &Thread,
        ob: Option<Borrowed<'_>>,
        _class: Option<Borrowed<'_>>,
    ) -> PyResult {
        let Some(ob) = ob.filter(|ob| !ob.is_none() && this.receiver.get().is_none()) else {
            return Ok(this.object().to_owned());
        };
        let Some(class) = this.class.get_owned() else {
            return Err(th.bad_internal_call());
        };
        if this.object().is_exact::<Super>() {
            return new(th, class.borrow(), ob);
        }
        let own = object::type_of(this.object());
        call::call(th, own.object(), &[class.object(), ob])
    }

    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let class = self.class.get();
        let class = class.as_ref().map_or("NULL", |class| class.name());
        match self.receiver_class.get() {
            Some(start) => Str::from_fmt(
                th,
                format_args!("<super: <class '{class}'>, <{} object>>", start.name()),
            ),
            None => Str::from_fmt(th, format_args!("<super: <class '{class}'>, NULL>")),
        }
    }
}
