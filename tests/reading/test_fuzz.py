"""What broke a parser once does not break it again; and the fuzzer finds a parser that breaks."""

import pytest

from infra.fuzz import crashers, parsers, trying
from infra.fuzz.crashers import Crasher, invented
from infra.fuzz.mutations import MUTATIONS, mutate
from infra.fuzz.parser import Parser
from infra.fuzz.parsers import PARSERS

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


@pytest.mark.parametrize("crasher", list(crashers.kept()), ids=lambda crasher: crasher.parser)
def test_what_broke_a_parser_once_is_answered_or_refused(crasher, real_data):
    assert trying.try_here(crasher.parser, crasher.content(real_data)) is None


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_every_parser_takes_or_refuses_its_damaged_seeds(parser, real_data):
    seeds = sorted(path for pattern in parser.seeds for path in real_data.glob(pattern) if path.is_file())
    contents = [seed.read_bytes() for seed in seeds[:: max(1, len(seeds) // 8)]] + list(parser.samples)
    assert contents
    for number, content in enumerate(contents):
        assert trying.try_here(parser.name, mutate(content, number)) is None, number


class TestTheFuzzer:
    def test_damages_the_same_way_for_the_same_number(self):
        content = b"naam;bedrag\nJansen;12,50\n" * 20
        assert mutate(content, 7) == mutate(content, 7)
        assert len({mutate(content, number) for number in range(40)}) > 30
        assert mutate(b"", 3) is not None
        assert len(MUTATIONS) >= 8

    @pytest.mark.parametrize(
        ("run", "error"),
        [
            (lambda content: content.index(b"boom"), "ValueError"),
            (lambda content: [0] * 10**12, "MemoryError"),
        ],
    )
    def test_finds_a_parser_that_breaks(self, monkeypatch, run, error):
        monkeypatch.setitem(parsers.BY_NAME, "weak", Parser("weak", run, (), ()))
        with trying.bench() as tool:
            fault = tool.try_there("weak", b"quiet")
        assert error in fault.error

    def test_outlives_a_parser_that_ends_its_process(self, monkeypatch):
        import os

        monkeypatch.setitem(parsers.BY_NAME, "deadly", Parser("deadly", lambda content: os._exit(3), ()))
        with trying.bench() as tool:
            assert "died" in tool.try_there("deadly", b"x").error
            assert tool.try_there("values", b"12,50") is None

    def test_keeps_recipes_not_files(self, tmp_path, monkeypatch, real_data):
        monkeypatch.setattr(crashers, "FOLDER", tmp_path)
        path = crashers.keep(Crasher("table", "ValueError", "06_hostile/clevercsv/milk.csv", 5))
        assert path.stat().st_size < 400
        assert [found.content(real_data)[:3] for found in crashers.kept()]
        assert crashers.keep(invented("table", "x", b"\0" * 20_000)) is None
