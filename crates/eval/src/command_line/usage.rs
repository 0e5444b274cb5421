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
-X opt : an option of this implementation: see --help-xoptions
--check-hash-based-pycs always|default|never:
         when hash-based .pyc files are compared with their source

Arguments:
file   : a script, or a folder or zip archive with a __main__ module
-      : read the program from standard input (the default; a prompt at a terminal)
arg ...: the program's arguments: sys.argv[1:]

--help-env, --help-xoptions, --help-all: variables, options of this implementation, everything
";

/// What `--help-env` prints: sorted.
pub const VARIABLES: &str = "\
Environment variables:
PYTHON_CPU_COUNT: what os.cpu_count() answers
PYTHONFAULTHANDLER: show tracebacks when the process crashes
PYTHON_FROZEN_MODULES: on, or off: modules are looked for before frozen ones are taken
PYTHONHASHSEED  : the seed of hashes, a number, or 'random'
PYTHONHOME      : the root of an installed library, which takes the embedded one's place
PYTHONINTMAXSTRDIGITS: the most digits of an int as text; 0 for any number
PYTHONIOENCODING: encoding[:errors] of stdin, stdout and stderr
PYTHONMALLOCSTATS: tell what memory is used for, whenever more is needed and at the end
PYTHONPATH      : folders for sys.path, with colons between them
PYTHONPLATLIBDIR: the name of an installation's folder lib
PYTHONPROFILEIMPORTTIME: tell how long imports take; 2 for those of known modules too
PYTHONPYCACHEPREFIX: where .pyc files go, instead of __pycache__
PYTHONTRACEMALLOC: trace memory, with so many frames of each traceback
PYTHONUTF8      : 1 for UTF-8 mode, 0 against it

These variables have equivalent options:
PYTHONDEBUG             : -d
PYTHONDEVMODE           : -X dev
PYTHONDONTWRITEBYTECODE : -B
PYTHONINSPECT           : -i
PYTHONNOUSERSITE        : -s
PYTHONOPTIMIZE          : -O
PYTHONSAFEPATH          : -P
PYTHONUNBUFFERED        : -u
PYTHONVERBOSE           : -v
PYTHONWARNINGS=arg      : -W arg
";

/// What `--help-xoptions` prints: sorted.
pub const IMPLEMENTATION: &str = "\
Options of this implementation:
-X cpu_count=N: what os.cpu_count() answers
-X dev        : development mode: more checks, more warnings
-X faulthandler: show tracebacks when the process crashes
-X frozen_modules=on|off: off: modules are looked for before frozen ones are taken
-X importtime[=2]: tell how long imports take; 2 for those of known modules too
-X int_max_str_digits=N: the most digits of an int as text; 0 for any number
-X pycache_prefix=PATH: where .pyc files go, instead of __pycache__
-X tracemalloc[=N]: trace memory, with so many frames of each traceback (1)
-X utf8[=0|1] : UTF-8 mode
-X warn_default_encoding: warn where a file's encoding is left to the locale
";
