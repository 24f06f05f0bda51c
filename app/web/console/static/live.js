// The live calls, kept up to date by server-sent events.

const $ = (id) => document.getElementById(id);
const body = $("calls").tBodies[0];
let calls = [];

const source = new EventSource("/api/events/stream");
source.addEventListener("calls", ({ data }) => show(JSON.parse(data)));
source.onerror = () => problem("The connection to the server was lost; trying again.");

function problem(text) {
  $("problem").hidden = !text;
  $("problem").textContent = text;
}

function show(told) {
  problem(told.problem || "");
  if (told.problem) return;
  calls = told.calls;
  $("count").textContent = told.live === 1 ? "1 call now" : `${told.live} calls now`;
  $("calls").hidden = calls.length === 0;
  $("none").hidden = calls.length > 0;
  const rows = new Map([...body.rows].map((row) => [row.dataset.call, row]));
  for (const call of calls) {
    const row = rows.get(call.call_id) || newRow(call);
    rows.delete(call.call_id);
    fill(row, call);
    body.append(row);
  }
  for (const row of rows.values()) row.remove();
}

function newRow(call) {
  const row = document.createElement("tr");
  row.dataset.call = call.call_id;
  for (let n = 0; n < 9; n += 1) row.insertCell();
  row.cells[4].className = row.cells[7].className = "number";
  const link = document.createElement("a");
  link.href = `/console/live/${encodeURIComponent(call.call_id)}`;
  link.textContent = "Listen in";
  row.cells[8].append(link);
  return row;
}

function fill(row, call) {
  const texts = [
    since(call.started_at),
    call.from_number,
    call.agent,
    call.channel,
    call.turns_count,
    call.last_intent,
    call.pending_action,
    silent(call.caller_spoke_at),
  ];
  texts.forEach((text, n) => {
    const shown = text === undefined || text === null ? "" : String(text);
    if (row.cells[n].textContent !== shown) row.cells[n].textContent = shown;
  });
}

function since(at) {
  if (!at) return "";
  const seconds = Math.max(0, Math.round(Date.now() / 1000 - at));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function silent(at) {
  return at ? `${Math.max(0, Math.round(Date.now() / 1000 - at))} s` : "";
}

setInterval(() => {
  for (const call of calls) {
    const row = [...body.rows].find((each) => each.dataset.call === call.call_id);
    if (row) fill(row, call);
  }
}, 1000);
