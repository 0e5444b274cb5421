"""Uses the modules named on the command line, which are the same one in four languages."""

import importlib
import sys

for name in sys.argv[1:]:
    module = importlib.import_module(name)
    tally = module.Tally("to be or not to be")
    tally.add("that is the question")
    tally.add(text="") if name != "tally_c" else tally.add("")
    assert (len(tally), tally["to"], tally.total) == (8, 2, 10), name

    class Loud(module.Tally):
        def add(self, text):
            super().add(text.upper())

    if name != "tally_cpp":
        assert Loud("quiet") is not None
    loud = Loud()
    loud.add("quiet words")
    assert loud["QUIET"] == 1, name
    for wrong, error in [(lambda: tally["prince"], KeyError), (lambda: tally.add(1), TypeError)]:
        try:
            wrong()
        except error:
            pass
        else:
            raise AssertionError(f"{name}: no {error.__name__}")
    print(f"{name}: {module.Tally.__doc__.splitlines()[-1]} {tally.total} words")
