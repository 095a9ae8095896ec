"""The settings of Sphinx. `python -m website.build` writes what they read."""

import json
from pathlib import Path

from website import stills

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "website"

project = "PyTorch from the inside"
copyright = "Prose and pictures: CC BY 4.0. Code: MIT."
language = "en"

extensions = ["myst_nb", "website.extension", "website.search_words"]
STORED = ROOT / "build" / "predictions.json"
course_predictions = json.loads(STORED.read_text(encoding="utf-8"))["predictions"]
nb_execution_mode = "off"  # outputs are those that are stored
myst_heading_anchors = 3
smartquotes = False

MONOSPACE = "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"
html_theme = "furo"
html_title = project
html_favicon = "_static/favicon.svg"
html_static_path = ["_static"]
html_extra_path = [str(BUILD / "extra")]
html_css_files = ["course.css", *stills.STYLES]
html_js_files = ["guesses.js", "course.js", *stills.SCRIPTS]
html_copy_source = False
html_show_sourcelink = False
html_permalinks_icon = "#"
html_use_index = False
html_domain_indices = False
html_theme_options = {
    "top_of_page_buttons": [],
    "light_css_variables": {
        "color-brand-primary": "#b3401a",
        "color-brand-content": "#1a5fb4",
        "color-brand-visited": "#1a5fb4",
        "color-sidebar-link-text": "var(--color-foreground-secondary)",
        "color-sidebar-link-text--top-level": "var(--color-foreground-primary)",
        "font-stack--monospace": MONOSPACE,
    },
    "dark_css_variables": {
        "color-brand-primary": "#ff9d73",
        "color-brand-content": "#8ab8ff",
        "color-brand-visited": "#8ab8ff",
    },
}
