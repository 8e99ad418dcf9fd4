"""Sign a form on a page."""


def sign(reader, office, why):
    for name, text in (("On behalf of (office)", office), ("Why", why)):
        reader.page.get_by_role("textbox", name=name, exact=True).fill(text)
        reader.page.keyboard.press("Tab")
        reader.settle()
