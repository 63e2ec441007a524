"""Notices through Apprise, to a web hook: one recipient a call, each outcome read rightly."""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from apprise import AppriseResult, AppriseResultStatus, NotifyResult
from apprise.result import NotifyAttempt

from lockroutine.errors import OutcomeUnknown, PluginError, PluginsError, Rejected, TryAgain
from lockroutine.hookspecs import ChannelSearch, Notice, Receipt
from lockroutine.plugins import Plugins, Secret, read_settings
from lockroutine.plugins.apprise import AppriseNotices, Settings, _read
from lockroutine.testing.plugins import Kept, NoticeContract
from lockroutine.testing.wire import LossyProxy, Wire

# Apprise loads all of its own plugins, and with them what one of them still needs.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
PHONE = "+46701740605"
TOKEN = "hemlig-token"
BODY = "Tid är överenskommen hos Kund 17. Kod 4711#. ÅÄÖ €"


class Hook:
    """A web hook: what it was sent, and what it answers."""

    def __init__(self) -> None:
        self.received: list[tuple[str, dict[str, Any]]] = []
        self.status = 200
        self.answers = threading.Event()
        self.answers.set()
        hook = self

        class Answering(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.received.append((self.path, json.loads(body)))
                hook.answers.wait()
                self.send_response(hook.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def port(self) -> int:
        return self.server.server_address[1]

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/{TOKEN}/{{recipient}}"

    def close(self) -> None:
        self.answers.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.close()


def adapter(url: str, channel: str = "sms") -> AppriseNotices:
    return AppriseNotices(Settings(channels={channel: Secret(url)}), clock=lambda: NOW)


def notice(**values: Any) -> Notice:
    usual: dict[str, Any] = {
        "key": "17/2/tell/installer",
        "channel": "sms",
        "recipient": PHONE,
        "subject": "Tid överenskommen – åäö",
        "body": BODY,
        "deadline": NOW + dt.timedelta(seconds=20),
    }
    return Notice(**{**usual, **values})


def test_a_notice_arrives_letter_by_letter(hook: Hook) -> None:
    """Subject and text arrive as they were sent, at the place of this one recipient."""
    assert adapter(hook.url).send_notice(notice()) == Receipt()
    ((path, message),) = hook.received
    assert path.rstrip("/").removeprefix(f"/{TOKEN}/").replace("%2B", "+") == PHONE
    assert (message["title"], message["message"]) == ("Tid överenskommen – åäö", BODY)


def test_text_is_text(hook: Hook) -> None:
    """Signs that mean something in Markdown, HTML or templates arrive as they are."""
    body = "1 < 2 & *tre* \\n ${name} :lock: {recipient}"
    adapter(hook.url).send_notice(notice(body=body))
    assert hook.received[0][1]["message"] == body


def test_a_failure(hook: Hook) -> None:
    """Apprise does not say whether a failure came before or after sending: nobody knows."""
    hook.status = 500
    with pytest.raises(OutcomeUnknown) as error:
        adapter(hook.url).send_notice(notice())
    assert str(error.value) == ("Apprise could not send it, and does not say whether it went out")


def test_an_optional_service_that_fails(hook: Hook) -> None:
    """A service marked optional reports success whatever happens; its attempts are believed."""
    hook.status = 500
    with pytest.raises(OutcomeUnknown, match="could not send it"):
        adapter(f"{hook.url}?optional=yes").send_notice(notice())


def test_an_answer_that_does_not_come(hook: Hook) -> None:
    """What is not answered by the deadline may still go out."""
    hook.answers.clear()
    with pytest.raises(OutcomeUnknown, match=r"^Apprise had no answer in time; it may still go"):
        adapter(hook.url).send_notice(notice(deadline=NOW + dt.timedelta(seconds=0.3)))


def test_no_time_left(hook: Hook) -> None:
    """What comes after its deadline is not sent."""
    with pytest.raises(TryAgain, match="the time to send it was over"):
        adapter(hook.url).send_notice(notice(deadline=NOW))
    assert hook.received == []


@pytest.mark.parametrize("url", ["nothing://example.org", "json://", "json://a json://b"])
def test_urls_that_apprise_does_not_take(url: str) -> None:
    """A URL that is none, or several, sends nothing, and the error names the channel only."""
    with pytest.raises(Rejected, match=r"^Apprise cannot use the URL of sms for this address$"):
        adapter(url).send_notice(notice())


@pytest.mark.parametrize("recipient", ["a@example.org,b@example.org", "a b", "a;b", "a\nb"])
def test_one_recipient_a_call(hook: Hook, recipient: str) -> None:
    """What would go to several is refused."""
    with pytest.raises(Rejected, match=r"^the recipient is no single address$"):
        adapter(hook.url).send_notice(notice(recipient=recipient))
    assert hook.received == []


@pytest.mark.parametrize("recipient", ["../other", "x?method=put", "a/b", "a#b", "a&to=b"])
def test_an_address_stays_where_it_belongs(hook: Hook, recipient: str) -> None:
    """Signs of an address do not change where in the URL it stands."""
    adapter(hook.url).send_notice(notice(recipient=recipient))
    assert all(path.startswith(f"/{TOKEN}/") for path, _ in hook.received)
    assert len(hook.received) == 1


def test_a_channel_that_is_not_there(hook: Hook) -> None:
    """A channel that the settings lack is refused."""
    with pytest.raises(Rejected, match=r"^the settings have no channel pager$"):
        adapter(hook.url).send_notice(notice(channel="pager"))


# -- what a result says ---------------------------------------------------------------------------

SUCCESS, FAILURE, NOMATCH, PARTIAL, TIMEOUT = (
    AppriseResultStatus.SUCCESS,
    AppriseResultStatus.FAILURE,
    AppriseResultStatus.NOMATCH,
    AppriseResultStatus.PARTIAL,
    AppriseResultStatus.TIMEOUT,
)


def result(
    status: AppriseResultStatus, *attempts: list[AppriseResultStatus], optional: bool = False
) -> AppriseResult:
    services = [
        NotifyResult("x", "x://", optional=optional, attempts=[NotifyAttempt(a) for a in made])
        for made in attempts
    ]
    return AppriseResult(status, results=services)


@pytest.mark.parametrize(
    ("said", "kind", "message"),
    [
        (result(NOMATCH), Rejected, "has no service to send it over"),
        (result(SUCCESS), Rejected, "has no service to send it over"),
        (result(FAILURE, [FAILURE]), OutcomeUnknown, "does not say whether it went out"),
        (result(FAILURE, []), OutcomeUnknown, "does not say whether it went out"),
        (result(PARTIAL, [SUCCESS], [FAILURE]), OutcomeUnknown, "over some services and not"),
        (result(TIMEOUT, [TIMEOUT]), OutcomeUnknown, "no answer in time"),
        (result(FAILURE, [FAILURE, TIMEOUT]), OutcomeUnknown, "no answer in time"),
        (result(SUCCESS, [FAILURE], optional=True), OutcomeUnknown, "does not say whether"),
        (result(SUCCESS, [TIMEOUT], optional=True), OutcomeUnknown, "no answer in time"),
    ],
)
def test_what_went_wrong(said: AppriseResult, kind: type[PluginError], message: str) -> None:
    """Each status is read for what it means, and an optional service by its attempts."""
    with pytest.raises(PluginError, match=message) as error:
        _read(said)
    assert type(error.value) is kind


@pytest.mark.parametrize("attempts", [[SUCCESS], [FAILURE, SUCCESS]])
def test_what_went_right(attempts: list[AppriseResultStatus]) -> None:
    """A success is one, at the first attempt or a later one."""
    _read(result(SUCCESS, attempts))


# -- what is shown --------------------------------------------------------------------------------


def test_secrets_and_personal_data_are_shown_nowhere(
    hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    """URLs, addresses and texts are in no log at any level, in no error and in no repr."""
    caplog.set_level(1)
    plugin = adapter(hook.url)
    plugin.send_notice(notice())
    hook.status = 500
    with pytest.raises(PluginError) as error:
        plugin.send_notice(notice())
    shown = [caplog.text, str(error.value), repr(plugin), repr(notice())]
    for secret in (TOKEN, PHONE, PHONE[1:], "4711#", "Kund 17"):
        assert not any(secret in text for text in shown), secret


def test_the_host_may_still_log(hook: Hook, caplog: pytest.LogCaptureFixture) -> None:
    """What the host itself sends through Apprise is logged as before."""
    caplog.set_level(1)
    adapter(hook.url)
    logging.getLogger("apprise").warning("the host's own")
    assert "the host's own" in caplog.text


# -- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"channels": {}}, "plugin.apprise.channels: must hold one channel at least"),
        (
            {"channels": {"sms": TOKEN}},
            "plugin.apprise.channels.sms: is no URL of Apprise; write it like sms://...{recipient}",
        ),
        ({"channels": {"sms": 5}}, "plugin.apprise.channels.sms: must be text, and not blank"),
        ({}, "plugin.apprise.channels: is missing"),
    ],
)
def test_settings_that_are_wrong(table: dict[str, Any], message: str) -> None:
    """Wrong settings are found when they are read, without repeating a URL."""
    with pytest.raises(PluginsError) as error:
        read_settings(Settings, "apprise", table, {})
    assert str(error.value) == message


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without apprise, the plugin says at start-up what to install."""
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(PluginsError) as error:
        adapter("json://example.org")
    assert str(error.value) == 'apprise: needs more: pip install "lockroutine[apprise]"'


def test_the_manager_takes_it() -> None:
    """It offers the channels of its settings, and implements what a notice needs."""
    plugin = adapter("json://example.org")
    assert Plugins([plugin]).channels() == {"sms": "apprise"}
    assert plugin.channels(ChannelSearch()) == ("sms",)


class TestAppriseKeepsTheContract(NoticeContract):
    """Over a web hook that is given the key of each message."""

    recipient = PHONE

    @pytest.fixture
    def wire(self, hook: Hook) -> Iterator[Wire]:
        with LossyProxy(hook.port) as made:
            yield made

    @pytest.fixture
    def plugin(self, wire: LossyProxy) -> AppriseNotices:
        url = f"json://{wire.url.removeprefix('http://').rstrip('/')}/{TOKEN}/{{recipient}}"
        return AppriseNotices(Settings(channels={"sms": Secret(f"{url}?:key={{key}}")}))

    @pytest.fixture
    def secrets(self) -> tuple[str, ...]:
        return (TOKEN,)

    @pytest.fixture
    def kept(self, hook: Hook) -> Kept:
        return lambda key: [one["message"] for _, one in hook.received if one["key"] == key]

    def test_nobody_there_is_try_again(self, plugin: object, wire: Wire | None) -> None:
        """Apprise does not say why it failed: that nobody was there is not known of it either."""
        assert isinstance(wire, LossyProxy)
        for _, details in self.usual(plugin):
            wire.spoil("refuse")
            with pytest.raises(OutcomeUnknown, match="could not send it"):
                Plugins([plugin]).send_notice(details)  # type: ignore[arg-type]
            wire.mend()
