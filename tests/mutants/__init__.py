"""Mutation tests, by hand: is there a test that fails when a line of the program is changed?

    python -m pip install mutmut
    python -m tests.mutants dicomsh/query/ask.py dicomsh/model/windows.py

For each module named, mutmut (https://mutmut.readthedocs.io) makes hundreds of copies of its
functions, each with one change: `<` for `<=`, `and` for `or`, a dropped argument, another constant.
It runs the tests that reach the function until one fails. What is printed in the end are the
changes that no test noticed, as diffs: a missing test, or a change that makes no difference.

Everything happens in a copy of the working tree, in memory where there is /dev/shm. Which tests are
asked depends on the package of the module (`TESTS` in `__main__`); those that start a
program or a server are left out, as every mutant would start its own. A module takes some minutes.

mutmut and not cosmic-ray: it forks a process in which pytest and the program are already imported,
where cosmic-ray starts a new one for each mutant. It is not part of the extra `test`, because it
depends on a whole user interface.
"""
