/* Progress marks: chapters that the reader marked as read, and exercises solved in the browser's notebooks.

   All of it stays in this browser. What is read lies in localStorage, under a key of its own for each address of the
   site. What is solved is written by companion/exercises/record.py into the drive of JupyterLite, which keeps its
   files in IndexedDB; a site without JupyterLite, or a reader who never ran it, has none. */

const ROOT = new URL(document.documentElement.dataset.content_root || "./", location.href).pathname;
const KEY = `neural-networks-course:read:${ROOT}`;
const FILE = "companion-progress.json";
const DRIVES = [`${ROOT}lite/`, "./"].map(base => `JupyterLite Storage - ${base}`);

function readChapters() {
  try {
    const names = JSON.parse(localStorage.getItem(KEY));
    return new Set(Array.isArray(names) ? names : []);
  } catch {
    return new Set();  // storage is switched off, or holds something else
  }
}

function remember(names) {
  try {
    localStorage.setItem(KEY, JSON.stringify([...names]));
    return true;
  } catch {
    return false;
  }
}

function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/* Calls use(files) with the store of JupyterLite's files; undefined where there is none. It is never created here. */
async function withFiles(mode, use) {
  const known = await indexedDB.databases();
  const name = DRIVES.find(drive => known.some(database => database.name === drive));
  if (!name) return undefined;
  const database = await result(indexedDB.open(name));
  try {
    if (!database.objectStoreNames.contains("files")) return undefined;
    return await use(database.transaction("files", mode).objectStore("files"));
  } finally {
    database.close();
  }
}

/* What record.py wrote: {chapter: {exercise: {solved, …}}}. */
async function solvedExercises() {
  try {
    const file = await withFiles("readonly", files => result(files.get(FILE)));
    if (!file) return {};
    let content = file.content;
    if (file.format === "base64") content = new TextDecoder().decode(Uint8Array.from(atob(content), c => c.charCodeAt(0)));
    return (typeof content === "string" ? JSON.parse(content) : content).chapters || {};
  } catch {
    return {};
  }
}

async function forget() {
  localStorage.removeItem(KEY);
  // Emptied, not deleted: a notebook may be open that knows of the file.
  await withFiles("readwrite", async files => {
    const file = await result(files.get(FILE));
    if (file) await result(files.put({ ...file, content: '{"version": 1, "chapters": {}}', format: "text" }, FILE));
  }).catch(() => undefined);
}

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const names = slot => slot.dataset.exercises.split(" ").filter(Boolean);

function states(slot, read) {
  const records = solved[slot.dataset.chapter] || {};
  const done = names(slot).filter(name => records[name] && records[name].solved).length;
  return { read: read.has(slot.dataset.chapter), done, all: names(slot).length };
}

function showCard(slot, { read, done, all }) {
  const parts = [];
  if (read) parts.push(element("span", { class: "mark-read" }, "✓ Read"));
  if (done) parts.push(element("span", { class: "mark-solved" }, `${done} of ${all} exercises solved`));
  slot.replaceChildren(...parts);
}

function showAll(slot, all) {
  const sum = key => all.reduce((total, state) => total + Number(state[key]), 0);
  const begun = sum("read") + sum("done") > 0;
  if (!slot.firstChild) {
    const button = element("button", { type: "button" }, "Forget my progress");
    button.addEventListener("click", async () => {
      if (!confirm("Forget which chapters are read and which exercises are solved, in this browser?")) return;
      await forget();
      await refresh();
      slot.querySelector("[role=status]").textContent = "Your progress is forgotten.";
      slot.querySelector("[role=status]").focus();
    });
    slot.append(element("p", { role: "status", tabindex: "-1" }), button);
  }
  slot.querySelector("button").hidden = !begun;
  slot.querySelector("[role=status]").textContent = begun
    ? `${sum("read")} of ${all.length} chapters read, ${sum("done")} of ${sum("all")} exercises solved in this browser.` : "";
}

function showChapter(slot, { read, done, all }) {
  if (!slot.firstChild) {
    const button = element("button", { type: "button" });
    button.addEventListener("click", () => {
      const chapters = readChapters();
      if (!chapters.delete(slot.dataset.chapter)) chapters.add(slot.dataset.chapter);
      if (remember(chapters)) show();
      else slot.querySelector("[role=status]").textContent = "This browser keeps no data of this site.";
    });
    slot.append(button, element("p", { role: "status" }));
  }
  slot.querySelector("button").textContent = read ? "Mark as unread" : "Mark as read";
  slot.classList.toggle("is-read", read);
  const parts = [read ? "✓ You have read this chapter." : "", done ? `${done} of ${all} exercises solved.` : ""];
  const text = parts.filter(Boolean).join(" ");
  const status = slot.querySelector("[role=status]");
  if (status.textContent !== text) status.textContent = text;
}

function showSidebar(read) {
  for (const link of document.querySelectorAll(".bd-sidebar-primary .bd-links a.reference.internal")) {
    const chapter = new URL(link.href).pathname.replace(/^.*\//, "").replace(/\.html$/, "");
    const mark = link.querySelector(".mark-read");
    if (read.has(chapter) === Boolean(mark)) continue;
    if (mark) mark.remove();
    else link.append(element("span", { class: "mark-read", role: "img", "aria-label": "read" }, "✓"));
  }
}

/* The way in leads to the first chapter that is not read. */
function showStart(cards, read) {
  const start = document.querySelector(".start a");
  const next = cards.find(card => !read.has(card.dataset.chapter));
  if (!start) return;
  start.dataset.first ||= JSON.stringify([start.href, start.textContent]);
  [start.href, start.textContent] = JSON.parse(start.dataset.first);
  if (!next || next === cards[0]) return;
  const link = next.parentElement.querySelector("a");
  start.href = link.href;
  start.textContent = `Continue: ${link.textContent}`;
}

let solved = {};

function show() {
  const read = readChapters();
  const cards = [...document.querySelectorAll(".progress-card")];
  cards.forEach(slot => showCard(slot, states(slot, read)));
  document.querySelectorAll(".progress-all").forEach(slot => showAll(slot, cards.map(card => states(card, read))));
  document.querySelectorAll(".progress-chapter").forEach(slot => {
    showChapter(slot, states(slot, read));
    const records = solved[slot.dataset.chapter] || {};
    for (const place of document.querySelectorAll(".exercise-state")) {
      const record = records[place.dataset.exercise];
      place.hidden = !(record && record.solved);
      place.textContent = place.hidden ? "" : "✓ Solved";
    }
  });
  showSidebar(read);
  showStart(cards, read);
}

async function refresh() {
  show();  // what is read, at once
  solved = await solvedExercises();
  show();
}

refresh();
// Another tab of the book, or the notebook that was open meanwhile, may have changed something.
addEventListener("storage", event => { if (event.key === KEY || event.key === null) show(); });
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
addEventListener("pageshow", event => { if (event.persisted) refresh(); });
