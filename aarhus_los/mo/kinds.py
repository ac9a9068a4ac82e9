"""Names of `mo.model` and `mo.payloads` under which others still know them."""

from aarhus_los.mo.model import *  # noqa: F403
from aarhus_los.mo.model import KINDS as KINDS
from aarhus_los.mo.payloads import Endpoint as Door  # noqa: F401
from aarhus_los.mo.payloads import Item, create, edit, is_mutated, terminate  # noqa: F401
