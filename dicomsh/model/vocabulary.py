"""Values that the standard defines for attributes of queries, with their meaning.

PS3.3 C.7.3.1.1.1 (Modality), C.7.3.1.1.2 (Patient Position), C.7.1.1, C.7.3.1, C.7.6.1.1.2,
PS3.16 annex L (Body Part Examined).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

MODALITIES: Mapping[str, str] = {
    "ANN": "Annotation",
    "AR": "Autorefraction",
    "ASMT": "Content Assessment Result",
    "AU": "Audio",
    "BDUS": "Ultrasound Bone Densitometry",
    "BI": "Biomagnetic Imaging",
    "BMD": "Bone Mineral Densitometry",
    "CFM": "Confocal Microscopy",
    "CR": "Computed Radiography",
    "CT": "Computed Tomography",
    "CTPROTOCOL": "CT Protocol",
    "DG": "Diaphanography",
    "DMS": "Dermoscopy",
    "DOC": "Document",
    "DX": "Digital Radiography",
    "ECG": "Electrocardiography",
    "EEG": "Electroencephalography",
    "EMG": "Electromyography",
    "EOG": "Electrooculography",
    "EPS": "Cardiac Electrophysiology",
    "ES": "Endoscopy",
    "FID": "Fiducials",
    "GM": "General Microscopy",
    "HC": "Hard Copy",
    "HD": "Hemodynamic Waveform",
    "IO": "Intra-oral Radiography",
    "IOL": "Intraocular Lens Data",
    "IVOCT": "Intravascular Optical Coherence Tomography",
    "IVUS": "Intravascular Ultrasound",
    "KER": "Keratometry",
    "KO": "Key Object Selection",
    "LEN": "Lensometry",
    "LP": "Laparoscopy",
    "LS": "Laser Surface Scan",
    "M3D": "Model for 3D Manufacturing",
    "MG": "Mammography",
    "MR": "Magnetic Resonance",
    "NM": "Nuclear Medicine",
    "OAM": "Ophthalmic Axial Measurements",
    "OCT": "Optical Coherence Tomography",
    "OP": "Ophthalmic Photography",
    "OPM": "Ophthalmic Mapping",
    "OPT": "Ophthalmic Tomography",
    "OPTBSV": "Ophthalmic Tomography B-scan Volume Analysis",
    "OPTENF": "Ophthalmic Tomography En Face",
    "OPV": "Ophthalmic Visual Field",
    "OSS": "Optical Surface Scan",
    "OT": "Other",
    "PA": "Photoacoustic",
    "PLAN": "Plan",
    "POS": "Position Sensor",
    "PR": "Presentation State",
    "PT": "Positron Emission Tomography",
    "PX": "Panoramic X-Ray",
    "REG": "Registration",
    "RESP": "Respiratory Waveform",
    "RF": "Radio Fluoroscopy",
    "RG": "Radiographic Imaging (film or screen)",
    "RTDOSE": "Radiotherapy Dose",
    "RTIMAGE": "Radiotherapy Image",
    "RTINTENT": "Radiotherapy Intent",
    "RTPLAN": "Radiotherapy Plan",
    "RTRAD": "Radiotherapy Radiation",
    "RTRECORD": "Radiotherapy Treatment Record",
    "RTSEGANN": "Radiotherapy Segment Annotation",
    "RTSTRUCT": "Radiotherapy Structure Set",
    "RWV": "Real World Value Map",
    "SEG": "Segmentation",
    "SM": "Slide Microscopy",
    "SMR": "Stereometric Relationship",
    "SR": "Structured Report",
    "SRF": "Subjective Refraction",
    "STAIN": "Automated Slide Stainer",
    "TEXTUREMAP": "Texture Map",
    "TG": "Thermography",
    "US": "Ultrasound",
    "VA": "Visual Acuity",
    "XA": "X-Ray Angiography",
    "XAPROTOCOL": "XA Protocol",
    "XC": "External-camera Photography",
}
"""Defined terms of Modality (PS3.3 C.7.3.1.1.1)."""

_SEX = {"F": "female", "M": "male", "O": "other"}
_SIDE = {"L": "left", "R": "right"}
_SIDES = {**_SIDE, "B": "both, such as a pair", "U": "unpaired"}
_YES_NO = {"YES": "", "NO": ""}

_POSITIONS = {
    "HFS": "head first, supine",
    "HFP": "head first, prone",
    "HFDR": "head first, decubitus right",
    "HFDL": "head first, decubitus left",
    "FFS": "feet first, supine",
    "FFP": "feet first, prone",
    "FFDR": "feet first, decubitus right",
    "FFDL": "feet first, decubitus left",
    "LFS": "left first, supine",
    "LFP": "left first, prone",
    "RFS": "right first, supine",
    "RFP": "right first, prone",
}

_BODY_PARTS = (
    "ABDOMEN ABDOMENPELVIS ANKLE AORTA ARM BLADDER BRAIN BREAST CALCANEUS CAROTID CHEST"
    " CHESTABDOMEN CHESTABDPELVIS CLAVICLE COCCYX COLON CSPINE CTSPINE ELBOW ESOPHAGUS EXTREMITY"
    " EYE FEMUR FINGER FOOT FOREARM GALLBLADDER HAND HEAD HEADNECK HEART HIP HUMERUS JAW KIDNEY"
    " KNEE LEG LIVER LSPINE LSSPINE LUNG MANDIBLE MAXILLA MEDIASTINUM NECK NECKCHEST ORBIT PANCREAS"
    " PATELLA PELVIS PENIS PROSTATE RADIUS RECTUM RIB SACRUM SCAPULA SHOULDER SIJOINT SINUS SKULL"
    " SPINE SPLEEN SSPINE STERNUM STOMACH TESTIS THIGH THUMB THYROID TIBIA TMJOINT TOE TSPINE ULNA"
    " UTERUS WHOLEBODY WRIST ZYGOMA"
).split()

_TERMS: Mapping[str, Mapping[str, str]] = {
    "Modality": MODALITIES,
    "ModalitiesInStudy": MODALITIES,
    "PatientSex": _SEX,
    "Laterality": _SIDE,
    "ImageLaterality": _SIDES,
    "FrameLaterality": _SIDES,
    "PatientPosition": _POSITIONS,
    "BodyPartExamined": dict.fromkeys(_BODY_PARTS, ""),
    "PatientIdentityRemoved": _YES_NO,
    "QualityControlImage": _YES_NO,
    "BurnedInAnnotation": _YES_NO,
    "LossyImageCompression": {"00": "never", "01": "has been compressed with loss"},
    "ImageType": {
        "ORIGINAL": "pixels as acquired",
        "DERIVED": "pixels derived from other images",
        "PRIMARY": "created by the examination",
        "SECONDARY": "created after it",
        "LOCALIZER": "",
        "AXIAL": "",
    },
    "PhotometricInterpretation": dict.fromkeys(
        ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL", "YBR_FULL_422"), ""
    ),
    "TypeOfPatientID": dict.fromkeys(("TEXT", "RFID", "BARCODE"), ""),
    "PatientSexNeutered": {"ALTERED": "", "UNALTERED": ""},
    "ScheduledProcedureStepStatus": dict.fromkeys(
        ("SCHEDULED", "ARRIVED", "READY", "STARTED", "DEPARTED"), ""
    ),
    "RequestedProcedurePriority": dict.fromkeys(("STAT", "HIGH", "ROUTINE", "MEDIUM", "LOW"), ""),
    "CompletionFlag": dict.fromkeys(("PARTIAL", "COMPLETE"), ""),
    "VerificationFlag": dict.fromkeys(("UNVERIFIED", "VERIFIED"), ""),
}


def defined_terms(keyword: str) -> Mapping[str, str]:
    """The usual values of an attribute with their meanings; empty if none are defined."""
    return _TERMS.get(keyword, {})


_CODE = ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")

_INSIDE: Mapping[str, tuple[str, ...]] = {
    "RequestAttributesSequence": (
        "RequestedProcedureID",
        "ScheduledProcedureStepID",
        "AccessionNumber",
        "StudyInstanceUID",
        "RequestedProcedureDescription",
        "ScheduledProcedureStepDescription",
    ),
    "ScheduledProcedureStepSequence": (
        "ScheduledStationAETitle",
        "ScheduledProcedureStepStartDate",
        "ScheduledProcedureStepStartTime",
        "Modality",
        "ScheduledPerformingPhysicianName",
        "ScheduledProcedureStepDescription",
        "ScheduledStationName",
        "ScheduledProcedureStepLocation",
        "ScheduledProtocolCodeSequence",
        "ScheduledProcedureStepID",
        "ScheduledProcedureStepStatus",
    ),
    "ReferencedStudySequence": ("ReferencedSOPClassUID", "ReferencedSOPInstanceUID"),
    "ReferencedSeriesSequence": ("SeriesInstanceUID", "ReferencedSOPSequence"),
    "ReferencedSOPSequence": ("ReferencedSOPClassUID", "ReferencedSOPInstanceUID"),
    "OtherPatientIDsSequence": ("PatientID", "IssuerOfPatientID", "TypeOfPatientID"),
}


def attributes_inside(keyword: str) -> Iterator[str]:
    """Keywords that queries use inside a sequence (PS3.4 C.6.1.1, K.6.1.2.2; PS3.3 table 8.8-1)."""
    yield from _INSIDE.get(keyword, _CODE if keyword.endswith("CodeSequence") else ())
