import limited

print(limited.describe([1, 2]), limited.sum(range(10)), limited.sum([2**70, 0.5]))
for wrong in [lambda: limited.describe(1), lambda: limited.sum(1), lambda: limited.sum(["x"])]:
    try:
        print(wrong())
    except Exception as error:
        print(type(error).__name__, error)
bag = limited.Bag(a=1)
print(bag, len(bag), limited.Bag.__mro__, bool(bag), isinstance(bag, dict))
print(hasattr(bag, "__dict__"), limited.__file__.endswith(".abi3.so"))
