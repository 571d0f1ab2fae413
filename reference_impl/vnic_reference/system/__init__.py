"""The whole system: hypervisor, servers, client, adapters, network, application, driven by a scenario in virtual time.

:class:`~vnic_reference.system.scenario.Scenario` says what there is and what happens when,
:class:`~vnic_reference.system.system.System` runs it, :class:`~vnic_reference.system.timeline.Timeline` is what came of
it, :class:`~vnic_reference.system.laws.FrameLaws` watches every frame on the way.
"""
