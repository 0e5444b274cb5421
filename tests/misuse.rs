//! Calls the public C functions with wrong arguments, and compares what comes of it with what the reference does.
//!
//! From the declarations in `capi-tests/headers/declarations.tsv` a C program is made that calls each function many times: with
//! NULL and with objects of several types for each parameter, numbers out of range, and with an exception set before. The
//! program prints a line for each call: the result and the exception. `capi-tests/misuse/expected.txt` has the reference's lines; calls
//! that it does not survive are not compared. `capi-tests/misuse/differences.txt` lists the calls whose answers are known to
//! differ: a new one fails the test, and so does one that is listed and agrees.
//!
//! With `BLESS=1` and an installed reference (`cargo xtask reference`), its lines are recorded anew, and then, without it,
//! `BLESS=differences` records the differences.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

mod support;

use support::{Python, root};

/// Functions that end the process or the interpreter, wait, answer with what differs from run to run or with memory that
/// nobody has written, or take every object for what they expect.
const LEFT_OUT: &[&str] = &[
    "PyAI",
    "PyAST",
    "PyArena",
    "PyBuffer_Release",
    "PyByteArray_Resize",
    "PyByteArray_Size",
    "PyBytes_Repr",
    "PyExceptionClass_Name",
    "PyException_",
    "PyFunction_New",
    "PyObject_GenericHash",
    "PyObject_Hash",
    "PyCFunction_Call",
    "PyCapsule",
    "PyCritical",
    "PyErr_CheckSignals",
    "PyErr_Display",
    "PyErr_GetExcInfo",
    "PyErr_Print",
    "PyErr_ProgramText",
    "PyErr_SetExcInfo",
    "PyErr_SetFromErrno",
    "PyErr_SetHandled",
    "PyErr_SetInterrupt",
    "PyErr_Syntax",
    "PyErr_RangedSyntax",
    "PyErr_Write",
    "PyErr_WarnExplicit",
    "PyEval_",
    "PyEvent",
    "PyFile_",
    "PyFloat_Pack",
    "PyFloat_Unpack",
    "PyFrame",
    "PyGC_",
    "PyGILState",
    "PyGen_New",
    "PyImport_",
    "PyInit",
    "PyInterpreter",
    "PyMarshal",
    "PyMem_",
    "PyMember_",
    "PyModule_Exec",
    "PyMonitoring",
    "PyMutex",
    "PyOS_",
    "PyObject_Calloc",
    "PyObject_ClearWeak",
    "PyObject_Free",
    "PyObject_GC",
    "PyObject_Malloc",
    "PyObject_Realloc",
    "PyObject_CallFinalizer",
    "PyObject_Init",
    "PyObject_Print",
    "PyRefTracer",
    "PyRun_",
    "PySignal",
    "PyState_",
    "PyStructSequence_",
    "PySys_",
    "PyThread",
    "PyTraceMalloc",
    "PyTraceBack",
    "PyType_ClearCache",
    "PyUnicodeWriter",
    "PyUnstable",
    "PyWide",
    "Py_Add",
    "Py_AtExit",
    "Py_BytesMain",
    "Py_CompileString",
    "Py_DecRef",
    "Py_End",
    "Py_Enter",
    "Py_Exit",
    "Py_Fatal",
    "Py_FdIs",
    "Py_Finalize",
    "Py_Frozen",
    "Py_Get",
    "Py_HashPointer",
    "Py_IncRef",
    "Py_Init",
    "Py_IsFinalizing",
    "Py_Leave",
    "Py_Main",
    "Py_Make",
    "Py_New",
    "Py_RunMain",
    "Py_Set",
    "Py_VERSION",
    "_Py_Dealloc",
    "_Py_DecRef",
    "_Py_IncRef",
    "_Py_NewReference",
    "_Py_SetRefcnt",
    "Py_gitidentifier",
    "Py_UTF8Mode",
    "PyUnicode_InternImmortal",
    "PyUnicode_InternFrom",
    "PyUnicode_FSConverter",
    "PyUnicode_FSDecoder",
    "_Py",
    "PyCode_",
    "PyContext",
    "PyDateTime",
    "PyByteArray_FromStringAndSize",
    "PyUnicode_Substring",
    "PyUnicode_New",
    "PyUnicode_IsIdentifier",
    "PyUnicode_FindChar",
    "PyUnicode_CompareWithASCII",
    "PyODict_SetItem",
    "PyODict_DelItem",
    "PyBytes_FromStringAndSize",
];

/// What an argument may be: how C writes it, by name.
const OBJECTS: &[&str] = &[
    "null", "none", "number", "big", "real", "text", "bytes", "list", "dict", "tuple", "type",
    "set",
];

#[derive(Clone, Copy, PartialEq)]
enum Parameter {
    Object,
    Text,
    Size,
    Number,
    Real,
    /// A place for a result.
    ObjectPlace,
    SizePlace,
}

#[derive(Clone, Copy)]
enum Outcome {
    Object,
    Number,
    Unsigned,
    Real,
    Text,
    Nothing,
}

struct Function {
    name: String,
    outcome: Outcome,
    parameters: Vec<Parameter>,
}

/// A function of the table, if all that it takes and gives is understood here.
fn parse(name: &str, declaration: &str) -> Option<Function> {
    let open = declaration.find('(')?;
    let (head, rest) = declaration.split_at(open);
    let outcome = match head.strip_suffix(name)?.trim() {
        "PyObject *" => Outcome::Object,
        "int" | "long" | "long long" | "Py_ssize_t" | "Py_hash_t" => Outcome::Number,
        "unsigned int" | "unsigned long" | "unsigned long long" | "size_t" | "Py_UCS4" => {
            Outcome::Unsigned
        }
        "double" => Outcome::Real,
        "const char *" => Outcome::Text,
        "void" => Outcome::Nothing,
        _ => return None,
    };
    let inside = rest.strip_prefix('(')?.strip_suffix(')')?;
    let mut parameters = Vec::new();
    for parameter in
        inside.split(',').map(str::trim).filter(|one| !one.is_empty() && *one != "void")
    {
        parameters.push(match parameter {
            "PyObject *" => Parameter::Object,
            "const char *" => Parameter::Text,
            "Py_ssize_t" => Parameter::Size,
            "int" | "long" | "unsigned int" | "unsigned long" | "size_t" | "long long"
            | "unsigned long long" | "Py_UCS4" | "Py_hash_t" | "unsigned char" => Parameter::Number,
            "double" => Parameter::Real,
            "PyObject **" => Parameter::ObjectPlace,
            "Py_ssize_t *" => Parameter::SizePlace,
            _ => return None,
        });
    }
    Some(Function { name: name.into(), outcome, parameters })
}

fn functions() -> Vec<Function> {
    let path = root().join("capi-tests/headers/declarations.tsv");
    let text = std::fs::read_to_string(path).expect("the table of declarations");
    let rows = text.lines().skip(1).filter_map(|line| {
        let mut columns = line.split('\t');
        let (name, _, declaration) = (columns.next()?, columns.next()?, columns.next()?);
        if LEFT_OUT.iter().any(|start| name.starts_with(start)) {
            return None;
        }
        parse(name, declaration)
    });
    rows.filter(|function| !function.parameters.is_empty()).collect()
}

/// The arguments of one call: what they are called, and how C writes them.
type Call = Vec<(&'static str, &'static str)>;

fn object(kind: &'static str) -> (&'static str, &'static str) {
    (kind, format!("make(\"{kind}\")").leak())
}

fn usual(parameter: Parameter) -> (&'static str, &'static str) {
    match parameter {
        Parameter::Object => ("text", "make(\"text\")"),
        Parameter::Text => ("\"abc\"", "\"abc\""),
        Parameter::Size | Parameter::Number => ("1", "1"),
        Parameter::Real => ("1.5", "1.5"),
        Parameter::ObjectPlace => ("&", "&place"),
        Parameter::SizePlace => ("&", "&size"),
    }
}

fn variants(parameter: Parameter) -> Vec<(&'static str, &'static str)> {
    match parameter {
        Parameter::Object => {
            OBJECTS.iter().map(|name| (*name, &*format!("make(\"{name}\")").leak())).collect()
        }
        Parameter::Text => vec![("NULL", "NULL"), ("\"\"", "\"\""), ("\"\\xff\"", "\"\\xff\"")],
        Parameter::Size => vec![("-1", "-1"), ("0", "0"), ("100", "100")],
        Parameter::Number => vec![("0", "0"), ("-1", "-1")],
        Parameter::Real => vec![("nan", "(0.0 / zero)"), ("-0.0", "-0.0")],
        Parameter::ObjectPlace | Parameter::SizePlace => Vec::new(),
    }
}

/// The types of objects that a function is for.
fn suited(name: &str) -> &'static [&'static str] {
    const SUITED: &[(&str, &[&str])] = &[
        ("PyList_", &["list"]),
        ("PyDict_", &["dict"]),
        ("PyTuple_", &["tuple"]),
        ("PyBytes_", &["bytes"]),
        ("PySet_", &["set"]),
        ("PyLong_", &["number"]),
        ("PyNumber_", &["number", "text"]),
        ("PySequence_", &["list", "text"]),
        ("PyMapping_", &["dict", "text"]),
        ("PyUnicode_", &["text"]),
    ];
    let found = SUITED.iter().find(|(start, _)| name.starts_with(start));
    found.map_or(&["text", "list", "dict"], |(_, kinds)| kinds)
}

/// All calls of a function: each argument in turn is what it should not be, and the first may be an object that suits
/// the function better.
fn calls(function: &Function) -> Vec<Call> {
    let base: Call = function.parameters.iter().map(|one| usual(*one)).collect();
    let mut all = vec![base.clone()];
    let mut add = |call: Call| {
        if !all.contains(&call) {
            all.push(call);
        }
    };
    for first in variants(function.parameters[0]) {
        let mut call = base.clone();
        call[0] = first;
        add(call);
    }
    let has_text = function.parameters.contains(&Parameter::Text);
    let suited: Vec<_> = suited(&function.name).iter().map(|kind| object(kind)).collect();
    let firsts = if base[0].0 == "text" { &suited[..] } else { &base[..1] };
    for first in firsts {
        for at in 1..base.len() {
            let mut wrong = variants(function.parameters[at]);
            // A length beyond the end of a text is believed.
            wrong.retain(|value| !has_text || value.0 != "100");
            wrong.truncate(if base.len() == 2 { 6 } else { 3 });
            for value in wrong {
                let mut call = base.clone();
                call[0] = *first;
                call[at] = value;
                add(call);
            }
        }
    }
    all
}

fn label(function: &Function, call: &Call, raised: bool) -> String {
    let names: Vec<&str> = call.iter().map(|(name, _)| *name).collect();
    let before = if raised { " after an exception" } else { "" };
    format!("{}({}){before}", function.name, names.join(", "))
}

fn statement(function: &Function, call: &Call) -> String {
    let arguments: Vec<&str> = call.iter().map(|(_, text)| *text).collect();
    let call = format!("{}({})", function.name, arguments.join(", "));
    match function.outcome {
        Outcome::Object => format!("show_object({call})"),
        Outcome::Number => format!("show_number((long long){call})"),
        Outcome::Unsigned => format!("show_unsigned((unsigned long long){call})"),
        Outcome::Real => format!("show_real({call})"),
        Outcome::Text => format!("show_text({call})"),
        Outcome::Nothing => format!("({call}, show_nothing())"),
    }
}

fn program() -> String {
    let (mut names, mut cases) = (String::new(), String::new());
    let mut count = 0;
    for function in functions() {
        let calls = calls(&function);
        let first = calls[0].clone();
        let again = std::iter::once((first, true));
        for (call, raised) in calls.into_iter().map(|call| (call, false)).chain(again) {
            let text = label(&function, &call, raised).replace('\\', "\\\\").replace('"', "\\\"");
            let before =
                if raised { "PyErr_SetString(PyExc_LookupError, \"before\"); " } else { "" };
            let statement = statement(&function, &call);
            let _ = writeln!(cases, "    case {count}: {before}{statement}; break;");
            let _ = writeln!(names, "    \"{text}\",");
            count += 1;
        }
    }
    let frame = include_str!("../capi-tests/misuse/frame.c");
    frame
        .replace("/* NAMES */", &names)
        .replace("/* CASES */", &cases)
        .replace("COUNT_OF_CASES", &count.to_string())
}

/// The answer to each call.
fn answers(text: &str) -> BTreeMap<&str, &str> {
    text.lines().filter_map(|line| line.split_once(" -> ")).collect()
}

#[test]
fn misuse_is_answered_as_by_the_reference() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let bless = std::env::var("BLESS").unwrap_or_default();
    let python = match &*bless {
        "1" => Python::reference().expect("the reference is installed"),
        _ => Python::krait(),
    };
    let source = folder.join("misuse.c");
    std::fs::write(&source, program()).expect("the folder is writable");
    let binary = folder.join("misuse");
    python.compile(&source, "c", &binary);
    let output = python.run(&binary, &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let place = root().join("capi-tests/misuse");
    if bless == "1" {
        std::fs::write(place.join("expected.txt"), printed).expect("the folder is writable");
        return;
    }
    let expected = std::fs::read_to_string(place.join("expected.txt")).expect("recorded answers");
    let (expected, actual) = (answers(&expected), answers(&printed));
    let mut different = BTreeMap::new();
    for (call, answer) in &expected {
        let given = actual.get(call).copied().unwrap_or("no answer");
        if *answer != "crash" && given != *answer {
            different.insert(*call, (*answer, given));
        }
    }
    let list = place.join("differences.txt");
    if bless == "differences" {
        let lines: String = different.keys().map(|call| format!("{call}\n")).collect();
        std::fs::write(list, lines).expect("the folder is writable");
        return;
    }
    let known = std::fs::read_to_string(list).expect("the known differences");
    let known: Vec<&str> = known.lines().collect();
    let mut wrong = String::new();
    for (call, (answer, given)) in &different {
        if !known.contains(call) {
            let _ = writeln!(wrong, "{call}\n    expected {answer}\n    got      {given}");
        }
    }
    for call in known.iter().filter(|call| !different.contains_key(**call)) {
        let _ = writeln!(wrong, "{call} agrees now: take it out of differences.txt");
    }
    assert!(wrong.is_empty(), "{wrong}");
}
