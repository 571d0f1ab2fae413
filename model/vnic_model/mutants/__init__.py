"""Single mutations of the actions of the specification: made, judged, and explained where nothing kills them.

A misreading (:mod:`vnic_spec.mutations`) is chosen by somebody who knows how the requirements are misread. These are not chosen:
:mod:`~vnic_model.mutants.single` makes all of a few simple kinds, and :mod:`~vnic_model.mutants.judged` says of each whether a
property notices it, whether it is no change at all, or whether the specification leaves it unnoticed.
"""
