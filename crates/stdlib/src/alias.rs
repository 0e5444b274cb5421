//! Other names under which frozen modules are known, as the reference's table has them. Importing
//! internals use the first two, the rest exist for the test suite.

const ALIASES: [(&str, &str); 6] = [
    ("__hello_alias__", "__hello__"),
    ("__hello_only__", "__hello__"),
    ("__phello_alias__", "__hello__"),
    ("__phello_alias__.spam", "__hello__"),
    ("_frozen_importlib", "importlib._bootstrap"),
    ("_frozen_importlib_external", "importlib._bootstrap_external"),
];

/// The module's own name; `name` itself if it is no alias.
pub(crate) fn resolve(name: &str) -> &str {
    ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, module)| module)
}
