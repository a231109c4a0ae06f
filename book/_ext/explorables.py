"""Sphinx extension: on the web, the figure of a cell becomes one that answers to the reader.

A code cell whose metadata say `"explorable": "perceptron-boundary"` draws a static figure, which is what Jupyter,
Colab, a printed page and a browser without scripts show. On the web the element `<perceptron-boundary>` of the module
`book/_static/explorables/perceptron-boundary.js` takes its place, when it comes near the part of the page that is seen.
"""
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform

MODULES = Path(__file__).parents[1] / "_static" / "explorables"


# The module of an explorable is loaded when the element before the script comes near.
LOAD = """<script>
{
  const figure = document.currentScript.previousElementSibling;
  const watch = new IntersectionObserver(([seen]) => {
    if (!seen.isIntersecting) return;
    watch.disconnect();
    import("%s");
  }, { rootMargin: "600px" });
  watch.observe(figure);
}
</script>"""


class Explorables(SphinxTransform):
    """Wrap the outputs of each such cell into its element, and load the module."""

    default_priority = 250

    def apply(self, **kwargs):
        for cell in self.document.findall(nodes.container):
            name = cell.get("cell_metadata", {}).get("explorable")
            if name is None:
                continue
            outputs = [part for part in cell if "cell_output" in part["classes"]]
            if not (MODULES / f"{name}.js").exists():
                known = ", ".join(sorted(path.stem for path in MODULES.glob("*.js")))
                raise ExtensionError(f"{self.env.docname}: unknown explorable {name!r}; known: {known}")
            if not outputs:
                raise ExtensionError(f"{self.env.docname}: the explorable {name!r} has no static figure")
            root = "../" * self.env.docname.count("/")
            script = LOAD % f"{root}_static/explorables/{name}.js"
            outputs[0].insert(0, nodes.raw("", f"<{name}>", format="html"))
            outputs[-1] += nodes.raw("", f"</{name}>{script}", format="html")


def setup(app):
    app.add_transform(Explorables)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
