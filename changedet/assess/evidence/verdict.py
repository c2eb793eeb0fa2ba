"""What a check found: what is not as it was written, and what could not be checked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Attributes
    ----------
    what : str
        What was checked.
    checked : int
        How many files were read whole and are as they were written.
    problems : tuple of str
        A line each; none where all is well.
    unchecked : tuple of str
        What nobody can check here, a line each.
    """

    what: str
    checked: int
    problems: tuple[str, ...]
    unchecked: tuple[str, ...]

    @property
    def text(self) -> str:
        """The verdict in words, several lines."""
        good = f"{self.what}: {self.checked} files are as they were written"
        bad = f", {len(self.problems)} findings" if self.problems else ""
        return "\n".join([good + bad, *(f"cannot be checked: {words}" for words in self.unchecked)])
