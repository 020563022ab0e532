"""A sweep in one Parquet file: every outcome, and what it takes to read them without the store, the pictures or the networks.

A row is one variant's answer to one picture, a row group one variant: `variant` counts in the order of the plan, `picture` in
the set; `truth` and `prediction` are outputs of the network, `rank` is the true one's place, `score` the softmax of the
prediction, `probability` that of the truth; null where no class is known. The file's metadata has the rest, under `bitlens`.
"""

from __future__ import annotations

import base64
import io
import json
import zlib
from collections.abc import Callable
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from core.datasets.survey import Unreadable
from core.errors import DataError, RequestError
from core.files import write_atomically
from core.sweeps.conditions import Conditions
from core.sweeps.naming import conditions_to_share, plan_to_share
from core.sweeps.outcomes import UNKNOWN, Outcomes
from core.sweeps.plan import Plan
from core.sweeps.results import Finished, Results

SCHEMA = 1
KEY = b"bitlens"
COLUMNS = pa.schema(
    [
        ("variant", pa.int16()),
        ("picture", pa.int32()),
        ("truth", pa.int16()),
        ("rank", pa.int16()),
        ("prediction", pa.int16()),
        ("score", pa.float32()),
        ("probability", pa.float32()),
    ]
)
# Half of what the library's own choices take: pictures are consecutive, and exponents are alike where fractions are not.
ENCODINGS = {"picture": "DELTA_BINARY_PACKED", "score": "BYTE_STREAM_SPLIT", "probability": "BYTE_STREAM_SPLIT"}
DICTIONARIES = [name for name in COLUMNS.names if name not in ENCODINGS]
Read = TypeVar("Read")


def to_parquet(plan: Plan, results: Results, conditions: Conditions) -> bytes:
    """The file. Scores are kept in single precision, in which they were measured: all else follows from them exactly."""
    file = io.BytesIO()
    options = {"use_dictionary": DICTIONARIES, "column_encoding": ENCODINGS, "store_schema": False}
    with parquet.ParquetWriter(file, COLUMNS, compression="zstd", **options) as writer:
        for number in range(len(conditions.variants)):
            writer.write_table(_columns(number, results.outcomes(number)))
        writer.add_key_value_metadata({KEY: json.dumps(_head(plan, results, conditions))})
    return file.getvalue()


def write(path: Path, plan: Plan, results: Results, conditions: Conditions) -> None:
    with write_atomically(path) as temporary:
        temporary.write_bytes(to_parquet(plan, results, conditions))


def _columns(number: int, found: Outcomes) -> pa.Table:
    known = {
        "variant": pa.array(np.full(len(found), number), pa.int16()),
        "picture": pa.array(found.pictures, pa.int32()),
        "prediction": pa.array(found.prediction, pa.int16()),
        "score": pa.array(found.score.astype(np.float32)),
    }
    labelled = {
        "truth": pa.array(found.truth, pa.int16(), mask=~found.labelled),
        "rank": pa.array(found.rank, pa.int16(), mask=~found.labelled),
        "probability": pa.array(found.probability.astype(np.float32), mask=~found.labelled),
    }
    return pa.table(known | labelled).select(COLUMNS.names)


def _head(plan: Plan, results: Results, conditions: Conditions) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "job": results.job,
        "plan": json.loads(plan_to_share(plan).to_json()),
        "conditions": json.loads(conditions_to_share(conditions).to_json()),
        "skipped": [asdict(one) for one in results.skipped()],
        "failures": {str(number): error for number, error in results.failures().items()},
        "finished": _packed([astuple(one) for one in results.finished()]),
    }


def _packed(values: Any) -> str:
    """Tens of thousands of batches, which Parquet's metadata would hold uncompressed."""
    return base64.b64encode(zlib.compress(json.dumps(values).encode())).decode()


def _unpacked(text: str) -> Any:
    return json.loads(zlib.decompress(base64.b64decode(text)))


@dataclass(frozen=True)
class Record:
    """A sweep in a file, as Results. Outcomes are read when they are asked for, which raises DataError where they are damaged."""

    path: Path
    job: str
    plan: Plan
    begun: Conditions
    batches: tuple[Finished, ...]
    unreadable: tuple[Unreadable, ...]
    failed: dict[int, dict[str, str]]

    def conditions(self) -> Conditions:
        return self.begun

    def finished(self) -> list[Finished]:
        return list(self.batches)

    def outcomes(self, variant: int) -> Outcomes:
        return _checked(self.path, lambda: _outcomes(self.path, variant))

    def skipped(self) -> list[Unreadable]:
        return list(self.unreadable)

    def failures(self) -> dict[int, dict[str, str]]:
        return dict(self.failed)


def read(path: Path) -> Record:
    """Raises DataError where the file is absent, damaged, no sweep, or of a newer Bitlens."""
    head = _checked(path, lambda: json.loads(parquet.read_metadata(path).metadata[KEY]))
    if isinstance(head, dict) and isinstance(head.get("schema"), int) and head["schema"] > SCHEMA:
        raise DataError(f"{path.name} was written by a newer Bitlens.", "Update this one, then open it again.")
    return _checked(path, lambda: _record(path, head))


def _checked(path: Path, reading: Callable[[], Read]) -> Read:
    try:
        return reading()
    except FileNotFoundError as error:
        raise DataError(f"There is no file {path.name}.", "Write one: python -m core sweep --parquet FILE.") from error
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, zlib.error, RequestError) as error:
        raise DataError(
            f"{path.name} is damaged, or is not the record of a sweep.",
            "Write it again: python -m core sweep --parquet FILE.",
        ) from error


def _record(path: Path, head: dict[str, Any]) -> Record:
    return Record(
        path=path,
        job=str(head["job"]),
        plan=Plan.from_json(json.dumps(head["plan"])),
        begun=Conditions.from_json(json.dumps(head["conditions"])),
        batches=tuple(Finished(*one) for one in _unpacked(head["finished"])),
        unreadable=tuple(Unreadable(**one) for one in head["skipped"]),
        failed={int(number): error for number, error in head["failures"].items()},
    )


def _outcomes(path: Path, variant: int) -> Outcomes:
    with parquet.ParquetFile(path) as file:
        columns = file.read_row_group(variant)
    return Outcomes(
        pictures=columns["picture"].to_numpy().astype(np.int64),
        truth=columns["truth"].fill_null(UNKNOWN).to_numpy().astype(np.int64),
        rank=columns["rank"].fill_null(0).to_numpy().astype(np.int64),
        prediction=columns["prediction"].to_numpy().astype(np.int64),
        score=columns["score"].to_numpy().astype(np.float64),
        probability=columns["probability"].to_numpy().astype(np.float64),
    )
