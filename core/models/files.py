"""Read a file of tensors without running anything in it: safetensors, or a torch file with `weights_only=True`."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

SUFFIXES = (".safetensors", ".pth", ".pt")
LIMIT_BYTES = 600_000_000  # VGG-16, the largest network here, has 553 MB.
_WHAT_FITS = (
    "Give a state dict of tensors by name, as .safetensors or as .pth saved with torch.save(network.state_dict(), ...)."
)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by name, of whatever type they were saved in.

    Raises WeightsError for a file that is absent, empty, too large, truncated, of another format, or that holds code.
    """
    check_file(path)
    return _read_safetensors(path) if path.suffix.lower() == ".safetensors" else _flat(path, read_torch(path))


def check_file(path: Path) -> None:
    """What can be said of a weights file before it is read. Raises WeightsError."""
    if not path.is_file():
        raise WeightsError(f"There is no file {path}.", "Check the path.")
    if path.suffix.lower() not in SUFFIXES:
        raise WeightsError(f"{path.name} is not a weights file by its name.", f"Expected one of {', '.join(SUFFIXES)}.")
    size = path.stat().st_size
    if not size:
        raise WeightsError(f"{path.name} is empty.", "Save or copy it anew.")
    if size > LIMIT_BYTES:
        raise WeightsError(
            f"{path.name} has {size / 1e6:,.0f} MB; at most {LIMIT_BYTES / 1e6:,.0f} MB are read.",
            "Save the network's weights alone, without optimizer state.",
        )


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal; computed again only when its size or time of change differs."""
    status = path.stat()
    return _sha256(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _sha256(path: Path, size: int, modified: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return {key: tensor.clone() for key, tensor in load_file(path).items()}  # off the file, which may change
    except SafetensorError as error:
        raise WeightsError(
            f"{path.name} is not a whole safetensors file ({error}).", "It may have been cut off: copy or save it anew."
        ) from error


def read_torch(path: Path) -> Any:
    """What torch.save wrote: tensors, numbers, text, lists and mappings of them. Raises WeightsError for anything else."""
    import torch

    if _is_compressed(path):
        raise WeightsError(f"{path.name} holds compressed records, which torch.save never writes.", _WHAT_FITS)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch's unpickler lets whatever foreign bytes provoke through
        raise _unreadable(path, error) from error


def _is_compressed(path: Path) -> bool:
    """torch stores its records as they are; a compressed one may unpack to any size."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(record.compress_type != zipfile.ZIP_STORED for record in archive.infolist())
    except zipfile.BadZipFile:
        return False


def _unreadable(path: Path, error: Exception) -> WeightsError:
    """torch's own message advises to load the file with its code; ours names what was found and does not."""
    if code := re.search(r"GLOBAL ([\w.]+)", str(error)):
        return WeightsError(f"{path.name} holds pickled code ({code[1]}), which is never run here.", _WHAT_FITS)
    return WeightsError(
        f"{path.name} cannot be read as a torch file; it is truncated, damaged or of another format.",
        "Copy or save it anew, best as .safetensors.",
    )


def _flat(path: Path, content: Any) -> dict[str, Tensor]:
    """The mapping itself, or the one under `state_dict`, which training frameworks write around it."""
    from torch import Tensor

    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping):
        raise WeightsError(f"{path.name} holds a single {type(content).__name__}, not tensors by name.", _WHAT_FITS)
    for key, value in content.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise WeightsError(
                f"{path.name} holds {key!r} of type {type(value).__name__}, not a tensor by name.", _WHAT_FITS
            )
    return dict(content)
