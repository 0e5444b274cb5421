//! `#[capi]`: exports a function under its own name, with C's types and C's error values.
//!
//! The function itself stays inside the exported one, so each entry is one symbol and one piece of code.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{FnArg, ItemFn, Pat, ReturnType, Type};

use crate::attributes::Arguments;
use crate::docs;
use crate::function::{is_path_to, type_arguments};

pub fn expand(attribute: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let mut arguments = Arguments::parse(attribute, Span::call_site())?;
    let error = arguments.expression("error")?;
    // Since which version the function is in the limited API: for readers and for the header generator.
    arguments.string("stable")?;
    // What answers in the usual case, given what C passed: `Option` of what C gets.
    let fast = arguments.expression("fast")?;
    arguments.finish()?;
    let item: ItemFn = syn::parse2(item)?;
    let ident = &item.sig.ident;

    let mut parameters = Vec::new();
    let mut names = Vec::new();
    let returned = Returned::of(&item.sig.output);
    let (c_type, convert, default) = returned.shape();
    let error = match error {
        Some(error) => Some(quote!(#error)),
        None => default.clone(),
    };
    let refuse = Refusal { c_type: &c_type, error: error.as_ref(), usual: default.as_ref() };
    let mut refused = TokenStream::new();
    let mut stolen = TokenStream::new();
    let mut checked = TokenStream::new();
    let mut values = Vec::new();
    let mut fallible = false;
    for (at, input) in item.sig.inputs.iter().enumerate() {
        let FnArg::Typed(typed) = input else {
            return Err(syn::Error::new_spanned(input, "a C function has no receiver"));
        };
        let name = match &*typed.pat {
            Pat::Ident(pattern) => pattern.ident.clone(),
            _ => format_ident!("argument{at}"),
        };
        let ty = &*typed.ty;
        if matches!(ty, Type::Reference(reference) if is_path_to(&reference.elem, "Thread")) {
            values.push(quote!(rt::Thread::attached()));
            continue;
        }
        let object = quote!(*mut ::krait_objects::args::rt::abi::PyObject);
        names.push(name.clone());
        match Passed::of(ty) {
            Passed::AsIs => parameters.push(quote!(#name: #ty)),
            // The reference is ours from here on: whatever happens next releases it.
            Passed::Stolen { nullable } => {
                parameters.push(quote!(#name: #object));
                stolen.extend(quote!(let #name = rt::owned_or_null(#name);));
                if !nullable {
                    fallible = true;
                    checked.extend(quote!(let #name = rt::capi::present(#name)?;));
                }
            }
            Passed::Borrowed { nullable } => {
                parameters.push(quote!(#name: #object));
                let check = if nullable { quote!(nullable) } else { quote!(object) };
                // A handle without a type of its own takes any object.
                let inner = if nullable { type_arguments(ty).first().copied() } else { Some(ty) };
                let takes_any = inner.is_none_or(|inner| type_arguments(inner).is_empty());
                let answer = refuse.of(&name, takes_any, &item)?;
                refused.extend(quote! {
                    let Some(#name) = rt::capi::#check(#name) else { return #answer };
                });
            }
        }
        values.push(quote!(#name));
    }

    let error = refuse.error(&item)?;
    let call = quote!(#ident(#(#values),*));
    let body = match (returned.result, fallible) {
        (false, false) => quote!(let value = #call; #convert),
        (result, _) => {
            let call = if result { call } else { quote!(Ok(#call)) };
            let run =
                if fallible { quote!((|| -> rt::PyResult<_> { #checked #call })()) } else { call };
            // In the rare half of an entry, no more is to be known of it than of a value.
            let error =
                if fast.is_some() { quote!(rt::codegen::opaque(#error)) } else { quote!(#error) };
            quote! {
                match #run {
                    Ok(value) => #convert,
                    Err(_) => #error,
                }
            }
        }
    };
    let documentation = docs::attributes(&item.attrs);
    let function = function_inside(&item);
    let arrow = if c_type.is_empty() { quote!() } else { quote!(-> #c_type) };
    let body = quote! {
        #function
        #[allow(unused_unsafe)]
        // SAFETY: what the documentation of the entry asks of C.
        unsafe {
            #stolen
            #refused
            #body
        }
    };
    let aligned = aligned(ident, fast.is_some());
    let body = match fast {
        None => body,
        // Everything else is reached by a jump, so that the usual case saves no register. It stands at the end, once: a conditional jump
        // as far as the rare half would take four bytes more at each test, and the usual case would not fit one cache line.
        Some(fast) => quote! {
            #[cold]
            #[inline(never)]
            unsafe extern "C" fn otherwise(#(#parameters),*) #arrow {
                #body
            }
            // SAFETY: as above.
            unsafe {
                if let Some(answer) = #fast(#(#names),*) {
                    return answer;
                }
                rt::codegen::keep_apart();
                otherwise(#(#names),*)
            }
        },
    };
    Ok(quote! {
        #aligned
        #documentation
        ///
        /// # Safety
        /// The arguments are what C's declaration of the function asks for, and the thread is attached.
        #[unsafe(no_mangle)]
        #[allow(non_snake_case, clippy::all)]
        pub unsafe extern "C" fn #ident(#(#parameters),*) #arrow {
            #[allow(unused_imports)]
            use ::krait_objects::args::rt;
            #body
        }
    })
}

/// Where the entry begins, as far as its section says: one of a few instructions that lies across two cache lines takes a cycle
/// more, of about five. What answers at once begins with a line, other entries with half of one.
///
/// Rust has no word for it. A section of the same name in the same object is the same section, and has the greater alignment.
fn aligned(ident: &syn::Ident, fast: bool) -> TokenStream {
    let section = format!(".pushsection .text.{ident},\"ax\",@progbits");
    let alignment = if fast { ".p2align 6" } else { ".p2align 5" };
    quote! {
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        ::core::arch::global_asm!(#section, #alignment, ".popsection");
    }
}

/// What is answered for an argument that is not what it has to be.
struct Refusal<'a> {
    c_type: &'a TokenStream,
    error: Option<&'a TokenStream>,
    /// What stands for an error in values of this type, unless the function says otherwise.
    usual: Option<&'a TokenStream>,
}

impl Refusal<'_> {
    fn error(&self, item: &ItemFn) -> syn::Result<TokenStream> {
        self.error.cloned().ok_or_else(|| {
            let message = "say what C gets on failure: #[capi(error = …)]";
            syn::Error::new_spanned(&item.sig.output, message)
        })
    }

    /// As the result of a function where that is possible: the refusal is then a jump, and needs no stack in the function.
    fn of(&self, name: &syn::Ident, takes_any: bool, item: &ItemFn) -> syn::Result<TokenStream> {
        let error = self.error(item)?;
        let c_type = self.c_type;
        let is_usual = self.usual.is_some_and(|usual| usual.to_string() == error.to_string());
        let shown = c_type.to_string();
        Ok(if is_usual && shown.starts_with('*') {
            quote!(rt::capi::refuse_for_null::<#takes_any>(#name) as #c_type)
        } else if is_usual && (shown.ends_with("c_int") || INTEGERS.contains(&shown.as_str())) {
            quote!(rt::capi::refuse_for_minus_one::<#takes_any>(#name) as #c_type)
        } else if is_usual && (shown.ends_with("c_double") || shown == "f64") {
            quote!(rt::capi::refuse_for_float::<#takes_any>(#name))
        } else {
            quote!({ rt::capi::refuse::<#takes_any>(#name); #error })
        })
    }
}

/// The function as written, private to the exported one.
fn function_inside(item: &ItemFn) -> TokenStream {
    let mut inner = item.clone();
    inner.attrs.retain(|attribute| !attribute.path().is_ident("doc"));
    inner.vis = syn::Visibility::Inherited;
    quote!(#[inline(always)] #inner)
}

/// How C passes a parameter.
enum Passed {
    AsIs,
    Borrowed { nullable: bool },
    Stolen { nullable: bool },
}

impl Passed {
    fn of(ty: &Type) -> Passed {
        let (inner, nullable) = match type_arguments(ty).first() {
            Some(inner) if is_path_to(ty, "Option") => (*inner, true),
            _ => (ty, false),
        };
        if is_path_to(inner, "Borrowed") {
            Passed::Borrowed { nullable }
        } else if is_path_to(inner, "Owned") {
            Passed::Stolen { nullable }
        } else {
            Passed::AsIs
        }
    }
}

/// What the function returns: the type without `PyResult`, and whether it was wrapped in one.
struct Returned {
    result: bool,
    ty: Option<Type>,
}

impl Returned {
    fn of(output: &ReturnType) -> Returned {
        let ReturnType::Type(_, ty) = output else {
            return Returned { result: false, ty: None };
        };
        if !is_path_to(ty, "PyResult") {
            return Returned { result: false, ty: Some((**ty).clone()) };
        }
        let inner = type_arguments(ty).first().map(|ty| (*ty).clone());
        // Bare `PyResult` is `PyResult<Owned>`.
        Returned { result: true, ty: Some(inner.unwrap_or_else(|| syn::parse_quote!(Owned))) }
    }

    /// C's type, the conversion of `value`, and what stands for an error, if that is settled.
    fn shape(&self) -> (TokenStream, TokenStream, Option<TokenStream>) {
        let null = quote!(::core::ptr::null_mut());
        let Some(ty) = &self.ty else { return (quote!(), quote!(value), Some(quote!(()))) };
        let object = quote!(*mut ::krait_objects::args::rt::abi::PyObject);
        let (inner, optional) = match type_arguments(ty).first() {
            Some(inner) if is_path_to(ty, "Option") => (*inner, true),
            _ => (ty, false),
        };
        if is_path_to(inner, "Owned") || is_path_to(inner, "Borrowed") {
            let into = if is_path_to(inner, "Owned") {
                quote!(rt::Owned::into_ptr)
            } else {
                quote!(rt::Borrowed::as_ptr)
            };
            let convert = if optional {
                quote!(value.map_or(::core::ptr::null_mut(), #into))
            } else {
                quote!(#into(value))
            };
            return (object, convert, Some(null));
        }
        match ty {
            Type::Tuple(tuple) if tuple.elems.is_empty() && self.result => (
                quote!(::core::ffi::c_int),
                quote!({
                    let () = value;
                    0
                }),
                Some(quote!(-1)),
            ),
            Type::Tuple(tuple) if tuple.elems.is_empty() => {
                (quote!(), quote!(value), Some(quote!(())))
            }
            Type::Ptr(pointer) => {
                let null =
                    if pointer.mutability.is_some() { null } else { quote!(::core::ptr::null()) };
                (quote!(#ty), quote!(value), Some(null))
            }
            _ if is_path_to(ty, "bool") => (
                quote!(::core::ffi::c_int),
                quote!(::core::ffi::c_int::from(value)),
                Some(quote!(-1)),
            ),
            _ if ["f64", "c_double"].iter().any(|name| is_path_to(ty, name)) => {
                (quote!(#ty), quote!(value), Some(quote!(-1.0)))
            }
            _ if INTEGERS.iter().any(|name| is_path_to(ty, name)) => {
                // -1, converted as C does for unsigned types.
                (quote!(#ty), quote!(value), Some(quote!(-1i64 as #ty)))
            }
            _ => (quote!(#ty), quote!(value), self.settled()),
        }
    }

    /// A plain value of another type needs no error unless a parameter can be wrong.
    fn settled(&self) -> Option<TokenStream> {
        (!self.result).then(|| {
            quote!(::core::compile_error!("say what C gets on failure: #[capi(error = …)]"))
        })
    }
}

const INTEGERS: [&str; 24] = [
    "isize",
    "usize",
    "i8",
    "u8",
    "i16",
    "u16",
    "i32",
    "u32",
    "i64",
    "u64",
    "c_char",
    "c_short",
    "c_ushort",
    "c_int",
    "c_uint",
    "c_long",
    "c_ulong",
    "c_longlong",
    "c_ulonglong",
    "Py_ssize_t",
    "Py_hash_t",
    "Py_uhash_t",
    "size_t",
    "Py_UCS4",
];
