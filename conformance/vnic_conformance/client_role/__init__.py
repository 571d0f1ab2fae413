"""Role client: the kit plays hypervisor, servers, user and clock, and judges what sits in the client partition.

A library for the common engine, not an engine of its own. In order of reading: :mod:`.port` the way to the client,
:mod:`.happenings` what happens between it and the kit, :mod:`.partner` hypervisor and servers with everything that they may
answer (:mod:`.deviations`), :mod:`.monitor` the requirements CLI and DLG as rules over what happens, :mod:`.injection` any
event inside the n-th call of any procedure.
"""
