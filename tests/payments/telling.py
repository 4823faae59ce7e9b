"""Callbacks as the simulated operator makes them."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask
from werkzeug.test import Client, TestResponse

from gateway.payments.signing import sign
from gateway.payments.simulated import SIGNING_KEY
from gateway.simulated.money import SIGNATURE


def body_of(row: Any, **changed: Any) -> bytes:
    """What the operator says of a payment's row: that it is paid, unless told otherwise."""
    told = {"order": row.order_id, "transaction": "OM1", "status": "SUCCESSFUL", "amount": row.amount}
    return json.dumps({**told, **changed}).encode()


def post(
    app: Flask, body: bytes, path: str = "/hooks/payments/OM/demo", key: str = SIGNING_KEY
) -> TestResponse:
    """A callback, signed with a key."""
    headers = {SIGNATURE.header: sign(SIGNATURE, body, key)}
    return Client(app.wsgi_app).post(path, data=body, content_type="application/json", headers=headers)
