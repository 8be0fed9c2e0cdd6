"""Ratios, tables and JSON of make bench, from measurements made up for it."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import compare  # noqa: E402
import losses  # noqa: E402
import results  # noqa: E402
import sides  # noqa: E402
from sides import Absent, Job, Programs  # noqa: E402
from work import BATCHES, flops  # noqa: E402

TRAIN = Job("mlp_mnist", "train", 0, 2)
PEAKS = {2: {"float32": 100.0, "bfloat16": 200.0}}


def measured(ms, growth=10.0):
    return {"median_ms": ms, "min_ms": ms / 2, "peak_mb": 50.0, "growth_mb": growth}


@pytest.fixture
def canned():
    found = results.Results(PEAKS)
    for ms in (4.0, 5.0, 9.0):
        found.add(TRAIN, "eager", measured(ms))
    found.add(TRAIN, "compiled", measured(2.5))
    found.add(TRAIN, "python-bf16", measured(2.0))
    found.add(TRAIN, "torch-eager", measured(20.0, growth=40.0))
    found.add(TRAIN, "torch-tuned", measured(12.0))
    found.add(TRAIN, "torch-bf16", measured(8.0))
    found.add(TRAIN, "jax", measured(10.0))
    found.add_absent(TRAIN, "torch-compile", "no compiler")
    return found


def row_of(found, mode, dtype="float32"):
    return next(r for r in found.rows() if (r["mode"], r["dtype"]) == (mode, dtype))


def test_a_row_has_the_median_of_its_rounds_and_the_least(canned):
    row = row_of(canned, "eager")
    assert (row["ms"], row["min_ms"], row["rounds"]) == (5.0, 2.0, 3)


def test_ratios_are_the_peers_time_over_ours(canned):
    row = row_of(canned, "eager")
    assert row["over_torch"] == 4.0
    assert (row["best_peer"], row["over_best"]) == ("jax", 2.0)
    assert row["memory_of_torch"] == 0.25


def test_bfloat16_is_held_against_pytorchs_and_the_best_float32(canned):
    row = row_of(canned, "python", "bfloat16")
    assert (row["over_torch"], row["over_best"]) == (4.0, 5.0)


def test_the_bound_is_the_work_at_the_peak_of_products(canned):
    row = row_of(canned, "eager")
    assert row["bound_ms"] == pytest.approx(flops("mlp_mnist") / 100e6, rel=1e-3)
    assert row["of_bound"] == pytest.approx(row["bound_ms"] / 5, rel=1e-3)


def test_without_peers_and_peaks_ratios_are_none():
    found = results.Results({})
    found.add(TRAIN, "eager", measured(4.0))
    row = row_of(found, "eager")
    assert [row[k] for k in ("over_torch", "over_best", "best_peer", "of_bound")] == 4 * [None]
    assert "| -" in results.report(found)


def test_means_take_the_better_of_eager_and_compiled(canned):
    other = TRAIN._replace(workload="convnet")
    canned.add(other, "eager", measured(10.0))
    canned.add(other, "compiled", measured(20.0))
    canned.add(other, "torch-eager", measured(20.0))
    better = next(m for m in results.means(canned.rows()) if m["mode"] == "better of both")
    assert better["workloads"] == 2
    assert better["over_torch"] == 4.0  # the root of 8 by 2


def test_the_table_has_a_line_a_row_and_even_columns(canned):
    lines = results.table(canned.rows()).splitlines()
    assert len(lines) == 2 + 3
    assert len({len(line) for line in lines}) == 1
    assert len({line.count("|") for line in lines}) == 1


def test_the_report_names_what_was_absent(canned):
    assert "torch-compile: mlp_mnist train, threads 2 (no compiler)" in results.report(canned)


def test_json_has_the_fields_that_readers_count_on(canned, tmp_path):
    path = tmp_path / "results.json"
    results.write_json(path, canned, {"processor": "one"})
    found = json.loads(path.read_text())
    assert found["schema"] == results.SCHEMA
    assert found["peak_gflops"] == {"2": PEAKS[2]}
    assert len(found["rows"]) == 3
    fields = "workload task batch mode threads dtype ms peers_ms over_torch over_best of_bound"
    assert set(fields.split()) <= set(found["rows"][0])


@pytest.mark.parametrize(
    "value, shown",
    [(None, "-"), (0.00123456, "0.00123"), (5.0, "5.00"), (123.4, "123"), (7, "7"), (0.0, "0")],
)
def test_numbers_are_shown_with_three_digits(value, shown):
    assert results.text(value) == shown


def test_flops_are_those_of_the_layers():
    assert flops("mlp_mnist", is_training=False) == 2 * 64 * (784 * 800 + 800 * 800 + 800 * 10)
    assert flops("mlp_mnist", is_training=False, batch=1) * 64 == flops("mlp_mnist", False)
    first = 2 * 64 * 784 * 800
    assert flops("mlp_mnist") == 3 * flops("mlp_mnist", False) - first


def test_every_workload_has_its_work_counted():
    assert all(flops(name) > 2 * flops(name, False) for name in BATCHES)


def test_settings_of_the_shell_are_not_passed_on(monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")
    programs = Programs(Path("build"), "python3", "python3")
    by_name = results.BY_NAME
    assert "OMP_WAIT_POLICY" not in programs.environment(by_name["eager"])
    assert "MALLOC_TOP_PAD_" not in programs.environment(by_name["torch-eager"])
    assert programs.environment(by_name["torch-tuned"])["MALLOC_MMAP_MAX_"] == "0"


def test_a_program_that_is_not_there_is_absent_for_good():
    programs = Programs(Path("/nonexistent"), "/nonexistent", "/nonexistent")
    with pytest.raises(Absent) as raised:
        sides.measure(programs, results.BY_NAME["torch-eager"], TRAIN, 0.1)
    assert not raised.value.is_installed


def test_a_failure_of_one_side_does_not_stop_the_others(monkeypatch, tmp_path):
    def measure(programs, side, job, seconds):
        if side.lib == "jax":
            raise Absent("No module named 'jax'", is_installed=False)
        if side.mode == "compile":
            raise Absent("no compiler")
        return measured(1.0)

    monkeypatch.setattr(sides, "measure", measure)
    monkeypatch.setattr(sides, "measure_peak", lambda programs, threads: PEAKS[2])
    args = compare.read_arguments(["--quick", "--workloads", "mlp_micro", "--tasks", "train"])
    comparison = compare.Comparison(args)
    for job in compare.jobs_of(args):
        comparison.run(job)
    assert {why.split(":")[0] for why in comparison.results.absent} == {"jax", "torch-compile"}
    assert len(comparison.results.rows()) == 5


def test_training_has_one_batch_and_inference_two():
    args = compare.read_arguments(["--workloads", "convnet", "--threads", "1"])
    assert [(j.task, j.batch) for j in compare.jobs_of(args)] == [
        ("train", 0),
        ("forward", 1),
        ("forward", 64),
    ]


def test_losses_differ_by_a_share_of_what_was_gained():
    assert losses.difference([2.5, 0.5], [2.5, 0.54]) == pytest.approx(0.02)
    assert losses.difference([2.5, 2.5], [2.5, 2.5]) is None
