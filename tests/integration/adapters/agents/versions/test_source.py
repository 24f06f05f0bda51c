"""The agents of a process: from the file and from the API, and what is wrong is left as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis import Redis

from app.adapters.agents.versions.opening import open_desk
from app.adapters.agents.versions.stored import Change
from app.adapters.tokens.business import BusinessTokens
from app.core.agent.directory import Asked
from app.core.agent.reference import AgentRef
from app.errors import Conflict, Invalid, PreconditionFailed, SettingsError, Unavailable
from app.local.embedded_redis import RedisServer
from app.settings import Settings
from tests.integration.adapters.agents.versions.conftest import FILE, Open, agent, put

NUMBER = "+49305550111"


def test_the_apis_comes_in_the_place_of_the_files(process: Open) -> None:
    here, there = process("here"), process("there")
    put(here, agent("ada", instructions="Sell bread."), agent("ben"))
    assert there.source.refresh()
    for desk in (here, there):
        found = {each.id: each.instructions for each in desk.source.directory.all}
        assert found == {"ada": "Sell bread.", "ben": "x"}
        assert desk.source.directory.default.id == "ada"
    put(there, Change("agent", "ada", None))
    assert here.source.refresh()
    assert here.source.directory.default.instructions == "Sell cakes."
    assert not here.source.refresh()


def test_a_business_that_leaves_the_file_leaves_no_token(
    process: Open, file: Path, redis: Redis
) -> None:
    tokens = BusinessTokens(redis)
    salon = "  - {id: ben, name: Ben, business: Salon, instructions: x}\n"
    file.write_text(FILE + salon)
    desk = process()
    texts = {each: tokens.create(each, by="a test")[1] for each in ("bakery", "salon")}
    file.write_text("agents: [")
    desk.source.refresh(read_file=True)
    assert all(map(tokens.check, texts.values())), "a broken file takes nobody out"
    file.write_text(FILE)
    desk.source.refresh(read_file=True)
    assert [each for each, text in texts.items() if tokens.check(text)] == ["bakery"]
    file.write_text(FILE + salon)
    desk.source.refresh(read_file=True)
    assert tokens.check(texts["salon"]) is None


def test_what_one_process_cannot_use_is_left_as_it_was(
    process: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = process("here"), process("there")
    put(here, agent("ben", instructions="first"))
    there.source.refresh()
    monkeypatch.setenv("HOOK_SECRET", "s")
    put(here, agent("ben", instructions="second", report_webhook_secret="${HOOK_SECRET}"))
    monkeypatch.delenv("HOOK_SECRET")
    there.source.refresh()
    ben = there.source.directory.named("ben")
    assert ben is not None
    assert ben.instructions == "first"
    (told,) = there.board.all()
    assert told["process"] == "there"
    assert "agent ben, version 2: report_webhook_secret: ${HOOK_SECRET}" in told["problems"][0]
    # Others' changes are taken all the same, and a process that starts has what it can use.
    put(here, agent("cem"))
    there.source.refresh()
    assert there.source.directory.named("cem") is not None
    late = process("late")
    late.source.refresh()
    assert [each.id for each in late.source.directory.all] == ["ada", "cem"]
    # It can be put right from a process that cannot use it.
    put(there, agent("ben", instructions="third"))
    assert [each["process"] for each in there.board.all()] == ["late"]
    late.source.refresh()
    assert there.board.all() == []
    assert late.source.directory.named("ben") is not None


def test_a_default_that_cannot_be_used_takes_nobody_with_it(
    process: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "s")
    default = Change("default", "default", {"agent": "ben"})
    put(process(), agent("ben", report_webhook_secret="${HOOK_SECRET}"), agent("cem"), default)
    monkeypatch.delenv("HOOK_SECRET")
    late = process("late")
    late.source.refresh()
    assert [each.id for each in late.source.directory.all] == ["ada", "cem"]
    assert late.source.directory.default.id == "ada"
    assert "HOOK_SECRET" in str(late.source.problems)


def test_a_file_that_clashes_waits(process: Open, file: Path) -> None:
    desk = process()
    put(desk, agent("ben", numbers=[NUMBER]))
    file.write_text(FILE.replace("Sell cakes.", f'Sell bread., numbers: ["{NUMBER}"]'))
    assert not desk.source.refresh(read_file=True)
    assert f"{NUMBER} is listed by" in str(desk.source.problems[0])
    assert desk.source.directory.default.instructions == "Sell cakes."
    put(desk, Change("agent", "ben", None))
    assert desk.source.directory.default.instructions == "Sell bread."
    assert desk.source.problems == ()


def test_a_broken_file_changes_nothing(process: Open, file: Path) -> None:
    desk = process()
    desk.source.keep_versions()
    file.write_text("agents: [")
    assert not desk.source.refresh(read_file=True)
    assert "agents.yaml:2: did not find" in str(desk.source.problems)
    put(desk, agent("ben"))  # the API's changes are taken meanwhile
    assert {each.id for each in desk.source.directory.all} == {"ada", "ben"}
    with pytest.raises(SettingsError, match="did not find"):
        process("first", strict=True)
    late = process("late")
    assert late.source.directory.default.instructions == "Sell cakes."
    late.source.refresh()
    assert "did not find" in str(late.source.problems)
    file.write_text(FILE.replace("Sell cakes.", "Sell bread."))
    assert late.source.refresh(read_file=True)
    assert late.source.directory.default.instructions == "Sell bread."
    assert late.source.problems == ()


def test_no_file_at_all(redis: Redis, url: str) -> None:
    desk = open_desk(Settings(redis_url=url, agent_file="redis:"), redis, "web")
    assert desk.source.directory.all == ()
    put(desk, agent("ben"))
    assert desk.source.directory.default.id == "ben"
    with pytest.raises(Conflict, match="last agent"):
        put(desk, Change("agent", "ben", None))


def test_two_changes_that_exclude_each_other(process: Open) -> None:
    here, there = process("here"), process("there")
    calls = []

    def late(present: object) -> list[Change]:
        calls.append(1)
        if len(calls) == 1:
            put(there, agent("ben", numbers=[NUMBER]))  # in the moment before the write
        return [agent("cem", numbers=[NUMBER])]

    with pytest.raises(Invalid) as caught:
        here.editor.apply(late, by="a test")
    assert NUMBER in str(caught.value.problems)
    assert len(calls) == 2
    assert {each.id for each in here.source.directory.all} == {"ada", "ben"}


def test_of_two_writers_one_has_to_look_again(process: Open) -> None:
    here, there = process("here"), process("there")
    put(here, agent("ben", instructions="first"))
    there.source.refresh()
    base = here.editor.documents()["agent:ben"].etag
    calls = []

    def change(present: dict[str, object]) -> list[Change]:
        calls.append(1)
        if len(calls) == 1:
            put(there, agent("ben", instructions="theirs"))
        if present["agent:ben"].etag != base:  # type: ignore[attr-defined]
            raise PreconditionFailed
        return [agent("ben", instructions="ours")]

    with pytest.raises(PreconditionFailed):
        here.editor.apply(change, by="a test")  # type: ignore[arg-type]
    assert here.source.directory.named("ben").instructions == "theirs"  # type: ignore[union-attr]


def test_what_redis_has_lost_is_put_back(process: Open, redis: Redis) -> None:
    here, there = process("here"), process("there")
    put(here, agent("ben"), agent("cem"), Change("default", "default", {"agent": "ben"}))
    there.source.refresh()
    ref = AgentRef.to(there.source.directory.default)
    redis.flushall()
    for desk in (there, here):
        desk.source.refresh()
        desk.source.keep_versions()
        assert desk.source.directory.default.id == "ben"
    late = process("late")
    late.source.refresh()
    assert [each.id for each in late.source.directory.all] == ["ada", "ben", "cem"]
    (told,) = late.store.versions("agent", "ben")
    assert (told.number, told.by, told.note) == (1, "there", "put back after Redis had lost it")
    put(here, agent("ben", instructions="new"))
    assert late.source.refresh()
    assert late.source.directory.find(ref).instructions == "x"
    assert late.source.directory.default.instructions == "new"


def test_versions_are_kept_again_where_redis_has_lost_them(process: Open, redis: Redis) -> None:
    desk = process()
    desk.source.keep_versions()
    kept = set(redis.keys())
    assert len(kept) == 2
    redis.flushall()
    desk.source.keep_versions()
    assert set(redis.keys()) == kept


class TestWithoutRedis:
    """Redis is gone, and comes back."""

    @pytest.fixture
    def url(self, own_redis: RedisServer) -> str:
        return own_redis.url

    def test_what_is_there_goes_on(self, process: Open, own_redis: RedisServer, file: Path) -> None:
        desk = process()
        put(desk, agent("ben"))
        own_redis.stop()
        assert not desk.source.refresh()
        assert desk.source.directory.route(Asked(address="ben")).agent.id == "ben"
        with pytest.raises(Unavailable):
            put(desk, agent("cem"))
        file.write_text(FILE.replace("Sell cakes.", "Sell bread."))
        assert desk.source.refresh(read_file=True)
        assert desk.source.directory.default.instructions == "Sell bread."
        late = process("late")
        late.source.refresh()
        assert [each.id for each in late.source.directory.all] == ["ada"]
        own_redis.start()
        assert late.source.refresh()
        assert {each.id for each in late.source.directory.all} == {"ada", "ben"}
