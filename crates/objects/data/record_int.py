"""Records what the reference's integers answer, for tests/int_digits.rs.

Run under the reference: python3.14 crates/objects/data/record_int.py > crates/objects/tests/golden/int.txt

A line is an operation, its operands, '=' and the result, separated by blanks. Integers are in
hexadecimal; `@seed:words` is a long one made by SplitMix64; a result of more than 100 symbols is
given as `#` and its FNV-1a hash.
"""
import random
import sys
import math

sys.set_int_max_str_digits(0)
rng = random.Random(20260)
M64 = (1 << 64) - 1


def splitmix(seed, words):
    value = 0
    for i in range(words):
        seed = (seed + 0x9E3779B97F4A7C15) & M64
        z = seed
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M64
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M64
        value |= (z ^ (z >> 31)) << (64 * i)
    return value


class Long(int):
    """An int that remembers how to write itself short."""


def long(words):
    seed = rng.getrandbits(32)
    value = splitmix(seed, words)
    text = f"@{seed:x}:{words}"
    if rng.random() < 0.3:
        value, text = -value, "-" + text
    result = Long(value)
    result.text = text
    return result


def some(bits=None):
    kind = rng.random()
    if bits is None:
        bits = rng.choice([1, 8, 29, 30, 31, 59, 60, 61, 64, 65, 90, 120, 128, 200, 350])
    if kind < 0.15:
        value = (1 << bits) + rng.choice([-1, 0, 1])
    elif kind < 0.2:
        value = 0
    elif kind < 0.3:
        value = rng.getrandbits(8) << bits
    else:
        value = rng.getrandbits(bits)
    return -value if rng.random() < 0.4 else value


def show(x):
    if isinstance(x, Long):
        return x.text
    if isinstance(x, bool):
        return str(int(x))
    if isinstance(x, int):
        return f"{x:x}"
    if isinstance(x, float):
        return x.hex()
    if isinstance(x, bytes):
        return "'" + x.hex()
    if isinstance(x, tuple):
        return ",".join(map(show, x))
    return str(x)


def shorten(text):
    if len(text) <= 100:
        return text
    h = 0xCBF29CE484222325
    for c in text.encode():
        h = ((h ^ c) * 0x100000001B3) & M64
    return f"#{h:016x}"


def record(op, *args, result):
    try:
        value = shorten(show(result()))
    except (ValueError, OverflowError, ZeroDivisionError) as e:
        value = "!" + str(e).replace(" ", "_")
    print(op, *map(show, args), "=", value)


def near(a, b):
    q, r = divmod(a, b)
    twice = 2 * abs(r)
    if twice > abs(b) or (twice == abs(b) and q % 2):
        return q + 1, r - b
    return q, r


def binary(a, b):
    record("add", a, b, result=lambda: a + b)
    record("sub", a, b, result=lambda: a - b)
    record("mul", a, b, result=lambda: a * b)
    record("divmod", a, b, result=lambda: divmod(a, b))
    record("mod", a, b, result=lambda: a % b)
    if b:
        record("near", a, b, result=lambda: near(a, b))
    record("and", a, b, result=lambda: a & b)
    record("or", a, b, result=lambda: a | b)
    record("xor", a, b, result=lambda: a ^ b)
    record("gcd", a, b, result=lambda: math.gcd(a, b))
    record("cmp", a, b, result=lambda: (a > b) - (a < b))
    record("truediv", a, b, result=lambda: a / b)


def unary(a):
    record("invert", a, result=lambda: ~a)
    record("hash", a, result=lambda: hash(int(a)))
    record("bits", a, result=lambda: (a.bit_length(), a.bit_count()))
    record("float", a, result=lambda: float(a))
    record("dec", a, result=lambda: str(int(a)))
    for base, letter in ((2, "b"), (8, "o"), (16, "x")):
        record("radix", base, a, result=lambda: format(int(a), letter))
    if a >= 0:
        record("isqrt", a, result=lambda: math.isqrt(a))
    for n in (0, 1, 3, 4, 29, 30, 31, 64, 100, 1000):
        record("shl", a, n, result=lambda: a << n)
        record("shr", a, n, result=lambda: a >> n)


for _ in range(130):
    binary(some(), some())
for _ in range(40):
    unary(some())
for words in (12, 20, 40, 90, 300, 800, 2500):
    for other in (1, 6, words // 2, words - 4, words):
        binary(long(words), long(max(other, 1)))
    common = long(words // 3)
    a, b = long(words // 2), long(words // 2)
    record("gcdmul", a, b, common, result=lambda: math.gcd(a * common, b * common))
    unary(long(words))

for _ in range(60):
    a, b = rng.getrandbits(60 + rng.randrange(200)), rng.getrandbits(1 + rng.randrange(1200)) or 1
    record("truediv", a, b, result=lambda: a / b)
    a = rng.getrandbits(rng.randrange(1, 1100)) << rng.randrange(200)
    record("float", a, result=lambda: float(a))
for e in (1020, 1023, 1024, 1074, 1075, 1076, 1077, 1130):
    for m in (1, 3, (1 << 53) - 1, (1 << 54) - 1, (1 << 60) + 1):
        record("truediv", m, 1 << e, result=lambda: m / (1 << e))
        record("truediv", m << e, 3, result=lambda: (m << e) / 3)
for a in ((1 << 1024) - (1 << 970) - 1, (1 << 1024) - (1 << 970), (1 << 1024) - 1, 1 << 1024):
    record("float", a, result=lambda: float(a))
    record("truediv", a, 1, result=lambda: a / 1)

for _ in range(60):
    b, e = some(rng.choice([3, 20, 40, 90])), rng.randrange(40)
    record("pow", b, e, result=lambda: b**e)
    b, e, m = some(), some(), some()
    record("modpow", b, e, m, result=lambda: pow(b, e, m))
for words in (3, 20, 60):
    b, e, m = long(words), abs(long(3)), long(words)
    record("modpow", b, e, m, result=lambda: pow(b, e, m))
    record("modpow", b, -1, m | 1, result=lambda: pow(b, -1, m | 1))

for _ in range(80):
    n = rng.randrange(0, 20)
    data = rng.randbytes(n)
    for order in ("little", "big"):
        for signed in (False, True):
            record("frombytes", order, signed, data, result=lambda: int.from_bytes(data, order, signed=signed))
    a = some(rng.choice([7, 8, 15, 16, 31, 32, 63, 64, 100]))
    n = (a.bit_length() + 7) // 8 + rng.randrange(2)
    for order in ("little", "big"):
        for signed in (False, True):
            record("tobytes", a, n, order, signed, result=lambda: a.to_bytes(n, order, signed=signed))

for f in (0.0, -0.5, 1.5, -1e18, 1e19, 1.8446744073709552e19, -1e22, 1.7976931348623157e308, 2.0**63, -(2.0**64), 5e-324):
    record("fromfloat", f, result=lambda: int(f))

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
TEXTS = """0 -0 +0 00 1 -1 +1 007 0_0 1_000 1__0 _1 1_ + - +-1 0x1f 0X1F 0x 0x_1f 0x__1f 0_x1 0b101 0b102 0o17 0o18 0b
    -0xff +0b1 0b_1 0x1_ z Z zz 1z 0x0 0b0 00_1 01 0000 0_7 12a 1.5 1e5 0xg 0o_7_7 _ __ 0_ 0__0 -_1 0b1_0_1 0o""".split()
for text in TEXTS:
    for base in (0, 2, 8, 10, 16, 36):
        try:
            value = show(int(text, base))
        except ValueError:
            value = "!invalid"
        print("parse", base, 0, text, "=", value)
for base in range(2, 37):
    for n in (1, 5, 9, 30, 100):
        text = "".join(rng.choice(DIGITS[:base]) for _ in range(n))
        print("parse", base, 0, text, "=", shorten(show(int(text, base))))
for words in (50, 120, 400, 1000, 3000):
    a = long(words)
    record("roundtrip", a, result=lambda: a + 0)
sys.set_int_max_str_digits(4300)
for text in ("1" * 4300, "1" * 4301, "1" * 4301 + "z", "1" * 4301 + "_", "_" + "1" * 4301, "1_" * 4300 + "1"):
    try:
        value = shorten(show(int(text)))
    except ValueError as e:
        value = "!many" + str(e).split("has ")[1].split(" ")[0] if "limit" in str(e) else "!invalid"
    print("parse", 10, 4300, text, "=", value)
for n in (4299, 4300, 4301, 5000):
    record("limit", n, result=lambda: len(str(10**n)))
