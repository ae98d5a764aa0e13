// What makes SimCord's page feel as Discord does to somebody who sees it for the first time.

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

// “/imagine a red circle”, typed or pasted in one go, is the command with its first option, and not a message.
function oneLineIsACommand() {
  document.addEventListener("input", (event) => {
    const input = event.target;
    if (input !== composer() || event.isComposing) return;
    const [, name, text] = /^\/(\S+)\s(.*)$/s.exec(input.value) ?? [];
    if (name === undefined) return;
    event.stopImmediatePropagation();
    void choose(input, name, text.trim());
  }, true);
}

async function choose(input, name, text) {
  enter(input, `/${name}`);
  const found = await soon(() => document.querySelector("#channel-composer [role=option][aria-selected=true]"));
  if (input.value !== `/${name}`) return;
  if (found?.innerText.split(/\s/, 1)[0] !== `/${name}`) {
    input.value = `/${name} ${text}`; // no such command: then it is a message after all
    return;
  }
  found.click();
  const option = await soon(field);
  if (option && text) enter(option, text + option.value);
}

function enter(input, text) {
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.setSelectionRange(text.length, text.length);
}

async function soon(find) {
  for (let frame = 0; frame < 60; frame += 1) {
    const found = find();
    if (found) return found;
    await new Promise(requestAnimationFrame);
  }
  return null;
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

typingGoesToTheComposer();
oneLineIsACommand();
troubleIsSaidInWords();
