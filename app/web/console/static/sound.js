// A recording on the call's page: both sides as waves, in step with the player and the timeline.
const box = document.getElementById('sound');
const audio = box.querySelector('audio');
const wave = box.querySelector('.wave');
const head = wave.querySelector('.head');
const entries = [...document.querySelectorAll('.timeline li[data-at]')];
const STEP_S = 5;
let length = 0;

function clock(seconds) {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds - 60 * minutes).toFixed(1).padStart(4, '0')}`;
}

// One closed outline: there along the upper edge, back along the lower one.
function outline(heights, middle, half) {
  const x = (n) => ((n / heights.length) * 1000).toFixed(1);
  const upper = heights.map((h, n) => `${x(n)} ${(middle - Math.max(0.4, (h / 100) * half)).toFixed(1)}`);
  const lower = heights.map((h, n) => `${x(n)} ${(middle + Math.max(0.4, (h / 100) * half)).toFixed(1)}`).reverse();
  return `M${upper.join('L')}L${lower.join('L')}Z`;
}

function show() {
  const at = Math.min(audio.currentTime, length);
  const x = length ? (at / length) * 1000 : 0;
  head.setAttribute('x1', x);
  head.setAttribute('x2', x);
  wave.setAttribute('aria-valuenow', at.toFixed(1));
  wave.setAttribute('aria-valuetext', `${clock(at)} of ${clock(length)}`);
  const now = entries.filter((entry) => Number(entry.dataset.at) <= at + 0.05).pop();
  for (const entry of entries) entry.classList.toggle('now', entry === now && at > 0);
}

function follow() {
  show();
  if (!audio.paused) requestAnimationFrame(follow);
}

function seek(seconds) {
  audio.currentTime = Math.max(0, Math.min(length, seconds));
  show();
}

/** A pause right behind it is no fault. */
function play() {
  audio.play().catch((error) => {
    if (error.name !== 'AbortError') throw error;
  });
}

wave.addEventListener('click', (event) => {
  const place = wave.getBoundingClientRect();
  seek(((event.clientX - place.left) / place.width) * length);
});
wave.addEventListener('keydown', (event) => {
  const moves = { ArrowLeft: -STEP_S, ArrowDown: -STEP_S, ArrowRight: STEP_S, ArrowUp: STEP_S };
  if (event.key in moves) seek(audio.currentTime + moves[event.key]);
  else if (event.key === 'Home') seek(0);
  else if (event.key === 'End') seek(length);
  else if (event.key === ' ' || event.key === 'Enter') audio.paused ? play() : audio.pause();
  else return;
  event.preventDefault();
});
for (const button of document.querySelectorAll('.timeline button.seek')) {
  button.addEventListener('click', () => {
    seek(Number(button.dataset.at));
    play();
  });
}
audio.addEventListener('play', follow);
for (const kind of ['timeupdate', 'seeked', 'ended']) audio.addEventListener(kind, show);

const answer = await fetch(box.dataset.picture);
if (answer.ok) {
  const found = await answer.json();
  length = found.seconds;
  wave.querySelector('.caller').setAttribute('d', outline(found.caller, 25, 22));
  wave.querySelector('.agent').setAttribute('d', outline(found.agent, 75, 22));
  wave.setAttribute('aria-valuemax', length.toFixed(1));
  wave.hidden = false;
  show();
} else {
  box.querySelector('[data-problem]').textContent = 'The waves cannot be drawn: try again later.';
}
