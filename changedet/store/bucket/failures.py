"""What goes wrong between this machine and a store, in one line: where, what, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from changedet.errors import InputError

_CREDENTIALS: Final = (
    "check the credentials (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE) and what they may do there"
)
_NETWORK: Final = "check the store's address and the network"
_REGION: Final = "the bucket lies in another region; set AWS_REGION"
_REMEDIES: Final = {
    "NoSuchBucket": "there is no such bucket; make it, or give another address",
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "IllegalLocationConstraintException": _REGION,
    "RequestTimeTooSkewed": "set this machine's clock",
    "301": _REGION,
    "401": _CREDENTIALS,
    "403": _CREDENTIALS,
    "404": "there is nothing of that name; check the address",
}
_OF_CREDENTIALS: Final = frozenset(
    {
        *("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "ConfigParseError", "ConfigNotFound"),
        *("CredentialRetrievalError", "TokenRetrievalError", "UnauthorizedSSOTokenError", "SSOTokenLoadError"),
        *("RefreshWithMFAUnsupportedError", "InvalidConfigError", "MetadataRetrievalError"),
    }
)
_LIBRARIES: Final = frozenset({"botocore", "urllib3"})


class StoreError(InputError):
    """A store cannot be used as it was asked to be."""


@contextmanager
def telling(where: object, what: str) -> Iterator[None]:
    """Turn what the store, the network or the client's library say into one line.

    What a server says of itself is left out but for its error's code: it may repeat what it was sent, a session's
    token among it. So is what led to the error, which `-v` would print.

    Parameters
    ----------
    where : object
        The address, by its text.
    what : str
        What could not be done, such as ``cannot be read``.

    Yields
    ------
    None
        While the store is spoken to.

    Raises
    ------
    StoreError
        It failed.
    """
    try:
        yield
    except Exception as error:
        # The library asks for a bucket's region again and again where a store sends each request elsewhere.
        known = isinstance(error, ConnectionError | RecursionError)
        if type(error).__module__.split(".")[0] not in _LIBRARIES and not known:
            raise
        raise StoreError(f"{where}: {what} ({_said(error)}); {_remedy(error)}") from None


def code_of(error: Exception) -> str:
    """The code by which a store names an error.

    Parameters
    ----------
    error : Exception
        Of the client.

    Returns
    -------
    str
        Such as ``NoSuchKey``; empty where no store answered.
    """
    answer = getattr(error, "response", None)
    told = answer.get("Error", {}).get("Code", "") if isinstance(answer, dict) else ""
    return re.sub(r"[^A-Za-z0-9]", "", str(told))[:60]


def _status(error: Exception) -> str:
    answer = getattr(error, "response", None)
    return str(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", "")) if isinstance(answer, dict) else ""


def _said(error: Exception) -> str:
    found = " ".join(dict.fromkeys(word for word in (_status(error), code_of(error)) if word))
    return found or type(error).__name__


def _remedy(error: Exception) -> str:
    known = _REMEDIES.get(code_of(error)) or _REMEDIES.get(_status(error))
    if known:
        return known
    if type(error).__name__ in _OF_CREDENTIALS:
        return _CREDENTIALS
    return "the store refuses or fails; try again later" if _status(error) else _NETWORK
