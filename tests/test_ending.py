"""How a command ends by a signal."""

import sys

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
