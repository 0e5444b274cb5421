//! The command line: from `argv` to an exit code. `Py_BytesMain` and the `krait` command are this.
//!
//! `options` reads the arguments, `program` runs what they name, `ending` has how it ends. The same job as CPython's
//! `Modules/main.c`.

mod ending;
mod options;
mod program;
mod prompt;
mod startup;
mod usage;

use std::ffi::OsString;

use krait_objects::prelude::*;

use crate::config::Config;
use crate::lifecycle::Instance;
use crate::sys;
pub use ending::{die_of_interrupt, exit_code, is_interrupted, show_uncaught};
pub use options::{Options, Run};
pub use program::{register_lines, set_main_loader};
pub use prompt::{interact, is_incomplete, show_prompt};

/// Runs the program with these arguments, its name first; the answer is its exit code.
pub fn main(args: &[OsString], config: Config) -> i32 {
    match understand(config, args) {
        Ok(options) => {
            choose_locale();
            run_program(options)
        }
        Err(code) => code,
    }
}

/// Characters are the user's locale's, as the environment has it. The C locale, which says nothing of them, becomes UTF-8,
/// for child processes too, unless LC_ALL insists on it (PEP 538). A host's locale is its own business.
fn choose_locale() {
    // SAFETY: terminated strings; nothing else runs in the process yet.
    unsafe {
        libc::setlocale(libc::LC_CTYPE, c"".as_ptr());
        let now = libc::setlocale(libc::LC_CTYPE, std::ptr::null());
        let is_c = !now.is_null() && libc::strcmp(now, c"C".as_ptr()) == 0;
        let insists = std::env::var_os("LC_ALL").is_some_and(|value| !value.is_empty());
        let refused = std::env::var_os("PYTHONCOERCECLOCALE").is_some_and(|value| value == "0");
        if !is_c || insists || refused {
            return;
        }
        for target in [c"C.UTF-8", c"C.utf8", c"UTF-8"] {
            if !libc::setlocale(libc::LC_CTYPE, target.as_ptr()).is_null() {
                libc::setenv(c"LC_CTYPE".as_ptr(), target.as_ptr(), 1);
                return;
            }
        }
    }
}

/// Reads a command line onto a configuration. The exit code if there is nothing to be run: what was asked for, or what
/// is wrong, has been printed.
pub fn understand(config: Config, args: &[OsString]) -> Result<Options, i32> {
    let options = match options::parse(config, args) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}");
            let name = args.first().map_or("krait".into(), |name| name.to_string_lossy());
            eprint!("{}", usage::short(&name));
            return Err(2);
        }
    };
    match options.run {
        Run::Version => println!("Python {}", sys::VERSION),
        Run::LongVersion => println!("Python {}", sys::version_text()),
        Run::Help => print!("{}", usage::long(&options.config.program_name)),
        Run::HelpVariables => print!("{}", usage::VARIABLES),
        Run::HelpOptions => print!("{}", usage::IMPLEMENTATION),
        Run::HelpAll => {
            let options = usage::long(&options.config.program_name);
            print!("{options}\n{}\n{}", usage::VARIABLES, usage::IMPLEMENTATION);
        }
        _ => return Ok(options),
    }
    Err(0)
}

/// Runs what the options ask for, in the interpreter that is there; the exit code.
pub fn run(th: &Thread, options: &Options) -> i32 {
    let runs = |runs: bool| {
        crate::registry::update_interp(th.interp(), |entry| entry.runs_main = runs);
    };
    runs(true);
    let result = program::run_as_asked(th, options);
    runs(false);
    let code = exit_code(th, result);
    if options.config.inspect && !matches!(options.run, Run::Stdin) {
        return prompt::interact(th).unwrap_or(code);
    }
    code
}

fn run_program(mut options: Options) -> i32 {
    if let Err(invalid) = options.config.read_environment() {
        let function = invalid.function.to_string_lossy();
        let state = if function.starts_with("pre") { "preinitializing" } else { "preinitialized" };
        let colon = if function.is_empty() { "" } else { ": " };
        eprintln!(
            "Fatal Python error: {function}{colon}{}\nPython runtime state: {state}\n",
            invalid.message
        );
        return 1;
    }
    if let Some(executable) = krait_objects::platform::executable() {
        options.config.executable = executable.display().to_string();
    }
    let instance = match Instance::start(options.config.clone()) {
        Ok(instance) => instance,
        Err(error) => {
            eprintln!("Fatal Python error: {}", error.0);
            return 1;
        }
    };
    let mut code = run(instance.thread(), &options);
    let interrupted = is_interrupted(instance.thread());
    // The process ends with the interpreter, and takes its memory along faster than we could give it back.
    crate::registry::lend_to_c(instance.interp());
    if !instance.finish() && code == 0 {
        code = 120;
    }
    if interrupted { die_of_interrupt() } else { code }
}
