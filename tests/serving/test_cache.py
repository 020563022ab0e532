from __future__ import annotations

import threading

from core.serving.cache import LeastRecent


def test_what_was_used_longest_ago_goes_first() -> None:
    kept: LeastRecent[str] = LeastRecent(2)
    kept.put("a", "A")
    kept.put("b", "B")
    assert kept.get("a") == "A"
    kept.put("c", "C")
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == ("A", None, "C")
    assert len(kept) == 2


def test_the_limit_is_of_all_sizes_together() -> None:
    kept: LeastRecent[str] = LeastRecent(10, len)
    kept.put("four", "aaaa")
    kept.put("six", "bbbbbb")
    assert len(kept) == 2
    kept.put("one", "c")
    assert (kept.get("four"), kept.get("six"), kept.get("one")) == (None, "bbbbbb", "c")


def test_the_newest_stays_however_large() -> None:
    kept: LeastRecent[str] = LeastRecent(3, len)
    kept.put("small", "a")
    kept.put("large", "bbbbb")
    assert (kept.get("small"), kept.get("large")) == (None, "bbbbb")
    kept.put("large", "c")
    assert kept.get("large") == "c"
    assert len(kept) == 1


def test_drop_one_and_drop_some() -> None:
    kept: LeastRecent[int] = LeastRecent(5)
    for key in range(3):
        kept.put(key, key)
    kept.drop(1)
    kept.drop("never there")
    assert [kept.get(key) for key in range(3)] == [0, None, 2]
    kept.drop_where(lambda key: key > 1)
    assert [kept.get(key) for key in range(3)] == [0, None, None]


def test_many_threads_keep_to_the_limit() -> None:
    kept: LeastRecent[int] = LeastRecent(10)
    failures: list[BaseException] = []

    def use(first: int) -> None:
        try:
            for key in range(first, first + 300):
                kept.put(key % 25, key)
                kept.get((key + 7) % 25)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=use, args=(100 * index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(kept) == 10
