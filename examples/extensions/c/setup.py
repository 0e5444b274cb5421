from setuptools import Extension, setup

setup(name="tally_c", version="1", ext_modules=[Extension("tally_c", ["tally.c"])])
