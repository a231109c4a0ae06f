// What is wider than its column scrolls; then the keyboard can reach it, and only then. Watched, and not looked at once,
// because a box that opens later has no width until then.
const observer = new ResizeObserver(entries => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
document.querySelectorAll("article :is(pre, .katex-display, .pst-scrollable-table-container)")
  .forEach(box => observer.observe(box));
