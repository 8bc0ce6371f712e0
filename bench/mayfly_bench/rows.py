"""What a benchmark returns: a subject, mostly beside a reference that ran interleaved with it."""

from dataclasses import asdict, dataclass, field
from typing import Optional


@dataclass
class Row:
    """One measured figure.

    name       the key in promises.py, SPEC.md and the JSON
    subject, reference   {"best", "median", …} in `unit`; best is the quietest batch (or fastest start)
    ratio      subject to reference, {"best", "median"}; None when the figure stands alone
    details    whatever else helps to judge it: counts, CPU time, p90
    """

    name: str
    title: str
    unit: str
    subject: dict
    reference_title: str = ""
    reference: Optional[dict] = None
    details: dict = field(default_factory=dict)
    ratio: Optional[dict] = None

    def __post_init__(self):
        if self.reference:
            self.ratio = {key: self.subject[key] / self.reference[key] for key in ("best", "median")}

    def as_dict(self):
        return asdict(self)


def quantile(values, part):
    """The value below which `part` of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def spread(values):
    """Of times: best is the least."""
    return {"best": min(values), "median": quantile(values, 0.5), "p90": quantile(values, 0.9)}


def rates(values):
    """Of rates: best is the most."""
    return {"best": max(values), "median": quantile(values, 0.5)}
