"""Which weights, networks and formats; how formats are calibrated; and what to do when weights are not here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import NamedTuple

import streamlit as st

from core.errors import BitlensError
from core.formats import FORMATS, NARROWEST, WIDEST, number_format
from core.models.catalog import ARCHITECTURES
from core.models.regimes import divided
from core.models.weights import WEIGHTS, availability, fetch
from core.quantization.calibrators import CALIBRATORS, calibrator
from core.serving import uploads
from core.serving.background import Job, shared_background
from core.variant import Calibration, Variant
from pages.parts.session import problem, progress
from pages.parts.uploaded import KEPT, kept

WIDTHS = range(NARROWEST, WIDEST + 1)
EXTRA = [name for bits in WIDTHS if (name := f"fixed{bits}") not in FORMATS]
COMPOSED = [f"w{weights}a{values}" for weights in WIDTHS for values in WIDTHS if weights != values]
FROM_FILE = "file"
LARGEST_WEIGHTS_MB = 600  # VGG-16's published file has 553


@dataclass(frozen=True)
class Chosen:
    networks: tuple[str, ...]
    weights: str
    kind: str
    formats: tuple[str, ...]
    calibration: Calibration
    regimes: tuple[str, ...] = ("raw",)

    def variants(self) -> list[Variant]:
        """Those that run: RE-TRAIN where weights were retrained for it."""
        return self._divided[0]

    @property
    def missing(self) -> list[Variant]:
        """Those whose weights have yet to be retrained."""
        return self._divided[1]

    @cached_property
    def _divided(self) -> tuple[list[Variant], list[Variant]]:
        asked = product(self.networks, self.formats, self.regimes)
        return divided(
            Variant(network, self.weights, name, regime, self.calibration) for network, name, regime in asked
        )


def choose(offered: Sequence[str] = tuple(WEIGHTS), formats: Sequence[str] = tuple(FORMATS)) -> Chosen | None:
    """Draw the choices, with the weights that are offered and the formats to begin with.

    None while nothing that can be run is chosen.
    """
    weights, kind, networks = _weights(offered)
    if networks is None:
        networks = _networks()
    networks = tuple(network for network in networks if _present(network, weights))
    chosen = _formats(formats)
    calibration = _calibration()
    if not weights:
        st.info("Drop a weights file: its network then answers here.")
        return None
    if not networks or not chosen:
        st.info("Choose a network whose weights are here, and a format.")
        return None
    return Chosen(networks, weights, kind, chosen, calibration)


class OneNetwork(NamedTuple):
    network: str
    weights: str
    kind: str


def choose_network(offered: Sequence[str]) -> OneNetwork | None:
    """Draw the choice of weights and of one network. None while no weights are chosen or here."""
    weights, kind, networks = _weights(offered)
    if networks is None:
        network = st.selectbox(
            "Network",
            list(ARCHITECTURES),
            index=list(ARCHITECTURES).index("squeezenet"),
            format_func=lambda name: ARCHITECTURES[name].title,
            key="network",
            bind="query-params",
        )
        networks = (str(network),)
    return OneNetwork(networks[0], weights, kind) if networks and _present(networks[0], weights) else None


def _networks() -> tuple[str, ...]:
    return tuple(
        st.pills(
            "Networks",
            list(ARCHITECTURES),
            format_func=lambda name: ARCHITECTURES[name].title,
            selection_mode="multi",
            default=list(ARCHITECTURES),
            key="networks",
            bind="query-params",
            wrap=True,
        )
    )


def _weights(offered: Sequence[str]) -> tuple[str, str, tuple[str, ...] | None]:
    """The weights, what kind of networks they are for, and the one network that an uploaded file holds."""
    options = {**{name: WEIGHTS[name].title for name in offered}, FROM_FILE: "A file"}
    name = st.selectbox("Weights", list(options), format_func=options.__getitem__, key="weights", bind="query-params")
    if name == FROM_FILE:
        return _from_file()
    if WEIGHTS[name].kind != "full":
        st.caption("Small versions of the networks, for 64 × 64 pixels: quick, and less sure than the full ones.")
    return name, WEIGHTS[name].kind, None


def _from_file() -> tuple[str, str, tuple[str, ...]]:
    file = st.file_uploader(
        "Weights file",
        ["safetensors", "pth"],
        key="weights_file",
        max_upload_size=min(LARGEST_WEIGHTS_MB, st.get_option("server.maxUploadSize")),
        help="A state dict of VGG-16, GoogLeNet or SqueezeNet: torchvision's own, or one of those for 64 x 64 "
        f"pictures. {KEPT}",
    )
    if file is None:
        return "", "compact", ()
    try:
        path = kept(file)
        found = uploads.layout(path)
    except BitlensError as error:
        problem(error)
        return "", "compact", ()
    return str(path), found.kind, (found.network,)


def _formats(begin_with: Sequence[str]) -> tuple[str, ...]:
    names = st.multiselect(
        "Formats",
        [*FORMATS, *EXTRA, *COMPOSED],
        default=list(begin_with),
        format_func=lambda name: number_format(name).title,
        key="formats",
        bind="query-params",
        wrap=True,
        select_all=False,
        filter_mode="prefix",  # what is typed whole names one format: FIXED-4 is not FIXED-14
        help="FIXED-N from 2 to 16 bits. W4A8 has 4-bit weights and 8-bit activations; type to find others.",
    )
    return tuple(names)


def _calibration() -> Calibration:
    with st.expander("How formats are calibrated"):
        rule = st.selectbox(
            "Calibrator",
            list(CALIBRATORS),
            format_func=lambda name: calibrator(name).title,
            key="calibrator",
            bind="query-params",
            help="How the range of each layer's output is chosen from the values seen on calibration pictures.",
        )
        search = st.toggle(
            "Search fractional lengths",
            True,
            key="search",
            bind="query-params",
            help="FIXED-N of 11 bits and fewer: move each layer's fractional length while the answers come closer to FP32's. "
            "The search starts from least squared error, whatever the calibrator.",
        )
    return Calibration(rule, search)


def _present(network: str, weights: str) -> bool:
    """Whether it can run; if not, a greyed choice with the reason and the remedies."""
    if not weights:
        return False
    state = availability(network, weights)
    if not state.present:
        title = ARCHITECTURES[network].title
        st.button(title, disabled=True, key=f"absent_{network}", width="stretch")
        st.caption(f"{state.reason} {state.remedy}")
        if weights in WEIGHTS and WEIGHTS[weights].published:
            _download(network, title, state.bytes)
    return state.present


def _download(network: str, title: str, size: int) -> None:
    key = f"download-{network}"
    job = shared_background().find(key)
    if job is None or job.state != "running":
        if job is not None and job.error is not None:
            problem(job.error)
        if st.button(f"Download {title} ({size / 1e6:.0f} MB)", key=f"fetch_{network}", width="stretch"):
            shared_background().start(key, f"The download of {title}", lambda running: _fetch(network, running))
            st.rerun()
        return
    progress(key, job)


def _fetch(network: str, job: Job) -> None:
    def report(done: int, total: int) -> None:
        job.share = done / total if total else 0.0

    fetch(network, report, job.stop.is_set)
