//! Writing tuples, lists, dictionaries and sets. Items go to the reader's stack in batches.

use krait_objects::prelude::*;
use krait_objects::set::{self, FrozenSet};

use super::opcodes::*;
use super::save::Saver;
use crate::notes;

impl Saver<'_> {
    /// Adds to an exception which item of `container` was being written.
    #[cold]
    pub(super) fn item_note(
        &self,
        raised: Raised,
        container: Borrowed<'_>,
        index: usize,
    ) -> Raised {
        notes::add(self.th, raised, || {
            let class = notes::class_of(self.th, container)?;
            Ok(format!("when serializing {} item {index}", *class))
        })
    }

    /// Adds to an exception whose `what` was being written.
    #[cold]
    pub(super) fn part_note(&self, raised: Raised, ob: Borrowed<'_>, what: &str) -> Raised {
        notes::add(self.th, raised, || {
            Ok(format!("when serializing {} {what}", *notes::class_of(self.th, ob)?))
        })
    }

    fn number_of(&self, ob: Borrowed<'_>) -> Option<usize> {
        self.memo.with(|memo| memo.get(ob))
    }

    pub(super) fn save_tuple(&mut self, tuple: Borrowed<'_, Tuple>) -> PyResult<()> {
        let items = tuple.get().as_slice();
        if items.is_empty() {
            match self.bin {
                true => self.out.byte(EMPTY_TUPLE),
                false => self.out.put(&[MARK, TUPLE]),
            }
            return Ok(());
        }
        let short = items.len() <= 3 && self.proto >= 2;
        if !short {
            self.out.byte(MARK);
        }
        for (index, item) in items.iter().enumerate() {
            self.save(*item, true)
                .map_err(|raised| self.item_note(raised, tuple.object(), index))?;
        }
        // Its items may have led back to it: then the reader has it already, and drops what it has now.
        if let Some(number) = self.number_of(tuple.object()) {
            match (short, self.bin) {
                (true, _) => self.out.put(&vec![POP; items.len()]),
                (false, true) => self.out.byte(POP_MARK),
                (false, false) => self.out.put(&vec![POP; items.len() + 1]),
            }
            self.fetch(number);
            return Ok(());
        }
        self.out.byte(match items.len() {
            1 if short => TUPLE1,
            2 if short => TUPLE2,
            3 if short => TUPLE3,
            _ => TUPLE,
        });
        self.memoize(tuple.object());
        Ok(())
    }

    pub(super) fn save_list(&mut self, list: Borrowed<'_, List>) -> PyResult<()> {
        self.enter(list.object())?;
        match self.bin {
            true => self.out.byte(EMPTY_LIST),
            false => self.out.put(&[MARK, LIST]),
        }
        self.memoize(list.object());
        self.list_items(list)?;
        self.leave();
        Ok(())
    }

    fn list_items(&mut self, list: Borrowed<'_, List>) -> PyResult<()> {
        let mut next = 0;
        let alone = list.len() == 1 || self.proto == 0;
        while let Some(mut item) = list.get().get(next) {
            if !alone {
                self.out.byte(MARK);
            }
            let end = if alone { next + 1 } else { next + BATCH };
            loop {
                self.save(item.borrow(), true)
                    .map_err(|raised| self.item_note(raised, list.object(), next))?;
                next += 1;
                match list.get().get(next).filter(|_| next < end) {
                    Some(more) => item = more,
                    None => break,
                }
            }
            self.out.byte(if alone { APPEND } else { APPENDS });
        }
        Ok(())
    }

    /// The items of an iterator, appended to `container`.
    pub(super) fn batch_appends(
        &mut self,
        items: Borrowed<'_>,
        container: Borrowed<'_>,
    ) -> PyResult<()> {
        let th = self.th;
        let mut index = 0;
        let mut first = iter::next(th, items)?;
        while let Some(item) = first {
            // One alone needs no mark.
            let mut second = if self.proto == 0 { None } else { iter::next(th, items)? };
            let batch = second.is_some();
            if batch {
                self.out.byte(MARK);
            }
            let mut current = item;
            let mut count = 0;
            loop {
                self.save(current.borrow(), true)
                    .map_err(|raised| self.item_note(raised, container, index))?;
                index += 1;
                count += 1;
                match second.take() {
                    Some(next) => current = next,
                    None => break,
                }
                if count < BATCH - 1 {
                    second = iter::next(th, items)?;
                }
            }
            self.out.byte(if batch { APPENDS } else { APPEND });
            first = match (self.proto, batch, count) {
                (0, ..) | (_, true, BATCH) => iter::next(th, items)?,
                _ => None,
            };
        }
        Ok(())
    }

    pub(super) fn save_dict(&mut self, dict: Borrowed<'_, Dict>) -> PyResult<()> {
        self.enter(dict.object())?;
        match self.bin {
            true => self.out.byte(EMPTY_DICT),
            false => self.out.put(&[MARK, DICT]),
        }
        self.memoize(dict.object());
        if !dict.is_empty() {
            self.dict_items(dict)?;
        }
        self.leave();
        Ok(())
    }

    fn dict_items(&mut self, dict: Borrowed<'_, Dict>) -> PyResult<()> {
        let len = dict.len();
        let mut position = 0;
        let alone = len == 1 || self.proto == 0;
        loop {
            if !alone {
                self.out.byte(MARK);
            }
            let mut count = 0;
            while let Some((key, value)) = dict.next(&mut position) {
                self.save_entry(key, value, dict.object())?;
                if alone {
                    self.out.byte(SETITEM);
                }
                count += 1;
                if count == BATCH && !alone {
                    break;
                }
            }
            if !alone {
                self.out.byte(SETITEMS);
            }
            if dict.len() != len {
                let message = "dictionary changed size during iteration";
                return Err(self.th.raise(exc::RUNTIME_ERROR, message));
            }
            if alone || count < BATCH {
                return Ok(());
            }
        }
    }

    fn save_entry(&mut self, key: Owned, value: Owned, container: Borrowed<'_>) -> PyResult<()> {
        self.save(key.borrow(), true)?;
        self.save(value.borrow(), true).map_err(|raised| {
            notes::add(self.th, raised, || {
                let class = notes::class_of(self.th, container)?;
                let key = object::repr(self.th, key.borrow())?;
                Ok(format!("when serializing {} item {}", *class, *key))
            })
        })
    }

    /// The pairs of an iterator, set as items of `container`.
    pub(super) fn batch_setitems(
        &mut self,
        items: Borrowed<'_>,
        container: Borrowed<'_>,
    ) -> PyResult<()> {
        let mut first = self.next_pair(items)?;
        while let Some(pair) = first {
            let mut second = if self.proto == 0 { None } else { self.next_pair(items)? };
            let batch = second.is_some();
            if batch {
                self.out.byte(MARK);
            }
            let mut current = pair;
            let mut count = 0;
            loop {
                self.save_entry(current.0, current.1, container)?;
                count += 1;
                match second.take() {
                    Some(next) => current = next,
                    None => break,
                }
                if count < BATCH - 1 {
                    second = self.next_pair(items)?;
                }
            }
            self.out.byte(if batch { SETITEMS } else { SETITEM });
            first = match (self.proto, batch, count) {
                (0, ..) | (_, true, BATCH) => self.next_pair(items)?,
                _ => None,
            };
        }
        Ok(())
    }

    fn next_pair(&self, items: Borrowed<'_>) -> PyResult<Option<(Owned, Owned)>> {
        let Some(pair) = iter::next(self.th, items)? else {
            return Ok(None);
        };
        match pair.borrow().downcast::<Tuple>().map(|pair| pair.get().as_slice()) {
            Some(&[key, value]) => Ok(Some((key.to_owned(), value.to_owned()))),
            _ => {
                let message = "dict items iterator must return 2-tuples";
                Err(self.th.raise(exc::TYPE_ERROR, message))
            }
        }
    }

    pub(super) fn save_any_set(&mut self, ob: Borrowed<'_>) -> PyResult<()> {
        let th = self.th;
        let frozen = ob.is_exact::<FrozenSet>();
        let Some(set) = set::any_set(ob) else {
            return Err(th.bad_internal_call());
        };
        if self.proto < 4 {
            let items = List::from_iterable(th, ob)?;
            let arguments = Tuple::pack(th, [items.into_object()])?;
            return self.save_call(ob, ob.get().ty().object().to_owned(), arguments);
        }
        if !frozen {
            self.out.byte(EMPTY_SET);
            self.memoize(ob);
            if set.is_empty() {
                return Ok(());
            }
        }
        let len = set.len();
        let mut position = 0;
        loop {
            self.out.byte(MARK);
            let mut count = 0;
            while let Some(item) = set.next(&mut position) {
                self.save(item.borrow(), true)
                    .map_err(|raised| self.part_note(raised, ob, "element"))?;
                count += 1;
                if count == BATCH && !frozen {
                    break;
                }
            }
            if frozen {
                break;
            }
            self.out.byte(ADDITEMS);
            if set.len() != len {
                let message = "set changed size during iteration";
                return Err(th.raise(exc::RUNTIME_ERROR, message));
            }
            if count < BATCH {
                return Ok(());
            }
        }
        if let Some(number) = self.number_of(ob) {
            self.out.byte(POP_MARK);
            self.fetch(number);
            return Ok(());
        }
        self.out.byte(FROZENSET);
        self.memoize(ob);
        Ok(())
    }
}
