"""Imported by a host, after its routes are led: puts back what the variable `UNROUTED` names."""

from __future__ import annotations

import os
from importlib.util import find_spec, module_from_spec
from operator import attrgetter
from typing import Any

from animelabel_widgets.serving.hosted import routing

_HOMES = {"display": "IPython.core.display_functions"}
"""Where a name comes from that other modules import."""


def _stock(module: str, name: str) -> Any:
    """Give what a library itself has at a place: from a copy of its module, freshly run."""
    spec = find_spec(_HOMES.get(name, module))
    assert spec is not None
    assert spec.loader is not None
    copy = module_from_spec(spec)
    spec.loader.exec_module(copy)
    return attrgetter(name)(copy)


_module, _, _name = os.environ["UNROUTED"].partition(":")
if (_module, _name) == ("os", "environ"):
    os.environ = os.environ._process  # type: ignore[attr-defined] # noqa: B003
else:
    routing.set_global(_module, _name, _stock(_module, _name))
