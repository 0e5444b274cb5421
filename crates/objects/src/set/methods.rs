//! What Python sees of `set` and `frozenset`: slots and methods.

use std::ffi::c_int;

use super::{FrozenSet, Set, SetIterator, any_set};
use crate::dict::key_error;
use crate::hash::SetHasher;
use crate::prelude::*;
use crate::repr_guard::{self, Pieces};

/// A view of `frozenset` as the layout it shares.
trait AsSet {
    fn as_set(&self) -> &Set;
}

impl AsSet for Set {
    fn as_set(&self) -> &Set {
        self
    }
}

impl AsSet for FrozenSet {
    fn as_set(&self) -> &Set {
        &self.set
    }
}

fn traverse(set: &Set, visitor: &mut Visitor<'_>) -> c_int {
    let mut position = 0;
    while position <= set.mask.get() as usize {
        // SAFETY: the position is in the table; nothing changes meanwhile.
        let entry = unsafe { *set.table.get().add(position) };
        position += 1;
        if super::table::is_used_entry(&entry) {
            // SAFETY: a used entry holds a reference.
            let key: Borrowed<'_> = unsafe { Borrowed::from_ptr(entry.key) };
            let stop = visitor.visit(Some(key));
            if stop != 0 {
                return stop;
            }
        }
    }
    0
}

fn repr(th: &Thread, set: Borrowed<'_, Set>) -> PyResult<Owned<Str>> {
    let ty = set.object().get().ty();
    let Some(_guard) = repr_guard::enter(th, set.object()) else {
        return Str::from_string(th, format!("{}(...)", ty.name()));
    };
    if set.is_empty() {
        return Str::from_string(th, format!("{}()", ty.name()));
    }
    let items = List::from_vec(th, set.to_vec())?;
    let inner = repr_guard::items(th, "{", "}", |at| items.peek(at))?;
    if set.object().is_exact::<Set>() {
        return Ok(inner);
    }
    let mut pieces = Pieces::default();
    pieces.text(th, ty.name())?;
    pieces.text(th, "(")?;
    pieces.push(th, inner)?;
    pieces.text(th, ")")?;
    pieces.finish(th)
}

/// A binary operator: NotImplemented unless both are sets.
fn binary(
    left: Borrowed<'_>,
    right: Borrowed<'_>,
    operation: impl FnOnce(&Set) -> PyResult<Owned<Set>>,
) -> PyResult {
    match (any_set(left), any_set(right)) {
        (Some(left), Some(_)) => operation(&left).map(Owned::into_object),
        _ => Ok(not_implemented().to_owned()),
    }
}

/// What both types have.
macro_rules! shared {
    ($ty:ident) => {
        #[pymethods(part = "shared")]
        impl $ty {
            #[slot(sq_length)]
            fn length(&self) -> PyResult<usize> {
                Ok(self.as_set().len())
            }

            #[slot(sq_contains)]
            fn has(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<bool> {
                self.as_set().contains_element(th, key)
            }

            #[slot(tp_iter)]
            fn iter(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
                SetIterator::new(th, Borrowed::from_ref(this.get().as_set()))
            }

            #[slot(tp_repr)]
            fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
                repr(th, Borrowed::from_ref(this.get().as_set()))
            }

            #[slot(tp_richcompare)]
            fn compare(&self, th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
                match self.as_set().compare_sets(th, other, op)? {
                    Some(holds) => Ok(bool_object(holds).object().to_owned()),
                    None => Ok(not_implemented().to_owned()),
                }
            }

            #[slot(nb_or)]
            fn or(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
                binary(left, right, |set| {
                    let result = set.copy(th)?;
                    if !left.is(right) {
                        result.update(th, right)?;
                    }
                    Ok(result)
                })
            }

            #[slot(nb_and)]
            fn and(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
                binary(left, right, |set| set.intersection(th, right))
            }

            #[slot(nb_subtract)]
            fn subtract(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
                binary(left, right, |set| set.difference(th, right))
            }

            #[slot(nb_xor)]
            fn xor(th: &Thread, left: Borrowed<'_>, right: Borrowed<'_>) -> PyResult {
                binary(left, right, |set| set.symmetric_difference(th, right))
            }

            #[slot(tp_traverse)]
            fn traverse(&self, visitor: &mut Visitor<'_>) -> c_int {
                traverse(self.as_set(), visitor)
            }

            #[slot(tp_clear)]
            fn clear_for_gc(&self) {
                self.as_set().clear();
            }

            #[slot(tp_dealloc)]
            unsafe fn dealloc(this: *mut Self) {
                // SAFETY: the last reference is gone.
                unsafe { Set::free(this.cast()) }
            }

            /// Whether the object is an element.
            #[method(name = "__contains__", sig = "(self, object, /)", coexist)]
            fn contains_method(&self, th: &Thread, object: Borrowed<'_>) -> PyResult<bool> {
                self.as_set().contains_element(th, object)
            }

            /// What pickle and copy need to make the object anew.
            #[method(sig = "(self, /)")]
            fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
                reduce(th, Borrowed::from_ref(this.get().as_set()))
            }

            /// How many bytes the set takes.
            #[method(sig = "(self, /)")]
            fn __sizeof__(this: Borrowed<'_, Self>) -> usize {
                let basic = this.object().get().ty().raw().tp_basicsize as usize;
                let set = this.get().as_set();
                let own = set.table.get() != set.small_table();
                basic + if own { (set.mask.get() as usize + 1) * 16 } else { 0 }
            }

            /// Return another set with the same elements.
            #[method(name = "copy", sig = "(self, /)")]
            fn copy_method(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
                if this.object().is_exact::<FrozenSet>() {
                    return Ok(this.object().to_owned());
                }
                this.as_set().copy(th).map(Owned::into_object)
            }

            /// Make a set of the elements that none of the others has.
            #[method(name = "difference", sig = "(self, /, *others)")]
            fn difference_method(
                &self,
                th: &Thread,
                others: &[Borrowed<'_>],
            ) -> PyResult<Owned<Set>> {
                let [first, rest @ ..] = others else {
                    return self.as_set().copy(th);
                };
                let result = self.as_set().difference(th, *first)?;
                for &other in rest {
                    result.difference_update(th, other)?;
                }
                Ok(result)
            }

            /// Make a set of the elements that all the others have too.
            #[method(name = "intersection", sig = "(self, /, *others)")]
            fn intersection_method(
                &self,
                th: &Thread,
                others: &[Borrowed<'_>],
            ) -> PyResult<Owned<Set>> {
                intersection(self.as_set(), th, others)
            }

            /// Whether there is no element that both have.
            #[method(name = "isdisjoint", sig = "(self, other, /)")]
            fn isdisjoint(&self, th: &Thread, other: Borrowed<'_>) -> PyResult<bool> {
                self.as_set().is_disjoint(th, other)
            }

            /// Return a generic alias, for annotations.
            #[classmethod(sig = "(type, object, /)")]
            fn __class_getitem__(
                cls: Borrowed<'_, Type>,
                th: &Thread,
                object: Borrowed<'_>,
            ) -> PyResult {
                crate::generic_alias::new(th, cls.object(), object)
            }

            /// Whether all elements are in the other one too.
            #[method(sig = "(self, other, /)")]
            fn issubset(&self, th: &Thread, other: Borrowed<'_>) -> PyResult<bool> {
                self.as_set().is_subset(th, other)
            }

            /// Whether all elements of the other one are in this set too.
            #[method(sig = "(self, other, /)")]
            fn issuperset(&self, th: &Thread, other: Borrowed<'_>) -> PyResult<bool> {
                self.as_set().is_superset(th, other)
            }

            /// Make a set of the elements that only one of the two has.
            #[method(name = "symmetric_difference", sig = "(self, other, /)")]
            fn symmetric_difference_method(
                &self,
                th: &Thread,
                other: Borrowed<'_>,
            ) -> PyResult<Owned<Set>> {
                self.as_set().symmetric_difference(th, other)
            }

            /// Make a set of all elements, of this one and of the others.
            #[method(name = "union", sig = "(self, /, *others)")]
            fn union_method(&self, th: &Thread, others: &[Borrowed<'_>]) -> PyResult<Owned<Set>> {
                let result = self.as_set().copy(th)?;
                for &other in others {
                    result.update(th, other)?;
                }
                Ok(result)
            }
        }
    };
}

shared!(Set);
shared!(FrozenSet);

fn intersection(set: &Set, th: &Thread, others: &[Borrowed<'_>]) -> PyResult<Owned<Set>> {
    let [first, rest @ ..] = others else {
        return set.copy(th);
    };
    let mut result = set.intersection(th, *first)?;
    for &other in rest {
        result = result.intersection(th, other)?;
    }
    Ok(result)
}

/// An unhashable set as element stands for the frozenset with the same elements.
fn with_frozen<T>(
    th: &Thread,
    key: Borrowed<'_>,
    operation: impl Fn(Borrowed<'_>) -> PyResult<T>,
) -> PyResult<T> {
    match operation(key) {
        Ok(answer) => Ok(answer),
        Err(raised) => {
            let Some(set) = key.downcast::<Set>() else {
                return Err(raised);
            };
            drop(th.take_if(raised, exc::TYPE_ERROR)?);
            let frozen = Set::new_frozen(th, &[])?;
            frozen.update(th, set.object())?;
            operation(frozen.object())
        }
    }
}

impl Set {
    /// `key in set`: as `contains`, and a set stands for the frozenset with the same elements.
    pub fn contains_element(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<bool> {
        match self.contains_at_once(key) {
            Some(found) => Ok(found),
            None => self.contains_other_element(th, key),
        }
    }

    #[inline(never)]
    fn contains_other_element(&self, th: &Thread, key: Borrowed<'_>) -> PyResult<bool> {
        with_frozen(th, key, |key| self.contains_other(th, key))
    }
}

fn reduce(th: &Thread, set: Borrowed<'_, Set>) -> PyResult {
    let items = List::from_vec(th, set.to_vec())?;
    let arguments = Tuple::pack(th, [items.into_object()])?.into_object();
    let ty = set.object().get().ty().object().to_owned();
    let state = crate::object::reduce::call_getstate(th, set.object())?;
    Tuple::pack(th, [ty, arguments, state]).map(Owned::into_object)
}

#[pymethods(parts(shared, mutating))]
impl Set {
    #[slot(tp_new)]
    fn new_empty(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<Set>> {
        Set::of_type(th, cls)
    }

    #[slot(tp_init)]
    fn init(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        if kwargs.is_some_and(|kwargs| !kwargs.is_empty()) {
            return Err(th.raise(exc::TYPE_ERROR, "set() takes no keyword arguments"));
        }
        let iterable = match *args.get().as_slice() {
            [] => None,
            [iterable] => Some(iterable),
            ref more => {
                let given = more.len();
                return Err(raise!(th, TYPE_ERROR, "set expected at most 1 argument, got {given}"));
            }
        };
        self.clear();
        self.hash.set(-1);
        iterable.map_or(Ok(()), |iterable| self.update(th, iterable))
    }

    #[slot(tp_vectorcall)]
    fn construct(this: Borrowed<'_>, th: &Thread, args: Args<'_>) -> PyResult<Owned<Set>> {
        // SAFETY: the callable of a type's vectorcall is the type.
        let cls = unsafe { this.cast::<Type>() };
        if args.has_keywords() {
            return Err(th.raise(exc::TYPE_ERROR, "set() takes no keyword arguments"));
        }
        if args.values.len() > 1 {
            let given = args.values.len();
            return Err(raise!(th, TYPE_ERROR, "set expected at most 1 argument, got {given}"));
        }
        let set = Set::of_type(th, cls)?;
        if let Some(&iterable) = args.values.first() {
            set.update(th, iterable)?;
        }
        Ok(set)
    }

    #[slot(nb_inplace_or)]
    fn or_in_place(this: Borrowed<'_, Self>, th: &Thread, other: Borrowed<'_>) -> PyResult {
        in_place(this, other, |set| set.update(th, other))
    }

    #[slot(nb_inplace_and)]
    fn and_in_place(this: Borrowed<'_, Self>, th: &Thread, other: Borrowed<'_>) -> PyResult {
        in_place(this, other, |set| set.intersection_update(th, other))
    }

    #[slot(nb_inplace_subtract)]
    fn subtract_in_place(this: Borrowed<'_, Self>, th: &Thread, other: Borrowed<'_>) -> PyResult {
        in_place(this, other, |set| set.difference_update(th, other))
    }

    #[slot(nb_inplace_xor)]
    fn xor_in_place(this: Borrowed<'_, Self>, th: &Thread, other: Borrowed<'_>) -> PyResult {
        in_place(this, other, |set| set.symmetric_difference_update(th, other))
    }
}

/// An in-place operator: NotImplemented unless the other is a set.
fn in_place(
    this: Borrowed<'_, Set>,
    other: Borrowed<'_>,
    operation: impl FnOnce(&Set) -> PyResult<()>,
) -> PyResult {
    if any_set(other).is_none() {
        return Ok(not_implemented().to_owned());
    }
    operation(&this)?;
    Ok(this.object().to_owned())
}

#[pymethods(part = "mutating")]
impl Set {
    /// Put an object into the set. One that is there already changes nothing.
    #[method(name = "add", sig = "(self, object, /)")]
    fn add_method(&self, th: &Thread, object: Borrowed<'_>) -> PyResult<()> {
        self.add(th, object)
    }

    /// Leave the set empty.
    #[method(name = "clear", sig = "(self, /)")]
    fn clear_method(&self) {
        self.clear();
    }

    /// Take out what any of the others has.
    #[method(name = "difference_update", sig = "(self, /, *others)")]
    fn difference_update_method(&self, th: &Thread, others: &[Borrowed<'_>]) -> PyResult<()> {
        others.iter().try_for_each(|&other| self.difference_update(th, other))
    }

    /// Take an object out of the set, if it is there: KeyError is for remove().
    #[method(sig = "(self, object, /)")]
    fn discard(&self, th: &Thread, object: Borrowed<'_>) -> PyResult<()> {
        with_frozen(th, object, |key| self.remove(th, key)).map(drop)
    }

    /// Take out what is missing in any of the others.
    #[method(name = "intersection_update", sig = "(self, /, *others)")]
    fn intersection_update_method(&self, th: &Thread, others: &[Borrowed<'_>]) -> PyResult<()> {
        let result = intersection(self, th, others)?;
        self.swap(&result);
        Ok(())
    }

    /// Take out some element and return it; KeyError if there is none.
    #[method(sig = "(self, /)")]
    fn pop(&self, th: &Thread) -> PyResult {
        match self.pop_any() {
            Some(item) => Ok(item),
            None => Err(th.raise(exc::KEY_ERROR, "pop from an empty set")),
        }
    }

    /// Take an object out of the set; KeyError if it is not there.
    #[method(name = "remove", sig = "(self, object, /)")]
    fn remove_method(&self, th: &Thread, object: Borrowed<'_>) -> PyResult<()> {
        if with_frozen(th, object, |key| self.remove(th, key))? {
            return Ok(());
        }
        Err(key_error(th, object))
    }

    /// Take out what the other one has too, and put in the rest of it.
    #[method(name = "symmetric_difference_update", sig = "(self, other, /)")]
    fn symmetric_difference_update_method(&self, th: &Thread, other: Borrowed<'_>) -> PyResult<()> {
        self.symmetric_difference_update(th, other)
    }

    /// Put in everything that the others have.
    #[method(name = "update", sig = "(self, /, *others)")]
    fn update_method(&self, th: &Thread, others: &[Borrowed<'_>]) -> PyResult<()> {
        others.iter().try_for_each(|&other| self.update(th, other))
    }
}

#[pymethods(parts(shared))]
impl FrozenSet {
    #[new(sig = "(iterable=(), /)")]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        iterable: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<Set>> {
        if cls.is(Borrowed::from_ref(FrozenSet::type_object())) {
            return Set::frozen_from_iterable(th, iterable);
        }
        let set = Set::of_type(th, cls)?;
        iterable.map_or(Ok(()), |iterable| set.update(th, iterable))?;
        Ok(set)
    }

    #[slot(tp_hash)]
    fn hash(&self) -> PyResult<isize> {
        let set = &self.set;
        if set.hash.get() != -1 {
            return Ok(set.hash.get());
        }
        let mut hasher = SetHasher::default();
        let mut position = 0;
        while let Some((_, hash)) = set.next_hashed(&mut position) {
            hasher.add(hash as i64);
        }
        let hash = hasher.finish() as isize;
        set.hash.set(hash);
        Ok(hash)
    }
}
