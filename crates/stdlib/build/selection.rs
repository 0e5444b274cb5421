//! Which files of the library are embedded, and how.

/// Where embedded modules pretend to live: `co_filename` is this, a slash and the path. No such
/// folder exists, so `linecache` asks the module's loader for the source.
pub const LIBRARY_DIR: &str = "<krait>";

/// Path prefixes that are left out.
const EXCLUDED: &[&str] = &[
    // How CPython computes with huge integers; here `objects/int_digits` does.
    "_pylong.py",
    // RustPython's own helpers: CPython has no such modules.
    "_dummy_os.py",
    "_dummy_thread.py",
    "_pycodecs.py",
    "dummy_threading.py",
    "README.md",
    // Graphical programs and their toolkit; they need `_tkinter`, which Krait has not.
    "idlelib/",
    "tkinter/",
    "turtle.py",
    "turtledemo/",
    // A wheel of pip, 1.8 MB: installers bring their own.
    "ensurepip/_bundled/",
    // Documentation and Windows launchers.
    "ctypes/macholib/README",
    "email/architecture.rst",
    "venv/scripts/nt/",
];

pub fn is_excluded(path: &str) -> bool {
    path.ends_with(".pyc")
        || path.ends_with("__pycache__")
        || EXCLUDED.iter().any(|entry| match entry.strip_suffix('/') {
            Some(folder) => path
                .strip_prefix(folder)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
            None => path.starts_with(entry),
        })
}

/// Top-level modules and packages whose code is stored as it is: imported by almost every program, or at
/// start-up. The rest is compressed, which more than halves it, and decompressed when imported; so the
/// whole library fits its size budget (docs/internals/stdlib.md).
const DIRECT: &[&str] = &[
    "__future__",
    "_collections_abc",
    "_sitebuiltins",
    "_weakrefset",
    "abc",
    "collections",
    "contextlib",
    "copyreg",
    "enum",
    "functools",
    "genericpath",
    "keyword",
    "operator",
    "os",
    "posixpath",
    "reprlib",
    "stat",
    "types",
    "warnings",
    "weakref",
];

/// What the first look-up of a codec needs; `encodings` holds a hundred others.
const DIRECT_ENCODINGS: &[&str] = &["encodings", "encodings.aliases", "encodings.utf_8"];

/// Modules that hardly any program imports, and large: only their source is inside, compiled when they are imported.
const SOURCE_ONLY: &[&str] = &[
    "_pydatetime",
    "_pydecimal",
    "_pyio",
    "_sysconfigdata__linux_x86_64-linux-gnu",
    "doctest",
    "ftplib",
    "http.server",
    "imaplib",
    "mailbox",
    "multiprocessing.managers",
    "optparse",
    "pickletools",
    "pydoc",
    "pydoc_data.topics",
    "smtplib",
    "xml.dom.minidom",
    "xmlrpc.client",
    "xmlrpc.server",
];

pub fn is_source_only(name: &str) -> bool {
    SOURCE_ONLY.contains(&name)
}

pub fn is_direct(name: &str) -> bool {
    let top = name.split('.').next().unwrap_or(name);
    DIRECT.binary_search(&top).is_ok()
        || DIRECT_ENCODINGS.contains(&name)
        || name.starts_with("importlib._bootstrap")
}
