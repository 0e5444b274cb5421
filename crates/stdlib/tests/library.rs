//! The packed library, as an importer sees it.

#[path = "../build/edits.rs"]
mod edits;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::thread;

use krait_compiler::{Bump, CompileOptions, compile_source, marshal};
use krait_stdlib as stdlib;

#[test]
fn a_package_and_its_module_are_found() {
    let package = stdlib::find("json").expect("json");
    assert!(package.is_package());
    assert_eq!(package.filename(), "<krait>/json/__init__.py");
    let module = stdlib::find("json.decoder").expect("json.decoder");
    assert!(!module.is_package());
    assert_eq!(module.path(), "json/decoder.py");
    assert!(stdlib::find("json.nothing").is_none());
    assert!(stdlib::find("").is_none());
}

#[test]
fn frozen_modules_have_their_names_and_aliases() {
    let bootstrap = stdlib::find("_frozen_importlib").expect("the import system");
    assert_eq!(bootstrap.name(), "importlib._bootstrap");
    assert!(bootstrap.is_frozen());
    assert_eq!(bootstrap.filename(), "<frozen importlib._bootstrap>");
    for frozen in stdlib::FROZEN {
        let module = stdlib::find(frozen.name).expect(frozen.name);
        assert_eq!(module.name(), frozen.module);
    }
}

#[test]
fn names_are_sorted_and_every_module_has_a_source() {
    let names: Vec<&str> = stdlib::names().collect();
    assert!(names.is_sorted());
    for module in stdlib::modules() {
        assert_eq!(stdlib::find(module.name()).map(|found| found.name()), Some(module.name()));
        // The only empty files are those of packages and of the import system's examples.
        let may_be_empty = module.is_package() || module.name().starts_with("__phello__");
        assert!(may_be_empty || !module.source().is_empty(), "{}", module.name());
    }
}

#[test]
fn nothing_of_rustpython_shows() {
    for name in ["site", "sysconfig", "json.decoder", "unittest", "_compat_pickle"] {
        let source = String::from_utf8(stdlib::source(name).expect(name)).expect("UTF-8");
        assert!(!source.contains("RustPython") && !source.contains("rustpython"), "{name}");
    }
}

#[test]
fn resources_are_there() {
    let style = stdlib::resource("pydoc_data/_pydoc.css").expect("the style sheet of pydoc");
    assert!(style.starts_with(b"/*"));
    assert!(stdlib::resource("idlelib/HISTORY.txt").is_none());
}

/// Those that are compiled when they are imported: see the build's selection.
const SOURCE_ONLY: [&str; 18] = [
    "_pydatetime",
    "_pydecimal",
    "_pyio",
    SYSCONFIG_DATA,
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

const SYSCONFIG_DATA: &str = "_sysconfigdata__linux_x86_64-linux-gnu";

#[test]
fn sources_are_those_of_the_library() {
    let mut changed = BTreeMap::new();
    let mut own = Vec::new();
    for module in stdlib::modules() {
        match std::fs::read(Path::new(rustpython_pylib::LIB_PATH).join(module.path())) {
            Ok(theirs) if theirs == module.source() => {}
            Ok(theirs) => drop(changed.insert(module.path().to_string(), theirs)),
            Err(_) => own.push(module.name()),
        }
    }
    assert_eq!(own, [SYSCONFIG_DATA, "cProfile"]);
    // Each file that the edits name has changed, no other has, and each has become what the edits make of it.
    let paths: BTreeSet<&str> = changed.keys().map(String::as_str).collect();
    assert_eq!(paths, edits::files());
    for (path, mut text) in changed {
        edits::apply(&path, &mut text);
        let module = stdlib::modules().find(|module| module.path() == path).expect("it was listed");
        assert!(text == module.source(), "{path}");
    }
}

#[test]
fn code_is_what_the_source_compiles_to() {
    let compile_all = || {
        for module in stdlib::modules() {
            let Some(code) = module.code() else {
                assert!(SOURCE_ONLY.contains(&module.name()), "{} has no code", module.name());
                continue;
            };
            let filename = module.filename();
            let options =
                CompileOptions { filename: filename.as_str().into(), ..CompileOptions::default() };
            let arena = Bump::new();
            let source = module.source();
            let compiled = compile_source(&arena, &source[..], &options).expect("it compiles");
            assert!(code == marshal::dump(&compiled.code), "{}", module.name());
        }
    };
    // The compiler recurses as deep as the source nests.
    let thread = thread::Builder::new().stack_size(64 << 20).spawn(compile_all);
    thread.expect("a thread").join().expect("code differs");
}
