"""Notices over whatever Apprise reaches: text messages, chats, webhooks.

Each channel is a URL of Apprise with ``{recipient}`` where the address goes; it holds passwords and
so is a secret; ``{key}`` in it is the effect's key, for services that can tell a repeat by it. One
call is one message to one recipient. Apprise does not say whether a failure came before or after
sending: such an outcome is unknown.
"""

from __future__ import annotations

import importlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from attrs import field, frozen

from lockroutine.errors import InvalidForm, OutcomeUnknown, PluginsError, Problem, Rejected
from lockroutine.hookspecs import ChannelSearch, Notice, Receipt, hookimpl
from lockroutine.plugins.deadline import Clock, machine_time, seconds_left
from lockroutine.plugins.settings import Secret, setting

if TYPE_CHECKING:
    from apprise import AppriseResult

__all__ = ["AppriseNotices", "Settings"]

# These write whole messages, addresses and tokens into the host's log.
_TALKATIVE = (
    ("apprise.logger", "logger"),
    ("urllib3.connection", "log"),
    ("urllib3.connectionpool", "log"),
    ("urllib3.util.retry", "log"),
)
_quiet: ContextVar[bool] = ContextVar("_quiet", default=False)


@frozen(kw_only=True)
class Settings:
    """The channels, each with the URL that Apprise sends over.

    >>> Settings(channels={"sms": Secret("46elks://user:password@Lock/{recipient}")})
    Settings(channels={'sms': <secret>})
    """

    channels: Mapping[str, Secret] = field(
        metadata=setting("Channels by name, each a URL of Apprise with {recipient}.")
    )

    def __attrs_post_init__(self) -> None:
        problems = [
            Problem(f"channels.{name}", "is no URL of Apprise; write it like sms://...{recipient}")
            for name, url in self.channels.items()
            if "://" not in url.reveal() or url.reveal() != url.reveal().strip()
        ]
        if not self.channels:
            problems.append(Problem("channels", "must hold one channel at least"))
        if problems:
            raise InvalidForm(problems)


_Settings = Settings  # by which the class can have one of that name


@frozen(eq=False)
class AppriseNotices:
    """Notices through Apprise.

    Args:
        settings: The channels.
        clock: What deadlines are held against; the clock of the engine.

    Raises:
        PluginsError: The extra ``apprise`` is not installed.
    """

    Settings: ClassVar[type[_Settings]] = _Settings
    settings: _Settings
    clock: Clock = machine_time
    name: str = "apprise"
    hooks: str = "1.0"

    def __attrs_post_init__(self) -> None:
        try:
            importlib.import_module("apprise")  # missed at start-up, not at the first notice
        except ImportError:
            message = 'needs more: pip install "lockroutine[apprise]"'
            raise PluginsError([Problem(self.name, message)]) from None
        for module, logger in _TALKATIVE:
            getattr(importlib.import_module(module), logger).addFilter(_let_through)

    @hookimpl
    def channels(self, details: ChannelSearch) -> tuple[str, ...]:
        """The channels of the settings."""
        return tuple(self.settings.channels)

    @hookimpl
    def send_notice(self, details: Notice) -> Receipt:
        """Send one message to one recipient."""
        import apprise  # its plugins take half a second to import  # noqa: PLC0415

        template = self.settings.channels.get(details.channel)
        if template is None:
            raise Rejected(f"the settings have no channel {details.channel}")
        recipient = details.recipient
        if not recipient.isprintable() or any(sign in recipient for sign in ",; "):
            raise Rejected("the recipient is no single address")
        url = template.reveal().replace("{key}", quote(details.key, safe=""))
        url = url.replace("{recipient}", quote(recipient, safe=""))
        with _quietly():
            one = apprise.Apprise()
            if not one.add(url) or len(one) != 1:
                raise Rejected(f"Apprise cannot use the URL of {details.channel} for this address")
            # Apprise gives up a little earlier than whoever waits for us.
            left = seconds_left(details.deadline, self.clock())
            result = one.notify(
                title=details.subject,
                body=details.body,
                body_format=apprise.NotifyFormat.TEXT,
                timeout=0.9 * left,
            )
        _read(result)
        return Receipt()


def _read(result: AppriseResult) -> None:
    """Raise what a result says that went wrong.

    A service marked optional counts as a success whatever happened: its attempts tell.
    """
    from apprise import AppriseResultStatus as Status  # noqa: PLC0415  # see above

    last = [one.attempts[-1].status if one.attempts else one.status for one in result.results]
    if result.status is Status.NOMATCH or not last:
        raise Rejected("Apprise has no service to send it over: look at the URL of the channel")
    if all(status is Status.SUCCESS for status in last) and result:
        return
    if Status.TIMEOUT in last or result.status is Status.TIMEOUT:
        raise OutcomeUnknown("Apprise had no answer in time; it may still go out")
    if Status.SUCCESS in last:
        raise OutcomeUnknown("Apprise has sent it over some services and not over others")
    raise OutcomeUnknown("Apprise could not send it, and does not say whether it went out")


@contextmanager
def _quietly() -> Generator[None, None, None]:
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


def _let_through(_: Any) -> bool:
    """Whether a line goes into the log: not while a notice of ours is sent."""
    return not _quiet.get()
