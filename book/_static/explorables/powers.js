// Numbers of every size as text, and a plot for them: what several explorables share.

import { Plot, format } from "./base.js";

/** A power as text. */
export const power = (exponent, base = 10) =>
  base + String(exponent).replace("-", "⁻").replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);

/** A size as text: 0.35, 12, or 5.2 · 10⁻⁶. */
export function short(value) {
  if (value >= 0.00995 && value < 9995) return format(value, value < 1 ? 3 : value < 100 ? 2 : 0);
  const [digits, exponent] = value.toExponential(1).split("e");
  return `${digits} · ${power(Number(exponent))}`;
}

/** Its y axis counts powers of ten. */
export class LogPlot extends Plot {
  drawAxes() {
    super.drawAxes();
    for (const text of this.axes.querySelectorAll("[text-anchor=end]")) {
      text.textContent = text.textContent === "0" ? "1" : power(Number(text.textContent.replace("−", "-")));
    }
  }
}
