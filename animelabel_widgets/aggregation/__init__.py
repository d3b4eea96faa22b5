"""From ratings to verdicts: what the crowd as a whole says, and how far each volunteer is right.

It knows DataFrames and arrays only. One label at a time, in the contract
`task, worker, label` that other aggregators use too: `majority`, `DawidSkene`.
All four features of an image together: `consensus`, `differences`, `volunteers`, `agreement`,
`hasty`.
"""

from .agreement import agreement
from .dawid_skene import DawidSkene
from .differences import differences
from .hasty import hasty
from .majority import majority
from .verdicts import ConsensusWarning, consensus
from .volunteers import volunteers

__all__ = [
    "ConsensusWarning",
    "DawidSkene",
    "agreement",
    "consensus",
    "differences",
    "hasty",
    "majority",
    "volunteers",
]
