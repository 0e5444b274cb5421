"""Record what the reference says to wrong programs, for `wrong.rs`. Run by the reference, without arguments.

`golden/wrong.txt` is written by hand; `golden/mutants.txt` is made here, of the programs in `golden/cases.txt`
and by the mutations of `conformance/mutants.py`, which explains how the lines are written.
"""

import pathlib
import struct
import sys
import types
import warnings

TESTS = pathlib.Path(__file__).parent
GOLDEN = TESTS / "golden"
sys.path.insert(0, str(TESTS.parents[2] / "conformance"))

import mutants

SEED, SAMPLE = 1, 600


def escaped(text):
    return text.encode("unicode_escape").decode()


def locals_of(code):
    index = 0
    while True:
        try:
            yield code._varname_from_oparg(index)
        except IndexError:
            return
        index += 1


def constant(value):
    """A constant in bytes; code objects are described on their own."""
    if isinstance(value, types.CodeType):
        return b"code"
    if isinstance(value, str):
        return b"s" + value.encode("utf-8", "surrogatepass")
    if isinstance(value, bytes):
        return b"b" + value
    if isinstance(value, float):
        return b"f" + struct.pack("<d", value)
    if isinstance(value, complex):
        return b"c" + struct.pack("<dd", value.real, value.imag)
    if isinstance(value, (tuple, frozenset)):
        items = list(map(constant, value))
        if isinstance(value, frozenset):
            items.sort()
        return b"(" + b",".join(items) + b")"
    if isinstance(value, slice):
        return b":" + constant((value.start, value.stop, value.step))
    return repr(value).encode()


def parts(code):
    """All of a code object, in bytes."""
    yield code.co_qualname.encode()
    numbers = code.co_firstlineno, code.co_flags, code.co_stacksize
    counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount
    yield " ".join(map(str, numbers + counts)).encode()
    yield " ".join(code.co_names).encode()
    yield " ".join(locals_of(code)).encode()
    yield from map(constant, code.co_consts)
    yield from (code.co_code, code.co_linetable, code.co_exceptiontable)
    for value in code.co_consts:
        if isinstance(value, types.CodeType):
            yield from parts(value)


def digest(code):
    """FNV-1a, of 64 bits."""
    state = 0xCBF29CE484222325
    for part in parts(code):
        for byte in part + b"\n":
            state = (state ^ byte) * 0x100000001B3 & (1 << 64) - 1
    return f"{state:016x}"


def result(source, how):
    mode, flags, _, _, version = how
    try:
        code = compile(source, "<string>", mode, flags, True, 0, _feature_version=version)
    except SyntaxError as error:
        places = error.lineno, error.offset, error.end_lineno, error.end_offset
        text = "-" if error.text is None else escaped(error.text)
        return [type(error).__name__.lstrip("_"), escaped(error.msg), *(place or 0 for place in places), text]
    except UnicodeDecodeError as error:
        return ["UnicodeDecodeError", error.reason, error.start, error.end, escaped(error.object.decode())]
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    return ["tree" if flags & mutants.ONLY_AST else digest(code)]


def outcome(source, how):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fields = result(source, how)
    for warning in caught:
        fields += [warning.category.__name__, escaped(str(warning.message)), warning.lineno]
    return "\t".join(map(str, fields)) + "\n"


def sample():
    """Lines with mutants; those with a coding cookie need the codecs, which the test does not have."""
    programs = (GOLDEN / "cases.txt").read_bytes().split(b"----\n")
    for index in range(SAMPLE):
        random = mutants.Random(SEED, index)
        source, _ = mutants.mutate(random, random.choice(programs))
        if b"coding" not in source:
            yield escaped(source.decode("latin-1"))


def record(name):
    cases = mutants.Cases(GOLDEN / f"{name}.txt")
    # The odd ones are the same with warnings as errors.
    lines = [outcome(*cases(2 * index)[:2]) for index in range(len(cases.lines))]
    (GOLDEN / f"{name}_expected.txt").write_text("".join(lines))


if __name__ == "__main__":
    (GOLDEN / "mutants.txt").write_text("".join(line + "\n" for line in sample()))
    record("wrong")
    record("mutants")
