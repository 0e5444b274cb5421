from Cython.Build import cythonize
from setuptools import Extension, setup

setup(name="tally_cython", version="1", ext_modules=cythonize([Extension("tally_cython", ["tally.pyx"])]))
