// Helps on pages of instructions; everything can be read without them.
"use strict";

// Mark in the contents the section that is being read: the last heading that passed the top of the window.
function followReading() {
  const links = new Map([...document.querySelectorAll(".toc a")].map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
  const headings = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  if (!headings.length) return;
  let waiting = false;
  function mark() {
    waiting = false;
    const passed = headings.filter((heading) => heading.getBoundingClientRect().top < 140);
    const atEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
    const now = atEnd ? headings[headings.length - 1] : passed[passed.length - 1];
    for (const [id, link] of links) {
      if (now && id === now.id) link.setAttribute("aria-current", "location");
      else link.removeAttribute("aria-current");
    }
  }
  addEventListener("scroll", () => { if (!waiting) { waiting = true; requestAnimationFrame(mark); } }, { passive: true });
  mark();
}

// The link on a heading also copies its address.
function copyLinks() {
  if (!navigator.clipboard) return;
  for (const link of document.querySelectorAll(".headerlink")) {
    link.addEventListener("click", () => {
      navigator.clipboard.writeText(link.href).then(() => {
        announce("Link gekopieerd");
        link.classList.add("headerlink--copied");
        setTimeout(() => link.classList.remove("headerlink--copied"), 2000);
      }, () => {});
    });
  }
}

// On a phone the contents close again once something was chosen.
function closeContents() {
  const more = document.querySelector(".toc__more");
  more?.addEventListener("click", (event) => {
    if (event.target.closest("a") && matchMedia("(max-width: 63.99rem)").matches) more.open = false;
  });
}

// Somebody who is signed in starts at the step that comes next, unless the address names another place.
function openAtNextStep() {
  if (location.hash || performance.getEntriesByType("navigation")[0]?.type !== "navigate") return;
  document.querySelector(".step-mark--next")?.scrollIntoView({ block: "center" });
}

// While somebody writes (`portal help write`) the page follows the file.
function followWriter() {
  const address = document.querySelector(".docs")?.dataset.writing;
  if (!address) return;
  let before = "";
  setInterval(async () => {
    const now = await fetch(address, { cache: "no-store" }).then((answer) => answer.text(), () => before);
    if (before && now !== before) location.reload();
    before = now;
  }, 700);
}

followWriter();
followReading();
copyLinks();
closeContents();
openAtNextStep();
