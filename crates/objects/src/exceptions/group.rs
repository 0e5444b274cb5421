//! `BaseExceptionGroup` and `ExceptionGroup`: several exceptions as one, and taking them apart.
//!
//! `ExceptionGroup` has two bases, so it is no static type: each interpreter makes its own.

use krait_abi as abi;

use super::base::{BaseException, make};
use super::text::concat;
use crate::prelude::*;
use crate::protocol::call;
use crate::str::Chars;
use crate::typeobj::forward;

/// Several exceptions, raised and handled together.
#[pytype(name = "BaseExceptionGroup", base = BaseException, flags(BASETYPE, HAVE_GC))]
#[repr(C)]
pub struct BaseExceptionGroup {
    #[visit]
    base: BaseException,
    #[visit]
    #[member(name = "message", readonly, doc = "text that describes the group")]
    msg: Slot,
    #[visit]
    #[member(name = "exceptions", readonly, doc = "the exceptions inside the group")]
    excs: Slot<Tuple>,
    /// How the argument showed itself, if it was neither a list nor a tuple: it may change later.
    #[visit]
    excs_str: Slot<Str>,
}
assert_layout!(BaseExceptionGroup => abi::PyBaseExceptionGroupObject);

/// An interpreter's `ExceptionGroup`.
struct GroupClass(Slot<Type>);

impl Default for GroupClass {
    fn default() -> GroupClass {
        GroupClass(Slot::EMPTY)
    }
}

/// `ExceptionGroup`, made on first use.
pub fn exception_group(th: &Thread) -> PyResult<Owned<Type>> {
    let place = &th.interp().state::<GroupClass>().0;
    if let Some(class) = place.get_owned() {
        return Ok(class);
    }
    let bases = [exc::BASE_EXCEPTION_GROUP, exc::EXCEPTION];
    let bases = bases.map(|base| Borrowed::from_ref(base).object());
    let class = forward::declare_native(th, "ExceptionGroup", &bases, false, |th, ty, dict| {
        dict.set_str(th, id::__module__, id::builtins.object())?;
        forward::fill_tables(th, ty, &[])
    })?;
    place.set(Some(class.clone()));
    Ok(class)
}

/// The class a group is made of: `BaseExceptionGroup` becomes `ExceptionGroup` if nothing in it objects.
fn class_for(th: &Thread, cls: Borrowed<'_, Type>, only_exceptions: bool) -> PyResult<Owned<Type>> {
    let plain = exception_group(th)?;
    if cls.is(plain.borrow()) {
        if !only_exceptions {
            return Err(
                th.raise(exc::TYPE_ERROR, "Cannot nest BaseExceptions in an ExceptionGroup")
            );
        }
    } else if std::ptr::eq(cls.get(), exc::BASE_EXCEPTION_GROUP) {
        if only_exceptions {
            return Ok(plain);
        }
    } else if !only_exceptions && cls.is_subtype(exc::EXCEPTION) {
        let name = cls.tp_name();
        return Err(raise!(th, TYPE_ERROR, "Cannot nest BaseExceptions in '{name}'"));
    }
    Ok(cls.to_owned())
}

/// The exceptions of the second argument, and whether all are of class `Exception`.
fn checked_members(th: &Thread, given: Borrowed<'_>) -> PyResult<(Owned<Tuple>, bool)> {
    if !sequence::check(given) {
        return Err(th.raise(exc::TYPE_ERROR, "second argument (exceptions) must be a sequence"));
    }
    let members = super::base::tuple_of(th, given)?;
    if members.is_empty() {
        return Err(
            th.raise(exc::VALUE_ERROR, "second argument (exceptions) must be a non-empty sequence")
        );
    }
    let mut only_exceptions = true;
    for (at, member) in members.as_slice().iter().enumerate() {
        if member.downcast::<BaseException>().is_none() {
            return Err(raise!(
                th,
                VALUE_ERROR,
                "Item {at} of second argument (exceptions) is not an exception"
            ));
        }
        let exception = Borrowed::from_ref(exc::EXCEPTION).object();
        only_exceptions &= object::is_instance(th, *member, exception)?;
    }
    Ok((members, only_exceptions))
}

/// What `split` and `subgroup` are asked for.
enum Matcher<'a> {
    /// A class or a tuple of classes.
    Class(Borrowed<'a>),
    Predicate(Borrowed<'a>),
}

fn is_exception_class(ob: Borrowed<'_>) -> bool {
    ob.downcast::<Type>().is_some_and(|class| class.is_subtype(exc::BASE_EXCEPTION))
}

impl<'a> Matcher<'a> {
    fn new(th: &Thread, value: Borrowed<'a>) -> PyResult<Matcher<'a>> {
        if object::is_callable(value) && value.downcast::<Type>().is_none() {
            return Ok(Matcher::Predicate(value));
        }
        let classes = value.downcast_exact::<Tuple>();
        if is_exception_class(value)
            || classes
                .is_some_and(|classes| classes.as_slice().iter().all(|&ob| is_exception_class(ob)))
        {
            return Ok(Matcher::Class(value));
        }
        Err(th.raise(
            exc::TYPE_ERROR,
            "expected an exception type, a tuple of exception types, or a callable (other than a class)",
        ))
    }

    fn matches(&self, th: &Thread, exception: Borrowed<'_>) -> PyResult<bool> {
        match self {
            Matcher::Class(classes) => Ok(given_matches(exception, *classes)),
            Matcher::Predicate(function) => {
                let answer = call::call(th, *function, &[exception])?;
                object::is_true(th, answer.borrow())
            }
        }
    }
}

/// Whether `exception` is an instance of `class`, or of one in a tuple: by the real class, as `except` matches.
pub fn given_matches(exception: Borrowed<'_>, class: Borrowed<'_>) -> bool {
    match class.downcast::<Tuple>() {
        Some(classes) => classes.as_slice().iter().any(|&class| given_matches(exception, class)),
        None => class.downcast::<Type>().is_some_and(|class| exception.ty().is_subtype(&class)),
    }
}

type Parts = (Option<Owned>, Option<Owned>);

/// What of `exception` matches and, if it is wanted, what does not; both in the shape of the group.
fn split(
    th: &Thread,
    exception: Borrowed<'_>,
    matcher: &Matcher<'_>,
    want_rest: bool,
) -> PyResult<Parts> {
    if matcher.matches(th, exception)? {
        return Ok((Some(exception.to_owned()), None));
    }
    let Some(group) = exception.downcast::<BaseExceptionGroup>() else {
        return Ok((None, want_rest.then(|| exception.to_owned())));
    };
    let (mut matching, mut rest) = (Vec::new(), Vec::new());
    for member in group.members().as_slice() {
        let (matched, left) = th.recurse(" in exceptiongroup_split_recursive", || {
            split(th, *member, matcher, want_rest)
        })?;
        matching.extend(matched);
        rest.extend(left);
    }
    Ok((group.subset(th, matching)?, group.subset(th, rest)?))
}

impl BaseExceptionGroup {
    /// The exceptions in the group.
    pub fn members(&self) -> Owned<Tuple> {
        self.excs.get_owned().unwrap_or_else(|| Tuple::empty().to_owned())
    }

    /// A group like this one of some of its members, with its traceback, context, cause and notes.
    fn subset(&self, th: &Thread, members: Vec<Owned>) -> PyResult<Option<Owned>> {
        if members.is_empty() {
            return Ok(None);
        }
        let this = Borrowed::from_ref(self).object();
        let members = List::from_vec(th, members)?;
        let part = call::call_method(th, this, id::derive, &[members.object()])?;
        let Ok(part) = part.downcast::<BaseExceptionGroup>() else {
            return Err(
                th.raise(exc::TYPE_ERROR, "derive must return an instance of BaseExceptionGroup")
            );
        };
        if let Some(traceback) = self.base.traceback() {
            part.base.set_traceback(Some(traceback.to_owned()));
        }
        part.base.set_context(self.base.context().map(|context| context.object().to_owned()));
        part.base.set_cause(self.base.cause().map(|cause| cause.object().to_owned()));
        if let Some(notes) = object::get_attr_opt(th, this, id::__notes__)? {
            // Anything else someone put there is left behind.
            if sequence::check(notes.borrow()) {
                let copy = List::from_iterable(th, notes.borrow())?;
                object::set_attr(th, part.object(), id::__notes__, copy.object())?;
            }
        }
        Ok(Some(part.into_object()))
    }
}

#[pymethods]
impl BaseExceptionGroup {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult {
        let [message, given] = args.as_slice() else {
            let count = args.len();
            return Err(raise!(
                th,
                TYPE_ERROR,
                "BaseExceptionGroup.__new__() takes exactly 2 arguments ({count} given)"
            ));
        };
        if message.downcast::<Str>().is_none() {
            let found = if message.is_none() { "None" } else { message.type_name() };
            return Err(raise!(
                th,
                TYPE_ERROR,
                "BaseExceptionGroup.__new__() argument 1 must be str, not {found}"
            ));
        }
        let shown = match given.downcast::<List>().is_some() || given.downcast::<Tuple>().is_some()
        {
            false if sequence::check(*given) => Some(object::repr(th, *given)?),
            _ => None,
        };
        let (members, only_exceptions) = checked_members(th, *given)?;
        let class = class_for(th, cls, only_exceptions)?;
        let made = make(th, class.borrow(), args.to_owned())?;
        // SAFETY: an instance of a class that derives from this one.
        let group: Owned<BaseExceptionGroup> = unsafe { made.cast() };
        group.msg.set(Some((*message).to_owned()));
        group.excs.set(Some(members));
        group.excs_str.set(shown);
        Ok(group.into_object())
    }

    #[slot(tp_init)]
    fn init(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        self.base.refuse_keywords(th, kwargs)?;
        self.base.set_args(args.to_owned());
        Ok(())
    }

    #[slot(tp_str)]
    fn str(&self, th: &Thread) -> PyResult<Owned<Str>> {
        let count = self.members().len();
        let message = self.msg.get_owned().unwrap_or_else(|| none().to_owned());
        let message = object::str(th, message.borrow())?;
        let plural = if count > 1 { "s" } else { "" };
        let end = format!(" ({count} sub-exception{plural})");
        concat(th, &[message.chars(), Chars::One(end.as_bytes())])
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let members = match this.excs_str.get_owned() {
            Some(shown) => shown,
            None => {
                let members = this.members();
                // As the argument was written: a list for a list.
                let as_list = matches!(
                    this.base.args().as_slice(),
                    [_, given] if given.downcast::<List>().is_some()
                );
                if as_list {
                    let list = List::from_slice(th, members.as_slice())?;
                    object::repr(th, list.object())?
                } else {
                    object::repr(th, members.object())?
                }
            }
        };
        let message = this.msg.get_owned().unwrap_or_else(|| none().to_owned());
        let message = object::repr(th, message.borrow())?;
        let class = object::type_of(this.object());
        let name = Str::new(th, class.name())?;
        concat(
            th,
            &[
                name.chars(),
                Chars::One(b"("),
                message.chars(),
                Chars::One(b", "),
                members.chars(),
                Chars::One(b")"),
            ],
        )
    }

    #[method(sig = "(self, excs, /)")]
    fn derive(&self, th: &Thread, excs: Borrowed<'_>) -> PyResult {
        let message = self.msg.get_owned().unwrap_or_else(|| none().to_owned());
        let class = Borrowed::from_ref(exc::BASE_EXCEPTION_GROUP).object();
        call::call(th, class, &[message.borrow(), excs])
    }

    #[method(sig = "(self, matcher_value, /)", name = "split")]
    fn split_by(
        this: Borrowed<'_, Self>,
        th: &Thread,
        matcher_value: Borrowed<'_>,
    ) -> PyResult<(Option<Owned>, Option<Owned>)> {
        split(th, this.object(), &Matcher::new(th, matcher_value)?, true)
    }

    #[method(sig = "(self, matcher_value, /)")]
    fn subgroup(
        this: Borrowed<'_, Self>,
        th: &Thread,
        matcher_value: Borrowed<'_>,
    ) -> PyResult<Option<Owned>> {
        Ok(split(th, this.object(), &Matcher::new(th, matcher_value)?, false)?.0)
    }

    /// Return a generic alias, whose argument is the type of the exceptions inside.
    #[classmethod(sig = "(type, object, /)", name = "__class_getitem__")]
    fn class_getitem(cls: Borrowed<'_, Type>, th: &Thread, object: Borrowed<'_>) -> PyResult {
        crate::generic_alias::new(th, cls.object(), object)
    }
}
