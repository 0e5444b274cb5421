//! The node classes as `grammar.txt` lists them: ASDL productions, grouped by their sum type.
//!
//! A line at the margin names a class and its attributes (`?` for those that default to None); the indented lines
//! below it are its constructors. A group whose only constructor has its own name is a product.

/// How often a field occurs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Count {
    One,
    /// Absent is None.
    Optional,
    Many,
    /// A list whose items may be None.
    ManyOptional,
}

pub struct Field {
    /// `expr`, `identifier`, `int`, `constant` …
    pub kind: &'static str,
    pub name: &'static str,
    pub count: Count,
}

pub struct Constructor {
    pub name: &'static str,
    pub fields: Vec<Field>,
    /// The production, as docstrings show it.
    pub text: &'static str,
}

pub struct Group {
    pub name: &'static str,
    /// Name, and whether it defaults to None.
    pub attributes: Vec<(&'static str, bool)>,
    pub constructors: Vec<Constructor>,
}

impl Group {
    /// A product has no abstract class above it.
    pub fn is_product(&self) -> bool {
        matches!(self.constructors.as_slice(), [only] if only.name == self.name)
    }
}

/// The whole grammar, in the order of the file.
pub fn groups() -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for line in include_str!("grammar.txt").lines() {
        match (line.strip_prefix("  "), groups.last_mut()) {
            (Some(production), Some(group)) => group.constructors.push(constructor(production)),
            _ => groups.push(group(line)),
        }
    }
    groups
}

fn group(line: &'static str) -> Group {
    let (name, attributes) = line.split_once(" [").unwrap_or((line, ""));
    let attributes = attributes.trim_end_matches(']').split_whitespace();
    let attributes = attributes.map(|name| (name.trim_start_matches('?'), name.starts_with('?')));
    Group { name, attributes: attributes.collect(), constructors: Vec::new() }
}

fn constructor(text: &'static str) -> Constructor {
    let (name, fields) = text.split_once('(').unwrap_or((text, ""));
    let fields = fields.trim_end_matches(')').split(", ").filter(|field| !field.is_empty());
    Constructor { name, fields: fields.map(field).collect(), text }
}

fn field(text: &'static str) -> Field {
    let (kind, name) = text.split_once(' ').unwrap_or((text, ""));
    let count = if kind.ends_with("?*") {
        Count::ManyOptional
    } else if kind.ends_with('*') {
        Count::Many
    } else if kind.ends_with('?') {
        Count::Optional
    } else {
        Count::One
    };
    Field { kind: kind.trim_end_matches(['?', '*']), name, count }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_has_every_class_of_the_reference() {
        let groups = groups();
        let constructors: usize = groups.iter().map(|group| group.constructors.len()).sum();
        let sums = groups.iter().filter(|group| !group.is_product()).count();
        // Its `ast` module has 126 classes, `AST` among them.
        assert_eq!(1 + sums + constructors, 126);
    }

    #[test]
    fn fields_know_how_often_they_occur() {
        let parsed = constructor("Dict(expr?* keys, expr* values)");
        let counts: Vec<_> =
            parsed.fields.iter().map(|field| (field.kind, field.name, field.count)).collect();
        assert_eq!(
            counts,
            [("expr", "keys", Count::ManyOptional), ("expr", "values", Count::Many)]
        );
    }
}
