"""``python -m bench``: run the benchmarks, print their tables, keep them under bench-results/."""

from __future__ import annotations

import argparse
import datetime
import importlib
import os
import platform
import shutil
import sys
import time
from pathlib import Path

from bench import (
    agents,
    audio,
    availability,
    backchannels,
    calls,
    console,
    intake,
    listing,
    requests,
    webhooks,
)
from bench.certificate import make_certificate
from bench.parts import ROOT, SCRATCH, foremost
from bench.peers.setup import python_of_peer
from bench.tables import Table

CALLS = ("memory", "latency", "greeting", "tools", "cpu")
ALL = (
    *CALLS,
    "webhooks",
    "agents",
    "availability",
    "listing",
    "console",
    "audio",
    "sounds",
    "requests",
)
#: Its data is not part of the project: measured by name, or where LANGUAGE_DATA names its folder.
WITH_DATA = "language"


def machine() -> str:
    """Where and when the figures were measured, in one line."""
    model = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{datetime.date.today()}, {os.cpu_count()} cores of {model}, Linux {platform.release()}, "
        f"Python {platform.python_version()}, load average {load}"
    )


def missing_for(wanted: set[str]) -> list[str]:
    """What the wanted parts need and this machine does not have."""
    missing = []
    if "webhooks" in wanted and not webhooks.available():
        missing.append("webhooks need wrk (on Debian: apt install wrk)")
    if "sounds" in wanted and shutil.which("espeak-ng") is None:
        missing.append("sounds need espeak-ng (on Debian: apt install espeak-ng)")
    if "console" in wanted and not (shutil.which("chromium") or shutil.which("chromium-browser")):
        missing.append("console needs Chromium (on Debian: apt install chromium)")
    if "language" in wanted and not os.environ.get("LANGUAGE_DATA"):
        missing.append("language needs LANGUAGE_DATA, the folder of its data")
    return missing


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "only",
        nargs="*",
        choices=[[], *ALL, WITH_DATA],
        help="default: all; language if its data is at hand",
    )
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--no-peer", action="store_true", help="without the FastAPI peer")
    options = parser.parse_args()
    has_data = bool(os.environ.get("LANGUAGE_DATA"))
    wanted = set(options.only or (*ALL, *([WITH_DATA] if has_data else [])))
    missing = missing_for(wanted)
    if missing:
        print(f"bench: not measured:\n  {'; '.join(missing)}", file=sys.stderr)
        return 1
    SCRATCH.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    tables: list[Table] = []
    where = machine()
    try:
        bench = calls.Bench(
            None if options.no_peer else python_of_peer(ROOT),
            make_certificate(SCRATCH),
            options.seconds,
        )
        with foremost():
            if wanted & set(CALLS):
                tables += calls.Calls(bench).run(wanted)
            if "webhooks" in wanted:
                tables += intake.webhooks(bench)
            if "agents" in wanted:
                tables += agents.tables()
            if "availability" in wanted:
                tables += availability.tables()
            if "listing" in wanted:
                tables += listing.tables(bench)
            if "console" in wanted:
                tables += console.tables(bench)
            if "audio" in wanted:
                tables += audio.audio(options.seconds)
            if "sounds" in wanted:
                tables += backchannels.tables()
            if "requests" in wanted:
                tables += requests.tables()
    finally:
        shutil.rmtree(SCRATCH, ignore_errors=True)
    if tables:
        text = f"Measured {where}.\n\n" + "\n".join(table.markdown() for table in tables)
        results = ROOT / "bench-results"
        results.mkdir(exist_ok=True)
        stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
        (results / f"{stamp}.md").write_text(text)
        print(f"\n{text}\n{time.monotonic() - began:.0f} s; kept as bench-results/{stamp}.md")
    if "language" in wanted:
        importlib.import_module("bench.language").main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
