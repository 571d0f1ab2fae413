"""Sphinx settings: the pages of this directory and the API of the four packages, as one site.

``sphinx-build -W -b html docs build/site`` builds it (the extra ``docs``); warnings are errors.
"""

from __future__ import annotations

import importlib.metadata

project = "VNIC failover kit"
author = "The VNIC failover kit authors"
release = version = importlib.metadata.version("vnic-failover-kit")

extensions = [
    "myst_parser",
    "sphinx.ext.apidoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
root_doc = "index"

# GitHub's rule for the anchors of headings, so that a link works there and here.
myst_heading_anchors = 4
# Pages are read where they lie, too, so they link to files of the checkout that the site does not have.
# The generated specification puts its properties two levels below a chapter, so that they stay out of the table of contents.
suppress_warnings = ["myst.xref_missing", "myst.header"]

# One page a module, made at each build; none is kept.
apidoc_modules = [
    {"path": f"../{room}/{package}", "destination": f"api/{package}", "separate_modules": True, "module_first": True}
    for room, package in (
        ("spec", "vnic_spec"),
        ("model", "vnic_model"),
        ("conformance", "vnic_conformance"),
        ("reference_impl", "vnic_reference"),
    )
]
# The solvers are optional, and what they make is no plain value: a documented module only has to import.
autodoc_mock_imports = ["cvc5", "z3"]
autodoc_typehints = "description"
autodoc_member_order = "bysource"
autodoc_class_signature = "separated"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True  # attributes of dataclasses are documented once, in the class

html_theme = "furo"
html_title = f"{project} {release}"
# No font, script or picture from anywhere else.
html_theme_options = {"source_repository": ""}
