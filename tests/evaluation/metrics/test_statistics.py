"""Intervals, against published values and simulated data."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from videodirector.evaluation import Displacement, Estimate, Proportion


def test_the_wilson_interval_is_the_published_one() -> None:
    low, high = Proportion(8, 10).interval  # z = 1.96: (8 + z²/2 ± z sqrt(8 * 2 / 10 + z²/4)) / (10 + z²)
    assert low == pytest.approx(0.4902, abs=1e-4)
    assert high == pytest.approx(0.9433, abs=1e-4)
    assert str(Proportion(8, 10)) == "80.0% (8/10, 95 % interval 49.0% to 94.3%)"
    assert Proportion.from_outcomes([]).interval == (0.0, 1.0)
    assert math.isnan(Proportion.from_outcomes([]).value)
    assert str(Proportion.from_outcomes([])) == "none (0/0)"
    assert Proportion.from_outcomes([]).as_dict()["value"] is None
    with pytest.raises(ValueError, match="cannot be"):
        Proportion(3, 2)


def test_the_interval_of_a_mean_holds_the_true_mean_and_counts_groups() -> None:
    rng = np.random.default_rng(3)
    groups = [(rng.normal() + rng.normal(0, 0.1, size=16)).tolist() for _ in range(100)]
    clustered = Estimate.mean(groups)
    loose = Estimate.mean([[value] for group in groups for value in group])
    assert clustered.value == pytest.approx(loose.value)
    assert clustered.low < clustered.value < clustered.high
    # Sixteen frames of one plan tell hardly more than one: the interval must be about four times wider.
    assert 3 < (clustered.high - clustered.low) / (loose.high - loose.low) < 5
    assert clustered.high - clustered.low == pytest.approx(2 * 1.96 / 10, rel=0.25)
    assert clustered == Estimate.mean(groups)
    assert clustered.total == 100


def test_shares_are_in_doubt_even_where_all_agree() -> None:
    sure = Estimate.share([[1.0] * 16] * 10)
    low, high = Proportion(10, 10).interval  # ten plans, whatever the number of their frames
    assert (sure.low, sure.high) == pytest.approx((low, high), abs=1e-3)
    rng = np.random.default_rng(1)
    loose = Estimate.share([[float(rng.random() < 0.7)] for _ in range(200)])
    low, high = Proportion(round(loose.value * 200), 200).interval
    assert (loose.low, loose.high) == pytest.approx((low, high), abs=0.005)
    together = Estimate.share([[float(rng.random() < 0.7)] * 16 for _ in range(200)])
    assert together.high - together.low == pytest.approx(loose.high - loose.low, rel=0.2)
    assert Estimate.share([]).total == 0
    assert math.isnan(Estimate.mean([[1.0, 2.0]]).low), "one plan tells nothing of others"


def test_a_mean_of_nothing_is_still_json() -> None:
    nothing = Estimate.mean([[], []])
    assert str(nothing) == "none"
    assert json.loads(json.dumps(nothing.as_dict(), allow_nan=False)) == {"value": None, "interval95": None, "total": 0}


def test_the_jackknife_of_a_mean_is_its_standard_error() -> None:
    values = np.random.default_rng(5).normal(size=400)
    found = Estimate.jackknife(lambda kept: float(values[list(kept)].mean()), 400)
    assert found.value == pytest.approx(values.mean())
    assert (found.high - found.low) / 2 == pytest.approx(1.96 / 20, rel=0.4)
    alone = Estimate.jackknife(lambda kept: 7.0, 1)
    assert (alone.value, str(alone)) == (7.0, "7")
    assert alone.as_dict()["interval95"] is None


def test_displacements() -> None:
    exact = Displacement(requested=((0.25, 0.0), (0.0, -0.25)), observed=((0.25, 0.0), (0.0, -0.25)))
    assert exact.ratio == pytest.approx(1)
    assert exact.correlation == pytest.approx(1)
    assert exact.followed == Proportion(2, 2)
    lazy = Displacement(requested=((0.25, 0.0), (0.25, 0.0)), observed=((0.1, 0.0), None))
    assert lazy.ratio == pytest.approx(0.4)
    assert lazy.correlation == pytest.approx(1)
    assert lazy.followed == Proportion(0, 2)
    assert math.isnan(Displacement(requested=((0.25, 0.0),), observed=(None,)).ratio)
    assert Displacement(requested=(), observed=()).as_dict()["correlation"] is None
    with pytest.raises(ValueError, match="1 requested displacements, 0 observed"):
        Displacement(requested=((0.25, 0.0),), observed=())
