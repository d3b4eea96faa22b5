"""How many visitors there is room for."""

from __future__ import annotations

from pathlib import Path

import pytest

from animelabel_widgets.errors import ConfigError
from animelabel_widgets.serving.room import free_memory, room_for


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """Give a system of 8 GiB, in which a unit of 512 MiB stands within a container of 2 GiB."""
    files = {
        "proc/meminfo": "MemTotal:       16777216 kB\nMemAvailable:    8388608 kB\n",
        "proc/self/cgroup": "0::/system.slice/crowd.service\n",
        "sys/fs/cgroup/memory.max": str(2 * 2**30),
        "sys/fs/cgroup/memory.current": str(2**31 - 2**20),
        "sys/fs/cgroup/memory.stat": f"anon 9\ninactive_file {2**29}\nactive_file {2**29 - 2**20}",
        "sys/fs/cgroup/system.slice/memory.max": "max",
        "sys/fs/cgroup/system.slice/memory.current": str(2**29),
        "sys/fs/cgroup/system.slice/crowd.service/memory.max": str(512 * 2**20),
        "sys/fs/cgroup/system.slice/crowd.service/memory.current": str(12 * 2**20),
        "sys/fs/cgroup/system.slice/crowd.service/memory.stat": "inactive_file 0\nactive_file 0",
    }
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="ascii")
    return tmp_path


def test_the_tightest_limit_counts(system: Path) -> None:
    """Of the unit, of what it stands in, and of the machine; files that were read count as free."""
    own = system / "sys/fs/cgroup/system.slice/crowd.service/memory.max"
    assert free_memory(system) == 500 * 2**20
    own.write_text("max", encoding="ascii")
    assert free_memory(system) == 2**30
    (system / "sys/fs/cgroup/memory.max").unlink()
    assert free_memory(system) == 8 * 2**30
    (system / "proc/self/cgroup").write_text("4:memory:/unit\n", encoding="ascii")
    assert free_memory(system) == 8 * 2**30


def test_a_group_that_is_full_leaves_nothing(system: Path) -> None:
    """And a system that does not tell is taken for a small one."""
    unit = system / "sys/fs/cgroup/system.slice/crowd.service"
    (unit / "memory.current").write_text(str(2**30), encoding="ascii")
    assert free_memory(system) == 0
    assert free_memory(system / "elsewhere") == 2 * 2**30


def test_what_is_wanted_is_shared_among_the_processes() -> None:
    """Exactly; without a wish there is room for one at least, and none is left without."""
    assert room_for(100, 3) == [34, 33, 33]
    assert room_for(3, 3) == [1, 1, 1]
    assert min(room_for(0, 2)) >= 1
    with pytest.raises(ConfigError, match="lower --workers, or raise --max-visitors"):
        room_for(2, 3)
