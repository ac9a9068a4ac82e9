"""Names of `mo.model` and `mo.payloads` under which others still know them."""

from aarhus_los.mo import payloads
from aarhus_los.mo.model import *  # noqa: F403

Door = payloads.Endpoint
Item = payloads.Item
create, edit, is_mutated, terminate = (
    payloads.create,
    payloads.edit,
    payloads.is_mutated,
    payloads.terminate,
)
