// Chapters of a film: without this script they open the film itself; with it they are buttons that stay on the page.
"use strict";

function startOf(link) {
  return Number(new URL(link.href).hash.replace("#t=", ""));
}

function buttonFor(link) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = link.className;
  button.append(...link.childNodes);
  link.replaceWith(button);
  return button;
}

// A film that was never played knows its length only after it starts to load.
function playFrom(video, start) {
  const jump = () => { video.currentTime = start; };
  if (video.readyState > 0) jump();
  else video.addEventListener("loadedmetadata", jump, { once: true });
  video.play().catch(() => {});
}

// Mark the chapter that is being played.
function follow(video, chapters) {
  video.addEventListener("timeupdate", () => {
    const now = chapters.findLast((chapter) => chapter.start <= video.currentTime + 0.05);
    for (const chapter of chapters) {
      if (chapter === now) chapter.button.setAttribute("aria-current", "true");
      else chapter.button.removeAttribute("aria-current");
    }
  });
}

// The films are silent, so captions are on, but nothing is fetched before somebody plays. They can be turned off.
function showCaptions(video) {
  video.addEventListener("play", () => {
    for (const track of video.textTracks) if (track.kind === "captions") track.mode = "showing";
  }, { once: true });
}

for (const figure of document.querySelectorAll("figure.video")) {
  const video = figure.querySelector("video");
  const chapters = [...figure.querySelectorAll("a.video__chapter")].map((link) => ({ start: startOf(link), button: buttonFor(link) }));
  for (const { start, button } of chapters) button.addEventListener("click", () => playFrom(video, start));
  follow(video, chapters);
  showCaptions(video);
}
