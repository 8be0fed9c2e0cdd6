"""The runner and the import finder: names that are there, names that are not, ways to start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import rushlight
from rushlight.torch_version import TorchVersion

PACKAGE = Path(rushlight.__file__).parents[1]


def run(*arguments, folder=None):
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
    return subprocess.run(
        [sys.executable, "-m", "rushlight.as_torch", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
    )


def run_code(code):
    return run("-c", code)


def output_of(code):
    result = run_code(code)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_torch_and_its_submodules_are_rushlights():
    printed = output_of(
        "import torch, torch.nn as nn, torch.nn.functional as F, torch.backends.cudnn as cudnn\n"
        "from torch.utils.data import DataLoader\n"
        "from torch.cuda.amp import GradScaler, autocast\n"
        "from torch.nn.parallel import DistributedDataParallel\n"
        "from torch.distributed import destroy_process_group, init_process_group\n"
        "import rushlight\n"
        "print(torch.__name__, nn is rushlight.nn, F is rushlight.nn.functional)\n"
        "print(torch.Tensor is rushlight.Tensor, torch.utils.data is rushlight.utils.data)\n"
        "cudnn.deterministic = True\n"
        "print(torch.backends.cudnn.deterministic, torch.cuda.is_available())\n"
        "print(torch.backends.mps.is_available(), torch.distributed.is_available())\n"
    )
    assert printed.split() == "torch True True True True True False False False".split()  # noqa: SIM905


def test_types_print_with_torchs_name():
    assert output_of("import torch; print(torch.float32, torch.Size([2, 3]))") == (
        "torch.float32 torch.Size([2, 3])\n"
    )


def test_the_version_is_that_of_the_behaviour():
    printed = output_of(
        "import torch\n"
        "print(torch.__version__ >= '2.0', torch.__version__ < (1, 10))\n"
        "print(int(torch.__version__.split('.')[0]))"
    )
    assert printed.split() == ["True", "False", "2"]


@pytest.mark.parametrize(
    "one, two, smaller",
    [("1.9", "1.10", True), ("2.0.0+cpu", "2.0", False), ("2.1", "2.0.1", False)],
)
def test_versions_compare_number_by_number(one, two, smaller):
    assert (TorchVersion(one) < two) is smaller
    assert (TorchVersion(one) >= two) is not smaller
    assert (TorchVersion(two) > TorchVersion(one)) is smaller
    assert TorchVersion("2.0.0+cpu") == "2.0" and TorchVersion("2.0") != "2.1"
    assert TorchVersion("2.13.0") >= (2, 13)


def test_missing_names_say_so_and_are_listed():
    result = run_code(
        "import torch\n"
        "assert not hasattr(torch, 'first')\n"
        "for code in ['from torch.cuda import Second', 'import torch.third.x']:\n"
        "    try:\n"
        "        exec(code)\n"
        "    except ImportError as error:\n"
        "        print(error)\n"
        "torch.backends.cudnn.fourth\n"
    )
    assert result.returncode == 1
    assert result.stdout == "rushlight has no torch.cuda.Second\nrushlight has no torch.third\n"
    error, _, listed = result.stderr.partition("\nrushlight has not these names")
    assert error.endswith("AttributeError: rushlight has no torch.backends.cudnn.fourth\n")
    assert "finder.py" not in error
    names = [line.split()[0] for line in listed.splitlines()[1:]]
    assert names == [
        "torch.first",
        "torch.cuda.Second",
        "torch.third",
        "torch.backends.cudnn.fourth",
    ]


def test_missing_methods_of_tensors_are_listed():
    result = run_code("import torch\ntorch.randn(2).no_such_method()")
    assert result.returncode == 1
    assert "  torch.Tensor.no_such_method" in result.stderr


def test_programs_that_succeed_hear_nothing():
    result = run_code("import torch\nprint(hasattr(torch, 'nothing'))")
    assert (result.returncode, result.stdout, result.stderr) == (0, "False\n", "")


def test_other_errors_are_the_programs_own():
    result = run_code("import torch\n1 / 0")
    assert result.returncode == 1
    assert result.stderr.endswith("ZeroDivisionError: division by zero\n")
    assert "runpy" not in result.stderr and "as_torch" not in result.stderr


def test_exit_codes_pass():
    assert run_code("import sys; sys.exit(3)").returncode == 3
    assert run_code("import sys; sys.exit()").returncode == 0


def test_scripts_see_their_arguments_and_folder(tmp_path):
    (tmp_path / "helper.py").write_text("import torch\nname = torch.__name__\n")
    script = tmp_path / "script.py"
    script.write_text("import sys, helper\nprint(sys.argv, __name__, __file__, helper.name)\n")
    result = run(script, "--lr", "0.1", folder="/")
    assert result.stdout == f"{[str(script), '--lr', '0.1']} __main__ {script} torch\n"
    result = run("-m", "script", "x", folder=tmp_path)
    assert result.stdout.endswith("__main__ " + str(script) + " torch\n")


def test_classes_of_the_script_are_pickled_and_found_again(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import pickle, torch\n"
        "class Settings:\n"
        "    width = 3\n"
        "print(pickle.loads(pickle.dumps(Settings())).width)\n"
    )
    assert run(script).stdout == "3\n"


def test_usage():
    assert run().returncode == 2
    assert "usage" in run("--help").stdout


def test_install_comes_before_torch():
    code = (
        "import sys, types, rushlight.as_torch as as_torch\n"
        "sys.modules['torch'] = types.ModuleType('torch')\n"
        "try:\n"
        "    as_torch.install()\n"
        "except RuntimeError as error:\n"
        "    print(error)\n"
        "del sys.modules['torch']\n"
        "as_torch.install(); as_torch.install()\n"
        "import torch\n"
        "print(torch.__version__, as_torch.is_installed())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert "already imported" in result.stdout, result.stderr
    assert result.stdout.endswith("+rushlight True\n")


def test_a_pytorch_that_is_installed_is_never_imported(tmp_path):
    (tmp_path / "torch.py").write_text("raise SystemExit('the real one')")
    script = tmp_path / "script.py"
    script.write_text("import torch\nprint(torch.__version__)\n")
    assert run(script).stdout.endswith("+rushlight\n")
