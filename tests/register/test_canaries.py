"""Nobody's name, day of birth, phone, NINA, number or receipt is in a dump of the database.

200 people with tell-tale ones, 0 found; years of birth may be.
"""

from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import insert, select, text

from models import audit, callbacks, dossiers, erasures, messages, owed_answers, phones
from models.coverage import NUMBER, coverages, number_index
from models.dossier_records import Candidate, Dependant, Owner
from models.dossier_tables import CITIZEN
from models.identifiers import Msisdn, NinaNumber
from models.people import identity_columns, nina_columns, opened_identity, persons
from models.receipts import REFERENCE, receipt_columns, receipts
from models.schema import everything
from tests.register.conftest import NOW, TODAY

PEOPLE = 200
COMMON_LETTERS = "bcdfghjklmnpqrstvwz"


def canary(number):
    """A name that no other word of the database holds, two numbers and a receipt's reference."""
    first, second = divmod(number, len(COMMON_LETTERS))
    syllable = f"{COMMON_LETTERS[first]}uy{COMMON_LETTERS[second]}"
    return (
        f"Kwaz{syllable}a",
        f"Xoqu{syllable}e",
        f"+22374{830_000 + number}",
        f"7391{number:03}555000{number:03}",
        f"{number:06}/QUYZ-{number:03}",
    )


def born(number):
    """A day of birth that is no other day of the database."""
    return date(1971, 2, 11) + timedelta(days=37 * number)


def spellings(day):
    """The ways in which a day is written."""
    return {day.isoformat(), f"{day:%Y%m%d}", f"{day:%d/%m/%Y}", f"{day:%d%m%Y}"}


def write(register):
    """Every kind of row that an identity ends in, for everybody."""
    keys, household = register.keys, register.household()
    with register.database.begin() as conn:
        for number in range(PEOPLE):
            given, family, phone, digits, reference = canary(number)
            once, phone, day = number.to_bytes(16), Msisdn(phone), born(number)
            person = conn.execute(
                insert(persons).values(
                    household_id=household,
                    relation="SOI",
                    sex="F",
                    birth_year=day.year,
                    commune_code="ML-C02040101",
                    **identity_columns(keys, given, family, day),
                    **nina_columns(keys, f"{digits}X"),
                )
            ).inserted_primary_key[0]
            coverage_id = conn.execute(
                insert(coverages).values(
                    person_id=person,
                    scheme="RAMED",
                    role="OUVRANT_DROIT",
                    status="ACTIF",
                    valid_from=TODAY,
                    number_index=number_index(keys, "RAMED", digits),
                    number_sealed=keys.seal(digits, NUMBER),
                )
            ).inserted_primary_key[0]
            printed = receipt_columns(keys, {"reference": reference, "issue_place": "Bamako"})
            conn.execute(insert(receipts).values(coverage_id=coverage_id, **printed))
            phones.link(conn, keys, phone, person, "test", NOW)
            callbacks.request(
                conn,
                keys,
                reference="123456",
                phone=phone,
                language="fr",
                slot="MATIN",
                reason="AIDE",
                now=NOW,
                name=f"{given} {family}",
            )
            messages.owe(
                conn, keys, to=phone, text=f"{given} {digits}", kind="x", lane="bulk", once=once, now=NOW
            )
            question = f"{phone.e164} {digits}".encode()
            owed_answers.promise(conn, keys, once=once, reference="1", question=question, now=NOW)
            erasures.request(conn, keys, reference="654321", phone=phone, now=NOW)
            who = Candidate(given, family, "F", day.year, "ML-C02040101", "RAMED", 1, NinaNumber(digits))
            code = dossiers.free_code(conn, range(10_000 + number * 9, 10_009 + number * 9))
            made = dossiers.open_dossier(conn, keys, code, Owner(CITIZEN, phone), who, "test", NOW)
            dossiers.add_member(conn, keys, made, Dependant(given, family, "M", day.year, "ENF"), NOW)
            subject = f"person:{person}"
            audit.record(
                conn, keys, actor=phone, action="own", subject=subject, detail="", once=once, now=NOW
            )


def cells(conn):
    """Every cell of every table as bytes, in small letters."""
    found = []
    for table in everything().sorted_tables:
        for row in conn.execute(select(table)):
            found += [bytes(cell) if isinstance(cell, bytes) else str(cell).encode() for cell in row]
    return b"\n".join(found).lower()


def files(conn):
    """A SQLite file keeps more than its rows: free pages, and what waits in the write-ahead log."""
    if conn.dialect.name != "sqlite":
        return b""
    path = Path(conn.execute(text("PRAGMA database_list")).first()[2])
    return path.read_bytes().lower() + Path(f"{path}-wal").read_bytes().lower()


def test_no_canary_is_in_the_database(register):
    write(register)
    with register.database.begin(reading=True) as conn:
        dump = cells(conn) + files(conn)
        identities = conn.execute(select(persons.c.identity_sealed)).scalars().all()
        references = conn.execute(select(receipts.c.reference_sealed)).scalars().all()
    told = {telling.removeprefix("+223").lower() for number in range(PEOPLE) for telling in canary(number)}
    told |= {form for number in range(PEOPLE) for form in spellings(born(number))}
    assert len(told) == (5 + 4) * PEOPLE
    assert [telling for telling in told if telling.encode() in dump] == []
    assert b"kwaz" not in dump
    opened = {opened_identity(register.keys, sealed) for sealed in identities}
    assert opened == {(*canary(number)[:2], born(number)) for number in range(PEOPLE)}, "who has the keys"
    assert {register.keys.unseal(sealed, REFERENCE) for sealed in references} == {
        canary(number)[4] for number in range(PEOPLE)
    }
