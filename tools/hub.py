"""Prove the way of a class: a learner on a JupyterHub fetches the course, runs a chapter and solves an exercise.

    make hub                       with the chapter Perceptron
    make hub CHAPTER=optimizers    with another one

Everything is real and on this machine: JupyterHub and its proxy in an environment of their own (_build/hub), the
course as a git repository behind `git daemon`, and a browser that follows the same kind of link as the button on
a page. What the learner's server and kernel took goes into book/reference/hub_run.json, from which the page "Teaching
with this course" computes how large a hub must be. Nothing keeps running afterwards.

Takes minutes and asks the package indexes the first time, so it is no part of `make test`.
"""

import argparse
import copy
import datetime
import hashlib
import importlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import venv
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import chapters
import execute
import hub_size
import nbformat
import psutil
import run_times
from static_host import BROWSERS
from wheels import build_wheel

SETTINGS = chapters.ROOT / "tools" / "hub"
LEARNER = chapters.ROOT / "binder" / "requirements.txt"
BUILT = chapters.ROOT / "_build" / "hub"
MEASURED = chapters.BOOK / "reference" / "hub_run.json"
USER = "learner"
SECONDS = 300


class Failure(Exception):
    """What did not work, in a sentence."""


# ---- What is installed


def learner_packages(path=LEARNER):
    """The requirements of a learner: the lines that name a package, without the options of pip."""
    lines = (line.split(" #")[0].strip() for line in path.read_text("utf-8").splitlines())
    return [line for line in lines if line and not line.startswith(("#", "-"))]


def with_course(folder):
    """What to install for a learner: the wheel of companion as it is now, and the other requirements."""
    with tempfile.TemporaryDirectory() as scratch:
        wheel = Path(shutil.copy(build_wheel(scratch), folder))
    return [wheel, *(package for package in learner_packages() if package != ".")]


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if done.returncode:
        raise Failure(f"{command[0]} failed:\n{(done.stdout + done.stderr).strip()[-2000:]}")
    return done.stdout


def program(*names):
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise Failure(f"make hub needs {' or '.join(names)}, which this machine lacks")
    return found


def install(folder=BUILT):
    """Install hub, proxy and what a learner needs, once; returns the environment's folder of programs and the proxy."""
    sources = [LEARNER, chapters.ROOT / "requirements.txt", SETTINGS / "requirements.txt", SETTINGS / "package.json"]
    key = hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()
    programs = folder / "environment" / "bin"
    proxy, stamp = folder / "node_modules" / ".bin" / "configurable-http-proxy", folder / "installed"
    if not stamp.exists() or stamp.read_text() != key:
        print("Installing JupyterHub and what a learner needs …", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(SETTINGS / "package.json", folder)
        run(program("npm"), "install", "--no-audit", "--no-fund", "--silent", cwd=folder)
        if not (programs / "pip").exists():
            venv.create(folder / "environment", with_pip=True)
        pinned = ["--constraint", chapters.ROOT / "requirements.txt", "--requirement", SETTINGS / "requirements.txt"]
        run(programs / "pip", "install", "--quiet", *pinned, *with_course(folder))
        stamp.write_text(key)
    # The course itself as it is now, every time.
    course, *_ = with_course(folder)
    run(programs / "pip", "install", "--quiet", "--no-deps", "--force-reinstall", course)
    return programs, proxy


# ---- What is served


@contextmanager
def course_repository(folder, root=chapters.ROOT):
    """A bare git repository of the course as it is now, served on this machine; gives its address."""
    work, path = folder / "work", urlsplit(chapters.repository()).path
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=root)
    for name in filter(None, listed.split("\0")):
        if (root / name).is_file():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, work / name)
    git = ["git", "-c", "user.name=course", "-c", "user.email=course@localhost", "-c", "commit.gpgsign=false"]
    run(*git, "init", "--quiet", "--initial-branch=main", cwd=work)
    run(*git, "add", "--all", "--force", cwd=work)
    run(*git, "commit", "--quiet", "--message=The course", cwd=work)
    bare = folder / "git" / path.strip("/")
    run("git", "clone", "--quiet", "--bare", work, bare)
    (port,) = free_ports(1)
    command = ["git", "daemon", "--export-all", "--reuseaddr", "--listen=127.0.0.1", f"--port={port}"]
    with process([*command, f"--base-path={folder / 'git'}"], folder / "git.log") as daemon:
        wait_until(lambda: answers(port), "git daemon answers", daemon)
        yield f"git://127.0.0.1:{port}{path}"


@contextmanager
def jupyterhub(folder, programs, proxy):
    """A JupyterHub on this machine; gives its address, its password and its process."""
    ports = free_ports(3)
    password = secrets.token_urlsafe(16)
    environment = os.environ | {
        "COURSE_HUB_FOLDER": str(folder),
        "COURSE_HUB_PORTS": ",".join(map(str, ports)),
        "COURSE_HUB_PROXY": str(proxy),
        "COURSE_HUB_PASSWORD": password,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
    }
    (folder / "homes").mkdir()
    command = [programs / "jupyterhub", "--config", SETTINGS / "jupyterhub_config.py"]
    address = f"http://127.0.0.1:{ports[1]}"
    with process(command, folder / "hub.log", cwd=folder, env=environment) as hub:
        wait_until(lambda: healthy(f"{address}/hub/health"), "JupyterHub answers", hub)
        yield address, password, psutil.Process(hub.pid)


@contextmanager
def process(command, log, **options):
    """A process of ours with all that it starts; ended, with all that, at the end."""
    with log.open("w") as output:
        started = subprocess.Popen([str(word) for word in command], stdout=output, stderr=subprocess.STDOUT, **options)
    started.log = log
    children = []
    try:
        yield started
    finally:
        if started.poll() is None:
            children = family(psutil.Process(started.pid))
            started.send_signal(signal.SIGTERM)
            try:
                started.wait(30)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()
        end(children)


def end(processes, seconds=10):
    """Wait until these have ended; ask those that have not, then make them."""
    _, alive = psutil.wait_procs(processes, timeout=seconds / 5)
    for insist in (psutil.Process.terminate, psutil.Process.kill):
        for left in alive:
            with suppress(psutil.NoSuchProcess):
                insist(left)
        _, alive = psutil.wait_procs(alive, timeout=seconds)


def strays(folder):
    """The processes that work in a folder or name it in their command: none may be left when all is over."""
    found = []
    for one in psutil.process_iter():
        with suppress(psutil.Error):
            if any(str(folder) in text for text in [one.cwd(), *one.cmdline()]):
                found.append(one)
    return found


def free_ports(number):
    """Ports that were free a moment ago."""
    with_sockets = [socket.socket() for _ in range(number)]
    for one in with_sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in with_sockets]
    for one in with_sockets:
        one.close()
    return ports


def answers(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def healthy(address):
    try:
        return urllib.request.urlopen(address, timeout=5).status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def wait_until(condition, what, started, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if started.poll() is not None or time.monotonic() > end:
            raise Failure(f"waited in vain until {what}:\n{started.log.read_text()[-2000:]}")
        time.sleep(0.2)


# ---- What it takes


class Meter(threading.Thread):
    """Measures what the learner's server and its kernels take, until it is stopped.

    Memory is the proportional share (PSS): what several processes have in common counts once.
    """

    def __init__(self, hub, pause=0.5):
        super().__init__(daemon=True)
        self.hub, self.pause, self.ended = hub, pause, threading.Event()
        self.peak = self.server = self.kernels = 0
        self.cpu = {}

    def run(self):
        while not self.ended.wait(self.pause):
            self.sample()

    def sample(self):
        servers = [child for child in family(self.hub) if is_server(child)]
        learners = {one.pid: one for server in servers for one in [server, *family(server)]}
        memory = {pid: share(one) for pid, one in learners.items()}
        for pid, one in learners.items():
            self.cpu[pid] = max(self.cpu.get(pid, 0), cpu_seconds(one))
        alone = sum(memory[server.pid] for server in servers)
        total = sum(memory.values())
        self.peak, self.server = max(self.peak, total), max(self.server, alone)
        self.kernels = max(self.kernels, total - alone)

    def stop(self):
        self.ended.set()
        self.join()
        per_megabyte = 1e6
        return {
            "peak_memory_mb": round(self.peak / per_megabyte),
            "server_memory_mb": round(self.server / per_megabyte),
            "kernel_memory_mb": round(self.kernels / per_megabyte),
            "cpu_seconds": round(sum(self.cpu.values()), 1),
        }


def family(one):
    try:
        return one.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def is_server(one):
    try:
        return any("jupyterhub-singleuser" in word for word in one.cmdline())
    except psutil.Error:
        return False


def share(one):
    try:
        memory = one.memory_full_info()
        return getattr(memory, "pss", memory.uss)
    except psutil.Error:
        return 0


def cpu_seconds(one):
    try:
        return sum(one.cpu_times()[:2])
    except psutil.Error:
        return 0


# ---- What the learner does


def first_exercise(chapter):
    """The name and the solution of the first exercise of a chapter whose answer is a function."""
    from companion.exercises.core import Exercise

    module = importlib.import_module(f"companion.exercises.{chapter.split('/')[-1]}")
    exercise = next(one for one in module.chapter.exercises.values() if isinstance(one, Exercise))
    return exercise.name, exercise.source


WIDGET = "window.jupyterapp?.shell.currentWidget"
OPENED = f"{WIDGET}?.content?.widgets?.length > 3 && {WIDGET}.sessionContext?.session?.kernel?.status === 'idle'"
CLEARED = f"{WIDGET}.context.model.toJSON().cells.every(cell => !cell.execution_count && !cell.outputs?.length)"
# Every code cell ran, or one failed and the rest was given up.
RAN = f"""{WIDGET}.sessionContext.session.kernel.status === 'idle' && (cells =>
    cells.every(cell => cell.execution_count) ||
    cells.some(cell => cell.outputs.some(output => output.output_type === 'error'))
)({WIDGET}.context.model.toJSON().cells.filter(cell => cell.cell_type === 'code'))"""


def learn(browser, address, link, password, chapter, picture):
    """Log in, fetch the course, run the chapter, solve an exercise, stop the server; returns notebook and seconds."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(SECONDS * 1000)
    page.goto(link)
    page.fill("#username_input", USER)
    page.fill("#password_input", password)
    page.click("#login_submit")
    page.wait_for_url("**/lab/tree/**")
    page.wait_for_function(OPENED)
    print("Logged in; the course is fetched, the chapter open.", flush=True)

    menu(page, "Edit", "Clear Outputs of All Cells")
    page.wait_for_function(CLEARED)
    start = time.perf_counter()
    menu(page, "Run", "Run All Cells")
    page.wait_for_function(RAN)
    seconds = time.perf_counter() - start
    notebook = nbformat.from_dict(page.evaluate(f"{WIDGET}.context.model.toJSON()"))
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        if output.output_type == "error":
            raise Failure(f"a cell failed: {output.ename}: {output.evalue}")

    name, answer = first_exercise(chapter)
    call = f"exercises.{name}.check({name})"
    index = next(i for i, cell in enumerate(notebook.cells) if call in cell.source)
    page.evaluate(f"""async index => {{
        const content = {WIDGET}.content;
        content.activeCellIndex = index;
        await content.scrollToItem(index);
        content.mode = 'edit';
    }}""", index)
    page.wait_for_selector(".jp-CodeCell.jp-mod-active .cm-focused")
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(f"{answer}\n\n{call}")
    page.keyboard.press("Control+Enter")
    verdict = page.locator(".jp-CodeCell.jp-mod-active .jp-OutputArea-output")
    verdict.filter(has_text="Correct").wait_for(timeout=30_000)
    page.screenshot(path=picture)
    page.keyboard.press("Control+S")
    page.wait_for_function(f"!{WIDGET}.context.model.dirty")

    page.goto(f"{address}/hub/home")
    page.click("#stop")
    page.locator("#start", has_text="Start").wait_for()
    page.close()
    return notebook, seconds


def menu(page, title, entry):
    page.click(f'.lm-MenuBar-itemLabel:text-is("{title}")')
    page.click(f'.lm-Menu-itemLabel:text-is("{entry}")')


def differences(chapter, notebook):
    """What the learner saw otherwise than it is stored, a sentence each."""
    from reproduce import differing_cells

    stored, notebook = chapters.read(chapters.path_of(chapter)), copy.deepcopy(notebook)
    execute.tidy(notebook)
    return differing_cells(stored, notebook)


def attempt(chapter, folder):
    """The whole way once; returns the measurements. Raises Failure."""
    from playwright.sync_api import Error, sync_playwright

    programs, proxy = install()
    with course_repository(folder) as repository, jupyterhub(folder, programs, proxy) as (address, password, hub):
        meter = Meter(hub)
        meter.start()
        link = hub_size.hub_link(address, repository, chapter)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program(*BROWSERS), args=["--no-sandbox"])
            try:
                notebook, seconds = learn(browser, address, link, password, chapter, BUILT / "learner.png")
            except Error as error:
                browser.contexts[0].pages[0].screenshot(path=BUILT / "failed.png")
                log = (folder / "hub.log").read_text()[-2000:]
                raise Failure(f"the browser waited in vain (see {BUILT / 'failed.png'}): {error}\n{log}") from None
            finally:
                browser.close()
        if differing := differences(chapter, notebook):
            raise Failure("\n".join(["the learner saw other outputs than those that are stored:", *differing]))
        files = [path for path in programs.parent.rglob("*") if path.is_file() and not path.is_symlink()]
        size = sum(path.stat().st_size for path in files)
        return {"chapter": chapter, "environment_mb": round(size / 1e6), "seconds": round(seconds, 1), **meter.stop()}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapter", nargs="?", default="foundations/perceptron")
    options = parser.parse_args(arguments)
    try:
        (chapter,) = chapters.select([options.chapter])
    except ValueError as error:
        parser.error(str(error))
    try:
        with tempfile.TemporaryDirectory(prefix="course-hub-") as folder:
            try:
                measured = attempt(chapter, Path(folder))
            finally:
                left = strays(folder)
                end(left)
        if left:
            raise Failure(f"still running at the end: {left}")
    except Failure as failure:
        sys.exit(f"make hub: FAILED: {failure}")
    measured |= {"date": datetime.date.today().isoformat(), "machine": run_times.machine()}
    rows = json.loads(MEASURED.read_text("utf-8")) if MEASURED.exists() else {}
    rows[chapter] = {name: value for name, value in measured.items() if name != "chapter"}
    MEASURED.write_text(json.dumps(dict(sorted(rows.items())), indent=1) + "\n", "utf-8")
    print(f"make hub: OK. A learner logged in, fetched the course, ran {chapter} in {measured['seconds']:.0f} s with "
          f"the stored outputs, solved an exercise and stopped: {measured['peak_memory_mb']} MB at most "
          f"(server {measured['server_memory_mb']}, kernel {measured['kernel_memory_mb']}), "
          f"{measured['cpu_seconds']:.0f} CPU seconds.")


if __name__ == "__main__":
    main()
