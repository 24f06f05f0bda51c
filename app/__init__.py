"""A backend for Retell AI phone agents. The layers and their rules are in `docs/architecture.md`."""
