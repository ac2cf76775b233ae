"""The table that is printed."""

from dataclasses import dataclass
from statistics import median


@dataclass
class Row:
    """One measurement beside its yardstick; `met` is True too where nothing is demanded."""

    work: str
    ours: str
    yardstick: str
    ratio: str
    target: str
    met: bool


def rate(values):
    """A rate's median with its spread."""
    return f"{median(values):,.0f}/s ({min(values):,.0f}-{max(values):,.0f})"


def compared(work, ours, name, theirs, least=None):
    """A rate against a rate: the ratio is the median of each round's own."""
    ratios = [mine / other for mine, other in zip(ours, theirs)]
    middle = median(ratios)
    return Row(
        work,
        rate(ours),
        f"{name} {rate(theirs)}",
        f"{middle:.2f} ({min(ratios):.2f}-{max(ratios):.2f})",
        "reported" if least is None else f">= {least}",
        least is None or middle >= least,
    )


def reported(work, values, unit):
    """Values that explain the others."""
    return Row(work, f"{median(values):.2f} {unit} ({min(values):.2f}-{max(values):.2f})", "-", "-", "reported", True)


def bounded(work, values, unit, most):
    """Values that may not exceed `most`; the median counts."""
    middle = median(values)
    ours = f"{middle:.1f} {unit} ({min(values):.1f}-{max(values):.1f})"
    return Row(work, ours, "-", f"{middle / most:.2f}", f"<= {most:g} {unit}", middle <= most)


def show(rows):
    """Prints the rows in columns."""
    lines = [("work", "ours", "yardstick", "ratio", "target", "")]
    lines += [
        (row.work, row.ours, row.yardstick, row.ratio, row.target, "ok" if row.met else "MISSED") for row in rows
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(6)]
    lines.insert(1, tuple("-" * width for width in widths))
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
