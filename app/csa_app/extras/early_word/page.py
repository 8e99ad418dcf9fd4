"""Early word: the last words, who received them, and what was done."""

from __future__ import annotations

from csa.base.text import tr
from csa_app.extras.early_word import parts
from csa_app.shared import cache_store, panels, person
from csa_app.shared.signing import Present

session = panels.frame(tr("watch.office"))
person.require_internal(session)
records = cache_store.records(session)
parts.answer(records)
parts.show(records)
parts.forms(Present(session, person.person(session)), records)
