//! `property`.

use std::cell::Cell;
use std::ffi::c_int;

use crate::prelude::*;

/// An attribute that is computed by functions.
///
///   fget
///     called to read the attribute
///   fset
///     called to assign to it
///   fdel
///     called to delete it
///   doc
///     the attribute's docstring; that of fget if there is none
///
/// As a decorator, @property makes a method the getter; the setter and deleter decorators of the result add the rest.
#[pytype(
    name = "property",
    symbol = "PyProperty_Type",
    new = "(fget=None, fset=None, fdel=None, doc=None)",
    flags(BASETYPE, HAVE_GC)
)]
#[repr(C)]
pub struct Property {
    head: Head,
    #[visit]
    #[member(name = "fget", readonly)]
    getter: Slot,
    #[visit]
    #[member(name = "fset", readonly)]
    setter: Slot,
    #[visit]
    #[member(name = "fdel", readonly)]
    deleter: Slot,
    #[visit]
    #[member(name = "__doc__")]
    doc: Slot,
    #[visit]
    name: Slot,
    /// Whether the docstring is the getter's.
    getter_doc: Cell<c_int>,
}
assert_layout!(Property => krait_abi::propertyobject);

fn present(value: Option<Borrowed<'_>>) -> Option<Owned> {
    value.filter(|value| !value.is_none()).map(Borrowed::to_owned)
}

impl Property {
    /// `fget`, if there is one.
    #[inline(always)]
    pub fn fget(&self) -> Option<Borrowed<'_>> {
        self.getter.get()
    }

    /// The name it was bound to in a class, or that of its getter.
    fn find_name(&self, th: &Thread) -> PyResult<Option<Owned>> {
        if let Some(name) = self.name.get_owned() {
            return Ok(Some(name));
        }
        match self.getter.get_owned() {
            Some(getter) => object::get_attr_opt(th, getter.object(), id::__name__),
            None => Ok(None),
        }
    }

    #[cold]
    fn lacks(&self, th: &Thread, ob: Borrowed<'_>, what: &str) -> Raised {
        let describe = || -> PyResult<(Option<Owned<Str>>, Owned<Str>)> {
            let name = match self.find_name(th)? {
                Some(name) => Some(object::repr(th, name.object())?),
                None => None,
            };
            let qualname = ob.get().ty().get().qualname(th)?;
            Ok((name, object::repr(th, qualname.object())?))
        };
        match describe() {
            Ok((Some(name), class)) => {
                raise!(th, ATTRIBUTE_ERROR, "property {} of {} object has no {what}", *name, *class)
            }
            Ok((None, class)) => {
                raise!(th, ATTRIBUTE_ERROR, "property of {} object has no {what}", *class)
            }
            Err(raised) => raised,
        }
    }

    /// A property of the same class with other functions; `None` keeps the old one.
    fn with(
        this: Borrowed<'_, Self>,
        th: &Thread,
        functions: [Option<Borrowed<'_>>; 3],
    ) -> PyResult {
        let [getter, setter, deleter] = functions;
        let pick = |new: Option<Borrowed<'_>>, old: &Slot| {
            present(new).or_else(|| old.get_owned()).unwrap_or_else(|| none().to_owned())
        };
        let getter = pick(getter, &this.getter);
        let setter = pick(setter, &this.setter);
        let deleter = pick(deleter, &this.deleter);
        let doc = if this.getter_doc.get() != 0 && !getter.is_none() {
            none().to_owned()
        } else {
            this.doc.get_owned().unwrap_or_else(|| none().to_owned())
        };
        let class = this.object().get().ty().object().to_owned();
        let args = [getter.object(), setter.object(), deleter.object(), doc.object()];
        let made = call::call(th, class.object(), &args)?;
        if let Some(made) = made.object().downcast::<Property>() {
            made.name.set(this.name.get_owned());
        }
        Ok(made)
    }

    fn is_abstract(th: &Thread, function: &Slot) -> PyResult<bool> {
        match function.get_owned() {
            Some(function) => super::wrapped::is_abstract(th, function.object()),
            None => Ok(false),
        }
    }
}

#[pymethods]
impl Property {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        cls.alloc::<Object>(th, 0)
    }

    #[init(sig = "(fget=None, fset=None, fdel=None, doc=None)")]
    fn init(
        this: Borrowed<'_, Self>,
        th: &Thread,
        fget: Option<Borrowed<'_>>,
        fset: Option<Borrowed<'_>>,
        fdel: Option<Borrowed<'_>>,
        doc: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        this.getter.set(present(fget));
        this.setter.set(present(fset));
        this.deleter.set(present(fdel));
        this.doc.set(None);
        this.name.set(None);
        this.getter_doc.set(0);
        let mut text = present(doc);
        if text.is_none() {
            if let Some(getter) = present(fget) {
                text = object::get_attr_opt(th, getter.object(), id::__doc__)?
                    .filter(|doc| !doc.is_none());
                this.getter_doc.set(text.is_some().into());
            }
        }
        if this.object().is_exact::<Property>() {
            this.doc.set(text);
            return Ok(());
        }
        // The class of a subclass has a `__doc__` of its own, which would hide the field.
        let value = text.unwrap_or_else(|| none().to_owned());
        match object::set_attr(th, this.object(), id::__doc__, value.object()) {
            Err(raised) if this.getter_doc.get() == 0 => {
                th.take_if(raised, exc::ATTRIBUTE_ERROR).map(drop)
            }
            result => result,
        }
    }

    #[slot(tp_descr_get)]
    fn get(
        this: Borrowed<'_, Self>,
        th: &Thread,
        ob: Option<Borrowed<'_>>,
        _class: Option<Borrowed<'_>>,
    ) -> PyResult {
        let Some(ob) = ob.filter(|ob| !ob.is_none()) else {
            return Ok(this.object().to_owned());
        };
        match this.getter.get_owned() {
            Some(getter) => call::call(th, getter.object(), &[ob]),
            None => Err(this.lacks(th, ob, "getter")),
        }
    }

    #[slot(tp_descr_set)]
    fn assign(&self, th: &Thread, ob: Borrowed<'_>, value: Option<Borrowed<'_>>) -> PyResult<()> {
        match value {
            Some(value) => match self.setter.get_owned() {
                Some(setter) => call::call(th, setter.object(), &[ob, value]).map(drop),
                None => Err(self.lacks(th, ob, "setter")),
            },
            None => match self.deleter.get_owned() {
                Some(deleter) => call::call(th, deleter.object(), &[ob]).map(drop),
                None => Err(self.lacks(th, ob, "deleter")),
            },
        }
    }

    /// A copy of the property that reads with another function.
    #[method(sig = "(self, object, /)")]
    fn getter(this: Borrowed<'_, Self>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        Self::with(this, th, [Some(object), None, None])
    }

    /// A copy of the property that assigns with another function.
    #[method(sig = "(self, object, /)")]
    fn setter(this: Borrowed<'_, Self>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        Self::with(this, th, [None, Some(object), None])
    }

    /// A copy of the property that deletes with another function.
    #[method(sig = "(self, object, /)")]
    fn deleter(this: Borrowed<'_, Self>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        Self::with(this, th, [None, None, Some(object)])
    }

    /// Tells the property the name it is bound to in a class.
    #[method(sig = "(self, owner, name, /)")]
    fn __set_name__(&self, th: &Thread, args: Args<'_>) -> PyResult<()> {
        let &[_, name] = args.positionals() else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "__set_name__() takes 2 positional arguments but {} were given",
                args.positional
            ));
        };
        self.name.set(Some(name.to_owned()));
        Ok(())
    }

    #[getter]
    fn __name__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        match this.find_name(th)? {
            Some(name) => Ok(name),
            None => Err(raise!(
                th,
                ATTRIBUTE_ERROR,
                "'{}' object has no attribute '__name__'",
                this.object().type_name()
            )),
        }
    }

    #[setter]
    fn set___name__(&self, _th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        self.name.set(value.map(Borrowed::to_owned));
        Ok(())
    }

    #[getter]
    fn __isabstractmethod__(&self, th: &Thread) -> PyResult<bool> {
        Ok(Self::is_abstract(th, &self.getter)?
            || Self::is_abstract(th, &self.setter)?
            || Self::is_abstract(th, &self.deleter)?)
    }
}
