"""`python -m app COMMAND`: the commands of this program; `python -m app --help` lists them."""

# ruff: noqa: E402
from __future__ import annotations

import signal

#: Ctrl-C while modules are being imported ends the program without a traceback.
_INTERRUPT = signal.signal(signal.SIGINT, signal.SIG_DFL) if __name__ == "__main__" else None

import argparse
import importlib
import sys
from collections.abc import Sequence

from app.errors import AppError

#: In the order they are listed. Each is a module of `app.cli`, imported only when it is needed.
COMMANDS = (
    "dev",
    "call",
    "talk",
    "webhook",
    "doctor",
    "replay",
    "scenario",
    "tools",
    "agents",
    "tokens",
    "jobs",
    "calendar",
    "check",
    "train-intents",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit status. Errors raised on purpose are told in one line."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    wanted = next((item for item in arguments if not item.startswith("-")), None)
    names = [wanted] if wanted in COMMANDS else list(COMMANDS)
    parser = argparse.ArgumentParser(
        prog="python -m app", description="A backend for Retell AI phone agents."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name in names:
        module = importlib.import_module(f"app.cli.{name.replace('-', '_')}")
        command = commands.add_parser(
            module.NAME, help=module.HELP, description=(module.__doc__ or "").strip()
        )
        command.formatter_class = argparse.RawDescriptionHelpFormatter
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    parsed = parser.parse_args(arguments)
    if parsed.command is None:
        parser.print_help()
        return 2
    try:
        if _INTERRUPT is not None:
            signal.signal(signal.SIGINT, _INTERRUPT)
        return int(parsed.run(parsed) or 0)
    except AppError as error:
        print(f"{parsed.command}: {error.message}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0


if __name__ == "__main__":
    sys.exit(main())
