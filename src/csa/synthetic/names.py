"""Names of no real place, so that nobody mistakes the made-up city for a real one."""

from __future__ import annotations

CITY = "Orrinvale"
ELSEWHERE = "Tollgate Flats"
INSTITUTION = "St. Aurelia Hospital"

NEIGHBORHOODS = tuple(
    """Alderquist|Ambry Hill|Bellwick|Brackenholt|Brindlemoor|Calloway Steps|Candlewick Row|
Carrowby|Chandler's Rest|Coldharrow|Copperlea|Corvale|Dapplewood|Dorrance Yard|Dunnickfield|
Eddermoor|Elverton Heights|Emberly|Fallowgate|Fennick|Ferrymans End|Flaxbourne|Gallowmere|
Garnet Slope|Glimmerholt|Greyfen|Hadderley|Harrowick|Hazelmarch|Hobbin Green|Inglenorth|
Ivorstead|Jessamy Park|Juniper Stair|Kestrelby|Kindlewood|Larkenshaw|Lindenmoor|Lowbridge Yards|
Mallowfield|Marrenby|Millicent Hill|Moorcandle|Nettlecombe Rise|Norrowdale|Oakenshire|Old Landing|
Osierbank|Pallister Square|Pennycress|Quillmoor|Rathbury Hill|Rooksend|Saddlerow|Sallowfield|
Silverbeck|Sparrowgate|Tansywick|Tinderbridge|Thornaby Rise|Umberley|Vesper Hill|Wickenfall|
Willowquay|Wrenstead|Yarrowmead|Zennorfield""".replace("\n", "").split("|")
)

STREETS = tuple(
    """Acorn|Alder|Almond|Amber|Anvil|Apple|Arbor|Ash|Aster|Balsam|Barley|Basil|Bay|Beacon|Beech|
Birch|Bluestem|Bobolink|Bramble|Briar|Brook|Buckeye|Butternut|Calico|Candle|Cardinal|Carriage|
Catalpa|Cedar|Cherry|Chestnut|Clay|Clover|Cobalt|Copper|Coral|Cottonwood|Crane|Cricket|Crocus|
Cypress|Dahlia|Daisy|Dogwood|Dove|Elder|Elm|Ember|Falcon|Fern|Fig|Finch|Flax|Flint|Foxglove|
Garnet|Ginger|Glass|Goldenrod|Granite|Harrow|Hawthorn|Hazel|Heather|Hemlock|Heron|Hickory|Holly|
Honeysuckle|Indigo|Iris|Ironwood|Ivy|Jasmine|Juniper|Kettle|Lantern|Larch|Larkspur|Laurel|
Lavender|Lilac|Linden|Locust|Lupine|Magnolia|Maple|Marble|Meadow|Millet|Mint|Mulberry|Nettle|
Nutmeg|Oak|Olive|Onyx|Orchard|Oriole|Osage|Pear|Pebble|Pecan|Peony|Persimmon|Pine|Plum|Poplar|
Primrose|Quail|Quartz|Quince|Redbud|Robin|Rosemary|Rowan|Rush|Saffron|Sage|Saltbush|Sandstone|
Sedge|Slate|Sorrel|Sparrow|Spruce|Sumac|Sycamore|Tamarack|Teasel|Thistle|Thrush|Tulip|Umber|
Violet|Walnut|Willow|Wren|Yarrow|Yew""".replace("\n", "").split("|")
)

DIAGONALS = ("Old Ferry Road", "Drovers Avenue", "Brickyard Road")
PARKWAY = "Ondry Parkway"

SERVICE_WORDS = {
    "conflict resolution hub": ("Common Ground Hub", "Open Door Hub", "Peacekeepers Table"),
    "clinic": (
        "Lantern Street Clinic", "Eastside Family Clinic", "Orchard Health Center",
        "Ferry Road Clinic", "Northbank Clinic", "Kettle Street Health Center",
    ),
    "school": (
        "Adeline Orr School", "Ambrose Pell School", "Beckett Lane School", "Cora Thisby School",
        "Dunmarrow School", "Edith Quarle School", "Fennimore Ott School", "Greta Hollin School",
        "Harlan Voss School", "Ida Pennick School", "Jonas Tarrow School", "Kestrel School",
        "Leona Marsh School", "Milo Sedgely School", "Nell Brandt School", "Orla Finch School",
        "Percy Wick School", "Quillmoor School", "Rufus Lamm School", "Sadie Corrow School",
        "Tobias Reed School", "Una Hathersage School", "Verity Moss School", "Wilmot Drey School",
    ),
    "church": (
        "Bright Harbor Church", "Chapel of the Open Gate", "Church of the Good Field",
        "Cornerstone Meeting House", "Grace on the Hill", "Harvest Table Church",
        "Lamplight Church", "Living Spring Church", "Mercy Road Church", "Morning Bell Church",
        "New Furrow Church", "Old Landing Chapel", "Riverstone Church", "St. Odilo",
        "St. Wenna", "Stillwater Meeting", "Tabernacle of the Vine", "Three Oaks Church",
        "Upper Room Church", "Wayfarers Chapel",
    ),
    "library": (
        "Central Library", "Eastside Library", "Hilltop Library", "Millrace Library",
        "Northbank Library", "Orchard Library", "Weavers Library",
    ),
}  # fmt: skip
