"""How a command ends by a signal."""

import sys

import pytest

from aarhus_los.sandbox.stage import importer_environment
from tests import forked

# A wait that begins just after Python has looked for signals is not ended by one that came in between. A signal that
# another thread takes leaves it in the same state, for sure.
MISSED = """
import signal, threading, time
from aarhus_los.ending import ending
def take():
    time.sleep(0.05)
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
with ending():
    threading.Thread(target=take, daemon=True).start()
    threading.Event().wait()
"""


def test_a_signal_that_does_not_end_a_wait_is_noticed_all_the_same() -> None:
    done = forked.run(
        [sys.executable, "-c", MISSED], env=importer_environment(), timeout=20, capture_output=True
    )
    assert (done.returncode, done.stdout) == (128 + 15, b"")
    assert done.stderr == b"los-import: stopped\n"


# The locks of `threading` and of `concurrent.futures` are taken by functions in Python: a signal may come when they have
# taken one, and have not returned.
TAKEN = """
import signal, threading, time
from concurrent.futures import ThreadPoolExecutor
from aarhus_los.ending import ending
class Lock:
    def __init__(self):
        self.lock = threading.Lock()
    def __enter__(self):
        self.lock.acquire()
        if threading.current_thread() is threading.main_thread():
            signal.raise_signal(signal.SIGTERM)
    def __exit__(self, *error):
        self.lock.release()
lock = Lock()
def take():
    time.sleep(0.1)
    with lock:
        print("taken", flush=True)
with ending(), ThreadPoolExecutor(1) as pool:
    taken = pool.submit(take)
    with lock:
        pass
    taken.result()
    threading.Event().wait()
"""


def test_a_signal_leaves_no_lock_taken_for_which_other_threads_would_wait() -> None:
    done = forked.run([sys.executable, "-c", TAKEN], timeout=20, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (128 + 15, b"taken\n", b"los-import: stopped\n")


# A shell says that its terminal is gone, and so does the kernel.
HANGUP = """
import signal, sys, time
from aarhus_los.ending import ending
if sys.argv[1:] == ["ignored"]:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
with ending():
    try:
        signal.raise_signal(signal.SIGHUP)
        time.sleep(0.2)
        print("goes on")
    finally:
        signal.raise_signal(signal.SIGHUP)
        print("the record is left")
"""


@pytest.mark.parametrize(
    ("words", "code", "told"), [([], 129, ""), (["ignored"], 0, "goes on\n")], ids=["hang-up", "nohup"]
)
def test_a_terminal_that_goes_away_stops_a_run_as_others_do(words: list[str], code: int, told: str) -> None:
    done = forked.run(
        [sys.executable, "-c", HANGUP, *words], env=importer_environment(), timeout=20, capture_output=True
    )
    assert (done.returncode, done.stdout.decode()) == (code, f"{told}the record is left\n")
