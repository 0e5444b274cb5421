//! Reading the arguments of attributes: `name`, `name = expression`, `name(list)`.

use proc_macro2::{Span, TokenStream};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, Token};

/// One argument of an attribute.
pub struct Argument {
    pub name: Ident,
    pub value: Option<Expr>,
    pub list: Vec<Ident>,
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Argument> {
        let mut argument = Argument {
            name: input.call(syn::ext::IdentExt::parse_any)?,
            value: None,
            list: Vec::new(),
        };
        if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            argument.value = Some(ungroup(input.parse()?));
        } else if input.peek(syn::token::Paren) {
            let content;
            syn::parenthesized!(content in input);
            argument.list =
                Punctuated::<Ident, Token![,]>::parse_terminated(&content)?.into_iter().collect();
        }
        Ok(argument)
    }
}

/// The arguments of one attribute. Each accessor takes its argument out; `finish` reports what nobody took.
pub struct Arguments {
    list: Vec<Argument>,
    span: Span,
}

impl Arguments {
    pub fn parse(tokens: TokenStream, span: Span) -> syn::Result<Arguments> {
        let list = Punctuated::<Argument, Token![,]>::parse_terminated.parse2(tokens)?;
        Ok(Arguments { list: list.into_iter().collect(), span })
    }

    pub fn of(attribute: &Attribute) -> syn::Result<Arguments> {
        let span = syn::spanned::Spanned::span(attribute);
        match &attribute.meta {
            syn::Meta::Path(_) => Ok(Arguments { list: Vec::new(), span }),
            syn::Meta::List(list) => Arguments::parse(list.tokens.clone(), span),
            syn::Meta::NameValue(_) => Err(syn::Error::new(span, "expected a list of arguments")),
        }
    }

    pub fn take(&mut self, name: &str) -> Option<Argument> {
        let at = self.list.iter().position(|argument| argument.name == name)?;
        Some(self.list.remove(at))
    }

    /// Whether `name = word` is given; it stays where it is.
    pub fn peek(&self, name: &str, word: &str) -> bool {
        self.list.iter().filter(|argument| argument.name == name).any(|argument| {
            matches!(&argument.value, Some(Expr::Path(path)) if path.path.is_ident(word))
        })
    }

    /// Whether the bare word `name` is given.
    pub fn flag(&mut self, name: &str) -> bool {
        self.take(name).is_some()
    }

    pub fn expression(&mut self, name: &str) -> syn::Result<Option<Expr>> {
        match self.take(name) {
            None => Ok(None),
            Some(Argument { value: Some(value), .. }) => Ok(Some(value)),
            Some(argument) => {
                Err(syn::Error::new(argument.name.span(), format!("`{name}` needs a value")))
            }
        }
    }

    pub fn string(&mut self, name: &str) -> syn::Result<Option<String>> {
        match self.expression(name)? {
            None => Ok(None),
            Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => Ok(Some(text.value())),
            Some(other) => {
                Err(syn::Error::new_spanned(other, format!("`{name}` must be a string literal")))
            }
        }
    }

    pub fn required_string(&mut self, name: &str) -> syn::Result<String> {
        let span = self.span;
        self.string(name)?
            .ok_or_else(|| syn::Error::new(span, format!("`{name} = \"…\"` is missing")))
    }

    pub fn list(&mut self, name: &str) -> Vec<Ident> {
        self.take(name).map(|argument| argument.list).unwrap_or_default()
    }

    /// All remaining bare words, for attributes that list things.
    pub fn words(&mut self) -> Vec<Ident> {
        self.list.drain(..).map(|argument| argument.name).collect()
    }

    pub fn finish(self) -> syn::Result<()> {
        match self.list.first() {
            None => Ok(()),
            Some(extra) => Err(syn::Error::new(
                extra.name.span(),
                format!("unknown argument `{}`", extra.name),
            )),
        }
    }
}

/// Without the invisible parentheses that a fragment of a `macro_rules!` comes in.
pub fn ungroup(mut expression: Expr) -> Expr {
    while let Expr::Group(group) = expression {
        expression = *group.expr;
    }
    expression
}

/// Takes the attribute called `name` out of `attributes`.
pub fn take(attributes: &mut Vec<Attribute>, name: &str) -> Option<Attribute> {
    let at = attributes.iter().position(|attribute| attribute.path().is_ident(name))?;
    Some(attributes.remove(at))
}

/// The Python name of a Rust identifier: raw identifiers lose their prefix.
pub fn python_name(ident: &Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_string()
}
