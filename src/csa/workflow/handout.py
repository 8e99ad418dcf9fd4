"""The editions in a folder that `csa report --all` wrote: read for mail, or laid out for hands."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from csa.base.errors import ParamError, SourceError
from csa.base.io import csv_bytes, replace_folder
from csa.base.message import Message, msg
from csa.base.params import Month
from csa.base.text import LANGUAGES, tr
from csa.city.deployment import Mail, MailRecipient
from csa.program.handouts import EditionFile
from csa.program.store.audit import find_head
from csa.program.store.engine import Store
from csa.reports.editions.all import FOR_RESIDENTS
from csa.reports.editions.phrases import audience_name
from csa.reports.html import made_from
from csa.reports.making import EDITIONS, edition_filename, names_of
from csa.workflow.outbox import PrintedEdition

FORM = "pdf"
LIST = "hand-out.csv"
LIST_COLUMNS = ("office", "edition", "file", "sha256")


def read_editions(
    folder: Path, month: Month, store: Store | None, published: Collection[str]
) -> list[PrintedEdition]:
    """Read a month's editions, each with the snapshot and the decision it was made from.

    One whose public figures are not among those published, by their digests, is a draft.
    """
    if not folder.is_dir():
        raise SourceError("mail.no_folder", folder=folder)
    names = {
        edition_filename(month, one, lang, FORM): one for one in EDITIONS for lang in LANGUAGES
    }
    found = [
        _read_edition(folder / name, month, audience, store, published)
        for name, audience in names.items()
        if (folder / name).is_file()
    ]
    if not found:
        raise SourceError("mail.no_editions", folder=folder, month=month)
    return found


def _read_edition(
    path: Path, month: Month, audience: str, store: Store | None, published: Collection[str]
) -> PrintedEdition:
    page = path.with_suffix(".html")
    try:
        content, of_page = path.read_bytes(), page.read_bytes()
    except OSError as error:
        raise SourceError("mail.no_page", path=page) from error
    made = made_from(of_page)
    if not made.snapshot:
        raise SourceError("mail.no_snapshot", path=page)
    file = EditionFile(
        snapshot_id=made.snapshot,
        audit_n=_audit_n(store, made.decisions, path),
        month=str(month),
        audience=audience,
        language=path.stem.rpartition("_")[2],
        form=FORM,
        sha256=hashlib.sha256(content).hexdigest(),
    )
    is_draft = bool(made.figures) and made.figures not in published
    is_internal = audience in FOR_RESIDENTS and tr("report.internal").encode() in of_page
    return PrintedEdition(file, path.name, content, is_draft, is_internal)


def _audit_n(store: Store | None, head: str, path: Path) -> int:
    """Find the decision an edition was made at; an edition of another store is refused."""
    if not head:
        return 0
    if store is not None:
        with store.reading() as session:
            found = find_head(session.connection(), head)
        if found is not None:
            return found
    raise ParamError("mail.other_store", path=path, head=head)


def addressed(
    editions: Sequence[PrintedEdition], mail: Mail
) -> Iterator[tuple[PrintedEdition, MailRecipient]]:
    """Pair each edition with whoever receives it; refuse a recipient whose edition is not there.

    One for residents may be absent, since it is not made while nothing may be published. A draft
    goes to nobody: each month it would tell the same counts anew, changed otherwise.
    """
    lacking = [name for name in _lacking(editions, mail) if name not in FOR_RESIDENTS]
    if lacking:
        raise ParamError("mail.lacking", editions=", ".join(lacking))
    for edition in editions:
        listed = mail.recipients.get(edition.file.audience, ())
        for recipient in () if edition.is_withheld else listed:
            yield edition, recipient


def _lacking(editions: Sequence[PrintedEdition], mail: Mail) -> list[str]:
    there = {edition.file.audience for edition in editions}
    return [name for name, who in mail.recipients.items() if who and name not in there]


def withheld_drafts(editions: Sequence[PrintedEdition], mail: Mail | None) -> list[Message]:
    """Name the editions that go to nobody, and why, with what to do."""
    said = []
    drafts = [one.name for one in editions if one.is_draft]
    if drafts:
        said.append(msg("mail.kept_back", n=len(drafts), names=", ".join(drafts)))
    internal = [one.name for one in editions if one.is_internal]
    if internal:
        said.append(msg("mail.internal", names=", ".join(internal)))
    lacking = [] if mail is None else _lacking(editions, mail)
    names = [audience_name(name) for name in lacking if name in FOR_RESIDENTS]
    return [*said, *([msg("mail.not_made", editions=", ".join(names))] if names else [])]


def lay_out(out: Path, month: Month, editions: Sequence[PrintedEdition], mail: Mail | None) -> Path:
    """Write what is to be handed out into a folder: the files, and a list of who receives which.

    Those that go to nobody are left out.
    """
    rows: list[tuple[str, ...]] = []
    editions = [one for one in editions if not one.is_withheld]
    for edition in editions:
        file = edition.file
        listed = () if mail is None else mail.recipients.get(file.audience, ())
        offices = [one.office for one in listed] or [""]
        rows += [(office, file.audience, edition.name, file.sha256) for office in offices]
    files = {edition.name: edition.content for edition in editions}
    optional = [name for language in LANGUAGES for name in names_of(month, language)]
    replace_folder(out, LIST, files | {LIST: csv_bytes(LIST_COLUMNS, rows)}, optional)
    return out / LIST
