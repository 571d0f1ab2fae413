"""Role ``system``: hypervisor, servers, client, adapters and network tested as one.

What is seen of such a system is its listing, the link of the application's interface, and frames where they pass. The
specification runs in lockstep as far as selection and failover go (:mod:`.lockstep`); frames are judged by laws
(:mod:`.frames`); :mod:`.oracle` puts both together, step by step.
"""
