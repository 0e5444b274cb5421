"""Compile one input and tell the CPU time: _compile.py CASE SIZE [FOLDER]

Prints `iter SECONDS` for each compilation, then what both interpreters have to agree on.
"""
import os
import sys
from time import process_time


def library(size, folder):
    """The sources of a library without its tests, as often as `size` says."""
    sources = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(set(folders) - {"test", "__pycache__", "lib-dynload", "site-packages"})
        for name in sorted(files):
            path = os.path.join(place, name)
            if name.endswith(".py") and os.path.exists(path):
                with open(path, "rb") as file:
                    sources.append((file.read(), path))
    return [sources] * size


def one(text):
    return [[(text, "<generated>")]]


def lines(size, _):
    """Statements at the top level, all alike."""
    return one("x = a.b(x, 1)\n" * size)


def string(size, _):
    """A single literal with an escape now and then."""
    return one("x = '" + "some text, then \\n" * (size // 18) + "'\n")


def items(size, _):
    """A list of names and numbers, so that it is no constant."""
    return one("x = [" + "a, 1, " * (size // 2) + "]\n")


def depth(size, _):
    """Expressions that nest, of several kinds, a few hundred of each."""
    text = ["f(" * size + "a" + ")" * size, "[" * size + "a" + "]" * size, "(" * size + "a" + ",)" * size]
    text.append("{" + "0: {" * (size - 1) + "a: 1" + "}" * size)
    text.append("a[" * size + "0" + "]" * size)
    text.append("not " * size + "a")
    return one("\n".join(text * 300) + "\n")


def scopes(size, _):
    """Names of a function that functions inside of it use, two levels down."""
    text = ["def f():"] + [f"    name{n} = {n}" for n in range(size)]
    text += ["    def g():", "        def h():"]
    text += [f"            print(name{n})" for n in range(size)]
    return one("\n".join(text) + "\n        return h\n    return g\n")


CASES = {case.__name__: case for case in (library, lines, string, items, depth, scopes)}


def size_of(code):
    """The bytes of instructions in a code object and those inside."""
    inner = sum(size_of(const) for const in code.co_consts if isinstance(const, type(code)))
    return len(code.co_code) + inner


if __name__ == "__main__":
    sys.setrecursionlimit(100_000)
    rounds = CASES[sys.argv[1]](int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "")
    total = 0
    for sources in rounds:
        start = process_time()
        codes = [compile(text, path, "exec", dont_inherit=True) for text, path in sources]
        print("iter", process_time() - start)
        total += sum(map(size_of, codes))
        del codes
    print(total)
