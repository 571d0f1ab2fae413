"""Mechanical mutants of the failover code, and how many of them the kit finds. ``python -m mutation --help`` in ``bench``.

Established tools were looked at and do not fit. mutmut and Cosmic Ray run a test command in a changed tree, once per mutant;
what is measured here is not the tests but ``vnickit check``, whose verdict names a requirement and a case, and which takes two
seconds in a process that is warm and has worked out its tours, and several more in one that has not. For C, Mull needs Clang
and unit tests to call, universalmutator changes lines by regular expressions and knows no conditions or statements. So there is
a small tool here: one that makes the changes (:mod:`mutation.python_mutants`, :mod:`mutation.c_mutants`), one that has the kit
look at each in a forked process (:mod:`mutation.run`), one that tells what came out (:mod:`mutation.report`).
"""

from __future__ import annotations
