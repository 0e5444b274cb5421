# What tools hear of: the places of each event, tracing, and jumps to other lines.
import sys

monitoring = sys.monitoring
TOOL = 2
NAMES = [name for name in vars(monitoring.events) if name not in ("BRANCH", "NO_EVENTS")]


def shown(value):
    if value is monitoring.MISSING:
        return "MISSING"
    if isinstance(value, int):
        return value
    return getattr(value, "__qualname__", type(value).__name__)


def record(function, names):
    seen = []
    monitoring.use_tool_id(TOOL, "record")
    for name in names:

        def callback(code, *arguments, name=name):
            if code.co_name in SHOWN:
                frame = sys._getframe(1)
                arguments = " ".join(str(shown(value)) for value in arguments)
                seen.append(f"{code.co_name} {name} {arguments} at {frame.f_lasti}")

        monitoring.register_callback(TOOL, getattr(monitoring.events, name), callback)
    wanted = [getattr(monitoring.events, name) for name in names if name[:2] != "C_"]
    monitoring.set_events(TOOL, sum(wanted))
    try:
        function()
    except Exception as error:
        seen.append(repr(error))
    monitoring.free_tool_id(TOOL)
    print(function.__name__, len(names))
    print("\n".join(seen))


SHOWN = {"loops", "generator", "errors", "failing", "calls", "method"}


def loops():
    for item in generator():
        if item is None:
            continue
        while item:
            item -= 1
    return item


def generator():
    yield 1
    yield 2


def failing():
    raise KeyError(1)


def errors():
    try:
        failing()
    except ValueError:
        pass
    finally:
        done = True


class Base:
    def method(self, *args):
        return args


class Derived(Base):
    def method(self, *args):
        return super().method(*args)


def calls():
    bound = Derived().method
    bound(*[1, 2])
    len("a")
    int("x")


WITHOUT_INSTRUCTIONS = [name for name in NAMES if name != "INSTRUCTION"]
for function in loops, errors, calls:
    record(function, NAMES)
    record(function, WITHOUT_INSTRUCTIONS)
    record(function, ["LINE"])
    record(function, ["BRANCH_LEFT", "BRANCH_RIGHT"])


def jumping(seen, item=None, handle=None):
    seen.append(1)
    for item in (1, 2):
        seen.append(2)
        try:
            seen.append(3)
        finally:
            seen.append(4)
    with len as handle:
        seen.append(5)
    return [
        seen.append(6),
        item,
    ]


def jump(source, target, kind="line"):
    def trace(frame, event, argument):
        if frame.f_code is not jumping.__code__:
            return None
        if event == kind and not done and frame.f_lineno == first + source:
            done.append(True)
            try:
                frame.f_lineno = first + target
            except ValueError as error:
                done.append(str(error))
        return trace

    first, done, seen = jumping.__code__.co_firstlineno, [], []
    sys.settrace(trace)
    try:
        jumping(seen)
    except Exception as error:
        done.append(type(error).__name__)
    finally:
        sys.settrace(None)
    print(source, target, kind, done, seen)


for source, target in (1, 8), (3, 1), (3, 2), (1, 3), (5, 7), (7, 5), (5, 9), (1, 9), (1, 10), (1, 11), (1, 20), (1, -1):
    jump(source, target)
for kind in "call", "return", "exception":
    jump(0 if kind == "call" else 8, 1, kind)
try:
    sys._getframe().f_lineno = 1
except ValueError as error:
    print(error)
