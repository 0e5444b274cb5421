//! The modules that the reference freezes, under the names it freezes them, in its order. Importing
//! internals use the first two names, the `hello` family exists for the test suite.
//!
//! Also read by the build, which names these modules `<frozen …>` in `co_filename`.

/// A line of the table: what `_imp.find_frozen` says about a name.
#[derive(Clone, Copy, Debug)]
pub struct Frozen {
    pub name: &'static str,
    pub is_package: bool,
    /// The name it was frozen from; a `<` in front marks a package's `__init__`.
    pub origname: Option<&'static str>,
    /// The embedded module that has the code.
    pub module: &'static str,
}

pub const FROZEN: &[Frozen] = &[
    alias("_frozen_importlib", "importlib._bootstrap"),
    alias("_frozen_importlib_external", "importlib._bootstrap_external"),
    module("zipimport"),
    module("abc"),
    module("codecs"),
    module("io"),
    module("_collections_abc"),
    module("_sitebuiltins"),
    module("genericpath"),
    module("ntpath"),
    module("posixpath"),
    module("os"),
    module("site"),
    module("stat"),
    module("importlib.util"),
    module("importlib.machinery"),
    module("runpy"),
    module("__hello__"),
    alias("__hello_alias__", "__hello__"),
    Frozen { is_package: true, ..alias("__phello_alias__", "__hello__") },
    alias("__phello_alias__.spam", "__hello__"),
    Frozen { is_package: true, ..module("__phello__") },
    Frozen { origname: Some("<__phello__"), ..alias("__phello__.__init__", "__phello__") },
    Frozen { is_package: true, ..module("__phello__.ham") },
    Frozen {
        origname: Some("<__phello__.ham"),
        ..alias("__phello__.ham.__init__", "__phello__.ham")
    },
    module("__phello__.ham.eggs"),
    module("__phello__.spam"),
    Frozen { origname: None, ..alias("__hello_only__", "__hello__") },
];

const fn module(name: &'static str) -> Frozen {
    alias(name, name)
}

const fn alias(name: &'static str, module: &'static str) -> Frozen {
    Frozen { name, is_package: false, origname: Some(module), module }
}

/// Whether the code of the embedded module `name` is that of a frozen one.
pub fn is_frozen(name: &str) -> bool {
    FROZEN.iter().any(|frozen| frozen.module == name)
}
