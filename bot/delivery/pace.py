"""How often messages are edited: slowly enough for Discord, and what runs before what waits."""

from __future__ import annotations

import math

#: Seconds between two edits of the same message.
MESSAGE_INTERVAL = 2.0
#: Seconds since any edit in the channel, before a running job's message may be edited. Discord counts about
#: five edits in five seconds for a channel; half of that leaves room for answers and finished pictures.
CHANNEL_INTERVAL = 1.0
#: The same for a waiting job's message, so that it takes what the running ones leave.
PATIENT_INTERVAL = 1.5


class EditPace:
    """The edits that each channel has had. Times are those of the event loop, in seconds.

    `share` makes all intervals shorter (below 1), for a Discord that does not count edits.
    """

    def __init__(self, share: float = 1.0) -> None:
        self._share = share
        self._channels: dict[int, float] = {}

    def delay(self, channel_id: int, last_edit: float, now: float, *, patient: bool) -> float:
        """Seconds until a message that was edited at `last_edit` may be edited again; 0 is now."""
        interval = PATIENT_INTERVAL if patient else CHANNEL_INTERVAL
        due = max(
            last_edit + self._share * MESSAGE_INTERVAL,
            self._channels.get(channel_id, -math.inf) + self._share * interval,
        )
        return max(0.0, due - now)

    def note(self, channel_id: int, now: float) -> None:
        """A message in that channel is edited now."""
        # What is older than an interval says nothing any more; dropping it keeps the dict as small as the traffic.
        self._channels = {channel: at for channel, at in self._channels.items() if now - at < PATIENT_INTERVAL}
        self._channels[channel_id] = now
