"""How many examples a property is shown: few each time, many before a release."""

from hypothesis import Phase, settings

QUICK, DEEP, UNSHRUNK = "quick", "deep", "unshrunk"


def register_profiles():
    """Register all and load the quick one; `--hypothesis-profile deep` chooses another.

    The quick one shows the same examples each time, here as in CI, and the deep one new ones. Neither
    has a clock: a loaded machine is no fault. The unshrunk one looks for no smaller example of a failure.
    """
    settings.register_profile(QUICK, derandomize=True, deadline=None, max_examples=20)
    settings.register_profile(DEEP, deadline=None, max_examples=600, print_blob=True)
    phases = (Phase.explicit, Phase.generate)
    settings.register_profile(UNSHRUNK, settings.get_profile(QUICK), phases=phases)
    settings.load_profile(QUICK)


def examples(share, **other):
    """Show a share of the profile's number: less than 1 where one takes long, more where a case is rare."""
    number = max(3, round(settings.default.max_examples * share))
    return settings(max_examples=number, **other)
