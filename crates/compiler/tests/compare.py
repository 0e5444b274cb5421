"""Compare code objects, errors and warnings with the reference's.

Run by the reference interpreter:

    python3.14 compare.py COMPILER [--level N] [--verbose N] [--snippets] PATH...

COMPILER is the built example `compile_stream`. Each path is a file or a folder. With --snippets,
not the files are compiled but every string literal and docstring example in them, as a module.
Prints the first difference of each text, and a tally. The exit status is 1 if anything differs.
"""

import argparse
import ast
import collections
import dis
import doctest
import marshal
import os
import struct
import subprocess
import sys
import warnings

FIELDS = """co_name co_qualname co_argcount co_posonlyargcount co_kwonlyargcount co_flags
co_firstlineno co_names co_varnames co_cellvars co_freevars co_consts co_code co_linetable
co_exceptiontable co_stacksize co_nlocals""".split()


def files(paths):
    for path in paths:
        if not os.path.isdir(path):
            yield path
            continue
        for folder, folders, names in os.walk(path):
            folders.sort()
            yield from (os.path.join(folder, name) for name in sorted(names) if name.endswith(".py"))


def whole_files(paths):
    for path in files(paths):
        if os.path.exists(path):
            with open(path, "rb") as file:
                yield path, file.read()


def snippets(paths):
    """Each string in the files, and each example in a docstring, once."""
    seen = set()
    for path, source in whole_files(paths):
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            texts = [node.value]
            if ">>>" in node.value:
                try:
                    texts += [e.source for e in doctest.DocTestParser().get_examples(node.value)]
                except ValueError:
                    pass
            for text in texts:
                try:
                    encoded = text.encode()
                except UnicodeEncodeError:
                    continue
                if encoded not in seen and len(text) > 2:
                    seen.add(encoded)
                    yield f"{path}:{node.lineno}", encoded


def constant_key(value):
    """Equal for constants that may stand for one another."""
    if isinstance(value, tuple):
        return tuple(map(constant_key, value))
    if isinstance(value, frozenset):
        return frozenset(map(constant_key, value))
    if isinstance(value, slice):
        return slice, constant_key((value.start, value.stop, value.step))
    return type(value), repr(value)


def difference(ours, theirs):
    """The first field that differs, innermost code objects first, with both of the latter."""
    for mine, yours in zip(ours.co_consts, theirs.co_consts):
        if hasattr(mine, "co_code") and hasattr(yours, "co_code"):
            found = difference(mine, yours)
            if found:
                return found
    for field in FIELDS:
        mine, yours = getattr(ours, field), getattr(theirs, field)
        if field == "co_consts":
            mine, yours = (
                [v.co_name if hasattr(v, "co_code") else constant_key(v) for v in values]
                for values in (mine, yours)
            )
        if mine != yours:
            return field, ours, theirs
    return None


def listing(code):
    return [
        f"{op.opname} {op.argrepr or op.arg} {tuple(op.positions) if op.positions else None}"
        for op in dis.get_instructions(code)
    ]


def show(found, limit=8):
    field, ours, theirs = found
    print(f"   {theirs.co_qualname}:{theirs.co_firstlineno} differs in {field}")
    if field in ("co_code", "co_linetable"):
        mine, yours = listing(ours), listing(theirs)
        at = next((i for i, (a, b) in enumerate(zip(mine, yours)) if a != b), 0)
        for label, lines in (("ours", mine), ("reference", yours)):
            print(f"   {label}:")
            for line in lines[max(at - 4, 0) : at + limit]:
                print("      ", line)
    else:
        print("    ours:     ", getattr(ours, field))
        print("    reference:", getattr(theirs, field))


class Compiler:
    """Our compiler, in a process of its own that is started again if it dies."""

    def __init__(self, command, level):
        self.command, self.level, self.process = command, level, None

    def __call__(self, source):
        """('C', code, warnings), ('E', fields, warnings) or ('died', status, [])."""
        if self.process is None:
            self.process = subprocess.Popen(
                [self.command], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        try:
            self.process.stdin.write(struct.pack("<cBII", b"e", self.level, 0, len(source)) + source)
            self.process.stdin.flush()
            kind = self.process.stdout.read(1)
            if not kind:
                raise BrokenPipeError
            data = self.receive()
            (count,) = struct.unpack("<I", self.process.stdout.read(4))
            warned = [tuple(self.receive().decode().split("\0")) for _ in range(count)]
        except BrokenPipeError:
            status, self.process = self.process.wait(), None
            return "died", status, []
        if kind == b"C":
            return "C", marshal.loads(data), warned
        return "E", tuple(data.decode("utf-8", "replace").split("\0")), warned

    def receive(self):
        (size,) = struct.unpack("<I", self.process.stdout.read(4))
        return self.process.stdout.read(size)


def reference(source, level):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            code = compile(source, "<stream>", "exec", dont_inherit=True, optimize=level)
        except SyntaxError as error:
            places = error.lineno, error.offset, error.end_lineno, error.end_offset
            text = "-" if error.text is None else error.text
            fields = type(error).__name__, error.msg, *(str(place or 0) for place in places), text
            return "E", fields, []
        except Exception as error:
            return "E", (type(error).__name__, str(error)), []
    warned = [(w.category.__name__, str(w.message), str(w.lineno)) for w in caught]
    return "C", code, warned


def compare(ours, theirs):
    """What differs, and a function that shows it."""
    if ours[0] == "died":
        return "ours died", lambda: print("   status", ours[1])
    if ours[0] != theirs[0]:
        verdict = "error in ours" if ours[0] == "E" else "no error in ours"
        return verdict, lambda: print("   ours:", ours[1], "\n   reference:", theirs[1])
    if ours[0] == "E":
        if ours[1] == theirs[1]:
            return "same error", None
        same = ours[1][:2] == theirs[1][:2]
        verdict = "error elsewhere" if same else "another error"
        return verdict, lambda: print("   ours:     ", ours[1], "\n   reference:", theirs[1])
    found = difference(ours[1], theirs[1])
    if found:
        return f"differs in {found[0]}", lambda: show(found)
    if sorted(ours[2]) != sorted(theirs[2]):
        return "other warnings", lambda: print("   ours:", ours[2], "\n   reference:", theirs[2])
    return "equal", None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("compiler")
    parser.add_argument("--level", type=int, default=0)
    parser.add_argument("--verbose", type=int, default=20)
    parser.add_argument("--snippets", action="store_true")
    parser.add_argument("paths", nargs="+")
    options = parser.parse_args()
    ours = Compiler(options.compiler, options.level)
    tally = collections.Counter()
    sources = (snippets if options.snippets else whole_files)(options.paths)
    for name, source in sources:
        verdict, explain = compare(ours(source), reference(source, options.level))
        tally[verdict] += 1
        if explain and tally[verdict] <= options.verbose:
            print(f"{name}: {verdict}")
            if options.snippets:
                print("   text:", source[:300])
            explain()
    print(dict(tally))
    return int(bool(set(tally) - {"equal", "same error"}))


if __name__ == "__main__":
    sys.exit(main())
