"""A kernel that has been built, and how it is to be booted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MEMORY_MIB: Final = 128
#: The shadow of KASAN, redzones, and what lockdep keeps.
_SANITIZED_MEMORY_MIB: Final = 512


@dataclass(frozen=True, slots=True)
class Kernel:
    """A User-Mode Linux kernel and the initramfs with the driver.

    Attributes:
        binary: the kernel.
        initramfs: first file system: busybox, the driver as a module, vnictool.
        driver: where the driver is from, in words.
        version: of the kernel's package.
        sanitized: whether it has KASAN and the other sanitizers.
    """

    binary: Path
    initramfs: Path
    driver: str
    version: str
    sanitized: bool = False

    @property
    def label(self) -> str:
        """In one line."""
        return f"{self.driver} in Linux {self.version}{' with sanitizers' if self.sanitized else ''}"


@dataclass(frozen=True, slots=True)
class BootOptions:
    """How a kernel is booted.

    Attributes:
        memory_mib: the guest's memory; None: 128, or 512 with sanitizers.
        xics: an interrupt controller whose end-of-interrupt the driver has to issue; else XIVE.
        debug: the driver's debug messages, too.
        extra: more words for the kernel's command line.
    """

    memory_mib: int | None = None
    xics: bool = False
    debug: bool = False
    extra: Sequence[str] = ()

    def memory(self, kernel: Kernel) -> int:
        """The guest's memory in MiB."""
        return self.memory_mib or (_SANITIZED_MEMORY_MIB if kernel.sanitized else _MEMORY_MIB)

    def command_line(self, kernel: Kernel, initramfs: str, calls: str, clock: str) -> list[str]:
        """The words of the kernel's command line: the same for the same options, wherever the guest runs."""
        words = [f"mem={self.memory(kernel)}M", f"initrd={initramfs}", f"vnickit={calls}", f"time-travel=ext:{clock}"]
        # Everything goes to standard output; the guest has no terminal, and no directory of its own elsewhere.
        words += ["con=null", "con0=null,fd:1", "console=tty0", "uml_dir=.", "umid=guest"]
        # A panic ends the process. Addresses and what is printed of them are the same in every run.
        words += ["panic=-1", "norandmaps", "no_hash_pointers", f"loglevel={8 if self.debug else 7}"]
        words += ["vnickit_xics"] * self.xics + ["vnickit_debug"] * self.debug
        return [*words, *self.extra]
