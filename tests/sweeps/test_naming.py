"""What sets and weights are called."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.sweeps.naming import weights_names, without_folders

PATHS = st.builds("{}/{}".format, st.sampled_from(["/a", "/b", "/c/a"]), st.sampled_from(["x", "y", "x (2)"]))


def test_a_folder_is_left_out_and_nothing_else() -> None:
    assert [without_folders(text) for text in ("/elsewhere/pets", "signs:1000:0", "imagenette")] == [
        *("pets", "signs:1000:0", "imagenette"),
    ]


def test_files_of_one_name_are_numbered() -> None:
    assert weights_names(["photos", "/b/x.st", "/a/x.st", "/b/x.st"]) == {
        **{"photos": "photos", "/b/x.st": "x.st", "/a/x.st": "x.st (2)"},
    }


@given(st.lists(PATHS))
def test_names_are_distinct_and_their_own_names(weights: list[str]) -> None:
    names = weights_names(weights)
    assert names.keys() == set(weights) and len(set(names.values())) == len(names)
    assert weights_names(names.values()) == {name: name for name in names.values()}
