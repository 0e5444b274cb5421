//! `cargo xtask …`: developer tasks. Each is a module with a `run(args)`; none needs an installed
//! Python.

mod args;
mod bench;
mod conformance;
mod example;
mod extensions;
mod files;
mod install;
mod interpreter;
mod order;
mod process;
mod reference;
mod sanitize;
mod table;
mod wheels;

use std::process::ExitCode;

/// What a task returns: whether it found everything right, or why it could not do its work.
type Outcome = Result<bool, Box<dyn std::error::Error>>;

struct Task {
    name: &'static str,
    about: &'static str,
    run: fn(args::Args) -> Outcome,
}

const TASKS: &[Task] = &[
    Task {
        name: "reference",
        about: "[DIR]  fetch the reference CPython 3.14, its test suite and headers; print the folder",
        run: reference::run,
    },
    Task {
        name: "conformance",
        about: "run [NAME…]  run the reference's test files; compile, mutants: compare code, errors (--help for options)",
        run: conformance::run,
    },
    Task {
        name: "bench",
        about: "[NAME=COMMAND…]  time the programs of bench/ in turn with the reference (--help for options)",
        run: bench::run,
    },
    Task {
        name: "install",
        about: "--prefix DIR  lay Krait out as a CPython is installed: command, libraries, headers, pkg-config files",
        run: install::run,
    },
    Task {
        name: "extensions",
        about: "install, then build the modules of examples/extensions and a host program against it (--help for options)",
        run: extensions::run,
    },
    Task {
        name: "example",
        about: "run examples/report.py on real input and compare with the reference's output",
        run: example::run,
    },
    Task {
        name: "sanitize",
        about: "[NAME…]  run the programs of capi-tests under valgrind and AddressSanitizer (--help for options)",
        run: sanitize::run,
    },
    Task {
        name: "order",
        about: "profile Krait with callgrind and write link/order.ld, the order of functions",
        run: order::run,
    },
    Task {
        name: "wheels",
        about: "[NAME…]  run the test suites of published packages with compiled modules (--help for options)",
        run: wheels::run,
    },
];

fn main() -> ExitCode {
    let mut args = args::Args::from_env();
    let Some(name) = args.positional() else { return usage() };
    let Some(task) = TASKS.iter().find(|task| task.name == name) else {
        eprintln!("xtask: no such task: {name}");
        return usage();
    };
    match (task.run)(args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask {name}: {error}");
            ExitCode::from(2)
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: cargo xtask TASK …\n");
    for task in TASKS {
        eprintln!("  {:<12} {}", task.name, task.about);
    }
    ExitCode::from(2)
}
