FROM python:3.11-slim

# PyPI's torch for Linux brings the CUDA libraries along; the host needs the NVIDIA driver and its container toolkit.
ENV PIP_NO_CACHE_DIR=1 \
    PYTHONUNBUFFERED=1 \
    HF_HOME=/models \
    DATA_DIR=/data

WORKDIR /app
COPY pyproject.toml README.md LICENSE ./
COPY bot ./bot
RUN pip install .

RUN useradd --create-home --uid 1000 imagine \
    && mkdir /data /models \
    && chown imagine /data /models
USER imagine

# Pictures and the database; downloaded weights.
VOLUME ["/data", "/models"]

# The bot touches this file twice a minute for as long as its event loop turns.
HEALTHCHECK --interval=60s --timeout=5s --start-period=60s CMD test -n "$(find "$DATA_DIR/alive" -mmin -2)"
ENTRYPOINT ["imagine-bot"]
CMD ["run"]
