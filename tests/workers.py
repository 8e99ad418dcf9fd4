"""Which worker runs which tests: a file's on one, so that its fixtures are made once."""

from xdist.scheduler import LoadScopeScheduling

BROWSER = "tests/browser/"


class FileScheduling(LoadScopeScheduling):
    """Give a worker whole files, and one worker all the browser tests.

    Two browsers and their servers on two cores wait for one another. xdist's own `loadgroup`
    does not see groups with pytest 9.2 (pytest-xdist issue 1386).
    """

    def _split_scope(self, nodeid):
        path = nodeid.partition("::")[0]
        return BROWSER if path.startswith(BROWSER) else path


def browser_first(items):
    """Put first what takes longest and can not be shared."""
    items.sort(key=lambda item: not item.nodeid.startswith(BROWSER))
