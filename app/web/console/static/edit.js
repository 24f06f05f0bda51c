// An agent's document as it is typed: mistakes are told a moment after the last key.

const $ = (id) => document.getElementById(id);
const formToken = document.querySelector('meta[name="form-token"]').content;
const text = $("text");
const REST_MS = 500;
let timer = 0;
let asked = 0;

text.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(check, REST_MS);
  // Only what was looked at is saved.
  const save = text.form.querySelector("[value=save]");
  if (save) save.disabled = text.value !== text.defaultValue;
});
$("flaws").addEventListener("click", (event) => {
  const line = Number(event.target.closest("[data-line]")?.dataset.line);
  if (line) goTo(line);
});
window.addEventListener("beforeunload", (event) => {
  if (text.value !== text.defaultValue && !text.form.dataset.sent) event.preventDefault();
});
text.form.addEventListener("submit", (event) => {
  if (event.submitter?.formTarget !== "_blank") text.form.dataset.sent = "yes";
});

async function check() {
  const number = ++asked;
  try {
    const answer = await fetch(text.form.dataset.check, {
      method: "POST",
      headers: { "X-Form-Token": formToken },
      body: new URLSearchParams({ text: text.value }),
    });
    const told = await answer.json();
    if (number !== asked) return;
    if (!answer.ok) throw new Error(told.error?.message);
    show(told);
  } catch (error) {
    if (number === asked) $("verdict").textContent = `It cannot be checked now: ${error.message || "no answer"}.`;
  }
}

function show({ problems, changed }) {
  const count = problems.length === 1 ? "1 mistake" : `${problems.length} mistakes`;
  $("verdict").textContent = problems.length ? count : changed ? "No mistakes." : "As in force.";
  $("flaws").replaceChildren(...problems.map(row));
}

function row({ path, message, line }) {
  const item = document.createElement("li");
  const what = document.createElement(line ? "button" : "span");
  if (line) {
    what.type = "button";
    what.className = "plain";
    what.dataset.line = line;
  }
  what.textContent = `${line ? `line ${line}: ` : ""}${path ? `${path}: ` : ""}${message}`;
  item.append(what);
  return item;
}

function goTo(line) {
  const lines = text.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  text.focus();
  text.setSelectionRange(start, start + (lines[line - 1] || "").length);
  text.scrollTop = (text.scrollHeight / lines.length) * Math.max(0, line - 4);
}
