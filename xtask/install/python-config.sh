#!/bin/sh
# python3.14-config: what a C build needs to know of this installation, wherever it lies.

version=3.14
usage="Usage: $0 --prefix|--exec-prefix|--includes|--libs|--cflags|--ldflags|--extension-suffix|--help|--abiflags|--configdir|--embed"

self=$(readlink -f "$0")
prefix=$(dirname "$(dirname "$self")")
includes="-I$prefix/include/python$version"
libs="-ldl -lm"

[ $# -gt 0 ] || { echo "$usage" >&2; exit 1; }
for option in "$@"; do
    case $option in
        --help) echo "$usage"; exit 0 ;;
        --embed) libs="-lpython$version $libs" ;;
        --prefix | --exec-prefix | --includes | --libs | --cflags | --ldflags) ;;
        --extension-suffix | --abiflags | --configdir) ;;
        *) echo "$usage" >&2; exit 1 ;;
    esac
done

for option in "$@"; do
    case $option in
        --prefix | --exec-prefix) echo "$prefix" ;;
        --includes) echo "$includes" ;;
        --cflags) echo "$includes -fno-strict-overflow -DNDEBUG -O2 -Wall" ;;
        --libs) echo "$libs" ;;
        --ldflags) echo "-L$prefix/lib $libs" ;;
        --extension-suffix) echo ".cpython-314-x86_64-linux-gnu.so" ;;
        --abiflags) echo "" ;;
        --configdir) echo "$prefix/lib/python$version/config-$version-x86_64-linux-gnu" ;;
    esac
done
