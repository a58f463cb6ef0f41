"""Whether anything can have changed, told by the sizes of a stream's packets alone: nothing is decoded for it.

What is new between two keyframes shows in the pictures' sizes, too: where they cost more than while nothing changed,
somebody may have come and gone in between (`stirred`), and it is worth to look into them.

What an encoder spends on a picture is what is new in it. So two groups of pictures that cost the same, picture by
picture and as a whole, and begin with keyframes of the same size, show the same: then the second keyframe need not be
looked at. It is a hint, no proof (an encoder may be told to spend the same on everything), so never more than
`MOST_LEFT_OUT` keyframes in a row are left out, and none while somebody is there: small movements cost little.
"""

from __future__ import annotations

from typing import Final

MOST_LEFT_OUT: Final = 2
CALM: Final = 2
"""So many groups in a row must cost the same to tell what one costs while nothing changes."""
SETTLED: Final = 4
"""So many groups in a row must be the same before the first is left out."""
KEYFRAME: Final = 0.015
"""Keyframes differ by less in size while nothing changes."""
GROUP: Final = 0.05
"""The same for all pictures between two keyframes together: somebody who comes makes a sixth more, and rather twice."""
PICTURE: Final = 0.35
SPARE: Final = 200
"""No single picture may be so much larger than its group's mean; and bytes, for pictures of hardly any size."""


class Quiet:
    """Told of every packet, in order."""

    def __init__(self) -> None:
        self._key = self._key_before = 0
        self._group: list[int] = []
        self._sum_before = 0
        self._steady = self._same = self._left_out = 0
        self._calm: int | None = None
        """What the pictures of a group cost when nothing changed last."""
        self.stirred = False
        """The group before the newest keyframe cost more than that."""
        self.closely = True
        """Somebody is there, or it is not known yet: nothing is left out."""

    def add(self, size: int) -> None:
        """A picture that is no keyframe."""
        self._group.append(size)

    def leave_out(self, size: int) -> bool:
        """Whether the keyframe that comes now may be left out."""
        group, before = self._group, self._sum_before
        self._key_before, self._key = self._key, size
        spent = self._sum_before = sum(group)
        self._group = []
        even = not group or max(group) <= (1 + PICTURE) * spent / len(group) + SPARE
        steady = bool(group) and even and abs(spent - before) <= GROUP * before and not self.closely
        self._steady = self._steady + 1 if steady else 0
        if self._steady >= CALM:
            self._calm = spent
        same = steady and abs(self._key - self._key_before) <= KEYFRAME * self._key_before
        self._same = self._same + 1 if same else 0
        self.stirred = self._calm is not None and (not even or spent > (1 + GROUP) * self._calm)
        leave_out = self._same >= SETTLED and self._left_out < MOST_LEFT_OUT
        self._left_out = self._left_out + 1 if leave_out else 0
        return leave_out
