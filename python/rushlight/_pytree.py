"""Nested tuples, lists and dictionaries taken apart into leaves and put together again."""

from __future__ import annotations

from collections import OrderedDict, defaultdict

_LEAF = object()  # the structure of anything that is no container


def flatten(tree):
    """The leaves in order, and a structure that `unflatten` takes: a hashable value."""
    leaves: list = []
    return leaves, _flatten(tree, leaves)


def _flatten(tree, leaves):
    kind = type(tree)
    if kind in (tuple, list) or (isinstance(tree, tuple) and hasattr(tree, "_fields")):
        return kind, None, tuple(_flatten(child, leaves) for child in tree)
    if kind in (dict, OrderedDict, defaultdict):
        extra = tree.default_factory if kind is defaultdict else None
        return kind, (tuple(tree), extra), tuple(_flatten(v, leaves) for v in tree.values())
    leaves.append(tree)
    return _LEAF


def unflatten(leaves, structure):
    """The tree of a structure with these leaves."""
    return _unflatten(iter(leaves), structure)


def _unflatten(leaves, structure):
    if structure is _LEAF:
        return next(leaves)
    kind, keys, children = structure
    made = [_unflatten(leaves, child) for child in children]
    if keys is None:
        return kind(*made) if hasattr(kind, "_fields") else kind(made)
    names, factory = keys
    pairs = zip(names, made, strict=True)
    return defaultdict(factory, pairs) if kind is defaultdict else kind(pairs)


def spread(values, tree, is_value):
    """`values`, a tree like `tree` or one that ends earlier, as one value for each leaf of `tree`.

    None when the two do not fit. `is_value` tells a value from a container.
    """
    found: list = []
    return found if _spread(values, tree, is_value, found) else None


def _spread(values, tree, is_value, found) -> bool:
    if is_value(values):
        found.extend([values] * len(flatten(tree)[0]))
        return True
    if isinstance(values, dict):
        return (
            isinstance(tree, dict)
            and values.keys() == tree.keys()
            and all(_spread(values[k], v, is_value, found) for k, v in tree.items())
        )
    return (
        isinstance(values, (tuple, list))
        and isinstance(tree, (tuple, list))
        and len(values) == len(tree)
        and all(_spread(v, t, is_value, found) for v, t in zip(values, tree, strict=True))
    )
