"""How the documentation becomes a site: `sphinx-build -W docs docs/_build`."""

from dicomsh import __version__

project = "dicomsh"
author = "The dicomsh developers"
release = version = __version__
extensions = ["myst_parser"]
exclude_patterns = ["_build", "screens"]
myst_heading_anchors = 3
nitpicky = True
html_theme = "furo"
html_title = "dicomsh"
html_show_sphinx = False
