"""Softmax over very many classes, of which few are frequent."""

from __future__ import annotations

from collections import namedtuple
from itertools import pairwise

from rushlight import _C
from rushlight.nn import functional as F
from rushlight.nn.modules.container import ModuleList, Sequential
from rushlight.nn.modules.linear import Linear
from rushlight.nn.modules.module import Module

Tensor = _C.Tensor
_ASMoutput = namedtuple("_ASMoutput", ["output", "loss"])


class AdaptiveLogSoftmaxWithLoss(Module):
    """Log-softmax whose head knows the frequent classes, and clusters of the others.

    Classes are sorted by how often they occur; cutoffs: where each cluster begins. Cluster i
    looks at in_features / div_value^i numbers only. Grave and others, 2016.
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs,
        div_value: float = 4.0,
        head_bias: bool = False,
        device=None,
        dtype=None,
    ) -> None:
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        is_rising = all(low < high for low, high in pairwise([0, *cutoffs, n_classes]))
        if not is_rising or any(int(c) != c for c in cutoffs):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an "
                "increasing order, where each value is between 1 and n_classes-1"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cutoffs, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = cutoffs[0]
        self.n_clusters = len(cutoffs)
        self.head_size = self.shortlist_size + self.n_clusters
        factory = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **factory)
        self.tail = ModuleList()
        for i, (low, high) in enumerate(pairwise(self.cutoffs), 1):
            width = int(in_features // div_value**i)
            down = Linear(in_features, width, bias=False, **factory)
            self.tail.append(Sequential(down, Linear(width, high - low, bias=False, **factory)))

    def reset_parameters(self) -> None:
        """Draws all weights anew."""
        for layer in (self.head, *(layer for cluster in self.tail for layer in cluster)):
            layer.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        """The log probability of each target, and their negative mean."""
        self._check(input_, target_)
        has_batch = target_.dim() == 1
        x = input_ if has_batch else input_.unsqueeze(0)
        target = target_ if has_batch else target_.unsqueeze(0)
        local = _C.torch.zeros(target.shape, dtype=x.dtype, device=x.device)
        places = target  # of the target, or of its cluster, in the head
        for i, (low, high) in enumerate(pairwise(self.cutoffs)):
            inside = (target >= low) & (target < high)
            rows = inside.nonzero().flatten()
            if rows.numel() == 0:
                continue
            of_cluster = F.log_softmax(self.tail[i](x.index_select(0, rows)), 1)
            chosen = (target.index_select(0, rows) - low).unsqueeze(1)
            local = local.index_add(0, rows, of_cluster.gather(1, chosen).squeeze(1))
            places = places.masked_fill(inside, self.shortlist_size + i)
        head = F.log_softmax(self.head(x), 1)
        output = head.gather(1, places.unsqueeze(1)).squeeze(1) + local
        loss = -output.mean()
        return _ASMoutput(output if has_batch else output.squeeze(0), loss)

    def _check(self, x: Tensor, target: Tensor) -> None:
        rank = target.dim()
        if rank > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if x.dim() != rank + 1:
            raise RuntimeError(
                f"{rank}D target tensor expects {rank + 1}D input tensors, but found inputs with "
                f"size {x.size()}"
            )
        if rank == 1 and x.shape[0] != target.shape[0]:
            raise RuntimeError("Input and target should have the same size in the batch dimension.")
        if target.numel() and not 0 <= target.min().item() <= target.max().item() < self.n_classes:
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{target.min().item()}, {target.max().item()}] were found. "
            )

    def log_prob(self, input: Tensor) -> Tensor:
        """The log probabilities of all classes. [N, in_features] -> [N, n_classes]"""
        head = F.log_softmax(self.head(input), 1)
        parts = [head[:, : self.shortlist_size]]
        for i, cluster in enumerate(self.tail):
            place = self.shortlist_size + i
            parts.append(F.log_softmax(cluster(input), 1) + head[:, place : place + 1])
        return _C.torch.cat(parts, 1)

    def predict(self, input: Tensor) -> Tensor:
        """The likeliest class of each row."""
        return self.log_prob(input).argmax(1)
