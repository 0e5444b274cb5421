//! Copies of elements, and what `pickle` keeps of them.

use krait_objects::prelude::*;

use super::element::{Element, checked};
use super::{filled, state};

/// `copy.deepcopy`, without the way through Python for what is plain, or referred to from here alone.
fn deep(th: &Thread, ob: Borrowed<'_>, memo: Borrowed<'_, Dict>) -> PyResult {
    if ob.is_none() || ob.is_exact::<Str>() {
        return Ok(ob.to_owned());
    }
    // Only what others refer to as well has to be looked for in `memo`; our caller holds one reference.
    if ob.get().ref_count() <= 2 {
        if let Some(dict) = ob.downcast_exact::<Dict>() {
            let mut position = 0;
            let plain =
                |(key, value): (Owned, Owned)| key.is_exact::<Str>() && value.is_exact::<Str>();
            if std::iter::from_fn(|| dict.next(&mut position)).all(plain) {
                return dict.copy(th).map(Owned::into_object);
            }
        } else if let Some(element) = ob.downcast_exact::<Element>() {
            return Element::__deepcopy__(element, th, memo).map(Owned::into_object);
        }
    }
    let deepcopy = filled(th, &state(th).deepcopy)?;
    call::call(th, deepcopy.borrow(), &[ob, memo.object()])
}

/// Text that may be a list of pieces.
fn joined(th: &Thread, text: Owned) -> PyResult {
    let Some(list) = text.borrow().downcast_exact::<List>() else { return Ok(text) };
    let pieces = list.to_vec();
    let pieces: Vec<_> = pieces.iter().map(Owned::borrow).collect();
    Str::join(th, Str::new(th, "")?.borrow(), &pieces).map(Owned::into_object)
}

const STATE: [&str; 5] = ["tag", "_children", "attrib", "text", "tail"];

#[pymethods(part = "copy")]
impl Element {
    #[method(sig = "(self, /)", with_class)]
    fn __copy__(&self, th: &Thread) -> PyResult<Owned<Element>> {
        let copy = Element::make(th, self.tag(), None)?;
        copy.text.set(self.text.get_owned());
        copy.tail.set(self.tail.get_owned());
        if let Some(parts) = self.parts_if_any() {
            copy.parts().attrib.set(parts.attrib.get_owned());
            *copy.parts().children.borrow_mut() = parts.children.borrow().clone();
        }
        Ok(copy)
    }

    #[method(sig = "(self, memo, /)")]
    fn __deepcopy__(
        this: Borrowed<'_, Self>,
        th: &Thread,
        memo: Borrowed<'_, Dict>,
    ) -> PyResult<Owned<Element>> {
        th.check_stack(" in Element.__deepcopy__")?;
        let element = this.get();
        let tag = deep(th, element.tag().borrow(), memo)?;
        let copy = Element::make(th, tag, None)?;
        if let Some(attrib) = element.attributes(th)? {
            copy.parts().attrib.set(Some(deep(th, attrib.object(), memo)?));
        }
        copy.text.set(Some(deep(th, element.text().borrow(), memo)?));
        copy.tail.set(Some(deep(th, element.tail().borrow(), memo)?));
        let mut at = 0;
        while let Some(child) = element.child(at) {
            copy.add(checked(th, deep(th, child.object(), memo)?.borrow())?);
            at += 1;
        }
        let id = Int::from_usize(th, this.as_ptr() as usize)?;
        memo.set(th, id.object(), copy.object())?;
        Ok(copy)
    }

    #[method(sig = "(self, /)")]
    fn __getstate__(&self, th: &Thread) -> PyResult<Owned<Dict>> {
        let children = List::new(th)?;
        let mut at = 0;
        while let Some(child) = self.child(at) {
            children.push(th, child.into_object())?;
            at += 1;
        }
        let attrib = match self.parts_if_any().and_then(|parts| parts.attrib.get_owned()) {
            Some(attrib) => attrib,
            None => Dict::new(th)?.into_object(),
        };
        let values = [self.tag(), children.into_object(), attrib, self.text(), self.tail()];
        let state = Dict::new(th)?;
        for (name, value) in STATE.into_iter().zip(values) {
            state.set_owned(th, Str::interned(th, name)?.into_object(), value)?;
        }
        Ok(state)
    }

    #[method(sig = "(self, state, /)", with_class)]
    fn __setstate__(&self, th: &Thread, state: Borrowed<'_>) -> PyResult<()> {
        let Some(state) = state.downcast_exact::<Dict>() else {
            let shown = object::repr(th, state)?;
            let shown = shown.to_string_lossy();
            let message = "Don't know how to unpickle";
            return Err(raise!(th, TYPE_ERROR, "{message} \"{shown:.200}\" as an Element"));
        };
        let mut values = STATE.map(|_| None);
        let mut position = 0;
        while let Some((key, value)) = state.next(&mut position) {
            let name = object::str(th, key.borrow())?.to_string_lossy();
            match STATE.iter().position(|known| *known == name) {
                Some(at) => values[at] = Some(value),
                None => {
                    let what = "this function got an unexpected keyword argument";
                    return Err(raise!(th, TYPE_ERROR, "{what} '{name}'"));
                }
            }
        }
        let [tag, children, attrib, text, tail] = values;
        let Some(tag) = tag else { return Err(th.raise(exc::TYPE_ERROR, "tag may not be NULL")) };
        drop(self.tag.replace(Some(tag)));
        drop(self.text.replace(text.map(|text| joined(th, text)).transpose()?));
        drop(self.tail.replace(tail.map(|tail| joined(th, tail)).transpose()?));
        if children.is_none() && attrib.is_none() {
            return Ok(());
        }
        let mut new = Vec::new();
        if let Some(children) = children {
            let Some(children) = children.object().downcast::<List>() else {
                return Err(th.raise(exc::TYPE_ERROR, "'_children' is not a list"));
            };
            for child in children.to_vec() {
                new.push(checked(th, child.borrow())?);
            }
        }
        let old = self.parts().children.replace(new);
        drop((old, self.parts().attrib.replace(attrib)));
        Ok(())
    }
}
