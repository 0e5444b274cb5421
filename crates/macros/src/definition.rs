//! Entries of method tables: a `PyMethodDef` and its shim for each method and module function.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::attributes::{Arguments, python_name};
use crate::function::Function;
use crate::signature::{Convention, Signature};
use crate::{binding, docs};

/// What the C function gets as its first argument.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Receiver {
    Instance,
    Class,
    Static,
    Module,
}

/// Makes the table entry for `function`; its shim is added to `shims`.
pub fn expand(
    receiver: Receiver,
    mut arguments: Arguments,
    function: &Function,
    doc: Option<&str>,
    owner: &TokenStream,
    shims: &mut TokenStream,
) -> syn::Result<TokenStream> {
    let name = arguments.string("name")?.unwrap_or_else(|| python_name(&function.ident));
    let source = arguments.required_string("sig")?;
    let hidden = arguments.flag("no_text");
    let given_text = arguments.string("text")?;
    let coexist = arguments.flag("coexist").then(|| quote!(| abi::METH_COEXIST));
    let with_class = arguments.flag("with_class");
    arguments.finish()?;
    let fail = |message: String| syn::Error::new(function.ident.span(), message);
    let has_receiver = matches!(receiver, Receiver::Instance | Receiver::Class);
    let signature = Signature::parse(&source, has_receiver).map_err(fail)?;
    let text = given_text
        .unwrap_or_else(|| signature.text((receiver == Receiver::Module).then_some("module")));
    let doc = docs::with_signature(&name, (!hidden).then_some(text.as_str()), doc);

    let mut first = Vec::new();
    if let Some(parameter) = function.values().next() {
        let takes_module = parameter.ty.as_ref().is_some_and(|ty| {
            crate::function::type_arguments(ty)
                .iter()
                .any(|ty| crate::function::is_path_to(ty, "Module"))
        });
        if has_receiver || (receiver == Receiver::Module && takes_module) {
            first.push(parameter.object(&quote!(this)));
        }
    }
    if has_receiver && first.is_empty() {
        return Err(fail("the receiver is missing".to_string()));
    }
    let (flags, shim) = shim(&signature, function, first, &name, owner, shims, with_class)?;
    let binding = match receiver {
        Receiver::Class => quote!(| abi::METH_CLASS),
        Receiver::Static => quote!(| abi::METH_STATIC),
        _ => quote!(),
    };
    let (name, doc) = (docs::c_string(&name), docs::documentation(doc.as_deref()));
    Ok(quote! {
        abi::PyMethodDef {
            ml_name: #name,
            ml_meth: #shim,
            ml_flags: #flags #binding #coexist,
            ml_doc: #doc,
        }
    })
}

/// The flags of the calling convention, and the shim as a `PyCFunction`.
fn shim(
    signature: &Signature,
    function: &Function,
    mut values: Vec<TokenStream>,
    name: &str,
    owner: &TokenStream,
    shims: &mut TokenStream,
    with_class: bool,
) -> syn::Result<(TokenStream, TokenStream)> {
    let mut convention = signature.convention();
    if with_class {
        convention = Convention::Keywords;
    }
    let shim = format_ident!("method_{}", python_name(&function.ident));
    let raw = function.values().skip(values.len()).any(|parameter| parameter.is("Args"));
    let setup = if raw {
        // The function does its own parsing, so it needs a vector to parse.
        if matches!(convention, Convention::NoArguments | Convention::One) {
            convention = Convention::Positional;
        }
        values.push(quote!(rt::Args::from_raw(args, nargs as usize, kwnames)));
        quote!()
    } else {
        let bound = binding::bind(signature, convention, function, values.len(), &quote!(#name))?;
        values.extend(bound.values);
        bound.setup
    };
    let call = function.call(owner, values)?;
    let call = quote!(rt::ToObject::to_object(#call, th));
    let vector = quote! {
        let given = rt::Given::vector(args, nargs as usize, kwnames);
        #setup
        #call
    };
    let object = quote!(*mut abi::PyObject);
    let (parameters, body, flags, pointer) = match convention {
        Convention::NoArguments => {
            (quote!(_: #object), call, quote!(abi::METH_NOARGS), quote!(Some(#shim)))
        }
        Convention::One => (
            quote!(arg: #object),
            quote!(let arg = rt::borrowed(arg); #call),
            quote!(abi::METH_O),
            quote!(Some(#shim)),
        ),
        Convention::Positional => (
            quote!(args: *const #object, nargs: isize),
            quote!(let kwnames: #object = ::core::ptr::null_mut(); #vector),
            quote!(abi::METH_FASTCALL),
            quote!(rt::fastcall(#shim)),
        ),
        Convention::Keywords if with_class => (
            quote!(_: *mut abi::PyTypeObject, args: *const #object, nargs: isize, kwnames: #object),
            vector,
            quote!(abi::METH_METHOD | abi::METH_FASTCALL | abi::METH_KEYWORDS),
            quote!(rt::fastcall_class(#shim)),
        ),
        Convention::Keywords => (
            quote!(args: *const #object, nargs: isize, kwnames: #object),
            vector,
            quote!(abi::METH_FASTCALL | abi::METH_KEYWORDS),
            quote!(rt::fastcall_keywords(#shim)),
        ),
    };
    // SAFETY, in what is generated: the slot's convention says what its arguments are.
    shims.extend(quote! {
        unsafe extern "C" fn #shim(this: #object, #parameters) -> #object {
            unsafe { rt::object(|th| { #body }) }
        }
    });
    Ok((flags, pointer))
}
