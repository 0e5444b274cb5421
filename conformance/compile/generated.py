"""Programs that nobody writes: large, deep, or full of one thing."""

SOURCES = {}


def source(function):
    SOURCES[function.__name__] = lambda: function().encode()
    return function


@source
def long_list():
    return "x = [\n" + "".join(f"{i},\n" for i in range(100_000)) + "]\n"


@source
def long_list_of_names():
    return "x = [\n" + "".join(f"n{i},\n" for i in range(100_000)) + "]\n"


@source
def long_line():
    return f"x = [{', '.join(map(str, range(5_000)))}]\n"


@source
def long_dict():
    return f"x = {{{', '.join(f'{i}: n{i}' for i in range(20_000))}}}\n"


@source
def long_set():
    return f"x = {{{', '.join(f'{i}.5' for i in range(20_000))}}}\n"


@source
def long_string():
    return f"x = {'a' * 10_000_000!r}\n"


@source
def many_lines():
    return "".join(f"v{i % 500} = {i}\n" for i in range(100_000))


@source
def many_functions():
    return "".join(f"def f{i}(a, b={i}):\n    return a + b * {i}\n" for i in range(10_000))


@source
def many_nested_names():
    names = [f"name{i}" for i in range(5_000)]
    return (
        f"def outer({', '.join(names)}):\n"
        f"    def inner():\n        return {' + '.join(names)}\n    return inner\n"
    )


@source
def many_scopes():
    return "".join(
        f"def f{i}():\n    x{i} = {i}\n    class C{i}:\n        def m(self): return x{i}, __class__\n"
        for i in range(5_000)
    )


@source
def many_branches():
    body = "".join(f"    if a == {i}:\n        b = {i}\n    else:\n        continue\n" for i in range(3_000))
    return "def f(a):\n  for x in a:\n" + body + "    print(b)\n"


@source
def many_elifs():
    return "if a == 0: pass\n" + "".join(f"elif a == {i}: b = {i}\n" for i in range(1, 3_000))


@source
def many_cases():
    return "match a:\n" + "".join(f"    case [{i}, x, *_] | {{'k': {i}}}: pass\n" for i in range(1_000)).replace(", x, *_", ", _")


@source
def many_operators():
    return "x = " + " + ".join(f"a{i % 9}" for i in range(3_000)) + "\n"


@source
def long_comparison():
    return "x = " + " < ".join(f"a{i % 9}" for i in range(3_000)) + "\n"


@source
def deep_parentheses():
    return "x = " + "(" * 199 + "y" + ")" * 199 + "\n"


@source
def too_deep_parentheses():
    return "x = " + "(" * 201 + "y" + ")" * 201 + "\n"


@source
def deep_lists():
    return "x = " + "[" * 90 + "y" + "]" * 90 + "\n"


@source
def deep_blocks():
    return "".join(" " * i + "if x:\n" for i in range(99)) + " " * 99 + "pass\n"


@source
def too_deep_blocks():
    return "".join(" " * i + "if x:\n" for i in range(100)) + " " * 100 + "pass\n"


@source
def deep_loops():
    return "".join(" " * i + "for x in y:\n" for i in range(20)) + " " * 20 + "pass\n"


@source
def too_deep_loops():
    return "".join(" " * i + "for x in y:\n" for i in range(21)) + " " * 21 + "pass\n"


@source
def deep_functions():
    return "".join(" " * i + f"def f{i}(a{i}):\n" for i in range(50)) + " " * 50 + "return a0, a49\n"


@source
def deep_comprehensions():
    return "x = " + "[" * 30 + "a" + "".join(f" for v{i} in w{i}]" for i in range(30)) + "\n"


@source
def deep_lambdas():
    return "x = " + "".join(f"lambda a{i}: " for i in range(100)) + "a0\n"


@source
def deep_negations():
    return "x = " + "not " * 500 + "-" * 500 + "y\n"


@source
def deep_attributes():
    return "x = y" + ".z" * 1_000 + "[0]" * 1_000 + "()" * 500 + "\n"


@source
def deep_conditions():
    return "x = " + "".join(f"a{i} if b{i} else " for i in range(500)) + "c\n"


@source
def deep_fstrings():
    text = "x"
    for quote in ("'", '"') * 10:
        text = f"f{quote}{{{text}}}{quote}"
    return f"x = {text}\n"


@source
def extended_arguments():
    names = "".join(f"n{i} = {i}.25\n" for i in range(70_000))
    return "while a:\n" + "".join(f"    {line}\n" for line in names.splitlines())
