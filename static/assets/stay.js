// Warns two minutes before somebody is signed out; one key or one click goes on (WCAG 2.2.1). The server decides when a
// session ends: without this script nothing changes but the warning.
"use strict";

const WARN = 120; // seconds before the end
const KEY = "ingelogd-tot"; // shared by the tabs of this browser: who works in one is not warned in another

function startStay(dialog) {
  const form = dialog.querySelector("form");
  const title = dialog.querySelector("h2");
  const words = dialog.querySelector("p");
  const button = dialog.querySelector("button");
  const opened = Date.now();
  const longest = opened + dialog.dataset.longest * 1000;
  let over = false;
  let told = 0; // the end that was warned of
  let here = 0; // for a browser that keeps nothing
  const clock = (moment) => new Date(moment).toLocaleTimeString("nl-NL", { hour: "2-digit", minute: "2-digit" });
  // tabs of an earlier session noted earlier moments; a later one can only be of this session
  function noted() {
    try { here = Math.max(here, Number(localStorage.getItem(KEY)) || 0); } catch { /* not allowed here */ }
    return Math.min(here, longest);
  }
  function note(seconds) {
    here = Math.max(noted(), Date.now() + seconds * 1000);
    try { localStorage.setItem(KEY, here); } catch { /* not allowed here */ }
  }

  function look() {
    const ends = noted();
    const left = (ends - Date.now()) / 1000;
    if (left <= 0) end();
    else if (left <= WARN && told !== ends) warn(ends);
    else if (left > WARN && dialog.open) dialog.close();
    if (!over) setTimeout(look, 1000);
  }
  function warn(ends) {
    told = ends;
    const last = longest - Date.now() < (WARN + 5) * 1000;
    words.textContent = last
      ? `Je bent bijna twaalf uur ingelogd. Om ${clock(ends)} log je opnieuw in. Sla op waar je mee bezig bent.`
      : `Om ${clock(ends)} word je uitgelogd, omdat je een tijd niets hebt gedaan.`;
    button.querySelector("span").textContent = last ? "Ik weet het" : "Blijf ingelogd";
    dialog.dataset.last = last ? "yes" : "";
    if (!dialog.open) dialog.showModal(); // the focus goes to the button, and back to where it was afterwards
    button.focus();
  }
  function end() {
    over = true; // the clock above stops
    title.textContent = "Je bent uitgelogd";
    words.textContent = "Wat je hebt ingevuld, staat er nog. Verstuur je het? Dan log je eerst opnieuw in. Daarna staat je tekst er weer."
      + " Een wachtwoord, een token en een BSN vul je opnieuw in.";
    button.querySelector("span").textContent = "Sluit";
    if (dialog.open) dialog.close();
    dialog.showModal();
  }
  async function stay() {
    if (over || dialog.dataset.last) { dialog.close(); return; }
    try {
      const answer = await fetch(form.action, {
        method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "application/json" },
      });
      const left = Number(answer.headers.get("X-Session-Left"));
      if (!left) { end(); return; } // signed out meanwhile, in another tab perhaps
      note(left);
      dialog.close();
    } catch { // no network
      words.textContent = "Het lukte niet. Probeer het nog een keer.";
    }
  }

  form.addEventListener("submit", (event) => { event.preventDefault(); stay(); });
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); stay(); });
  addEventListener("session-left", (event) => note(event.detail));
  note(Number(dialog.dataset.left));
  look();
}

document.querySelectorAll("dialog.stay").forEach(startStay);
