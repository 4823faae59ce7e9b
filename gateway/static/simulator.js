// The keypad types into the field without a round trip; everything else is the page's own form.
"use strict";
document.addEventListener("click", (event) => {
  const key = event.target.closest(".pad button");
  const field = document.querySelector(".entry input");
  if (!key || !field) return;
  event.preventDefault();
  field.value += key.value;
  field.focus();
});
