//! What `-h` and a wrong option print.

/// After a wrong option.
pub fn short(program: &str) -> String {
    format!(
        "usage: {program} [option] ... [-c cmd | -m mod | file | -] [arg] ...\nTry `python -h' for more information.\n"
    )
}

/// The options in full.
pub fn long(program: &str) -> String {
    format!("usage: {program} [option] ... [-c cmd | -m mod | file | -] [arg] ...\n{OPTIONS}")
}

const OPTIONS: &str = "\
Options, and the environment variables that do the same:
-b     : warn when bytes are turned into str or compared with it; twice: raise
-B     : write no .pyc files (PYTHONDONTWRITEBYTECODE)
-c cmd : run this text; what follows are its arguments
-d     : debug the parser (no effect)
-E     : ignore PYTHON* variables
-h     : print this help (also -? or --help)
-i     : prompt after the program has ended (PYTHONINSPECT)
-I     : isolate from the user's environment (implies -E, -P and -s)
-m mod : run this library module as a program; what follows are its arguments
-O     : leave out assertions; __debug__ is false (PYTHONOPTIMIZE)
-OO    : leave out docstrings too
-P     : do not put a possibly unsafe path in front of sys.path (PYTHONSAFEPATH)
-q     : no version at the prompt
-s     : leave the user's site directory out of sys.path (PYTHONNOUSERSITE)
-S     : do not import site at the start
-u     : do not buffer stdout and stderr (PYTHONUNBUFFERED)
-v     : tell of imports (PYTHONVERBOSE)
-V     : print the version (also --version); twice: more of it
-W arg : filter warnings: action:message:category:module:lineno (PYTHONWARNINGS)
-x     : skip the first line of the source
-X opt : options of this implementation: dev, utf8, int_max_str_digits=N, ...
--check-hash-based-pycs always|default|never:
         when hash-based .pyc files are compared with their source

Arguments:
file   : a script, or a folder or zip archive with a __main__ module
-      : read the program from standard input (the default; a prompt at a terminal)
arg ...: the program's arguments: sys.argv[1:]
";
