"""Jobs of what comes in: hooks only keep and answer; reading is done here."""

from agency.communication.inbound.arriving import Arrival, take_in
from agency.communication.inbound.models import InboundChannel
from agency.communication.inbound.scan_folder import take_folder
from agency.kernel.actor import actor
from agency.kernel.inbox import Told, take_unhandled
from agency.kernel.ports import installed_ports
from agency.kernel.settings import settings
from agency.kernel.unit import Unit, Units


def told(arrival: Arrival) -> Told:
    """This function will return an arrival as the fact that the inbox keeps."""
    body = {
        "channel": arrival.channel.value,
        "source_key": arrival.source_key,
        "sha256": arrival.sha256,
        "sender": arrival.sender,
        "to": arrival.to,
        "words": arrival.words,
        "wish": arrival.wish,
    }
    return Told(arrival.source_key, body)


@actor(own_units=True)
def take_scans(units: Units) -> None:
    """This function will take in what the mail room laid into the folder of scans, where there is one."""
    folder = settings().scans_folder
    if folder is not None:
        take_folder(units, installed_ports().files, folder)


@actor()
def read_arrived(unit: Unit, *, inbox_ids: list[str]) -> None:
    """This function will take in what the hooks put in the inbox."""
    for _, _, body in take_unhandled(unit, inbox_ids):
        arrival = Arrival(**body | {"channel": InboundChannel(body["channel"])})
        take_in(unit, installed_ports().files, arrival)
