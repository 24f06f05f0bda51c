// One call as it is spoken, and stepping into it.

const $ = (id) => document.getElementById(id);
const list = $("words");
const call = list.dataset.call;
const names = { agent: list.dataset.agent, user: "Caller" };
const formToken = document.querySelector('meta[name="form-token"]').content;

const source = new EventSource(`/api/events/stream?call=${encodeURIComponent(call)}`);
source.onopen = () => {
  list.replaceChildren();
  $("state").textContent = "The call goes on.";
};
source.onerror = () => ($("state").textContent = "The connection was lost; trying again.");
source.addEventListener("problem", ({ data }) => ($("state").textContent = JSON.parse(data)));
source.addEventListener("words", ({ data }) => show(JSON.parse(data)));
source.addEventListener("over", () => {
  source.close();
  $("state").textContent = "The call is over.";
  $("after").hidden = false;
  $("dot").hidden = true;
  for (const button of document.querySelectorAll("#stepin button")) button.disabled = true;
});

function show({ from, lines }) {
  const near = window.innerHeight + window.scrollY > document.body.scrollHeight - 400;
  lines.forEach((line, n) => {
    const item = list.children[from + n] || list.appendChild(document.createElement("li"));
    fill(item, line);
  });
  while (list.children.length > from + lines.length) list.lastElementChild.remove();
  if (near) list.lastElementChild?.scrollIntoView({ block: "nearest" });
}

function fill(item, { role, text, rest }) {
  item.className = role === "user" ? "caller" : role;
  const mark = document.createElement("span");
  const words = document.createElement("div");
  const said = document.createElement("p");
  if (role === "event") {
    said.className = "soft";
    said.textContent = text;
    words.append(said);
  } else {
    const who = document.createElement("p");
    who.className = "who";
    who.textContent = names[role] || role;
    said.className = "words";
    said.textContent = text;
    if (rest) {
      const coming = document.createElement("span");
      coming.className = "soft";
      coming.textContent = ` ${rest}`;
      said.append(coming);
    }
    words.append(who, said);
  }
  item.replaceChildren(mark, words);
}

function sure(question) {
  const dialog = $("sure");
  $("question").textContent = question;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true });
  });
}

for (const form of document.querySelectorAll("#stepin form[data-what]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { what, ask } = form.dataset;
    const given = Object.fromEntries(new FormData(form));
    const quoted = given.text || given.number || given.tool;
    if (!(await sure(quoted ? `${ask} “${quoted}”` : ask))) return;
    const answer = await fetch(`/api/calls/${encodeURIComponent(call)}/${what}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Form-Token": formToken },
      body: JSON.stringify(given),
    });
    const told = await answer.json();
    $("done").textContent = answer.ok ? "The call was told." : told.error?.message || "Refused.";
    if (answer.ok) form.reset();
  });
}
