"""The kinds of act as they are shipped, and the words by which each is named."""

import pytest

from config import facts
from models import acts
from tests.register.conftest import TODAY


def test_the_menu_of_acts():
    known = acts.known(TODAY)
    assert " ".join(act.code for act in known) == "CON PAL ACC CES CPN HOS LAB IMG DIA VAC MED REF"
    assert {act.code for act in known if act.sensitive} == {"ACC", "CES", "CPN"}
    digits = [act.digit for act in known if act.digit]
    assert digits == [*"123456789"]
    assert all(act.amount_fcfa > 0 for act in known)
    assert all("assumption" in row["source"] for row in facts.rows("acts"))


@pytest.mark.parametrize(
    ("word", "code"),
    [
        pytest.param("CES", "CES", id="its code"),
        pytest.param("4", "CES", id="its digit"),
        pytest.param("MED", "MED", id="one without a digit"),
        pytest.param("CESARIENNE", "CES", id="its label"),
        pytest.param("CONS", "CON", id="the beginning of two labels, the first of them"),
        pytest.param("MEDECIN", None, id="the beginning of none"),
        pytest.param("IMA", None, id="too few letters"),
        pytest.param("", None, id="nothing, which has no digit either"),
        pytest.param("0", None, id="a digit of none"),
        pytest.param("XYZ", None, id="another word"),
    ],
)
def test_an_act_is_named_by_code_or_digit(word, code):
    found = acts.named(word, TODAY)
    assert (found and found.code) == code
