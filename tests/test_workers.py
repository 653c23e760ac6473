"""Processes that work for a run: they end with it, and one that dies is replaced once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from pickle import PicklingError

import pytest

import bifurc
from bifurc.case import load_case
from bifurc.errors import EndedEarlyError, WorkerDiedError
from bifurc.exploration import Plan, explore_from
from bifurc.run import seed_of
from bifurc.workers import Workers
from tests.fuzz.kills import kills

ROOT = Path(__file__).parent.parent


def die_once(path, way):
    """Die at the first call, work at the second."""
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), way)
    return os.getpid()


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def fail(text):
    raise ValueError(text)


def test_workers_do_what_they_are_given():
    with Workers(2) as workers:
        tasks = [workers.submit(pow, base, 3) for base in range(8)]
        assert [task.result() for task in tasks] == [base**3 for base in range(8)]
        pids = {workers.submit(os.getpid).result() for _ in range(4)}
    assert os.getpid() not in pids
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM])
def test_a_task_whose_worker_dies_is_tried_again_with_one_line(way, tmp_path, caplog):
    with Workers(1) as workers:
        workers.submit(die_once, tmp_path / "once", way).result()
    assert [record.getMessage() for record in caplog.records] == [
        f"A worker was killed (signal {int(way)}); its task is tried again."
    ]


def test_a_task_that_kills_two_workers_is_given_up_and_the_next_one_done():
    with Workers(1) as workers:
        lost, other = workers.submit(die), workers.submit(abs, -3)
        with pytest.raises(WorkerDiedError, match=r"killed \(signal 9\) 2 times"):
            lost.result()
        assert other.result() == 3


def test_what_a_task_raises_or_cannot_send_comes_back():
    with Workers(1) as workers:
        with pytest.raises(ValueError, match="mine"):
            workers.submit(fail, "mine").result()
        with pytest.raises((AttributeError, TypeError, PicklingError)):
            workers.submit(eval, "lambda: 0").result()
        assert workers.submit(abs, -3).result() == 3


def test_an_exception_ends_busy_workers_at_once():
    with pytest.raises(KeyboardInterrupt), Workers(2) as workers:
        tasks = [workers.submit(time.sleep, 600) for _ in range(5)]
        time.sleep(0.5)
        raise KeyboardInterrupt
    assert all(task.done() for task in tasks)


def test_a_branch_that_kills_its_workers_is_named_and_the_others_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("bifurc.exploration._follow", deadly)
    graph = {"d": (9, 5), "depth": 0, "folder": tmp_path}
    with Workers(1) as workers, pytest.raises(EndedEarlyError, match="b0: its worker was killed"):
        bifurc.explore("II", executor=workers, **graph)


def deadly(task, plan):
    die()


@pytest.mark.parametrize("name", ["chain", "dihedral", "permuted"])
def test_models_go_to_workers_and_give_the_same_graph(name):
    seed = seed_of(load_case(ROOT / "cases" / f"{name}.toml"))
    plan = Plan((-0.5, 2.0), depth=1)
    with Workers(2) as workers:
        assert explore_from([seed], plan, workers) == explore_from([seed], plan)


LATE = """
import os, signal, threading
from bifurc.__main__ import entry
threading.Timer({after}, os.kill, (os.getpid(), signal.SIGINT)).start()
raise SystemExit(entry())
"""


@pytest.mark.parametrize("after", [0.01, 0.03, 0.1, 0.3])
def test_an_interrupt_is_one_line_from_the_first_moment_on(after, tmp_path):
    command = [sys.executable, "-c", LATE.format(after=after), "critical", "M", "--from", "400"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, check=False, env=environment, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode in (0, 3)
    assert done.stderr.count("\n") == (done.returncode == 3)
    assert "interrupted" in done.stderr or done.returncode == 0


@pytest.mark.parametrize(("count", "seed"), [(1, 2), pytest.param(4, 3, marks=pytest.mark.slow)])
def test_runs_that_are_killed_leave_no_process_and_are_taken_up(count, seed, tmp_path):
    """One kill; each way once, at moments of a seeded generator; many more are in tests/fuzz."""
    assert [wrong for _, wrong in kills(tmp_path, count, seed)] == [None] * count
