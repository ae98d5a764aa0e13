"""The bot's process under chaos, `python -m tests.chaos.gateway`: real, but for the model and the pace of edits.

Its executor's process imports this file too, so what is heavy is imported where it is used.
"""

from __future__ import annotations

import sys
from functools import partial

from tests.chaos.model import load

#: A twentieth of the pauses that Discord needs.
PACE = 0.05
#: Seconds of silence after which the executor's process counts as hanging. Time enough for a process that is started on
#: a busy machine; of one that draws, every step is heard.
SILENT_WHILE_LOADING, SILENT_AT_WORK = 60.0, 4.0
REFUSED = 2


def main() -> int:
    """Run it until it is stopped."""
    from bot.app import run_bot
    from bot.cli.process import command_settings, run_until_stopped, set_up_logging
    from bot.delivery.pace import EditPace
    from bot.errors import StartupFailed
    from bot.executors.local import LocalExecutor, Silence
    from bot.model_info import read_model_info

    settings = command_settings()
    set_up_logging(settings.log_level)
    executor = LocalExecutor(
        read_model_info(settings.model_base, settings.model_refiner),
        settings.device,
        silence=Silence(loading=SILENT_WHILE_LOADING, cpu=SILENT_AT_WORK),
        load=partial(load, settings.data_dir),
    )
    try:
        run_until_stopped(run_bot(settings, executor, EditPace(PACE)))
    except StartupFailed as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
