"""`find_model` in a process of its own, since the hub's library reads its address and cache when it is imported.

Reads one JSON object a line: `model`, and maybe `token`, `offline`, `half_precision`, `without`. Writes one a line:
`folder` or `sentence`, and the `progress` that was told.
"""

from __future__ import annotations

import json
import sys

from bot.diffusion.hub import HubAccess, find_model
from bot.errors import ModelNotFound

for line in sys.stdin:
    request = json.loads(line)
    progress: list[tuple[float, str]] = []
    answer: dict[str, object] = {"progress": progress}
    try:
        answer["folder"] = str(
            find_model(
                request["model"],
                HubAccess(request.get("token"), offline=request.get("offline", False)),
                lambda share, what: progress.append((share, what)),  # noqa: B023 - told before the next line is read
                half_precision=request.get("half_precision", False),
                without=request.get("without", ()),
            )
        )
    except ModelNotFound as error:
        answer["sentence"] = str(error)
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
