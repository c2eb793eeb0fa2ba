"""Random changes of texts, documents and bytes, for `benchmarks/fuzz.py`."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

NASTY = (
    *("", " ", "null", "~", "true", "-1", "0", "1e999", "-1e999", ".nan", "NaN", "Infinity", "99999999999999999999"),
    *("0000-00-00", "9999-12-31", "2023-02-30", "2023-06-04T25:00:00Z", "auto", "none", "..", "/", "/dev/zero", "."),
    *("[]", "{}", "[[[[[[[[", "{{{{", "&a [*a]", "*a", "<<: *a", "!!python/object:os.system x", "!!binary aa", "--- a"),
    *("a" * 300, "%s%n", "\x00", "\x1b[31m", "\u202e", "\ud7ff", "é" * 50, "=1+1", "<script>", "file:///etc/passwd"),
    *(
        "EPSG:0",
        "EPSG:4326",
        "EPSG:99999999",
        "+proj=longlat +R=1",
        "+init=/etc/passwd",
        "IGNF:NONE",
        "1e308",
        "1e-320",
    ),
    *("http://127.0.0.1:1/x.tif", "https://[::1", "s3://", "/vsimem/x", "/vsicurl?url=http://127.0.0.1:1/", "1:2:3"),
)
NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def mutated_text(text: str, dice: random.Random) -> str:
    """A text with one to four places changed: words, lines, characters."""
    for _ in range(dice.randint(1, 4)):
        lines = text.splitlines() or [""]
        k = dice.randrange(len(lines))
        words = lines[k].split(" ")
        w = dice.randrange(len(words))
        choice = dice.randrange(7)
        if choice == 0:
            words[w] = dice.choice(NASTY)
        elif choice == 1:
            key, colon, _ = lines[k].partition(":")
            words = [f"{key}{colon} {dice.choice(NASTY)}"]
        elif choice == 2:
            words = []
        elif choice == 3:
            words += dice.choice(lines).split(" ")
        elif choice == 4:
            at = dice.randrange(len(lines[k]) + 1)
            words = [
                lines[k][:at] + chr(dice.choice((9, 10, 34, 39, 58, 91, 93, 123, 125, 44, 0, 0x2028))) + lines[k][at:]
            ]
        elif choice == 5:
            words = [" " * dice.randint(1, 6) + lines[k].lstrip()]
        else:
            words = [lines[k][: dice.randrange(len(lines[k]) + 1)]]
        lines[k] = " ".join(words)
        text = "\n".join(lines)
    return text


def mutated_json(value: object, dice: random.Random) -> object:
    """A document with one to three of its values replaced, left out, doubled or wrapped."""
    for _ in range(dice.randint(1, 3)):
        holders = list(_holders(value))
        if not holders:
            return dice.choice(NASTY)
        holder, key = dice.choice(holders)
        choice = dice.randrange(6)
        if choice == 0:
            holder[key] = dice.choice(NASTY)  # type: ignore[index]
        elif choice == 1:
            holder[key] = dice.choice((None, True, -1, 0, 1e300, -1e300, float("nan"), 10**30, [], {}, [[]], ""))  # type: ignore[index]
        elif choice == 2:
            del holder[key]  # type: ignore[attr-defined]
        elif choice == 3:
            holder[key] = [holder[key]] * dice.choice((1, 2, 50))  # type: ignore[index]
        elif choice == 4:
            holder[key] = {"a": holder[key]}  # type: ignore[index]
        else:
            other, name = dice.choice(holders)
            holder[key] = json.loads(json.dumps(other[name]))  # type: ignore[index]
    return value


def _holders(value: object) -> Iterator[tuple[object, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield value, key
            yield from _holders(inner)
    elif isinstance(value, list):
        for k, inner in enumerate(value):
            yield value, k
            yield from _holders(inner)


def mutated_bytes(content: bytes, dice: random.Random) -> bytes:
    """Bytes with one to eight places changed, most of them where headers are; some are cut short."""
    found = bytearray(content)
    for _ in range(dice.randint(1, 8)):
        at = min(int(dice.expovariate(1 / 200)), len(found) - 1) if dice.random() < 0.7 else dice.randrange(len(found))
        size = dice.choice((1, 1, 2, 4))
        number = dice.choice(NUMBERS) if dice.random() < 0.6 else dice.getrandbits(8 * size)
        found[at : at + size] = (number % (1 << 8 * size)).to_bytes(size, dice.choice(("little", "big")))
    return bytes(found[: dice.randrange(len(found))]) if dice.random() < 0.1 else bytes(found)
