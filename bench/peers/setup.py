"""The environment of the FastAPI peer, apart from the program's own, made on first use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PACKAGES = ("fastapi==0.*", "uvicorn[standard]", "openai")


def python_of_peer(root: Path) -> Path | None:
    """The interpreter that can run the FastAPI peer; None where it cannot be installed."""
    venv = root / ".run" / "bench-peer"
    python = venv / "bin" / "python"
    ready = venv / ".ready"
    if ready.exists():
        return python
    print("installing FastAPI for the peer ...", file=sys.stderr, flush=True)
    try:
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True, capture_output=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *PACKAGES], check=True, capture_output=True, timeout=300)
    except (subprocess.SubprocessError, OSError) as error:
        print(f"no FastAPI peer: {error}", file=sys.stderr)
        return None
    ready.touch()
    return python
