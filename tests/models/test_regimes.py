"""Which variants there are retrained weights for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from core import settings
from core.models.regimes import (
    UNCONTROLLED,
    control_sentence,
    divided,
    missing_sentence,
    retrained_formats,
    used_sentence,
)
from core.variant import Variant
from tests.retrained import retrained_weights
from tests.weights import lively_weights, random_weights


@pytest.fixture(autouse=True, scope="module")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BITLENS_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Retrained for INT8 and FIXED-4 on this machine."""
    path = str(lively_weights(tmp_path_factory.mktemp("weights")))
    for name in ("fixed4", "int8"):
        retrained_weights("squeezenet", path, name)
    return path


def test_what_was_made_here_and_what_lies_beside_the_weights(weights: str, tmp_path: Path) -> None:
    assert retrained_formats("squeezenet", weights) == ("int8", "fixed4")
    parent = shutil.copy(weights, tmp_path / "set.safetensors")
    assert retrained_formats("squeezenet", str(parent)) == ()
    (made,) = (path for path in _made() if "-fixed4-" in path.name)
    shutil.copy(made, tmp_path / "set-fixed4.safetensors")
    assert retrained_formats("squeezenet", str(parent)) == ("fixed4",)


def test_what_is_of_something_else_is_not_listed(weights: str, tmp_path: Path) -> None:
    other = random_weights("squeezenet", tmp_path)
    (made,) = (path for path in _made() if "-fixed4-" in path.name)
    for name in (
        f"{other.stem}-fixed4",
        f"{other.stem}-fixed99",
        f"{other.stem}-",
        "fixed4",
        f"{Path(weights).stem}-x",
    ):
        shutil.copy(made, tmp_path / f"{name}.safetensors")
    shutil.copy(other, tmp_path / f"{other.stem}-fixed8.safetensors")
    assert retrained_formats("squeezenet", str(other)) == ()
    assert retrained_formats("vgg16", weights) == ()
    assert retrained_formats("squeezenet", str(tmp_path / "gone.safetensors")) == ()


@pytest.mark.usefixtures("weights")
def test_a_retrained_file_is_its_one_format() -> None:
    (made,) = (path for path in _made() if "-int8-" in path.name)
    assert retrained_formats("squeezenet", str(made)) == ("int8",)
    assert retrained_formats("vgg16", str(made)) == ()
    variant = Variant("squeezenet", str(made), "fixed8", "retrain")
    assert divided([variant]) == ([variant], [])  # running it tells what is wrong


def test_what_runs_and_what_is_missing(weights: str) -> None:
    names = ("fp32", "fp16", "fixed8", "fixed4")
    asked = [Variant("squeezenet", weights, name, regime) for name in names for regime in ("raw", "retrain")]
    found, missing = divided(asked)
    assert [one.title for one in found] == ["FP32", "FP16", "FIXED-8", "FIXED-4", "FIXED-4 RE-TRAIN"]
    assert [one.title for one in missing] == ["FP32 RE-TRAIN", "FIXED-8 RE-TRAIN"]  # FP16 is never retrained
    assert missing_sentence(missing) == (
        "Not retrained yet, and left out: SqueezeNet for FP32, FIXED-8. To make the first of them, run `python -m core retrain "
        "--network squeezenet --weights lively-0.safetensors --format fp32 --data FOLDER`."
    )
    assert missing_sentence([]) == ""


def test_what_retrain_runs_is_told_with_its_budget(weights: str, tmp_path: Path) -> None:
    asked = [
        Variant("squeezenet", weights, name, regime) for name in ("int8", "fixed4") for regime in ("raw", "retrain")
    ]
    (made,) = (path for path in _made() if "-fixed4-" in path.name)
    for path in _made():
        os.utime(path, (1_764_590_400,) * 2)  # noon of 1 December 2025, UTC
    assert used_sentence(asked) == (
        "RE-TRAIN uses what is here: SqueezeNet INT8, SqueezeNet FIXED-4, retrained with 1 epoch of 1 step on Noise, "
        "1 December 2025."
    )
    parent = shutil.copy(weights, tmp_path / "set.safetensors")
    shutil.copy(made, tmp_path / "set-fixed4.safetensors")
    shipped = used_sentence([Variant("squeezenet", str(parent), "fixed4", "retrain")])
    assert shipped.endswith("SqueezeNet FIXED-4, retrained with 1 epoch of 1 step on Noise.")
    assert used_sentence([Variant("squeezenet", weights, "fixed8", "retrain")]) == ""
    assert used_sentence(asked[:1]) == ""


def test_a_gain_whose_control_is_not_beside_it_is_told() -> None:
    def asked(*which: tuple[str, str, str]) -> str:
        return control_sentence(Variant(network, "signs", name, regime) for network, name, regime in which)

    raw, control, other = (
        ("vgg16", "fp32", "raw"),
        ("vgg16", "fp32", "retrain"),
        ("squeezenet", "fp32", "retrain"),
    )
    fixed4 = ("vgg16", "fixed4", "retrain")
    assert asked(raw, control, fixed4) == asked(control) == asked(raw) == asked() == ""
    assert asked(raw, fixed4) == asked(other, fixed4) == UNCONTROLLED


def test_the_command_for_signs_needs_no_folder() -> None:
    found, missing = divided([Variant("vgg16", "signs", "fixed2", "retrain")])
    assert found == [] and missing_sentence(missing).endswith("--weights signs --format fixed2`.")


def test_it_is_cheap(weights: str) -> None:
    code = "import sys\nfrom core.models.regimes import retrained_formats as f\n"
    code += f"assert f('squeezenet', {weights!r}) == ('int8', 'fixed4')\nsys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=settings.REPOSITORY, env=dict(os.environ)).returncode == 0


def _made() -> list[Path]:
    return list((settings.cache_folder() / "retrained").iterdir())
