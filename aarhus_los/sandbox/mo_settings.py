"""What the operator of an MO decides and what the MO depends on; tests change it while it runs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum


class AddressService(Enum):
    """What becomes of MO's questions to its own address service, which it asks about every postal address.

    Without the service MO waits in vain, and then refuses the address as if it were wrong.
    """

    ANSWERS = "it knows every address"
    KNOWS_NONE = "it answers, and knows no address"
    GONE = "MO waits for it in vain"
    UNREACHABLE = "MO cannot even connect to it"


@dataclass
class MoSettings:
    """The settings and the surroundings of an MO."""

    cpr_validate_birthdate: bool = True
    """MO's setting of that name. Without it a CPR number need not tell a birth date, and such a person is there always."""
    address_service: AddressService = AddressService.GONE
    address_service_seconds: float = 0.0
    """How long MO waits for a service that is gone, with its transaction open: 30 s on a real one."""

    def ask_address_service(self) -> AddressService:
        """What a question comes to, after the wait for it."""
        if self.address_service is AddressService.GONE:
            time.sleep(self.address_service_seconds)
        return self.address_service
