"use strict";
const form = document.querySelector(".filter");
const input = form.querySelector("input");
const output = form.querySelector("output");
const bodies = [...document.querySelectorAll("main details:not(#run) tbody")];
const texts = bodies.map((body) => body.textContent.toLowerCase());
let waiting = 0;

function show() {
  const wanted = input.value.trim().toLowerCase();
  let shown = 0;
  let heading = null;
  let underHeading = false;
  bodies.forEach((body, number) => {
    const matches = !wanted || texts[number].includes(wanted);
    if (body.classList.contains("path")) {
      heading = body;
      underHeading = matches;
      heading.hidden = !matches;
      return;
    }
    const above = heading && heading.parentNode === body.parentNode ? heading : null;
    const visible = matches || (above !== null && underHeading);
    body.hidden = !visible;
    if (visible) {
      shown += 1;
      if (above !== null) above.hidden = false;
    }
  });
  for (const part of document.querySelectorAll("main details:not(#run), main section, main details:not(#run) table")) {
    part.hidden = !part.querySelector("tbody:not(.path):not([hidden])");
  }
  output.textContent = wanted ? `${shown} vist` : "";
}

form.hidden = false;
form.addEventListener("submit", (event) => event.preventDefault());
input.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(show, 150);
});
