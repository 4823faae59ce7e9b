"""The steps of the schema, up and down, on both databases; and that they make what the code expects."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from models.database import Database
from models.reminders_wanted import HOUSEHOLD, want
from models.rotation import sealed_columns
from models.schema import downgrade, everything, migrate, standing
from tests.register.conftest import NOW

STEPS = (
    "0001_register",
    "0002_conversations",
    "0003_audit",
    "0004_sending",
    "0005_care",
    "0006_imports",
    "0007_campaigns",
    "0008_standby",
    "0009_outcomes",
    "0010_agents",
    "0011_payments",
    "0012_mutuelles",
    "0013_enrolment",
    "0014_forgetting",
    "0015_collectors",
    "0016_payment_requests",
    "0017_reminders",
    "0018_payers",
    "0019_reported",
    "0020_wishes",
)


def tables(url):
    database = Database.open(url, deadline_ms=None)
    with database.begin(reading=True) as conn:
        names = set(inspect(conn).get_table_names())
    database.dispose()
    return names


def test_a_fresh_database_is_up_to_date(database_url):
    found = standing(database_url)
    assert (found.current, found.newest, found.missing) == (STEPS[-1], STEPS[-1], ())


def test_the_steps_make_what_the_code_expects(database):
    with database.begin() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        assert compare_metadata(context, everything()) == []


def test_all_the_way_down_and_up_again(database_url):
    downgrade(database_url)
    assert tables(database_url) == {"alembic_version"}
    assert standing(database_url).missing == STEPS
    migrate(database_url)
    assert tables(database_url) == {"alembic_version", *everything().tables}


def way_down(url):
    """The tables after each step, going down."""
    found = {}
    for step in reversed(STEPS):
        downgrade(url, step)
        assert standing(url).missing == STEPS[STEPS.index(step) + 1 :]
        found[step] = tables(url)
    return found


def test_each_step_goes_down_and_up(database_url):
    before = way_down(database_url)
    migrate(database_url)
    assert way_down(database_url) == before


def test_migrating_twice_changes_nothing(database_url):
    migrate(database_url)
    assert standing(database_url).missing == ()


def test_what_names_a_person_is_sealed_by_type():
    """A new column with such a name must be sealed, or be told apart here."""
    telling = {"name", "names", "phone", "nina", "number", "text", "question", "to"}
    telling |= {"identity", "birth", "born", "reference"}
    plain = {("mutuelles", "name"), ("facilities", "name"), ("places", "name"), ("consents", "text_version")}
    plain |= {(born, "birth_year") for born in ("persons", "dossiers", "dossier_members")}
    plain |= {(asked, "reference") for asked in ("callbacks", "complaints", "erasures", "owed_answers")}
    plain |= {("incidents", "reference"), ("payments", "reference"), ("payment_requests", "reference")}
    plain |= {("member_groups", "name"), ("cash_deposits", "reference")}
    agents_numbers = ("collectors", "collector_communes", "cash_limits", "cash_alarms", "cash_deposits")
    plain |= {(of_agents, "number") for of_agents in agents_numbers}
    plain |= {("campaigns", "name"), ("campaign_texts", "text"), ("audiences", "name"), ("agents", "name")}
    sealed = {(column.table.name, column.name) for column in sealed_columns()}
    for table in everything().sorted_tables:
        for column in table.columns:
            first = column.name.split("_")[0]
            if first in telling and not column.name.endswith(("_index", "_id")):
                assert (table.name, column.name) in sealed | plain, f"{table.name}.{column.name} is in clear"


def test_of_two_reminders_that_wait_the_collectors_stays_when_the_step_goes(database_url, database):
    with database.begin() as conn:
        assert want(conn, [1], 204, NOW) == want(conn, [1, 2], HOUSEHOLD, NOW) - 1 == 1
    downgrade(database_url, "0019_reported")
    waiting = "SELECT membership_id, asked_by FROM reminders_wanted WHERE taken_at IS NULL ORDER BY 1"
    with database.begin(reading=True) as conn:
        assert [tuple(row) for row in conn.execute(text(waiting))] == [(1, 204), (2, HOUSEHOLD)]
    migrate(database_url)
