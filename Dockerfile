FROM python:3.11-slim

# PyPI's torch for Linux brings the CUDA libraries along; the host needs NVIDIA's driver and container toolkit.
ENV PIP_NO_CACHE_DIR=1 \
    PYTHONUNBUFFERED=1 \
    HF_HOME=/models

COPY pyproject.toml README.md LICENSE /usr/src/imagine-bot/
COPY bot /usr/src/imagine-bot/bot
RUN pip install /usr/src/imagine-bot

# DATA_DIR is `data`, below the working directory. Both volumes belong to the user that the bot runs as.
WORKDIR /srv/imagine-bot
RUN useradd --create-home --uid 1000 imagine && mkdir data /models && chown imagine data /models
USER imagine
VOLUME ["/srv/imagine-bot/data", "/models"]

# The bot touches this file twice a minute for as long as its event loop turns.
HEALTHCHECK --interval=60s --timeout=5s --start-period=60s CMD test -n "$(find "${DATA_DIR:-data}/alive" -mmin -2)"

ENTRYPOINT ["imagine-bot"]
CMD ["run"]
