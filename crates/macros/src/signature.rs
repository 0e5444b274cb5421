//! Python signatures as text: `(self, key, default=None, /, *args, flag=False, **kwargs)`.
//!
//! Understood once, at compile time: the calling convention, the argument binding and `__text_signature__`
//! all follow from the result.

/// How an argument may be given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    PositionalOnly,
    Positional,
    VarPositional,
    KeywordOnly,
    VarKeyword,
}

/// One parameter; the receiver is not among them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parameter {
    pub name: String,
    pub kind: Kind,
    /// The default as written, without interpretation.
    pub default: Option<String>,
}

impl Parameter {
    /// Whether it has a value of its own, so a place in the list of bound arguments.
    pub fn is_named(&self) -> bool {
        !matches!(self.kind, Kind::VarPositional | Kind::VarKeyword)
    }
}

/// A parsed signature.
#[derive(PartialEq, Eq, Debug)]
pub struct Signature {
    /// `self`, `type` or `module`: what `__text_signature__` shows with a `$`.
    pub receiver: Option<String>,
    pub parameters: Vec<Parameter>,
}

/// The fastest calling convention that a signature allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Convention {
    NoArguments,
    One,
    Positional,
    Keywords,
}

impl Signature {
    /// Parses `text`; with `receiver`, or if it is written with a `$`, the first parameter is the receiver
    /// and not passed by the caller.
    pub fn parse(text: &str, receiver: bool) -> Result<Signature, String> {
        let inner = text.trim();
        let inner = inner.strip_prefix('(').and_then(|inner| inner.strip_suffix(')'));
        let inner = inner.ok_or("a signature is written in parentheses")?;
        let mut items = split(inner)?.into_iter().peekable();
        let shown = items.peek().is_some_and(|item| item.starts_with('$'));
        let receiver = if receiver || shown {
            let name = items.next().ok_or("the receiver (`self`, `type`) is missing")?;
            Some(name.trim_start_matches('$').to_string())
        } else {
            None
        };
        // The slash that separates only the receiver from the rest says nothing.
        if receiver.is_some() {
            items.next_if(|item| item == "/");
        }
        let mut signature = Signature { receiver, parameters: Vec::new() };
        let mut kind = Kind::Positional;
        for item in items {
            signature.add(&item, &mut kind)?;
        }
        signature.check()?;
        Ok(signature)
    }

    fn add(&mut self, item: &str, kind: &mut Kind) -> Result<(), String> {
        if item == "/" {
            if *kind != Kind::Positional || self.parameters.is_empty() {
                return Err("misplaced `/`".to_string());
            }
            for parameter in &mut self.parameters {
                parameter.kind = Kind::PositionalOnly;
            }
            return Ok(());
        }
        if item == "*" {
            *kind = Kind::KeywordOnly;
            return Ok(());
        }
        let (name, default) = match item.split_once('=') {
            Some((name, default)) => (name.trim(), Some(default.trim().to_string())),
            None => (item, None),
        };
        let (name, this) = if let Some(name) = name.strip_prefix("**") {
            (name, Kind::VarKeyword)
        } else if let Some(name) = name.strip_prefix('*') {
            *kind = Kind::KeywordOnly;
            (name, Kind::VarPositional)
        } else {
            (name, *kind)
        };
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
            return Err(format!("`{name}` is not a parameter name"));
        }
        self.parameters.push(Parameter { name: name.to_string(), kind: this, default });
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        let mut optional = false;
        for (at, parameter) in self.parameters.iter().enumerate() {
            if self.parameters[..at].iter().any(|earlier| earlier.name == parameter.name) {
                return Err(format!("duplicate parameter `{}`", parameter.name));
            }
            match parameter.kind {
                Kind::PositionalOnly | Kind::Positional => {
                    if optional && parameter.default.is_none() {
                        return Err(format!("`{}` needs a default", parameter.name));
                    }
                    optional |= parameter.default.is_some();
                }
                Kind::VarKeyword if at + 1 != self.parameters.len() => {
                    return Err("parameters after `**`".to_string());
                }
                _ => {}
            }
        }
        Ok(())
    }

    pub fn convention(&self) -> Convention {
        let positional_only = |parameter: &Parameter| {
            matches!(parameter.kind, Kind::PositionalOnly | Kind::VarPositional)
        };
        match self.parameters.as_slice() {
            [] => Convention::NoArguments,
            [Parameter { kind: Kind::PositionalOnly, default: None, .. }] => Convention::One,
            all if all.iter().all(positional_only) => Convention::Positional,
            _ => Convention::Keywords,
        }
    }

    pub fn count(&self, kinds: &[Kind]) -> usize {
        self.parameters.iter().filter(|parameter| kinds.contains(&parameter.kind)).count()
    }

    pub fn required(&self, kinds: &[Kind]) -> usize {
        let wanted =
            |parameter: &&Parameter| kinds.contains(&parameter.kind) && parameter.default.is_none();
        self.parameters.iter().filter(wanted).count()
    }

    /// The form that `__text_signature__` is read from; `receiver` stands for one that was not written.
    pub fn text(&self, receiver: Option<&str>) -> String {
        let mut items = Vec::new();
        let slash = self.count(&[Kind::PositionalOnly]);
        if let Some(name) = self.receiver.as_deref().or(receiver) {
            items.push(format!("${name}"));
            if slash == 0 {
                items.push("/".to_string());
            }
        }
        let mut starred = false;
        for (at, parameter) in self.parameters.iter().enumerate() {
            let stars = match parameter.kind {
                Kind::VarPositional => "*",
                Kind::VarKeyword => "**",
                _ => "",
            };
            if parameter.kind == Kind::KeywordOnly && !starred {
                items.push("*".to_string());
            }
            starred |= matches!(parameter.kind, Kind::KeywordOnly | Kind::VarPositional);
            let default = parameter.default.as_deref().map(|text| format!("={text}"));
            items.push(format!("{stars}{}{}", parameter.name, default.unwrap_or_default()));
            if at + 1 == slash {
                items.push("/".to_string());
            }
        }
        format!("({})", items.join(", "))
    }
}

/// Splits at the commas that are outside brackets and quotes.
fn split(text: &str) -> Result<Vec<String>, String> {
    let mut items = Vec::new();
    let mut item = String::new();
    let (mut depth, mut quote, mut escaped) = (0usize, None, false);
    for c in text.chars() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.checked_sub(1).ok_or("unbalanced brackets")?,
            (None, ',') if depth == 0 => {
                items.push(std::mem::take(&mut item).trim().to_string());
                continue;
            }
            _ => {}
        }
        item.push(c);
    }
    if quote.is_some() || depth != 0 {
        return Err("unbalanced quotes or brackets".to_string());
    }
    if !item.trim().is_empty() {
        items.push(item.trim().to_string());
    }
    if items.iter().any(String::is_empty) {
        return Err("an empty parameter".to_string());
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, receiver: bool) -> Signature {
        Signature::parse(text, receiver).unwrap()
    }

    /// Each signature with its calling convention and its text, as the reference shows them.
    #[test]
    fn conventions_and_texts() {
        use Convention::{Keywords, NoArguments, One, Positional};
        for (source, convention, text) in [
            ("(self)", NoArguments, "($self, /)"),
            ("(self, /)", NoArguments, "($self, /)"),
            ("(self, object, /)", One, "($self, object, /)"),
            ("(self, index=-1, /)", Positional, "($self, index=-1, /)"),
            ("(self, sep=None, maxsplit=-1)", Keywords, "($self, /, sep=None, maxsplit=-1)"),
            ("(self, /, *, key=None)", Keywords, "($self, /, *, key=None)"),
            ("(self, /, *args)", Positional, "($self, /, *args)"),
            ("(self, /, *args, **kw)", Keywords, "($self, /, *args, **kw)"),
            ("(self, a, /, b, *, c)", Keywords, "($self, a, /, b, *, c)"),
        ] {
            let signature = parse(source, true);
            assert_eq!(signature.convention(), convention, "{source}");
            assert_eq!(signature.text(None), text);
        }
    }

    #[test]
    fn functions_show_their_module() {
        let print = parse(r"(*args, sep=' ', end='\n', file=None)", false);
        assert_eq!(
            print.text(Some("module")),
            r"($module, /, *args, sep=' ', end='\n', file=None)"
        );
        assert_eq!(parse("(iterable=(), /)", false).text(None), "(iterable=(), /)");
    }

    #[test]
    fn commas_in_defaults_do_not_split() {
        let signature = parse("(a=',', b=(1, 2), /)", false);
        let defaults: Vec<_> =
            signature.parameters.iter().map(|p| p.default.as_deref().unwrap()).collect();
        assert_eq!(defaults, ["','", "(1, 2)"]);
    }

    #[test]
    fn wrong_signatures_are_refused() {
        for (text, message) in [
            ("self", "a signature is written in parentheses"),
            ("(/)", "misplaced `/`"),
            ("(a=1, b)", "`b` needs a default"),
            ("(a, a)", "duplicate parameter `a`"),
            ("(**k, a)", "parameters after `**`"),
            ("(a,, b)", "an empty parameter"),
            ("(a='x)", "unbalanced quotes or brackets"),
            ("(a b)", "`a b` is not a parameter name"),
        ] {
            assert_eq!(Signature::parse(text, false).unwrap_err(), message, "{text}");
        }
    }
}
