"""Compare code objects with the reference's, over many files.

Run by the reference interpreter:

    python3.14 compare.py COMPILER [--level N] [--verbose N] PATH...

COMPILER is the built example `compile_files`. Each path is a file or a folder. Prints the first
difference of each file, and a tally. The exit status is 1 if anything differs.
"""

import argparse
import collections
import dis
import io
import marshal
import os
import subprocess
import sys
import tempfile
import warnings

FIELDS = """co_name co_qualname co_argcount co_posonlyargcount co_kwonlyargcount co_flags
co_firstlineno co_names co_varnames co_cellvars co_freevars co_consts co_code co_linetable
co_exceptiontable co_stacksize co_nlocals""".split()


def sources(paths):
    for path in paths:
        if not os.path.isdir(path):
            yield path
            continue
        for folder, folders, files in os.walk(path):
            folders.sort()
            yield from (os.path.join(folder, file) for file in sorted(files) if file.endswith(".py"))


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
    """The first field that differs, with both values, innermost code objects first."""
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
    text = io.StringIO()
    dis.dis(code, file=text, depth=0, show_offsets=False)
    lines = text.getvalue().splitlines()
    spots = [
        f"{op.opname} {op.argrepr or op.arg} {tuple(op.positions) if op.positions else None}"
        for op in dis.get_instructions(code)
    ]
    return spots + lines[-6:]


def show(found, limit):
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


def reference(path, level):
    with open(path, "rb") as file:
        source = file.read()
    try:
        return compile(source, path, "exec", dont_inherit=True, optimize=level)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return error


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("compiler")
    parser.add_argument("--level", type=int, default=0)
    parser.add_argument("--verbose", type=int, default=20)
    parser.add_argument("paths", nargs="+")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    tally = collections.Counter()
    shown = 0
    with tempfile.TemporaryDirectory() as folder:
        jobs = [
            (path, os.path.join(folder, str(number)))
            for number, path in enumerate(sources(options.paths))
        ]
        lines = "".join(f"{path}\t{out}\t{options.level}\n" for path, out in jobs)
        ran = subprocess.run([options.compiler], input=lines, text=True, stderr=subprocess.PIPE)
        if ran.returncode:
            print(f"compiler stopped with {ran.returncode}: {ran.stderr[-2000:]}")
        for path, out in jobs:
            if not os.path.exists(out):
                tally["not compiled"] += 1
                continue
            with open(out, "rb") as file:
                data = file.read()
            theirs = reference(path, options.level)
            if data[:1] != b"C":
                ours = data[1:].decode(errors="replace") or "nothing"
                verdict = "error in both" if isinstance(theirs, Exception) else "error in ours"
                if verdict == "error in ours" and shown < options.verbose:
                    shown += 1
                    print(f"{path}: {ours}")
            elif isinstance(theirs, Exception):
                verdict = "error in the reference"
                print(f"{path}: no error, but {theirs!r}")
            else:
                found = difference(marshal.loads(data[1:]), theirs)
                verdict = f"differs in {found[0]}" if found else "equal"
                if found and shown < options.verbose:
                    shown += 1
                    print(path)
                    show(found, 8)
            tally[verdict] += 1
    print(dict(tally))
    return set(tally) > {"equal", "error in both"} or len(set(tally) - {"equal", "error in both"}) > 0


if __name__ == "__main__":
    sys.exit(main())
