// What pages gain with JavaScript: a command palette, row keys, dialogs, live nudges. Each page works without.

const byId = (id) => document.getElementById(id);
const isTyping = (node) => node.closest("input, textarea, select, [contenteditable]") !== null;

// --- dialogs ---
function openDialog(id) {
  const dialog = byId(id);
  if (!dialog || dialog.open) return;
  if (id === "keys") showKeys(dialog);
  dialog.showModal();
  dialog.querySelector("input:not([type=hidden]), textarea, select")?.focus();
}

function fetchAt(opener) {
  const page = new URL(opener.closest("[hx-get]")?.getAttribute("hx-get") ?? location.pathname, location.href);
  page.hash = opener.dataset.dialog;
  const same = page.pathname === location.pathname && page.search === location.search;
  location.assign(page);
  if (same) location.reload();
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    event.preventDefault();
    // A part fetched anew may offer what this page has no dialog for yet: the page is fetched, and opens it.
    if (byId(opener.dataset.dialog)) openDialog(opener.dataset.dialog);
    else fetchAt(opener);
    return;
  }
  // A click on the backdrop lands on the dialog itself.
  if (event.target instanceof HTMLDialogElement) event.target.close();
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// --- a question before an action ---
document.addEventListener("submit", (event) => {
  const form = event.target;
  const dialog = byId("confirm");
  if (!form.dataset.confirm || form.dataset.confirmed || !dialog) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  byId("confirm-text").textContent = form.dataset.confirm;
  dialog.returnValue = "no";
  dialog.onclose = () => {
    if (dialog.returnValue !== "yes") return;
    form.dataset.confirmed = "yes";
    form.requestSubmit(event.submitter);
    delete form.dataset.confirmed;
  };
  dialog.showModal();
}, true);

// A form is sent once: a second press while the first is under way does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// --- a value to take along ---
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.textContent = button.dataset.copied;
});

// --- the command palette ---
function visibleLinks() {
  return [...byId("palette").querySelectorAll(".palette-list li:not([hidden]) a")];
}

function filterCommands(wish) {
  for (const item of byId("palette").querySelectorAll("[data-commands] li")) {
    item.hidden = !item.textContent.toLocaleLowerCase().includes(wish);
  }
  byId("palette").querySelector(".palette-none").hidden = visibleLinks().length > 0;
}

let searching;
function searchAll(wish) {
  const palette = byId("palette");
  const found = palette.querySelector("[data-found]");
  clearTimeout(searching);
  if (!palette.dataset.searchUrl || wish.length < 2) {
    found.replaceChildren();
    return;
  }
  searching = setTimeout(async () => {
    const answer = await fetch(`${palette.dataset.searchUrl}?q=${encodeURIComponent(wish)}`);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    found.replaceChildren(...page.querySelectorAll("li"));
    palette.querySelector(".palette-none").hidden = visibleLinks().length > 0;
  }, 200);
}

byId("palette")?.addEventListener("input", (event) => {
  const wish = event.target.value.trim().toLocaleLowerCase();
  filterCommands(wish);
  searchAll(wish);
});
byId("palette")?.addEventListener("keydown", (event) => {
  const links = visibleLinks();
  const at = links.indexOf(document.activeElement);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    links[(at + (event.key === "ArrowDown" ? 1 : -1) + links.length) % links.length]?.focus();
  } else if (event.key === "Enter" && at < 0) {
    event.preventDefault();
    links[0]?.click();
  }
});

// --- keys: rows, search, help ---
function rows() {
  return [...document.querySelectorAll("table[data-rows] tbody tr:not(.because)")];
}

const leadsTo = (row) => row.querySelector("a")?.getAttribute("href");
let goneFrom = 0;  // where the current row stood when a list came anew without it

function stepRow(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.classList.contains("is-current"));
  const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? goneFrom : at + by))];
  standOn(next);
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function standOn(current) {
  for (const row of rows()) {
    row.classList.toggle("is-current", row === current);
    row.toggleAttribute("tabindex", false);
  }
  current.tabIndex = -1;
}

// A list that is fetched anew keeps its reader on the row where he was; he is never put on another one, which his next
// key would open.
function keepRow(target) {
  const row = target.querySelector("tr.is-current");
  if (!row) return;
  const kept = { at: rows().indexOf(row), href: leadsTo(row), inHand: row === document.activeElement };
  document.body.addEventListener("htmx:afterSwap", () => {
    const same = kept.href && rows().find((one) => leadsTo(one) === kept.href);
    if (!same) { goneFrom = kept.at; return; }
    standOn(same);
    if (kept.inHand) same.focus({ preventScroll: true });
  }, { once: true });
}

// Whoever speaks to his machine, or whose hand slips, turns the keys of one letter off (WCAG 2.1.4).
const LETTERS_OFF = "letters-off";
const lettersOff = () => localStorage.getItem(LETTERS_OFF) === "yes";

function nameOf(element) {
  const name = (element.querySelector("strong") ?? element).cloneNode(true);
  for (const key of name.querySelectorAll(".btn-key")) key.remove();
  return name.textContent.replace(/\s+/g, " ").trim();
}

function showKeys(dialog) {
  const own = dialog.querySelector("[data-own-keys]");
  const shown = [...document.querySelectorAll("[data-key]")].filter((one) => one.checkVisibility());
  own.hidden = !shown.length;
  own.querySelector("dl").replaceChildren(...shown.map((one) => {
    const line = document.createElement("div");
    const [term, words, key] = ["dt", "dd", "kbd"].map((tag) => document.createElement(tag));
    key.textContent = { ArrowLeft: "←", ArrowRight: "→" }[one.dataset.key] ?? one.dataset.key;
    term.append(key);
    words.textContent = nameOf(one);
    line.append(term, words);
    return line;
  }));
  tellLetters(dialog.querySelector("[data-letters]"));
}

function tellLetters(button) {
  button.hidden = false;
  button.textContent = lettersOff() ? button.dataset.turnOn : button.dataset.turnOff;
}

document.querySelector("[data-letters]")?.addEventListener("click", (event) => {
  if (lettersOff()) localStorage.removeItem(LETTERS_OFF);
  else localStorage.setItem(LETTERS_OFF, "yes");
  tellLetters(event.target);
});

const KEYS = {
  j: () => stepRow(1),
  k: () => stepRow(-1),
  Enter: () => document.querySelector("tr.is-current a")?.click(),
  "/": () => document.querySelector("[data-search]")?.focus(),
  "?": () => openDialog("keys"),
};

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openDialog("palette");
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") document.querySelectorAll("details[data-menu][open]").forEach((menu) => { menu.open = false; });
  if (isTyping(event.target)) return;
  if (lettersOff() && event.key.length === 1) return;
  // A page gives a key to one of its own buttons or links by data-key.
  const own = /^([a-z0-9]|ArrowLeft|ArrowRight)$/.test(event.key) && document.querySelector(`[data-key="${event.key}"]`);
  if (own) {
    event.preventDefault();
    own.click();
    return;
  }
  if (!KEYS[event.key]) return;
  if (event.key === "Enter" && !event.target.matches("tr.is-current")) return;
  event.preventDefault();
  KEYS[event.key]();
});

// --- the menu along the foot of a phone is wider than it: this page's line stands in sight ---
const currentLine = document.querySelector(".menu [aria-current]");
if (currentLine) {
  const lines = currentLine.closest("ul");
  lines.scrollLeft = currentLine.offsetLeft - (lines.clientWidth - currentLine.offsetWidth) / 2;
}

// --- tables that are wider than their place: whoever has no pointer scrolls them with the arrow keys ---
function reachTable(wrap) {
  const scrolls = wrap.scrollWidth > wrap.clientWidth;
  if (scrolls === wrap.hasAttribute("tabindex")) return;
  wrap.toggleAttribute("tabindex", scrolls);
  if (!scrolls) return;
  wrap.tabIndex = 0;
  wrap.setAttribute("role", "group");
  wrap.setAttribute("aria-label", wrap.querySelector("caption")?.textContent ?? "");
}
// A font that arrives late widens a table as a narrower window narrows its place: their sizes tell both.
const tableSizes = new ResizeObserver((changes) => {
  for (const wrap of new Set(changes.map((change) => change.target.closest(".table-wrap")))) if (wrap) reachTable(wrap);
});
function watchTables() {
  document.querySelectorAll(".table-wrap").forEach(reachTable);
  for (const part of document.querySelectorAll(".table-wrap, .table-wrap > table")) tableSizes.observe(part);
}
watchTables();
document.body.addEventListener("htmx:afterSwap", watchTables);

// --- picking rows ---
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-pick-all]")) return;
  for (const box of event.target.closest("table").querySelectorAll("tbody .pick input")) {
    box.checked = event.target.checked;
  }
});

// --- files dropped on a zone ---
function showFiles(zone) {
  const list = zone.querySelector("[data-files]");
  const names = [...zone.querySelector("input[type=file]").files].map((file) => {
    const item = document.createElement("li");
    item.textContent = file.name;
    return item;
  });
  list.replaceChildren(...names);
  list.hidden = names.length < 2;
}

for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const zone = event.target.closest?.("[data-dropzone]");
    if (!zone) return;
    event.preventDefault();
    zone.classList.toggle("is-over", kind === "dragover");
    if (kind !== "drop" || !event.dataTransfer.files.length) return;
    zone.querySelector("input[type=file]").files = event.dataTransfer.files;
    showFiles(zone);
  });
}
document.addEventListener("change", (event) => {
  const zone = event.target.closest("[data-dropzone]");
  if (zone) showFiles(zone);
});

// --- notices ---
function addClose(notice) {
  const close = document.createElement("button");
  close.type = "button";
  close.className = "notice-close";
  close.textContent = "✕";
  close.setAttribute("aria-label", byId("notices").dataset.close);
  close.addEventListener("click", () => notice.remove());
  notice.append(close);
  // Good news leaves by itself; what asks for attention stays until it is closed.
  if (notice.classList.contains("tone-good")) setTimeout(() => notice.remove(), 10_000);
}

function notify(text, tone = "good") {
  const said = [...document.querySelectorAll("#notices .notice p")];
  if (said.some((words) => words.textContent === text)) return;
  const notice = document.createElement("div");
  notice.className = `notice tone-${tone}`;
  const words = document.createElement("p");
  words.textContent = text;
  notice.append(words);
  addClose(notice);
  byId("notices")?.append(notice);
}

document.querySelectorAll("#notices .notice").forEach(addClose);
document.body.addEventListener("notice", (event) => notify(event.detail.text, event.detail.tone));
document.body.addEventListener("htmx:sendError", () => notify(document.body.dataset.offline, "warning"));
document.body.addEventListener("htmx:responseError", () => notify(document.body.dataset.failed, "bad"));
// "Fill this in." twice says nothing to who only hears it: each fault begins with the name of its field.
function nameFaults(within) {
  within.querySelectorAll("[data-focus] a[href^='#field-']:not([data-named])").forEach((link) => {
    const field = byId(link.hash.slice(1));
    const label = field?.querySelector("legend") ?? field?.labels?.[0];
    const name = (label?.querySelector(".form-check-label") ?? label)?.firstChild?.textContent.trim();
    link.dataset.named = name ?? "";
    const colon = document.documentElement.lang === "fr" ? "\u00a0: " : ": ";
    if (name) link.prepend(/[?!:.]$/.test(name) ? `${name} ` : name + colon);
  });
}
nameFaults(document);
document.body.addEventListener("htmx:afterSwap", (event) => nameFaults(event.detail.target));
document.querySelector("[data-focus]")?.focus();
if (byId(location.hash.slice(1)) instanceof HTMLDialogElement) {
  openDialog(location.hash.slice(1));
  history.replaceState(null, "", location.pathname + location.search);  // not once more at the next reload
}

// --- nothing written is lost by leaving: the browser asks first ---
const isUnsent = (form) => !form.dataset.sent
  && [...form.querySelectorAll(form.hasAttribute("data-guard") ? "input, textarea, select" : "textarea")].some(isChanged);

window.addEventListener("beforeunload", (event) => {
  if ([...document.querySelectorAll("form[method=post]")].some(isUnsent)) event.preventDefault();
});

// What a page keeps while one types is no longer unsent once it was answered; what was typed since then still is.
document.body.addEventListener("htmx:afterRequest", (event) => {
  const { elt, successful, requestConfig } = event.detail;
  const form = elt?.closest?.("[data-keeps]")?.closest("form");
  if (!form || !successful) return;
  const sent = new Map();
  for (const [name, value] of requestConfig.formData) sent.set(name, [...(sent.get(name) ?? []), value]);
  for (const field of form.elements) {
    const values = sent.get(field.name) ?? [];
    if (field.matches("[type=checkbox], [type=radio]")) {
      if (field.checked === values.includes(field.value)) field.defaultChecked = field.checked;
    } else if (field instanceof HTMLSelectElement) {
      if (values.includes(field.value)) for (const option of field.options) option.defaultSelected = option.selected;
    } else if (values.includes(field.value) && field.matches("input:not([type=hidden]), textarea")) {
      field.defaultValue = field.value;
    }
  }
});

// --- a part fetched anew keeps what its reader did: opened folds, the fold in hand, and every word written ---
const foldsIn = (part) => [...part?.querySelectorAll("details") ?? []];  // a part may be gone from the page by now

function isChanged(field) {
  if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
  if (field instanceof HTMLSelectElement) {
    return field.selectedIndex !== Math.max([...field.options].findIndex((option) => option.defaultSelected), 0);
  }
  return field.value !== field.defaultValue;
}

let typedAt = 0;
document.addEventListener("input", () => { typedAt = performance.now(); });
document.body.addEventListener("htmx:beforeRequest", (event) => { event.detail.requestConfig.sentAt = performance.now(); });

document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { target, requestConfig } = event.detail;
  if (!requestConfig.triggeringEvent?.type.startsWith("nudge")) {
    // What is being typed since is sent when its field is left, and brings the page then.
    const inHand = target.querySelector("input:focus, textarea:focus");
    if (inHand && typedAt > requestConfig.sentAt && isChanged(inHand)) event.detail.shouldSwap = false;
    return;
  }
  // A refused form comes with what was written into it: it waits to be mended, even before anybody types again.
  const refused = target.querySelector("[role=alert][data-focus]");
  const beside = target.getAttribute("hx-select-oob");  // what the same answer replaces elsewhere on the page
  const parts = [target, ...beside ? document.querySelectorAll(beside) : []];
  if (refused || parts.some((part) => [...part.querySelectorAll("input, textarea, select")].some(isChanged))) {
    event.detail.shouldSwap = false;
    notify(document.body.dataset.held, "warning");
    return;
  }
  keepRow(target);
  const kept = foldsIn(target).map((fold) => ({ open: fold.open, inHand: fold.firstElementChild === document.activeElement }));
  document.body.addEventListener("htmx:afterSwap", () => {
    foldsIn(byId(target.id)).forEach((fold, place) => {
      if (!kept[place]) return;
      fold.open = kept[place].open;
      if (kept[place].inHand) fold.firstElementChild.focus();
    });
  }, { once: true });
});

// --- live nudges: the stream says that something changed, never what; elements fetch again themselves ---
const nudged = new Set();
let resting = false;

// At once when it was quiet, else once a second; the last nudge of a burst is never lost. Nothing is passed on while
// something is fetched: what htmx then keeps for later is dropped with the element that the answer replaces.
function passOn() {
  resting = nudged.size > 0;
  if (!resting) return;
  if (!document.querySelector(".htmx-request")) {
    const names = [...nudged];
    nudged.clear();
    for (const name of names) document.body.dispatchEvent(new CustomEvent(name));
  }
  setTimeout(passOn, 1_000);
}

function fetchAgain(names) {
  for (const name of names) nudged.add(name);
  if (!resting) passOn();
}

function hear({ topic, claim_id: claim }) {
  fetchAgain(["nudge", `nudge:${topic}`, ...(claim ? [`nudge:claim:${claim}`] : [])]);
}

// A nudge comes once: what could not be fetched then is asked for again, but not what was refused.
function tryAgain({ detail: { xhr, requestConfig } }) {
  const name = requestConfig.triggeringEvent?.type;
  if (!name?.startsWith("nudge") || (xhr.status >= 400 && xhr.status < 500)) return;
  setTimeout(fetchAgain, 5_000 + Math.random() * 5_000, [name]);
}
document.body.addEventListener("htmx:sendError", tryAgain);
document.body.addEventListener("htmx:responseError", tryAgain);

function listen(url) {
  const stream = new EventSource(url);
  let missed = false;
  stream.onmessage = (message) => {
    const nudge = JSON.parse(message.data);
    // Every open page hears of a reconnection at the same moment: they take turns.
    if (nudge.topic === "reconnected") setTimeout(hear, Math.random() * 2_000, nudge);
    else hear(nudge);
  };
  // What happened while the line was down is unknown: fetch everything once it is back.
  stream.onerror = () => { missed = true; };
  stream.onopen = () => {
    if (missed) hear({ topic: "reconnected" });
    missed = false;
  };
}

if (document.body.dataset.live) listen(document.body.dataset.live);

// --- words that were sent after the session had ended ---
// They are filled in again after signing in: in this tab only, for the same person, and never after they arrived.
const UNSENT = "unsent";
const UNSENT_FOR = 60_000;
const who = document.body.dataset.who;

function keepUnsent(form) {
  if (!who || form?.method !== "post" || !form.querySelector("textarea")) return;
  const fields = [...new FormData(form)].filter(([name, value]) => name !== "csrf" && typeof value === "string");
  const sent = { who, page: location.pathname, action: form.getAttribute("action"), fields, at: Date.now() };
  sessionStorage.setItem(UNSENT, JSON.stringify(sent));
}

document.addEventListener("submit", (event) => { if (!event.defaultPrevented) keepUnsent(event.target); });
// A part that is fetched anew after the session ended takes the whole page to the sign-in.
window.addEventListener("pagehide", () => keepUnsent([...document.forms].find(isUnsent)));
document.addEventListener("htmx:afterRequest", (event) => {
  const { successful, requestConfig } = event.detail;
  if (successful && requestConfig.verb === "post") sessionStorage.removeItem(UNSENT);
});

function fillIn(form, fields) {
  for (const [name, value] of fields) {
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]:not([type=hidden])`)) {
      if (["checkbox", "radio"].includes(field.type)) field.checked ||= field.value === value;
      else field.value = value;
    }
  }
  if (form.closest("dialog")) openDialog(form.closest("dialog").id);
  form.querySelector("textarea").focus();
}

function takeUpUnsent() {
  const unsent = JSON.parse(sessionStorage.getItem(UNSENT) ?? "null");
  if (!unsent) return;
  if (!who) {
    unsent.ended ||= Date.now() - unsent.at < UNSENT_FOR;
    sessionStorage.setItem(UNSENT, JSON.stringify(unsent));
    return;
  }
  // It waits until he is back on that page.
  if (unsent.ended && unsent.who === who && unsent.page !== location.pathname) return;
  sessionStorage.removeItem(UNSENT);
  if (!unsent.ended || unsent.who !== who) return;
  const form = [...document.forms].find((one) => one.getAttribute("action") === unsent.action && one.querySelector("textarea"));
  if (form) fillIn(form, unsent.fields);
}

takeUpUnsent();
