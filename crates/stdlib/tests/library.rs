//! The packed library, as an importer sees it.

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
fn names_are_sorted_and_every_source_inflates() {
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

#[test]
fn every_module_is_compiled() {
    // Those that are compiled when they are imported: see the build's selection.
    let source_only = ["_pydatetime", "_pyio", "pydoc_data.topics"];
    for module in stdlib::modules() {
        let Some(code) = module.code() else {
            assert!(source_only.contains(&module.name()), "{} has no code", module.name());
            continue;
        };
        // A code object; it is not shared, so its type byte has no flag.
        assert_eq!(code.first(), Some(&b'c'), "{}", module.name());
    }
}
