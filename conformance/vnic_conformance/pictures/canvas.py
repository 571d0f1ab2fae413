"""What every drawing begins and ends with."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from vnic_conformance.foreign import in_xml


def canvas(title: str, width: float, height: float, style: str = "") -> ET.Element:
    """An empty SVG of a size in pixels.

    Args:
        title: what a screen reader says; any text.
        width: of the drawing.
        height: likewise.
        style: CSS; empty: that of the page in which it stands.
    """
    wide, tall = f"{width:.0f}", f"{height:.0f}"
    view = {"width": wide, "height": tall, "viewBox": f"0 0 {wide} {tall}", "role": "img"}
    root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **view})
    ET.SubElement(root, "title").text = in_xml(title)
    if style:
        ET.SubElement(root, "style").text = style
    return root


def drawn(root: ET.Element) -> str:
    """The drawing as a file of its own."""
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"
