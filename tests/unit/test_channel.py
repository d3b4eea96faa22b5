"""A ZeroMQ socket in an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
import zmq

from animelabel_widgets.serving.hosted.channel import Channel


@pytest.fixture
def context() -> Iterator[zmq.Context[zmq.Socket[bytes]]]:
    """Give a context without sockets at its end."""
    made: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    yield made
    made.destroy(linger=0)


def pair(context: zmq.Context[zmq.Socket[bytes]]) -> tuple[Channel, Channel]:
    """Give two channels that are connected with each other."""
    one, other = Channel(context.socket(zmq.PAIR)), Channel(context.socket(zmq.PAIR))
    one.socket.bind("inproc://channel")
    other.socket.connect("inproc://channel")
    return one, other


def test_the_parts_of_messages_arrive_as_they_were_sent(
    context: zmq.Context[zmq.Socket[bytes]],
) -> None:
    """Empty ones too, and many messages in their order, more than are taken at once."""

    async def story() -> None:
        one, other = pair(context)
        sent = [[b"", memoryview(b"view"), str(number).encode()] for number in range(200)]
        come: list[list[bytes]] = []
        all_come = asyncio.Event()

        def take(parts: list[bytes]) -> None:
            come.append(parts)
            if len(come) == len(sent):
                all_come.set()

        other.on_recv(take)
        for parts in sent:
            one.send_multipart(parts)
        await asyncio.wait_for(all_come.wait(), 30)
        assert come == [[bytes(part) for part in parts] for parts in sent]
        one.close()
        other.close()

    asyncio.run(story())


def test_who_listens_to_a_closed_channel_hears_nothing(
    context: zmq.Context[zmq.Socket[bytes]],
) -> None:
    """The number of its descriptor may be another connection's by then."""

    async def story() -> None:
        channel = Channel(context.socket(zmq.PAIR))
        number = channel.socket.FD
        channel.close()
        channel.on_recv(lambda _parts: None)
        assert not asyncio.get_running_loop().remove_reader(number)

    asyncio.run(story())


def test_who_fails_over_one_message_hears_the_next(
    context: zmq.Context[zmq.Socket[bytes]],
) -> None:
    """What has come is told once: nobody would ask for it again."""

    async def story() -> None:
        one, other = pair(context)
        for number in range(4):
            one.send_multipart([str(number).encode()])
        failed: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, told: failed.append(told))
        come: list[bytes] = []
        all_come = asyncio.Event()

        def take(parts: list[bytes]) -> None:
            come.append(parts[0])
            if parts[0] == b"3":
                all_come.set()
            else:
                raise RuntimeError("no thread")

        other.on_recv(take)
        await asyncio.wait_for(all_come.wait(), 60)
        assert (come, len(failed)) == ([b"0", b"1", b"2", b"3"], 3)
        one.close()
        other.close()

    asyncio.run(story())
