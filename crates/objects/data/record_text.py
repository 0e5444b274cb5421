"""Records what the reference's codecs and string searches answer, for tests/text.rs.

Run under the reference: python3.14 crates/objects/data/record_text.py > crates/objects/tests/golden/text.txt

Bytes are in hexadecimal, text as code points in hexadecimal with points between. A codec's errors
are listed with what went wrong where; the handler puts a question mark for each.
"""
import codecs
import random
import warnings

warnings.simplefilter("ignore")
rng = random.Random(1618)
log = []


def handler(e):
    log.append(f"{e.start}-{e.end}:{e.reason.replace(' ', '_')}")
    return "?", e.end


codecs.register_error("record", handler)


def points(text):
    return "." + ".".join(f"{ord(c):x}" for c in text)


PIECES = {
    "utf_8": [b"a", b"bc", "é".encode(), "€".encode(), "\U0001f40d".encode(), b"\x80", b"\xc0", b"\xc2", b"\xe0", b"\xe2", b"\x82",
              b"\xed\xa0\x80", b"\xed", b"\xa0", b"\xf0", b"\x9f", b"\x90", b"\xf4\x90", b"\xf5", b"\xff", b"\xbf"],
    "utf_16_le": [b"a\0", b"\xac\x20", b"\0\xd8", b"\0\xdc", b"\xff\xdf", b"z", b"\0\0"],
    "utf_16_be": [b"\0a", b"\x20\xac", b"\xd8\0", b"\xdc\0", b"\xdf\xff", b"z", b"\0\0"],
    "utf_32_le": [b"a\0\0\0", b"\xac\x20\0\0", b"\0\xd8\0\0", b"\0\0\x11\0", b"\xff\xff\x10\0", b"z"],
    "utf_32_be": [b"\0\0\0a", b"\0\0\x20\xac", b"\0\0\xd8\0", b"\0\x11\0\0", b"\0\x10\xff\xff", b"z"],
    "ascii": [b"a", b"b", b"\x80", b"\xff"],
    "latin_1": [b"a", b"\x80", b"\xff"],
    "unicode_escape": [b"a", b"\\", b"\\n", b"\\x", b"\\u", b"\\U", b"\\N", b"{SNAKE}", b"{", b"}", b"4", b"41", b"0001", b"\\101",
                       b"\\777", b"0", b"\xe9", b"g", b"\\ud800", b"\\U0001f40d", b"\\U00110000", b"\n", b"'", b"\\q", b"\\x41"],
    "raw_unicode_escape": [b"a", b"\\", b"\\u", b"\\U", b"4", b"20ac", b"0001", b"\\u20ac", b"\\U0001f40d", b"\\U00110000", b"\xe9", b"g"],
    "utf_7": [b"a", b"+", b"-", b"AGE", b"2D3cAA", b"2AA", b"3AA", b"\x80", b"!", b"AAB", b"~", b"+AGE-", b"+-", b"A", b"+2D3cDQ-", b"\\"],
}
TEXT = ["a", "b", "é", "ÿ", "€", "\U0001f40d", "\ud800", "\udc80", "+", "-", "\\", "~", "\n", "\t", "\0", "\x7f", "\x80", "/", "!", "ā"]

for name, pieces in PIECES.items():
    decode, encode = getattr(codecs, name + "_decode"), getattr(codecs, name + "_encode")
    seen = set()
    for _ in range(260):
        data = b"".join(rng.choices(pieces, k=rng.randrange(1, 8)))
        if data in seen:
            continue
        seen.add(data)
        log.clear()
        final = () if name in ("ascii", "latin_1") else (True,)
        text, _ = decode(data, "record", *final)
        print("decode", name, "x" + data.hex(), "=", points(text), *log)
        if name not in ("ascii", "latin_1") and not log:
            cut = data[: rng.randrange(len(data)) + 1]
            text, used = decode(cut, "record", False)
            print("partial", name, "x" + cut.hex(), "=", points(text), used, *log)
    seen = set()
    for _ in range(80):
        text = "".join(rng.choices(TEXT, k=rng.randrange(1, 7)))
        log.clear()
        data, _ = encode(text, "record")
        if text not in seen:
            print("encode", name, points(text), "=", "x" + data.hex(), *log)
        seen.add(text)

for alphabet in ("ab", "aé", "a€", "€\u2020", "a\U0001f40d", "ab\U0001f40d"):
    for _ in range(90):
        text = "".join(rng.choices(alphabet, k=rng.randrange(0, 40)))
        needle = "".join(rng.choices(alphabet, k=rng.randrange(0, 6)))
        if rng.random() < 0.3:
            needle *= 3
        most = rng.choice([-1, -1, 0, 1, 2])
        answers = [text.find(needle), text.rfind(needle), text.count(needle), points(text.replace(needle, "\u2020x", most))]
        if needle:
            answers += ["|".join(map(points, text.split(needle, most))), "|".join(map(points, text.rsplit(needle, most)))]
        print("search", points(text), points(needle), most, "=", *answers)
for _ in range(150):
    text = "".join(rng.choices(["a", "é", "€", " ", "\t", "\n", "\r", "\x1c", "\u2028", "\u3000", "\x85", "\r\n"], k=rng.randrange(0, 14)))
    most = rng.choice([-1, -1, 0, 1, 2])
    parts = [text.split(None, most), text.rsplit(None, most), text.splitlines(), text.splitlines(True), [text.strip(), text.lstrip(), text.rstrip()]]
    print("space", points(text), most, "=", *("|".join(map(points, part)) or "none" for part in parts))
