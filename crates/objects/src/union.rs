//! `typing.Union` objects: `int | str`.
//!
//! The same job as CPython's `Objects/unionobject.c`.

use std::cell::Cell;

use krait_abi as abi;

use crate::gc;
use crate::generic_alias::{GenericAlias, collect_parameters, substitute, type_repr};
use crate::prelude::*;
use crate::set::Set;

/// Any one of several types, such as int | str
#[pytype(
    name = "typing.Union", symbol = "_PyUnion_Type", flags(HAVE_GC, DISALLOW_INSTANTIATION), weaklist = weakrefs,
)]
#[repr(C)]
pub struct Union {
    head: Head,
    #[visit]
    #[member(name = "__args__", readonly)]
    args: Slot<Tuple>,
    /// A frozenset: what makes unions equal whatever their order.
    #[visit]
    hashable: Slot<Set>,
    #[visit]
    unhashable: Slot<Tuple>,
    #[visit]
    parameters: Slot<Tuple>,
    weakrefs: Cell<*mut abi::PyObject>,
}

/// Whether `ob` can be an operand of `|` between types.
fn is_unionable(ob: Borrowed<'_>) -> bool {
    ob.is_none()
        || Type::check(&ob)
        || GenericAlias::check(&ob)
        || Union::check(&ob)
        // The type of `type X = …` statements lives above this crate.
        || ob.type_name() == "typing.TypeAliasType"
}

/// `left | right` of types; NotImplemented if either is not one.
pub fn or(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
    if !is_unionable(left) || !is_unionable(right) {
        return Ok(not_implemented().to_owned());
    }
    let mut members = Members::default();
    members.add(th, left)?;
    members.add(th, right)?;
    members.finish(th)
}

/// `left | right` where one is a type variable: the other may be anything, a string is a forward reference.
pub fn or_anything(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
    let mut members = Members::default();
    for operand in [left, right] {
        match operand.downcast::<Str>() {
            Some(_) => members.add(th, checked(th, operand)?.object())?,
            None => members.add(th, operand)?,
        }
    }
    members.finish(th)
}

/// What `typing` makes of a member that is no type.
fn checked(th: &Thread, member: Borrowed<'_>) -> PyResult {
    let typing = (th.interp().services.get().import)(th, id::typing, None, 0)?;
    let message = Str::new(th, "Union[arg, ...]: each arg must be a type.")?;
    call::call_method(th, typing.object(), id::_type_check, &[member, message.object()])
}

/// The members of a union; `None` if `ob` is none.
pub fn members(ob: Borrowed<'_>) -> Option<Owned<Tuple>> {
    ob.downcast::<Union>().map(|union| union.args())
}

/// The members of a union to be, each once.
#[derive(Default)]
struct Members {
    all: Vec<Owned>,
    hashable: Option<Owned<Set>>,
    unhashable: Vec<Owned>,
}

impl Members {
    /// A union gives its members; None stands for its type.
    fn add(&mut self, th: &Thread, ob: Borrowed<'_>) -> PyResult<()> {
        if let Some(inner) = members(ob) {
            for &member in inner.as_slice() {
                self.add_single(th, member)?;
            }
            return Ok(());
        }
        if ob.is_none() {
            return self.add_single(th, ob.get().ty().object());
        }
        self.add_single(th, ob)
    }

    fn add_single(&mut self, th: &Thread, ob: Borrowed<'_>) -> PyResult<()> {
        if let Err(raised) = object::hash(th, ob) {
            drop(th.take_if(raised, exc::TYPE_ERROR)?);
            for known in &self.unhashable {
                if object::eq(th, known.object(), ob)? {
                    return Ok(());
                }
            }
            self.unhashable.push(ob.to_owned());
            self.all.push(ob.to_owned());
            return Ok(());
        }
        let set = match &self.hashable {
            Some(set) => set.clone(),
            None => {
                let set = Set::new(th)?;
                self.hashable = Some(set.clone());
                set
            }
        };
        if !set.contains(th, ob)? {
            set.add(th, ob)?;
            self.all.push(ob.to_owned());
        }
        Ok(())
    }

    fn finish(mut self, th: &Thread) -> PyResult {
        if self.all.len() == 1 {
            if let Some(only) = self.all.pop() {
                return Ok(only);
            }
        }
        let hashable: Vec<Owned> = match &self.hashable {
            Some(set) => {
                let mut position = 0;
                std::iter::from_fn(|| set.next(&mut position)).collect()
            }
            None => Vec::new(),
        };
        let hashable: Vec<Borrowed<'_>> = hashable.iter().map(Owned::object).collect();
        let frozen = Set::new_frozen(th, &hashable)?;
        let unhashable = match self.unhashable.is_empty() {
            true => None,
            false => Some(Tuple::from_vec(th, self.unhashable)?),
        };
        let args = Tuple::from_vec(th, self.all)?;
        let ty = Borrowed::from_ref(Union::type_object());
        // SAFETY: a fresh instance.
        let union: Owned<Union> =
            unsafe { crate::typeobj::alloc::alloc_untracked(th, ty, 0)?.cast() };
        union.args.set(Some(args));
        union.hashable.set(Some(frozen));
        union.unhashable.set(unhashable);
        gc::track(th, union.borrow());
        Ok(union.into_object())
    }
}

/// The union of what a tuple holds, as `Union[…]` makes it.
pub fn from_tuple(th: &Thread, args: &Tuple, check: bool) -> PyResult {
    let mut members = Members::default();
    for &arg in args.as_slice() {
        if !check || is_unionable(arg) {
            members.add(th, arg)?;
            continue;
        }
        // `typing` has the rules for everything else, strings among them.
        members.add(th, checked(th, arg)?.object())?;
    }
    if members.all.is_empty() {
        return Err(th.raise(exc::TYPE_ERROR, "Cannot take a Union of no types."));
    }
    members.finish(th)
}

impl Union {
    /// `__args__`.
    pub fn args(&self) -> Owned<Tuple> {
        self.args.get_owned().unwrap_or_else(|| Tuple::empty().to_owned())
    }

    fn unhashable(&self) -> Owned<Tuple> {
        self.unhashable.get_owned().unwrap_or_else(|| Tuple::empty().to_owned())
    }

    fn parameters(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        if let Some(known) = self.parameters.get_owned() {
            return Ok(known);
        }
        let found = collect_parameters(th, &self.args())?;
        self.parameters.set(Some(found.clone()));
        Ok(found)
    }

    fn same(&self, th: &Thread, other: &Union) -> PyResult<bool> {
        let (Some(ours), Some(theirs)) = (self.hashable.get_owned(), other.hashable.get_owned())
        else {
            return Ok(false);
        };
        let (left, right) = (self.unhashable(), other.unhashable());
        if left.len() != right.len() || !object::eq(th, ours.object(), theirs.object())? {
            return Ok(false);
        }
        for &member in left.as_slice() {
            if !sequence::contains(th, right.object(), member)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[pymethods]
impl Union {
    #[slot(tp_repr)]
    fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
        th.check_stack(" while getting the repr of an object")?;
        let args = self.args();
        let mut text = String::new();
        for (at, &member) in args.as_slice().iter().enumerate() {
            if at > 0 {
                text.push_str(" | ");
            }
            text.push_str(&type_repr(th, member)?);
        }
        Str::from_string(th, text)
    }

    #[slot(tp_hash)]
    fn hash(&self, th: &Thread) -> PyResult<isize> {
        let unhashable = self.unhashable();
        for &member in unhashable.as_slice() {
            object::hash(th, member)?;
        }
        if !unhashable.is_empty() {
            let count = unhashable.len();
            return Err(raise!(th, TYPE_ERROR, "union contains {count} unhashable elements"));
        }
        match self.hashable.get_owned() {
            Some(set) => object::hash(th, set.object()),
            None => Err(th.bad_internal_call()),
        }
    }

    #[slot(tp_richcompare)]
    fn compare(&self, th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        let equal = op == CompareOp::Eq;
        let other = other.downcast::<Union>();
        let Some(other) = other.filter(|_| equal || op == CompareOp::Ne) else {
            return Ok(not_implemented().to_owned());
        };
        let same = self.same(th, other.get())?;
        Ok(bool_object(same == equal).object().to_owned())
    }

    #[slot(tp_getattro)]
    fn getattribute(this: Borrowed<'_, Self>, th: &Thread, name: Borrowed<'_, Str>) -> PyResult {
        if name.eq_str("__module__") {
            return object::get_attr(th, this.object().get().ty().object(), name);
        }
        object::generic_get_attr(th, this.object(), name)
    }

    #[slot(mp_subscript)]
    fn get_item(this: Borrowed<'_, Self>, th: &Thread, item: Borrowed<'_>) -> PyResult {
        let union = this.get();
        let parameters = union.parameters(th)?;
        let args = substitute(th, this.object(), &union.args(), &parameters, item)?;
        from_tuple(th, &args, true)
    }

    #[slot(nb_or)]
    fn or_types(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
        // With a union on one side the other may be anything that `typing` takes, such as a string.
        from_tuple(th, &*Tuple::from_slice(th, &[left, right])?, true)
    }

    /// The union of the given types.
    #[classmethod(sig = "(type, object, /)")]
    fn __class_getitem__(_cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        match object.downcast::<Tuple>() {
            Some(args) => from_tuple(th, args.get(), true),
            None => {
                let args = Tuple::from_slice(th, &[object])?;
                from_tuple(th, &args, true)
            }
        }
    }

    #[method(sig = "(self, object, /)")]
    fn __mro_entries__(this: Borrowed<'_, Self>, th: &Thread, _object: Borrowed<'_>) -> PyResult {
        let shown = object::repr(th, this.object())?;
        Err(raise!(th, TYPE_ERROR, "Cannot subclass {}", *shown))
    }

    /// Name of the type
    #[getter]
    fn __name__(&self, th: &Thread) -> PyResult<Owned<Str>> {
        Str::interned(th, "Union")
    }

    /// Qualified name of the type
    #[getter]
    fn __qualname__(&self, th: &Thread) -> PyResult<Owned<Str>> {
        Str::interned(th, "Union")
    }

    /// The class of unions.
    #[getter]
    fn __origin__(&self) -> Borrowed<'static, Type> {
        Borrowed::from_ref(Union::type_object())
    }

    /// The type variables among the members.
    #[getter]
    fn __parameters__(&self, th: &Thread) -> PyResult<Owned<Tuple>> {
        self.parameters(th)
    }
}
