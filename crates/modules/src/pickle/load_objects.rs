//! The instructions that make objects by calling something, and those that fill containers.

use krait_objects::codecs;
use krait_objects::memoryview::MemoryView;
use krait_objects::prelude::*;
use krait_objects::set::Set;

use super::load::{Loader, no_persistent_load};
use super::opcodes::*;
use super::pickler::name;
use super::unpickler;

impl Loader<'_> {
    pub(super) fn object_step(&mut self, opcode: u8) -> PyResult<()> {
        match opcode {
            REDUCE => self.reduce(),
            NEWOBJ => self.new_object(false),
            NEWOBJ_EX => self.new_object(true),
            BUILD => self.build(),
            GLOBAL => self.global(),
            STACK_GLOBAL => self.stack_global(),
            INST => self.instance_of_global(),
            OBJ => self.instance(),
            EXT1 => {
                let code = self.input.byte()?.into();
                self.extension(code)
            }
            EXT2 => {
                let code = u16::from_le_bytes(self.input.array()?).into();
                self.extension(code)
            }
            EXT4 => {
                let code = i32::from_le_bytes(self.input.array()?);
                self.extension(code)
            }
            PERSID => self.persistent_line(),
            BINPERSID => {
                let pid = self.pop()?;
                self.persistent(pid)
            }
            LIST => {
                let items = self.pop_items()?;
                self.push(List::from_vec(self.th, items)?.into_object());
                Ok(())
            }
            DICT => self.dict(),
            EMPTY_SET => {
                self.push(Set::new(self.th)?.into_object());
                Ok(())
            }
            FROZENSET => {
                let items = self.pop_items()?;
                let items: Vec<Borrowed<'_>> = items.iter().map(Owned::borrow).collect();
                let set = Set::new_frozen(self.th, &items)?;
                self.push(set.into_object());
                Ok(())
            }
            APPEND => self.append(),
            APPENDS => {
                let mark = self.pop_mark()?;
                let mark = mark.min(self.stack.len());
                if let Some(list) = self.target::<List>(mark) {
                    let th = self.th;
                    return self.stack.drain(mark..).try_for_each(|item| list.push(th, item));
                }
                let items = self.stack.split_off(mark);
                self.append_all(items)
            }
            SETITEM => self.set_item(),
            SETITEMS => self.set_items(),
            ADDITEMS => self.add_items(),
            NEXT_BUFFER => self.next_buffer(),
            READONLY_BUFFER => self.readonly_buffer(),
            _ => Err(self.unknown(opcode)),
        }
    }

    #[cold]
    fn unknown(&self, opcode: u8) -> Raised {
        match opcode {
            0x20..=0x7e if opcode != b'\'' && opcode != b'\\' => {
                self.error(&format!("invalid load key, '{}'.", char::from(opcode)))
            }
            _ => self.error(&format!("invalid load key, '\\x{opcode:02x}'.")),
        }
    }

    fn reduce(&mut self) -> PyResult<()> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let Some(arguments) = arguments.borrow().downcast::<Tuple>() else {
            return Err(self.th.raise(exc::TYPE_ERROR, "argument list must be a tuple"));
        };
        let made = call::call(self.th, function.borrow(), arguments.get().as_slice())?;
        self.push(made);
        Ok(())
    }

    fn new_object(&mut self, with_keywords: bool) -> PyResult<()> {
        let th = self.th;
        let keywords = if with_keywords { Some(self.pop()?) } else { None };
        let (arguments, class) = (self.pop()?, self.pop()?);
        let opcode = if with_keywords { "NEWOBJ_EX" } else { "NEWOBJ" };
        let wrong = |what: &str, expected: &str, found: Borrowed<'_>| {
            let found = found.type_name();
            self.error(&format!("{opcode} {what} argument must be {expected}, not {found}"))
        };
        let Some(class) = class.borrow().downcast::<Type>() else {
            return Err(wrong("class", "a type", class.borrow()));
        };
        let Some(new) = class.raw().tp_new else {
            let name = class.tp_name();
            return Err(
                self.error(&format!("{opcode} class argument '{name}' doesn't have __new__"))
            );
        };
        if arguments.borrow().downcast::<Tuple>().is_none() {
            return Err(wrong("args", "a tuple", arguments.borrow()));
        }
        if let Some(keywords) = &keywords
            && keywords.borrow().downcast::<Dict>().is_none()
        {
            return Err(wrong("kwargs", "a dict", keywords.borrow()));
        }
        let keywords = keywords.as_ref().map_or(std::ptr::null_mut(), Owned::as_ptr);
        // SAFETY: `tp_new` takes a type, a tuple and a dictionary or NULL.
        let made = unsafe {
            Owned::from_ptr_or_null(new(class.get().as_type_ptr(), arguments.as_ptr(), keywords))
        };
        self.push(made.ok_or_else(|| th.raised_by_c())?);
        Ok(())
    }

    fn find(&self, module: Borrowed<'_>, global: Borrowed<'_>) -> PyResult {
        match &self.find_class {
            Some(find_class) => call::call(self.th, find_class.borrow(), &[module, global]),
            None => unpickler::find_class(self.th, module, global, self.proto, self.fix_imports),
        }
    }

    /// A module and a name in it, a line each.
    fn global_lines(&mut self, encoding: &str) -> PyResult<Owned> {
        let mut lines = Vec::new();
        for _ in 0..2 {
            let range = self.line()?;
            lines.push(codecs::decode(self.th, self.input.slice(range), Some(encoding), None)?);
        }
        self.find(lines[0].object(), lines[1].object())
    }

    fn global(&mut self) -> PyResult<()> {
        let found = self.global_lines("utf-8")?;
        self.push(found);
        Ok(())
    }

    fn stack_global(&mut self) -> PyResult<()> {
        let (global, module) = (self.pop()?, self.pop()?);
        if !global.is_exact::<Str>() || !module.is_exact::<Str>() {
            return Err(self.error("STACK_GLOBAL requires str"));
        }
        let found = self.find(module.borrow(), global.borrow())?;
        self.push(found);
        Ok(())
    }

    fn instance_of_global(&mut self) -> PyResult<()> {
        let mark = self.pop_mark()?;
        let class = self.global_lines("ascii")?;
        let arguments = self.stack.split_off(mark.min(self.stack.len()));
        self.instantiate(class, arguments)
    }

    fn instance(&mut self) -> PyResult<()> {
        let mut arguments = self.pop_items()?;
        if arguments.is_empty() {
            return Err(self.underflow());
        }
        let class = arguments.remove(0);
        self.instantiate(class, arguments)
    }

    /// Without arguments, `__init__` of a class is not called.
    fn instantiate(&mut self, class: Owned, arguments: Vec<Owned>) -> PyResult<()> {
        let th = self.th;
        let made = if arguments.is_empty()
            && class.borrow().downcast::<Type>().is_some()
            && object::get_attr_opt(th, class.borrow(), name(th, "__getinitargs__")?.borrow())?
                .is_none()
        {
            call::call_method(th, class.borrow(), id::__new__, &[class.borrow()])?
        } else {
            let arguments: Vec<Borrowed<'_>> = arguments.iter().map(Owned::borrow).collect();
            call::call(th, class.borrow(), &arguments)?
        };
        self.push(made);
        Ok(())
    }

    /// What a number registered with `copyreg` stands for.
    fn extension(&mut self, code: i32) -> PyResult<()> {
        let th = self.th;
        if code <= 0 {
            return Err(self.error("EXT specifies code <= 0"));
        }
        let (Some(cache), Some(registry)) =
            (self.state.extension_cache.get_owned(), self.state.inverted_registry.get_owned())
        else {
            return Err(th.bad_internal_call());
        };
        let key = Int::from_i64(th, code.into())?;
        if let Some(found) = cache.get(th, key.object())? {
            self.push(found);
            return Ok(());
        }
        let Some(pair) = registry.get(th, key.object())? else {
            return Err(raise!(th, VALUE_ERROR, "unregistered extension code {code}"));
        };
        let names = pair.borrow().downcast_exact::<Tuple>().map(|pair| pair.get().as_slice());
        let Some(&[module, global]) =
            names.filter(|names| names.iter().all(|name| name.downcast::<Str>().is_some()))
        else {
            let what = format!("_inverted_registry[{code}]");
            return Err(raise!(th, VALUE_ERROR, "{what} isn't a 2-tuple of strings"));
        };
        let found = self.find(module, global)?;
        cache.set(th, key.object(), found.borrow())?;
        self.push(found);
        Ok(())
    }

    fn persistent_line(&mut self) -> PyResult<()> {
        if self.persistent_load.is_none() {
            return Err(no_persistent_load(self.th));
        }
        let range = self.input.line()?;
        let line = self.input.slice(range);
        let Some(text) = std::str::from_utf8(line).ok().filter(|_| line.is_ascii()) else {
            return Err(self.error("persistent IDs in protocol 0 must be ASCII strings"));
        };
        let pid = Str::new(self.th, text)?;
        self.persistent(pid.into_object())
    }

    fn persistent(&mut self, pid: Owned) -> PyResult<()> {
        let Some(load) = &self.persistent_load else {
            return Err(no_persistent_load(self.th));
        };
        let found = call::call(self.th, load.borrow(), &[pid.borrow()])?;
        self.push(found);
        Ok(())
    }

    fn dict(&mut self) -> PyResult<()> {
        let items = self.pop_items()?;
        if items.len() % 2 != 0 {
            return Err(self.error("odd number of items for DICT"));
        }
        let dict = Dict::new(self.th)?;
        for pair in items.chunks_exact(2) {
            dict.set(self.th, pair[0].borrow(), pair[1].borrow())?;
        }
        self.push(dict.into_object());
        Ok(())
    }

    fn append(&mut self) -> PyResult<()> {
        let item = self.pop()?;
        if let Some(list) = self.top()?.downcast_exact::<List>() {
            return list.get().push(self.th, item);
        }
        self.append_all(vec![item])
    }

    /// To the object on top; one that has no `extend` gets them one by one.
    fn append_all(&mut self, items: Vec<Owned>) -> PyResult<()> {
        let th = self.th;
        let target = self.top()?.to_owned();
        if let Some(list) = target.borrow().downcast_exact::<List>() {
            return items.into_iter().try_for_each(|item| list.get().push(th, item));
        }
        if items.is_empty() {
            return Ok(());
        }
        if let Some(extend) = object::get_attr_opt(th, target.borrow(), id::extend)? {
            let items = List::from_vec(th, items)?;
            return call::call(th, extend.borrow(), &[items.object()]).map(drop);
        }
        let append = object::get_attr(th, target.borrow(), id::append)?;
        items
            .iter()
            .try_for_each(|item| call::call(th, append.borrow(), &[item.borrow()]).map(drop))
    }

    fn set_item(&mut self) -> PyResult<()> {
        let (value, key) = (self.pop()?, self.pop()?);
        let th = self.th;
        let target = self.top()?;
        match target.downcast_exact::<Dict>() {
            Some(dict) => dict.get().set_owned(th, key, value),
            None => {
                let target = target.to_owned();
                object::set_item(th, target.borrow(), key.borrow(), value.borrow())
            }
        }
    }

    /// The object below `mark`, if it is exactly of that type and nothing is in the way of taking it.
    fn target<T: Instance>(&self, mark: usize) -> Option<Owned<T>> {
        let at = mark.checked_sub(1).filter(|&at| at >= self.fence)?;
        self.stack.get(at)?.borrow().downcast_exact::<T>().map(Borrowed::to_owned)
    }

    fn set_items(&mut self) -> PyResult<()> {
        let th = self.th;
        let mark = self.pop_mark()?;
        let mark = mark.min(self.stack.len());
        if let Some(dict) = self.target::<Dict>(mark)
            && (self.stack.len() - mark).is_multiple_of(2)
        {
            let mut items = self.stack.drain(mark..);
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                dict.set_owned(th, key, value)?;
            }
            return Ok(());
        }
        let items = self.stack.split_off(mark);
        let target = self.top()?.to_owned();
        if !items.len().is_multiple_of(2) {
            return Err(self.error("odd number of items for SETITEMS"));
        }
        for pair in items.chunks_exact(2) {
            object::set_item(th, target.borrow(), pair[0].borrow(), pair[1].borrow())?;
        }
        Ok(())
    }

    fn add_items(&mut self) -> PyResult<()> {
        let items = self.pop_items()?;
        let th = self.th;
        let target = self.top()?.to_owned();
        if let Some(set) = target.borrow().downcast::<Set>().filter(|_| Set::check(&target)) {
            return items.iter().try_for_each(|item| set.get().add(th, item.borrow()));
        }
        if items.is_empty() {
            return Ok(());
        }
        let add = object::get_attr(th, target.borrow(), id::add)?;
        items.iter().try_for_each(|item| call::call(th, add.borrow(), &[item.borrow()]).map(drop))
    }

    /// Gives the object on top its state.
    fn build(&mut self) -> PyResult<()> {
        let th = self.th;
        let state = self.pop()?;
        let target = self.top()?.to_owned();
        if let Some(set_state) = object::get_attr_opt(th, target.borrow(), id::__setstate__)? {
            return call::call(th, set_state.borrow(), &[state.borrow()]).map(drop);
        }
        let (attributes, slots) =
            match state.borrow().downcast::<Tuple>().map(|pair| pair.get().as_slice()) {
                Some(&[attributes, slots]) => (attributes.to_owned(), Some(slots.to_owned())),
                _ => (state, None),
            };
        if !attributes.is_none() {
            let Some(attributes) = attributes.borrow().downcast::<Dict>() else {
                return Err(self.error("state is not a dictionary"));
            };
            let own = object::get_attr(th, target.borrow(), id::__dict__)?;
            let mut position = 0;
            while let Some((mut key, value)) = attributes.next(&mut position) {
                // Names of attributes are interned, as the compiler does it.
                if key.is_exact::<Str>()
                    && let Ok(text) = key.clone().downcast::<Str>()
                {
                    key = Str::intern(th, text)?.into_object();
                }
                object::set_item(th, own.borrow(), key.borrow(), value.borrow())?;
            }
        }
        let Some(slots) = slots.filter(|slots| !slots.is_none()) else {
            return Ok(());
        };
        let Some(slots) = slots.borrow().downcast::<Dict>() else {
            return Err(self.error("slot state is not a dictionary"));
        };
        let mut position = 0;
        while let Some((key, value)) = slots.next(&mut position) {
            let Some(name) = key.borrow().downcast::<Str>() else {
                let found = key.type_name();
                let what = "attribute name must be string";
                return Err(raise!(th, TYPE_ERROR, "{what}, not '{found}'"));
            };
            object::set_attr(th, target.borrow(), name, value.borrow())?;
        }
        Ok(())
    }

    fn next_buffer(&mut self) -> PyResult<()> {
        let Some(buffers) = self.buffers.clone() else {
            let message =
                "pickle stream refers to out-of-band data but no *buffers* argument was given";
            return Err(self.error(message));
        };
        match iter::next(self.th, buffers.borrow())? {
            Some(buffer) => {
                self.push(buffer);
                Ok(())
            }
            None => Err(self.error("not enough out-of-band buffers")),
        }
    }

    fn readonly_buffer(&mut self) -> PyResult<()> {
        let th = self.th;
        let view = MemoryView::new(th, self.top()?)?;
        let read_only = object::get_attr(th, view.object(), name(th, "readonly")?.borrow())?;
        if object::is_true(th, read_only.borrow())? {
            return Ok(());
        }
        let view = call::call_method(th, view.object(), name(th, "toreadonly")?.borrow(), &[])?;
        let old = self.pop()?;
        self.push(view);
        drop(old);
        Ok(())
    }
}
