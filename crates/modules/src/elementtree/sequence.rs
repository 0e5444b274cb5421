//! Elements as sequences of their children.

use krait_objects::prelude::*;
use krait_objects::protocol::sequence;
use krait_objects::slice::{self, Key, Slice, SliceRange};

use super::element::{Element, checked};

/// An index or a slice.
fn key(th: &Thread, key: Borrowed<'_>) -> PyResult<Key> {
    if !slice::is_index(key) && key.downcast_exact::<Slice>().is_none() {
        return Err(th.raise(exc::TYPE_ERROR, "element indices must be integers"));
    }
    slice::subscript_kind(th, key, "element")
}

impl Element {
    fn position(&self, index: isize) -> isize {
        if index < 0 { index + self.len() as isize } else { index }
    }

    /// Puts other children in place of those of a slice.
    fn replace_slice(
        &self,
        th: &Thread,
        (start, stop, step): (isize, isize, isize),
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let is_deletion = value.is_none();
        let mut new = Vec::new();
        if let Some(value) = value {
            let items = sequence::fast(th, value, "assignment expects an iterable")?;
            for item in iter::collect(th, items.borrow())? {
                new.push(checked(th, item.borrow())?);
            }
        }
        let range = SliceRange::of(start, stop, step, self.len());
        if step != 1 && !is_deletion && new.len() != range.len {
            let (given, wanted) = (new.len(), range.len);
            return Err(raise!(
                th,
                VALUE_ERROR,
                "attempt to assign sequence of size {given} to extended slice of size {wanted}"
            ));
        }
        let mut children = self.parts().children.borrow_mut();
        let old: Vec<_> = if step == 1 {
            let (from, to) = range.bounds();
            children.splice(from..to, new).collect()
        } else if is_deletion {
            let mut old = Vec::new();
            let mut gone: Vec<usize> = range.ascending().positions().collect();
            gone.reverse();
            gone.into_iter().for_each(|at| old.push(children.remove(at)));
            old
        } else {
            let places = range.positions().zip(new);
            places.map(|(at, item)| std::mem::replace(&mut children[at], item)).collect()
        };
        drop(children);
        drop(old);
        Ok(())
    }
}

#[pymethods(part = "sequence")]
impl Element {
    #[slot(sq_length, mp_length)]
    fn length(&self) -> PyResult<usize> {
        Ok(self.len())
    }

    #[slot(sq_item)]
    fn item(&self, th: &Thread, index: isize) -> PyResult<Owned<Element>> {
        let child = usize::try_from(index).ok().and_then(|at| self.child(at));
        child.ok_or_else(|| th.raise(exc::INDEX_ERROR, "child index out of range"))
    }

    #[slot(sq_ass_item)]
    fn set_item(&self, th: &Thread, index: isize, value: Option<Borrowed<'_>>) -> PyResult<()> {
        let outside = || th.raise(exc::INDEX_ERROR, "child assignment index out of range");
        let at = usize::try_from(index).ok().filter(|&at| at < self.len()).ok_or_else(outside)?;
        let new = value.map(|value| checked(th, value)).transpose()?;
        let mut children = self.parts().children.borrow_mut();
        let old = match new {
            Some(new) => std::mem::replace(&mut children[at], new),
            None => children.remove(at),
        };
        drop(children);
        drop(old);
        Ok(())
    }

    #[slot(mp_subscript)]
    fn subscript(&self, th: &Thread, item: Borrowed<'_>) -> PyResult {
        match key(th, item)? {
            Key::Index(index) => self.item(th, self.position(index)).map(Owned::into_object),
            Key::Slice(start, stop, step) => {
                let range = SliceRange::of(start, stop, step, self.len());
                let children = range.positions().filter_map(|at| self.child(at));
                let children = children.map(Owned::into_object).collect();
                List::from_vec(th, children).map(Owned::into_object)
            }
        }
    }

    #[slot(mp_ass_subscript)]
    fn set_subscript(
        &self,
        th: &Thread,
        item: Borrowed<'_>,
        value: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        match key(th, item)? {
            Key::Index(index) => self.set_item(th, self.position(index), value),
            Key::Slice(start, stop, step) => self.replace_slice(th, (start, stop, step), value),
        }
    }

    /// Add a child behind the others.
    #[method(sig = "(self, subelement, /)", with_class)]
    fn append(&self, subelement: Borrowed<'_, Element>) {
        self.add(subelement.to_owned());
    }

    /// Add children behind the others.
    #[method(sig = "(self, elements, /)", with_class)]
    fn extend(&self, th: &Thread, elements: Borrowed<'_>) -> PyResult<()> {
        let elements = sequence::fast(th, elements, "'elements' must be an iterable")?;
        for element in iter::collect(th, elements.borrow())? {
            self.add(checked(th, element.borrow())?);
        }
        Ok(())
    }

    /// Put a child before the one at index.
    #[method(sig = "(self, index, subelement, /)")]
    fn insert(&self, index: isize, subelement: Borrowed<'_, Element>) {
        let at = self.position(index).clamp(0, self.len() as isize) as usize;
        self.parts().children.borrow_mut().insert(at, subelement.to_owned());
    }

    /// Take out the first child that is, or equals, an element.
    #[method(sig = "(self, subelement, /)")]
    fn remove(&self, th: &Thread, subelement: Borrowed<'_, Element>) -> PyResult<()> {
        let mut at = 0;
        while let Some(child) = self.child(at) {
            if child.borrow().is(subelement) || object::eq(th, child.object(), subelement.object())?
            {
                // The comparison may have changed the children.
                let mut children = self.parts().children.borrow_mut();
                let old = (at < children.len()).then(|| children.remove(at));
                drop(children);
                drop(old);
                return Ok(());
            }
            at += 1;
        }
        Err(th.raise(exc::VALUE_ERROR, "Element.remove(x): element not found"))
    }
}
