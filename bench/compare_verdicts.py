"""Whether two versions of z3 say the same: compares two answers of ``vnickit prove --json``.

Run ``vnickit prove --json > a.json`` in an environment with one version, the same into ``b.json`` with another, then
``python bench/compare_verdicts.py a.json b.json``. Exit code 1 if an obligation has two verdicts or is missing from one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def verdicts(path: str) -> tuple[str, dict[tuple[str, str | None], str], float]:
    found = json.loads(Path(path).read_text())
    listed = [(p["id"], o) for p in found["properties"] for o in p["obligations"]]
    return found["z3"], {(name, o["action"]): o["verdict"] for name, o in listed}, sum(o["seconds"] for _, o in listed)


def main() -> int:
    (one, a, first), (other, b, second) = map(verdicts, sys.argv[1:3])
    unlike = sorted(str(k) for k in a.keys() | b.keys() if a.get(k) != b.get(k))
    print(
        f"z3 {one}: {len(a)} obligations in {first:.1f} s; z3 {other}: {len(b)} in {second:.1f} s; unlike: {len(unlike)}"
    )
    print(*unlike, sep="\n", end="\n" if unlike else "")
    return 1 if unlike or not a else 0


if __name__ == "__main__":
    raise SystemExit(main())
