FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /srv

# requirements-all.txt adds what CalDAV, Google Calendar and PCM audio need:
#   docker build --build-arg REQUIREMENTS=requirements-all.txt .
ARG REQUIREMENTS=requirements.txt
COPY requirements.txt requirements-all.txt ./
RUN pip install --require-hashes -r "$REQUIREMENTS"

COPY app ./app
COPY workers ./workers
COPY wsgi.py ./
# Agents' files of your own: docker build --build-arg AGENTS=my-agents, then AGENT_FILE=agents/mine.yaml
ARG AGENTS=app/agents
COPY ${AGENTS} ./agents

RUN useradd --system --no-create-home callsmith
USER callsmith

EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + (os.environ.get('PORT') or '8080') + '/health', timeout=2)"]

# The worker runs the same image with `python -m workers`.
CMD ["gunicorn", "-c", "python:app.gunicorn", "wsgi:app"]
