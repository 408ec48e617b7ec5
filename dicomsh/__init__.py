"""dicomsh: a shell for looking into DICOM archives."""

__version__ = "0.1.0"
