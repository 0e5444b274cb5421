"""Short programs: every string in a source, and every example in a docstring, compiled in each mode."""

import ast
import doctest
import warnings

import aspects

MODES = ("eval", "single", "exec")


def of(source):
    texts = None

    def lines(mode):
        nonlocal texts
        if texts is None:
            texts = list(strings(source))
        for line, text in texts:
            yield f"{source.path}:{line} {mode} {text!r}"
            # As for whole sources, what the process has interned before must not tell: now all of it is.
            _first = aspects.compile_lines(text, "<snippet>", mode)
            yield from aspects.code_lines(*aspects.compile_lines(text, "<snippet>", mode))

    return {f"snippets {mode}": lambda mode=mode: lines(mode) for mode in MODES}


def strings(source):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(source.text)
        except aspects.REFUSALS:
            return
    seen = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        for text in (node.value, *examples(node.value)):
            # A name or a word says little.
            if text not in seen and not text.isalnum() and len(text) > 2:
                seen.add(text)
                yield node.lineno, text


def examples(text):
    if ">>>" not in text:
        return []
    try:
        return [example.source for example in doctest.DocTestParser().get_examples(text)]
    except ValueError:
        return []
