"""What a browser draws of the map of change: the color and dashes of a message's month."""


def drawn(message, at=None):
    """Add to each zone its fill and dash, and to each area its dash, in the month shown."""
    months = message.get("months")
    if not months:  # the map of counts
        return message
    at, palette, (thin, thick) = (
        months["at"] if at is None else at,
        months["palette"],
        months["dash"],
    )
    for zone in message["zones"]:
        level = zone["levels"][at : at + 1].replace("-", "")
        zone["fill"] = palette[int(level)] if level else None
        zone["dash"] = None if level or not zone["levels"] else thin
    for area in (one["properties"] for one in message["areas"]):
        if "levels" in area:
            area["dash"] = thick if area["levels"][at] == "-" else None
    return message
