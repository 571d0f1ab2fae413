"""Readings of the specification: plain interpretation, generated code, exploration, traces.

Nothing here defines behaviour; everything here is derived from :mod:`vnic_spec`.
"""
