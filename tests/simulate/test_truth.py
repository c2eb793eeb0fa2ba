"""Tables of the truth agree with the image and with each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from simulated_site import world

from changedet.simulate import Truth, render


def test_truth_containers_have_their_colour_where_they_stand() -> None:
    """Red, blue and white single-tier boxes look it in the picture, at the place that the truth gives."""
    site = world("quiet", gsd_m=0.5)
    table, view = Truth(site).containers(), render(site, 0)
    table = table[table["date"] == pd.Timestamp(site.dates[0], tz="UTC")]
    look, shown, true = site.looks[0], [], []
    for row in table.itertuples():
        x, y = (
            shapely.get_coordinates(row.geometry.centroid)[0]
            - (site.centre_east_m, site.centre_north_m)
            + look.lean * 2.59 * row.tiers
        )
        a, _, c, _, e, f = view.to_ground
        q, r = int((x - c) / a), int((y - f) / e)
        if 1 < q < 318 and 1 < r < 318:
            shown.append(view.image[:3, r, q] / 1e4)
            true.append([(int(row.color[k : k + 2], 16) / 255) ** 2.2 for k in (5, 3, 1)])
    assert len(true) > 15
    chroma = [np.asarray(v)[:, 2] - np.asarray(v)[:, 0] for v in (shown, true)]
    assert np.corrcoef(*chroma)[0, 1] > 0.8
    assert np.corrcoef(np.ravel(shown), np.ravel(true))[0, 1] > 0.8


def test_truth_tracks_keep_identities() -> None:
    site = world()
    tracks, boxes = Truth(site).tracks(), Truth(site).containers()
    assert tracks["object_id"].is_unique
    assert set(boxes["object_id"]) <= set(tracks["object_id"])
    assert not boxes.drop_duplicates(["object_id", "kind", "color"])["object_id"].duplicated().any()
    spans = boxes.merge(tracks.drop(columns="geometry"), on="object_id")
    assert (spans["arrived"] <= spans["date"]).all()
    assert (spans["departed"].isna() | (spans["departed"] <= spans["date"].max())).all()
    gone = spans["departed"].notna()
    assert (spans.loc[gone, "date"] < spans.loc[gone, "departed"]).all()


def test_truth_railcars_bear_the_boxes_on_their_trains() -> None:
    site = world("trains")
    cars, boxes = Truth(site).railcars(), Truth(site).containers()
    assert len(cars) > 3
    assert set(cars["kind"]) <= {"flat", "box"}
    inside = boxes.geometry.within(boxes.geometry.union_all().envelope.buffer(-12))
    on_rails = boxes[(boxes["yard"] == "rail") & inside]
    for day, own in on_rails.groupby("date"):
        loaded = cars[(cars["date"] == day) & cars["loaded"]].geometry.union_all()
        assert own.geometry.centroid.within(loaded.buffer(1.5)).mean() > 0.9
