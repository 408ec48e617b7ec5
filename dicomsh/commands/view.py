"""view: an image of an object, in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from dicomsh.commands.content import check_unmasked, content_of, instances_of, local_file
from dicomsh.commands.context import Context
from dicomsh.event_loop import asyncio
from dicomsh.language.command import command
from dicomsh.language.file_kinds import TARGET_OR_FILE
from dicomsh.language.picture_kinds import DRAWING, POSITION, WINDOW
from dicomsh.language.scan import Word
from dicomsh.late import LateModule
from dicomsh.model.drawing import DrawingStyle
from dicomsh.model.position import MIDDLE, nth
from dicomsh.model.results import Drawing
from dicomsh.model.standard import uid_name
from dicomsh.model.voi import Window

if TYPE_CHECKING:
    from dicomsh.objects import pixels, shades
    from dicomsh.objects.pixels import Frame
else:
    pixels = LateModule("dicomsh.objects.pixels")
    shades = LateModule("dicomsh.objects.shades")

_FRAME = "of an object with several: first, middle, last, or a number (middle)"
_INSTANCE = "of a series: first, middle, last, or a number in its order (middle)"
_WINDOW = "CENTER/WIDTH, a name such as lung or bone, or full (that of the object)"
_STYLE = "how to draw it (the best that the terminal says it knows)"


@command(
    "view",
    family="retrieve",
    examples=(
        "cd 0555643F; ls; cd 1; ls; view 2 > slice.png",
        "cd 0555643F; ls; cd 1; ls; view 3 --instance 100 --window lung > lung.png",
    ),
)
async def view(
    context: Context,
    target: Annotated[Word | None, TARGET_OR_FILE] = None,
    *,
    instance: Annotated[str | int | None, POSITION, _INSTANCE] = None,
    frame: Annotated[str | int | None, POSITION, _FRAME] = None,
    window: Annotated[Window | str | None, WINDOW, _WINDOW] = None,
    style: Annotated[DrawingStyle | None, DRAWING, _STYLE] = None,
) -> Drawing | None:
    """Show an image in the terminal: an instance, the middle one of a series, or a DICOM file.

    The object is fetched as by 'get', and removed again. 'view … > FILE.png' writes a PNG file.
    Not for diagnosis: a terminal has few pixels and no calibrated shades.
    """
    check_unmasked(context, "the pixels of an image")
    chosen = frame or MIDDLE, window, style
    local = local_file(context, target)
    if local is not None:
        return await asyncio.to_thread(_drawing, local, *chosen)
    there, places = await instances_of(context, target)
    if places and context.archives.sends:
        number = nth(instance or MIDDLE, len(places), "instance")
        places = [places[number - 1]]
    async with content_of(context, there, places) as files:
        if not files:
            return None
        return await asyncio.to_thread(_drawing, files[0], *chosen)


def _drawing(
    path: Path, wanted: str | int, window: Window | str | None, style: DrawingStyle | None
) -> Drawing:
    frame = pixels.read_frame(path, wanted)
    made = shades.shown(frame, window)
    return Drawing(made.picture, _caption(frame, made.shades), style)


def _caption(frame: Frame, how: str) -> str:
    """What is seen, in one line."""
    header = frame.header
    number = str(header.get("InstanceNumber") or "")
    syntax = str(header.file_meta.TransferSyntaxUID)
    lossy = str(header.get("LossyImageCompression") or "") == "01"
    parts = (
        " ".join(filter(None, (str(header.get("Modality") or ""), number and f"#{number}"))),
        f"frame {frame.number:,} of {frame.frames:,}" if frame.frames > 1 else "",
        f"{frame.columns} × {frame.rows}",
        how,
        f"{uid_name(syntax) or syntax}, lossy" if lossy else "",
        "not for diagnosis",
    )
    return " · ".join(filter(None, parts))
