"""The level below (:mod:`vnic_spec.below`) explored: every interleaving of two CPUs, and its refinement of the machine."""
