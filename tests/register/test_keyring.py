"""The key ring: what it seals opens again for the same purpose alone, and survives the change of its keys."""

import json
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.keyring import KEY_ID_BYTES, NOTICE_SECONDS, KeyRing, KeyRingError


@pytest.fixture
def keys(tmp_path):
    return KeyRing.create(tmp_path / "keys")


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    return KeyRing.create(tmp_path_factory.mktemp("keys"))


@given(text=st.text(max_size=200))
def test_what_is_sealed_opens_again(lasting, text):
    assert lasting.unseal(lasting.seal(text, "names"), "names") == text


def test_two_seals_of_one_text_differ_and_hide_it(keys):
    first, second = keys.seal("AWA\tTRAORE", "names"), keys.seal("AWA\tTRAORE", "names")
    assert first != second
    assert b"TRAORE" not in first


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda blob: blob[:-1] + bytes([blob[-1] ^ 1]), id="a bit of the tag"),
        pytest.param(lambda blob: blob[:20] + bytes([blob[20] ^ 1]) + blob[21:], id="a bit of the text"),
        pytest.param(lambda blob: blob[:10], id="cut short"),
        pytest.param(lambda blob: b"", id="nothing"),
        pytest.param(lambda blob: b"\x00\x63" + blob[2:], id="an unknown key"),
    ],
)
def test_a_damaged_seal_is_refused(keys, damage):
    with pytest.raises(KeyRingError):
        keys.unseal(damage(keys.seal("70000001", "phone")), "phone")


def test_a_seal_opens_for_its_own_purpose_alone(keys):
    with pytest.raises(KeyRingError):
        keys.unseal(keys.seal("70000001", "phone"), "names")


def test_an_index_depends_on_value_purpose_and_installation(keys, lasting):
    index = keys.index("+22370000001", "phone")
    assert len(index) == 16
    assert index == keys.index("+22370000001", "phone")
    assert index != keys.index("+22370000002", "phone")
    assert index != keys.index("+22370000001", "asker")
    assert index != lasting.index("+22370000001", "phone")


def test_the_file_is_the_owners_alone(keys, tmp_path):
    path = tmp_path / "keys" / "keys.json"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(KeyRingError, match="chmod 600"):
        KeyRing.open(tmp_path / "keys")


def test_keys_are_never_made_over_others(keys, tmp_path):
    with pytest.raises(KeyRingError, match="exists"):
        KeyRing.create(tmp_path / "keys")


def test_a_missing_or_broken_file_is_said(tmp_path):
    with pytest.raises(KeyRingError, match="no key ring"):
        KeyRing.open(tmp_path)
    (tmp_path / "keys.json").touch(mode=0o600)
    with pytest.raises(KeyRingError, match="cannot be read"):
        KeyRing.open(tmp_path)


def test_a_new_key_seals_and_the_old_one_still_opens(keys):
    before = keys.seal("AWA", "names")
    assert keys.add_key() == 2
    after = keys.seal("AWA", "names")
    assert (before[:KEY_ID_BYTES], after[:KEY_ID_BYTES]) == (b"\x00\x01", b"\x00\x02")
    assert keys.unseal(before, "names") == keys.unseal(after, "names") == "AWA"


def test_another_process_opens_by_a_new_key_at_once(keys, tmp_path):
    other = KeyRing.open(tmp_path / "keys")
    keys.add_key()
    assert other.unseal(keys.seal("AWA", "names"), "names") == "AWA"


def test_another_process_seals_by_a_new_key_a_second_later(keys, tmp_path):
    other = KeyRing.open(tmp_path / "keys")
    other.seal("AWA", "names")
    keys.add_key()
    time.sleep(NOTICE_SECONDS)
    assert other.seal("AWA", "names")[:KEY_ID_BYTES] == keys.prefix


def test_a_dropped_key_opens_nothing_and_the_index_stays(keys):
    before, index = keys.seal("AWA", "names"), keys.index("1", "number")
    keys.add_key()
    keys.drop_key(1)
    assert keys.key_ids == (2,)
    assert keys.index("1", "number") == index
    with pytest.raises(KeyRingError, match="key 1"):
        keys.unseal(before, "names")


@pytest.mark.parametrize("number", [pytest.param(1, id="the primary key"), pytest.param(7, id="no such key")])
def test_a_key_that_cannot_be_dropped(keys, number):
    with pytest.raises(KeyRingError, match="cannot be dropped"):
        keys.drop_key(number)


def test_a_crash_while_writing_leaves_the_old_ring(keys, tmp_path):
    beside = tmp_path / "keys" / "keys.new"
    beside.write_text('{"primary": 2, "ke')
    assert KeyRing.open(tmp_path / "keys").primary == 1
    keys.add_key()
    assert json.loads((tmp_path / "keys" / "keys.json").read_text())["primary"] == 2
    assert not os.path.exists(beside)
