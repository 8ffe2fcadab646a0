"""Sphinx: `make docs` builds docs/_build/html, runs the gallery, and fails on any warning."""

import os

from reservoirs import __version__ as release

os.environ.setdefault("OMP_NUM_THREADS", "1")
project, author = "reservoirs", "The reservoirs developers"
version = release
extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "auto_examples/**/*.ipynb"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
root_doc = "index"
html_theme = "pydata_sphinx_theme"
html_title = f"reservoirs {release}"  # with "documentation" it lies over the first link
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "header_links_before_dropdown": 5,
}
html_sidebars = {"index": []}
html_static_path, html_css_files = ["_static"], ["wide.css"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
autosummary_generate = True
autodoc_typehints = "none"
templates_path = ["_templates"]
numpydoc_show_class_members = False
sphinx_gallery_conf = {
    "examples_dirs": ["../examples/course", "../examples/practice"],
    "gallery_dirs": ["auto_examples/course", "auto_examples/practice"],
    "within_subsection_order": "FileNameSortKey",
    "filename_pattern": r"/plot_",
    "abort_on_example_error": True,
    "capture_repr": ("_repr_html_",),  # estimators draw themselves; other values are no news
    "show_memory": False,
    "show_signature": False,
    "doc_module": ("reservoirs", "trainers", "benchmarks"),  # "examples using" on class pages
    "backreferences_dir": "generated/backreferences",
    "download_all_examples": False,
    "copyfile_regex": r".*\.rst",
}


def skip_borrowed(app, what, name, obj, skip, options):
    """Leave out what scikit-learn and torch give to every class of theirs."""
    generated = name.startswith("set_") and name.endswith("_request")
    module = getattr(obj, "__module__", None) or ""
    return True if generated or module.startswith(("sklearn.", "torch.")) else None


def setup(app):
    """Connect what chooses the members."""
    app.connect("autodoc-skip-member", skip_borrowed)
