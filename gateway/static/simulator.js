// The keypad types into the field without a round trip, and SMS appear as they come; all else is the page's own form.
"use strict";
const LOOK_MS = 2000;

document.addEventListener("click", (event) => {
  const key = event.target.closest(".pad button");
  const field = document.querySelector(".entry input");
  if (!key || !field) return;
  event.preventDefault();
  field.value += key.value;
  field.focus();
});

function phone() {
  const other = document.querySelector("input[name=other]").value.trim();
  return other || document.querySelector("select[name=phone]").value;
}

function part(name, text) {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}

function show(number, messages) {
  const list = document.querySelector(".inbox");
  const seen = `${number} ${messages.map((one) => one.id).join(" ")}`;
  if (list.dataset.seen === seen) return;
  list.dataset.seen = seen;
  document.querySelector("#whose").textContent = number;
  document.querySelector("#none").hidden = messages.length > 0;
  list.replaceChildren(...messages.map((one) => {
    const item = document.createElement("li");
    item.append(part("time", one.at), " ", part("small", one.length), part("span", one.text));
    return item;
  }));
}

async function look() {
  if (document.hidden) return;
  const number = phone();
  const answer = await fetch(`/simulator/sms?phone=${encodeURIComponent(number)}`).catch(() => null);
  if (answer && answer.ok) show(number, (await answer.json()).messages);
}

setInterval(look, LOOK_MS);
