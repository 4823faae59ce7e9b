"""To who does not know the secret the callbacks are paths that do not exist, to the last header."""

import pytest

from tests.gateway.handset import Gateway

NOWHERE = "/hooks/africastalking/wrong/nowhere"


@pytest.mark.parametrize("method", ["POST", "GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["ussd", "ussd-events"])
def test_a_wrong_secret_is_a_path_that_does_not_exist(gateway: Gateway, method: str, path: str) -> None:
    expected = gateway.client.open(NOWHERE, method=method)
    answer = gateway.client.open(f"/hooks/africastalking/wrong/{path}", method=method)
    assert answer.status_code == expected.status_code == 404
    assert answer.data == expected.data
    assert sorted(answer.headers) == sorted(expected.headers)


def test_no_page_tells_which_methods_it_has(gateway: Gateway) -> None:
    answer = gateway.client.open("/health/live", method="OPTIONS")
    assert answer.status_code == 405
