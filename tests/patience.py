"""How long tests wait for what a busy machine may delay."""

from __future__ import annotations

#: Seconds after which something is taken never to come. Generous, since only a failure takes as long: an idle machine
#: needs a hundredth of it, one core for three at work needs most of it. Below pytest's own limit, which explains less.
PATIENCE = 180
