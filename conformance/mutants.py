"""Make wrong programs of right ones and report what `compile` says to each.

    mutants.py run LIBRARY SEED FIRST LAST OUT     mutants FIRST to LAST - 1 of the files in LIBRARY
    mutants.py run CASES - FIRST LAST OUT          programs written by hand (a line each, escaped)
    mutants.py show LIBRARY SEED INDEX             the mutant, around the place of its error

OUT gets a line a program, written at once, so that a crash leaves the program it happened in:

    index  checksum of the source  how it was compiled  outcome  details  warnings

A mutant follows from the seed and its index alone: the generator of random numbers and the
division into tokens are here, so that nothing depends on the interpreter that runs them.
"""

import binascii
import builtins
import os
import re
import sys
import warnings

TOKEN = re.compile(
    r"""
    \#[^\n]*
    | [rRbBfFtTuU]{0,2}(?:'''(?:[^\\]|\\.)*?'''|\"\"\"(?:[^\\]|\\.)*?\"\"\"
        |'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")
    | [A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*
    | [0-9][0-9A-Za-z_]*(?:\.[0-9A-Za-z_]*)?
    | \r?\n[ \t\f]*
    | [ \t\f]+
    | \*\*=?|//=?|>>=?|<<=?|->|:=|<>|\.\.\.|[-+*/%@&|^=<>!]=?
    | .
    """,
    re.VERBOSE | re.DOTALL,
)

WORDS = """
False None True and as assert async await break class continue def del elif else except finally for
from global if import in is lambda nonlocal not or pass raise return try while with yield
match case type _ __debug__ print exec self x super __class__ __future__ annotations
( ) [ ] { } : , ; . -> := = == != <> <= >= < > += -= *= /= //= %= @= &= |= ^= >>= <<= **=
+ - * / // % @ & | ^ ~ << >> ** ... ! !r ? $ ` \\ " ' \"\"\" ''' f" f' f\"\"\" t" rb' b' u' # \\\n
0 1 1.5 1j 0x 0xg 0o8 0b2 00 01 1_ 1__0 1e 1e+ 0_7 1.e 0777 1_000 1if 0xfor 1and 9z 1jx 1.0j_ 0b1_ 0o1_
''  "a" b'a' f'{x}' f'{x!r:>{y}}' t'{x}' '\\d' b'\\x' '\\x1' '\\N{DASH}' '\\u12' '\\777' b'\\777' '\\8'
f'{' f'}' f'{}' f'{x!}' f'{x!z}' f'{x:{y:{z}}}' f'{a b}' f'{*}' f'{=}' f'{lambda x:1}' f'{x' rf'\\{x}'
( [ { ) ] } : , = * ** . if else for in not await yield lambda
""".split(" ")
WORDS = [word for line in WORDS for word in line.split("\n") if word] + ["\\\n", "\t", "\f", "\n"]

STATEMENTS = """
return|return 1|yield|yield 1|x = yield|await x|break|continue|pass|global x|nonlocal x|global self
from __future__ import annotations|from __future__ import braces|from __future__ import nothing
from __future__ import barry_as_FLUFL|from . import *|from x import *|import x as y.z|from x import (a, b
import a.b as c|from x import a,|from . import x,|import *|from x import|from .... import y
x: int|x: int = 1|(x): int|x.y: int|x[0]: int = 2|[x]: int|(x, y): int|x, y: int|global x; x: int
del x|del f()|del (x, y)|del x + 1|del *x|del None|del [x, (y, 1)]|f() = 1|None = 1|x + 1 = 2|1 = x
[x, 1] = y|*x = y|*x, *y = z|(yield) = 1|x = y = 1 = z|x += y += 1|f() += 1|(x, y) += 1|[x] += 1
assert (x, "message")|assert x, y, z|assert|x is 1|x is not "a"|"a" is x|1()|(1, 2)[x, y]|[1, 2]["a"]|"a"(1)
{1: 2}.x()|{1}[0]|[[1], [2](3)]|f"{x}"()|None[0]|...()|{}()|x = [(1, 2) (3, 4)]|(lambda: 1)[0]|{x: 1}[1, 2][2]
try: pass|try: pass\nfinally: return|while x: break\nelse: continue|for x in y: continue
if x = 1: pass|while x = 1: pass|x = (y = 1)|f(x = 1, 2)|f(**x, *y)|f(**x, y)|f(x for x in y, 1)|f(x=1, x=2)
f(None=1)|f(x.y=1)|f(x+1=2)|f(a, b for b in c)|f(*)|f(**)|f(x=)|f(a b)|f(True=1)|f(x, y=1, **z, w)
def f(x, x): pass|def f(x=1, y): pass|def f(*): pass|def f(*, **k): pass|def f(x, /, y, /): pass|def f(/): pass
def f(*a, *b): pass|def f(**k, x): pass|def f((x, y)): pass|def f(x:int=): pass|def f(None): pass|def f(*x=1): pass
def f(): global x; x = 1|def f(x): global x|def f(): x = 1; global x|def f(): print(x); nonlocal x
def f(): return\n  x = 1|def f():\nreturn|class A: return|class A: yield|class A(x for x in y): pass|class A(
class A: __class__ = 1|def f(): yield x; return 1|async def f(): yield 1; return 2|async def f(): yield from x
async def f(): [await x for x in y]|def f(): [await x for x in y]|async with x: pass|async for x in y: pass
def f(): async with x: pass|def f(): await x|[x async for x in y]|async x|async|await|[i := 1 for i in y]
[x := 1 for y in z]|[j for i in x if (i := 1)]|class A: [x := 1 for y in z]|[i for i in (j := x)]|x := 1|(x.y := 1)
lambda: (yield)|lambda x, x: 1|lambda *: 1|lambda x=1, y: 1|lambda: x := 1|lambda x: int: 1|f(x := 1, y = 2)
match x:\n case 1: pass|match x:\n case y: pass\n case 2: pass|match x:\n case y | 1: pass|match x:\n case {**y, 1: z}: pass
match x:\n case [*a, *b]: pass|match x:\n case A(x=1, 2): pass|match x:\n case A(x=1, x=2): pass|match x: pass
match x:\n case a, a: pass|match x:\n case (a | b): pass|match x:\n case {1: a, 1: b}: pass|match x:\n case -y: pass
match x:\n case 1 + 2: pass|match x:\n case a.b.c(): pass|match x:\n case x as 1: pass|match x:\n case _ as _: pass
type x = int|type x[T] = T|type x[T, T] = T|type x[T = int, U] = T|type x[*T: int] = 1|type x[**P = [int]] = P
def f[T](x: T): pass|class A[T: (int, str)]: pass|def f[T: (yield)](): pass|type x = (yield)|type x = [y := 1]
class A[T](x := 1): pass|def f[T: (x := 1)](): pass|def f[]: pass|class A[]: pass|type x[] = 1|def f[T]: pass
x = 1 if 2|x = 1 if 2 else|x = if 1|x if y else pass|x = {**y for y in z}|x = [*y for y in z]|x = {*y: 1}|{x: *y}
{x: 1, y}|{x, y: 1}|{**x, y: 1}|{x:}|{x: 1, y:}|{1: 2 3: 4}|x = (y for y in z, 1)|[x, y for y in z]|{x y}|[x for x y]
with x as 1: pass|with x as f(): pass|with (x as y, z as 1): pass|with x, y as *z: pass|with: pass|with x pass
for 1 in x: pass|for f() in x: pass|for x in : pass|for x: pass|for *x in y: pass|for x, in y, z pass|for x y in z: pass
try:\n x\nexcept A, B: pass|try:\n x\nexcept A, B as c: pass|try:\n x\nexcept: pass\nexcept A: pass|try:\n x\nexcept* A: break
try:\n x\nexcept*: pass|try:\n x\nexcept A: pass\nexcept* B: pass|try:\n x\nexcept A as 1: pass|try:\n x\nexcept A as b.c: pass
try:\n x\nfinally:\n return 1|for x in y:\n try: pass\n finally: break|while 1:\n try: x\n finally: continue|try:\n x
raise x, y|raise from x|raise x from|print x|exec x|print "a"|print f(x)|exec "a"|print -1|print x, y|print >> x
import x, |import x y|from x import y z|import|from import x|import x.|from x import (y)z|from x import ()|import (x)
if x pass|if x:|else: pass|elif x: pass|except: pass|finally: pass|case x: pass|class 1: pass|def 1(): pass|def f: pass
def f() pass|class A pass|def f()|@|@x|@x y|@x\nx = 1|x!|x?|$x|x = $|`x`|x <> y|x => y|x =! y|x ++|x++ y|!x|x && y|x || y
not x = 1|-x = 1|x and y = 1|x < y = 1|lambda: 1 = 2|x if y else z = 1|f"{x}" = 1|[x for x in y] = 1|{x: y} = 1|{x} = 1
"a" = 1|b"a" = 1|1.5 = x|... = x|True = 1|__debug__ = 1|x.__debug__ = 1|del __debug__|def f(__debug__): pass
for __debug__ in x: pass|import __debug__|f(__debug__=1)|class __debug__: pass|with x as __debug__: pass|(__debug__ := 1)
"a" b"b"|b"é"|"\\d"|"\\400"|b"\\400"|f"\\d"|"\\N{no such}"|"\\x"|"\\u123"|"\\U00110000"|b"\\x1"|f"{x!q}"|f"{}"|f"{x:{y:{z}}}"
f"{x"|f"x}"|f"{x!}"|f"{x;y}"|f"{*x}"|f"{x = }"|f"{x=!r:^20}"|f"{lambda x: 1}"|f"{'a'"|f'{x!r }'|f"{!r}"|f"{:x}"|f"{=}"
f"{a $ b}"|f"{a[}"|f"{a(]}"|f"{a b}"|f"{a, }"|f"{yield}"|f"{x:{"|f"{x:}}"|f"{{}"|f"{\n}"|f"{#}"|f"{x #}"|t"{x}" "a"|t"{}"
0777|0_|1__2|0xZ|0b3|0o9|1_|1e|1e5x|1.2.3|1abc|0x1for x in y|1if 2else 3|1or 2|1_0j|0b12|0o18|0xg|1in x|1not in x
""".replace("\n", "|").split("|")
STATEMENTS = [text.replace("\\n", "\n").replace("\\\\", "\\") for text in STATEMENTS if text]

COOKIES = """latin-1 utf-8 utf8 UTF_8 ascii us-ascii iso-8859-1 iso-8859-15 cp1252 koi8-r shift_jis utf-16 utf-7
utf-8-sig rot13 hex nothing x latin1 cp437 euc-jp big5 utf-32 punycode idna undefined raw_unicode_escape""".split()
COOKIE_LINES = ["# -*- coding: %s -*-\n", "#coding=%s\n", "# vim: set fileencoding=%s :\n", "\n# coding: %s\n"]
BYTES = [b"\x00", b"\xff", b"\xc3", b"\xe9", b"\xef\xbb\xbf", b"\xa0", b"\r", b"\x0c", b"\x1a", b"\x7f", b"\xc2\xa0"]
BYTES += ["é", "ª", "€", "“", "”", "–", "×", "𝔘", "ﬁ", "·", "٣", "²", "\u200b", "\u2028", "\u3000", "😀", "\u0301"]
BYTES = [piece if isinstance(piece, bytes) else piece.encode() for piece in BYTES]
ONLY_AST = 0x400
STRING_PIECES = r"""
{ } {} {x} {x!r} {x!q} {x: {x:{y}} {* {a b} {{ }} \\ \\\\ \d \x \x1 \N{DASH} \N{q} \N \u12 \U00 \777 \9 ' \' " \" # {#
$ {$} {!r} {=} {x=} {lambda:1} {lambda x:1} \{ {\n} {a[0} {a)} {'} {"} {:=} {x:=1} {0_} {1e} {yield} {x:{y:{z}}} '''
""".split()
STRING_PIECES += ['"""', "\n", "\\\n", "{\n", "{x\n", "\x00", "\u00e9", "{x:\n}", "{x !r}", "{ }", "{x! r}"]
OPENERS = ["(", "[", "{", "f'{", "(", "[", "not ", "-", "lambda: ", "x if y else "]


class Random:
    """Numbers from a seed (xorshift64*)."""

    def __init__(self, seed, index):
        self.state = (seed * 0x9E3779B97F4A7C15 + index * 0xD1B54A32D192ED03 + 1) & (2**64 - 1) or 1
        for _ in range(4):
            self.below(2)

    def below(self, limit):
        state = self.state
        state ^= state >> 12
        state = (state ^ (state << 25)) & (2**64 - 1)
        state ^= state >> 27
        self.state = state
        return (((state * 0x2545F4914F6CDD1D) & (2**64 - 1)) >> 33) % limit

    def choice(self, items):
        return items[self.below(len(items))]


# Mutations of tokens: each takes the list of tokens, as text in Latin-1, and changes it.


def visible(random, tokens):
    """The place of a token that is not white space, if some tries find one."""
    for _ in range(8):
        at = random.below(len(tokens))
        if tokens[at].strip():
            return at
    return random.below(len(tokens))


def drop(random, tokens):
    del tokens[visible(random, tokens)]


def swap(random, tokens):
    first = visible(random, tokens)
    second = min(first + 1 + random.below(4), len(tokens) - 1)
    tokens[first], tokens[second] = tokens[second], tokens[first]


def duplicate(random, tokens):
    at = visible(random, tokens)
    tokens.insert(at, tokens[at] + random.choice(["", " "]))


def replace(random, tokens):
    tokens[visible(random, tokens)] = random.choice(WORDS)


def insert(random, tokens):
    tokens.insert(random.below(len(tokens) + 1), random.choice(["", " "]) + random.choice(WORDS) + random.choice(["", " "]))


def borrow(random, tokens):
    """One token in the place of another."""
    tokens[visible(random, tokens)] = tokens[visible(random, tokens)]


def corrupt(random, tokens):
    at = visible(random, tokens)
    token = tokens[at]
    place = random.below(len(token) + 1)
    kind = random.below(4)
    if kind == 0:
        tokens[at] = token[:place] + token[place + 1 :]
    elif kind == 1:
        tokens[at] = token[:place] + random.choice("_0a9.'\"\\{}()[]:=!$?@ #\nxe") + token[place:]
    elif kind == 2:
        tokens[at] = token[:place] + random.choice(BYTES).decode("latin-1") + token[place:]
    else:
        tokens[at] = token[:place] + chr(random.below(256)) + token[place + 1 :]


def cut(random, tokens):
    """The text ends early."""
    at = random.below(len(tokens)) + 1
    del tokens[at:]
    if random.below(2):
        tokens[-1] = tokens[-1][: random.below(len(tokens[-1]) + 1)]


def unbalance(random, tokens):
    """Another bracket, or one less."""
    places = [at for at, token in enumerate(tokens) if token in "()[]{}"]
    if places:
        tokens[random.choice(places)] = random.choice(["", "(", ")", "[", "]", "{", "}"])


def punctuate(random, tokens):
    places = [at for at, token in enumerate(tokens) if token in (":", ",", "=", ".", "in", "->", ":=", "==")]
    if places:
        tokens[random.choice(places)] = random.choice(["", ":", ",", "=", ".", " in ", "->", ":=", "==", ";", "*", "**"])


def spoil_string(random, tokens):
    places = [at for at, token in enumerate(tokens) if token[-1:] in ("'", '"') and len(token) > 1]
    if not places:
        return insert(random, tokens)
    at = random.choice(places)
    token = tokens[at]
    kind = random.below(6)
    if kind == 0:
        tokens[at] = token[:-1]
    elif kind == 1:
        tokens[at] = random.choice(["f", "b", "u", "r", "t", "rb", "fr", "ur", "bf", "tr", "ft", "F", "Rb"]) + token
    elif kind == 2:
        tokens[at] = token[1:]
    elif kind == 3:
        tokens[at] = token + random.choice([" ", ""]) + random.choice(["'a'", "b'a'", "f'{x}'", "t'{x}'", "(1)", "[0]", "x"])
    else:
        place = random.below(len(token)) + 1
        piece = random.choice(STRING_PIECES)
        prefix = random.choice(["", "f", "f", "t", "b"]) if token[0] in "'\"" else ""
        tokens[at] = prefix + token[:place] + piece + token[place:]


def renumber(random, tokens):
    places = [at for at, token in enumerate(tokens) if token[:1].isdigit()]
    if not places:
        return replace(random, tokens)
    at = random.choice(places)
    tokens[at] += random.choice("_ . e j x 0 a if or and in is not else for e5 e+ .5 .. _1 L l __1 0x 1_ for".split())


def state(random, tokens):
    """Another statement, at the indentation of a line."""
    places = [at for at, token in enumerate(tokens) if token[:1] == "\n"]
    at = random.choice(places) if places else 0
    newline = tokens[at] if places else "\n"
    text = random.choice(STATEMENTS).encode().decode("latin-1")
    tokens.insert(at, newline + text.replace("\n", newline))


def gather(random, tokens):
    """A few statements by themselves: which of their errors is told depends on who looks first."""
    lines = []
    for _ in range(2 + random.below(4)):
        space = random.choice(["", "", "  ", "    "])
        if space and not lines:
            lines.append(random.choice(["def f():", "class A:", "async def f(x):", "while x:", "def f[T]():", "try:", "lambda: 1"]))
        text = random.choice(STATEMENTS).encode().decode("latin-1")
        lines += [space + line for line in text.split("\n")]
    tokens[:] = "\n".join(lines) + "\n"


def express(random, tokens):
    """A statement's text in the place of an expression."""
    text = random.choice(STATEMENTS).encode().decode("latin-1")
    tokens[visible(random, tokens)] = random.choice(["", "("]) + text + random.choice(["", ")"])


def indent(random, tokens):
    places = [at for at, token in enumerate(tokens) if token[:1] == "\n"]
    if not places:
        return insert(random, tokens)
    at = random.choice(places)
    spaces = tokens[at][1:]
    change = [spaces + " ", spaces[1:], "\t" + spaces, spaces.replace("    ", "\t"), spaces + "\f", "\f" + spaces, "", spaces + "    "]
    change += [spaces[:-4], spaces + "\t", " \t" + spaces[8:], spaces[:-1]]
    tokens[at] = "\n" + random.choice(change)


def tabulate(random, tokens):
    """Tabs for spaces in half of the lines."""
    for at, token in enumerate(tokens):
        if token[:1] == "\n" and random.below(2):
            tokens[at] = token.replace("    " * (1 + random.below(2)), "\t")


def join(random, tokens):
    places = [at for at, token in enumerate(tokens) if token[:1] == "\n"]
    if places:
        at = random.choice(places)
        tokens[at] = random.choice(["", " ", ";", "\\" + tokens[at], "\\ " + tokens[at], "\r", "\r" + tokens[at], tokens[at] + "\\\n", tokens[at] * 2])


def move_line(random, tokens):
    lines = "".join(tokens).split("\n")
    first, second = random.below(len(lines)), random.below(len(lines))
    kind = random.below(3)
    if kind == 0:
        lines[first], lines[second] = lines[second], lines[first]
    elif kind == 1:
        lines.insert(first, lines[second])
    else:
        del lines[first]
    tokens[:] = ["\n".join(lines)]


def encode(random, tokens):
    kind = random.below(4)
    if kind == 0:
        tokens.insert(0, random.choice(COOKIE_LINES) % random.choice(COOKIES))
    elif kind == 1:
        tokens.insert(random.below(len(tokens) + 1), random.choice(BYTES).decode("latin-1"))
    elif kind == 2:
        tokens.insert(0, random.choice(["\xef\xbb\xbf", "\xef\xbb", "\xff\xfe", "\xef\xbb\xbf# coding: latin-1\n", "\xef\xbb\xbf#coding:utf8\n"]))
    else:
        name = random.choice(COOKIES)
        tokens.insert(random.below(len(tokens) + 1), random.choice(BYTES).decode("latin-1"))
        tokens.insert(0, random.choice(COOKIE_LINES) % name)


def nest(random, tokens):
    """Many brackets or operators."""
    opener = random.choice(OPENERS)
    tokens.insert(visible(random, tokens), opener * random.choice([1, 2, 5, 30]))


MUTATIONS = [drop, drop, swap, duplicate, replace, replace, insert, insert, borrow, borrow, corrupt, corrupt, cut, unbalance]
MUTATIONS += [unbalance, punctuate, punctuate, spoil_string, spoil_string, renumber, state, state, gather, express, indent, indent]
MUTATIONS += [tabulate, join, move_line, encode, nest]


def mutate(random, source):
    """A program in bytes with one to three mutations, and their names."""
    names = []
    text = source.decode("latin-1")
    for _ in range(random.choice([1, 1, 1, 2, 2, 3])):
        tokens = TOKEN.findall(text) or ["\n"]
        mutation = random.choice(MUTATIONS)
        mutation(random, tokens)
        names.append(mutation.__name__)
        text = "".join(tokens)
    return text.encode("latin-1"), names


def files(library):
    found = []
    for folder, folders, names in os.walk(library):
        folders.sort()
        paths = [os.path.join(folder, name) for name in sorted(names) if name.endswith(".py")]
        found += filter(os.path.isfile, paths)
    return found


def passage(random, source, mode):
    """A file as it is if it is small, sometimes; else some of its outermost statements, or one; or
    the value of an assignment."""
    if mode == "exec" and len(source) < 20000 and random.below(6) == 0:
        return source
    lines = source.split(b"\n")
    starts = [at for at, line in enumerate(lines) if line[:1] not in (b"", b" ", b"#", b"\t", b")", b"]", b"}", b'"', b"'")]
    if mode == "eval":
        starts = [at for at in starts if b" = " in lines[at]]
    if not starts:
        return source[:2000]
    first = random.choice(starts)
    if mode == "exec":
        last = first + random.below(random.choice([3, 20, 60]))
    else:
        last = first
    last = min([at for at in starts if at > last], default=len(lines))
    text = b"\n".join(lines[first : min(last, first + 200)]) + b"\n"
    return text.partition(b" = ")[2].rstrip() if mode == "eval" else text


class Mutants:
    def __init__(self, library, seed):
        self.files, self.seed = files(library), seed

    def __call__(self, index):
        """Source, arguments for `compile` and whether warnings are errors; where it comes from."""
        random = Random(self.seed, index)
        path = random.choice(self.files)
        mode = random.choice(["exec"] * 14 + ["single", "eval"])
        with open(path, "rb") as file:
            source = passage(random, file.read(), mode)
        source, names = mutate(random, source)
        text = source
        if random.below(4) == 0:
            try:
                text = source.decode()
            except UnicodeDecodeError:
                pass
        flags = random.choice([0] * 12 + [0x200, 0x2000, 0x4000, 0x4200, 0x1400, 0x400])
        optimize = random.choice([-1, -1, -1, 0, 1, 2])
        strict = random.below(6) == 0
        version = random.choice([-1, -1, 4, 6, 7, 8, 9, 10, 11, 12, 13]) if flags & ONLY_AST else -1
        return text, (mode, flags, optimize, strict, version), f"{path}: {' '.join(names)}"


class Cases:
    """Programs written by hand: escapes are bytes. A line may begin with words between `%`: the mode, the
    flags, or the minor version (of the tree only)."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.lines = file.read().splitlines()

    def __call__(self, index):
        index, strict = divmod(index, 2)
        line = self.lines[index]
        mode, flags, version = "exec", 0, -1
        if line[:1] == b"%":
            _, words, line = line.split(b"%", 2)
            line = line[1:]
            for word in words.decode().split():
                if word[:1] == "v":
                    version, flags = int(word[1:]), flags | ONLY_AST
                elif word[0].isdigit():
                    flags |= int(word, 16)
                else:
                    mode = word
            if mode == "func_type":
                flags |= ONLY_AST
        source = line.decode("unicode_escape").encode("latin-1")
        return source, (mode, flags, -1, bool(strict), version), f"line {index + 1}"



def digest(code, parts):
    """What a code object consists of, as text without addresses or the order of sets."""
    parts.append(
        f"{code.co_name} {code.co_qualname} {code.co_argcount} {code.co_posonlyargcount} {code.co_kwonlyargcount} "
        f"{code.co_flags} {code.co_firstlineno} {code.co_stacksize} {code.co_names} {code.co_varnames} "
        f"{code.co_cellvars} {code.co_freevars} {code.co_code} {code.co_linetable} {code.co_exceptiontable}"
    )
    for value in code.co_consts:
        constant(value, parts)
    return parts


def constant(value, parts):
    if hasattr(value, "co_code"):
        digest(value, parts)
    elif isinstance(value, tuple):
        parts.append("(")
        for item in value:
            constant(item, parts)
        parts.append(")")
    elif isinstance(value, frozenset):
        parts.append("{" + " ".join(sorted(map(repr, value))) + "}")
    elif type(value) is int:
        parts.append(hex(value))
    else:
        parts.append(f"{type(value).__name__} {value!a}")


def checksum(text):
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return f"{binascii.crc32(data):08x}"


def outcome(source, how):
    """What happened, details, warnings; and the exception."""
    mode, flags, optimize, strict, version = how
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("error" if strict else "always")
        error = None
        try:
            code = compile(source, "<mutant>", mode, flags, True, optimize, _feature_version=version)
        except SyntaxError as found:
            error = found
            fields = found.lineno, found.offset, found.end_lineno, found.end_offset
            details = ascii((found.msg, *fields, found.text, found.filename, found.print_file_and_line))
        except Exception as found:
            error = found
            details = ascii(str(found))
        else:
            details = "tree" if flags & ONLY_AST else checksum("\n".join(digest(code, [])))
    warned = [(w.category.__name__, str(w.message), w.lineno, w.filename) for w in caught]
    return type(error).__name__ if error else "accepted", details, ascii(warned), error


def programs(origin, seed):
    return Cases(origin) if seed == "-" else Mutants(origin, int(seed))


def run(origin, seed, first, last, out):
    sources = programs(origin, seed)
    with open(out, "w", encoding="ascii") as file:
        for index in range(int(first), int(last)):
            source, how, _ = sources(index)
            form = " ".join(map(str, how)) + (" text" if isinstance(source, str) else " bytes")
            # Before it is compiled, in case that is the end.
            file.write(f"{index}\t{checksum(source)}\t{form}")
            file.flush()
            kind, details, warned, _ = outcome(source, how)
            file.write(f"\t{kind}\t{details}\t{warned}\n")


def show(origin, seed, index, around=4):
    source, how, name = programs(origin, seed)(int(index))
    kind, details, warned, error = outcome(source, how)
    if isinstance(source, str):
        source = source.encode("utf-8", "surrogatepass")
    print(f"{name} ({' '.join(map(str, how))})")
    lines = source.splitlines(keepends=True)
    at = getattr(error, "lineno", None) or len(lines)
    for number, line in enumerate(lines, 1):
        if at - 2 * around <= number <= at + around:
            print(f"{number:6} {line!a}"[:200])


def save(origin, seed, index, path):
    source, _, _ = programs(origin, seed)(int(index))
    with builtins.open(path, "wb") as file:
        file.write(source if isinstance(source, bytes) else source.encode("utf-8", "surrogatepass"))


if __name__ == "__main__":
    {"run": run, "show": show, "save": save}[sys.argv[1]](*sys.argv[2:])
