//! A Rust function as the shims see it: which parameters it has, and how a call to it is written.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::{Expr, FnArg, GenericArgument, Ident, PathArguments, Type};

use crate::attributes;

/// How a parameter gets its value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// `&self`.
    Receiver,
    /// `th: &Thread`, supplied by the shim wherever it stands.
    Thread,
    /// Anything else: the next value from C, converted.
    Value,
}

pub struct Parameter {
    pub role: Role,
    pub ty: Option<Type>,
    /// The expression of `#[default(…)]`.
    pub default: Option<Expr>,
}

pub struct Function {
    pub ident: Ident,
    pub parameters: Vec<Parameter>,
    is_unsafe: bool,
    /// Declared `extern "C"`: usable as a slot without a shim.
    pub is_c: bool,
}

impl Function {
    /// Reads a function's head, and takes our attributes off its parameters.
    pub fn read(signature: &mut syn::Signature) -> syn::Result<Function> {
        let mut parameters = Vec::new();
        for input in &mut signature.inputs {
            parameters.push(match input {
                FnArg::Receiver(receiver) if receiver.mutability.is_some() => {
                    return Err(syn::Error::new(
                        receiver.span(),
                        "an object is shared: its mutable fields are cells, the receiver is `&self`",
                    ));
                }
                FnArg::Receiver(_) => Parameter { role: Role::Receiver, ty: None, default: None },
                FnArg::Typed(typed) => {
                    let default = attributes::take(&mut typed.attrs, "default");
                    let default = default.map(|attribute| attribute.parse_args()).transpose()?;
                    let role =
                        if is_reference_to(&typed.ty, "Thread") { Role::Thread } else { Role::Value };
                    Parameter { role, ty: Some((*typed.ty).clone()), default }
                }
            });
        }
        Ok(Function {
            ident: signature.ident.clone(),
            parameters,
            is_unsafe: signature.unsafety.is_some(),
            is_c: signature.abi.is_some(),
        })
    }

    /// The parameters that get values from C.
    pub fn values(&self) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(|parameter| parameter.role != Role::Thread)
    }

    pub fn wants_thread(&self) -> bool {
        self.parameters.iter().any(|parameter| parameter.role == Role::Thread)
    }

    /// The call, with `values` for all parameters but the thread.
    pub fn call(&self, owner: &TokenStream, values: Vec<TokenStream>) -> syn::Result<TokenStream> {
        let expected = self.values().count();
        if expected != values.len() {
            let message = format!(
                "`{}` has {expected} parameters besides `th`; its declaration gives {}",
                self.ident,
                values.len()
            );
            return Err(syn::Error::new(self.ident.span(), message));
        }
        let mut values = values.into_iter();
        let arguments = self.parameters.iter().map(|parameter| match parameter.role {
            Role::Thread => quote!(th),
            _ => values.next().unwrap_or_default(),
        });
        let ident = &self.ident;
        let call = quote!(#owner::#ident(#(#arguments),*));
        Ok(if self.is_unsafe { quote!(unsafe { #call }) } else { call })
    }
}

impl Parameter {
    /// The value of a parameter that stands for an object C passed as `pointer`, known to be of its type.
    pub fn object(&self, pointer: &TokenStream) -> TokenStream {
        match &self.ty {
            None => quote!(rt::this(#pointer)),
            Some(Type::Ptr(_)) => quote!(#pointer.cast()),
            Some(ty) if is_path_to(ty, "Option") => quote!(rt::borrowed_or_null(#pointer)),
            Some(_) => quote!(rt::borrowed(#pointer)),
        }
    }

    pub fn is(&self, name: &str) -> bool {
        self.ty.as_ref().is_some_and(|ty| is_path_to(ty, name))
    }
}

/// Without the invisible parentheses that a fragment of a `macro_rules!` comes in.
fn ungroup(mut ty: &Type) -> &Type {
    while let Type::Group(group) = ty {
        ty = &group.elem;
    }
    ty
}

fn is_reference_to(ty: &Type, name: &str) -> bool {
    matches!(ungroup(ty), Type::Reference(reference) if is_path_to(&reference.elem, name))
}

/// Whether `ty` is a path whose last segment is `name`.
pub fn is_path_to(ty: &Type, name: &str) -> bool {
    matches!(ungroup(ty), Type::Path(path)
        if path.path.segments.last().is_some_and(|segment| segment.ident == name))
}

/// The type arguments of the last segment of a path.
pub fn type_arguments(ty: &Type) -> Vec<&Type> {
    let Type::Path(path) = ungroup(ty) else { return Vec::new() };
    let Some(PathArguments::AngleBracketed(list)) =
        path.path.segments.last().map(|segment| &segment.arguments)
    else {
        return Vec::new();
    };
    let types = list.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}
