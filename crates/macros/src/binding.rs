//! From a Python signature to the code that binds a call's arguments to a Rust function's parameters.

use proc_macro2::{Literal, Span, TokenStream};
use quote::quote;
use syn::Error;

use crate::function::{Function, Parameter};
use crate::signature::{Convention, Kind, Parameter as Formal, Signature};

/// The statements that check and bind, and the values to call with.
pub struct Binding {
    pub setup: TokenStream,
    pub values: Vec<TokenStream>,
}

/// Binds what `given` (or, for `Convention::One`, `arg`) holds to the parameters of `function` after the
/// first `skip`. `name` is an expression: the function's name as messages show it.
pub fn bind(
    signature: &Signature,
    convention: Convention,
    function: &Function,
    skip: usize,
    name: &TokenStream,
) -> syn::Result<Binding> {
    let actual: Vec<_> = function.values().skip(skip).collect();
    if actual.len() != signature.parameters.len() {
        let message = format!(
            "the signature has {} parameters, `{}` takes {}",
            signature.parameters.len(),
            function.ident,
            actual.len()
        );
        return Err(Error::new(function.ident.span(), message));
    }
    let mut place = 0usize;
    let mut values = Vec::new();
    for (at, (formal, actual)) in signature.parameters.iter().zip(actual).enumerate() {
        values.push(match formal.kind {
            Kind::VarPositional => {
                let positional = positional_count(signature);
                quote!(given.rest(#positional))
            }
            Kind::VarKeyword => quote!(given.kwargs(th, &SIGNATURE)?),
            _ => value(formal, actual, at, place, convention, name, function.ident.span())?,
        });
        place += usize::from(formal.is_named());
    }
    Ok(Binding { setup: setup(signature, convention, name), values })
}

fn positional_count(signature: &Signature) -> usize {
    signature.count(&[Kind::PositionalOnly, Kind::Positional])
}

fn setup(signature: &Signature, convention: Convention, name: &TokenStream) -> TokenStream {
    let positional = [Kind::PositionalOnly, Kind::Positional];
    let max = signature.count(&positional);
    let min = signature.required(&positional);
    let variable = signature.count(&[Kind::VarPositional]) != 0;
    match convention {
        Convention::NoArguments | Convention::One => quote!(),
        Convention::Positional if max == 0 && !variable => {
            quote!(rt::check_no_positional(th, #name, given.positional.len())?;)
        }
        Convention::Positional => {
            let max = if variable { quote!(usize::MAX) } else { quote!(#max) };
            quote!(rt::check_positional(th, #name, given.positional.len(), #min, #max)?;)
        }
        Convention::Keywords => {
            let names: Vec<_> = signature
                .parameters
                .iter()
                .filter(|parameter| parameter.is_named())
                .map(|parameter| parameter.name.as_str())
                .collect();
            let count = names.len();
            let positional_only = signature.count(&[Kind::PositionalOnly]);
            let required_keywords = signature.required(&[Kind::KeywordOnly]);
            let collects = signature.count(&[Kind::VarKeyword]) != 0;
            let required = signature
                .parameters
                .iter()
                .filter(|parameter| parameter.is_named())
                .map(|parameter| parameter.default.is_none());
            quote! {
                static SIGNATURE: rt::Signature = rt::Signature {
                    function: #name,
                    names: &[#(#names),*],
                    required: &[#(#required),*],
                    positional_only: #positional_only,
                    min_positional: #min,
                    max_positional: #max,
                    required_keywords: #required_keywords,
                    var_positional: #variable,
                    var_keywords: #collects,
                };
                let mut bound = [None; #count];
                rt::bind(th, &SIGNATURE, &given, &mut bound)?;
            }
        }
    }
}

/// The value of one named parameter.
fn value(
    formal: &Formal,
    actual: &Parameter,
    at: usize,
    place: usize,
    convention: Convention,
    name: &TokenStream,
    span: Span,
) -> syn::Result<TokenStream> {
    let none_default = formal.default.as_deref() == Some("None");
    let optional_type = actual.is("Option");
    let or_none = none_default && optional_type;
    let argument = match (convention, formal.kind) {
        (Convention::One, _) => "argument".to_string(),
        (_, Kind::PositionalOnly) => format!("argument {}", at + 1),
        _ => format!("argument '{}'", formal.name),
    };
    let site = quote! {
        const { &rt::Site { function: #name, argument: #argument, or_none: #or_none } }
    };
    let given = match convention {
        Convention::Keywords => quote!(bound[#place]),
        _ => quote!(given.get(#place)),
    };
    Ok(match &formal.default {
        None if convention == Convention::One => quote!(rt::FromArg::from_arg(th, arg, #site)?),
        None => quote!(rt::FromArg::from_arg(th, rt::present(#given), #site)?),
        Some(_) if or_none => quote!(rt::optional(th, rt::not_none(#given), #site)?),
        Some(_) if optional_type => quote!(rt::optional(th, #given, #site)?),
        Some(default) => {
            let default = match &actual.default {
                Some(expression) => quote!(#expression),
                None => default_value(default, span)?,
            };
            quote! {
                match #given {
                    Some(arg) => rt::FromArg::from_arg(th, arg, #site)?,
                    None => #default,
                }
            }
        }
    })
}

/// A literal of Python as an expression of the parameter's type.
fn default_value(text: &str, span: Span) -> syn::Result<TokenStream> {
    let literal = match text {
        "None" => quote!(rt::NoneDefault),
        "True" => quote!(true),
        "False" => quote!(false),
        "sys.maxsize" => quote!(i64::MAX),
        _ => {
            let quoted = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
            if let Some(quoted) = quoted {
                if quoted.contains('\\') {
                    return Err(cannot_convert(text, span));
                }
                quote!(#quoted)
            } else if let Ok(number) = text.parse::<i64>() {
                let literal = Literal::i64_suffixed(number);
                quote!(#literal)
            } else if let Ok(number) = text.parse::<f64>() {
                let literal = Literal::f64_suffixed(number);
                quote!(#literal)
            } else {
                return Err(cannot_convert(text, span));
            }
        }
    };
    Ok(quote!(rt::FromDefault::from_default(#literal)))
}

fn cannot_convert(text: &str, span: Span) -> Error {
    Error::new(
        span,
        format!(
            "the default `{text}` needs `#[default(expression)]` on the parameter, or an `Option` type"
        ),
    )
}
