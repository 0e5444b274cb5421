//! Iterators over an element and all below it, or over their text.

use std::cell::{Cell, RefCell};
use std::ffi::c_int;

use krait_objects::gc::Visit;
use krait_objects::prelude::*;

use super::element::Element;
use crate::late::Late;

/// The elements that the iterator is in, each with how many of its children it has been to.
pub struct Path(Late<RefCell<Vec<(Owned<Element>, usize)>>>);

impl Visit for Path {
    fn visit(&self, visitor: &mut Visitor<'_>) -> c_int {
        let path = self.0.borrow();
        path.iter()
            .map(|(element, _)| visitor.visit(Some(element.borrow())))
            .find(|&s| s != 0)
            .unwrap_or(0)
    }

    fn clear(&self) {
        drop(self.0.take());
    }
}

/// Goes over the elements of a tree.
#[pytype(
    name = "_elementtree._element_iterator",
    flags(HAVE_GC, DISALLOW_INSTANTIATION, IMMUTABLETYPE)
)]
#[repr(C)]
pub struct ElementIterator {
    head: Head,
    #[visit]
    path: Path,
    /// Where it begins, until it has.
    #[visit]
    root: Slot<Element>,
    #[visit]
    tag: Slot,
    text: Cell<bool>,
}

/// What comes next.
enum Step {
    Element(Owned<Element>),
    Text(Owned),
    End,
}

impl ElementIterator {
    pub fn make(
        th: &Thread,
        root: Borrowed<'_, Element>,
        tag: Option<Borrowed<'_>>,
        text: bool,
    ) -> PyResult<Owned<ElementIterator>> {
        let class = Borrowed::from_ref(ElementIterator::type_object());
        let iterator = class.alloc::<ElementIterator>(th, 0)?;
        iterator.root.set(Some(root.to_owned()));
        iterator.tag.set(tag.map(Borrowed::to_owned));
        iterator.text.set(text);
        Ok(iterator)
    }

    fn enter(&self, element: &Owned<Element>) {
        self.path.0.borrow_mut().push((element.clone(), 0));
    }

    /// Goes to the next element, or leaves one behind which there is text.
    fn step(&self) -> Step {
        loop {
            let inner = self.path.0.borrow().last().map(|(element, at)| (element.clone(), *at));
            let Some((parent, at)) = inner else {
                let Some(root) = self.root.take() else { return Step::End };
                self.enter(&root);
                return Step::Element(root);
            };
            if let Some(child) = parent.child(at) {
                if let Some(last) = self.path.0.borrow_mut().last_mut() {
                    last.1 += 1;
                }
                self.enter(&child);
                return Step::Element(child);
            }
            let left = self.path.0.borrow_mut().pop();
            drop(left);
            // What stands behind the element that it began with is not within it.
            if self.text.get() && !self.path.0.borrow().is_empty() {
                return Step::Text(parent.tail());
            }
        }
    }
}

#[pymethods]
impl ElementIterator {
    #[slot(tp_iternext)]
    fn next(&self, th: &Thread) -> PyResult<Option<Owned>> {
        loop {
            let text = match self.step() {
                Step::End => return Ok(None),
                Step::Text(text) => text,
                Step::Element(element) if self.text.get() => {
                    // The text of a comment is none of the document's.
                    let tag = element.tag();
                    if !tag.is_none() && tag.borrow().downcast::<Str>().is_none() {
                        continue;
                    }
                    element.text()
                }
                Step::Element(element) => match self.tag.get_owned() {
                    Some(tag) if !object::eq(th, element.tag().borrow(), tag.borrow())? => continue,
                    _ => return Ok(Some(element.into_object())),
                },
            };
            if object::is_true(th, text.borrow())? {
                return Ok(Some(text));
            }
        }
    }
}
