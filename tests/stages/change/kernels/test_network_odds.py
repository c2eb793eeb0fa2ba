"""Log odds of the network that compares two dates, and what they do to the trees' probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.blocks.windows import STEP_PX
from changedet.kernels.onnx_session import session
from changedet.kernels.shown_pictures import part_to_show
from changedet.models.loader import released_content
from changedet.stages.change.kernels import feature_names, network_odds

LEVEL, RISE = -0.2, 0.5


@pytest.fixture(scope="module", params=[network_odds.WITH_NIR, network_odds.IN_COLOURS])
def network(request):
    """A network and its session."""
    return request.param, session(released_content(request.param.file))


def told(before, after, network):
    """Log odds of a pair."""
    own, opened = network
    pair = [image.copy() for image in (before, after)]
    for image in pair if own is network_odds.IN_COLOURS else ():
        image[3] = network_odds.MISSING
    return network_odds.network_odds(*pair, opened, own)


def ground(shape=(416, 464)):
    """Mottled ground with nothing on it."""
    return (LEVEL + 0.08 * np.random.default_rng(5).normal(size=(4, *shape))).astype(np.float32)


def with_hall(picture, light=1.0):
    """The same with a hall of ribs, in other light."""
    out = picture * np.float32(light)
    out[:, 120:160, 150:220] = RISE + 0.2 * (np.arange(70) // 3 % 2)
    return out


def test_blocks_step_as_the_networks_cells_do():
    assert network_odds.STEP_PX == STEP_PX
    assert network_odds.WITH_NIR.halo_px <= feature_names.HALO_PX  # of the method


def test_network_odds_tell_a_hall_and_not_other_light(network):
    before = ground()
    noise = 0.02 * np.random.default_rng(6).normal(size=before.shape).astype(np.float32)
    built = told(before, with_hall(before, 0.9) + noise, network)
    dimmed = told(before, before * np.float32(0.8) + noise, network)
    # what is drawn here is like no hall that taught: the order counts, not the level
    assert np.median(built[125:155, 155:215]) > -0.5
    assert dimmed.max() < -2
    back = told(with_hall(before, 0.9) + noise, before, network)
    np.testing.assert_allclose(back, built, atol=1e-4)  # the order of time does not matter


def test_network_odds_are_the_same_bits_in_any_block(network):
    before = ground()
    after = with_hall(before, 0.8)
    whole, halo = told(before, after, network), network[0].halo_px
    for top, left, height, width in ((16, 48, 333, 362), (64, 0, 320, 410), (0, 32, 416, 400)):
        part = (slice(None), slice(top, top + height), slice(left, left + width))
        own = told(before[part], after[part], network)
        inner = (slice(halo, height - halo), slice(halo, width - halo))
        np.testing.assert_array_equal(own[inner], whole[part[1:]][inner])


def test_network_odds_of_what_is_seen_are_the_same_bits_without_the_rest(network):
    own = network[0]
    seen = np.zeros((416, 464), bool)
    seen[200:210, 230:300] = True
    before = np.where(seen, ground(), np.float32(network_odds.MISSING))
    after = np.where(seen, with_hall(ground(), 0.8), np.float32(network_odds.MISSING))
    place = part_to_show(seen, own.halo_px, network_odds.STEP_PX)
    part = (slice(None), *place)
    asked = told(before[part], after[part], network)
    assert asked.size < seen.size
    np.testing.assert_array_equal(asked[seen[place]], told(before, after, network)[seen])
    assert not before[(slice(None), *part_to_show(np.zeros_like(seen), own.halo_px, network_odds.STEP_PX))].size


def test_with_network_odds_adds_up_what_both_say():
    own = np.array([[0.5, 0.9, 1e-5, np.nan]], np.float32)
    said = np.full((1, 4), 2.0, np.float32)
    moved = network_odds.with_network_odds(own, said, network_odds.WITH_NIR)
    even, sure, dismissed = np.log([1.0, 9.0, np.exp(network_odds.LEAST_ODDS)]) + 2
    np.testing.assert_allclose(moved[0, :3], 1 / (1 + np.exp(-np.array([even, sure, dismissed]))), rtol=1e-5)
    assert np.isnan(moved[0, 3])
    careful = network_odds.with_network_odds(own, said, network_odds.WITH_NIR._replace(caution=0.5))
    np.testing.assert_allclose(careful[0, :3], 1 / (1 + np.exp(0.5 - np.array([even, sure, dismissed]))), rtol=1e-5)


def test_in_grey_what_the_trees_dismiss_is_marked_where_the_network_is_sure():
    own, said = np.full((1, 1), 1e-5, np.float32), np.full((1, 1), 2.0, np.float32)
    in_grey = network_odds.with_network_odds(own, said, network_odds.IN_GREY)
    log_odds = network_odds.IN_GREY.trees * network_odds.LEAST_ODDS + 2 - network_odds.IN_GREY.caution
    np.testing.assert_allclose(in_grey, 1 / (1 + np.exp(-log_odds)), rtol=1e-5)
    assert in_grey > 0.8
    assert network_odds.with_network_odds(own, said, network_odds.IN_COLOURS) < 0.1
