"""Mutation tests, by hand: is there a test that fails when a line of the program is changed?

    python -m pip install mutmut
    python -m tests.mutants dicomsh/query/ask.py dicomsh/model/windows.py

Each function of the modules named is changed in every way that mutmut
(https://mutmut.readthedocs.io) knows, one change at a time: `<` for `<=`, `and` for `or`, a dropped
argument, another constant. For each change the tests run that reach the changed statement, until
one fails. What is printed in the end are the changes that no test noticed, as diffs: a missing
test, or a change that makes no difference.

mutmut makes the changes, and nothing else: it would start pytest and collect the tests for each of
them, half a second of computing. Here pytest collects once, then forks for each change (`rounds`),
and the copy of the process gets the changed function before it runs the tests. Those that notice
most of the changes of a function come first. It needs `os.fork`.

Not changed are

* strings with words in them, and docstrings: messages to people, whose words other tests look
  after. All other strings, such as names and codes, get letters added;
* values to None, and arguments left out so that others move up: mypy notices most of these;
* annotations, decorators, and what runs when a module is imported: tables, defaults of parameters.

Which tests are asked depends on the package of the module (`TESTS` in `__main__`); those that start
a program or a server are left out, as every change would start its own. Where many tests reach a
statement, the quickest are asked, as many as run in `--seconds`. With `--again` only the changes
that an earlier output shows are made, to see whether a new test notices them.
"""
