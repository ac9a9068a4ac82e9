"""Property tests draw the same examples everywhere; `--hypothesis-profile=drawn` draws others."""

from hypothesis import settings

settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("drawn", deadline=None, print_blob=True)
settings.load_profile("fixed")
