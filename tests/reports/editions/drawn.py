"""Editions drawn from facts, and the texts on them."""

from dataclasses import replace

from csa.reports.document import Box, Bullets, Heading, Lead, Paragraph, Picture, Table


def draw(_sheet):
    return b"a map"


def texts_of(document):
    """List every text of a document, marks and footer too."""
    found = [document.title, document.subtitle, document.footer, *document.marks]
    for block in document.blocks:
        match block:
            case Heading() | Paragraph():
                found.append(block.text)
            case Lead():
                found += block.sentences
            case Bullets():
                found += block.items
            case Table():
                found += [block.caption, *block.columns, *(c for row in block.rows for c in row)]
            case Picture():
                found += [block.alt, block.caption, block.missing]
            case Box():
                found += [block.title, *block.paragraphs]
    return found


def with_areas(facts, areas):
    return replace(facts, areas=tuple(areas))
