"""What an installation says of itself: every way of asking gives the same answer, and what is named is there."""

import json
import os
import subprocess
import sys
import sysconfig
from sysconfig.__main__ import _parse_makefile

prefix = sys.prefix
assert prefix == os.path.dirname(os.path.dirname(sys.executable)), prefix
for name, path in sysconfig.get_paths().items():
    assert path.startswith(prefix) and os.path.isdir(path), f"{name}: {path}"

variables = sysconfig.get_config_vars()
for name in ("BINDIR", "INCLUDEPY", "LIBDIR", "LIBPC", "LIBPL", "LIBDEST"):
    assert os.path.isdir(variables[name]), f"{name}: {variables[name]}"
for name in ("INSTSONAME", "LDLIBRARY", "LIBRARY", "PY3LIBRARY"):
    assert os.path.isfile(os.path.join(variables["LIBDIR"], variables[name])), name

with open(sysconfig.get_config_h_filename(), encoding="utf-8") as file:
    defined = sysconfig.parse_config_h(file)
for name, value in defined.items():
    assert variables.get(name, value) == value, f"{name}: {variables[name]!r}, pyconfig.h says {value!r}"

made = _parse_makefile(sysconfig.get_makefile_filename())
for name, value in made.items():
    assert variables[name] == value, f"{name}: {variables[name]!r}, the Makefile says {value!r}"

with open(os.path.join(sysconfig.get_path("stdlib"), "build-details.json"), encoding="utf-8") as file:
    details = json.load(file)
assert os.path.samefile(details["base_interpreter"], sys.executable)
for section in ("libpython", "c_api"):
    for name, path in details[section].items():
        assert isinstance(path, bool) or os.path.exists(path), f"{section}.{name}: {path}"

script = os.path.join(variables["BINDIR"], "python3.14-config")
asked = {"--prefix": prefix, "--extension-suffix": variables["EXT_SUFFIX"], "--configdir": variables["LIBPL"]}
for option, expected in asked.items():
    said = subprocess.run([script, option], capture_output=True, text=True, check=True).stdout.strip()
    assert said == expected, f"{option}: {said}, not {expected}"

print(f"{len(variables)} variables, {len(made)} of them in the Makefile")
