from pybind11.setup_helpers import Pybind11Extension
from setuptools import setup

setup(name="tally_cpp", version="1", ext_modules=[Pybind11Extension("tally_cpp", ["tally.cpp"], cxx_std=17)])
