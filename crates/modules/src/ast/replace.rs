//! Copies of nodes: what `copy`, `pickle` and `copy.replace` ask of them.
//!
//! The same job as `ast_type_reduce` and `ast_type_replace` in CPython's generated `Python/Python-ast.c`.

use krait_abi as abi;
use krait_objects::prelude::*;
use krait_objects::set::Set;
use krait_objects::typeobj::StaticCell;
use krait_objects::union::Union;

use super::classes::{self, Classes};
use super::node::Ast;

#[pymethods(part = "copying")]
impl Ast {
    /// For pickling and copying: the class, as many arguments as it has fields set, and the fields.
    #[method(sig = "(self, /)")]
    fn __reduce__(this: Borrowed<'_, Self>, th: &Thread) -> PyResult<Owned<Tuple>> {
        let class = this.object().get().ty().to_owned();
        let dict = this.get().namespace(th)?;
        // Fields may refer back to the node, so they are set when it exists; None stands for them until then.
        let mut places = Vec::new();
        let name = classes::of(th)?.fields.borrow();
        if let Some(fields) = object::get_attr_opt(th, class.object(), name)? {
            for at in 0..sequence::len(th, fields.object())? {
                let field = sequence::get(th, fields.object(), at as isize)?;
                if !dict.contains(th, field.object())? {
                    break;
                }
                places.push(none().to_owned());
            }
        }
        let places = Tuple::from_vec(th, places)?.into_object();
        Tuple::pack(th, [class.into_object(), places, dict.into_object()])
    }
}

/// `__replace__` takes names of any type, to say which it does not know: a method of C's older kind.
pub static REPLACE: StaticCell<abi::PyMethodDef> = StaticCell::new(abi::PyMethodDef {
    ml_name: c"__replace__".as_ptr(),
    // SAFETY: the flags tell that the function takes keywords too.
    ml_meth: unsafe {
        std::mem::transmute::<abi::PyCFunctionWithKeywords, abi::PyCFunction>(Some(call_replace))
    },
    ml_flags: abi::METH_VARARGS | abi::METH_KEYWORDS,
    ml_doc: c"__replace__($self, /, **fields)\n--\n\nReturn a copy of the node with new values for the given fields."
        .as_ptr(),
});

type Ptr = *mut abi::PyObject;

unsafe extern "C" fn call_replace(node: Ptr, args: Ptr, fields: Ptr) -> Ptr {
    krait_objects::args::shim::object(|th| {
        // SAFETY: a node, a tuple, and a dictionary or NULL.
        let (node, args, fields) = unsafe {
            (
                Borrowed::<Ast>::from_ptr(node),
                Borrowed::<Tuple>::from_ptr(args),
                Borrowed::<Dict>::from_ptr_or_null(fields),
            )
        };
        if !args.is_empty() {
            let message = "__replace__() takes no positional arguments";
            return Err(th.raise(exc::TYPE_ERROR, message));
        }
        replace(th, node, fields)
    })
}

fn replace(th: &Thread, node: Borrowed<'_, Ast>, given: Option<Borrowed<'_, Dict>>) -> PyResult {
    let classes = classes::of(th)?;
    let class = node.object().get().ty().to_owned();
    let of_class = |name: &Owned<Str>| object::get_attr_opt(th, class.object(), name.borrow());
    let known =
        Known { fields: of_class(&classes.fields)?, attributes: of_class(&classes.attributes)? };
    let dict = node.get().namespace(th)?;
    known.check(th, classes, &class, &dict, given)?;
    let values = Dict::new(th)?;
    for names in known.both() {
        iter::for_each(th, names.object(), &mut |name| match dict.get(th, name.object())? {
            Some(value) => values.set(th, name.object(), value.object()),
            None => Ok(()),
        })?;
    }
    if let Some(given) = given {
        values.merge(th, given.object(), true)?;
    }
    call::call_tuple_dict(th, class.object(), Tuple::empty(), Some(values.borrow()))
}

/// `_fields` and `_attributes` of a node's class.
struct Known {
    fields: Option<Owned>,
    attributes: Option<Owned>,
}

impl Known {
    fn both(&self) -> impl Iterator<Item = &Owned> {
        self.fields.iter().chain(&self.attributes)
    }

    /// TypeError if a name is not known, or a field would have no value.
    fn check(
        &self,
        th: &Thread,
        classes: &Classes,
        class: &Owned<Type>,
        dict: &Owned<Dict>,
        given: Option<Borrowed<'_, Dict>>,
    ) -> PyResult<()> {
        let expected = Set::new(th)?;
        for names in self.both() {
            expected.update(th, names.object())?;
        }
        let mut position = 0;
        while let Some((name, _)) = given.and_then(|given| given.get().next(&mut position)) {
            if !expected.remove(th, name.object())? {
                let (class, name) = (class.tp_name(), object::repr(th, name.object())?);
                return Err(raise!(
                    th,
                    TYPE_ERROR,
                    "{class}.__replace__ got an unexpected keyword argument {}.",
                    *name
                ));
            }
        }
        let mut position = 0;
        while let Some((name, _)) = dict.next(&mut position) {
            expected.remove(th, name.object())?;
        }
        // Attributes may be absent, and so may fields that default to None.
        if let Some(attributes) = &self.attributes {
            expected.difference_update(th, attributes.object())?;
        }
        let types = object::get_attr_opt(th, class.object(), classes.field_types.borrow())?;
        if let Some(types) = types.as_ref().and_then(|types| types.object().downcast::<Dict>()) {
            let mut position = 0;
            while let Some((name, ty)) = types.get().next(&mut position) {
                if ty.object().downcast::<Union>().is_some() {
                    expected.remove(th, name.object())?;
                }
            }
        }
        if expected.is_empty() {
            return Ok(());
        }
        let names = expected.to_vec();
        let mut shown = Vec::with_capacity(names.len());
        for name in &names {
            shown.push(object::repr(th, name.object())?.to_string_lossy());
        }
        shown.sort_unstable();
        let plural = if shown.len() == 1 { "" } else { "s" };
        Err(raise!(
            th,
            TYPE_ERROR,
            "{}.__replace__ missing {} keyword argument{plural}: {}.",
            class.tp_name(),
            shown.len(),
            shown.join(", ")
        ))
    }
}
