"""Report on a lock file and a journal.

    report.py [--top N] [--width N] LOCKFILE JOURNAL

An ordinary program, the one that the host programs beside it embed: it reads the dependencies of a
project (`Cargo.lock`) and a service's journal (see `make_text.py`) and prints what stands out. The
same input gives the same bytes on every interpreter.
"""

import argparse
import csv
import io
import json
import re
import statistics
import sys
import textwrap
import tomllib
from collections import Counter, defaultdict, deque, namedtuple
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from itertools import groupby, islice
from operator import attrgetter, itemgetter

# --- the lock file ---------------------------------------------------------------------------

Version = namedtuple("Version", "major minor patch rest")


@dataclass(frozen=True, order=True)
class Package:
    name: str
    version: str
    source: str | None = field(default=None, compare=False)
    dependencies: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @classmethod
    def from_table(cls, table):
        wanted = (entry.split()[0] for entry in table.get("dependencies", ()))
        return cls(table["name"], table["version"], table.get("source"), tuple(wanted))

    @property
    def is_local(self):
        return self.source is None

    @cached_property
    def parsed_version(self):
        match = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)([-+].*)?", self.version)
        if match is None:
            raise ValueError(f"{self.name}: not a version: {self.version!r}")
        *numbers, rest = match.groups(default="")
        return Version(*map(int, numbers), rest)


class Lock:
    """The packages of a lock file, and who needs whom."""

    def __init__(self, packages):
        self.packages = sorted(packages)
        self.by_name = {package.name: package for package in self.packages}
        self.users = defaultdict(set)
        for package in self.packages:
            for name in package.dependencies:
                self.users[name].add(package.name)

    @classmethod
    def read(cls, path):
        with open(path, "rb") as file:
            document = tomllib.load(file)
        return cls(Package.from_table(table) for table in document.get("package", ()))

    @lru_cache(maxsize=None)
    def height(self, name):
        """The length of the longest chain below a package."""
        package = self.by_name.get(name)
        if package is None or not package.dependencies:
            return 0
        return 1 + max(self.height(below) for below in package.dependencies)

    def reachable(self, name):
        """Yield what a package pulls in, nearest first."""
        seen = {name}
        queue = deque([name])
        while queue:
            for below in self.by_name[queue.popleft()].dependencies:
                if below not in seen and below in self.by_name:
                    seen.add(below)
                    queue.append(below)
                    yield below

    def duplicates(self):
        """Yield the names that are locked in more than one version."""
        for name, group in groupby(self.packages, key=attrgetter("name")):
            versions = [package.version for package in group]
            if len(versions) > 1:
                yield name, versions


def lock_section(lock, top):
    local = [package for package in lock.packages if package.is_local]
    yield f"{len(lock.packages)} packages, {len(local)} of them local"
    yield ""
    rows = [("package", "version", "needs", "pulls in", "height", "users")]
    order = sorted(lock.packages, key=lambda package: (-lock.height(package.name), package))
    for package in islice(order, top):
        below = sum(1 for _ in lock.reachable(package.name))
        rows.append((package.name, package.version, len(package.dependencies), below,
                     lock.height(package.name), len(lock.users[package.name])))
    yield from table(rows)
    yield ""
    popular = sorted(lock.users.items(), key=lambda item: (-len(item[1]), item[0]))
    for name, users in popular[:top]:
        yield f"{name} is needed by {len(users)}: {', '.join(sorted(users))}"
    for name, versions in lock.duplicates():
        yield f"{name} is locked more than once: {', '.join(versions)}"
    newest = max(lock.packages, key=attrgetter("parsed_version", "name"))
    early = sum(package.parsed_version.major == 0 for package in lock.packages)
    yield f"highest version: {newest.name} {newest.version}; before 1.0: {early}"


# --- the journal -----------------------------------------------------------------------------

LINE = re.compile(
    r"""
    (?P<when> \d{4}-\d\d-\d\d T \S+ ) \s
    (?P<service> \w+ ) \[ (?P<process> \d+ ) \] \s
    (?P<level> [A-Z]+ ) : \s
    (?P<text> .*? )
    (?P<pairs> (?: \s \w+ = (?: "[^"]*" | \S+ ) )* )
    $""",
    re.VERBOSE,
)
PAIR = re.compile(r'(\w+)=(?:"([^"]*)"|(\S+))')
WORD = re.compile(r"\b[a-z]{4,}\b")


@dataclass(slots=True)
class Entry:
    when: datetime
    service: str
    process: int
    level: str
    text: str
    values: dict[str, str]

    @property
    def took(self):
        return int(self.values["took"].removesuffix("ms"))

    @classmethod
    def parse(cls, line):
        match = LINE.match(line)
        if match is None:
            return None
        values = {name: quoted or plain for name, quoted, plain in PAIR.findall(match["pairs"])}
        return cls(datetime.fromisoformat(match["when"]), match["service"],
                   int(match["process"]), match["level"], match["text"], values)


@dataclass
class Summary:
    """What one service wrote."""

    entries: int = 0
    errors: int = 0
    bytes: int = 0
    times: list[int] = field(default_factory=list, repr=False)

    def add(self, entry):
        self.entries += 1
        self.errors += entry.level == "ERROR"
        self.bytes += int(entry.values["size"])
        self.times.append(entry.took)


class Journal:
    def __init__(self):
        self.lines = self.other = 0
        self.first = self.last = None
        self.levels = Counter()
        self.words = Counter()
        self.cities = Counter()
        self.codes = defaultdict(Counter)
        self.hours = Counter()
        self.services = defaultdict(Summary)
        self.gap = (timedelta(0), None)
        self.longest = ""

    @classmethod
    def read(cls, path):
        journal = cls()
        with open(path, encoding="utf-8") as file:
            for entry in journal.entries(file):
                journal.add(entry)
        return journal

    def entries(self, lines):
        """Yield the lines that are entries; count the others."""
        for line in lines:
            self.lines += 1
            entry = Entry.parse(line.rstrip("\n"))
            if entry is None:
                self.other += 1
            else:
                yield entry

    def add(self, entry):
        if self.first is None:
            self.first = entry.when
        else:
            self.gap = max(self.gap, (entry.when - self.last, entry.when), key=itemgetter(0))
        self.last = entry.when
        self.levels[entry.level] += 1
        self.words.update(WORD.findall(entry.text))
        self.hours[entry.when.replace(minute=0, second=0, microsecond=0)] += 1
        self.services[entry.service].add(entry)
        if (city := entry.values.get("city")) is not None:
            self.cities[city] += 1
        if (code := entry.values.get("code")) is not None:
            self.codes[entry.service][code] += 1
        if len(entry.text) > len(self.longest):
            self.longest = entry.text


def journal_section(journal, top, width):
    span = journal.last - journal.first
    yield f"{journal.lines:,} lines, {journal.other} of them no entries"
    yield f"from {journal.first:%a %d %b %Y %H:%M:%S} to {journal.last:%a %d %b %Y %H:%M:%S %Z} ({span})"
    yield f"longest silence: {journal.gap[0].total_seconds():.3f} s, until {journal.gap[1].time()}"
    yield ""
    rows = [("service", "entries", "errors", "MiB", "mean ms", "median", "p95", "deviation")]
    for name, summary in sorted(journal.services.items()):
        rows.append((
            name, summary.entries, f"{summary.errors / summary.entries:.2%}",
            f"{summary.bytes / 2**20:.1f}", f"{statistics.fmean(summary.times):.2f}",
            statistics.median(summary.times),
            f"{statistics.quantiles(summary.times, n=20)[-1]:.1f}",
            f"{statistics.stdev(summary.times):.2f}",
        ))
    yield from table(rows)
    yield ""
    yield "levels: " + ", ".join(f"{level} {count}" for level, count in journal.levels.most_common())
    yield "cities: " + ", ".join(f"{city} {count}" for city, count in sorted(journal.cities.items()))
    for name, codes in sorted(journal.codes.items()):
        ranked = sorted(codes.items(), key=lambda item: (-item[1], item[0]))[:top]
        yield f"{name:>10} fails with {', '.join(f'{code} ({count})' for code, count in ranked)}"
    yield ""
    yield from textwrap.wrap("words: " + ", ".join(
        f"{word} {count}" for word, count in sorted(journal.words.items(), key=lambda i: (-i[1], i[0]))[:4 * top]
    ), width, subsequent_indent="  ")
    yield from textwrap.wrap(f"longest text: {journal.longest}", width, subsequent_indent="  ")
    yield ""
    most = max(journal.hours.values())
    for hour, count in sorted(journal.hours.items())[:2 * top]:
        yield f"{hour:%d.%m. %H:00} {count:>6} {'#' * round(count * (width - 22) / most)}"


# --- the report ------------------------------------------------------------------------------


def table(rows):
    """Yield aligned lines: text to the left, numbers to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells)]
    for number, row in enumerate(cells):
        padded = [cell.ljust(width) if at == 0 else cell.rjust(width)
                  for at, (cell, width) in enumerate(zip(row, widths))]
        yield "  ".join(padded).rstrip()
        if number == 0:
            yield "  ".join("-" * width for width in widths)


def as_csv(journal):
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
    writer.writerow(["service", "entries", "errors", "note"])
    for name, summary in sorted(journal.services.items()):
        writer.writerow([name, summary.entries, summary.errors, f'{name}, "{summary.bytes}" bytes'])
    text = out.getvalue()
    back = list(csv.DictReader(io.StringIO(text)))
    assert [int(row["entries"]) for row in back] == [
        summary.entries for _, summary in sorted(journal.services.items())
    ]
    return text


def as_json(lock, journal):
    document = {
        "packages": [asdict(package) for package in lock.packages if package.is_local],
        "journal": {
            "first": journal.first.isoformat(),
            "levels": dict(journal.levels.most_common()),
            "cities": sorted(journal.cities),
            "share": {name: round(summary.entries / journal.lines, 6)
                      for name, summary in sorted(journal.services.items())},
        },
    }
    text = json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True)
    assert json.loads(text) == json.loads(json.dumps(document))
    return text


def heading(title, width):
    return f"\n{f' {title} ':=^{width}}\n"


def main(argv=None, out=None):
    parser = argparse.ArgumentParser(prog="report", description="Report on a lock file and a journal.")
    parser.add_argument("lockfile")
    parser.add_argument("journal")
    parser.add_argument("--top", type=int, default=6, metavar="N", help="entries of each ranking")
    parser.add_argument("--width", type=int, default=96, metavar="N", help="columns of the report")
    options = parser.parse_args(argv)
    out = sys.stdout if out is None else out

    lock = Lock.read(options.lockfile)
    journal = Journal.read(options.journal)
    sections = {
        "dependencies": lock_section(lock, options.top),
        "journal": journal_section(journal, options.top, options.width),
        "csv": as_csv(journal).splitlines(),
        "json": as_json(lock, journal).splitlines(),
    }
    for title, lines in sections.items():
        print(heading(title, options.width), file=out)
        for line in lines:
            print(line, file=out)


if __name__ == "__main__":
    main()
