"""HTTP: Orthanc's REST API for querying modalities, over our own engine (`dicomsh gateway`)."""
