"""The address at which Compare shows one picture of a sweep as FP32 and a variant of it answer."""

from __future__ import annotations

from urllib.parse import urlencode

from core.formats import number_format
from core.models.catalog import architecture
from core.models.weights import WEIGHTS
from core.quantization.calibrators import calibrator
from core.sweeps.opening import split_of
from core.sweeps.plan import BASELINE, Plan
from core.variant import REGIME_TITLES, Calibration, Variant


def compare_query(plan: Plan, variant: Variant, picture: int) -> str | None:
    """Such as "data=signs%3A200&picture=17&weights=…"; None for weights of a file, which no address can name.

    The page's choices stand in its address as people read them.
    """
    if variant.weights not in WEIGHTS:
        return None
    regimes = dict.fromkeys(("raw", variant.regime))  # FP32, RAW, is what the variant is compared with
    asked = {
        "data": plan.data,
        "picture": picture,
        "weights": WEIGHTS[variant.weights].title,
        "networks": architecture(variant.network).title,
        "formats": [number_format(name).title for name in dict.fromkeys((BASELINE, variant.format))],
        "regimes": [REGIME_TITLES[regime] for regime in regimes],
    }
    split = split_of(plan)
    part = {"split": split} if split else {}
    return urlencode(asked | part | _calibration(variant.calibration), doseq=True)


def _calibration(chosen: Calibration) -> dict[str, str]:
    """What differs from the page's own choice."""
    default = Calibration()
    rule = {} if chosen.calibrator == default.calibrator else {"calibrator": calibrator(chosen.calibrator).title}
    return rule if chosen.search == default.search else rule | {"search": str(chosen.search).lower()}
