//! `pyexpat`: an XML parser that calls handlers, over the crate `krait-xml`.
//!
//! The same job as CPython's `Modules/pyexpat.c`.

mod capsule;
mod handlers;
mod parser;
mod sink;

use krait_objects::prelude::*;
use krait_xml::{Code, Parser};

use parser::XmlParser;
pub use sink::encoding_table;

use crate::support::add_exception;

/// The release of expat that the parser behaves as.
pub const VERSION: (i64, i64, i64) = (2, 9, 0);

#[derive(Default)]
struct State {
    error: Slot<Type>,
}

/// Raises `ExpatError` with a code, at the parser's position.
fn raise_at(th: &Thread, parser: &Parser, code: Code, message: Option<&str>) -> Raised {
    match error_at(th, parser, code, message) {
        Ok(exception) => th.set_exception(exception),
        Err(raised) => raised,
    }
}

fn error_at(th: &Thread, parser: &Parser, code: Code, message: Option<&str>) -> PyResult {
    let (line, column) = parser.position();
    let text = match message {
        Some(message) => Str::new(th, message)?,
        None => {
            let message = code.message();
            Str::from_fmt(th, format_args!("{message}: line {line}, column {column}"))?
        }
    };
    let class = th.interp().state::<State>().error.get_owned();
    let class = class.ok_or_else(|| th.bad_internal_call())?;
    let exception = call::call(th, class.object(), &[text.object()])?;
    for (name, value) in [("code", code as usize), ("lineno", line), ("offset", column)] {
        let (name, value) = (Str::interned(th, name)?, Int::from_usize(th, value)?);
        object::set_attr(th, exception.borrow(), name.borrow(), value.object())?;
    }
    Ok(exception)
}

/// An integer with a sign, as a new reference.
fn int(th: &Thread, value: i64) -> PyResult {
    Int::from_i64(th, value).map(Owned::into_object)
}

fn string(th: &Thread, text: &str) -> PyResult {
    Str::new(th, text).map(Owned::into_object)
}

/// A module within this one, which can be imported by its whole name.
fn submodule(
    th: &Thread,
    module: Borrowed<'_, Module>,
    name: &str,
    doc: &str,
) -> PyResult<Owned<Module>> {
    let full = Str::from_fmt(th, format_args!("pyexpat.{name}"))?;
    let made = Module::new(th, full.borrow())?;
    made.add(th, "__doc__", string(th, doc)?.borrow())?;
    krait_eval::import::modules(th)?.set(th, full.object(), made.object())?;
    module.add(th, name, made.object())?;
    Ok(made)
}

/// `pyexpat.errors`: each message under the name of its constant, and both ways between codes and messages.
fn add_errors(th: &Thread, module: Borrowed<'_, Module>) -> PyResult<()> {
    let errors = submodule(th, module, "errors", "What can be wrong with a document.")?;
    let (codes, messages) = (Dict::new(th)?, Dict::new(th)?);
    for &(code, name, message) in krait_xml::MESSAGES {
        let (code, message) = (int(th, code.into())?, string(th, message)?);
        errors.add(th, &format!("XML_ERROR_{name}"), message.borrow())?;
        codes.set(th, message.borrow(), code.borrow())?;
        messages.set(th, code.borrow(), message.borrow())?;
    }
    errors.add(th, "codes", codes.object())?;
    errors.add(th, "messages", messages.object())
}

/// `pyexpat.model`: the numbers in content models.
fn add_model(th: &Thread, module: Borrowed<'_, Module>) -> PyResult<()> {
    let model = submodule(th, module, "model", "The numbers that content models are made of.")?;
    let numbers = [
        ("XML_CTYPE_EMPTY", 1),
        ("XML_CTYPE_ANY", 2),
        ("XML_CTYPE_MIXED", 3),
        ("XML_CTYPE_NAME", 4),
        ("XML_CTYPE_CHOICE", 5),
        ("XML_CTYPE_SEQ", 6),
        ("XML_CQUANT_NONE", 0),
        ("XML_CQUANT_OPT", 1),
        ("XML_CQUANT_REP", 2),
        ("XML_CQUANT_PLUS", 3),
    ];
    for (name, value) in numbers {
        model.add(th, name, int(th, value)?.borrow())?;
    }
    Ok(())
}

/// What the parser can do, as expat's build options.
fn features(th: &Thread) -> PyResult<Owned<List>> {
    let features = [
        ("sizeof(XML_Char)", 1),
        ("sizeof(XML_LChar)", 1),
        ("XML_DTD", 0),
        ("XML_CONTEXT_BYTES", 1024),
        ("XML_NS", 0),
        ("XML_BLAP_MAX_AMP", 100),
        ("XML_BLAP_ACT_THRES", 8 << 20),
        ("XML_GE", 0),
        ("XML_AT_MAX_AMP", 100),
        ("XML_AT_ACT_THRES", 64 << 20),
    ];
    let list = List::new(th)?;
    for (name, value) in features {
        let pair = Tuple::from_vec(th, vec![string(th, name)?, int(th, value)?])?;
        list.push(th, pair.into_object())?;
    }
    Ok(list)
}

/// An XML parser that behaves as expat.
#[pymodule(name = "pyexpat")]
pub struct Expat;

#[pyfunctions]
impl Expat {
    #[constant]
    const EXPAT_VERSION: &str = "expat_2.9.0";
    #[constant(name = "native_encoding")]
    const NATIVE_ENCODING: &str = "UTF-8";
    #[constant]
    const XML_PARAM_ENTITY_PARSING_NEVER: i64 = 0;
    #[constant]
    const XML_PARAM_ENTITY_PARSING_UNLESS_STANDALONE: i64 = 1;
    #[constant]
    const XML_PARAM_ENTITY_PARSING_ALWAYS: i64 = 2;

    #[exec]
    fn exec(module: Borrowed<'_, Module>, th: &Thread) -> PyResult<()> {
        let path = "xml.parsers.expat";
        let error = add_exception(th, module, path, "ExpatError", exc::EXCEPTION)?;
        module.add(th, "error", error.object())?;
        th.interp().state::<State>().error.set(Some(error));
        let class = Borrowed::from_ref(XmlParser::type_object());
        class.ready(th)?;
        module.add(th, "XMLParserType", class.object())?;
        let (major, minor, micro) = VERSION;
        let version = vec![int(th, major)?, int(th, minor)?, int(th, micro)?];
        module.add(th, "version_info", Tuple::from_vec(th, version)?.object())?;
        module.add(th, "features", features(th)?.object())?;
        module.add(th, "expat_CAPI", capsule::make(th)?.object())?;
        add_errors(th, module)?;
        add_model(th, module)
    }

    /// Return a new parser.
    #[function(
        name = "ParserCreate",
        sig = "(encoding=None, namespace_separator=None, intern=<unrepresentable>)"
    )]
    fn parser_create(
        th: &Thread,
        encoding: Option<Borrowed<'_>>,
        namespace_separator: Option<Borrowed<'_>>,
        intern: Option<Borrowed<'_>>,
    ) -> PyResult<Owned<XmlParser>> {
        parser::create(th, encoding, namespace_separator, intern)
    }

    /// Return the message for an error's code, or None.
    #[function(name = "ErrorString", sig = "(code, /)")]
    fn error_string(code: i64) -> Option<&'static str> {
        krait_xml::message(code)
    }
}
