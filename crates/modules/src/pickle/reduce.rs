//! Writing what reduces itself: a function, its arguments, and what is done to the result.

use krait_objects::prelude::*;

use super::opcodes::*;
use super::save::Saver;
use crate::notes;

impl Saver<'_> {
    fn class_name(&self, ob: Borrowed<'_>) -> PyResult<Owned<Str>> {
        notes::class_of(self.th, ob)
    }

    /// PicklingError: `what`, and the type of what was there instead.
    #[cold]
    fn wrong_type(&self, what: &str, found: Borrowed<'_>) -> Raised {
        match self.class_name(found) {
            Ok(class) => self.error(&format!("{what}, not {}", *class)),
            Err(raised) => raised,
        }
    }

    /// An object of any other type: by the overriding reducer, as a class or function, or by its own reduction.
    pub(super) fn save_reducible(&mut self, ob: Borrowed<'_>) -> PyResult<()> {
        let th = self.th;
        if let Some(reducer) = self.reducer_override.clone() {
            let reduced = call::call(th, reducer.borrow(), &[ob])?;
            if !reduced.is(not_implemented()) {
                return self.save_reduced(ob, reduced);
            }
        }
        if let Some(class) = ob.downcast_exact::<Type>() {
            return self.save_type(class);
        }
        if ob.is_exact::<krait_eval::function::Function>() {
            return self.save_global(ob, None);
        }
        let class = ob.get().ty().to_owned();
        let reducer = match (&self.dispatch_table, self.state.dispatch_table.get_owned()) {
            (Some(table), _) => mapping::get_opt(th, table.clone().borrow(), class.object())?,
            (None, Some(table)) => table.get(th, class.object())?,
            (None, None) => None,
        };
        let reduced = if let Some(reducer) = reducer {
            call::call(th, reducer.borrow(), &[ob])?
        } else if class.is_subtype(Type::type_object()) {
            return self.save_global(ob, None);
        } else if let Some(method) = object::get_attr_opt(th, ob, id::__reduce_ex__)? {
            let protocol = Int::from_i64(th, self.proto.into())?;
            call::call(th, method.borrow(), &[protocol.object()])?
        } else if let Some(method) = object::get_attr_opt(th, ob, id::__reduce__)? {
            call::call(th, method.borrow(), &[])?
        } else {
            return Err(self.error(&format!("Can't pickle {} object", *self.class_name(ob)?)));
        };
        self.save_reduced(ob, reduced)
    }

    fn save_reduced(&mut self, ob: Borrowed<'_>, reduced: Owned) -> PyResult<()> {
        if let Some(name) = reduced.borrow().downcast::<Str>() {
            return self.save_global(ob, Some(name));
        }
        let result = match reduced.borrow().downcast::<Tuple>() {
            Some(tuple) => self.save_reduction(ob, tuple.get().as_slice()),
            None => {
                Err(self.wrong_type("__reduce__ must return a string or tuple", reduced.borrow()))
            }
        };
        result.map_err(|raised| self.part_note(raised, ob, "object"))
    }

    /// As a call of `function`, with the object's own note.
    pub(super) fn save_call(
        &mut self,
        ob: Borrowed<'_>,
        function: Owned,
        arguments: Owned<Tuple>,
    ) -> PyResult<()> {
        self.save_reduction(ob, &[function.borrow(), arguments.object()])
    }

    /// What `__reduce__` answered.
    fn save_reduction(&mut self, ob: Borrowed<'_>, parts: &[Borrowed<'_>]) -> PyResult<()> {
        let absent = none();
        let part = |at: usize| parts.get(at).copied().unwrap_or(absent);
        let given = |at: usize| Some(part(at)).filter(|part| !part.is_none());
        if !(2..=6).contains(&parts.len()) {
            let message = "tuple returned by __reduce__ must contain 2 through 6 elements";
            return Err(self.error(message));
        }
        let (function, state) = (part(0), given(2));
        let what = |nth: &str, rest: &str| {
            format!("{nth} item of the tuple returned by __reduce__ must be {rest}")
        };
        if !object::is_callable(function) {
            return Err(self.wrong_type(&what("first", "callable"), function));
        }
        let Some(arguments) = part(1).downcast::<Tuple>() else {
            return Err(self.wrong_type(&what("second", "a tuple"), part(1)));
        };
        let (list_items, dict_items, setter) = (given(3), given(4), given(5));
        if let Some(items) = list_items.filter(|items| !iter::is_iterator(*items)) {
            return Err(self.wrong_type(&what("fourth", "an iterator"), items));
        }
        if let Some(items) = dict_items.filter(|items| !iter::is_iterator(*items)) {
            return Err(self.wrong_type(&what("fifth", "an iterator"), items));
        }
        if let Some(setter) = setter.filter(|setter| !object::is_callable(*setter)) {
            return Err(self.wrong_type(&what("sixth", "callable"), setter));
        }
        self.save_construction(ob, function, arguments)?;
        // Its arguments may have led back to it: then the reader has it already.
        match self.memo.with(|memo| memo.get(ob)) {
            Some(number) => {
                self.out.byte(POP);
                self.fetch(number);
            }
            None => self.memoize(ob),
        }
        if let Some(items) = list_items {
            self.batch_appends(items, ob)?;
        }
        if let Some(items) = dict_items {
            self.batch_setitems(items, ob)?;
        }
        match state {
            Some(state) => self.save_state(ob, state, setter),
            None => Ok(()),
        }
    }

    fn save_state(
        &mut self,
        ob: Borrowed<'_>,
        state: Borrowed<'_>,
        setter: Option<Borrowed<'_>>,
    ) -> PyResult<()> {
        let Some(setter) = setter else {
            self.save(state, true).map_err(|raised| self.part_note(raised, ob, "state"))?;
            self.out.byte(BUILD);
            return Ok(());
        };
        self.save(setter, true).map_err(|raised| self.part_note(raised, ob, "state setter"))?;
        self.save(ob, true)?;
        self.save(state, true).map_err(|raised| self.part_note(raised, ob, "state"))?;
        // The setter's answer is of no use.
        self.out.put(&[TUPLE2, REDUCE, POP]);
        Ok(())
    }

    /// The call that makes the object, in the shortest form the protocol has.
    fn save_construction(
        &mut self,
        ob: Borrowed<'_>,
        function: Borrowed<'_>,
        arguments: Borrowed<'_, Tuple>,
    ) -> PyResult<()> {
        if self.proto >= 2
            && let Some(called) = object::get_attr_opt(self.th, function, id::__name__)?
            && let Some(called) = called.borrow().downcast::<Str>()
        {
            if called.eq_str("__newobj_ex__") {
                return self.save_newobj_ex(ob, arguments);
            }
            if called.eq_str("__newobj__") {
                return self.save_newobj(ob, arguments);
            }
        }
        self.save(function, true).map_err(|raised| self.part_note(raised, ob, "reconstructor"))?;
        self.save(arguments.object(), true)
            .map_err(|raised| self.part_note(raised, ob, "reconstructor arguments"))?;
        self.out.byte(REDUCE);
        Ok(())
    }

    /// The class to make an instance of, which must be the object's own.
    fn check_class(&self, function: &str, ob: Borrowed<'_>, class: Borrowed<'_>) -> PyResult<()> {
        let th = self.th;
        if class.downcast::<Type>().is_none() {
            let what = format!("first argument to {function}() must be a class");
            return Err(self.wrong_type(&what, class));
        }
        let own = object::get_attr(th, ob, id::__class__)?;
        if own.is(class) {
            return Ok(());
        }
        let (expected, found) = (object::repr(th, own.borrow())?, object::repr(th, class)?);
        let message =
            format!("first argument to {function}() must be {}, not {}", *expected, *found);
        Err(self.error(&message))
    }

    fn save_newobj(&mut self, ob: Borrowed<'_>, arguments: Borrowed<'_, Tuple>) -> PyResult<()> {
        let Some((class, rest)) = arguments.get().as_slice().split_first() else {
            return Err(self.error("__newobj__ expected at least 1 argument, got 0"));
        };
        self.check_class("__newobj__", ob, *class)?;
        let rest = Tuple::from_slice(self.th, rest)?;
        self.save(*class, true).map_err(|raised| self.part_note(raised, ob, "class"))?;
        self.save(rest.object(), true)
            .map_err(|raised| self.part_note(raised, ob, "__new__ arguments"))?;
        self.out.byte(NEWOBJ);
        Ok(())
    }

    fn save_newobj_ex(&mut self, ob: Borrowed<'_>, arguments: Borrowed<'_, Tuple>) -> PyResult<()> {
        let &[class, args, kwargs] = arguments.get().as_slice() else {
            let given = arguments.len();
            return Err(self.error(&format!("__newobj_ex__ expected 3 arguments, got {given}")));
        };
        self.check_class("__newobj_ex__", ob, class)?;
        let Some(args) = args.downcast::<Tuple>() else {
            return Err(self.wrong_type("second argument to __newobj_ex__() must be a tuple", args));
        };
        let Some(kwargs) = kwargs.downcast::<Dict>() else {
            return Err(self.wrong_type("third argument to __newobj_ex__() must be a dict", kwargs));
        };
        if self.proto >= 4 {
            self.save(class, true).map_err(|raised| self.part_note(raised, ob, "class"))?;
            self.save(args.object(), true)
                .and_then(|()| self.save(kwargs.object(), true))
                .map_err(|raised| self.part_note(raised, ob, "__new__ arguments"))?;
            self.out.byte(NEWOBJ_EX);
            return Ok(());
        }
        let th = self.th;
        let Some(partial) = self.state.partial.get_owned() else {
            return Err(th.bad_internal_call());
        };
        let mut all = vec![object::get_attr(th, class, id::__new__)?, class.to_owned()];
        all.extend(args.get().as_slice().iter().map(|&arg| arg.to_owned()));
        let all = Tuple::from_vec(th, all)?;
        let made = call::call_tuple_dict(th, partial.borrow(), all.borrow(), Some(kwargs))?;
        self.save(made.borrow(), true)
            .map_err(|raised| self.part_note(raised, ob, "reconstructor"))?;
        self.save(Tuple::empty().object(), true)?;
        self.out.byte(REDUCE);
        Ok(())
    }

    fn save_type(&mut self, class: Borrowed<'_, Type>) -> PyResult<()> {
        for singleton in [none(), not_implemented(), ellipsis()] {
            if singleton.get().ty().is(class) {
                let function = Borrowed::from_ref(Type::type_object()).object().to_owned();
                let arguments = Tuple::pack(self.th, [singleton.to_owned()])?;
                return self.save_call(class.object(), function, arguments);
            }
        }
        self.save_global(class.object(), None)
    }
}
