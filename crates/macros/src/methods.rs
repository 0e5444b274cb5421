//! `#[pymethods]`: an `impl` block becomes a `Part`: slots, a method table and an attribute table.
//!
//! A block with `part = "name"` leaves its part in the constant `PART_NAME`; the main block collects it with
//! `parts(name)`, and `#[pytype]` joins all of them into the tables of the static type.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, ImplItem, ItemImpl};

use crate::attributes::{Arguments, python_name};
use crate::definition::{self, Receiver};
use crate::function::Function;
use crate::signature::{Convention, Signature};
use crate::slots::{self, Slot, Table};
use crate::{binding, docs};

/// A computed attribute while its getter and setter are collected.
struct Property {
    name: String,
    get: Option<TokenStream>,
    set: Option<TokenStream>,
    doc: Option<String>,
}

/// What the block declares.
#[derive(Default)]
struct Block {
    /// The type, and the path its functions are called through.
    ty: TokenStream,
    owner: TokenStream,
    shims: TokenStream,
    slots: Vec<Slot>,
    methods: Vec<TokenStream>,
    properties: Vec<Property>,
    /// Associated constants for vectorcall functions of instances.
    constants: TokenStream,
    constructs: bool,
    initialises: bool,
}

const NAMES: [&str; 9] = [
    "method",
    "classmethod",
    "staticmethod",
    "getter",
    "setter",
    "slot",
    "new",
    "init",
    "vectorcall",
];

pub fn expand(attribute: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let mut arguments = Arguments::parse(attribute, Span::call_site())?;
    let part = arguments.string("part")?;
    let parts = arguments.list("parts");
    arguments.finish()?;
    let mut item: ItemImpl = syn::parse2(item)?;
    let owner = item.self_ty.to_token_stream();
    let mut block = Block { ty: owner.clone(), owner: quote!(<#owner>), ..Block::default() };
    for item in &mut item.items {
        let ImplItem::Fn(method) = item else { continue };
        let ours = |attribute: &Attribute| NAMES.iter().any(|name| attribute.path().is_ident(name));
        let (attributes, rest) = method.attrs.drain(..).partition::<Vec<_>, _>(ours);
        method.attrs = rest;
        if attributes.is_empty() {
            continue;
        }
        let function = Function::read(&mut method.sig)?;
        let doc = docs::text(&method.attrs);
        for attribute in &attributes {
            block.add(attribute, &function, doc.as_deref())?;
        }
    }
    let value = block.part();
    let constants = block.constants;
    let declaration = match part {
        Some(name) => {
            let name = part_name(&name);
            quote! {
                impl #owner {
                    #[doc(hidden)]
                    pub(crate) const #name: ::krait_objects::args::rt::Part = #value;
                }
            }
        }
        None => {
            let parts = parts.iter().map(|name| part_name(&name.to_string()));
            quote! {
                impl ::krait_objects::args::rt::TypeDecl for #owner {
                    const PARTS: &'static [::krait_objects::args::rt::Part] =
                        &[#value, #(<#owner>::#parts),*];
                }
            }
        }
    };
    // The functions are Python's: these lints speak of Rust's conventions for their names and parameters.
    Ok(quote! {
        #[allow(
            non_snake_case, clippy::new_ret_no_self, clippy::should_implement_trait, clippy::too_many_arguments,
            clippy::wrong_self_convention,
        )]
        #item
        #constants
        #declaration
    })
}

pub fn part_name(name: &str) -> Ident {
    format_ident!("PART_{}", name.to_uppercase())
}

impl Block {
    fn add(
        &mut self,
        attribute: &Attribute,
        function: &Function,
        doc: Option<&str>,
    ) -> syn::Result<()> {
        let mut arguments = Arguments::of(attribute)?;
        let path = attribute.path();
        let receiver = if path.is_ident("method") {
            Some(Receiver::Instance)
        } else if path.is_ident("classmethod") {
            Some(Receiver::Class)
        } else if path.is_ident("staticmethod") {
            Some(Receiver::Static)
        } else {
            None
        };
        if let Some(receiver) = receiver {
            let (owner, shims) = (&self.owner, &mut self.shims);
            let entry = definition::expand(receiver, arguments, function, doc, owner, shims)?;
            self.methods.push(entry);
            return Ok(());
        }
        if path.is_ident("slot") {
            for name in arguments.words() {
                self.slot(&name, function)?;
            }
        } else if path.is_ident("new") {
            self.new_or_init(&mut arguments, function, true)?;
        } else if path.is_ident("init") {
            self.new_or_init(&mut arguments, function, false)?;
        } else if path.is_ident("vectorcall") {
            self.vectorcall(function)?;
        } else {
            self.property(&mut arguments, function, doc, path.is_ident("setter"))?;
        }
        arguments.finish()
    }

    fn slot(&mut self, name: &Ident, function: &Function) -> syn::Result<()> {
        if self.slots.iter().any(|slot| slot.field == *name) {
            return Err(syn::Error::new(name.span(), format!("`{name}` is given twice")));
        }
        self.initialises |= name == "tp_init";
        let slot = slots::expand(name, function, &self.owner, &mut self.shims)?;
        self.slots.push(slot);
        Ok(())
    }

    /// `#[new]` and `#[init]`: from a tuple and a dict; `#[new]` also from a vector (see `part`).
    fn new_or_init(
        &mut self,
        arguments: &mut Arguments,
        function: &Function,
        new: bool,
    ) -> syn::Result<()> {
        let fail = |message: String| syn::Error::new(function.ident.span(), message);
        let signature =
            Signature::parse(&arguments.required_string("sig")?, false).map_err(fail)?;
        let (ty, owner) = (&self.ty, &self.owner);
        let name = match arguments.string("called")? {
            Some(name) => quote!(#name),
            None => quote!(<#ty as rt::TypeName>::NAME),
        };
        let convention = match signature.convention() {
            Convention::Keywords => Convention::Keywords,
            _ => Convention::Positional,
        };
        let bound = binding::bind(&signature, convention, function, 1, &name)?;
        let Some(receiver) = function.values().next() else {
            return Err(fail("the receiver is missing".to_string()));
        };
        let mut values = vec![receiver.object(&quote!(this))];
        values.extend(bound.values);
        let call = function.call(owner, values)?;
        let setup = bound.setup;
        let positional = convention == Convention::Positional;
        let object = quote!(*mut abi::PyObject);
        if !new {
            let reject =
                positional.then(|| quote!(rt::reject_in_init::<#ty>(th, #name, this, kwargs)?;));
            self.shims.extend(quote! {
                unsafe extern "C" fn slot_tp_init(this: #object, args: #object, kwargs: #object) -> ::core::ffi::c_int {
                    // SAFETY: C calls a slot's function attached, with objects that are live or NULL as its contract says.
                    unsafe { rt::status(|th| {
                        #reject
                        let given = rt::Given::tuple(args, kwargs);
                        #setup
                        #call
                    }) }
                }
            });
            self.push_own_slot("tp_init");
            self.initialises = true;
            return Ok(());
        }
        let reject =
            positional.then(|| quote!(rt::reject_in_new::<#ty>(th, #name, this, kwargs)?;));
        let reject_names = positional.then(|| quote!(rt::reject_names(th, #name, kwnames)?;));
        self.shims.extend(quote! {
            unsafe extern "C" fn slot_tp_new(this: *mut abi::PyTypeObject, args: #object, kwargs: #object) -> #object {
                // SAFETY: C calls a slot's function attached, with objects that are live or NULL as its contract says.
                unsafe { rt::object(|th| {
                    let this: #object = this.cast();
                    #reject
                    let given = rt::Given::tuple(args, kwargs);
                    #setup
                    rt::ToObject::to_object(#call, th)
                }) }
            }
            #[allow(dead_code)]
            unsafe extern "C" fn construct(this: #object, args: *const #object, nargs: usize, kwnames: #object) -> #object {
                // SAFETY: C calls a slot's function attached, with objects that are live or NULL as its contract says.
                unsafe { rt::object(|th| {
                    #reject_names
                    let given = rt::Given::vector(args, nargs & !rt::ARGUMENTS_OFFSET, kwnames);
                    #setup
                    rt::ToObject::to_object(#call, th)
                }) }
            }
        });
        self.push_own_slot("tp_new");
        self.constructs = true;
        Ok(())
    }

    fn push_own_slot(&mut self, name: &str) {
        let function = format_ident!("slot_{name}").into_token_stream();
        let field = Ident::new(name, Span::call_site());
        self.slots.push(Slot { table: Table::Type, field, function });
    }

    /// `#[vectorcall] fn call(&self, …)`: the constant `VECTORCALL`, for the field of each instance.
    fn vectorcall(&mut self, function: &Function) -> syn::Result<()> {
        let slot = Ident::new("tp_vectorcall", function.ident.span());
        let mut shim = TokenStream::new();
        let slot = slots::expand(&slot, function, &self.owner, &mut shim)?;
        let (ty, function) = (&self.ty, slot.function);
        self.constants.extend(quote! {
            impl #ty {
                /// The vectorcall function of instances.
                pub const VECTORCALL: ::krait_objects::args::rt::abi::vectorcallfunc = {
                    #[allow(unused_imports)]
                    use ::krait_objects::args::rt::{self, abi};
                    #shim
                    Some(#function)
                };
            }
        });
        Ok(())
    }

    fn property(
        &mut self,
        arguments: &mut Arguments,
        function: &Function,
        doc: Option<&str>,
        setter: bool,
    ) -> syn::Result<()> {
        let name = match arguments.string("name")? {
            Some(name) => name,
            None => {
                let name = python_name(&function.ident);
                if setter { name.trim_start_matches("set_").to_string() } else { name }
            }
        };
        let Some(receiver) = function.values().next() else {
            return Err(syn::Error::new(function.ident.span(), "the receiver is missing"));
        };
        let mut values = vec![receiver.object(&quote!(this))];
        let object = quote!(*mut abi::PyObject);
        let shim = format_ident!("property_{}", python_name(&function.ident));
        if setter {
            if let Some(value) = function.values().nth(1) {
                values.push(value.object(&quote!(value)));
            }
            let call = function.call(&self.owner, values)?;
            self.shims.extend(quote! {
                unsafe extern "C" fn #shim(this: #object, value: #object, _: *mut ::core::ffi::c_void) -> ::core::ffi::c_int {
                    // SAFETY: C calls an accessor's function attached, with objects that are live or NULL as its contract says.
                    unsafe { rt::status(|th| #call) }
                }
            });
        } else {
            let call = function.call(&self.owner, values)?;
            self.shims.extend(quote! {
                unsafe extern "C" fn #shim(this: #object, _: *mut ::core::ffi::c_void) -> #object {
                    // SAFETY: C calls an accessor's function attached, with objects that are live or NULL as its contract says.
                    unsafe { rt::object(|th| rt::ToObject::to_object(#call, th)) }
                }
            });
        }
        let at = match self.properties.iter().position(|property| property.name == name) {
            Some(at) => at,
            None => {
                self.properties.push(Property { name, get: None, set: None, doc: None });
                self.properties.len() - 1
            }
        };
        let property = &mut self.properties[at];
        let function = if setter { &mut property.set } else { &mut property.get };
        *function = Some(quote!(Some(#shim)));
        // The getter's documentation is the attribute's.
        if property.doc.is_none() || !setter {
            property.doc = doc.map(str::to_string);
        }
        Ok(())
    }

    /// The block as an expression of type `Part`.
    fn part(&mut self) -> TokenStream {
        if self.constructs && !self.initialises {
            let field = Ident::new("tp_vectorcall", Span::call_site());
            if !self.slots.iter().any(|slot| slot.field == field) {
                self.slots.push(Slot { table: Table::Type, field, function: quote!(construct) });
            }
        }
        let tables = Table::ALL.iter().filter_map(|&table| {
            let slots: Vec<_> = self.slots.iter().filter(|slot| slot.table == table).collect();
            if slots.is_empty() {
                return None;
            }
            let fields = slots.iter().map(|slot| &slot.field);
            let functions = slots.iter().map(|slot| &slot.function);
            let (field, structure) = (table.field(), table.structure());
            Some(quote! {
                #field: abi::#structure { #(#fields: Some(#functions),)* ..abi::#structure::EMPTY }
            })
        });
        let properties = self.properties.iter().map(|property| {
            let name = docs::c_string(&property.name);
            let doc = docs::documentation(property.doc.as_deref());
            let get = property.get.clone().unwrap_or_else(|| quote!(None));
            let set = property.set.clone().unwrap_or_else(|| quote!(None));
            quote! {
                abi::PyGetSetDef {
                    name: #name, get: #get, set: #set, doc: #doc, closure: ::core::ptr::null_mut(),
                }
            }
        });
        let (shims, methods) = (&self.shims, &self.methods);
        quote! {{
            #[allow(unused_imports)]
            use ::krait_objects::args::rt::{self, abi};
            #shims
            rt::Part {
                slots: rt::Slots { #(#tables,)* ..rt::Slots::EMPTY },
                methods: &[#(#methods),*],
                getset: &[#(#properties),*],
            }
        }}
    }
}
