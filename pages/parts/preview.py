"""The picture with the crop outlined, and the crop as the networks see it.

Both are part of the page itself: a picture that the server keeps for the browser to fetch may be gone when a faster click
has redrawn the page.
"""

from __future__ import annotations

from html import escape

from PIL import Image

from core.images.crop import crop_box, cut
from core.images.draw import DrawnBox, data_uri, draw_boxes, shrink
from pages.parts.picker import Picked

SHOWN = 640
CROP_COLOUR = "#E69F00"
STYLE = """<style>
.bl-seen {margin: 0}
.bl-seen img {display: block; width: 100%; border-radius: 6px}
.bl-seen figcaption {display: flex; gap: .6rem; align-items: center; margin-top: .5rem; font-size: .8rem; opacity: .85}
.bl-seen figcaption img {width: 5rem; height: 5rem; flex: none; image-rendering: pixelated; border-radius: 4px}
</style>"""


def show(picked: Picked, fraction: float, side: int) -> None:
    """`fraction` of the crop is what networks see, as `side` x `side` pixels."""
    image, name = picked.current.image, escape(picked.current.name, quote=True)
    box = crop_box(image.width, image.height, picked.crop, fraction)
    whole = data_uri(_outlined(image, box), "JPEG")
    seen = data_uri(cut(image, box, side), "PNG")
    picked.place.html(
        f'{STYLE}<figure class="bl-seen"><img src="{whole}" alt="{name}, with the crop that the networks see outlined">'
        f'<figcaption><img src="{seen}" alt="The {side} x {side} pixels that the networks see">'
        f"<span>The {side} × {side} pixels that every network sees, the same for every format.</span>"
        "</figcaption></figure>"
    )
    if picked.current.note:
        picked.place.caption(picked.current.note)


def _outlined(image: Image.Image, box: tuple[float, float, float, float]) -> Image.Image:
    """Made small before it is drawn on, so that a large photograph costs no more than a small one.

    One of a few pixels is made large, pixel by pixel, so that the outline does not cover what it is around.
    """
    small, times = shrink(image, SHOWN), SHOWN // max(image.size)
    if times > 1:
        small = image.resize((times * image.width, times * image.height), Image.Resampling.NEAREST)
    across, down = small.width / image.width, small.height / image.height
    scaled = (box[0] * across, box[1] * down, box[2] * across, box[3] * down)
    return draw_boxes(small, [DrawnBox(scaled, CROP_COLOUR)])
