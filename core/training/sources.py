"""The sources by the names of their weights. A new one is one file beside this one and one line here."""

from __future__ import annotations

from core.training import signs, tiny
from core.training.source import Source

SOURCES: dict[str, Source] = {"photos": tiny.SOURCE, "signs": signs.SOURCE}
