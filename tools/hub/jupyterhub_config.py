"""The hub of `make hub`: one machine, loopback only, a throwaway password. Not an example for a class: for that see
the page "Teaching with this course"."""

import os
import sys
from pathlib import Path

folder = Path(os.environ["COURSE_HUB_FOLDER"])
hub_port, proxy_port, api_port = os.environ["COURSE_HUB_PORTS"].split(",")

c = get_config()  # noqa: F821

c.JupyterHub.bind_url = f"http://127.0.0.1:{proxy_port}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{hub_port}"
c.JupyterHub.db_url = f"sqlite:///{folder / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(folder / "cookie_secret")
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{api_port}"
c.ConfigurableHTTPProxy.command = [os.environ["COURSE_HUB_PROXY"]]
c.ConfigurableHTTPProxy.pid_file = str(folder / "proxy.pid")

c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = os.environ["COURSE_HUB_PASSWORD"]
c.Authenticator.allow_all = True

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(folder / "homes" / "{username}")
c.Spawner.cmd = [str(Path(sys.executable).with_name("jupyterhub-singleuser"))]
# Through the app in the window the browser knows when the notebook has run. Only root needs --allow-root.
c.Spawner.args = ["--LabApp.expose_app_in_browser=True"] + ["--allow-root"] * (os.geteuid() == 0)
# As in `make execute`: no progress bars, so that the outputs can be compared.
c.Spawner.environment = {"KERAS_BACKEND": "torch", "COMPANION_QUIET": "1"}
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = 120
