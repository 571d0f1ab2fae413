"""A failure or a trace in formats that other programs show; every one is made from one list of steps (``story``)."""
