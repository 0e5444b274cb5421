"""What the recording scripts share: tables as Rust source, and digests."""

LAST = 0x110000


def digest(values):
    h = 0xCBF29CE484222325
    for value in values:
        h = ((h ^ value) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{h:016x}"


def two_level(values, shift):
    blocks, first, second = {}, [], []
    for start in range(0, LAST, 1 << shift):
        block = tuple(values[start : start + (1 << shift)])
        if block not in blocks:
            blocks[block] = len(blocks)
            second.extend(block)
        first.append(blocks[block])
    return first, second


def smallest_two_level(values):
    """The block size that needs the fewest bytes, and both tables."""
    tries = []
    for shift in range(5, 9):
        first, second = two_level(values, shift)
        size = len(first) * (1 if max(first) < 256 else 2) + len(second) * 2
        tries.append((size, shift, first, second))
    return min(tries)[1:]


def array(name, kind, values):
    lines, line = [], "   "
    for value in values:
        text = f" {value},"
        if len(line) + len(text) > 100:
            lines.append(line)
            line = "   "
        line += text
    body = "\n".join(lines + [line])
    return f"pub(super) static {name}: [{kind}; {len(values)}] = [\n{body}\n];\n"
