// A play that goes on is looked at again until it is over. Only what changed is put in.

const EVERY_MS = 1000;
const PARTS = ["told", "made"];

async function look() {
  let running = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.ok) running = show(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    // The server is away for a moment: the page stays as it is.
  }
  if (running) setTimeout(look, EVERY_MS);
}

function show(seen) {
  const running = seen.getElementById("made")?.dataset.running === "yes";
  for (const id of PARTS) {
    const [mine, now] = [document, seen].map((each) => each.getElementById(id));
    if (now && mine.innerHTML !== now.innerHTML) replace(mine, now);
  }
  return running;
}

// Whoever has a link or button under the keyboard keeps it.
function replace(mine, now) {
  const kept = mine.contains(document.activeElement) && document.activeElement;
  const same = kept && (kept.getAttribute("href") || kept.textContent);
  mine.replaceChildren(...document.adoptNode(now).childNodes);
  if (!kept) return;
  const again = [...mine.querySelectorAll("a, button")];
  again.find((each) => (each.getAttribute("href") || each.textContent) === same)?.focus();
}

setTimeout(look, EVERY_MS);
