"""The specification of server-side VNIC failover: the only place where behaviour is defined.

Read in this order: :mod:`~vnic_spec.vocabulary`, :mod:`~vnic_spec.requirements`, :mod:`~vnic_spec.state`,
:mod:`~vnic_spec.action`, :mod:`~vnic_spec.rule`, then the chapters of rules and actions (:mod:`~vnic_spec.selection`,
:mod:`~vnic_spec.failover`, :mod:`~vnic_spec.transport`, :mod:`~vnic_spec.monitoring`, :mod:`~vnic_spec.administration`,
:mod:`~vnic_spec.session`, :mod:`~vnic_spec.dialogue`), then what is claimed of them (:mod:`~vnic_spec.properties`) and what would
go wrong otherwise (:mod:`~vnic_spec.mutations`).
"""
