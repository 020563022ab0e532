"""The Compare page by Streamlit's own test client: from app.py, with the weights that ship."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.charts.style import look
from core.datasets.signs.samples import crop
from core.errors import BitlensError
from core.images.samples import samples
from core.jobs.store import shared_jobs
from core.models.labels import labels
from core.models.regimes import UNCONTROLLED
from core.models.weights import WEIGHTS, availability
from core.sweeps.link import compare_query
from core.sweeps.plan import Plan
from core.variant import Calibration, Variant
from pages.parts.cards import grid
from pages.parts.picker import numbered
from pages.parts.set_pictures import SHOWN_SIGNS
from tests.compare.examples import answer
from tests.datasets.files import two_classes, write_files
from tests.retrained import retrained_weights

APP = Path(__file__).resolve().parents[2] / "app.py"
NETWORKS = ("vgg16", "googlenet", "squeezenet")

pytestmark = pytest.mark.skipif(
    not all(availability(network, "photos").present for network in NETWORKS),
    reason="the photos weights are not all here",
)


class Cards(HTMLParser):
    """The names of the grid's cards, those that still wait, and all text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.waiting: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "article":
            self.names.append(str(values["aria-label"]))
            if values.get("aria-busy"):
                self.waiting.append(self.names[-1])

    def handle_data(self, data: str) -> None:
        self.text += data


def opened(**query: str | list[str]) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def cards(app: AppTest) -> Cards:
    return Cards(next(element.proto.body for element in app.get("html") if "<article" in element.proto.body))


def seen(app: AppTest) -> str:
    """The name of the picture that is shown."""
    body = next(element.proto.body for element in app.get("html") if "bl-seen" in element.proto.body)
    return body.partition('alt="')[2].partition(", with the crop")[0]


def jpeg(colour: str, size: tuple[int, int] = (90, 60)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, "JPEG")
    return stream.getvalue()


def test_the_first_view_has_eighteen_cards_and_a_sentence_for_each_network() -> None:
    app = opened()
    grid = cards(app)
    assert len(grid.names) == 18
    assert grid.names[0] == "VGG-16, FP32"
    assert not grid.waiting
    words = [element.value for element in app.markdown]
    for title in ("VGG-16", "GoogLeNet", "SqueezeNet"):
        assert any(word.startswith(f"**{title}.** ") and len(word) > 40 for word in words)


def test_the_address_brings_back_the_view() -> None:
    app = opened(sample="Coffee", networks="SqueezeNet", formats="FIXED-8")
    assert cards(app).names == ["SqueezeNet, FIXED-8"]
    assert app.selectbox(key="sample").value == "coffee"


def test_other_pictures_and_formats_can_be_chosen() -> None:
    app = opened(networks="SqueezeNet")
    app.selectbox(key="sample").select(samples()[1].name)
    app.multiselect(key="formats").set_value(["fp32", "fixed6", "w4a8"]).run()
    assert cards(app).names == ["SqueezeNet, FP32", "SqueezeNet, FIXED-6", "SqueezeNet, W4A8"]
    assert any(samples()[1].author in element.value for element in app.caption)


def test_an_upload_is_answered_and_a_bad_one_leaves_the_page_as_it_was() -> None:
    app = opened(**{"from": "Upload", "networks": "SqueezeNet", "formats": "FP32"})
    assert any("Drop a photo" in element.value for element in app.info)
    app.file_uploader(key="upload").upload("red.jpg", jpeg("red"), "image/jpeg").run()
    assert cards(app).names == ["SqueezeNet, FP32"]
    app.file_uploader(key="upload").upload("bad.jpg", b"<html></html>", "image/jpeg").run()
    assert not app.exception
    assert any(element.value.replace("\\", "").startswith("bad.jpg is not a picture") for element in app.error)
    assert cards(app).names == ["SqueezeNet, FP32"]


def test_a_photo_can_be_dropped_on_the_first_page() -> None:
    app = opened(networks="SqueezeNet", formats="FP32")
    assert app.session_state["from"] == "gallery"
    app.file_uploader(key="upload").upload("red.jpg", jpeg("red"), "image/jpeg").run()
    assert app.session_state["from"] == "upload"
    assert seen(app) == "red.jpg"
    app.session_state["from"] = "gallery"
    app.run()
    assert seen(app) == samples()[0].name


def test_each_picture_keeps_its_own_crop() -> None:
    app = opened(networks="SqueezeNet", formats="FP32")
    files = [(name, jpeg(colour), "image/jpeg") for name, colour in (("a.jpg", "red"), ("b.jpg", "blue"))]
    app.file_uploader(key="upload").set_value(files).run()
    app.slider(key="zoom").set_value(40).run()
    app.selectbox(key="open").select_index(1).run()
    assert (seen(app), app.slider(key="zoom").value) == ("b.jpg", 100)
    app.selectbox(key="open").select_index(0).run()
    assert (seen(app), app.slider(key="zoom").value) == ("a.jpg", 40)


def test_the_open_picture_stays_open_when_another_goes() -> None:
    app = opened(networks="SqueezeNet", formats="FP32")
    files = [
        (name, jpeg(colour), "image/jpeg") for name, colour in (("a.jpg", "red"), ("b.jpg", "blue"), ("c.jpg", "lime"))
    ]
    app.file_uploader(key="upload").set_value(files).run()
    app.selectbox(key="open").select("b.jpg").run()
    app.file_uploader(key="upload").set_value(files[1:]).run()
    assert seen(app) == "b.jpg"


def test_what_calibrated_each_format_is_said_once() -> None:
    app = opened(networks="SqueezeNet", formats=["FIXED-8", "FIXED-6", "INT8"])
    (shown,) = [element.value for element in app.caption if element.value.startswith("Calibration.")]
    # No mark of Markdown's is left: retrained weights that somebody sent say it, and may say anything.
    assert re.fullmatch(r"Calibration. (\\[^\w\s]|[\w\s])*", shown)
    words = re.sub(r"\\(.)", r"\1", shown)
    assert words.startswith("Calibration. FIXED-8, FIXED-6: greedy search over")
    assert "INT8: least squared error over" in words


def test_every_picture_has_a_name_of_its_own() -> None:
    assert numbered(["a.png", "a.png (2)", "a.png", "a.png"]) == ["a.png", "a.png (2)", "a.png (3)", "a.png (4)"]


def test_a_bad_file_among_several_is_named_and_the_others_are_compared() -> None:
    app = opened(networks="SqueezeNet", formats=["FP32", "FIXED-8"])
    good, bad = ("good.jpg", jpeg("red"), "image/jpeg"), ("bad.jpg", b"<html></html>", "image/jpeg")
    app.file_uploader(key="upload").set_value([bad, good, ("last.jpg", b"", "image/jpeg")]).run()
    assert not app.exception
    told = " ".join(element.value.replace("\\", "") for element in app.error)
    assert "bad.jpg" in told and "last.jpg" in told
    assert seen(app) == "good.jpg"
    assert any(" of 1 picture" in element.value for element in app.markdown)


def test_imagenet_weights_that_are_absent_are_greyed_with_reason_and_remedies() -> None:
    app = opened(weights="ImageNet (1000 classes)", networks="VGG-16")
    assert app.button(key="absent_vgg16").disabled
    words = " ".join(element.value for element in app.caption)
    assert "553 MB" in words
    assert "Put vgg16-397923af.pth into" in words
    assert "connect to the internet" in words
    assert "Download VGG-16" in app.button(key="fetch_vgg16").label


def test_nothing_chosen_says_what_to_choose() -> None:
    app = opened()
    app.multiselect(key="formats").set_value([]).run()
    assert not app.exception
    assert any("and a format" in element.value for element in app.info)


def test_two_uploads_of_one_name_can_both_be_opened() -> None:
    app = opened(**{"from": "Upload", "networks": "SqueezeNet", "formats": "FP32"})
    red, blue = (("a.jpg", jpeg(colour), "image/jpeg") for colour in ("red", "blue"))
    app.file_uploader(key="upload").set_value([red, blue]).run()
    assert not app.exception
    assert app.selectbox(key="open").options == ["a.jpg", "a.jpg (2)"]
    assert any(element.value == "All 2 pictures" for element in app.header)


@pytest.mark.parametrize("name", ["W6A8", "FIXED-3", "W16A2"])
def test_any_width_can_be_asked_for_in_a_link(name: str) -> None:
    app = opened(networks="SqueezeNet", formats=name)
    assert cards(app).names == [f"SqueezeNet, {name}"]


def test_a_waiting_card_has_the_rows_of_an_answered_one() -> None:
    """So that nothing on the page moves when an answer comes: counted tag by tag."""
    variant = Variant("squeezenet", "photos", "fixed8")
    box = (1.0, 2.0, 3.0, 4.0)
    there = answer("fixed8", (0.5, 0.2, 0.1, 0.1, 0.05), box=box)
    waiting, answered = (grid({"squeezenet": [(variant, cell)]}, (90, 60), True) for cell in (None, there))
    for part in ("<li", 'class="bl-bar"', "bl-moved", "bl-shot", '"bl-row'):
        assert waiting.count(part) == answered.count(part), part


def test_a_screen_reader_hears_where_things_stand() -> None:
    variants = [Variant("squeezenet", "photos", name) for name in ("fp32", "fixed8", "int8")]
    there = answer("fp32", (0.5, 0.2, 0.1, 0.1, 0.05), box=(9.0, 6.0, 45.0, 54.0))
    cells = zip(variants, (there, None, BitlensError("Too large.", "")), strict=True)
    html = grid({"squeezenet": list(cells)}, (90, 60), True)
    assert '<div class="bl-sr" role="status">1 of 3 answers are there, 1 could not be computed.</div>' in html
    assert "box in FP32: from 10 to 50 % of the width and 10 to 90 % of the height" in html
    assert 'role="region" tabindex="0"' in html  # what scrolls can be reached by keyboard


def test_retrained_cards_have_a_frame_and_say_their_regime() -> None:
    """Each network has a format in the same column as the others, with gaps where it was not retrained."""
    scores = (0.5, 0.2, 0.1, 0.1, 0.05)
    there = replace(answer("fixed8", scores, regime="retrain"), retrained="3 epochs on Signs")
    rows = {
        "vgg16": [(Variant("vgg16", "photos", name), None) for name in ("fp32", "fixed8")],
        "squeezenet": [
            (Variant("squeezenet", "photos", "fp32"), answer("fp32", scores)),
            (there.variant, there),
            (Variant("squeezenet", "photos", "fixed8"), answer("fixed8", scores)),
        ],
    }
    html = grid(rows, (90, 60), False)
    assert Cards(html).names[2:] == ["SqueezeNet, FP32", "SqueezeNet, FIXED-8", "SqueezeNet, FIXED-8 RE-TRAIN"]
    frame = f"border-color: {look('fixed8').colour}"
    assert re.findall(r"grid-column: (\d)", html) == ["1", "2", "3", "1", "2", "3"] and html.count(frame) == 1
    assert html.count("bl-gap") == 1 and html.count("FIXED-8 RE-TRAIN is not here") == 1
    assert html.count(">RE-TRAIN<") == 1 and html.count(">RAW<") == 4
    assert 'title="Retrained: 3 epochs on Signs."' in html
    assert "RAW" not in grid({"vgg16": rows["vgg16"]}, (90, 60), False)


def test_retrained_weights_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path))
    retrained_weights("squeezenet", "photos", "int8")
    app = opened(networks=["VGG-16", "SqueezeNet"], formats=["FP32", "INT8"], regimes=["RAW", "RE-TRAIN"])
    titles = ("FP32", "FP32 RE-TRAIN", "INT8", "INT8 RE-TRAIN")  # FP32's, the control, ship with Bitlens
    expected = [f"{network}, {title}" for network in ("VGG-16", "SqueezeNet") for title in titles]
    expected.remove("VGG-16, INT8 RE-TRAIN")
    assert cards(app).names == expected and not cards(app).waiting
    words = [element.value for element in app.caption]
    missing = "Not retrained yet, and left out: VGG-16 for INT8."
    assert f"{missing} They are made on the Sweep page, under [RE-TRAIN](./sweep?part=RE-TRAIN)." in words
    assert not any("python -m core" in word for word in words)
    assert UNCONTROLLED not in words
    app.session_state["charts"] = "squeezenet"
    app.run()
    words = [element.value.replace("\\", "") for element in app.caption]
    assert any(word.startswith("Retraining. ") and "INT8 RE-TRAIN: 1 epoch on Noise" in word for word in words)
    assert any("INT8 RE-TRAIN" in element.value for element in app.markdown)  # what changed


def test_a_retrained_file_can_be_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path))
    path = retrained_weights("squeezenet", "photos", "int8")
    app = opened(weights="A file", formats=["FP32"])
    app.file_uploader(key="weights_file").upload(path.name, path.read_bytes(), "application/octet-stream").run()
    assert not app.exception
    assert cards(app).names == ["SqueezeNet, INT8 RE-TRAIN"]
    assert any(element.value.startswith("This file was retrained for INT8: it runs") for element in app.caption)
    assert UNCONTROLLED in [element.value for element in app.caption]


def test_nothing_retrained_says_so() -> None:
    app = opened(networks="SqueezeNet", formats="FP16", regimes="RE-TRAIN")
    assert any(element.value.startswith("Nothing that was chosen can run") for element in app.info)


def test_the_formats_in_use_are_explained() -> None:
    app = opened(networks="SqueezeNet", formats=["FP16", "W4A8"])
    rows = app.table[0].value.to_dict("records")
    assert [row["Format"] for row in rows] == ["FP16", "W4A8"]
    assert (rows[0]["Weights"], rows[0]["In a 32-bit register"]) == ("-65,504 to 65,504", "2")
    assert (rows[1]["Bits"], rows[1]["Weights"], rows[1]["Activations"]) == ("4 and 8", "-8 to 7", "-128 to 127")


@pytest.mark.skipif(not availability("squeezenet", "signs").present, reason="the signs weights are not here")
def test_a_sign_is_answered_by_the_networks_for_signs() -> None:
    drawn = io.BytesIO()
    crop(1, "test", 0).picture.save(drawn, "PNG")
    app = opened(weights="Signs (60 classes)", networks="SqueezeNet", formats=["FP32", "FIXED-8"])
    app.file_uploader(key="upload").upload("sign.png", drawn.getvalue(), "image/png").run()
    assert not app.exception
    assert cards(app).names == ["SqueezeNet, FP32", "SqueezeNet, FIXED-8"]
    assert sum(label in cards(app).text for label in labels("signs")) >= 5


def words_below(app: AppTest) -> str:
    return " ".join(element.value for element in app.caption).replace("\\", "")


def test_a_link_opens_a_picture_of_a_set_and_another_choice_leaves_it() -> None:
    app = opened(data="signs:50:7", picture="17", networks="SqueezeNet", formats="FP32")
    assert not app.exception
    assert seen(app) == "test 17"
    name = labels("signs")[crop(7, "test", 17).signs[0].label]
    assert f"**This is: {name}.** test 17, picture 17 of Signs (50 of split test, seed 7)." in words_below(app)
    assert cards(app).names == ["SqueezeNet, FP32"]
    app.multiselect(key="formats").set_value(["fp32", "int8"]).run()
    assert seen(app) == "test 17"
    app.button(key="leave").click().run()
    assert seen(app) == samples()[0].name
    assert not {"data", "picture"} & set(app.query_params)


def test_a_link_may_name_the_part_of_the_set() -> None:
    app = opened(data="signs:50:7", split="val", picture="17", networks="SqueezeNet", formats="FP32")
    assert not app.exception and seen(app) == "val 17"
    app.button(key="leave").click().run()
    assert not {"data", "picture", "split"} & set(app.query_params)
    assert "There is no split named" in " ".join(
        element.value for element in opened(data="signs:50:7", split="x", picture="17").error
    )


def test_a_dropped_photo_takes_the_place_of_a_linked_picture() -> None:
    app = opened(data="signs", picture="3", networks="SqueezeNet", formats="FP32")
    app.file_uploader(key="upload").upload("red.jpg", jpeg("red"), "image/jpeg").run()
    assert not app.exception and seen(app) == "red.jpg"
    assert not {"data", "picture"} & set(app.query_params)


@pytest.mark.parametrize(
    ("data", "number", "sentence"),
    [
        ("signs:5", "5", "Signs (5 of split test, seed 0) has no picture number '5'. Give a whole number from 0 to 4."),
        ("signs:0", "0", "signs:0 names no Signs set."),
        ("imagenette", "0", "Imagenette (320px) is not here."),
        ("/etc", "0", "A link opens no folder that no sweep here was begun with, such as '/etc'."),
    ],
)
def test_a_link_to_nothing_is_a_sentence_beside_the_gallery(data: str, number: str, sentence: str) -> None:
    app = opened(data=data, picture=number, networks="SqueezeNet", formats="FP32")
    assert not app.exception
    assert any(element.value.replace("\\", "").startswith(sentence) for element in app.error)
    assert seen(app) == samples()[0].name
    app.selectbox(key="sample").select(samples()[1].name).run()
    assert not app.error and "data" not in app.query_params


def test_a_link_opens_the_folder_of_a_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BITLENS_CACHE", str(tmp_path / "cache"))
    folder = str(write_files(tmp_path / "pets", {**two_classes(), "cat/bad.jpg": b"no picture"}))
    shared_jobs.cache_clear()
    try:
        shared_jobs().add("sweep", json.dumps({"data": folder}))
        app = opened(data=folder, picture="4", networks="SqueezeNet", formats="FP32")
        assert "This is: dog.** dog/" in words_below(app)
        app = opened(data=folder, picture="3", networks="SqueezeNet", formats="FP32")
        assert any("bad.jpg" in element.value.replace("\\", "") for element in app.error) and not app.exception
    finally:
        shared_jobs.cache_clear()


@pytest.mark.skipif(not availability("squeezenet", "signs").present, reason="the signs weights are not here")
def test_the_gallery_of_the_networks_for_signs_has_signs() -> None:
    app = opened(weights="Signs (60 classes)", networks="SqueezeNet", formats="FP32")
    assert seen(app) == f"test {SHOWN_SIGNS[0]}"
    app.selectbox(key="sign").select(SHOWN_SIGNS[3]).run()
    assert seen(app) == f"test {SHOWN_SIGNS[3]}" and "This is: Stop." in words_below(app)
    app.selectbox(key="weights").select("photos").run()
    assert seen(app) == samples()[0].name and not app.exception


def test_the_weights_on_offer_are_the_registrys() -> None:
    app = opened(networks="SqueezeNet", formats="FP32")
    assert app.selectbox(key="weights").options == [*(entry.title for entry in WEIGHTS.values()), "A file"]


def test_weights_of_ones_own_are_asked_for() -> None:
    app = opened(weights="A file")
    assert any(element.value.startswith("Drop a weights file") for element in app.info)


def test_the_page_is_drawn_before_torch_is_imported() -> None:
    """The inference thread imports it, which takes seconds."""
    code = "import sys, pages.parts.comparing; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=APP.parent).returncode == 0


def test_the_address_that_a_sweep_gives_opens_the_picture_in_its_formats() -> None:
    plan = Plan(("squeezenet",), ("signs",), ("fp32", "fixed8"), "signs:50:7")
    variant = Variant("squeezenet", "signs", "fixed8", calibration=Calibration("percentile", False))
    query = compare_query(plan, variant, 17)
    assert query is not None
    app = opened(**parse_qs(query))
    assert seen(app) == "test 17"
    assert cards(app).names == ["SqueezeNet, FP32", "SqueezeNet, FIXED-8"]
    assert app.selectbox(key="weights").value == "signs"
    assert app.selectbox(key="calibrator").value == "percentile"
    assert app.toggle(key="search").value is False
