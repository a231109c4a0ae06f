"""Runs chapters in JupyterLite in a real browser: what the tests and the run times share."""

import json
import os
import time
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import nbformat
from static_host import serving

KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
PYODIDE = "/lite/static/pyodide/"
LIMIT = 1200  # seconds for a chapter, several times what it takes
# Runs all cells; keeps when the first output appeared and when the last cell was done (milliseconds since 1970).
RUN_ALL = """() => {
  const widget = jupyterapp.shell.currentWidget;
  window.times = {};
  for (const cell of widget.content.widgets) {
    cell.model.outputs?.changed.connect((_, change) => {
      if (change.type === "add") times.first ??= Date.now();
    });
  }
  jupyterapp.commands.execute("notebook:run-all-cells").finally(() => { times.all = Date.now(); });
}"""

READY = "window.jupyterapp?.shell?.currentWidget?.context?.sessionContext?.session?.kernel"


def local_pyodide(site):
    """The folder with Pyodide to serve the site with, None where the site brings its own.

    Raises FileNotFoundError, with the reason in words, where nothing can run without another host.
    """
    if not (site / "lite").is_dir():
        raise FileNotFoundError("the notebooks for the browser are not built: run `make book` first")
    if (site / PYODIDE.strip("/") / "pyodide.js").exists():
        return None
    folder = os.environ.get("PYODIDE_DIR")
    if not folder or not Path(folder, "pyodide.js").exists():
        raise FileNotFoundError("no local Pyodide: set PYODIDE_DIR to a folder with Pyodide 0.27 and its packages")
    return Path(folder).resolve()


class Handler(SimpleHTTPRequestHandler):
    """Serves the site below a path as a static host would; with a Pyodide from elsewhere if it is given one.

    `sent` counts the bytes of each file that was sent.
    """

    def __init__(self, *arguments, prefix, pyodide, sent, **options):
        self.prefix, self.pyodide, self.sent = prefix, pyodide, sent
        super().__init__(*arguments, **options)

    def log_message(self, *arguments):
        pass

    def translate_path(self, path):
        path = path.split("?")[0].split("#")[0]
        if not path.startswith(f"{self.prefix}/"):
            return super().translate_path("/not found")
        path = path.removeprefix(self.prefix)
        if self.pyodide and path.startswith(PYODIDE):
            return str(self.pyodide / Path(path).name)
        return super().translate_path(path)

    def copyfile(self, source, target):
        self.sent[self.path] = os.fstat(source.fileno()).st_size
        super().copyfile(source, target)

    def do_GET(self):
        if not self.pyodide or self.path.split("?")[0] != f"{self.prefix}/lite/jupyter-lite.json":
            return super().do_GET()
        settings = json.loads(Path(self.translate_path(self.path)).read_text("utf-8"))
        settings["jupyter-config-data"]["litePluginSettings"][KERNEL]["pyodideUrl"] = "./static/pyodide/pyodide.js"
        body = json.dumps(settings).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def served(site, pyodide, prefix="", sent=None):
    """Serve the site below a path such as "/course"; gives its address.

    `pyodide` is a folder with Pyodide, or None where the site brings its own; `sent` a dict that gets the bytes of
    each file that is sent.
    """
    handler = partial(Handler, directory=str(site), prefix=prefix, pyodide=pyodide,
                      sent={} if sent is None else sent)
    with serving(handler) as address:
        yield address + prefix


class Run:
    """A chapter that runs in a page of its own, opened by the button on its web page."""

    def __init__(self, context, address, chapter):
        self.chapter, self.trouble = chapter, []
        self.page = context.new_page()
        # The host, not the path below it: JupyterLite's service worker is asked for a sign of life at its top.
        host = "/".join(address.split("/")[:3])
        self.page.on("request", lambda request: self.on_request(request, host))
        self.page.on("pageerror", lambda error: self.trouble.append(f"script error: {error}"))
        self.page.goto(f"{address}/book/{chapter}.html")
        self.clicked = time.time()
        self.page.locator("article a.run-in-browser").click()
        self.page.wait_for_function(READY, timeout=1000 * LIMIT)

    def on_request(self, request, host):
        if not request.url.startswith((f"{host}/", "data:", "blob:")):
            self.trouble.append(f"asks another host: {request.url}")

    def start(self):
        """Run all cells, as soon as Python is there."""
        self.page.evaluate(RUN_ALL)

    def done(self):
        """Whether the last cell has ended, or the time is over."""
        if time.time() - self.clicked > LIMIT:
            self.trouble.append(f"not finished after {LIMIT} s")
            return True
        return self.page.evaluate("'all' in times")

    def times(self):
        """Seconds from the click to the first output, and to the end of the last cell."""
        times = self.page.evaluate("times")
        return {
            name: round(times[key] / 1000 - self.clicked, 1)
            for name, key in (("first_output", "first"), ("all_cells", "all"))
        }

    def notebook(self):
        """The notebook as it is in the page."""
        return nbformat.from_dict(self.page.evaluate("jupyterapp.shell.currentWidget.context.model.toJSON()"))

    def close(self):
        self.page.close(run_before_unload=False)


def run_chapters(context, address, names, jobs):
    """Run chapters, `jobs` at once; yields each Run when all its cells are done, and closes its page after that."""
    waiting, running = list(names), []
    while waiting or running:
        while waiting and len(running) < jobs:
            run = Run(context, address, waiting.pop(0))
            run.start()
            running.append(run)
        time.sleep(0.2)
        for run in [run for run in running if run.done()]:
            running.remove(run)
            yield run
            run.close()
