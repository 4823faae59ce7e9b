"""Nonces: of the right length, and never the same twice, whoever asks."""

import os
from threading import Thread

from models.nonces import AT_A_TIME, Nonces


def test_none_comes_twice_to_many_threads():
    nonces, drawn = Nonces(12), []
    count = AT_A_TIME + 7
    threads = [Thread(target=lambda: drawn.extend(nonces.next() for _ in range(count))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(drawn)) == len(drawn) == 8 * count
    assert {len(nonce) for nonce in drawn} == {12}


def test_a_forked_process_draws_its_own():
    nonces = Nonces(12)
    nonces.next()
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(send, b"".join(nonces.next() for _ in range(AT_A_TIME)))
        os._exit(0)
    os.waitpid(child, 0)
    told = os.read(receive, 12 * AT_A_TIME)
    os.close(receive)
    os.close(send)
    theirs = {told[start : start + 12] for start in range(0, len(told), 12)}
    assert len(theirs) == AT_A_TIME
    assert theirs.isdisjoint(nonces.next() for _ in range(AT_A_TIME))
