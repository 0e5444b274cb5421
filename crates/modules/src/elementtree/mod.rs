//! `_elementtree`: what `xml.etree.ElementTree` has in Python once more, native.
//!
//! Relies on `krait_xml`, and on `pyexpat` for encodings that need a table. The same job as CPython's
//! `Modules/_elementtree.c`.

mod arguments;
mod builder;
mod copy;
mod element;
mod iterator;
mod parser;
mod sequence;

use krait_eval::import;
use krait_objects::args::Kwargs;
use krait_objects::prelude::*;

use crate::support::add_exception;
use builder::TreeBuilder;
use element::Element;
use iterator::ElementIterator;
use parser::XmlParser;

/// What the module takes from elsewhere, and what it is told.
#[derive(Default)]
struct State {
    parse_error: Slot<Type>,
    deepcopy: Slot,
    /// `xml.etree.ElementPath`
    paths: Slot,
    comment_factory: Slot,
    pi_factory: Slot,
}

fn state(th: &Thread) -> &State {
    th.interp().state::<State>()
}

/// Something of the state that `exec` has put there.
fn filled<T>(th: &Thread, slot: &Slot<T>) -> PyResult<Owned<T>> {
    slot.get_owned().ok_or_else(|| th.bad_internal_call())
}

/// A factory, unless it is None.
fn factory(th: &Thread, value: Borrowed<'_>, what: &str) -> PyResult<Option<Owned>> {
    if value.is_none() {
        return Ok(None);
    }
    if !object::is_callable(value) {
        let found = value.type_name();
        return Err(raise!(th, TYPE_ERROR, "{what} factory must be callable, not {found:.100}"));
    }
    Ok(Some(value.to_owned()))
}

/// Elements of XML trees, and what builds trees of them.
#[pymodule(name = "_elementtree")]
pub struct ElementTree;

#[pyfunctions]
impl ElementTree {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        let state = state(th);
        let copy = import::import(th, "copy")?;
        let deepcopy =
            object::get_attr(th, copy.borrow(), Str::interned(th, "deepcopy")?.borrow())?;
        state.deepcopy.set(Some(deepcopy));
        let paths =
            import::import_module(th, Str::interned(th, "xml.etree.ElementPath")?.borrow())?;
        state.paths.set(Some(paths));
        // Modules that are imported anew have the same types, and so the same exception.
        match state.parse_error.get_owned() {
            Some(known) => module.add(th, "ParseError", known.object())?,
            None => {
                let place = "xml.etree.ElementTree";
                let error = add_exception(th, module, place, "ParseError", exc::SYNTAX_ERROR)?;
                state.parse_error.set(Some(error));
            }
        }
        Borrowed::from_ref(ElementIterator::type_object()).ready(th)?;
        module.add_type(th, Element::type_object())?;
        module.add_type(th, TreeBuilder::type_object())?;
        module.add_type(th, XmlParser::type_object())
    }

    /// Return a new element, which was added to parent.
    #[function(name = "SubElement", sig = "(*args, **kwargs)", no_text)]
    fn sub_element(
        th: &Thread,
        args: &[Borrowed<'_>],
        kwargs: Kwargs<'_>,
    ) -> PyResult<Owned<Element>> {
        arguments::check_count(th, "SubElement", args, 1)?;
        let Some(parent) = args[0].downcast::<Element>() else {
            return Err(arguments::mismatch(th, "SubElement", 1, Element::NAME, args[0]));
        };
        let given = kwargs.to_dict(th)?;
        let attrib = arguments::attributes(th, "SubElement", args, 1, Some(given.borrow()))?;
        let element = Element::make(th, args[1].to_owned(), attrib)?;
        parent.add(element.clone());
        Ok(element)
    }

    /// Set what makes comments and processing instructions; return what did before.
    #[function(sig = "(comment_factory, pi_factory, /)")]
    fn _set_factories(
        th: &Thread,
        comment_factory: Borrowed<'_>,
        pi_factory: Borrowed<'_>,
    ) -> PyResult<Owned<Tuple>> {
        let comment = factory(th, comment_factory, "Comment")?;
        let pi = factory(th, pi_factory, "PI")?;
        let state = state(th);
        let before = [state.comment_factory.replace(comment), state.pi_factory.replace(pi)];
        Tuple::pack(th, before.map(|old| old.unwrap_or_else(|| none().to_owned())))
    }
}
