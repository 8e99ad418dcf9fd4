"""A process that writes to a store again and again, and prints each entry that was committed."""

import sys
import time
from datetime import UTC, date, datetime

from csa.program.store.audit import Signed, read_head
from csa.program.store.engine import open_store
from csa.program.store.tables import ActionRow


def write(address, name, n):
    store = open_store(address, make=True)
    for i in range(n):
        with store.writing(Signed(name, f"{name} {i}", datetime.now(UTC))) as session:
            row = session.get(ActionRow, name)
            if row is None:
                row = ActionRow(key=name, status="on-track", updated_on=date(2026, 1, 1))
                session.add(row)
            row.comment = f"{i} " + "x" * 500
            session.flush()
            entry = read_head(session.connection()).n
        sys.stdout.write(f"{entry} {i}\n")
        sys.stdout.flush()
        time.sleep(0.005)  # SQLite's waiters only look now and then
    store.engine.dispose()
