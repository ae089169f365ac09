// Suggestions while typing, and the key / that jumps to the box. Every box works without this.
"use strict";

const SUGGEST_WAIT = 150;
const LEAST_LETTERS = 2;
const NO_SHORTCUT = "zoeken-zonder-toets";

// The pattern of the combobox with a list: the focus stays in the field, aria-activedescendant says which one is chosen.
class SearchBox {
  constructor(form) {
    this.input = form.querySelector("input[type=search]");
    this.list = document.createElement("ul");
    this.list.className = "suggestions";
    this.list.id = this.input.id + "-suggesties";
    this.list.hidden = true;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "Suggesties");
    this.status = document.createElement("p");
    this.status.className = "sr-only";
    this.status.setAttribute("role", "status");
    form.append(this.list, this.status);
    this.known = new Map();
    this.chosen = -1;
    const facts = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id };
    for (const [name, value] of Object.entries(facts)) this.input.setAttribute(name, value);
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.close());
    this.list.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays in the field
    this.list.addEventListener("click", (event) => this.go(event.target.closest("[role=option]")));
  }

  typed() {
    clearTimeout(this.timer);
    this.asking?.abort();
    const text = this.input.value.trim();
    if (text.length < LEAST_LETTERS) { this.status.textContent = ""; this.close(); return; }
    this.timer = setTimeout(() => this.ask(text), this.known.has(text) ? 0 : SUGGEST_WAIT);
  }

  async ask(text) {
    this.asking = new AbortController();
    try {
      if (!this.known.has(text)) {
        const answer = await fetch("/zoeken/suggesties?q=" + encodeURIComponent(text), { signal: this.asking.signal });
        if (!answer.ok) return;
        this.known.set(text, (await answer.json()).suggestions);
      }
    } catch { return; } // another letter was typed, or there is no network
    if (document.activeElement === this.input && this.input.value.trim() === text) this.show(this.known.get(text));
  }

  show(found) {
    this.list.replaceChildren(...found.map((one, place) => this.option(one, place)));
    this.choose(-1);
    this.list.hidden = found.length === 0;
    this.input.setAttribute("aria-expanded", String(found.length > 0));
    const number = found.length === 1 ? "1 suggestie" : found.length + " suggesties";
    this.status.textContent = found.length ? number + ", kies met de pijltjestoetsen." : "Geen suggesties. Druk op Enter om te zoeken.";
  }

  option(one, place) {
    const item = document.createElement("li");
    item.className = "suggestions__item";
    item.id = this.list.id + "-" + place;
    item.dataset.address = one.address;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    item.append(one.title);
    if (one.page !== one.title) {
      const page = document.createElement("span");
      page.className = "suggestions__page";
      page.textContent = one.page;
      item.append(" ", page);
    }
    return item;
  }

  key(event) {
    if (event.isComposing) return;
    const open = !this.list.hidden;
    const last = this.list.children.length - 1;
    if (event.key === "ArrowDown" && !open) { this.typed(); event.preventDefault(); }
    else if (event.key === "ArrowDown") { this.choose(this.chosen >= last ? -1 : this.chosen + 1); event.preventDefault(); }
    else if (event.key === "ArrowUp" && open) { this.choose(this.chosen < 0 ? last : this.chosen - 1); event.preventDefault(); }
    else if (event.key === "Escape" && open) { this.close(); event.preventDefault(); }
    else if (event.key === "Enter" && open && this.chosen >= 0) { this.go(this.list.children[this.chosen]); event.preventDefault(); }
  }

  choose(place) {
    this.list.children[this.chosen]?.setAttribute("aria-selected", "false");
    this.chosen = place;
    const item = this.list.children[place];
    item?.setAttribute("aria-selected", "true");
    item?.scrollIntoView({ block: "nearest" });
    if (item) this.input.setAttribute("aria-activedescendant", item.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  close() {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.choose(-1);
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
  }

  go(item) {
    if (!item) return;
    this.close();
    location.assign(item.dataset.address);
  }
}

// The reader's own choice; without storage the key just works.
function shortcutIsOff() {
  try { return localStorage.getItem(NO_SHORTCUT) === "ja"; } catch { return false; }
}

function jumpToSearch(event) {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || shortcutIsOff()) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const input = [...document.querySelectorAll("[data-search] input")].find((one) => one.checkVisibility());
  event.preventDefault();
  if (input) { input.focus(); input.select(); } else location.assign("/zoeken");
}

function startShortcutChoice(text) {
  const button = text.querySelector("button");
  const label = button.querySelector("span");
  const show = () => { label.textContent = shortcutIsOff() ? "Zet deze toets aan" : "Zet deze toets uit"; };
  button.addEventListener("click", () => {
    localStorage.setItem(NO_SHORTCUT, shortcutIsOff() ? "nee" : "ja");
    show();
    showKeys();
  });
  show();
  text.hidden = false;
}

function showKeys() {
  document.querySelectorAll(".search__key").forEach((key) => { key.hidden = shortcutIsOff(); });
}

document.querySelectorAll("[data-search]").forEach((form) => new SearchBox(form));
document.querySelectorAll("[data-search-shortcut]").forEach(startShortcutChoice);
addEventListener("keydown", jumpToSearch);
showKeys();
