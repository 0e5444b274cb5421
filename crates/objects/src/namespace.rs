//! `types.SimpleNamespace`.
//!
//! The same job as CPython's `Objects/namespaceobject.c`.

use crate::gc;
use crate::prelude::*;

/// Attributes and nothing else.
#[pytype(
    name = "types.SimpleNamespace", symbol = "_PyNamespace_Type", new = "(mapping_or_iterable=(), /, **kwargs)",
    flags(BASETYPE, HAVE_GC), dict = dict,
)]
#[repr(C)]
pub struct Namespace {
    head: Head,
    #[visit]
    #[member(name = "__dict__", readonly)]
    dict: Slot<Dict>,
}

impl Namespace {
    /// A namespace with the attributes that `dict` holds.
    pub fn new(th: &Thread, attributes: Option<Borrowed<'_, Dict>>) -> PyResult<Owned<Namespace>> {
        let ty = Borrowed::from_ref(Namespace::type_object());
        // SAFETY: a fresh instance.
        let made: Owned<Namespace> =
            unsafe { crate::typeobj::alloc::alloc_untracked(th, ty, 0)?.cast() };
        made.dict.set(Some(match attributes {
            Some(attributes) => attributes.copy(th)?,
            None => Dict::new(th)?,
        }));
        gc::track(th, made.borrow());
        Ok(made)
    }

    /// `__dict__`.
    pub fn dict(&self, th: &Thread) -> PyResult<Owned<Dict>> {
        self.dict.get_owned().ok_or_else(|| th.bad_internal_call())
    }

    fn update(&self, th: &Thread, attributes: Borrowed<'_, Dict>) -> PyResult<()> {
        let mut position = 0;
        while let Some((name, _)) = attributes.next(&mut position) {
            if !Str::check(&name) {
                return Err(th.raise(exc::TYPE_ERROR, "keywords must be strings"));
            }
        }
        self.dict(th)?.merge(th, attributes.object(), true)
    }
}

#[pymethods]
impl Namespace {
    #[slot(tp_new)]
    fn construct(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let made = cls.alloc::<Namespace>(th, 0)?;
        made.dict.set(Some(Dict::new(th)?));
        Ok(made.into_object())
    }

    #[slot(tp_init)]
    fn init(
        this: Borrowed<'_, Self>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        match *args.get().as_slice() {
            [] => {}
            [from] => match from.downcast_exact::<Dict>() {
                Some(dict) => this.get().update(th, dict)?,
                None => {
                    let class = Borrowed::from_ref(Dict::type_object()).object();
                    let made = call::call(th, class, &[from])?;
                    match made.object().downcast::<Dict>() {
                        Some(dict) => this.get().update(th, dict)?,
                        None => return Err(th.bad_internal_call()),
                    }
                }
            },
            _ => {
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "{} expected at most 1 argument, got {}",
                    this.object().get().ty().name(),
                    args.len()
                ));
            }
        }
        match kwargs {
            Some(kwargs) => this.get().update(th, kwargs),
            None => Ok(()),
        }
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let exact = this.object().is_exact::<Namespace>();
        let ty = this.object().get().ty();
        let name = if exact { "namespace" } else { ty.name() };
        let Some(_guard) = crate::repr_guard::enter(th, this.object()) else {
            return Str::from_fmt(th, format_args!("{name}(...)"));
        };
        let mut text = format!("{name}(");
        let mut position = 0;
        let mut first = true;
        let dict = this.get().dict(th)?;
        while let Some((key, value)) = dict.next(&mut position) {
            let Some(key) = key.object().downcast::<Str>().filter(|key| !key.is_empty()) else {
                continue;
            };
            if !first {
                text.push_str(", ");
            }
            first = false;
            let value = object::repr(th, value.object())?;
            text.push_str(&format!("{}={}", *key, *value));
        }
        text.push(')');
        Str::from_string(th, text)
    }

    #[slot(tp_richcompare)]
    fn compare(&self, th: &Thread, other: Borrowed<'_>, op: CompareOp) -> PyResult {
        match other.downcast::<Namespace>() {
            Some(other) => {
                let (ours, theirs) = (self.dict(th)?, other.get().dict(th)?);
                object::compare(th, ours.object(), theirs.object(), op)
            }
            None => Ok(not_implemented().to_owned()),
        }
    }

    /// What pickle stores of the namespace.
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult {
        let class = this.object().get().ty().object().to_owned();
        let state = this.get().dict(th)?.into_object();
        let all = [class, Tuple::empty().object().to_owned(), state];
        Tuple::pack(th, all).map(Owned::into_object)
    }

    /// A copy in which the given attributes have other values.
    #[method(sig = "(self, /, **changes)")]
    fn __replace__(this: Borrowed<'_, Self>, th: &Thread, changes: Kwargs<'_>) -> PyResult {
        let class = this.object().get().ty().object().to_owned();
        let made = call::call(th, class.object(), &[])?;
        let Some(copy) = made.object().downcast::<Namespace>() else {
            return Err(raise!(
                th,
                TYPE_ERROR,
                "expect types.SimpleNamespace type, but {}() returned '{}' object",
                *this.object().ty().full_name(th)?,
                made.type_name()
            ));
        };
        copy.get().update(th, this.get().dict(th)?.borrow())?;
        let changes = changes.to_dict(th)?;
        copy.get().update(th, changes.borrow())?;
        Ok(made)
    }
}
