"""Shares of descriptors: what follows from how many there are, and what the log is told of refusals."""

import logging

import pytest
from tests.support.clock import FakeClock

from reelbot.clock import MINUTE
from reelbot.errors import ShareUsedUp, TooBusy
from reelbot.limits import STREAMS_MAX
from reelbot.places import Places, fits
from reelbot.web.refusals import LINES_MAX, PARTIES_MAX, Refusals
from reelbot.web.shares import shares_of


@pytest.mark.parametrize("files", [64, 256, 1_024, 4_096, 20_000, 65_536, 1_000_000])
def test_all_connections_and_a_file_on_each_fit_into_the_descriptors(files: int) -> None:
    shares = shares_of(files)
    assert 2 * shares.connections < files
    assert 0 < shares.streams <= min(STREAMS_MAX, shares.connections)
    assert shares.streams_of_account < shares.streams
    assert shares.streams_of_address < shares.streams
    assert shares.connections_of_address < shares.connections
    assert shares.unfinished_of_address <= shares.connections_of_address


def test_with_what_the_guide_sets_a_thousand_streams_of_one_account_fit() -> None:
    assert shares_of(65_536).streams == STREAMS_MAX
    assert shares_of(65_536).streams_of_account == 1_000


def test_parties_that_each_take_all_they_can_leave_places_to_who_comes_later() -> None:
    share, most = 20, 100
    own = [0] * 6
    for party in range(len(own)):
        while fits(own[party], share, sum(own), most):
            own[party] += 1
    assert own == [20, 20, 20, 20, 10, 5]
    assert sum(own) < most
    assert fits(0, share, sum(own), most)


def lines_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def test_a_flood_of_refusals_is_a_line_at_once_and_one_a_minute(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    refusals = Refusals()
    with caplog.at_level(logging.WARNING):
        for _ in range(1_200):
            refusals.note("a connection", "address 203.0.113.9", clock())
        clock.advance(MINUTE)
        refusals.note("a connection", "address 203.0.113.9", clock())
    assert refusals.total == 1_201
    assert lines_of(caplog) == [
        "Refused a connection: address 203.0.113.9 has used up its share.",
        "Refused a connection: address 203.0.113.9 has used up its share (1,199 more since it was told last).",
    ]


def test_a_thousand_parties_at_once_are_few_lines_and_all_are_counted(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    refusals = Refusals()
    with caplog.at_level(logging.WARNING):
        for number in range(10 * PARTIES_MAX):
            refusals.note("a connection", f"address {number}", clock())
        clock.advance(MINUTE)
        refusals.note("a request", "account ada", clock())
    assert len(lines_of(caplog)) == LINES_MAX + 1
    assert lines_of(caplog)[-1].endswith(f"({10 * PARTIES_MAX - LINES_MAX:,} of others besides).")
    assert len(vars(refusals)["_told"]) <= PARTIES_MAX


def test_a_place_is_given_back_however_its_block_ends_and_refusals_say_whose_fault_it_is() -> None:
    places = Places("tests", most=4, of_one=2)
    with pytest.raises(ZeroDivisionError), places.taken("ada"):
        _ = 1 / 0
    assert len(places) == 0
    with places.taken("ada"), places.taken("ada"):
        with pytest.raises(ShareUsedUp, match="You have as many tests under way"):
            places.require("ada")
        with places.taken("bob"), places.taken("eve"), pytest.raises(TooBusy):
            places.require("joe")
        places.require("bob")
    assert len(places) == 0
