"""The base of all distributions."""

from __future__ import annotations

import warnings

import rushlight as rl
from rushlight import _C

from . import constraints
from .utils import broadcast_all, lazy_property


class Distribution:
    """A distribution, or a batch of them: samples have the shape sample + batch + event shape.

    Derived classes give `arg_constraints`, `support`, and of the methods what they can.
    """

    has_rsample = False
    has_enumerate_support = False
    _validate_args = __debug__
    # The parameters that expand() makes larger, and how many dimensions of them belong to an event.
    _parameter_dims: dict[str, int] = {}

    @staticmethod
    def set_default_validate_args(value):
        """Whether parameters and samples are checked where validate_args is not given."""
        if value not in (True, False):
            raise ValueError(f"set_default_validate_args: expected True or False, got {value!r}")
        Distribution._validate_args = value

    def __init__(self, batch_shape=(), event_shape=(), validate_args=None):
        self._batch_shape = _C.Size(batch_shape)
        self._event_shape = _C.Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._check_parameters()

    def _set_parameters(self, validate_args, **values):
        """For distributions of single numbers: the values in one shape, as attributes."""
        tensors = broadcast_all(*values.values())
        self.__dict__.update(zip(values, tensors))
        Distribution.__init__(self, tensors[0].shape, validate_args=validate_args)

    def _check_parameters(self):
        try:
            rules = self.arg_constraints
        except NotImplementedError:
            warnings.warn(
                f"{type(self).__name__} has no arg_constraints; give it arg_constraints = {{}} or "
                "validate_args=False",
                stacklevel=3,
            )
            return
        for name, rule in rules.items():
            made_later = isinstance(getattr(type(self), name, None), lazy_property)
            if constraints.is_dependent(rule) or (made_later and name not in self.__dict__):
                continue
            value = getattr(self, name)
            if not rule.check(value).all():
                raise ValueError(
                    f"Expected parameter {name} ({type(value).__name__} of shape "
                    f"{tuple(value.shape)}) of distribution {self!r} to satisfy the constraint "
                    f"{rule!r}, but found invalid values:\n{value}"
                )

    def expand(self, batch_shape, _instance=None):
        """The same distribution with a larger batch shape; nothing is copied."""
        batch_shape = _C.Size(batch_shape)
        new = object.__new__(type(self)) if _instance is None else _instance
        new.__dict__.update(self.__dict__)
        for name, dims in self._parameter_dims.items():
            if name in self.__dict__:
                value = self.__dict__[name]
                shape = tuple(batch_shape) + tuple(value.shape[value.ndim - dims :])
                new.__dict__[name] = value.expand(shape)
        new._batch_shape = batch_shape
        return new

    @property
    def batch_shape(self):
        """The shape of the batch of distributions."""
        return self._batch_shape

    @property
    def event_shape(self):
        """The shape of one sample of one of them."""
        return self._event_shape

    @property
    def arg_constraints(self):
        """{name of a parameter: its constraint}."""
        raise NotImplementedError

    @property
    def support(self):
        """The constraint of the samples."""
        raise NotImplementedError

    @property
    def mean(self):
        """The mean."""
        raise NotImplementedError

    @property
    def mode(self):
        """The most probable value."""
        raise NotImplementedError(f"{type(self).__name__} does not implement mode")

    @property
    def variance(self):
        """The variance."""
        raise NotImplementedError

    @property
    def stddev(self):
        """The square root of the variance."""
        return self.variance.sqrt()

    def sample(self, sample_shape=()):
        """Draws a sample, or sample_shape of them, without gradients."""
        with rl.no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape=()):
        """Draws as `sample`; gradients flow from the samples to the parameters."""
        raise NotImplementedError

    def sample_n(self, n):
        """sample((n,))."""
        return self.sample((n,))

    def log_prob(self, value):
        """The logarithm of the density, or probability, at `value`."""
        raise NotImplementedError

    def cdf(self, value):
        """The probability of samples at or below `value`."""
        raise NotImplementedError

    def icdf(self, value):
        """The inverse of `cdf`."""
        raise NotImplementedError

    def enumerate_support(self, expand=True):
        """All values of a discrete distribution along a new first dimension."""
        raise NotImplementedError

    def entropy(self):
        """The entropy of each distribution of the batch."""
        raise NotImplementedError

    def perplexity(self):
        """exp(entropy)."""
        return self.entropy().exp()

    def _extended_shape(self, sample_shape=()):
        return _C.Size(tuple(sample_shape) + tuple(self._batch_shape) + tuple(self._event_shape))

    def _enumerated(self, values, expand):
        values = values.view((-1, *(1,) * len(self._batch_shape)))
        return values.expand((-1, *self._batch_shape)) if expand else values

    def _validate_sample(self, value):
        """ValueError unless `value` has a shape that fits and lies in the support."""
        if not isinstance(value, _C.Tensor):
            raise ValueError(
                f"The value argument to log_prob must be a Tensor, got {type(value).__name__}"
            )
        shape, events = tuple(value.shape), tuple(self._event_shape)
        if shape[len(shape) - len(events) :] != events:
            raise ValueError(
                f"The right-most size of value must match event_shape: {shape} vs {events}."
            )
        expected = tuple(self._batch_shape) + events
        for ours, theirs in zip(reversed(shape), reversed(expected)):
            if ours != 1 and theirs != 1 and ours != theirs:
                raise ValueError(
                    "Value is not broadcastable with batch_shape+event_shape: "
                    f"{shape} vs {expected}."
                )
        try:
            support = self.support
        except NotImplementedError:
            return
        if not support.check(value).all():
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {shape}) to be within "
                f"the support ({support!r}) of the distribution {self!r}, but found invalid "
                f"values:\n{value}"
            )

    def __repr__(self):
        try:
            names = [name for name in self.arg_constraints if name in self.__dict__]
        except NotImplementedError:
            names = []
        parts = []
        for name in names:
            value = self.__dict__[name]
            text = value.item() if value.numel() == 1 else f"torch.Size({list(value.shape)})"
            parts.append(f"{name}: {text}")
        return f"{type(self).__name__}({', '.join(parts)})"
