"""Messages, errors, the catalog of sentences and their translation."""

import ast
import operator
import re
import string
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from jinja2 import Environment, nodes

import csa
import csa_app
from csa.base import errors, text as csa_text
from csa.base.extra import shipped_extras
from csa.base.message import Message, fill, load_catalog, msg

SOURCE = Path(csa.__file__).parent
SOURCES = (SOURCE, Path(csa_app.__file__).parent)
SPEAKERS = {"msg", "tr", "Message"}
TRANSLATORS = {"t", "progress"}
"""What a `Translator` is called, and the callback that a step of a long computation is given to."""
EACH = "each"
"""Its method that says several sentences."""
ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type)}
KEY = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+")


# ---- What the source says, read from its syntax ---------------------------------------------


def _spoken_keys(call, scope, tree):
    """List the keys that a call may say: a text, one of several, or what the name was set to."""
    if not call.args:
        return []
    if _called(call) == EACH:
        return [one.value for one in call.args if _is_text(one)]
    first = call.args[0]
    if _is_text(first):
        return [first.value]
    if isinstance(first, ast.Subscript) and isinstance(first.value, ast.Name):
        first = first.value  # one of a table that stands above
    if isinstance(first, ast.Name):
        return [key for given in _given_to(first.id, scope) for key in _keys_in(given)]
    if isinstance(first, ast.Call) and isinstance(first.func, ast.Name):
        made = [f for f in _functions(tree) if f.name == first.func.id]
        returned = [n.value for f in made for n in ast.walk(f) if isinstance(n, ast.Return)]
        return [key for value in returned for key in _keys_in(value)]
    return _keys_in(first)


def _given_to(name, scope):
    """List what a name is set to, or runs through: in a loop, the parts at its own place."""
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and any(_is_named(t, name) for t in node.targets):
            yield node.value
        elif isinstance(node, (ast.For, ast.comprehension)):
            parts = getattr(node.target, "elts", [node.target])
            at = [n for n, part in enumerate(parts) if _is_named(part, name)]
            for turn in _turns(node.iter, scope) if at else []:
                yield turn.elts[at[0]] if isinstance(turn, ast.Tuple) else turn


def _turns(over, scope):
    """List what a loop runs through: what stands there, or what the name there was set to."""
    if not isinstance(over, ast.Name):
        return getattr(over, "elts", [])
    return [
        turn
        for node in ast.walk(scope)
        if isinstance(node, ast.Assign) and any(_is_named(t, over.id) for t in node.targets)
        for turn in getattr(node.value, "elts", [])
    ]


def _keys_in(expression):
    """List the keys in an expression; what a dictionary is asked for is none."""
    asked = {
        key for inner in ast.walk(expression) if isinstance(inner, ast.Dict) for key in inner.keys
    }
    texts = [n for n in ast.walk(expression) if _is_text(n) and n not in asked]
    return [node.value for node in texts if KEY.fullmatch(node.value)]


def _is_named(node, name):
    return isinstance(node, ast.Name) and node.id == name


def _is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _spoken_values(call):
    """Tell the names that a call passes, and whether that is all of them."""
    names, is_all = set(), True
    for keyword in call.keywords:
        value = keyword.value
        if keyword.arg is not None:
            names.add(keyword.arg)
        elif isinstance(value, ast.Call) and getattr(value.func, "id", "") == "pick":
            names |= {node.value for node in value.args[1:] if _is_text(node)}
        else:
            is_all = False
    if getattr(call.func, "id", "") == "ConfigError":
        names -= {"faults"}  # kept by the error; no value of the sentence
    return names, is_all


def _functions(tree):
    return [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]


def _trees():
    return {
        path.relative_to(source.parent): ast.parse(path.read_text(encoding="utf-8"))
        for source in SOURCES
        for path in sorted(source.rglob("*.py"))
    }


@cache
def _calls():
    return list(_found())


def _found():
    """Give (path, call, function around it, file) for each call that says a sentence."""
    for path, tree in _trees().items():
        for scope in [tree, *_functions(tree)]:
            for call in ast.walk(scope):
                if not isinstance(call, ast.Call):
                    continue
                name = _called(call)
                is_said = name in {*TRANSLATORS, EACH} and any(
                    map(KEY.fullmatch, _spoken_keys(call, scope, tree))
                )
                if name in SPEAKERS or name in ERRORS or is_said:
                    yield path, call, scope, tree


def _called(call):
    """Name what is called; `Translator(language)("key")` is one too."""
    made = getattr(getattr(call.func, "func", None), "id", "")
    return "t" if made == "Translator" else getattr(call.func, "id", getattr(call.func, "attr", ""))


@cache
def _spoken():
    """List (place, keys, names of values, whether these are all) for each sentence said."""
    found = {}
    for path, call, scope, tree in _calls():
        keys = _spoken_keys(call, scope, tree)
        if keys:
            found[path, call.lineno, call.col_offset] = (keys, *_spoken_values(call))
    in_source = [(f"{path}:{line}", *said) for (path, line, _), said in sorted(found.items())]
    return [*in_source, *_templated()]


def _templated():
    """Give the same for each sentence that a page's template says."""
    for path in sorted(SOURCE.rglob("*.html")):
        tree = Environment(autoescape=True).parse(path.read_text(encoding="utf-8"))
        for call in tree.find_all(nodes.Call):
            if getattr(call.node, "name", "") == "t":
                passed = {keyword.key for keyword in call.kwargs}
                yield f"{path.name}:{call.lineno}", [call.args[0].value], passed, True


def _forms(template):
    return [template] if isinstance(template, str) else list(template.values())


def _fields(template):
    """Map the names that a template's forms hold to their format specifications."""
    return {
        name.split(".")[0].split("[")[0]: spec
        for form in _forms(template)
        for _, name, spec, _ in string.Formatter().parse(form)
        if name is not None
    }


SPANISH = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgctxt "source.empty"
msgid "{empty}"
msgstr "{{path}} está vacío. Descárguelo de nuevo."

msgctxt "places.note_no_population"
msgid "{one}"
msgid_plural "{other}"
msgstr[0] "Un barrio no tiene número de habitantes."
msgstr[1] "{{n}} barrios no tienen número de habitantes."

#, fuzzy
msgctxt "source.absent"
msgid "{absent}"
msgstr "Nadie miró esta frase."

msgctxt "ways.in_ten"
msgid "an earlier English of {{n}}"
msgstr "{{n}} de diez"
"""


@pytest.fixture
def spanish(tmp_path, monkeypatch):
    """Give a Spanish catalog: a sentence, one with forms by number, a fuzzy and an old one."""
    folder = tmp_path / "locale" / "es" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    note = load_catalog()["places.note_no_population"]
    text = SPANISH.format(
        empty=load_catalog()["source.empty"], absent=load_catalog()["source.absent"], **note
    )
    (folder / "csa.po").write_text(text, encoding="utf-8")
    monkeypatch.setattr(csa_text, "files", lambda _package: tmp_path)
    csa_text.translations.cache_clear()
    yield
    csa_text.translations.cache_clear()


# ---- By hand --------------------------------------------------------------------------------


def test_a_message_reads_as_its_english_sentence():
    said = msg("source.empty", path="shootings.csv")
    assert str(said) == "shootings.csv is empty. Download it again."
    assert csa_text.render(said) == str(said)


def test_an_error_reads_as_its_sentence_and_keeps_its_message():
    error = errors.SourceError("source.empty", path="shootings.csv")
    assert str(error) == "shootings.csv is empty. Download it again."
    assert (error.message.key, dict(error.message.values)) == (
        "source.empty",
        {"path": "shootings.csv"},
    )


def test_a_config_error_holds_its_faults_beside_its_sentence():
    fault = msg("config.empty_condition")
    error = errors.ConfigError("config.absent", faults=(fault,), path="x.toml", folder=".")
    assert error.faults == (fault,)
    assert str(error).startswith("City file not found: x.toml ")
    assert errors.ConfigError("config.absent", path="x.toml").faults == ()


def test_the_error_tree_in_the_docstring_is_the_error_tree():
    drawn = {
        line.split()[1] for line in errors.__doc__.splitlines() if line.startswith(("├──", "└──"))
    }
    made = {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.CsaError)
    }
    assert made == drawn | {"CsaError"}
    assert {getattr(errors, name).__base__ for name in drawn} == {errors.CsaError}


def test_one_and_many_have_their_own_forms():
    assert (
        str(msg("places.note_no_population", n=1, which="A"))
        == "One neighborhood has no population count: A."
    )
    assert (
        str(msg("places.note_no_population", n=3, which="A"))
        == "3 neighborhoods have no population count: A."
    )


def test_a_spanish_catalog_translates_what_it_holds(spanish):
    said = msg("source.empty", path="tiroteos.csv")
    assert csa_text.render(said, "es") == "tiroteos.csv está vacío. Descárguelo de nuevo."
    assert csa_text.render(said, "es_MX") == "tiroteos.csv está vacío. Descárguelo de nuevo."
    one, four = (msg("places.note_no_population", n=n, which="A") for n in (1, 4))
    assert csa_text.render(one, "es") == "Un barrio no tiene número de habitantes."
    assert csa_text.render(four, "es") == "4 barrios no tienen número de habitantes."


def test_what_a_spanish_catalog_lacks_stays_english(spanish):
    said = msg("source.no_record", path="a.csv")
    assert csa_text.render(said, "es") == str(said)


def test_a_translation_of_which_the_english_changed_is_not_said(spanish):
    assert csa_text.render(msg("ways.in_ten", n=7), "es") == "7 in 10"
    assert csa_text.translated("source.absent", "es") == load_catalog()["source.absent"]


def test_the_same_english_may_read_differently_in_two_places():
    t = csa_text.Translator("es")
    assert load_catalog()["number.and"] == load_catalog()["number.and_i"]
    assert t.listed(["Ivanhoe", "Vineyard"]) == "Ivanhoe y Vineyard"
    assert t.listed(["Vineyard", "Ivanhoe"]) == "Vineyard e Ivanhoe"


def test_a_speaker_writes_days_numbers_lists_and_places_in_one_language():
    english_one, t = csa_text.Translator(), csa_text.Translator("es")
    assert english_one.day(date(2020, 7, 31)) == "July 31, 2020"
    assert t.day(date(2020, 7, 31)) == "31 de julio de 2020"
    assert (english_one.month("2020-07"), t.month("2020-07")) == ("July 2020", "julio de 2020")
    assert t.month("2020-09", is_short=True) == "sept 2020"
    assert (english_one.number(12345), t.number(12345)) == ("12,345", "12,345")
    assert (english_one.percent(0.03), t.percent(0.03)) == ("3%", "3 %")
    assert (t.percent(0.0004), t.percent(None)) == ("menos de 0.1 %", "no se sabe")
    assert english_one.listed(["A", "B", "C"]) == "A, B and C"
    assert (t.listed(["A", "B", "C"]), t.listed(["A"])) == ("A, B y C", "A")
    assert english_one.place("Elmvale, east") == "Elmvale, east"
    assert t.place("Elmvale, east") == "Elmvale, al este"
    assert t.place("Elmvale, center") == "Elmvale, en el centro"
    far = "Elmvale, 2.1 km northeast of its center"
    assert t.place(far) == "Elmvale, a 2.1 km al noreste de su centro"
    assert english_one.place(far) == far


def test_shares_times_and_land_are_written_in_the_readers_language():
    assert (csa_text.in_ten(0.7), csa_text.in_ten(0.7, "es")) == ("7 in 10", "7 de cada 10")
    assert (csa_text.in_ten(0.01, "es"), csa_text.in_ten(1.0, "es")) == (
        "menos de 1 de cada 10",
        "más de 9 de cada 10",
    )
    assert (csa_text.times(1.42, "es"), csa_text.times(None, "es")) == ("1.4", "no se sabe")
    assert csa_text.land(3.1, "us", "es") == "1.2 millas cuadradas"


def test_days_shares_and_areas_are_written_for_readers():
    assert csa_text.day(date(2020, 7, 31)) == "July 31, 2020"
    assert csa_text.percent(0.03) == "3%"
    assert csa_text.percent(0.004) == "0.4%"
    assert csa_text.percent(None) == "unknown"
    assert csa_text.land(3.1, "metric") == "3.1 km2"
    assert csa_text.land(3.1, "us") == "1.2 square miles"  # 3.1 / 2.59
    assert csa_text.land(2589.988110336, "us") == "1,000.0 square miles"


def test_counts_are_listed_largest_first_and_zeros_left_out():
    counts = {"duplicate_row": 3, "bad_date": 1200, "no_number": 0, "after_data_end": 3}
    assert csa_text.listed(counts) == "1,200 bad date, 3 after data end, 3 duplicate row"


def test_months_are_written_for_readers():
    assert csa_text.month("2020-07") == "July 2020"
    assert csa_text.month("2020-12", is_short=True) == "Dec 2020"
    assert csa_text.month("0999-01") == "January 0999"


def test_speaking_is_saying_in_english():
    assert csa_text.tr("source.empty", path="a.csv") == str(msg("source.empty", path="a.csv"))
    with pytest.raises(KeyError, match=r"no\.such_key"):
        csa_text.tr("no.such_key")


# ---- At the edge ----------------------------------------------------------------------------


def test_a_language_without_a_catalog_reads_english():
    said = msg("source.empty", path="a.csv")
    for language in ("en", "xx", "", "../es"):
        assert csa_text.render(said, language) == str(said)
        assert csa_text.Translator(language).day(date(2020, 7, 31)) == "July 31, 2020"


def test_shares_of_nothing_and_of_all():
    assert (csa_text.percent(0.0), csa_text.percent(0.01), csa_text.percent(1.0)) == (
        "0%",
        "1%",
        "100%",
    )


def test_a_name_that_only_ends_like_a_compass_word_stays_as_it_is():
    t = csa_text.Translator("es")
    for name in ("Kansas City North", "east", ", east", "West, Side", ""):
        assert t.place(name) == name


def test_no_count_at_all_is_none():
    assert csa_text.listed({}) == "none"
    assert csa_text.listed({"bad_date": 0}) == "none"


def test_braces_in_a_file_name_are_left_as_they_are():
    assert str(msg("source.empty", path="{n}.csv")).startswith("{n}.csv is empty.")


def test_forms_without_a_number_take_the_plural():
    assert fill({"one": "one", "other": "many"}, {}) == "many"
    assert fill({"one": "one", "other": "many"}, {"n": 0}) == "many"


# ---- Refused --------------------------------------------------------------------------------


def test_an_unknown_key_is_our_fault_and_is_found_at_once():
    with pytest.raises(KeyError, match=r"no\.such_key"):
        msg("no.such_key")
    with pytest.raises(KeyError, match=r"no\.such_key"):
        errors.CsaError("no.such_key")


def test_a_value_that_the_sentence_names_must_be_given():
    with pytest.raises(KeyError, match="path"):
        str(msg("source.empty"))


def test_a_message_cannot_be_changed_after_it_is_made():
    said = msg("source.empty", path="a.csv")
    with pytest.raises(TypeError):
        operator.setitem(said.values, "path", "b.csv")
    with pytest.raises(AttributeError):
        said.key = "source.absent"
    with pytest.raises(TypeError):
        operator.setitem(load_catalog(), "source.empty", "")


# ---- True in general ------------------------------------------------------------------------


@pytest.mark.long
def test_the_source_was_found_to_speak():
    keys = {key for _, said, *_ in _spoken() for key in said}
    assert {"config.absent", "source.other_city", "source.swapped", "cli.internal"} <= keys
    assert {"find.candidates", "find.homicides", "data.risk"} <= keys
    assert {"public.skip", "public.hint", "wall.screen"} <= {key for _, (key,), *_ in _templated()}
    assert len(_spoken()) > 300


def test_each_sentence_of_the_screens_was_found():
    """A call in app/ whose keys the reader of the source cannot see would hide a wrong one."""
    blind = {
        f"{path}:{call.lineno}" for path, call, *_ in _calls() if path.parts[0] == "csa_app"
    } - {place for place, *_ in _spoken()}
    assert not blind


def test_every_sentence_said_in_the_source_is_in_the_catalog():
    said = [(place, key) for place, keys, *_ in _spoken() for key in keys]
    assert len(said) > 1000
    assert not [(place, key) for place, key in said if key not in load_catalog()]


def test_every_sentence_in_the_catalog_is_said_somewhere():
    titles = {extra.page.title for extra in shipped_extras() if extra.page}
    titles |= {extra.demo[0] for extra in shipped_extras() if extra.demo}
    spoken = {key for _, keys, *_ in _spoken() for key in keys}
    assert not sorted(set(load_catalog()) - titles - spoken)


def test_a_sentence_is_given_what_it_names_and_nothing_else():
    """In one test, for there are thousands of places: the fault names its own."""
    may_choose_the_form = {"n"}
    for place, keys, passed, is_all in _spoken():
        named = {key: set(_fields(load_catalog()[key])) for key in keys}
        if is_all:
            lacking = {key: fields - passed for key, fields in named.items() if fields - passed}
            assert not lacking, place
        assert not passed - set().union(*named.values()) - may_choose_the_form, place


def test_every_sentence_can_be_filled_whatever_its_form():
    for key, template in load_catalog().items():
        values = {name: 7 if spec else "seven" for name, spec in _fields(template).items()}
        if not isinstance(template, str):
            assert set(template) == {"one", "other"}, key
        for n in (1, 2):
            filled = fill(template, {**values, "n": n} if "n" in values else values)
            assert filled.strip(), key
            assert "{" not in filled, key


def test_every_error_ends_as_a_sentence_and_none_says_please():
    for key, template in load_catalog().items():
        for form in _forms(template):
            assert form == form.strip(), key
            assert "please" not in form.lower(), key


@given(
    st.dictionaries(st.text("abcdefgh_", min_size=1, max_size=9), st.integers(0, 10**7), max_size=8)
)
def test_a_list_of_counts_holds_each_count_that_is_not_zero(counts):
    left = {name.replace("_", " "): [] for name in counts}
    for name, count in counts.items():
        if count:
            left[name.replace("_", " ")].append(count)
    text = csa_text.listed(counts)
    found = [] if text == "none" else [part.split(" ", 1) for part in text.split(", ")]
    numbers = [int(number.replace(",", "")) for number, _ in found]
    assert numbers == sorted((count for count in counts.values() if count), reverse=True)
    for (_, name), number in zip(found, numbers, strict=True):
        left[name].remove(number)
    assert not any(left.values())


@given(st.floats(0, 1))
def test_a_share_in_percent_is_within_half_of_its_last_digit(share):
    said = csa_text.percent(share)
    number, sign, _ = said.removeprefix("under ").removeprefix("over ").partition("%")
    digits = len(number.partition(".")[2])
    assert sign == "%"
    if said.startswith("under"):
        assert 0 < share * 100 < float(number)
    elif said.startswith("over"):
        assert float(number) < share * 100 < 100
    else:
        assert abs(float(number) - share * 100) <= 0.5 * 10**-digits + 1e-9


@given(st.text(max_size=30), st.text(max_size=30))
def test_whatever_a_value_holds_is_said_word_for_word(path, why):
    said = Message("source.unreadable", {"path": path, "why": why})
    assert str(said) == path + " can't be read: " + why + "."


def test_names_are_sorted_by_their_numbers_and_small_letters_as_large():
    told = ["b 10 km", "B 2.5 km", "a"]
    assert sorted(told, key=csa_text.natural_sort_key) == ["a", "B 2.5 km", "b 10 km"]


def test_names_that_hold_a_comma_are_told_apart_by_semicolons():
    assert csa_text.name_list(["Yew", "Ash"]) == "Yew, Ash"
    assert csa_text.name_list(["Nicetown, southwest", "Ash"]) == "Nicetown, southwest; Ash"
    assert csa_text.name_list([]) == ""
