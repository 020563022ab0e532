"""Every error a person can meet: one sentence of what went wrong, and one of what to do about it."""

from __future__ import annotations


class BitlensError(Exception):
    """An expected failure. `kind` is stable and machine-readable; `remedy` says what the person can do."""

    kind = "error"

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()

    def as_dict(self) -> dict[str, str]:
        return {"kind": self.kind, "message": self.message, "remedy": self.remedy}


class ImageError(BitlensError):
    """A picture that cannot be read, or is too large to be read safely."""

    kind = "image"


class WeightsError(BitlensError):
    """A weights file that is absent, damaged, of another network, or refused."""

    kind = "weights"


class DataError(BitlensError):
    """A data set folder or file that does not hold what its layout promises."""

    kind = "data"


class LoweringError(BitlensError):
    """A network with an operation that has no integer form."""

    kind = "lowering"


class RequestError(BitlensError):
    """A choice that names something that does not exist, such as an unknown number format."""

    kind = "request"


class DeviceError(BitlensError):
    """A device that is absent, or that ran out of memory."""

    kind = "device"


class RangeError(BitlensError):
    """A number format that cannot hold what a network computes."""

    kind = "range"


class Cancelled(BitlensError):
    """The person stopped a long operation."""

    kind = "cancelled"


class Paused(Cancelled):
    """The person stopped a long operation and means to go on with it."""

    kind = "paused"


class StoreError(BitlensError):
    """The store of jobs, their results or their files: locked, damaged, out of disk, or no longer ours to write to."""

    kind = "store"
