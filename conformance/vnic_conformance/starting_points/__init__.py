"""Adapters to start from, one file per language: ``vnickit new-adapter`` copies them. They pass ``smoke`` and nothing more."""
