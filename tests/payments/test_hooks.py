"""Callbacks over the web edge: who is let in, and that one payment has one entry however often it is told."""

from __future__ import annotations

import random
from collections import Counter as Tally
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client, EnvironBuilder

from gateway.payments.signing import sign
from gateway.payments.simulated import SIGNING_KEY
from gateway.simulated.money import SIGNATURE
from gateway.web import make_app
from tests.payments.counter import AMOUNT, Counter, magic
from tests.payments.telling import body_of, post

FORGED = 1_000


@pytest.fixture
def app(counter: Counter) -> Flask:
    return make_app(counter.desk)


def test_fifty_callbacks_at_once_in_any_order_are_one_entry_and_one_receipt(
    counter: Counter, app: Flask
) -> None:
    payer = magic("never_settled")
    payment = counter.pays(payer)
    before = len(counter.said(payer))
    bodies = [body_of(counter.row(payment)), body_of(counter.row(payment), status="WAITING_FOR_PIN")] * 25
    random.Random(5).shuffle(bodies)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda body: post(app, body), bodies))
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert post(app, bodies[0]).status_code == 200
    assert counter.booked(payment) == [AMOUNT]
    assert len(counter.said(payer)) == before + 1


def test_callbacks_questions_and_a_person_at_once_are_one_entry(counter: Counter, app: Flask) -> None:
    payment = counter.pays(magic("told_never"))
    counter.quiet()
    body = body_of(counter.row(payment))
    with ThreadPoolExecutor(9) as pool:
        told = [pool.submit(post, app, body) for _ in range(8)]
        asked = pool.submit(counter.questions)
    asked.result()
    assert {one.result().status_code for one in told} <= {200, 503}
    counter.questions()
    assert counter.booked(payment) == [AMOUNT]


def test_a_thousand_forged_callbacks_find_a_path_that_does_not_exist(counter: Counter, app: Flask) -> None:
    payment = counter.pays(magic("never_settled"))
    body = body_of(counter.row(payment))
    right = sign(SIGNATURE, body, SIGNING_KEY)
    rng = random.Random(20261122)
    nowhere = _called(app, "/hooks/payments/nowhere", body, {})
    found: Tally[Any] = Tally()
    for _ in range(FORGED):
        path, headers = _forged(rng, right, body)
        found[_called(app, path, body, headers)] += 1
    assert found == {nowhere: FORGED}
    assert nowhere[0].startswith("404")
    assert counter.booked(payment) == []
    assert counter.callbacks(order_id=counter.row(payment).order_id) == 0


def _forged(rng: random.Random, right: str, body: bytes) -> tuple[str, dict[str, str]]:
    """What a stranger may try: each lacks the secret, the operator, or the signature."""
    at = rng.randrange(7, len(right))
    letter = rng.choice([one for one in "0123456789abcdef" if one != right[at]])
    near = right[:at] + letter + right[at + 1 :]
    good = "/hooks/payments/OM/demo"
    return rng.choice(
        (
            (good, {}),
            (good, {"X-Signature": near}),
            (good, {"X-Signature": right[:-1]}),
            (good, {"X-Signature": right.upper()}),
            (good, {"X-Signature": right.removeprefix("sha256=")}),
            (good, {"X-Signature": sign(SIGNATURE, body, "x" * 32)}),
            (good, {"X-Signature": sign(SIGNATURE, body + b" ", SIGNING_KEY)}),
            (good, {"Signature": right}),
            ("/hooks/payments/OM/Demo", {"X-Signature": right}),
            (f"/hooks/payments/OM/{rng.randbytes(16).hex()}", {"X-Signature": right}),
            ("/hooks/payments/om/demo", {"X-Signature": right}),
            ("/hooks/payments/WAVE/demo", {"X-Signature": right}),
            ("/hooks/payments/OM/demo/", {"X-Signature": right}),
            ("/hooks/payments/OM", {"X-Signature": right}),
            ("/hooks/payments//demo", {"X-Signature": right}),
            ("/hooks/africastalking/demo/payments", {"X-Signature": right}),
        )
    )


def _called(app: Flask, path: str, body: bytes, headers: dict[str, str]) -> tuple[str, Any, bytes]:
    """Status, headers, body."""
    environ = EnvironBuilder(method="POST", path="/", headers=headers).get_environ()
    environ.update({"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body)), "PATH_INFO": path})
    said: list[Any] = []
    answer = app.wsgi_app(environ, lambda line, got: said.extend((line, got)))  # type: ignore[arg-type, return-value]
    return said[0], tuple(sorted(said[1])), b"".join(answer)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_another_method_tells_nothing(app: Flask, method: str) -> None:
    answer = Client(app.wsgi_app).open("/hooks/payments/OM/demo", method=method)
    assert (answer.status_code, answer.data) == (404, b"Not Found\n")


def test_a_signed_callback_that_cannot_be_read_is_said_to_be_bad(counter: Counter, app: Flask) -> None:
    before = counter.callbacks()
    assert post(app, b"{}").status_code == 400
    assert counter.callbacks() == before


@pytest.mark.parametrize(
    ("said", "moved", "becomes"),
    [
        pytest.param("FAILED", True, "CONFIRMED", id="refused, then paid"),
        pytest.param("SUCCESSFUL", False, "REFUSED", id="paid, then taken back"),
    ],
)
def test_what_a_callback_settled_is_asked_about_once_more(
    counter: Counter, app: Flask, said: str, moved: bool, becomes: str
) -> None:
    """The callback that takes the first one back is lost."""
    payment = counter.pays(magic("never_settled"))
    order = counter.row(payment).order_id
    told = body_of(counter.row(payment), status=said)
    counter.money.books.settle("OM", order, "SUCCESSFUL" if moved else "FAILED", "" if moved else "REVERSED")
    assert post(app, told).status_code == 200
    assert counter.row(payment).state == ("REFUSED" if moved else "CONFIRMED")
    counter.questions()
    row = counter.row(payment)
    assert (row.state, row.next_at) == (becomes, None)
    assert sum(counter.booked(payment)) == (AMOUNT if moved else 0)
    assert post(app, told).status_code == 200
    counter.questions()
    assert sum(counter.booked(payment)) == (AMOUNT if moved else 0)
