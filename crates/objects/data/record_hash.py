"""Records hashes of the reference, for tests/hash.rs.

Run under the reference: python3.14 crates/objects/data/record_hash.py > crates/objects/tests/golden/hash.txt
"""
import os
import random
import struct
import subprocess
import sys

TEXTS = ["", "a", "abc", "abcdefg", "abcdefgh", "abcdefghi", "x" * 100, "__init__"]
if len(sys.argv) > 1:
    for text in TEXTS:
        print("text", sys.argv[1], f"'{text}", "=", hash(text))
    print("text", sys.argv[1], "'żółw", "=", hash("żółw".encode()))
    sys.exit()
for seed in ("0", "1", "42", "123456789", "4294967295"):
    sys.stdout.flush()
    subprocess.run([sys.executable, __file__, seed], env={**os.environ, "PYTHONHASHSEED": seed}, check=True)
rng = random.Random(5)
floats = [0.0, -0.0, 1.0, -1.0, 0.5, 1e22, -1e300, 5e-324, 2.0**61, 2.0**61 - 2**9, float("inf"), float("-inf"), 1.5, -2.0]
floats += [rng.uniform(-1, 1) * 10.0 ** rng.randrange(-300, 300) for _ in range(60)]
for f in floats:
    print("float", struct.pack(">d", f).hex(), "=", hash(f))
for n in (0, 1, -1, -2, 2**61 - 1, 2**61 - 2, 2**63 - 1, -(2**63), 1 - 2**61, 12345):
    print("int", n, "=", hash(n))
for n in range(8):
    items = [rng.randrange(-(2**60), 2**60) for _ in range(n)]
    text = ",".join(map(str, items))
    print("tuple", "." + text, "=", hash(tuple(items)))
    print("set", "." + text, "=", hash(frozenset(items)))
for z in (1 + 2j, -1j, 0j, 1e10 - 3.5j):
    print("complex", f"{hash(z.real)},{hash(z.imag)}", "=", hash(z))
