import pickle

import layouts


def outer():
    def inner():
        return layouts.callers()

    return inner()


print(outer())
print(layouts.chunk())


class Word(str):
    pass


words = [layouts.word(Word, "word" * (number % 9)) for number in range(1000)]
print(words[1], words[2].upper(), len(words[8].encode()), words[3] == "word" * 3)
del words
# Blocks that had been freed twice would be given out twice.
texts = [bytes([number % 251]) * (number % 40 + 20) for number in range(5000)]
print(all(text == bytes([number % 251]) * (number % 40 + 20) for number, text in enumerate(texts)))


class Proxy:
    """Says that it is a list, as wrapt's proxies of lists do."""

    __class__ = property(lambda self: list)

    def __reduce__(self):
        return list, (("reduced",),)


print(pickle.loads(pickle.dumps(Proxy())))
