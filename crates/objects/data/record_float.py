"""Records what the reference answers about floats as text, for tests/float_text.rs.

Run under the reference: python3.14 crates/objects/data/record_float.py > crates/objects/tests/golden/float.txt
"""
import random
import struct

rng = random.Random(314)


def some():
    kind = rng.random()
    if kind < 0.3:
        return struct.unpack("<d", rng.randbytes(8))[0]
    if kind < 0.6:
        return round(rng.uniform(-1000, 1000), rng.randrange(6))
    if kind < 0.8:
        return rng.uniform(-1, 1) * 10.0 ** rng.randrange(-30, 30)
    return rng.randrange(-(10**6), 10**6) / rng.choice([1, 2, 4, 8, 16, 1024])


VALUES = [0.0, -0.0, 1.0, 1e16, 1e15, 123456789012345680.0, 1e-4, 1e-5, 1e22, 1e23, 5e-324, 2.2250738585072014e-308,
          1.7976931348623157e308, float("inf"), float("-inf"), float("nan"), 0.5, 1.5, 2.5, 0.25, 0.125, 0.375, 9.5, 99.5,
          999999.5, 9999999.0, 100000.0, 1000000.0, 0.0001, 0.00001, 123.456, -0.4, -0.04, 50.0, 150.0, 250.0, 1e300]
VALUES += [some() for _ in range(45)]


def show(function):
    try:
        return str(function())
    except (ValueError, OverflowError) as e:
        return "!" + str(e)


for v in VALUES:
    bits = struct.unpack("<Q", struct.pack("<d", v))[0]
    print("repr", f"{bits:x}", "=", repr(v))
    print("hex", f"{bits:x}", "=", v.hex())
    print("ratio", f"{bits:x}", "=", show(lambda: "%d/%d" % v.as_integer_ratio()))
    for code in "efgEG":
        for precision in (0, 1, 2, 3, 6, 15, 17, 20, 60) if v in VALUES[:40] else (0, 3, 17):
            for flags in ("", "#", "+", "z", "+#"):
                if flags and rng.random() < 0.7:
                    continue
                sign = "+" if "+" in flags else ""
                rest = flags.replace("+", "")
                spec = f"{sign}{rest.replace('#', '')}{'#' if '#' in rest else ''}.{precision}{code}"
                print("format", f"{bits:x}", spec, "=", format(v, spec))
    for precision in (0, 1, 2, 5, 16, 17):
        for alt in ("", "#"):
            print("format", f"{bits:x}", f"{alt}.{precision}r", "=", format(v, f"{alt}.{precision}"))
    for places in (-310, -308, -3, -2, -1, 0, 1, 2, 5, 15, 22, 323, 324):
        print("round", f"{bits:x}", places, "=", show(lambda: repr(round(v, places))))
for places in (-308, -307, -300):
    v = 1.7976931348623157e308
    print("round", f"{struct.unpack('<Q', struct.pack('<d', v))[0]:x}", places, "=", show(lambda: repr(round(v, places))))
print("format", f"{struct.unpack('<Q', struct.pack('<d', 0.1))[0]:x}", ".1200f", "=", format(0.1, ".1200f"))
print("format", f"{struct.unpack('<Q', struct.pack('<d', 0.1))[0]:x}", ".1200e", "=", format(0.1, ".1200e"))
print("format", f"{struct.unpack('<Q', struct.pack('<d', 0.1))[0]:x}", "#.1200g", "=", format(0.1, "#.1200g"))

TEXTS = """0 1 -1 +1 1. .5 . 1.5e3 1e 1e+ 1e5 1E-5 e5 1e5.5 1_0 1__0 _1 1_ 1_.5 1._5 1e_5 1e1_0 1.5_5 inf -inf +INF
infinity Infinity infinit nan NaN -nan nan1 0x10 1d5 1e400 -1e400 1e-400 4.9e-324 2.4e-324 2.5e-324 in_f 1,5 --1 +-1
179769313486231580793728971405301e276 9007199254740993 9007199254740992.99999999999999999999 0.1e 00012 1e0000000001 - +""".split()
for text in TEXTS:
    print("parse", text, "=", show(lambda: repr(float(text))).split(":")[0])
HEX = """0x1p0 1p0 0x1.8p1 -0x1.8P-1 0x.8 .8 0x1. 0x. . 0x p1 1p 1p+ 0x1p1024 0x1.fffffffffffffp1023 0x1.fffffffffffff7p1023
0x1.fffffffffffff8p1023 0x1p-1074 0x1p-1075 0x1.8p-1075 0x1.00000000000008p0 0x1.000000000000081p0 0x1.00000000000018p0
0x1p99999999999999999999 0x1p-99999999999999999999 0x0p99999999999999999999 inf -Infinity nan nano 0xinf 1_0 0x1.0.0 0xg
abc 0x123456789abcdef0123456789p-40 0x0.00000000000000000000001p80 0x1.0000000000001p-1023 0x3p-1075 0x1pa 0x1p1.0 +0x1p+4 --1""".split()
for text in HEX:
    print("fromhex", text, "=", show(lambda: repr(float.fromhex(text))))
