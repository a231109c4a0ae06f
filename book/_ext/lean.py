"""Sphinx extension: pages that load only what they use.

The theme and its companions bring a megabyte of icon fonts, half a megabyte of style sheets, and scripts that hold up
the page. Here

- the style sheets become one, `_static/book.css`, without the rules for classes and ids that no page and no script has;
- the icon fonts shrink to the icons that this sheet names, and move into it;
- scripts wait until the page has been read, and come only where they have something to do;
- images know their size, all but the first of a page wait until they are near, and figures are packed tighter, each
  pixel as it was;
- code has an element around a word only where that has a color of its own.

The template that goes with it is book/_templates/layout.html.
"""
import hashlib
import io
import os
import re
from base64 import b64encode
from pathlib import Path
from urllib.parse import unquote

import imagesize
import tinycss2
from fontTools import subset
from PIL import Image
from sphinx.errors import ExtensionError

SHEET = "_static/book.css"
NOTICE = """/* Built by book/_ext/lean.py from the style sheets in this folder, whose notices say who made them and
   under which license; with icons of Font Awesome Free (SIL OFL 1.1). */
"""
# What the theme's own template would load: before all other style sheets, after all other scripts.
THEME_SHEETS = ["styles/theme.css", "styles/pydata-sphinx-theme.css"]
THEME_SCRIPTS = ["scripts/bootstrap.js", "scripts/pydata-sphinx-theme.js"]
ICON_FONTS = [("fa-solid-900.ttf", "Font Awesome 6 Free", 900), ("fa-brands-400.ttf", "Font Awesome 6 Brands", 400)]
# Scripts that come with every page -> what is in the content of a page where they have something to do.
TOGGLES = "togglebutton.js"
ONLY_WITH = {
    "clipboard.min.js": 'class="highlight',
    "copybutton.js": 'class="highlight',
    "design-tabs.js": "sd-tab-set",
    TOGGLES: r'class="[^"]*\b(toggle|dropdown)\b',
}
# The theme measures every box of code as soon as a page is there, to let the keyboard reach those that scroll; to do so
# a browser must lay out the whole page at once. _static/scrollable.js does the same as boxes come into view.
THEME_SCRIPT = "scripts/pydata-sphinx-theme.js"
MEASURED_AT_ONCE = '["pre",".nboutput > .output_area",".cell_output > .output",' \
                   '".jp-RenderedHTMLCommon",".pst-scrollable-table-container"].join(", ")'
# Settings of such scripts, and of a search while typing that this book does not have.
SETTINGS = re.compile(r"DOCUMENTATION_OPTIONS\.|(let|var) toggle")
# Scripts whose words are no names of classes.
OTHER_WORDS = re.compile(r"fontawesome|searchindex|language_data|locales")
WORD = re.compile(r"-{0,2}[A-Za-z_][\w-]*")
OLD_FONTS = re.compile(r',\s*url\([^)]*\)\s*format\("(?:woff|truetype)"\)')
# Names, punctuation and space have the color of all code: most of the elements of a chapter would say only that.
PLAIN_CODE = re.compile(r'<span class="(?:n|nn|p|w)">([^<]*)</span>|<span></span>')
NESTING = {"media", "supports", "layer", "container"}


# Each page --------------------------------------------------------------------------------------------


def lighten(app, pagename, templatename, context, doctree):
    """Choose the style sheets and the scripts of a page, and complete its images."""
    if "css_files" not in context:
        return
    body = context.get("body") or ""
    common = {sheet.filename for sheet in app.builder._orig_css_files}
    context["css_files"] = [sheet for sheet in context["css_files"] if sheet.filename not in common]
    kind = type(app.builder._orig_js_files[0])
    theme = [kind(f"_static/{name}", priority=900) for name in THEME_SCRIPTS]
    context["script_files"] = [later(script) for script in [*context["script_files"], *theme] if wanted(script, body)]
    files = {name: Path(app.srcdir, path) for path, name in app.builder.images.items()}
    context["body"] = PLAIN_CODE.sub(lambda match: match[1] or "", with_sizes(body, files))


def wanted(script, body):
    """Whether a script has something to do on a page with this content."""
    if not script.filename:
        setting = script.attributes.get("body", "")
        return not SETTINGS.match(setting) or "toggle" in setting and bool(re.search(ONLY_WITH[TOGGLES], body))
    words = ONLY_WITH.get(str(script.filename).removeprefix("_static/"))
    return words is None or bool(re.search(words, body))


def later(script):
    """The script, waiting until the page has been read."""
    if not script.filename or {"async", "defer", "type"} & script.attributes.keys():
        return script
    return type(script)(script.filename, priority=script.priority, **script.attributes, defer="defer")


def with_sizes(body, files):
    """The HTML with width and height in each image of `files`; all images but the first one are loaded late."""
    seen = 0

    def complete(match):
        nonlocal seen
        tag = match[0]
        source = re.search(r'\bsrc="([^"]*)"', tag)[1]
        path = files.get(unquote(source.rpartition("/")[2])) if "_images/" in source else None
        if path is None or " width=" in tag:
            return tag
        width, height = imagesize.get(path)
        added = f' width="{width}" height="{height}"' if width > 0 else ""
        if min(width, height) > 100:  # not the badges
            seen += 1
            added += ' decoding="async"' + ' loading="lazy"' * (seen > 1)
        return f"<img{added}{tag[len('<img'):]}"

    return re.sub(r'<img\b(?:[^>"]|"[^"]*")*>', complete, body)


# The style sheet --------------------------------------------------------------------------------------


def write_sheet(app, exception):
    """Write the style sheet, and its version into the pages."""
    if exception or not hasattr(app.builder, "_orig_css_files"):
        return
    folder = Path(app.outdir)
    pages = {path: text for path in folder.rglob("*.html") if SHEET in (text := path.read_text("utf-8"))}
    sheets = [Path(sheet.filename) for sheet in sorted(app.builder._orig_css_files, key=lambda sheet: sheet.priority)]
    sheets = list(dict.fromkeys([*(Path("_static", name) for name in THEME_SHEETS), *sheets]))
    static = folder / "_static"
    text = "\n".join(read_sheet(folder / sheet, static) for sheet in sheets)
    text = OLD_FONTS.sub("", text)
    text = purge(text, names_in(pages.values(), static))
    text = NOTICE + icon_fonts(text, static / "vendor" / "fontawesome" / "webfonts") + text
    (folder / SHEET).write_text(text, "utf-8")
    version = hashlib.sha256(text.encode()).hexdigest()[:8]
    for path, page in pages.items():
        new = re.sub(rf'({re.escape(SHEET)}\?v=)\w*"', rf'\g<1>{version}"', page)
        if new != page:
            path.write_text(new, "utf-8")


def read_sheet(path, static):
    """The text of a style sheet with what it imports; addresses in it are relative to the folder `static`."""
    def relocate(match):
        if re.match(r"[a-z]+:|[#/]", match[1]):
            return match[0]
        return f'url("{Path(os.path.relpath(path.parent / match[1], static)).as_posix()}")'

    def insert(match):
        return read_sheet(path.parent / match[1], static)

    text = re.sub(r"""url\(["']?([^"')]+)["']?\)""", relocate, path.read_text("utf-8"))
    return re.sub(r'@import "([^"]+)";', insert, text)


def names_in(pages, static):
    """All words that may be a class, an id or a custom property: attributes in pages, any word in scripts."""
    names = set()
    scripts = [path.read_text("utf-8") for path in static.rglob("*.js")
               if not OTHER_WORDS.search(path.relative_to(static).as_posix())]
    for page in pages:
        for value in re.findall(r'\b(?:class|id)="([^"]*)"', page):
            names.update(value.split())
        scripts += re.findall(r"<script\b[^>]*>(.*?)</script>", page, re.DOTALL)
        names.update(re.findall(r"var\((--[\w-]+)", page))
    for script in scripts:
        names.update(WORD.findall(script))
    return names


def purge(text, names):
    """The style sheet without the rules that nothing in `names` can call for."""
    while True:
        read = set(re.findall(r"var\(\s*(--[\w-]+)", text)) | names
        played = set(WORD.findall(" ".join(re.findall(r"animation(?:-name)?:([^;}]*)", text))))
        new = purge_rules(tinycss2.parse_stylesheet(text, True, True), names, read, played)
        if new == text:
            return text
        text = new


def purge_rules(rules, names, read, played):
    """The rules as text: those with a selector that `names` has, keyframes in `played`, properties in `read`."""
    written = []
    for rule in rules:
        keyword = getattr(rule, "lower_at_keyword", None)
        if rule.type == "qualified-rule":
            selectors = [part for part in commas(rule.prelude) if has_names(part, names)]
            content = declarations(rule.content, read)
            if selectors and content:
                written.append(f"{','.join(tinycss2.serialize(part).strip() for part in selectors)}{{{content}}}")
        elif keyword in NESTING and rule.content is not None:
            inside = purge_rules(tinycss2.parse_rule_list(rule.content, True, True), names, read, played)
            if inside:
                written.append(f"@{keyword}{tinycss2.serialize(rule.prelude)}{{\n{inside}}}")
        elif keyword and keyword.endswith("keyframes"):
            if tinycss2.serialize(rule.prelude).strip() in played:
                written.append(rule.serialize())
        elif keyword and keyword != "charset" and "fontawesome" not in rule.serialize():
            written.append(rule.serialize())
    return "".join(f"{rule}\n" for rule in written)


def commas(prelude):
    """The selectors of a list."""
    parts = [[]]
    for token in prelude:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def has_names(selector, names):
    """Whether all classes and ids that a selector asks for exist; what stands in :is(), :not() … is left out."""
    for before, token in zip([None, *selector], selector):
        name = token.value if token.type == "hash" or token.type == "ident" and before == "." else None
        if name is not None and name not in names:
            return False
    return True


def declarations(content, read):
    """The inside of a rule, without the custom properties that nothing reads."""
    parts = tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True)
    return ";".join(part.serialize().strip() for part in parts
                    if part.type != "declaration" or not part.name.startswith("--") or part.name in read)


def icon_fonts(text, folder):
    """Font faces with the icons whose characters stand in the style sheet; the fonts are in the text itself."""
    icons = {ord(character) for character in re.findall(r'"([\ue000-\uf8ff])"', text)}
    icons |= {int(code, 16) for code in re.findall(r'"\\([ef][0-9a-f]{3})"', text)}
    faces = ""
    for file, family, weight in ICON_FONTS:
        font = subset.load_font(folder / file, subset.Options(flavor="woff", notdef_outline=False))
        subsetter = subset.Subsetter(subset.Options(layout_features=[], hinting=False))
        subsetter.populate(unicodes=icons & font.getBestCmap().keys())
        subsetter.subset(font)
        data = io.BytesIO()
        font.flavor = "woff"
        font.save(data)
        faces += (f'@font-face{{font-family:"{family}";font-weight:{weight};font-display:block;'
                  f"src:url(data:font/woff;base64,{b64encode(data.getvalue()).decode()})}}\n")
    return faces


# Figures --------------------------------------------------------------------------------------------


def pack_figures(app, exception):
    """Replace the PNG files that pages show by lossless WebP files, which are about a third of their size."""
    images = Path(app.outdir, "_images")
    if exception or app.builder.format != "html":
        return
    packed = set()
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text("utf-8")
        if names := {name for name in re.findall(r'_images/([^"/]+)\.png"', text) if (images / f"{name}.png").exists()}:
            packed |= names
            page.write_text(re.sub(r'(_images/[^"/]+)\.png"', r'\1.webp"', text), "utf-8")
    for name in packed:
        with Image.open(images / f"{name}.png") as image:
            image.save(images / f"{name}.webp", lossless=True, exact=True)
        (images / f"{name}.png").unlink()


# The theme's script ---------------------------------------------------------------------------------


def quieten(app, exception):
    """Take the measuring at once out of the theme's script."""
    path = Path(app.outdir, "_static", THEME_SCRIPT)
    if exception or not path.exists():
        return
    text = path.read_text("utf-8")
    if MEASURED_AT_ONCE in text:
        path.write_text(text.replace(MEASURED_AT_ONCE, '"no-such-box"'), "utf-8")
    elif '"no-such-box"' not in text:
        raise ExtensionError(f"{THEME_SCRIPT} of the theme has changed: see MEASURED_AT_ONCE in {__file__}")


def setup(app):
    # Late: what the theme and the other extensions do has been done.
    app.connect("html-page-context", lighten, priority=900)
    app.connect("build-finished", write_sheet, priority=900)
    app.connect("build-finished", pack_figures)
    app.connect("build-finished", quieten)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
