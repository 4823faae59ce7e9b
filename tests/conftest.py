"""What every test may ask for; the servers themselves are in tests/servers.py."""

from hypothesis import settings

pytest_plugins = ["tests.servers"]

# Two cores are shared by servers and tests, so no example is held to a wall-clock deadline.
settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")
