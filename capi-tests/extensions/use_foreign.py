import contextvars
import sys
import threading

import foreign

seen = threading.local()


def note():
    thread = threading.current_thread()
    first = not hasattr(seen, "count")
    seen.count = getattr(seen, "count", 0) + 1
    print(type(thread).__name__, thread is threading.main_thread(), first, seen.count, foreign.states())


print(foreign.capsule())
note()
foreign.in_thread(note)
print(foreign.states())
foreign.in_thread(lambda: sys.exit(3))
print(foreign.called_back(note))

thread = threading.Thread(target=lambda: (print(foreign.called_back(note)), foreign.in_thread(note)))
thread.start()
thread.join()
print(foreign.states())


# Many at once, each starting Python threads of its own.
def work():
    threads = [threading.Thread(target=lambda: total.append(sum(range(1000)))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


total = []
threads = [threading.Thread(target=foreign.in_thread, args=(work,)) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(total), set(total), foreign.states())

variable = contextvars.ContextVar("variable", default="unset")
variable.set("main")
foreign.in_thread(lambda: print(variable.get()))
foreign.called_back(lambda: print(variable.get()))

import _interpreters

number = _interpreters.create("isolated")
print(_interpreters.exec(number, """if True:
    import foreign
    assert foreign.interpreter() != 0
    # A thread that Python does not know belongs to the main interpreter.
    print(foreign.interpreter() == 0, foreign.states())
"""))
_interpreters.destroy(number)
