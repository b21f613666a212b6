"""The ports that a phase is handed, in one record."""

from dataclasses import dataclass

from pointsman.ports.clock import Clock
from pointsman.ports.ledger import Ledger
from pointsman.ports.models import Models
from pointsman.ports.sandbox import Sandbox
from pointsman.ports.signer import Signer
from pointsman.ports.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Ports:
    """What phases may ask of the world. The forge is not among them: only `runs` publishes."""

    models: Models
    workspace: Workspace
    sandbox: Sandbox
    ledger: Ledger
    signer: Signer
    clock: Clock
