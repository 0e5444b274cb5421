"""Records what the reference makes of the texts in tests/data. Run it with the reference:

    python3.14 crates/syntax/tests/record.py
"""

import ast
import io
import pathlib
import warnings

import _tokenize

DATA = pathlib.Path(__file__).parent / "data"
INDENT = "\N{RIGHTWARDS ARROW TO BAR}"
# What nests deeper than this is taken as unlimited.
MOST = 10_000


def escape(text):
    return text.encode("unicode_escape").decode()


def escape_back(text):
    return INDENT.join(part.encode().decode("unicode_escape") for part in text.split(INDENT))


def dump(tree):
    """ast.dump, with ascii() for repr()."""
    namespace = {}
    source = pathlib.Path(ast.__file__).read_text()
    source = source.replace("return repr(node), True", "return ascii(node), True")
    exec(compile(source, "ast", "exec"), namespace)
    return namespace["dump"](tree, include_attributes=True)


def problem(text):
    """What is wrong with a text, as one line."""
    try:
        ast.parse(text, "<no such file>")
    except SyntaxError as error:
        line = "-" if error.text is None else escape(error.text)
        numbers = (error.lineno, error.offset, error.end_lineno, error.end_offset)
        fields = [type(error).__name__, *map(str, numbers), line, escape(error.msg)]
        return "\t".join(fields)
    return "ok"


def tokens(text):
    """The tokens of a text, a line each; the source line only where it changes."""
    lines = []
    previous = None
    for extra in (True, False):
        tokenizer = _tokenize.TokenizerIter(io.StringIO(text).readline, extra_tokens=extra)
        for kind, string, start, end, line in tokenizer:
            place = "%d.%d-%d.%d" % (*start, *end)
            shown = "=" if line == previous else escape(line)
            previous = line
            lines.append("\t".join([str(kind), place, escape(string), shown]))
    return "\n".join(lines)


def nest(before, start, middle, end, after, times):
    """Nests as tests/nesting.rs does; a tab sign stands for as many spaces as there are levels around it."""
    opened = "".join(start.replace(INDENT, " " * level) for level in range(times))
    closed = "".join(end.replace(INDENT, " " * level) for level in reversed(range(times)))
    return before + opened + middle.replace(INDENT, " " * times) + closed + after


def outcome(mode, text):
    try:
        ast.parse(text, "<no such file>", mode)
    except SyntaxError as error:
        numbers = (error.lineno, error.offset, error.end_lineno, error.end_offset)
        return "\t".join([type(error).__name__, *map(str, numbers), escape(error.msg)])
    except MemoryError as error:
        return f"MemoryError\t0\t0\t0\t0\t{error}"
    return "ok"


def limit(line):
    """How deep a construct may nest before what is said of it changes; what is said there, and beyond."""
    mode, *parts = line.split("\t")
    parts = [escape_back(part) for part in parts]

    def kind(times):
        fields = outcome(mode, nest(*parts, times)).split("\t")
        return fields[0], fields[-1]

    least, most = 1, MOST
    first = kind(least)
    if kind(most) == first:
        return f"{most}\t{outcome(mode, nest(*parts, most))}\t-"
    while most - least > 1:
        middle = (least + most) // 2
        if kind(middle) == first:
            least = middle
        else:
            most = middle
    return "\t".join([str(least), *(outcome(mode, nest(*parts, times)) for times in (least, most))])


def main():
    warnings.simplefilter("ignore")
    sources = (DATA / "sources.txt").read_text().split("%%\n")
    trees = [dump(ast.parse(source)) for source in sources]
    (DATA / "trees.txt").write_text("\n".join(trees) + "\n")
    (DATA / "tokens.txt").write_text("\n%%\n".join(map(tokens, sources)) + "\n")
    mistakes = (DATA / "mistakes.txt").read_text().splitlines()
    texts = [line.encode().decode("unicode_escape") for line in mistakes]
    (DATA / "errors.txt").write_text("\n".join(map(problem, texts)) + "\n")
    constructs = (DATA / "nesting.txt").read_text().splitlines()
    (DATA / "limits.txt").write_text("\n".join(map(limit, constructs)) + "\n")


main()
