"""Classes of an overview: saturation, labels of broken skies, and thick cloud beside white roofs."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, rotate
from scipy.ndimage import label as ndimage_label

from changedet.kernels import components
from changedet.kernels.pixel_classes import CLEAR, CLOUD, SATURATED
from changedet.stages.mask.kernels import overview_classes
from changedet.stages.mask.kernels.cloud_context import ENCLOSED, HiddenProbability
from changedet.stages.mask.kernels.cloud_light import CloudBands
from changedet.stages.mask.kernels.cloud_trees import thick_cloud
from changedet.stages.mask.kernels.light_units import LightUnits
from changedet.stages.mask.kernels.overview_classes import classify_overview

BANDS = CloudBands((0, 1, 2), None)


def test_classify_overview_eight_bit_white_is_saturated_only_where_no_roof_is_that_wide():
    clipped = np.zeros((4, 200, 200), np.float32) + 90
    clipped[:, 40:160, 40:160] = 255
    classes = classify_overview(clipped, None, BANDS, 1.0, LightUnits(1e9, 253.5), None, ())
    assert (classes[60:140, 60:140] == SATURATED).all()
    assert (classes[:38] == CLEAR).all()


def test_classify_overview_labels_many_cores_rightly():
    """Flat boolean pictures are labelled wrongly by cc3d 4.1.1, which ended a run under a broken sky."""
    rng = np.random.default_rng(3)
    for size in (4, 6, 8):
        rough = gaussian_filter(rng.normal(size=(403, 515)), size)
        values = np.where(rough > rough.std(), 7000.0, 1000.0)[None] * np.ones((3, 1, 1))
        classify_overview(values.astype(np.float32), None, BANDS, 5.0, LightUnits(2200.0, float("inf")), None, ())
        cores = rough > rough.std()
        ours, theirs = components.label(cores.astype(np.uint8)), ndimage_label(cores, np.ones((3, 3)))[0]
        pairs = set(zip(ours.ravel().tolist(), theirs.ravel().tolist(), strict=True))
        assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})


def test_thick_cloud_is_what_is_white_within_a_cloud_and_no_white_roof_beside_it() -> None:
    bands, reference = np.full((2, 3, 40, 40), 0.2, np.float32)
    cloud = np.zeros((40, 40), bool)
    cloud[5:25, 5:25] = True
    # The cloud's own texture; its core is whiter than most of it, and nothing there was found.
    bands[:, cloud] = np.random.default_rng(3).uniform(0.7, 0.9, cloud.sum())
    bands[:, 10:16, 10:16] = 0.9
    found_by_trees = cloud.copy()
    found_by_trees[10:16, 10:16] = False
    # Roofs beside it: one as white before, one less bright; and as bright a thing that no cloud touches.
    bands[:, 12:16, 25:30] = reference[:, 12:16, 25:30] = 0.85
    bands[:, 18:22, 25:30] = 0.5
    bands[:, 32:36, 32:36] = 0.9
    found = thick_cloud(found_by_trees, found_by_trees, bands, reference)
    np.testing.assert_array_equal(found & ~found_by_trees, cloud & ~found_by_trees)
    assert not thick_cloud(np.zeros_like(cloud), found_by_trees, bands, reference).any()


def ground_and(thing: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A date with a bright thing (0 to 1) and its reference without, in shares of white."""
    rough = gaussian_filter(np.random.default_rng(5).normal(size=thing.shape), 1)
    ground = (0.2 + 0.03 * rough / rough.std()) * np.ones((3, 1, 1))
    return (ground + thing * (0.85 - ground)).astype(np.float32), ground.astype(np.float32)


def a_cloud() -> np.ndarray:
    rows, columns = np.mgrid[:130, :130]
    far = (
        np.hypot(rows - 60, columns - 66) + 6 * gaussian_filter(np.random.default_rng(2).normal(size=(130, 130)), 9) * 9
    )
    return np.clip((44 - far) / 20, 0, 1)


def a_yard() -> np.ndarray:
    """Pale concrete, paler towards its middle, with an outline of one pixel."""
    rows, columns = np.mgrid[:130, :130]
    yard = np.zeros((130, 130))
    yard[25:100, 20:110] = (0.5 + 0.4 * np.exp(-((rows - 60) ** 2 + (columns - 65) ** 2) / 900))[25:100, 20:110]
    return yard


def test_classify_overview_a_new_pale_yard_is_no_cloud_in_a_stretched_picture() -> None:
    for thing, share in ((a_cloud(), 0.9), (a_yard(), 0.0)):
        date, reference = (250 * image for image in ground_and(thing))
        classes = classify_overview(date, reference, BANDS, 2.0, LightUnits(150.0, 253.5), None, ())
        assert ((classes == CLOUD)[thing > 0.8].mean() >= 0.9) == (share > 0)
        assert share > 0 or (classes == CLEAR).all()


def test_classify_overview_a_new_pale_yard_is_no_cloud_in_raw_counts() -> None:
    """Its core has a contour that fades; the outline of all that is paler than before is the yard's."""
    yard = a_yard()
    # Boxes in its paler middle: its core is ragged, too.
    yard[40:90:8, 40:46] = 0
    for thing, is_cloud in ((a_cloud(), True), (yard, False)):
        date, reference = (1400 * image for image in ground_and(thing))
        classes = classify_overview(date, reference, BANDS, 2.0, LightUnits(0.0, float("inf")), None, ())
        assert ((classes == CLOUD)[thing > 0.8].mean() >= 0.9) == is_cloud
        assert is_cloud or (classes == CLEAR).all()


def a_hall_on_its_apron() -> np.ndarray:
    """Two bright slopes amid a pale apron, by a soft camera: two steps, neither of which is the whole edge."""
    hall = np.zeros((130, 130))
    hall[40:84, 30:94] = 0.25
    hall[50:62, 40:84], hall[62:74, 40:84] = 0.7, 1.0
    return np.asarray(gaussian_filter(hall, 1.0))


@pytest.mark.parametrize("turned_deg", [0, 25])
def test_classify_overview_a_new_hall_on_its_apron_is_no_cloud(turned_deg: int) -> None:
    hall = np.clip(rotate(a_hall_on_its_apron(), turned_deg, reshape=False, order=1), 0, 1)
    assert not hidden_by(hall).any()


def test_classify_overview_a_cloud_that_the_frame_cuts_to_a_rectangle_is_one() -> None:
    soft = np.zeros((130, 130))
    soft[:58, :70] = 1.0
    soft = gaussian_filter(soft, 3.5)
    assert hidden_by(soft)[soft > 0.8].mean() > 0.9


def hidden_by(thing: np.ndarray) -> np.ndarray:
    date, reference = (1400 * image for image in ground_and(thing))
    return classify_overview(date, reference, BANDS, 2.0, LightUnits(0.0, float("inf")), None, ()) != CLEAR


def test_classify_overview_clouds_are_white_in_raw_counts_too() -> None:
    gains = np.float32([1.35, 1.0, 0.8])[:, None, None]
    thing = a_cloud()
    date, reference = (1400 * gains * image for image in ground_and(thing))
    classes = classify_overview(date, reference, BANDS, 2.0, LightUnits(0.0, float("inf")), None, ())
    assert (classes == CLOUD)[thing > 0.8].mean() > 0.9


@pytest.mark.parametrize(("midst", "covered"), [(ENCLOSED, True), (0.39, False), (np.nan, True)])
def test_what_looks_like_a_cloud_is_sand_where_trees_find_nothing_that_thins_out(monkeypatch, midst, covered) -> None:
    """Where they do not know the ground, as under a reference's own cloud, what the tests find stays."""
    thing = a_cloud()

    def by_trees(own, *_rest) -> HiddenProbability:
        found = np.where(thing > 0.5, np.float32(midst), np.float32(0.03))
        return HiddenProbability(found, np.zeros_like(found))

    monkeypatch.setattr(overview_classes, "cloud_probabilities", by_trees)
    date, reference = (1400 * image for image in ground_and(thing))
    classes = classify_overview(date, reference, BANDS, 2.0, LightUnits(0.0, float("inf")), None, (None,) * 4)
    assert ((classes == CLOUD)[thing > 0.8].mean() > 0.9) == covered
    assert covered or (classes == CLEAR).all()


@pytest.mark.parametrize("with_trees", [False, True])
@pytest.mark.parametrize(
    ("infrared", "floor", "pixel_m", "covered"),
    [(1.0, 0.2, 2.0, True), (1.3, 0.2, 2.0, False), (1.3, 0.0, 2.0, True), (1.3, 0.2, 5.0, True)],
)
def test_soil_in_haze_is_as_white_as_a_cloud_and_brighter_in_near_infrared(
    monkeypatch, infrared, floor, pixel_m, covered, with_trees
) -> None:
    """In units that nobody knows near infrared is not comparable with red, and coarse pixels hold plants beside."""
    thing = a_cloud()
    found = HiddenProbability(np.where(thing > 0.5, np.float32(0.95), np.float32(0.03)), np.zeros(thing.shape, "f4"))
    monkeypatch.setattr(overview_classes, "cloud_probabilities", lambda *_args: found)
    visible, reference = ground_and(thing)
    date, reference = (np.concatenate([part, infrared * part[-1:]]) for part in (visible, reference))
    bands = CloudBands((0, 1, 2), 3)
    trees = (None,) * 4 if with_trees else ()
    classes = classify_overview(date, reference, bands, pixel_m, LightUnits(floor, float("inf")), None, trees)
    assert ((classes == CLOUD)[thing > 0.8].mean() > 0.9) == covered
    assert covered or (classes == CLEAR).all()
