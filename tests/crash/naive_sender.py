"""The control of the crash test: what most programs do. Ask what is not marked, send it, then mark it."""

import os
import time

import psycopg

from agency.ports.providers import ProviderError, Sender
from integrations.sendgrid.sender import SendGridSender

BATCH = 20
US = Sender(name="Naive", email="naive@agency.example", reply_to="naive@agency.example")


def send_batch(connection: psycopg.Connection, sender: SendGridSender) -> int:
    """Send a batch in the transaction that marks it, and return how many there were."""
    waiting = connection.execute(
        "SELECT id::text FROM naive_message WHERE sent_at IS NULL ORDER BY id LIMIT %s"
        " FOR UPDATE SKIP LOCKED",
        [BATCH],
    ).fetchall()
    for (message_id,) in waiting:
        sender.send(
            message_id=message_id,
            sender=US,
            to=f"{message_id}@naive.example",
            subject="Reminder",
            html="<p>Please pay.</p>",
            text="Please pay.",
        )
        connection.execute("UPDATE naive_message SET sent_at = now() WHERE id = %s", [message_id])
    connection.commit()
    return len(waiting)


def run() -> None:
    """Send until nothing is left, however often the database or the provider fails."""
    sender = SendGridSender(
        url=f"{os.environ['AGENCY_SIMULATOR_URL']}/sendgrid", key="SG.simulator", production=False
    )
    url = os.environ["DATABASE_URL"].replace("+psycopg", "")
    left = BATCH
    while left:
        try:
            with psycopg.connect(url, connect_timeout=5) as connection:
                while left:
                    left = send_batch(connection, sender)
        except (psycopg.Error, ProviderError):
            time.sleep(0.1)


if __name__ == "__main__":
    run()
