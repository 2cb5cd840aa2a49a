"""The table of pauses of a brand's mail."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from agency.kernel.columns import CreditorRow, moment_field


class MailPause(CreditorRow, table=True):
    """A time in which a creditor's mail is held back; `ground` is bounced or unwanted, with the counts that
    it rests on. `remark` is what was found out before it went on."""

    __tablename__ = "mail_pause"
    __table_args__ = (
        Index("uq_mail_pause_running", "creditor_id", unique=True, postgresql_where="ended_at IS NULL"),
    )

    ground: str = Field(max_length=8)
    sent: int
    bounced: int
    unwanted: int
    began_at: datetime = moment_field()
    ended_at: datetime | None = moment_field(default=None)
    ended_by: str | None = None
    remark: str = ""
