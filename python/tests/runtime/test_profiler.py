"""What the profiler sees, under our names and PyTorch's."""

import gzip
import json
import threading

import pytest
import rushlight as torch
from rushlight import nn
from rushlight.profiler import (
    ProfilerAction,
    ProfilerActivity,
    profile,
    record_function,
    schedule,
    tensorboard_trace_handler,
)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.act = nn.Linear(8, 16), nn.Linear(16, 8), nn.ReLU()

    def forward(self, x):
        return x + self.fc2(self.act(self.fc1(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([Block(), Block()])
        self.head = nn.Linear(8, 4)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def row(rows, name, gradient_of="", module=""):
    found = [
        r for r in rows if (r["name"], r["gradient_of"], r["module"]) == (name, gradient_of, module)
    ]
    assert len(found) == 1, (name, gradient_of, module, [r["name"] for r in rows])
    return found[0]


def test_calls_bytes_and_operations():
    a, b = torch.ones(32, 16), torch.ones(16, 8)
    with torch.profile() as p:
        for _ in range(3):
            a @ b
    product = row(p.rows(), "matmul")
    assert product["calls"] == 3
    assert product["flops"] == 3 * 2 * 32 * 16 * 8
    assert product["bytes"] == 3 * 4 * (32 * 16 + 16 * 8 + 32 * 8)
    assert 0 < product["seconds"] <= p.seconds


def test_module_paths_forward_and_backward():
    net = Net()
    with torch.profile() as p:
        net(torch.ones(5, 8)).sum().backward()
    rows = p.rows("op and module")
    for module in ("blocks.0.fc1", "blocks.1.fc2", "head"):
        assert row(rows, "linear", module=module)["calls"] == 1
        assert row(rows, "matmul", "linear", module)["calls"] >= 1
    row(rows, "relu", module="blocks.0.act")
    row(rows, "relu_grad", "relu", "blocks.1.act")
    row(rows, "add", module="blocks.0") if any(
        r["module"] == "blocks.0" and r["name"] == "add" for r in rows
    ) else row(rows, "add", module="blocks")
    modules = {r["module"]: r for r in p.rows("module")}
    assert modules["blocks"]["seconds"] > modules["blocks.0"]["seconds"]
    assert modules["blocks.0"]["seconds"] > modules["blocks.0.fc1"]["seconds"]


def test_a_second_network_has_its_name_in_front():
    first, second = Net(), nn.Sequential(nn.Linear(4, 2))
    with torch.profile() as p:
        second(first(torch.ones(5, 8)))
    modules = {r["module"] for r in p.rows("op and module")}
    assert {"head", "Sequential.0"} <= modules


def test_optimisers_and_data_are_ranges():
    net = Net()
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(4, 8)), 2)
    with torch.profile() as p:
        for (x,) in loader:
            opt.zero_grad()
            net(x).sum().backward()
            opt.step()
    rows = p.rows("op and module")
    assert row(rows, "SGD.step")["calls"] == 2
    assert row(rows, "data")["calls"] >= 2
    assert row(rows, "sgd_step", module="(SGD)")["calls"] == 2
    assert not opt._optimizer_step_pre_hooks


def test_compiled_functions_show_their_instructions():
    net = Net()
    step = torch.compile(lambda x: net(x).tanh() * 2 + 1)
    x = torch.ones(5, 8)
    with torch.no_grad():
        for _ in range(4):
            step(x)
        with torch.profile() as p:
            step(x)
    rows = p.rows("op and module")
    assert row(rows, "compiled plan")["calls"] == 1
    row(rows, "linear", module="blocks.0.fc1")
    assert any(r["name"].startswith("fused(") for r in rows)


def test_one_at_a_time_and_off_after_an_exception():
    with torch.profile(), pytest.raises(torch.Error, match="running already"), torch.profile():
        pass
    net = Net()
    with pytest.raises(ZeroDivisionError), torch.profile():
        net(torch.ones(5, 8))
        raise ZeroDivisionError
    assert not torch._C.profiler.is_running()
    assert not nn.modules.module_hooks.all_calls
    with torch.profile() as p:
        torch.ones(2).exp()
    row(p.rows(), "exp")


def test_nothing_to_show_is_an_error():
    with pytest.raises(RuntimeError, match="nothing was recorded"):
        profile().table()
    with torch.profile() as p:
        pass
    with pytest.raises(torch.Error, match="by is one of"):
        p.rows("thread")
    with pytest.raises(torch.Error, match="sort_by is one of"):
        p.table(sort_by="cuda")


def test_threads():
    x = torch.ones(64)

    def work():
        for _ in range(10):
            x.exp()

    with torch.profile() as p:
        threads = [threading.Thread(target=work) for _ in range(3)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    assert row(p.rows(), "exp")["calls"] == 30
    assert len({e.thread for e in p.events()}) == 3


@pytest.mark.parametrize("ending", ["json", "json.gz"])
def test_trace(tmp_path, ending):
    net = Net()
    path = tmp_path / f"trace.{ending}"
    with profile(record_shapes=True, profile_memory=True) as p, record_function('a "range"'):
        net(torch.ones(5, 8)).sum().backward()
    p.export_chrome_trace(path)
    with gzip.open(path) if ending.endswith("gz") else open(path, "rb") as file:
        events = json.load(file)["traceEvents"]
    complete = [e for e in events if e["ph"] == "X"]
    assert len(complete) == len(p.events())
    assert any(e["name"] == 'a "range"' and e["cat"] == "range" for e in complete)
    assert any("float32[5, 8]" in e["args"].get("operands", "") for e in complete)
    assert any(e["ph"] == "C" and e["args"]["bytes"] > 0 for e in events)
    outer = next(e for e in complete if e["name"] == 'a "range"')
    inner = next(e for e in complete if e["name"] == "linear")
    assert outer["ts"] <= inner["ts"]
    assert inner["ts"] + inner["dur"] <= outer["ts"] + outer["dur"]


def test_pytorchs_table_of_averages():
    with profile(
        activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA],
        record_shapes=True,
        with_flops=True,
    ) as p:
        for n in (16, 32):
            torch.ones(n, n) @ torch.ones(n, n)
    averages = p.key_averages()
    product = next(e for e in averages if e.key == "matmul")
    assert product.count == 2
    assert product.flops == 2 * 16**3 + 2 * 32**3
    assert product.cpu_time_total >= product.self_cpu_time_total > 0
    assert product.cpu_time == product.cpu_time_total / 2
    text = averages.table(sort_by="self_cpu_time_total", row_limit=1, header="mine")
    assert "mine" in text and "Self CPU %" in text and "Total MFLOPs" in text
    assert text.count("\n") == 8
    assert sum(e.key == "matmul" for e in p.key_averages(group_by_input_shape=True)) == 2
    with pytest.raises(AttributeError):
        averages.table(sort_by="no_such_time")
    assert p.total_average().count == len(p.events())


def test_schedule():
    action = schedule(wait=1, warmup=1, active=2, repeat=2, skip_first=1)
    none, warmup = ProfilerAction.NONE, ProfilerAction.WARMUP
    record, save = ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE
    cycle = [none, warmup, record, save]
    assert [action(i) for i in range(10)] == [none, *cycle, *cycle, none]
    with pytest.raises(ValueError):
        schedule(wait=0, warmup=0, active=0)


def test_steps_of_a_schedule(tmp_path):
    ready = []
    x = torch.ones(4)

    def on_ready(p):
        ready.append({e.key: e.count for e in p.key_averages()})

    with profile(
        schedule=schedule(wait=1, warmup=1, active=2, repeat=2), on_trace_ready=on_ready
    ) as p:
        for _ in range(10):
            x.exp()
            p.step()
    assert [counts["exp"] for counts in ready] == [2, 2]
    assert "ProfilerStep#2" in ready[0] and "ProfilerStep#7" in ready[1]
    with profile(on_trace_ready=tensorboard_trace_handler(str(tmp_path), "me")):
        x.exp()
    (file,) = tmp_path.iterdir()
    assert file.name.startswith("me.") and file.name.endswith(".pt.trace.json")
    json.loads(file.read_text())


def test_autograd_profiler():
    from rushlight.autograd import profiler

    with profiler.profile(record_shapes=True) as p, profiler.record_function("mine"):
        torch.ones(3).exp()
    assert {"mine", "exp"} <= {e.key for e in p.key_averages()}
    assert "Self CPU time total" in p.table()
    assert {e.name for e in p.function_events} >= {"mine", "exp"}
    with profiler.profile(enabled=False):
        assert not torch._C.profiler.is_running()

    @record_function("decorated")
    def again(n):
        return torch.ones(3) if n == 0 else again(n - 1)

    with torch.profile() as p:
        again(2)
    assert row(p.rows(), "decorated")["calls"] == 3


def test_memory():
    x = torch.ones(1000, 1000)
    with profile(profile_memory=True) as p:
        y = x.exp()
    assert row(p.rows(), "exp")["allocated"] >= 4 * y.numel()
    assert "Self CPU Mem" in p.key_averages().table()
