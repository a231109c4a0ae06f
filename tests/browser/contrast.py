"""The contrast of what a page really shows, by the formula of WCAG 2.2."""

# The canvas turns every way to write a color into numbers; backgrounds are laid over each other from the page upward.
MEASURE = """
([selector, property]) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  canvas.canvas.width = canvas.canvas.height = 1;
  const paint = color => { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); };
  const luminance = () => {
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(value => {
      const x = value / 255;
      return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const visible = [...document.querySelectorAll(selector)].filter(part => part.getClientRects().length);
  return visible.map(part => {
    const behind = [];
    // A border stands on what is around its element.
    const first = property.startsWith("border") ? part.parentElement : part;
    for (let at = first; at; at = at.parentElement) behind.unshift(getComputedStyle(at).backgroundColor);
    paint("#fff");
    behind.forEach(paint);
    const below = luminance();
    paint(getComputedStyle(part).getPropertyValue(property));
    const above = luminance();
    return (Math.max(above, below) + 0.05) / (Math.min(above, below) + 0.05);
  });
}
"""


def contrast(page, selector, kind="color"):
    """The least contrast of a color of the visible parts with what is behind them; an error where there are none."""
    found = page.evaluate(MEASURE, [selector, kind])
    assert found, f"nothing on the page is {selector}"
    return min(found)
