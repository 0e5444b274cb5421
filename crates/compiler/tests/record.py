"""Record what the reference makes of golden/cases.txt, in golden/expected.txt.

Run by the reference interpreter, without arguments. `golden.rs` compares.
"""

import dis
import json
import pathlib
import struct
import types
import warnings

FOLDER = pathlib.Path(__file__).parent / "golden"


def constant(value):
    if isinstance(value, types.CodeType):
        return f"<code {value.co_name}>"
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, float):
        return "float:" + struct.pack(">d", value).hex()
    if isinstance(value, complex):
        return "complex:" + struct.pack(">dd", value.real, value.imag).hex()
    if isinstance(value, bytes):
        return "bytes:" + value.hex()
    if isinstance(value, tuple):
        return "(" + ", ".join(map(constant, value)) + ")"
    if isinstance(value, frozenset):
        return "frozenset(" + ", ".join(sorted(map(constant, value))) + ")"
    if isinstance(value, slice):
        return "slice" + constant((value.start, value.stop, value.step))
    return repr(value)


def locals_of(code):
    index = 0
    while True:
        try:
            yield code._varname_from_oparg(index)
        except IndexError:
            return
        index += 1


def describe(code):
    yield (
        f"{code.co_qualname}: line {code.co_firstlineno}, flags {code.co_flags:#x}, "
        f"stack {code.co_stacksize}, parameters {code.co_argcount} {code.co_posonlyargcount} "
        f"{code.co_kwonlyargcount}"
    )
    yield "  names " + " ".join(code.co_names)
    yield "  locals " + " ".join(locals_of(code))
    yield "  consts " + ", ".join(map(constant, code.co_consts))
    caches = 0
    for op, arg in zip(code.co_code[::2], code.co_code[1::2]):
        if op:
            yield f"    {dis.opname[op]} {arg}"
        else:
            caches += 1
    yield f"  caches {caches}"
    yield "  lines " + code.co_linetable.hex()
    yield "  handlers " + code.co_exceptiontable.hex()
    for value in code.co_consts:
        if isinstance(value, types.CodeType):
            yield from describe(value)


def case(source):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            code = compile(source, "<golden>", "exec", dont_inherit=True)
        except SyntaxError as error:
            places = error.lineno, error.offset, error.end_lineno, error.end_offset
            return f"{type(error).__name__} {places}: {error.msg}\n"
    lines = [f"{w.category.__name__} {w.lineno}: {w.message}" for w in caught]
    return "\n".join([*lines, *describe(code)]) + "\n"


def main():
    cases = (FOLDER / "cases.txt").read_text().split("----\n")
    (FOLDER / "expected.txt").write_text("----\n".join(map(case, cases)))


if __name__ == "__main__":
    main()
