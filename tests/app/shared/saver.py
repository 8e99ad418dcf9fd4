"""A process that saves what each line gives it, and prints what it would say to a person.

`saver.py page CONFIG` saves as the app's pages do, with the engine that they keep; `saver.py store
CONFIG` as a long command does, with the one store that it opened.
"""

import os
import sys
from types import SimpleNamespace

from csa.base.errors import CsaError
from csa.city.loading import load_city
from csa.program.roles import act, local_person
from csa.program.work import add_minute
from csa_app.shared import cache_store


def save(store, text, clock):
    signed = act(local_person("Clerk"), "Decided at the table.", clock.now(), clock.time_zone)
    add_minute(store, signed, text)


def main(kind, config):
    opened, held = SimpleNamespace(config=load_city(config)), None
    for line in sys.stdin:
        what, _, rest = line.strip().partition(" ")
        said = "saved"
        try:
            if what == "use":
                os.environ["CSA_STORE"] = rest
                held = cache_store.open_writable(opened) if kind == "store" else None
            elif what == "read":
                said = " ".join(row.text for row in cache_store.records(opened).minutes)
            else:
                save(held or cache_store.open_writable(opened), rest, opened.config.city.clock)
        except CsaError as error:
            said = error.message.key
        sys.stdout.write(f"{said}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
