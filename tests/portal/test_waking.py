"""Workers sleep until the relay says that something waits, and miss nothing when that word gets lost."""

import queue
import threading
from uuid import uuid4

import dramatiq
import pytest

from agency.kernel.settings import settings
from portal import waking
from portal.waking import WakingBroker

PATIENCE_SECONDS = 60
NEVER = 3600.0


@pytest.fixture
def broker(redis_url):
    made = WakingBroker(settings().model_copy(update={"redis_url": redis_url}))
    made.client.flushdb()
    yield made
    made.close()


@pytest.fixture
def woken(broker):
    """A running worker; what it is woken for comes out of this queue."""
    heard: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
    dramatiq.actor(heard.put, actor_name="wake.errands", queue_name="errands", broker=broker)
    worker = dramatiq.Worker(broker, worker_timeout=50, worker_threads=2)
    worker.start()
    yield heard
    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    while stopping.is_alive():
        broker._tell_all()  # consumers that sleep for ever look up, and see that they are to end
        stopping.join(0.05)


def listening(broker) -> bool:
    return bool(broker.client.pubsub_numsub("wake")[0][1])


def until_listening(broker) -> None:
    while not listening(broker):
        pass


class TestWaking:
    def test_a_worker_that_never_looks_by_itself_is_told(self, monkeypatch, broker, woken):
        monkeypatch.setattr(waking, "_LOOK_ANYWAY_SECONDS", NEVER)
        until_listening(broker)
        for _ in range(3):
            ids = [uuid4(), uuid4()]
            broker.put("errands", [ids])
            assert woken.get(timeout=PATIENCE_SECONDS) == [str(one) for one in ids]

    def test_more_than_a_worker_takes_ahead_is_taken_as_it_gets_room(self, monkeypatch, broker, woken):
        monkeypatch.setattr(waking, "_LOOK_ANYWAY_SECONDS", NEVER)
        until_listening(broker)
        chunks = [[uuid4()] for _ in range(60)]
        broker.put("errands", chunks)
        found = {woken.get(timeout=PATIENCE_SECONDS)[0] for _ in chunks}
        assert found == {str(one) for (one,) in chunks}

    def test_a_lost_word_costs_a_look(self, monkeypatch, broker, woken):
        until_listening(broker)
        monkeypatch.setattr(broker.client, "publish", lambda channel, word: 0)
        one = uuid4()
        broker.put("errands", [[one]])
        assert woken.get(timeout=PATIENCE_SECONDS) == [str(one)]

    def test_a_lost_connection_is_made_anew(self, monkeypatch, broker, woken):
        monkeypatch.setattr(waking, "_LISTEN_AGAIN_SECONDS", 0.01)
        until_listening(broker)
        broker.client.client_kill_filter(_type="pubsub", skipme=True)
        monkeypatch.setattr(waking, "_LOOK_ANYWAY_SECONDS", NEVER)
        one = uuid4()
        broker.put("errands", [[one]])
        assert woken.get(timeout=PATIENCE_SECONDS) == [str(one)]
