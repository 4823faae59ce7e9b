"""The application that a WSGI server serves: `granian --interface wsgi --factory wsgi:application`."""

from flask import Flask

from config.settings import load
from gateway.logs import configure
from gateway.runtime import Runtime
from gateway.web import make_app


def application() -> Flask:
    """A new application with the settings of this process. Raises config.faults.Fault."""
    settings = load()
    configure(settings)
    return make_app(Runtime.open(settings))
