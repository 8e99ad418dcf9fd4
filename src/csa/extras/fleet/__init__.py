"""Many cities at once, on Dask, and the page that lists them."""

from csa.extras import Extra, ExtraPage

EXTRA = Extra(
    __name__,
    commands=(f"{__name__}.commands:fleet",),
    page=ExtraPage(
        "csa_app.extras.fleet.page", "cities", "cities.short", "screen.about", "operator"
    ),
)
