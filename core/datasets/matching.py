"""Which output of a network each class of a data set is: by synset id, else by name."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import DataError

FEW = 8


@dataclass(frozen=True)
class Match:
    """`outputs`: for each class of the set, the network's output, or None. `unmatched`: the classes without one, by name."""

    outputs: tuple[int | None, ...]
    unmatched: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What does not match, for a person; empty where everything does."""
        return unmatched_sentence(self.unmatched, len(self.outputs))


def unmatched_sentence(unmatched: Sequence[str], total: int, whose: str = "the network's") -> str:
    """What does not match, of `total` classes; empty where everything does."""
    if not unmatched:
        return ""
    more = f" and {len(unmatched) - FEW:,} more" if len(unmatched) > FEW else ""
    return f"{len(unmatched):,} of {total:,} classes are none of {whose} and are left out: {', '.join(unmatched[:FEW])}{more}."


def match(
    classes: Sequence[str],
    synsets: Sequence[str | None],
    labels: Sequence[str],
    label_synsets: Sequence[str | None],
) -> Match:
    """A set's classes against a network's labels. "German_Shepherd" is "German shepherd"; a synset id in either decides.

    Raises DataError where no class matches.
    """
    known = {synset.lower(): output for output, synset in enumerate(label_synsets) if synset}
    named = _by_name(labels)
    outputs = tuple(
        known.get((synset or name).lower(), named.get(plain(name)))
        for name, synset in zip(classes, synsets, strict=True)
    )
    unmatched = tuple(name for name, output in zip(classes, outputs, strict=True) if output is None)
    if classes and len(unmatched) == len(classes):
        raise DataError(
            f"None of the set's {len(classes):,} classes is one that the network tells apart, such as {labels[0]!r}: "
            f"{', '.join(classes[:FEW])}.",
            "Choose weights for these classes, or name the folders by the network's labels or by synset ids.",
        )
    return Match(outputs, unmatched)


def _by_name(labels: Sequence[str]) -> dict[str, int]:
    """Outputs by plain name; a name that two outputs share names neither."""
    plains = [plain(label) for label in labels]
    often = Counter(plains)
    return {name: output for output, name in enumerate(plains) if often[name] == 1}


def plain(name: str) -> str:
    """Small letters and digits with one space between words: "Double-bend_(LEFT first)" is "double bend left first"."""
    # Unicode's compatibility caseless matching: one folding can leave capitals, one decomposition marks.
    for form in ("NFD", "NFKD", "NFKD"):
        name = unicodedata.normalize(form, name).casefold()
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    return " ".join("".join(sign if sign.isalnum() else " " for sign in bare.replace("'", "")).split())
