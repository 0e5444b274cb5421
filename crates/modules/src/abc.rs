//! `_abc`: what `abc.ABCMeta` does for every `isinstance`.
//!
//! Each abstract base class keeps which classes are registered with it and which are known to be its subclasses, or not
//! to be. The same job as CPython's `Modules/_abc.c`.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use krait_abi as abi;
use krait_objects::memory::AddressHash;
use krait_objects::prelude::*;
use krait_objects::set::Set;
use krait_objects::{typeobj, weakref};

/// Classes that are not kept alive: their addresses, and weak references that tell whether they are still the same.
#[derive(Default)]
struct WeakClasses(RefCell<HashMap<usize, Owned, AddressHash>>);

impl WeakClasses {
    fn contains(&self, class: Borrowed<'_>) -> bool {
        let entries = self.0.borrow();
        let found = entries.get(&(class.as_ptr() as usize));
        found.is_some_and(|reference| weakref::referent(reference.borrow()).is_some())
    }

    fn add(&self, th: &Thread, class: Borrowed<'_>) -> PyResult<()> {
        let reference = weakref::new_ref(th, class, None)?;
        let mut entries = self.0.borrow_mut();
        if entries.len() == entries.capacity() {
            // Before it grows, it loses the dead.
            entries.retain(|_, reference| weakref::referent(reference.borrow()).is_some());
        }
        let old = entries.insert(class.as_ptr() as usize, reference);
        drop(entries);
        drop(old);
        Ok(())
    }

    fn clear(&self) {
        let old = std::mem::take(&mut *self.0.borrow_mut());
        drop(old);
    }

    /// The classes that are still there.
    fn alive(&self) -> Vec<Owned> {
        let entries = self.0.borrow();
        entries.values().filter_map(|reference| weakref::referent(reference.borrow())).collect()
    }

    /// A set of weak references, for debugging.
    fn dump(&self, th: &Thread) -> PyResult<Owned<Set>> {
        let set = Set::new(th)?;
        for class in self.alive() {
            let reference = weakref::new_ref(th, class.borrow(), None)?;
            set.add(th, reference.borrow())?;
        }
        Ok(set)
    }
}

/// What a class keeps as `_abc_impl`.
#[pytype(
    name = "_abc._abc_data",
    doc = "Registrations and caches of an abstract base class.",
    flags(HAVE_GC)
)]
#[repr(C)]
struct AbcData {
    head: Head,
    registry: WeakClasses,
    cache: WeakClasses,
    negative: WeakClasses,
    /// The value of the counter when `negative` was last emptied.
    negative_version: Cell<u64>,
}

#[pymethods]
impl AbcData {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let data = typeobj::alloc::alloc_untracked(th, cls, 0)?;
        // SAFETY: a fresh instance: its fields are written before anyone sees it.
        unsafe {
            let this: *mut AbcData = data.as_ptr().cast();
            (&raw mut (*this).registry).write(WeakClasses::default());
            (&raw mut (*this).cache).write(WeakClasses::default());
            (&raw mut (*this).negative).write(WeakClasses::default());
            (&raw mut (*this).negative_version).write(Cell::new(counter(th).get()));
        }
        krait_objects::gc::track(th, data.borrow());
        Ok(data)
    }

    // Weak references without callbacks hold nothing that could be part of a cycle.
    #[slot(tp_traverse)]
    fn traverse(&self, _visit: &mut Visitor<'_>) -> std::ffi::c_int {
        0
    }
}

/// Counts registrations: what was found not to be a subclass before one may be one after it.
#[derive(Default)]
struct Counter(Cell<u64>);

fn counter(th: &Thread) -> &Cell<u64> {
    &th.interp().state::<Counter>().0
}

/// The data of an abstract base class.
fn data_of(th: &Thread, class: Borrowed<'_>) -> PyResult<Owned<AbcData>> {
    let data = object::get_attr(th, class, id::_abc_impl)?;
    data.downcast::<AbcData>()
        .map_err(|_| th.raise(exc::TYPE_ERROR, "_abc_impl is set to a wrong type"))
}

fn is_abstract(th: &Thread, value: Borrowed<'_>) -> PyResult<bool> {
    match object::get_attr_opt(th, value, id::__isabstractmethod__)? {
        Some(answer) => object::is_true(th, answer.borrow()),
        None => Ok(false),
    }
}

/// Sets `__abstractmethods__`: the class's own abstract names, and its bases' that it leaves abstract.
fn compute_abstract_methods(th: &Thread, class: Borrowed<'_>) -> PyResult<()> {
    let names = Set::new(th)?;
    let namespace = object::get_attr(th, class, id::__dict__)?;
    let items = mapping::items(th, namespace.borrow())?;
    for item in iter::collect(th, items.borrow())? {
        let pair = item.downcast::<Tuple>().map_err(|_| th.bad_internal_call())?;
        if let &[name, value] = pair.as_slice() {
            if is_abstract(th, value)? {
                names.add(th, name)?;
            }
        }
    }
    let bases = object::get_attr(th, class, id::__bases__)?;
    let bases = bases
        .downcast::<Tuple>()
        .map_err(|_| th.raise(exc::TYPE_ERROR, "__bases__ is not tuple"))?;
    for &base in bases.as_slice() {
        let Some(inherited) = object::get_attr_opt(th, base, id::__abstractmethods__)? else {
            continue;
        };
        for name in iter::collect(th, inherited.borrow())? {
            let Some(name) = name.borrow().downcast::<Str>() else {
                return Err(th.raise(exc::TYPE_ERROR, "attribute name must be string"));
            };
            if let Some(value) = object::get_attr_opt(th, class, name)? {
                if is_abstract(th, value.borrow())? {
                    names.add(th, name.object())?;
                }
            }
        }
    }
    let names = names.to_vec();
    let names: Vec<_> = names.iter().map(Owned::borrow).collect();
    let frozen = Set::new_frozen(th, &names)?;
    object::set_attr(th, class, id::__abstractmethods__, frozen.object())
}

/// Whether patterns take a class for a sequence or a mapping.
const PATTERN_FLAGS: u64 = abi::Py_TPFLAGS_SEQUENCE | abi::Py_TPFLAGS_MAPPING;

/// Gives `class` and its subclasses a flag, as far as they may change.
fn set_pattern_flag(th: &Thread, class: Borrowed<'_, Type>, flag: u64) {
    if class.has_flag(abi::Py_TPFLAGS_IMMUTABLETYPE) || class.flags() & PATTERN_FLAGS == flag {
        return;
    }
    // SAFETY: only the attached thread writes a type's flags.
    unsafe {
        let raw = class.as_type_ptr();
        (*raw).tp_flags = (*raw).tp_flags & !PATTERN_FLAGS | flag;
    }
    class.modified(th);
    for subclass in typeobj::subclasses::of(th, &class) {
        set_pattern_flag(th, subclass.borrow(), flag);
    }
}

/// `__abc_tpflags__` in a class's namespace says what patterns take it for.
fn take_pattern_flags(th: &Thread, class: Borrowed<'_, Type>) -> PyResult<()> {
    let name = Str::interned(th, "__abc_tpflags__")?;
    let Some(flags) = class.dict(th).pop(th, name.object())? else {
        return Ok(());
    };
    let Some(flags) = flags.borrow().downcast_exact::<Int>().and_then(|flags| flags.to_u64())
    else {
        return Ok(());
    };
    if flags & PATTERN_FLAGS == PATTERN_FLAGS {
        return Err(th.raise(
            exc::TYPE_ERROR,
            "__abc_tpflags__ cannot be both Py_TPFLAGS_SEQUENCE and Py_TPFLAGS_MAPPING",
        ));
    }
    // SAFETY: as above.
    unsafe { (*class.as_type_ptr()).tp_flags |= flags & PATTERN_FLAGS };
    class.modified(th);
    Ok(())
}

/// What abc.ABCMeta is built on: registration, caches and the two checks.
#[pymodule(name = "_abc")]
pub struct Abc;

#[pyfunctions]
impl Abc {
    /// Prepare a new class as an abstract base class. For the abc module only.
    #[function(sig = "(self, /)", name = "_abc_init")]
    fn init(th: &Thread, class: Borrowed<'_>) -> PyResult<()> {
        compute_abstract_methods(th, class)?;
        let ty = Borrowed::from_ref(AbcData::type_object());
        ty.ready(th)?;
        let data = call::call(th, ty.object(), &[])?;
        object::set_attr(th, class, id::_abc_impl, data.borrow())?;
        match class.downcast::<Type>() {
            Some(class) => take_pattern_flags(th, class),
            None => Ok(()),
        }
    }

    /// Make subclass a virtual subclass of self. For the abc module only.
    #[function(sig = "(self, subclass, /)", name = "_abc_register")]
    fn register(th: &Thread, class: Borrowed<'_>, subclass: Borrowed<'_>) -> PyResult {
        let Some(registered) = subclass.downcast::<Type>() else {
            return Err(th.raise(exc::TYPE_ERROR, "Can only register classes"));
        };
        if object::is_subclass(th, subclass, class)? {
            return Ok(subclass.to_owned());
        }
        // After the question above, because a class is a subclass of itself.
        if object::is_subclass(th, class, subclass)? {
            return Err(th.raise(exc::RUNTIME_ERROR, "Refusing to create an inheritance cycle"));
        }
        data_of(th, class)?.registry.add(th, subclass)?;
        counter(th).set(counter(th).get() + 1);
        if let Some(class) = class.downcast::<Type>() {
            let flag = class.flags() & PATTERN_FLAGS;
            if flag != 0 {
                set_pattern_flag(th, registered, flag);
            }
        }
        Ok(subclass.to_owned())
    }

    /// Answer isinstance(instance, self). For the abc module only.
    #[function(sig = "(self, instance, /)", name = "_abc_instancecheck")]
    fn instancecheck(th: &Thread, class: Borrowed<'_>, instance: Borrowed<'_>) -> PyResult {
        let data = data_of(th, class)?;
        let subclass = match object::get_attr_opt(th, instance, id::__class__)? {
            Some(subclass) => subclass,
            None => object::type_of(instance).into_object(),
        };
        if data.cache.contains(subclass.borrow()) {
            return Ok(bool_object(true).object().to_owned());
        }
        let check = |subclass: Borrowed<'_>| {
            call::call_method(th, class, id::__subclasscheck__, &[subclass])
        };
        let subtype = object::type_of(instance).into_object();
        if subtype.is(subclass.borrow()) {
            if data.negative_version.get() == counter(th).get()
                && data.negative.contains(subclass.borrow())
            {
                return Ok(bool_object(false).object().to_owned());
            }
            return check(subclass.borrow());
        }
        let answer = check(subclass.borrow())?;
        if object::is_true(th, answer.borrow())? {
            return Ok(answer);
        }
        check(subtype.borrow())
    }

    /// Answer issubclass(subclass, self). For the abc module only.
    #[function(sig = "(self, subclass, /)", name = "_abc_subclasscheck")]
    fn subclasscheck(th: &Thread, class: Borrowed<'_>, subclass: Borrowed<'_>) -> PyResult<bool> {
        let Some(candidate) = subclass.downcast::<Type>() else {
            return Err(th.raise(exc::TYPE_ERROR, "issubclass() arg 1 must be a class"));
        };
        let data = data_of(th, class)?;
        if data.cache.contains(subclass) {
            return Ok(true);
        }
        if data.negative_version.get() < counter(th).get() {
            data.negative.clear();
            data.negative_version.set(counter(th).get());
        } else if data.negative.contains(subclass) {
            return Ok(false);
        }
        let answer = find_out(th, &data, class, candidate)?;
        let known = if answer { &data.cache } else { &data.negative };
        known.add(th, subclass)?;
        Ok(answer)
    }

    /// For debugging: what a class has registered and cached.
    ///
    /// The tuple holds copies of the registry, the positive and the negative cache, and then the version of
    /// the negative one. ABC._dump_registry() prints the same readably.
    #[function(sig = "(self, /)", name = "_get_dump")]
    fn get_dump(th: &Thread, class: Borrowed<'_>) -> PyResult<Owned<Tuple>> {
        let data = data_of(th, class)?;
        let version = Int::from_u64(th, data.negative_version.get())?;
        Tuple::pack(
            th,
            [
                data.registry.dump(th)?.into_object(),
                data.cache.dump(th)?.into_object(),
                data.negative.dump(th)?.into_object(),
                version.into_object(),
            ],
        )
    }

    /// Empty the positive and the negative cache of a class.
    ///
    /// Meant for the hunt for reference leaks in tests.
    #[function(sig = "(self, /)", name = "_reset_caches")]
    fn reset_caches(th: &Thread, class: Borrowed<'_>) -> PyResult<()> {
        let data = data_of(th, class)?;
        data.cache.clear();
        data.negative.clear();
        Ok(())
    }

    /// Forget all virtual subclasses that were registered with a class.
    ///
    /// Meant for the hunt for reference leaks in tests.
    #[function(sig = "(self, /)", name = "_reset_registry")]
    fn reset_registry(th: &Thread, class: Borrowed<'_>) -> PyResult<()> {
        data_of(th, class)?.registry.clear();
        Ok(())
    }

    /// Return an object that stands for the present state of all registrations.
    ///
    /// Each register() of any abstract base class makes the next token unequal to those before, so whoever
    /// caches results can tell whether they still hold.
    #[function(sig = "()")]
    fn get_cache_token(th: &Thread) -> u64 {
        counter(th).get()
    }
}

/// Whether `candidate` is a subclass: by the class's hook, the order of resolution, the registry, the subclasses.
fn find_out(
    th: &Thread,
    data: &AbcData,
    class: Borrowed<'_>,
    candidate: Borrowed<'_, Type>,
) -> PyResult<bool> {
    let hook = call::call_method(th, class, id::__subclasshook__, &[candidate.object()])?;
    if hook.is(bool_object(true)) || hook.is(bool_object(false)) {
        return Ok(hook.is(bool_object(true)));
    }
    if !hook.is(not_implemented()) {
        return Err(th.raise(
            exc::ASSERTION_ERROR,
            "__subclasshook__ must return either False, True, or NotImplemented",
        ));
    }
    if class.downcast::<Type>().is_some_and(|class| candidate.is_subtype(&class)) {
        return Ok(true);
    }
    for registered in data.registry.alive() {
        if object::is_subclass(th, candidate.object(), registered.borrow())? {
            return Ok(true);
        }
    }
    let subclasses = Str::interned(th, "__subclasses__")?;
    let subclasses = call::call_method(th, class, subclasses.borrow(), &[])?;
    let Ok(subclasses) = subclasses.downcast::<List>() else {
        return Err(th.raise(exc::TYPE_ERROR, "__subclasses__() must return a list"));
    };
    for subclass in subclasses.to_vec() {
        if object::is_subclass(th, candidate.object(), subclass.borrow())? {
            return Ok(true);
        }
    }
    Ok(false)
}
