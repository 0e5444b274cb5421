"""Time single operations: _operations.py BUDGET [NAME...]

Each case is a statement that runs in a function, with what its group sets up as local names. Prints `NAME SECONDS`, the best
of five, for a run of the statement; BUDGET is about how many seconds of CPU a case may take.
"""
import sys
from time import process_time

GROUPS = {}


def group(name, setup, cases):
    lines = (line.partition(": ") for line in cases.strip().splitlines())
    GROUPS[name] = setup, {case.strip(): statement.replace(r"\n", "\n") for case, _, statement in lines}


group("comprehension", """
squares = [x * x for x in range(200)]
odd = squares[1::2]
index = {x: i for i, x in enumerate(odd)}
grid = [[i * j for j in range(10)] for i in range(10)]
flat = [v for row in grid for v in row if v]
pairs = [(a, b) for a in range(12) for b in range(a, 12)]
""", r"""
    list: [x * x for x in range(200)]
    filtered: [x for x in squares if x & 1]
    pairs: [(a, b) for a in range(12) for b in range(a, 12) if (a + b) % 3]
    dict, enumerate: {x: i for i, x in enumerate(odd)}
    dict, items: {v: k for k, v in index.items() if k % 5}
    set: {x % 17 for x in squares}
    nested: [[i * j for j in range(10)] for i in range(10)]
    flattened: [v for row in grid for v in row if v]
    zip of rows: [list(col) for col in zip(*grid)]
    zip: [a - b for a, b in zip(flat, squares)]
    map, lambda: list(map(lambda v: v + 3, flat))
    any of generator: any(v > 50 for v in flat)
    max of generator: max(x - y for x, y in pairs)
    sum of generator: sum(x for x in squares)
""")

group("sort", """
import random
from operator import itemgetter
draw = random.Random(1)
ints = [draw.randrange(10**6) for _ in range(300)]
floats = [draw.random() for _ in range(300)]
texts = [str(value) for value in floats]
tuples = [(draw.randrange(10), value) for value in floats]
""", r"""
    ints: sorted(ints)
    floats: sorted(floats)
    texts: sorted(texts)
    tuples: sorted(tuples)
    key, lambda: sorted(floats, key=lambda x: -x)
    key, itemgetter: sorted(tuples, key=itemgetter(1))
""")

group("container", """
from bisect import bisect
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from heapq import heappop, heappush
numbers = list(range(100))
words = 'the quick brown fox jumps over the lazy dog '.split() * 10
table = {i: i for i in range(300)}
counts = {}
left, right = set(range(100)), set(range(50, 150))
floats = [((i * 7919) % 1000) / 1000 for i in range(100)]
steps = list(range(0, 1000, 7))
queue = deque(range(10))
pairs = [(i, i) for i in range(100)]
Point = namedtuple('Point', 'x y')
grid = [[0] * 10 for _ in range(10)]
""", r"""
    dict get, set: for i in numbers: counts[i] = counts.get(i, 0) + 1
    dict of texts: for k in words: counts[k] = counts.get(k, 0) + 1
    setdefault: d = {}\nfor k in words: d.setdefault(k, []).append(1)
    defaultdict: d = defaultdict(int)\nfor k in words: d[k] += 1
    Counter: Counter(words)
    dict items: for k, v in table.items(): pass
    dict in: for k in numbers: k in table
    set operations: left | right; left & right; left - right
    set add: s = set()\nfor i in numbers: s.add(i)
    list append: l = []\nfor i in numbers: l.append(i)
    list pop: l = list(numbers)\nwhile l: l.pop()
    list item: for i in numbers: numbers[i]
    list slices: numbers[10:50]; numbers[::2]; numbers[::-1]
    list sum: numbers + numbers; numbers * 3
    nested lists: for i in range(10):\n  for j in range(10): grid[i][j] = grid[i][j] + 1
    lists: [[] for _ in range(300)]
    dicts: [{} for _ in range(300)]
    tuples: [(i, i) for i in numbers]
    unpacking: for a, b in pairs: pass
    enumerate of zip: for i, (a, b) in enumerate(pairs): pass
    reversed: for x in reversed(numbers): pass
    deque: queue.append(1); queue.popleft()
    heap: h = []\nfor x in floats: heappush(h, x)\nwhile h: heappop(h)
    bisect: for x in numbers: bisect(steps, x)
    namedtuple: for i in numbers: p = Point(i, i); p.x; p.y
    min, max: min(numbers); max(numbers); min(3, 4); max(1, 2, 3)
""")

group("call", """
from functools import lru_cache, partial
def one(x): return x
def three(x, y, z): return x
def defaults(x, y=2, *, z=3): return x
def collects(*args): return args
def named(**kwargs): return kwargs
def outer(k):
    def inner(x): return x + k
    return inner
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
closure, bound, cached = outer(3), partial(three, 1, 2), lru_cache(one)
two = (1, 2, 3)
times = list(range(100))
""", r"""
    one: for i in times: one(i)
    three: for i in times: three(i, i, i)
    keywords: for i in times: three(x=i, y=i, z=i)
    defaults: for i in times: defaults(i)
    star: for i in times: three(*two)
    varargs: for i in times: collects(i, i)
    kwargs: for i in times: named(a=i)
    closure: for i in times: closure(i)
    lambda made: for i in times: (lambda: i)
    recursion: fib(10)
    partial: for i in times: bound(i)
    lru_cache: for i in times: cached(i & 7)
""")

group("object", """
from dataclasses import dataclass
from enum import Enum
class Base:
    constant = 7
    def __init__(self, x): self.x, self.y = x, 0
    def get(self): return self.x
    def set(self, value): self.y = value
    @property
    def value(self): return self.x
    @classmethod
    def of_class(cls): return 1
    @staticmethod
    def static(a): return a
    def __add__(self, other): return self
    def __eq__(self, other): return self.x == other.x
    def __lt__(self, other): return self.x < other.x
    def __len__(self): return 3
    def __getitem__(self, i): return i
    def __call__(self, a): return a
    def __hash__(self): return 5
    def __bool__(self): return True
    def __iter__(self): return iter((1, 2))
    def __contains__(self, x): return True
class Derived(Base):
    def __init__(self, x): super().__init__(x)
    def get(self): return super().get()
class Slots:
    __slots__ = ('a', 'b')
    def __init__(self): self.a, self.b = 1, 2
class Plain: pass
@dataclass
class Record:
    x: int
    y: int
class Colour(Enum):
    RED = 1
    BLUE = 2
a, d, s = Base(3), Derived(2), Slots()
both = [a, d] * 50
times = list(range(100))
""", r"""
    method: for i in times: a.get()
    method with argument: for i in times: a.set(i)
    property: for i in times: a.value
    classmethod: for i in times: Base.of_class()
    staticmethod: for i in times: Base.static(i)
    super: for i in times: d.get()
    polymorphic: for o in both: o.get()
    attribute: for i in times: a.x
    attribute set: for i in times: a.x = i
    slot: for i in times: s.a
    slot set: for i in times: s.a = i
    class attribute: for i in times: a.constant
    new: for i in times: Base(i)
    new, plain: for i in times: Plain()
    new, slots: for i in times: Slots()
    new, super: for i in times: Derived(i)
    dataclass: for i in times: Record(i, i)
    enum: for i in times: Colour.RED; Colour(1)
    __add__: for i in times: a + a
    __eq__: for i in times: a == a
    __lt__: for i in times: a < a
    __len__: for i in times: len(a)
    __getitem__: for i in times: a[i]
    __call__: for i in times: a(i)
    __hash__: for i in times: hash(a)
    __bool__: for i in times:\n  if a: pass
    __iter__: for i in times:\n  for x in a: pass
    __contains__: for i in times: i in a
    isinstance: for i in times: isinstance(a, Base)
    getattr: for i in times: getattr(a, 'x')
    hasattr: for i in times: hasattr(a, 'nothing')
""")

group("flow", """
from contextlib import contextmanager
class Context:
    def __enter__(self): return self
    def __exit__(self, *args): return False
@contextmanager
def managed(): yield 1
def deep(n):
    if n: return deep(n - 1)
    raise ValueError(n)
def numbers():
    for i in range(100): yield i
def delegates(): yield from numbers()
def echo():
    while True: yield
async def leaf(): return 1
async def awaits():
    for i in range(100): await leaf()
async def nested(n): return await nested(n - 1) if n else 1
class Once:
    def __await__(self): yield 1
async def suspends():
    for i in range(50): await Once()
async def produces():
    for i in range(50): yield i
async def consumes():
    async for x in produces(): pass
def run(coroutine):
    try:
        while True: coroutine.send(None)
    except StopIteration: pass
context, empty, plain, times = Context(), {}, object(), range(50)
values = [1, (1, 2), {'k': 2}, 's', 3.5] * 20
""", r"""
    try: for i in times:\n  try: pass\n  except ValueError: pass
    finally: for i in times:\n  try: pass\n  finally: x = i
    raise: for i in times:\n  try: raise ValueError('x')\n  except ValueError as e: pass
    raise deep: for i in times:\n  try: deep(5)\n  except ValueError: pass
    KeyError: for i in times:\n  try: empty[i]\n  except KeyError: pass
    AttributeError: for i in times:\n  try: plain.x\n  except AttributeError: pass
    with: for i in times:\n  with context: pass
    contextmanager: for i in times:\n  with managed(): pass
    generator: for x in numbers(): pass
    yield from: for x in delegates(): pass
    send: g = echo(); next(g)\nfor i in times: g.send(i)
    await: run(awaits())
    await nested: run(nested(8))
    await suspended: run(suspends())
    async for: run(consumes())
    match: for v in values:\n  match v:\n    case 1: x = 1\n    case (a, b): x = 2\n    case {'k': b}: x = 3\n    case str(): x = 4\n    case _: x = 5
    while: i = 0\nwhile i < 200: i += 1
    is None: for v in values:\n  if v is None: x = 1\n  elif v is not None: x = 2
""")

group("number", """
from math import sin, sqrt
big, other = 3**100, 7**90
a, c, mask = 6364136223846793005, 1442695040888963407, 2**64 - 1
floats = [((i * 7919) % 1000) / 1000 for i in range(100)]
texts = [str(value) for value in floats]
times = range(200)
""", r"""
    int sum: for i in times: x = i + i
    int product: for i in times: x = i * i
    int division: for i in times: x = i // 3; y = i % 3
    int bits: for i in times: x = (i << 3) ^ (i >> 1) & 255 | i
    int comparison: for i in times:\n  if i < 50 or i > 150: x = 1
    int, 64 bits: for i in times: x = (a * i + c) & mask
    int, big: for i in times: x = big * other; y = big + other
    float: x = 1.0\nfor i in times: x = x * 1.5 + 2.0 - x / 3.0
    float and int: for i in times: x = i * 1.5
    math: for i in times: sqrt(i); sin(i)
    round: for x in floats: round(x, 2)
    str of float: for x in floats: str(x)
    float of str: for x in texts: float(x)
    str of int: for i in times: str(i)
    int of str: for x in ('1', '22', '333'): int(x)
""")

group("text", """
import io
path, name, pi = 'xx', 'yy', 3.14159
long = 'banana bandana ' * 20
listed = 'a,b c,d e,f ' * 20
padded = ['  abc  '] * 50
raw, wide = long.encode(), 'naïveté' * 10
parts = [str(i) for i in range(100)]
tableau = str.maketrans('ab', 'xy')
lines = 'hello world\\n' * 50
times = range(100)
""", r"""
    f-string: for i in times: f'{i} and {i:5d} x {i!r}'
    f-string, plain: for i in times: f'{path}/{name}'
    f-string, float: for i in times: f'{pi:.3f}'
    percent: for i in times: '%s %d %.2f' % (i, i, 1.5)
    format: for i in times: '{} {:>5}'.format(i, i)
    join: ','.join(parts)
    append: s = ''\nfor i in times: s += 'ab'
    split: listed.split(); listed.split(',')
    replace: long.replace('a', 'bb'); long.replace('xyz', '')
    find: long.find('zz'); 'zz' in long; long.count('a'); long.index('n')
    case: long.upper(); long.lower(); long.title(); long.swapcase()
    strip: for x in padded: x.strip(); x.startswith('ab'); x.endswith('c')
    predicates: for x in padded: x.isdigit(); x.isalpha(); x.isspace()
    index: for i in times: long[i]
    slice: for i in times: long[i:i + 3]
    iteration: for c in long: pass
    comparison: for c in long: c == 'a' or c < 'b'
    encode, decode: long.encode(); raw.decode(); wide.encode()
    ord, chr: for c in long: ord(c); chr(97)
    translate: long.translate(tableau)
    bytes: raw.split(b','); raw.replace(b'a', b'c'); raw.find(b'z')
    bytearray: x = bytearray()\nfor i in times: x.append(i)
    StringIO write: w = io.StringIO().write\nfor x in parts: w(x)
    StringIO lines: for l in io.StringIO(lines): l.rstrip()
""")

group("module", """
import base64, binascii, copy, csv, io, itertools, json, marshal, math, os, pickle, random, re, struct
from array import array
from bisect import bisect
from collections import OrderedDict, deque
from contextvars import ContextVar
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from heapq import heappop, heappush
from operator import attrgetter, itemgetter
from pathlib import Path
from queue import SimpleQueue
pair, word, vowel = re.compile(r'(\\w+)-(\\d+)'), re.compile(r'\\b[a-z]+\\b'), re.compile('[aeiou]')
comma, names = re.compile(r'[,;]\\s*'), re.compile('foo|bar|quick|lazy')
token = re.compile(r'(?P<n>\\d+)|(?P<w>\\w+)|(?P<s>\\s+)|(?P<o>.)')
prose, source = 'the quick brown fox ' * 20, 'x = 3 + foo(42) * y ; ' * 5
data = {'a': [1, 2, 3.5, None, True], 'b': {'c': 'text'}}
encoded, packed = json.dumps(data), struct.pack('<IHd', 1, 2, 3.0)
rows, numbers, times = ['a,b,"c d",e'] * 30, list(range(50)), range(30)
stamp = re.compile(r'(\\d{4})-(\\d\\d)-(\\d\\d) (\\w+) \\[(\\w+)\\] (.*)')
line, digits = '2024-01-02 INFO [main] server started', re.compile(r'\\d+')
header, records = struct.Struct('>HHHHBBBB'), [{'id': i, 'name': f'n{i}'} for i in range(30)]
pickled, pairs, raw = pickle.dumps(records), list(zip(numbers, numbers)), b'hello world ' * 20
lines, second, real, ordered = b'hello world\\n' * 50, itemgetter(1), attrgetter('real'), OrderedDict(pairs)
queue, null = SimpleQueue(), open(os.devnull, 'wb')
names_sorted, machine = [f'n{i:03}' for i in range(100)], array('i', range(100))
prices, cents, sum_of = [Decimal(i) / 7 for i in range(30)], Decimal('1234.56'), partial(max, 3, key=abs)
variable, day = ContextVar('variable', default=1), datetime(2020, 1, 5)
marshalled, draws = marshal.dumps(records), random.Random(1)
variable.set(2)
""", r"""
    re match: for i in times: pair.match('abc-123')
    re findall: word.findall(prose)
    re sub: vowel.sub('x', prose)
    re split: comma.split('a, b; c,d ' * 20)
    re alternatives: names.findall(prose)
    re tokens: for m in token.finditer(source): m.lastgroup; m.group()
    csv: list(csv.reader(rows))
    json dumps: json.dumps(data)
    json loads: json.loads(encoded)
    pickle: pickle.loads(pickle.dumps(data))
    struct: struct.pack('<IHd', 1, 2, 3.0); struct.unpack('<IHd', packed)
    struct, many: header.unpack(header.pack(1, 2, 3, 4, 5, 6, 7, 8)); struct.unpack('<I', b'abcd')
    re groups: stamp.match(line).groups()
    re nothing: digits.search(prose)
    pickle records: pickle.loads(pickled)
    itertools: list(itertools.chain(numbers, numbers)); list(itertools.accumulate(numbers)); list(itertools.product(numbers[:5], repeat=2))
    itertools, loops: for a, b in itertools.product(numbers[:8], repeat=2): pass\nfor a, b in itertools.pairwise(numbers): pass
    itertools, arranged: list(itertools.permutations(numbers[:6], 2)); list(itertools.combinations(numbers[:8], 3))
    itemgetter: for p in pairs: second(p)
    attrgetter: for i in numbers: real(i)
    OrderedDict: for k, v in ordered.items(): pass
    base64: base64.b64decode(base64.b64encode(raw)); binascii.unhexlify(binascii.hexlify(raw))
    file written: for i in times: null.write(b'abc')
    BytesIO: io.BytesIO(raw).read()
    BytesIO lines: for l in io.BytesIO(lines): pass
    SimpleQueue: for i in times: queue.put(i)\nfor i in times: queue.get()
    copy: copy.copy(data); copy.deepcopy(data)
    random: for i in times: random.random(); random.randrange(100)
    random, seeded: draws.seed(5)
    datetime: datetime(2020, 1, 5) + timedelta(days=3)
    datetime replaced: day.replace(hour=3, minute=5)
    marshal: marshal.dumps(records)
    marshal read: marshal.loads(marshalled)
    decimal: sum(prices)
    decimal compared: max(prices)
    decimal formatted: f'{cents:.1f}'; f'{cents:,.2f}'
    ContextVar: for i in times: variable.get()
    array: sum(machine); machine.tolist()
    deque copied: deque(numbers).copy()
    bisect of texts: for x in names_sorted: bisect(names_sorted, x)
    heap of texts: h = []\nfor x in names_sorted: heappush(h, x)\nwhile h: heappop(h)
    math of ints: math.comb(60, 30); math.gcd(84, 36); math.isqrt(1000); math.floor(3)
    math of many: math.prod(numbers); math.dist((1.0, 2.0, 3.0), (4.0, 5.0, 6.0))
    partial with keywords: for i in times: sum_of(i, key=None)
    normpath: os.path.normpath('/usr/lib/../share/./x')
    json of ints: json.dumps(numbers)
    pathlib: Path('/a/b') / 'c'; Path('/a/b.txt').suffix
""")


def function(setup, statement):
    """A function of one argument that runs the statement so many times."""
    space = {}
    exec(setup, space)
    names = [name for name in space if not name.startswith("__")]
    body = "\n".join("        " + line for line in statement.splitlines())
    head = ", ".join(["_count", *(f"{name}={name}" for name in names)])
    exec(f"def _run({head}):\n    for _ in range(_count):\n{body}\n", space)
    return space["_run"]


def measure(run, budget):
    def once(count):
        start = process_time()
        run(count)
        return process_time() - start

    count = 1
    while once(count) < budget / 8:
        count *= 2
    return min(once(count) for _ in range(5)) / count


def main(budget, wanted):
    for name, (setup, cases) in GROUPS.items():
        for case, statement in cases.items():
            full = f"{name}: {case}"
            if not wanted or any(part in full for part in wanted):
                print(full, measure(function(setup, statement), budget), sep="\t", flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2:])
