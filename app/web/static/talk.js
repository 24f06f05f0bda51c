// One call from the page: microphone and loudspeaker on a media stream, and what is said and done.

const $ = (id) => document.getElementById(id);
const body = document.body;
const agentName = document.querySelector("h1").textContent;

let call = null;

$("call").addEventListener("click", () => (call ? call.hangUp() : begin()));
$("keys").addEventListener("click", (event) => call?.press(event.target.dataset.key));
$("agent")?.addEventListener("change", (event) => {
  const query = new URLSearchParams(location.search);
  query.set("agent", event.target.value);
  location.search = query;
});

function show(state, text, hint = "") {
  body.dataset.state = state;
  $("status").textContent = text;
  $("hint").textContent = hint;
  $("label").textContent = state === "live" || state === "opening" ? "Hang up" : "Call";
}

async function begin() {
  $("said").replaceChildren();
  $("story").replaceChildren();
  for (const figure of ["first", "barge", "turns", "cost"]) $(figure).textContent = "–";
  const mine = (call = new Call());
  try {
    await mine.begin();
  } catch (error) {
    mine.end(reason(error), true);
  }
}

function reason(error) {
  if (error.name === "NotAllowedError") return "The microphone was not allowed";
  if (error.name === "NotFoundError") return "There is no microphone";
  return error.message || String(error);
}

class Call {
  constructor() {
    this.began = performance.now();
    this.turns = 0;
    this.entries = new Map();
    this.levels = { caller: 0, agent: 0 };
    this.voiceSince = null;
    this.lastVoice = 0;
    this.agentHeard = 0;
  }

  async begin() {
    show("opening", "Asking for the microphone");
    if (!navigator.mediaDevices) {
      throw new Error("Browsers give the microphone to pages over https or on localhost only");
    }
    this.microphone = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
    // Whoever hangs up while one of these is awaited must not be called after all.
    if (this.over) return this.release();
    show("opening", "Calling");
    const answer = await fetch(`/console/talk/call${location.search}`, { method: "POST" });
    const ticket = await answer.json();
    if (this.over) return;
    if (!answer.ok) throw new Error(ticket.error?.message || "The call was refused");
    this.id = ticket.call_id;
    await this.openAudio();
    if (this.over) return this.release();
    this.connect(ticket);
  }

  async openAudio() {
    this.audio = new AudioContext({ latencyHint: "interactive" });
    await this.audio.audioWorklet.addModule(body.dataset.worklet);
    const one = { numberOfInputs: 1, numberOfOutputs: 1, outputChannelCount: [1] };
    this.ear = new AudioWorkletNode(this.audio, "microphone", one);
    this.mouth = new AudioWorkletNode(this.audio, "loudspeaker", one);
    this.audio.createMediaStreamSource(this.microphone).connect(this.ear);
    this.mouth.connect(this.audio.destination);
    this.ear.port.onmessage = ({ data }) => this.hear(data);
    this.mouth.port.onmessage = ({ data }) => {
      if (data.level !== undefined) {
        this.levels.agent = data.level;
        if (data.level > 0.005) this.agentHeard = performance.now();
      }
      for (const name of data.marks || []) this.send({ event: "mark", mark: { name } });
    };
    await this.audio.resume();
    draw(this);
  }

  connect(ticket) {
    const sid = `PG${ticket.call_id}`;
    this.sid = sid;
    this.socket = new WebSocket(ticket.socket);
    this.socket.onopen = () => {
      this.send({ event: "connected", protocol: "Call", version: "1.0.0" });
      this.send({
        event: "start",
        start: {
          streamSid: sid,
          callSid: ticket.call_id,
          tracks: ["inbound"],
          mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
          customParameters: {
            token: ticket.token,
            agent: ticket.agent,
            from: $("number").value.trim(),
            to: $("dialled").value.trim(),
            variables: JSON.stringify(variables($("variables").value)),
          },
        },
      });
      show("live", "In the call", "Speak. Interrupt whenever you like.");
    };
    this.socket.onmessage = ({ data }) => this.take(JSON.parse(data));
    this.socket.onclose = ({ code, reason: why }) => {
      const fine = code === 1000 || code === 1005;
      this.end(fine ? "The call has ended" : `The line was lost (${why || code})`, !fine);
    };
  }

  send(frame) {
    if (this.socket?.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify({ event: frame.event, streamSid: this.sid, ...frame }));
    }
  }

  hear({ audio, level }) {
    this.levels.caller = level;
    const now = performance.now();
    if (level > 0.01) {
      if (now - this.lastVoice > 400) this.voiceSince = now;
      this.lastVoice = now;
    }
    this.send({
      event: "media",
      media: { track: "inbound", payload: btoa(String.fromCharCode(...audio)) },
    });
  }

  take(frame) {
    if (frame.event === "media") {
      const audio = Uint8Array.from(atob(frame.media.payload), (c) => c.charCodeAt(0));
      this.mouth.port.postMessage({ audio }, [audio.buffer]);
    } else if (frame.event === "mark") {
      this.mouth.port.postMessage({ mark: frame.mark.name });
    } else if (frame.event === "clear") {
      this.mouth.port.postMessage({ clear: true });
      this.levels.agent = 0;
      const now = performance.now();
      if (this.voiceSince && now - this.voiceSince < 3000) {
        $("barge").textContent = `${Math.round(now - this.voiceSince)} ms`;
      }
    } else if (frame.event === "said") {
      for (const entry of frame.entries) this.say(entry);
    } else if (frame.event === "note") {
      this.note(frame.kind, frame.about);
    }
  }

  say({ id, number, role, text, cut }) {
    let item = this.entries.get(id);
    if (!item) {
      item = { element: document.createElement("li"), longest: "" };
      item.element.className = role;
      item.element.dataset.name = agentName;
      item.element.dataset.number = number;
      const later = [...$("said").children].find((other) => +other.dataset.number > number);
      $("said").insertBefore(item.element, later || null);
      this.entries.set(id, item);
    }
    item.element.classList.toggle("waiting", !text);
    const rest = cut && item.longest.startsWith(text) ? item.longest.slice(text.length) : "";
    if (text.length > item.longest.length) item.longest = text;
    item.element.replaceChildren(document.createTextNode(text));
    if (rest.trim()) {
      const unsaid = document.createElement("s");
      unsaid.textContent = rest;
      item.element.append(unsaid);
    }
    const talk = $("said").parentElement;
    talk.scrollTop = talk.scrollHeight;
  }

  note(kind, about) {
    if (kind === "turn") {
      this.turns += 1;
      $("turns").textContent = this.turns;
      if (about.first_ms !== null) $("first").textContent = `${Math.round(about.first_ms)} ms`;
      return;
    }
    if (kind === "cost") {
      $("cost").textContent = `${about.complete ? "" : "≥ "}$${about.usd.toFixed(4)}`;
      return;
    }
    const [text, look] = told(kind, about);
    if (text) this.tell(text, look);
  }

  tell(text, look = "") {
    const line = document.createElement("li");
    const time = document.createElement("time");
    time.textContent = `${((performance.now() - this.began) / 1000).toFixed(1)} s`;
    const what = document.createElement("span");
    what.textContent = text;
    what.className = look;
    line.append(time, what);
    $("story").append(line);
    const story = $("story").parentElement;
    story.scrollTop = story.scrollHeight;
  }

  press(key) {
    if (key) {
      this.send({ event: "dtmf", dtmf: { track: "inbound_track", digit: key } });
      this.tell(`You pressed ${key}`);
    }
  }

  hangUp() {
    this.send({ event: "stop", stop: { callSid: this.id } });
    this.socket?.close(1000);
    this.end("The call has ended");
  }

  end(text, failed = false) {
    if (this.over) return;
    this.over = true;
    if (call === this) call = null;
    this.release();
    if (this.socket) this.socket.onclose = null;
    this.socket?.close();
    show(failed ? "failed" : "idle", text, "Press to call again.");
  }

  release() {
    this.microphone?.getTracks().forEach((track) => track.stop());
    if (this.audio && this.audio.state !== "closed") this.audio.close();
  }
}

// "name=Dana, plan=gold" as a mapping; what has no "=" is left out.
function variables(text) {
  const pairs = text.split(",").map((pair) => pair.split("="));
  return Object.fromEntries(
    pairs.filter((pair) => pair.length === 2).map(([name, value]) => [name.trim(), value.trim()]),
  );
}

function told(kind, about) {
  switch (kind) {
    case "muted":
      return ["The agent falls silent and listens", "cut"];
    case "barge_in":
      return [`You took the floor (${about.why})`, "cut"];
    case "backchannel":
      return [`Only a remark (${about.why}): the agent goes on`, "cut"];
    case "tool_asked":
      return [`Tool ${about.name}`, "tool"];
    case "tool_done":
      return [`${about.name} ${about.ok ? "answered" : "failed"} in ${Math.round(about.seconds * 1000)} ms`, "tool"];
    case "holding_line":
      return ["A holding line"];
    case "noisy_line":
      return ["Sounds without words: the agent speaks in spite of them", "bad"];
    case "idle":
      return ["Nobody says anything"];
    case "model_lost":
      return [`The model's session was lost (${about.code})`, "bad"];
    case "gave_up":
      return ["The model is gone for good", "bad"];
    case "resumed":
      return ["The call goes on"];
    case "budget":
      return [`The budget: ${about.alarm} at $${about.usd}`, "bad"];
    case "action_taken_back":
      return ["The end of the call was taken back"];
    case "ending":
      return [about.how === "transfer" ? "You would be transferred now" : "The agent hangs up"];
    default:
      return [""];
  }
}

// Two rings: the caller's voice outside, the agent's inside.
function draw(live) {
  const canvas = $("wave");
  const brush = canvas.getContext("2d");
  const style = getComputedStyle(document.documentElement);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const smooth = { caller: 0, agent: 0 };
  const ring = (radius, level, colour, phase) => {
    brush.beginPath();
    for (let n = 0; n <= 90; n++) {
      const angle = (n / 90) * 2 * Math.PI;
      const swing = Math.sin(angle * 5 + phase) * 0.6 + Math.sin(angle * 3 - phase * 1.3) * 0.4;
      const r = radius + level * 34 * (1 + swing * 0.5);
      brush.lineTo(220 + r * Math.cos(angle), 220 + r * Math.sin(angle));
    }
    brush.strokeStyle = colour;
    brush.lineWidth = 3;
    brush.stroke();
  };
  const frame = (time) => {
    brush.clearRect(0, 0, 440, 440);
    if (live.over) return;
    for (const side of ["caller", "agent"]) {
      smooth[side] += (Math.min(1, live.levels[side] * 5) - smooth[side]) * 0.25;
      live.levels[side] *= 0.9;
    }
    const phase = still ? 0 : time / 260;
    ring(162, smooth.caller, style.getPropertyValue("--caller"), phase);
    ring(118, smooth.agent, style.getPropertyValue("--agent"), -phase);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}
