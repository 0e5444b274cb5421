"""Run one file of the reference's test suite and report each test on a line of its own.

    driver.py REPORT NAME [PATTERN ...]

Does what the reference's own runner does in a worker process: every resource is denied, tests are
loaded through the module (so `load_tests` counts), and a SkipTest while importing skips the file.
REPORT gets one line a step, written at once, so that a crash leaves the test it happened in:

    start ID     ok ID     fail ID     error ID     skip ID  reason     xfail ID     xpass ID
    file skip reason | file error reason | file done TESTS-RUN

Uses as little of the library as it can: it runs on interpreters that are not finished.
"""

import importlib.util  # as in the reference's runner, whose tests take it for granted
import sys
import unittest


class Report:
    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8", errors="backslashreplace")

    def line(self, *words):
        text = " ".join(str(word) for word in words)
        self.file.write(text.replace("\n", "\\n") + "\n")
        self.file.flush()


class Result(unittest.TextTestResult):
    """Writes every outcome to the report; a subtest's counts for its test."""

    report = None

    def startTest(self, test):
        super().startTest(test)
        self.outcome = "ok"
        self.reason = ""
        self.report.line("start", type(test).id(test))

    def stopTest(self, test):
        super().stopTest(test)
        self.report.line(self.outcome, type(test).id(test), self.reason)

    def note(self, test, outcome):
        # Errors of class and module set-up come outside of any test.
        if isinstance(test, unittest.TestCase):
            self.outcome = outcome
        else:
            self.report.line(outcome, type(test).id(test))

    def addError(self, test, err):
        super().addError(test, err)
        self.note(test, "error")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note(test, "fail")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.outcome = "fail" if issubclass(err[0], test.failureException) else "error"

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        if isinstance(test, unittest.TestCase):
            # A skipped subtest does not undo a failure of another.
            if self.outcome == "ok":
                self.outcome, self.reason = "skip", reason
        else:
            self.report.line("skip", type(test).id(test), reason)

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.note(test, "xfail")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.note(test, "xpass")


def matching(suite, patterns):
    """The tests of `suite` whose id contains one of `patterns`."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from matching(test, patterns)
        elif any(pattern in type(test).id(test) for pattern in patterns):
            yield test


def run(report, name, patterns):
    from test import support

    support.use_resources = {}
    support.verbose = False
    module = importlib.import_module("test." + name)
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromModule(module)
    for error in loader.errors:
        print(error, file=sys.stderr)
    if loader.errors:
        report.line("file", "error", loader.errors[0].strip().split("\n")[-1])
        return
    if patterns:
        suite = unittest.TestSuite(matching(suite, patterns))
    Result.report = report
    runner = unittest.TextTestRunner(sys.stdout, verbosity=2, resultclass=Result)
    result = runner.run(suite)
    report.line("file", "done", result.testsRun)


def main(path, name, *patterns):
    report = Report(path)
    try:
        run(report, name, patterns)
    except unittest.SkipTest as skip:
        report.line("file", "skip", skip)
    except BaseException as error:
        report.line("file", "error", type(error).__name__ + ":", error)
        raise


if __name__ == "__main__":
    main(*sys.argv[1:])
