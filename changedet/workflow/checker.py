"""Collects every mistake of a workflow file, each with its key and line, while its values are converted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from changedet.errors import Problem, did_you_mean, nearest
from changedet.workflow.yaml_tree import ListNode, MapNode, Node, ScalarNode, YamlTree, line_of, plain_value, printable

T = TypeVar("T")
D = TypeVar("D")

_LONGEST_SHOWN = 60
_LONGEST_KEY = 200
"""Characters of a value and of a key in a message."""


class UnfitError(Exception):
    """A value that does not fit its field; its text ends the error line."""


def shown(node: Node) -> str:
    """The value as a message names it.

    Parameters
    ----------
    node : ScalarNode, ListNode or MapNode
        A value of the file.

    Returns
    -------
    str
        In quotation marks, cut to 60 characters; of a list or a mapping only that it is one.
    """
    if isinstance(node, MapNode):
        return "a mapping"
    if isinstance(node, ListNode):
        return "a list"
    if node.is_null:
        return "nothing"
    written = f"'{node.text[:_LONGEST_SHOWN]}...'" if len(node.text) > _LONGEST_SHOWN else f"'{node.text}'"
    # In quotes a number is text, which a message that shows the value alone would hide.
    is_number = not node.plain and isinstance(plain_value(replace(node, plain=True)), int | float)
    return f"{written} in quotes" if is_number else written


def unfit(node: Node, expected: str) -> UnfitError:
    """The mistake of a value that is not what was expected.

    Parameters
    ----------
    node : ScalarNode, ListNode or MapNode
        The value.
    expected : str
        What it should have been, such as ``a number above 0``.

    Returns
    -------
    UnfitError
        To be raised.
    """
    return UnfitError(f"got {shown(node)}, expected {expected}")


class Checker:
    """Converts a file's values and collects every mistake, so that all are reported at once.

    Parameters
    ----------
    tree : YamlTree
        The file; its own problems are the first.

    Attributes
    ----------
    tree : YamlTree
        As given.
    problems : list of Problem
        What was found so far, in no order.
    """

    def __init__(self, tree: YamlTree) -> None:
        self.tree = tree
        self.problems: list[Problem] = list(tree.problems)
        self._noted = {(problem.key, problem.line) for problem in tree.problems}
        self._mistyped: set[str] = set()

    def wrong(self, key: str, message: str) -> None:
        """Note a mistake.

        Parameters
        ----------
        key : str
            Dotted, such as ``scenes[2].path``.
        message : str
            What is wrong, what was expected.
        """
        line = line_of(self.tree.lines, key)
        # What carries a forbidden tag fits no field either: one mistake, one line.
        if (key, line) not in self._noted:
            self.problems.append(Problem(printable(message), printable(key)[:_LONGEST_KEY], self.tree.file, line))

    def missing(self, at: str, message: str, *keys: str) -> None:
        """Note that a key is missing, unless it stands there mistyped, which has been noted.

        Parameters
        ----------
        at : str
            Dotted key under which the mistake is reported.
        message : str
            What is missing.
        *keys : str
            The missing key, or those of which one is expected.
        """
        if not self._mistyped.intersection(keys):
            self.wrong(at, message)

    def section(
        self,
        node: Node | None,
        key: str,
        known: Iterable[str],
        *,
        example: str,
        empty: bool = True,
        strict: bool = True,
    ) -> dict[str, Node]:
        """The known items of a mapping; notes each other key, and anything that is no mapping.

        Parameters
        ----------
        node : node or None
            None where the section was left out.
        key : str
            Its dotted key, empty for the whole file.
        known : iterable of str
            Keys that it may have.
        example : str
            Of such a section, for the message.
        empty : bool
            Whether it may be left empty.
        strict : bool
            Whether unknown keys are mistakes.

        Returns
        -------
        dict of str to node
            Empty where there is no such mapping.
        """
        if node is None or (empty and isinstance(node, ScalarNode) and node.is_null):
            return {}
        if not isinstance(node, MapNode):
            self.wrong(key, str(unfit(node, f"a mapping such as {example}")))
            return {}
        names = list(known)
        if strict:
            for name in node.items:
                if name not in names:
                    self.unknown(f"{key}.{name}" if key else name, name, names)
        return {name: item for name, item in node.items.items() if name in names}

    def unknown(self, key: str, name: str, known: Iterable[str], *, noun: str = "key") -> None:
        """Note a name that does not exist, with the nearest one or all that do.

        Parameters
        ----------
        key : str
            Dotted, ending in `name`.
        name : str
            As written.
        known : iterable of str
            Names that exist.
        noun : str
            The kind of name, for the message.
        """
        names = list(known)
        near = nearest(name, names)
        self._mistyped.add(f"{key.removesuffix(name)}{near}")
        tail = did_you_mean(name, names) or (f"; expected one of {', '.join(names)}" if names else "")
        self.wrong(key, f"no such {noun}{tail}")

    def take(self, items: Mapping[str, Node], key: str, convert: Callable[[Node], T], default: D) -> T | D:
        """The item that a dotted key ends in, converted.

        Parameters
        ----------
        items : mapping of str to node
            Of the section.
        key : str
            Dotted.
        convert : callable
            From a node to the value; raises `UnfitError`.
        default : object
            Where the item is left out or wrong.

        Returns
        -------
        object
            What `convert` gives, or the default.
        """
        node = items.get(key.rsplit(".", 1)[-1])
        return default if node is None else self.convert(node, key, convert, default)

    def take_list(
        self, items: Mapping[str, Node], key: str, convert: Callable[[Node], T], expected: str, *, empty: bool = False
    ) -> tuple[T, ...]:
        """The items of a list, each converted; notes each that does not fit.

        Parameters
        ----------
        items : mapping of str to node
            Of the section.
        key : str
            Dotted, of the list.
        convert : callable
            From a node to the value; raises `UnfitError`.
        expected : str
            What the list should be, for the message.
        empty : bool
            Whether it may be empty.

        Returns
        -------
        tuple
            Those that fit; empty where the list is left out.
        """
        node = items.get(key.rsplit(".", 1)[-1])
        if node is None:
            return ()
        if not isinstance(node, ListNode) or not (node.items or empty):
            got = "an empty list" if isinstance(node, ListNode) else shown(node)
            self.wrong(key, f"got {got}, expected {expected}")
            return ()
        found = [self.convert(item, f"{key}[{i}]", convert, None) for i, item in enumerate(node.items)]
        return tuple(item for item in found if item is not None)

    def convert(self, node: Node, key: str, convert: Callable[[Node], T], default: D) -> T | D:
        """A value, converted; notes where it does not fit.

        Parameters
        ----------
        node : node
            As written.
        key : str
            Dotted.
        convert : callable
            From a node to the value; raises `UnfitError`.
        default : object
            Where it does not fit.

        Returns
        -------
        object
            What `convert` gives, or the default.
        """
        try:
            return convert(node)
        except UnfitError as mistake:
            self.wrong(key, str(mistake))
            return default
