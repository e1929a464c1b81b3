"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  const few = 12;
  const number = (card, key) => Number(card.dataset[key]);
  const strength = (card) => Math.abs(number(card, "score"));
  const orders = {
    telling: (a, b) => number(a, "rank") - number(b, "rank"),
    "score-down": (a, b) => strength(b) - strength(a),
    "score-up": (a, b) => strength(a) - strength(b),
    "confidence-down": (a, b) => number(b, "confidence") - number(a, "confidence"),
    "confidence-up": (a, b) => number(a, "confidence") - number(b, "confidence"),
    class: (a, b) => number(a, "class") - number(b, "class") || strength(b) - strength(a),
  };

  // Each set of controls governs the galleries of its own section.
  const govern = (controls) => {
    controls.hidden = false;
    const section = controls.closest("main > section");
    const wantedClass = controls.querySelector(".class-filter");
    const wantedOrder = controls.querySelector(".order");
    const galleries = [...section.querySelectorAll(".gallery")].filter((g) => g.querySelector(".card"));
    const total = section.querySelectorAll(".card").length;
    const unfolded = new Set();

    const filter = () => {
      const wanted = wantedClass.value;
      let matching = 0;
      for (const gallery of galleries) {
        const cards = [...gallery.querySelectorAll(".card")];
        const fitting = cards.filter((card) => wanted === "" || card.dataset.class === wanted);
        const visible = new Set(unfolded.has(gallery) ? fitting : fitting.slice(0, few));
        for (const card of cards) card.hidden = !visible.has(card);
        gallery.querySelector(".empty").hidden = fitting.length > 0;
        const more = gallery.querySelector(".more");
        more.hidden = visible.size === fitting.length;
        more.textContent = `Show all ${fitting.length}`;
        matching += fitting.length;
      }
      controls.querySelector(".shown").textContent = `${matching} of ${total} examples`;
    };

    for (const gallery of galleries) {
      gallery.querySelector(".more").addEventListener("click", () => {
        const next = gallery.querySelectorAll(".card:not([hidden])").length;
        unfolded.add(gallery);
        filter();
        const card = gallery.querySelectorAll(".card:not([hidden])")[next];
        card.tabIndex = -1;
        card.focus({ preventScroll: true });
      });
    }

    const sort = () => {
      const order = orders[wantedOrder.value];
      for (const gallery of galleries) {
        const list = gallery.querySelector(".cards");
        list.append(...[...list.children].sort(order));
      }
      filter();
    };

    wantedClass.addEventListener("change", filter);
    wantedOrder.addEventListener("change", sort);
    // A browser may bring back what was chosen before a reload.
    sort();
  };
  for (const controls of document.querySelectorAll("form.controls")) govern(controls);

  const heat = document.getElementById("heat-toggle");
  if (heat) {
    const show = () => root.classList.toggle("show-heat", heat.checked);
    heat.addEventListener("change", show);
    show();
  }

  // Closed parts are opened for the printer and closed again.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const part of opened) part.open = true;
  });
  addEventListener("afterprint", () => {
    for (const part of opened) part.open = false;
    opened = [];
  });
})();
