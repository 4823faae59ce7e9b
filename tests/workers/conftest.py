"""The gateway's fixtures serve the workers' tests too."""

from tests.gateway.conftest import each_gateway, gateway

__all__ = ["each_gateway", "gateway"]
