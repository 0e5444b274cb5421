//! The packages, where each keeps its tests, and what the tests need.

pub struct Package {
    /// As wheels and source distributions spell it in their file names.
    pub name: &'static str,
    pub tests: Tests,
}

pub enum Tests {
    /// In the wheel: modules, each of which is run in a process of its own.
    Inside(&'static [&'static str]),
    /// In the source distribution: arguments for pytest, which runs in its folder.
    Source(&'static [&'static str]),
}

pub const PACKAGES: &[Package] = &[
    Package { name: "markupsafe", tests: Tests::Source(&["tests"]) },
    Package { name: "pyyaml", tests: Tests::Source(&["tests/legacy_tests"]) },
    Package { name: "msgpack", tests: Tests::Source(&["test"]) },
    Package { name: "cffi", tests: Tests::Source(&["src/c/test_c.py"]) },
    Package {
        name: "pydantic_core",
        // Its options are for a plugin that times; documentation is checked by tools that are no part of it.
        tests: Tests::Source(&[
            "-oaddopts=",
            "--ignore=tests/benchmarks",
            "--ignore=tests/test_docstrings.py",
        ]),
    },
    Package {
        name: "pydantic",
        tests: Tests::Source(&[
            "-oaddopts=",
            "--ignore=tests/benchmarks",
            "--ignore=tests/mypy",
            "--ignore=tests/test_docs.py",
            "--ignore=tests/test_docs_extraction.py",
        ]),
    },
    Package {
        name: "cryptography",
        tests: Tests::Source(&["-oaddopts=", "tests", "--ignore=tests/bench"]),
    },
    Package {
        name: "numpy",
        tests: Tests::Inside(&[
            "numpy._core",
            "numpy.fft",
            "numpy.lib",
            "numpy.linalg",
            "numpy.ma",
            "numpy.matrixlib",
            "numpy.polynomial",
            "numpy.random",
            "numpy.testing",
            "numpy.tests",
            "numpy.typing",
        ]),
    },
];

/// Wheels beside those under test: pytest, its plugins, and what the tests import.
pub const SUPPORT: &[&str] = &[
    "annotated-types",
    "asttokens",
    "attrs",
    "certifi",
    "cryptography-vectors",
    "dirty-equals",
    "dnspython",
    "email-validator",
    "executing",
    // The last releases without a compiled half are enough.
    "hypothesis<6.150",
    "idna",
    "iniconfig",
    "inline-snapshot",
    "jsonschema",
    "jsonschema-specifications",
    "packaging",
    "pluggy",
    "pretend",
    "pycparser",
    "pygments",
    "pytest",
    "pytest-mock",
    "pytest-run-parallel",
    "pytest-timeout",
    "python-dateutil",
    "pytz",
    "referencing",
    "rich",
    "rpds-py",
    "setuptools",
    "six",
    "sortedcontainers",
    "typing-extensions",
    "typing-inspection",
    "tzdata",
];
