//! `Element`: a tag, text within and behind it, and, if there are any, attributes and children.
//!
//! Invariant: nothing is released, and no Python code runs, while `children` is borrowed.

use std::cell::{Cell, OnceCell, RefCell};
use std::ffi::c_int;

use krait_abi as abi;
use krait_objects::gc::Visit;
use krait_objects::prelude::*;
use krait_objects::repr_guard;

use super::arguments;
use super::iterator::ElementIterator;
use super::{filled, state};

/// What many elements have none of.
#[derive(Default)]
pub struct Parts {
    /// A dict, but for what `__setstate__` may put here.
    pub attrib: Slot,
    pub children: RefCell<Vec<Owned<Element>>>,
}

/// The parts of an element that has had any.
#[derive(Default)]
pub struct Extra(OnceCell<Box<Parts>>);

impl Visit for Extra {
    fn visit(&self, visitor: &mut Visitor<'_>) -> c_int {
        let Some(parts) = self.0.get() else { return 0 };
        let stop = parts.attrib.visit(visitor);
        if stop != 0 {
            return stop;
        }
        let children = parts.children.borrow();
        children
            .iter()
            .map(|child| visitor.visit(Some(child.borrow())))
            .find(|&s| s != 0)
            .unwrap_or(0)
    }

    fn clear(&self) {
        if let Some(parts) = self.0.get() {
            parts.attrib.clear();
            drop(parts.children.take());
        }
    }
}

/// An element of an XML tree.
#[pytype(
    name = "xml.etree.ElementTree.Element",
    flags(BASETYPE, HAVE_GC, IMMUTABLETYPE),
    weaklist = weakrefs
)]
#[repr(C)]
pub struct Element {
    head: Head,
    #[visit]
    pub tag: Slot,
    #[visit]
    pub text: Slot,
    #[visit]
    pub tail: Slot,
    #[visit]
    extra: Extra,
    weakrefs: Cell<*mut abi::PyObject>,
}

// As in the reference.
const _: () = assert!(size_of::<Element>() == 56);
/// So many children have room in the reference's first allocation.
const FEW: usize = 4;

/// `value`, or None.
fn or_none(slot: &Slot) -> Owned {
    slot.get_owned().unwrap_or_else(|| none().to_owned())
}

/// A value that is assigned; nothing can be deleted.
fn assigned<'a>(th: &Thread, value: Option<Borrowed<'a>>) -> PyResult<Borrowed<'a>> {
    value.ok_or_else(|| th.raise(exc::ATTRIBUTE_ERROR, "can't delete element attribute"))
}

/// The element that `ob` is.
pub fn checked(th: &Thread, ob: Borrowed<'_>) -> PyResult<Owned<Element>> {
    match ob.downcast::<Element>() {
        Some(element) => Ok(element.to_owned()),
        None => {
            let found = ob.type_name();
            Err(raise!(th, TYPE_ERROR, "expected an Element, not \"{found:.200}\""))
        }
    }
}

/// Whether a tag may be a path, for which the search in Python code is.
fn is_path(tag: Borrowed<'_>) -> bool {
    let chars: Vec<u32> = match (tag.downcast::<Str>(), tag.downcast::<Bytes>()) {
        (Some(text), _) => {
            let wide: Vec<u32> = text.chars().iter().collect();
            if wide.is_empty() {
                return true;
            }
            let start: String = wide.iter().take(3).filter_map(|&c| char::from_u32(c)).collect();
            if wide.len() >= 3 && (start.starts_with("{}") || start == "{*}") {
                return true;
            }
            wide
        }
        (None, Some(bytes)) if !bytes.as_bytes().is_empty() => {
            bytes.as_bytes().iter().map(|&byte| byte.into()).collect()
        }
        _ => return true,
    };
    // What stands in braces is a namespace, whatever is in it.
    let mut outside = true;
    chars.into_iter().filter_map(char::from_u32).any(|c| match c {
        '{' => {
            outside = false;
            false
        }
        '}' => {
            outside = true;
            false
        }
        _ => outside && matches!(c, '/' | '*' | '[' | '@' | '.'),
    })
}

impl Element {
    pub const NAME: &str = "xml.etree.ElementTree.Element";

    /// A new one, with these attributes if there are any.
    pub fn make(th: &Thread, tag: Owned, attrib: Option<Owned<Dict>>) -> PyResult<Owned<Element>> {
        let element = Borrowed::from_ref(Element::type_object()).alloc::<Element>(th, 0)?;
        element.tag.set(Some(tag));
        if let Some(attrib) = attrib.filter(|attrib| !attrib.is_empty()) {
            element.parts().attrib.set(Some(attrib.into_object()));
        }
        Ok(element)
    }

    /// The parts, made if there are none.
    pub fn parts(&self) -> &Parts {
        self.extra.0.get_or_init(Box::default)
    }

    pub fn parts_if_any(&self) -> Option<&Parts> {
        self.extra.0.get().map(|parts| &**parts)
    }

    pub fn len(&self) -> usize {
        self.parts_if_any().map_or(0, |parts| parts.children.borrow().len())
    }

    pub fn child(&self, at: usize) -> Option<Owned<Element>> {
        self.parts_if_any()?.children.borrow().get(at).cloned()
    }

    pub fn add(&self, child: Owned<Element>) {
        self.parts().children.borrow_mut().push(child);
    }

    pub fn tag(&self) -> Owned {
        or_none(&self.tag)
    }

    pub fn text(&self) -> Owned {
        or_none(&self.text)
    }

    pub fn tail(&self) -> Owned {
        or_none(&self.tail)
    }

    /// The attributes, if there are any.
    pub fn attributes(&self, th: &Thread) -> PyResult<Option<Owned<Dict>>> {
        match self.parts_if_any().and_then(|parts| parts.attrib.get_owned()) {
            None => Ok(None),
            Some(attrib) => attrib.downcast().map(Some).map_err(|_| th.bad_internal_call()),
        }
    }

    /// Whether a tag is the one that is looked for.
    fn is_named(&self, th: &Thread, tag: Borrowed<'_>) -> PyResult<bool> {
        let own = self.tag();
        Ok(own.borrow().is(tag) || object::eq(th, own.borrow(), tag)?)
    }

    /// The first child with a tag.
    fn find_tag(&self, th: &Thread, tag: Borrowed<'_>) -> PyResult<Option<Owned<Element>>> {
        let mut at = 0;
        while let Some(child) = self.child(at) {
            if child.is_named(th, tag)? {
                return Ok(Some(child));
            }
            at += 1;
        }
        Ok(None)
    }

    /// A search for a path, in Python code.
    fn by_path(
        this: Borrowed<'_, Self>,
        th: &Thread,
        function: &str,
        path: Borrowed<'_>,
        more: &[Option<Borrowed<'_>>],
    ) -> PyResult {
        let paths = filled(th, &state(th).paths)?;
        let mut args = vec![this.object(), path];
        args.extend(more.iter().map(|arg| arg.unwrap_or(none())));
        call::call_method(th, paths.borrow(), Str::interned(th, function)?.borrow(), &args)
    }
}

#[pymethods(parts(copy, sequence))]
impl Element {
    #[slot(tp_init)]
    fn init(
        &self,
        th: &Thread,
        args: Borrowed<'_, Tuple>,
        kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        let args = args.get().as_slice();
        arguments::check_count(th, "Element", args, 0)?;
        let attrib = arguments::attributes(th, "Element", args, 0, kwargs)?;
        if let Some(attrib) = attrib {
            drop(self.parts().attrib.replace(Some(attrib.into_object())));
        }
        drop(self.tag.replace(Some(args[0].to_owned())));
        drop(self.text.take());
        drop(self.tail.take());
        Ok(())
    }

    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<Element>> {
        cls.alloc::<Element>(th, 0)
    }

    #[slot(tp_repr)]
    fn repr(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Str>> {
        let address = this.as_ptr();
        let Some(_guard) = repr_guard::enter(th, this.object()) else {
            let message = "reentrant call inside";
            let class = this.object();
            return Err(raise!(th, RUNTIME_ERROR, "{message} {}.__repr__", class.type_name()));
        };
        let tag = object::repr(th, this.tag().borrow())?;
        let pieces = [Str::new(th, "<Element ")?, tag, Str::new(th, &format!(" at {address:p}>"))?];
        let pieces = pieces.each_ref().map(|piece| piece.object());
        Str::join(th, Str::new(th, "")?.borrow(), &pieces)
    }

    #[slot(nb_bool)]
    fn truth(&self, th: &Thread) -> PyResult<bool> {
        let message = "Testing an element's truth value will always return True in future versions.  \
                       Use specific 'len(elem)' or 'elem is not None' test instead.";
        let category = Borrowed::from_ref(exc::DEPRECATION_WARNING).object();
        krait_eval::warnings::warn(th, category, Str::new(th, message)?.borrow(), 1)?;
        Ok(self.len() != 0)
    }

    #[getter(name = "tag")]
    fn get_tag(&self) -> Owned {
        self.tag()
    }

    #[setter(name = "tag")]
    fn set_tag(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        drop(self.tag.replace(Some(assigned(th, value)?.to_owned())));
        Ok(())
    }

    #[getter(name = "text")]
    fn get_text(&self) -> Owned {
        self.text()
    }

    #[setter(name = "text")]
    fn set_text(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        drop(self.text.replace(Some(assigned(th, value)?.to_owned())));
        Ok(())
    }

    #[getter(name = "tail")]
    fn get_tail(&self) -> Owned {
        self.tail()
    }

    #[setter(name = "tail")]
    fn set_tail(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        drop(self.tail.replace(Some(assigned(th, value)?.to_owned())));
        Ok(())
    }

    #[getter(name = "attrib")]
    fn get_attrib(&self, th: &Thread) -> PyResult {
        let attrib = &self.parts().attrib;
        if let Some(attrib) = attrib.get_owned() {
            return Ok(attrib);
        }
        let fresh = Dict::new(th)?.into_object();
        attrib.set(Some(fresh.clone()));
        Ok(fresh)
    }

    #[setter(name = "attrib")]
    fn set_attrib(&self, th: &Thread, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let value = assigned(th, value)?;
        if value.downcast::<Dict>().is_none() {
            let found = value.type_name();
            return Err(raise!(th, TYPE_ERROR, "attrib must be dict, not {found:.200}"));
        }
        drop(self.parts().attrib.replace(Some(value.to_owned())));
        Ok(())
    }

    /// Return the value of an attribute, or default.
    #[method(sig = "(self, /, key, default=None)")]
    fn get(&self, th: &Thread, key: Borrowed<'_>, default: Option<Borrowed<'_>>) -> PyResult {
        let found = match self.attributes(th)? {
            Some(attrib) => attrib.get(th, key)?,
            None => None,
        };
        Ok(found.unwrap_or_else(|| default.unwrap_or(none()).to_owned()))
    }

    /// Set an attribute.
    #[method(sig = "(self, key, value, /)")]
    fn set(&self, th: &Thread, key: Borrowed<'_>, value: Borrowed<'_>) -> PyResult<()> {
        let attrib = self.get_attrib(th)?.downcast::<Dict>().map_err(|_| th.bad_internal_call())?;
        attrib.set(th, key, value)
    }

    /// Return a list of the names of all attributes.
    #[method(sig = "(self, /)")]
    fn keys(&self, th: &Thread) -> PyResult<Owned<List>> {
        self.attributes(th)?.map_or_else(|| List::new(th), |attrib| attrib.keys(th))
    }

    /// Return a list of the names and values of all attributes.
    #[method(sig = "(self, /)")]
    fn items(&self, th: &Thread) -> PyResult<Owned<List>> {
        self.attributes(th)?.map_or_else(|| List::new(th), |attrib| attrib.items(th))
    }

    /// Return the first child with a tag, or the first element that a path leads to; or None.
    #[method(sig = "(self, /, path, namespaces=None)", with_class)]
    fn find(
        this: Borrowed<'_, Self>,
        th: &Thread,
        path: Borrowed<'_>,
        namespaces: Option<Borrowed<'_>>,
    ) -> PyResult {
        if is_path(path) || namespaces.is_some() {
            return Element::by_path(this, th, "find", path, &[namespaces]);
        }
        let found = this.get().find_tag(th, path)?;
        Ok(found.map_or_else(|| none().to_owned(), Owned::into_object))
    }

    /// Return the text of what find() returns, or default if it finds nothing.
    #[method(sig = "(self, /, path, default=None, namespaces=None)", with_class)]
    fn findtext(
        this: Borrowed<'_, Self>,
        th: &Thread,
        path: Borrowed<'_>,
        default: Option<Borrowed<'_>>,
        namespaces: Option<Borrowed<'_>>,
    ) -> PyResult {
        if is_path(path) || namespaces.is_some() {
            return Element::by_path(this, th, "findtext", path, &[default, namespaces]);
        }
        let Some(found) = this.get().find_tag(th, path)? else {
            return Ok(default.unwrap_or(none()).to_owned());
        };
        let text = found.text();
        if text.borrow().is_none() { Str::new(th, "").map(Owned::into_object) } else { Ok(text) }
    }

    /// Return a list of all children with a tag, or of all elements that a path leads to.
    #[method(sig = "(self, /, path, namespaces=None)", with_class)]
    fn findall(
        this: Borrowed<'_, Self>,
        th: &Thread,
        path: Borrowed<'_>,
        namespaces: Option<Borrowed<'_>>,
    ) -> PyResult {
        if is_path(path) || namespaces.is_some() {
            return Element::by_path(this, th, "findall", path, &[namespaces]);
        }
        let found = List::new(th)?;
        let mut at = 0;
        while let Some(child) = this.get().child(at) {
            if child.is_named(th, path)? {
                found.push(th, child.into_object())?;
            }
            at += 1;
        }
        Ok(found.into_object())
    }

    /// Return an iterator over what findall() lists.
    #[method(sig = "(self, /, path, namespaces=None)", with_class)]
    fn iterfind(
        this: Borrowed<'_, Self>,
        th: &Thread,
        path: Borrowed<'_>,
        namespaces: Option<Borrowed<'_>>,
    ) -> PyResult {
        Element::by_path(this, th, "iterfind", path, &[namespaces])
    }

    /// Return an iterator over the element and all below it, in the document's order, or those with a tag.
    #[method(sig = "(self, /, tag=None)", with_class)]
    fn iter(
        this: Borrowed<'_, Self>,
        th: &Thread,
        tag: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<ElementIterator>> {
        let tag = tag.filter(|tag| match (tag.downcast::<Str>(), tag.downcast::<Bytes>()) {
            (Some(text), _) => !text.eq_str("*"),
            (_, Some(bytes)) => bytes.as_bytes() != b"*",
            _ => true,
        });
        ElementIterator::make(th, this, tag, false)
    }

    /// Return an iterator over all text within the element, in the document's order.
    #[method(sig = "(self, /)", with_class)]
    fn itertext(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<ElementIterator>> {
        ElementIterator::make(th, this, None, true)
    }

    /// Return a new element, which is not added to this one.
    #[method(sig = "(self, tag, attrib, /)", with_class)]
    fn makeelement(
        &self,
        th: &Thread,
        tag: Borrowed<'_>,
        attrib: Borrowed<'_, Dict>,
    ) -> PyResult<Owned<Element>> {
        Element::make(th, tag.to_owned(), Some(attrib.copy(th)?))
    }

    /// Take out all children, attributes and text.
    #[method(sig = "(self, /)")]
    fn clear(&self) {
        if let Some(parts) = self.parts_if_any() {
            let (attrib, children) = (parts.attrib.take(), parts.children.take());
            drop((attrib, children));
        }
        drop(self.text.take());
        drop(self.tail.take());
    }

    #[method(sig = "(self, /)")]
    fn __sizeof__(this: Borrowed<'_, Self>) -> usize {
        let mut size = this.object().ty().raw().tp_basicsize as usize;
        if let Some(parts) = this.parts_if_any() {
            let children = parts.children.borrow();
            if !children.is_empty() || parts.attrib.get().is_some() {
                size += size_of::<[usize; 4 + FEW]>();
            }
            if children.len() > FEW {
                size += children.capacity() * size_of::<usize>();
            }
        }
        size
    }
}
