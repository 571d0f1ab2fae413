"""Role client: the kit plays hypervisor, servers, user and clock, and judges what sits in the client partition.

A library for the common engine, not an engine of its own. In order of reading: :mod:`.port` the way to the client,
:mod:`.happenings` what happens between it and the kit, :mod:`.partner` hypervisor and servers with everything that they may
answer (:mod:`.deviations`), :mod:`.monitor` the requirements CLI and DLG as rules over what happens, :mod:`.injection` any
event inside the n-th call of any procedure.

What an engine needs of it: a step is one of a deviation by name, a user action, an event of :data:`.injection.EVENTS` (at
once, or inside the n-th call) and a time to run; the observation is the list of happenings, which is also what a log keeps;
the oracle is a :class:`.monitor.Monitor` fed with them, which can judge a kept list again; a verdict is its first
:class:`.rule.Violation`, with requirement, what came and what was allowed. Each of them is plain data, or made from it by name.
"""
