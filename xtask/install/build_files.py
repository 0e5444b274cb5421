"""Writes into an installation what tells other programs how it was built. Its own interpreter runs this.

lib/python3.14/config-3.14-x86_64-linux-gnu/Makefile          variables, as make and sysconfig read them
               _sysconfig_vars__linux_x86_64-linux-gnu.json   everything that sysconfig reports
               build-details.json                             what PEP 739 asks for
"""

import importlib.machinery
import json
import os
import sys
import sysconfig


def write_makefile(path, data):
    with open(path, "w", encoding="utf-8") as file:
        file.write("# How Python was built, for programs that read it here.\n")
        for name, value in sorted(data.makefile.items()):
            file.write(f"{name}= {str(value).replace('$', '$$')}".rstrip() + "\n")


def write_json(path, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2)
        file.write("\n")


def version(info):
    return {name: getattr(info, name) for name in ("major", "minor", "micro", "releaselevel", "serial")}


def details():
    value = sysconfig.get_config_var
    machinery = importlib.machinery
    suffixes = machinery.EXTENSION_SUFFIXES
    return {
        "schema_version": "1.0",
        "base_prefix": value("installed_base"),
        "base_interpreter": os.path.join(value("BINDIR"), "python3.14"),
        "platform": sysconfig.get_platform(),
        "language": {"version": value("py_version_short"), "version_info": version(sys.version_info)},
        "implementation": vars(sys.implementation) | {"version": version(sys.implementation.version)},
        "abi": {
            "flags": list(sys.abiflags),
            "extension_suffix": suffixes[0],
            "stable_abi_suffix": next(suffix for suffix in suffixes if suffix.startswith(".abi3")),
        },
        "suffixes": {
            "source": machinery.SOURCE_SUFFIXES,
            "bytecode": machinery.BYTECODE_SUFFIXES,
            "extensions": suffixes,
        },
        "libpython": {
            "dynamic": os.path.join(value("LIBDIR"), value("INSTSONAME")),
            "dynamic_stableabi": os.path.join(value("LIBDIR"), value("PY3LIBRARY")),
            "static": os.path.join(value("LIBDIR"), value("LIBRARY")),
            "link_extensions": False,
        },
        "c_api": {"headers": value("INCLUDEPY"), "pkgconfig_path": value("LIBPC")},
    }


library = sysconfig.get_path("stdlib")
data = sysconfig._get_sysconfigdata_name()
write_makefile(os.path.join(sysconfig.get_config_var("LIBPL"), "Makefile"), importlib.import_module(data))
json_name = data.replace("_sysconfigdata", "_sysconfig_vars") + ".json"
write_json(os.path.join(library, json_name), sysconfig.get_config_vars())
write_json(os.path.join(library, "build-details.json"), details())
