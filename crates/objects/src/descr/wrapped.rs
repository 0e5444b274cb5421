//! `staticmethod` and `classmethod`: descriptors around a callable.

use crate::object::instance_dict;
use crate::prelude::*;

/// A function in a class that is given neither the class nor an instance.
///
/// Read from the class or from an instance, it is the plain function. Used as a decorator: @staticmethod.
#[pytype(
    name = "staticmethod", symbol = "PyStaticMethod_Type", new = "(function, /)", flags(BASETYPE, HAVE_GC), dict = dict,
)]
#[repr(C)]
pub struct StaticMethod {
    head: Head,
    #[visit]
    #[member(name = "__func__", readonly)]
    callable: Slot,
    #[visit]
    dict: Slot<Dict>,
}

/// A method that is given the class instead of an instance.
///
/// Called on an instance, it gets the instance's class; called on a subclass, the subclass. Used as a decorator:
/// @classmethod.
#[pytype(
    name = "classmethod", symbol = "PyClassMethod_Type", new = "(function, /)", flags(BASETYPE, HAVE_GC), dict = dict,
)]
#[repr(C)]
pub struct ClassMethod {
    head: Head,
    #[visit]
    #[member(name = "__func__", readonly)]
    callable: Slot,
    #[visit]
    dict: Slot<Dict>,
}

/// `function.__isabstractmethod__`, false if there is none.
pub(super) fn is_abstract(th: &Thread, function: Borrowed<'_>) -> PyResult<bool> {
    match object::get_attr_opt(th, function, id::__isabstractmethod__)? {
        Some(answer) => object::is_true(th, answer.object()),
        None => Ok(false),
    }
}

/// Takes over what describes the function.
fn copy_description(th: &Thread, to: Borrowed<'_>, from: Borrowed<'_>) -> PyResult<()> {
    for name in [id::__module__, id::__name__, id::__qualname__, id::__doc__] {
        if let Some(value) = object::get_attr_opt(th, from, name)? {
            object::set_attr(th, to, name, value.object())?;
        }
    }
    Ok(())
}

/// An attribute of the function, copied to the descriptor's dictionary when it is first read.
fn shared_attribute(
    th: &Thread,
    this: Borrowed<'_>,
    callable: &Slot,
    name: Borrowed<'_, Str>,
) -> PyResult {
    let dict = instance_dict::dict_of(th, this)?;
    if let Some(known) = dict.get_str(th, name)? {
        return Ok(known);
    }
    let function = callable.get_owned().unwrap_or_else(|| none().to_owned());
    let value = object::get_attr(th, function.object(), name)?;
    dict.set_str(th, name, value.object())?;
    Ok(value)
}

fn set_shared_attribute(
    th: &Thread,
    this: Borrowed<'_>,
    name: Borrowed<'_, Str>,
    value: Option<Borrowed<'_>>,
) -> PyResult<()> {
    let dict = instance_dict::dict_of(th, this)?;
    match value {
        Some(value) => dict.set_str(th, name, value),
        None if dict.remove(th, name.object())? => Ok(()),
        None => Err(th.raise_value(exc::ATTRIBUTE_ERROR, name.object())),
    }
}

/// In a class namespace, wraps a plain function `name` as a static (or class) method.
pub fn wrap_special(
    th: &Thread,
    namespace: &Dict,
    name: Borrowed<'_, Str>,
    is_static: bool,
) -> PyResult<()> {
    let Some(function) = namespace.get_str(th, name)? else {
        return Ok(());
    };
    // Exactly a Python function: the flag of the type says so without naming it here.
    if function.ty().tp_name() != "function" {
        return Ok(());
    }
    let wrapped = if is_static {
        StaticMethod::new(th, function.object())?.into_object()
    } else {
        ClassMethod::new(th, function.object())?.into_object()
    };
    namespace.set_str(th, name, wrapped.object())
}

/// What the two types have in common but cannot share as a base.
macro_rules! common {
    ($ty:ident, $name:literal) => {
        impl $ty {
            /// A descriptor around `callable`, without its description.
            pub fn new(th: &Thread, callable: Borrowed<'_>) -> PyResult<Owned<$ty>> {
                let made: Owned<$ty> = super::allocate(th)?;
                made.callable.set(Some(callable.to_owned()));
                crate::gc::track(th, made.borrow());
                Ok(made)
            }

            /// `__func__`.
            pub fn callable(&self) -> Owned {
                self.function().to_owned()
            }

            /// As `callable`, while nothing replaces it.
            #[inline(always)]
            pub fn function(&self) -> Borrowed<'_> {
                self.callable.get().unwrap_or(none())
            }
        }

        #[pymethods(part = "common")]
        impl $ty {
            #[slot(tp_new)]
            fn construct(
                cls: Borrowed<'_, Type>,
                th: &Thread,
                _args: Borrowed<'_, Tuple>,
                _kwargs: Option<Borrowed<'_, Dict>>,
            ) -> PyResult {
                let made = cls.alloc::<$ty>(th, 0)?;
                made.callable.set(Some(none().to_owned()));
                Ok(made.into_object())
            }

            #[init(sig = "(function, /)")]
            fn init(this: Borrowed<'_, Self>, th: &Thread, function: Borrowed<'_>) -> PyResult<()> {
                this.callable.set(Some(function.to_owned()));
                copy_description(th, this.object(), function)
            }

            #[slot(tp_repr)]
            fn repr(&self, th: &Thread) -> PyResult<Owned<Str>> {
                let shown = object::repr(th, self.callable().object())?;
                Str::from_fmt(th, format_args!(concat!("<", $name, "({})>"), *shown))
            }

            /// An alias of the class with type arguments.
            #[classmethod(sig = "(type, object, /)")]
            fn __class_getitem__(
                cls: Borrowed<'_, Type>,
                th: &Thread,
                object: Borrowed<'_>,
            ) -> PyResult {
                crate::generic_alias::new(th, cls.object(), object)
            }

            #[getter]
            fn __wrapped__(&self) -> Owned {
                self.callable()
            }

            #[getter]
            fn __isabstractmethod__(&self, th: &Thread) -> PyResult<bool> {
                is_abstract(th, self.callable().object())
            }

            #[getter]
            fn __dict__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Dict>> {
                instance_dict::dict_of(th, this.object())
            }

            #[setter]
            fn set___dict__(
                this: Borrowed<'_, Self>,
                th: &Thread,
                value: Option<Borrowed<'_>>,
            ) -> PyResult<()> {
                instance_dict::set_generic(th, this.object(), value)
            }

            #[getter]
            fn __annotations__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
                shared_attribute(th, this.object(), &this.get().callable, id::__annotations__)
            }

            #[setter]
            fn set___annotations__(
                this: Borrowed<'_, Self>,
                th: &Thread,
                value: Option<Borrowed<'_>>,
            ) -> PyResult<()> {
                set_shared_attribute(th, this.object(), id::__annotations__, value)
            }

            #[getter]
            fn __annotate__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
                shared_attribute(th, this.object(), &this.get().callable, id::__annotate__)
            }

            #[setter]
            fn set___annotate__(
                this: Borrowed<'_, Self>,
                th: &Thread,
                value: Option<Borrowed<'_>>,
            ) -> PyResult<()> {
                set_shared_attribute(th, this.object(), id::__annotate__, value)
            }
        }
    };
}

common!(StaticMethod, "staticmethod");
common!(ClassMethod, "classmethod");

#[pymethods(parts(common))]
impl StaticMethod {
    #[slot(tp_descr_get)]
    fn get(
        &self,
        _th: &Thread,
        _ob: Option<Borrowed<'_>>,
        _class: Option<Borrowed<'_>>,
    ) -> PyResult {
        Ok(self.callable())
    }

    #[slot(tp_call)]
    fn call(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        call::call_tuple_dict(th, self.callable().object(), args, kwargs)
    }
}

#[pymethods(parts(common))]
impl ClassMethod {
    #[slot(tp_descr_get)]
    fn get(&self, th: &Thread, ob: Option<Borrowed<'_>>, class: Option<Borrowed<'_>>) -> PyResult {
        let class = match (class, ob) {
            (Some(class), _) => class,
            (None, Some(ob)) => ob.get().ty().object(),
            (None, None) => none(),
        };
        crate::method::Method::new(th, self.callable().object(), class).map(Owned::into_object)
    }
}
