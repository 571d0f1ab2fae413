"""The prover: what holds for any number of servers and any depth of queues, by induction, with Z3.

How it goes together:

* :mod:`~vnic_model.prover.sorts` and :mod:`~vnic_model.prover.structures`: servers, priorities and queue slots as
  uninterpreted sorts; maps, orders and queues over them.
* :mod:`~vnic_model.prover.reading`: the any-N reading of the specification, one more interpretation of the same functions.
* :mod:`~vnic_model.prover.induction`: what has to be proved (obligations), and proving it.
* :mod:`~vnic_model.prover.finite` and :mod:`~vnic_model.prover.finite_induction`: the same obligations for 1 to 6 servers and
  bounded queues, from the traced reading.

This package is the only one that imports z3, which is optional (the extra ``proofs``).
"""
