//! `TreeBuilder`: makes a tree of what it is told in the document's order.

use std::cell::{Cell, RefCell};
use std::ffi::c_int;

use krait_objects::gc::Visit;
use krait_objects::prelude::*;

use super::element::{Element, checked};
use super::{filled, state};
use crate::late::Late;

/// What can be reported while a tree is built: the names that `XMLPullParser` gives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Report {
    Start,
    End,
    StartNamespace,
    EndNamespace,
    Comment,
    Instruction,
}

pub const REPORTS: [&str; 6] = ["start", "end", "start-ns", "end-ns", "comment", "pi"];

/// A name for each event that is reported, as the caller gave it.
#[derive(Default)]
pub struct Events([Slot; REPORTS.len()]);

impl Visit for Events {
    fn visit(&self, visitor: &mut Visitor<'_>) -> c_int {
        self.0.iter().map(|slot| slot.visit(visitor)).find(|&stop| stop != 0).unwrap_or(0)
    }

    fn clear(&self) {
        self.0.iter().for_each(Visit::clear);
    }
}

/// References that are kept in a row.
pub struct Row(Late<RefCell<Vec<Owned>>>);

impl Visit for Row {
    fn visit(&self, visitor: &mut Visitor<'_>) -> c_int {
        let row = self.0.borrow();
        row.iter().map(|ob| visitor.visit(Some(ob.borrow()))).find(|&s| s != 0).unwrap_or(0)
    }

    fn clear(&self) {
        drop(self.0.take());
    }
}

/// Makes a tree of elements.
#[pytype(name = "xml.etree.ElementTree.TreeBuilder", flags(BASETYPE, HAVE_GC, IMMUTABLETYPE))]
#[repr(C)]
pub struct TreeBuilder {
    head: Head,
    #[visit]
    root: Slot,
    /// The element that is open.
    #[visit]
    this: Slot,
    /// What was opened or closed last; text stands behind its start or its end.
    #[visit]
    last: Slot,
    /// What text stands behind, unless it is within `last`.
    #[visit]
    last_for_tail: Slot,
    /// Pieces of text.
    #[visit]
    data: Row,
    /// The elements outside of `this`, the root's outside last in, first out.
    #[visit]
    stack: Row,
    #[visit]
    element_factory: Slot,
    #[visit]
    comment_factory: Slot,
    #[visit]
    pi_factory: Slot,
    /// `append` of the queue of events.
    #[visit]
    append_event: Slot,
    #[visit]
    events: Events,
    insert_comments: Cell<bool>,
    insert_pis: Cell<bool>,
}

fn add_child(th: &Thread, parent: Borrowed<'_>, child: Borrowed<'_>) -> PyResult<()> {
    if let Some(parent) = parent.downcast_exact::<Element>() {
        parent.get().add(checked(th, child)?);
        return Ok(());
    }
    call::call_method(th, parent, Str::interned(th, "append")?.borrow(), &[child]).map(drop)
}

/// Puts text behind what an attribute has.
fn extend_text(
    th: &Thread,
    element: Borrowed<'_>,
    name: &str,
    slot: fn(&Element) -> &Slot,
    text: Owned,
) -> PyResult<()> {
    if let Some(element) = element.downcast_exact::<Element>() {
        let slot = slot(element.get());
        if slot.get().is_none_or(|text| text.is_none()) {
            drop(slot.replace(Some(text)));
            return Ok(());
        }
    }
    let name = Str::interned(th, name)?;
    let before = object::get_attr(th, element, name.borrow())?;
    let text = match before.borrow().is_none() {
        true => text,
        false => number::add(th, before.borrow(), text.borrow())?,
    };
    object::set_attr(th, element, name.borrow(), text.borrow())
}

impl TreeBuilder {
    /// What an `XMLParser` without a target makes.
    pub fn make(th: &Thread) -> PyResult<Owned<TreeBuilder>> {
        Borrowed::from_ref(TreeBuilder::type_object()).alloc(th, 0)
    }

    pub fn has_event(&self, report: Report) -> bool {
        self.append_event.get().is_some() && self.events.0[report as usize].get().is_some()
    }

    /// Reports to a queue from here on, no events at first.
    pub fn set_events(&self, append: Owned) {
        drop(self.append_event.replace(Some(append)));
        self.events.clear();
    }

    pub fn set_event(&self, report: Report, name: Owned) {
        drop(self.events.0[report as usize].replace(Some(name)));
    }

    /// Reports an event, if somebody wants to know of it.
    pub fn report(&self, th: &Thread, report: Report, what: Owned) -> PyResult<()> {
        let name = self.events.0[report as usize].get_owned();
        let (Some(append), Some(name)) = (self.append_event.get_owned(), name) else {
            return Ok(());
        };
        let event = Tuple::pack(th, [name, what])?;
        call::call(th, append.borrow(), &[event.object()]).map(drop)
    }

    /// Gives the text that has come to what it belongs to.
    fn flush(&self, th: &Thread) -> PyResult<()> {
        if self.data.0.borrow().is_empty() {
            return Ok(());
        }
        let mut data = self.data.0.take();
        let text = match data.len() {
            1 => data.swap_remove(0),
            _ => {
                let pieces: Vec<_> = data.iter().map(Owned::borrow).collect();
                Str::join(th, Str::new(th, "")?.borrow(), &pieces)?.into_object()
            }
        };
        if let Some(before) = self.last_for_tail.get_owned() {
            return extend_text(th, before.borrow(), "tail", |element| &element.tail, text);
        }
        match self.last.get_owned() {
            Some(last) => extend_text(th, last.borrow(), "text", |element| &element.text, text),
            None => Ok(()),
        }
    }

    pub fn add_start(&self, th: &Thread, tag: Owned, attrib: Option<Owned<Dict>>) -> PyResult {
        self.flush(th)?;
        let node = match self.element_factory.get_owned() {
            None => Element::make(th, tag, attrib)?.into_object(),
            Some(factory) => {
                let attrib = attrib.map_or_else(|| Dict::new(th), Ok)?;
                call::call(th, factory.borrow(), &[tag.borrow(), attrib.object()])?
            }
        };
        drop(self.last_for_tail.take());
        let outer = self.this.get_owned();
        if let Some(outer) = &outer {
            add_child(th, outer.borrow(), node.borrow())?;
        } else if self.root.get().is_some() {
            let class = filled(th, &state(th).parse_error)?;
            let message = Str::new(th, "multiple elements on top level")?;
            return Err(th.raise_in(class.borrow(), Some(message.object())));
        } else {
            self.root.set(Some(node.clone()));
        }
        let outer = outer.unwrap_or_else(|| none().to_owned());
        self.stack.0.borrow_mut().push(outer);
        drop(self.this.replace(Some(node.clone())));
        drop(self.last.replace(Some(node.clone())));
        self.report(th, Report::Start, node.clone())?;
        Ok(node)
    }

    pub fn add_data(&self, data: Owned) {
        // Text before the root is nobody's.
        if self.last.get().is_some() {
            self.data.0.borrow_mut().push(data);
        }
    }

    pub fn add_end(&self, th: &Thread) -> PyResult {
        self.flush(th)?;
        let outer = self.stack.0.borrow_mut().pop();
        let (Some(outer), Some(this)) = (outer, self.this.get_owned()) else {
            return Err(th.raise(exc::INDEX_ERROR, "pop from empty stack"));
        };
        drop(self.last.replace(Some(this.clone())));
        drop(self.last_for_tail.replace(Some(this.clone())));
        drop(self.this.replace((!outer.borrow().is_none()).then_some(outer)));
        self.report(th, Report::End, this.clone())?;
        Ok(this)
    }

    /// What is no element: made by its factory, put into the tree if asked for.
    fn add_other(
        &self,
        th: &Thread,
        factory: &Slot,
        insert: bool,
        args: &[Borrowed<'_>],
    ) -> PyResult<Option<Owned>> {
        self.flush(th)?;
        let Some(factory) = factory.get_owned() else { return Ok(None) };
        let made = call::call(th, factory.borrow(), args)?;
        if let Some(this) = self.this.get_owned().filter(|_| insert) {
            add_child(th, this.borrow(), made.borrow())?;
            drop(self.last_for_tail.replace(Some(made.clone())));
        }
        Ok(Some(made))
    }

    pub fn add_comment(&self, th: &Thread, text: Borrowed<'_>) -> PyResult {
        let insert = self.insert_comments.get();
        let made = self.add_other(th, &self.comment_factory, insert, &[text])?;
        let comment = made.unwrap_or_else(|| text.to_owned());
        self.report(th, Report::Comment, comment.clone())?;
        Ok(comment)
    }

    pub fn add_pi(&self, th: &Thread, target: Borrowed<'_>, text: Borrowed<'_>) -> PyResult {
        let made = self.add_other(th, &self.pi_factory, self.insert_pis.get(), &[target, text])?;
        let pi = match made {
            Some(made) => made,
            None => Tuple::from_slice(th, &[target, text])?.into_object(),
        };
        self.report(th, Report::Instruction, pi.clone())?;
        Ok(pi)
    }

    pub fn result(&self) -> Owned {
        self.root.get_owned().unwrap_or_else(|| none().to_owned())
    }
}

#[pymethods]
impl TreeBuilder {
    #[slot(tp_new)]
    fn new(
        cls: Borrowed<'_, Type>,
        th: &Thread,
        _args: Borrowed<'_, Tuple>,
        _kwargs: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<Owned<TreeBuilder>> {
        cls.alloc::<TreeBuilder>(th, 0)
    }

    #[init(
        sig = "(element_factory=None, *, comment_factory=None, pi_factory=None, insert_comments=False, insert_pis=False)"
    )]
    fn init(
        &self,
        th: &Thread,
        element_factory: Option<Borrowed<'_>>,
        comment_factory: Option<Borrowed<'_>>,
        pi_factory: Option<Borrowed<'_>>,
        insert_comments: bool,
        insert_pis: bool,
    ) -> PyResult<()> {
        let state = state(th);
        let comment = comment_factory.map(Borrowed::to_owned);
        let comment = comment.or_else(|| state.comment_factory.get_owned());
        let pi = pi_factory.map(Borrowed::to_owned).or_else(|| state.pi_factory.get_owned());
        self.insert_comments.set(insert_comments && comment.is_some());
        self.insert_pis.set(insert_pis && pi.is_some());
        drop(self.element_factory.replace(element_factory.map(Borrowed::to_owned)));
        drop(self.comment_factory.replace(comment));
        drop(self.pi_factory.replace(pi));
        Ok(())
    }

    /// Open an element, and return it.
    #[method(sig = "(self, tag, attrs, /)")]
    fn start(&self, th: &Thread, tag: Borrowed<'_>, attrs: Borrowed<'_, Dict>) -> PyResult {
        self.add_start(th, tag.to_owned(), Some(attrs.to_owned()))
    }

    /// Add text.
    #[method(sig = "(self, data, /)")]
    fn data(&self, data: Borrowed<'_>) {
        self.add_data(data.to_owned());
    }

    /// Close the element that is open, and return it.
    #[method(sig = "(self, tag, /)")]
    fn end(&self, th: &Thread, tag: Borrowed<'_>) -> PyResult {
        let _ = tag;
        self.add_end(th)
    }

    /// Add a comment, and return it.
    #[method(sig = "(self, text, /)")]
    fn comment(&self, th: &Thread, text: Borrowed<'_>) -> PyResult {
        self.add_comment(th, text)
    }

    /// Add a processing instruction, and return it.
    #[method(sig = "(self, target, text=None, /)")]
    fn pi(&self, th: &Thread, target: Borrowed<'_>, text: Option<Borrowed<'_>>) -> PyResult {
        self.add_pi(th, target, text.unwrap_or(none()))
    }

    /// Return the tree's root.
    #[method(sig = "(self, /)")]
    fn close(&self) -> Owned {
        self.result()
    }
}
