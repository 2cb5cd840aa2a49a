"""The outside world as a whole: its clock, its memory over a restart, and faults on demand."""

import asyncio
import threading
from datetime import datetime, timedelta

import pytest

from agency.ports.providers import ProviderAmbiguous, Sender
from integrations.simulator.app import create_app
from integrations.simulator.configuration import Configuration
from tests.outside import listening_agency, running_simulator, send_mail, wait_until

ME = Sender("Incasso Noord", "post@incassonoord.example", "post@incassonoord.example")


def send(simulator, message_id, to="jansen@example.com", text="t"):
    mail = {"sender": ME, "to": to, "subject": "Uw dossier", "html": "<p>h</p>", "text": text}
    return send_mail(simulator, message_id=message_id, **mail)


class TestClock:
    def test_runs_on_from_where_it_was_set(self, simulator):
        set_to = simulator.post("/clock", {"now": "2030-01-02T03:04:05+01:00"})["now"]
        assert set_to.startswith("2030-01-02T02:04:05")
        first = datetime.fromisoformat(simulator.get("/clock")["now"])
        wait_until(lambda: datetime.fromisoformat(simulator.get("/clock")["now"]) > first)

    def test_refuses_a_moment_without_a_zone(self, simulator):
        assert simulator.http.post("/_sim/clock", json={"now": "2030-01-02T03:04:05"}).status_code == 422

    def test_what_is_due_later_is_told_later(self, simulator):
        simulator.post("/delays", {"email": 3600})
        send(simulator, "m1")
        simulator.post("/drain")
        assert simulator.messages()[0]["state"] == "sent"
        now = datetime.fromisoformat(simulator.get("/clock")["now"])
        simulator.post("/clock", {"now": (now + timedelta(hours=1, seconds=1)).isoformat()})
        simulator.post("/drain")
        assert simulator.messages()[0]["state"] == "delivered"
        assert simulator.messages()[0]["at"] < simulator.get("/clock")["now"]


class TestItsEnd:
    def test_comes_also_in_the_moment_in_which_there_is_something_to_tell(self):
        async def end_as_it_is_nudged() -> bool:
            app = create_app(Configuration(data=":memory:", own_url="", agency_url=""))
            async with asyncio.timeout(10) as patience, app.router.lifespan_context(app):
                for _ in range(100):  # until the teller waits for something to tell
                    await asyncio.sleep(0)
                app.state.world.reports.nudge()
            return not patience.expired()

        assert asyncio.run(end_as_it_is_nudged())


class TestMessages:
    def test_are_listed_newest_first_and_searched(self, simulator):
        for number in range(3):
            send(
                simulator, f"m{number}", to=f"jansen{number}@example.com", text=f"brief nummer {number} 100%"
            )
        assert [message["reference"] for message in simulator.messages()] == ["m2", "m1", "m0"]
        assert [m["reference"] for m in simulator.messages(to="jansen1@example.com")] == ["m1"]
        assert [m["reference"] for m in simulator.messages(q="nummer 2")] == ["m2"]
        assert [m["reference"] for m in simulator.messages(q="100%")] == ["m2", "m1", "m0"]
        assert simulator.messages(q="100_") == []
        assert simulator.messages(channel="sms") == []
        assert simulator.messages(since="2100-01-01T00:00:00Z") == []

    def test_can_be_followed_in_order_of_arrival(self, simulator):
        send(simulator, "m0")
        seq = simulator.messages()[0]["seq"]
        send(simulator, "m1")
        send(simulator, "m2")
        assert [message["reference"] for message in simulator.messages(after=seq)] == ["m1", "m2"]


class TestRestart:
    def test_keeps_what_it_was_given_and_tells_it_afterwards(self, tmp_path):
        data = str(tmp_path / "outside.sqlite")
        with listening_agency() as agency:
            agency.answers[:] = [503] * 50
            with running_simulator(agency, data=data) as before:
                before.post("/clock", {"now": "2030-01-02T03:04:05Z"})
                reference = send(before, "m1")
                before.post("/bank/transfer", {"to_iban": "NL86INGB0002445588", "amount": "12.00"})
            agency.answers.clear()
            with running_simulator(agency, data=data) as after:
                assert after.messages()[0]["id"] == reference
                assert after.get("/clock")["now"].startswith("2030-01-02T03:")
                assert after.get("/bank/accounts")["accounts"][0]["balance"] == "12.00"
                after.post("/drain")
                wait_until(lambda: b"processed" in b"".join(call.body for call in agency.heard))


class TestReset:
    def test_answers_when_what_was_being_told_has_arrived(self, simulator):
        """Else a report of the old world would arrive in the new one."""
        reset = threading.Thread(target=simulator.post, args=("/reset",))
        with simulator.agency.lock:  # the agency hears and does not answer yet
            send(simulator, "m1")
            wait_until(lambda: simulator.messages()[0]["state"] == "delivered")
            reset.start()
            reset.join(timeout=0.3)
            assert reset.is_alive()
        reset.join()
        assert simulator.agency.heard_at("/")


class TestFaults:
    def test_hit_as_often_as_told_and_are_lifted(self, simulator):
        simulator.fault("sendgrid", "lost", times=2)
        for _ in range(2):
            with pytest.raises(ProviderAmbiguous):
                send(simulator, "m1")
        send(simulator, "m1")
        simulator.fault("sendgrid", "reset", times=None)
        for _ in range(3):
            with pytest.raises(ProviderAmbiguous):
                send(simulator, "m1")
        simulator.http.delete("/_sim/faults")
        send(simulator, "m1")

    def test_hit_by_chance_about_as_often_as_told(self, simulator):
        simulator.fault("sendgrid", "status", times=None, percent=50, status=500)
        outcomes = []
        for _ in range(60):
            try:
                send(simulator, "m1")
                outcomes.append(True)
            except ProviderAmbiguous:
                outcomes.append(False)
        assert 15 <= sum(outcomes) <= 45

    def test_leave_the_control_plane_alone(self, simulator):
        simulator.fault("_sim", "status", times=None)
        assert simulator.get("/health")["now"]

    @pytest.mark.parametrize(
        "fault",
        [
            {"target": "sendgrid", "kind": "explode"},
            {"kind": "lost"},
            {"target": "x", "kind": "lost", "percent": 101},
        ],
    )
    def test_refuse_nonsense(self, simulator, fault):
        assert simulator.http.post("/_sim/faults", json=fault).status_code == 422


class TestWebhooks:
    def test_never_leave_this_machine(self, simulator):
        answer = simulator.http.post(
            "/twilio/api.twilio.com/2010-04-01/Accounts/AC1/Messages.json",
            data={
                "To": "+31612345678",
                "From": "+31201234567",
                "Body": "x",
                "StatusCallback": "http://example.com/h",
            },
            auth=("AC1", "t"),
        )
        assert answer.status_code == 400
        assert simulator.messages() == []
