"""Exhaustive exploration in generated C, where there is a C compiler; otherwise nothing of this is needed."""

from vnic_model.native.build import Compiler, NativeError, compiler
from vnic_model.native.engine import NativeExploration, explore_native

__all__ = ["Compiler", "NativeError", "NativeExploration", "compiler", "explore_native"]
