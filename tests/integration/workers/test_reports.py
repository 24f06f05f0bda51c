"""An ended call's report, by the real job: by rules, by a text model in every mood, delivered."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

import workers.runtime
from app.adapters import queue
from app.adapters.calls import report_reader
from app.adapters.calls.reports import ReportStore
from app.adapters.notify.base import NotTold
from app.adapters.redis import keys
from app.security import outgoing
from app.settings import Settings
from tests.support.local_http import Answer, LocalServer, Request
from tests.support.smtp_server import SmtpServer
from tests.support.text_model import TextModel
from tests.support.waiting import eventually
from workers.after_call import deliveries, reports
from workers.runtime import Runtime, open_runtime

FILE = """
name: Ada
business: Harbor
instructions: x
tools:
  - book_appointment
  - name: order_status
    description: Look up
    url: https://shop.example/
    parameters: {type: object, properties: {pin: {type: string, x-redact: true}}}
report:
  email: [office@harbor.example, boss@harbor.example]
  fields:
    reason: {description: Why they called}
    visits: {type: integer, description: Earlier visits}
    phone: {description: Their number}
"""
TALK = [
    {"role": "agent", "content": "Hello."},
    {"role": "user", "content": "My tooth hurts, and my pin is 4711."},
]
SECRET = "whsec-1"


class Receiver:
    """A strict receiver: checks signature and key, answers as it is told, keeps what it accepts."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.delay_s = 0.0
        self.repeats = 0
        self.accepted: dict[str, dict[str, Any]] = {}
        self.server = LocalServer(self._answer)

    def _answer(self, request: Request) -> Answer:
        time.sleep(self.delay_s)
        header = request.headers["callsmith-signature"]
        if not outgoing.verify(request.body, header, SECRET, int(time.time())):
            return 401, {}
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            told = request.json()
            report: Any = told["report"]
            key = request.headers["idempotency-key"]
            assert key == f"{told['id']}-{report['revision']}"
            self.repeats += key in self.accepted
            assert self.accepted.setdefault(key, told) == told, "the same key, another body"
        return status, {}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.server.stop()


Open = Callable[..., Runtime]


@pytest.fixture
def at_work_with(
    redis_url: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Runtime]:
    def make(text: str = FILE, **settings: Any) -> Runtime:
        file = tmp_path / "agent.yaml"
        file.write_text(text)
        monkeypatch.setattr(workers.runtime, "_runtime", None)
        given = Settings(redis_url=redis_url, agent_file=str(file), **settings)
        return open_runtime(given, connections=4, tools={})

    return make


def end(at_work: Runtime, call_id: str = "c1", **fields: Any) -> None:
    """A call that is over."""
    about = {"agent": "Ada", "business": "Harbor", "from_number": "+14155550123", **fields}
    at_work.calls.merge(call_id, {"channel": "retell", "started_at": time.time() - 60, **about})
    at_work.calls.set_transcript(call_id, TALK)
    at_work.calls.end(call_id)


def report(at_work: Runtime, call_id: str = "c1") -> dict[str, Any]:
    found = ReportStore(at_work.redis, at_work.settings).get(call_id)
    assert found is not None
    return found.shown()


def use(at_work: Runtime, tool: str, key: str, call_id: str = "c1", **arguments: Any) -> None:
    at_work.effects.ask(call_id, key, tool, arguments, f"t-{key}", {})
    at_work.effects.begin(call_id, key, key)


def settle(at_work: Runtime, key: str, call_id: str = "c1", **output: Any) -> None:
    at_work.effects.finish(call_id, key, key, "done", {"ok": True, "output": output})


def due(at_work: Runtime, call_id: str = "c1") -> bool:
    return at_work.redis.zscore(keys.REPORTS_DUE, call_id) is not None


def jobs(at_work: Runtime) -> list[tuple[Any, ...]]:
    """The jobs that wait, taken off their queue."""
    ids = queue.rq_queue(at_work.redis, "background").job_ids
    found = [queue.read_job(at_work.redis, job_id) for job_id in ids]
    at_work.redis.delete(queue.queue_key("background"))
    return [(job.function.rpartition(".")[2], *job.args) for job in found if job]


def test_rules_make_a_report_once(at_work_with: Open) -> None:
    at_work = at_work_with()
    end(at_work)
    for _ in range(3):
        reports.make("c1")
        at_work.calls.end("c1")
    found = report(at_work)
    assert (found["revision"], found["made_by"], found["outcome"]) == (1, "rules", "ended")
    assert found["fields"] == {"reason": None, "visits": None, "phone": "+14155550123"}
    assert jobs(at_work) == [("announce", "c1")]
    ttl = at_work.redis.ttl(keys.report("c1"))
    assert 0 < ttl <= at_work.settings.record_retention_s


def test_a_call_that_goes_on_or_is_unknown_has_none(at_work_with: Open) -> None:
    at_work = at_work_with()
    at_work.calls.merge("c1", {"agent": "Ada"}, live=True)
    for call_id in ("c1", "nobody"):
        reports.make(call_id)
        assert ReportStore(at_work.redis, at_work.settings).get(call_id) is None


def test_a_running_tool_is_waited_for_and_a_late_one_corrects(
    at_work_with: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work = at_work_with()
    use(at_work, "book_appointment", "late", name="Dana")
    end(at_work)
    reports.make("c1")
    assert ReportStore(at_work.redis, at_work.settings).get("c1") is None
    assert due(at_work), "it is looked at again"
    monkeypatch.setattr(reports, "WAIT_S", 0.0)
    reports.make("c1")
    (undone,) = report(at_work)["not_done"]
    assert undone["why"] == "it was still under way when the call ended"
    assert not due(at_work)
    settle(at_work, "late", booking_id="bk-1")
    assert due(at_work)
    reports.make("c1")
    corrected = report(at_work)
    assert (corrected["revision"], corrected["not_done"]) == (2, [])
    assert corrected["tools"][0]["result"] == {"booking_id": "bk-1"}


@pytest.mark.parametrize("before", [True, False])
def test_retells_analysis_is_merged_whenever_it_comes(at_work_with: Open, before: bool) -> None:
    at_work = at_work_with()
    analysis = {
        "call_summary": "Tooth ache; the pin was 4711.",
        "custom_analysis_data": {"reason": "tooth ache", "visits": "2"},
    }
    use(at_work, "order_status", "o", pin="4711")
    settle(at_work, "o")
    if before:
        at_work.calls.end("c1", fields={"analysis": analysis})
    end(at_work)
    reports.make("c1")
    assert report(at_work)["revision"] == 1
    if not before:
        at_work.calls.end("c1", fields={"analysis": analysis})
        assert due(at_work)
        reports.make("c1")
    found = report(at_work)
    assert found["revision"] == (1 if before else 2)
    assert found["fields"] == {"reason": "tooth ache", "visits": 2, "phone": "+14155550123"}
    assert found["made_by"] == "retell"
    assert b"4711" not in orjson.dumps(found)
    reports.make("c1")
    assert report(at_work)["revision"] == found["revision"]


def test_an_agent_that_is_gone_leaves_its_names(at_work_with: Open) -> None:
    at_work = at_work_with()
    use(at_work, "secret_tool", "o", pin="4711")
    settle(at_work, "o")
    end(at_work, agent="Eve", business="Old Shop")
    reports.make("c1")
    found = report(at_work)
    assert (found["agent"], found["business"], found["fields"]) == ("Eve", "Old Shop", {})
    assert b"4711" not in orjson.dumps(found)


ANSWER: dict[str, Any] = {
    "summary": "A caller with tooth ache.",
    "fields": {
        "reason": {"value": "tooth ache", "quote": "my tooth hurts"},
        "visits": {"value": 3, "quote": "three times"},
        "phone": {"value": None, "quote": None},
    },
}


def asking(make: Open, text_model: TextModel) -> Runtime:
    return make(openai_api_key="sk-1", openai_base_url=text_model.url, intent_model="m")


def test_a_text_model_writes_the_report(at_work_with: Open, text_model: TextModel) -> None:
    at_work = asking(at_work_with, text_model)
    text_model.opinion = ANSWER
    use(at_work, "order_status", "o", pin="4711")
    settle(at_work, "o")
    end(at_work)
    for _ in range(3):
        reports.make("c1")
        at_work.calls.end("c1")
    found = report(at_work)
    assert (found["summary"], found["made_by"]) == ("A caller with tooth ache.", "model")
    assert found["fields"] == {"reason": "tooth ache", "visits": None, "phone": "+14155550123"}
    (question,) = text_model.questions
    assert b"4711" not in orjson.dumps(question)
    schema = question["response_format"]["json_schema"]
    assert schema["strict"] is True
    assert set(schema["schema"]["properties"]["fields"]["properties"]) == set(ANSWER["fields"])


@pytest.mark.parametrize("mood", ["away", "late", "nonsense", "no json", "other form"])
def test_without_an_answer_rules_write_it(
    at_work_with: Open, text_model: TextModel, monkeypatch: pytest.MonkeyPatch, mood: str
) -> None:
    monkeypatch.setattr(report_reader, "DEADLINE_S", 0.3)
    at_work = asking(at_work_with, text_model)
    if mood == "away":
        text_model.status = 503
    elif mood == "late":
        text_model.delay_s, text_model.opinion = 0.6, ANSWER
    else:
        opinions: dict[str, Any] = {
            "nonsense": [1, 2],
            "no json": "I would say that",
            "other form": {"summary": "x"},
        }
        text_model.opinion = opinions[mood]
    end(at_work)
    reports.make("c1")
    assert ReportStore(at_work.redis, at_work.settings).get("c1") is None
    assert due(at_work), "it is asked once more"
    for _ in range(3):
        reports.make("c1")
    found = report(at_work)
    assert (found["revision"], found["made_by"]) == (1, "rules")


def test_the_second_try_counts(at_work_with: Open, text_model: TextModel) -> None:
    at_work = asking(at_work_with, text_model)
    text_model.status, text_model.opinion = 500, ANSWER
    end(at_work)
    reports.make("c1")
    text_model.status = 200
    reports.make("c1")
    assert report(at_work)["made_by"] == "model"


def test_the_days_budget_is_kept(
    at_work_with: Open, text_model: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_reader, "MAX_PER_DAY", 1)
    at_work = asking(at_work_with, text_model)
    text_model.opinion = ANSWER
    for call_id in ("c1", "c2"):
        end(at_work, call_id)
        reports.make(call_id)
    assert [report(at_work, c)["made_by"] for c in ("c1", "c2")] == ["model", "rules"]
    assert len(text_model.questions) == 1


@pytest.mark.parametrize("off", ["ask_model: false", "silence"])
def test_the_model_is_not_asked(at_work_with: Open, text_model: TextModel, off: str) -> None:
    text = FILE.replace("report:\n", "report:\n  ask_model: false\n")
    at_work = at_work_with(
        text if off != "silence" else FILE,
        openai_api_key="sk-1",
        openai_base_url=text_model.url,
        intent_model="m",
    )
    end(at_work)
    if off == "silence":
        at_work.calls.set_transcript("c1", TALK[:1])
    reports.make("c1")
    assert report(at_work)["made_by"] == "rules"
    assert text_model.questions == []


def hooked(make: Open, receiver: Receiver, **settings: Any) -> Runtime:
    url = f"{receiver.server.url}/hook"
    return make(report_webhook_url=url, report_webhook_secret=SECRET, **settings)


def test_a_report_is_sent_until_it_is_taken_and_then_no_more(
    at_work_with: Open, receiver: Receiver
) -> None:
    at_work = hooked(at_work_with, receiver)
    end(at_work)
    reports.make("c1")
    assert jobs(at_work) == [("announce", "c1")]
    deliveries.announce("c1")
    assert jobs(at_work) == [("deliver", "c1", "webhook")]
    receiver.answers = [500, 404]
    for _ in range(2):
        with pytest.raises(NotTold, match="the report webhook answered"):
            deliveries.deliver("c1", "webhook")
    for _ in range(3):
        deliveries.deliver("c1", "webhook")
    (told,) = receiver.accepted.values()
    assert set(told) == {"id", "event", "report"}
    assert (told["id"], told["event"]) == ("report-c1", "call.report")
    assert told["report"] == report(at_work)
    at_work.calls.end("c1", fields={"analysis": {"call_summary": "Later."}})
    reports.make("c1")
    for _ in range(2):
        deliveries.deliver("c1", "webhook")
    assert list(receiver.accepted) == ["report-c1-1", "report-c1-2"]
    assert receiver.accepted["report-c1-2"]["id"] == "report-c1"
    assert receiver.repeats == 0


def test_a_receiver_that_is_slow_or_gone_is_tried_again(
    at_work_with: Open, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.notify.signed_post.TIMEOUT_S", 0.3)
    at_work = hooked(at_work_with, receiver)
    end(at_work)
    reports.make("c1")
    receiver.delay_s = 0.6
    with pytest.raises(NotTold, match="the report webhook failed"):
        deliveries.deliver("c1", "webhook")
    eventually(lambda: len(receiver.accepted) == 1)
    receiver.delay_s = 0.0
    receiver.server.stop()
    with pytest.raises(NotTold, match="the report webhook failed"):
        deliveries.deliver("c1", "webhook")
    receiver.server.start()
    for _ in range(2):
        deliveries.deliver("c1", "webhook")
    assert (len(receiver.accepted), receiver.repeats) == (1, 1)


def test_a_delivery_under_way_is_not_doubled(at_work_with: Open, receiver: Receiver) -> None:
    at_work = hooked(at_work_with, receiver)
    end(at_work)
    reports.make("c1")
    told = keys.told("report-c1-1", "webhook")
    at_work.redis.set(told, "sending", ex=60)
    with pytest.raises(NotTold, match="under way"):
        deliveries.deliver("c1", "webhook")
    at_work.redis.delete(told)
    deliveries.deliver("c1", "webhook")
    assert len(receiver.accepted) == 1


def test_an_agents_own_address_must_be_public(
    at_work_with: Open, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    own = (
        f"report_webhook_url: {receiver.server.url}/own\nreport_webhook_secret: ${{HOOK_SECRET}}\n"
    )
    at_work = at_work_with(FILE + own)
    end(at_work)
    reports.make("c1")
    with pytest.raises(NotTold, match="not public"):
        deliveries.deliver("c1", "webhook")
    at_work_with(FILE + own, tools_allow_private=True)
    deliveries.deliver("c1", "webhook")
    assert [request.path for request in receiver.server.seen] == ["/own"]


def test_a_report_goes_by_mail(at_work_with: Open) -> None:
    smtp = SmtpServer()
    try:
        url = f"smtp://desk%40example.com:p%40ss%3Aword@127.0.0.1:{smtp.port}"
        at_work = at_work_with(smtp_url=url)
        end(at_work)
        reports.make("c1")
        jobs(at_work)
        deliveries.announce("c1")
        assert jobs(at_work) == [("deliver", "c1", "mail")]
        deliveries.deliver("c1", "mail")
        at_work.calls.end("c1", fields={"analysis": {"call_summary": "Tooth ache."}})
        reports.make("c1")
        for _ in range(2):
            deliveries.deliver("c1", "mail")
    finally:
        smtp.stop()
    first, second = smtp.messages
    assert first["Subject"] == "Call report, ended: +14155550123"
    assert "reason: not known" in first.get_content()
    assert "Caller: My tooth hurts" in first.get_content()
    assert second["Subject"].startswith("Corrected: call report")
    assert second["In-Reply-To"] == first["Message-ID"]
    assert second.get_content().startswith("Tooth ache.")
    assert smtp.recipients == ["office@harbor.example", "boss@harbor.example"] * 2


def test_nobody_is_told_where_nobody_is_named(at_work_with: Open) -> None:
    at_work = at_work_with()
    end(at_work)
    reports.make("c1")
    jobs(at_work)
    deliveries.announce("c1")
    assert jobs(at_work) == []
