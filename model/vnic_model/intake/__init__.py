"""What the kit reads and somebody else may have written: files, their lines, and the JSON in them.

A log, a trace, a certificate, a cache or a list of faults may be damaged, forged, huge, or no such thing at all. Everything
here answers with a value of the type and size that were asked for, or with an :class:`IntakeError` that says where it is
wrong, what was expected and what came. Nothing here waits, and no file takes more memory than its bound.
"""

from vnic_model.intake.fields import Fields, json_of, record_of, shown
from vnic_model.intake.files import MOST_LINE, IntakeError, bytes_of, lines_of, opened, text_of

__all__ = [
    "MOST_LINE",
    "Fields",
    "IntakeError",
    "bytes_of",
    "json_of",
    "lines_of",
    "opened",
    "record_of",
    "shown",
    "text_of",
]
