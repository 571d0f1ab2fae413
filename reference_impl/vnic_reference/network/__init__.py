"""Emulated SR-IOV adapters, the network they are plugged into, and an application that talks through it.

:mod:`vnic_reference.network.port` and :mod:`vnic_reference.network.interface` say what a VNIC server and an application
see; everything else here is behind them. Nothing here knows of queues, calls or failover.
"""
