"""From stored values to shades and colours (PS3.3 C.7.6.3.1, C.11.1, C.11.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dicomsh.errors import UsageError
from dicomsh.frozen import frozen
from dicomsh.model.picture import Picture
from dicomsh.model.voi import PRESETS, WHOLE, Window
from dicomsh.objects.header import UnreadableObjectError

if TYPE_CHECKING:
    from pydicom import Dataset

    from dicomsh.objects.pixels import Frame, Pixels

_MOST_STRETCH = 20.0


@frozen
class Shown:
    """A picture, and how its shades were chosen.

    Args:
        picture: the picture.
        shades: in words; empty for colours.
    """

    picture: Picture
    shades: str


def shown(frame: Frame, window: Window | str | None = None) -> Shown:
    """A frame as people see it.

    Args:
        frame: the frame.
        window: a window, or the name of one; None for that of the object.

    Raises:
        UsageError: there is no such window.
        UnreadableObjectError: the object says something impossible.
    """
    try:
        if frame.pixels.ndim == 3 or frame.header.get("PhotometricInterpretation") == _PALETTE:
            if window is not None:
                raise UsageError("a window is for greyscale images; this one has colours")
            return Shown(_picture(_colours(frame), frame), "")
        grey, shades = _grey(frame, window)
        return Shown(_picture(grey, frame), shades)
    except (ValueError, TypeError, AttributeError, IndexError, OverflowError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UnreadableObjectError(f"its shades cannot be computed: {said}") from None


_PALETTE = "PALETTE COLOR"


def _picture(pixels: Pixels, frame: Frame) -> Picture:
    import numpy as np

    rows, columns = pixels.shape[:2]
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[:, :, np.newaxis], 3, axis=2)
    return Picture(rows, columns, pixels.astype(np.uint8).tobytes(), _stretch(frame))


def _stretch(frame: Frame) -> float:
    """The height of a pixel divided by its width, as far as it is plausible."""
    words = "PixelSpacing ImagerPixelSpacing NominalScannedPixelSpacing PixelAspectRatio".split()
    for one in _described(frame):
        for word in words:
            height, width = _pair(one.get(word))
            if height > 0 and width > 0 and 1 / _MOST_STRETCH <= height / width <= _MOST_STRETCH:
                return height / width
    return 1.0


def _pair(value: Any) -> tuple[float, float]:
    try:
        height, width = value
        return float(height), float(width)
    except (TypeError, ValueError):
        return 0.0, 0.0


def _described(frame: Frame) -> Iterator[Dataset]:
    """What may describe a frame: its own functional groups, the shared ones, the object."""
    header, place = frame.header, frame.number - 1
    for word, at in (
        ("PerFrameFunctionalGroupsSequence", place),
        ("SharedFunctionalGroupsSequence", 0),
    ):
        items = header.get(word) or ()
        if at < len(items):
            for group in _GROUPS:
                yield from items[at].get(group) or ()
    yield header


_GROUPS = ("FrameVOILUTSequence", "PixelValueTransformationSequence", "PixelMeasuresSequence")
"""Functional groups of enhanced multi-frame objects (PS3.3 C.7.6.16)."""


def _colours(frame: Frame) -> Pixels:
    import numpy as np
    from pydicom.pixels.processing import apply_color_lut

    pixels, header = frame.pixels, frame.header
    if header.get("PhotometricInterpretation") == _PALETTE:
        pixels = apply_color_lut(pixels, header)
        most = float(2 ** (8 * pixels.dtype.itemsize) - 1)
    else:
        most = float(2 ** int(header.get("BitsStored") or 8) - 1)
    scaled: Pixels = np.clip(pixels[:, :, :3].astype(np.float64) * (255.0 / most), 0, 255)
    return scaled


def _grey(frame: Frame, window: Window | str | None) -> tuple[Pixels, str]:
    """Shades from 0 to 255, and how they were chosen."""
    import numpy as np

    values = _rescaled(frame)
    table = None if window is not None or _own_windows(frame) else _table(frame)
    if table is not None:
        chosen = _whole_window(table)
        shades, said = _applied(table, chosen), "VOI LUT of the object"
    else:
        chosen, said = _chosen(frame, values, window)
        shades = _applied(values, chosen)
    if frame.header.get("PhotometricInterpretation") == "MONOCHROME1":
        shades = 255.0 - shades
    return np.round(shades), said


def _rescaled(frame: Frame) -> Pixels:
    """The values after the modality transformation, in Hounsfield units for CT (C.11.1)."""
    import numpy as np
    from pydicom.pixels.processing import apply_modality_lut

    if frame.header.get("ModalityLUTSequence"):
        return np.asarray(apply_modality_lut(frame.pixels, frame.header), np.float64)
    for one in _described(frame):
        if one.get("RescaleSlope") is not None:
            slope, intercept = float(one.RescaleSlope), float(one.get("RescaleIntercept") or 0)
            return np.asarray(frame.pixels * np.float64(slope) + intercept)
    return np.asarray(frame.pixels, np.float64)


def _table(frame: Frame) -> Pixels | None:
    """The values after the first VOI LUT of the object, if it has one (C.11.2.1.1)."""
    import numpy as np
    from pydicom.pixels.processing import apply_voi

    if not frame.header.get("VOILUTSequence"):
        return None
    values = np.round(_rescaled(frame)).astype(np.int64)
    return np.asarray(apply_voi(values, frame.header), np.float64)


def _chosen(frame: Frame, values: Pixels, wanted: Window | str | None) -> tuple[Window, str]:
    own = _own_windows(frame)
    if isinstance(wanted, Window):
        return wanted, f"window {wanted}"
    if wanted is None and own:
        name, window = own[0]
        return window, f"window {window} of the object{f' ({name})' if name else ''}"
    if wanted is None or wanted == WHOLE:
        window = _whole_window(_without_padding(frame, values))
        return window, f"window {window}, lowest to highest value"
    for name, window in own:
        if name.lower() == wanted:
            return window, f"window {window} ({name})"
    return _preset(frame, wanted, [name for name, _ in own if name])


def _preset(frame: Frame, wanted: str, own: list[str]) -> tuple[Window, str]:
    modality = str(frame.header.get("Modality") or "")
    if wanted in PRESETS and modality == "CT":
        return PRESETS[wanted], f"window {PRESETS[wanted]} ({wanted})"
    if wanted in PRESETS:
        message = f"'{wanted}' is a window for CT, in Hounsfield units; this is {modality or 'not'}"
        raise UsageError(message, hint="CENTER/WIDTH, or full: lowest to highest value")
    known = ", ".join((*own, *(PRESETS if modality == "CT" else ()), WHOLE))
    raise UsageError(f"there is no window '{wanted}'", hint=f"CENTER/WIDTH, or one of {known}")


def _own_windows(frame: Frame) -> list[tuple[str, Window]]:
    """The windows of the object that can be applied, with their names, if they have any."""
    for one in _described(frame):
        centers, widths = _numbers(one.get("WindowCenter")), _numbers(one.get("WindowWidth"))
        names = _several(one.get("WindowCenterWidthExplanation"))
        function = str(one.get("VOILUTFunction") or "LINEAR")
        names += [""] * len(centers)
        found = [
            (name, Window(center, width, function))
            for center, width, name in zip(centers, widths, names, strict=False)
            if width >= 1 or (width > 0 and function != "LINEAR")
        ]
        if found:
            return found
    return []


def _several(value: Any) -> list[str]:
    if value is None or value == "":
        return []
    return [str(value)] if isinstance(value, str | float | int) else [str(one) for one in value]


def _numbers(value: Any) -> list[float]:
    try:
        return [float(one) for one in _several(value)]
    except ValueError:
        return []


def _without_padding(frame: Frame, values: Pixels) -> Pixels:
    """The values without those that only fill the image (PixelPaddingValue), if any are left."""
    padding = frame.header.get("PixelPaddingValue")
    if not isinstance(padding, int):
        return values
    kept = values[frame.pixels != padding]
    return kept if kept.size else values


def _whole_window(values: Pixels) -> Window:
    import numpy as np

    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return Window((low + high) / 2, max(high - low, 1.0), "LINEAR_EXACT")


def _applied(values: Pixels, window: Window) -> Pixels:
    """Shades from 0 to 255 (PS3.3 C.11.2.1.2, C.11.2.1.3)."""
    import numpy as np

    center, width = window.center, window.width
    values = np.nan_to_num(values)
    if window.function == "SIGMOID":
        steep = np.clip(-4 * (values - center) / width, -700, 700)
        sigmoid: Pixels = 255.0 / (1 + np.exp(steep))
        return sigmoid
    if window.function == "LINEAR":
        center, width = center - 0.5, max(width - 1, 1e-9)
    linear: Pixels = np.clip((values - center) / width + 0.5, 0, 1) * 255.0
    return linear
