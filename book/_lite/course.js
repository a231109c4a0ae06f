// A line above a notebook in the browser: the way back to the chapter on the web, and what Python is doing.

const path = new URLSearchParams(location.search).get("path") ?? "";
const root = new URL("../../", location.href); // of the web book
const chapter = path.endsWith(".ipynb") ? `book/${path.slice(0, -".ipynb".length)}.html` : "";

const bar = document.createElement("div");
bar.id = "course-bar";
const status = document.createElement("span");
status.setAttribute("role", "status");
const link = document.createElement("a");
link.href = new URL(chapter, root);
link.textContent = chapter ? "Back to the web page" : "Back to the web book";
bar.append(status, link);
document.body.append(bar);

// Links lead to the other chapters as notebooks. Pages of the book that are no notebooks are not here but on the web.
document.addEventListener("click", (event) => {
  const anchor = event.target.closest?.("a[href]");
  const [, name, kind] = anchor?.href.match(/\/lite\/files\/(.+)\.(ipynb|md)$/) ?? [];
  if (name) {
    event.preventDefault();
    event.stopImmediatePropagation();
    const page = kind === "md" ? `book/${name}.html` : `lite/notebooks/index.html?path=${name}.ipynb`;
    window.open(new URL(page, root), "_blank");
  }
}, true);

const STARTING = "Python is starting: half a minute, longer on the first visit.";
const READY = "Python is ready. Run a cell with Shift+Enter, or all in the menu Run.";

function follow(kernel) {
  const show = () => {
    if (kernel.status === "dead") {
      status.textContent = "Python has stopped. Start it again in the menu Kernel.";
    } else if (kernel.status === "idle" && status.textContent === STARTING) {
      status.textContent = READY;
      setTimeout(() => { status.textContent = ""; }, 15000);
    }
  };
  kernel.statusChanged.connect(show);
  show();
}

// The application announces nothing when it is there, so ask now and then until it is.
function wait() {
  const session = window.jupyterapp?.shell?.currentWidget?.context?.sessionContext;
  if (!session) {
    setTimeout(wait, 200);
    return;
  }
  session.kernelChanged.connect((_, { newValue }) => newValue && follow(newValue));
  if (session.session?.kernel) {
    follow(session.session.kernel);
  }
}

if (chapter) {
  status.textContent = STARTING;
  wait();
}
