#!/usr/bin/env python3
"""Writes the stubs of the extension module, python/rushlight/_C/*.pyi, and of the package's front,
python/rushlight/__init__.pyi, from the built package. `--check` only says whether they are fresh.

Run with the build folder's python/ on PYTHONPATH. By hand are Tensor's properties and operators,
in tools/stubs/core.pyi; what neither the tables nor that file name gets the type Any."""

import argparse
import ast
import inspect
import keyword
import pathlib
import re
import subprocess
import sys
import types

import rushlight
from rushlight import _C

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "python" / "rushlight"
HEADER = "# Written by tools/make_stubs.py.\n"
# Two rows of a function may overlap: the first that fits is called.
RULES = '# mypy: disable-error-code="overload-overlap,overload-cannot-match,override"\n'
BUILTINS = [f"from builtins import {name} as _{name}" for name in ("bool", "float", "int")]
IMPORTS = """from collections.abc import Sequence
from typing import Any, overload

from rushlight._C import Generator, Number, Tensor, _device, _dtype
"""
ANYTHING = "(*args: Any, **kwargs: Any) -> Any: ..."
FACTORY, ROW_OF_METHOD = 4, "Tensor"
# Names that a class or module of ours also uses for something else.
RENAMED = {name: f"_{name}" for name in ("int", "float", "bool", "dtype", "device")}
KEYWORDS = re.compile(rf"\b({'|'.join(keyword.kwlist)}):")  # random_(from, to)
FACTORY_KEYWORDS = (
    "device: _device = None, layout: Any = None, requires_grad: _bool = False, "
    "pin_memory: _bool = False, memory_format: Any = None"
)


class ModernTypes(ast.NodeTransformer):
    """Optional[int] and Union[int, float] become _int | None and _int | _float."""

    def visit_Name(self, node):
        return ast.Name(RENAMED.get(node.id, node.id))

    def visit_Subscript(self, node):
        inner = self.visit(node.slice)
        if getattr(node.value, "id", "") == "Optional":
            return ast.BinOp(inner, ast.BitOr(), ast.Constant(None))
        if getattr(node.value, "id", "") == "Union":
            union = inner.elts[0]
            for part in inner.elts[1:]:
                union = ast.BinOp(union, ast.BitOr(), part)
            return union
        return ast.Subscript(self.visit(node.value), inner)


def modern(text):
    return ast.unparse(ModernTypes().visit(ast.parse(text, mode="eval")))


def default_text(node):
    """A literal as it stands; ... for what has no literal, such as infinity."""
    try:
        value = ast.literal_eval(node)
    except ValueError:
        value = ...
    return "..." if value is ... else repr(value)


def parameter(argument, default):
    kind = modern(ast.unparse(argument.annotation))
    if default is None:
        return f"{argument.arg}: {kind}"
    if isinstance(default, ast.Constant) and default.value is None and "None" not in kind:
        kind += " | None"
    return f"{argument.arg}: {kind} = {default_text(default)}"


def parameter_lists(signature, is_method):
    """The parameters of a row, as texts; two forms where sizes come one by one or as a sequence."""
    text = re.sub("= <[^<>]*>", "= ...", KEYWORDS.sub(r"\1_:", signature))
    arguments = ast.parse(f"def {text}: ...").body[0].args
    required = len(arguments.args) - len(arguments.defaults)
    defaults = [None] * required + arguments.defaults
    plain = [parameter(*pair) for pair in zip(arguments.args, defaults, strict=True)]
    if is_method:
        plain[:1] = ["self"]
    named = [
        parameter(*pair) for pair in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    if not arguments.vararg:
        return [(plain, named)]
    rest, kind = arguments.vararg.arg, modern(ast.unparse(arguments.vararg.annotation))
    return [([*plain, f"*{rest}: {kind}"], named), ([*plain, f"{rest}: Sequence[{kind}]"], named)]


def forms(name, rows, is_method):
    """The definitions of one function: several are overloads."""
    made = []
    for signature, result, flags in rows:
        result = modern(result)
        for plain, named in parameter_lists(signature, is_method):
            named = list(named)
            if flags & FACTORY:
                named.append(FACTORY_KEYWORDS)
            takes_out = not is_method and not name.endswith("_")
            if takes_out and result.startswith(("Tensor", "tuple[Tensor")):
                named.append("out: Any = None")
            has_star = any(p.startswith("*") for p in plain)
            star = [] if has_star or not named else ["*"]
            shown = ", ".join([*plain, *star, *named])
            text = f"def {name}({shown}) -> {result}: ..."
            if text not in made:
                made.append(text)
    return [f"@overload\n{text}" for text in made] if len(made) > 1 else made


def names_defined(body):
    """What an `ast` body defines, by name."""
    names = set()
    for node in body:
        if isinstance(node, ast.AnnAssign):
            names.add(node.target.id)
        elif hasattr(node, "name"):
            names.add(node.name)
    return names


def unknown(name, value):
    """A name of which nothing is known but whether it can be called."""
    if isinstance(value, type):
        return f"{name}: Any"
    if isinstance(value, _C.dtype):
        return f"{name}: dtype"
    if isinstance(value, (bool, int, float, str)):
        return f"{name}: {RENAMED.get(type(value).__name__, type(value).__name__)}"
    if isinstance(value, _C.Generator):
        return f"{name}: Generator"
    return f"{name}: Any" if not callable(value) else f"def {name}{ANYTHING}"


def core(signatures):
    """_C/__init__.pyi: what is written by hand, with Tensor's methods and the other names added."""
    source = (ROOT / "tools/stubs/core.pyi").read_text()
    hand = ast.parse(source).body
    tensor = next(node for node in hand if getattr(node, "name", "") == "Tensor")
    known = names_defined(tensor.body)
    lines = source.rstrip().splitlines()[1:]
    for name, rows in sorted(signatures[ROW_OF_METHOD].items()):
        if name not in known:
            lines += ["    " + line for f in forms(name, rows, True) for line in f.splitlines()]
    known |= set(signatures[ROW_OF_METHOD])
    for name in sorted(vars(_C.Tensor)):
        if name in known or name.startswith("_"):
            continue
        value = inspect.getattr_static(_C.Tensor, name)
        if isinstance(value, (types.GetSetDescriptorType, property)):
            lines += ["    @property", f"    def {name}(self) -> Any: ..."]
        else:
            lines.append(f"    def {name}(self, *args: Any, **kwargs: Any) -> Any: ...")
    known = names_defined(hand)
    for name, value in sorted(vars(_C).items()):
        if name in known or name.startswith("__") or isinstance(value, types.ModuleType):
            continue
        lines.append(unknown(name, value))
    return RULES + "\n".join(lines) + "\n"


def namespace(name, functions):
    """A submodule such as _C.torch."""
    module = getattr(_C, name)
    parts = [f for n, rows in sorted(functions.items()) for f in forms(n, rows, False)]
    parts += [
        unknown(n, value)
        for n, value in sorted(vars(module).items())
        if n not in functions and not n.startswith("_") and not isinstance(value, types.ModuleType)
    ]
    return RULES + "\n".join([*BUILTINS, IMPORTS, *parts]) + "\n"


def front():
    """rushlight/__init__.pyi: also the modules and names that are loaded when first asked for."""
    lines = [*BUILTINS, "from typing import Any"]
    lines += ["from rushlight._C import *", "from rushlight._C.torch import *"]
    lines += [
        f"from rushlight import {name} as {name}"
        for name in sorted(rushlight._MODULES)
        if list(PACKAGE.glob(f"{name}*"))
    ]
    lines += [
        f"from rushlight.{where} import {n} as {n}" for n, where in sorted(rushlight._NAMES.items())
    ]
    others = []
    known = {*vars(_C), *vars(_C.torch), *rushlight._MODULES, *rushlight._NAMES}
    for name, value in sorted(vars(rushlight).items()):
        if name in known or name.startswith("_"):
            continue
        module = getattr(value, "__module__", None)
        if isinstance(value, types.ModuleType):
            if value.__name__.startswith("rushlight."):
                lines.append(f"from rushlight import {name} as {name}")
        elif module and module.startswith("rushlight.") and hasattr(sys.modules[module], name):
            lines.append(f"from {module} import {name} as {name}")
        else:
            others.append(unknown(name, value))
    return "\n".join([*lines, *others]) + "\n"


def formatted(path, text):
    """As ruff would leave it: the stubs are checked like other files."""
    run = [pathlib.Path(sys.executable).with_name("ruff"), "--quiet", "--stdin-filename", path]
    for command in (["check", "--fix", "--exit-zero"], ["format"]):
        program = [run[0], command[0], *command[1:], *run[1:], "-"]
        text = subprocess.run(
            program, input=text, capture_output=True, text=True, check=True, cwd=ROOT
        ).stdout
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail on a stale file")
    check = parser.parse_args().check
    signatures = _C._signatures()
    files = {PACKAGE / "_C/__init__.pyi": core(signatures), PACKAGE / "__init__.pyi": front()}
    for name, functions in signatures.items():
        if name != ROW_OF_METHOD:
            files[PACKAGE / f"_C/{name}.pyi"] = namespace(name, functions)
    stale = [p for p in (PACKAGE / "_C").glob("*.pyi") if p not in files]
    for path, text in files.items():
        text = formatted(path, HEADER + text)
        if path.exists() and path.read_text() == text:
            continue
        stale.append(path)
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    if check and stale:
        names = ", ".join(str(p.relative_to(ROOT)) for p in stale)
        sys.exit(f"stale: {names}; run make stubs")


if __name__ == "__main__":
    main()
