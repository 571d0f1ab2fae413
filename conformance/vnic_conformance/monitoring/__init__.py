"""Judging what others recorded: a kernel log of the Linux driver, a capture, listings of a console over time.

A reader for each source (:mod:`.kernel_log`, :mod:`.capture`, :mod:`.listings`) makes of it what can be seen
(:mod:`.seen`); a story (:mod:`.story`) groups that into recoveries; rules (:mod:`.rule`) hold it against the requirements as far
as it goes. A record shows a part of what happened, so a rule has three ends: contradicted, put to the test and not contradicted,
and not decidable, with the reason.
"""
