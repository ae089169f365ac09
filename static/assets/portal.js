// Small helps on top of pages that work without them. Nothing here holds a rule of the portal.
"use strict";

// The old site was docsify: /#/koppelingen?id=nmbrs is a fragment, which the server never sees. The server knows which old
// id is which heading now, so every form (`#/?id=`, `#/koppelingen.md?id=`, `#!/…`) is handed to it as a query.
function redirectOldAddress() {
  const found = /^#!?\/([\w\/.-]*)(?:\?(.*))?$/.exec(location.hash);
  if (!found) return;
  const page = found[1].replace(/(\/README)?(\.md)?\/*$/i, "").replace(/^\/+/, "").toLowerCase();
  const id = new URLSearchParams(found[2] || "").get("id");
  location.replace("/" + page + (id ? "?id=" + encodeURIComponent(id) : ""));
}

// A live region must stand in the page before its text changes, or screen readers stay silent.
const announcer = document.createElement("p");
announcer.className = "sr-only";
announcer.setAttribute("aria-live", "polite");
function announce(text) {
  if (text && announcer.textContent !== text) announcer.textContent = text;
}

function startCopyButton(button) {
  const source = document.getElementById(button.dataset.copyFrom);
  if (!source || !navigator.clipboard) return;
  const label = button.querySelector("span") || button;
  const before = label.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.value || source.textContent);
      label.textContent = "Gekopieerd";
    } catch {
      label.textContent = "Kopiëren lukte niet, selecteer de tekst zelf";
    }
    announce(label.textContent);
    setTimeout(() => { label.textContent = before; }, 4000);
  });
}

// A second click on send must not ask twice. The server keeps its own guard; this spares the visitor a message.
// The buttons are disabled after the submit event, because a disabled button's name would not be sent.
function startOnce(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    setTimeout(() => setButtons(form, true), 0);
  });
}
function setButtons(form, disabled) {
  for (const button of form.querySelectorAll("button:not([type=button])")) button.disabled = disabled;
}
function reopenForms() {
  for (const form of document.querySelectorAll("form[data-once][data-sent]")) {
    delete form.dataset.sent;
    setButtons(form, false);
  }
}

// A part that refreshes itself: GET data-live-url every two seconds answers its new content, until a response says
// `X-Live: done`; then the page is loaded again, once. The text in [data-live-status] is announced when it changes.
const PACE = 2000;
function startLive(part) {
  const done = part.dataset.liveUntil || "done";
  const key = "live:" + part.dataset.liveUrl;
  let wait = PACE;
  let shown = null;
  async function tick() {
    if (!document.hidden) {
      let answer = null;
      try {
        answer = await fetch(part.dataset.liveUrl, { headers: { Accept: "text/html" }, cache: "no-store" });
      } catch { /* no network: asked again below */ }
      if (answer && (answer.redirected || (answer.status >= 400 && answer.status < 500 && answer.status !== 429))) return;
      const left = Number(answer?.headers.get("X-Session-Left"));
      if (left) dispatchEvent(new CustomEvent("session-left", { detail: left }));
      wait = answer && answer.ok ? PACE : Math.min(wait * 2, 15000);
      if (answer && answer.ok && show(await answer.text(), answer.headers.get("X-Live"))) return;
    }
    setTimeout(tick, wait);
  }
  function show(html, state) {
    if (html !== shown) replaceKeepingFocus(part, html);
    shown = html;
    announce(part.querySelector("[data-live-status]")?.textContent.trim());
    if (state !== done) { sessionStorage.removeItem(key); return false; }
    if (!sessionStorage.getItem(key)) {
      sessionStorage.setItem(key, "reloaded");
      location.reload();
    }
    return true;
  }
  setTimeout(tick, wait);
}
function replaceKeepingFocus(part, html) {
  const id = part.contains(document.activeElement) ? document.activeElement.id : "";
  part.innerHTML = html;
  if (id) document.getElementById(id)?.focus({ preventScroll: true });
}

// A page without a live part has been reloaded after the end: the next delivery may reload again.
function forgetReloads() {
  if (document.querySelector("[data-live-url]")) return;
  Object.keys(sessionStorage).filter((key) => key.startsWith("live:")).forEach((key) => sessionStorage.removeItem(key));
}

function start() {
  document.body.append(announcer);
  redirectOldAddress();
  document.querySelectorAll("[data-copy-from]").forEach(startCopyButton);
  document.querySelectorAll("form[data-once]").forEach(startOnce);
  document.querySelectorAll("[data-live-url]").forEach(startLive);
  forgetReloads();
  document.querySelectorAll("select[data-autosubmit]").forEach((select) => {
    select.addEventListener("change", () => select.form.requestSubmit());
  });
  document.querySelector(".error-summary")?.focus();
}

addEventListener("hashchange", redirectOldAddress);
addEventListener("pageshow", reopenForms);
start();
