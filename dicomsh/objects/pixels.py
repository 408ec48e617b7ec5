"""One frame of an image: decoded by pydicom, within bounds, reduced to what a screen can show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicomsh.frozen import frozen
from dicomsh.model.position import MIDDLE, nth
from dicomsh.model.standard import uid_name
from dicomsh.model.transfer_syntaxes import DEFLATED
from dicomsh.objects.codestream import declared_size
from dicomsh.objects.header import UnreadableObjectError, read_header, reading
from dicomsh.objects.libraries import more, need_pictures

if TYPE_CHECKING:
    import numpy as np
    from pydicom import Dataset

    Pixels = np.ndarray[Any, np.dtype[Any]]

_MOST_BYTES = 512 << 20
"""Bytes of one decoded frame; that of a digital mammogram has 40 MB."""

_ENOUGH = 2048
"""Rows and columns that are kept: a terminal shows less."""

_KEYWORDS = """
    SOPClassUID SpecificCharacterSet Modality InstanceNumber
    SamplesPerPixel PhotometricInterpretation PlanarConfiguration NumberOfFrames Rows Columns
    BitsAllocated BitsStored HighBit PixelRepresentation PixelPaddingValue
    PixelSpacing ImagerPixelSpacing NominalScannedPixelSpacing PixelAspectRatio
    RescaleIntercept RescaleSlope ModalityLUTSequence
    WindowCenter WindowWidth WindowCenterWidthExplanation VOILUTFunction VOILUTSequence
    RedPaletteColorLookupTableDescriptor GreenPaletteColorLookupTableDescriptor
    BluePaletteColorLookupTableDescriptor RedPaletteColorLookupTableData
    GreenPaletteColorLookupTableData BluePaletteColorLookupTableData
    SegmentedRedPaletteColorLookupTableData SegmentedGreenPaletteColorLookupTableData
    SegmentedBluePaletteColorLookupTableData PaletteColorLookupTableUID
    LossyImageCompression SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence
"""


@frozen
class Frame:
    """A frame before it is given shades.

    Args:
        pixels: rows × columns, or rows × columns × 3 for colours.
        header: the attributes that say how to show it.
        number: the frame, from 1.
        frames: how many there are.
        rows: its height, before it was reduced.
        columns: its width, before it was reduced.
    """

    pixels: Pixels
    header: Dataset
    number: int
    frames: int
    rows: int
    columns: int


def read_frame(path: Path, wanted: str | int = MIDDLE) -> Frame:
    """A frame of an image.

    Args:
        path: a DICOM file.
        wanted: FIRST, MIDDLE, LAST or a number from 1.

    Raises:
        UsageError: there is no such frame, or a library is missing.
        UnreadableObjectError: it has no image, or one that is too large or damaged.
    """
    need_pictures()
    header = read_header(path, _KEYWORDS)
    with reading(path):
        rows, columns = _size(header)
        frames = max(int(header.get("NumberOfFrames") or 1), 1)
    number = nth(wanted, frames, "frame")
    with reading(path):
        syntax = header.file_meta.TransferSyntaxUID
        if syntax.is_encapsulated:
            _check_codestream(path, header, number, frames)
        pixels = _decoded(path, syntax, number)
    return Frame(_reduced(pixels, header), header, number, frames, rows, columns)


def _size(header: Dataset) -> tuple[int, int]:
    """Rows and columns; raises UnreadableObjectError if there is no image, or it is too large."""
    rows, columns = int(header.get("Rows") or 0), int(header.get("Columns") or 0)
    if not rows or not columns:
        name = uid_name(str(header.get("SOPClassUID", ""))) or "this object"
        hint = "'show --text' shows reports and documents"
        raise UnreadableObjectError(f"there is no image in it ({name})", hint=hint)
    samples = int(header.get("SamplesPerPixel") or 1)
    bits = int(header.get("BitsAllocated") or 8)
    if rows * columns * samples * bits > _MOST_BYTES * 8:
        limit = f"{_MOST_BYTES >> 20} MiB"
        raise UnreadableObjectError(f"a frame of {columns:,} × {rows:,} pixels exceeds {limit}")
    return rows, columns


def _check_codestream(path: Path, header: Dataset, number: int, frames: int) -> None:
    """Raise UnreadableObjectError if the compressed data declares a larger image."""
    from pydicom import dcmread
    from pydicom.encaps import get_frame

    with path.open("rb") as file:
        dcmread(file, stop_before_pixels=True, specific_tags=[])
        file.seek(12, 1)  # tag, VR and length of Pixel Data (PS3.5 A.4)
        size = declared_size(get_frame(file, number - 1, number_of_frames=frames))
    if size is not None and (size[0] > int(header.Rows) or size[1] > int(header.Columns)):
        raise UnreadableObjectError(
            f"its compressed image is {size[1]:,} × {size[0]:,} pixels, where Columns and Rows say"
            f" {header.Columns:,} × {header.Rows:,}"
        )


def _decoded(path: Path, syntax: str, number: int) -> Pixels:
    from pydicom import dcmread
    from pydicom.pixels.utils import pixel_array

    _quiet()
    # pydicom does not look for the pixels of a deflated file in the file
    source = dcmread(path) if syntax == DEFLATED else path
    try:
        return pixel_array(source, index=number - 1, view_only=True)
    except (RuntimeError, NotImplementedError) as error:
        if "plugin" not in str(error) and "decoder" not in str(error):
            raise
        name = uid_name(syntax) or syntax
        raise UnreadableObjectError(f"no decoder here reads it: {name}", hint=more()) from None


def _quiet() -> None:
    """GDCM writes what it thinks of a file to standard error."""
    try:
        import gdcm  # type: ignore[import-untyped,import-not-found,unused-ignore]
    except ImportError:
        return
    for name in ("Debug", "Warning", "Error"):
        getattr(gdcm.Trace, f"{name}Off")()


def _reduced(pixels: Pixels, header: Dataset) -> Pixels:
    """The pixels, or a mean of each block of them if there are more than a screen can show.

    A mean has no meaning for entries of a table: of these one in a block is taken.
    """
    import numpy as np

    height, width = pixels.shape[:2]
    step = -(-max(height, width) // _ENOUGH)
    if step == 1:
        return pixels
    tables = ("ModalityLUTSequence", "VOILUTSequence", "RedPaletteColorLookupTableDescriptor")
    if any(word in header for word in tables) or min(height, width) < step:
        return pixels[::step, ::step]
    whole = pixels[: height // step * step, : width // step * step]
    shape = (height // step, step, width // step, step, *pixels.shape[2:])
    reduced: Pixels = whole.reshape(shape).mean(axis=(1, 3), dtype=np.float32)
    return reduced
