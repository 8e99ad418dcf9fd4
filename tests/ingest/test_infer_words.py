"""The table of words, tried as one: a text is read as all kinds, so a new word shows all it does."""

import pytest

from csa.ingest.infer_words import (
    HEADERS,
    TABLE,
    VALUES,
    is_assault,
    is_fatal_shooting,
    is_gun,
    is_homicide,
    is_killed,
    is_kind,
    is_shooting,
)

WEIGHED = {
    "homicide": is_homicide,
    "fatal shooting": is_fatal_shooting,
    "shooting": is_shooting,
    "assault": is_assault,
    "gun": is_gun,
    "killed": is_killed,
}
PLAIN = ("stabbing", "unhurt", "nobody_shot", "other_crime", "unknown")

TEXTS = {
    "": "",
    "HOMICIDE": "homicide",
    "MURDER & NON-NEGLIGENT MANSLAUGHTER": "homicide",
    "MANSLAUGHTER BY NEGLIGENCE": "",
    "ATTEMPTED MURDER": "",
    "ASSAULT WITH INTENT TO MURDER": "",
    "CONSPIRACY TO COMMIT MURDER": "",
    "TRAFFIC HOMICIDE": "",
    "JUSTIFIABLE HOMICIDE": "",
    "HOMICIDIO DOLOSO": "homicide",
    "HOMICIDIO CULPOSO": "",
    "Feminicidio": "homicide",
    "HOMICIDE - GUNSHOT": "homicide, gun",
    "HOMICIDE - STABBING": "homicide, stabbing",
    "FATAL SHOOTING": "fatal shooting, killed",
    "NON-FATAL SHOOTING": "shooting",
    "NONFATAL SHOOTING": "shooting",
    "Not Fatal": "",
    "Fatal/Non-Fatal": "",
    "SHOOTING": "shooting",
    "GUNSHOT WOUND": "shooting, gun",
    "GSW": "shooting",
    "SHOOTING AT OCCUPIED DWELLING": "",
    "SHOOTING INTO VEHICLE, VICTIM STRUCK": "shooting",
    "SHOTS FIRED": "nobody_shot",
    "SHOTSPOTTER ALERT": "",
    "OFFICER INVOLVED SHOOTING": "",
    "SHOOTING - BB GUN": "",
    "ACCIDENTAL SHOOTING": "",
    "ANIMAL SHOT": "",
    "SUICIDE BY GUNSHOT": "gun, nobody_shot",
    "DISCHARGE OF FIREARM, NO INJURY": "unhurt",
    "LESION POR ARMA DE FUEGO": "shooting, assault, gun",
    "Herido con arma de fuego": "shooting, gun",
    "Lesiones personales": "assault",
    "LESIONES CULPOSAS POR TRANSITO": "",
    "Meurtre": "homicide",
    "Tentative de meurtre": "",
    "Homicide involontaire": "",
    "Homicidio por imprudencia": "",
    "Tentativa de homicídio": "",
    "Blessé par arme à feu": "shooting, gun",
    "Décharge d'arme à feu": "gun",
    "Ofensa à integridade física grave": "assault",
    "Omicidio con arma da fuoco": "homicide, gun",
    "Omicidio colposo stradale": "",
    "Ferimento con arma da fuoco": "shooting, gun",
    "Mord mit Schusswaffe": "homicide, gun",
    "Mordversuch": "",
    "Versuchter Mord": "",
    "Fahrlässige Tötung": "",
    "Gefährliche Körperverletzung mit Schusswaffe": "shooting, gun",
    "Avliden": "killed",
    "Försök till mord": "",
    "Mordida de perro": "",
    "Referral": "",
    "09A": "homicide",
    "13A": "assault",
    "13B": "",
    "0110": "homicide",
    "0120": "",
    "0410": "assault, gun",
    "0420": "",
    "AGGRAVATED ASSAULT": "assault",
    "AGG ASLT - FIREARM": "assault, gun",
    "NON AGG ASSAULT DOME": "",
    "SIMPLE ASSAULT": "",
    "ASSAULT W/ DEADLY WEAPON - KNIFE": "assault, stabbing",
    "ASSAULT BY HANDGUN": "assault, gun",
    "ROBBERY - SHOTGUN": "gun, other_crime",
    "ROBBERY WITH DANGEROUS WEAPON": "other_crime",
    "POSSESSION OF FIREARM": "gun",
    "9MM": "gun",
    "AIR RIFLE": "",
    "NO FIREARM": "",
    "KNIFE": "stabbing",
    "Deceased": "killed",
    "DEADLY WEAPON": "assault",
    "Survived": "",
    "Graze": "",
    "fatally wounded": "killed",
    "DOA": "killed",
    "Muerto": "killed",
    "Herido": "",
    "THEFT FROM LOCKED VEHICLE": "other_crime",
    "UNKNOWN": "unhurt, unknown",
    "n/a": "unknown",
}  # fmt: skip


def kinds(text):
    plain = {kind for kind in PLAIN if is_kind(kind, text)}
    return {kind for kind, fits in WEIGHED.items() if fits(text)} | plain


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_of_these_kinds_and_of_no_others(text):
    assert kinds(text) == {*filter(None, TEXTS[text].split(", "))}


def test_who_was_hurt_is_shot_under_a_header_of_shootings_alone():
    assert not is_shooting("Injured")
    assert is_shooting("Injured", header="Shooting outcome")
    assert not is_shooting("Not injured", header="Shooting outcome")


HEADERS_READ = {
    "incidentnumber": "incident_number occurred",
    "reportdate": "day reported",
    "dateofbirth": "day never",
    "occurredon": "day occurred",
    "blockaddress": "address place",
    "homicide": "killed murder",
    "weapontype": "gun no_offense offense",
    "nonfatal": "injured killed survived killed_plainly dead",
    "neighbourhood158": "neighborhood",
}


@pytest.mark.parametrize("name", HEADERS_READ)
def test_a_header_is_of_these_kinds(name):
    read = {kind for kind, header in HEADERS.items() if header.fits(name, [name])}
    assert {*HEADERS_READ[name].split()} <= read


def test_every_kind_has_words_and_none_twice():
    for kind, row in (TABLE["values"] | TABLE["headers"]).items():
        for name, words in row.items():
            assert words, kind
            assert len({*words}) == len(words), (kind, name)
            assert name != "holds" or all(word.isalnum() and word.islower() for word in words)
    for header in HEADERS.values():
        assert header.holds or header.words
    assert all(kind.islower() for kind in VALUES)
