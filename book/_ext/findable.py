"""Sphinx extension: what search engines, link previews and lost visitors are given.

Each page gets a description (its promise, or else its first paragraph) and a card for link previews; the site gets
sitemap.xml, robots.txt and 404.html. The public address is `html: baseurl` of _config.yml, and comes from nowhere else.
"""
import hashlib
import html
import textwrap
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from docutils import nodes

CARDS = "_images/cards"
WIDTH, HEIGHT = 1200, 630
INK, GREY, BLUE, ORANGE = "#1d2733", "#4a5565", "#0072b2", "#d55e00"  # those of the figures


def describe(app, pagename, templatename, context, doctree):
    """Add description, canonical address and preview to the head of a page."""
    base = app.config.html_baseurl
    if pagename == "404":
        context["base_path"] = urlsplit(base).path
        context["pageurl"] = None
        context["metatags"] = '<meta name="robots" content="noindex" />'
        return
    if doctree is None:
        return
    title, text = plain(context["title"]), summary(doctree)
    card = draw_card(Path(app.outdir, CARDS), title, text, app.config.html_title)
    tags = {
        "og:title": title, "og:type": "article", "og:site_name": app.config.html_title, "og:description": text,
        "og:url": context["pageurl"], "og:image": urljoin(base, f"{CARDS}/{card.name}"),
        "og:image:width": WIDTH, "og:image:height": HEIGHT, "og:image:alt": f"{title}: {text}",
    }
    lines = [f'<meta name="description" content="{html.escape(text)}" />',
             '<meta name="twitter:card" content="summary_large_image" />']
    lines += [f'<meta property="{key}" content="{html.escape(str(value))}" />' for key, value in tags.items()]
    context["metatags"] += "\n    " + "\n    ".join(lines)


def plain(title):
    """The text of a title that is HTML."""
    return html.unescape("".join(part.split(">", 1)[-1] for part in title.split("<")))


def summary(doctree):
    """The promise of a chapter, or else the first paragraph; at most 200 characters, ended at a word."""
    paragraphs = [node for node in doctree.findall(nodes.paragraph) if any(node.findall(nodes.Text))]
    promises = [node for node in paragraphs if "promise" in node["classes"]]
    text = " ".join("".join(node.findall(nodes.Text)) for node in (promises or paragraphs)[:1])
    return textwrap.shorten(text, 200, placeholder=" …")


def draw_card(folder, title, text, site):
    """Draw the preview picture of a page, unless it is there; its name tells what is on it."""
    from matplotlib import get_data_path
    from PIL import Image, ImageDraw, ImageFont

    name = hashlib.sha256("\n".join([title, text, site, Path(__file__).read_text("utf-8")]).encode()).hexdigest()[:16]
    path = folder / f"{name}.png"
    if path.exists():
        return path

    def font(size, bold=False):
        return ImageFont.truetype(f"{get_data_path()}/fonts/ttf/DejaVuSans{'-Bold' * bold}.ttf", size)

    card = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(card)
    pen.rectangle((0, 0, WIDTH, 16), BLUE)
    # The network of the logo.
    layers = [[(880, 90), (880, 190)], [(985, 60), (985, 140), (985, 220)], [(1090, 140)]]
    for one, next_one in zip(layers, layers[1:]):
        for start in one:
            for end in next_one:
                pen.line((start, end), "#a9b4c2", 5)
    for color, layer in zip([BLUE, "#56a8d8", ORANGE], layers):
        for x, y in layer:
            pen.ellipse((x - 22, y - 22, x + 22, y + 22), color)
    pen.text((80, 100), site, GREY, font(32))
    pen.multiline_text((80, 250), textwrap.fill(title, 30), INK, font(60, bold=True), spacing=14)
    pen.multiline_text((80, 430), textwrap.fill(text, 60), GREY, font(30), spacing=12)
    folder.mkdir(parents=True, exist_ok=True)
    card.save(path, optimize=True)
    return path


def lost_page(app):
    """The page that a static host shows where nothing is."""
    home = app.builder.get_target_uri(app.config.root_doc)
    body = ('<section id="not-found"><h1>Page not found</h1>\n<p>There is no page at this address. The chapters are '
            f'on <a href="{home}">the first page</a>, and the <a href="search.html">search</a> knows every word.</p>'
            "</section>")
    yield "404", {"title": "Page not found", "body": body}, "page.html"


def write_site_files(app, exception):
    """Write sitemap.xml and robots.txt."""
    if exception or app.builder.format != "html":
        return
    base = app.config.html_baseurl
    lines = [f"  <url><loc>{html.escape(urljoin(base, app.builder.get_target_uri(name)))}</loc></url>"
             for name in sorted(app.env.found_docs)]
    Path(app.outdir, "sitemap.xml").write_text("\n".join([
        '<?xml version="1.0" encoding="UTF-8"?>', '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
        *lines, "</urlset>", ""]), "utf-8")
    Path(app.outdir, "robots.txt").write_text(f"User-agent: *\nSitemap: {urljoin(base, 'sitemap.xml')}\n", "utf-8")
    page = Path(app.outdir, "404.html")
    # In a page with another base, an address that is only a fragment would lead to that base.
    page.write_text(page.read_text("utf-8").replace('href="#', 'href="404.html#'), "utf-8")


def setup(app):
    app.connect("html-page-context", describe)
    app.connect("html-collect-pages", lost_page)
    app.connect("build-finished", write_site_files)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
