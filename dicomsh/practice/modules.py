"""What an object has besides what a query can ask for: the modules of its modality (PS3.3 A)."""

from __future__ import annotations

from collections.abc import Mapping

from dicomsh.model.keys import by_keyword
from dicomsh.practice.archive import Attributes, Value


def tagged(text: str) -> dict[int, Value]:
    """The attributes of a text with one `Keyword value` a line; one without a value is empty."""
    pairs = (line.strip().partition(" ") for line in text.strip().splitlines())
    return {by_keyword(word).tag: value for word, _, value in pairs}


def coded(value: str, scheme: str, meaning: str) -> Attributes:
    """One item of a sequence of codes."""
    return tagged(f"CodeValue {value}\nCodingSchemeDesignator {scheme}\nCodeMeaning {meaning}")


EMPTY = tagged(
    """IssuerOfPatientID
       PatientName
       PatientSex
       PatientBirthDate
       StudyDate
       StudyTime
       StudyID
       AccessionNumber
       ReferringPhysicianName
       OperatorsName"""
)
"""Attributes that an object has, if need be without a value."""

_IMAGE = """SamplesPerPixel 1
            PhotometricInterpretation MONOCHROME2
            PixelRepresentation 0
            LossyImageCompression 00
            PatientOrientation"""
_BYTES = "BitsAllocated 8\nBitsStored 8\nHighBit 7\nWindowCenter 128\nWindowWidth 256"
_WORDS = "BitsAllocated 16\nBitsStored 12\nHighBit 11\nWindowCenter 1000\nWindowWidth 2000"
_SLICE = """PixelSpacing 0.8\\0.8
            SliceThickness 2.5
            ImageOrientationPatient 1\\0\\0\\0\\1\\0
            PatientPosition HFS
            PositionReferenceIndicator
            AcquisitionNumber 1"""
_PROJECTION = """PresentationIntentType FOR PRESENTATION
                 PixelIntensityRelationship LOG
                 PixelIntensityRelationshipSign 1
                 ImagerPixelSpacing 0.15\\0.15
                 RescaleIntercept 0
                 RescaleSlope 1
                 RescaleType US
                 PresentationLUTShape IDENTITY
                 BurnedInAnnotation NO
                 ImageLaterality U
                 DetectorType DIRECT"""
_CINE = """FrameIncrementPointer 00181063
           FrameTime 66.7
           PixelIntensityRelationship LOG
           RadiationSetting GR
           KVP 70"""

_TEXTS: Mapping[str, tuple[str, ...]] = {
    "CT": (
        _IMAGE,
        _WORDS,
        _SLICE,
        "RescaleIntercept -1024\nRescaleSlope 1\nRescaleType HU\nKVP 120",
        "WindowCenter 40\nWindowWidth 400",
    ),
    "MR": (
        _IMAGE,
        _WORDS,
        _SLICE,
        """ScanningSequence SE
           SequenceVariant NONE
           ScanOptions
           MRAcquisitionType 2D
           RepetitionTime 500
           EchoTime 12
           EchoTrainLength 1""",
    ),
    "PT": (
        _IMAGE,
        _WORDS,
        _SLICE,
        """Units BQML
           CountsSource EMISSION
           SeriesType WHOLE BODY\\IMAGE
           RescaleIntercept 0
           RescaleSlope 4.5
           CorrectedImage DECY\\ATTN
           DecayCorrection START
           WindowCenter 9000
           WindowWidth 18000""",
    ),
    "NM": (
        _IMAGE,
        _WORDS,
        """FrameIncrementPointer 00540010\\00540020
           EnergyWindowVector 1\\1
           DetectorVector 1\\2
           NumberOfEnergyWindows 1
           NumberOfDetectors 2
           PixelSpacing 2.4\\2.4""",
    ),
    "US": (_IMAGE, _BYTES, "BurnedInAnnotation NO\nUltrasoundColorDataPresent 0"),
    "CR": (_IMAGE, _WORDS, "ViewPosition PA\nImagerPixelSpacing 0.2\\0.2"),
    "DX": (_IMAGE, _WORDS, _PROJECTION),
    "MG": (_IMAGE, _WORDS, _PROJECTION, "PositionerType MAMMOGRAPHIC\nViewPosition CC"),
    "XA": (_IMAGE, _BYTES, _CINE, "PositionerMotion STATIC"),
    "RF": (_IMAGE, _BYTES, _CINE),
    "SEG": (
        _IMAGE,
        """BitsAllocated 1
           BitsStored 1
           HighBit 0
           SegmentationType BINARY
           ContentLabel LIVER
           ContentDescription Liver segments
           ContentCreatorName""",
    ),
    "SR": (
        """ValueType CONTAINER
           ContinuityOfContent SEPARATE
           CompletionFlag COMPLETE
           VerificationFlag UNVERIFIED
           ReferencedPerformedProcedureStepSequence
           PerformedProcedureCodeSequence""",
    ),
    "DOC": (
        """ConversionType SYN
           BurnedInAnnotation YES
           DocumentTitle Report
           MIMETypeOfEncapsulatedDocument application/pdf""",
    ),
}

MODULES: Mapping[str, Attributes] = {
    modality: {tag: value for text in texts for tag, value in tagged(text).items()}
    for modality, texts in _TEXTS.items()
}
"""Attributes of the objects of each modality."""

SEGMENTS = (
    tagged("SegmentNumber 1\nSegmentLabel Liver\nSegmentAlgorithmType MANUAL")
    | {
        by_keyword("SegmentedPropertyCategoryCodeSequence").tag: (
            coded("123037004", "SCT", "Anatomical Structure"),
        ),
        by_keyword("SegmentedPropertyTypeCodeSequence").tag: (coded("10200004", "SCT", "Liver"),),
    },
)
"""The one segment of a segmentation."""
