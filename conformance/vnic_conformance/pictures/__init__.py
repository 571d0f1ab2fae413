"""A failure or a trace in formats that other programs show; every one is made from one list of steps (``story``)."""

#: What one failure can be drawn as.
PICTURES = ("mermaid", "svg", "itf", "pcapng")
#: What all of them can be drawn as.
PAGE = "html"
