"""Records the reference's East Asian encodings that have no shift states.

Run under the reference, in the crate's directory: python3.14 data/record_multibyte.py
Writes data/multibyte/NAME.bin, which src/multibyte/table.rs reads; the format is told there.
"""
import pathlib
import struct
import zlib

# The first byte is illegal, more bytes are needed, all bytes are illegal.
ILLEGAL, MORE, ALL_ILLEGAL = 0xFFFF, 0xFFFE, 0xFFFD
EXTRA = 0xD800
# Each with the encoding whose pairs it shares most of.
ENCODINGS = {
    "gb2312": None,
    "gbk": "gb2312",
    "gb18030": "gbk",
    "euc_kr": None,
    "cp949": "euc_kr",
    "johab": None,
    "shift_jis": None,
    "cp932": "shift_jis",
    "shift_jis_2004": "shift_jis",
    "shift_jisx0213": "shift_jis_2004",
    "euc_jp": None,
    "euc_jis_2004": "euc_jp",
    "euc_jisx0213": "euc_jis_2004",
    "big5": None,
    "cp950": "big5",
    "big5hkscs": "big5",
}


class Recorder:
    def __init__(self, encoding):
        self.encoding = encoding
        self.extras = []
        self.reverse = {}

    def ask(self, *code):
        """The number that stands for what these bytes are."""
        try:
            text = bytes(code).decode(self.encoding)
        except UnicodeDecodeError as error:
            if error.reason == "incomplete multibyte sequence":
                return MORE
            assert error.reason == "illegal multibyte sequence" and error.start == 0
            assert error.end in (1, len(code)), (self.encoding, code, error)
            return ILLEGAL if error.end == 1 else ALL_ILLEGAL
        points = tuple(map(ord, text))
        assert len(points) <= 2
        self.reverse.setdefault(points, int.from_bytes(code))
        if len(points) == 1 and points[0] < ALL_ILLEGAL and not 0xD800 <= points[0] < 0xE000:
            return points[0]
        if points not in self.extras:
            self.extras.append(points)
        return EXTRA + self.extras.index(points)

    def record(self):
        self.singles = [self.ask(lead) for lead in range(256)]
        self.pairs = [ILLEGAL] * (128 * 256)
        self.triples = []
        for lead in range(128, 256):
            if self.singles[lead] != MORE:
                continue
            for trail in range(256):
                self.pairs[(lead - 128) << 8 | trail] = self.ask(lead, trail)
        if self.encoding.startswith("euc_j"):
            self.triples = [self.ask(0x8F, 128 + i // 256, i % 256) for i in range(128 * 256)]
        self.ranges = list(self.four_bytes()) if self.encoding == "gb18030" else []
        assert len(self.extras) < 0x800
        self.exceptions = list(self.encode_exceptions())

    def four_bytes(self):
        """Linear number, first code point, length: runs of codes of four bytes."""
        run = None
        for linear in range(126 * 10 * 126 * 10):
            rest, fourth = divmod(linear, 10)
            rest, third = divmod(rest, 126)
            first, second = divmod(rest, 10)
            code = bytes([0x81 + first, 0x30 + second, 0x81 + third, 0x30 + fourth])
            try:
                point = ord(code.decode(self.encoding))
            except UnicodeDecodeError as error:
                assert error.end - error.start == 1
                point = None
            if point is not None:
                self.reverse.setdefault((point,), int.from_bytes(code))
            if run and point is not None and point - run[1] == run[2]:
                run[2] += 1
                continue
            if run:
                yield run
            run = [linear, point, 1] if point is not None else None
        if run:
            yield run

    def encode_exceptions(self):
        for point in range(0x110000):
            try:
                code = int.from_bytes(chr(point).encode(self.encoding))
            except UnicodeEncodeError:
                code = None
            if code != self.reverse.get((point,)):
                yield point, 2**64 - 1 if code is None else code
        for points, code in self.reverse.items():
            if len(points) == 2:
                assert "".join(map(chr, points)).encode(self.encoding) == code.to_bytes(2), points

    def data(self, base):
        pairs = [a ^ b for a, b in zip(self.pairs, base)] if base else self.pairs
        words = [
            *self.singles,
            *pairs,
            len(self.triples) // 256,
            *self.triples,
        ]
        long = [len(self.extras)]
        for points in self.extras:
            long += [points[0], points[1] if len(points) == 2 else 0]
        long.append(len(self.ranges))
        for run in self.ranges:
            long += run
        long.append(len(self.exceptions))
        for point, code in self.exceptions:
            long += [point, code >> 32, code & 0xFFFFFFFF]
        return struct.pack(f"<{len(words)}H", *words) + struct.pack(f"<{len(long)}I", *long)


def main():
    done = {}
    for name, base in ENCODINGS.items():
        recorder = Recorder(name)
        recorder.record()
        done[name] = recorder.pairs
        data = zlib.compress(recorder.data(base and done[base]), 9)
        pathlib.Path(f"data/multibyte/{name}.bin").write_bytes(data)
        print(name, len(data), len(recorder.extras), len(recorder.ranges), len(recorder.exceptions))


main()
