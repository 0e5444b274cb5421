#! /usr/bin/env python3
"""Profiles programs: how often each function was called, and how long that took.

The interface of the profile module, over the collector in _lsprof."""

__all__ = ["run", "runctx", "Profile"]

import _lsprof
import importlib.machinery
import importlib.util
import io
import marshal
import profile as _pyprofile

# What runs a statement, and what is done with its statistics, is the same as in profile.


def run(statement, filename=None, sort=-1):
    return _pyprofile._Utils(Profile).run(statement, filename, sort)


def runctx(statement, globals, locals, filename=None, sort=-1):
    return _pyprofile._Utils(Profile).runctx(statement, globals, locals, filename, sort)


run.__doc__ = _pyprofile.run.__doc__
runctx.__doc__ = _pyprofile.runctx.__doc__


class Profile(_lsprof.Profiler):
    """Profile(timer=None, timeunit=0.0, subcalls=True, builtins=True)

    A collector with what profile.Profile has besides: statistics in the form
    that pstats reads. Without a timer the finest clock of the system is read;
    one that returns integers needs timeunit, the seconds of each unit.
    """

    def print_stats(self, sort=-1):
        import pstats
        keys = sort if isinstance(sort, tuple) else (sort,)
        pstats.Stats(self).strip_dirs().sort_stats(*keys).print_stats()

    def dump_stats(self, file):
        import os
        if not isinstance(file, (str, bytes, os.PathLike, int)):
            raise TypeError(f"path should be string, bytes, os.PathLike or integer, not {type(file).__name__}")
        with open(file, "wb") as out:
            self.create_stats()
            marshal.dump(self.stats, out)

    def create_stats(self):
        self.disable()
        self.snapshot_stats()

    def snapshot_stats(self):
        # pstats asks who called, the collector tells who was called.
        self.stats = stats = {}
        callers = {}
        rows = self.getstats()
        for row in rows:
            function = label(row.code)
            # Different code objects may have the same label: they count together.
            before = stats.get(function, (0, 0, 0.0, 0.0))
            mine = callers.setdefault(function, {})
            stats[function] = _added(before, row) + (mine,)
        for row in rows:
            caller = label(row.code)
            for callee in row.calls or ():
                into = callers.get(label(callee.code))
                if into is not None:
                    # Of a caller, all calls come first.
                    calls, primitive, *times = into.get(caller, (0, 0, 0.0, 0.0))
                    primitive, calls, *times = _added((primitive, calls, *times), callee)
                    into[caller] = (calls, primitive, *times)

    # As in profile.Profile: these return the profiler, or what the function returns.

    def run(self, cmd):
        import __main__
        return self.runctx(cmd, __main__.__dict__, __main__.__dict__)

    def runctx(self, cmd, globals, locals):
        self.enable()
        try:
            exec(cmd, globals, locals)
        finally:
            self.disable()
        return self

    def runcall(self, func, /, *args, **kw):
        self.enable()
        try:
            return func(*args, **kw)
        finally:
            self.disable()

    def __enter__(self):
        self.enable()
        return self

    def __exit__(self, *exc_info):
        self.disable()


def _added(counts, entry):
    # Primitive calls, all calls, time inside, time with what was called.
    primitive, calls, inline, total = counts[:4]
    return (primitive + entry.callcount - entry.reccallcount, calls + entry.callcount,
            inline + entry.inlinetime, total + entry.totaltime)


def label(code):
    """The file, line and name by which pstats knows a function."""
    if isinstance(code, str):
        return ("~", 0, code)  # a function in C
    return (code.co_filename, code.co_firstlineno, code.co_name)


def _script(path):
    # A program by itself is the main module, as if it ran without us.
    import sys
    with io.open_code(path) as file:
        code = compile(file.read(), path, "exec")
    spec = importlib.machinery.ModuleSpec(name="__main__", loader=None, origin=path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["__main__"] = module
    namespace = module.__dict__
    namespace.update(__spec__=spec, __file__=path, __name__="__main__",
                     __package__=None, __cached__=None)
    return code, namespace


def main():
    import os
    import sys
    import runpy
    import pstats
    from optparse import OptionParser

    parser = OptionParser(usage="cProfile.py [-o output_file_path] [-s sort] [-m module | scriptfile] [arg] ...")
    parser.allow_interspersed_args = False
    parser.add_option("-o", "--outfile", dest="outfile", default=None,
                      help="Save stats to <outfile>")
    parser.add_option("-s", "--sort", dest="sort", default=2,
                      choices=sorted(pstats.Stats.sort_arg_dict_default),
                      help="Sort order when printing to stdout, based on pstats.Stats class")
    parser.add_option("-m", dest="module", action="store_true", default=False,
                      help="Profile a library module")
    if not sys.argv[1:]:
        parser.print_usage()
        sys.exit(2)
    options, args = parser.parse_args()
    sys.argv[:] = args
    if not args:
        parser.print_usage()
        return parser
    # The program may change the folder that a relative name is meant in.
    if options.outfile is not None:
        options.outfile = os.path.abspath(options.outfile)
    if options.module:
        code = "run_module(modname, run_name='__main__')"
        namespace = {"run_module": runpy.run_module, "modname": args[0]}
    else:
        sys.path.insert(0, os.path.dirname(args[0]))
        code, namespace = _script(args[0])
    try:
        runctx(code, namespace, None, options.outfile, options.sort)
    except BrokenPipeError as error:
        # Nobody reads what would still be flushed.
        sys.stdout = None
        sys.exit(error.errno)
    return parser


if __name__ == "__main__":
    main()
