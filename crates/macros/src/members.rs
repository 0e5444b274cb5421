//! `#[member]` on a field: an entry of the type's `PyMemberDef` table.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::Field;

use crate::attributes::{self, Arguments, python_name};
use crate::docs;

/// Takes `#[member(…)]` off the field and makes its table entry: `name`, `readonly`, `audited` (hooks hear of reads), `doc`, `kind`.
pub fn expand(field: &mut Field, owner: &Ident) -> syn::Result<Option<TokenStream>> {
    let Some(attribute) = attributes::take(&mut field.attrs, "member") else { return Ok(None) };
    let Some(ident) = &field.ident else {
        return Err(syn::Error::new_spanned(field, "a member is a named field"));
    };
    let mut arguments = Arguments::of(&attribute)?;
    let name = arguments.string("name")?.unwrap_or_else(|| python_name(ident));
    let doc = arguments.string("doc")?.or_else(|| docs::text(&field.attrs));
    let mut flags = if arguments.flag("readonly") { quote!(abi::Py_READONLY) } else { quote!(0) };
    if arguments.flag("audited") {
        flags = quote!(#flags | abi::Py_AUDIT_READ);
    }
    let ty = &field.ty;
    let kind = match arguments.string("kind")? {
        Some(kind) => {
            let prefix =
                if matches!(kind.as_str(), "OBJECT" | "NONE") { "_Py_T_" } else { "Py_T_" };
            let constant = Ident::new(&format!("{prefix}{kind}"), Span::call_site());
            quote!(abi::#constant)
        }
        None => quote!(<#ty as rt::MemberKind>::KIND),
    };
    arguments.finish()?;
    let (name, doc) = (docs::c_string(&name), docs::documentation(doc.as_deref()));
    Ok(Some(quote! {
        abi::PyMemberDef {
            name: #name,
            r#type: #kind,
            offset: ::core::mem::offset_of!(#owner, #ident) as isize,
            flags: #flags,
            doc: #doc,
        }
    }))
}
