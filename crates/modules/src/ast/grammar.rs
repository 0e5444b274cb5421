//! The node classes as `grammar.txt` lists them: ASDL productions, grouped by their sum type.
//!
//! A line at the margin names a class and its attributes (`?` for those that default to None); the indented lines
//! below it are its constructors. A group whose only constructor has its own name is a product.

const GRAMMAR: &str = include_str!("grammar.txt");

/// The names of all fields and attributes, sorted.
pub const FIELDS: &[&str] = &[
    "annotation",
    "arg",
    "args",
    "argtypes",
    "asname",
    "attr",
    "bases",
    "body",
    "bound",
    "cases",
    "cause",
    "cls",
    "col_offset",
    "comparators",
    "context_expr",
    "conversion",
    "ctx",
    "decorator_list",
    "default_value",
    "defaults",
    "elt",
    "elts",
    "end_col_offset",
    "end_lineno",
    "exc",
    "finalbody",
    "format_spec",
    "func",
    "generators",
    "guard",
    "handlers",
    "id",
    "ifs",
    "is_async",
    "items",
    "iter",
    "key",
    "keys",
    "keywords",
    "kind",
    "kw_defaults",
    "kwarg",
    "kwd_attrs",
    "kwd_patterns",
    "kwonlyargs",
    "left",
    "level",
    "lineno",
    "lower",
    "module",
    "msg",
    "name",
    "names",
    "op",
    "operand",
    "ops",
    "optional_vars",
    "orelse",
    "pattern",
    "patterns",
    "posonlyargs",
    "rest",
    "returns",
    "right",
    "simple",
    "slice",
    "step",
    "str",
    "subject",
    "tag",
    "target",
    "targets",
    "test",
    "type",
    "type_comment",
    "type_ignores",
    "type_params",
    "upper",
    "value",
    "values",
    "vararg",
];

/// The place of a field's name in `FIELDS`, found while compiling.
pub const fn field_index(name: &str) -> usize {
    let name = plain(name.as_bytes());
    let mut at = 0;
    while at < FIELDS.len() {
        if same(FIELDS[at].as_bytes(), 0, name) {
            return at;
        }
        at += 1;
    }
    panic!("no field has this name")
}

/// The line of the grammar that names a class, found while compiling: its place in tables of classes.
pub const fn line_of(class: &str) -> usize {
    let (text, class) = (GRAMMAR.as_bytes(), class.as_bytes());
    let (mut line, mut at) = (0, 0);
    while at < text.len() {
        let margin = if text[at] == b' ' { 2 } else { 0 };
        if same(text, at + margin, class) {
            return line;
        }
        while text[at] != b'\n' {
            at += 1;
        }
        (line, at) = (line + 1, at + 1);
    }
    panic!("the grammar has no such class")
}

/// A field's name without the mark of a raw identifier.
const fn plain(name: &[u8]) -> &[u8] {
    match name {
        [b'r', b'#', rest @ ..] => rest,
        _ => name,
    }
}

/// Whether the word at `at` is `word`.
const fn same(text: &[u8], at: usize, word: &[u8]) -> bool {
    let mut length = 0;
    while length < word.len() {
        if at + length >= text.len() || text[at + length] != word[length] {
            return false;
        }
        length += 1;
    }
    at + length >= text.len() || matches!(text[at + length], b' ' | b'(' | b'\n')
}

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
    /// Of the grammar, from 0.
    pub line: usize,
}

pub struct Group {
    pub name: &'static str,
    /// Name, and whether it defaults to None.
    pub attributes: Vec<(&'static str, bool)>,
    pub constructors: Vec<Constructor>,
    pub line: usize,
}

impl Group {
    /// A product has no abstract class above it.
    pub fn is_product(&self) -> bool {
        matches!(self.constructors.as_slice(), [only] if only.name == self.name)
    }

    /// Whether no constructor has fields.
    pub fn is_plain(&self) -> bool {
        self.constructors.iter().all(|constructor| constructor.fields.is_empty())
    }
}

/// How many lines the grammar has.
pub fn lines() -> usize {
    GRAMMAR.lines().count()
}

/// The whole grammar, in the order of the file.
pub fn groups() -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (number, line) in GRAMMAR.lines().enumerate() {
        match (line.strip_prefix("  "), groups.last_mut()) {
            (Some(production), Some(group)) => {
                group.constructors.push(constructor(production, number))
            }
            _ => groups.push(group(line, number)),
        }
    }
    groups
}

fn group(line: &'static str, number: usize) -> Group {
    let (name, attributes) = line.split_once(" [").unwrap_or((line, ""));
    let attributes = attributes.trim_end_matches(']').split_whitespace();
    let attributes = attributes.map(|name| (name.trim_start_matches('?'), name.starts_with('?')));
    Group { name, attributes: attributes.collect(), constructors: Vec::new(), line: number }
}

fn constructor(text: &'static str, line: usize) -> Constructor {
    let (name, fields) = text.split_once('(').unwrap_or((text, ""));
    let fields = fields.trim_end_matches(')').split(", ").filter(|field| !field.is_empty());
    Constructor { name, fields: fields.map(field).collect(), text, line }
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
    fn the_list_of_field_names_is_complete() {
        let groups = groups();
        let fields = groups.iter().flat_map(|group| &group.constructors).flat_map(|it| &it.fields);
        let attributes = groups.iter().flat_map(|group| &group.attributes);
        let mut names: Vec<&str> =
            fields.map(|field| field.name).chain(attributes.map(|&(name, _)| name)).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names, FIELDS);
    }

    #[test]
    fn lines_are_found_by_name() {
        for group in groups() {
            assert_eq!(line_of(group.name), group.line);
            for constructor in group.constructors.iter().filter(|_| !group.is_product()) {
                assert_eq!(line_of(constructor.name), constructor.line);
            }
        }
    }

    #[test]
    fn fields_know_how_often_they_occur() {
        let parsed = constructor("Dict(expr?* keys, expr* values)", 0);
        let counts: Vec<_> =
            parsed.fields.iter().map(|field| (field.kind, field.name, field.count)).collect();
        assert_eq!(
            counts,
            [("expr", "keys", Count::ManyOptional), ("expr", "values", Count::Many)]
        );
    }
}
