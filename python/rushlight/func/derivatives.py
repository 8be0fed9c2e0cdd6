"""Derivatives as functions. They nest: inside one, another one's results have a history."""

from __future__ import annotations

import functools
import threading

from rushlight import _C
from rushlight._pytree import flatten, unflatten

_Tensor = _C.Tensor
_depth = threading.local()


class _Level:
    """A derivative being taken: inside, gradients are recorded."""

    def __enter__(self):
        self._before = _C.autograd.is_grad_enabled()
        _C.autograd.set_grad_enabled(True)
        _depth.value = self.level = getattr(_depth, "value", 0) + 1
        return self

    def __exit__(self, *exception) -> None:
        _depth.value = self.level - 1
        _C.autograd.set_grad_enabled(self._before)


def _entered(leaves):
    """The leaves with histories of their own, tied to those they have; and whether one had."""
    entered, is_tied = [], False
    for leaf in leaves:
        if not isinstance(leaf, _Tensor) or not leaf.is_floating_point():
            entered.append(leaf)
        elif leaf.requires_grad:
            is_tied = True
            entered.append(_C.autograd.alias(leaf))
        else:
            entered.append(leaf.detach().requires_grad_())
    return entered, is_tied


def _left(tree, keep):
    """Results on their way out: without history, unless something outside follows them."""
    if keep:
        return tree
    leaves, structure = flatten(tree)
    return unflatten([v.detach() if isinstance(v, _Tensor) else v for v in leaves], structure)


def _chosen(args, argnums):
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    for number in numbers:
        if not -len(args) <= number < len(args):
            raise RuntimeError(
                f"Got argnum={number}, but only {len(args)} positional inputs were passed"
            )
    numbers = tuple(n % len(args) for n in numbers)
    return numbers, tuple(args[n] for n in numbers)


def _replaced(args, numbers, values):
    args = list(args)
    for number, value in zip(numbers, values, strict=True):
        args[number] = value
    return args


def _with_aux(result, has_aux, what):
    if not has_aux:
        return result, None
    if not isinstance(result, tuple) or len(result) != 2:
        raise RuntimeError(
            f"{what}: with has_aux=True the function returns a tuple (output, aux); got "
            f"{type(result).__name__}"
        )
    return result


def _gradients(outputs, inputs, seeds, create_graph):
    """Gradients by `inputs`; zeros where nothing flows, None for what has no gradient."""
    wanted = [x for x in inputs if isinstance(x, _Tensor) and x.requires_grad]
    pairs = [(y, s) for y, s in zip(outputs, seeds, strict=True) if y.requires_grad]
    found = [None] * len(wanted)
    if pairs and wanted:
        ys, dys = zip(*pairs, strict=True)
        found = _C.autograd.grad(ys, tuple(wanted), dys, True, create_graph, True)
    zeros = _C.torch.zeros_like
    each = iter(zeros(x) if g is None else g for g, x in zip(found, wanted, strict=True))
    return [next(each) if isinstance(x, _Tensor) and x.requires_grad else None for x in inputs]


def grad_and_value(func, argnums: int | tuple[int, ...] = 0, has_aux=False):
    """A function that gives the gradient of `func` by argument `argnums`, and its value."""

    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        with _Level() as level:
            numbers, chosen = _chosen(args, argnums)
            leaves, structure = flatten(chosen)
            entered, is_tied = _entered(leaves)
            inputs = _replaced(args, numbers, unflatten(entered, structure))
            value, aux = _with_aux(func(*inputs, **kwargs), has_aux, "grad")
            if not isinstance(value, _Tensor):
                raise RuntimeError(
                    "Expected the function given to grad(f)(*args) to return a Tensor, got "
                    f"{type(value)}"
                )
            if value.dim() != 0:
                raise RuntimeError(
                    "Expected the function given to grad(f)(*args) to return a scalar tensor, got "
                    f"tensor with {value.dim()} dims"
                )
            keep = is_tied or level.level > 1
            seeds = [_C.torch.ones_like(value)]
            found = unflatten(_gradients([value], entered, seeds, keep), structure)
            found = found[0] if isinstance(argnums, int) else found
            value = (value, aux) if has_aux else value
            return _left(found, keep), _left(value, keep)

    return wrapper


def grad(func, argnums: int | tuple[int, ...] = 0, has_aux=False):
    """A function that gives the gradient of `func` by argument `argnums` (a number or several)."""
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return wrapper


def vjp(func, *primals, has_aux=False):
    """`(func(*primals), f)` where `f(v)` is v^T J, one entry for each primal.

    With has_aux: `(output, f, aux)`.
    """
    with _Level() as level:
        leaves, structure = flatten(primals)
        entered, is_tied = _entered(leaves)
        output, aux = _with_aux(func(*unflatten(entered, structure)), has_aux, "vjp")
        keep = is_tied or level.level > 1
        outputs, output_structure = flatten(output)

    def product(*cotangents, retain_graph=True, create_graph=None):
        given = cotangents[0] if len(cotangents) == 1 else cotangents
        seeds, seed_structure = flatten(given)
        if len(seeds) != len(outputs):
            raise RuntimeError(
                f"Expected pytree structure of cotangents to be the same as pytree structure of "
                f"outputs: {len(outputs)} tensors; got {len(seeds)}"
            )
        follows = keep or any(s.requires_grad for s in seeds)
        found = unflatten(_gradients(outputs, entered, seeds, follows), structure)
        return _left(found, follows)

    result = _left(unflatten(outputs, output_structure), keep)
    return (result, product, _left(aux, keep)) if has_aux else (result, product)


def jvp(func, primals, tangents, *, strict=False, has_aux=False):
    """`(func(*primals), J tangents)`; with has_aux `(output, product, aux)`."""
    if not isinstance(primals, tuple) or not isinstance(tangents, tuple):
        raise RuntimeError("jvp: expected primals and tangents to be tuples")
    with _Level() as level:
        leaves, structure = flatten(primals)
        directions, tangent_structure = flatten(tangents)
        if structure != tangent_structure:
            raise RuntimeError("jvp: primals and tangents must be nested alike")
        entered, is_tied = _entered(leaves)
        output, aux = _with_aux(func(*unflatten(entered, structure)), has_aux, "jvp")
        keep = is_tied or level.level > 1 or any(d.requires_grad for d in directions)
        outputs, output_structure = flatten(output)
        # u -> u^T J is linear in u, so its own product with the tangents is J times the tangents.
        seeds = [_C.torch.zeros_like(y).requires_grad_() for y in outputs]
        paths = _gradients(outputs, entered, seeds, True)
        pairs = [(p, d) for p, d in zip(paths, directions, strict=True) if p is not None]
        product = _gradients([p for p, _ in pairs], seeds, [d for _, d in pairs], keep)
        product = _left(unflatten(product, output_structure), keep)
        result = _left(unflatten(outputs, output_structure), keep)
    return (result, product, _left(aux, keep)) if has_aux else (result, product)


def linearize(func, *primals):
    """`(func(*primals), f)` where `f(*tangents)` is the Jacobian-vector product there."""

    def product(*tangents):
        return jvp(func, primals, tangents)[1]

    return _left(func(*primals), False), product


def _basis(leaf):
    """The unit vectors in the leaf's shape: [numel, *shape]."""
    count = leaf.numel()
    return _C.torch.eye(count, dtype=leaf.dtype).reshape(count, *leaf.shape)


def jacrev(
    func,
    argnums: int | tuple[int, ...] = 0,
    *,
    has_aux=False,
    chunk_size=None,
    _preallocate_and_copy=False,
):
    """A function that gives the Jacobian of `func` by argument `argnums`, a row at a time."""

    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        numbers, chosen = _chosen(args, argnums)

        def of_chosen(*values):
            return func(*_replaced(args, numbers, values), **kwargs)

        found = vjp(of_chosen, *chosen, has_aux=has_aux)
        output, product = found[:2]
        outputs, output_structure = flatten(output)
        rows = []
        for k, y in enumerate(outputs):
            blocks = None
            for seed in _basis(y):
                seeds = [seed if i == k else _C.torch.zeros_like(o) for i, o in enumerate(outputs)]
                leaves, structure = flatten(product(unflatten(seeds, output_structure)))
                blocks = blocks or [[] for _ in leaves]
                for block, leaf in zip(blocks, leaves, strict=True):
                    block.append(leaf)
            stacked = [_C.torch.stack(b).reshape(*y.shape, *b[0].shape) for b in blocks]
            tree = unflatten(stacked, structure)
            rows.append(tree[0] if isinstance(argnums, int) else tree)
        result = unflatten(rows, output_structure)
        return (result, found[2]) if has_aux else result

    return wrapper


def jacfwd(func, argnums: int | tuple[int, ...] = 0, has_aux=False, *, randomness="error"):
    """A function that gives the Jacobian of `func` by argument `argnums`; the same as `jacrev`.

    Forward mode is made of two backward passes here, so that rows are the faster way in any case.
    """
    return jacrev(func, argnums, has_aux=has_aux)


def hessian(func, argnums: int | tuple[int, ...] = 0):
    """A function that gives the second derivatives of `func` by argument `argnums`."""
    return jacfwd(jacrev(func, argnums), argnums)
