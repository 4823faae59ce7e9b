"""The end of the audit chain is kept outside of the database: cutting both tables short is seen."""

from pathlib import Path

import pytest

from gateway import audit_head
from models import audit
from tests.gateway.handset import AWA, Gateway, Handset
from workers.seals import seal_all


def test_the_newest_link_is_kept_and_a_cut_end_is_found(gateway: Gateway) -> None:
    runtime = gateway.runtime
    Handset(gateway, AWA).dial()
    Handset(gateway, AWA).dial()
    assert seal_all(runtime) >= 2
    kept = audit_head.read(runtime.settings.data_folder / audit_head.FILE_NAME)
    with runtime.database.begin() as conn:
        assert audit.verify_chain(conn, runtime.keys, kept).ok
        for (name,) in conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
            conn.exec_driver_sql(f'DROP TRIGGER "{name}"')
        conn.exec_driver_sql("DELETE FROM audit_chain WHERE seq = (SELECT max(seq) FROM audit_chain)")
        conn.exec_driver_sql("DELETE FROM audit WHERE id = (SELECT max(id) FROM audit)")
        assert audit.verify_chain(conn, runtime.keys).ok, "a cut end alone does not show"
        assert not audit.verify_chain(conn, runtime.keys, kept).ok


@pytest.mark.parametrize("content", ["", "{}", '{"seq": "x", "digest": "00"}', '{"seq": 1, "digest": "zz"}'])
def test_a_file_that_is_no_head_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "head"
    file.write_text(content)
    with pytest.raises(audit_head.BadHead):
        audit_head.read(file)
