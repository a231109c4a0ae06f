"""Sphinx extension: "Run in the browser" on the page of every chapter.

`make lite` puts each notebook of the table of contents into the site, as something that runs (tools/lite.py). This adds
the ways there: a button beside the badge under the title, and the first entry of the rocket's menu. The addresses are
relative, so they are right wherever the site is hosted. The notebooks themselves keep only the badge.
"""

from html import escape
from pathlib import Path
from urllib.parse import quote

from docutils import nodes
from sphinx.transforms import SphinxTransform

TEXT = "Run in the browser"
TOOLTIP = "Run this chapter here, with nothing to install"
ICON = "fas fa-play"
BADGE = "colab-badge.svg"


def address(name):
    """Where the notebook of a page such as "book/foundations/perceptron" runs, relative to that page."""
    path = quote(f"{name.removeprefix('book/')}.ipynb")
    return f"{'../' * name.count('/')}lite/notebooks/index.html?path={path}"


def button(name):
    """The button of a page, as HTML."""
    return (f'<a class="run-in-browser" href="{escape(address(name))}" title="{TOOLTIP}">'
            f'<i class="{ICON}" aria-hidden="true"></i>{TEXT}</a>')


class LaunchButton(SphinxTransform):
    """Put the button before the badge of a chapter."""

    default_priority = 240  # on the Markdown as it is

    def apply(self, **kwargs):
        name = self.env.docname
        if Path(self.env.doc2path(name)).suffix != ".ipynb":
            return
        for image in self.document.findall(nodes.image):
            if image["uri"].endswith(BADGE):
                badge = image.parent if isinstance(image.parent, nodes.reference) else image
                paragraph = badge.parent
                paragraph["classes"] += ["launch"]
                paragraph.insert(paragraph.index(badge), nodes.raw(text=button(name), format="html"))
                break


def add_to_menu(app, pagename, templatename, context, doctree):
    """Make it the first entry of the rocket's menu, and make the menu where no other launch is configured."""
    if pagename not in app.env.found_docs or Path(app.env.doc2path(pagename)).suffix != ".ipynb":
        return
    buttons = context.setdefault("header_buttons", [])
    menu = next((button for button in buttons if button.get("label") == "launch-buttons"), None)
    if menu is None:
        menu = {"type": "group", "tooltip": "Launch interactive content", "icon": "fas fa-rocket", "buttons": [],
                "label": "launch-buttons"}
        buttons.append(menu)
    menu["buttons"].insert(0, {"type": "link", "text": TEXT, "tooltip": TOOLTIP, "icon": ICON,
                               "url": address(pagename)})


def setup(app):
    app.add_transform(LaunchButton)
    app.connect("html-page-context", add_to_menu, priority=510)  # the theme makes its menu at 501
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
