"""The sheets of labels that are sold in Japan for addresses: where on A4 each label lies. Pure.

The measures are those of the makers, as the label program gLabels has them in its tables
(templates/hisago-templates.xml and templates/avery-iso-templates.xml); the sheet of 12 with
gaps lies in the middle of the paper.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LabelSheet:
    """Millimetres, from the top left corner of A4."""

    columns: int
    rows: int
    width: float
    height: float
    left: float
    top: float
    step_across: float
    """From the left edge of a label to that of the next."""
    step_down: float
    names: str
    """What stands on the packet."""

    @property
    def labels(self) -> int:
        return self.columns * self.rows

    @property
    def title(self) -> str:
        return f"{self.labels}面　{self.width:g}×{self.height:g}mm"

    def corner(self, place: int) -> tuple[float, float]:
        """Of the label of that place, from 0: row by row, from the left."""
        row, column = divmod(place, self.columns)
        return self.left + column * self.step_across, self.top + row * self.step_down


SHEETS = (
    LabelSheet(2, 6, 83.8, 42.3, 19.3, 21.6, 87.6, 42.3, "エーワン 28171・ヒサゴ ELM007 など"),
    LabelSheet(2, 6, 86.4, 42.3, 18.6, 21.2, 86.4, 42.3, "余白なし。ヒサゴ ELM008 など"),
    LabelSheet(3, 6, 63.5, 46.6, 7.2, 8.7, 66.0, 46.6, "エーワン 28729 など"),
    LabelSheet(3, 6, 70.0, 42.3, 0.0, 21.2, 70.0, 42.3, "余白なし。ヒサゴ ELM009 など"),
    LabelSheet(3, 8, 66.0, 33.9, 6.0, 12.9, 66.0, 33.9, "余白なし。ヒサゴ ELM012 など"),
)
