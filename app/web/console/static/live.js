// The live calls, kept up to date by server-sent events: all of them at first, then what changed.

const $ = (id) => document.getElementById(id);
const body = $("calls").tBodies[0];
// Each call's row, its cells and what they show, by the call's id.
const rows = new Map();

const source = new EventSource("/api/events/stream");
source.addEventListener("calls", ({ data }) => {
  const told = JSON.parse(data);
  problem(told.problem || "");
  if (told.problem) return;
  const there = new Set(told.calls.map((call) => call.call_id));
  for (const id of [...rows.keys()]) if (!there.has(id)) remove(id);
  // The newest first: from the last one on, each new row comes before all others.
  for (const call of told.calls.reverse()) update(call);
  count(told.live);
});
source.addEventListener("changed", ({ data }) => {
  const told = JSON.parse(data);
  for (const id of told.gone) remove(id);
  for (const call of told.changed.reverse()) update(call);
  count(told.live);
});
source.onerror = () => problem("The connection to the server was lost; trying again.");

function problem(text) {
  $("problem").hidden = !text;
  $("problem").textContent = text;
}

function count(live) {
  write($("count"), live === 1 ? "1 call now" : `${live} calls now`);
  $("calls").hidden = rows.size === 0;
  $("none").hidden = rows.size > 0;
}

function update(call) {
  let row = rows.get(call.call_id);
  if (!row) {
    row = newRow(call);
    rows.set(call.call_id, row);
    body.prepend(row.element);
  }
  row.call = call;
  [call.from_number, call.agent, call.channel, call.turns_count, call.last_intent, call.pending_action]
    .forEach((text, n) => write(row.cells[n + 1], text ?? ""));
  tick(row);
}

function remove(id) {
  rows.get(id)?.element.remove();
  rows.delete(id);
}

function newRow(call) {
  const element = document.createElement("tr");
  element.dataset.call = call.call_id;
  const cells = Array.from({ length: 9 }, () => element.insertCell());
  cells[4].className = cells[7].className = "number";
  const link = document.createElement("a");
  link.href = `/console/live/${encodeURIComponent(call.call_id)}`;
  link.textContent = "Listen in";
  cells[8].append(link);
  return { element, cells };
}

function tick({ call, cells }) {
  const now = Date.now() / 1000;
  write(cells[0], call.started_at ? clock(now - call.started_at) : "");
  write(cells[7], call.caller_spoke_at ? `${Math.max(0, Math.round(now - call.caller_spoke_at))} s` : "");
}

// A text node is written to in place: the row is not laid out anew where its width stays.
function write(cell, text) {
  const shown = String(text);
  if (!cell.firstChild) cell.append(shown);
  else if (cell.firstChild.data !== shown) cell.firstChild.data = shown;
}

function clock(passed) {
  const seconds = Math.max(0, Math.round(passed));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

setInterval(() => {
  if (!document.hidden) for (const row of rows.values()) tick(row);
}, 1000);
