"""What this interpreter makes of Python sources, as text that can be compared with another's.

    compile list OUT LIBRARY            the names of all sources: files of the library, and generated ones
    compile digest REPORT LIST          a digest of each aspect of each source named in LIST
    compile show OUT SOURCE ASPECT      the text of one aspect

Started by `cargo xtask conformance compile`. A source is a path, or `library PATH` if it is to be compiled at -O and -OO
too, or `generated NAME`. REPORT gets, written at once so that a crash leaves the source it happened in:

    start SOURCE | ASPECT <tab> DIGEST <tab> ok or refused | done SOURCE
"""

import hashlib
import os
import sys

import aspects
import generated
import snippets


def list_all(out, library):
    names = [f"generated {name}" for name in generated.SOURCES]
    for folder, folders, files in os.walk(library):
        folders.sort()
        below = os.path.relpath(folder, library).split(os.sep)
        mark = "" if "test" in below else "library "
        paths = (os.path.join(folder, file) for file in sorted(files) if file.endswith(".py"))
        names += [mark + path for path in paths if os.path.exists(path)]
    with open(out, "w", encoding="utf-8") as file:
        print(*names, sep="\n", file=file)


def read(name):
    """The source, and how it is to be looked at."""
    library = name.startswith("library ")
    name = name.removeprefix("library ")
    if name.startswith("generated "):
        return aspects.Source(name, generated.SOURCES[name.removeprefix("generated ")](), library)
    with open(name, "rb") as file:
        return aspects.Source(name, file.read(), library)


def all_aspects(source):
    found = aspects.of(source)
    if not source.path.startswith("generated "):
        found.update(snippets.of(source))
    return found


def digest(source, aspect):
    total = hashlib.sha256()
    outcome = "ok"
    for line in aspect():
        if line.startswith("refused"):
            outcome = "refused"
        total.update(line.encode("utf-8", "surrogatepass") + b"\n")
    return total.hexdigest(), outcome


def digest_all(report, names):
    with open(names, encoding="utf-8") as file:
        names = file.read().splitlines()
    with open(report, "w", encoding="utf-8") as out:
        for name in names:
            print("start", name, file=out, flush=True)
            source = read(name)
            for aspect, lines in all_aspects(source).items():
                print(aspect, *digest(source, lines), sep="\t", file=out, flush=True)
            print("done", name, file=out, flush=True)


def show(out, name, aspect):
    lines = all_aspects(read(name))[aspect]
    with open(out, "w", encoding="utf-8", errors="backslashreplace") as file:
        for line in lines():
            print(line.replace("\n", "\\n"), file=file)


if __name__ == "__main__":
    command, *words = sys.argv[1:]
    {"list": list_all, "digest": digest_all, "show": show}[command](*words)
