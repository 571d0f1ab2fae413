"""What is changed in the specification, by the names that the command line has for it."""

from __future__ import annotations

from enum import StrEnum


class Operators(StrEnum):
    """Which mutants are made."""

    SYNTACTIC = "syntactic"  #: single changes of one action
    SEMANTIC = "semantic"  #: errors of design, in whatever uses the rule that errs
    ALL = "all"
