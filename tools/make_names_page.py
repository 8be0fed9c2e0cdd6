"""Writes docs/pytorch_names.md: for every name in torch_names.txt whether the package has it.

python tools/make_names_page.py [--check]     (PYTHONPATH has the package)

--check compares instead of writing. DIFFERS tells where what has the same name is not the same.
"""

import argparse
import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAMES = Path(__file__).with_name("torch_names.txt")
PAGE = ROOT / "docs" / "pytorch_names.md"

DIFFERS = {
    "torch.compile": "traces the Python function once; other backends and modes are ignored",
    "torch.autocast": "for the CPU: bfloat16 or float16",
    "torch.set_float32_matmul_precision": "is accepted and changes nothing",
    "torch.Tensor.cuda": "raises: there is no GPU",
    "torch.Tensor.pin_memory": "gives the tensor itself",
    "torch.Tensor.grad_fn": "names the op; has no attributes to walk the graph by",
    "torch.nn.DataParallel": "runs the module on the one device",
    "torch.nn.SyncBatchNorm": "is batch norm: there is one process",
    "torch.optim.SparseAdam": "takes dense gradients; rows of zeros count as without one",
    "torch.jit.script": "gives the function or module itself",
    "torch.jit.trace": "gives the function or module itself",
    "torch.cuda.is_available": "False",
    "torch.cuda.device_count": "0",
    "torch.amp.GradScaler": "scales nothing: float32 and bfloat16 need no scaling",
    "torch.utils.tensorboard.SummaryWriter": "no graphs, audio, video or embeddings",
    **{
        f"torch.fft.{name}": "complex numbers are a last axis of two"
        for name in ("fft", "ifft", "rfft", "irfft", "fft2", "ifft2", "rfft2", "irfft2", "fftn")
    },
}


def names():
    """(namespace, names) in the order of the file."""
    sections = {}
    for line in NAMES.read_text().splitlines():
        if line.startswith("["):
            current = sections.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            current.extend(line.split())
    return sections


def has(namespace, name):
    """Whether the package has it; `torch` and its parts are rushlight and its parts."""
    if namespace == "Tensor":
        return hasattr(importlib.import_module("rushlight").Tensor, name)
    try:
        module = importlib.import_module(namespace.replace("torch", "rushlight", 1))
    except ImportError:
        return False
    return hasattr(module, name)


def page():
    """The text of the page, and the share of names there are."""
    rows, same, differs, absent = [], 0, 0, 0
    for namespace, members in names().items():
        there, other, missing = [], [], []
        full = "torch.Tensor" if namespace == "Tensor" else namespace
        for name in members:
            if not has(namespace, name):
                missing.append(name)
            elif f"{full}.{name}" in DIFFERS:
                other.append(f"`{name}` ({DIFFERS[f'{full}.{name}']})")
            else:
                there.append(f"`{name}`")
        same, differs, absent = same + len(there), differs + len(other), absent + len(missing)
        rows.append(f"## {full}\n\n{' '.join(there)}\n")
        if other:
            rows.append("Differs: " + "; ".join(other) + ".\n")
        if missing:
            rows.append("Absent: " + " ".join(f"`{name}`" for name in missing) + ".\n")
    total = same + differs + absent
    share = (same + differs) / total
    head = f"""# PyTorch's names

What ordinary model code takes from PyTorch, and whether `rushlight` has it under the same name.
Of {total} names {same} are the same, {differs} differ in a way that is told below, {absent} are
absent: {share:.1%} are there. The page is made by `tools/make_names_page.py` from
`tools/torch_names.txt`; `python/parity` compares what the names do.
"""
    return head + "\n" + "\n".join(rows), share


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with the page")
    args = parser.parse_args()
    text, share = page()
    if share < 0.95:
        sys.exit(f"only {share:.1%} of PyTorch's names are there, 95 % are promised")
    if not args.check:
        PAGE.write_text(text)
    elif PAGE.read_text() != text:
        sys.exit("docs/pytorch_names.md is not fresh: run tools/make_names_page.py")


if __name__ == "__main__":
    main()
