//! `#[pytype]`: the static type object of a struct.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Fields, ItemStruct};

use crate::attributes::{self, Arguments};
use crate::docs;
use crate::members;

/// Flags that say which layout an instance has, so that a type check is one test of a bit.
const LAYOUT_FLAGS: [&str; 8] = [
    "LONG_SUBCLASS",
    "LIST_SUBCLASS",
    "TUPLE_SUBCLASS",
    "BYTES_SUBCLASS",
    "UNICODE_SUBCLASS",
    "DICT_SUBCLASS",
    "BASE_EXC_SUBCLASS",
    "TYPE_SUBCLASS",
];

pub fn expand(attribute: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let mut arguments = Arguments::parse(attribute, Span::call_site())?;
    let mut item: ItemStruct = syn::parse2(item)?;
    let ident = item.ident.clone();
    let name = arguments.required_string("name")?;
    let short = name.rsplit('.').next().unwrap_or(&name).to_string();
    let symbol = arguments.string("symbol")?;
    let flags = arguments.list("flags");
    let is_root = arguments.peek("base", "none");
    let traits = traits(&mut item, &flags, &short, is_root)?;
    let header = header(&mut arguments, &item, &name, &flags)?;
    arguments.finish()?;
    let members = &traits.members;

    // The static stands beside the struct if it has a symbol, so that others can name it.
    let own = Ident::new(symbol.as_deref().unwrap_or("TYPE"), Span::call_site());
    let outside = symbol.is_some().then(|| {
        let visibility = &item.vis;
        quote! {
            /// The type object, under the name C knows.
            #[unsafe(no_mangle)]
            #[allow(non_upper_case_globals)]
            #visibility static #own: ::krait_objects::typeobj::StaticType =
                ::krait_objects::typeobj::StaticType::new(
                    <#ident as ::krait_objects::args::rt::StaticTypeOf>::INITIAL,
                );
        }
    });
    let inside = symbol.is_none().then(|| {
        quote!(static #own: rt::StaticType = rt::StaticType::new(<#ident as rt::StaticTypeOf>::INITIAL);)
    });
    let (visit, instance) = (traits.visit, traits.instance);
    Ok(quote! {
        #item
        #outside
        const _: () = {
            #[allow(unused_imports)]
            use ::krait_objects::args::rt::{self, abi};
            const PARTS: &[rt::Part] = <#ident as rt::TypeDecl>::PARTS;
            static METHODS: rt::StaticCell<[abi::PyMethodDef; rt::count_methods(PARTS) + 1]> =
                rt::StaticCell::new(rt::join_methods(PARTS));
            static GETSET: rt::StaticCell<[abi::PyGetSetDef; rt::count_getset(PARTS) + 1]> =
                rt::StaticCell::new(rt::join_getset(PARTS));
            const SLOTS: rt::Slots = rt::join_slots(PARTS);
            static NUMBER: rt::StaticCell<abi::PyNumberMethods> = rt::StaticCell::new(SLOTS.number);
            static SEQUENCE: rt::StaticCell<abi::PySequenceMethods> = rt::StaticCell::new(SLOTS.sequence);
            static MAPPING: rt::StaticCell<abi::PyMappingMethods> = rt::StaticCell::new(SLOTS.mapping);
            static ASYNC: rt::StaticCell<abi::PyAsyncMethods> = rt::StaticCell::new(SLOTS.asynchronous);
            static BUFFER: rt::StaticCell<abi::PyBufferProcs> = rt::StaticCell::new(SLOTS.buffer);
            #members
            #inside
            #visit
            #instance
            impl rt::TypeName for #ident {
                const NAME: &'static str = #short;
            }
            impl rt::StaticTypeOf for #ident {
                const TYPE: *mut abi::PyTypeObject = #own.as_ptr();
                const INITIAL: abi::PyTypeObject = rt::type_object(
                    #header,
                    SLOTS,
                    rt::Tables {
                        methods: if rt::count_methods(PARTS) == 0 { ::core::ptr::null_mut() } else { METHODS.as_ptr().cast() },
                        getset: if rt::count_getset(PARTS) == 0 { ::core::ptr::null_mut() } else { GETSET.as_ptr().cast() },
                        number: NUMBER.as_ptr(),
                        sequence: SEQUENCE.as_ptr(),
                        mapping: MAPPING.as_ptr(),
                        asynchronous: ASYNC.as_ptr(),
                        buffer: BUFFER.as_ptr(),
                    },
                );
            }
        };
    })
}

/// What the struct's fields give.
struct Traits {
    visit: TokenStream,
    instance: TokenStream,
    members: TokenStream,
}

/// `is_root`: the type has no base, so that every object is an instance of it.
fn traits(
    item: &mut ItemStruct,
    flags: &[Ident],
    short: &str,
    is_root: bool,
) -> syn::Result<Traits> {
    let ident = item.ident.clone();
    let mut visited = Vec::new();
    let mut members = Vec::new();
    let fields = match &mut item.fields {
        Fields::Named(named) => named.named.iter_mut().collect::<Vec<_>>(),
        Fields::Unnamed(unnamed) => unnamed.unnamed.iter_mut().collect(),
        Fields::Unit => {
            let message = "an object begins with a head: `#[repr(C)] struct … { head: Head, … }`";
            return Err(syn::Error::new(ident.span(), message));
        }
    };
    for (at, field) in fields.into_iter().enumerate() {
        if attributes::take(&mut field.attrs, "visit").is_some() {
            visited.push(match &field.ident {
                Some(name) => name.to_token_stream(),
                None => syn::Index::from(at).to_token_stream(),
            });
        }
        members.extend(members::expand(field, &ident)?);
    }
    let collected = flags.iter().any(|flag| flag == "HAVE_GC");
    if !visited.is_empty() && !collected {
        let message = format!("`{short}` has `#[visit]` fields: it needs `flags(HAVE_GC)`");
        return Err(syn::Error::new(ident.span(), message));
    }
    let layout = flags.iter().find(|flag| LAYOUT_FLAGS.iter().any(|name| flag == name));
    let everything = is_root.then(|| {
        quote! {
            #[inline(always)]
            fn check(_: &rt::Object) -> bool {
                true
            }
        }
    });
    let check = layout.map(|flag| {
        let flag = flag_constant(flag);
        quote! {
            #[inline(always)]
            fn check(ob: &rt::Object) -> bool {
                ob.ty().has_flag(#flag)
            }
        }
    });
    let visit = quote! {
        impl rt::Visit for #ident {
            #[allow(unused_variables)]
            fn visit(&self, visitor: &mut rt::Visitor<'_>) -> ::core::ffi::c_int {
                #(
                    let stop = rt::Visit::visit(&self.#visited, visitor);
                    if stop != 0 {
                        return stop;
                    }
                )*
                0
            }

            fn clear(&self) {
                #(rt::Visit::clear(&self.#visited);)*
            }
        }
    };
    let instance = quote! {
        // SAFETY: the struct is this type's layout: the declaration says so, and `basicsize` follows from it.
        unsafe impl rt::Instance for #ident {
            #[inline(always)]
            fn type_object() -> &'static rt::Type {
                // SAFETY: the address of a static type.
                unsafe { &*<#ident as rt::StaticTypeOf>::TYPE.cast::<rt::Type>() }
            }
            #check
            #everything
        }
    };
    let count = members.len() + 1;
    let members = quote! {
        static MEMBERS: rt::StaticCell<[abi::PyMemberDef; #count]> =
            rt::StaticCell::new([#(#members,)* abi::PyMemberDef::EMPTY]);
        const HAS_MEMBERS: bool = #count > 1;
    };
    let has_visited = !visited.is_empty();
    let visit = quote! {
        const HAS_VISITED: bool = #has_visited;
        #visit
    };
    Ok(Traits { visit, instance, members })
}

/// The constant of a flag: `Py_TPFLAGS_…`, or with an underscore for those C hides.
fn flag_constant(flag: &Ident) -> TokenStream {
    let hidden = flag == "MATCH_SELF" || flag == "STATIC_BUILTIN";
    let prefix = if hidden { "_Py_TPFLAGS_" } else { "Py_TPFLAGS_" };
    let constant = Ident::new(&format!("{prefix}{flag}"), flag.span());
    quote!(abi::#constant)
}

/// The expression of type `rt::Header`: everything that is not a slot.
fn header(
    arguments: &mut Arguments,
    item: &ItemStruct,
    name: &str,
    flags: &[Ident],
) -> syn::Result<TokenStream> {
    let ident = &item.ident;
    let short = name.rsplit('.').next().unwrap_or(name);
    let doc = arguments.string("doc")?.or_else(|| docs::text(&item.attrs));
    let new = arguments.string("new")?;
    let doc = docs::with_signature(short, new.as_deref(), doc.as_deref());
    let base = arguments.expression("base")?;
    let has_plain_base = base.is_none();
    let base = match base {
        None => quote!(<rt::Object as rt::StaticTypeOf>::TYPE),
        Some(none) if none.to_token_stream().to_string() == "none" => {
            quote!(::core::ptr::null_mut())
        }
        Some(base) => quote!(<#base as rt::StaticTypeOf>::TYPE),
    };
    let metatype = match arguments.expression("metatype")? {
        None => quote!(<rt::Type as rt::StaticTypeOf>::TYPE),
        Some(metatype) => quote!(<#metatype as rt::StaticTypeOf>::TYPE),
    };
    // `dict = field` names a field of the struct; `dict_offset = expr` says where it lies in a C struct inside.
    let mut offset = |argument: &str| -> syn::Result<TokenStream> {
        if let Some(offset) = arguments.expression(&format!("{argument}_offset"))? {
            return Ok(quote!(#offset));
        }
        Ok(match arguments.expression(argument)? {
            None => quote!(0),
            Some(field) => quote!(::core::mem::offset_of!(#ident, #field) as isize),
        })
    };
    let (weaklist, dict, vectorcall) =
        (offset("weaklist")?, offset("dict")?, offset("vectorcall")?);
    let itemsize = arguments.expression("itemsize")?.map_or(quote!(0), |size| quote!(#size));
    let basicsize = match arguments.expression("basicsize")? {
        None => quote!(::core::mem::size_of::<#ident>() as isize),
        Some(size) => quote!(#size),
    };
    let flags = flags.iter().map(flag_constant);
    let (name, doc) = (docs::c_string(name), docs::documentation(doc.as_deref()));
    Ok(quote! {
        rt::Header {
            name: #name,
            doc: #doc,
            basicsize: #basicsize,
            itemsize: #itemsize,
            flags: abi::_Py_TPFLAGS_STATIC_BUILTIN | abi::Py_TPFLAGS_IMMUTABLETYPE #(| #flags)*,
            base: #base,
            has_plain_base: #has_plain_base,
            metatype: #metatype,
            weaklist: #weaklist,
            dict: #dict,
            vectorcall: #vectorcall,
            members: if HAS_MEMBERS { MEMBERS.as_ptr().cast() } else { ::core::ptr::null_mut() },
            dealloc: rt::dealloc::<#ident>,
            traverse: if HAS_VISITED { Some(rt::traverse::<#ident>) } else { None },
            clear: if HAS_VISITED { Some(rt::clear::<#ident>) } else { None },
        }
    })
}
