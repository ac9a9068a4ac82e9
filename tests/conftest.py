"""Property tests draw the same examples everywhere; `--hypothesis-profile=drawn` draws others."""

import sys

# Whatever the environment says: to compile all tests and Hypothesis anew takes each worker longer than to run most files.
sys.dont_write_bytecode = False

from hypothesis import settings  # noqa: E402

settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("drawn", deadline=None, print_blob=True)
settings.load_profile("fixed")
