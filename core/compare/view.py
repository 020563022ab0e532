"""What the networks are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.compare.records import Box
from core.images.crop import Crop, crop_box, cut
from core.images.decode import Picture
from core.models.preprocessing import Preprocessing

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class View:
    """A picture and the crop of it that the networks are shown."""

    picture: Picture
    crop: Crop = Crop()

    def box(self, preprocessing: Preprocessing) -> Box:
        """What the network sees, in the picture's own pixels."""
        image = self.picture.image
        return crop_box(image.width, image.height, self.crop, preprocessing.fraction)

    def tensor(self, preprocessing: Preprocessing) -> Tensor:
        """[1, 3, side, side], preprocessed: the same for every format."""
        return preprocessing.tensor(cut(self.picture.image, self.box(preprocessing), preprocessing.side))
