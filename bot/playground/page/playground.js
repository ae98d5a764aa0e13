// What makes SimCord's page feel as Discord does to somebody who sees it for the first time.

// An address that was typed, or kept without what stands behind its #, leads to the channel too. SimCord reads it later.
if (!window.location.hash) {
  const key = document.querySelector("meta[name=playground-key]").content;
  window.history.replaceState(null, "", `#${key}`);
}

const composer = () => document.querySelector("#channel-composer-input");
const field = () => document.querySelector("#channel-composer .command-option-input");

// Typing goes to the composer: from the start, and wherever the focus was lost.
function typingGoesToTheComposer() {
  const started = new MutationObserver(() => {
    if (!composer()?.checkVisibility()) return;
    started.disconnect();
    if (document.activeElement === document.body) composer().focus();
  });
  started.observe(document.body, { subtree: true, childList: true, attributes: true });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
    if (document.activeElement !== document.body) return;
    (field() ?? composer())?.focus();
  }, true);
}

// What is typed while a command is on its way belongs to the next line; SimCord's field takes nothing meanwhile.
function nothingTypedIsLost() {
  let waiting = "";
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!document.querySelector("#channel-composer .command-chip:disabled")) return;
    if (event.key === "Backspace") waiting = waiting.slice(0, -1);
    else if (event.key.length === 1) waiting += event.key;
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  new MutationObserver(() => {
    if (!waiting || !composer()?.checkVisibility()) return;
    const line = waiting;
    waiting = "";
    composer().focus();
    enter(composer(), line);
  }).observe(document.querySelector("#channel-composer"), { subtree: true, childList: true, attributes: true });
}

// “/imagine a red circle”, typed or pasted in one go, is the command with its first option, and not a message.
function oneLineIsACommand() {
  let looking = false;
  document.addEventListener("input", (event) => {
    const input = event.target;
    const [line, name, text] = /^(\/\S+)\s(.*)$/s.exec(input.value ?? "") ?? [];
    if (looking || event.isComposing || input !== composer() || !name) return;
    event.stopImmediatePropagation();
    looking = true;
    enter(input, name);
    const entry = [...document.querySelectorAll(".command-entry")].find(
      (found) => found.querySelector("strong").textContent === name,
    );
    entry?.click();
    if (!entry) enter(input, line);
    else if (text.trim()) enter(field(), text.trim());
    looking = false;
  }, true);
}

function enter(input, text) {
  if (!input) return;
  input.value = text;
  input.setSelectionRange(text.length, text.length);
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

// Discord asks for suggestions as soon as one is in the field, SimCord when the first letter is typed.
function suggestionsComeAtOnce() {
  document.addEventListener("focusin", (event) => {
    const input = event.target;
    if (!input.matches(".command-option-input[aria-autocomplete=list]") || input.value) return;
    queueMicrotask(() => input.dispatchEvent(new Event("input", { bubbles: true })));
  });
}

// Who reads the newest message goes on reading the newest: as it grows, as others come, as another person.
function theNewestStaysInSight() {
  const timeline = document.querySelector("#channel-timeline");
  let following = true;
  let movedAt = -Infinity;
  const follow = () => {
    if (following) timeline.scrollTop = timeline.scrollHeight;
  };
  const fromHere = () => {
    following = true;
    follow();
  };
  for (const kind of ["wheel", "touchmove", "keydown"]) {
    timeline.addEventListener(kind, () => { movedAt = performance.now(); }, { passive: true });
  }
  timeline.addEventListener("pointerdown", (event) => {
    if (event.offsetX >= timeline.clientWidth) following = false; // the scrollbar
  });
  timeline.addEventListener("scroll", () => {
    const atTheEnd = timeline.scrollHeight - timeline.clientHeight - timeline.scrollTop < 24;
    const byHand = performance.now() - movedAt < 1000;
    if (atTheEnd || byHand) following = atTheEnd;
    else follow(); // SimCord scrolls too
  });
  document.querySelector("#history-older").addEventListener("click", () => { following = false; });
  document.querySelector("#new-messages").addEventListener("click", fromHere);
  document.querySelector("#viewer-picker").addEventListener("change", fromHere);
  document.querySelector("#channel-composer").addEventListener("keydown", (event) => {
    if (event.key === "Enter") fromHere();
  });
  const sizes = new ResizeObserver(follow);
  sizes.observe(timeline);
  sizes.observe(document.querySelector("#channel-message-list"));
}

const KEPT_PICTURES = 16;

// A picture stays until the next one of the same message is there, instead of a hole between the two.
function picturesGiveWayToPictures() {
  const kept = new Map();
  const place = (item) => {
    const message = item.closest("[data-message-id]");
    const items = [...(message?.querySelectorAll(".gallery-item") ?? [])];
    return `${message?.dataset.messageId} ${items.indexOf(item.closest(".gallery-item"))}`;
  };
  document.addEventListener("load", (event) => {
    const picture = event.target;
    if (!picture.matches?.("img.gallery-image")) return;
    picture.parentElement.querySelector(".former-picture")?.remove();
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [picture.naturalWidth, picture.naturalHeight];
    copy.getContext("2d").drawImage(picture, 0, 0);
    copy.className = "gallery-image former-picture";
    kept.delete(place(picture));
    kept.set(place(picture), copy);
    if (kept.size > KEPT_PICTURES) kept.delete(kept.keys().next().value);
  }, true);
  new MutationObserver(() => {
    // The second is what SimCord shows of a picture that was replaced while it was being fetched.
    for (const hole of document.querySelectorAll("img.gallery-image:not([src]), .gallery-item .media-unavailable")) {
      const former = kept.get(place(hole));
      if (former && former.nextElementSibling !== hole) hole.before(former);
    }
  }).observe(document.querySelector("#channel-message-list"), { childList: true, subtree: true });
}

// Of what SimCord reports about each action, only what went wrong concerns a visitor, and in words for one.
const TROUBLE = [
  [/session|access/i, "The playground has ended. Start it again in the terminal: imagine-bot playground"],
  [/interrupted/i, "The playground does not answer. Is it still running in the terminal?"],
  [/uncertain|awaiting/i, "No answer came. Reload the page to see what happened."],
  [/not completed/i, "That did not go through. Try again."],
];

function troubleIsSaidInWords() {
  const report = document.querySelector("#action-status");
  const shown = document.querySelector("#playground-status");
  new MutationObserver(() => {
    const [, sentence] = TROUBLE.find(([pattern]) => pattern.test(report.textContent)) ?? [null, ""];
    if (shown.textContent !== sentence) shown.textContent = sentence;
  }).observe(report, { childList: true, characterData: true, subtree: true });
}

nothingTypedIsLost();
typingGoesToTheComposer();
oneLineIsACommand();
suggestionsComeAtOnce();
theNewestStaysInSight();
picturesGiveWayToPictures();
troubleIsSaidInWords();
