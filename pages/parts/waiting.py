"""Waiting for the inference thread, in a way that a click ends at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

import streamlit as st

POLL_S = 0.5
GATHER_S = 0.1  # results that come close together are drawn together


def as_they_come(futures: Sequence[Future[Any]], draw: Callable[[int], object]) -> None:
    """Call `draw` with the number of results that are there: at once, and again as more come, until all are."""
    beat, drawn = st.empty(), -1
    while drawn < len(futures):
        done = sum(future.done() for future in futures)
        if done > drawn:
            draw(done)
            drawn = done
        else:
            beat.empty()  # where a rerun of the page ends the waiting
        wait([future for future in futures if not future.done()], timeout=POLL_S, return_when=FIRST_COMPLETED)
        if 0 < drawn < len(futures):
            time.sleep(GATHER_S)
