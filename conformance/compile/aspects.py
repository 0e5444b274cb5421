"""Each aspect of a source is a function that gives lines of text."""

import ast
import dis
import functools
import io
import marshal
import re
import symtable
import tokenize
import warnings

FIELDS = """co_name co_qualname co_filename co_argcount co_posonlyargcount co_kwonlyargcount co_flags
co_firstlineno co_nlocals co_stacksize co_names co_varnames co_cellvars co_freevars co_code co_linetable
co_exceptiontable""".split()

# What is compared by identity too. The others are made anew when somebody asks.
STORED = "co_name co_qualname co_filename co_names co_linetable co_exceptiontable".split()

FREE = symtable.FREE << symtable.SCOPE_OFF

LEVELS = {0: "", 1: " -O", 2: " -OO"}


class Source:
    """A text to look at. What is compiled is kept: code, its bytes and its instructions are aspects of one object."""

    def __init__(self, path, text, library):
        self.path, self.text, self.library = path, text, library
        self.compiled = functools.cache(self.compile)

    def compile(self, level):
        """The code object, or None, and lines that say what was refused or warned of."""
        # Which strings are interned already shows in the code object. After a first time all of them are,
        # whatever else the process has imported.
        self.first = compile_lines(self.text, self.path, "exec", level)
        return compile_lines(self.text, self.path, "exec", level)


def of(source):
    """Every aspect by name, in the order in which one depends on the other."""
    found = {
        "tokens": lambda: tokens(source),
        "ast": lambda: tree(source),
        "symbols": lambda: symbols(source),
    }
    for level in (0, 1, 2) if source.library else (0,):
        found["dis" + LEVELS[level]] = lambda level=level: instructions(*source.compiled(level))
        found["code" + LEVELS[level]] = lambda level=level: code_lines(*source.compiled(level))
        found["marshal" + LEVELS[level]] = lambda level=level: marshalled(*source.compiled(level))
    return found


def refusal(error):
    """An exception in one line."""
    # How much of the C stack was left is nobody's promise.
    args = re.sub(r"used \d+ kB", "used N kB", repr(error.args))
    place = [getattr(error, name) for name in PLACE] if isinstance(error, SyntaxError) else ""
    return f"refused {type(error).__name__} {args} {place}"


PLACE = "msg filename lineno offset end_lineno end_offset text print_file_and_line".split()

REFUSALS = (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError)


def compile_lines(text, path, mode, level=0, flags=0):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            code, lines = compile(text, path, mode, flags, dont_inherit=True, optimize=level), []
        except REFUSALS as error:
            code, lines = None, [refusal(error)]
    for w in caught:
        lines.append(f"warning {w.category.__name__} {w.message} {w.filename}:{w.lineno}")
    return code, lines


def tokens(source):
    line = None
    try:
        for token in tokenize.tokenize(io.BytesIO(source.text).readline):
            if token.line != line:
                line = token.line
                yield f"line {line!r}"
            yield f"{token.exact_type} {token[:4]!r}"
    except (*REFUSALS, tokenize.TokenError) as error:
        yield refusal(error)


def tree(source):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield from ast.dump(ast.parse(source.text, source.path), include_attributes=True, indent=0).split("\n")
        except REFUSALS as error:
            yield refusal(error)
    for w in caught:
        yield f"warning {w.category.__name__} {w.message} {w.filename}:{w.lineno}"


def symbols(source):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            table = symtable.symtable(source.text, source.path, "exec")
        except REFUSALS as error:
            yield refusal(error)
            return
    # The wrapped table has everything that the public methods are computed from.
    yield from block(table._table)


def block(table):
    yield f"{table.type} {table.name} line {table.lineno} nested {table.nested}"
    yield f"  variables {table.varnames}"
    # What an inner block takes from an outer one comes last, in the order of a set.
    through = sorted(name for name, flags in table.symbols.items() if flags == FREE)
    for name in [*(name for name, flags in table.symbols.items() if flags != FREE), *through]:
        yield f"  {name} {table.symbols[name]:#x}"
    for child in table.children:
        yield from block(child)


def nested_codes(code):
    yield code
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            yield from nested_codes(constant)


def instructions(code, lines):
    yield from lines
    for each in nested_codes(code) if code else ():
        yield f"code {each.co_qualname}:{each.co_firstlineno}"
        for op in dis.get_instructions(each):
            at = op.positions
            where = f"{at.lineno}:{at.col_offset}-{at.end_lineno}:{at.end_col_offset}"
            text = re.sub("at 0x[0-9a-f]+", "at …", op.argrepr)
            yield f"{op.label or '':3} {op.offset:5} {op.opname} {op.arg} {text!r} {where} {op.line_number}"
        yield f"lines {list(each.co_lines())}"
        yield f"branches {list(each.co_branches())}"


def code_lines(code, lines):
    """All fields, recursively. Each object has a number: where the number repeats, it is the same object."""
    yield from lines
    seen = {}
    kept = []

    def number(value):
        kept.append(value)
        return seen.setdefault(id(value), len(seen))

    def constant(value):
        label = f"#{number(value)} {type(value).__name__}"
        if isinstance(value, tuple):
            return f"{label} ({', '.join(map(constant, value))})"
        if isinstance(value, frozenset):
            # In an order that does not depend on hashes: members are numbered by it.
            return f"{label} ({', '.join(map(constant, sorted(value, key=marshal.dumps)))})"
        if isinstance(value, slice):
            return f"{label} ({', '.join(map(constant, (value.start, value.stop, value.step)))})"
        if isinstance(value, int):
            return f"{label} {value:#x}"
        return f"{label} {value.co_qualname if hasattr(value, 'co_code') else repr(value)}"

    for each in nested_codes(code) if code else ():
        yield f"code {each.co_qualname}:{each.co_firstlineno}"
        for field in FIELDS:
            yield f"  {field} {getattr(each, field)!r}"
        yield f"  objects {[number(getattr(each, field)) for field in STORED]}"
        for field in ("co_names", "co_varnames", "co_cellvars", "co_freevars"):
            yield f"  objects of {field} {list(map(number, getattr(each, field)))}"
        for at, value in enumerate(each.co_consts):
            yield f"  co_consts[{at}] {constant(value)}"


def marshalled(code, lines):
    yield from lines
    data = marshal.dumps(code) if code else b""
    for at in range(0, len(data), 24):
        row = data[at : at + 24]
        yield f"{at:6} {row.hex(' ')}  {row!r}"
