/* What a program sees of the import system before it has imported anything: each piece runs in an interpreter of its
   own, and once more in a sub-interpreter. */
#include <Python.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const pieces[] = {
    "import sys; print([f.__name__ for f in sys.meta_path if isinstance(f, type)])",
    "import sys; print([f for f in sys.meta_path if isinstance(f, type)])",
    "import sys; print(sys.meta_path[0].find_spec('sys'), sys.meta_path[0].find_spec('nothing'))",
    "import sys; print(sys.__spec__, sys.__loader__, repr(sys.__package__))",
    "import sys; print(sys.__spec__.name, sys.__spec__.parent == '', sys.__spec__.cached, sys.__spec__.has_location)",
    "import sys, builtins; print(vars(builtins.__spec__), sys.__spec__.__dict__ is vars(sys.__spec__))",
    "import sys, builtins; print(sys.__spec__ == builtins.__spec__, sys.__spec__ == sys.__spec__)",
    "import sys\ntry: hash(sys.__spec__)\nexcept TypeError as e: print(e)",
    "import sys; T = type(sys.__spec__); print(T, T.__mro__, T.__name__, T.__module__, T.__flags__, T.__basicsize__)",
    "import sys; T = type(sys.__spec__); print(T('x', None, origin='here'), T('a.b', None).parent)",
    "import sys\ntry: type(sys.__spec__)()\nexcept TypeError as e: print(e)",
    "import sys\nclass S(type(sys.__spec__)): pass\nprint(repr(S('a', None)), S.__eq__ is S.__base__.__eq__)",
    "import sys; T = type(sys.__spec__); T.extra = 1; print(sys.__spec__.extra); print('extra' in vars(T), len(vars(T)) > 9)",
    "import sys; print(sorted(n for n in dir(sys.meta_path[0]) if n[:2] != '__'))",
    "import sys; print([repr(m) for n, m in sys.modules.items() if n in ('sys', 'builtins', '__main__')])",
    "print(__name__, __spec__, __loader__, __loader__.is_package('sys'))",
    "import sys; print([h.__name__ for h in sys.path_hooks][1:], sys.path_hooks[-1]('/'))",
    "import sys\ntry: sys.path_hooks[-1]('/nowhere')\nexcept ImportError as e: print(e, e.path)",
    "import sys; h = sys.path_hooks[-1]; import json; print(h('/'), sys.path_hooks[-1]('/'))",
    "import sys\nsys.meta_path = []\ntry: import csv\nexcept ImportError as e: print(e, sys.meta_path)",
    "import sys\nclass F:\n  @staticmethod\n  def find_spec(name, path, target=None): print('asked for', name)\n"
    "sys.meta_path.insert(0, F)\nimport _random, _bisect\nprint(len([f for f in sys.meta_path if isinstance(f, type)]))",
    "import builtins\nreal = builtins.__import__\ndef mine(name, *a): print('import', name); return real(name, *a)\n"
    "builtins.__import__ = mine\nimport _random\nprint(_random.__name__)",
    "import sys\nseen = []\nsys.settrace(lambda frame, *rest: seen.append(frame.f_code.co_name))\n"
    "sys.meta_path[0].load_module\nsys.settrace(None)\nprint(seen)",
    "import sys\nseen = []\nsys.addaudithook(lambda name, args: seen.append(name))\nsys.meta_path[0].load_module\nprint(seen)",
    "import sys\nseen = []\nsys.addaudithook(lambda name, args: seen.append(name))\nimport _random\nprint(seen.count('import'))",
    "import sys; import _frozen_importlib as b; import _frozen_importlib_external as e\n"
    "print(b.BuiltinImporter is sys.meta_path[0], b.sys is sys, b.__spec__, b._bootstrap_external is e, e._bootstrap is b)\n"
    "print(e.PathFinder is sys.meta_path[-1], type(sys.__spec__) is b.ModuleSpec, e.__spec__, b._imp.__spec__)\n"
    "import importlib; print(importlib._bootstrap is b)",
    "import sys; import _frozen_importlib as b; print(all(n in sys.modules for n in ('_imp', '_thread', '_weakref', 'marshal')))",
    "print(type(quit), callable(quit), quit.eof, vars(exit), quit, repr(help))",
    "import _sitebuiltins as s; print(type(quit) is s.Quitter, type(help) is s._Helper, type(credits) is s._Printer, quit)",
    "import sys; sys.modules['_sitebuiltins'] = None; print(quit)",
    "try: quit(3)\nexcept SystemExit as e: print(e.code)",
    "import sys; print(type(sys.flags), sys.flags[:2], sys.version_info[:2], sys.version_info >= (3, 14), sys.float_info.dig)",
    "import sys; T = type(sys.int_info); print(T.__mro__, T.n_fields, T.__match_args__, T.__doc__ is not None, sys.int_info)",
    "print(ExceptionGroup.__mro__, ExceptionGroup.__module__, repr(ExceptionGroup('x', [ValueError(1)])))",
    "class E(ExceptionGroup): pass\ntry: raise E('x', [ValueError(1)])\nexcept* ValueError as e: print(repr(e), e.exceptions)",
    "print(isinstance(ExceptionGroup('x', [ValueError()]), Exception), ExceptionGroup.__init__ is BaseExceptionGroup.__init__)",
    "import _signal; print(_signal.getsignal(_signal.SIGINT), _signal.getsignal(_signal.SIGTERM))",
    "import sys\ndef deep():\n  try: deep()\n  except RecursionError:\n    try: sys.meta_path[0].find_spec('x')\n"
    "    except RecursionError: pass\ndeep()\nprint(sys.meta_path[0].find_spec('sys'))\nimport json; print(json.dumps([1]))",
    "import _thread\ndone = []\ndef work():\n  import json\n  done.append(json.dumps(1))\n"
    "for n in range(4): _thread.start_new_thread(work, ())\nimport time\nwhile len(done) < 4: time.sleep(0.001)\nprint(done)",
    "import sys\nclass D:\n  def __del__(self, v=sys.version_info, f=sys.flags, q=quit): print('gone', v.major, f.verbose, q.name)\nd = D()",
    "import sys; print(sys.stdout is sys.__stdout__, sys.stdin.name, sys.stderr.mode, sys.stderr.errors, 'stdin' in vars(sys))",
    "import sys; del sys.stdout\ntry: print()\nexcept RuntimeError as e: sys.__stdout__.write(str(e) + '\\n')",
    "import sys; del sys.float_info; print(hasattr(sys, 'float_info'))\ntry: del sys.nothing\nexcept AttributeError as e: print(e)",
    "import sys, io; sys.stdout = io.StringIO(); print('lost'); sys.__stdout__.write('kept\\n')",
    "import sys; sys.stdout = None; print('lost'); print(sys.stdin is not None, file=sys.stderr)",
    "import sys\nseen = []\nsys.addaudithook(lambda name, args: seen.append(name))\nprint(seen)",
    "import os; kept = os.dup(1); os.close(1)\ntry: print('lost', flush=True)\nexcept OSError as e: os.dup2(kept, 1); print(e)",
    "import os; kept = os.dup(1); open(1, 'w').close()\ntry: print('lost', flush=True)\nexcept OSError as e: os.dup2(kept, 1); print(e)",
    "import _thread\nn = [0]\ndef work(): print(end=''); n[0] += 1\nfor _ in range(8): _thread.start_new_thread(work, ())\n"
    "import time\nwhile n[0] < 8: time.sleep(0.001)\nprint(n)",
};

int main(void) {
    /* Whoever runs the test may ignore it, which Python would leave as it is. */
    signal(SIGINT, SIG_DFL);
    for (size_t at = 0; at < sizeof pieces / sizeof *pieces; at++) {
        printf("%zu\n", at);
        fflush(stdout);
        Py_Initialize();
        if (PyRun_SimpleString(pieces[at]))
            printf("failed\n");
        if (Py_FinalizeEx())
            printf("the end failed\n");
    }
    printf("in another encoding\n");
    fflush(stdout);
    setenv("PYTHONIOENCODING", "latin-1:replace", 1);
    Py_Initialize();
    PyRun_SimpleString("import sys\nfor f in sys.stdin, sys.stdout, sys.stderr: print(type(f), f.encoding, f.errors, f.name)");
    Py_FinalizeEx();
    unsetenv("PYTHONIOENCODING");
    printf("in sub-interpreters\n");
    fflush(stdout);
    Py_Initialize();
    PyThreadState *first = PyThreadState_Get();
    for (size_t at = 0; at < 20; at++) {
        PyThreadState *sub = Py_NewInterpreter();
        if (!sub || PyRun_SimpleString(pieces[at]))
            printf("%zu failed\n", at);
        Py_EndInterpreter(sub);
        PyThreadState_Swap(first);
    }
    return Py_FinalizeEx();
}
