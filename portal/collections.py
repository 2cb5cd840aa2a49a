"""Where the agency's collections meet the bank's format: the one place that knows both."""

from uuid import UUID

from agency.arrangements.direct_debits import CollectionOrder, approve_collection
from agency.arrangements.models import DirectDebitFile
from agency.kernel.settings import Settings
from agency.kernel.unit import Unit
from integrations.bankfiles.collection_order import Collection, Collector, pain008


def approve_and_write(unit: Unit, *, file_id: UUID, settings: Settings) -> DirectDebitFile:
    """This function will approve a drafted collection and write it as pain.008.001.08.

    :raises NotFound, NotAnotherPerson, UnableToApproveCollection: see `approve_collection`.
    :raises UnwritableCollection: the bank would refuse it.
    """
    collector = Collector(settings.trust_name, settings.trust_iban, settings.sepa_creditor_id)

    def write(order: CollectionOrder) -> bytes:
        return pain008(
            message_id=order.message_id,
            created_at=order.created_at,
            collector=collector,
            collect_on=order.collect_on,
            collections=[
                Collection(
                    end_to_end=line.end_to_end,
                    name=line.name,
                    iban=line.iban,
                    amount=line.amount,
                    sequence=line.sequence,
                    mandate=line.mandate,
                    signed_on=line.signed_on,
                    text=line.text,
                )
                for line in order.lines
            ],
        )

    return approve_collection(unit, file_id=file_id, writer=write)
