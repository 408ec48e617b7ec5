"""The settings: one table that everything reads."""

from __future__ import annotations

import pytest

from dicomsh.config import Config
from dicomsh.errors import UsageError
from dicomsh.frozen import names_of, replace
from dicomsh.language.kinds import SETTING_VALUE
from dicomsh.language.knowledge import Scope
from dicomsh.language.words import whole_word
from dicomsh.model.levels import Model
from dicomsh.session.knowledge import SessionKnowledge
from dicomsh.session.state import Session
from dicomsh.settings import AT_PROMPT, SETTINGS, Settings, changed

SESSION = Session(Config(), defaults=AT_PROMPT)
SCOPE = Scope(SessionKnowledge(SESSION), None)


def test_every_field_is_a_setting_with_its_meaning() -> None:
    assert list(names_of(Settings)) == list(SETTINGS)
    assert all(setting.help for setting in SETTINGS.values())


def test_a_prompt_has_a_limit_and_scripts_have_none() -> None:
    assert replace(Settings(), limit=1000) == AT_PROMPT


@pytest.mark.parametrize("defaults", [Settings(), AT_PROMPT], ids=["script", "prompt"])
@pytest.mark.parametrize("name", SETTINGS)
def test_what_is_written_reads_as_the_same(name: str, defaults: Settings) -> None:
    setting = SETTINGS[name]
    kind = setting.values(defaults, defaults)
    values = [word.text for word in kind.complete(SCOPE) if word.text != "default"]
    for text in values or ["7"]:
        assert setting.write(setting.read(whole_word(text), SCOPE)) == text


def test_default_is_the_value_to_begin_with() -> None:
    kind = SETTINGS["limit"].values(Settings(limit=5), AT_PROMPT)
    assert kind.parse(whole_word("default"), SCOPE) == 1000
    assert kind.parse(whole_word("none"), SCOPE) is None


def test_none_is_a_value_only_where_a_setting_can_do_without() -> None:
    with pytest.raises(UsageError, match="expected on, off, found 'none'"):
        SETTINGS["history"].read(whole_word("none"), SCOPE)


def test_values_are_completed_with_the_one_in_force() -> None:
    scope = replace(SCOPE, setting="editing")
    found = {word.text: word.meta for word in SETTING_VALUE.complete(scope)}
    assert found == {"emacs": "now", "vi": "", "default": "emacs"}


def test_what_differs_is_told_as_it_is_typed() -> None:
    settings = Settings(limit=None, model=Model.STUDY_ROOT, history=False)
    assert changed(settings, AT_PROMPT) == {"limit": "none", "model": "study", "history": "off"}
    assert changed(AT_PROMPT, AT_PROMPT) == {}
