"""The report adds up to the audience to the last person; the year counts each person once; nothing small is told."""

import json
import os
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import delete, insert, update

from gateway.campaign_report_command import report as command
from models import inbound
from models.campaign_acts import ACTS, DIALLED, campaign_results
from models.campaign_report import HEADINGS, WITH_REASON, fcfa, report
from models.campaign_tables import campaigns, recipients
from models.keyring import KeyRing
from models.people_reached import reached
from models.small_counts import FEW, HIDDEN
from tests.campaigns.conftest import World
from tests.campaigns.sent_campaigns import send, sent_campaign

CODES = st.sampled_from([None, "ABSENT", "NUMERO_INVALIDE", "STOP"])
ROWS = st.lists(
    st.tuples(
        st.sampled_from([*HEADINGS, "ABANDONED"]),
        CODES,
        st.sampled_from(["ORANGE", "MOOV", "TELECEL"]),
        st.sampled_from([None, "XOF 17.0000", "KES 0.8", "?"]),
        st.integers(1, 3),
    ),
    max_size=12,
)


@given(ROWS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_parts_add_up_to_the_audience(
    world: World, rows: list[tuple[str, str | None, str, str | None, int]]
) -> None:
    with world.database.begin() as conn:
        conn.execute(delete(recipients))
    campaign_id = sent_campaign(world)
    for state, code, operator, cost, times in rows:
        send(world, campaign_id, times, state=state, code=code, operator=operator, cost=cost)
    with world.database.begin(reading=True) as conn:
        found = report(conn, campaign_id)
    assert found.audience == sum(times for *_, times in rows) == sum(found.states.values())
    assert sum(found.arms) == found.audience
    for state in WITH_REASON:
        assert sum(found.reasons.get(state, {}).values()) == found.states[state]
    wanted = Counter[str]()
    for state, *_, times in rows:
        wanted[state] += times
    assert +Counter(found.states) == wanted
    assert found.sent == sum(cost.sent for cost in found.costs.values())
    paid = sum(times for _, _, _, cost, times in rows if cost == "XOF 17.0000")
    in_all = sum((cost.real_fcfa for cost in found.costs.values()), Decimal())
    outside = sum(
        times
        for state, _, operator, cost, times in rows
        if cost == "XOF 17.0000" and operator not in found.costs
    )
    assert in_all == 17 * (paid - outside)


@pytest.mark.parametrize(
    ("told", "price"),
    [
        pytest.param("XOF 17.0000", Decimal("17"), id="as the provider writes it"),
        pytest.param("XOF17", Decimal(17), id="without a space"),
        pytest.param("FCFA 12,5", Decimal("12.5"), id="with a comma"),
        pytest.param("USD 0.02", None, id="another currency"),
        pytest.param("None", None, id="the simulator's word"),
        pytest.param("", None, id="nothing"),
        pytest.param(None, None, id="never told"),
    ],
)
def test_a_price_is_read_or_said_to_be_untold(told: str | None, price: Decimal | None) -> None:
    assert fcfa(told) == price


def result(world: World, campaign_id: int, messaged: tuple[int, int], held_out: int) -> None:
    """How many called, of each arm."""
    rows = [
        {"hold_out": False, "people": messaged[0], "in_time": messaged[1]},
        {"hold_out": True, "people": held_out, "in_time": 0},
    ]
    with world.database.begin() as conn:
        common = {"campaign_id": campaign_id, "act": DIALLED}
        conn.execute(insert(campaign_results), [{**common, **row} for row in rows])


@pytest.mark.parametrize(
    ("messaged", "held_out", "shown", "effect"),
    [
        pytest.param((20, 10), 5, (10, 20, 5), True, id="enough in both arms"),
        pytest.param((20, 10), 0, (10, 20, 0), True, id="nobody without a message"),
        pytest.param((20, 10), 4, (10, 20, FEW), False, id="four without a message"),
        pytest.param((4, 4), 9, (FEW, FEW, 9), False, id="four with one"),
        pytest.param((20, 17), 9, (HIDDEN, 20, 9), True, id="three were late: neither is told"),
        pytest.param((7, 2), 9, (FEW, 7, 9), True, id="two were in time"),
    ],
)
def test_acts_are_compared_with_the_hold_out_unless_few_did_them(
    world: World,
    messaged: tuple[int, int],
    held_out: int,
    shown: tuple[int | str, int | str, int | str],
    effect: bool,
) -> None:
    campaign_id = sent_campaign(world)
    send(world, campaign_id, 40)
    send(world, campaign_id, 20, state="HELD_OUT")
    result(world, campaign_id, messaged, held_out)
    with world.database.begin(reading=True) as conn:
        found = report(conn, campaign_id).acts
    act = found[DIALLED]
    assert (act.in_time, act.people, act.held_out, act.effect is not None) == (*shown, effect)
    assert set(found) == set(ACTS)
    if act.effect:
        assert act.effect.value == pytest.approx(messaged[0] / 40 - held_out / 20)


def test_without_a_hold_out_there_is_no_effect(world: World) -> None:
    campaign_id = sent_campaign(world)
    send(world, campaign_id, 10)
    with world.database.begin(reading=True) as conn:
        assert {act.effect for act in report(conn, campaign_id).acts.values()} == {None}


def at(month: int, day: int = 10, year: int = 2026) -> datetime:
    """A moment of a year."""
    return datetime(year, month, day, 12, tzinfo=UTC)


def test_a_year_counts_each_number_once_in_the_month_of_its_first_message(world: World) -> None:
    first, second = sent_campaign(world, began=at(1)), sent_campaign(world, began=at(2))
    both = send(world, first, 6, region="SEGOU", sex="F", settled_at=at(3))
    for phone in both:
        send(world, second, phone=phone, region="GAO", sex="M", settled_at=at(5))
    send(world, second, 7, region=None, sex=None, settled_at=at(5))
    send(world, second, 9, state="NO_RECEIPT", settled_at=at(5))
    send(world, second, 8, settled_at=at(12, 31, 2025))
    send(world, second, 5, region="GAO", sex="M", settled_at=at(12, 31))
    with world.database.begin(reading=True) as conn:
        found = reached(conn, 2026)
    assert (found.people, found.goal) == (18, 1_872_000)
    assert found.percent == pytest.approx(100 * 18 / 1_872_000)
    assert found.by_region == {"": 7, "GAO": 5, "SEGOU": 6}
    assert found.by_sex == {"F": 6, "M": 5, "": 7}
    assert {month: people for month, people in found.by_month.items() if people} == {3: 6, 5: 7, 12: 5}
    assert "activité 4.8" in found.source


@pytest.mark.parametrize(
    ("moment", "year"),
    [
        pytest.param(datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC), 2025, id="the year's last second"),
        pytest.param(datetime(2026, 1, 1, tzinfo=UTC), 2026, id="the next one's first"),
    ],
)
def test_years_are_told_apart_to_the_second_in_bamako(world: World, moment: datetime, year: int) -> None:
    send(world, sent_campaign(world, began=moment - timedelta(days=1)), 6, settled_at=moment)
    with world.database.begin(reading=True) as conn:
        assert {which: reached(conn, which).people for which in (2025, 2026)} == {
            which: 6 if which == year else 0 for which in (2025, 2026)
        }


def test_small_regions_are_hidden_and_so_is_what_would_give_them_away(world: World) -> None:
    campaign_id = sent_campaign(world)
    for region, people in (("SEGOU", 30), ("GAO", 3), ("MOPTI", 12)):
        send(world, campaign_id, people, region=region)
    with world.database.begin(reading=True) as conn:
        found = reached(conn, 2026)
    assert found.people == 45
    assert found.by_region == {"SEGOU": 30, "GAO": FEW, "MOPTI": HIDDEN}


Run = Callable[..., str]


@pytest.fixture
def ramu(database_url: str, tmp_path: Path, world: World) -> Run:
    """Runs the command on the world's database; what it says."""
    told = {"DATABASE_URL": database_url, "RAMU_DATA_FOLDER": str(tmp_path), "RAMU_SETTINGS": os.devnull}
    told["RAMU_KEY_FOLDER"] = str(tmp_path / "keys")
    assert isinstance(world.keys, KeyRing)

    def run(*arguments: str, code: int = 0) -> str:
        found = CliRunner().invoke(command, arguments, env=told, catch_exceptions=False)
        assert found.exit_code == code, found.output
        return found.output

    return run


def test_the_command_tells_prints_writes_and_draws(world: World, ramu: Run, tmp_path: Path) -> None:
    campaign_id = sent_campaign(world)
    figures = json.dumps({"found": 40, "excluded": {"STOP": 2}, "operators": {"ORANGE": {"fcfa": 510}}})
    with world.database.begin() as conn:
        conn.execute(update(campaigns).values(figures=figures))
    send(world, campaign_id, 20, cost="XOF 17.0000")
    send(world, campaign_id, 10, state="UNDELIVERED", code="ABSENT", cost="XOF 17.0000")
    send(world, campaign_id, 6, state="HELD_OUT")
    sheet, svg, png = (tmp_path / f"r.{kind}" for kind in ("csv", "svg", "png"))
    said = ramu(str(campaign_id), "--csv", str(sheet), "--plot", str(svg))
    assert "destinataires" in said
    assert "Non remis : absent" in said
    lines = sheet.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "partie;detail;valeur;unite"
    assert "coût prévu;ORANGE;510;FCFA" in lines
    assert "coût réel;ORANGE;510.0000;FCFA" in lines
    assert oct(sheet.stat().st_mode)[-3:] == "600"
    page = ElementTree.parse(svg).getroot()
    words = [element.text for element in page.iter() if element.text]
    assert {"Remis", "20", "10", "6"} <= set(words)
    assert page.get("role") == "img"
    told = json.loads(ramu(str(campaign_id), "--json", "--plot", str(png)))
    assert (told["audience"], told["sent"], told["states"]["HELD_OUT"]) == (36, 30, 6)
    assert told["costs"]["ORANGE"] == {"sent": 30, "planned_fcfa": 510, "real_fcfa": 510.0, "untold": 0}
    with Image.open(png) as picture:
        assert picture.size[0] == 1_800
        assert len(picture.convert("L").getcolors(256) or ()) > 3


def test_the_command_tells_a_year(world: World, ramu: Run, tmp_path: Path) -> None:
    send(world, sent_campaign(world), 12)
    svg = tmp_path / "year.svg"
    said = ramu("--year", "2026", "--plot", str(svg))
    assert "région : Ségou" in said
    assert "1\u00a0872\u00a0000" in svg.read_text()
    told = json.loads(ramu("--year", "2026", "--json"))
    assert (told["people"], told["goal"], told["by_region"]) == (12, 1_872_000, {"SEGOU": 12})


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param((), id="neither a campaign nor a year"),
        pytest.param(("3", "--year", "2026"), id="both"),
        pytest.param(("3", "--plot", "r.pdf"), id="a chart of another kind"),
    ],
)
def test_what_the_command_does_not_take(ramu: Run, arguments: tuple[str, ...]) -> None:
    assert "Usage" in ramu(*arguments, code=2)


def test_a_campaign_of_now_is_brought_up_to_date_before_it_is_told(world: World, ramu: Run) -> None:
    now = datetime.now(UTC)
    campaign_id = sent_campaign(world, began=now - timedelta(days=2))
    phones = send(world, campaign_id, 6, settled_at=now - timedelta(days=2))
    with world.database.begin() as conn:
        for phone in phones:
            told = {
                "once": phone.e164.encode(),
                "sender": phone.e164,
                "text": "AIDE",
                "service_code": "36212",
            }
            inbound.take(conn, world.keys, **told, now=now - timedelta(days=1))
    assert json.loads(ramu(str(campaign_id), "--json"))["acts"]["SMS"]["in_time"] == 6
