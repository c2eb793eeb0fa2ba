"""Sessions of onnxruntime, of one thread each, for the networks of several stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, Protocol

from changedet.arrays import Singles

MOST_SESSIONS: Final = 6
"""As many networks as a tile asks: boxes, their second look, change with near infrared and without, ground; and one."""


class Session(Protocol):
    """What is used of an onnxruntime session."""

    def run(self, names: None, inputs: Mapping[str, Singles]) -> Sequence[Singles]:
        """Outputs of the network.

        Parameters
        ----------
        names : None
            All outputs.
        inputs : mapping of str to float32
            Arrays by input name.

        Returns
        -------
        sequence of float32
            Arrays.
        """

    def get_modelmeta(self) -> ModelMeta:
        """What the file says of itself.

        Returns
        -------
        ModelMeta
            With the custom metadata.
        """


class ModelMeta(Protocol):
    """What is used of an ONNX file's metadata.

    Attributes
    ----------
    custom_metadata_map : dict of str to str
        Texts by key.
    """

    custom_metadata_map: dict[str, str]


@lru_cache(maxsize=MOST_SESSIONS)
def session(model: bytes) -> Session:
    """An onnxruntime session of one thread; one a process.

    Parameters
    ----------
    model : bytes
        The network's file.

    Returns
    -------
    Session
        Ready to run.
    """
    import onnxruntime  # loads for a good part of a second

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    # Errors alone.
    options.log_severity_level = 3
    # An arena keeps twice the memory of the largest block for good, and spares 4 % of the time.
    options.enable_cpu_mem_arena = False
    # A pattern takes what a call needs in one block, too large to be kept for the next call.
    options.enable_mem_pattern = False
    made: Session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return made
