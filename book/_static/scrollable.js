// What is wider than its column scrolls; then the keyboard can reach it, and only then. Watched, and not looked at once,
// because a box that opens later, or is far from what is seen, has no width until then.
const observer = new ResizeObserver(entries => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
const boxes = document.querySelectorAll("article :is(pre, .katex-display, .pst-scrollable-table-container)");

function watch() {
  observer.disconnect();
  boxes.forEach(box => observer.observe(box));
}

watch();
document.fonts.addEventListener("loadingdone", watch); // a new font widens what stands in a box, not the box
