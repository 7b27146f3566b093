"""A film shared out: which worker paints which frames, and where their paintings overlap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from impasto.errors import OptionError


@dataclass(frozen=True)
class Part:
    """The frames from ``first`` up to, not including, ``last`` of a film, for one worker.

    Painting begins at frame ``begin``, before ``first`` where the part begins within a shot: what comes out
    meanwhile is thrown away, and lets what is carried from frame to frame settle. It goes on up to
    ``end``, after ``last`` where the shot goes on. The first ``head`` frames are painted by the part
    before, too, as those after its ``last``: there the one painting passes into the other.
    """

    number: int
    first: int
    last: int
    begin: int
    end: int
    head: int

    def __len__(self) -> int:
        return self.last - self.first


def split(frames: int, cuts: Iterable[int], *, longest: int, lead: int, fade: int) -> list[Part]:
    """A film of so many ``frames`` in parts that no ``cuts`` run through.

    ``cuts``: the numbers of the frames that shots begin with. A shot of more than ``longest`` frames is
    divided evenly; ``lead`` frames before such a part are painted to begin with, and ``fade`` frames by
    both. Frames of a part at a cut depend on no other frames, so nothing is painted twice there. Raises
    OptionError where the parts of a divided shot could be shorter than what they share.
    """
    if fade < 0 or lead < 0 or longest < max(2, 2 * fade + 2):
        raise OptionError(
            f"a part must have at least {max(2, 2 * fade + 2)} frames, {fade} of which fade into the next; "
            f"expected a longer part than {longest}"
        )
    edges = sorted({0, frames, *(cut for cut in cuts if 0 < cut < frames)})
    found: list[Part] = []
    for begin, end in pairwise(edges):
        count = -(-(end - begin) // longest)
        places = [begin + (end - begin) * n // count for n in range(count + 1)]
        for first, last in pairwise(places):
            inside, goes_on = first > begin, last < end
            found.append(
                Part(
                    len(found),
                    first,
                    last,
                    max(begin, first - lead) if inside else first,
                    min(end, last + fade) if goes_on else last,
                    fade if inside else 0,
                )
            )
    return found
