//! The C headers in `include/` against facts measured from the reference's headers.
//!
//! Each test writes a C program out of the tables in `capi-tests/headers/`, and has the
//! system's compilers accept it without a warning: as C11, as C++17, and with `Py_LIMITED_API`.
//! `capi-tests/headers/README.md` says what the tables hold.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// All headers that a program may include without needing another library.
const PROLOGUE: &str = "\
#include <Python.h>
#include <structmember.h>
#include <frameobject.h>
#include <datetime.h>
#include <marshal.h>
#include <opcode.h>
#include <errcode.h>
#include <osdefs.h>
#include <dynamic_annotations.h>
#include <internal/pycore_code.h>
#include <internal/pycore_context.h>
#include <internal/pycore_critical_section.h>
#include <internal/pycore_debug_offsets.h>
#include <internal/pycore_descrobject.h>
#include <internal/pycore_dict.h>
#include <internal/pycore_frame.h>
#include <internal/pycore_gc.h>
#include <internal/pycore_genobject.h>
#include <internal/pycore_instruments.h>
#include <internal/pycore_interpframe.h>
#include <internal/pycore_interpframe_structs.h>
#include <internal/pycore_list.h>
#include <internal/pycore_llist.h>
#include <internal/pycore_moduleobject.h>
#include <internal/pycore_object.h>
#include <internal/pycore_pystate.h>
#include <internal/pycore_range.h>
#include <internal/pycore_stackref.h>
#include <internal/pycore_structs.h>
#include <internal/pycore_template.h>
#include <internal/pycore_tstate.h>
#include <internal/pycore_tuple.h>
";

/// The rows of a table, without its header, each with `N` columns.
fn table<const N: usize>(name: &str) -> Vec<[String; N]> {
    let path = Path::new(ROOT).join("capi-tests/headers").join(name);
    let text = std::fs::read_to_string(&path).expect("a table beside the C API tests");
    let columns = |line: &str| {
        let cells: Vec<_> = line.split('\t').map(str::to_owned).collect();
        cells.try_into().unwrap_or_else(|_| panic!("{name}: wrong number of columns in {line:?}"))
    };
    text.lines().skip(1).map(columns).collect()
}

#[derive(Clone, Copy)]
enum Language {
    C,
    Cpp,
}

/// Compiles a program without warnings, and links it if `run`. Answers the executable.
fn compile(name: &str, source: &str, language: Language, run: bool) -> PathBuf {
    let (variable, default, extension, standard) = match language {
        Language::C => ("CC", "cc", "c", "-std=c11"),
        Language::Cpp => ("CXX", "c++", "cpp", "-std=c++17"),
    };
    let compiler = std::env::var(variable).unwrap_or_else(|_| default.to_owned());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(format!("{name}.{extension}"));
    let output = folder.join(format!("{name}_{extension}"));
    std::fs::write(&file, source).expect("a writable target directory");
    let mut command = Command::new(&compiler);
    command.args([standard, "-Wall", "-Wextra", "-Werror", "-Wno-deprecated-declarations"]);
    command.arg("-I").arg(Path::new(ROOT).join("include"));
    if !run {
        command.arg("-fsyntax-only");
    }
    let result = command.arg(&file).arg("-o").arg(&output).output();
    let result = result.unwrap_or_else(|error| panic!("cannot run {compiler}: {error}"));
    let messages = String::from_utf8_lossy(&result.stderr);
    assert!(result.status.success(), "{} is rejected:\n{messages}", file.display());
    output
}

/// A program that compares constants and layouts, and prints what differs.
fn values_program(language: Language) -> String {
    let mut source = String::from(PROLOGUE);
    source.push_str(
        "static int wrong;\n\
         #define CHECK(what, ok) ((ok) ? (void)0 : (void)(wrong++, puts(what)))\n\
         int main(void)\n{\n",
    );
    for [name, kind, value, _] in table("constants.tsv") {
        // Declared inside a struct, which C++ takes as a scope.
        let scoped = matches!(language, Language::Cpp) && name.starts_with("_PyStatus_");
        let name = if scoped { format!("PyStatus::{name}") } else { name };
        let test = match kind.as_str() {
            "string" => format!("strcmp({name}, \"{value}\") == 0"),
            "double" | "long double" if value == "inf" => format!("{name} > DBL_MAX"),
            "double" => format!("{name} == {value}"),
            "long double" => format!("(double){name} == {value}"),
            "pointer" => format!("(intptr_t)({name}) == {value}"),
            // The least value of a type is no literal of C.
            _ if value == i64::MIN.to_string() => format!("{name} == INT64_MIN"),
            _ if value.starts_with('-') => format!("(long long)({name}) == {value}LL"),
            _ => format!("(unsigned long long)({name}) == {value}ULL"),
        };
        writeln!(source, "    CHECK(\"{name}\", {test});").unwrap();
    }
    for [name, member, offset, size] in table("layouts.tsv") {
        let test = match (member.as_str(), size.as_str()) {
            ("", size) => format!("sizeof({name}) == {size}"),
            (member, "0") => format!("offsetof({name}, {member}) == {offset}"),
            (member, size) => format!(
                "offsetof({name}, {member}) == {offset} && sizeof((({name} *)0)->{member}) == {size}"
            ),
        };
        writeln!(source, "    CHECK(\"{name}.{member}\", {test});").unwrap();
    }
    source.push_str("    return wrong != 0;\n}\n");
    source.replacen("#include <Python.h>\n", "#include <Python.h>\n#include <float.h>\n", 1)
}

fn check_values(language: Language) {
    let program = compile("values", &values_program(language), language, true);
    let result = Command::new(program).output().expect("the program just compiled");
    let wrong = String::from_utf8_lossy(&result.stdout);
    assert!(result.status.success(), "these differ from the reference:\n{wrong}");
}

#[test]
fn constants_sizes_and_offsets_are_the_reference_s_in_c() {
    check_values(Language::C);
}

#[test]
fn constants_sizes_and_offsets_are_the_reference_s_in_cpp() {
    check_values(Language::Cpp);
}

/// The types of integer constants matter to `printf`, to overflow and to `_Generic`.
#[test]
fn constants_have_the_reference_s_types() {
    let mut source = String::from(PROLOGUE);
    for [name, kind, _, _] in table("constants.tsv") {
        if !matches!(kind.as_str(), "string" | "pointer") {
            let test = format!("_Generic(({name}), {kind}: 1, default: 0)");
            writeln!(source, "_Static_assert({test}, \"{name}\");").unwrap();
        }
    }
    compile("constant_types", &source, Language::C, false);
}

/// A `Py_LIMITED_API` version such as "3.8", as the number that C compares.
fn version_number(version: &str) -> u32 {
    let (major, minor) = version.split_once('.').expect("major.minor");
    major.parse::<u32>().unwrap() << 24 | minor.parse::<u32>().unwrap() << 16
}

/// Every function and variable is declared with the reference's type; with a limited API,
/// those that are too new for it, or not part of it, are not declared at all.
fn declarations_program(limited: Option<&str>) -> String {
    let limit = limited.map(version_number);
    let mut source = String::new();
    match limit {
        Some(limit) => {
            writeln!(source, "#define Py_LIMITED_API {limit:#010x}\n#include <Python.h>").unwrap()
        }
        None => source.push_str(PROLOGUE),
    }
    source.push_str("#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
    source.push_str("typedef struct { int nothing; } Undeclared;\n");
    for [name, since, declaration] in table("declarations.tsv") {
        let visible = match limit {
            None => true,
            Some(limit) => since != "-" && version_number(&since) <= limit,
        };
        writeln!(source, "#undef {name}").unwrap();
        if visible {
            writeln!(source, "extern char is_declared[sizeof(&{name})];").unwrap();
            writeln!(source, "extern {declaration};").unwrap();
        } else {
            writeln!(source, "extern Undeclared {name};").unwrap();
        }
    }
    source.push_str("#ifdef __cplusplus\n}\n#endif\n");
    source
}

#[test]
fn declarations_agree_in_c_and_cpp() {
    let source = declarations_program(None);
    compile("declarations", &source, Language::C, false);
    compile("declarations", &source, Language::Cpp, false);
}

#[test]
fn limited_api_shows_what_it_should() {
    for version in ["3.14", "3.13", "3.12", "3.11", "3.9", "3.8", "3.2"] {
        let name = format!("limited_{}", version.replace('.', "_"));
        let source = declarations_program(Some(version));
        compile(&name, &source, Language::C, false);
        compile(&name, &source, Language::Cpp, false);
    }
}

/// Programs that are compiled with stricter warnings get none from the headers.
#[test]
fn headers_are_silent() {
    const STRICT: &str = "\
#pragma GCC diagnostic error \"-Wconversion\"
#pragma GCC diagnostic error \"-Wsign-conversion\"
#pragma GCC diagnostic error \"-Wpedantic\"
";
    for version in [None, Some("3.2"), Some("3.9"), Some("3.12"), Some("3.14")] {
        let headers = match version.map(version_number) {
            // Internal ones are for C.
            None => PROLOGUE
                .lines()
                .filter(|line| !line.contains("internal"))
                .fold(String::new(), |all, line| all + line + "\n"),
            Some(limit) => format!("#define Py_LIMITED_API {limit:#010x}\n#include <Python.h>\n"),
        };
        let source = format!("{STRICT}{headers}");
        let name = format!("silent_{}", version.unwrap_or("full").replace('.', "_"));
        compile(&name, &source, Language::C, false);
        compile(&name, &source, Language::Cpp, false);
    }
}

/// A macro of the reference is a macro or an inline function here, and the other way round.
fn macros_program(limited: bool) -> String {
    let mut source = String::new();
    match limited {
        true => source.push_str("#define Py_LIMITED_API 0x030e0000\n#include <Python.h>\n"),
        false => source.push_str(PROLOGUE),
    }
    for [name, kind, api] in table("macros.tsv") {
        if api == "both" || (api == "limited") == limited {
            writeln!(source, "#ifndef {name}").unwrap();
            match kind.as_str() {
                "macro" => writeln!(source, "#error {name} is missing").unwrap(),
                _ => writeln!(source, "extern char exists[sizeof(&{name})];").unwrap(),
            }
            source.push_str("#endif\n");
        }
    }
    source
}

#[test]
fn macros_and_inline_functions_exist() {
    for language in [Language::C, Language::Cpp] {
        compile("macros", &macros_program(false), language, false);
        compile("limited_macros", &macros_program(true), language, false);
    }
}

/// The module that puts the macros to work at least compiles; running it is the interpreter's test.
#[test]
fn macros_can_be_used() {
    let file = Path::new(ROOT).join("capi-tests/headers/macros.c");
    let source = std::fs::read_to_string(file).expect("the module beside the tables");
    compile("macros_module", &source, Language::C, false);
}
