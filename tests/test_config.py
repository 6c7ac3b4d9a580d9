"""Reading the configuration: what overrides what, and what is said about mistakes."""

from pathlib import Path

import pytest

from reelbot.config import LOG_LEVELS, PLAN_CHANGES, Config, read_config
from reelbot.errors import ConfigFailure


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(text: str, name: str = "reelbot.toml") -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(**given: object) -> list[str]:
    with pytest.raises(ConfigFailure) as failure:
        read_config(**given)  # type: ignore[arg-type]
    return failure.value.detail.split("\n")


def test_without_any_setting_everything_has_a_default() -> None:
    config = read_config()
    assert (config.host, config.port, config.data) == ("127.0.0.1", 8080, Path("data"))
    assert config.database == "sqlite:///data/reelbot.db"
    assert (config.plans, config.prices, config.failures, config.log_level) == (None, None, None, "info")


def test_the_file_in_the_working_directory_is_read() -> None:
    written('port = 9000\nlog_level = "debug"\n')
    assert (read_config().port, read_config().log_level) == (9000, "debug")


def test_a_variable_overrides_the_file_and_a_flag_overrides_the_variable() -> None:
    written('port = 1\nhost = "10.0.0.1"\ndata = "from-file"')
    config = read_config(None, {"REELBOT_PORT": "2", "REELBOT_DATA": "from-variable"}, {"port": 3, "host": None})
    assert (config.port, config.data, config.host) == (3, Path("from-variable"), "10.0.0.1")


def test_the_database_is_in_the_data_folder_unless_an_address_is_given() -> None:
    assert read_config(flags={"data": Path("/srv/reel bot")}).database == "sqlite:////srv/reel%20bot/reelbot.db"
    address = "postgresql://reelbot@db/reelbot"
    assert read_config(environment={"REELBOT_DATABASE": address}, flags={"data": Path("/srv")}).database == address


def test_a_named_file_is_read_instead_of_the_one_in_the_working_directory() -> None:
    written("port = 1")
    other, third = written("port = 2", "other.toml"), written("port = 3", "third.toml")
    assert read_config(environment={"REELBOT_CONFIG": str(other)}).port == 2
    assert read_config(third, {"REELBOT_CONFIG": str(other)}).port == 3


def test_relative_paths_in_a_file_start_from_its_folder() -> None:
    file = written(
        'data = "d"\nplans = "p.toml"\nprices = "/abs.toml"\ndatabase = "sqlite:///x.db"', "etc/reelbot.toml"
    )
    config = read_config(file)
    assert (config.data, config.plans, config.prices) == (Path("etc/d"), Path("etc/p.toml"), Path("/abs.toml"))
    assert config.database == "sqlite:///etc/x.db"
    assert read_config(file, {"REELBOT_DATABASE": "sqlite:///x.db"}).database == "sqlite:///x.db"


def test_an_absolute_address_in_a_file_stays_as_it_is() -> None:
    assert read_config(written('database = "sqlite:////abs/x.db"', "etc/r.toml")).database == "sqlite:////abs/x.db"


def test_an_empty_variable_counts_as_not_set() -> None:
    written("port = 9000")
    assert read_config(environment={"REELBOT_PORT": "", "REELBOT_CONFIG": "", "OTHER": "x"}).port == 9000


@pytest.mark.parametrize("level", LOG_LEVELS)
def test_every_level_of_logging_can_be_set(level: str) -> None:
    assert read_config(environment={"REELBOT_LOG_LEVEL": level}).log_level == level


def test_who_may_move_up_is_one_of_three_and_unset_unless_said() -> None:
    assert read_config().plan_changes is None
    for rule in PLAN_CHANGES:
        assert read_config(environment={"REELBOT_PLAN_CHANGES": rule}).plan_changes == rule
        assert read_config(written(f'plan_changes = "{rule}"')).shown["plan_changes"] == rule
    (mistake,) = mistakes(environment={"REELBOT_PLAN_CHANGES": "anybody"})
    assert mistake == "REELBOT_PLAN_CHANGES must be one of open, request, closed, not 'anybody'."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n\nprot = 1", "reelbot.toml line 3: prot is not a setting; did you mean port?"),
        ("[server]\nport = 1", "reelbot.toml line 1: server is not a setting; there are host, port, data, "),
        ("host = '::1'\nport = '80x'", "reelbot.toml line 2: port must be a whole number from 0 to 65535, not '80x'."),
        ("port = 65536", "reelbot.toml line 1: port must be a whole number from 0 to 65535, not 65536."),
        ("port = -1", "reelbot.toml line 1: port must be a whole number from 0 to 65535, not -1."),
        ("port = true", "reelbot.toml line 1: port must be a whole number from 0 to 65535, not True."),
        ("port = 80.5", "reelbot.toml line 1: port must be a whole number from 0 to 65535, not 80.5."),
        ("host = ''", "reelbot.toml line 1: host must be a text, not ''."),
        ("data = ['a']", "reelbot.toml line 1: data must be a text, not ['a']."),
        ("\nlog_level = 'loud'", "line 2: log_level must be one of debug, info, warning, error, not 'loud'."),
        ("port = 1\nport = 2", "reelbot.toml line 2: "),
        ("a = [", "reelbot.toml line 1: "),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_line(text: str, said: str) -> None:
    written(text)
    (mistake,) = mistakes()
    assert said in mistake


@pytest.mark.parametrize("port", ["", "99999999999999999999999999", "٣", "8 0", "0x50"])
def test_a_port_is_written_in_plain_digits(port: str) -> None:
    (mistake,) = mistakes(flags={"port": port})
    assert mistake == f"--port must be a whole number from 0 to 65535, not {port!r}."


def test_a_mistake_in_a_variable_is_told_with_its_name() -> None:
    found = mistakes(environment={"REELBOT_PORT": "http", "REELBOT_DATABSE": "sqlite:///x.db"})
    assert found == [
        "The variable REELBOT_DATABSE is not a setting; did you mean REELBOT_DATABASE?",
        "REELBOT_PORT must be a whole number from 0 to 65535, not 'http'.",
    ]


def test_all_mistakes_are_told_together() -> None:
    written("prot = 1\nport = 'x'\nhost = 5")
    assert len(mistakes(environment={"REELBOT_LOG_LEVEL": "loud"})) == 4


def test_a_value_that_is_overridden_need_not_be_right() -> None:
    written("port = 'x'")
    assert read_config(flags={"port": 80}).port == 80


def test_a_named_file_that_is_missing_is_told() -> None:
    assert mistakes(file=Path("none.toml")) == ["none.toml cannot be read: No such file or directory."]


def test_a_file_that_is_not_text_is_told() -> None:
    Path("reelbot.toml").write_bytes(b"host = '\xff'")
    assert mistakes() == ["reelbot.toml line 1: the text is not UTF-8"]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://reelbot:s3cret@db/reelbot", "postgresql://reelbot:…@db/reelbot"),
        ("postgresql://reelbot:s3@cret@db/reelbot", "postgresql://reelbot:…@db/reelbot"),
        ("postgresql://db/reelbot?user=a&password=s3cret&x=1", "postgresql://db/reelbot?user=a&password=…&x=1"),
        ("postgresql://db/reelbot?sslpassword=s3cret", "postgresql://db/reelbot?sslpassword=…"),
        ("postgresql://reelbot@db:5432/reelbot", "postgresql://reelbot@db:5432/reelbot"),
        ("sqlite:///data/reelbot.db", "sqlite:///data/reelbot.db"),
    ],
)
def test_a_password_is_never_shown(address: str, shown: str) -> None:
    config = Config(database=address)
    assert config.database_shown == shown
    assert "s3" not in repr(config)


def test_lanes_are_a_small_number_and_only_for_postgresql() -> None:
    postgres = {"REELBOT_DATABASE": "postgresql://reelbot@db/reelbot"}
    assert read_config().lanes == 1
    assert read_config(environment={**postgres, "REELBOT_LANES": "16"}).lanes == 16
    assert mistakes(environment={**postgres, "REELBOT_LANES": "65"}) == [
        "REELBOT_LANES must be a whole number from 1 to 64, not '65'."
    ]
    (mistake,) = mistakes(environment={"REELBOT_LANES": "2"})
    assert mistake.startswith("REELBOT_LANES must be 1 unless the database is a PostgreSQL")


def test_a_public_address_is_that_of_a_whole_site() -> None:
    assert read_config().public_url == ""
    assert read_config().found_at == "http://127.0.0.1:8080"
    for given, kept in (
        ("https://reelbot.example.com", "https://reelbot.example.com"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
    ):
        config = read_config(environment={"REELBOT_PUBLIC_URL": given})
        assert (config.public_url, config.found_at) == (kept, kept)


@pytest.mark.parametrize(
    "address",
    [
        "reelbot.example.com", "https://", "ftp://reelbot.example.com", "https://reelbot.example.com/studio",
        "https://reelbot.example.com?x=1", "https://bob@reelbot.example.com", "https://reelbot.example.com:99999",
        "https://reel bot", "https://a\nb", "https://[::1",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_site_is_told(address: str) -> None:
    (mistake,) = mistakes(environment={"REELBOT_PUBLIC_URL": address})
    assert "must be the address of a whole site, such as https://reelbot.example.com" in mistake


def test_proxies_are_addresses_and_networks_or_none() -> None:
    assert read_config().proxies == ("127.0.0.1", "::1")
    assert read_config().shown["proxies"] == "127.0.0.1, ::1"
    written('proxies = ["10.0.0.0/8", "2001:DB8::/32"]')
    assert read_config().proxies == ("10.0.0.0/8", "2001:db8::/32")
    assert read_config(environment={"REELBOT_PROXIES": "192.0.2.1, 10.0.0.0/8"}).proxies == ("192.0.2.1", "10.0.0.0/8")
    assert read_config(environment={"REELBOT_PROXIES": "none"}).proxies == ()


@pytest.mark.parametrize("proxies", ["*", "proxy.example.com", "10.0.0.1/8", "10.0.0.1,", "none, 10.0.0.1"])
def test_what_is_no_proxy_is_told(proxies: str) -> None:
    (mistake,) = mistakes(environment={"REELBOT_PROXIES": proxies})
    assert 'REELBOT_PROXIES must be addresses and networks such as 10.0.0.0/8, or "none"' in mistake
