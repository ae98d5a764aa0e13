"""How often messages are edited: slowly enough for Discord, what runs before what waits, and each in its turn."""

from __future__ import annotations

import asyncio
import heapq
import math
from dataclasses import dataclass, field
from itertools import count

#: Seconds between two edits of the same message.
MESSAGE_INTERVAL = 2.0
#: Seconds since any edit in the channel, before a running job's message may be edited. Discord counts about
#: five edits in five seconds for a channel; half of that leaves room for answers and finished pictures.
CHANNEL_INTERVAL = 1.0
#: The same for a waiting job's message, so that it takes what the running ones leave.
PATIENT_INTERVAL = 1.5

#: When its message was edited last, the number of the request, and what is set to True when the turn has come.
Request = tuple[float, int, "asyncio.Future[bool]"]


@dataclass(slots=True)
class _Channel:
    """Those that want to be edited, by whether they are patient; whose message was edited longest ago comes first."""

    edited_at: float = -math.inf
    requests: tuple[list[Request], list[Request]] = field(default_factory=lambda: ([], []))
    timer: asyncio.TimerHandle | None = None


class EditPace:
    """The edits that each channel has had, and the queue for the next one. Times are those of the event loop.

    `share` makes all intervals shorter (below 1), for a Discord that does not count edits.
    """

    def __init__(self, share: float = 1.0) -> None:
        self._share = share
        self._channels: dict[int, _Channel] = {}
        self._numbers = count()

    def ask(self, channel_id: int, last_edit: float, *, patient: bool) -> asyncio.Future[bool]:
        """Becomes True when a message that was edited at `last_edit` may be edited now: then it has had its turn.

        Whoever does not want it any more sets it to anything else, or cancels it.
        """
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[bool] = loop.create_future()
        channel = self._channels.setdefault(channel_id, _Channel())
        heapq.heappush(channel.requests[patient], (last_edit, next(self._numbers), turn))
        self._serve(channel, loop)
        return turn

    def note(self, channel_id: int) -> None:
        """A message in that channel is edited now, whosever turn it is."""
        now = asyncio.get_running_loop().time()
        # What is older than an interval says nothing any more; dropping it keeps the dict as small as the traffic.
        self._channels = {
            each: channel
            for each, channel in self._channels.items()
            if any(channel.requests) or now - channel.edited_at < PATIENT_INTERVAL
        }
        self._channels.setdefault(channel_id, _Channel()).edited_at = now

    def _serve(self, channel: _Channel, loop: asyncio.AbstractEventLoop) -> None:
        """Give everybody their turn whose time has come, and come back for the next."""
        if channel.timer is not None:
            channel.timer.cancel()
            channel.timer = None
        while (due := self._due(channel)) is not None:
            at, requests = due
            if at > loop.time():
                channel.timer = loop.call_at(at, self._serve, channel, loop)
                return
            _, _, turn = heapq.heappop(requests)
            turn.set_result(True)
            channel.edited_at = loop.time()

    def _due(self, channel: _Channel) -> tuple[float, list[Request]] | None:
        """When who is next; None where nobody asks."""
        found = None
        for requests, interval in zip(channel.requests, (CHANNEL_INTERVAL, PATIENT_INTERVAL), strict=True):
            while requests and requests[0][-1].done():
                heapq.heappop(requests)
            if requests:
                own = requests[0][0] + self._share * MESSAGE_INTERVAL
                at = max(own, channel.edited_at + self._share * interval)
                if found is None or at < found[0]:
                    found = at, requests
        return found
