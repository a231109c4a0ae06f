// A formula that is wider than its column scrolls; then the keyboard can reach it, and only then.
const observer = new ResizeObserver(entries => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
document.querySelectorAll(".katex-display").forEach(formula => observer.observe(formula));
