from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.fx.experimental.optimization import fuse
from torchvision.models import GoogLeNet_Weights, SqueezeNet1_1_Weights, VGG16_Weights, googlenet

from core import settings
from core.errors import RequestError, WeightsError
from core.models import cards
from core.models.catalog import ARCHITECTURES, architecture
from core.models.fit import build, fit
from core.models.kinds import KINDS
from core.models.labels import labels
from core.models.preprocessing import COMPACT, FULL, FULL_GOOGLENET
from core.models.published import PUBLISHED
from core.models.weights import WEIGHTS, Availability, availability, fetch, identify, load_network

EVERY = [(network, kind) for network in ARCHITECTURES for kind in KINDS]
State = dict[str, Tensor]


def _network(network: str, kind: str = "compact") -> nn.Module:
    """With random weights and random batch norm statistics, so that no two tensors are alike."""
    torch.manual_seed(0)
    module = architecture(network).builder(kind)().eval()
    for name, buffer in module.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            buffer.uniform_(0.5, 1.5)
    return module


def _saved(path: Path, module: nn.Module) -> str:
    save = save_file if path.suffix == ".safetensors" else torch.save
    save(module.state_dict(), path)
    return str(path)


@pytest.fixture
def assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An asset folder with the labels and no weights."""
    (tmp_path / "assets" / "weights").mkdir(parents=True)
    (tmp_path / "assets" / "labels").symlink_to(settings.ASSETS / "labels")
    monkeypatch.setattr(settings, "ASSETS", tmp_path / "assets")
    return tmp_path / "assets" / "weights"


def _ship(network: str, module: nn.Module) -> Path:
    path = cards.weights_file(network, "photos")
    _saved(path, module)
    card = cards.new_card("photos", fit(path.name, module.state_dict()), module, "as noted", "a test")
    cards.write_card(path, card | {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "top1": 12.5})
    return path


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("network", list(ARCHITECTURES))
def test_a_compact_file_gives_the_network_that_was_saved(tmp_path: Path, network: str, suffix: str) -> None:
    saved = _network(network)
    path = _saved(tmp_path / f"mine{suffix}", saved)
    loaded = load_network(network, path)
    picture = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        scores, box = saved(picture)
        same_scores, same_box = loaded.module(picture)
    assert torch.equal(scores, same_scores)
    assert torch.equal(box, same_box)
    assert not loaded.module.training
    assert {parameter.dtype for parameter in loaded.module.parameters()} == {torch.float32}
    assert (loaded.network, loaded.weights, loaded.has_box, loaded.calibration) == (network, path, True, None)
    assert (loaded.preprocessing, loaded.labels) == (COMPACT, labels("photos"))
    assert loaded.fingerprint == hashlib.sha256(Path(path).read_bytes()).hexdigest()
    assert loaded.card["parameters"] == sum(parameter.numel() for parameter in saved.parameters())


def test_a_full_file_gives_imagenets_labels_and_no_box(tmp_path: Path) -> None:
    saved = _network("squeezenet", "full")
    loaded = load_network("squeezenet", _saved(tmp_path / "mine.pth", saved))
    picture = torch.randn(1, 3, 224, 224)
    with torch.inference_mode():
        assert torch.equal(loaded.module(picture), saved(picture))
    assert (loaded.preprocessing, loaded.labels, loaded.has_box) == (FULL, labels("imagenet"), False)


def test_googlenet_loses_its_auxiliary_heads_and_nothing_else(tmp_path: Path) -> None:
    published = googlenet(weights=None, aux_logits=True, transform_input=True, init_weights=False).eval()
    assert any(key.startswith("aux2.") for key in published.state_dict())
    loaded = load_network("googlenet", _saved(tmp_path / "mine.pth", published))
    assert not any(key.startswith("aux") for key in loaded.module.state_dict())
    assert loaded.preprocessing == FULL_GOOGLENET
    pixels = torch.rand(1, 3, 224, 224)
    torchvisions = (pixels - torch.tensor(FULL.mean).view(3, 1, 1)) / torch.tensor(FULL.std).view(3, 1, 1)
    with torch.inference_mode():
        difference = loaded.module((pixels - 0.5) / 0.5) - published(torchvisions)
    assert difference.abs().max() < 1e-4


@pytest.mark.parametrize(("network", "kind"), EVERY)
def test_each_is_known_by_its_keys_and_shapes(network: str, kind: str) -> None:
    with torch.device("meta"):
        state = architecture(network).builder(kind)().state_dict()
    layout = fit("x", state)
    assert (layout.network, layout.kind) == (network, kind)


@pytest.mark.parametrize(("network", "kind"), EVERY)
def test_each_has_a_folded_layout(network: str, kind: str) -> None:
    """The keys and shapes of what torch's own folding makes; without batch norm it is the layout as built."""
    with torch.device("meta"):
        module = architecture(network).builder(kind)().eval()
    state = fuse(module).state_dict()
    layout = fit("x", state)
    assert (layout.network, layout.kind) == (network, kind)
    assert layout.folded == any(key.endswith("running_var") for key in module.state_dict())
    assert {key: tuple(value.shape) for key, value in state.items()} == dict(layout.shapes)


@pytest.mark.parametrize("network", list(ARCHITECTURES))
def test_a_folded_file_answers_as_the_network_it_was_folded_from(tmp_path: Path, network: str) -> None:
    saved, picture = _network(network), torch.randn(2, 3, 64, 64)
    path = _saved(tmp_path / "folded.safetensors", fuse(saved))
    loaded = load_network(network, path)
    assert loaded.card["what"] == fit("x", saved.state_dict()).title + ", batch norm folded"
    assert loaded.retrained is None and loaded.labels == labels("photos")
    with torch.inference_mode():
        for one, other in zip(loaded.module(picture), saved(picture), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("network", list(ARCHITECTURES))
def test_a_small_file_gives_the_signs_and_a_box(tmp_path: Path, network: str) -> None:
    saved = _network(network, "small")
    loaded = load_network(network, _saved(tmp_path / "mine.safetensors", saved))
    picture = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        scores, box = loaded.module(picture)
        assert torch.equal(scores, saved(picture)[0])
    assert (scores.shape, box.shape) == ((2, 60), (2, 4))
    assert (loaded.preprocessing, loaded.labels, loaded.has_box) == (COMPACT, labels("signs"), True)
    assert sum(parameter.numel() for parameter in saved.parameters()) < 500_000


def test_the_compact_networks_stay_as_their_weights_are() -> None:
    counted = {network: sum(p.numel() for p in _network(network).parameters()) for network in ARCHITECTURES}
    assert counted == {"vgg16": 1_410_860, "googlenet": 1_184_584, "squeezenet": 840_252}


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_files_become_fp32(tmp_path: Path, dtype: torch.dtype) -> None:
    state = {key: value.to(dtype) for key, value in _network("squeezenet").state_dict().items()}
    save_file(state, tmp_path / "half.safetensors")
    loaded = load_network("squeezenet", str(tmp_path / "half.safetensors")).module.state_dict()
    assert torch.equal(loaded["features.0.weight"], state["features.0.weight"].float())
    assert loaded["features.0.weight"].dtype == torch.float32


def test_loading_moves_no_random_generator(tmp_path: Path) -> None:
    path = _saved(tmp_path / "mine.safetensors", _network("googlenet"))
    before = torch.get_rng_state()
    load_network("googlenet", path)
    assert torch.equal(before, torch.get_rng_state())


def _without(key: str) -> Callable[[State], State]:
    return lambda state: {name: value for name, value in state.items() if name != key}


def _with(key: str, value: Tensor) -> Callable[[State], State]:
    return lambda state: {**state, key: value}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_without("box.0.weight"), "does not fit SqueezeNet for 64 x 64.*'box.0.weight' is missing"),
        (_with("extra.weight", torch.ones(1)), "'extra.weight' has no place in it"),
        (_with("box.0.weight", torch.ones(1, 2)), "'box.0.weight' is 1 x 2 where 16 x 512 x 1 x 1 is expected"),
        (_with("box.0.bias", torch.ones(16, dtype=torch.int64)), "holds 'box.0.bias' as int64.*float32, float16"),
        (_with("box.0.bias", torch.ones(16, dtype=torch.float64)), "holds 'box.0.bias' as float64"),
        (_with("box.0.bias", torch.full((16,), torch.nan)), "NaN or infinite values in 'box.0.bias'"),
        (_with("box.0.bias", torch.full((16,), -torch.inf)), "NaN or infinite values in 'box.0.bias'"),
        (lambda state: {f"module.{key}": value for key, value in state.items()}, "is missing;.*; and 2.. more"),
        (lambda state: {}, "is missing"),
    ],
)
def test_a_file_that_does_not_fit_is_told_why(tmp_path: Path, change: Callable[[State], State], words: str) -> None:
    save_file(change(_network("squeezenet").state_dict()), tmp_path / "mine.safetensors")
    with pytest.raises(WeightsError, match=rf"mine.safetensors .*{words}") as caught:
        load_network("squeezenet", str(tmp_path / "mine.safetensors"))
    assert caught.value.remedy


def test_another_networks_file_is_named_with_both(tmp_path: Path) -> None:
    path = _saved(tmp_path / "mine.safetensors", _network("squeezenet"))
    assert identify(Path(path)).network == "squeezenet"
    with pytest.raises(WeightsError, match=r"holds SqueezeNet.*, not VGG-16.*--network squeezenet"):
        load_network("vgg16", path)


def test_unknown_names_list_the_known() -> None:
    with pytest.raises(RequestError, match="vgg16, googlenet, squeezenet"):
        load_network("alexnet", "photos")
    with pytest.raises(RequestError, match="photos, signs, imagenet, or the path"):
        load_network("vgg16", "coco")
    with pytest.raises(RequestError):
        availability("vgg16", "coco")


def test_shipped_weights_come_with_card_and_statistics(assets: Path) -> None:
    path = _ship("squeezenet", _network("squeezenet"))
    assert availability("squeezenet", "photos") == Availability(True, "", "", path.stat().st_size)
    loaded = load_network("squeezenet", "photos")
    assert (loaded.weights, loaded.card["top1"], loaded.calibration) == ("photos", 12.5, None)
    statistics = assets / "photos-squeezenet.calibration.json"
    statistics.write_text("{}")
    assert load_network("squeezenet", "photos").calibration == statistics


@pytest.mark.usefixtures("assets")
@pytest.mark.parametrize(("weights", "options"), [("photos", " --data FOLDER."), ("signs", ".")])
def test_absent_weights_say_how_to_make_them(weights: str, options: str) -> None:
    state = availability("vgg16", weights)
    assert not state.present
    assert f"assets/weights/{weights}-vgg16.safetensors is missing" in state.reason
    assert state.remedy.endswith(f"python -m core train {weights} --network vgg16{options}")
    with pytest.raises(WeightsError, match=f"{weights}-vgg16.safetensors is missing"):
        load_network("vgg16", weights)


@pytest.mark.usefixtures("assets")
def test_shipped_weights_that_are_not_their_cards_are_refused() -> None:
    path = _ship("squeezenet", _network("squeezenet"))
    state = load_file(path)
    state["box.0.bias"] += 1
    save_file(state, path)
    with pytest.raises(WeightsError, match=r"not the file that its card describes.*git checkout"):
        load_network("squeezenet", "photos")


@pytest.mark.usefixtures("assets")
@pytest.mark.parametrize(
    ("text", "words"),
    [("", "cannot be read"), ("[1]", "cannot be read"), (None, "cannot be read"), ("no licence", "lacks licence")],
)
def test_a_damaged_card_is_named(text: str | None, words: str) -> None:
    path = _ship("squeezenet", _network("squeezenet"))
    card = cards.card_file(path)
    if text == "no licence":
        text = json.dumps({key: value for key, value in json.loads(card.read_text()).items() if key != "licence"})
    card.unlink() if text is None else card.write_text(text)
    with pytest.raises(WeightsError, match=rf"photos-squeezenet.json.* {words}"):
        load_network("squeezenet", "photos")


def test_what_is_published_and_for_which_networks() -> None:
    found = {name: (entry.name, entry.kind, entry.published) for name, entry in WEIGHTS.items()}
    assert found == {
        "photos": ("photos", "compact", False),
        "signs": ("signs", "small", False),
        "imagenet": ("imagenet", "full", True),
    }


def test_the_registrys_entry_decides_and_not_its_name(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = dataclasses.replace(WEIGHTS["imagenet"], name="mirror", licence="a mirror's")
    monkeypatch.setitem(WEIGHTS, "mirror", entry)
    assert availability("squeezenet", "mirror").bytes == published.stat().st_size
    loaded = load_network("squeezenet", "mirror")
    assert (loaded.weights, loaded.card["licence"], loaded.has_box) == ("mirror", "a mirror's", False)
    monkeypatch.setitem(WEIGHTS, "mirror", dataclasses.replace(entry, kind="compact"))
    with pytest.raises(WeightsError, match="holds SqueezeNet for 224 x 224 .*, not SqueezeNet for 64 x 64"):
        load_network("squeezenet", "mirror")


def test_published_names_and_figures_are_torchvisions() -> None:
    enums = {"vgg16": VGG16_Weights, "googlenet": GoogLeNet_Weights, "squeezenet": SqueezeNet1_1_Weights}
    assert PUBLISHED.keys() == ARCHITECTURES.keys() == enums.keys()
    for network, enum in enums.items():
        ours, theirs = PUBLISHED[network], enum.IMAGENET1K_V1
        metrics = theirs.meta["_metrics"]["ImageNet-1K"]
        assert ours.source.url == theirs.url
        assert ours.mebibytes == theirs.meta["_file_size"]
        assert (ours.top1, ours.top5) == (metrics["acc@1"], metrics["acc@5"])
        assert f"-{ours.source.digest}.pth" in theirs.url
        assert len(ours.source.digest) == 8


def test_published_weights_are_looked_for_where_torch_puts_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BITLENS_WEIGHTS", raising=False)
    assert settings.weights_folders() == (Path(torch.hub.get_dir()) / "checkpoints",)
    monkeypatch.setenv("BITLENS_WEIGHTS", "/here")
    assert settings.weights_folders() == (Path("/here"), Path(torch.hub.get_dir()) / "checkpoints")
    monkeypatch.delenv("BITLENS_WEIGHTS")
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert settings.weights_folders() == (Path(torch.hub.get_dir()) / "checkpoints",)


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A full SqueezeNet under a published name with a right checksum, in the folder that the user named."""
    folder = tmp_path / "weights"
    folder.mkdir()
    monkeypatch.setenv("BITLENS_WEIGHTS", str(folder))
    path = Path(_saved(folder / "squeezenet.pth", _network("squeezenet", "full")))
    name = f"squeezenet1_1-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}.pth"
    monkeypatch.setitem(PUBLISHED, "squeezenet", dataclasses.replace(PUBLISHED["squeezenet"], file=name))
    return path.rename(folder / name)


def test_a_published_file_is_found_checked_and_loaded(published: Path) -> None:
    assert availability("squeezenet", "imagenet").present
    assert availability("squeezenet", "imagenet").bytes == published.stat().st_size
    loaded = load_network("squeezenet", "imagenet")
    assert (loaded.weights, loaded.has_box, loaded.card["top1"]) == ("imagenet", False, 58.178)
    assert loaded.card["licence"] == WEIGHTS["imagenet"].licence
    assert loaded.labels == labels("imagenet")
    assert fetch("squeezenet", lambda done, total: None) == published


def test_another_file_under_a_published_name_is_refused_and_left_alone(published: Path) -> None:
    _saved(published, _network("squeezenet", "full").half())
    before = published.read_bytes()
    state = availability("squeezenet", "imagenet")
    assert not state.present
    assert "its checksum differs" in state.reason
    for action in (lambda: load_network("squeezenet", "imagenet"), lambda: fetch("squeezenet", lambda *_: None)):
        with pytest.raises(WeightsError, match=r"is not the file that torchvision publishes.*another name"):
            action()
    assert published.read_bytes() == before


def test_absent_published_weights_name_both_remedies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BITLENS_WEIGHTS", str(tmp_path))
    state = availability("vgg16", "imagenet")
    assert (state.present, state.bytes // 1_000_000) == (False, 553)
    assert state.remedy == f"Put vgg16-397923af.pth into {tmp_path}, or connect to the internet and fetch it."
    with pytest.raises(WeightsError, match="imagenet weights of VGG-16 .553 MB. are not on this machine"):
        load_network("vgg16", "imagenet")


def test_a_files_availability(tmp_path: Path) -> None:
    assert "There is no file" in availability("vgg16", str(tmp_path / "x.pth")).reason
    (tmp_path / "x.pth").write_bytes(b"1234")
    assert availability("vgg16", str(tmp_path / "x.pth")) == Availability(True, "", "", 4)


def test_building_copies_nothing_of_the_counter() -> None:
    module = _network("squeezenet")
    state = module.state_dict()
    state["features.1.num_batches_tracked"] += 7
    built = build("x", fit("x", state), state)
    assert built.state_dict()["features.1.num_batches_tracked"] == 0
    assert not any(tensor.is_meta for tensor in built.state_dict().values())
