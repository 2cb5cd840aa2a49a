// Dropping files: each uploads with a line of its own, some at a time; what became of them is the page's own list.

const AT_ONCE = 4;
const form = document.querySelector("form[data-drop]");
const input = form.querySelector("input[type=file]");
const board = form.querySelector("[data-uploads]");
const list = board.querySelector("ul");
const whole = board.querySelector("progress");
const csrf = form.querySelector("input[name=csrf]").value;

let address = form.dataset.drop;
let beginning;
let running = 0;
const waiting = [];
const all = [];

// The button of the form is for browsers without JavaScript; here files go as they are chosen.
form.addEventListener("submit", (event) => event.preventDefault());
input.required = false;

function begin() {
  beginning ??= (async () => {
    if (address) return;
    const answer = await fetch("/creditor/drops", { method: "POST", headers: { "X-CSRF-Token": csrf } });
    if (!answer.ok) throw new Error(answer.statusText);
    address = (await answer.json()).url;
    history.replaceState(null, "", address);
    await showBoard();
  })();
  return beginning;
}

// The page's own list of what became of the files, where it does not stand yet.
async function showBoard() {
  const page = new DOMParser().parseFromString(await (await fetch(address)).text(), "text/html");
  const drop = document.adoptNode(page.getElementById("drop"));
  form.closest(".card").after(drop);
  window.htmx.process(drop);
}

let resting = false;
let changed = false;
function refresh() {
  changed = true;
  if (resting) return;
  changed = false;
  resting = true;
  document.body.dispatchEvent(new CustomEvent("dropped"));
  setTimeout(() => {
    resting = false;
    if (changed) refresh();
  }, 1_000);
}

function line(upload) {
  const item = document.createElement("li");
  const name = document.createElement("span");
  name.className = "ellipsis";
  name.textContent = upload.file.name;
  name.title = upload.file.name;
  upload.state = document.createElement("span");
  upload.state.className = "muted";
  upload.bar = document.createElement("progress");
  upload.bar.className = "meter";
  upload.bar.max = 100;
  upload.bar.value = 0;
  upload.bar.setAttribute("aria-label", upload.file.name);
  upload.button = document.createElement("button");
  upload.button.type = "button";
  upload.button.className = "btn btn-ghost btn-sm";
  upload.button.addEventListener("click", () => (upload.failed ? retry(upload) : cancel(upload)));
  item.append(name, upload.bar, upload.state, upload.button);
  list.append(item);
  upload.item = item;
  say(upload, "", form.dataset.cancel);
}

function say(upload, words, button) {
  upload.state.textContent = words;
  upload.button.textContent = button;
  upload.button.setAttribute("aria-label", `${button}: ${upload.file.name}`);
}

function count() {
  const size = all.reduce((sum, upload) => sum + upload.file.size, 0);
  const sent = all.reduce((sum, upload) => sum + (upload.done ? upload.file.size : upload.sent), 0);
  const percent = size ? Math.floor((100 * sent) / size) : 100;
  whole.value = percent;
  const done = all.filter((upload) => upload.done).length;
  board.querySelector("[data-percent]").textContent = `${percent} % · ${done} / ${all.length}`;
}

function send(upload) {
  running += 1;
  const body = new FormData();
  body.append("key", upload.key);
  body.append("file", upload.file, upload.file.name);
  const request = new XMLHttpRequest();
  upload.request = request;
  request.open("POST", `${address}/files`);
  request.setRequestHeader("X-CSRF-Token", csrf);
  request.upload.onprogress = (event) => {
    upload.sent = Math.min(event.loaded, upload.file.size);
    upload.bar.value = event.total ? (100 * event.loaded) / event.total : 100;
    count();
  };
  request.onloadend = () => {
    running -= 1;
    if (request.status === 201) settle(upload);
    else if (!upload.cancelled) fail(upload, request.status === 422 ? request.responseText : form.dataset.failed);
    next();
  };
  request.send(body);
}

function settle(upload) {
  upload.done = true;
  upload.item.remove();
  count();
  refresh();
}

function fail(upload, words) {
  upload.failed = true;
  upload.sent = 0;
  upload.bar.value = 0;
  say(upload, words, form.dataset.retry);
  count();
}

function retry(upload) {
  upload.failed = false;
  say(upload, "", form.dataset.cancel);
  waiting.push(upload);
  next();
}

function cancel(upload) {
  upload.cancelled = true;
  upload.request?.abort();
  for (const held of [waiting, all]) {
    const at = held.indexOf(upload);
    if (at >= 0) held.splice(at, 1);
  }
  upload.item.remove();
  count();
}

let unread = false;
async function next() {
  while (running < AT_ONCE && waiting.length) {
    unread = true;
    send(waiting.shift());
  }
  if (running || waiting.length || !unread) return;
  unread = false;
  // All that could arrive has arrived: it is handed over together, as one placement with one price.
  await fetch(`${address}/reading`, { method: "POST", headers: { "X-CSRF-Token": csrf } });
  refresh();
}

async function take(files) {
  if (!files.length) return;
  board.hidden = false;
  for (const file of files) {
    const upload = { file, key: crypto.randomUUID(), sent: 0 };
    all.push(upload);
    waiting.push(upload);
    line(upload);
  }
  count();
  try {
    await begin();
  } catch {
    beginning = undefined;
    for (const upload of waiting.splice(0)) fail(upload, form.dataset.failed);
    return;
  }
  next();
}

input.addEventListener("change", () => {
  const files = [...input.files];
  input.value = "";
  take(files);
});
// What systems lay into folders by themselves.
const UNMEANT = /^(\.|~\$|Thumbs\.db$|desktop\.ini$|__MACOSX$)/i;

// The files below an entry of what was dropped: a folder stands as one thing that no browser can send.
async function filesBelow(entry) {
  if (entry.isFile) return [await new Promise((done, failed) => entry.file(done, failed))];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    // A folder is read a hundred entries at a time, until nothing more comes.
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return found;
    for (const below of some) if (!UNMEANT.test(below.name)) found.push(...(await filesBelow(below)));
  }
}

async function dropped(transfer) {
  // Entries are only there while the event lasts: asked for before anything is waited for.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const files = [...transfer.files];
  if (!entries.some((entry) => entry.isDirectory)) return files;
  return (await Promise.all(entries.map(filesBelow))).flat();
}

form.addEventListener("drop", (event) => {
  // The zone's own handler would show the names and keep them in the field.
  event.preventDefault();
  event.stopPropagation();
  form.querySelector("[data-dropzone]").classList.remove("is-over");
  const given = [...event.dataTransfer.files];
  // What cannot be opened is sent as it is, so that its line says that it did not arrive.
  dropped(event.dataTransfer).catch(() => given).then(take);
});
window.addEventListener("beforeunload", (event) => {
  if (running || waiting.length) event.preventDefault();
});
