"""modalities.yaml → Config. The file `modalities.yaml` of the package explains every setting."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import MappingProxyType

from dicomsh.config import checks, yamltext
from dicomsh.config.config import EVERY, Config
from dicomsh.config.tree import ConfigNode, Section
from dicomsh.config.words import shown
from dicomsh.errors import ConfigError
from dicomsh.frozen import names_of, replace
from dicomsh.model.capability import declared
from dicomsh.model.levels import Level, Model
from dicomsh.model.modality import (
    Address,
    Device,
    DicomAddress,
    Faults,
    Modality,
    PracticeAddress,
    Timeouts,
    Tls,
)
from dicomsh.model.status import CANCEL

_GLOBAL = ("aet", "timeout", "cancel_grace", "idle_release", "modalities", "groups", "devices")
_DEVICE = ("aet", "modality", "station")
_TIMEOUT = ("connect", "association", "response")
_MODALITY = tuple(
    "aet host port local_aet timeout model charset limit tls wado wado_rs universal"
    " extended ignores rejects practice faults".split()
)
_TLS = ("ca", "cert", "key", "verify")
_FAULTS = names_of(Faults)
_MODELS = {"auto": None, "patient": Model.PATIENT_ROOT, "study": Model.STUDY_ROOT}

_LEVELS = {level.word: level for level in Level}


def parse(text: str, file: str = "modalities.yaml", path: Path | None = None) -> Config:
    """The configuration in a YAML text.

    Args:
        text: the text, without a byte order mark.
        file: the file's name in messages.
        path: the file, whose folder relative paths start from.

    Raises:
        ConfigError: it cannot be used, apart from modalities, which `Config.broken` explains; the
            message begins with `file:line: path:`.
    """
    root = yamltext.compose(text, file)
    if root is None or ConfigNode(root, file).is_nothing:
        return Config(path)
    section = ConfigNode(root, file).section(_GLOBAL)
    config = Config(path, section.get("aet", checks.ae_title, "DICOMSH"), _timeouts(section))
    modalities, broken = _modalities(section.settings.get("modalities"), config)
    groups, unusable = _groups(section.settings.get("groups"), (*modalities, *broken))
    return Config(
        path,
        config.aet,
        config.timeouts,
        MappingProxyType(modalities),
        groups=MappingProxyType(groups),
        devices=MappingProxyType(_devices(section.settings.get("devices"))),
        broken=MappingProxyType({**broken, **unusable}),
    )


def _devices(setting: ConfigNode | None) -> dict[str, Device]:
    """Every device by name."""
    if setting is None or setting.is_nothing:
        return {}
    children = setting.children("a mapping from names to settings")
    return {name: _device(name, child) for name, child in children.items()}


def _device(name: str, setting: ConfigNode) -> Device:
    checked_name(name, setting)
    given = setting.section(_DEVICE)
    return Device(
        given.require("aet", checks.ae_title),
        given.get("modality", checks.code, ""),
        given.get("station", checks.short_text, ""),
    )


def _groups(
    setting: ConfigNode | None, modalities: Collection[str]
) -> tuple[dict[str, tuple[str, ...]], dict[str, ConfigError]]:
    """The modalities of every group by its name, and why some groups cannot be used."""
    if setting is None or setting.is_nothing:
        return {}, {}
    groups: dict[str, tuple[str, ...]] = {}
    broken: dict[str, ConfigError] = {}
    for name, child in setting.children("a mapping from names to lists of modalities").items():
        try:
            groups[name] = _group(name, child, modalities)
        except ConfigError as error:
            broken[name] = error
    return groups, broken


def _group(name: str, setting: ConfigNode, modalities: Collection[str]) -> tuple[str, ...]:
    checked_name(name, setting)
    if name in modalities:
        raise setting.problem(f"{shown(name)} is the name of a modality, too", "rename the group")
    if name == EVERY:
        raise setting.problem(f"{shown(name)} means every modality anyway", "rename the group")

    def known(text: str) -> str:
        if text in modalities:
            return text
        raise ValueError(f"modalities of this file ({', '.join(modalities) or 'it has none'})")

    members = tuple(dict.fromkeys(setting.values(known)))
    if not members:
        raise setting.error("at least one modality", found="an empty list")
    return members


def _timeouts(section: Section) -> Timeouts:
    limits = _timeout(section, Timeouts())
    return replace(
        limits,
        cancel_grace=section.get("cancel_grace", checks.duration, limits.cancel_grace),
        idle_release=section.get("idle_release", checks.duration, limits.idle_release),
    )


def _timeout(section: Section, base: Timeouts) -> Timeouts:
    """`timeout` in a section: one number for all three, or a mapping with any of them."""
    setting = section.settings.get("timeout")
    if setting is None:
        return base
    if setting.is_mapping:
        given = setting.section(_TIMEOUT)
        return replace(
            base, **{key: given.require(key, checks.time_limit) for key in given.settings}
        )
    return replace(base, **dict.fromkeys(_TIMEOUT, setting.value(checks.time_limit)))


def _modalities(
    setting: ConfigNode | None, config: Config
) -> tuple[dict[str, Modality], dict[str, ConfigError]]:
    """Every modality by name, and why some cannot be used."""
    if setting is None or setting.is_nothing:
        return {}, {}
    children = setting.children("a mapping from names to settings")
    return usable(children, lambda name, child: _modality(name, child, config))


def usable(
    children: Mapping[str, ConfigNode], make: Callable[[str, ConfigNode], Modality]
) -> tuple[dict[str, Modality], dict[str, ConfigError]]:
    """The modalities made of settings, and the errors of those that cannot be, by name."""
    modalities: dict[str, Modality] = {}
    broken: dict[str, ConfigError] = {}
    for name, child in children.items():
        try:
            modalities[name] = make(name, child)
        except ConfigError as error:
            broken[name] = error
    return modalities, broken


def _modality(name: str, setting: ConfigNode, config: Config) -> Modality:
    checked_name(name, setting)
    given = setting.section(_MODALITY)
    practice = given.get("practice", checks.boolean, False)
    address = _practice_address(given) if practice else _dicom_address(given, config.path)
    charset, fallback = _charset(given.settings.get("charset"))
    return Modality(
        name,
        address,
        local_aet=given.get("local_aet", checks.ae_title, config.aet),
        timeouts=_timeout(given, config.timeouts),
        model=_model(given.settings.get("model")),
        charset=charset,
        fallback_charset=fallback,
        limit=given.get("limit", checks.count, None),
        wado=given.get("wado", checks.url, None),
        wado_rs=given.get("wado_rs", checks.url, None),
        universal=given.get("universal", checks.universal, ""),
        extended=given.words("extended", checks.extension),
        capabilities=declared(
            given.words("ignores", checks.keyword), given.words("rejects", checks.keyword)
        ),
    )


def checked_name(name: str, setting: ConfigNode) -> None:
    """Raise ConfigError at the setting if its key is not a valid modality name."""
    try:
        checks.modality_name(name)
    except ValueError as error:
        raise setting.error(str(error), found=shown(name)) from None


def _dicom_address(given: Section, path: Path | None) -> Address:
    given.refuse(("faults",), "without 'practice: true'")
    return DicomAddress(
        given.require("aet", checks.ae_title),
        given.require("host", checks.host),
        given.require("port", checks.port),
        _tls(given.settings.get("tls"), path),
    )


def _practice_address(given: Section) -> Address:
    """A practice archive listens on loopback, on a port chosen at start."""
    given.refuse(("host", "port", "tls"), "with 'practice: true'")
    aet = given.get("aet", checks.ae_title, PracticeAddress().aet)
    return PracticeAddress(aet, faults_of(given.settings.get("faults")))


def _model(setting: ConfigNode | None) -> Model | None:
    return _MODELS[setting.word("auto, patient or study", _MODELS)] if setting else None


def _charset(setting: ConfigNode | None) -> tuple[str, str]:
    """Declared and fallback; a single value is declared only."""
    if setting is None:
        return "", ""
    if setting.is_mapping:
        given = setting.section(("declared", "fallback"))
        fallback = given.get("fallback", checks.readable_charset, "")
        return given.get("declared", checks.charset, ""), fallback
    return setting.value(checks.charset), ""


def _tls(setting: ConfigNode | None, path: Path | None) -> Tls | None:
    if setting is None:
        return None
    if not setting.is_mapping:
        return Tls() if setting.value(checks.boolean) else None
    given = setting.section(_TLS)
    if "cert" not in given.settings:
        given.refuse(("key",), "without 'cert'")
    existing = checks.existing_file(path.parent if path else Path())
    return Tls(
        ca=given.get("ca", existing, None),
        cert=given.get("cert", existing, None),
        key=given.get("key", existing, None),
        verify=given.get("verify", checks.boolean, True),
    )


def read_faults(text: str, file: str) -> Faults:
    """The faults of a practice archive in a YAML text; `file` is its name in messages.

    Raises:
        ConfigError: an unknown fault or an invalid value.
    """
    root = yamltext.compose(text, file)
    return Faults() if root is None else faults_of(ConfigNode(root, file))


def faults_of(setting: ConfigNode | None) -> Faults:
    """The faults of a practice archive; raises ConfigError if one is invalid."""
    if setting is None:
        return Faults()
    given = setting.section(_FAULTS)
    if "cut_off" not in given.settings:
        given.refuse(("cut_off_status",), "without 'cut_off'")
    return Faults(
        cut_off=given.get("cut_off", checks.rows, None),
        cut_off_status=given.get("cut_off_status", checks.cut_off_status, CANCEL),
        fail=_fail(given.settings.get("fail")),
        refuse_patient_root=given.get("refuse_patient_root", checks.boolean, False),
        no_counts=given.get("no_counts", checks.boolean, False),
        row_delay=given.get("row_delay", checks.duration, 0.0),
        stall_after=given.get("stall_after", checks.rows, None),
        abort_after=given.get("abort_after", checks.rows, None),
        close_after=given.get("close_after", checks.rows, None),
        ignore_cancel=given.get("ignore_cancel", checks.boolean, False),
        no_charset=given.get("no_charset", checks.boolean, False),
        abort_on_find=given.get("abort_on_find", checks.boolean, False),
        ignore_keys=given.words("ignore_keys", checks.keyword),
        reject_keys=given.words("reject_keys", checks.keyword),
        no_modalities_in_study=given.get("no_modalities_in_study", checks.boolean, False),
        refuse_extended=given.get("refuse_extended", checks.boolean, False),
        hierarchical=given.get("hierarchical", checks.boolean, False),
        no_get=given.get("no_get", checks.boolean, False),
        no_scp_role=given.get("no_scp_role", checks.boolean, False),
        storage_syntax=given.get("storage_syntax", checks.storage_syntax, None),
        fail_every=given.get("fail_every", checks.count, None),
        skip_every=given.get("skip_every", checks.count, None),
        nothing_sent=given.get("nothing_sent", checks.boolean, False),
        no_suboperations=given.get("no_suboperations", checks.boolean, False),
        no_failed_list=given.get("no_failed_list", checks.boolean, False),
        unknown_destination=given.get("unknown_destination", checks.boolean, False),
        empty_key_sends_all=given.get("empty_key_sends_all", checks.boolean, False),
        abort_after_objects=given.get("abort_after_objects", checks.rows, None),
        object_delay=given.get("object_delay", checks.duration, 0.0),
        padding=given.get("padding", checks.rows, 0),
        refuse_every=given.get("refuse_every", checks.count, None),
        forget_every=given.get("forget_every", checks.count, None),
        no_commitment_report=given.get("no_commitment_report", checks.boolean, False),
        separate_report=given.get("separate_report", checks.boolean, False),
        empty=given.get("empty", checks.boolean, False),
        sends=given.get("sends", checks.count, None),
        wrong_station=given.get("wrong_station", checks.boolean, False),
        other_day=given.get("other_day", checks.boolean, False),
        missing_type_1=given.get("missing_type_1", checks.boolean, False),
        long_accession=given.get("long_accession", checks.boolean, False),
        station_of_caller=given.get("station_of_caller", checks.boolean, False),
        ignore_step_keys=given.get("ignore_step_keys", checks.boolean, False),
    )


def _fail(setting: ConfigNode | None) -> dict[Level, int]:
    if setting is None:
        return {}
    given = setting.section(_LEVELS)
    return {_LEVELS[key]: given.require(key, checks.failure_status) for key in given.settings}
