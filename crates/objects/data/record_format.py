"""Records what the reference's format() answer, for tests/format.rs.

Run under the reference: python3.14 crates/objects/data/record_format.py > crates/objects/tests/golden/format.txt
"""
import random
import struct

rng = random.Random(2718)
VALUES = ["0", "7", "-1234567", "12345678901234567890", "0.0", "-0.0", "-0.001", "1234.56789", "1e22", "-1e-7", "inf", "-inf",
          "nan", "0.5", "'abc'", "''", "'żółw'", "1+2j", "-0.0+0j", "0-1.5j", "1e20-nanj", "1234567.891+2345.5j"]
NAMES = {"inf": float("inf"), "nan": float("nan"), "nanj": complex(0, float("nan"))}


def bits(x):
    return struct.pack(">d", x).hex()


def show(value):
    if isinstance(value, str):
        return "s" + value
    if isinstance(value, float):
        return "f" + bits(value)
    if isinstance(value, complex):
        return f"c{bits(value.real)},{bits(value.imag)}"
    return f"i{value}"


SPECS = """99999999999999999999 10.99999999999999999999 , _ ,_ _, ,, __ . ._ ., .,_ ._, .,, .__ .3_,f .,3f ._f .3,f ,.3_f _._f xx 5xx ,x _x _b ,b ,c
,s ,n .,n ._x .,s € \x01 ż<12 €<5€ { <<< =5 =15 +s zs z #s =5s 05s 0 05 015 <015 *<15 *^15 *>15 *=15 ^6 ^16 .2 *^10.2 10.2 +c #c .3d zd .3
c q .3x ,e ,% _% ,g _o z+d - + +010,.2f 010,d =010,d x<010,d 012_x #012_x #_x 013,.3,f .5,% .,% .,g .7,g .7_e 012,.4_f ,._f n #x
#X #b #o +#08b E G F % #g z.0f z.2f #.0f #.0e #.3g .0f .0e .0g .0% 020,f 021,f 022,f 023,f 025_d 026_d 027_d -^+#20_x ٣٥ .٣f s d d5
20n e .1e g .1g .10g f .1f r <<8 ,d _d z=+#012.3f 1000000000000000000000.3""".split() + ["", " ", " d", " .3f", "\U0001f40d^9", " s"]
for _ in range(350):
    spec = rng.choice(["", "", "*", "0", "é"])
    align = rng.choice(["", "<", ">", "^", "="])
    spec = (spec if align else "") + align + rng.choice(["", "", "+", " ", "-"]) + rng.choice(["", "", "", "z"])
    spec += rng.choice(["", "", "#"]) + rng.choice(["", "0"]) + rng.choice(["", str(rng.randrange(1, 30))])
    spec += rng.choice(["", "", ",", "_"]) + rng.choice(["", "", f".{rng.randrange(20)}", f".{rng.randrange(9)}_"])
    SPECS.append(spec + rng.choice(["", "", *"bcdeEfFgGnosxX%"]))

for spec in SPECS:
    values = rng.sample(VALUES, 9)
    for text in values:
        value = eval(text, NAMES)
        try:
            result = format(value, spec)
        except (ValueError, OverflowError) as e:
            result = f"!{e}"
        print(show(value), spec, result, sep="\t")
