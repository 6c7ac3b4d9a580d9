"""The packaged plans and prices are the promised ones, amounts are whole, a mistake in a file is told with its line."""

from pathlib import Path

import pytest

from reelbot.allowance.catalogue import load_failures, load_plans, load_prices, require_plans
from reelbot.allowance.core.prices import PriceList
from reelbot.errors import ConfigFailure, Malformed
from reelbot.limits import AMOUNT_MAX, WHY_LENGTH_MAX
from reelbot.toml_file import key_lines

GB = 1_000_000_000

PLANS = [
    # plan, AI credits a day, video generations and posts a month, channels, storage
    ("free", 60, 3, 5, 1, 500_000_000),
    ("starter", 200, 15, 30, 3, 5 * GB),
    ("pro", 1_000, 150, 300, 10, 50 * GB),
    ("enterprise", None, None, None, None, None),
]

PRICES = [
    # action, quantity, meter, amount, the sentence
    ("topic", 1, "ai_credits", 1, "Topic ideas: 1 set of five suggestions, 1 AI credit per set"),
    ("script", 1, "ai_credits", 2, "Script: 1 script, 2 AI credits per script"),
    ("rewrite", 1, "ai_credits", 1, "Rewrite a passage, title and hashtags: 1 rewrite, 1 AI credit per rewrite"),
    ("voiceover", 1, "ai_credits", 1, "Voiceover: 1 s of speech, 1 AI credit per started 10 s"),
    ("voiceover", 10, "ai_credits", 1, "Voiceover: 10 s of speech, 1 AI credit per started 10 s"),
    ("voiceover", 11, "ai_credits", 2, "Voiceover: 11 s of speech, 1 AI credit per started 10 s"),
    ("voiceover", 34, "ai_credits", 4, "Voiceover: 34 s of speech, 1 AI credit per started 10 s"),
    ("image", 3, "ai_credits", 12, "Image: 3 images, 4 AI credits per image"),
    ("animation", 4, "ai_credits", 20, "Image-to-video animation: 4 seconds, 5 AI credits per second"),
    ("music", 1, "ai_credits", 5, "Music: 1 track, 5 AI credits per track"),
    ("storage", 1_500, "storage_bytes", 1_500, "Stored file: 1,500 bytes"),
    ("render", 1, "video_generations", 1, "Finished video: 1 video generation"),
    ("post", 2, "posts", 2, "Published post: 2 posts"),
    ("channel", 1, "channels", 1, "Connected channel: 1 channel"),
]


def packaged_prices() -> PriceList:
    return load_prices(None, load_plans())


@pytest.mark.parametrize(("plan", "ai_credits", "videos", "posts", "channels", "storage"), PLANS)
def test_the_packaged_plans_are_the_promised_ones(
    plan: str, ai_credits: int, videos: int, posts: int, channels: int, storage: int
) -> None:
    assert dict(load_plans().plans[plan].limits) == {
        "ai_credits": ai_credits,
        "video_generations": videos,
        "posts": posts,
        "channels": channels,
        "storage_bytes": storage,
    }


def test_plans_rank_in_the_order_of_the_file() -> None:
    ranked = [(plan.rank, plan.name, plan.title) for plan in load_plans().plans.values()]
    assert ranked == [
        (0, "free", "Free"),
        (1, "starter", "Starter"),
        (2, "pro", "Pro"),
        (3, "enterprise", "Enterprise"),
    ]


def test_each_meter_has_its_window_and_says_what_still_works() -> None:
    meters = load_plans().meters
    assert {name: meter.window for name, meter in meters.items()} == {
        "ai_credits": "day",
        "video_generations": "month",
        "posts": "month",
        "channels": "standing",
        "storage_bytes": "standing",
    }
    assert "editing by hand" in meters["ai_credits"].still_works
    assert all(meter.still_works for meter in meters.values())


@pytest.mark.parametrize(("action", "quantity", "meter", "amount", "why"), PRICES)
def test_the_packaged_prices_are_the_promised_ones(
    action: str, quantity: int, meter: str, amount: int, why: str
) -> None:
    prices = packaged_prices()
    assert prices.price_of(action).meter == meter
    assert prices.amount_of(action, quantity) == amount
    assert prices.why_of(action, quantity) == why


def test_every_packaged_action_stands_in_the_table_above() -> None:
    assert set(packaged_prices().prices) == {row[0] for row in PRICES}


def test_embedded_providers_cost_the_full_price() -> None:
    prices = packaged_prices()
    assert dict(prices.factors) == {"embedded": 100}
    assert prices.amount_of("image", 1, "embedded") == prices.amount_of("image", 1) == 4
    assert prices.why_of("image", 1, "embedded") == prices.why_of("image", 1)


@pytest.mark.parametrize(
    ("percent", "amount"), [(0, 0), (1, 1), (25, 1), (26, 2), (50, 2), (99, 4), (100, 4), (101, 5), (250, 10)]
)
def test_a_providers_factor_rounds_up_to_whole_amounts(percent: int, amount: int) -> None:
    prices = packaged_prices()._replace(factors={"rented": percent})
    assert prices.amount_of("image", 1, "rented") == amount
    assert prices.amount_of("image", 1, "another") == 4


def test_a_providers_factor_applies_to_the_whole_amount_and_not_to_each_step() -> None:
    prices = packaged_prices()._replace(factors={"rented": 50})
    assert prices.amount_of("voiceover", 34, "rented") == 2
    why = "Voiceover: 34 s of speech, 1 AI credit per started 10 s, at 50 % for rented"
    assert prices.why_of("voiceover", 34, "rented") == why


def test_large_amounts_stay_exact() -> None:
    assert packaged_prices().amount_of("voiceover", 10 * (2**53 // 100) + 1) == 2**53 // 100 + 1


@pytest.mark.parametrize("quantity", [0, -1, AMOUNT_MAX // 2, AMOUNT_MAX + 1, pytest.param(10**5_000, id="huge")])
def test_a_quantity_that_no_line_can_have_is_malformed(quantity: int) -> None:
    with pytest.raises(Malformed) as caught:
        packaged_prices().amount_of("animation", quantity)
    assert caught.value.field == "quantity"


def test_unknown_names_are_malformed_and_told_what_there_is() -> None:
    with pytest.raises(Malformed, match="no action 'dance'; there are topic, script"):
        packaged_prices().amount_of("dance", 1)
    with pytest.raises(Malformed, match="no action 'dance'"):
        packaged_prices().why_of("dance", 1)
    with pytest.raises(Malformed, match="no plan 'gold'; there are free, starter"):
        load_plans().plan_named("gold")
    with pytest.raises(Malformed, match="no meter 'gold'; there are ai_credits"):
        load_plans().meter_named("gold")
    assert load_plans().plan_named("pro").title == "Pro"
    assert load_plans().meter_named("posts").many == "posts"


def test_plans_that_accounts_are_on_must_be_there() -> None:
    require_plans(load_plans(), ["free", "pro", "free"])
    with pytest.raises(ConfigFailure, match=r"plans\.toml does not have: gold, silver\."):
        require_plans(load_plans(), ["silver", "free", "gold"])


PLANS_FILE = """\
[meters.ai_credits]
window = "day"
one = "AI credit"
many = "AI credits"
still_works = [
    "ai_credits = 3",  # a text, not a key
]

[plans.free]
title = "Free"
ai_credits = 60

[plans.pro]
title = "Pro"
ai_credits = "unlimited"
"""

PRICES_FILE = """\
[prices.topic]
title = "Topic ideas"
meter = "ai_credits"
amount = 1
unit = "set"

[providers]
embedded = 100
"""


def mistakes_of_plans(tmp_path: Path, text: str) -> str:
    path = tmp_path / "plans.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigFailure) as caught:
        load_plans(path)
    return caught.value.detail.replace(f"{path} ", "")


def mistakes_of_prices(tmp_path: Path, text: str) -> str:
    path = tmp_path / "prices.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigFailure) as caught:
        load_prices(path, load_plans())
    return caught.value.detail.replace(f"{path} ", "")


def test_an_operators_own_plans_are_read(tmp_path: Path) -> None:
    path = tmp_path / "plans.toml"
    path.write_bytes(b"\xef\xbb\xbf" + PLANS_FILE.replace("\n", "\r\n").encode())
    catalogue = load_plans(path)
    assert {name: dict(plan.limits) for name, plan in catalogue.plans.items()} == {
        "free": {"ai_credits": 60},
        "pro": {"ai_credits": None},
    }


WRONG_PLANS = [
    # what stands there, what stands there instead, what is said of it
    ("= 60", "= -5", 'line 11: free.ai_credits must be a whole number or "unlimited", not -5'),
    ("= 60", "= 60.0", 'line 11: free.ai_credits must be a whole number or "unlimited", not 60.0'),
    ("= 60", "= true", 'line 11: free.ai_credits must be a whole number or "unlimited", not true'),
    ("= 60", '= "60"', 'line 11: free.ai_credits must be a whole number or "unlimited", not "60"'),
    ("= 60", '= "Unlimited"', 'line 11: free.ai_credits must be a whole number or "unlimited", not "Unlimited"'),
    ("= 60", "= [60]", 'line 11: free.ai_credits must be a whole number or "unlimited", not such an array'),
    ("= 60", "= {}", 'line 11: free.ai_credits must be a whole number or "unlimited", not a table'),
    ("= 60", "= 2026-03-01", 'line 11: free.ai_credits must be a whole number or "unlimited", not 2026-03-01'),
    (
        "= 60",
        "= 1_000_000_000_000_001",
        "line 11: free.ai_credits must be at most 1000000000000000, not 1000000000000001",
    ),
    ("= 60", "= 0x" + "f" * 9_000, "line 11: free.ai_credits must be at most 1000000000000000, not a number so large"),
    ("= 60", "= 60\ngold = 3", "line 12: free.gold is not known; plans.free may have title, ai_credits"),
    ("ai_credits = 60", "", 'line 9: plans.free has no "ai_credits"'),
    ('title = "Pro"', "", 'line 13: plans.pro has no "title"'),
    ('title = "Pro"', 'title = ""', 'line 14: pro.title must be a line of 1 to 60 characters, not ""'),
    ('title = "Pro"', 'title = "a\\nb"', 'line 14: pro.title must be a line of 1 to 60 characters, not "a\\nb"'),
    (
        'title = "Pro"',
        f'title = "{"x" * 61}"',
        "line 14: pro.title must be a line of 1 to 60 characters, not a text so long",
    ),
    (
        "[plans.pro]",
        '[plans."Pro plan"]',
        'line 13: plans."Pro plan" needs a name of up to 60 of a-z, 0-9, _ and -, a letter',
    ),
    ("[plans.pro]", "[plans.free]", "line 13: Cannot declare ('plans', 'free') twice"),
    ('title = "Pro"', 'title = "Pro"\ntitle = "Pro"', "line 15: this key is given twice"),
    ('"day"', '"week"', 'line 2: ai_credits.window must be "day" or "month" or "standing", not "week"'),
    ('window = "day"', "", 'line 1: meters.ai_credits has no "window"'),
    ('one = "AI credit"', "one = 1", "line 3: ai_credits.one must be a line of 1 to 60 characters, not 1"),
    (
        '"ai_credits = 3",',
        "3,",
        "line 5: ai_credits.still_works must be an array of lines of 1 to 60 characters, not such an",
    ),
    ("[meters.ai_credits]", "[meters.title]", "line 1: meters.title has a name that means something else in this file"),
    ("[plans.pro]", "[[plans.pro]]", "line 13: plans.pro must be a table, not such an array"),
    ("[plans.pro]", "[prices.pro]", "line 13: prices is not known; the file may have meters, plans"),
    ('"unlimited"', '"unlimited', "line 15: Illegal character '\\n'"),
    ('"unlimited"', "", "line 15: Invalid value"),
    ("[plans.pro]", "[plans.pro", "line 13: Expected ']' at the end of a table declaration"),
    ("= 60", "= " + "9" * 5_000, "line 11: a number too long or tables too deep"),
    ("= 60", "= " + "[" * 20_000, "line 11: a number too long or tables too deep"),
]


@pytest.mark.parametrize(("right", "wrong", "said"), WRONG_PLANS, ids=[row[2][:60] for row in WRONG_PLANS])
def test_a_mistake_in_the_plans_is_told_with_its_line(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    assert PLANS_FILE.count(right) == 1
    assert said in mistakes_of_plans(tmp_path, PLANS_FILE.replace(right, wrong))


def test_all_mistakes_are_told_together_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = PLANS_FILE.replace('"day"', '"week"').replace("= 60", "= -5").replace('title = "Pro"', 'name = "Pro"')
    assert mistakes_of_plans(tmp_path, text).split("\n") == [
        'line 2: ai_credits.window must be "day" or "month" or "standing", not "week"',
        'line 11: free.ai_credits must be a whole number or "unlimited", not -5',
        'line 13: plans.pro has no "title"',
        "line 14: pro.name is not known; plans.pro may have title, ai_credits",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", 'line 1: the file has no "meters"\nline 1: the file has no "plans"'),
        (
            "# nothing\n[meters]\n[plans]\n",
            "line 2: meters is empty; it needs at least one\nline 3: plans is empty; it needs",
        ),
        (PLANS_FILE.split("[plans.free]", maxsplit=1)[0] + "plans = 3", "line 9: ai_credits.plans is not known"),
        ("plans = 3\n" + PLANS_FILE.split("[plans.free]", maxsplit=1)[0], "line 1: plans must be a table, not 3"),
        (
            PLANS_FILE.split("title", maxsplit=1)[0],
            'line 9: plans.free has no "ai_credits"\nline 9: plans.free has no "title"',
        ),
    ],
)
def test_a_file_without_meters_or_plans_is_refused(tmp_path: Path, text: str, said: str) -> None:
    assert said in mistakes_of_plans(tmp_path, text)


WRONG_PRICES = [
    ('"ai_credits"', '"gold"', 'line 3: topic.meter must be "ai_credits" or "video_generations" or "posts" or'),
    ("amount = 1", "amount = 1.5", "line 4: topic.amount must be a whole number, not 1.5"),
    ("amount = 1", "amount = -1", "line 4: topic.amount must be a whole number, not -1"),
    ("amount = 1", 'amount = "unlimited"', 'line 4: topic.amount must be a whole number, not "unlimited"'),
    ("amount = 1", "", 'line 1: prices.topic has no "amount"'),
    ("amount = 1", "amount = 1\nper = 0", "line 5: topic.per must be a whole number from 1, not 0"),
    ("amount = 1", "amount = 1\ncost = 0", "line 5: topic.cost is not known; prices.topic may have title, meter"),
    ("= 100", "= 12.5", "line 8: providers.embedded must be a whole number, not 12.5"),
    ("= 100", "= -1", "line 8: providers.embedded must be a whole number, not -1"),
    ("embedded = 100", "", "line 7: providers is empty; it needs at least one"),
    ("[prices.topic]", "[price.topic]", 'line 1: the file has no "prices"'),
]


@pytest.mark.parametrize(("right", "wrong", "said"), WRONG_PRICES, ids=[row[2][:60] for row in WRONG_PRICES])
def test_a_mistake_in_the_prices_is_told_with_its_line(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    assert PRICES_FILE.count(right) == 1
    assert said in mistakes_of_prices(tmp_path, PRICES_FILE.replace(right, wrong))


def test_prices_need_no_providers_and_word_one_unit_by_default(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(PRICES_FILE.split("[providers]", maxsplit=1)[0], encoding="utf-8")
    prices = load_prices(path, load_plans())
    assert prices.amount_of("topic", 7, "embedded") == 7
    assert prices.why_of("topic", 2) == "Topic ideas: 2 set, 1 AI credit per set"


def test_the_longest_sentence_of_a_charge_fits_the_ledger(tmp_path: Path) -> None:
    longest = "x" * 60
    plans, prices = tmp_path / "plans.toml", tmp_path / "prices.toml"
    plans.write_text(PLANS_FILE.replace('"AI credits"', f'"{longest}"'), encoding="utf-8")
    words = f'amount = {AMOUNT_MAX}\nper = {AMOUNT_MAX}\nunits = "{longest}"\nof = "{longest}"'
    text = PRICES_FILE.replace("amount = 1", words).replace("Topic ideas", longest).replace("embedded", longest)
    prices.write_text(text.replace("x = 100", f"x = {AMOUNT_MAX}"), encoding="utf-8")
    why = load_prices(prices, load_plans(plans)).why_of("topic", AMOUNT_MAX, longest)
    assert WHY_LENGTH_MAX - 100 < len(why) <= WHY_LENGTH_MAX


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    with pytest.raises(ConfigFailure, match=r"missing\.toml cannot be read: No such file or directory\."):
        load_plans(missing)
    with pytest.raises(ConfigFailure, match="cannot be read: Is a directory"):
        load_failures(tmp_path)


def test_a_file_that_is_not_text_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "plans.toml"
    path.write_bytes(b"# one\n# two \xff\n")
    with pytest.raises(ConfigFailure, match=r"plans\.toml line 2: the text is not UTF-8"):
        load_plans(path)


TANGLED = '''\
# top = "comment"
top = 1
dotted.key."with.dots" = 2

[ one . "two" ]  # [not.this]
text = """
fake = 3
[fake]
"""
array = [
  "a = 4", # ]
  """
  b = 5
  """,
]
inline = { x = 6, y.z = 7 }
'literal # = key' = 8
[one]
last = \'\'\'
x = \'\'\'
[one.two.three]
end = 9'''


def test_lines_of_keys_are_found_whatever_stands_in_texts_arrays_and_comments() -> None:
    assert key_lines(TANGLED) == {
        ("top",): 2,
        ("dotted",): 3,
        ("dotted", "key"): 3,
        ("dotted", "key", "with.dots"): 3,
        ("one",): 5,
        ("one", "two"): 5,
        ("one", "two", "text"): 6,
        ("one", "two", "array"): 10,
        ("one", "two", "inline"): 16,
        ("one", "two", "inline", "x"): 16,
        ("one", "two", "inline", "y"): 16,
        ("one", "two", "inline", "y", "z"): 16,
        ("one", "two", "literal # = key"): 17,
        ("one", "last"): 19,
        ("one", "two", "three"): 21,
        ("one", "two", "three", "end"): 22,
    }


def test_lines_of_keys_do_not_depend_on_how_lines_end() -> None:
    assert key_lines(TANGLED.replace("\n", "\r\n")) == key_lines(TANGLED)
