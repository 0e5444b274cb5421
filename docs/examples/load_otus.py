# Needs load_otus.patch.
import dis


def otus():
    return __otus__


print(otus())
print(__otus__ + otus())
print(*(i.opname for i in dis.get_instructions(otus) if "OTUS" in i.opname))
