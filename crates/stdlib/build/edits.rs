//! Small changes to the library's files before they are compiled.
//!
//! Some take back what RustPython changed in its copy for its own sake; others give the behaviour
//! of a later 3.14 release than the copy was taken from, where the reference's tests ask for it.
//! Each names a few words of the file; one that no longer finds its words stops the build, so that
//! an update of the crate is looked at.

use std::collections::BTreeSet;

enum Edit {
    /// Every occurrence of the first becomes the second.
    Replace(&'static str, &'static str),
    /// Drops the lines from the one that contains the first up to, not including, the next one
    /// that contains the second (an empty second: to the end of the file).
    Cut(&'static str, &'static str),
}

use Edit::{Cut, Replace};

const EDITS: &[(&str, &[Edit])] = &[
    // RustPython's own.
    ("_compat_pickle.py", &[Cut("# NOTE: RUSTPYTHON", "for excname in")]),
    ("json/decoder.py", &[Cut("# RUSTPYTHON SPECIFIC", "# Note that this exception")]),
    (
        "site.py",
        &[
            Replace("'RustPython' # XXX: RUSTPYTHON; for site-packages", "'Python'"),
            Replace("/lib/rustpython{", "/lib/python{"),
            // What is embedded is in no folder.
            Replace(
                "            m.__file__ = os.path.abspath(m.__file__)\n",
                "            if not m.__file__.startswith('<krait>'):
                m.__file__ = os.path.abspath(m.__file__)\n",
            ),
        ],
    ),
    (
        "sysconfig/__init__.py",
        &[Replace("'RustPython'  # XXX: RUSTPYTHON; For site-packages", "'Python'")],
    ),
    ("unittest/__init__.py", &[Cut("# XXX: RUSTPYTHON", "")]),
    // An object may hide its `__class__`.
    (
        "_py_abc.py",
        &[Replace("= instance.__class__\n", "= getattr(instance, '__class__', type(instance))\n")],
    ),
    // Case is folded as Unicode 3.2 had it: what was not there, or became something that was not,
    // stays.
    (
        "stringprep.py",
        &[Replace(
            "    return code.lower()\n",
            "    lower = code.lower()
    if any(unicodedata.category(c) == 'Cn' for c in code + lower):
        return code
    return lower\n",
        )],
    ),
    // An interpreter may end while all are listed; a clock that is set back stops no time-out.
    (
        "concurrent/interpreters/__init__.py",
        &[Replace(
            "    return [Interpreter(id, _whence=whence)
            for id, whence in _interpreters.list_all(require_ready=True)]",
            "    found = []
    for id, whence in _interpreters.list_all(require_ready=True):
        try:
            found.append(Interpreter(id, _whence=whence))
        except InterpreterNotFoundError:
            continue
    return found",
        )],
    ),
    ("concurrent/interpreters/_queues.py", &[Replace("time.time()", "time.monotonic()")]),
    // The list of loaded libraries is in native code; names of files need not be text.
    (
        "ctypes/util.py",
        &[
            Replace(
                "# Listing loaded libraries on other systems will try to use\n",
                "try:
    from _ctypes import dllist
except ImportError:
    pass

",
            ),
            Cut("# functions common to Linux", "# test code"),
            Replace(
                "stderr=subprocess.PIPE,
                                     universal_newlines=True)",
                "stderr=subprocess.PIPE)",
            ),
        ],
    ),
    // Whatever an entered statement raises when it is compiled is shown.
    (
        "code.py",
        &[Replace("except (OverflowError, SyntaxError, ValueError):", "except Exception:")],
    ),
    (
        "pdb.py",
        &[
            Replace(
                "                except SyntaxError:\n                    continue",
                "                except Exception:\n                    continue",
            ),
            Replace(
                "        except SyntaxError as exc:\n            return _rstr",
                "        except Exception as exc:\n            return _rstr",
            ),
        ],
    ),
    // A file's name may have no place in the encoding of the output.
    (
        "inspect.py",
        &[Replace(
            "    import argparse\n    import importlib\n\n",
            "    import argparse\n    import importlib\n
    sys.stdout.reconfigure(errors='backslashreplace')\n\n",
        )],
    ),
    // A queue that does not block ignores the timeout, a negative one too.
    (
        "queue.py",
        &[Replace(
            "        if timeout is not None and timeout < 0:",
            "        if not block:
            timeout = None
        if timeout is not None and timeout < 0:",
        )],
    ),
    // A TZ string is taken apart as strictly as the native module does it.
    (
        "zoneinfo/_zoneinfo.py",
        &[
            Replace("(?P<std>[^<0-9:.+-]+|", "(?P<std>[a-zA-Z]+|"),
            Replace("(?P<dst>[^0-9:.+-]+|", "(?P<dst>[a-zA-Z]+|"),
            Replace(
                "        std_offset = 0\n",
                "        raise ValueError(f\"Invalid STD offset in {tz_str}\")\n",
            ),
            Replace(r"M(\d{1,2})\.(\d).(\d)", r"M(\d{1,2})\.(\d)\.(\d)"),
            Replace(
                "            n_is_julian = False\n\n",
                "            n_is_julian = False

        if re.fullmatch(r\"\\d{1,3}\", date, re.ASCII) is None:
            raise ValueError(f\"Invalid dst start/end date: {dststr}\")
",
            ),
        ],
    ),
    // Abstract test cases are no tests.
    (
        "unittest/loader.py",
        &[
            Replace(
                "in (case.TestCase, case.FunctionTestCase):",
                "in (case.TestCase, case.FunctionTestCase) or _is_abstract(testCaseClass):",
            ),
            Replace(
                "not in (case.TestCase, case.FunctionTestCase)\n",
                "not in (case.TestCase, case.FunctionTestCase)
                and not _is_abstract(obj)\n",
            ),
            Replace(
                "            name = parts[-1]
            inst = parent(name)",
                r#"            if _is_abstract(parent):
                raise TypeError("Cannot instantiate abstract test case %s" % parent.__name__)
            name = parts[-1]
            inst = parent(name)"#,
            ),
            Replace(
                "\nclass TestLoader(",
                "
def _is_abstract(cls):
    return bool(getattr(cls, '__abstractmethods__', ()))


class TestLoader(",
            ),
        ],
    ),
    // An exit stack closes a mocked file with arguments of its own.
    (
        "unittest/mock.py",
        &[Replace("_exit_side_effect(exctype, excinst, exctb)", "_exit_side_effect(*details)")],
    ),
    // A mocked process may have ended with anything.
    (
        "subprocess.py",
        &[
            Replace(
                "if self.returncode and self.returncode < 0:",
                "if isinstance(self.returncode, int) and self.returncode < 0:",
            ),
            Replace(
                r#"            return "Command '%s' returned non-zero exit status %d." % ("#,
                r#"            return "Command '%s' returned non-zero exit status %s." % ("#,
            ),
        ],
    ),
    // A delimiter may be white space, which ends a name too.
    (
        "configparser.py",
        &[Replace(
            r"(?:\s+(?:(?!{delim})\S)+)*)    # optionally more words",
            r"(?:(?:(?!{delim})\s)+(?:(?!{delim})\S)+)*)  # more words",
        )],
    ),
    // In C a negation binds before any operator of two values, in Python after most.
    (
        "gettext.py",
        &[Replace(
            "    nexttok = next(tokens)\n\n    j = 100\n",
            "    if result[:4] == 'not ':
        result = f'({result})'
    nexttok = next(tokens)\n\n    j = 100\n",
        )],
    ),
    // The scope of an address is no part of its number.
    (
        "ipaddress.py",
        &[
            Replace(
                "        ip_int = self._ip_int_from_string(ip_str)\n        hex_str",
                "        ip_str = ip_str.partition('%')[0]
        scope = getattr(self, '_scope_id', None)
        ip_int = self._ip_int_from_string(ip_str)\n        hex_str",
            ),
            Replace(
                "        parts = [hex_str[x:x+4] for x in range(0, 32, 4)]\n",
                "        parts = [hex_str[x:x+4] for x in range(0, 32, 4)]
        if scope:
            parts[-1] += '%' + scope\n",
            ),
        ],
    ),
    // An empty word in quotes is not the end of the file, which is None.
    (
        "netrc.py",
        &[
            Replace("        token = \"\"\n        fiter", "        token = None\n        fiter"),
            Replace(
                "                continue\n            if ch == '\"':",
                "                continue\n            token = \"\"\n            if ch == '\"':",
            ),
            Replace("            if not tt:\n", "            if tt is None:\n"),
            Replace("            elif tt[0] == '#':", "            elif tt[:1] == '#':"),
            Replace(
                "                if tt.startswith('#'):",
                "                if tt and tt[0] == '#':",
            ),
            Replace("if tt in {'', 'machine',", "if tt in {None, 'machine',"),
            Replace("login = lexer.get_token()", "login = lexer.get_token() or ''"),
            Replace("account = lexer.get_token()", "account = lexer.get_token() or ''"),
            Replace("password = lexer.get_token()", "password = lexer.get_token() or ''"),
        ],
    ),
    // ISO dates are made of ASCII digits only, and of whole fields.
    (
        "_pydatetime.py",
        &[
            Replace("= int(dtstr[0:4])", "= _iso_number(dtstr[0:4], 4)"),
            Replace("= int(dtstr[pos:pos + 2])", "= _iso_number(dtstr[pos:pos + 2], 2)"),
            Replace("= int(dtstr[pos:pos + 1])", "= _iso_number(dtstr[pos:pos + 1], 1)"),
            Replace("= int(tstr[pos:pos+2])", "= _iso_number(tstr[pos:pos+2], 2)"),
            Replace(
                "\ndef _parse_isoformat_date(",
                r#"
def _iso_number(text, width):
    if len(text) == width and text.isascii() and text.isdigit():
        return int(text)
    raise ValueError("Invalid isoformat string")


def _parse_isoformat_date("#,
            ),
        ],
    ),
    // White space is XML's, not Unicode's; a URI is quoted as any value; the document type is told of by its own event; a
    // parent is searched once for each tag.
    (
        "xml/sax/saxutils.py",
        &[
            Replace(
                "' xmlns:%s=\"%s\"' % (prefix, uri)",
                "' xmlns:%s=%s' % (prefix, quoteattr(uri))",
            ),
            Replace("' xmlns=\"%s\"' % uri", "' xmlns=%s' % quoteattr(uri)"),
        ],
    ),
    (
        "xml/dom/minidom.py",
        &[Replace("if self.data.strip():", "if self.data.strip(' \\t\\r\\n'):")],
    ),
    (
        "xml/dom/expatbuilder.py",
        &[Replace("not child.data.strip():", "not child.data.strip(' \\t\\r\\n'):")],
    ),
    (
        "xml/etree/ElementTree.py",
        &[
            Replace("elem.text.strip()", "elem.text.strip(' \\t\\r\\n')"),
            Replace("child.tail.strip()", "child.tail.strip(' \\t\\r\\n')"),
            Replace("data = data.strip()", "data = data.strip(' \\t\\r\\n')"),
            Replace(
                "        self._doctype = None\n        self.entity = {}",
                "        parser.StartDoctypeDeclHandler = self._start_doctype\n        self.entity = {}",
            ),
            Cut(
                "        elif prefix == \"<\" and text[:9] == \"<!DOCTYPE\":",
                "self.parser.Parse(data, False)",
            ),
            Replace(
                "                raise err\n            self.parser.Parse(data, False)",
                r#"                raise err

    def _start_doctype(self, name, system, public, has_internal_subset):
        if hasattr(self.target, "doctype"):
            self.target.doctype(name, public, system)
        elif hasattr(self, "doctype"):
            warnings.warn(
                "The doctype() method of XMLParser is ignored.  "
                "Define doctype() method on the TreeBuilder target.",
                RuntimeWarning)

    def feed(self, data):
        """Feed encoded data to parser."""
        try:
            self.parser.Parse(data, False)"#,
            ),
        ],
    ),
    (
        "xml/etree/ElementPath.py",
        &[
            Replace(
                "            parent_map = get_parent_map(context)
            for elem in result:
                try:
                    parent = parent_map[elem]
",
                "            parent_map = get_parent_map(context)
            chosen = {}
            for elem in result:
                try:
                    parent = parent_map[elem]
",
            ),
            Replace(
                "                    elems = list(parent.findall(elem.tag))
                    if elems[index] is elem:
                        yield elem
                except (IndexError, KeyError):
                    pass
",
                "                    found = chosen.get((parent, elem.tag), chosen)
                    if found is chosen:
                        elems = list(parent.findall(elem.tag))
                        # An index that is out of range chooses none.
                        found = elems[index] if -len(elems) <= index < len(elems) else None
                        chosen[parent, elem.tag] = found
                except KeyError:
                    continue
                if found is elem:
                    yield elem
",
            ),
        ],
    ),
    // No wheel of pip is embedded: say where one has to be.
    (
        "ensurepip/__init__.py",
        &[Replace(
            "    return resources.as_file(
        resources.files('ensurepip')
        / '_bundled'
        / f'pip-{_PIP_VERSION}-py3-none-any.whl'
    )
",
            "    raise FileNotFoundError(f'no wheel of pip is in {_WHEEL_PKG_DIR}')
",
        )],
    ),
    // Keys that are no strings are skipped, or refused, before keys are sorted.
    (
        "plistlib.py",
        &[
            Replace("sorted(d.items())", "_sorted_items(d, self._skipkeys)"),
            Replace("items = sorted(items)", "items = _sorted_items(value, self._skipkeys)"),
            Replace("sorted(value.items())", "_sorted_items(value, self._skipkeys)"),
            Replace(
                "\nclass _DumbXMLWriter",
                r#"
def _sorted_items(d, skipkeys):
    items = [item for item in d.items() if isinstance(item[0], str)]
    if len(items) < len(d) and not skipkeys:
        raise TypeError("keys must be strings")
    return sorted(items)


class _DumbXMLWriter"#,
            ),
        ],
    ),
];

pub fn apply(path: &str, text: &mut Vec<u8>) {
    let of_file = EDITS.iter().filter(|(file, _)| *file == path);
    for edit in of_file.flat_map(|(_, edits)| *edits) {
        let before = std::str::from_utf8(text).expect("an edited file is UTF-8");
        let after = match edit {
            Replace(old, new) => replace(before, old, new),
            Cut(from, to) => cut(before, from, to),
        };
        *text = after
            .unwrap_or_else(|missing| {
                panic!("{path} has no {missing:?} any more: look at build/edits.rs")
            })
            .into_bytes();
    }
}

/// The files that the edits name.
pub fn files() -> BTreeSet<&'static str> {
    EDITS.iter().map(|(file, _)| *file).collect()
}

fn replace(text: &str, old: &'static str, new: &str) -> Result<String, &'static str> {
    if text.contains(old) { Ok(text.replace(old, new)) } else { Err(old) }
}

fn cut(text: &str, from: &'static str, to: &'static str) -> Result<String, &'static str> {
    let line_of = |words: &str| {
        let at = text.find(words)?;
        Some(text[..at].rfind('\n').map_or(0, |newline| newline + 1))
    };
    let start = line_of(from).ok_or(from)?;
    let end = if to.is_empty() { text.len() } else { line_of(to).ok_or(to)? };
    if end < start {
        return Err(to);
    }
    Ok([&text[..start], &text[end..]].concat())
}
