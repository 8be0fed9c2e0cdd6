"""Names, orders, kinds and defaults of parameters in optim, utils.data and utils.checkpoint."""

import importlib
import inspect

import pytest

MODULES = ["optim", "optim.lr_scheduler", "optim.swa_utils", "utils.data", "utils.checkpoint"]
# What PyTorch has here and we do not.
ABSENT = {
    "optim": {"swap_in_optimizer_params_and_state"},
    "utils.data": {
        *("DFIterDataPipe", "DataChunk", "IterDataPipe", "MapDataPipe", "argument_validation"),
        *("functional_datapipe", "guaranteed_datapipes_determinism", "non_deterministic"),
        *("runtime_validation", "runtime_validation_disabled"),
    },
    "utils.checkpoint": {
        *("CheckpointError", "CheckpointFunction", "CheckpointPolicy", "DefaultDeviceType"),
        *("GraphExecGroup", "SAC_IGNORED_OPS", "SelectiveCheckpointContext"),
        *("check_backward_validity",),
        *("create_selective_checkpoint_contexts", "detach_variable", "get_device_states"),
        *("set_checkpoint_debug_enabled", "set_checkpoint_early_stop", "set_device_states"),
    },
}


NAMES = [
    (module, name)
    for module in MODULES
    for name in importlib.import_module(f"torch.{module}").__all__
]


def parameters(thing):
    """Parameters that callers can see: those of `__init__` for a class."""
    found = inspect.signature(thing.__init__ if inspect.isclass(thing) else thing).parameters
    return {name: (one.kind, one.default) for name, one in found.items()}


def is_same_default(ours, theirs):
    if callable(theirs) or hasattr(theirs, "manual_seed"):  # a function or generator of its own
        return type(ours).__name__ == type(theirs).__name__
    return ours == theirs or (ours is theirs is inspect.Parameter.empty)


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_parameters_are_pytorchs(module, name):
    ours = importlib.import_module(f"rushlight.{module}")
    theirs = getattr(importlib.import_module(f"torch.{module}"), name)
    if name in ABSENT.get(module, ()):
        assert not hasattr(ours, name)
        return
    mine = getattr(ours, name)
    if inspect.ismodule(theirs):
        assert inspect.ismodule(mine)
        return
    wanted, given = parameters(theirs), parameters(mine)
    assert [(n, kind) for n, (kind, _) in given.items()] == [
        (n, kind) for n, (kind, _) in wanted.items()
    ]
    for parameter, (_, default) in wanted.items():
        assert is_same_default(given[parameter][1], default), parameter


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_public_methods_are_there(module, name):
    ours = importlib.import_module(f"rushlight.{module}")
    theirs = getattr(importlib.import_module(f"torch.{module}"), name)
    if name in ABSENT.get(module, ()) or not inspect.isclass(theirs):
        return
    public = {n for kind in theirs.__mro__ if "nn" not in kind.__module__ for n in vars(kind)}
    missing = {n for n in public if not n.startswith("_")} - {
        n for n in dir(getattr(ours, name)) if not n.startswith("_")
    }
    assert missing <= {
        *("OptimizerPostHook", "OptimizerPreHook", "profile_hook_step"),  # its own machinery
        *("share_memory", "cummulative_sizes"),
    }
