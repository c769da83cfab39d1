"""What of a server's URL is shown, and what is not."""

import base64

import pytest

from data import DataError
from data.address import Address, key_in, without_credentials


def test_what_is_shown_has_no_secret() -> None:
    url = "https://me:p%40ss%2Fword@gateway.example:8443/openai/v1?code=s3cret&api-version=2024-10#x"
    address = Address.of(url, "sk-key-of-ours")
    assert address.shown == "https://gateway.example:8443/openai/v1"
    assert address.query == {"code": "s3cret", "api-version": "2024-10"}
    basic = base64.b64encode(b"me:p@ss/word").decode()
    assert address.headers == {"Authorization": f"Basic {basic}"}
    for secret in ("sk-key-of-ours", "p@ss/word", "p%40ss%2Fword", "s3cret", basic):
        assert secret not in address.hide(f"you said {secret}, did you not?") and secret not in repr(address)


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://x/v1", "http://", "http://x:pass?word@host/v1",
                                 "http://me:12/34word@host/v1", "http://[::1/v1"])  # fmt: skip
def test_what_is_no_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(DataError, match="no address of a server") as raised:
        Address.of(url)
    assert str(raised.value).count("word") == 1 and raised.value.__suppress_context__, "as in: password"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://localhost:8000/v1", "http://localhost:8000/v1"),
        ("see https://me:pw@host:1/a?b=c#d, and hub:x", "see https://host:1/a and hub:x"),
        ("https://me@host", "https://host"),
        ("https://me:p@w@host/x", "https://host/x"),
        ("http://[::1]:80/v1?x", "http://[::1]:80/v1"),
        ("https://host/?to=a@b", "https://host/"),
        ("https://me:p/w@host", "https://…"),
        ("postgres://me:pw@db/x", "postgres://db/x"),
        ("a@b is no URL? no", "a@b is no URL? no"),
    ],
)
def test_urls_in_a_text_lose_their_credentials(text: str, shown: str) -> None:
    assert without_credentials(text) == shown


def test_a_secret_is_hidden_in_every_form_that_is_sent() -> None:
    address = Address.of("http://me:p%2Fw%2Bd@host/v1?code=SECR/ET9==", "sk/key+of=ours")
    for said in ("/v1?code=SECR%2FET9%3D%3D", "code SECR/ET9==", "p%2Fw%2Bd", "p/w+d", "sk%2Fkey%2Bof%3Dours"):
        hidden = address.hide(said)
        assert not any(part in hidden for part in ("SECR", "p%2Fw", "p/w", "sk%2F")), hidden


def test_a_keys_line_break_is_left_out_and_what_cannot_be_sent_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk-1234\n")
    assert key_in("MY_KEY") == "sk-1234" and key_in("NO_KEY") is None
    for key in ("sk-12\n34", "sk-12…"):
        monkeypatch.setenv("MY_KEY", key)
        with pytest.raises(DataError, match="MY_KEY holds characters that no key has") as raised:
            key_in("MY_KEY")
        assert "12" not in str(raised.value)
