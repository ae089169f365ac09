// Asks the browser for a passkey. The server makes the question and judges the answer; nothing is decided here.
// A page without this script works: the form beside the button takes a password or a code.
"use strict";

const WORDS = {
  InvalidStateError: "Op dit apparaat staat al een passkey voor je account.",
  NotAllowedError: "Er is geen passkey gebruikt. Probeer het opnieuw, of kies een andere manier.",
  SecurityError: "Passkeys werken niet op dit adres.",
  other: "Het is niet gelukt. Ververs de pagina en probeer het opnieuw.",
};
const FRESH = 4 * 60 * 1000; // a question can be answered for five minutes
let waiting = null; // the offer in the field for the name, which a click on a button takes the place of

const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
function toText(bytes) {
  const signs = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join("");
  return btoa(signs).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

// The browser's own parse…FromJSON and toJSON are younger than passkeys, so this is spelled out.
function readQuestion(json) {
  const keys = (list) => (list || []).map((key) => ({ ...key, id: toBytes(key.id) }));
  const question = { ...json, challenge: toBytes(json.challenge) };
  if (json.user) question.user = { ...json.user, id: toBytes(json.user.id) };
  if (json.excludeCredentials) question.excludeCredentials = keys(json.excludeCredentials);
  if (json.allowCredentials) question.allowCredentials = keys(json.allowCredentials);
  return question;
}
function writeAnswer(made) {
  const answer = { clientDataJSON: toText(made.response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (made.response[name]) answer[name] = toText(made.response[name]);
  }
  if (made.response.getTransports) answer.transports = made.response.getTransports();
  return JSON.stringify({ id: made.id, rawId: toText(made.rawId), type: made.type, response: answer });
}

async function ask(part, form) {
  const body = new URLSearchParams({ csrf_token: form.querySelector("[name=csrf_token]").value });
  const answer = await fetch(part.dataset.passkeyAsk, { method: "POST", body, headers: { Accept: "application/json" } });
  if (!answer.ok || answer.redirected) throw new Error("no question");
  return { publicKey: readQuestion(await answer.json()) };
}

async function use(part, form, how) {
  const options = { ...(await ask(part, form)), ...how };
  const create = part.dataset.passkey === "create";
  const made = await (create ? navigator.credentials.create(options) : navigator.credentials.get(options));
  part.querySelector("[name=passkey]").value = writeAnswer(made);
  form.requestSubmit();
}

async function clicked(part, form, button) {
  const told = part.querySelector(".passkey__told");
  told.textContent = "";
  button.disabled = true;
  waiting?.abort();
  try {
    await use(part, form, {});
  } catch (error) {
    told.textContent = WORDS[error.name] || WORDS.other;
    button.disabled = false;
  }
}

// Offers passkeys among what the browser fills in. Asked again before the question is too old to be answered.
async function offer(part, form) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  const mine = new AbortController();
  waiting = mine;
  const again = setTimeout(() => {
    mine.abort();
    if (waiting === mine) offer(part, form);
  }, FRESH);
  try {
    await use(part, form, { mediation: "conditional", signal: mine.signal });
  } catch { // turned down, or a button took its place: the form is still there
    if (!mine.signal.aborted) clearTimeout(again);
  }
}

function startPasskey(part) {
  const form = part.closest("form");
  const button = part.querySelector("button");
  if (!window.PublicKeyCredential || !navigator.credentials) {
    button.hidden = true;
    form.hidden = form.classList.contains("form--other"); // nothing else stands in it
    if (part.dataset.passkey === "create") part.querySelector(".passkey__told").textContent = "Deze browser kan geen passkeys maken.";
    return;
  }
  button.addEventListener("click", () => clicked(part, form, button));
  if ("passkeyAutofill" in part.dataset) offer(part, form);
}

document.querySelectorAll("[data-passkey]").forEach(startPasskey);
// a page that the browser kept comes back with its button as it was left
addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("[data-passkey] button").forEach((button) => { button.disabled = false; });
});
