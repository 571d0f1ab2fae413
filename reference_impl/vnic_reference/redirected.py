"""DMA windows and DMA between partitions (LoPAR, "Logical Remote DMA"; CRQ-12, FOV-10, INV-7).

How a grant comes into being: the client puts a page of its memory into its own DMA window (H_PUT_TCE). A server that
is *connected* may then redirect that page into its own window (H_PUT_RTCE), as it does when the client asks it to map a
buffer. From then on the server's adapter reaches the page through the server's window, and H_COPY_RDMA reaches it
through the second window pane. The redirection is void as soon as the session ends or the client changes its entry; a
server that is connected again starts without any.

The architecture opens the second pane with the connection alone. Requiring the redirection there too is the stricter
reading, taken because grants must not outlive a session (CRQ-12).
"""

from __future__ import annotations

from vnic_reference.memory import Translation
from vnic_reference.partition import Unit
from vnic_reference.transport import Transport
from vnic_spec.wire import PAGE_BYTES, Rc, TceAccess

#: Longest transfer of H_COPY_RDMA in bytes, the smallest that the architecture allows a platform to offer.
MAX_COPY_BYTES = 128 * 1024
#: Most pages redirected by one call.
MAX_REDIRECT_PAGES = 512


class RemoteDma:
    """H_PUT_TCE, H_PUT_RTCE, H_COPY_RDMA, and the DMA of a server's own adapter.

    Args:
        transport: Tells who is connected with the client.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def put_tce(self, units: dict[int, Unit], liobn: int, ioba: int, tce: int) -> Rc:
        """H_PUT_TCE: map the I/O page at ``ioba`` to the page of memory in ``tce``, whose two low bits say how.

        Access bits 0 remove the entry. ``units`` are those of the calling partition.
        """
        unit = next((unit for unit in units.values() if unit.window.liobn == liobn), None)
        if unit is None or ioba % PAGE_BYTES or not unit.window.in_range(ioba, PAGE_BYTES):
            return Rc.H_PARAMETER
        access = tce & TceAccess.BOTH
        page, rest = divmod(tce & ~int(TceAccess.BOTH), PAGE_BYTES)
        memory = unit.partition.memory
        if rest or page >= memory.page_count:
            return Rc.H_PARAMETER
        entry = Translation(memory, page, access) if access else None
        unit.window.put(ioba // PAGE_BYTES, entry)
        return Rc.H_SUCCESS

    def put_rtce(self, units: dict[int, Unit], r_liobn: int, r_ioba: int, liobn: int, ioba: int, count: int) -> Rc:
        """H_PUT_RTCE: redirect ``count`` pages of the client at ``r_ioba`` into the caller's window at ``ioba``.

        H_PARAMETER if a handle, an address or the count is out of range; H_PERMISSION if the caller is not connected or
        the client has not mapped every page. All pages are redirected or none.
        """
        unit = self._owner_of_pane(units, r_liobn)
        if unit is None or not 1 <= count <= MAX_REDIRECT_PAGES:
            return Rc.H_PARAMETER
        client = self._transport.client.window
        if r_ioba % PAGE_BYTES or not client.in_range(r_ioba, count * PAGE_BYTES):
            return Rc.H_PARAMETER
        if liobn != unit.window.liobn or ioba % PAGE_BYTES or not unit.window.in_range(ioba, count * PAGE_BYTES):
            return Rc.H_PARAMETER
        if self._transport.partner is not unit:
            return Rc.H_PERMISSION
        first = r_ioba // PAGE_BYTES
        redirected = []
        for page in range(first, first + count):
            entry = client.entry(page)
            if entry is None:
                return Rc.H_PERMISSION
            redirected.append(Translation(entry.memory, entry.page, entry.access, (client, page, entry)))
        for step, entry in enumerate(redirected):
            unit.window.put(ioba // PAGE_BYTES + step, entry)
        return Rc.H_SUCCESS

    def copy(self, units: dict[int, Unit], length: int, s_liobn: int, s_ioba: int, d_liobn: int, d_ioba: int) -> Rc:
        """H_COPY_RDMA: copy ``length`` bytes between two windows that the caller may use.

        In order: length → H_PARAMETER; handle or range → H_SOURCE_PARM, H_DEST_PARM; access → H_PERMISSION.
        """
        if length > MAX_COPY_BYTES:
            return Rc.H_PARAMETER
        source = self._side(units, s_liobn, s_ioba, length)
        target = self._side(units, d_liobn, d_ioba, length)
        if source is None:
            return Rc.H_SOURCE_PARM
        if target is None:
            return Rc.H_DEST_PARM
        if not self._may(source, s_liobn, s_ioba, length, TceAccess.READ):
            return Rc.H_PERMISSION
        if not self._may(target, d_liobn, d_ioba, length, TceAccess.WRITE):
            return Rc.H_PERMISSION
        data = self._window(source, s_liobn).window.read(s_ioba, length)
        self._window(target, d_liobn).window.write(d_ioba, data)
        return Rc.H_SUCCESS

    def adapter_read(self, unit: Unit, ioba: int, length: int) -> bytes | None:
        """DMA of the physical adapter behind a server, through the server's window; None if it is refused."""
        window = unit.window
        if not 0 <= length <= MAX_COPY_BYTES or not window.in_range(ioba, length):
            return None
        return window.read(ioba, length) if window.accessible(ioba, length, TceAccess.READ) else None

    def adapter_write(self, unit: Unit, ioba: int, data: bytes) -> bool:
        """DMA of the physical adapter behind a server, through the server's window; False if it is refused."""
        window = unit.window
        if not window.in_range(ioba, len(data)) or not window.accessible(ioba, len(data), TceAccess.WRITE):
            return False
        window.write(ioba, data)
        return True

    def _owner_of_pane(self, units: dict[int, Unit], r_liobn: int) -> Unit | None:
        return next((unit for unit in units.values() if unit.remote_liobn == r_liobn), None)

    def _side(self, units: dict[int, Unit], liobn: int, ioba: int, length: int) -> Unit | None:
        """The caller's unit that one side of a copy names by either pane, or None if handle or range is bad."""
        for unit in units.values():
            if liobn in (unit.window.liobn, unit.remote_liobn):
                return unit if self._window(unit, liobn).window.in_range(ioba, length) else None
        return None

    def _window(self, unit: Unit, liobn: int) -> Unit:
        return self._transport.client if liobn == unit.remote_liobn else unit

    def _may(self, unit: Unit, liobn: int, ioba: int, length: int, access: int) -> bool:
        """Whether one side of a copy may be used so; the second pane needs connection and redirection."""
        if liobn != unit.remote_liobn:
            return unit.window.accessible(ioba, length, access)
        client = self._transport.client.window
        if self._transport.partner is not unit or not client.accessible(ioba, length, access):
            return False
        granted = unit.window.redirected_pages()
        return all(page in granted for page in range(ioba // PAGE_BYTES, -(-(ioba + length) // PAGE_BYTES)))
