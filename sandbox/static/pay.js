"use strict";

// Makes the payment page nicer; without it the server reads the ticked test card.
(function () {
  const form = document.querySelector("form.payment");
  const number = form.elements.card_number;
  const choices = [...form.querySelectorAll("input[name=test_card]")];

  const PAYER = {
    name: "Test Payer",
    postal: "64111",
    shipping_name: "Test Payer",
    shipping_line1: "1 Test Street",
    shipping_city: "Kansas City",
    shipping_state: "MO",
    shipping_postal_code: "64111",
  };

  const digits = (text) => text.replace(/\D/g, "");
  const grouped = (text) => {
    const amex = /^3[47]/.test(text);
    const groups = amex ? text.match(/^(\d{0,4})(\d{0,6})(\d{0,5})/).slice(1) : text.match(/\d{1,4}/g) || [];
    return groups.filter(Boolean).join(" ");
  };

  function take(choice) {
    number.value = grouped(choice.value);
    form.elements.exp.value = "12 / 34";
    form.elements.cvc.value = choice.dataset.cvc;
    for (const [name, value] of Object.entries(PAYER)) {
      if (form.elements[name]) form.elements[name].value ||= value;
    }
  }

  choices.forEach((choice) => choice.addEventListener("change", () => take(choice)));

  number.addEventListener("input", () => {
    const typed = digits(number.value);
    choices.forEach((choice) => { choice.checked = choice.value === typed; });
    if (number.selectionStart === number.value.length) number.value = grouped(typed);
  });

  form.elements.exp.addEventListener("input", (event) => {
    const typed = digits(event.target.value);
    if (event.inputType === "insertText" && typed.length === 2 && !event.target.value.includes("/")) {
      event.target.value = typed + " / ";
    }
  });

  form.addEventListener("submit", () => {
    const button = form.querySelector("button[type=submit]");
    button.disabled = true;
    button.textContent = "Paying…";
  });

  // A page that comes back from the browser's cache must be usable again.
  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
})();
