"""Images as they are shown: judged by DCMTK's dcm2pnm, and by what pydicom's files contain."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import JPEGBaseline8Bit

from dicomsh.errors import DicomshError, UsageError
from dicomsh.model.voi import Window
from dicomsh.objects import pixels
from dicomsh.objects.header import UnreadableObjectError
from dicomsh.objects.pixels import Frame, read_frame
from dicomsh.objects.shades import shown
from tests.processes import find_program
from tests.retrieve.giving import image

SAMPLES = Path(pydicom.__file__).parent / "data" / "test_files"


def seen(frame: Frame, window: Window | str | None = None) -> Any:
    """The shades of a picture, rows × columns × 3."""
    picture = shown(frame, window).picture
    return np.frombuffer(picture.rgb, np.uint8).reshape(picture.rows, picture.columns, 3)


def written(folder: Path, **values: Any) -> Path:
    """A small greyscale image with these attributes."""
    made = image(1)
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.Rows, made.Columns = 2, 4
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelRepresentation = 7, 0
    made.PixelData = bytes((0, 10, 20, 30, 40, 50, 60, 250))
    for keyword, value in values.items():
        setattr(made, keyword, value)
    path = folder / "image.dcm"
    made.save_as(path, enforce_file_format=True)
    return path


WINDOWED = [
    ("CT_small", Window(40, 400)),
    ("CT_small", Window(-600, 1500)),
    ("MR_small", Window(600, 1600)),
    ("MR_small_RLE", Window(600, 1600)),
    ("MR_small_implicit", Window(1000.5, 33)),
]


@pytest.mark.parametrize(("name", "window"), WINDOWED)
def test_windows_give_the_shades_that_dcmtk_gives(
    name: str, window: Window, tmp_path: Path
) -> None:
    path, judged = SAMPLES / f"{name}.dcm", tmp_path / "judged.pgm"
    words = ["+Ww", str(window.center), str(window.width)]
    subprocess.run([find_program("dcm2pnm"), *words, path, judged], check=True, timeout=60)
    header, size, most, raw = judged.read_bytes().split(b"\n", 3)
    assert (header, most) == (b"P5", b"255")
    columns, rows = map(int, size.split())
    wanted = np.frombuffer(raw, np.uint8).reshape(rows, columns).astype(int)
    found = seen(read_frame(path), window)[:, :, 0].astype(int)
    assert abs(found - wanted).max() <= 1


def test_the_window_of_the_object_comes_first(tmp_path: Path) -> None:
    path = written(tmp_path, WindowCenter=["30", "40"], WindowWidth=["10", "20"])
    made = shown(read_frame(path))
    assert made.shades == "window 30/10 of the object"
    assert list(seen(read_frame(path))[0, :, 0]) == [0, 0, 0, 142]


def test_a_window_of_the_object_has_a_name(tmp_path: Path) -> None:
    names = {"WindowCenterWidthExplanation": ["BONES", "Soft Tissue"]}
    path = written(tmp_path, WindowCenter=["30", "40"], WindowWidth=["10", "20"], **names)
    assert shown(read_frame(path)).shades == "window 30/10 of the object (BONES)"
    assert shown(read_frame(path), "soft tissue").shades == "window 40/20 (Soft Tissue)"


def test_without_a_window_all_values_are_shown(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert shown(read_frame(path)).shades == "window 125/250, lowest to highest value"
    assert list(seen(read_frame(path))[:, 3, 0]) == [31, 255]


def test_padding_does_not_widen_the_window(tmp_path: Path) -> None:
    path = written(tmp_path, PixelPaddingValue=250)
    assert shown(read_frame(path)).shades == "window 30/60, lowest to highest value"


def test_monochrome1_is_white_where_values_are_low(tmp_path: Path) -> None:
    dark = seen(read_frame(written(tmp_path)))
    light = seen(read_frame(written(tmp_path, PhotometricInterpretation="MONOCHROME1")))
    assert (light == 255 - dark).all()


def test_rescaling_comes_before_the_window(tmp_path: Path) -> None:
    path = written(tmp_path, RescaleSlope="2", RescaleIntercept="-1000", Modality="CT")
    assert shown(read_frame(path)).shades == "window -750/500, lowest to highest value"
    assert shown(read_frame(path), "lung").shades == "window -600/1500 (lung)"


@pytest.mark.parametrize("function", ["LINEAR_EXACT", "SIGMOID"])
def test_the_middle_of_a_window_is_grey(function: str, tmp_path: Path) -> None:
    path = written(tmp_path, WindowCenter="30", WindowWidth="40", VOILUTFunction=function)
    shades = seen(read_frame(path))[:, :, 0]
    assert shades[0, 3] == 128
    assert list(shades[0]) == sorted(shades[0])


def test_a_voi_table_gives_the_shades(tmp_path: Path) -> None:
    table = Dataset()
    table.LUTDescriptor = [61, 0, 16]
    table["LUTDescriptor"].VR = "US"
    table.add_new("LUTData", "US", [65_535 if value >= 40 else 0 for value in range(61)])
    path = written(tmp_path, VOILUTSequence=[table])
    assert shown(read_frame(path)).shades == "VOI LUT of the object"
    assert list(seen(read_frame(path))[:, :, 0].ravel()) == [0] * 4 + [255] * 4


def test_functional_groups_of_a_frame_come_before_the_object(tmp_path: Path) -> None:
    def group(center: str, spacing: tuple[str, str]) -> Dataset:
        made, voi, measures = Dataset(), Dataset(), Dataset()
        voi.WindowCenter, voi.WindowWidth = center, "20"
        measures.PixelSpacing = list(spacing)
        made.FrameVOILUTSequence, made.PixelMeasuresSequence = [voi], [measures]
        return made

    groups = [group("30", ("2", "1")), group("50", ("3", "1"))]
    pixel_data = bytes(range(16))
    path = written(
        tmp_path,
        NumberOfFrames="2",
        PixelData=pixel_data,
        PerFrameFunctionalGroupsSequence=groups,
        WindowCenter="7",
        WindowWidth="7",
    )
    made = shown(read_frame(path, 2))
    assert made.shades == "window 50/20 of the object"
    assert made.picture.stretch == 3
    assert shown(read_frame(path, "first")).shades == "window 30/20 of the object"


COLOURS = {
    "examples_rgb_color": (240, 320),
    "examples_ybr_color": (240, 320),
    "examples_palette": (350, 800),
    "examples_jpeg2k": (480, 640),
    "SC_rgb_rle_16bit": (100, 100),
    "SC_ybr_full_422_uncompressed": (100, 100),
}


@pytest.mark.parametrize(("name", "size"), COLOURS.items())
def test_colours(name: str, size: tuple[int, int]) -> None:
    frame = read_frame(SAMPLES / f"{name}.dcm")
    colours = seen(frame).astype(int)
    assert colours.shape == (*size, 3)
    assert (colours.max(axis=2) - colours.min(axis=2)).max() > 60  # they are no shades of grey
    with pytest.raises(UsageError, match="this one has colours"):
        shown(frame, "lung")


def test_frames_are_numbered_from_one() -> None:
    path = SAMPLES / "rtdose.dcm"
    stored = dcmread(path).pixel_array
    for wanted, place in (("first", 0), ("middle", 7), ("last", 14), (4, 3)):
        frame = read_frame(path, wanted)
        assert (frame.number, frame.frames) == (place + 1, 15)
        assert (frame.pixels == stored[place]).all()
    with pytest.raises(UsageError, match="there is no frame 16: there are 15"):
        read_frame(path, 16)


def test_large_images_are_reduced_to_means(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels, "_ENOUGH", 2)
    frame = read_frame(written(tmp_path))
    assert (frame.rows, frame.columns) == (2, 4)
    assert frame.pixels.tolist() == [[25.0, 90.0]]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"Rows": 0}, "there is no image in it"),
    ({"Rows": 60_000, "Columns": 60_000}, "exceeds 512 MiB"),
    ({"Rows": 40, "Columns": 4}, "damaged"),
]


@pytest.mark.parametrize(("values", "said"), BAD)
def test_what_cannot_be_shown_is_said(values: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableObjectError, match=said):
        read_frame(written(tmp_path, **values))


def test_an_unknown_window_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no window 'x'"):
        shown(read_frame(written(tmp_path)), "x")
    with pytest.raises(UsageError, match="'lung' is a window for CT"):
        shown(read_frame(written(tmp_path, Modality="MR")), "lung")


def test_a_compressed_image_that_declares_another_size_is_not_decoded(tmp_path: Path) -> None:
    """A few bytes of JPEG can claim 65,535 × 65,535 pixels."""
    made = dcmread(SAMPLES / "SC_rgb_jpeg_dcmtk.dcm")
    assert made.file_meta.TransferSyntaxUID == JPEGBaseline8Bit
    start = made.PixelData.index(b"\xff\xc0") + 5
    made.PixelData = made.PixelData[:start] + b"\xff\xff\xff\xff" + made.PixelData[start + 4 :]
    made["PixelData"].is_undefined_length = True
    path = tmp_path / "bomb.dcm"
    made.save_as(path)
    with pytest.raises(UnreadableObjectError, match="65,535 × 65,535"):
        read_frame(path)


def test_a_deflated_data_set_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = SAMPLES / "image_dfl.dcm"
    assert read_frame(path).pixels.shape == (512, 512)
    monkeypatch.setattr("dicomsh.objects.header._MOST_INFLATED", 100_000)
    with pytest.raises(UnreadableObjectError, match="deflated"):
        read_frame(path)


@pytest.mark.parametrize("seed", range(60))
def test_damaged_files_are_refused_or_shown(seed: int, tmp_path: Path) -> None:
    chosen = np.random.default_rng(seed)
    names = ("CT_small", "SC_rgb_jpeg_dcmtk", "MR_small_RLE", "JPEG2000", "examples_palette")
    data = bytearray((SAMPLES / f"{names[seed % len(names)]}.dcm").read_bytes())
    for place in chosen.integers(132, len(data), 8):
        data[place] = int(chosen.integers(256))
    path = tmp_path / "damaged.dcm"
    path.write_bytes(data)
    try:
        shown(read_frame(path))
    except DicomshError as error:
        assert error.message  # noqa: PT017 - it may be shown as well


def test_without_the_extra_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dicomsh.objects.libraries.find_spec", lambda _: None)
    with pytest.raises(DicomshError, match="numpy and Pillow must be installed") as refused:
        read_frame(SAMPLES / "CT_small.dcm")
    assert refused.value.hint == "pip install 'dicomsh[view]'"
