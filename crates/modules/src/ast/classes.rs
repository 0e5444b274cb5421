//! The classes of an interpreter's syntax trees: made once, whatever happens to the module.
//!
//! The same job as `struct ast_state` and `init_types` in CPython's generated `Python/Python-ast.c`.

use std::cell::OnceCell;
use std::ffi::{c_int, c_uint, c_void};

use krait_abi as abi;
use krait_objects::prelude::*;
use krait_objects::{descr, generic_alias, typeobj, union};

use super::grammar::{self, Constructor, Count, Group};
use super::node::Ast;
use super::replace::REPLACE;

/// Classes by the line of the grammar that names them; names by their place in `grammar::FIELDS`.
pub struct Classes {
    ast: Owned<Type>,
    by_line: Vec<Option<Owned<Type>>>,
    /// Of a class without fields, the instance that the parser's trees share.
    leaves: Vec<Option<Owned>>,
    names: Vec<Owned<Str>>,
    pub fields: Owned<Str>,
    pub attributes: Owned<Str>,
    pub field_types: Owned<Str>,
}

#[derive(Default)]
struct State(OnceCell<Classes>);

/// The interpreter's classes.
pub fn of(th: &Thread) -> PyResult<&Classes> {
    let state = &th.interp().state::<State>().0;
    if state.get().is_none() {
        let made = Classes::make(th)?;
        // Making them may have run code that made them too: whoever was first counts.
        let _ = state.set(made);
    }
    state.get().ok_or_else(|| th.bad_internal_call())
}

/// The interpreter's classes, if anyone has asked for them.
pub fn existing(th: &Thread) -> Option<&Classes> {
    th.interp().state::<State>().0.get()
}

impl Classes {
    /// `ast.AST`.
    pub fn base(&self) -> Borrowed<'_, Type> {
        self.ast.borrow()
    }

    /// The class that a line of the grammar names.
    pub fn class(&self, line: usize) -> Option<Borrowed<'_, Type>> {
        self.by_line[line].as_ref().map(Owned::borrow)
    }

    pub fn leaf(&self, line: usize) -> Option<Borrowed<'_>> {
        self.leaves[line].as_ref().map(Owned::borrow)
    }

    /// A name of `grammar::FIELDS`.
    pub fn name(&self, index: usize) -> Borrowed<'_, Str> {
        self.names[index].borrow()
    }

    /// All of them, in the grammar's order.
    pub fn iter(&self) -> impl Iterator<Item = Borrowed<'_, Type>> {
        std::iter::once(self.base()).chain(self.by_line.iter().flatten().map(Owned::borrow))
    }

    fn make(th: &Thread) -> PyResult<Classes> {
        let names: PyResult<Vec<Owned<Str>>> =
            grammar::FIELDS.iter().map(|name| Str::interned(th, name)).collect();
        let lines = grammar::lines();
        let mut made = Classes {
            ast: base_class(th)?,
            by_line: vec![None; lines],
            leaves: vec![None; lines],
            names: names?,
            fields: Str::interned(th, "_fields")?,
            attributes: Str::interned(th, "_attributes")?,
            field_types: Str::interned(th, "_field_types")?,
        };
        let none_yet = Tuple::empty().object();
        for name in ["_fields", "__match_args__", "_attributes"] {
            let name = Str::interned(th, name)?;
            object::set_attr(th, made.ast.object(), name.borrow(), none_yet)?;
        }
        let groups = grammar::groups();
        for group in &groups {
            made.add_group(th, group)?;
        }
        for group in &groups {
            for constructor in &group.constructors {
                made.set_field_types(th, group, constructor)?;
            }
        }
        Ok(made)
    }

    /// The abstract class of a group, if it is a sum, and its constructors' classes.
    fn add_group(&mut self, th: &Thread, group: &Group) -> PyResult<()> {
        let attributes = names(th, group.attributes.iter().map(|&(name, _)| name))?;
        let own = Some((&attributes, group));
        if group.is_product() {
            let [only] = &group.constructors[..] else { return Err(th.bad_internal_call()) };
            let class = make_class(th, group.name, &self.ast, only.text, own, Some(only))?;
            self.by_line[group.line] = Some(class);
            return Ok(());
        }
        let sum = make_class(th, group.name, &self.ast, &group_doc(group), own, None)?;
        for constructor in &group.constructors {
            let text = constructor.text;
            let class = make_class(th, constructor.name, &sum, text, None, Some(constructor))?;
            if group.is_plain() {
                self.leaves[constructor.line] = Some(class.alloc::<Ast>(th, 0)?.into_object());
            }
            self.by_line[constructor.line] = Some(class);
        }
        self.by_line[group.line] = Some(sum);
        Ok(())
    }

    /// `_field_types`: from the field's name to its class, `list[class]` or `class | None`.
    fn set_field_types(
        &self,
        th: &Thread,
        group: &Group,
        constructor: &Constructor,
    ) -> PyResult<()> {
        let types = Dict::new(th)?;
        for field in &constructor.fields {
            let class = match field.kind {
                "identifier" | "string" => Some(Borrowed::from_ref(Str::type_object())),
                "int" => Some(Borrowed::from_ref(Int::type_object())),
                "constant" => Some(Borrowed::from_ref(Object::type_object())),
                name => self.class(grammar::line_of(name)),
            };
            let Some(class) = class else { return Err(th.bad_internal_call()) };
            let ty = match field.count {
                Count::One => class.object().to_owned(),
                Count::Optional => union::or(th, class.object(), none())?,
                Count::Many | Count::ManyOptional => {
                    let list = Borrowed::from_ref(List::type_object());
                    generic_alias::new(th, list.object(), class.object())?
                }
            };
            types.set_str(th, self.name(grammar::field_index(field.name)), ty.object())?;
        }
        let line = if group.is_product() { group.line } else { constructor.line };
        let Some(class) = self.class(line) else { return Err(th.bad_internal_call()) };
        object::set_attr(th, class.object(), self.field_types.borrow(), types.object())?;
        object::set_attr(th, class.object(), id::__annotations__, types.object())
    }
}

fn names<'a>(th: &Thread, names: impl Iterator<Item = &'a str>) -> PyResult<Owned<Tuple>> {
    let names: PyResult<Vec<Owned>> =
        names.map(|name| Str::interned(th, name).map(Owned::into_object)).collect();
    Tuple::from_vec(th, names?)
}

/// `ast.AST` as programs see it: a class that they can change, so each interpreter has one of its own. It does what
/// the declared type does.
fn base_class(th: &Thread) -> PyResult<Owned<Type>> {
    let declared = Ast::type_object().raw();
    let general = Object::type_object().raw();
    let mut members = [
        abi::PyMemberDef {
            name: c"__dictoffset__".as_ptr(),
            r#type: abi::Py_T_PYSSIZET,
            offset: declared.tp_dictoffset,
            flags: abi::Py_READONLY,
            doc: std::ptr::null(),
        },
        abi::PyMemberDef {
            name: std::ptr::null(),
            r#type: 0,
            offset: 0,
            flags: 0,
            doc: std::ptr::null(),
        },
    ];
    let function = |address: Option<*const ()>| address.unwrap_or_default().cast_mut().cast();
    let slot = |slot: c_int, pfunc: *mut c_void| abi::PyType_Slot { slot, pfunc };
    let mut slots = [
        slot(abi::Py_tp_getattro, function(general.tp_getattro.map(|it| it as *const ()))),
        slot(abi::Py_tp_setattro, function(general.tp_setattro.map(|it| it as *const ()))),
        slot(abi::Py_tp_new, function(declared.tp_new.map(|it| it as *const ()))),
        slot(abi::Py_tp_init, function(declared.tp_init.map(|it| it as *const ()))),
        slot(abi::Py_tp_repr, function(declared.tp_repr.map(|it| it as *const ()))),
        slot(abi::Py_tp_traverse, function(declared.tp_traverse.map(|it| it as *const ()))),
        slot(abi::Py_tp_clear, function(declared.tp_clear.map(|it| it as *const ()))),
        slot(abi::Py_tp_methods, declared.tp_methods.cast()),
        slot(abi::Py_tp_getset, declared.tp_getset.cast()),
        slot(abi::Py_tp_members, members.as_mut_ptr().cast()),
        slot(0, std::ptr::null_mut()),
    ];
    let flags = abi::Py_TPFLAGS_DEFAULT | abi::Py_TPFLAGS_BASETYPE | abi::Py_TPFLAGS_HAVE_GC;
    let spec = abi::PyType_Spec {
        name: c"ast.AST".as_ptr(),
        basicsize: declared.tp_basicsize as c_int,
        itemsize: 0,
        flags: flags as c_uint,
        slots: slots.as_mut_ptr(),
    };
    let class = typeobj::spec::from_spec(th, None, None, &spec, None)?;
    let replace = descr::method_from_def(th, class.borrow(), REPLACE.as_ptr())?;
    object::set_attr(
        th,
        class.object(),
        Str::interned(th, "__replace__")?.borrow(),
        replace.object(),
    )?;
    Ok(class)
}

/// `sum = A(…) | B(…)`: a line each if any has fields.
fn group_doc(group: &Group) -> String {
    let separator = if group.is_plain() {
        " | ".to_owned()
    } else {
        format!("\n{}| ", " ".repeat(group.name.len() + 1))
    };
    let texts: Vec<&str> = group.constructors.iter().map(|constructor| constructor.text).collect();
    format!("{} = {}", group.name, texts.join(&separator))
}

fn make_class(
    th: &Thread,
    name: &'static str,
    base: &Owned<Type>,
    doc: &str,
    attributes: Option<(&Owned<Tuple>, &Group)>,
    constructor: Option<&Constructor>,
) -> PyResult<Owned<Type>> {
    let namespace = Dict::new(th)?;
    let put = |name: &str, value: Borrowed<'_>| -> PyResult<()> {
        namespace.set_str(th, Str::interned(th, name)?.borrow(), value)
    };
    let fields = constructor.map_or(&[][..], |constructor| &constructor.fields);
    let field_names = names(th, fields.iter().map(|field| field.name))?;
    put("_fields", field_names.object())?;
    put("__match_args__", field_names.object())?;
    put("__module__", Str::interned(th, "ast")?.object())?;
    put("__doc__", Str::new(th, doc)?.object())?;
    if let Some((attributes, group)) = attributes {
        put("_attributes", attributes.object())?;
        for &(name, _) in group.attributes.iter().filter(|(_, optional)| *optional) {
            put(name, none())?;
        }
    }
    for field in fields.iter().filter(|field| field.count == Count::Optional) {
        put(field.name, none())?;
    }
    let bases = Tuple::pack(th, [base.clone().into_object()])?;
    let args = Tuple::pack(
        th,
        [Str::interned(th, name)?.into_object(), bases.into_object(), namespace.into_object()],
    )?;
    let class =
        typeobj::build::new(th, Borrowed::from_ref(Type::type_object()), args.borrow(), None)?;
    class.downcast::<Type>().map_err(|_| th.bad_internal_call())
}
