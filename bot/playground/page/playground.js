// Typing goes to the composer wherever the focus was lost, as it does in Discord.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
  if (document.activeElement !== document.body) return;
  document.querySelector("#channel-composer-input, #channel-composer .command-option-input")?.focus();
}, true);
