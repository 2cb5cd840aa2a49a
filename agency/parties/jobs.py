"""Jobs of the parties: look whether the records of creditors' host names still stand."""

from agency.kernel.actor import actor
from agency.kernel.ports import installed_ports
from agency.kernel.settings import settings
from agency.kernel.unit import Units
from agency.parties.hosts import check_all_hosts


@actor(own_units=True)
def check_hosts(units: Units) -> None:
    """This function will look at every host name; mail from one that broke goes out under the agency's."""
    check_all_hosts(units, ports=installed_ports(), public_url=settings().public_url)
