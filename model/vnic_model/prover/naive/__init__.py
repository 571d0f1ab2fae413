"""The second reading for any number of servers: naive on purpose, so that the proof does not rest on one understanding.

It is written from the documentation of the algebra (:mod:`vnic_spec.algebra`) alone and shares no code with the first one
(:mod:`vnic_model.prover.reading`); a test enforces that. What is different:

* It writes text, the script of one obligation in SMT-LIB 2.6. No solver is there while a script is written.
* A changed map, order or queue is a new function, with an axiom that says of every server or place what its value is. Nothing
  is put in the place of anything.
* A queue is a length and functions over places 0, 1, 2 ...; how many elements it can hold is an unknown number. A priority is an
  integer, a port too; a vocabulary is a datatype.
* What a state looks like at all (lengths, the words a variable can have, the order of the servers) is an assumption that is
  proved of every action like a property: :data:`~vnic_model.prover.naive.obligations.WELL_FORMED`.

Only :mod:`vnic_model.prover.naive.deciding` knows a solver and the verdicts of the first proof.
"""
