from __future__ import annotations

from core.charts import loss

FALLING = [(step, 2.0 - step / 100) for step in range(1, 101)]


def test_the_mean_curve_has_the_mean_of_every_stretch() -> None:
    assert loss.stretches([(1, 1.0), (2, 3.0), (3, 5.0)]) == [(3, 3.0)]
    many = loss.stretches([(step, float(step % 2)) for step in range(1, 401)])
    assert len(many) == 40 and many[-1][0] == 400
    assert all(value == 0.5 for _, value in many)


def test_the_title_says_which_way_it_went() -> None:
    assert loss.finding(FALLING) == "The loss fell from 1.970 to 1.020 in 100 steps"
    rising = [(step, -value) for step, value in FALLING]
    assert loss.finding(rising).startswith("The loss did not fall: it went from -1.970 to -1.020")


def test_the_chart_has_every_step_and_room_for_those_to_come() -> None:
    drawn = loss.chart(FALLING, "fixed4", "SqueezeNet FIXED-4", 400)
    assert list(drawn.data[0].x) == [step for step, _ in FALLING]
    assert drawn.layout.xaxis.range == (0, 400)
    assert not any(one.cliponaxis for one in drawn.data)  # the last point lies on the axis's end
    assert drawn.layout.meta["finding"] == loss.finding(FALLING)
    assert loss.finding(FALLING) in loss.alt(FALLING, "SqueezeNet FIXED-4")
