//! `#[pymodule]` and `#[pyfunctions]`: a module's static definition, its functions, constants and execution.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{ImplItem, ItemImpl, ItemStruct};

use crate::attributes::{self, Arguments, python_name};
use crate::definition::{self, Receiver};
use crate::docs;
use crate::function::Function;
use crate::methods::part_name;

/// `#[pymodule(name = "…")]` on a unit struct: gives it `module_def()`.
pub fn expand_definition(attribute: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let mut arguments = Arguments::parse(attribute, Span::call_site())?;
    let name = arguments.required_string("name")?;
    let doc = arguments.string("doc")?;
    arguments.finish()?;
    let item: ItemStruct = syn::parse2(item)?;
    let (ident, visibility) = (&item.ident, &item.vis);
    let doc = doc.or_else(|| docs::text(&item.attrs));
    let (name_pointer, doc) = (docs::c_string(&name), docs::documentation(doc.as_deref()));
    Ok(quote! {
        #item
        impl #ident {
            /// The module's name, as `import` knows it.
            #visibility const NAME: &'static str = #name;

            /// The definition from which each interpreter makes its own module.
            #visibility fn module_def() -> &'static ::krait_objects::module::StaticModuleDef {
                use ::krait_objects::args::rt::{self, abi};
                const PARTS: &[rt::ModulePart] = <#ident as rt::ModuleDecl>::PARTS;
                static METHODS: rt::StaticCell<[abi::PyMethodDef; rt::count_functions(PARTS) + 1]> =
                    rt::StaticCell::new(rt::join_functions(PARTS));
                static SLOTS: rt::StaticCell<[abi::PyModuleDef_Slot; 4]> =
                    rt::StaticCell::new(rt::module_slots(rt::execute::<#ident>));
                static DEFINITION: rt::StaticModuleDef = rt::StaticModuleDef::new(
                    rt::module_definition(#name_pointer, #doc, METHODS.as_ptr().cast(), SLOTS.as_ptr().cast()),
                );
                &DEFINITION
            }
        }
    })
}

/// `#[pyfunctions]` on the `impl` block: functions, constants, `#[exec]`.
pub fn expand_functions(attribute: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let mut arguments = Arguments::parse(attribute, Span::call_site())?;
    let part = arguments.string("part")?;
    let parts = arguments.list("parts");
    arguments.finish()?;
    let mut item: ItemImpl = syn::parse2(item)?;
    let owner = item.self_ty.to_token_stream();
    let qualified = quote!(<#owner>);
    let (mut shims, mut methods) = (TokenStream::new(), Vec::new());
    let (mut constants, mut runs) = (Vec::new(), Vec::new());
    for item in &mut item.items {
        match item {
            ImplItem::Fn(function) => {
                if let Some(attribute) = attributes::take(&mut function.attrs, "function") {
                    let arguments = Arguments::of(&attribute)?;
                    let doc = docs::text(&function.attrs);
                    let function = Function::read(&mut function.sig)?;
                    methods.push(definition::expand(
                        Receiver::Module,
                        arguments,
                        &function,
                        doc.as_deref(),
                        &qualified,
                        &mut shims,
                    )?);
                } else if attributes::take(&mut function.attrs, "exec").is_some() {
                    let function = Function::read(&mut function.sig)?;
                    let call = function.call(&qualified, vec![quote!(module)])?;
                    runs.push(quote!(#call?;));
                }
            }
            ImplItem::Const(constant) => {
                let Some(attribute) = attributes::take(&mut constant.attrs, "constant") else {
                    continue;
                };
                let mut arguments = Arguments::of(&attribute)?;
                let ident = &constant.ident;
                let name = arguments.string("name")?.unwrap_or_else(|| python_name(ident));
                arguments.finish()?;
                constants.push(quote!(rt::add_constant(th, module, #name, #qualified::#ident)?;));
            }
            _ => {}
        }
    }
    let execute = (!constants.is_empty() || !runs.is_empty()).then(|| {
        shims.extend(quote! {
            fn execute(module: rt::Borrowed<'_, rt::Module>, th: &rt::Thread) -> rt::PyResult<()> {
                #(#constants)*
                #(#runs)*
                Ok(())
            }
        });
        quote!(Some(execute))
    });
    let execute = execute.unwrap_or_else(|| quote!(None));
    let value = quote! {{
        #[allow(unused_imports)]
        use ::krait_objects::args::rt::{self, abi};
        #shims
        rt::ModulePart { methods: &[#(#methods),*], execute: #execute }
    }};
    let declaration = match part {
        Some(name) => {
            let name = part_name(&name);
            quote! {
                impl #owner {
                    #[doc(hidden)]
                    pub(crate) const #name: ::krait_objects::args::rt::ModulePart = #value;
                }
            }
        }
        None => {
            let parts = parts.iter().map(|name| part_name(&name.to_string()));
            quote! {
                impl ::krait_objects::args::rt::ModuleDecl for #owner {
                    const PARTS: &'static [::krait_objects::args::rt::ModulePart] =
                        &[#value, #(<#owner>::#parts),*];
                }
            }
        }
    };
    Ok(quote! {
        #[allow(clippy::too_many_arguments)]
        #item
        #declaration
    })
}
