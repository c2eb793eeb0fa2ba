"""Sessions of onnxruntime: one a file and process."""

from __future__ import annotations

import numpy as np

from changedet.kernels.onnx_session import session
from changedet.models.loader import released_content


def test_session_is_made_once_and_runs() -> None:
    content = released_content("change_network.onnx")
    made = session(content)
    assert session(bytes(content)) is made
    blank = np.zeros((1, 4, 16, 24), np.float32)
    assert made.run(None, {"before": blank, "after": blank})[0].shape == (16, 24)
