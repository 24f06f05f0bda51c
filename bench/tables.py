"""Tables, printed and kept."""

from __future__ import annotations

from dataclasses import dataclass, field

Cell = str | float | int | None


@dataclass
class Table:
    """One result table. Numbers are shown with two or three digits that mean something."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *cells: Cell) -> None:
        """Add a row and show it at once: benchmarks are slow to watch."""
        self.rows.append(cells)
        print("  " + " | ".join(show(cell) for cell in cells), flush=True)

    def markdown(self) -> str:
        """The table as Markdown."""
        lines = [f"### {self.title}", "", row(self.columns), row(["---"] * len(self.columns))]
        lines += [row([show(cell) for cell in cells]) for cells in self.rows]
        lines += ["", *self.notes] if self.notes else []
        return "\n".join(lines) + "\n"


def row(cells: tuple[str, ...] | list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def show(cell: Cell) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int):
        return f"{cell:,}"
    return f"{cell:.2f}" if cell < 10 else f"{cell:,.0f}"
