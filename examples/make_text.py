"""Write the journal that `report.py` reads: some megabytes of text, the same on every machine.

    make_text.py [--lines N] [--seed N] FILE
"""

import argparse
from datetime import datetime, timedelta, timezone

SERVICES = ("gateway", "billing", "search", "mailer", "archive", "scheduler")
CITIES = ("Zürich", "Łódź", "São Paulo", "Kraków", "東京", "Reykjavík", "Oslo", "Αθήνα")
WORDS = """
    accept account after archive batch before block buffer cache client close commit connect copy
    cursor deliver disk drop encode entry error expire fetch file flush forward frame handle header
    index journal key lease letter limit line listen load lock lookup merge message mirror node open
    order packet page parse peer pending pool queue quota range read record refresh region reject
    remote render reply request resolve resume retry return route row scan schedule search segment
    send sequence session shard signal socket sort spool state store stream sync table thread ticket
    timeout token trace transfer update upload user value verify volume wait window worker write
""".split()
LEVELS = ("DEBUG",) * 4 + ("INFO",) * 9 + ("WARNING",) * 2 + ("ERROR",)


class Sequence:
    """A linear congruential generator: no library's idea of randomness is involved."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % limit

    def choose(self, values):
        return values[self.below(len(values))]


def journal(lines, seed):
    """Yield the lines."""
    numbers = Sequence(seed)
    moment = datetime(2026, 2, 27, 22, 15, tzinfo=timezone.utc)
    for number in range(lines):
        moment += timedelta(milliseconds=numbers.below(4000))
        service = numbers.choose(SERVICES)
        level = numbers.choose(LEVELS)
        words = " ".join(numbers.choose(WORDS) for _ in range(3 + numbers.below(9)))
        # A long tail, as real durations have.
        duration = 1 + numbers.below(40) + (numbers.below(2000) if numbers.below(20) == 0 else 0)
        line = f"{moment.isoformat(timespec='milliseconds')} {service}[{100 + numbers.below(900)}] {level}: {words}"
        line += f" took={duration}ms size={numbers.below(1 << 20)}"
        if numbers.below(3) == 0:
            line += f' city="{numbers.choose(CITIES)}"'
        if level == "ERROR":
            line += f" code=E{numbers.below(40):03d}"
        if number % 997 == 996:
            line = f"-- rotated after {number} lines --"
        yield line + "\n"


def main():
    parser = argparse.ArgumentParser(description="Write a journal for report.py to read.")
    parser.add_argument("file")
    parser.add_argument("--lines", type=int, default=32000)
    parser.add_argument("--seed", type=int, default=20260227)
    options = parser.parse_args()
    with open(options.file, "w", encoding="utf-8", newline="\n") as out:
        out.writelines(journal(options.lines, options.seed))


if __name__ == "__main__":
    main()
