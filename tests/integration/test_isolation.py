"""Nothing of a visitor's ever reaches another, and each route that keeps them apart is needed."""

from __future__ import annotations

import asyncio

import pytest
from support import sniffing
from support.house import House, tell

from animelabel_widgets.serving.hosted import routing

ROUTES = [*routing.PRIVATE, ("os", "environ")]


async def _sniffed(house: House, visitors: int, turns: int, echoes: int) -> int:
    """Let visitors in, and sniff at all that they hear."""
    names = [f"v{number}" for number in range(visitors)]
    kernels = await asyncio.gather(*(house.kernel(name) for name in names))
    pages = [sniffing.Page(*each) for each in zip(names, kernels, strict=True)]
    return await sniffing.sniff(pages, turns, echoes)


def test_of_twenty_thousand_messages_none_reaches_another() -> None:
    """300 visitors in two hosts do at once all that a notebook can; each hears himself alone."""

    async def story(house: House) -> None:
        assert await _sniffed(house, 300, turns=2, echoes=20) > 20_000

    tell(story, sniffing.NOTEBOOK, number=2)


@pytest.mark.parametrize("route", ROUTES, ids=":".join)
def test_without_a_route_visitors_would_meet(
    route: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each route is needed: the sniff of three visitors fails where one is left as it was."""
    monkeypatch.setenv("UNROUTED", ":".join(route))

    async def story(house: House) -> None:
        with pytest.raises(sniffing.SniffError):
            await _sniffed(house, 3, turns=1, echoes=2)

    tell(story, sniffing.NOTEBOOK, modules=("anywidget", "support.unrouted"))
