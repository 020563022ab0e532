from __future__ import annotations

import json
import subprocess
import sys

from core.quantization.options import Options, budget
from core.settings import REPOSITORY
from core.variant import Calibration


def test_pictures_that_suffice_for_an_epoch() -> None:
    assert (Options(steps=100, batch=64).most, Options(steps=None).most) == (6400, None)


def test_options_go_through_json_and_back() -> None:
    chosen = Options(rate=0.1, steps=3, lengths="search", seed=4, calibration=Calibration("kl", False))
    assert Options.from_dict(json.loads(json.dumps(chosen.as_dict()))) == chosen


def test_a_person_waits_for_the_budgets_of_what_ships() -> None:
    """Other weights are trained on every picture."""
    assert budget("signs").steps and budget("photos").steps and budget("imagenet").steps is None


def test_a_plan_can_hold_them_without_torch() -> None:
    program = "import core.quantization.options, core.sweeps.checking, core.retraining.plan, sys; "
    program += "assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, check=True)
