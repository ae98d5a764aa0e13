"""The whole bot over real sockets and with a real clock, against a Discord on this machine."""
