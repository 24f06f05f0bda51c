// A caller by text on Retell's custom-LLM socket: what is typed is said, what the agent sends is
// "spoken" word by word, so that it can be interrupted in the middle.

const $ = (id) => document.getElementById(id);
const formToken = document.querySelector('meta[name="form-token"]').content;
const WORD_MS = 300;
const REMINDER_MS = 10_000;
const PING_MS = 2000;

let call = null;

$("begin").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (call) return;
  const form = new FormData(event.target);
  const chosen = event.target.agent.selectedOptions[0];
  call = new Call(form, chosen);
  try {
    await call.begin();
  } catch (error) {
    call.over(error.message || String(error));
  }
});
$("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (text) call?.say(text);
  $("text").value = "";
});
$("hangup").addEventListener("click", () => call?.hangUp());
$("drop").addEventListener("click", () => call?.drop());
$("breaks")?.addEventListener("click", (event) => {
  const what = event.target.dataset.break;
  if (what) call?.breakOnPurpose(what);
});

class Call {
  constructor(form, chosen) {
    this.details = {
      call_type: "phone_call",
      direction: "inbound",
      agent_id: chosen.dataset.retell,
      from_number: form.get("number").trim(),
      to_number: form.get("dialled").trim() || undefined,
      retell_llm_dynamic_variables: variables(form.get("variables")),
    };
    this.agent = form.get("agent");
    this.version = form.get("version");
    this.names = { agent: chosen.dataset.name, user: "You" };
    this.transcript = [];
    this.items = [];
    this.responseId = 0;
    this.unspoken = "";
    this.after = null;
    this.timers = [];
  }

  async begin() {
    state("Calling.");
    $("words").replaceChildren();
    $("after").hidden = true;
    $("call").disabled = true;
    const asked = new URLSearchParams({ agent: this.agent, version: this.version });
    const answer = await fetch(`/console/try/call?${asked}`, {
      method: "POST",
      headers: { "X-Form-Token": formToken },
    });
    const ticket = await answer.json();
    if (!answer.ok) throw new Error(ticket.error?.message || "The call was refused.");
    this.ticket = ticket;
    this.timers = [
      setInterval(() => this.speak(), WORD_MS),
      setInterval(() => this.ping(), PING_MS),
    ];
    this.connect();
  }

  connect() {
    this.socket = new WebSocket(this.ticket.socket);
    this.socket.onopen = () => {
      state("In the call.");
      $("say").hidden = false;
      if ($("breaks")) $("breaks").hidden = false;
      $("text").focus();
      this.send({ interaction_type: "call_details", call: { call_id: this.ticket.call_id, ...this.details } });
      this.remindLater();
    };
    this.socket.onmessage = ({ data }) => this.take(JSON.parse(data));
    this.socket.onclose = ({ code }) => {
      if (this.ended) return;
      if (code === 1000) this.over("The agent's side has closed the call.");
      else {
        state("The line was cut; connecting again as Retell does.");
        this.again = setTimeout(() => this.connect(), 1000);
      }
    };
  }

  send(frame) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  ping() {
    this.send({ interaction_type: "ping_pong", timestamp: Date.now() });
  }

  take(frame) {
    if (frame.response_type === "response") {
      // Retell drops whatever comes for an older request.
      if (frame.response_id !== this.responseId) return;
      this.unspoken += frame.content;
    } else if (frame.response_type === "agent_interrupt") {
      this.cut();
      this.unspoken = frame.content;
      this.newLine = true;
    } else return;
    if (frame.end_call) this.after = () => this.hangUp("The agent has hung up.");
    else if (frame.transfer_number) {
      const number = frame.transfer_number;
      this.after = () => this.hangUp(`The agent has transferred you to ${number}.`);
    }
  }

  speak() {
    const word = /^\s*\S+\s*/.exec(this.unspoken);
    if (!word) {
      if (this.after && !this.unspoken.trim()) this.after();
      return;
    }
    this.unspoken = this.unspoken.slice(word[0].length);
    const last = this.transcript.at(-1);
    if (last?.role === "agent" && !this.newLine) last.content += word[0];
    else this.add("agent", word[0]);
    this.newLine = false;
    this.show();
    this.update("agent_turn");
    this.remindLater();
  }

  say(text) {
    this.cut();
    this.add("user", text);
    this.show();
    this.update("user_turn");
    this.request("response_required");
  }

  cut() {
    this.after = null;
    const rest = this.unspoken.trim();
    this.unspoken = "";
    if (!rest) return;
    const item = this.items.at(-1);
    const unheard = document.createElement("s");
    unheard.textContent = rest;
    if (item && this.transcript.at(-1)?.role === "agent") item.said.append(" ", unheard);
  }

  request(kind) {
    this.responseId += 1;
    this.newLine = true;
    this.send({ interaction_type: kind, response_id: this.responseId, transcript: this.transcript });
    this.remindLater();
  }

  update(turntaking) {
    this.send({ interaction_type: "update_only", transcript: this.transcript, turntaking });
  }

  remindLater() {
    clearTimeout(this.reminder);
    this.reminder = setTimeout(() => {
      if (!this.unspoken.trim() && !this.ended) this.request("reminder_required");
    }, REMINDER_MS);
  }

  add(role, content) {
    this.transcript.push({ role, content });
    const item = document.createElement("li");
    const who = document.createElement("p");
    const said = document.createElement("p");
    const words = document.createElement("div");
    item.className = role === "user" ? "caller" : "agent";
    who.className = "who";
    who.textContent = this.names[role];
    said.className = "words";
    words.append(who, said);
    item.append(document.createElement("span"), words);
    $("words").append(item);
    this.items.push({ said });
  }

  show() {
    const { said } = this.items.at(-1);
    said.firstChild?.nodeType === Node.TEXT_NODE
      ? (said.firstChild.data = this.transcript.at(-1).content.trim())
      : said.prepend(this.transcript.at(-1).content.trim());
    $("say").scrollIntoView({ block: "nearest" });
  }

  drop() {
    state("The line is cut on purpose; it comes back in a second.");
    this.socket.close(4000);
  }

  async breakOnPurpose(what) {
    const query = new URLSearchParams({ call: this.ticket.call_id, what });
    const answer = await fetch(`/console/try/break?${query}`, {
      method: "POST",
      headers: { "X-Form-Token": formToken },
    });
    const told = await answer.json();
    $("broken").textContent = answer.ok ? told.done : told.error?.message || "That was refused.";
  }

  hangUp(why = "You have hung up.") {
    if (this.ended) return;
    this.over(why);
    this.socket?.close(1000);
  }

  over(why) {
    this.ended = true;
    clearTimeout(this.reminder);
    clearTimeout(this.again);
    for (const timer of this.timers) clearInterval(timer);
    state(why);
    $("say").hidden = true;
    if ($("breaks")) $("breaks").hidden = true;
    $("call").disabled = false;
    if (this.ticket) {
      $("after").hidden = false;
      $("story").href = `/console/calls/${encodeURIComponent(this.ticket.call_id)}`;
    }
    call = null;
  }
}

function variables(text) {
  const pairs = text.split(",").map((pair) => pair.split("="));
  return Object.fromEntries(
    pairs.filter((pair) => pair.length === 2).map(([name, value]) => [name.trim(), value.trim()]),
  );
}

function state(text) {
  $("state").textContent = text;
}
