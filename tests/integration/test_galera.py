"""Three database nodes: nothing is lost when one dies, and nothing is left behind.

Not part of `make test`: `pytest -m galera` runs it.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import children_of, command_of
from support.waiting import wait_until

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "galera.py"

pytestmark = pytest.mark.galera


def test_two_nodes_die_and_return_and_no_rating_is_lost() -> None:
    """One returns with its files and gets the rest, the other one gets everything anew."""
    done = subprocess.run(
        [sys.executable, BENCHMARK, "--seconds=1", "--images=2000"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr or done.stdout
    result = json.loads(done.stdout)
    assert [each["by"] for each in result["joined_again"]] == ["IST", "SST"]
    assert result["stored_on_each_node"] == [result["acknowledged"]] * 3
    assert result["failed_requests"] > 0, "the nodes died unnoticed"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_it_leaves_no_process_and_no_folder(number: signal.Signals) -> None:
    """Ctrl-C in the middle ends every node and removes its data."""
    with subprocess.Popen(
        [sys.executable, BENCHMARK], stderr=subprocess.PIPE, text=True
    ) as process:

        def nodes() -> dict[int, Path]:
            found = {}
            for each in children_of(process.pid):
                for word in command_of(each).decode().split("\0"):
                    if word.startswith("--defaults-file="):
                        found[each] = Path(word.partition("=")[2])
            return found

        def ended() -> None:
            assert process.poll() is None, process.communicate()[1]

        started = wait_until(
            lambda: found if len(found := nodes()) == 3 else None,
            "three nodes",
            timeout=120,
            check=ended,
        )
        assert all(file.exists() for file in started.values())
        process.send_signal(number)
        assert process.wait(timeout=60) == 1
    assert not any(Path(f"/proc/{each}").exists() for each in started)
    assert not any(file.exists() for file in started.values())
