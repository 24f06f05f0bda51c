// The two ends of the telephone line, on the browser's audio thread: 8 kHz mu-law both ways.

const LINE_RATE = 8000;
const FRAME = 160;

// Band-limited conversion between sample rates: a windowed sinc, evaluated where it is needed.
class Resampler {
  constructor(from, to) {
    this.step = from / to;
    this.cut = 0.45 * Math.min(1, to / from) * 2;
    this.half = Math.ceil(12 / Math.min(1, to / from));
    this.held = new Float32Array(0);
    this.at = this.half;
  }

  convert(samples) {
    const all = new Float32Array(this.held.length + samples.length);
    all.set(this.held);
    all.set(samples, this.held.length);
    const out = [];
    while (this.at + this.half < all.length) {
      const middle = Math.floor(this.at);
      let sum = 0;
      for (let n = middle - this.half + 1; n <= middle + this.half; n++) {
        const x = n - this.at;
        const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / (this.half + 1));
        const t = Math.PI * this.cut * x;
        sum += all[n] * window * (t === 0 ? this.cut : (Math.sin(t) / t) * this.cut);
      }
      out.push(sum);
      this.at += this.step;
    }
    const drop = Math.max(0, Math.floor(this.at) - this.half);
    this.held = all.slice(drop);
    this.at -= drop;
    return out;
  }
}

function encode(sample) {
  let value = Math.round(Math.max(-1, Math.min(1, sample)) * 32767);
  const sign = value < 0 ? 0x80 : 0;
  value = Math.min(Math.abs(value), 32635) + 132;
  const exponent = 24 - Math.clz32(value);
  return ~(sign | (exponent << 4) | ((value >> (exponent + 3)) & 0x0f)) & 0xff;
}

const DECODED = Float32Array.from({ length: 256 }, (_, code) => {
  const bits = ~code & 0xff;
  const size = ((((bits & 0x0f) << 3) + 0x84) << ((bits & 0x70) >> 4)) - 0x84;
  return (bits & 0x80 ? -size : size) / 32768;
});

class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate, LINE_RATE);
    this.samples = [];
  }

  process([input]) {
    const channel = input[0] || new Float32Array(128);
    this.samples.push(...this.resampler.convert(channel));
    while (this.samples.length >= FRAME) {
      const frame = this.samples.splice(0, FRAME);
      const level = Math.sqrt(frame.reduce((sum, s) => sum + s * s, 0) / FRAME);
      const audio = Uint8Array.from(frame, encode);
      this.port.postMessage({ audio, level }, [audio.buffer]);
    }
    return true;
  }
}

// Plays what is sent; a mark is passed when all audio before it was played, or cleared.
class Loudspeaker extends AudioWorkletProcessor {
  constructor() {
    super();
    this.clear();
    this.port.onmessage = ({ data }) => {
      if (data.audio) {
        this.queue.push(...this.resampler.convert(Array.from(data.audio, (code) => DECODED[code])));
        this.taken += data.audio.length;
      } else if (data.mark !== undefined) {
        this.marks.push({ name: data.mark, at: this.taken });
      } else if (data.clear) {
        const marks = this.marks.map((mark) => mark.name);
        this.clear();
        if (marks.length) this.port.postMessage({ marks });
      }
    };
  }

  clear() {
    this.queue = [];
    this.marks = [];
    this.taken = 0;
    this.played = 0;
    this.resampler = new Resampler(LINE_RATE, sampleRate);
  }

  process(inputs, [output]) {
    const channel = output[0];
    const ready = this.queue.splice(0, channel.length);
    channel.set(ready);
    this.played += (ready.length * LINE_RATE) / sampleRate;
    // What the resampler still holds was not played; once the queue is empty, all else was.
    const line = this.queue.length ? this.played : this.taken;
    const passed = [];
    while (this.marks.length && this.marks[0].at <= line) passed.push(this.marks.shift().name);
    if (passed.length) this.port.postMessage({ marks: passed });
    if (ready.length) {
      const level = Math.sqrt(ready.reduce((sum, s) => sum + s * s, 0) / ready.length);
      this.port.postMessage({ level });
    }
    return true;
  }
}

registerProcessor("microphone", Microphone);
registerProcessor("loudspeaker", Loudspeaker);
