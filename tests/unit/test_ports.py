"""Connections that come to a port."""

from __future__ import annotations

import asyncio
import resource
import socket

import pytest
from support.waiting import free_port

from animelabel_widgets.serving.ports import bind_near, take_from


def test_who_comes_while_descriptors_are_short_is_let_in_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And the processor is not busy asking meanwhile, nor the log full of it."""

    async def story() -> None:
        (listening,) = bind_near("127.0.0.1", free_port())
        taken: asyncio.Queue[socket.socket] = asyncio.Queue()
        end = take_from(listening, lambda connection, _address: taken.put_nowait(connection))
        former = resource.getrlimit(resource.RLIMIT_NOFILE)
        with socket.create_connection(listening.getsockname()) as visitor:
            resource.setrlimit(resource.RLIMIT_NOFILE, (0, former[1]))
            try:
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(taken.get(), 0.5)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, former)
            assert [each.levelname for each in caplog.records] == ["WARNING"]
            with await asyncio.wait_for(taken.get(), 30) as connection:
                assert connection.getpeername() == visitor.getsockname()
        end()
        assert listening.fileno() == -1

    asyncio.run(story())
    assert "Too many open files" in caplog.text
