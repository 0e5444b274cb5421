//! The `_ast` module: the classes of syntax trees.
//!
//! `grammar` is the list of classes, `node` the behaviour of their common base; this file makes the classes. The
//! same job as CPython's generated `Python/Python-ast.c`.

mod convert;
mod grammar;
mod node;

use krait_eval::compile::flags;
use krait_objects::prelude::*;
use krait_objects::{generic_alias, typeobj, union};

use grammar::{Constructor, Count, Group};
pub use node::Ast;

/// The classes of syntax trees.
#[pymodule(name = "_ast")]
pub struct AstModule;

#[pyfunctions]
impl AstModule {
    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        let hooks = krait_eval::compile::tree_hooks(th);
        hooks.to_object.set(Some(convert::to_object));
        hooks.from_object.set(Some(convert::from_object));
        let base = Borrowed::from_ref(Ast::type_object());
        base.ready(th)?;
        let dict = base.dict(th);
        let none_yet = Tuple::empty().object();
        for name in ["_fields", "__match_args__", "_attributes"] {
            dict.set_str(th, Str::interned(th, name)?.borrow(), none_yet)?;
        }
        dict.set_str(th, id::__module__, Str::interned(th, "ast")?.object())?;
        module.add(th, "AST", base.object())?;
        let groups = grammar::groups();
        for group in &groups {
            add_group(module, th, group)?;
        }
        for constructor in groups.iter().flat_map(|group| &group.constructors) {
            set_field_types(module, th, constructor)?;
        }
        for (name, value) in [
            ("PyCF_ONLY_AST", flags::ONLY_AST),
            ("PyCF_OPTIMIZED_AST", flags::OPTIMIZED_AST),
            ("PyCF_TYPE_COMMENTS", flags::TYPE_COMMENTS),
            ("PyCF_ALLOW_TOP_LEVEL_AWAIT", flags::ALLOW_TOP_LEVEL_AWAIT),
        ] {
            module.add(th, name, Int::from_i64(th, value.into())?.object())?;
        }
        Ok(())
    }
}

fn names<'a>(th: &Thread, names: impl Iterator<Item = &'a str>) -> PyResult<Owned<Tuple>> {
    let names: PyResult<Vec<Owned>> =
        names.map(|name| Str::interned(th, name).map(Owned::into_object)).collect();
    Tuple::from_vec(th, names?)
}

/// The abstract class of a group, if it is a sum, and its constructors' classes.
fn add_group(module: Borrowed<'_, Module>, th: &Thread, group: &Group) -> PyResult<()> {
    let root = Borrowed::from_ref(Ast::type_object()).to_owned();
    let attributes = names(th, group.attributes.iter().map(|&(name, _)| name))?;
    let parent = if group.is_product() {
        root
    } else {
        let doc = group_doc(group);
        let class = make_class(th, group.name, &root, &doc, Some((&attributes, group)), None)?;
        module.add(th, group.name, class.object())?;
        class
    };
    for constructor in &group.constructors {
        let own = group.is_product().then_some((&attributes, group));
        let class =
            make_class(th, constructor.name, &parent, constructor.text, own, Some(constructor))?;
        module.add(th, constructor.name, class.object())?;
    }
    Ok(())
}

/// `sum = A(…) | B(…)`: a line each if any has fields.
fn group_doc(group: &Group) -> String {
    let plain = group.constructors.iter().all(|constructor| constructor.fields.is_empty());
    let separator =
        if plain { " | ".to_owned() } else { format!("\n{}| ", " ".repeat(group.name.len() + 1)) };
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
    put("__module__", Str::interned(th, "ast")?.object())?;
    put("__doc__", Str::new(th, doc)?.object())?;
    let fields = constructor.map_or(&[][..], |constructor| &constructor.fields);
    let field_names = names(th, fields.iter().map(|field| field.name))?;
    put("_fields", field_names.object())?;
    put("__match_args__", field_names.object())?;
    for field in fields.iter().filter(|field| field.count == Count::Optional) {
        put(field.name, none())?;
    }
    if let Some((attributes, group)) = attributes {
        put("_attributes", attributes.object())?;
        for &(name, _) in group.attributes.iter().filter(|(_, optional)| *optional) {
            put(name, none())?;
        }
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

/// `_field_types`: from the field's name to its class, `list[class]` or `class | None`.
fn set_field_types(
    module: Borrowed<'_, Module>,
    th: &Thread,
    constructor: &Constructor,
) -> PyResult<()> {
    let types = Dict::new(th)?;
    for field in &constructor.fields {
        let class = match field.kind {
            "identifier" | "string" => Borrowed::from_ref(Str::type_object()).object().to_owned(),
            "int" => Borrowed::from_ref(Int::type_object()).object().to_owned(),
            "constant" => Borrowed::from_ref(Object::type_object()).object().to_owned(),
            name => match module.dict().get_str(th, Str::interned(th, name)?.borrow())? {
                Some(class) => class,
                None => return Err(th.bad_internal_call()),
            },
        };
        let ty = match field.count {
            Count::One => class,
            Count::Optional => union::or(th, class.object(), none())?,
            Count::Many | Count::ManyOptional => generic_alias::new(
                th,
                Borrowed::from_ref(List::type_object()).object(),
                class.object(),
            )?,
        };
        types.set_str(th, Str::interned(th, field.name)?.borrow(), ty.object())?;
    }
    let Some(class) = module.dict().get_str(th, Str::interned(th, constructor.name)?.borrow())?
    else {
        return Err(th.bad_internal_call());
    };
    if let Some(class) = class.object().downcast::<Type>() {
        class.dict(th).set_str(th, Str::interned(th, "_field_types")?.borrow(), types.object())?;
        class.modified(th);
    }
    Ok(())
}
