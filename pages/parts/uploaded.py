"""Files that a visitor dropped and that this server keeps on its disk: weights, and zips of pictures."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.jobs.store import shared_jobs
from core.serving import uploads

KEPT = f"This server keeps the latest {uploads.MOST_KEPT} files on its disk, and those that a job names."


def kept(file: UploadedFile) -> Path:
    """The file in the cache folder: written and hashed once, and once more where it was forgotten meanwhile.

    Raises BitlensError where it cannot be kept.
    """
    known: dict[str, Path] = st.session_state.setdefault("kept_files", {})
    path = known.get(file.file_id)
    if path is None or not path.exists():
        path = known[file.file_id] = uploads.keep(file.name, file.getvalue(), lambda: shared_jobs().named())
    return path
