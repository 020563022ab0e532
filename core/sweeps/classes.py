"""Which output of a network each class of a data set is."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import DataError

FEW = 8


def outputs_of(classes: Sequence[str], labels: Sequence[str], synsets: Sequence[str]) -> tuple[int | None, ...]:
    """For each class the network's output of that synset id or name, or None: "German_shepherd" is "German shepherd".

    Raises DataError where none of them is one of the network's.
    """
    known = {_plain(label): output for output, label in enumerate(labels)}
    known |= {_plain(synset): output for output, synset in enumerate(synsets)}
    found = tuple(known.get(_plain(name)) for name in classes)
    if classes and all(output is None for output in found):
        raise DataError(
            f"None of the set's {len(classes):,} classes is one of the network's: {some(classes)}.",
            "Choose weights that tell these classes apart, or name the classes by synset ids.",
        )
    return found


def some(names: Sequence[str]) -> str:
    """The first few, and how many more: "a, b and 3 more"."""
    rest = len(names) - FEW
    return ", ".join(names[:FEW]) + (f" and {rest:,} more" if rest > 0 else "")


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").casefold().split())
