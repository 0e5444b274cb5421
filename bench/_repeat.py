"""Call a program's main() several times in one process: _repeat.py program.py R [n]"""
import sys
from time import process_time


def load(path):
    module = type(sys)("bench_program")
    module.__file__ = path
    sys.modules["bench_program"] = module
    with open(path, encoding="utf-8") as f:
        source = f.read()
    exec(compile(source, path, "exec"), module.__dict__)
    return module


if __name__ == "__main__":
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
    prog = load(sys.argv[1])
    size = int(sys.argv[3]) if len(sys.argv) > 3 and sys.argv[3] else prog.N
    for _ in range(int(sys.argv[2])):
        t = process_time()
        result = prog.main(size)
        print("iter", process_time() - t)
    print(result)
